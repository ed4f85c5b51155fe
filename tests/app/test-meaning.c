#include "harness-meaning.h"

#include <glib/gstdio.h>
#include <string.h>

/* Finding by meaning: which model does, when it works and rests, and what stays of it. */

static gboolean
is_without_model (gpointer app)
{
  return sotto_meaning_get_state (sotto_app_get_meaning (app)) == SOTTO_MEANING_STATE_NO_MODEL;
}

/* --- Passages --- */

static void
test_passages (void)
{
  g_autofree char *path = NULL;
  g_autofree char *chosen = NULL;
  g_autofree char *file = harness_build_model_path ("Tiny-Searcher.gguf");
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("passages", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  HarnessWatch *watch;

  g_assert_cmpuint (sotto_meaning_get_n_all (meaning), ==, 3);
  g_assert_cmpuint (harness_count_left (app), ==, 0);
  g_assert_cmpstr (sotto_meaning_get_status_text (meaning), ==, "Ready");
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_meaning_get_model (meaning)), ==, "Tiny Searcher");
  g_assert_cmpuint (harness_length (sotto_meaning_get_models (meaning)), ==, 1);
  chosen = sotto_settings_dup_string (sotto_app_get_settings (app), "meaning-model");
  g_assert_cmpstr (chosen, ==, file);

  /* What changes is made anew, and nothing else. */
  watch = harness_begin_watch (app);
  harness_write (path, "bread.txt", HARNESS_BREAD HARNESS_BREAD);
  harness_look_again (app, folder);
  harness_wait_for (harness_has_worked, watch, 60);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_cmpuint (sotto_meaning_get_n_all (meaning), ==, 3);
  g_assert_cmpuint (harness_count_left (app), ==, 0);
  harness_end_watch (watch);

  harness_close_with_documents (app, path, folder);
}

/* After another start, and after it was switched off and on, nothing is made again. */
static void
test_kept (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("kept", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  g_autofree char *id = g_strdup (sotto_document_folder_get_id (folder));
  HarnessWatch *watch = harness_begin_watch (app);

  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, NULL);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_OFF);
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_false (harness_has_worked (watch));
  harness_end_watch (watch);
  harness_close (app);

  app = harness_open ();
  watch = harness_begin_watch (app);
  harness_look (app);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_false (harness_has_worked (watch));
  g_assert_cmpuint (harness_count_left (app), ==, 0);
  harness_end_watch (watch);

  /* Off over a start, nothing is left of it. */
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, NULL);
  harness_close (app);
  app = harness_open ();
  harness_look (app);
  g_assert_cmpint (sotto_meaning_get_state (sotto_app_get_meaning (app)), ==, SOTTO_MEANING_STATE_OFF);
  g_assert_cmpuint (harness_count_left (app), ==, 3);
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (harness_is_ready, app, 60);

  harness_close_with_documents (app, path, sotto_document_folders_lookup (sotto_app_get_folders (app), id));
}

/* A file that is away for a moment costs nothing, and another model does not take its place by its name. */
static void
test_missing (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("missing", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  HarnessWatch *watch = harness_begin_watch (app);

  harness_remove_model ("Tiny-Searcher.gguf");
  harness_look (app);
  harness_wait_for (is_without_model, app, 30);
  g_assert_null (sotto_meaning_get_model (meaning));
  harness_copy_model (HARNESS_TINY_EMBEDDER, "Tiny-Searcher.gguf");
  harness_look (app);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_false (harness_has_worked (watch));

  harness_copy_model (HARNESS_OTHER_EMBEDDER, "A-Searcher.gguf");
  harness_look (app);
  g_assert_cmpuint (harness_length (sotto_meaning_get_models (meaning)), ==, 2);
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_meaning_get_model (meaning)), ==, "Tiny Searcher");
  g_assert_false (harness_has_worked (watch));
  harness_end_watch (watch);

  harness_remove_model ("A-Searcher.gguf");
  harness_close_with_documents (app, path, folder);
}

static SottoModelEntry *
find_embedder (SottoApp *app, const char *name)
{
  GListModel *models = sotto_meaning_get_models (sotto_app_get_meaning (app));

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (g_str_equal (sotto_model_entry_get_name (entry), name))
        return entry;
    }
  return NULL;
}

