#include "reply-private.h"

#include "reply-value.h"

#include <string.h>

/* Tool calls, out of the fields of a section. What is told of a call as it comes is taken back if it turns out not
 * to be one; its JSON is read as a whole once it is complete. */

#define NOWHERE G_MAXSIZE
#define MAX_NAME SOTTO_REPLY_MAX_WORD

/* --- Telling --- */

/* "functions.NAME:NUMBER" */
static void
name_from_id (SottoReply *self)
{
  const char *name = self->id->str;
  const char *colon = strrchr (name, ':');

  if (self->name->len > 0 || colon == NULL)
    return;
  if (g_str_has_prefix (name, "functions."))
    name += strlen ("functions.");
  if (colon > name)
    g_string_append_len (self->name, name, colon - name);
}

static gboolean
is_name (const GString *name)
{
  if (name->len == 0 || name->len > MAX_NAME)
    return FALSE;
  for (gsize i = 0; i < name->len; i++)
    if (strchr ("\n\t{}[]()<>\"", name->str[i]) != NULL)
      return FALSE;

  return TRUE;
}

static gboolean
tell_call (SottoReply *self)
{
  if (self->is_told)
    return TRUE;

  name_from_id (self);
  if (!is_name (self->name))
    return FALSE;

  sotto_reply_flush (self);
  self->sink (SOTTO_REPLY_CALL, self->name->str, self->name->len,
              self->id->len > 0 ? self->id->str : NULL, self->user_data);
  self->is_told = TRUE;

  return TRUE;
}

static void
forget_call (SottoReply *self)
{
  self->in_call = FALSE;
  self->is_told = FALSE;
  self->has_arguments = FALSE;
  self->is_streaming = FALSE;
  self->in_arguments = FALSE;
  self->json_begin = NOWHERE;
  self->item_begin = NOWHERE;
  g_string_truncate (self->name, 0);
  g_string_truncate (self->id, 0);
  g_string_truncate (self->key, 0);
}

/* The call is complete: what it was made of is given out as such. */
static void
end_call (SottoReply *self)
{
  sotto_reply_flush (self);
  self->sink (SOTTO_REPLY_CALL_END, "", 0, self->id->len > 0 ? self->id->str : NULL, self->user_data);
  sotto_reply_put (self, SOTTO_REPLY_MARK, self->section->str, self->section->len);
  g_string_truncate (self->section, 0);
  self->n_calls++;
  forget_call (self);
}

void
sotto_reply_call_drop (SottoReply *self)
{
  if (self->is_told)
    {
      sotto_reply_flush (self);
      self->sink (SOTTO_REPLY_CALL_BACK, "", 0, NULL, self->user_data);
    }
  forget_call (self);
}

/* A whole call at once. @arguments: JSON; empty: none */
static gboolean
tell_whole (SottoReply *self,
            const char *arguments,
            gsize       length)
{
  if (!tell_call (self))
    return FALSE;
  if (length > 0)
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, arguments, length);
  else
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, "{}", 2);
  end_call (self);

  return TRUE;
}

static yyjson_doc *
read_object (const char *text,
             gsize       length)
{
  yyjson_doc *document = yyjson_read (text, length, YYJSON_READ_BIGNUM_AS_RAW);

  if (document != NULL && yyjson_is_obj (yyjson_doc_get_root (document)))
    return document;
  yyjson_doc_free (document);

  return NULL;
}

/* --- Calls as JSON objects --- */

static const char *const name_keys[] = { "name", "tool_name", "tool", NULL };
static const char *const id_keys[] = { "id", "tool_call_id", "call_id", NULL };
static const char *const argument_keys[] = { "arguments", "parameters", "args", "input", NULL };

static yyjson_val *
get_any (yyjson_val        *object,
         const char *const *keys)
{
  yyjson_val *value = NULL;

  for (guint i = 0; keys[i] != NULL && value == NULL; i++)
    value = yyjson_obj_get (object, keys[i]);

  return value;
}

