/* Conversations, the tree of messages and their parts, drafts, settings, what is deleted. */

#include "common.h"

#include <string.h>

static void
reopen (TestStore *f)
{
  test_close (f->store);
  f->store = test_open (f->folder);
}

static void
test_round_trip (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Weather");
  g_autofree char *question = test_add_message (f->store, conversation, NULL,
                                                SOTTO_HISTORY_ROLE_USER, "Will it\n  rain?");
  g_autofree char *reply = test_begin (f->store, conversation, question);
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) path = NULL;
  SottoHistoryConversation *first;
  SottoHistoryMessage *message;

  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_REASONING, "Hmm. ");
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_REASONING, "Clouds.");
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "Ye");
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "s.");

  path = test_load (f->store, conversation);
  g_assert_cmpuint (path->len, ==, 2);
  g_assert_cmpint (test_message_at (path, 1)->status, ==, SOTTO_HISTORY_STATUS_STREAMING);
  test_assert_text (path, 1, "Yes.");
  g_clear_pointer (&path, g_ptr_array_unref);

  test_finish (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  reopen (f);

  list = test_list (f->store);
  g_assert_cmpuint (list->len, ==, 1);
  first = g_ptr_array_index (list, 0);
  g_assert_cmpstr (first->id, ==, conversation);
  g_assert_cmpstr (first->title, ==, "Weather");
  g_assert_cmpstr (first->snippet, ==, "Yes.");
  g_assert_cmpuint (first->n_messages, ==, 2);
  g_assert_null (first->draft);
  g_assert_cmpint (first->created, <=, first->updated);

  path = test_load (f->store, conversation);
  g_assert_cmpuint (path->len, ==, 2);
  test_assert_text (path, 0, "Will it\n  rain?");
  message = test_message_at (path, 1);
  g_assert_cmpstr (message->id, ==, reply);
  g_assert_cmpstr (message->parent, ==, question);
  g_assert_cmpint (message->role, ==, SOTTO_HISTORY_ROLE_ASSISTANT);
  g_assert_cmpint (message->status, ==, SOTTO_HISTORY_STATUS_COMPLETE);
  g_assert_cmpstr (message->receipt, ==, "{\"seed\":1}");
  g_assert_cmpstr (message->model->path, ==, "/models/a.gguf");
  g_assert_cmpstr (message->model->name, ==, "A");
  g_assert_null (message->model->hash);
  g_assert_cmpuint (message->parts->len, ==, 2);
  g_assert_cmpstr (((SottoHistoryPart *) g_ptr_array_index (message->parts, 0))->text, ==,
                   "Hmm. Clouds.");
  test_assert_text (path, 1, "Yes.");
}

static void
activate (TestStore *f, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_activate_message_async (f->store, message, NULL, test_ready, &result);
  g_assert_true (sotto_store_activate_message_finish (f->store, test_wait (&result), &error));
  g_assert_no_error (error);
}

/*   a ─┬─ b ─── c
 *      └─ d ─┬─ e
 *            └─ f        and a second beginning g */
static void
test_tree (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "");
  g_autofree char *a = test_add_message (f->store, conversation, NULL, 2, "a");
  g_autofree char *b = test_add_message (f->store, conversation, a, 3, "b");
  g_autofree char *c = test_add_message (f->store, conversation, b, 2, "c");
  g_autofree char *d = test_add_message (f->store, conversation, a, 3, "d");
  g_autofree char *e = test_add_message (f->store, conversation, d, 2, "e");
  g_autofree char *ff = test_add_message (f->store, conversation, d, 2, "f");
  g_autoptr (GPtrArray) path = test_load (f->store, conversation);
  g_autofree char *g = NULL;

  g_assert_cmpuint (path->len, ==, 3);
  test_assert_text (path, 0, "a");
  test_assert_text (path, 1, "d");
  test_assert_text (path, 2, "f");
  g_assert_cmpuint (test_message_at (path, 0)->n_siblings, ==, 1);
  g_assert_cmpuint (test_message_at (path, 1)->n_siblings, ==, 2);
  g_assert_cmpuint (test_message_at (path, 1)->sibling, ==, 1);
  g_assert_cmpstr (test_message_at (path, 1)->siblings[0], ==, b);
  g_assert_cmpstr (test_message_at (path, 1)->siblings[1], ==, d);
  g_assert_null (test_message_at (path, 1)->siblings[2]);

  /* To the other answer, and what was below it is there again. */
  activate (f, b);
  g_clear_pointer (&path, g_ptr_array_unref);
  path = test_load (f->store, conversation);
  g_assert_cmpuint (path->len, ==, 3);
  test_assert_text (path, 1, "b");
  test_assert_text (path, 2, "c");

  /* And deep into the first, as a search would. */
  activate (f, e);
  g_clear_pointer (&path, g_ptr_array_unref);
  path = test_load (f->store, conversation);
  test_assert_text (path, 1, "d");
  test_assert_text (path, 2, "e");

  g = test_add_message (f->store, conversation, NULL, 2, "g");
  reopen (f);
  g_clear_pointer (&path, g_ptr_array_unref);
  path = test_load (f->store, conversation);
  g_assert_cmpuint (path->len, ==, 1);
  test_assert_text (path, 0, "g");
  g_assert_cmpuint (test_message_at (path, 0)->n_siblings, ==, 2);
}

