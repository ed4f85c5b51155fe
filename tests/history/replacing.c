#include "replacing.h"

/* What each test gets copies of; made once, as that takes longest. */
static struct {
  char *old;
  char *new;
} made;

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

void
replacing_put_old (const char *to)
{
  copy_history (made.old, to);
}

void
replacing_put_new (const char *to)
{
  copy_history (made.new, to);
}

static void
set_up (Replacing *f, gconstpointer data)
{
  f->folder = test_make_folder ();
  f->beside = g_build_filename (f->folder, "restoring", NULL);
  replacing_put_old (f->folder);
  replacing_put_new (f->beside);
}

static void
tear_down (Replacing *f, gconstpointer data)
{
  test_remove_folder (f->folder);
  g_free (f->folder);
  g_free (f->beside);
}

void
replacing_set_up_again (Replacing *f)
{
  tear_down (f, NULL);
  set_up (f, NULL);
}

gboolean
replacing_run (const char *folder, const char *beside, char **kept, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_history_replace_async (folder, beside, NULL, test_ready, &result);
  return sotto_history_replace_finish (test_wait (&result), kept, error);
}

gboolean
replacing_is_there (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

char *
replacing_open_and_read (const char *folder)
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

void
replacing_assert_holds (const char *folder, const char *title)
{
  g_autofree char *found = replacing_open_and_read (folder);

  g_assert_cmpstr (found, ==, title);
}

char *
replacing_find_kept (const char *folder)
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

void
replacing_assert_replaced (Replacing *f)
{
  g_autofree char *kept = replacing_find_kept (f->folder);

  replacing_assert_holds (f->folder, "New");
  g_assert_false (replacing_is_there (f->folder, "replacing"));
  g_assert_false (replacing_is_there (f->folder, "restoring"));
  g_assert_false (replacing_is_there (f->folder, "history.db.version-1"));
  g_assert_nonnull (kept);
  g_assert_true (replacing_is_there (kept, "history.db.version-1"));
  replacing_assert_holds (kept, "Old");
}

char *
replacing_digest (Replacing *f)
{
  g_autofree char *there = test_digest (f->folder);
  g_autofree char *beside = test_digest (f->beside);

  return g_strconcat (there, beside, NULL);
}

void
replacing_assert_untouched (Replacing *f, const char *before)
{
  g_autofree char *after = replacing_digest (f);
  g_autofree char *kept = replacing_find_kept (f->folder);

  g_assert_cmpstr (after, ==, before);
  g_assert_null (kept);
  g_assert_false (replacing_is_there (f->folder, "replacing"));
}

void
replacing_assert_refused (Replacing *f, SottoHistoryError code)
{
  g_autofree char *before = replacing_digest (f);
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (replacing_run (f->folder, f->beside, &kept, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, (int) code);
  g_assert_null (kept);
  replacing_assert_untouched (f, before);
}

void
replacing_add (const char *path, void (*test) (Replacing *, gconstpointer))
{
  g_test_add (path, Replacing, NULL, set_up, test, tear_down);
}

int
replacing_run_tests (void)
{
  int result;

  make_histories ();
  result = g_test_run ();
  test_remove_folder (made.old);
  test_remove_folder (made.new);
  g_free (made.old);
  g_free (made.new);
  return result;
}
