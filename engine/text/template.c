#include "jinja-evaluate.h"

#include "sotto-message-private.h"

#include <string.h>

/* The chat template as others see it: compiling, handing it the conversation, rendering. */

struct _SottoTemplate
{
  JinjaArena *arena;
  const JinjaProgram *program;
  char *hash;
};

SottoTemplate *
sotto_template_new (const char  *source,
                    gssize       length,
                    GError     **error)
{
  gsize size = length < 0 ? strlen (source) : (gsize) length;
  const JinjaProgram *program = NULL;
  SottoTemplate *self;
  JinjaRun run;

  jinja_run_init (&run, NULL, JINJA_MAX_MEMORY / 4);
  if (size > JINJA_MAX_SOURCE)
    jinja_fail_limit (&run, "source");
  else if (!g_utf8_validate_len (source, size, NULL))
    jinja_fail (&run, "the source is not UTF-8");
  else
    program = jinja_parse (&run, source, size);

  if (program == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&run.error));
      jinja_run_clear (&run);
      return NULL;
    }

  self = g_new0 (SottoTemplate, 1);
  self->arena = g_steal_pointer (&run.arena);
  self->program = program;
  self->hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) source, size);
  jinja_run_clear (&run);

  return self;
}

void
sotto_template_free (SottoTemplate *self)
{
  if (self == NULL)
    return;

  jinja_arena_free (self->arena);
  g_free (self->hash);
  g_free (self);
}

const char *
sotto_template_get_hash (const SottoTemplate *self)
{
  return self->hash;
}

const char *
sotto_template_get_default (void)
{
  return "{%- macro text(content) -%}\n"
         "  {%- if content is string -%}\n"
         "    {{- content -}}\n"
         "  {%- elif content is iterable -%}\n"
         "    {%- for part in content if part.type == 'text' -%}{{- part.text -}}{%- endfor -%}\n"
         "  {%- endif -%}\n"
         "{%- endmacro -%}\n"
         "{%- for message in messages -%}\n"
         "  {{- message.role | capitalize + ': ' + text(message.content) + '\\n' -}}\n"
         "{%- endfor -%}\n"
         "{%- if add_generation_prompt -%}{{- 'Assistant:' -}}{%- endif -%}\n";
}

static gboolean convert (JinjaRun *run, yyjson_val *json, JinjaValue *value);

static gboolean
convert_string (JinjaRun   *run,
                yyjson_val *json,
                JinjaValue *value)
{
  const JinjaString *string = jinja_string_new (run, yyjson_get_str (json), yyjson_get_len (json),
                                                FALSE);

  *value = jinja_string_value (string);

  return string != NULL;
}

static gboolean
convert_list (JinjaRun   *run,
              yyjson_val *json,
              JinjaValue *value)
{
  JinjaValue *values = jinja_new_n (run, JinjaValue, yyjson_arr_size (json));
  yyjson_val *item;
  size_t i, n;

  if (values == NULL)
    return FALSE;
  yyjson_arr_foreach (json, i, n, item)
    if (!convert (run, item, &values[i]))
      return FALSE;

  return jinja_items_new (run, JINJA_LIST, values, yyjson_arr_size (json), value);
}

static gboolean
convert_object (JinjaRun   *run,
                yyjson_val *json,
                JinjaDict  *dict)
{
  yyjson_val *key, *item;
  JinjaValue name, value;
  size_t i, n;

  yyjson_obj_foreach (json, i, n, key, item)
    if (!convert_string (run, key, &name) || !convert (run, item, &value)
        || !jinja_dict_set (run, dict, name, value))
      return FALSE;

  return TRUE;
}

