/* GGUF files on the disk: one that shrinks or is replaced under its mapping is survived and noticed, one
 * that cannot be opened says why, and those of a split model are one. */

#include "format/gguf.h"
#include "gguf-writer.h"
#include "sotto-error.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
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

/* --- Models split over files --- */

#define N_PARTS 3

/* What is written where; a test spoils one thing of it. */
typedef struct {
  const char *name;
  guint no[N_PARTS];            /* split.no */
  guint count[N_PARTS];
  guint n_tensors[N_PARTS];     /* split.tensors.count */
  const char *family[N_PARTS];  /* (nullable): general.architecture */
  const char *tensors[N_PARTS];
  guint missing;                /* a part from 1 that is not written; 0: none */
  guint wrong;                  /* the part from 1 that an error is about; 0: all is well */
  SottoEngineError code;
} Split;

#define ALL_THREE { 3, 3, 3 }
#define ORDER { 0, 1, 2 }
#define LLAMA_FIRST { "llama" }
#define ABC { "a", "b", "c" }

static const Split splits[] = {
  { "whole", ORDER, ALL_THREE, ALL_THREE, LLAMA_FIRST, ABC, 0, 0, 0 },
  { "said-again", ORDER, ALL_THREE, ALL_THREE, { "llama", "llama", "llama" }, ABC, 0, 0, 0 },
  { "first-missing", ORDER, ALL_THREE, ALL_THREE, LLAMA_FIRST, ABC, 1, 1, SOTTO_ENGINE_ERROR_SPLIT },
  { "middle-missing", ORDER, ALL_THREE, ALL_THREE, LLAMA_FIRST, ABC, 2, 2, SOTTO_ENGINE_ERROR_SPLIT },
  { "last-missing", ORDER, ALL_THREE, ALL_THREE, LLAMA_FIRST, ABC, 3, 3, SOTTO_ENGINE_ERROR_SPLIT },
  { "swapped", { 0, 2, 1 }, ALL_THREE, ALL_THREE, LLAMA_FIRST, ABC, 0, 2, SOTTO_ENGINE_ERROR_SPLIT },
  { "twice-the-same", { 0, 1, 1 }, ALL_THREE, ALL_THREE, LLAMA_FIRST, ABC, 0, 3,
    SOTTO_ENGINE_ERROR_SPLIT },
  { "other-count", ORDER, { 3, 3, 4 }, ALL_THREE, LLAMA_FIRST, ABC, 0, 3, SOTTO_ENGINE_ERROR_SPLIT },
  { "no-part-at-all", ORDER, { 3, 0, 3 }, ALL_THREE, LLAMA_FIRST, ABC, 0, 2,
    SOTTO_ENGINE_ERROR_SPLIT },
  { "tensor-count", ORDER, ALL_THREE, { 4, 4, 4 }, LLAMA_FIRST, ABC, 0, 1, SOTTO_ENGINE_ERROR_SPLIT },
  { "other-model-by-tensors", ORDER, ALL_THREE, { 3, 5, 3 }, LLAMA_FIRST, ABC, 0, 2,
    SOTTO_ENGINE_ERROR_SPLIT },
  { "other-model-by-family", ORDER, ALL_THREE, ALL_THREE, { "llama", "llama", "qwen2" }, ABC, 0, 3,
    SOTTO_ENGINE_ERROR_SPLIT },
  { "duplicate-over-parts", ORDER, ALL_THREE, ALL_THREE, LLAMA_FIRST, { "a", "b", "a" }, 0, 3,
    SOTTO_ENGINE_ERROR_MALFORMED },
};

static void
write_part (const Split *split, guint i, const char *path)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint8 no[2] = { (guint8) split->no[i], 0 };
  guint8 count[2] = { (guint8) split->count[i], 0 };
  float row[4] = { (float) i, 1, 2, 3 };

  if (split->family[i] != NULL)
    gguf_writer_add_string (writer, "general.architecture", split->family[i]);
  if (split->count[i] > 0)
    {
      gguf_writer_add_raw (writer, "split.no", SOTTO_GGUF_UINT16, no, sizeof no);
      gguf_writer_add_raw (writer, "split.count", SOTTO_GGUF_UINT16, count, sizeof count);
      gguf_writer_add_uint32 (writer, "split.tensors.count", split->n_tensors[i]);
    }
  gguf_writer_add_tensor (writer, split->tensors[i], SOTTO_BLOCK_F32, 4, 1 + i, NULL);
  bytes = gguf_writer_finish (writer);
  if (i > 0) /* something to tell the parts by */
    {
      g_autoptr (GByteArray) array = g_bytes_unref_to_array (g_steal_pointer (&bytes));

      memcpy (array->data + array->len - sizeof row, row, sizeof row);
      bytes = g_byte_array_free_to_bytes (g_steal_pointer (&array));
    }
  write_file (path, bytes);
}

static char *
get_part_path (const File *file, guint part)
{
  g_autofree char *name = g_strdup_printf ("my-model-%05u-of-%05u.gguf", part, N_PARTS);

  return g_build_filename (file->folder, name, NULL);
}

