#include "sotto-app.h"

#include <errno.h>
#include <sotto-engine.h>
#include <sotto-history.h>
#include <string.h>

#include "document/folder-problem.h"
#include "words.h"

/* Every code of every domain has words of its own. The loops go on until a code is refused, so that
 * a code that is added without words fails here. */

static void
assert_sentence (const char *words)
{
  const char last = words[strlen (words) - 1];

  g_assert_true (g_utf8_validate (words, -1, NULL));
  g_assert_null (strstr (words, "(null)"));
  g_assert_null (strstr (words, "%"));
  g_assert_false (g_str_has_prefix (words, "Something went wrong"));
  g_assert_true (last == '.' || g_str_has_suffix (words, "the subject"));
}

static void
test_engine (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const SottoErrorArguments arguments = { "/models/tiny.gguf", "the subject", 7000000, 3000000 };

  for (int code = SOTTO_ENGINE_ERROR_CANCELLED; code <= SOTTO_ENGINE_ERROR_GPU; code++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoProblem) problem = NULL;
      const char *words;

      sotto_engine_set_error (&error, code, &arguments, "technical %d", code);
      problem = sotto_problem_new (error);
      words = sotto_problem_get_text (problem);
      assert_sentence (words);
      g_assert_true (g_hash_table_add (seen, g_strdup (words)));
      g_assert_cmpstr (sotto_problem_get_detail (problem), ==, error->message);
      if (code >= SOTTO_ENGINE_ERROR_OPEN && code <= SOTTO_ENGINE_ERROR_TENSOR)
        {
          g_assert_nonnull (strstr (words, "tiny.gguf"));
          g_assert_null (strstr (words, "/models"));
        }
    }
}

/* Codes come without arguments, too. */
static void
test_engine_bare (void)
{
  for (int code = SOTTO_ENGINE_ERROR_CANCELLED; code <= SOTTO_ENGINE_ERROR_GPU; code++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *words = NULL;
      SottoRemedy remedy;

      sotto_engine_set_error (&error, code, NULL, "technical");
      words = sotto_words_for_error (error, &remedy);
      g_assert_null (strstr (words, "(null)"));
    }
}

static void
test_sizes (void)
{
  static const char *const subjects[] = { NULL, "image" };

  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++)
    {
      const SottoErrorArguments arguments = { NULL, subjects[i], 2000000000, 500000000 };
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoProblem) problem = NULL;
      g_autofree char *wanted = g_format_size (2000000000);
      g_autofree char *available = g_format_size (500000000);

      sotto_engine_set_error (&error, SOTTO_ENGINE_ERROR_MEMORY, &arguments, "out of memory");
      problem = sotto_problem_new (error);
      g_assert_nonnull (strstr (sotto_problem_get_text (problem), wanted));
      g_assert_nonnull (strstr (sotto_problem_get_text (problem), available));
      g_assert_cmpint (strstr (sotto_problem_get_text (problem), "picture") != NULL, ==, i == 1);
      g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_CHOOSE_MODEL);
      g_assert_nonnull (sotto_problem_get_remedy_label (problem));
    }
}

/* Why a GPU is not used is said with the versions that drivers have. */
static void
test_gpu (void)
{
  const struct {
    SottoErrorArguments arguments;
    const char *words[3];
  } cases[] = {
    { { NULL, "module", 0, 0 }, { "not installed" } },
    { { NULL, "driver", 12040, 11080 }, { "CUDA 11.8", "CUDA 12.4", "driver" } },
    { { NULL, "driver", 12040, 0 }, { "no NVIDIA driver" } },
    { { "GeForce GT 710", "architecture", 0, 0 }, { "GeForce GT 710" } },
    { { NULL, "model", 0, 0 }, { "this model", "CPU" } },
    { { NULL, "lost", 0, 0 }, { "stopped working", "start it again" } },
    { { NULL, "loading", 0, 0 }, { "not loaded", "nvidia-modprobe" } },
    { { "NVIDIA X", "wrong", 0, 0 }, { "NVIDIA X", "wrong results" } },
    { { NULL, "device", 0, 0 }, { "no NVIDIA GPU" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoProblem) problem = NULL;

      sotto_engine_set_error (&error, SOTTO_ENGINE_ERROR_GPU, &cases[i].arguments, "technical");
      problem = sotto_problem_new (error);
      for (guint j = 0; j < G_N_ELEMENTS (cases[i].words) && cases[i].words[j] != NULL; j++)
        g_assert_nonnull (strstr (sotto_problem_get_text (problem), cases[i].words[j]));
    }
}

static void
test_history (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int code = SOTTO_HISTORY_ERROR_NONE; code <= SOTTO_HISTORY_ERROR_CLOSED; code++)
    {
      g_autoptr (GError) error = g_error_new (SOTTO_HISTORY_ERROR, code, "technical %d", code);
      g_autofree char *words = NULL;
      SottoRemedy remedy;

      words = sotto_words_for_error (error, &remedy);
      g_assert_null (strstr (words, "(null)"));
      g_assert_false (g_str_has_prefix (words, "Something went wrong"));
      g_assert_true (g_hash_table_add (seen, g_strdup (words)));
    }
}

