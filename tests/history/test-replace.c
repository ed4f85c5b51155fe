/* A history in the place of another: whole, or not at all, whatever fails and whenever the power goes. */

#include "common.h"
#include "folder-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The histories that each test gets copies of. The old one was never closed: a part of it is in its
 * log; and it was brought up to date once. */
static struct {
  char *old;
  char *new;
} made;

typedef struct {
  char *folder;
  char *beside;
} Fixture;

static void
copy_history (const char *from, const char *to)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);
  const char *name;

  g_assert_cmpint (g_mkdir_with_parents (to, 0700), ==, 0);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL);
      g_autofree char *target = g_build_filename (to, name, NULL);
      g_autofree char *bytes = NULL;
      gsize size;

      if (g_str_has_suffix (name, ".lock"))
        continue;
      g_assert_true (g_file_get_contents (source, &bytes, &size, NULL));
      g_assert_true (g_file_set_contents (target, bytes, (gssize) size, NULL));
    }
}

/* Returns: (transfer full): a folder with a history of one conversation, as it lies there while it is open */
static char *
make_history (const char *title, gboolean is_open)
{
  g_autofree char *folder = test_make_folder ();
  char *copy = test_make_folder ();
  SottoStore *store = test_create (folder);

  g_free (test_add_conversation (store, title));
  if (is_open)
    copy_history (folder, copy);
  test_close (store);
  if (!is_open)
    copy_history (folder, copy);
  test_remove_folder (folder);
  return copy;
}

static void
make_histories (void)
{
  g_autofree char *log = NULL;
  g_autofree char *version = NULL;

  made.old = make_history ("Old", TRUE);
  made.new = make_history ("New", FALSE);
  log = g_build_filename (made.old, "history.db-wal", NULL);
  version = g_build_filename (made.old, "history.db.version-1", NULL);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_set_contents (version, "as it was", -1, NULL));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = test_make_folder ();
  f->beside = g_build_filename (f->folder, "restoring", NULL);
  copy_history (made.old, f->folder);
  copy_history (made.new, f->beside);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_remove_folder (f->folder);
  g_free (f->folder);
  g_free (f->beside);
}

/* The same from the beginning */
static void
set_up_again (Fixture *f)
{
  tear_down (f, NULL);
  set_up (f, NULL);
}

static gboolean
replace (const char *folder, const char *beside, char **kept, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_history_replace_async (folder, beside, NULL, test_ready, &result);
  return sotto_history_replace_finish (test_wait (&result), kept, error);
}

static gboolean
is_there (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Returns: (transfer full): the title of the one conversation in @folder, opened as on any day */
static char *
open_and_read (const char *folder)
{
  SottoStore *store = test_open (folder);
  g_autoptr (GPtrArray) list = test_list (store);
  char *title;

  g_assert_cmpuint (list->len, ==, 1);
  title = g_strdup (((SottoHistoryConversation *) g_ptr_array_index (list, 0))->title);
  test_check (store);
  test_close (store);
  return title;
}

static void
assert_holds (const char *folder, const char *title)
{
  g_autofree char *found = open_and_read (folder);

  g_assert_cmpstr (found, ==, title);
}

/* Returns: (transfer full) (nullable): the one folder with what was there before */
static char *
find_kept (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  char *found = NULL;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "replaced-"))
      {
        g_assert_null (found);
        found = g_build_filename (folder, name, NULL);
      }
  return found;
}

static void
assert_replaced (Fixture *f)
{
  g_autofree char *kept = find_kept (f->folder);

  assert_holds (f->folder, "New");
  g_assert_false (is_there (f->folder, "replacing"));
  g_assert_false (is_there (f->folder, "restoring"));
  g_assert_false (is_there (f->folder, "history.db.version-1"));
  g_assert_nonnull (kept);
  g_assert_true (is_there (kept, "history.db.version-1"));
  assert_holds (kept, "Old");
}

/* What both folders hold, so that a change in either is seen */
static char *
digest (Fixture *f)
{
  g_autofree char *there = test_digest (f->folder);
  g_autofree char *beside = test_digest (f->beside);

  return g_strconcat (there, beside, NULL);
}

