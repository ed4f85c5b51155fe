/* Sealed files: they come back as they were or not at all, whatever is done to them; they have so much room and no more;
 * and they go with their conversation, and cannot be read after the history is closed. */

#include "common.h"

#include "sealed-private.h"
#include "sealed-stream.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A piece and a bit; a piece; nothing. */
static const gsize sizes[] = { 131072 + 1000, 131072, 2 * 131072, 5, 0 };

static guint8 *
make_bytes (gsize size, guint8 seed)
{
  guint8 *bytes = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * 7 + i / 251 + seed);
  return bytes;
}

static void
write_file (SottoSealed *sealed, const char *conversation, const char *name, gsize size, guint8 seed)
{
  g_autofree guint8 *bytes = make_bytes (size, seed);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoSealedFile) file = sotto_sealed_create (sealed, conversation, name, size, &error);

  g_assert_no_error (error);
  for (gsize at = 0, n; at < size; at += n)
    {
      n = MIN (size - at, 50001);
      g_assert_true (sotto_sealed_file_write (file, bytes + at, n, &error));
    }
  g_assert_true (sotto_sealed_file_finish (file, &error));
  g_assert_no_error (error);
}

/* Whether it is there, whole. What is read of one that is not is right as far as it goes. */
static gboolean
has_file (SottoSealed *sealed, const char *conversation, const char *name, gsize size, guint8 seed)
{
  g_autofree guint8 *bytes = make_bytes (size, seed);
  g_autofree guint8 *read = g_malloc0 (size + 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoSealedFile) file = sotto_sealed_open (sealed, conversation, name, &error);

  for (gsize at = 0, n; file != NULL && at < size; at += n)
    {
      n = MIN (size - at, 30011);
      if (!sotto_sealed_file_read (file, read + at, n, &error))
        break;
      g_assert_cmpmem (read + at, n, bytes + at, n);
    }
  if (error != NULL)
    g_assert_true (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID)
                   || g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND));
  return error == NULL;
}

/* Paths of all that lie in the history's folder for them, in order of their names */
static GPtrArray *
list_files (const char *folder)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *place = g_build_filename (folder, "timelines", NULL);
  g_autoptr (GDir) dir = g_dir_open (place, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (paths, g_build_filename (place, name, NULL));
  g_ptr_array_sort_values (paths, (GCompareFunc) strcmp);
  return paths;
}

static guint
count_files (const char *folder)
{
  g_autoptr (GPtrArray) paths = list_files (folder);

  return paths->len;
}

static void
test_whole (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  guint64 expected = 0;
  struct stat info;

  g_assert_cmpuint (sotto_sealed_measure (sealed), ==, 0);
  g_assert_cmpuint (count_files (store->folder), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      gsize n_pieces = sizes[i] / 131072 + 1;

      g_assert_false (has_file (sealed, conversation, name, sizes[i], 1));
      write_file (sealed, conversation, name, sizes[i], 1);
      expected += 120 + sizes[i] + 17 * n_pieces;
      g_assert_cmpuint (sotto_sealed_measure (sealed), ==, expected);
      g_assert_true (has_file (sealed, conversation, name, sizes[i], 1));
      g_assert_false (has_file (sealed, conversation, name, sizes[i] + 1, 1));
    }

  /* In the place of one that is there */
  write_file (sealed, conversation, "0", 70, 2);
  g_assert_true (has_file (sealed, conversation, "0", 70, 2));
  g_assert_cmpuint (count_files (store->folder), ==, G_N_ELEMENTS (sizes));
  {
    g_autoptr (GPtrArray) paths = list_files (store->folder);

    for (guint i = 0; i < paths->len; i++)
      {
        g_autofree char *name = g_path_get_basename (paths->pdata[i]);

        g_assert_cmpuint (strlen (name), ==, 65);
        g_assert_null (strstr (name, conversation));
        g_assert_cmpint (stat (paths->pdata[i], &info), ==, 0);
        g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
      }
  }

  /* They are there after opening again, and a copy under another history's key is not. */
  test_close (store->store);
  store->store = test_open (store->folder);
  {
    g_autoptr (SottoSealed) again = sotto_store_ref_sealed (store->store);

    g_assert_true (has_file (again, conversation, "0", 70, 2));
    for (guint i = 1; i < G_N_ELEMENTS (sizes); i++)
      {
        g_autofree char *name = g_strdup_printf ("%u", i);

        g_assert_true (has_file (again, conversation, name, sizes[i], 1));
      }
  }
}

