/* GGUF files on the disk: one that shrinks or is replaced under its mapping is survived and noticed, and
 * one that cannot be opened says why. */

#include "format/gguf.h"
#include "gguf-writer.h"
#include "sotto-error.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <unistd.h>

typedef struct {
  char *folder;
  char *path;
} File;

static void
file_set_up (File *file, gconstpointer data)
{
  file->folder = g_dir_make_tmp ("sotto-gguf-XXXXXX", NULL);
  file->path = g_build_filename (file->folder, "model.gguf", NULL);
}

static void
file_tear_down (File *file, gconstpointer data)
{
  g_unlink (file->path);
  g_assert_cmpint (g_rmdir (file->folder), ==, 0);
  g_free (file->folder);
  g_free (file->path);
}

static void
write_file (const char *path, GBytes *bytes)
{
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
}

/* A file with 1 MiB of ones. */
static SottoGguf *
open_large (File *file)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *ones = g_new (float, 1 << 18);
  SottoGguf *gguf;

  for (guint i = 0; i < 1 << 18; i++)
    ones[i] = 1.0f;
  gguf_writer_add_tensor (writer, "ones", SOTTO_BLOCK_F32, 1 << 18, 1, ones);
  bytes = gguf_writer_finish (writer);
  write_file (file->path, bytes);
  gguf = sotto_gguf_open (file->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return gguf;
}

static float
sum (const SottoGguf *gguf)
{
  const float *ones = sotto_gguf_lookup_tensor (gguf, "ones")->data;
  float total = 0;

  for (guint i = 0; i < 1 << 18; i++)
    total += ones[i];
  return total;
}

static void
test_shrinks (File *file, gconstpointer data)
{
  g_autoptr (SottoGguf) gguf = open_large (file);
  g_autoptr (SottoGguf) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *long_ago = NULL;

  g_assert_cmpfloat (sum (gguf), ==, 1 << 18);
  g_assert_true (sotto_gguf_check_unchanged (gguf, &error));

  /* Without the guard this read kills the process. */
  g_assert_cmpint (truncate (file->path, 512 << 10), ==, 0);
  g_assert_cmpfloat (sum (gguf), <, (1 << 17) + 1);
  g_assert_cmpfloat (sum (gguf), >, (1 << 17) - 4096);
  g_assert_false (sotto_gguf_check_unchanged (gguf, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, file->path);
  g_clear_error (&error);

  /* Grown again, it stays marked: what was read once were zeros. */
  g_assert_cmpint (truncate (file->path, (gssize) sotto_gguf_get_file_bytes (gguf)), ==, 0);
  g_assert_false (sotto_gguf_check_unchanged (gguf, &error));
  g_clear_error (&error);

  again = sotto_gguf_open (file->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sotto_gguf_check_unchanged (again, &error));
}

static gpointer
sum_thread (gpointer data)
{
  return GUINT_TO_POINTER ((guint) sum (data));
}

static void
test_shrinks_for_threads (File *file, gconstpointer data)
{
  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (SottoGguf) gguf = open_large (file);
      GThread *threads[4];

      g_assert_cmpint (truncate (file->path, 0), ==, 0);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("sum", sum_thread, gguf);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        g_assert_cmpuint (GPOINTER_TO_UINT (g_thread_join (threads[i])), ==, 0);
      g_assert_false (sotto_gguf_check_unchanged (gguf, NULL));
    }
}

/* Another SIGBUS still ends the process. */
static void
test_other_faults (File *file, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      g_autoptr (SottoGguf) gguf = open_large (file);

      g_assert_nonnull (gguf);
      g_unlink (file->path);
      g_rmdir (file->folder);
      raise (SIGBUS);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
}

static void
test_replaced (File *file, gconstpointer data)
{
  g_autoptr (SottoGguf) gguf = open_large (file);
  g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);

  /* A deleted file is still there for who has it open; another one in its place is noticed. */
  g_assert_cmpint (g_unlink (file->path), ==, 0);
  g_assert_true (sotto_gguf_check_unchanged (gguf, NULL));
  write_file (file->path, other);
  g_assert_false (sotto_gguf_check_unchanged (gguf, NULL));
  g_assert_cmpfloat (sum (gguf), ==, 1 << 18);
}

static void
test_open_errors (File *file, gconstpointer data)
{
  static const struct {
    const char *path;
    SottoEngineError code;
  } cases[] = {
    { "/nonexistent/model.gguf", SOTTO_ENGINE_ERROR_OPEN },
    { "/", SOTTO_ENGINE_ERROR_OPEN },
    { "/dev/zero", SOTTO_ENGINE_ERROR_OPEN },
  };
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_null (sotto_gguf_open (cases[i].path, NULL, NULL, NULL, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, (int) cases[i].code);
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, cases[i].path);
      g_clear_error (&error);
    }

  write_file (file->path, empty);
  g_assert_null (sotto_gguf_open (file->path, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_NOT_GGUF);
}

static void
test_cancelled (File *file, gconstpointer data)
{
  g_autoptr (SottoGguf) gguf = open_large (file);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;

  sotto_cancel_raise (cancel);
  g_assert_null (sotto_gguf_open (file->path, NULL, NULL, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
}

static void
count_progress (guint64 done, guint64 total, gpointer user_data)
{
  g_assert_cmpuint (done, <=, total);
  ++*(guint *) user_data;
}

/* 152,000 tokens and as many merges, as Qwen has them. */
static void
test_large_vocabulary (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "..", "shared", "tokenizers",
                                            "qwen2.gguf", NULL);
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;
  const SottoGgufValue *tokens;
  SottoGgufString token;
  guint n_progress = 0;
  gint64 start;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no ../shared/tokenizers/qwen2.gguf");
      return;
    }

  start = g_get_monotonic_time ();
  gguf = sotto_gguf_open (path, count_progress, &n_progress, NULL, &error);
  g_test_message ("opened in %.1f ms", (double) (g_get_monotonic_time () - start) / 1000);
  g_assert_no_error (error);
  g_assert_cmpuint (n_progress, >, 20);

  tokens = sotto_gguf_lookup (gguf, "tokenizer.ggml.tokens");
  g_assert_cmpuint (tokens->n_elements, >, 151000);
  token = sotto_gguf_value_string (tokens, 0);
  g_assert_cmpmem (token.data, token.length, "!", 1);
  token = sotto_gguf_value_string (tokens, 151643);
  g_assert_cmpmem (token.data, token.length, "<|endoftext|>", 13);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/gguf-file/shrinks", File, NULL, file_set_up, test_shrinks, file_tear_down);
  g_test_add ("/gguf-file/shrinks-for-threads", File, NULL, file_set_up, test_shrinks_for_threads,
              file_tear_down);
  g_test_add ("/gguf-file/other-faults", File, NULL, file_set_up, test_other_faults, file_tear_down);
  g_test_add ("/gguf-file/replaced", File, NULL, file_set_up, test_replaced, file_tear_down);
  g_test_add ("/gguf-file/errors", File, NULL, file_set_up, test_open_errors, file_tear_down);
  g_test_add ("/gguf-file/cancelled", File, NULL, file_set_up, test_cancelled, file_tear_down);
  g_test_add_func ("/gguf-file/large-vocabulary", test_large_vocabulary);

  return g_test_run ();
}
