/* Conversations as a whole: out of one history and into another. */

#include "common.h"

#include <string.h>

typedef struct {
  char *folders[2];
  SottoStore *from;
  SottoStore *to;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    f->folders[i] = test_make_folder ();
  f->from = test_create (f->folders[0]);
  f->to = test_create (f->folders[1]);
}

static void
tear_down (Fixture *f, gconstpointer data)
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

static SottoHistoryTree *
load (SottoStore *store, const char *conversation)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  SottoHistoryTree *tree;

  sotto_store_load_tree_async (store, conversation, NULL, test_ready, &result);
  tree = sotto_store_load_tree_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return tree;
}

static GPtrArray *
try_add (SottoStore *store, GPtrArray *trees, GCancellable *cancellable, GError **error)
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

/* Returns: (transfer full): the id it has now. @is_new: what is expected */
static char *
add (SottoStore *store, SottoHistoryTree *tree, gboolean is_new)
{
  g_autoptr (GPtrArray) trees = g_ptr_array_new ();
  g_autoptr (GPtrArray) additions = NULL;
  g_autoptr (GError) error = NULL;
  const SottoHistoryAddition *addition;

  g_ptr_array_add (trees, tree);
  additions = try_add (store, trees, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (additions->len, ==, 1);
  addition = g_ptr_array_index (additions, 0);
  g_assert_cmpint (addition->is_new, ==, is_new);
  return g_strdup (addition->id);
}

static void
assert_refused (SottoStore *store, SottoHistoryTree *tree)
{
  g_autoptr (GPtrArray) trees = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (trees, tree);
  g_assert_null (try_add (store, trees, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
}

static void
activate (SottoStore *store, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_activate_message_async (store, message, NULL, test_ready, &result);
  sotto_store_activate_message_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

static void
delete_conversation (SottoStore *store, const char *conversation)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_delete_conversation_async (store, conversation, NULL, test_ready, &result);
  sotto_store_delete_conversation_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

static SottoHistoryMessage *
at (SottoHistoryTree *tree, guint i)
{
  g_assert_cmpuint (i, <, tree->messages->len);
  return g_ptr_array_index (tree->messages, i);
}

/* A question with an image, two replies to it of which the first is shown, one that only thought
 * and called; and another question at the beginning. Returns: (transfer full): its id */
static char *
make_conversation (SottoStore *store)
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
  activate (store, first);
  return conversation;
}

static void
assert_same (SottoHistoryTree *a, SottoHistoryTree *b)
{
  g_assert_cmpstr (a->conversation->id, ==, b->conversation->id);
  g_assert_cmpstr (a->conversation->title, ==, b->conversation->title);
  g_assert_cmpint (a->conversation->created, ==, b->conversation->created);
  g_assert_cmpint (a->conversation->updated, ==, b->conversation->updated);
  g_assert_cmpuint (a->messages->len, ==, b->messages->len);
  for (guint i = 0; i < a->messages->len; i++)
    {
      g_assert_cmpstr (at (a, i)->id, ==, at (b, i)->id);
      g_assert_cmpstr (at (a, i)->parent, ==, at (b, i)->parent);
      g_assert_cmpint (at (a, i)->role, ==, at (b, i)->role);
      g_assert_cmpint (at (a, i)->status, ==, at (b, i)->status);
      g_assert_cmpint (at (a, i)->created, ==, at (b, i)->created);
      g_assert_cmpint (at (a, i)->is_active, ==, at (b, i)->is_active);
      g_assert_cmpstr (at (a, i)->receipt, ==, at (b, i)->receipt);
      g_assert_cmpuint (at (a, i)->parts->len, ==, at (b, i)->parts->len);
      for (guint j = 0; j < at (a, i)->parts->len; j++)
        {
          const SottoHistoryPart *one = g_ptr_array_index (at (a, i)->parts, j);
          const SottoHistoryPart *two = g_ptr_array_index (at (b, i)->parts, j);

          g_assert_cmpint (one->kind, ==, two->kind);
          g_assert_cmpstr (one->text, ==, two->text);
          g_assert_cmpstr (one->name, ==, two->name);
          g_assert_cmpstr (one->media_type, ==, two->media_type);
          g_assert_true (one->data == two->data || g_bytes_equal (one->data, two->data));
        }
    }
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  g_autoptr (SottoHistoryTree) tree = load (f->from, id);
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
  g_assert_true (at (tree, 0)->is_active && !at (tree, 1)->is_active);
  g_assert_true (at (tree, 2)->is_active && !at (tree, 3)->is_active);
  g_assert_cmpstr (at (tree, 2)->parent, ==, at (tree, 0)->id);
  g_assert_cmpstr (at (tree, 2)->receipt, ==, "{\"seed\":7}");
  g_assert_cmpint (at (tree, 3)->status, ==, SOTTO_HISTORY_STATUS_STOPPED);
  call = g_ptr_array_index (at (tree, 3)->parts, 1);
  g_assert_cmpstr (call->name, ==, "weather");

  added = add (f->to, tree, TRUE);
  g_assert_cmpstr (added, ==, id);
  copy = load (f->to, id);
  assert_same (tree, copy);

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
test_again (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  g_autoptr (SottoHistoryTree) tree = load (f->from, id);
  g_autofree char *first = add (f->to, tree, TRUE);
  g_autofree char *second = add (f->to, tree, FALSE);
  g_autofree char *more = NULL;
  g_autofree char *third = NULL;
  g_autofree char *fourth = NULL;
  g_autoptr (GPtrArray) list = NULL;

  g_assert_cmpstr (second, ==, id);

  /* One that was gone on with there says all of it still. */
  more = test_add_message (f->to, id, at (tree, 2)->id, SOTTO_HISTORY_ROLE_USER, "And tomorrow?");
  activate (f->to, at (tree, 3)->id);
  g_set_str (&at (tree, 2)->receipt, "{\"seed\":8}");
  third = add (f->to, tree, FALSE);

  /* What was deleted comes back. */
  delete_conversation (f->to, id);
  fourth = add (f->to, tree, TRUE);
  g_assert_cmpstr (fourth, ==, id);
  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 1);
}

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
test_instructions (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  g_autofree char *neighbour = make_conversation (f->from);
  g_autoptr (SottoHistoryTree) before = load (f->from, id);
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
  tree = load (f->from, id);
  assert_same (before, tree);
  g_clear_pointer (&tree, sotto_history_tree_free);

  set_instructions (f->from, id, "Speak in zebras.");
  set_instructions (f->from, neighbour, "Whisper.");
  tree = load (f->from, id);
  g_assert_cmpuint (tree->messages->len, ==, before->messages->len + 1);
  g_assert_cmpint (at (tree, 0)->role, ==, SOTTO_HISTORY_ROLE_SYSTEM);
  g_assert_null (at (tree, 0)->parent);
  g_assert_true (at (tree, 0)->is_active);
  for (guint i = 0; i < before->messages->len; i++)
    {
      const char *parent = at (before, i)->parent;

      g_assert_cmpstr (at (tree, i + 1)->id, ==, at (before, i)->id);
      g_assert_cmpstr (at (tree, i + 1)->parent, ==, parent != NULL ? parent : at (tree, 0)->id);
      g_assert_cmpint (at (tree, i + 1)->is_active, ==, at (before, i)->is_active);
    }
  g_assert_cmpint (tree->conversation->updated, ==, before->conversation->updated);

  path = test_load (f->from, id);
  g_assert_cmpuint (path->len, ==, 3);
  test_assert_text (path, 0, "Speak in zebras.");
  test_assert_text (path, 1, "Will it rain?");
  g_assert_cmpuint (((SottoHistoryMessage *) g_ptr_array_index (path, 1))->n_siblings, ==, 2);
  hits = test_search (f->from, "zebras");
  g_assert_cmpuint (hits->len, ==, 0);

  added = add (f->to, tree, TRUE);
  copy = load (f->to, added);
  assert_same (tree, copy);

  /* Others take the place of these; none at all, too. What was exported before is another now. */
  set_instructions (f->from, id, "Be brief.");
  changed = load (f->from, id);
  g_assert_cmpuint (changed->messages->len, ==, tree->messages->len);
  g_assert_cmpstr (at (changed, 0)->id, ==, at (tree, 0)->id);
  again = add (f->to, changed, TRUE);
  g_assert_cmpstr (again, !=, added);
  set_instructions (f->from, id, "");
  emptied = test_load (f->from, id);
  g_assert_cmpuint (emptied->len, ==, 3);
  test_assert_text (emptied, 0, "");
  other = load (f->from, neighbour);
  g_assert_cmpstr (((SottoHistoryPart *) g_ptr_array_index (at (other, 0)->parts, 0))->text, ==, "Whisper.");
}

static void
test_no_instructions (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  const char *const wrong[][2] = { { id, "not-a-uuid" }, { "a7e8b3a0-0000-4000-8000-000000000000", id } };
  g_autoptr (SottoHistoryTree) before = load (f->from, id);
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
  after = load (f->from, id);
  assert_same (before, after);
}

/* @change: what is done to the tree. */
static void
assert_becomes_another (Fixture *f, const char *what, SottoHistoryTree *tree)
{
  g_autofree char *other = add (f->to, tree, TRUE);
  g_autofree char *again = add (f->to, tree, FALSE);
  g_autoptr (SottoHistoryTree) copy = load (f->to, other);

  g_test_message ("%s", what);
  g_assert_cmpstr (other, !=, tree->conversation->id);
  g_assert_cmpstr (again, ==, other);
  g_assert_true (g_uuid_string_is_valid (other));
  g_assert_cmpuint (copy->messages->len, ==, tree->messages->len);
  for (guint i = 0; i < copy->messages->len; i++)
    g_assert_cmpstr (at (copy, i)->id, !=, at (tree, i)->id);
}

static void
test_changed (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  g_autoptr (SottoHistoryTree) tree = load (f->from, id);
  g_autofree char *first = add (f->to, tree, TRUE);
  SottoHistoryPart *part = g_ptr_array_index (at (tree, 2)->parts, 1);
  g_autoptr (GPtrArray) list = NULL;

  g_set_str (&part->text, "No.");
  assert_becomes_another (f, "a text", tree);
  at (tree, 0)->created--;
  assert_becomes_another (f, "a time", tree);
  at (tree, 3)->status = SOTTO_HISTORY_STATUS_FAILED;
  assert_becomes_another (f, "a status", tree);
  g_set_str (&at (tree, 3)->parent, at (tree, 1)->id);
  assert_becomes_another (f, "a parent", tree);

  /* The same messages in a conversation of another name, so to speak. */
  g_free (tree->conversation->id);
  tree->conversation->id = sotto_history_new_id ();
  assert_becomes_another (f, "the conversation's id", tree);

  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 6);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  g_autoptr (SottoHistoryTree) tree = load (f->from, id);
  g_autoptr (GPtrArray) trees = g_ptr_array_new ();
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *digest = test_digest (f->folders[1]);
  g_autofree char *after = NULL;
  g_autofree char *kept = g_strdup (at (tree, 1)->id);

  g_set_str (&at (tree, 1)->id, at (tree, 0)->id);
  assert_refused (f->to, tree);
  g_set_str (&at (tree, 1)->id, "not-a-uuid");
  assert_refused (f->to, tree);
  g_set_str (&at (tree, 1)->id, kept);
  g_set_str (&at (tree, 0)->parent, at (tree, 1)->id);
  assert_refused (f->to, tree);
  g_set_str (&at (tree, 0)->parent, at (tree, 0)->id);
  assert_refused (f->to, tree);

  /* A good one before a bad one is not added either. */
  g_ptr_array_add (trees, tree);
  g_ptr_array_add (trees, load (f->from, id));
  g_assert_null (try_add (f->to, trees, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  sotto_history_tree_free (g_ptr_array_steal_index (trees, 1));

  g_clear_pointer (&at (tree, 0)->parent, g_free);
  g_cancellable_cancel (cancellable);
  g_assert_null (try_add (f->to, trees, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  list = test_list (f->to);
  g_assert_cmpuint (list->len, ==, 0);
  after = test_digest (f->folders[1]);
  g_assert_cmpstr (after, ==, digest);
}

/* A reply that is being written goes with what there is of it. */
static void
test_streaming (Fixture *f, gconstpointer data)
{
  g_autofree char *id = test_add_conversation (f->from, "");
  g_autofree char *question = test_add_message (f->from, id, NULL, SOTTO_HISTORY_ROLE_USER, "Go on");
  g_autofree char *reply = test_begin (f->from, id, question);
  g_autoptr (SottoHistoryTree) tree = NULL;
  const SottoHistoryPart *part;

  sotto_store_append_reply (f->from, reply, SOTTO_HISTORY_PART_TEXT, "Once ");
  sotto_store_append_call (f->from, reply, "clock", "{}");
  sotto_store_append_call (f->from, reply, "clock", "{\"a\":\"\\n\"}");
  tree = load (f->from, id);
  g_assert_cmpint (at (tree, 1)->status, ==, SOTTO_HISTORY_STATUS_INTERRUPTED);
  g_assert_cmpuint (at (tree, 1)->parts->len, ==, 3);
  part = g_ptr_array_index (at (tree, 1)->parts, 2);
  g_assert_cmpstr (part->name, ==, "clock");
  g_assert_cmpstr (part->text, ==, "{\"a\":\"\\n\"}");
  g_free (add (f->to, tree, TRUE));
  test_finish (f->from, reply, SOTTO_HISTORY_STATUS_COMPLETE);
}

static gboolean
try_branch (SottoStore *store, const char *message, const char *id, const char *title, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_branch_async (store, message, id, title, NULL, test_ready, &result);
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
  return load (store, id);
}

/* @branched: what of @tree stands at the places @from, and nothing else */
static void
assert_path (SottoHistoryTree *branched, SottoHistoryTree *tree, const guint *from, guint n)
{
  g_assert_cmpuint (branched->messages->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      SottoHistoryMessage *message = at (branched, i);
      SottoHistoryMessage *original = at (tree, from[i]);

      g_assert_cmpstr (message->id, !=, original->id);
      g_assert_cmpstr (message->parent, ==, i > 0 ? at (branched, i - 1)->id : NULL);
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
test_branch (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
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
  tree = load (f->from, id);

  shown = branch (f->from, at (tree, 3)->id, "Weather (2)");
  g_assert_cmpstr (shown->conversation->title, ==, "Weather (2)");
  g_assert_cmpint (shown->conversation->created, >, tree->conversation->updated);
  assert_path (shown, tree, (const guint[]) { 0, 1, 3 }, 3);
  hidden = branch (f->from, at (tree, 4)->id, NULL);
  g_assert_cmpstr (hidden->conversation->title, ==, "Weather");
  assert_path (hidden, tree, (const guint[]) { 0, 1, 4 }, 3);
  question = branch (f->from, at (tree, 2)->id, NULL);
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
  more = test_add_message (f->from, shown->conversation->id, at (shown, 2)->id, SOTTO_HISTORY_ROLE_USER,
                           "And tomorrow?");
  set_instructions (f->from, shown->conversation->id, "Be brief.");
  after = load (f->from, id);
  assert_same (tree, after);
  path = test_load (f->from, shown->conversation->id);
  g_assert_cmpuint (path->len, ==, 4);
  test_assert_text (path, 0, "Be brief.");

  /* A branch of a branch, the one before gone. */
  delete_conversation (f->from, id);
  again = branch (f->from, at (shown, 1)->id, NULL);
  g_assert_cmpuint (again->messages->len, ==, 2);
}

static void
test_branch_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *id = make_conversation (f->from);
  g_autoptr (SottoHistoryTree) tree = load (f->from, id);
  g_autofree char *new_id = sotto_history_new_id ();
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (try_branch (f->from, new_id, new_id, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (try_branch (f->from, at (tree, 0)->id, "not-a-uuid", NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (try_branch (f->from, at (tree, 0)->id, id, NULL, &error));
  g_assert_nonnull (error);

  list = test_list (f->from);
  g_assert_cmpuint (list->len, ==, 1);
}

/* As deep as nobody talks: nothing here may recurse, or grow with the square. */
static void
test_deep (Fixture *f, gconstpointer data)
{
  g_autoptr (SottoHistoryTree) tree = sotto_history_tree_new ();
  g_autoptr (SottoHistoryTree) copy = NULL;
  const guint n = 5000;

  tree->conversation->id = sotto_history_new_id ();
  tree->conversation->title = g_strdup ("Deep");
  for (guint i = 0; i < n; i++)
    {
      SottoHistoryMessage *message = g_new0 (SottoHistoryMessage, 1);

      message->id = sotto_history_new_id ();
      message->parent = i > 0 ? g_strdup (at (tree, i - 1)->id) : NULL;
      message->role = i % 2 == 0 ? SOTTO_HISTORY_ROLE_USER : SOTTO_HISTORY_ROLE_ASSISTANT;
      message->status = SOTTO_HISTORY_STATUS_COMPLETE;
      message->created = i;
      message->parts = sotto_history_parts_new_text ("x");
      g_ptr_array_add (tree->messages, message);
    }
  g_free (add (f->to, tree, TRUE));
  copy = load (f->to, tree->conversation->id);
  g_assert_cmpuint (copy->messages->len, ==, n);
  g_assert_true (at (copy, n - 1)->is_active);
  g_free (add (f->to, tree, FALSE));

  g_clear_pointer (&copy, sotto_history_tree_free);
  copy = branch (f->to, at (tree, n - 1)->id, NULL);
  g_assert_cmpuint (copy->messages->len, ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/trees/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
  g_test_add ("/trees/again", Fixture, NULL, set_up, test_again, tear_down);
  g_test_add ("/trees/instructions", Fixture, NULL, set_up, test_instructions, tear_down);
  g_test_add ("/trees/no-instructions", Fixture, NULL, set_up, test_no_instructions, tear_down);
  g_test_add ("/trees/changed", Fixture, NULL, set_up, test_changed, tear_down);
  g_test_add ("/trees/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/trees/streaming", Fixture, NULL, set_up, test_streaming, tear_down);
  g_test_add ("/trees/branch", Fixture, NULL, set_up, test_branch, tear_down);
  g_test_add ("/trees/branch-refused", Fixture, NULL, set_up, test_branch_refused, tear_down);
  g_test_add ("/trees/deep", Fixture, NULL, set_up, test_deep, tear_down);
  return g_test_run ();
}
