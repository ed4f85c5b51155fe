#include "config.h"

#include "tool-private.h"

#include <glib/gi18n-lib.h>

#include "conversation/message-private.h"
#include "document/document-folders-private.h"

/* Passages of the documents in the folders that the conversation asks: those that go with a message are found by its own words,
 * where a model may ask in better ones, or for more. */

#define MOST_PASSAGES 6
#define MOST_BYTES 6000

static gboolean
is_usable (const SottoToolPlace *place)
{
  return place->services->folders != NULL && place->folders[0] != NULL;
}

static char *
describe_passages (const GPtrArray *parts)
{
  SottoSources *sources = sotto_sources_new_from_parts (parts);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; sources != NULL && i < sotto_sources_get_n (sources); i++)
    {
      const SottoSource *source = sotto_sources_get (sources, i);

      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n\n" : "", source->name);
      if (source->last_page > source->first_page)
        g_string_append_printf (text, ", pages %u–%u", source->first_page, source->last_page);
      else if (source->first_page > 0)
        g_string_append_printf (text, ", page %u", source->first_page);
      g_string_append_printf (text, "%s:\n%s", source->is_by_meaning && !source->is_by_words ? " (found by meaning)" : "", source->text);
    }
  g_clear_pointer (&sources, sotto_sources_unref);
  if (text->len == 0)
    g_string_append (text, "Nothing was found. Other words may find something.");
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GPtrArray) parts = sotto_document_folders_find_finish (SOTTO_DOCUMENT_FOLDERS (source), result, NULL);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (parts == NULL)
    g_task_return_pointer (task, g_strdup ("Error: The documents could not be searched."), g_free);
  else
    g_task_return_pointer (task, describe_passages (parts), g_free);
}

static void
run (GTask *task, const SottoToolPlace *place, yyjson_val *arguments)
{
  sotto_document_folders_find_async (place->services->folders, place->folders, sotto_argument_get_text (arguments, "query"), NULL,
                                     MOST_PASSAGES, MOST_BYTES, on_found, task);
}

const SottoTool sotto_tool_search_documents = {
  .name = "search_documents",
  .title = NC_("tool", "Document Search"),
  .words = N_("Looks again, in words of its own, in the folders chosen here."),
  .purpose = "Searches the person's documents. Returns passages with file names and pages.",
  .arguments = {
    { "query", SOTTO_ARGUMENT_TEXT, TRUE, 500, "Words that what is looked for contains, in the language of the documents" },
  },
  .is_usable = is_usable,
  .run = run,
};