static gboolean
convert (JinjaRun   *run,
         yyjson_val *json,
         JinjaValue *value)
{
  JinjaDict *dict;

  if (!jinja_step (run, 1))
    return FALSE;

  switch (yyjson_get_type (json))
    {
    case YYJSON_TYPE_BOOL:
      *value = jinja_boolean (yyjson_get_bool (json));
      return TRUE;
    case YYJSON_TYPE_NUM:
      if (yyjson_is_real (json))
        *value = jinja_float (yyjson_get_real (json));
      else if (yyjson_is_uint (json) && yyjson_get_uint (json) > G_MAXINT64)
        {
          g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, yyjson_get_uint (json));

          value->kind = JINJA_HUGE;
          value->as.string = jinja_string_copy (run, digits);
          return value->as.string != NULL;
        }
      else
        *value = jinja_integer (yyjson_get_sint (json));
      return TRUE;
    case YYJSON_TYPE_RAW:
      {
        const char *raw = yyjson_get_raw (json);
        gsize length = yyjson_get_len (json);
        gboolean real = FALSE;

        for (gsize i = 0; i < length; i++)
          real |= raw[i] == '.' || raw[i] == 'e' || raw[i] == 'E';
        if (real)
          *value = jinja_float (g_ascii_strtod (raw, NULL));
        else
          {
            value->kind = JINJA_HUGE;
            value->as.string = jinja_string_new (run, raw, length, FALSE);
          }
        return real || value->as.string != NULL;
      }
    case YYJSON_TYPE_STR:
      return convert_string (run, json, value);
    case YYJSON_TYPE_ARR:
      return convert_list (run, json, value);
    case YYJSON_TYPE_OBJ:
      dict = jinja_dict_new (run);
      if (dict == NULL || !convert_object (run, json, dict))
        return FALSE;
      *value = jinja_dict_value (dict);
      return TRUE;
    default:
      *value = jinja_none ();
      return TRUE;
    }
}

static gboolean
set_name (JinjaRun   *run,
          JinjaDict  *dict,
          const char *name,
          JinjaValue  value)
{
  const JinjaString *key = jinja_string_new (run, name, strlen (name), TRUE);

  return key != NULL && jinja_dict_set (run, dict, jinja_string_value (key), value);
}

/* Many templates write '<|' + message.role + '|>'. The roles of the protocol itself are nobody's words,
 * and only exactly these count as the template's own. */
static gboolean
trust_role (JinjaRun  *run,
            JinjaDict *message)
{
  static const char *const roles[] = { "system", "developer", "user", "assistant", "tool" };
  const JinjaValue *role = jinja_dict_get_name (message, "role");
  const JinjaString *own;

  if (role == NULL || !jinja_is (*role, JINJA_STRING))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (jinja_string_is (role->as.string, roles[i]))
      {
        own = jinja_string_new (run, roles[i], strlen (roles[i]), TRUE);
        return own != NULL && set_name (run, message, "role", jinja_string_value (own));
      }

  return TRUE;
}

static JinjaValue
own_text (JinjaRun   *run,
          const char *text)
{
  return jinja_string_value (jinja_string_new (run, text, strlen (text), TRUE));
}

/* {"type": @type}, and with it @text (nullable) */
static gboolean
make_item (JinjaRun         *run,
           const char       *type,
           const JinjaValue *text,
           JinjaValue       *item)
{
  JinjaDict *dict = jinja_dict_new (run);
  JinjaValue name = own_text (run, type);

  if (dict == NULL || name.as.string == NULL || !set_name (run, dict, "type", name)
      || (text != NULL && !set_name (run, dict, "text", *text)))
    return FALSE;
  *item = jinja_dict_value (dict);

  return TRUE;
}

/* @text behind as many marks. */
static gboolean
put_marks (JinjaRun   *run,
           guint       n_pictures,
           JinjaValue *text)
{
  JinjaBuilder builder;

  jinja_builder_init (&builder, run);
  for (guint i = 0; i < n_pictures; i++)
    jinja_builder_add (&builder, SOTTO_PICTURE_MARK, strlen (SOTTO_PICTURE_MARK), TRUE);
  jinja_builder_add_string (&builder, text->as.string);
  *text = jinja_string_value (jinja_builder_finish (&builder));

  return text->as.string != NULL;
}