static gboolean
is_any (const char        *text,
        gsize              length,
        const char *const *keys)
{
  for (guint i = 0; keys[i] != NULL; i++)
    if (strlen (keys[i]) == length && memcmp (keys[i], text, length) == 0)
      return TRUE;

  return FALSE;
}

/* Arguments as the model wrote them, where they stand by themselves; from a string, what it says. */
static gboolean
tell_arguments (SottoReply *self,
                yyjson_val *arguments,
                const char *written,
                gsize       length)
{
  g_autofree char *text = NULL;
  yyjson_doc *inner;

  if (arguments == NULL || yyjson_is_null (arguments))
    return tell_whole (self, "", 0);
  if (yyjson_is_str (arguments))
    {
      inner = read_object (yyjson_get_str (arguments), yyjson_get_len (arguments));
      if (inner == NULL)
        return FALSE;
      yyjson_doc_free (inner);
      return tell_whole (self, yyjson_get_str (arguments), yyjson_get_len (arguments));
    }
  if (!yyjson_is_obj (arguments))
    return FALSE;
  if (written != NULL)
    return tell_whole (self, written, length);

  text = yyjson_val_write (arguments, 0, NULL);

  return text != NULL && tell_whole (self, text, strlen (text));
}

static gboolean
read_call (SottoReply *self,
           yyjson_val *call,
           const char *written,
           gsize       length)
{
  yyjson_val *function = yyjson_obj_get (call, "function");
  yyjson_val *name, *id = get_any (call, id_keys);

  if (yyjson_is_obj (function))
    {
      call = function;
      written = NULL;
    }
  name = get_any (call, name_keys);
  if (name == NULL && yyjson_is_str (function))
    name = function;

  if (self->format->key_is_name && yyjson_obj_size (call) == 1 && name == NULL)
    {
      yyjson_obj_iter iter = yyjson_obj_iter_with (call);

      name = yyjson_obj_iter_next (&iter);
      g_string_assign (self->name, yyjson_get_str (name));
      return tell_arguments (self, yyjson_obj_iter_get_val (name), NULL, 0);
    }

  if (!yyjson_is_str (name) || (self->is_bare && get_any (call, argument_keys) == NULL))
    return FALSE;

  g_string_assign (self->name, yyjson_get_str (name));
  if (yyjson_is_str (id))
    g_string_assign (self->id, yyjson_get_str (id));
  else if (yyjson_is_int (id))
    g_string_printf (self->id, "%" G_GINT64_FORMAT, yyjson_get_sint (id));

  return tell_arguments (self, get_any (call, argument_keys), written, length);
}

/* The object from item_begin to the section's end. */
static gboolean
end_item (SottoReply *self)
{
  const char *item = self->section->str + self->item_begin;
  yyjson_doc *document = read_object (item, self->section->len - self->item_begin);
  const gboolean has_written = self->arguments_begin != NOWHERE;
  gboolean done = document != NULL;

  if (done && self->is_streaming)
    end_call (self);
  else if (done)
    done = read_call (self, yyjson_doc_get_root (document),
                      has_written ? self->section->str + self->arguments_begin : NULL,
                      has_written ? self->arguments_end - self->arguments_begin : 0);
  yyjson_doc_free (document);
  self->item_begin = NOWHERE;

  return done;
}

static void
begin_item (SottoReply *self)
{
  self->item_begin = self->section->len - 1;
  self->key_begin = self->key_end = self->value_begin = NOWHERE;
  self->arguments_begin = self->arguments_end = NOWHERE;
}