static void
check_whole (const File *file, const SottoGguf *gguf)
{
  g_autofree char *first = get_part_path (file, 1);
  guint64 bytes = 0;

  g_assert_cmpstr (sotto_gguf_get_path (gguf), ==, first);
  g_assert_cmpuint (sotto_gguf_get_n_parts (gguf), ==, N_PARTS);
  g_assert_cmpuint (sotto_gguf_get_n_tensors (gguf), ==, N_PARTS);
  g_assert_nonnull (sotto_gguf_lookup (gguf, "general.architecture"));
  for (guint i = 0; i < N_PARTS; i++)
    {
      g_autofree char *path = get_part_path (file, i + 1);
      g_autofree char *contents = NULL;
      const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (gguf, splits[0].tensors[i]);
      const guint8 *data;
      gsize length, size;

      g_assert_true (tensor == sotto_gguf_get_tensor (gguf, i));
      g_assert_cmpuint (tensor->part, ==, i);
      g_assert_cmpuint (tensor->shape[1], ==, 1 + i);
      g_assert_cmpfloat (((const float *) tensor->data)[4 * i], ==, (float) i);

      g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
      data = sotto_gguf_get_data (gguf, i, &size);
      g_assert_cmpmem (data, size, contents, length);
      g_assert_true ((const guint8 *) tensor->data == data + tensor->offset);
      bytes += length;
    }
  g_assert_cmpuint (sotto_gguf_get_file_bytes (gguf), ==, bytes);
}

static void
test_split (File *file, gconstpointer data)
{
  const Split *split = data;
  g_autofree char *wrong = split->wrong > 0 ? get_part_path (file, split->wrong) : NULL;

  for (guint i = 0; i < N_PARTS; i++)
    {
      g_autofree char *path = get_part_path (file, i + 1);

      if (split->missing != i + 1)
        write_part (split, i, path);
    }

  for (guint i = 0; i < N_PARTS; i++)
    {
      g_autofree char *path = get_part_path (file, i + 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoGguf) gguf = NULL;

      /* Nobody can tell a file that does not say it is a part from another model. */
      if (split->missing == i + 1 || split->count[i] == 0)
        continue;
      gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
      if (wrong == NULL)
        {
          g_assert_no_error (error);
          check_whole (file, gguf);
          continue;
        }
      g_assert_error (error, SOTTO_ENGINE_ERROR, (int) split->code);
      g_assert_null (gguf);
      g_test_message ("%s", error->message);
      /* Where its count is not the one in its name, a part is itself what is wrong. */
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==,
                       split->count[i] != N_PARTS ? path : wrong);
      g_assert_nonnull (strstr (error->message, split->count[i] != N_PARTS ? path : wrong));
    }

  for (guint i = 0; i < N_PARTS; i++)
    {
      g_autofree char *path = get_part_path (file, i + 1);

      g_unlink (path);
    }
}

/* A part that shrinks under its mapping is survived, and named. */
static void
test_split_changes (File *file, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autofree char *second = get_part_path (file, 2);

  for (guint i = 0; i < N_PARTS; i++)
    {
      g_autofree char *path = get_part_path (file, i + 1);

      write_part (&splits[0], i, path);
    }
  gguf = sotto_gguf_open (second, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sotto_gguf_check_unchanged (gguf, &error));

  g_assert_cmpint (truncate (second, 0), ==, 0);
  g_assert_cmpfloat (((const float *) sotto_gguf_get_tensor (gguf, 1)->data)[0], ==, 0);
  g_assert_false (sotto_gguf_check_unchanged (gguf, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, second);

  for (guint i = 0; i < N_PARTS; i++)
    {
      g_autofree char *path = get_part_path (file, i + 1);

      g_unlink (path);
    }
}

static void
test_part_names (void)
{
  static const char *const others[] = {
    "model.gguf", "-00001-of-00003.gguf", "/tmp/-00001-of-00003.gguf", "m-00000-of-00003.gguf",
    "m-00004-of-00003.gguf", "m-0001-of-00003.gguf", "m-00001-of-00003.ggu", "m-00001_of-00003.gguf",
    "m-0000x-of-00003.gguf", "",
  };
  g_autofree char *path = NULL;
  guint n_parts;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_null (sotto_gguf_dup_part_path (others[i], 1, NULL));
  path = sotto_gguf_dup_part_path ("/a b/ł-00002-of-00012.gguf", 11, &n_parts);
  g_assert_cmpstr (path, ==, "/a b/ł-00011-of-00012.gguf");
  g_assert_cmpuint (n_parts, ==, 12);
  g_assert_null (sotto_gguf_dup_part_path ("m-00002-of-00012.gguf", 13, NULL));
}

/* A part that somebody called otherwise: the others cannot be found. */
static void
test_renamed_part (File *file, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_part (&splits[0], 1, file->path);
  g_assert_null (sotto_gguf_open (file->path, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_SPLIT);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, file->path);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, ==, 3);
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
  for (guint i = 0; i < G_N_ELEMENTS (splits); i++)
    {
      g_autofree char *path = g_strconcat ("/gguf-file/split/", splits[i].name, NULL);

      g_test_add (path, File, &splits[i], file_set_up, test_split, file_tear_down);
    }
  g_test_add ("/gguf-file/split-changes", File, NULL, file_set_up, test_split_changes,
              file_tear_down);
  g_test_add ("/gguf-file/renamed-part", File, NULL, file_set_up, test_renamed_part,
              file_tear_down);
  g_test_add_func ("/gguf-file/part-names", test_part_names);

  return g_test_run ();
}
