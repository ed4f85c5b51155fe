#include "harness-meaning.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* --- Models --- */

char *
harness_build_model_path (const char *name)
{
  return g_build_filename (g_get_user_data_dir (), "sotto", "models", name, NULL);
}

void
harness_copy_model (const char *fixture, const char *name)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "engine", "families", fixture, NULL);
  g_autofree char *path = harness_build_model_path (name);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_get_contents (source, &bytes, &length, &error);
  g_assert_no_error (error);
  g_file_set_contents (path, bytes, (gssize) length, &error);
  g_assert_no_error (error);
}

void
harness_remove_model (const char *name)
{
  g_autofree char *path = harness_build_model_path (name);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

static gboolean
has_looked (gpointer app)
{
  return !sotto_model_library_is_looking (sotto_app_get_models (app));
}

void
harness_look (SottoApp *app)
{
  sotto_model_library_refresh (sotto_app_get_models (app));
  harness_wait_for (has_looked, app, 30);
}

/* --- What is seen of it --- */

static void
on_state (HarnessWatch *watch)
{
  const SottoMeaningState state = sotto_meaning_get_state (watch->meaning);

  g_assert_cmpuint (sotto_meaning_get_n_done (watch->meaning), <=, sotto_meaning_get_n_all (watch->meaning));
  g_array_append_val (watch->states, state);
}

HarnessWatch *
harness_begin_watch (SottoApp *app)
{
  HarnessWatch *watch = g_new0 (HarnessWatch, 1);

  watch->meaning = sotto_app_get_meaning (app);
  watch->states = g_array_new (FALSE, FALSE, sizeof (SottoMeaningState));
  g_signal_connect_swapped (watch->meaning, "notify::state", G_CALLBACK (on_state), watch);
  return watch;
}

static gboolean
has_seen (const HarnessWatch *watch, SottoMeaningState state)
{
  for (guint i = 0; i < watch->states->len; i++)
    if (g_array_index (watch->states, SottoMeaningState, i) == state)
      return TRUE;
  return FALSE;
}

gboolean
harness_has_worked (gpointer watch)
{
  return has_seen (watch, SOTTO_MEANING_STATE_WORKING);
}

void
harness_end_watch (HarnessWatch *watch)
{
  g_signal_handlers_disconnect_by_data (watch->meaning, watch);
  g_array_unref (watch->states);
  g_free (watch);
}

gboolean
harness_is_ready (gpointer app)
{
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  return sotto_meaning_get_state (meaning) == SOTTO_MEANING_STATE_READY && sotto_meaning_get_n_all (meaning) > 0
         && sotto_meaning_get_n_done (meaning) == sotto_meaning_get_n_all (meaning);
}

gboolean
harness_has_failed (gpointer app)
{
  return sotto_meaning_get_state (sotto_app_get_meaning (app)) == SOTTO_MEANING_STATE_FAILED;
}

guint64
harness_count_left (SottoApp *app)
{
  SottoStore *store = app->services->store;
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GPtrArray) passages = NULL;
  g_autoptr (GError) error = NULL;
  guint64 n_left;

  sotto_store_list_unembedded_async (store, 100, NULL, harness_on_ready, &listed);
  harness_wait_for (harness_has_result, &listed, 20);
  passages = sotto_store_list_unembedded_finish (store, listed, &n_left, NULL, &error);
  g_assert_no_error (error);
  return n_left;
}

guint64
harness_count_messages_left (SottoApp *app)
{
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GPtrArray) said = NULL;
  g_autoptr (GError) error = NULL;
  guint64 n_left;

  sotto_store_list_unembedded_messages_async (app->services->store, 100, NULL, harness_on_ready, &listed);
  harness_wait_for (harness_has_result, &listed, 20);
  said = sotto_store_list_unembedded_messages_finish (app->services->store, listed, &n_left, NULL, &error);
  g_assert_no_error (error);
  return n_left;
}

/* --- Documents --- */

void
harness_write_documents (const char *path)
{
  harness_write (path, "lighthouse.md", HARNESS_LIGHTHOUSE);
  harness_write (path, "harbour.txt", HARNESS_HARBOUR);
  harness_write (path, "bread.txt", HARNESS_BREAD);
}

SottoApp *
harness_open_with_documents (const char *name, char **path, SottoDocumentFolder **folder)
{
  SottoApp *app;

  harness_copy_model (HARNESS_TINY_EMBEDDER, "Tiny-Searcher.gguf");
  app = harness_open ();
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, "meaning-model", "", NULL);
  *path = harness_create_folder (name);
  harness_write_documents (*path);
  harness_look (app);
  *folder = harness_add_folder (app, *path);
  harness_wait_for (harness_is_ready, app, 60);
  return app;
}

void
harness_close_with_documents (SottoApp *app, const char *path, SottoDocumentFolder *folder)
{
  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
  harness_remove_model ("Tiny-Searcher.gguf");
}