/* The content of a message in the form that its template takes; what is no text stays as it is. */
static gboolean
convert_content (JinjaRun                 *run,
                 const SottoTemplateInput *input,
                 guint                     n_pictures,
                 JinjaDict                *message)
{
  const JinjaValue *content = jinja_dict_get_name (message, "content");
  gboolean has_marks = input->pictures == SOTTO_PICTURES_MARKS || input->pictures == SOTTO_PICTURES_MARK_ITEMS;
  guint n_items = input->pictures == SOTTO_PICTURES_ITEMS ? n_pictures : 0;
  JinjaValue *items, text, list;
  guint n = 0;

  if (input->pictures == SOTTO_PICTURES_NONE)
    n_pictures = 0;
  if (content == NULL || !jinja_is (*content, JINJA_STRING) || (n_pictures == 0 && !input->as_items))
    return TRUE;

  text = *content;
  if (n_pictures > 0 && has_marks && !put_marks (run, n_pictures, &text))
    return FALSE;
  if (!input->as_items && n_items == 0 && input->pictures != SOTTO_PICTURES_MARK_ITEMS)
    return set_name (run, message, "content", text);

  items = jinja_new_n (run, JinjaValue, n_items + 1);
  if (items == NULL)
    return FALSE;
  for (; n < n_items; n++)
    if (!make_item (run, "image", NULL, &items[n]))
      return FALSE;
  if ((n_items == 0 || text.as.string->length > 0) && !make_item (run, "text", &text, &items[n++]))
    return FALSE;

  return jinja_items_new (run, JINJA_LIST, items, n, &list) && set_name (run, message, "content", list);
}

/* As transformers: reasoning is found under each of the names that templates read. */
static gboolean
convert_message (JinjaRun                 *run,
                 const SottoTemplateInput *input,
                 yyjson_val               *json,
                 guint                     n_pictures,
                 JinjaValue               *value)
{
  static const char *const names[] = { "reasoning_content", "thinking", "reasoning" };
  yyjson_val *reasoning = NULL;
  JinjaDict *dict = jinja_dict_new (run);
  JinjaValue text;

  if (dict == NULL)
    return FALSE;
  for (guint i = 0; reasoning == NULL && i < G_N_ELEMENTS (names); i++)
    {
      reasoning = yyjson_obj_get (json, names[i]);
      if (yyjson_is_null (reasoning))
        reasoning = NULL;
    }

  if (reasoning != NULL
      && (!convert (run, reasoning, &text) || !set_name (run, dict, "thinking", text)))
    return FALSE;
  if (!convert_object (run, json, dict))
    return FALSE;
  if (reasoning != NULL && !set_name (run, dict, "reasoning_content", text))
    return FALSE;
  *value = jinja_dict_value (dict);

  return trust_role (run, dict) && convert_content (run, input, n_pictures, dict);
}

static gboolean
convert_messages (JinjaRun                 *run,
                  const SottoTemplateInput *input,
                  JinjaValue               *value)
{
  const SottoMessages *messages = input->messages;
  guint n = sotto_messages_get_length (messages);
  guint n_images = sotto_messages_count_images (messages);
  JinjaValue *values = jinja_new_n (run, JinjaValue, n);
  guint next = 0;

  if (values == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      guint n_pictures = 0;
      guint message;

      for (; next < n_images && sotto_messages_get_image (messages, next, &message) != NULL && message == i; next++)
        n_pictures++;
      if (!convert_message (run, input, sotto_messages_get_message (messages, i), n_pictures, &values[i]))
        return FALSE;
    }

  return jinja_items_new (run, JINJA_LIST, values, n, value);
}

/* A variable that the template never names needs no place. */
static void
set_variable (JinjaRun   *run,
              const char *name,
              gsize       length,
              JinjaValue  value)
{
  for (guint i = 0; i < run->program->n_symbols; i++)
    if (run->program->symbols[i]->length == length
        && memcmp (run->program->symbols[i]->bytes, name, length) == 0)
      run->root->values[i] = value;
}

static gboolean
set_token (JinjaRun   *run,
           const char *name,
           const char *text)
{
  const JinjaString *string;

  if (text == NULL)
    return TRUE;
  string = jinja_string_new (run, text, strlen (text), TRUE);
  if (string == NULL)
    return FALSE;
  set_variable (run, name, strlen (name), jinja_string_value (string));

  return TRUE;
}