/* Another model begins anew. */
static void
test_choice (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("choice", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  HarnessWatch *watch = harness_begin_watch (app);

  harness_copy_model (HARNESS_OTHER_EMBEDDER, "A-Searcher.gguf");
  harness_look (app);
  sotto_meaning_set_model (meaning, find_embedder (app, "A Searcher"));
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_meaning_get_model (meaning)), ==, "A Searcher");
  harness_wait_for (harness_has_worked, watch, 60);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_cmpuint (harness_count_left (app), ==, 0);
  harness_end_watch (watch);

  harness_remove_model ("A-Searcher.gguf");
  harness_close_with_documents (app, path, folder);
}

static gboolean
is_working (gpointer meaning)
{
  return sotto_meaning_get_state (meaning) == SOTTO_MEANING_STATE_WORKING;
}

/* A reply has the processor for itself: what is under way is given up, and goes on behind it. */
static void
test_rest (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("rest", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  sotto_meaning_set_resting (meaning, TRUE);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_READY);
  harness_write (path, "more.txt", HARNESS_HARBOUR HARNESS_LIGHTHOUSE);
  harness_look_again (app, folder);
  harness_run (0.5);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_WAITING);
  g_assert_cmpstr (sotto_meaning_get_status_text (meaning), ==, "Waits until the reply is written");
  g_assert_cmpuint (sotto_meaning_get_n_done (meaning), ==, 3);
  g_assert_cmpuint (harness_count_left (app), ==, sotto_meaning_get_n_all (meaning) - 3);
  sotto_meaning_set_resting (meaning, FALSE);
  harness_wait_for (is_working, meaning, 30);
  sotto_meaning_set_resting (meaning, TRUE);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_WAITING);
  g_assert_null (meaning->work);
  sotto_meaning_set_resting (meaning, FALSE);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_cmpuint (harness_count_left (app), ==, 0);

  harness_close_with_documents (app, path, folder);
}

/* A file that has become another one under the engine's hands is a problem with words, and its end is the end of that. */
static void
test_failed (void)
{
  g_autofree char *path = NULL;
  g_autofree char *file = harness_build_model_path ("Tiny-Searcher.gguf");
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("failed", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  /* Nobody has looked, as no folder is watched while the main context does not turn. */
  sotto_meaning_set_resting (meaning, TRUE);
  harness_write (path, "more.txt", HARNESS_HARBOUR HARNESS_LIGHTHOUSE);
  harness_look_again (app, folder);
  sotto_meaning_set_opened (meaning, NULL);
  g_assert_true (g_file_set_contents (file, "no model", -1, NULL));
  sotto_meaning_set_resting (meaning, FALSE);
  harness_wait_for (harness_has_failed, app, 30);
  g_assert_nonnull (strstr (sotto_problem_get_text (sotto_meaning_get_problem (meaning)), "Tiny Searcher"));
  g_assert_cmpint (sotto_problem_get_remedy (sotto_meaning_get_problem (meaning)), ==, SOTTO_REMEDY_RETRY);
  g_assert_cmpstr (sotto_meaning_get_status_text (meaning), ==, sotto_problem_get_text (sotto_meaning_get_problem (meaning)));
  /* Words are not to suffer. */
  g_assert_true (harness_finds (app, "ferries", "November"));

  harness_copy_model (HARNESS_TINY_EMBEDDER, "Tiny-Searcher.gguf");
  sotto_meaning_try_again (meaning);
  harness_wait_for (harness_is_ready, app, 60);
  g_assert_null (sotto_meaning_get_problem (meaning));
  g_assert_cmpuint (harness_count_left (app), ==, 0);

  harness_close_with_documents (app, path, folder);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/meaning/passages", test_passages);
  g_test_add_func ("/app/meaning/kept", test_kept);
  g_test_add_func ("/app/meaning/missing", test_missing);
  g_test_add_func ("/app/meaning/choice", test_choice);
  g_test_add_func ("/app/meaning/rest", test_rest);
  g_test_add_func ("/app/meaning/failed", test_failed);
  return g_test_run ();
}