static void
test_parts (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Files");
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("Look");
  g_autoptr (GBytes) bytes = g_bytes_new ("\0PNG\xff", 5);
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GAsyncResult) loaded = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GError) error = NULL;
  SottoHistoryPart *part;

  for (guint i = 0; i < 2; i++)
    {
      part = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, NULL);
      part->name = g_strdup (i == 0 ? "a.png" : "b.png");
      part->media_type = g_strdup ("image/png");
      part->data = g_bytes_ref (bytes);
      g_ptr_array_add (parts, part);
    }
  part = sotto_history_part_new (SOTTO_HISTORY_PART_TOOL_CALL, "{}");
  part->name = g_strdup ("clock");
  g_ptr_array_add (parts, part);

  /* Twice the same bytes, in two messages: kept once, and complete in both. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autofree char *id = NULL;

      sotto_store_add_message_async (f->store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER,
                                     parts, FALSE, NULL, test_ready, &result);
      id = sotto_store_add_message_finish (f->store, test_wait (&result), &error);
      g_assert_no_error (error);
    }

  path = test_load (f->store, conversation);
  g_assert_cmpuint (test_message_at (path, 0)->parts->len, ==, 4);
  part = g_ptr_array_index (test_message_at (path, 0)->parts, 2);
  g_assert_cmpint (part->kind, ==, SOTTO_HISTORY_PART_IMAGE);
  g_assert_cmpstr (part->name, ==, "b.png");
  g_assert_cmpstr (part->media_type, ==, "image/png");
  /* A path comes without bytes; what they are found by leads to them. */
  g_assert_null (part->data);
  g_assert_cmpuint (part->size, ==, g_bytes_get_size (bytes));
  sotto_store_load_data_async (f->store, part->hash, NULL, test_ready, &loaded);
  found = sotto_store_load_data_finish (f->store, test_wait (&loaded), &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (found, bytes));
  part = g_ptr_array_index (test_message_at (path, 0)->parts, 3);
  g_assert_cmpstr (part->name, ==, "clock");
  g_assert_null (part->data);
}

static char *
get_draft (TestStore *f, const char *conversation)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *draft;

  sotto_store_get_draft_async (f->store, conversation, NULL, test_ready, &result);
  draft = sotto_store_get_draft_finish (f->store, test_wait (&result), &error);
  g_assert_no_error (error);
  return draft;
}

static void
set_draft (TestStore *f, const char *conversation, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_set_draft_async (f->store, conversation, text, NULL, test_ready, &result);
  g_assert_true (sotto_store_set_draft_finish (f->store, test_wait (&result), NULL));
}

static char *
get_setting (TestStore *f, const char *name, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_get_setting_async (f->store, name, NULL, test_ready, &result);
  return sotto_store_get_setting_finish (f->store, test_wait (&result), error);
}

static gboolean
set_setting (TestStore *f, const char *name, const char *value, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_set_setting_async (f->store, name, value, NULL, test_ready, &result);
  return sotto_store_set_setting_finish (f->store, test_wait (&result), error);
}

static void
test_settings (TestStore *f, gconstpointer data)
{
  static const char *const wrong[] = { "", "Colour", "a b", "a-name-of-more-than-thirty-two-letters" };
  g_autofree char *none = get_setting (f, "colour", NULL);
  g_autofree char *kept = NULL;
  g_autofree char *other = NULL;
  g_autofree char *gone = NULL;

  g_assert_cmpstr (none, ==, "");
  g_assert_true (set_setting (f, "colour", "red", NULL));
  g_assert_true (set_setting (f, "colour", "grün, 'quoted'\n", NULL));
  g_assert_true (set_setting (f, "a-word", "x", NULL));
  reopen (f);
  kept = get_setting (f, "colour", NULL);
  g_assert_cmpstr (kept, ==, "grün, 'quoted'\n");
  other = get_setting (f, "a-word", NULL);
  g_assert_cmpstr (other, ==, "x");
  g_assert_true (set_setting (f, "colour", "", NULL));
  gone = get_setting (f, "colour", NULL);
  g_assert_cmpstr (gone, ==, "");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) first = NULL;
      g_autoptr (GError) second = NULL;

      g_assert_false (set_setting (f, wrong[i], "x", &first));
      g_assert_error (first, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
      g_assert_null (get_setting (f, wrong[i], &second));
      g_assert_error (second, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
    }
}

