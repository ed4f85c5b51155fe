#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "model/inference.h"
#include "model/model-library.h"

/* Real files that fit each other, of the engine's tests: gemma2-27b is a model of 16 numbers a token, vision/mlp gives it rows of
 * 16. Both call themselves "Tiny and random". */

#define MODEL "gemma2-27b.gguf"
#define EYES "mlp.gguf"
#define OWN_NAME "Tiny and random"

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
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->settings = sotto_settings_new ();
  fixture->library = sotto_model_library_new (fixture->settings);
  fixture->models = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  fixture->elsewhere = g_build_filename (g_get_user_data_dir (), "elsewhere", NULL);
  g_assert_cmpint (g_mkdir_with_parents (fixture->models, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (fixture->elsewhere, 0700), ==, 0);
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
  g_object_set (fixture->settings, "added-models", NULL, "model-visions", NULL, NULL);
  g_object_unref (fixture->library);
  g_object_unref (fixture->settings);
  g_free (fixture->models);
  g_free (fixture->elsewhere);
}

/* @from, wherever it stands, becomes @to, which is as long. Returns: (transfer full): the path */
static char *
copy (const char *kind, const char *file, const char *folder, const char *name, const char *from, const char *to)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "engine", kind, file, NULL);
  char *target = g_build_filename (folder, name, NULL);
  const gsize n = strlen (from);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_cmpuint (n, ==, strlen (to));
  g_assert_true (g_file_get_contents (source, &bytes, &length, NULL));
  for (gsize i = 0; i + n <= length; i++)
    if (memcmp (bytes + i, from, n) == 0)
      memcpy (bytes + i, to, n);
  g_assert_true (g_file_set_contents (target, bytes, (gssize) length, NULL));
  return target;
}

static char *
copy_model (const char *folder, const char *name)
{
  return copy ("families", MODEL, folder, name, OWN_NAME, "Of no name here");
}

static char *
copy_eyes (const char *folder, const char *name)
{
  return copy ("vision", EYES, folder, name, OWN_NAME, "And none of its");
}

static SottoModelEntry *
find (Fixture *fixture, const char *name)
{
  SottoModelEntry *entry = sotto_model_library_lookup (fixture->library, name);

  g_test_message ("%s", name);
  g_assert_nonnull (entry);
  return entry;
}

static void
assert_sees (Fixture *fixture, const char *name, const char *path)
{
  SottoModelEntry *entry = find (fixture, name);

  g_assert_cmpstr (sotto_model_entry_get_vision_path (entry), ==, path);
  g_assert_cmpint (sotto_model_entry_sees (entry), ==, path != NULL);
}

static guint64
measure (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  return (guint64) status.st_size;
}

static void
count (int *counter)
{
  ++*counter;
}

/* It belongs to its model and is none itself; it may come and go. */
static void
test_found (Fixture *fixture, gconstpointer data)
{
  g_autofree char *model = copy_model (fixture->models, "Lynx-2B-it.Q8_0.gguf");
  g_autofree char *other = copy_model (fixture->models, "Mole-2B-it.Q8_0.gguf");
  g_autofree char *wide = copy ("families", "llama.gguf", fixture->models, "Lynx-2B.gguf", OWN_NAME, OWN_NAME);
  g_autofree char *eyes = copy_eyes (fixture->models, "mmproj-Lynx-2B-it-f16.gguf");
  g_autofree char *summary = NULL;
  SottoModelEntry *entry;
  int n_told = 0;

  look (fixture);
  g_assert_cmpuint (harness_length (fixture->library), ==, 3);
  assert_sees (fixture, "Lynx 2B it", eyes);
  assert_sees (fixture, "Mole 2B it", NULL);
  assert_sees (fixture, "Lynx 2B", NULL);

  entry = find (fixture, "Lynx 2B it");
  g_assert_cmpuint (sotto_model_entry_get_size (entry), ==, measure (model) + measure (eyes));
  g_assert_null (sotto_model_entry_get_vision_text (entry));
  summary = g_format_size (measure (model) + measure (eyes));
  g_assert_true (g_str_has_suffix (sotto_model_entry_get_summary (entry), summary));

  g_signal_connect_swapped (entry, "notify::sees", G_CALLBACK (count), &n_told);
  g_assert_cmpint (g_unlink (eyes), ==, 0);
  look (fixture);
  assert_sees (fixture, "Lynx 2B it", NULL);
  g_assert_cmpint (n_told, ==, 1);
  g_assert_cmpuint (sotto_model_entry_get_size (entry), ==, measure (model));
  g_free (eyes);
  eyes = copy_eyes (fixture->models, "mmproj-Lynx-2B-it-f16.gguf");
  look (fixture);
  assert_sees (fixture, "Lynx 2B it", eyes);
  g_assert_cmpint (n_told, ==, 2);
  look (fixture);
  g_assert_cmpint (n_told, ==, 2);
}

