#include "sotto-app.h"

#include "model/model-files.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void
test_names (void)
{
  static const struct {
    const char *path;
    const char *own_name;
    const char *name;
  } cases[] = {
    { "/m/Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf", "Qwen2.5 Coder 0.5B Instruct AWQ", "Qwen2.5 "
                                                                                       "Coder "
                                                                                       "0.5B "
                                                                                       "Instruct" },
    { "/m/SmolLM2-135M-Instruct.Q4_1.gguf", "Smollm2 135M 8k Lc100K Mix1 Ep2", "SmolLM2 135M "
                                                                               "Instruct" },
    { "/m/gemma-3-270m-q4_k_m.gguf", NULL, "gemma 3 270m" },
    { "/m/llama-3.2-1b-instruct-bf16.gguf", "x", "llama 3.2 1b instruct" },
    { "/m/tiny-IQ3_XXS.gguf", NULL, "tiny" },
    { "/m/ggml-model-q4_0.gguf", "My Model", "My Model" },
    { "/m/model.gguf", NULL, "model" },
    { "/m/Q4_K_M.gguf", NULL, "Q4 K M" },
    { "/m/no suffix", "x", "no suffix" },
    { "/m/.gguf", "Named", "Named" },
    { "/m/qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf", "x", "qwen2.5 7b instruct" },
    { "/m/Big.Q8_0-00001-of-00012.gguf", NULL, "Big" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = sotto_model_files_create_name (cases[i].path, cases[i].own_name);

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

static void
test_matches (void)
{
  const char *path = "/m/SmolLM2-135M-Instruct.Q4_1.gguf";

  g_assert_true (sotto_model_files_matches (path, NULL, path));
  g_assert_true (sotto_model_files_matches (path, NULL, "SmolLM2-135M-Instruct.Q4_1.gguf"));
  g_assert_true (sotto_model_files_matches (path, NULL, "smollm2-135m-instruct.q4_1"));
  g_assert_true (sotto_model_files_matches (path, "SmolLM2 135M Instruct",
                                            "smollm2 135m instruct"));
  g_assert_false (sotto_model_files_matches (path, "SmolLM2 135M Instruct", "SmolLM2"));
  g_assert_false (sotto_model_files_matches (path, NULL, "\xff"));
}

/* Those that answer first, what cannot be used last, and by name with numbers as numbers. */
static void
test_order (void)
{
  const SottoModelRank answers = SOTTO_MODEL_RANK_ANSWERS;
  const SottoModelRank completes = SOTTO_MODEL_RANK_COMPLETES;
  const SottoModelRank unusable = SOTTO_MODEL_RANK_UNUSABLE;

  g_assert_cmpint (sotto_model_files_compare ("Qwen 0.5B", answers, "qwen 1.5B", answers), <, 0);
  g_assert_cmpint (sotto_model_files_compare ("gemma", completes, "Qwen", answers), >, 0);
  g_assert_cmpint (sotto_model_files_compare ("gemma", completes, "Alma", unusable), <, 0);
  g_assert_cmpint (sotto_model_files_compare ("a 9", answers, "a 10", answers), <, 0);
}

static void
test_unreadable (void)
{
  g_autoptr (SottoModelFacts) folder = sotto_model_files_look ("/tmp");
  g_autoptr (SottoModelFacts) device = sotto_model_files_look ("/dev/zero");
  g_autoptr (SottoModelFacts) missing = sotto_model_files_look ("/nonexistent.gguf");

  g_assert_nonnull (folder->error);
  g_assert_nonnull (device->error);
  g_assert_nonnull (missing->error);
}

/* The files of a split model are one, under its first. */
static void
test_split (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-split-XXXXXX", NULL);
  const char *const names[] = { "m-00003-of-00003.gguf", "m-00001-of-00003.gguf",
                                "m-00002-of-00003.gguf", "lone-00002-of-00002.gguf" };
  g_autofree char *first = g_build_filename (folder, names[1], NULL);
  g_autofree char *lone = g_build_filename (folder, names[3], NULL);
  g_autoptr (SottoModelFacts) facts = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) paths = NULL;
  guint64 size;
  gint64 modified;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_strv_builder_take (builder, g_build_filename (folder, names[i], NULL));
  paths = g_strv_builder_end (builder);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (g_file_set_contents (paths[i], "some", 1 + (gssize) i, NULL));

  list = sotto_model_files_list ((const char *const *) paths);
  g_assert_true (g_ptr_array_find_with_equal_func (list, first, g_str_equal, NULL));
  g_assert_true (g_ptr_array_find_with_equal_func (list, lone, g_str_equal, NULL));
  g_assert_false (g_ptr_array_find_with_equal_func (list, paths[0], g_str_equal, NULL));
  g_assert_false (g_ptr_array_find_with_equal_func (list, paths[2], g_str_equal, NULL));

  g_assert_true (sotto_model_files_stat (first, &size, &modified, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (size, ==, 1 + 2 + 3);
  facts = sotto_model_files_look (paths[0]);
  g_assert_cmpstr (facts->path, ==, first);
  g_assert_nonnull (facts->error);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_unlink (paths[i]);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* A folder as LM Studio and Ollama keep theirs: folders in it, a file without a name, other things, and
 * a link that leads back. */
static void
test_tree (void)
{
  const char *const blobs[] = {
    "blobs/sha256-1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    "blobs/sha256-b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  };
  const char *const texts[] = { "author/some-model/model.gguf", "author/some-model/README.md", ".hidden.gguf" };
  g_autofree char *folder = g_dir_make_tmp ("sotto-tree-XXXXXX", NULL);
  g_autofree char *deep = g_build_filename (folder, "author", "some-model", NULL);
  g_autofree char *blob_folder = g_build_filename (folder, "blobs", NULL);
  g_autofree char *author = g_build_filename (folder, "author", NULL);
  g_autofree char *circle = g_build_filename (deep, "circle", NULL);
  g_autofree char *file = g_build_filename (folder, texts[0], NULL);
  g_autofree char *name = NULL;
  g_autoptr (GPtrArray) list = NULL;
  guint n_named = 0, n_blobs = 0;

  g_assert_cmpint (g_mkdir_with_parents (deep, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (blob_folder, 0700), ==, 0);
  g_assert_cmpint (symlink (folder, circle), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *path = g_build_filename (folder, texts[i], NULL);

      g_assert_true (g_file_set_contents (path, "some", -1, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (blobs); i++)
    {
      g_autofree char *path = g_build_filename (folder, blobs[i], NULL);

      g_assert_true (g_file_set_contents (path, i == 0 ? "GGUF of a model" : "{ \"a\": 1 }", -1, NULL));
    }

  list = sotto_model_files_list ((const char *const[]) { folder, NULL });
  for (guint i = 0; i < list->len; i++)
    {
      const char *path = g_ptr_array_index (list, i);

      g_assert_null (strstr (path, "circle"));
      g_assert_false (g_str_has_suffix (path, "README.md"));
      g_assert_false (g_str_has_suffix (path, ".hidden.gguf"));
      g_assert_false (g_str_has_suffix (path, blobs[1]));
      n_named += g_str_equal (path, file);
      n_blobs += g_str_has_prefix (path, blob_folder) && g_str_has_suffix (path, blobs[0]);
    }
  g_assert_cmpuint (n_named, ==, 1);
  g_assert_cmpuint (n_blobs, ==, 1);

  /* It is called by what stands in it. */
  name = sotto_model_files_create_name (blobs[0], "Qwen2.5 Coder");
  g_assert_cmpstr (name, ==, "Qwen2.5 Coder");

  g_unlink (circle);
  for (guint i = 0; i < G_N_ELEMENTS (texts) + G_N_ELEMENTS (blobs); i++)
    {
      g_autofree char *path = g_build_filename (folder, i < G_N_ELEMENTS (texts) ? texts[i]
                                                : blobs[i - G_N_ELEMENTS (texts)], NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (deep), ==, 0);
  g_assert_cmpint (g_rmdir (author), ==, 0);
  g_assert_cmpint (g_rmdir (blob_folder), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/model-files/names", test_names);
  g_test_add_func ("/app/model-files/matches", test_matches);
  g_test_add_func ("/app/model-files/order", test_order);
  g_test_add_func ("/app/model-files/unreadable", test_unreadable);
  g_test_add_func ("/app/model-files/split", test_split);
  g_test_add_func ("/app/model-files/tree", test_tree);
  return g_test_run ();
}
