/* Vectors beside passages: which lack one, whose they are, and how they go. */

#include "folders.h"

#include "database.h"
#include "store-private.h"

#include <math.h>
#include <string.h>

static gint64
row_at (GPtrArray *list, guint i)
{
  const SottoHistoryPassage *passage;

  g_assert_cmpuint (i, <, list->len);
  passage = g_ptr_array_index (list, i);
  g_assert_cmpint (passage->row, >, 0);
  return passage->row;
}

static const char *
text_at (GPtrArray *list, guint i)
{
  g_assert_cmpuint (i, <, list->len);
  return ((SottoHistoryPassage *) g_ptr_array_index (list, i))->text;
}

/* How many passages lack a vector, and that so many are listed */
static void
expect_left (SottoStore *store, guint64 n)
{
  guint64 n_left, n_all;
  g_autoptr (GPtrArray) list = test_unembedded (store, 100, &n_left, &n_all);

  g_assert_cmpuint (list->len, ==, MIN (n, 100));
  g_assert_cmpuint (n_left, ==, n);
  g_assert_cmpuint (n_all, >=, n);
}

static gpointer
do_count (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 *n = g_new (gint64, 1);

  *n = sotto_database_get_int (vault->database, NULL, error,
                               call->flag ? "SELECT count(*) FROM embedding WHERE instr (vector, x'7f7f') > 0"
                                          : "SELECT count(*) FROM embedding", "");
  return n;
}

/* Rows of the table, whatever they belong to; or those that have the bytes of (1, 1) */
static gint64
count_vectors (SottoStore *store, gboolean that_are_equal)
{
  g_autoptr (GAsyncResult) result = NULL;
  SottoCall *call = sotto_call_new ();
  g_autofree gint64 *n = NULL;

  call->flag = that_are_equal;
  sotto_store_push (store, SOTTO_WORK_READ, do_count, call, g_free, NULL, test_ready, &result);
  n = sotto_store_take (store, test_wait (&result), NULL);
  g_assert_nonnull (n);
  return *n;
}

static void
test_listed (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_folder (f->store, "file:///1");
  g_autofree char *two = test_add_folder (f->store, "file:///2");
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  guint64 n_left = 7, n_all = 7;

  test_put (f->store, one, "a", "one a 1", "one a 2", "one a 3", NULL);
  test_put (f->store, two, "b", "two b 1", NULL);
  test_put (f->store, one, "empty", NULL);
  test_put (f->store, one, "c", "one c 1", "one c 2", NULL);

  /* Without an embedder nothing is to be done; the passages are there all the same. */
  none = test_unembedded (f->store, 10, &n_left, &n_all);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (n_all, ==, 6);

  test_set_embedder (f->store, "m");
  first = test_unembedded (f->store, 4, &n_left, &n_all);
  g_assert_cmpuint (first->len, ==, 4);
  g_assert_cmpuint (n_left, ==, 6);
  g_assert_cmpstr (text_at (first, 0), ==, "one a 1");
  g_assert_cmpstr (text_at (first, 2), ==, "one a 3");
  g_assert_cmpstr (text_at (first, 3), ==, "two b 1");

  /* One that got none comes again, in its place; one that has got one already, and comes anew, is counted once. */
  test_put_vector (f->store, "m", row_at (first, 0), 1, 0);
  test_put_vector (f->store, "m", row_at (first, 2), 0, 1);
  test_put_vector (f->store, "m", row_at (first, 2), 1, 1);
  test_check (f->store);
  second = test_unembedded (f->store, 100, &n_left, &n_all);
  g_assert_cmpuint (second->len, ==, 4);
  g_assert_cmpuint (n_left, ==, 4);
  g_assert_cmpuint (n_all, ==, 6);
  g_assert_cmpint (row_at (second, 0), ==, row_at (first, 1));
  g_assert_cmpstr (text_at (second, 3), ==, "one c 2");
  g_assert_cmpint (count_vectors (f->store, FALSE), ==, 2);
}