/* What is not finished was never there, and leaves what was. */
static void
test_unfinished (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  g_autofree guint8 *bytes = make_bytes (300000, 9);
  g_autoptr (GError) error = NULL;

  write_file (sealed, conversation, "a", 1000, 1);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (SottoSealedFile) file = sotto_sealed_create (sealed, conversation, "a", 200000, &error);

      g_assert_no_error (error);
      g_assert_true (sotto_sealed_file_write (file, bytes, 150000, &error));
      if (i == 1)
        {
          g_assert_false (sotto_sealed_file_finish (file, &error));
          g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
          g_clear_error (&error);
        }
      else if (i == 2)
        {
          g_assert_false (sotto_sealed_file_write (file, bytes, 50001, &error));
          g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
          g_clear_error (&error);
        }
      g_assert_true (has_file (sealed, conversation, "a", 1000, 1));
    }
  g_assert_cmpuint (count_files (store->folder), ==, 1);

  /* What a crash has left goes with the next opening, and what is not ours stays. */
  {
    g_autoptr (GPtrArray) paths = list_files (store->folder);
    g_autofree char *begun = g_strconcat (paths->pdata[0], ".new", NULL);
    g_autofree char *foreign = g_build_filename (store->folder, "timelines", "notes", NULL);

    g_assert_true (g_file_set_contents (begun, "begun", -1, NULL));
    g_assert_true (g_file_set_contents (foreign, "foreign", -1, NULL));
    test_close (store->store);
    store->store = test_open (store->folder);
    g_assert_false (g_file_test (begun, G_FILE_TEST_EXISTS));
    g_assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
    g_assert_true (g_file_test (paths->pdata[0], G_FILE_TEST_EXISTS));
    g_unlink (foreign);
  }
}

/* --- Damage --- */

static void
flip (const char *path, goffset at)
{
  int fd = g_open (path, O_RDWR);
  guint8 byte;

  g_assert_cmpint (pread (fd, &byte, 1, at), ==, 1);
  byte ^= 1 << (at % 8);
  g_assert_cmpint (pwrite (fd, &byte, 1, at), ==, 1);
  close (fd);
}

