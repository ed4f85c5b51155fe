/* A tree of messages within its history: what is told to a model comes to stand before it, and a path
 * of it becomes a conversation of its own. */

#include "trees.h"

/* --- Before everything --- */

static void
set_instructions (SottoStore *store, const char *conversation, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *id = sotto_history_new_id ();

  sotto_store_set_instructions_async (store, conversation, id, text, NULL, test_ready, &result);
  sotto_store_set_instructions_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

/* They come to stand before everything, and go with the conversation. */
static void
test_instructions (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autofree char *neighbour = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) before = test_tree_load (f->from, id);
  g_autoptr (SottoHistoryTree) tree = NULL;
  g_autoptr (SottoHistoryTree) changed = NULL;
  g_autoptr (SottoHistoryTree) copy = NULL;
  g_autoptr (SottoHistoryTree) other = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GPtrArray) emptied = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autofree char *added = NULL;
  g_autofree char *again = NULL;

  /* Nothing to nobody changes nothing. */
  set_instructions (f->from, id, "");
  tree = test_tree_load (f->from, id);
  test_tree_assert_same (before, tree);
  g_clear_pointer (&tree, sotto_history_tree_free);

  set_instructions (f->from, id, "Speak in zebras.");
  set_instructions (f->from, neighbour, "Whisper.");
  tree = test_tree_load (f->from, id);
  g_assert_cmpuint (tree->messages->len, ==, before->messages->len + 1);
  g_assert_cmpint (test_tree_at (tree, 0)->role, ==, SOTTO_HISTORY_ROLE_SYSTEM);
  g_assert_null (test_tree_at (tree, 0)->parent);
  g_assert_true (test_tree_at (tree, 0)->is_active);
  for (guint i = 0; i < before->messages->len; i++)
    {
      const char *parent = test_tree_at (before, i)->parent;

      g_assert_cmpstr (test_tree_at (tree, i + 1)->id, ==, test_tree_at (before, i)->id);
      g_assert_cmpstr (test_tree_at (tree, i + 1)->parent, ==, parent != NULL ? parent : test_tree_at (tree, 0)->id);
      g_assert_cmpint (test_tree_at (tree, i + 1)->is_active, ==, test_tree_at (before, i)->is_active);
    }
  g_assert_cmpint (tree->conversation->updated, ==, before->conversation->updated);

  path = test_load (f->from, id);
  g_assert_cmpuint (path->len, ==, 3);
  test_assert_text (path, 0, "Speak in zebras.");
  test_assert_text (path, 1, "Will it rain?");
  g_assert_cmpuint (((SottoHistoryMessage *) g_ptr_array_index (path, 1))->n_siblings, ==, 2);
  hits = test_search (f->from, "zebras");
  g_assert_cmpuint (hits->len, ==, 0);

  added = test_tree_add (f->to, tree, TRUE);
  copy = test_tree_load (f->to, added);
  test_tree_assert_same (tree, copy);

  /* Others take the place of these; none at all, too. What was exported before is another now. */
  set_instructions (f->from, id, "Be brief.");
  changed = test_tree_load (f->from, id);
  g_assert_cmpuint (changed->messages->len, ==, tree->messages->len);
  g_assert_cmpstr (test_tree_at (changed, 0)->id, ==, test_tree_at (tree, 0)->id);
  again = test_tree_add (f->to, changed, TRUE);
  g_assert_cmpstr (again, !=, added);
  set_instructions (f->from, id, "");
  emptied = test_load (f->from, id);
  g_assert_cmpuint (emptied->len, ==, 3);
  test_assert_text (emptied, 0, "");
  other = test_tree_load (f->from, neighbour);
  g_assert_cmpstr (((SottoHistoryPart *) g_ptr_array_index (test_tree_at (other, 0)->parts, 0))->text, ==, "Whisper.");
}

static void
test_no_instructions (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  const char *const wrong[][2] = { { id, "not-a-uuid" }, { "a7e8b3a0-0000-4000-8000-000000000000", id } };
  g_autoptr (SottoHistoryTree) before = test_tree_load (f->from, id);
  g_autoptr (SottoHistoryTree) after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      const int code = i == 0 ? SOTTO_HISTORY_ERROR_INVALID : SOTTO_HISTORY_ERROR_NOT_FOUND;

      sotto_store_set_instructions_async (f->from, wrong[i][0], wrong[i][1], "x", NULL, test_ready, &result);
      g_assert_false (sotto_store_set_instructions_finish (f->from, test_wait (&result), &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, code);
    }
  after = test_tree_load (f->from, id);
  test_tree_assert_same (before, after);
}

