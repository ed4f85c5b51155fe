#include "config.h"

#include "tool-private.h"

#include <glib/gi18n-lib.h>

#include "document/meaning-private.h"

/* What was said in earlier conversations: what has the words, and behind that what says the same in others. A temporary one has not this tool: it holds no history but its own (a store in memory,
 * ../README.md), which is what keeps it apart; and nobody else's words are to come to stand in what is gone tomorrow. */

/* What of the history's hits is read through, so that those of the conversation itself are not all there are */
#define MOST_HITS 60
#define MOST_TOLD 12

/* Those that say it in other words are told with their pieces */
#define MOST_BY_MEANING 4

typedef struct {
  SottoMeaning *meaning;
  char *conversation;
  char *query;
  GString *text;     /* what is told */
  guint n;           /* hits in it */
  GPtrArray *except; /* ids of messages that have the words */
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;

  g_object_unref (search->meaning);
  g_free (search->conversation);
  g_free (search->query);
  g_string_free (search->text, TRUE);
  g_ptr_array_unref (search->except);
  g_free (search);
}

static gboolean
is_usable (const SottoToolPlace *place)
{
  return place->services->store != NULL && !place->services->is_temporary;
}

static void
append_hit (GString *text, const SottoHistoryHit *hit)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc_usec (hit->created);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  if (text->len > 0)
    g_string_append (text, "\n\n");
  g_string_append_printf (text, "Conversation “%s”", hit->title);
  if (local != NULL)
    g_string_append_printf (text, ", %04d-%02d-%02d", g_date_time_get_year (local), g_date_time_get_month (local),
                            g_date_time_get_day_of_month (local));
  if (hit->piece != NULL)
    g_string_append_printf (text, " (found by meaning):\n%s", hit->piece);
  else if (hit->message != NULL)
    g_string_append_printf (text, ":\n%s", hit->snippet);
}

/* Those of other conversations than the one in which it is asked */
static void
append_hits (Search *search, GPtrArray *hits)
{
  for (guint i = 0; i < hits->len && search->n < MOST_TOLD; i++)
    {
      const SottoHistoryHit *hit = g_ptr_array_index (hits, i);

      if (g_str_equal (hit->conversation, search->conversation))
        continue;
      append_hit (search->text, hit);
      search->n++;
    }
}

static void
on_found_by_meaning (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GPtrArray) hits = sotto_meaning_search_finish (SOTTO_MEANING (source), result, NULL);
  Search *search = g_task_get_task_data (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (hits != NULL)
    append_hits (search, hits);
  if (search->n == 0)
    g_string_append (search->text, "Nothing was found. All words of the query must be in a message: fewer words find more.");
  g_task_return_pointer (task, g_strdup (search->text->str), g_free);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GPtrArray) hits = sotto_store_search_finish (SOTTO_STORE (source), result, NULL);
  Search *search = g_task_get_task_data (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (hits == NULL)
    {
      g_task_return_pointer (task, g_strdup ("Error: The conversations could not be searched."), g_free);
      return;
    }
  append_hits (search, hits);
  for (guint i = 0; i < hits->len; i++)
    if (((const SottoHistoryHit *) g_ptr_array_index (hits, i))->message != NULL)
      g_ptr_array_add (search->except, g_strdup (((const SottoHistoryHit *) g_ptr_array_index (hits, i))->message));
  g_ptr_array_add (search->except, NULL);
  sotto_meaning_search_async (search->meaning, search->query, (const char *const *) search->except->pdata, MOST_BY_MEANING,
                              g_task_get_cancellable (task), on_found_by_meaning, g_object_ref (task));
}

static void
run (GTask *task, const SottoToolPlace *place, yyjson_val *arguments)
{
  Search *search = g_new0 (Search, 1);

  search->meaning = g_object_ref (place->services->meaning);
  search->conversation = g_strdup (place->conversation);
  search->query = g_strdup (sotto_argument_get_text (arguments, "query"));
  search->text = g_string_new (NULL);
  search->except = g_ptr_array_new_with_free_func (g_free);
  g_task_set_task_data (task, search, search_free);
  sotto_store_search_async (place->services->store, search->query, MOST_HITS,
                            g_task_get_cancellable (task), on_found, task);
}

const SottoTool sotto_tool_search_conversations = {
  .name = "search_conversations",
  .title = NC_("tool", "Conversation Search"),
  .words = N_("Looks for what was said in your other conversations."),
  .purpose = "Searches the person's earlier conversations with you. Returns titles, dates and excerpts.",
  .arguments = {
    { "query", SOTTO_ARGUMENT_TEXT, TRUE, 200, "One or a few words that all are in the message that is looked for" },
  },
  .is_usable = is_usable,
  .run = run,
};