/* A value of a call is complete; it ends before @end. */
static void
end_value (SottoReply *self,
           gsize       end)
{
  const char *text = self->section->str;
  const char *key = text + self->key_begin;
  const gsize key_length = self->key_end - self->key_begin;
  const char *value = text + self->value_begin;
  const gsize length = end - self->value_begin;

  if (is_any (key, key_length, argument_keys) && value[0] == '{')
    {
      self->arguments_begin = self->value_begin;
      self->arguments_end = end;
    }
  /* A name with escapes is read later, with the whole. */
  else if (is_any (key, key_length, name_keys) && length > 2 && value[0] == '"'
           && memchr (value, '\\', length) == NULL)
    {
      g_string_truncate (self->name, 0);
      g_string_append_len (self->name, value + 1, (gssize) length - 2);
    }
  else if (is_any (key, key_length, id_keys) && length > 2 && value[0] == '"'
           && memchr (value, '\\', length) == NULL)
    {
      g_string_truncate (self->id, 0);
      g_string_append_len (self->id, value + 1, (gssize) length - 2);
    }
  self->value_begin = NOWHERE;
  self->in_arguments = FALSE;
}

/* A value of a call begins. Arguments are told as they come if the tool is known by then. */
static void
begin_value (SottoReply *self,
             char        c)
{
  self->value_begin = self->section->len - 1;
  if (c == '{' && self->name->len > 0 && self->item_begin != NOWHERE && !self->is_told
      && is_any (self->section->str + self->key_begin, self->key_end - self->key_begin, argument_keys))
    self->is_streaming = self->in_arguments = tell_call (self);
}

static gboolean
push_calls (SottoReply *self,
            char        c)
{
  const SottoJsonState before = self->place.state;
  const guint depth = self->place.depth;
  const gsize here = self->section->len - 1;

  if (before == SOTTO_JSON_DONE || (before == SOTTO_JSON_VALUE && depth == 0))
    {
      if (g_ascii_isspace (c) || ((c == ',' || c == ';') && self->n_calls > 0))
        return TRUE;
      sotto_json_place_init (&self->place);
      self->item_depth = c == '[' ? 2 : 1;
    }
  if (!sotto_json_place_push (&self->place, c))
    return FALSE;

  /* Lists of anything but objects are no calls. */
  if (self->item_begin == NOWHERE)
    {
      if (self->place.depth == self->item_depth && depth == self->item_depth - 1)
        {
          if (c != '{')
            return FALSE;
          begin_item (self);
        }
      return sotto_json_place_in_string (&self->place) || before != SOTTO_JSON_WORD;
    }

  if (depth == self->item_depth && self->place.is_key && before == SOTTO_JSON_STRING
      && self->place.state == SOTTO_JSON_COLON)
    self->key_end = here;
  else if (depth == self->item_depth && sotto_json_place_in_string (&self->place) && self->place.is_key
           && (before == SOTTO_JSON_FIRST_KEY || before == SOTTO_JSON_KEY))
    self->key_begin = here + 1;
  else if (depth == self->item_depth && before == SOTTO_JSON_VALUE && self->place.state != before)
    begin_value (self, c);

  if (self->in_arguments)
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, &c, 1);

  if (self->value_begin != NOWHERE)
    {
      if (before == SOTTO_JSON_WORD && depth == self->item_depth && self->place.state != SOTTO_JSON_WORD)
        end_value (self, here);
      else if (self->place.depth == self->item_depth && self->place.state == SOTTO_JSON_AFTER)
        end_value (self, here + 1);
    }
  if (self->place.depth == self->item_depth - 1)
    return end_item (self);

  return TRUE;
}

/* --- The other fields --- */

static gboolean
push_arguments (SottoReply *self,
                char        c)
{
  if (self->json_begin == NOWHERE)
    {
      if (g_ascii_isspace (c))
        return TRUE;
      if (c != '{' || !tell_call (self))
        return FALSE;
      self->json_begin = self->section->len - 1;
    }
  if (!sotto_json_place_push (&self->place, c))
    return FALSE;
  if (self->place.state != SOTTO_JSON_DONE || c == '}')
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, &c, 1);

  return TRUE;
}