/* --- Branches --- */

static gboolean
try_branch (SottoStore *store, const char *message, const char *id, const char *title, GError **error)
{
  const SottoHistoryBranch branch = { .id = id, .title = title, .last = message };
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_branch_async (store, &branch, NULL, test_ready, &result);
  return sotto_store_branch_finish (store, test_wait (&result), error);
}

/* Returns: (transfer full): the new conversation */
static SottoHistoryTree *
branch (SottoStore *store, const char *message, const char *title)
{
  g_autofree char *id = sotto_history_new_id ();
  g_autoptr (GError) error = NULL;

  try_branch (store, message, id, title, &error);
  g_assert_no_error (error);
  return test_tree_load (store, id);
}

/* @branched: what of @tree stands at the places @from, and nothing else */
static void
assert_path (SottoHistoryTree *branched, SottoHistoryTree *tree, const guint *from, guint n)
{
  g_assert_cmpuint (branched->messages->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      SottoHistoryMessage *message = test_tree_at (branched, i);
      SottoHistoryMessage *original = test_tree_at (tree, from[i]);

      g_assert_cmpstr (message->id, !=, original->id);
      g_assert_cmpstr (message->parent, ==, i > 0 ? test_tree_at (branched, i - 1)->id : NULL);
      g_assert_true (message->is_active);
      g_assert_cmpint (message->role, ==, original->role);
      g_assert_cmpint (message->status, ==, original->status);
      g_assert_cmpint (message->created, ==, original->created);
      g_assert_cmpstr (message->receipt, ==, original->receipt);
      g_assert_cmpuint (message->parts->len, ==, original->parts->len);
      for (guint j = 0; j < message->parts->len; j++)
        {
          const SottoHistoryPart *one = g_ptr_array_index (message->parts, j);
          const SottoHistoryPart *two = g_ptr_array_index (original->parts, j);

          g_assert_cmpint (one->kind, ==, two->kind);
          g_assert_cmpstr (one->text, ==, two->text);
          g_assert_true (one->data == two->data || g_bytes_equal (one->data, two->data));
        }
    }
}

/* What leads to a message, in a conversation of its own: of a version that is shown and of one that
 * is not. The old one is as it was, and each goes its own way. */
static void
test_branch (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = NULL;
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autoptr (SottoHistoryTree) shown = NULL;
  g_autoptr (SottoHistoryTree) hidden = NULL;
  g_autoptr (SottoHistoryTree) question = NULL;
  g_autoptr (SottoHistoryTree) again = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GPtrArray) named = NULL;
  g_autofree char *more = NULL;
  const SottoHistoryConversation *listed;

  set_instructions (f->from, id, "Speak in zebras.");
  tree = test_tree_load (f->from, id);

  shown = branch (f->from, test_tree_at (tree, 3)->id, "Weather (2)");
  g_assert_cmpstr (shown->conversation->title, ==, "Weather (2)");
  g_assert_cmpint (shown->conversation->created, >, tree->conversation->updated);
  assert_path (shown, tree, (const guint[]) { 0, 1, 3 }, 3);
  hidden = branch (f->from, test_tree_at (tree, 4)->id, NULL);
  g_assert_cmpstr (hidden->conversation->title, ==, "Weather");
  assert_path (hidden, tree, (const guint[]) { 0, 1, 4 }, 3);
  question = branch (f->from, test_tree_at (tree, 2)->id, NULL);
  assert_path (question, tree, (const guint[]) { 0, 2 }, 2);

  /* The newest stands first, each as a conversation like any other. */
  list = test_list (f->from);
  g_assert_cmpuint (list->len, ==, 4);
  listed = g_ptr_array_index (list, 0);
  g_assert_cmpstr (listed->id, ==, question->conversation->id);
  g_assert_cmpstr (listed->snippet, ==, "Will it snow?");
  listed = g_ptr_array_index (list, 2);
  g_assert_cmpstr (listed->id, ==, shown->conversation->id);
  g_assert_cmpstr (listed->snippet, ==, "Yes, in Belgrade.");
  g_assert_null (listed->draft);
  hits = test_search (f->from, "belgrade");
  g_assert_cmpuint (hits->len, ==, 2);
  named = test_search (f->from, "weather");
  g_assert_cmpuint (named->len, >=, 4);

  /* What is said in one is not said in the other. */
  more = test_add_message (f->from, shown->conversation->id, test_tree_at (shown, 2)->id, SOTTO_HISTORY_ROLE_USER,
                           "And tomorrow?");
  set_instructions (f->from, shown->conversation->id, "Be brief.");
  after = test_tree_load (f->from, id);
  test_tree_assert_same (tree, after);
  path = test_load (f->from, shown->conversation->id);
  g_assert_cmpuint (path->len, ==, 4);
  test_assert_text (path, 0, "Be brief.");

  /* A branch of a branch, the one before gone. */
  test_delete_conversation (f->from, id);
  again = branch (f->from, test_tree_at (shown, 1)->id, NULL);
  g_assert_cmpuint (again->messages->len, ==, 2);
}