static void
test_drafts (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "");
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("half a thought");
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *draft = NULL;
  g_autofree char *none = NULL;
  g_autofree char *id = NULL;

  set_draft (f, conversation, "half");
  set_draft (f, conversation, "half a thought");
  set_draft (f, NULL, "something new");
  reopen (f);
  draft = get_draft (f, conversation);
  g_assert_cmpstr (draft, ==, "half a thought");
  none = get_draft (f, NULL);
  g_assert_cmpstr (none, ==, "something new");

  /* The first message takes both drafts away in the same transaction. */
  sotto_store_add_message_async (f->store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER,
                                 parts, TRUE, NULL, test_ready, &result);
  id = sotto_store_add_message_finish (f->store, test_wait (&result), NULL);
  g_assert_nonnull (id);
  g_clear_pointer (&draft, g_free);
  g_clear_pointer (&none, g_free);
  draft = get_draft (f, conversation);
  none = get_draft (f, NULL);
  g_assert_cmpstr (draft, ==, "");
  g_assert_cmpstr (none, ==, "");
}

static void
do_delete (TestStore *f, const char *conversation, gboolean back)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (back)
    {
      sotto_store_undelete_conversation_async (f->store, conversation, NULL, test_ready, &result);
      g_assert_true (sotto_store_undelete_conversation_finish (f->store, test_wait (&result),
                                                               NULL));
    }
  else
    {
      sotto_store_delete_conversation_async (f->store, conversation, NULL, test_ready, &result);
      g_assert_true (sotto_store_delete_conversation_finish (f->store, test_wait (&result), NULL));
    }
}