/* Strings hide what looks like a marker in them. */
static void
follow_quotes (SottoReply *self,
               char        c)
{
  static const char mark[] = "<|\"|>";

  if (self->field == SOTTO_FIELD_LOOSE)
    {
      const gsize n = strlen (mark);

      if (c == '>' && self->word->len >= n && memcmp (self->word->str + self->word->len - n, mark, n) == 0)
        self->quote = self->quote == 0 ? '"' : 0;
    }
  else if (self->is_escaped)
    self->is_escaped = FALSE;
  else if (self->quote != 0 && c == '\\')
    self->is_escaped = TRUE;
  else if (self->quote == c)
    self->quote = 0;
  else if (self->quote == 0 && (c == '"' || c == '\''))
    self->quote = c;
}

gboolean
sotto_reply_call_push (SottoReply *self,
                       char        c)
{
  switch (self->field)
    {
    case SOTTO_FIELD_CALLS:
      return push_calls (self, c);

    case SOTTO_FIELD_ARGUMENTS:
      return push_arguments (self, c);

    case SOTTO_FIELD_BETWEEN:
      return g_ascii_isspace (c) || strchr ("[],;", c) != NULL;

    case SOTTO_FIELD_NAME:
      if ((c == '{' || c == '[') && strspn (self->word->str, " \t\r\n") == self->word->len)
        {
          self->field = SOTTO_FIELD_CALLS;
          self->in_call = FALSE;
          sotto_reply_call_begin_json (self);
          return push_calls (self, c);
        }
      G_GNUC_FALLTHROUGH;
    case SOTTO_FIELD_ID:
    case SOTTO_FIELD_KEY:
    case SOTTO_FIELD_SKIP:
      g_string_append_c (self->word, c);
      return self->word->len <= MAX_NAME;

    case SOTTO_FIELD_PYTHON:
    case SOTTO_FIELD_LOOSE:
      g_string_append_c (self->word, c);
      follow_quotes (self, c);
      return TRUE;

    case SOTTO_FIELD_VALUE:
    case SOTTO_FIELD_STRING:
    case SOTTO_FIELD_CODE:
    case SOTTO_FIELD_NESTED:
    case SOTTO_FIELD_TEXT:
    case SOTTO_FIELD_REASONING:
    case SOTTO_FIELD_HEADER:
    case SOTTO_N_FIELDS:
    default:
      g_string_append_c (self->word, c);
      return TRUE;
    }
}

static gboolean
put_argument (SottoReply *self,
              gboolean    is_string)
{
  g_autoptr (GString) json = g_string_new (NULL);

  if (self->key->len == 0 || !tell_call (self))
    return FALSE;

  g_string_append (json, self->has_arguments ? ", " : "{");
  sotto_json_append_string (json, self->key->str, self->key->len);
  g_string_append (json, ": ");
  sotto_json_append_guess (json, self->word->str, self->word->len,
                           is_string || sotto_tools_want_string (self->tools, self->name->str, self->key->str));
  sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, json->str, json->len);
  self->has_arguments = TRUE;
  g_string_truncate (self->key, 0);

  return TRUE;
}

/* Calls of a whole field; none is told before all of them have been read. */
static gboolean
read_loose (SottoReply *self)
{
  const char *end = self->word->str + self->word->len;
  g_autoptr (GString) arguments = g_string_new (NULL);

  for (guint pass = 0; pass < 2; pass++)
    {
      const char *at = self->word->str;
      guint n = 0;

      for (;; n++)
        {
          while (at < end && (g_ascii_isspace (*at) || strchr ("[],;", *at) != NULL))
            at++;
          if (at == end)
            break;
          if (!sotto_loose_read_call (&at, end, self->name, arguments) || !is_name (self->name))
            return FALSE;
          if (pass == 1 && !tell_whole (self, arguments->str, arguments->len))
            return FALSE;
        }
      if (n == 0)
        return FALSE;
    }

  return TRUE;
}