static void
assert_untouched (Fixture *f, const char *before)
{
  g_autofree char *after = digest (f);
  g_autofree char *kept = find_kept (f->folder);

  g_assert_cmpstr (after, ==, before);
  g_assert_null (kept);
  g_assert_false (is_there (f->folder, "replacing"));
}

/* In vain. @code: of the history's error */
static void
assert_refused (Fixture *f, SottoHistoryError code)
{
  g_autofree char *before = digest (f);
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (replace (f->folder, f->beside, &kept, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, (int) code);
  g_assert_null (kept);
  assert_untouched (f, before);
}

/* --- As it should go --- */

static void
test_there (Fixture *f, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (replace (f->folder, f->beside, &first, &error));
  g_assert_no_error (error);
  g_assert_true (g_regex_match_simple ("^replaced-\\d{4}-\\d\\d-\\d\\d-\\d{6}$", first, 0, 0));
  assert_replaced (f);

  /* Once more in the same second, or in another: no name is taken twice. */
  copy_history (made.old, f->beside);
  g_assert_true (replace (f->folder, f->beside, &second, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (second, !=, first);
  path = g_build_filename (f->folder, second, NULL);
  assert_holds (f->folder, "Old");
  assert_holds (path, "New");
}

/* Where there is no folder, and where a first start has ended before there was a key */
static void
test_nothing (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/some-%u/where", f->folder, i);
      g_autofree char *beginning = g_build_filename (folder, "history.db.new", NULL);
      g_autofree char *left = NULL;
      g_autofree char *kept = NULL;
      g_autoptr (GError) error = NULL;

      copy_history (made.new, f->beside);
      if (i == 1)
        {
          g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
          g_assert_true (g_file_set_contents (beginning, "", 0, NULL));
        }
      g_assert_true (replace (folder, f->beside, &kept, &error));
      g_assert_no_error (error);
      g_assert_null (kept);
      left = find_kept (folder);
      g_assert_null (left);
      g_assert_false (is_there (folder, "replacing"));
      g_assert_false (g_file_test (beginning, G_FILE_TEST_EXISTS));
      assert_holds (folder, "New");
    }
}

/* The remedy of a history that cannot be opened: what there is of it is kept, byte for byte. */
static void
test_damaged (Fixture *f, gconstpointer data)
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
      g_assert_true (replace (f->folder, f->beside, NULL, &error));
      g_assert_no_error (error);
      kept = find_kept (f->folder);
      after = test_digest (kept);
      g_assert_cmpstr (after, ==, before);
      assert_holds (f->folder, "New");
      set_up_again (f);
    }
}

/* --- Refused --- */

