/* A history in the place of another: all of it, with what was there kept; or refused, and nothing has changed. */

#include "replacing.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- As it should go --- */

static void
test_there (Replacing *f, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (replacing_run (f->folder, f->beside, &first, &error));
  g_assert_no_error (error);
  g_assert_true (g_regex_match_simple ("^replaced-\\d{4}-\\d\\d-\\d\\d-\\d{6}$", first, 0, 0));
  replacing_assert_replaced (f);

  /* Once more in the same second, or in another: no name is taken twice. */
  replacing_put_old (f->beside);
  g_assert_true (replacing_run (f->folder, f->beside, &second, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (second, !=, first);
  path = g_build_filename (f->folder, second, NULL);
  replacing_assert_holds (f->folder, "Old");
  replacing_assert_holds (path, "New");
}

/* Where there is no folder, and where a first start has ended before there was a key */
static void
test_nothing (Replacing *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/some-%u/where", f->folder, i);
      g_autofree char *beginning = g_build_filename (folder, "history.db.new", NULL);
      g_autofree char *left = NULL;
      g_autofree char *kept = NULL;
      g_autoptr (GError) error = NULL;

      replacing_put_new (f->beside);
      if (i == 1)
        {
          g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
          g_assert_true (g_file_set_contents (beginning, "", 0, NULL));
        }
      g_assert_true (replacing_run (folder, f->beside, &kept, &error));
      g_assert_no_error (error);
      g_assert_null (kept);
      left = replacing_find_kept (folder);
      g_assert_null (left);
      g_assert_false (replacing_is_there (folder, "replacing"));
      g_assert_false (g_file_test (beginning, G_FILE_TEST_EXISTS));
      replacing_assert_holds (folder, "New");
    }
}

/* The remedy of a history that cannot be opened: what there is of it is kept, byte for byte. */
static void
test_damaged (Replacing *f, gconstpointer data)
{
  static const struct {
    const char *missing;
    const char *damaged;
  } cases[] = {
    { "history.key", NULL },
    { "history.db", "history.key" },
    { NULL, "history.db" },
    { "history.db-wal", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *missing = g_build_filename (f->folder, cases[i].missing, NULL);
      g_autofree char *damaged = g_build_filename (f->folder, cases[i].damaged, NULL);
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autofree char *kept = NULL;
      g_autoptr (GError) error = NULL;

      if (cases[i].missing != NULL)
        g_assert_cmpint (g_unlink (missing), ==, 0);
      if (cases[i].damaged != NULL)
        g_assert_true (g_file_set_contents (damaged, "gone to the dogs", -1, NULL));
      before = test_digest (f->folder);
      g_assert_true (replacing_run (f->folder, f->beside, NULL, &error));
      g_assert_no_error (error);
      kept = replacing_find_kept (f->folder);
      after = test_digest (kept);
      g_assert_cmpstr (after, ==, before);
      replacing_assert_holds (f->folder, "New");
      replacing_set_up_again (f);
    }
}

/* --- Refused --- */

static void
test_nothing_beside (Replacing *f, gconstpointer data)
{
  g_autofree char *database = g_build_filename (f->beside, "history.db", NULL);
  g_autofree char *key = g_build_filename (f->beside, "history.key", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = replacing_digest (f);

  g_cancellable_cancel (cancellable);
  sotto_history_replace_async (f->folder, f->beside, cancellable, test_ready, &result);
  g_assert_false (sotto_history_replace_finish (test_wait (&result), NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  replacing_assert_untouched (f, before);

  g_assert_cmpint (g_unlink (database), ==, 0);
  replacing_assert_refused (f, SOTTO_HISTORY_ERROR_MISSING_DATABASE);
  g_assert_cmpint (g_unlink (key), ==, 0);
  replacing_assert_refused (f, SOTTO_HISTORY_ERROR_NONE);
  test_remove_folder (f->beside);
  replacing_assert_refused (f, SOTTO_HISTORY_ERROR_NONE);
}

/* Another process that has the lock of @folder until it is killed */
static pid_t
hold_lock (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "history.lock", NULL);
  int ready[2];
  char byte;
  pid_t process;

  g_assert_cmpint (pipe (ready), ==, 0);
  process = fork ();
  g_assert_cmpint (process, >=, 0);
  if (process == 0)
    {
      struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
      int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

      /* Also if an assertion ends the test meanwhile */
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (fd < 0 || fcntl (fd, F_OFD_SETLK, &whole) != 0 || write (ready[1], "", 1) != 1)
        _exit (1);
      pause ();
      _exit (0);
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);
  return process;
}

static void
test_in_use (Replacing *f, gconstpointer data)
{
  const char *const folders[] = { f->folder, f->beside };
  SottoStore *store;

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      pid_t other = hold_lock (folders[i]);

      replacing_assert_refused (f, SOTTO_HISTORY_ERROR_IN_USE);
      kill (other, SIGKILL);
      g_assert_cmpint (waitpid (other, NULL, 0), ==, other);
    }

  /* And by ourselves, who else may write meanwhile */
  store = test_open (f->folder);
  replacing_assert_refused (f, SOTTO_HISTORY_ERROR_IN_USE);
  test_close (store);
  replacing_assert_holds (f->folder, "Old");
  g_assert_true (replacing_run (f->folder, f->beside, NULL, NULL));
  replacing_assert_replaced (f);
}

/* A folder that may not be written to, each of the three that are */
static void
test_read_only (Replacing *f, gconstpointer data)
{
  g_autofree char *elsewhere = test_make_folder ();
  const char *const folders[] = { f->folder, f->beside, elsewhere };

  g_free (f->beside);
  f->beside = g_build_filename (elsewhere, "restoring", NULL);
  replacing_put_new (f->beside);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      const char *folder = i == 1 ? f->beside : folders[i];

      g_assert_cmpint (g_chmod (folder, 0500), ==, 0);
      if (faccessat (AT_FDCWD, folder, W_OK, AT_EACCESS) == 0)
        {
          g_test_skip ("who runs this may write to any folder");
          g_chmod (folder, 0700);
          break;
        }
      replacing_assert_refused (f, SOTTO_HISTORY_ERROR_IO);
      g_assert_cmpint (g_chmod (folder, 0700), ==, 0);
    }
  g_assert_true (replacing_run (f->folder, f->beside, NULL, NULL));
  replacing_assert_holds (f->folder, "New");
  test_remove_folder (elsewhere);
}

static void
test_other_disk (Replacing *f, gconstpointer data)
{
  g_autofree char *elsewhere = g_strdup ("/dev/shm/sotto-history-XXXXXX");
  struct stat here;
  struct stat there;

  if (g_mkdtemp (elsewhere) == NULL)
    {
      g_test_skip ("there is no second disk");
      return;
    }
  g_assert_cmpint (stat (f->folder, &here), ==, 0);
  g_assert_cmpint (stat (elsewhere, &there), ==, 0);
  g_free (f->beside);
  f->beside = g_build_filename (elsewhere, "restoring", NULL);
  replacing_put_new (f->beside);
  if (here.st_dev == there.st_dev)
    g_test_skip ("there is no second disk");
  else
    replacing_assert_refused (f, SOTTO_HISTORY_ERROR_IO);
  test_remove_folder (elsewhere);
}

/* --- */

/* Who may write wherever they like would not notice a folder that is read-only. */
static void
give_up_override (void)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct capabilities[2];

  if (syscall (SYS_capget, &header, capabilities) != 0)
    return;
  capabilities[0].effective &= ~(1u << CAP_DAC_OVERRIDE);
  syscall (SYS_capset, &header, capabilities);
}

int
main (int argc, char **argv)
{
  give_up_override ();
  g_test_init (&argc, &argv, NULL);
  replacing_add ("/history/replace/there", test_there);
  replacing_add ("/history/replace/nothing", test_nothing);
  replacing_add ("/history/replace/damaged", test_damaged);
  replacing_add ("/history/replace/nothing-beside", test_nothing_beside);
  replacing_add ("/history/replace/in-use", test_in_use);
  replacing_add ("/history/replace/read-only", test_read_only);
  replacing_add ("/history/replace/other-disk", test_other_disk);
  return replacing_run_tests ();
}
