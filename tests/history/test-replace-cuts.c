/* A history in the place of another: whole, or not at all, whatever fails and whenever the power goes. */

#include "folder-steps.h"
#include "replacing.h"

#include <errno.h>

/* --- Every step fails once --- */

/* Returns: how many steps a replacement has */
static guint
count_steps (Replacing *f)
{
  guint n;

  folder_steps_start (0, 0);
  g_assert_true (replacing_run (f->folder, f->beside, NULL, NULL));
  n = folder_steps_stop (NULL);
  replacing_assert_replaced (f);
  replacing_set_up_again (f);
  return n;
}

/* A full disk shows itself to whoever makes a name; a broken one to whoever flushes. */
static void
test_every_failure (Replacing *f, gconstpointer data)
{
  const guint n_steps = count_steps (f);
  guint n_refused = 0;

  g_assert_cmpuint (n_steps, >, 20);
  for (guint i = 1; i <= n_steps; i++)
    {
      const gboolean is_full = i % 2 == 0;
      const int code = is_full ? SOTTO_HISTORY_ERROR_DISK_FULL : SOTTO_HISTORY_ERROR_IO;
      g_autofree char *before = replacing_digest (f);
      g_autoptr (GError) error = NULL;
      gboolean ok;

      folder_steps_start (i, is_full ? ENOSPC : EIO);
      ok = replacing_run (f->folder, f->beside, NULL, &error);
      folder_steps_stop (NULL);
      if (ok)
        {
          /* It only tidies up, before or after, and what is left does no harm. */
          replacing_assert_replaced (f);
          replacing_set_up_again (f);
          continue;
        }
      g_assert_error (error, SOTTO_HISTORY_ERROR, code);
      replacing_assert_untouched (f, before);
      n_refused++;
    }
  g_test_message ("%u steps, %u of them refused", n_steps, n_refused);
  g_assert_cmpuint (n_refused, >=, n_steps - 6);

  /* What was undone so often can be done. */
  g_assert_true (replacing_run (f->folder, f->beside, NULL, NULL));
  replacing_assert_replaced (f);
}

/* --- Given up at every step --- */

/* Up to the step that decides nothing has happened; from there on it is done, and says so. */
static void
test_every_cancel (Replacing *f, gconstpointer data)
{
  const guint n_steps = count_steps (f);
  guint n_cancelled = 0;

  for (guint i = 1; i <= n_steps; i++)
    {
      g_autofree char *before = replacing_digest (f);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *kept = NULL;

      folder_steps_start_cancel (i, cancellable);
      sotto_history_replace_async (f->folder, f->beside, cancellable, test_ready, &result);
      if (sotto_history_replace_finish (test_wait (&result), &kept, &error))
        {
          folder_steps_stop (NULL);
          g_assert_nonnull (kept);
          replacing_assert_replaced (f);
          replacing_set_up_again (f);
          continue;
        }
      folder_steps_stop (NULL);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_null (kept);
      replacing_assert_untouched (f, before);
      g_assert_cmpuint (++n_cancelled, ==, i);
    }
  g_test_message ("%u steps, %u of them could be taken back", n_steps, n_cancelled);
  g_assert_cmpuint (n_cancelled, >=, 2);
  g_assert_cmpuint (n_cancelled, <, n_steps / 2);
}

/* --- The power goes at every step --- */

/* How often somebody was told only by a later start */
static guint n_told;

/* What a start finds: one history or the other, never none and never half of each. @by: what opens it
 * first. Returns: whether it is the new one */
static gboolean
wake_up (Replacing *f, guint by)
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
  title = replacing_open_and_read (f->folder);
  g_assert_false (replacing_is_there (f->folder, "replacing"));
  kept = replacing_find_kept (f->folder);
  if (g_str_equal (title, "New"))
    {
      g_autofree char *untold = sotto_history_find_untold (f->folder);
      g_autofree char *again = NULL;

      replacing_assert_replaced (f);
      /* Who was there when the power went has not been told where the old one is, unless it went last of all. */
      if (untold == NULL)
        return TRUE;
      n_told++;
      g_assert_true (g_str_has_suffix (kept, untold));
      sotto_history_mark_told (f->folder, untold);
      again = sotto_history_find_untold (f->folder);
      g_assert_null (again);
      return TRUE;
    }

  /* Both are whole, and it can be done now. */
  g_assert_cmpstr (title, ==, "Old");
  g_assert_null (kept);
  g_assert_true (replacing_is_there (f->folder, "history.db.version-1"));
  g_assert_true (replacing_run (f->folder, f->beside, NULL, &error));
  g_assert_no_error (error);
  replacing_assert_replaced (f);
  return FALSE;
}

static void
test_every_cut (Replacing *f, gconstpointer data)
{
  const guint32 seed = (guint32) g_test_rand_int ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  const guint n_steps = count_steps (f);
  const guint n_rounds = g_test_thorough () ? 20 : 4;
  guint n_new = 0;
  guint n_lost = 0;

  n_told = 0;
  for (guint i = 1; i <= n_steps; i++)
    for (guint round = 0; round < n_rounds; round++)
      {
        replacing_set_up_again (f);
        folder_steps_start_cut (i);
        replacing_run (f->folder, f->beside, NULL, NULL);
        folder_steps_stop (round == 0 ? NULL : random);
        n_lost += folder_steps_get_lost ();
        n_new += wake_up (f, round % 2);
      }
  g_test_message ("seed %u: %u cuts, %u changes lost, %u times the new one, %u told later", seed, n_steps * n_rounds,
                  n_lost, n_new, n_told);
  g_assert_cmpuint (n_lost, >, 0);
  g_assert_cmpuint (n_new, >, n_steps);
  g_assert_cmpuint (n_told, >, n_new * 3 / 4);
  g_assert_cmpuint (n_new, <, (n_steps - 1) * n_rounds);
}

/* And once more while what was cut off is ended by the next who opens. */
static void
test_cut_twice (Replacing *f, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  const guint n_steps = count_steps (f);

  for (guint i = 1; i <= n_steps; i += 3)
    for (guint j = 1; j <= n_steps - i; j += 2)
      {
        SottoStore *store;

        replacing_set_up_again (f);
        folder_steps_start_cut (i);
        replacing_run (f->folder, f->beside, NULL, NULL);
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
test_cut_at_first (Replacing *f, gconstpointer data)
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
      replacing_put_new (f->beside);
      folder_steps_start_cut (i);
      replacing_run (folder, f->beside, NULL, NULL);
      n = folder_steps_stop (random);
      if (n < i)
        n_steps = n;

      g_assert_true (sotto_history_probe (folder, &state, NULL, NULL));
      if (state == SOTTO_HISTORY_STATE_NONE)
        replacing_assert_holds (f->beside, "New");
      else
        replacing_assert_holds (folder, "New");
      kept = replacing_find_kept (folder);
      g_assert_true (kept == NULL || !replacing_is_there (kept, "history.key"));
      test_remove_folder (folder);
    }
  g_assert_cmpuint (n_steps, <, 30);
}

/* --- */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  replacing_add ("/history/replace/every-failure", test_every_failure);
  replacing_add ("/history/replace/every-cancel", test_every_cancel);
  replacing_add ("/history/replace/every-cut", test_every_cut);
  replacing_add ("/history/replace/cut-twice", test_cut_twice);
  replacing_add ("/history/replace/cut-at-first", test_cut_at_first);
  return replacing_run_tests ();
}
