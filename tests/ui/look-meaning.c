#include "look-meaning.h"

#include "harness.h"

#include <glib/gstdio.h>

#include "conversation/search-hit-private.h"
#include "document/meaning-private.h"
#include "model/model-library-private.h"

#include "folder/meaning-group.h"
#include "sidebar/sidebar-results.h"
#include "sidebar/sidebar.h"

/* Comparing passages takes as long as it takes, and a model is as large as it is: both are planted. */

/* Of its file, which is not there */
static gboolean
has_failed (gpointer app)
{
  return sotto_meaning_get_state (sotto_app_get_meaning (app)) == SOTTO_MEANING_STATE_FAILED;
}

static void
plant_model (Look       *look,
             const char *path,
             const char *name,
             guint64     size)
{
  SottoModelFacts *facts = g_new0 (SottoModelFacts, 1);

  facts->path = g_strdup (path);
  facts->name = g_strdup (name);
  facts->own_name = g_strdup (name);
  facts->is_embedding = TRUE;
  facts->embedder = g_strdup (name);
  facts->family = g_strdup ("bert");
  facts->size = size;
  sotto_model_library_take_embedder (sotto_app_get_models (look->app), facts);
  harness_wait_for (has_failed, look->app, 20);
}

static void
plant_state (Look              *look,
             SottoMeaningState  state,
             const char        *text)
{
  SottoMeaning *meaning = sotto_app_get_meaning (look->app);

  g_clear_object (&meaning->problem);
  meaning->state = state;
  meaning->n_all = 3400;
  meaning->n_left = 2160;
  g_set_str (&meaning->status_text, text);
  g_object_notify (G_OBJECT (meaning), "state");
}

static void
plant_failure (Look *look)
{
  g_autoptr (GError) error = g_error_new_literal (SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY, "no room");

  sotto_meaning_set_error (sotto_app_get_meaning (look->app), error);
}

static void
shoot (Look       *look,
       const char *what)
{
  harness_run (0.2);
  look_scroll_to_end (look);
  look_shoot (look, what);
}

void
look_at_meaning (Look *look)
{
  static const char *const paths[] = { "/nowhere/a.gguf", "/nowhere/b.gguf" };
  GtkWidget *dialog;

  look_activate (look, "win.folders");
  shoot (look, "47-meaning-without-model");
  plant_model (look, paths[0], "all-MiniLM-L6-v2", 25285312);
  plant_state (look, SOTTO_MEANING_STATE_WORKING, "1,240 of 3,400 messages and passages");
  shoot (look, "48-meaning-working");
  plant_state (look, SOTTO_MEANING_STATE_READY, "Ready");
  plant_failure (look);
  plant_model (look, paths[1], "nomic-embed-text-v1.5, as it was made for searching", 146146432);
  plant_state (look, SOTTO_MEANING_STATE_READY, "Ready");
  shoot (look, "49-meaning-choice");
  plant_failure (look);
  shoot (look, "50-meaning-failed");
  dialog = GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (look->window)));
  g_signal_emit_by_name (harness_find_button (harness_find (dialog, SOTTO_TYPE_MEANING_GROUP), "Details"), "clicked");
  look_shoot (look, "51-embedding-model");
  look_close_dialog (look);
  look_close_dialog (look);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    sotto_model_library_drop_embedder (sotto_app_get_models (look->app), paths[i]);
}

void
look_at_found_by_meaning (Look *look)
{
  static const char *const texts[] = {
    "How long may a summary be, in characters or otherwise, so that the printer takes it on one page?",
    "Count what stands between two blanks, and leave numbers out.",
  };
  GtkWidget *view = harness_find (harness_find (GTK_WIDGET (look->window), SOTTO_TYPE_SIDEBAR), GTK_TYPE_LIST_VIEW);
  g_autoptr (GListStore) found = g_list_store_new (SOTTO_TYPE_SEARCH_HIT);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (SottoConversation) conversation =
        g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (look->app)), i + 1);
      const SottoHistoryHit record = { .message = "-", .snippet = (char *) texts[i], .piece = (char *) texts[i] };
      g_autoptr (SottoSearchHit) hit = sotto_search_hit_new (conversation, &record);

      g_list_store_append (found, hit);
    }
  sotto_sidebar_results_add (GTK_LIST_VIEW (view), G_LIST_MODEL (found));
  look_shoot (look, "10-search-by-meaning");
}