static void
test_branch_refused (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = test_tree_load (f->from, id);
  g_autofree char *new_id = sotto_history_new_id ();
  const SottoHistoryBranch aside = { .id = new_id, .last = test_tree_at (tree, 2)->id,
                                     .first = test_tree_at (tree, 3)->id };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (try_branch (f->from, new_id, new_id, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  /* It stands beside the other, not before it. */
  sotto_store_branch_async (f->from, &aside, NULL, test_ready, &result);
  g_assert_false (sotto_store_branch_finish (f->from, test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (try_branch (f->from, test_tree_at (tree, 0)->id, "not-a-uuid", NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (try_branch (f->from, test_tree_at (tree, 0)->id, id, NULL, &error));
  g_assert_nonnull (error);

  list = test_list (f->from);
  g_assert_cmpuint (list->len, ==, 1);
}

/* Its end alone, and something else told before all: with what stood there, or with nothing */
static void
test_branch_of_the_end (TestTwo *f, gconstpointer data)
{
  g_autofree char *id = test_tree_make (f->from);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *new_id = sotto_history_new_id ();
      g_autoptr (SottoHistoryTree) tree = test_tree_load (f->from, id);
      g_autoptr (SottoHistoryTree) after = NULL;
      g_autoptr (SottoHistoryTree) made = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GPtrArray) path = NULL;
      g_autoptr (GError) error = NULL;
      const guint last = i == 0 ? 2 : 3; /* the first reply, behind the instructions the second time */
      const SottoHistoryBranch branch = { .id = new_id, .last = test_tree_at (tree, last)->id,
                                          .first = test_tree_at (tree, last)->id, .instructions = "In short: rain." };

      sotto_store_branch_async (f->from, &branch, NULL, test_ready, &result);
      sotto_store_branch_finish (f->from, test_wait (&result), &error);
      g_assert_no_error (error);
      made = test_tree_load (f->from, new_id);
      g_assert_cmpuint (made->messages->len, ==, 2);
      g_assert_cmpint (test_tree_at (made, 0)->role, ==, SOTTO_HISTORY_ROLE_SYSTEM);
      g_assert_null (test_tree_at (made, 0)->parent);
      g_assert_cmpstr (test_tree_at (made, 1)->parent, ==, test_tree_at (made, 0)->id);
      g_assert_cmpstr (test_tree_at (made, 1)->receipt, ==, test_tree_at (tree, last)->receipt);
      path = test_load (f->from, new_id);
      g_assert_cmpuint (path->len, ==, 2);
      test_assert_text (path, 0, "In short: rain.");
      after = test_tree_load (f->from, id);
      test_tree_assert_same (tree, after);
      set_instructions (f->from, id, "Speak in zebras.");
    }
}

/* As deep as nobody talks: nothing here may recurse, or grow with the square. */
static void
test_deep (TestTwo *f, gconstpointer data)
{
  const guint n = 5000;
  g_autoptr (SottoHistoryTree) tree = test_tree_make_deep (n);
  g_autoptr (SottoHistoryTree) copy = NULL;

  g_free (test_tree_add (f->from, tree, TRUE));
  copy = branch (f->from, test_tree_at (tree, n - 1)->id, NULL);
  g_assert_cmpuint (copy->messages->len, ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_two_add ("/branches/instructions", test_instructions);
  test_two_add ("/branches/no-instructions", test_no_instructions);
  test_two_add ("/branches/branch", test_branch);
  test_two_add ("/branches/branch-refused", test_branch_refused);
  test_two_add ("/branches/of-the-end", test_branch_of_the_end);
  test_two_add ("/branches/deep", test_deep);
  return g_test_run ();
}
