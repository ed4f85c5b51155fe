#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "model/model-library-private.h"

/* Embedding models in the library: a list of their own, into which they come as models come into the other, and out of which they go the
 * same way. */

#define EMBEDDER "bert.gguf"
#define OTHER "nomic-bert.gguf"
#define MODEL "llama.gguf"

typedef struct {
  SottoSettings *settings;
  SottoModelLibrary *library;
  char *models; /* the folder that is looked in */
  char *elsewhere;
} Fixture;

static gboolean
has_looked (gpointer library)
{
  return !sotto_model_library_is_looking (library);
}

static void
look (Fixture *fixture)
{
  sotto_model_library_refresh (fixture->library);
  harness_wait_for (has_looked, fixture->library, 30);
}

static void
begin_library (Fixture *fixture)
{
  g_clear_object (&fixture->library);
  fixture->library = sotto_model_library_new (fixture->settings);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->settings = sotto_settings_new ();
  fixture->models = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  fixture->elsewhere = g_build_filename (g_get_user_data_dir (), "elsewhere", NULL);
  g_assert_cmpint (g_mkdir_with_parents (fixture->models, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (fixture->elsewhere, 0700), ==, 0);
  begin_library (fixture);
}

static void
clear_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  clear_folder (fixture->models);
  clear_folder (fixture->elsewhere);
  g_object_set (fixture->settings, "added-models", NULL, "meaning-model", "", "find-by-meaning", TRUE, NULL);
  g_object_unref (fixture->library);
  g_object_unref (fixture->settings);
  g_free (fixture->models);
  g_free (fixture->elsewhere);
}

/* Returns: (transfer full): the path */
static char *
copy (const char *fixture, const char *folder, const char *name)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "engine", "families", fixture, NULL);
  char *target = g_build_filename (folder, name, NULL);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (source, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (target, bytes, (gssize) length, NULL));
  return target;
}

static SottoModelEntry *
get (Fixture *fixture, guint position)
{
  g_autoptr (SottoModelEntry) entry = g_list_model_get_item (sotto_model_library_get_embedders (fixture->library), position);

  g_assert_nonnull (entry);
  return entry;
}

static guint
count (Fixture *fixture)
{
  return harness_length (sotto_model_library_get_embedders (fixture->library));
}

/* Returns: (transfer full): what is said of it */
static char *
add (Fixture *fixture, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) added = NULL;
  g_autoptr (GError) error = NULL;
  char *text;

  sotto_model_library_add_file_async (fixture->library, file, NULL, harness_on_ready, &added);
  harness_wait_for (harness_has_result, &added, 30);
  g_assert_null (sotto_model_library_add_file_finish (fixture->library, added, &text, &error));
  g_assert_no_error (error);
  g_assert_nonnull (text);
  harness_wait_for (has_looked, fixture->library, 30);
  return text;
}

static void
assert_says (const char *text, const char *name, const char *words)
{
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, name));
  g_assert_nonnull (strstr (text, words));
}

/* Files come, become others and go. */
static void
test_list (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = copy (EMBEDDER, fixture->models, "Searcher.gguf");
  g_autofree char *other = copy (OTHER, fixture->models, "Another-Searcher.gguf");
  SottoModelEntry *entry;

  look (fixture);
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);
  g_assert_null (sotto_model_library_get_default (fixture->library));
  g_assert_cmpuint (count (fixture), ==, 2);
  g_assert_cmpstr (sotto_model_entry_get_name (get (fixture, 0)), ==, "Another Searcher");
  entry = get (fixture, 1);
  g_assert_cmpstr (sotto_model_entry_get_name (entry), ==, "Searcher");
  g_assert_true (sotto_model_entry_is_usable (entry));
  g_assert_true (sotto_model_library_get_embedder (fixture->library) == get (fixture, 0));
  g_object_set (fixture->settings, "meaning-model", path, NULL);
  g_assert_true (sotto_model_library_get_embedder (fixture->library) == entry);

  /* Cut off, as while it is being copied, it stays what it was. */
  g_assert_cmpint (truncate (path, 1000), ==, 0);
  look (fixture);
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);
  g_assert_true (get (fixture, 1) == entry);
  g_assert_cmpint (sotto_model_entry_get_state (entry), ==, SOTTO_MODEL_STATE_UNREADABLE);

  /* A model that writes in its place is an item of the library. */
  g_free (copy (MODEL, fixture->models, "Searcher.gguf"));
  look (fixture);
  g_assert_cmpuint (count (fixture), ==, 1);
  g_assert_cmpuint (harness_length (fixture->library), ==, 1);
  g_free (copy (EMBEDDER, fixture->models, "Searcher.gguf"));
  look (fixture);
  g_assert_cmpuint (count (fixture), ==, 2);
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);

  g_assert_cmpint (g_unlink (other), ==, 0);
  look (fixture);
  g_assert_cmpuint (count (fixture), ==, 1);
}

