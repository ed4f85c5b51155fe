/* Conversations as a whole: out of one history and into another. */

#include "trees.h"

static void
assert_refused (SottoStore *store, SottoHistoryTree *tree)
{
  g_autoptr (GPtrArray) trees = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (trees, tree);
  g_assert_null (test_tree_try_add (store, trees, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
}

static void
test_round_trip (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = test_tree_load (f->from, id);
  g_autoptr (SottoHistoryTree) copy = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autofree char *added = NULL;
  g_autofree char *text = NULL;
  SottoHistoryConversation *listed;
  const SottoHistoryPart *call;

  /* What was read is what was made. */
  g_assert_cmpuint (tree->messages->len, ==, 4);
  g_assert_true (test_tree_at (tree, 0)->is_active && !test_tree_at (tree, 1)->is_active);
  g_assert_true (test_tree_at (tree, 2)->is_active && !test_tree_at (tree, 3)->is_active);
  g_assert_cmpstr (test_tree_at (tree, 2)->parent, ==, test_tree_at (tree, 0)->id);
  g_assert_cmpstr (test_tree_at (tree, 2)->receipt, ==, "{\"seed\":7}");
  g_assert_cmpint (test_tree_at (tree, 3)->status, ==, SOTTO_HISTORY_STATUS_STOPPED);
  call = g_ptr_array_index (test_tree_at (tree, 3)->parts, 1);
  g_assert_cmpstr (call->name, ==, "weather");

  added = test_tree_add (f->to, tree, TRUE);
  g_assert_cmpstr (added, ==, id);
  copy = test_tree_load (f->to, id);
  test_tree_assert_same (tree, copy);

  /* It stands in the list, is shown and found there as it was. */
  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 1);
  listed = g_ptr_array_index (list, 0);
  g_assert_cmpstr (listed->snippet, ==, "Yes, in Belgrade.");
  g_assert_cmpuint (listed->n_messages, ==, 4);
  path = test_load (f->to, id);
  g_assert_cmpuint (path->len, ==, 2);
  text = sotto_history_message_dup_text (g_ptr_array_index (path, 1));
  g_assert_cmpstr (text, ==, "Yes, in\nBelgrade.");
  hits = test_search (f->to, "belgrade");
  g_assert_cmpuint (hits->len, ==, 1);
}

static void
test_again (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = test_tree_load (f->from, id);
  g_autofree char *first = test_tree_add (f->to, tree, TRUE);
  g_autofree char *second = test_tree_add (f->to, tree, FALSE);
  g_autofree char *more = NULL;
  g_autofree char *third = NULL;
  g_autofree char *fourth = NULL;
  g_autoptr (GPtrArray) list = NULL;

  g_assert_cmpstr (second, ==, id);

  /* One that was gone on with there says all of it still. */
  more = test_add_message (f->to, id, test_tree_at (tree, 2)->id, SOTTO_HISTORY_ROLE_USER, "And tomorrow?");
  test_activate (f->to, test_tree_at (tree, 3)->id);
  g_set_str (&test_tree_at (tree, 2)->receipt, "{\"seed\":8}");
  third = test_tree_add (f->to, tree, FALSE);

  /* What was deleted comes back. */
  test_delete_conversation (f->to, id);
  fourth = test_tree_add (f->to, tree, TRUE);
  g_assert_cmpstr (fourth, ==, id);
  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 1);
}

/* @change: what is done to the tree. */
static void
assert_becomes_another (TestTwo *f, const char *what, SottoHistoryTree *tree)
{
  g_autofree char *other = test_tree_add (f->to, tree, TRUE);
  g_autofree char *again = test_tree_add (f->to, tree, FALSE);
  g_autoptr (SottoHistoryTree) copy = test_tree_load (f->to, other);

  g_test_message ("%s", what);
  g_assert_cmpstr (other, !=, tree->conversation->id);
  g_assert_cmpstr (again, ==, other);
  g_assert_true (g_uuid_string_is_valid (other));
  g_assert_cmpuint (copy->messages->len, ==, tree->messages->len);
  for (guint i = 0; i < copy->messages->len; i++)
    g_assert_cmpstr (test_tree_at (copy, i)->id, !=, test_tree_at (tree, i)->id);
}