static void
test_nothing_beside (Fixture *f, gconstpointer data)
{
  g_autofree char *database = g_build_filename (f->beside, "history.db", NULL);
  g_autofree char *key = g_build_filename (f->beside, "history.key", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = digest (f);

  g_cancellable_cancel (cancellable);
  sotto_history_replace_async (f->folder, f->beside, cancellable, test_ready, &result);
  g_assert_false (sotto_history_replace_finish (test_wait (&result), NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_untouched (f, before);

  g_assert_cmpint (g_unlink (database), ==, 0);
  assert_refused (f, SOTTO_HISTORY_ERROR_MISSING_DATABASE);
  g_assert_cmpint (g_unlink (key), ==, 0);
  assert_refused (f, SOTTO_HISTORY_ERROR_NONE);
  test_remove_folder (f->beside);
  assert_refused (f, SOTTO_HISTORY_ERROR_NONE);
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
test_in_use (Fixture *f, gconstpointer data)
{
  const char *const folders[] = { f->folder, f->beside };
  SottoStore *store;

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      pid_t other = hold_lock (folders[i]);

      assert_refused (f, SOTTO_HISTORY_ERROR_IN_USE);
      kill (other, SIGKILL);
      g_assert_cmpint (waitpid (other, NULL, 0), ==, other);
    }

  /* And by ourselves, who else may write meanwhile */
  store = test_open (f->folder);
  assert_refused (f, SOTTO_HISTORY_ERROR_IN_USE);
  test_close (store);
  assert_holds (f->folder, "Old");
  g_assert_true (replace (f->folder, f->beside, NULL, NULL));
  assert_replaced (f);
}

/* A folder that may not be written to, each of the three that are */
static void
test_read_only (Fixture *f, gconstpointer data)
{
  g_autofree char *elsewhere = test_make_folder ();
  const char *const folders[] = { f->folder, f->beside, elsewhere };

  g_free (f->beside);
  f->beside = g_build_filename (elsewhere, "restoring", NULL);
  copy_history (made.new, f->beside);
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
      assert_refused (f, SOTTO_HISTORY_ERROR_IO);
      g_assert_cmpint (g_chmod (folder, 0700), ==, 0);
    }
  g_assert_true (replace (f->folder, f->beside, NULL, NULL));
  assert_holds (f->folder, "New");
  test_remove_folder (elsewhere);
}

static void
test_other_disk (Fixture *f, gconstpointer data)
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
  copy_history (made.new, f->beside);
  if (here.st_dev == there.st_dev)
    g_test_skip ("there is no second disk");
  else
    assert_refused (f, SOTTO_HISTORY_ERROR_IO);
  test_remove_folder (elsewhere);
}

/* --- Every step fails once --- */

/* Returns: how many steps a replacement has */
static guint
count_steps (Fixture *f)
{
  guint n;

  folder_steps_start (0, 0);
  g_assert_true (replace (f->folder, f->beside, NULL, NULL));
  n = folder_steps_stop (NULL);
  assert_replaced (f);
  set_up_again (f);
  return n;
}

/* A full disk shows itself to whoever makes a name; a broken one to whoever flushes. */
static void
test_every_failure (Fixture *f, gconstpointer data)
{
  const guint n_steps = count_steps (f);
  guint n_refused = 0;

  g_assert_cmpuint (n_steps, >, 20);
  for (guint i = 1; i <= n_steps; i++)
    {
      const gboolean is_full = i % 2 == 0;
      const int code = is_full ? SOTTO_HISTORY_ERROR_DISK_FULL : SOTTO_HISTORY_ERROR_IO;
      g_autofree char *before = digest (f);
      g_autoptr (GError) error = NULL;
      gboolean ok;

      folder_steps_start (i, is_full ? ENOSPC : EIO);
      ok = replace (f->folder, f->beside, NULL, &error);
      folder_steps_stop (NULL);
      if (ok)
        {
          /* It only tidies up, before or after, and what is left does no harm. */
          assert_replaced (f);
          set_up_again (f);
          continue;
        }
      g_assert_error (error, SOTTO_HISTORY_ERROR, code);
      assert_untouched (f, before);
      n_refused++;
    }
  g_test_message ("%u steps, %u of them refused", n_steps, n_refused);
  g_assert_cmpuint (n_refused, >=, n_steps - 6);

  /* What was undone so often can be done. */
  g_assert_true (replace (f->folder, f->beside, NULL, NULL));
  assert_replaced (f);
}

/* --- The power goes at every step --- */

/* What a start finds: one history or the other, never none and never half of each. @by: what opens it
 * first. Returns: whether it is the new one */
static gboolean
wake_up (Fixture *f, guint by)
{
  SottoHistoryState state;
  g_autoptr (GPtrArray) slots = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *title = NULL;
  g_autofree char *kept = NULL;

  g_assert_true (sotto_history_probe (f->folder, &state, &slots, &error));
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_PRESENT);
  g_assert_cmpuint (slots->len, ==, 1);
  if (by == 1)
    {
      g_autoptr (SottoUnlock) unlock = test_unlock ("battery staple");
      g_autoptr (GAsyncResult) result = NULL;

      sotto_store_create_async (f->folder, unlock, NULL, test_ready, &result);
      g_assert_null (sotto_store_create_finish (test_wait (&result), &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_EXISTS);
      g_clear_error (&error);
    }
  title = open_and_read (f->folder);
  g_assert_false (is_there (f->folder, "replacing"));
  kept = find_kept (f->folder);
  if (g_str_equal (title, "New"))
    {
      assert_replaced (f);
      return TRUE;
    }

  /* Both are whole, and it can be done now. */
  g_assert_cmpstr (title, ==, "Old");
  g_assert_null (kept);
  g_assert_true (is_there (f->folder, "history.db.version-1"));
  g_assert_true (replace (f->folder, f->beside, NULL, &error));
  g_assert_no_error (error);
  assert_replaced (f);
  return FALSE;
}

static void
test_every_cut (Fixture *f, gconstpointer data)
{
  const guint32 seed = (guint32) g_test_rand_int ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  const guint n_steps = count_steps (f);
  const guint n_rounds = g_test_thorough () ? 20 : 4;
  guint n_new = 0;
  guint n_lost = 0;

  for (guint i = 1; i <= n_steps; i++)
    for (guint round = 0; round < n_rounds; round++)
      {
        set_up_again (f);
        folder_steps_start_cut (i);
        replace (f->folder, f->beside, NULL, NULL);
        folder_steps_stop (round == 0 ? NULL : random);
        n_lost += folder_steps_get_lost ();
        n_new += wake_up (f, round % 2);
      }
  g_test_message ("seed %u: %u cuts, %u changes lost, %u times the new one", seed, n_steps * n_rounds, n_lost,
                  n_new);
  g_assert_cmpuint (n_lost, >, 0);
  g_assert_cmpuint (n_new, >, n_steps);
  g_assert_cmpuint (n_new, <, (n_steps - 1) * n_rounds);
}

/* And once more while what was cut off is ended by the next who opens. */
static void
test_cut_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  const guint n_steps = count_steps (f);

  for (guint i = 1; i <= n_steps; i += 3)
    for (guint j = 1; j <= n_steps - i; j += 2)
      {
        SottoStore *store;

        set_up_again (f);
        folder_steps_start_cut (i);
        replace (f->folder, f->beside, NULL, NULL);
        folder_steps_stop (random);
        folder_steps_start_cut (j);
        store = test_try_open (f->folder, "wrong", NULL);
        folder_steps_stop (random);
        g_assert_null (store);
        wake_up (f, 0);
      }
}