/* They go with what they are of: a document read anew, or a folder that is removed. */
static void
test_gone (TestStore *f, gconstpointer data)
{
  g_autofree char *kept = test_add_folder (f->store, "file:///1");
  g_autofree char *gone = test_add_folder (f->store, "file:///2");
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  float vectors[12] = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  test_put (f->store, kept, "a", "1", "2", NULL);
  test_put (f->store, kept, "b", "3", NULL);
  test_put (f->store, gone, "a", "4", "5", "6", NULL);
  test_set_embedder (f->store, "m");
  list = test_unembedded (f->store, 100, NULL, NULL);
  g_assert_cmpuint (list->len, ==, 6);
  for (guint i = 0; i < list->len; i++)
    {
      const gint64 row = row_at (list, i);

      g_array_append_val (rows, row);
      vectors[2 * i] = 1;
    }
  bytes = g_bytes_new (vectors, sizeof vectors);

  /* While they were made, some have gone. */
  test_put (f->store, kept, "a", "7", NULL);
  test_forget_folder (f->store, gone);
  test_put_vectors (f->store, "m", rows, bytes);
  expect_left (f->store, 1);
  test_check (f->store);
  test_wait_until_erased (f->store);
  g_assert_cmpint (count_vectors (f->store, FALSE), ==, 1);
  expect_left (f->store, 1);

  test_drop_document (f->store, kept, "b");
  test_wait_until_erased (f->store);
  g_assert_cmpint (count_vectors (f->store, FALSE), ==, 0);
  test_check (f->store);
}

/* Another embedder: from one moment to the next none of its passages has a vector, and in the end nothing is left of the old. */
static void
test_another (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  SottoVault *vault = sotto_store_get_vault (f->store);
  gint64 first = 0;

  for (guint i = 0; i < 2500; i++)
    g_ptr_array_add (passages, sotto_history_passage_new ("text", 0, 0));
  test_put_array (f->store, folder, "a", passages);
  test_set_embedder (f->store, "m");
  for (guint done = 0; done < 2500; done += 100)
    {
      g_autoptr (GPtrArray) list = test_unembedded (f->store, 100, NULL, NULL);
      g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
      g_autofree float *vectors = g_new0 (float, 200);
      g_autoptr (GBytes) bytes = NULL;

      g_assert_cmpuint (list->len, ==, 100);
      for (guint i = 0; i < 100; i++)
        {
          const gint64 row = row_at (list, i);

          g_array_append_val (rows, row);
          vectors[2 * i] = vectors[2 * i + 1] = (float) sqrt (0.5);
        }
      if (first == 0)
        first = row_at (list, 0);
      bytes = g_bytes_new (vectors, 200 * sizeof (float));
      test_put_vectors (f->store, "m", rows, bytes);
    }
  expect_left (f->store, 0);
  test_set_embedder (f->store, "m");
  expect_left (f->store, 0);
  g_assert_false (g_atomic_int_get (&vault->erasing.is_left));
  g_assert_cmpint (count_vectors (f->store, TRUE), ==, 2500);

  test_set_embedder (f->store, "other");
  expect_left (f->store, 2500);
  test_put_vector (f->store, "m", first, 1, 0);
  expect_left (f->store, 2500);
  /* Of another length, and over one that is left */
  {
    const float vector[] = { 1, 0, 0 };
    g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
    g_autoptr (GBytes) bytes = g_bytes_new (vector, sizeof vector);

    g_array_append_val (rows, first);
    test_put_vectors (f->store, "other", rows, bytes);
  }
  expect_left (f->store, 2499);
  test_check (f->store);
  test_wait_until_erased (f->store);
  g_assert_cmpint (count_vectors (f->store, TRUE), ==, 0);
  g_assert_cmpint (count_vectors (f->store, FALSE), ==, 1);
  expect_left (f->store, 2499);

  /* Closing does not wait for it, and it goes on later. */
  test_set_embedder (f->store, NULL);
  test_close (f->store);
  f->store = test_open (f->folder);
  test_wait_until_erased (f->store);
  g_assert_cmpint (count_vectors (f->store, FALSE), ==, 0);
  test_check (f->store);
}