static void
assert_refused (Fixture *fixture, const char *words)
{
  SottoModelEntry *entry = find (fixture, "Lynx 2B it");

  look (fixture);
  g_assert_cmpuint (harness_length (fixture->library), ==, 1);
  assert_sees (fixture, "Lynx 2B it", NULL);
  g_assert_true (sotto_model_entry_is_usable (entry));
  g_assert_nonnull (sotto_model_entry_get_vision_text (entry));
  g_assert_nonnull (strstr (sotto_model_entry_get_vision_text (entry), words));
}

/* What cannot be used says so of itself, beside a model that goes on as before. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autofree char *model = copy_model (fixture->models, "Lynx-2B-it.Q8_0.gguf");
  g_autofree char *eyes = copy_eyes (fixture->models, "mmproj-Lynx-2B-it-f16.gguf");
  g_autofree char *foreign = NULL;
  g_autofree char *other = NULL;

  look (fixture);
  assert_sees (fixture, "Lynx 2B it", eyes);

  foreign = copy ("vision", EYES, fixture->models, "mmproj-Lynx-2B-it-f16.gguf", "mlp", "plm");
  assert_refused (fixture, "“mmproj-Lynx-2B-it-f16.gguf” is of a kind that Sotto cannot use yet.");
  other = copy ("vision", "gemma3.gguf", fixture->models, "mmproj-Lynx-2B-it-f16.gguf", "", "");
  assert_refused (fixture, "“mmproj-Lynx-2B-it-f16.gguf” was made for another model.");
  g_assert_cmpint (truncate (eyes, 20000), ==, 0);
  assert_refused (fixture, "not complete");
}

/* A person's choice holds, in the next library, too, and as long as the file is there. */
static void
test_chosen (Fixture *fixture, gconstpointer data)
{
  g_autofree char *model = copy_model (fixture->models, "Lynx-2B-it.Q8_0.gguf");
  g_autofree char *own = copy_eyes (fixture->models, "mmproj-Lynx-2B-it-f16.gguf");
  g_autofree char *foreign = copy_eyes (fixture->models, "mmproj-Mole-7B-f16.gguf");
  g_autoptr (SottoModelLibrary) again = NULL;
  g_auto (GStrv) visions = NULL;
  g_auto (GStrv) kept = NULL;
  SottoModelEntry *entry;

  look (fixture);
  entry = find (fixture, "Lynx 2B it");
  visions = sotto_model_library_dup_visions (fixture->library, entry);
  g_assert_cmpuint (g_strv_length (visions), ==, 2);
  assert_sees (fixture, "Lynx 2B it", own);

  sotto_model_library_set_vision (fixture->library, entry, foreign);
  assert_sees (fixture, "Lynx 2B it", foreign);
  again = sotto_model_library_new (fixture->settings);
  sotto_model_library_refresh (again);
  harness_wait_for (has_looked, again, 30);
  g_assert_cmpstr (sotto_model_entry_get_vision_path (sotto_model_library_lookup (again, "Lynx 2B it")), ==, foreign);

  sotto_model_library_set_vision (fixture->library, entry, NULL);
  assert_sees (fixture, "Lynx 2B it", NULL);
  g_assert_null (sotto_model_entry_get_vision_text (entry));
  sotto_model_library_set_vision (fixture->library, entry, foreign);
  g_assert_cmpint (g_unlink (foreign), ==, 0);
  look (fixture);
  assert_sees (fixture, "Lynx 2B it", own);

  /* What Sotto would take anyhow is no choice. */
  sotto_model_library_set_vision (fixture->library, entry, own);
  kept = sotto_settings_dup_strv (fixture->settings, "model-visions");
  g_assert_cmpuint (g_strv_length (kept), ==, 0);
}

typedef struct {
  SottoModelEntry *entry;
  char *text;
  GError *error;
  gboolean is_done;
} Added;

static void
added_clear (Added *added)
{
  g_clear_object (&added->entry);
  g_free (added->text);
  g_clear_error (&added->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Added, added_clear)

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Added *added = user_data;

  added->entry = sotto_model_library_add_file_finish (SOTTO_MODEL_LIBRARY (source), result, &added->text, &added->error);
  added->is_done = TRUE;
}

static gboolean
is_done (gpointer added)
{
  return ((Added *) added)->is_done;
}

static void
add (Fixture *fixture, const char *path, Added *added)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  added_clear (added);
  *added = (Added) { 0 };
  sotto_model_library_add_file_async (fixture->library, file, NULL, on_added, added);
  harness_wait_for (is_done, added, 30);
}

/* Added without having been asked for, and gone with its model */
static void
test_added_beside (Fixture *fixture, gconstpointer data)
{
  g_autofree char *model = copy_model (fixture->elsewhere, "Lynx-2B-it.Q8_0.gguf");
  g_autofree char *eyes = copy_eyes (fixture->elsewhere, "mmproj-model-f16.gguf");
  g_auto (Added) added = { 0 };

  add (fixture, model, &added);
  g_assert_no_error (added.error);
  g_assert_null (added.text);
  g_assert_nonnull (added.entry);
  harness_wait_for (has_looked, fixture->library, 30);
  assert_sees (fixture, "Lynx 2B it", eyes);
  g_assert_cmpuint (harness_length (fixture->library), ==, 1);

  sotto_model_library_forget (fixture->library, model);
  harness_wait_for (has_looked, fixture->library, 30);
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);
  sotto_model_library_undo_forget (fixture->library, model);
  harness_wait_for (has_looked, fixture->library, 30);
  assert_sees (fixture, "Lynx 2B it", eyes);
}