static void
test_app (void)
{
  for (int code = SOTTO_APP_ERROR_NOT_READY; code <= SOTTO_APP_ERROR_SPEECH_LOST; code++)
    {
      g_autoptr (GError) error = g_error_new (SOTTO_APP_ERROR, code, "technical");
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      assert_sentence (sotto_problem_get_text (problem));
    }
}

static void
test_folders (void)
{
  for (int code = SOTTO_FOLDER_ERROR_NOT_FOLDER; code <= SOTTO_FOLDER_ERROR_UNREADABLE; code++)
    {
      g_autoptr (GError) error = g_error_new (SOTTO_FOLDER_ERROR, code, "technical");
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      assert_sentence (sotto_problem_get_text (problem));
    }
}

/* What the system says of a file, as GIO hands it on: some of it has no code of GIO's, or that of something else. */
static void
test_files (void)
{
  static const struct {
    int number;
    const char *words;
  } cases[] = {
    { EFBIG, "more than a file may hold" },
    { ENOSPC, "disk is full" },
    { EDQUOT, "disk is full" },
    { ENOMEM, "not enough free memory" },
    { EROFS, "only be read" },
    { EACCES, "does not allow" },
    { EPERM, "does not allow" },
    { ENOENT, "file is not there" },
    { ENOTDIR, "folder is not there" },
    { EISDIR, "folder with that name" },
    { ENAMETOOLONG, "name is too long" },
    { EIO, "still connected" },
    { ENODEV, "still connected" },
    { ENXIO, "still connected" },
    { ESTALE, "still connected" },
    { ENOTCONN, "still connected" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new (G_IO_ERROR, g_io_error_from_errno (cases[i].number), "Error writing to file: %s",
                                              g_strerror (cases[i].number));
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      assert_sentence (sotto_problem_get_text (problem));
      g_assert_nonnull (strstr (sotto_problem_get_text (problem), cases[i].words));
    }
}

/* Each reason why a document cannot be read has a word for the history, and its own sentence. */
static void
test_unread (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (int code = SOTTO_DOCUMENT_ERROR_FOREIGN; code <= SOTTO_DOCUMENT_ERROR_EMPTY; code++)
    {
      g_autoptr (GError) error = g_error_new (SOTTO_DOCUMENT_ERROR, code, "technical");
      const char *problem = sotto_folder_problem_of_error (error);

      g_assert_cmpstr (problem, !=, "unknown");
      assert_sentence (sotto_words_for_folder_problem (problem));
      g_assert_true (g_hash_table_add (seen, (gpointer) sotto_words_for_folder_problem (problem)));
    }
  assert_sentence (sotto_words_for_folder_problem ("a word of a later Sotto"));
}

static void
test_remedies (void)
{
  g_autoptr (GEnumClass) remedies = g_type_class_ref (SOTTO_TYPE_REMEDY);

  for (guint i = 0; i < remedies->n_values; i++)
    {
      const char *label = sotto_words_for_remedy (remedies->values[i].value);

      if (remedies->values[i].value == SOTTO_REMEDY_NONE)
        g_assert_null (label);
      else
        g_assert_nonnull (strchr (label, '_')); /* reachable by a key */
    }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = g_error_new (g_quark_from_static_string ("x"), 1, "a strange thing");
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);

  g_assert_nonnull (strstr (sotto_problem_get_text (problem), "a strange thing"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/words/engine", test_engine);
  g_test_add_func ("/app/words/engine-bare", test_engine_bare);
  g_test_add_func ("/app/words/sizes", test_sizes);
  g_test_add_func ("/app/words/gpu", test_gpu);
  g_test_add_func ("/app/words/history", test_history);
  g_test_add_func ("/app/words/app", test_app);
  g_test_add_func ("/app/words/folders", test_folders);
  g_test_add_func ("/app/words/files", test_files);
  g_test_add_func ("/app/words/unread", test_unread);
  g_test_add_func ("/app/words/remedies", test_remedies);
  g_test_add_func ("/app/words/unknown", test_unknown);
  return g_test_run ();
}