/* Where there was nothing there is nothing, or the new one. */
static void
test_cut_at_first (Fixture *f, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  g_autofree char *folder = g_build_filename (f->folder, "some", "where", NULL);
  guint n_steps = 30;

  for (guint i = 1; i <= n_steps; i++)
    {
      g_autofree char *kept = NULL;
      SottoHistoryState state;
      guint n;

      g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
      copy_history (made.new, f->beside);
      folder_steps_start_cut (i);
      replace (folder, f->beside, NULL, NULL);
      n = folder_steps_stop (random);
      if (n < i)
        n_steps = n;

      g_assert_true (sotto_history_probe (folder, &state, NULL, NULL));
      if (state == SOTTO_HISTORY_STATE_NONE)
        assert_holds (f->beside, "New");
      else
        assert_holds (folder, "New");
      kept = find_kept (folder);
      g_assert_true (kept == NULL || !is_there (kept, "history.key"));
      test_remove_folder (folder);
    }
  g_assert_cmpuint (n_steps, <, 30);
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

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  int result;

  give_up_override ();
  g_test_init (&argc, &argv, NULL);
  make_histories ();
  add ("/history/replace/there", test_there);
  add ("/history/replace/nothing", test_nothing);
  add ("/history/replace/damaged", test_damaged);
  add ("/history/replace/nothing-beside", test_nothing_beside);
  add ("/history/replace/in-use", test_in_use);
  add ("/history/replace/read-only", test_read_only);
  add ("/history/replace/other-disk", test_other_disk);
  add ("/history/replace/every-failure", test_every_failure);
  add ("/history/replace/every-cut", test_every_cut);
  add ("/history/replace/cut-twice", test_cut_twice);
  add ("/history/replace/cut-at-first", test_cut_at_first);
  result = g_test_run ();
  test_remove_folder (made.old);
  test_remove_folder (made.new);
  g_free (made.old);
  g_free (made.new);
  return result;
}
