#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "gguf-writer.h"
#include "model/inference.h"

/* A folder as a person has it: models that answer, one that only completes, and files of every kind
 * that cannot be chatted with, each of which says why. */

static char *
build_path (const char *name)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  return g_build_filename (folder, name, NULL);
}

static void
copy (const char *fixture, const char *name)
{
  g_autofree char *from = g_test_build_filename (G_TEST_DIST, "engine", "families", fixture, NULL);
  g_autofree char *to = build_path (name);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (from, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (to, bytes, (gssize) length, NULL));
}

/* @from becomes @to wherever it stands; both are equally long. */
static void
copy_changed (const char *fixture, const char *name, const char *from, const char *to)
{
  g_autofree char *path = build_path (name);
  g_autofree char *bytes = NULL;
  const gsize n = strlen (from);
  gsize length;

  g_assert_cmpuint (n, ==, strlen (to));
  copy (fixture, name);
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  for (gsize i = 0; i + n <= length; i++)
    if (memcmp (bytes + i, from, n) == 0)
      memcpy (bytes + i, to, n);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
}

static void
copy_cut (const char *fixture, const char *name)
{
  g_autofree char *path = build_path (name);

  copy (fixture, name);
  g_assert_cmpint (truncate (path, 70000), ==, 0);
}

/* The first of three parts, without the others. */
static void
write_part (const char *name)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autofree char *path = build_path (name);
  g_autoptr (GBytes) bytes = NULL;

  gguf_writer_add_string (writer, "general.architecture", "llama");
  gguf_writer_add_uint32 (writer, "split.no", 0);
  gguf_writer_add_uint32 (writer, "split.count", 3);
  gguf_writer_add_uint32 (writer, "split.tensors.count", 21);
  bytes = gguf_writer_finish (writer);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
}

static gboolean
has_looked (gpointer library)
{
  return !sotto_model_library_is_looking (library);
}

static void
look (SottoModelLibrary *library)
{
  sotto_model_library_refresh (library);
  harness_wait_for (has_looked, library, 30);
}

static SottoModelEntry *
find (SottoModelLibrary *library, const char *name)
{
  SottoModelEntry *entry = sotto_model_library_lookup (library, name);

  g_test_message ("%s", name);
  g_assert_nonnull (entry);
  return entry;
}

static void
assert_problem (SottoModelLibrary *library, const char *name, const char *words)
{
  SottoModelEntry *entry = find (library, name);
  SottoProblem *problem = sotto_model_entry_get_problem (entry);

  g_assert_false (sotto_model_entry_is_usable (entry));
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (sotto_problem_get_text (problem), words));
  g_assert_null (sotto_model_entry_get_note (entry));
}

static void
test_kinds (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_autoptr (SottoModelLibrary) library = sotto_model_library_new (settings);
  static const char *const order[] = { "A Mistral 7B Instruct", "Tiny Chat", "A Base",
                                       "A Half", "A Zebra", "Apart", "not a model" };
  g_autoptr (GError) error = NULL;
  SottoModelEntry *entry;

  copy ("llama.gguf", "Tiny-Chat.Q4_K_M.gguf");
  copy ("llama.gguf", "A-Base.gguf");
  copy ("mistral.gguf", "A-Mistral-7B-Instruct.gguf");
  copy ("bert.gguf", "all-MiniLM.gguf");
  copy_changed ("llama.gguf", "A-Zebra.gguf", "llama", "zebra");
  copy_cut ("llama.gguf", "A-Half.Q8_0.gguf");
  write_part ("Apart-00001-of-00003.gguf");
  {
    g_autofree char *path = build_path ("not-a-model.gguf");

    g_assert_true (g_file_set_contents (path, "<html>Not found</html>", -1, &error));
  }
  look (library);

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      g_autoptr (SottoModelEntry) item = g_list_model_get_item (G_LIST_MODEL (library), i);

      g_assert_nonnull (item);
      g_assert_cmpstr (sotto_model_entry_get_name (item), ==, order[i]);
    }
  g_assert_cmpuint (harness_length (library), ==, G_N_ELEMENTS (order));

  assert_problem (library, "A Zebra", "“zebra”");
  assert_problem (library, "A Half", "not complete");
  assert_problem (library, "Apart", "“Apart-00002-of-00003.gguf” is missing");
  assert_problem (library, "not a model", "GGUF format");

  entry = find (library, "A Base");
  g_assert_true (sotto_model_entry_is_base (entry));
  g_assert_nonnull (strstr (sotto_model_entry_get_note (entry), "base model"));
  g_assert_nonnull (strstr (sotto_model_entry_get_note (find (library, "Tiny Chat")), "plain one is used"));
  g_assert_nonnull (strstr (sotto_model_entry_get_note (find (library, "A Mistral 7B Instruct")),
                            "(mistral)"));

  /* An embedding model would come first in the alphabet, and stands in a list of its own. */
  g_assert_null (sotto_model_library_lookup (library, "all MiniLM"));
  g_assert_cmpuint (harness_length (sotto_model_library_get_embedders (library)), ==, 1);
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_model_library_get_embedder (library)), ==, "all MiniLM");
  g_assert_null (sotto_model_entry_get_note (sotto_model_library_get_embedder (library)));
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_model_library_get_default (library)), ==, order[0]);
}

