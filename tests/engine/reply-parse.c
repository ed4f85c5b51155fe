/* Drives the parser of replies from other languages: reads one request a line, writes one answer a line.
 *
 *   {"template", "prompt", "tools", "text", "control": [texts], "steps": [bytes], "cuts": true, "begun": [reasoning, text]}
 *     each text in control comes as a token of its own; the rest in pieces of so many bytes, once for every step,
 *     and with cuts once for every place in the text where it can come apart in two; begun: what the reply says already
 *   {"format", "results": [{"text", "reasoning", "calls": [{"name", "id", "arguments"}], "whole", "taken_back", "begun"}]}
 *     different results only, so one where the pieces make no difference
 */

#include "text/reply.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  GString *texts[SOTTO_REPLY_MARK + 1];
  GString *whole;
  GPtrArray *names;
  GPtrArray *ids;
  GPtrArray *arguments;
  GString *current;
  char *name;
  guint n_back;
} Result;

static void
take (SottoReplyKind  kind,
      const char     *text,
      gsize           length,
      const char     *id,
      gpointer        user_data)
{
  Result *self = user_data;

  switch (kind)
    {
    case SOTTO_REPLY_TEXT:
    case SOTTO_REPLY_REASONING:
    case SOTTO_REPLY_MARK:
      g_assert_null (self->name);
      g_string_append_len (self->texts[kind], text, (gssize) length);
      g_string_append_len (self->whole, text, (gssize) length);
      break;
    case SOTTO_REPLY_CALL:
      g_assert_null (self->name);
      self->name = g_strndup (text, length);
      g_string_truncate (self->current, 0);
      break;
    case SOTTO_REPLY_ARGUMENTS:
      g_assert_nonnull (self->name);
      g_string_append_len (self->current, text, (gssize) length);
      break;
    case SOTTO_REPLY_CALL_END:
      g_assert_nonnull (self->name);
      g_ptr_array_add (self->names, g_steal_pointer (&self->name));
      g_ptr_array_add (self->ids, g_strdup (id != NULL ? id : ""));
      g_ptr_array_add (self->arguments, g_strdup (self->current->str));
      break;
    case SOTTO_REPLY_CALL_BACK:
    default:
      g_assert_nonnull (self->name);
      g_clear_pointer (&self->name, g_free);
      self->n_back++;
    }
}

/* The reply goes on behind what it says already. Returns: what the model would have written for that */
static char *
begin (yyjson_val            *request,
       const SottoReplyStyle *style,
       SottoReply            *reply)
{
  yyjson_val *begun = yyjson_obj_get (request, "begun");
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (SottoSpan));
  GString *written = g_string_new (NULL);

  if (begun != NULL)
    sotto_reply_take_begun (reply, style, yyjson_get_str (yyjson_arr_get (begun, 0)),
                            yyjson_get_str (yyjson_arr_get (begun, 1)), spans);
  for (guint i = 0; i < spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (spans, SottoSpan, i);

      g_string_append_len (written, span->text, (gssize) span->length);
    }

  return g_string_free_and_steal (written);
}

/* How text comes: in pieces of so many bytes, or as a whole but for one cut. */
typedef struct {
  gsize step;
  const char *cut; /* (nullable) */
} Pieces;

static void
feed (SottoReply *reply,
      const char *text,
      gsize       length,
      Pieces      pieces)
{
  const char *end = text + length;

  if (pieces.cut == NULL)
    {
      for (gsize at = 0; at < length; at += pieces.step)
        sotto_reply_feed (reply, text + at, MIN (pieces.step, length - at), SOTTO_REPLY_FROM_TEXT);
      return;
    }

  if (text < pieces.cut && pieces.cut < end)
    {
      sotto_reply_feed (reply, text, (gsize) (pieces.cut - text), SOTTO_REPLY_FROM_TEXT);
      text = pieces.cut;
    }
  if (text < end)
    sotto_reply_feed (reply, text, (gsize) (end - text), SOTTO_REPLY_FROM_TEXT);
}