/* By itself, as in a sandbox, where nothing else of its folder is to be seen */
static void
test_added_alone (Fixture *fixture, gconstpointer data)
{
  g_autofree char *apart = g_build_filename (fixture->elsewhere, "..", "apart", NULL);
  g_autofree char *eyes = NULL;
  g_autofree char *model = copy_model (fixture->elsewhere, "Lynx-2B-it.Q8_0.gguf");
  g_autofree char *strange = copy_eyes (fixture->elsewhere, "Mole-7B-mmproj.gguf");
  g_autofree char *foreign = copy ("vision", EYES, fixture->elsewhere, "foreign.gguf", "mlp", "plm");
  g_auto (GStrv) kept = NULL;
  g_auto (GStrv) none = NULL;
  g_auto (Added) added = { 0 };

  g_assert_cmpint (g_mkdir_with_parents (apart, 0700), ==, 0);
  eyes = copy_eyes (apart, "mmproj-Lynx-2B-it-f16.gguf");

  add (fixture, eyes, &added);
  g_assert_no_error (added.error);
  g_assert_null (added.entry);
  g_assert_cmpstr (added.text, ==, "No model here can see with “mmproj-Lynx-2B-it-f16.gguf”");
  g_assert_cmpuint (harness_length (fixture->library), ==, 0);

  g_assert_cmpint (g_unlink (strange), ==, 0);
  add (fixture, model, &added);
  harness_wait_for (has_looked, fixture->library, 30);
  g_assert_cmpstr (sotto_model_entry_get_vision_path (added.entry), !=, NULL);
  add (fixture, eyes, &added);
  g_assert_cmpstr (added.text, ==, "“Lynx 2B it” can see pictures now");

  /* Only its model had a use for it. */
  sotto_model_library_forget (fixture->library, model);
  harness_wait_for (has_looked, fixture->library, 30);
  none = sotto_settings_dup_strv (fixture->settings, "added-models");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  sotto_model_library_undo_forget (fixture->library, model);
  harness_wait_for (has_looked, fixture->library, 30);
  kept = sotto_settings_dup_strv (fixture->settings, "added-models");
  g_assert_cmpuint (g_strv_length (kept), ==, 2);
  g_assert_true (sotto_model_entry_sees (find (fixture, "Lynx 2B it")));

  g_free (strange);
  strange = copy_eyes (apart, "Mole-7B-mmproj.gguf");
  add (fixture, strange, &added);
  g_assert_cmpstr (added.text, ==, "A model may see with “Mole-7B-mmproj.gguf”: choose that in its details");
  add (fixture, foreign, &added);
  g_assert_no_error (added.error);
  g_assert_cmpstr (added.text, ==, "“foreign.gguf” is of a kind that Sotto cannot use yet.");
  g_strfreev (g_steal_pointer (&kept));
  kept = sotto_settings_dup_strv (fixture->settings, "added-models");
  g_assert_false (g_strv_contains ((const char *const *) kept, foreign));

  g_object_set (fixture->settings, "added-models", NULL, NULL);
  look (fixture);
  clear_folder (apart);
  g_assert_cmpint (g_rmdir (apart), ==, 0);
}

/* What it sees with needs memory, too. */
static void
test_memory (Fixture *fixture, gconstpointer data)
{
  g_autofree char *model = copy_model (fixture->models, "Lynx-2B-it.Q8_0.gguf");
  g_autofree char *eyes = copy_eyes (fixture->models, "mmproj-Lynx-2B-it-f16.gguf");
  const guint64 budget = sotto_inference_memory_budget ();

  look (fixture);
  g_assert_cmpstr (sotto_model_entry_get_note (find (fixture, "Lynx 2B it")), !=, NULL);
  g_assert_null (strstr (sotto_model_entry_get_note (find (fixture, "Lynx 2B it")), "Too large"));
  /* Mostly a hole. With what looking takes it is too much. */
  if (truncate (eyes, (off_t) (budget - measure (model))) != 0)
    {
      g_test_skip ("this file system has no files of that size");
      return;
    }
  look (fixture);
  g_assert_true (sotto_model_entry_sees (find (fixture, "Lynx 2B it")));
  g_assert_nonnull (strstr (sotto_model_entry_get_note (find (fixture, "Lynx 2B it")), "Too large"));
}

#define ADD(name, test) g_test_add ("/app/model-library-vision/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("found", test_found);
  ADD ("refused", test_refused);
  ADD ("chosen", test_chosen);
  ADD ("added-beside", test_added_beside);
  ADD ("added-alone", test_added_alone);
  ADD ("memory", test_memory);
  return g_test_run ();
}