/* What becomes unusable goes to the end, and comes back; the object stays. */
static void
test_changes (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_autoptr (SottoModelLibrary) library = sotto_model_library_new (settings);
  SottoModelEntry *entry;
  guint n;

  copy ("llama.gguf", "Tiny-Chat.Q4_K_M.gguf");
  copy ("mistral.gguf", "A-Mistral-7B-Instruct.gguf");
  look (library);
  n = harness_length (library);
  entry = find (library, "A Mistral 7B Instruct");
  g_assert_true (sotto_model_entry_is_usable (entry));

  copy_cut ("mistral.gguf", "A-Mistral-7B-Instruct.gguf");
  look (library);
  g_assert_true (find (library, "A Mistral 7B Instruct") == entry);
  g_assert_false (sotto_model_entry_is_usable (entry));
  {
    g_autoptr (SottoModelEntry) first = g_list_model_get_item (G_LIST_MODEL (library), 0);

    g_assert_true (first != entry);
    g_assert_true (sotto_model_entry_is_usable (first));
  }

  copy ("mistral.gguf", "A-Mistral-7B-Instruct.gguf");
  look (library);
  {
    g_autoptr (SottoModelEntry) first = g_list_model_get_item (G_LIST_MODEL (library), 0);

    g_assert_true (first == entry);
    g_assert_true (sotto_model_entry_is_usable (first));
  }
  g_assert_cmpuint (harness_length (library), ==, n);
}

/* What cannot be opened for want of memory says so before it is chosen. */
static void
test_too_large (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_autoptr (SottoModelLibrary) library = sotto_model_library_new (settings);
  g_autofree char *path = build_path ("Huge.gguf");
  g_autofree char *other = build_path ("Zebra.gguf");
  SottoModelEntry *entry;

  copy ("llama.gguf", "Huge.gguf");
  look (library);
  g_assert_null (strstr (sotto_model_entry_get_note (find (library, "Huge")), "Too large"));

  /* All but its beginning is a hole. */
  if (truncate (path, (off_t) sotto_inference_memory_budget () + 1) != 0)
    {
      g_test_skip ("this file system has no files of that size");
      return;
    }
  look (library);
  entry = find (library, "Huge");
  g_assert_true (sotto_model_entry_is_usable (entry));
  g_assert_nonnull (strstr (sotto_model_entry_get_note (entry), "Too large to run without a GPU"));
  /* It is the larger one, but nobody has chosen it, and another can answer. */
  copy ("llama.gguf", "Zebra.gguf");
  look (library);
  g_assert_true (sotto_model_library_get_default (library) != find (library, "Huge"));
  g_assert_nonnull (sotto_model_library_get_default (library));
  sotto_model_library_set_default (library, find (library, "Huge"));
  g_assert_true (sotto_model_library_get_default (library) == find (library, "Huge"));
  sotto_model_library_set_default (library, NULL);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_unlink (other), ==, 0);
}

typedef struct {
  SottoModelEntry *entry;
  char *text;
  GError *error;
  gboolean done;
} Added;

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Added *added = user_data;

  added->entry = sotto_model_library_add_file_finish (SOTTO_MODEL_LIBRARY (source), result, &added->text, &added->error);
  added->done = TRUE;
}

static gboolean
is_added (gpointer added)
{
  return ((Added *) added)->done;
}