/* Calls as JSON where another form was expected */
static gboolean
read_json_calls (SottoReply *self)
{
  yyjson_doc *document = yyjson_read (self->word->str, self->word->len, YYJSON_READ_BIGNUM_AS_RAW);
  yyjson_val *root = yyjson_doc_get_root (document);
  yyjson_val *call;
  size_t i, n;
  gboolean done = yyjson_is_obj (root) || yyjson_arr_size (root) > 0;

  if (yyjson_is_obj (root))
    done = read_call (self, root, NULL, 0);
  else
    yyjson_arr_foreach (root, i, n, call)
      done = done && yyjson_is_obj (call) && read_call (self, call, NULL, 0);
  yyjson_doc_free (document);

  return done;
}

static gboolean
read_code (SottoReply *self)
{
  g_autoptr (GString) code = NULL;

  if (read_json_calls (self))
    return TRUE;
  if (strstr (self->word->str, ".call(") != NULL && read_loose (self))
    return TRUE;
  if (strspn (self->word->str, " \t\r\n") == self->word->len)
    return FALSE;

  code = g_string_new ("{\"code\": ");
  sotto_json_append_string (code, self->word->str, self->word->len);
  g_string_append_c (code, '}');
  g_string_assign (self->name, "python");

  return tell_whole (self, code->str, code->len);
}

static void
strip (GString *text)
{
  g_strstrip (text->str);
  text->len = strlen (text->str);
}

gboolean
sotto_reply_call_leave (SottoReply *self)
{
  switch (self->field)
    {
    case SOTTO_FIELD_NAME:
      strip (self->word);
      g_string_assign (self->name, self->word->str);
      return is_name (self->name);

    case SOTTO_FIELD_ID:
      strip (self->word);
      g_string_assign (self->id, self->word->str);
      return self->id->len > 0;

    case SOTTO_FIELD_KEY:
      strip (self->word);
      g_string_assign (self->key, self->word->str);
      return self->key->len > 0;

    case SOTTO_FIELD_VALUE:
    case SOTTO_FIELD_STRING:
      return put_argument (self, self->field == SOTTO_FIELD_STRING);

    case SOTTO_FIELD_NESTED:
      {
        g_autoptr (GString) arguments = g_string_new (NULL);

        if (!sotto_nested_read_object (self->word->str, self->word->len, "]<]minimax[>[", arguments)
            || !tell_call (self))
          return FALSE;
        sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, arguments->str, arguments->len);
        end_call (self);
        return TRUE;
      }

    case SOTTO_FIELD_PYTHON:
    case SOTTO_FIELD_LOOSE:
      return read_loose (self) || read_json_calls (self);

    case SOTTO_FIELD_CODE:
      return read_code (self);

    case SOTTO_FIELD_CALLS:
      return self->item_begin == NOWHERE;

    case SOTTO_FIELD_ARGUMENTS:
    case SOTTO_FIELD_BETWEEN:
    case SOTTO_FIELD_SKIP:
    case SOTTO_FIELD_TEXT:
    case SOTTO_FIELD_REASONING:
    case SOTTO_FIELD_HEADER:
    case SOTTO_N_FIELDS:
    default:
      return TRUE;
    }
}

gboolean
sotto_reply_call_finish (SottoReply *self)
{
  yyjson_doc *document;

  if (!self->in_call)
    return TRUE;

  if (self->json_begin != NOWHERE)
    {
      /* Whatever stands behind them was white space, or it would have failed. */
      document = read_object (self->section->str + self->json_begin, self->section->len - self->json_begin);
      if (document == NULL)
        return FALSE;
      yyjson_doc_free (document);
      end_call (self);
      return TRUE;
    }

  if (!tell_call (self))
    return FALSE;
  sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, self->has_arguments ? "}" : "{}",
                   self->has_arguments ? 1 : 2);
  end_call (self);

  return TRUE;
}

void
sotto_reply_call_begin_json (SottoReply *self)
{
  sotto_json_place_init (&self->place);
  self->json_begin = NOWHERE;
  self->item_begin = NOWHERE;
}