static gboolean
set_variables (JinjaRun                 *run,
               const SottoTemplateInput *input,
               yyjson_doc               *extra)
{
  yyjson_val *tools = sotto_messages_get_tools (input->messages);
  yyjson_val *key, *item;
  JinjaValue value;
  size_t i, n;

  run->root = jinja_new (run, JinjaScope);
  if (run->root == NULL
      || (run->root->values = jinja_new_n (run, JinjaValue, run->program->n_symbols)) == NULL)
    return FALSE;

  /* In transformers these two are always there, and None where not given. */
  set_variable (run, "tools", 5, jinja_none ());
  set_variable (run, "documents", 9, jinja_none ());
  if (extra != NULL)
    yyjson_obj_foreach (yyjson_doc_get_root (extra), i, n, key, item)
      {
        if (!convert (run, item, &value))
          return FALSE;
        set_variable (run, yyjson_get_str (key), yyjson_get_len (key), value);
      }

  if (!convert_messages (run, input, &value))
    return FALSE;
  set_variable (run, "messages", 8, value);
  if (tools != NULL)
    {
      if (!convert (run, tools, &value))
        return FALSE;
      set_variable (run, "tools", 5, value);
    }
  set_variable (run, "add_generation_prompt", 21, jinja_boolean (input->add_generation_prompt));

  return set_token (run, "bos_token", input->bos) && set_token (run, "eos_token", input->eos);
}

static SottoRendered *
make_rendered (const JinjaString *text,
               gboolean           used_date)
{
  SottoRendered *self = g_new0 (SottoRendered, 1);

  self->text = g_string_new_len (text->bytes, (gssize) text->length);
  self->spans = g_array_new (FALSE, FALSE, sizeof (SottoSpan));
  self->used_date = used_date;

  for (gsize start = 0, end; start < text->length; start = end)
    {
      gboolean trusted = text->mask != NULL ? text->mask[start] : text->trusted;
      SottoSpan span = { .text = self->text->str + start, .trusted = trusted };

      end = text->length;
      if (text->mask != NULL)
        {
          const guint8 *change = memchr (text->mask + start, !trusted, text->length - start);

          if (change != NULL)
            end = (gsize) (change - text->mask);
        }
      span.length = end - start;
      g_array_append_val (self->spans, span);
    }

  return self;
}

SottoRendered *
sotto_template_render (const SottoTemplate       *self,
                       const SottoTemplateInput  *input,
                       SottoCancel               *cancel,
                       GError                   **error)
{
  SottoRendered *rendered = NULL;
  const JinjaString *text;
  yyjson_doc *extra = NULL;
  JinjaBuilder output;
  JinjaRun run;

  if (input->extra_json != NULL)
    {
      extra = sotto_messages_read_json (input->extra_json, -1, "template variables", error);
      if (extra == NULL)
        return NULL;
    }

  jinja_run_init (&run, cancel, JINJA_MAX_MEMORY);
  run.program = self->program;
  if (input->max_steps > 0)
    run.max_steps = input->max_steps;
  run.date = input->date != NULL ? g_date_time_ref (input->date) : NULL;
  jinja_builder_init (&output, &run);

  if (set_variables (&run, input, extra)
      && jinja_execute (&run, &self->program->body, run.root, &output) != JINJA_FLOW_ERROR
      && (text = jinja_builder_finish (&output)) != NULL)
    rendered = make_rendered (text, run.used_date);
  else if (run.error != NULL)
    g_propagate_error (error, g_steal_pointer (&run.error));
  else
    g_set_error_literal (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX,
                         "Chat template: it failed without a reason");

  jinja_run_clear (&run);
  yyjson_doc_free (extra);

  return rendered;
}

void
sotto_rendered_free (SottoRendered *self)
{
  if (self == NULL)
    return;

  g_string_free (self->text, TRUE);
  g_array_unref (self->spans);
  g_free (self);
}