static guint
purge (TestStore *f, const char *kept)
{
  const char *ids[] = { kept, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  sotto_store_purge_async (f->store, kept != NULL ? ids : NULL, NULL, test_ready, &result);
  g_assert_true (sotto_store_purge_finish (f->store, test_wait (&result), &n, &error));
  g_assert_no_error (error);
  return n;
}

static guint
count_hits (TestStore *f, const char *text)
{
  g_autoptr (GPtrArray) hits = test_search (f->store, text);

  return hits->len;
}

static guint
count_list (TestStore *f)
{
  g_autoptr (GPtrArray) list = test_list (f->store);

  return list->len;
}

static void
test_delete (TestStore *f, gconstpointer data)
{
  g_autofree char *gone = test_add_conversation (f->store, "Elephants");
  g_autofree char *stays = test_add_conversation (f->store, "Giraffes");
  g_autofree char *message = test_add_message (f->store, gone, NULL, 2, "about trunks");
  g_autofree char *reply = test_begin (f->store, gone, message);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "tusks");
  g_assert_cmpuint (count_hits (f, "trunks"), ==, 1);
  do_delete (f, gone, FALSE);
  g_assert_cmpuint (count_list (f), ==, 1);
  g_assert_cmpuint (count_hits (f, "trunks"), ==, 0);
  g_assert_cmpuint (count_hits (f, "elephants"), ==, 0);

  do_delete (f, gone, TRUE);
  g_assert_cmpuint (count_list (f), ==, 2);
  g_assert_cmpuint (count_hits (f, "trunks"), ==, 1);

  do_delete (f, gone, FALSE);
  g_assert_cmpuint (purge (f, gone), ==, 0);
  g_assert_cmpuint (purge (f, NULL), ==, 1);
  g_assert_cmpuint (purge (f, NULL), ==, 0);
  sotto_store_load_path_async (f->store, gone, NULL, test_ready, &result);
  g_assert_null (sotto_store_load_path_finish (f->store, test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_assert_cmpstr (sotto_history_error_get_arguments (error)->subject, ==, gone);
  g_assert_cmpuint (count_hits (f, "giraffes"), ==, 1);
}

static void
test_rename (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Untitled");
  g_autoptr (SottoHistoryModel) model = sotto_history_model_new ("/m/b.gguf", NULL, "ab");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) third = NULL;
  SottoHistoryConversation *record;

  sotto_store_rename_conversation_async (f->store, conversation, "Tides", NULL, test_ready,
                                         &result);
  g_assert_true (sotto_store_rename_conversation_finish (f->store, test_wait (&result), NULL));
  g_assert_cmpuint (count_hits (f, "untitled"), ==, 0);
  g_assert_cmpuint (count_hits (f, "tides"), ==, 1);

  sotto_store_set_model_async (f->store, conversation, model, NULL, test_ready, &second);
  g_assert_true (sotto_store_set_model_finish (f->store, test_wait (&second), NULL));
  sotto_store_get_conversation_async (f->store, conversation, NULL, test_ready, &third);
  record = sotto_store_get_conversation_finish (f->store, test_wait (&third), NULL);
  g_assert_cmpstr (record->title, ==, "Tides");
  g_assert_cmpstr (record->model->path, ==, "/m/b.gguf");
  g_assert_cmpstr (record->model->hash, ==, "ab");
  g_assert_null (record->model->name);
  sotto_history_conversation_free (record);
}

static void
test_long_conversation (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Long");
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("The same sentence once more.");
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *parent = NULL;
  g_autofree char *last = NULL;
  guint n = g_test_thorough () ? 10000 : 1500;
  gint64 begin;

  for (guint i = 0; i < n; i++)
    {
      char *id = sotto_history_new_id ();

      sotto_store_add_message_async (f->store, conversation, id, parent,
                                     i % 2 ? SOTTO_HISTORY_ROLE_ASSISTANT
                                           : SOTTO_HISTORY_ROLE_USER,
                                     parts, FALSE, NULL, i + 1 == n ? test_ready : NULL, &result);
      g_free (parent);
      parent = id;
    }
  last = sotto_store_add_message_finish (f->store, test_wait (&result), NULL);
  g_assert_nonnull (last);

  begin = g_get_monotonic_time ();
  path = test_load (f->store, conversation);
  g_test_message ("%u messages read in %.1f ms", n,
                  (double) (g_get_monotonic_time () - begin) / 1000);
  g_assert_cmpuint (path->len, ==, n);

  /* A tree deeper than SQLite nests triggers goes as a whole. */
  do_delete (f, conversation, FALSE);
  g_assert_cmpuint (purge (f, NULL), ==, 1);
}

/* What may still come back stays, whichever of two was deleted first. */
static void
test_purge_kept (TestStore *f, gconstpointer data)
{
  g_autofree char *first = test_add_conversation (f->store, "First");
  g_autofree char *second = test_add_conversation (f->store, "Second");
  g_autofree char *third = NULL;

  do_delete (f, first, FALSE);
  do_delete (f, second, FALSE);
  g_assert_cmpuint (purge (f, first), ==, 1);
  do_delete (f, first, TRUE);
  g_assert_cmpuint (count_list (f), ==, 1);

  third = test_add_conversation (f->store, "Third");
  do_delete (f, first, FALSE);
  do_delete (f, third, FALSE);
  g_assert_cmpuint (purge (f, third), ==, 1);
  do_delete (f, third, TRUE);
  g_assert_cmpuint (count_list (f), ==, 1);
}

static gboolean
set_receipt (TestStore *f, const char *reply, const char *receipt, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_set_receipt_async (f->store, reply, receipt, NULL, test_ready, &result);
  return sotto_store_set_receipt_finish (f->store, test_wait (&result), error);
}

/* What was not known when a reply was closed comes into its receipt; nothing without one gets it. */
static void
test_receipt (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "With a receipt");
  g_autofree char *question = test_add_message (f->store, conversation, NULL, 1, "What?");
  g_autofree char *reply = test_begin (f->store, conversation, question);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (set_receipt (f, reply, "{}", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  sotto_store_finish_reply_async (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE, "{\"hash\":null}", NULL, test_ready, &result);
  g_assert_true (sotto_store_finish_reply_finish (f->store, test_wait (&result), NULL));
  g_assert_true (set_receipt (f, reply, "{\"hash\":\"ab\"}", &error));
  g_assert_no_error (error);
  path = test_load (f->store, conversation);
  g_assert_cmpstr (test_message_at (path, 1)->receipt, ==, "{\"hash\":\"ab\"}");

  g_assert_false (set_receipt (f, conversation, "{}", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
}

static void
test_audit (TestStore *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_add_audit_async (f->store, "export", NULL, NULL, test_ready, &first);
  g_assert_true (sotto_store_add_audit_finish (f->store, test_wait (&first), &error));
  g_assert_no_error (error);
  sotto_store_add_audit_async (f->store, "What I said", NULL, NULL, test_ready, &second);
  g_assert_false (sotto_store_add_audit_finish (f->store, test_wait (&second), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/store/round-trip", test_round_trip);
  test_store_add ("/history/store/tree", test_tree);
  test_store_add ("/history/store/parts", test_parts);
  test_store_add ("/history/store/drafts", test_drafts);
  test_store_add ("/history/store/settings", test_settings);
  test_store_add ("/history/store/delete", test_delete);
  test_store_add ("/history/store/purge-kept", test_purge_kept);
  test_store_add ("/history/store/rename", test_rename);
  test_store_add ("/history/store/long-conversation", test_long_conversation);
  test_store_add ("/history/store/receipt", test_receipt);
  test_store_add ("/history/store/audit", test_audit);
  return g_test_run ();
}