/* A backup has them, and the history that is made of it goes on with them. */
static void
test_backup (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autofree char *other = test_make_folder ();
  g_autofree char *path = g_build_filename (other, "backup", NULL);
  g_autofree char *there = g_build_filename (other, "restored", NULL);
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  SottoStore *restored;

  test_put (f->store, folder, "a", "1", "2", "3", NULL);
  test_set_embedder (f->store, "m");
  list = test_unembedded (f->store, 100, NULL, NULL);
  test_put_vector (f->store, "m", row_at (list, 1), (float) sqrt (0.5), (float) sqrt (0.5));

  sotto_store_backup_async (f->store, path, NULL, test_ready, &written);
  g_assert_true (sotto_store_backup_finish (f->store, test_wait (&written), &error));
  g_assert_no_error (error);
  sotto_history_restore_async (path, there, NULL, test_ready, &read);
  g_assert_true (sotto_history_restore_finish (test_wait (&read), &error));
  g_assert_no_error (error);

  restored = test_open (there);
  test_set_embedder (restored, "m");
  expect_left (restored, 2);
  g_assert_cmpint (count_vectors (restored, TRUE), ==, 1);
  test_check (restored);
  test_close (restored);
  test_remove_folder (other);
}

static void
expect_refused (SottoStore *store, guint n_rows, const float *vectors, gsize n)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, TRUE, sizeof (gint64));
  g_autoptr (GBytes) bytes = g_bytes_new (vectors, n);
  g_autoptr (GPtrArray) list = test_unembedded (store, 100, NULL, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n_rows; i++)
    {
      const gint64 row = row_at (list, i);

      g_array_append_val (rows, row);
    }
  sotto_store_put_embeddings_async (store, "m", rows, bytes, NULL, test_ready, &result);
  g_assert_false (sotto_store_put_embeddings_finish (store, test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
}

/* What is no vector is refused whole. */
static void
test_refused (TestStore *f, gconstpointer data)
{
  const float good[] = { 1, 0, 0, 1, 1, 0 };
  const float bad[] = { 1, 0, NAN, 1 };
  const float endless[] = { 1, 0, INFINITY, 1 };
  g_autofree float *long_one = g_new0 (float, 8193);
  g_autofree char *folder = test_add_folder (f->store, "file:///1");

  test_put (f->store, folder, "a", "1", "2", "3", "4", NULL);
  test_set_embedder (f->store, "m");
  expect_refused (f->store, 2, bad, sizeof bad);
  expect_refused (f->store, 2, endless, sizeof endless);
  expect_refused (f->store, 2, good, sizeof good - 1);
  expect_refused (f->store, 2, good, sizeof good - sizeof *good);
  expect_refused (f->store, 2, good, 0);
  expect_refused (f->store, 1, long_one, 8193 * sizeof (float));
  expect_left (f->store, 4);
  g_assert_cmpint (count_vectors (f->store, FALSE), ==, 0);

  {
    g_autoptr (GPtrArray) list = test_unembedded (f->store, 1, NULL, NULL);

    test_put_vector (f->store, "m", row_at (list, 0), 1, 0);
  }
  expect_refused (f->store, 2, good, sizeof good);
  expect_left (f->store, 3);
  test_check (f->store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/embeddings/listed", test_listed);
  test_store_add ("/history/embeddings/gone", test_gone);
  test_store_add ("/history/embeddings/another", test_another);
  test_store_add ("/history/embeddings/backup", test_backup);
  test_store_add ("/history/embeddings/refused", test_refused);
  return g_test_run ();
}
