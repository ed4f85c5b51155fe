/* Single messages go out of the midst of a conversation, and come back. */

#include "trees.h"

#include <string.h>

#define USER SOTTO_HISTORY_ROLE_USER
#define ASSISTANT SOTTO_HISTORY_ROLE_ASSISTANT

/* Three questions and answers: u1 a1 u2 a2 u3 a3 */
typedef struct {
  char *id;
  char *m[6];
} Talk;

static void
talk_clear (Talk *talk)
{
  g_free (talk->id);
  for (guint i = 0; i < G_N_ELEMENTS (talk->m); i++)
    g_free (talk->m[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Talk, talk_clear)

static void
talk_begin (Talk *talk, SottoStore *store)
{
  static const char *const texts[] = { "apples", "bananas", "cherries", "dates", "elderberries", "figs" };

  talk->id = test_add_conversation (store, "Fruit");
  for (guint i = 0; i < 6; i++)
    talk->m[i] = test_add_message (store, talk->id, i > 0 ? talk->m[i - 1] : NULL, i % 2 == 0 ? USER : ASSISTANT, texts[i]);
}

static gint64
try_delete (SottoStore *store, const char *message, gboolean *is_kept, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_delete_message_async (store, message, NULL, test_ready, &result);
  return sotto_store_delete_message_finish (store, test_wait (&result), is_kept, error);
}

/* @expected: whether other versions keep something of it */
static gint64
delete (SottoStore *store, const char *message, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean is_kept;
  gint64 deletion = try_delete (store, message, &is_kept, &error);

  g_assert_no_error (error);
  g_assert_cmpint (deletion, !=, 0);
  g_assert_cmpint (is_kept, ==, expected);
  test_check (store);
  return deletion;
}

static gboolean
try_undo (SottoStore *store, gint64 deletion, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_undelete_message_async (store, deletion, NULL, test_ready, &result);
  return sotto_store_undelete_message_finish (store, test_wait (&result), error);
}

static void
undo (SottoStore *store, gint64 deletion)
{
  g_autoptr (GError) error = NULL;

  try_undo (store, deletion, &error);
  g_assert_no_error (error);
  test_check (store);
}

static void
forget (SottoStore *store, gint64 deletion)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_forget_message_async (store, deletion, NULL, test_ready, &result);
  sotto_store_forget_message_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

/* @expected: the texts of the path, with spaces between them */
static void
assert_path (SottoStore *store, const char *conversation, const char *expected)
{
  g_autoptr (GPtrArray) path = test_load (store, conversation);
  g_autoptr (GString) texts = g_string_new (NULL);

  for (guint i = 0; i < path->len; i++)
    {
      g_autofree char *text = sotto_history_message_dup_text (test_message_at (path, i));

      g_string_append_printf (texts, "%s%s", i > 0 ? " " : "", text);
    }
  g_assert_cmpstr (texts->str, ==, expected);
}

static void
assert_found (SottoStore *store, const char *words, guint n)
{
  g_autoptr (GPtrArray) hits = test_search (store, words);

  g_assert_cmpuint (hits->len, ==, n);
}

static char *
dup_snippet (SottoStore *store)
{
  g_autoptr (GPtrArray) list = test_list (store);

  return g_strdup (((SottoHistoryConversation *) g_ptr_array_index (list, 0))->snippet);
}

/* Each of the six alone, and back */
static void
test_each (TestStore *f, gconstpointer data)
{
  static const char *const left[] = {
    "cherries dates elderberries figs", "apples cherries dates elderberries figs", "apples bananas elderberries figs",
    "apples bananas cherries elderberries figs", "apples bananas cherries dates", "apples bananas cherries dates elderberries",
  };
  static const char *const words[] = { "apples", "bananas", "cherries", "dates", "elderberries", "figs" };
  g_auto (Talk) talk = { 0 };
  g_autoptr (SottoHistoryTree) before = NULL;
  g_autofree char *snippet = NULL;

  talk_begin (&talk, f->store);
  before = test_tree_load (f->store, talk.id);
  snippet = dup_snippet (f->store);
  g_assert_cmpstr (snippet, ==, "figs");
  for (guint i = 0; i < 6; i++)
    {
      gint64 deletion = delete (f->store, talk.m[i], FALSE);
      g_autoptr (SottoHistoryTree) after = NULL;
      g_autofree char *meanwhile = dup_snippet (f->store);
      g_autofree char *again = NULL;

      assert_path (f->store, talk.id, left[i]);
      assert_found (f->store, words[i], 0);
      g_assert_cmpstr (meanwhile, ==, i == 4 ? "dates" : i == 5 ? "elderberries" : "figs");
      undo (f->store, deletion);
      after = test_tree_load (f->store, talk.id);
      test_tree_assert_same (before, after);
      assert_found (f->store, words[i], 1);
      again = dup_snippet (f->store);
      g_assert_cmpstr (again, ==, "figs");
    }
}

/* One after the other, until nothing is left; then all back, the last first. */
static void
test_all (TestStore *f, gconstpointer data)
{
  g_auto (Talk) talk = { 0 };
  g_autoptr (SottoHistoryTree) before = NULL;
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *snippet = NULL;
  gint64 deletions[4];

  talk_begin (&talk, f->store);
  before = test_tree_load (f->store, talk.id);
  deletions[0] = delete (f->store, talk.m[2], FALSE);
  deletions[1] = delete (f->store, talk.m[0], FALSE);
  deletions[2] = delete (f->store, talk.m[5], FALSE);
  deletions[3] = delete (f->store, talk.m[4], FALSE);
  assert_path (f->store, talk.id, "");
  snippet = dup_snippet (f->store);
  g_assert_cmpstr (snippet, ==, "");

  g_assert_false (try_undo (f->store, deletions[0], &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  for (guint i = G_N_ELEMENTS (deletions); i-- > 0;)
    undo (f->store, deletions[i]);
  after = test_tree_load (f->store, talk.id);
  test_tree_assert_same (before, after);
}

/* What is deleted for good leaves the older ones something to come back to. */
static void
test_forget (TestStore *f, gconstpointer data)
{
  g_auto (Talk) talk = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 first, second;

  talk_begin (&talk, f->store);
  first = delete (f->store, talk.m[0], FALSE);
  second = delete (f->store, talk.m[2], FALSE);
  assert_path (f->store, talk.id, "elderberries figs");
  forget (f->store, second);
  g_assert_false (try_undo (f->store, second, &error));
  undo (f->store, first);
  assert_path (f->store, talk.id, "apples bananas elderberries figs");

  first = delete (f->store, talk.m[4], FALSE);
  second = delete (f->store, talk.m[0], FALSE);
  forget (f->store, second);
  undo (f->store, first);
  assert_path (f->store, talk.id, "elderberries figs");

  /* A restart is for good, too. */
  first = delete (f->store, talk.m[5], FALSE);
  test_close (f->store);
  f->store = test_open (f->folder);
  g_clear_error (&error);
  g_assert_false (try_undo (f->store, first, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  assert_path (f->store, talk.id, "elderberries");
}

/* Another answer goes with the question, unless somebody went on from it. */
static void
test_versions (TestStore *f, gconstpointer data)
{
  g_auto (Talk) talk = { 0 };
  g_autoptr (SottoHistoryTree) before = NULL;
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *other = NULL;
  gint64 deletion;

  talk_begin (&talk, f->store);
  answer = test_add_message (f->store, talk.id, talk.m[0], ASSISTANT, "grapes");
  test_activate (f->store, talk.m[1]);
  before = test_tree_load (f->store, talk.id);
  deletion = delete (f->store, talk.m[0], FALSE);
  assert_path (f->store, talk.id, "cherries dates elderberries figs");
  assert_found (f->store, "grapes", 0);
  undo (f->store, deletion);
  after = test_tree_load (f->store, talk.id);
  test_tree_assert_same (before, after);
  g_clear_pointer (&before, sotto_history_tree_free);
  g_clear_pointer (&after, sotto_history_tree_free);

  /* Alone, the other version is shown in its place; where something follows, that stays. */
  test_activate (f->store, answer);
  assert_path (f->store, talk.id, "apples grapes");
  deletion = delete (f->store, answer, FALSE);
  assert_path (f->store, talk.id, "apples bananas cherries dates elderberries figs");
  undo (f->store, deletion);
  assert_path (f->store, talk.id, "apples grapes");

  other = test_add_message (f->store, talk.id, answer, USER, "honeydews");
  test_activate (f->store, talk.m[1]);
  before = test_tree_load (f->store, talk.id);
  deletion = delete (f->store, talk.m[0], TRUE);
  assert_path (f->store, talk.id, "cherries dates elderberries figs");
  assert_found (f->store, "bananas", 0);
  assert_found (f->store, "grapes", 1);
  test_activate (f->store, other);
  assert_path (f->store, talk.id, "apples grapes honeydews");
  test_activate (f->store, talk.m[2]);
  undo (f->store, deletion);
  after = test_tree_load (f->store, talk.id);
  test_tree_assert_same (before, after);
}

/* A question that was asked again in other words keeps what it stands on. */
static void
test_asked_again (TestStore *f, gconstpointer data)
{
  g_auto (Talk) talk = { 0 };
  g_autoptr (SottoHistoryTree) before = NULL;
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autofree char *again = NULL;
  gint64 deletion;

  talk_begin (&talk, f->store);
  again = test_add_message (f->store, talk.id, talk.m[1], USER, "quinces");
  assert_path (f->store, talk.id, "apples bananas quinces");
  before = test_tree_load (f->store, talk.id);
  deletion = delete (f->store, talk.m[1], TRUE);
  assert_path (f->store, talk.id, "apples quinces");
  test_activate (f->store, talk.m[5]);
  assert_path (f->store, talk.id, "apples bananas cherries dates elderberries figs");
  test_activate (f->store, again);
  undo (f->store, deletion);
  after = test_tree_load (f->store, talk.id);
  test_tree_assert_same (before, after);

  /* The newest one goes: the one before it is there. */
  deletion = delete (f->store, again, FALSE);
  assert_path (f->store, talk.id, "apples bananas cherries dates elderberries figs");
  undo (f->store, deletion);
  assert_path (f->store, talk.id, "apples bananas quinces");
}

/* Reasoning, calls, receipts, attachments, and what other conversations do meanwhile */
static void
test_to_the_bit (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autofree char *neighbour = test_tree_make (f->from);
  g_autofree char *newer = NULL;
  g_autoptr (SottoHistoryTree) before = test_tree_load (f->from, id);
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autoptr (GPtrArray) path = test_load (f->from, id);
  gint64 deletion = delete (f->from, test_message_at (path, 0)->id, FALSE);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  test_delete_conversation (f->from, neighbour);
  sotto_store_purge_async (f->from, NULL, NULL, test_ready, &result);
  sotto_store_purge_finish (f->from, test_wait (&result), NULL, &error);
  g_assert_no_error (error);
  newer = test_tree_make (f->from);
  undo (f->from, deletion);
  after = test_tree_load (f->from, id);
  test_tree_assert_same (before, after);
}

static void
test_refused (TestStore *f, gconstpointer data)
{
  g_auto (Talk) talk = { 0 };
  g_autofree char *hidden = NULL;
  g_autofree char *streaming = NULL;
  const char *refused[4];

  talk_begin (&talk, f->store);
  hidden = test_add_message (f->store, talk.id, talk.m[0], ASSISTANT, "grapes");
  test_activate (f->store, talk.m[5]);
  streaming = test_begin (f->store, talk.id, talk.m[5]);
  refused[0] = hidden;
  refused[1] = streaming;
  refused[2] = talk.m[4]; /* with its answers, of which one streams */
  refused[3] = "a7e8b3a0-0000-4000-8000-000000000000";
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const int code = i < 3 ? SOTTO_HISTORY_ERROR_INVALID : SOTTO_HISTORY_ERROR_NOT_FOUND;
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (try_delete (f->store, refused[i], NULL, &error), ==, 0);
      g_assert_error (error, SOTTO_HISTORY_ERROR, code);
    }
  test_finish (f->store, streaming, SOTTO_HISTORY_STATUS_COMPLETE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  test_store_add ("/history/prune/each", test_each);
  test_store_add ("/history/prune/all", test_all);
  test_store_add ("/history/prune/forget", test_forget);
  test_store_add ("/history/prune/versions", test_versions);
  test_store_add ("/history/prune/asked-again", test_asked_again);
  test_two_add ("/history/prune/to-the-bit", test_to_the_bit);
  test_store_add ("/history/prune/refused", test_refused);
  return g_test_run ();
}