static void
move_to (const char *folder, const char *fixture, const char *name)
{
  g_autofree char *from = build_path ("moving.gguf");
  g_autofree char *to = g_build_filename (folder, name, NULL);

  copy (fixture, "moving.gguf");
  g_assert_cmpint (g_rename (from, to), ==, 0);
}

static gboolean
has_embedder (SottoModelLibrary *library, const char *name)
{
  GListModel *embedders = sotto_model_library_get_embedders (library);

  for (guint i = 0; i < g_list_model_get_n_items (embedders); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (embedders, i);

      if (g_str_equal (sotto_model_entry_get_name (entry), name))
        return TRUE;
    }
  return FALSE;
}

/* The folder of another program: one answer stands for it, all of its models come, and come again. */
static void
test_folder (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_autoptr (SottoModelLibrary) library = sotto_model_library_new (settings);
  g_autoptr (SottoModelLibrary) again = NULL;
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "elsewhere", NULL);
  g_autofree char *deep = g_build_filename (folder, "author", "some", NULL);
  g_autofree char *empty = g_build_filename (folder, "empty", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (folder);
  g_autoptr (GFile) empty_file = g_file_new_for_path (empty);
  g_auto (GStrv) kept = NULL;
  g_autofree char *taken = NULL;
  Added added = { 0 }, refused = { 0 };
  guint n;

  g_assert_cmpint (g_mkdir_with_parents (deep, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (empty, 0700), ==, 0);
  move_to (deep, "bert.gguf", "A-Searcher.gguf");
  move_to (deep, "mistral.gguf", "Elsewhere-Chat.gguf");
  look (library);
  n = harness_length (library);

  sotto_model_library_add_file_async (library, file, NULL, on_added, &added);
  harness_wait_for (is_added, &added, 30);
  g_assert_no_error (added.error);
  g_assert_cmpstr (sotto_model_entry_get_name (added.entry), ==, "Elsewhere Chat");
  harness_wait_for (has_looked, library, 30);
  g_assert_cmpuint (harness_length (library), ==, n + 1);
  g_assert_true (has_embedder (library, "A Searcher"));

  kept = sotto_settings_dup_strv (settings, "added-models");
  g_assert_cmpuint (g_strv_length (kept), ==, 1);
  g_assert_cmpstr (kept[0], ==, folder);
  again = sotto_model_library_new (settings);
  look (again);
  g_assert_cmpuint (harness_length (again), ==, n + 1);
  g_assert_true (has_embedder (again, "A Searcher"));

  /* Any of its models takes the whole folder off, who holds on to one keeps it, and there is a way back. */
  taken = sotto_model_library_dup_added (library, added.entry);
  g_assert_cmpstr (taken, ==, folder);
  sotto_model_library_forget (library, taken);
  g_assert_cmpuint (harness_length (library), ==, n);
  g_assert_false (has_embedder (library, "A Searcher"));
  g_assert_null (sotto_model_library_dup_added (library, added.entry));
  g_assert_true (sotto_model_library_lookup (library, sotto_model_entry_get_path (added.entry)) == added.entry);
  g_assert_true (sotto_model_library_get_default (library) != added.entry);
  harness_wait_for (has_looked, library, 30);
  g_assert_cmpuint (harness_length (library), ==, n);
  g_assert_true (sotto_model_entry_is_usable (added.entry));
  sotto_model_library_undo_forget (library, taken);
  harness_wait_for (has_looked, library, 30);
  g_assert_cmpuint (harness_length (library), ==, n + 1);
  g_assert_true (has_embedder (library, "A Searcher"));
  g_assert_true (sotto_model_library_lookup (library, sotto_model_entry_get_path (added.entry)) == added.entry);

  sotto_model_library_add_file_async (library, empty_file, NULL, on_added, &refused);
  harness_wait_for (is_added, &refused, 30);
  g_assert_error (refused.error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_MODEL_IN_FOLDER);
  g_assert_null (refused.entry);

  g_object_unref (added.entry);
  g_error_free (refused.error);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/model-library/kinds", test_kinds);
  g_test_add_func ("/app/model-library/changes", test_changes);
  g_test_add_func ("/app/model-library/too-large", test_too_large);
  g_test_add_func ("/app/model-library/folder", test_folder);
  return g_test_run ();
}