static char *
run (yyjson_val            *request,
     const SottoReplyStyle *style,
     yyjson_val            *tools,
     Pieces                 pieces)
{
  yyjson_val *control = yyjson_obj_get (request, "control");
  const char *text = yyjson_get_str (yyjson_obj_get (request, "text"));
  const char *end = text + strlen (text);
  Result result = { .whole = g_string_new (NULL), .current = g_string_new (NULL) };
  g_autoptr (SottoReply) reply = sotto_reply_new (style, yyjson_get_str (yyjson_obj_get (request, "prompt")),
                                                  tools, take, &result);
  yyjson_mut_doc *document = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *root = yyjson_mut_obj (document);
  yyjson_mut_val *calls;
  g_autofree char *begun = begin (request, style, reply);
  const char *from = text;
  char *json;

  result.names = g_ptr_array_new_with_free_func (g_free);
  result.ids = g_ptr_array_new_with_free_func (g_free);
  result.arguments = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < G_N_ELEMENTS (result.texts); i++)
    result.texts[i] = g_string_new (NULL);

  for (const char *at = text; at < end;)
    {
      gsize length = 0;
      yyjson_val *token;
      size_t i, n;

      yyjson_arr_foreach (control, i, n, token)
        if (g_str_has_prefix (at, yyjson_get_str (token)))
          length = MAX (length, yyjson_get_len (token));
      if (length > 0)
        {
          feed (reply, from, (gsize) (at - from), pieces);
          sotto_reply_feed (reply, at, length, SOTTO_REPLY_FROM_CONTROL);
          from = at + length;
        }
      at += MAX (length, 1);
    }
  feed (reply, from, (gsize) (end - from), pieces);
  sotto_reply_finish (reply);
  g_assert_null (result.name);

  yyjson_mut_doc_set_root (document, root);
  yyjson_mut_obj_add_str (document, root, "text", result.texts[SOTTO_REPLY_TEXT]->str);
  yyjson_mut_obj_add_str (document, root, "reasoning", result.texts[SOTTO_REPLY_REASONING]->str);
  yyjson_mut_obj_add_str (document, root, "whole", result.whole->str);
  yyjson_mut_obj_add_uint (document, root, "taken_back", result.n_back);
  yyjson_mut_obj_add_str (document, root, "begun", begun);
  calls = yyjson_mut_obj_add_arr (document, root, "calls");
  for (guint i = 0; i < result.names->len; i++)
    {
      yyjson_mut_val *call = yyjson_mut_arr_add_obj (document, calls);

      yyjson_mut_obj_add_str (document, call, "name", g_ptr_array_index (result.names, i));
      yyjson_mut_obj_add_str (document, call, "id", g_ptr_array_index (result.ids, i));
      yyjson_mut_obj_add_str (document, call, "arguments", g_ptr_array_index (result.arguments, i));
    }
  json = yyjson_mut_write (document, 0, NULL);
  yyjson_mut_doc_free (document);

  g_ptr_array_unref (result.names);
  g_ptr_array_unref (result.ids);
  g_ptr_array_unref (result.arguments);
  g_string_free (result.whole, TRUE);
  g_string_free (result.current, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (result.texts); i++)
    g_string_free (result.texts[i], TRUE);

  return json;
}

/* Keeps a result that no other piece gave. */
static void
keep (GPtrArray *results,
      char      *result)
{
  for (guint i = 0; i < results->len; i++)
    if (g_str_equal (g_ptr_array_index (results, i), result))
      {
        free (result);
        return;
      }
  g_ptr_array_add (results, result);
}

static void
answer (yyjson_val *request)
{
  const char *text = yyjson_get_str (yyjson_obj_get (request, "text"));
  const char *tools_json = yyjson_get_str (yyjson_obj_get (request, "tools"));
  yyjson_doc *tools = tools_json != NULL ? yyjson_read (tools_json, strlen (tools_json), 0) : NULL;
  g_autoptr (GPtrArray) results = g_ptr_array_new_with_free_func (free);
  SottoReplyStyle style;
  yyjson_val *step;
  size_t i, n;

  sotto_reply_style_choose (&style, yyjson_get_str (yyjson_obj_get (request, "template")), NULL, NULL);
  yyjson_arr_foreach (yyjson_obj_get (request, "steps"), i, n, step)
    keep (results, run (request, &style, yyjson_doc_get_root (tools),
                        (Pieces) { MAX (yyjson_get_uint (step), 1), NULL }));
  for (const char *cut = text; yyjson_get_bool (yyjson_obj_get (request, "cuts")) && *cut != '\0'; cut++)
    keep (results, run (request, &style, yyjson_doc_get_root (tools), (Pieces) { 0, cut }));

  printf ("{\"format\": \"%s\", \"results\": [", style.calls->name);
  for (guint j = 0; j < results->len; j++)
    printf ("%s%s", j > 0 ? ", " : "", (char *) g_ptr_array_index (results, j));
  puts ("]}");
  fflush (stdout);
  yyjson_doc_free (tools);
}

int
main (void)
{
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;

  while ((length = getline (&line, &capacity, stdin)) > 0)
    {
      yyjson_doc *document = yyjson_read (line, (size_t) length, 0);

      if (document == NULL)
        return 1;
      answer (yyjson_doc_get_root (document));
      yyjson_doc_free (document);
    }
  free (line);

  return 0;
}