static void
test_changed (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = test_tree_load (f->from, id);
  g_autofree char *first = test_tree_add (f->to, tree, TRUE);
  SottoHistoryPart *part = g_ptr_array_index (test_tree_at (tree, 2)->parts, 1);
  g_autoptr (GPtrArray) list = NULL;

  g_set_str (&part->text, "No.");
  assert_becomes_another (f, "a text", tree);
  test_tree_at (tree, 0)->created--;
  assert_becomes_another (f, "a time", tree);
  test_tree_at (tree, 3)->status = SOTTO_HISTORY_STATUS_FAILED;
  assert_becomes_another (f, "a status", tree);
  g_set_str (&test_tree_at (tree, 3)->parent, test_tree_at (tree, 1)->id);
  assert_becomes_another (f, "a parent", tree);

  /* The same messages in a conversation of another name, so to speak. */
  g_free (tree->conversation->id);
  tree->conversation->id = sotto_history_new_id ();
  assert_becomes_another (f, "the conversation's id", tree);

  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 6);
}

static void
test_refused (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = test_tree_load (f->from, id);
  g_autoptr (GPtrArray) trees = g_ptr_array_new ();
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *digest = test_digest (f->folders[1]);
  g_autofree char *after = NULL;
  g_autofree char *kept = g_strdup (test_tree_at (tree, 1)->id);

  g_set_str (&test_tree_at (tree, 1)->id, test_tree_at (tree, 0)->id);
  assert_refused (f->to, tree);
  g_set_str (&test_tree_at (tree, 1)->id, "not-a-uuid");
  assert_refused (f->to, tree);
  g_set_str (&test_tree_at (tree, 1)->id, kept);
  g_set_str (&test_tree_at (tree, 0)->parent, test_tree_at (tree, 1)->id);
  assert_refused (f->to, tree);
  g_set_str (&test_tree_at (tree, 0)->parent, test_tree_at (tree, 0)->id);
  assert_refused (f->to, tree);

  /* A good one before a bad one is not added either. */
  g_ptr_array_add (trees, tree);
  g_ptr_array_add (trees, test_tree_load (f->from, id));
  g_assert_null (test_tree_try_add (f->to, trees, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  sotto_history_tree_free (g_ptr_array_steal_index (trees, 1));

  g_clear_pointer (&test_tree_at (tree, 0)->parent, g_free);
  g_cancellable_cancel (cancellable);
  g_assert_null (test_tree_try_add (f->to, trees, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 0);
  after = test_digest (f->folders[1]);
  g_assert_cmpstr (after, ==, digest);
}

/* A reply that is being written goes with what there is of it. */
static void
test_streaming (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_add_conversation (f->from, "");
  g_autofree char *question = test_add_message (f->from, id, NULL, SOTTO_HISTORY_ROLE_USER, "Go on");
  g_autofree char *reply = test_begin (f->from, id, question);
  g_autoptr (SottoHistoryTree) tree = NULL;
  const SottoHistoryPart *part;

  sotto_store_append_reply (f->from, reply, SOTTO_HISTORY_PART_TEXT, "Once ");
  sotto_store_append_call (f->from, reply, "clock", "{}");
  sotto_store_append_call (f->from, reply, "clock", "{\"a\":\"\\n\"}");
  tree = test_tree_load (f->from, id);
  g_assert_cmpint (test_tree_at (tree, 1)->status, ==, SOTTO_HISTORY_STATUS_INTERRUPTED);
  g_assert_cmpuint (test_tree_at (tree, 1)->parts->len, ==, 3);
  part = g_ptr_array_index (test_tree_at (tree, 1)->parts, 2);
  g_assert_cmpstr (part->name, ==, "clock");
  g_assert_cmpstr (part->text, ==, "{\"a\":\"\\n\"}");
  g_free (test_tree_add (f->to, tree, TRUE));
  test_finish (f->from, reply, SOTTO_HISTORY_STATUS_COMPLETE);
}

/* As deep as nobody talks: nothing here may recurse, or grow with the square. */
static void
test_deep (TestTwo *f, gconstpointer data)
{
  const guint n = 5000;
  g_autoptr (SottoHistoryTree) tree = test_tree_make_deep (n);
  g_autoptr (SottoHistoryTree) copy = NULL;

  g_free (test_tree_add (f->to, tree, TRUE));
  copy = test_tree_load (f->to, tree->conversation->id);
  g_assert_cmpuint (copy->messages->len, ==, n);
  g_assert_true (test_tree_at (copy, n - 1)->is_active);
  g_free (test_tree_add (f->to, tree, FALSE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_two_add ("/trees/round-trip", test_round_trip);
  test_two_add ("/trees/again", test_again);
  test_two_add ("/trees/changed", test_changed);
  test_two_add ("/trees/refused", test_refused);
  test_two_add ("/trees/streaming", test_streaming);
  test_two_add ("/trees/deep", test_deep);
  return g_test_run ();
}
