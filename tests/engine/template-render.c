/* Drives the chat template from other languages: reads one request a line, writes one answer a line.
 *
 *   {"template", "messages", "tools", "extra", "bos", "eos", "date", "add_generation_prompt"}
 *     messages, tools and extra are JSON written into a string, date is ISO 8601
 *   {"text", "spans": [[bytes, trusted], …], "used_date"} or {"error": code, "message", "subject"}
 */

#include "sotto-error.h"
#include "text/template.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

static const char *
get (yyjson_val *request,
     const char *key)
{
  return yyjson_get_str (yyjson_obj_get (request, key));
}

static const char *
code_name (const GError *error)
{
  switch (error->code)
    {
    case SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX: return "syntax";
    case SOTTO_ENGINE_ERROR_TEMPLATE_RAISED: return "raised";
    case SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT: return "limit";
    case SOTTO_ENGINE_ERROR_MESSAGES: return "messages";
    default: return "other";
    }
}

static SottoRendered *
render (yyjson_val *request,
        GError    **error)
{
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (SottoTemplate) template = NULL;
  g_autoptr (GDateTime) date = NULL;
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  const char *tools = get (request, "tools");
  SottoTemplateInput input = { 0 };

  messages = sotto_messages_new_from_json (get (request, "messages"), -1, tools, -1, error);
  if (messages == NULL)
    return NULL;
  template = sotto_template_new (get (request, "template"), -1, error);
  if (template == NULL)
    return NULL;
  if (get (request, "date") != NULL)
    date = g_date_time_new_from_iso8601 (get (request, "date"), utc);

  input.messages = messages;
  input.bos = get (request, "bos");
  input.eos = get (request, "eos");
  input.date = date;
  input.add_generation_prompt = yyjson_get_bool (yyjson_obj_get (request, "add_generation_prompt"));
  input.extra_json = get (request, "extra");

  return sotto_template_render (template, &input, NULL, error);
}

static void
answer (yyjson_val *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoRendered) rendered = render (request, &error);
  yyjson_mut_doc *document = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *root = yyjson_mut_obj (document);
  char *line;

  yyjson_mut_doc_set_root (document, root);
  if (rendered != NULL)
    {
      yyjson_mut_val *spans = yyjson_mut_arr (document);

      for (guint i = 0; i < rendered->spans->len; i++)
        {
          const SottoSpan *span = &g_array_index (rendered->spans, SottoSpan, i);
          yyjson_mut_val *pair = yyjson_mut_arr_add_arr (document, spans);

          yyjson_mut_arr_add_uint (document, pair, span->length);
          yyjson_mut_arr_add_bool (document, pair, span->trusted);
        }
      yyjson_mut_obj_add_strn (document, root, "text", rendered->text->str, rendered->text->len);
      yyjson_mut_obj_add_val (document, root, "spans", spans);
      yyjson_mut_obj_add_bool (document, root, "used_date", rendered->used_date);
    }
  else
    {
      const SottoErrorArguments *arguments = sotto_engine_error_get_arguments (error);

      yyjson_mut_obj_add_str (document, root, "error", code_name (error));
      yyjson_mut_obj_add_str (document, root, "message", error->message);
      if (arguments != NULL && arguments->subject != NULL)
        yyjson_mut_obj_add_str (document, root, "subject", arguments->subject);
    }

  line = yyjson_mut_write (document, 0, NULL);
  puts (line);
  fflush (stdout);
  free (line);
  yyjson_mut_doc_free (document);
}

int
main (void)
{
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;

  /* As a desktop program runs: nothing of a template may follow it. */
  setlocale (LC_ALL, "");

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