static void
test_damaged (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  const gsize size = 2 * 131072 + 1000;
  g_autoptr (GPtrArray) paths = NULL;
  g_autofree char *whole = NULL;
  gsize length;

  write_file (sealed, conversation, "a", size, 1);
  paths = list_files (store->folder);
  g_assert_true (g_file_get_contents (paths->pdata[0], &whole, &length, NULL));
  for (gsize at = 0; at < length; at += at < 140 || at + 40 > length ? 1 : 1531)
    {
      flip (paths->pdata[0], (goffset) at);
      g_assert_false (has_file (sealed, conversation, "a", size, 1));
      flip (paths->pdata[0], (goffset) at);
    }
  g_assert_true (has_file (sealed, conversation, "a", size, 1));

  /* Cut off, or with something behind it */
  for (gsize cut = 0; cut < length; cut += cut < 140 ? 1 : 9973)
    {
      g_assert_cmpint (truncate (paths->pdata[0], (off_t) cut), ==, 0);
      g_assert_false (has_file (sealed, conversation, "a", size, 1));
      g_assert_true (g_file_set_contents_full (paths->pdata[0], whole, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
  g_assert_cmpint (truncate (paths->pdata[0], (off_t) length + 17), ==, 0);
  g_assert_false (has_file (sealed, conversation, "a", size, 1));

  /* Two pieces in each other's place */
  {
    g_autofree char *swapped = g_memdup2 (whole, length);

    memcpy (swapped + 120, whole + 120 + 131072 + 17, 131072 + 17);
    memcpy (swapped + 120 + 131072 + 17, whole + 120, 131072 + 17);
    g_assert_true (g_file_set_contents (paths->pdata[0], swapped, (gssize) length, NULL));
    g_assert_false (has_file (sealed, conversation, "a", size, 1));
  }
  g_assert_true (g_file_set_contents (paths->pdata[0], whole, (gssize) length, NULL));
  g_assert_true (has_file (sealed, conversation, "a", size, 1));
}

/* A file is nothing under another's name, nor to another history. */
static void
test_elsewhere (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  g_autoptr (GPtrArray) paths = NULL;
  g_autofree char *kept = NULL;

  write_file (sealed, conversation, "a", 1000, 1);
  write_file (sealed, conversation, "b", 1000, 2);
  paths = list_files (store->folder);
  kept = g_strconcat (paths->pdata[0], ".kept", NULL);
  g_assert_cmpint (g_rename (paths->pdata[0], kept), ==, 0);
  g_assert_cmpint (g_rename (paths->pdata[1], paths->pdata[0]), ==, 0);
  g_assert_cmpint (g_rename (kept, paths->pdata[1]), ==, 0);
  g_assert_false (has_file (sealed, conversation, "a", 1000, 1));
  g_assert_false (has_file (sealed, conversation, "b", 1000, 2));
  g_assert_false (has_file (sealed, conversation, "a", 1000, 2));

  {
    guint8 key[32] = { 1 }, other[32] = { 2 }, name[32] = { 3 };
    g_autofree char *path = g_build_filename (store->folder, "stream", NULL);
    g_autoptr (GError) error = NULL;
    guint8 read[100];

    g_autoptr (SottoSealedStream) written = sotto_sealed_stream_create (path, key, name, 100, &error);
    g_assert_no_error (error);
    g_assert_true (sotto_sealed_stream_write (written, read, 100, &error) && sotto_sealed_stream_end (written, &error));
    {
      g_autoptr (SottoSealedStream) right = sotto_sealed_stream_open (path, key, name, &error);
      g_autoptr (SottoSealedStream) wrong = NULL;

      g_assert_no_error (error);
      wrong = sotto_sealed_stream_open (path, other, name, &error);
      g_assert_null (wrong);
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
    }
    g_unlink (path);
  }
}

/* --- Room --- */

static void
set_used (const char *folder, const char *path, gint64 seconds_ago)
{
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = g_get_real_time () / G_USEC_PER_SEC - seconds_ago } };

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
}

static void
test_room (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  static const char *const names[] = { "a", "b", "c", "d" };
  g_autoptr (GError) error = NULL;

  sotto_sealed_set_limit (sealed, 100000);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GPtrArray) paths = NULL;

      write_file (sealed, conversation, names[i], 30000, 1);
      paths = list_files (store->folder);
      for (guint k = 0; k < paths->len; k++)
        {
          struct stat info;

          g_assert_cmpint (stat (paths->pdata[k], &info), ==, 0);
          set_used (store->folder, paths->pdata[k], g_get_real_time () / G_USEC_PER_SEC - info.st_mtime + 10);
        }
    }

  /* The oldest has been used since: the second goes. */
  g_assert_true (has_file (sealed, conversation, "a", 30000, 1));
  write_file (sealed, conversation, "d", 30000, 1);
  g_assert_true (has_file (sealed, conversation, "a", 30000, 1));
  g_assert_false (has_file (sealed, conversation, "b", 30000, 1));
  g_assert_true (has_file (sealed, conversation, "c", 30000, 1));

  /* What takes the place of another does not count twice. */
  write_file (sealed, conversation, "d", 35000, 2);
  g_assert_true (has_file (sealed, conversation, "c", 30000, 1));

  /* One that would be too much alone drives out nobody. */
  g_assert_null (sotto_sealed_create (sealed, conversation, "e", 99900, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_DISK_FULL);
  g_clear_error (&error);
  g_assert_null (sotto_sealed_create (sealed, conversation, "e", G_MAXINT64, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_DISK_FULL);
  g_assert_cmpuint (count_files (store->folder), ==, 3);
}

/* --- When they go --- */

/* What a file cannot be read without is overwritten before it goes: another name of it still has the rest. */
static void
test_removed (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *one = test_add_conversation (store->store, "one");
  g_autofree char *two = test_add_conversation (store->store, "two");
  g_autofree char *kept = g_build_filename (store->folder, "kept", NULL);
  static const char zeros[120];
  g_autofree char *left = NULL;
  GAsyncResult *results[2] = { NULL };
  gsize length;

  for (guint way = 0; way < 3; way++)
    {
      g_autoptr (GPtrArray) paths = NULL;

      write_file (sealed, two, "a", 1000, 1);
      paths = list_files (store->folder);
      g_assert_cmpuint (paths->len, ==, 1);
      g_assert_cmpint (link (paths->pdata[0], kept), ==, 0);
      if (way == 0)
        sotto_sealed_remove (sealed, two, NULL);
      else if (way == 1)
        sotto_sealed_remove (sealed, NULL, "a");
      else
        write_file (sealed, two, "a", 1000, 1);
      g_assert_true (g_file_get_contents (kept, &left, &length, NULL));
      g_assert_cmpuint (length, ==, 1137);
      g_assert_cmpmem (left, 120, zeros, 120);
      g_clear_pointer (&left, g_free);
      g_unlink (kept);
      g_assert_cmpuint (count_files (store->folder), ==, way == 2);
    }

  /* Deleted it may come back; purged it does not. */
  write_file (sealed, one, "a", 1000, 1);
  sotto_store_delete_conversation_async (store->store, two, NULL, test_ready, &results[0]);
  g_assert_true (sotto_store_delete_conversation_finish (store->store, test_wait (&results[0]), NULL));
  g_clear_object (&results[0]);
  test_close (store->store);
  store->store = test_open (store->folder);
  g_assert_cmpuint (count_files (store->folder), ==, 2);
  sotto_store_purge_async (store->store, NULL, NULL, test_ready, &results[1]);
  g_assert_true (sotto_store_purge_finish (store->store, test_wait (&results[1]), NULL, NULL));
  test_flush (store->store);
  test_flush (store->store);
  g_assert_cmpuint (count_files (store->folder), ==, 1);
  g_clear_object (&results[1]);

  /* So does what was not used for a month, when the history is opened, and what belongs to nothing that it has. */
  {
    g_autoptr (SottoSealed) again = sotto_store_ref_sealed (store->store);
    g_autoptr (GPtrArray) paths = list_files (store->folder);

    write_file (again, "nobody", "a", 10, 1);
    g_assert_cmpuint (count_files (store->folder), ==, 2);
    set_used (store->folder, paths->pdata[0], 29 * 86400);
    test_close (store->store);
    store->store = test_open (store->folder);
    g_assert_cmpuint (count_files (store->folder), ==, 1);
    set_used (store->folder, paths->pdata[0], 31 * 86400);
    test_close (store->store);
    store->store = test_open (store->folder);
    g_assert_cmpuint (count_files (store->folder), ==, 0);
  }
}

/* From the moment at which the history is closed nothing can be done with them. */
static void
test_closed (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  g_autoptr (SottoSealedFile) reading = NULL;
  g_autoptr (SottoSealedFile) writing = NULL;
  g_autoptr (GError) error = NULL;
  guint8 byte = 0;

  write_file (sealed, conversation, "a", 1000, 1);
  reading = sotto_sealed_open (sealed, conversation, "a", NULL);
  writing = sotto_sealed_create (sealed, conversation, "b", 1, NULL);
  g_assert_true (sotto_sealed_file_read (reading, &byte, 1, NULL));
  test_close (store->store);

  g_assert_false (sotto_sealed_file_read (reading, &byte, 1, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (sotto_sealed_file_write (writing, &byte, 1, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (sotto_sealed_file_finish (writing, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (sotto_sealed_open (sealed, conversation, "a", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (sotto_sealed_create (sealed, conversation, "a", 1, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
  sotto_sealed_remove (sealed, NULL, NULL);
  g_clear_pointer (&reading, sotto_sealed_file_free);
  g_clear_pointer (&writing, sotto_sealed_file_free);
  g_assert_cmpuint (count_files (store->folder), ==, 1);
  store->store = test_open (store->folder);
}

/* Another history in its place has nothing of it. */
static void
test_replaced (TestStore *store, gconstpointer data)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
  g_autofree char *conversation = test_add_conversation (store->store, "one");
  g_autofree char *beside = g_build_filename (store->folder, "restoring", NULL);
  g_autofree char *place = g_build_filename (store->folder, "timelines", NULL);
  g_autofree char *kept = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  write_file (sealed, conversation, "a", 1000, 1);
  test_close (store->store);
  test_close (test_create (beside));
  sotto_history_replace_async (store->folder, beside, NULL, test_ready, &result);
  g_assert_true (sotto_history_replace_finish (test_wait (&result), &kept, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (place, G_FILE_TEST_EXISTS));
  store->store = test_open (store->folder);
}

static void
test_in_memory (void)
{
  g_autoptr (SottoStore) store = sotto_store_new_in_memory ();

  g_assert_null (sotto_store_ref_sealed (store));
  test_close (g_steal_pointer (&store));
}

/* --- From another thread, while the history is used and closed --- */

typedef struct {
  SottoSealed *sealed;
  const char *conversation;
  gint stop;
  gint n_done;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *self = data;
  guint8 bytes[5000] = { 1 };

  while (!g_atomic_int_get (&self->stop))
    {
      SottoSealedFile *file = sotto_sealed_create (self->sealed, self->conversation, "a", sizeof bytes, NULL);

      if (file != NULL && sotto_sealed_file_write (file, bytes, sizeof bytes, NULL) && sotto_sealed_file_finish (file, NULL))
        g_atomic_int_inc (&self->n_done);
      sotto_sealed_file_free (file);
      file = sotto_sealed_open (self->sealed, self->conversation, "a", NULL);
      if (file != NULL && sotto_sealed_file_read (file, bytes, sizeof bytes, NULL))
        g_assert_cmpuint (bytes[0], ==, 1);
      sotto_sealed_file_free (file);
    }
  return NULL;
}

static void
test_threads (TestStore *store, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (store->store, "one");

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store->store);
      Worker worker = { sealed, conversation, 0, 0 };
      GThread *thread = g_thread_new ("test", work, &worker);

      for (guint k = 0; k < 5; k++)
        {
          g_autofree char *message = test_add_message (store->store, conversation, NULL, 2, "text");

          sotto_sealed_measure (sealed);
          sotto_sealed_remove (sealed, conversation, NULL);
        }
      while (g_atomic_int_get (&worker.n_done) == 0)
        g_usleep (1000);
      test_close (store->store);
      g_atomic_int_set (&worker.stop, 1);
      g_thread_join (thread);
      store->store = test_open (store->folder);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  test_store_add ("/sealed/whole", test_whole);
  test_store_add ("/sealed/unfinished", test_unfinished);
  test_store_add ("/sealed/damaged", test_damaged);
  test_store_add ("/sealed/elsewhere", test_elsewhere);
  test_store_add ("/sealed/room", test_room);
  test_store_add ("/sealed/removed", test_removed);
  test_store_add ("/sealed/replaced", test_replaced);
  test_store_add ("/sealed/closed", test_closed);
  test_store_add ("/sealed/threads", test_threads);
  g_test_add_func ("/sealed/in-memory", test_in_memory);
  return g_test_run ();
}
