/* Calls in their order, cancelled, waiting while the store closes; the journal, which nobody awaits. */

#include "common.h"

static guint
count_conversations (SottoStore *store)
{
  g_autoptr (GPtrArray) list = test_list (store);

  return list->len;
}

static void
on_order (GObject *source, GAsyncResult *result, gpointer data)
{
  GString *order = data;

  g_string_append_c (order, g_task_had_error (G_TASK (result)) ? '-' : '+');
}

/* Everything at once, each call standing on the one before, none awaited. */
static void
test_order (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = sotto_history_new_id ();
  g_autofree char *question = sotto_history_new_id ();
  g_autofree char *reply = sotto_history_new_id ();
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("hello");
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GPtrArray) path = NULL;

  sotto_store_create_conversation_async (f->store, conversation, "O", NULL, NULL, on_order, order);
  sotto_store_add_message_async (f->store, conversation, question, NULL, SOTTO_HISTORY_ROLE_USER,
                                 parts, FALSE, NULL, on_order, order);
  sotto_store_begin_reply_async (f->store, conversation, reply, question, NULL, NULL, on_order,
                                 order);
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "hi");
  sotto_store_finish_reply_async (f->store, reply, SOTTO_HISTORY_STATUS_STOPPED, NULL, NULL,
                                  on_order, order);
  /* A second time is an error, and so is an id that is there already. */
  sotto_store_finish_reply_async (f->store, reply, SOTTO_HISTORY_STATUS_STOPPED, NULL, NULL,
                                  on_order, order);
  sotto_store_create_conversation_async (f->store, conversation, "O", NULL, NULL, on_order, order);
  sotto_store_create_conversation_async (f->store, "not-a-uuid", "O", NULL, NULL, on_order, order);
  while (order->len < 7)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (order->str, ==, "++++---");

  path = test_load (f->store, conversation);
  g_assert_cmpuint (path->len, ==, 2);
  test_assert_text (path, 1, "hi");
  g_assert_cmpint (test_message_at (path, 1)->status, ==, SOTTO_HISTORY_STATUS_STOPPED);
}

static void
test_cancel (TestStore *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autofree char *id = NULL;

  /* One that waits is undone; the one behind it is not. */
  g_cancellable_cancel (cancellable);
  sotto_store_create_conversation_async (f->store, NULL, "no", NULL, cancellable, test_ready,
                                         &first);
  sotto_store_create_conversation_async (f->store, NULL, "yes", NULL, NULL, test_ready, &second);
  g_assert_null (sotto_store_create_conversation_finish (f->store, test_wait (&first), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  id = sotto_store_create_conversation_finish (f->store, test_wait (&second), NULL);
  g_assert_nonnull (id);
  g_assert_cmpuint (count_conversations (f->store), ==, 1);
}

/* Calls that wait when the store is closed are done, later ones refused. */
static void
test_closing (TestStore *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) before = NULL;
  g_autoptr (GAsyncResult) closing = NULL;
  g_autoptr (GAsyncResult) after = NULL;
  g_autofree char *id = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autofree char *conversation = test_add_conversation (f->store, "C");
  g_autofree char *reply = test_begin (f->store, conversation, NULL);

  sotto_store_create_conversation_async (f->store, NULL, "in time", NULL, NULL, test_ready,
                                         &before);
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "last words");
  sotto_store_close_async (f->store, NULL, test_ready, &closing);
  sotto_store_create_conversation_async (f->store, NULL, "late", NULL, NULL, test_ready, &after);
  id = sotto_store_create_conversation_finish (f->store, test_wait (&before), &error);
  g_assert_no_error (error);
  g_assert_true (sotto_store_close_finish (f->store, test_wait (&closing), &error));
  g_assert_no_error (error);
  g_assert_null (sotto_store_create_conversation_finish (f->store, test_wait (&after), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
  g_clear_object (&before);
  g_clear_object (&closing);
  g_clear_object (&after);
  g_assert_finalize_object (f->store);

  f->store = test_open (f->folder);
  g_assert_cmpuint (count_conversations (f->store), ==, 2);
  path = test_load (f->store, conversation);
  test_assert_text (path, 0, "last words");
  g_assert_cmpint (test_message_at (path, 0)->status, ==, SOTTO_HISTORY_STATUS_INTERRUPTED);
  hits = test_search (f->store, "last words");
  g_assert_cmpuint (hits->len, ==, 1);
}

/* A store that is only dropped closes itself. */
static void
test_dropping (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "D");
  g_autofree char *reply = test_begin (f->store, conversation, NULL);
  g_autofree char *log = g_build_filename (f->folder, "history.db-wal", NULL);
  g_autoptr (GPtrArray) path = NULL;

  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "dropped");
  g_assert_finalize_object (f->store);
  g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
  f->store = test_open (f->folder);
  path = test_load (f->store, conversation);
  test_assert_text (path, 0, "dropped");
}

static void
on_failed (SottoStore *store, const GError *error, gpointer data)
{
  GError **kept = data;

  g_assert_null (*kept);
  *kept = g_error_copy (error);
}

static void
test_journal_failed (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "J");
  g_autofree char *reply = test_begin (f->store, conversation, NULL);
  g_autofree char *nobody = sotto_history_new_id ();
  g_autoptr (GError) error = NULL;

  test_finish (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  g_signal_connect (f->store, "journal-failed", G_CALLBACK (on_failed), &error);
  sotto_store_append_reply (f->store, nobody, SOTTO_HISTORY_PART_TEXT, "lost");
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
}

/* The journal writes by itself when nobody asks. */
static void
test_journal_interval (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "J");
  g_autofree char *reply = test_begin (f->store, conversation, NULL);
  g_autofree char *log = g_build_filename (f->folder, "history.db-wal", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (log);
  g_autoptr (GFileInfo) before = g_file_query_info (file, "standard::size", 0, NULL, NULL);
  gint64 begin = g_get_monotonic_time ();
  goffset size;
  goffset now;

  size = g_file_info_get_size (before);
  sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "tick");
  do
    {
      g_autoptr (GFileInfo) info = g_file_query_info (file, "standard::size", 0, NULL, NULL);

      now = g_file_info_get_size (info);
      g_usleep (5000);
    }
  while (now == size && g_get_monotonic_time () - begin < 20 * G_TIME_SPAN_SECOND);
  g_assert_cmpint (now, >, size);
  g_test_message ("written after %" G_GINT64_FORMAT " ms",
                  (g_get_monotonic_time () - begin) / G_TIME_SPAN_MILLISECOND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/calls/order", test_order);
  test_store_add ("/history/calls/cancel", test_cancel);
  test_store_add ("/history/calls/closing", test_closing);
  test_store_add ("/history/calls/dropping", test_dropping);
  test_store_add ("/history/calls/journal-failed", test_journal_failed);
  test_store_add ("/history/calls/journal-interval", test_journal_interval);
  return g_test_run ();
}
