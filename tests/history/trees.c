#include "trees.h"

static void
set_up (TestTwo *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    f->folders[i] = test_make_folder ();
  f->from = test_create (f->folders[0]);
  f->to = test_create (f->folders[1]);
}

static void
tear_down (TestTwo *f, gconstpointer data)
{
  test_check (f->from);
  test_check (f->to);
  test_close (f->from);
  test_close (f->to);
  for (guint i = 0; i < 2; i++)
    {
      test_remove_folder (f->folders[i]);
      g_free (f->folders[i]);
    }
}

void
test_two_add (const char *path, void (*test) (TestTwo *, gconstpointer))
{
  g_test_add (path, TestTwo, NULL, set_up, test, tear_down);
}

SottoHistoryTree *
test_tree_load (SottoStore *store, const char *conversation)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  SottoHistoryTree *tree;

  sotto_store_load_tree_async (store, conversation, TRUE, NULL, test_ready, &result);
  tree = sotto_store_load_tree_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return tree;
}

GPtrArray *
test_tree_try_add (SottoStore *store, GPtrArray *trees, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  gint n_done = 0;
  GPtrArray *additions;
  gint n = 0;

  sotto_store_add_trees_async (store, trees, &n_done, cancellable, test_ready, &result);
  additions = sotto_store_add_trees_finish (store, test_wait (&result), error);
  for (guint i = 0; additions != NULL && i < trees->len; i++)
    n += (gint) ((SottoHistoryTree *) g_ptr_array_index (trees, i))->messages->len;
  if (additions != NULL)
    g_assert_cmpint (n_done, ==, n);
  return additions;
}

char *
test_tree_add (SottoStore *store, SottoHistoryTree *tree, gboolean is_new)
{
  g_autoptr (GPtrArray) trees = g_ptr_array_new ();
  g_autoptr (GPtrArray) additions = NULL;
  g_autoptr (GError) error = NULL;
  const SottoHistoryAddition *addition;

  g_ptr_array_add (trees, tree);
  additions = test_tree_try_add (store, trees, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (additions->len, ==, 1);
  addition = g_ptr_array_index (additions, 0);
  g_assert_cmpint (addition->is_new, ==, is_new);
  return g_strdup (addition->id);
}

void
test_activate (SottoStore *store, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_activate_message_async (store, message, NULL, test_ready, &result);
  sotto_store_activate_message_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

void
test_delete_conversation (SottoStore *store, const char *conversation)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_delete_conversation_async (store, conversation, NULL, test_ready, &result);
  sotto_store_delete_conversation_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

SottoHistoryMessage *
test_tree_at (SottoHistoryTree *tree, guint i)
{
  g_assert_cmpuint (i, <, tree->messages->len);
  return g_ptr_array_index (tree->messages, i);
}

char *
test_tree_make (SottoStore *store)
{
  char *conversation = test_add_conversation (store, "Weather");
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("Will it rain?");
  SottoHistoryPart *image = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, "");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) finished = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *question = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *other = NULL;

  image->name = g_strdup ("sky.png");
  image->media_type = g_strdup ("image/png");
  image->data = g_bytes_new_static ("\0\1\2\xff", 4);
  g_ptr_array_add (parts, image);
  sotto_store_add_message_async (store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER, parts, FALSE, NULL,
                                 test_ready, &result);
  question = sotto_store_add_message_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);

  other = test_add_message (store, conversation, NULL, SOTTO_HISTORY_ROLE_USER, "Will it snow?");
  first = test_begin (store, conversation, question);
  sotto_store_append_reply (store, first, SOTTO_HISTORY_PART_REASONING, "Clouds.");
  sotto_store_append_reply (store, first, SOTTO_HISTORY_PART_TEXT, "Yes, in\nBelgrade.");
  sotto_store_finish_reply_async (store, first, SOTTO_HISTORY_STATUS_COMPLETE, "{\"seed\":7}", NULL, test_ready,
                                  &finished);
  sotto_store_finish_reply_finish (store, test_wait (&finished), &error);
  g_assert_no_error (error);
  second = test_begin (store, conversation, question);
  sotto_store_append_reply (store, second, SOTTO_HISTORY_PART_REASONING, "Hm.");
  sotto_store_append_call (store, second, "weather", "{\"place\":\"Novi Sad\"}");
  test_finish (store, second, SOTTO_HISTORY_STATUS_STOPPED);
  test_activate (store, first);
  return conversation;
}

SottoHistoryTree *
test_tree_make_deep (guint n)
{
  SottoHistoryTree *tree = sotto_history_tree_new ();

  tree->conversation->id = sotto_history_new_id ();
  tree->conversation->title = g_strdup ("Deep");
  for (guint i = 0; i < n; i++)
    {
      SottoHistoryMessage *message = g_new0 (SottoHistoryMessage, 1);

      message->id = sotto_history_new_id ();
      message->parent = i > 0 ? g_strdup (test_tree_at (tree, i - 1)->id) : NULL;
      message->role = i % 2 == 0 ? SOTTO_HISTORY_ROLE_USER : SOTTO_HISTORY_ROLE_ASSISTANT;
      message->status = SOTTO_HISTORY_STATUS_COMPLETE;
      message->created = i;
      message->parts = sotto_history_parts_new_text ("x");
      g_ptr_array_add (tree->messages, message);
    }
  return tree;
}

void
test_tree_assert_same (SottoHistoryTree *a, SottoHistoryTree *b)
{
  g_assert_cmpstr (a->conversation->id, ==, b->conversation->id);
  g_assert_cmpstr (a->conversation->title, ==, b->conversation->title);
  g_assert_cmpint (a->conversation->created, ==, b->conversation->created);
  g_assert_cmpint (a->conversation->updated, ==, b->conversation->updated);
  g_assert_cmpint (a->conversation->is_pinned, ==, b->conversation->is_pinned);
  g_assert_cmpuint (a->messages->len, ==, b->messages->len);
  for (guint i = 0; i < a->messages->len; i++)
    {
      g_assert_cmpstr (test_tree_at (a, i)->id, ==, test_tree_at (b, i)->id);
      g_assert_cmpstr (test_tree_at (a, i)->parent, ==, test_tree_at (b, i)->parent);
      g_assert_cmpint (test_tree_at (a, i)->role, ==, test_tree_at (b, i)->role);
      g_assert_cmpint (test_tree_at (a, i)->status, ==, test_tree_at (b, i)->status);
      g_assert_cmpint (test_tree_at (a, i)->created, ==, test_tree_at (b, i)->created);
      g_assert_cmpint (test_tree_at (a, i)->is_active, ==, test_tree_at (b, i)->is_active);
      g_assert_cmpstr (test_tree_at (a, i)->receipt, ==, test_tree_at (b, i)->receipt);
      g_assert_cmpuint (test_tree_at (a, i)->parts->len, ==, test_tree_at (b, i)->parts->len);
      for (guint j = 0; j < test_tree_at (a, i)->parts->len; j++)
        {
          const SottoHistoryPart *one = g_ptr_array_index (test_tree_at (a, i)->parts, j);
          const SottoHistoryPart *two = g_ptr_array_index (test_tree_at (b, i)->parts, j);

          g_assert_cmpint (one->kind, ==, two->kind);
          g_assert_cmpstr (one->text, ==, two->text);
          g_assert_cmpstr (one->name, ==, two->name);
          g_assert_cmpstr (one->media_type, ==, two->media_type);
          g_assert_true (one->data == two->data || g_bytes_equal (one->data, two->data));
        }
    }
}