/* A conversation that holds on to the file of one as a model that writes is told that it does not. */
static void
test_remembered (Fixture *fixture, gconstpointer data)
{
  g_autofree char *listed = copy (EMBEDDER, fixture->models, "Searcher.gguf");
  g_autofree char *unlisted = copy (EMBEDDER, fixture->elsewhere, "Searcher.gguf");
  g_autoptr (SottoModelEntry) first = sotto_model_library_remember (fixture->library, listed, "Searcher");
  g_autoptr (SottoModelEntry) second = sotto_model_library_remember (fixture->library, unlisted, "Searcher");

  harness_wait_for (has_looked, fixture->library, 30);
  look (fixture);
  g_assert_cmpuint (count (fixture), ==, 1);
  g_assert_true (get (fixture, 0) != first);
  g_assert_false (sotto_model_entry_is_usable (first));
  g_assert_false (sotto_model_entry_is_usable (second));
  assert_says (sotto_problem_get_text (sotto_model_entry_get_problem (first)), "cannot write", "meaning");
  assert_says (sotto_problem_get_text (sotto_model_entry_get_problem (second)), "cannot write", "meaning");
}

/* Added, away, back, off the list and back again */
static void
test_added (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = copy (EMBEDDER, fixture->elsewhere, "Searcher.gguf");
  g_autofree char *other = copy (OTHER, fixture->elsewhere, "Another.gguf");
  g_autofree char *used = add (fixture, path);
  g_autofree char *added = NULL;
  g_autofree char *unused = NULL;
  g_autofree char *off = NULL;

  assert_says (used, "“Searcher”", "is used to find passages by meaning");
  g_object_set (fixture->settings, "meaning-model", path, NULL);
  unused = add (fixture, other);
  assert_says (unused, "“Another”", "choose it");
  g_object_set (fixture->settings, "find-by-meaning", FALSE, NULL);
  off = add (fixture, other);
  assert_says (off, "“Another”", "switched off");
  g_assert_cmpuint (count (fixture), ==, 2);
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);

  g_assert_cmpint (g_unlink (path), ==, 0);
  look (fixture);
  g_assert_cmpint (sotto_model_entry_get_state (get (fixture, 1)), ==, SOTTO_MODEL_STATE_MISSING);
  g_assert_true (sotto_model_library_get_embedder (fixture->library) == get (fixture, 1));
  /* Another start does not know what it was, but what it was chosen for. */
  begin_library (fixture);
  look (fixture);
  g_assert_cmpuint (count (fixture), ==, 2);
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);
  g_free (copy (EMBEDDER, fixture->elsewhere, "Searcher.gguf"));
  look (fixture);
  g_assert_true (sotto_model_entry_is_usable (get (fixture, 1)));

  added = sotto_model_library_dup_added (fixture->library, get (fixture, 1));
  g_assert_cmpstr (added, ==, path);
  sotto_model_library_forget (fixture->library, added);
  g_assert_cmpuint (count (fixture), ==, 1);
  harness_wait_for (has_looked, fixture->library, 30);
  g_assert_cmpuint (count (fixture), ==, 1);
  sotto_model_library_undo_forget (fixture->library, added);
  harness_wait_for (has_looked, fixture->library, 30);
  g_assert_cmpuint (count (fixture), ==, 2);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add ("/app/model-library-embedding/list", Fixture, NULL, set_up, test_list, tear_down);
  g_test_add ("/app/model-library-embedding/remembered", Fixture, NULL, set_up, test_remembered, tear_down);
  g_test_add ("/app/model-library-embedding/added", Fixture, NULL, set_up, test_added, tear_down);
  return g_test_run ();
}
