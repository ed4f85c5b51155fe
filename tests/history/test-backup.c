/* A whole history in a file, and a history of it again. */

#include "common.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void
test_there_and_back (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Kept");
  g_autofree char *message = test_add_message (f->store, conversation, NULL, 2, "twice");
  g_autofree char *other = test_make_folder ();
  g_autofree char *path = g_build_filename (other, "backup", NULL);
  g_autofree char *folder = g_build_filename (other, "restored", NULL);
  g_autofree char *bytes = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) third = NULL;
  g_autoptr (GAsyncResult) fourth = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GError) error = NULL;
  SottoStore *restored;
  gsize size;

  sotto_store_backup_async (f->store, path, NULL, test_ready, &first);
  g_assert_true (sotto_store_backup_finish (f->store, test_wait (&first), &error));
  g_assert_no_error (error);
  sotto_store_backup_async (f->store, path, NULL, test_ready, &second);
  g_assert_false (sotto_store_backup_finish (f->store, test_wait (&second), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_EXISTS);
  g_clear_error (&error);

  sotto_history_restore_async (path, folder, NULL, test_ready, &third);
  g_assert_true (sotto_history_restore_finish (test_wait (&third), &error));
  g_assert_no_error (error);
  restored = test_open (folder);
  messages = test_load (restored, conversation);
  test_assert_text (messages, 0, "twice");
  test_check (restored);
  test_close (restored);

  /* Not over what is there; and a damaged backup makes nothing. */
  sotto_history_restore_async (path, folder, NULL, test_ready, &fourth);
  g_assert_false (sotto_history_restore_finish (test_wait (&fourth), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *empty = g_strdup_printf ("%s/empty-%u", other, i);
      g_autofree char *broken = g_strdup_printf ("%s/broken-%u", other, i);
      g_autoptr (GAsyncResult) result = NULL;
      SottoHistoryState state;
      gsize at = i < 6 ? i * 5 : size * i / 12;

      bytes[at] ^= 0x10;
      g_assert_true (g_file_set_contents (broken, bytes, i == 11 ? (gssize) at : (gssize) size,
                                          NULL));
      bytes[at] ^= 0x10;
      sotto_history_restore_async (broken, empty, NULL, test_ready, &result);
      g_assert_false (sotto_history_restore_finish (test_wait (&result), &error));
      g_assert_nonnull (error);
      /* How it begins is all that tells another kind of file from a damaged backup. */
      g_assert_cmpint (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_A_BACKUP), ==,
                       at < strlen ("SottoBak"));
      g_clear_error (&error);
      g_assert_true (sotto_history_probe (empty, &state, NULL, NULL));
      g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
    }
  test_remove_folder (other);
}

/* --- Given up --- */

/* What is copied here, were it not given up, would be found to be no history only at its end. */
#define LARGE (G_GUINT64_CONSTANT (384) << 20)

/* The backup at @path grows to LARGE bytes, all of them zeros but what comes before the database. */
static void
make_large (const char *path)
{
  g_autofree char *bytes = NULL;
  const guint64 length = GUINT64_TO_LE (LARGE);
  guint32 envelope;
  int fd;

  g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
  memcpy (&envelope, bytes + 12, sizeof envelope);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, &length, sizeof length, 16), ==, sizeof length);
  g_assert_cmpint (ftruncate (fd, (off_t) (24 + GUINT32_FROM_LE (envelope) + LARGE + 32)), ==, 0);
  close (fd);
}

static guint64
size_of (const char *path)
{
  GStatBuf info;

  return g_stat (path, &info) == 0 ? (guint64) info.st_size : 0;
}

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
test_cancel (TestStore *f, gconstpointer data)
{
  g_autofree char *other = test_make_folder ();
  g_autofree char *path = g_build_filename (other, "backup", NULL);
  g_autofree char *folder = g_build_filename (other, "restored", NULL);
  g_autofree char *half = g_build_filename (folder, "history.db.new", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) made = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  SottoHistoryState state;
  guint source;

  sotto_store_backup_async (f->store, path, NULL, test_ready, &made);
  g_assert_true (sotto_store_backup_finish (f->store, test_wait (&made), NULL));
  make_large (path);

  source = g_timeout_add (1, wake, NULL);
  sotto_history_restore_async (path, folder, cancellable, test_ready, &result);
  while (size_of (half) == 0 && result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  g_assert_false (sotto_history_restore_finish (test_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_source_remove (source);

  g_assert_cmpuint (size_of (half), ==, 0);
  g_assert_true (sotto_history_probe (folder, &state, NULL, NULL));
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
  test_remove_folder (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/backup/there-and-back", test_there_and_back);
  test_store_add ("/history/backup/cancel", test_cancel);
  return g_test_run ();
}
