#include "harness.h"

#include "conversation/conversation-private.h"
#include "store-private.h"

/* A conversation that is not kept: nothing of it comes into the history, and keeping it brings all of it there. */

#define SECRET "Zwiebelfisch"

/* --- What is in the history --- */

static gpointer
do_count (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) tables = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) counts = g_string_new (NULL);
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (vault->database, error,
                                             "SELECT name FROM sqlite_schema WHERE type = 'table'"
                                             " AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite%' ORDER BY name", "");

  while (rows != NULL && sotto_database_next (vault->database, rows, &failed, error))
    g_ptr_array_add (tables, sotto_column_dup_text (rows, 0));
  for (guint i = 0; i < tables->len; i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM \"%s\"", (char *) g_ptr_array_index (tables, i));
      sqlite3_stmt *statement = NULL;

      g_assert_cmpint (sqlite3_prepare_v2 (sotto_database_get_handle (vault->database), sql, -1, &statement, NULL), ==,
                       SQLITE_OK);
      g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
      g_string_append_printf (counts, "%s %d\n", (char *) g_ptr_array_index (tables, i), sqlite3_column_int (statement, 0));
      sqlite3_finalize (statement);
    }
  return g_string_free_and_steal (g_steal_pointer (&counts));
}

/* Returns: (transfer full): how many rows each table has */
static char *
count_rows (SottoApp *app)
{
  SottoStore *store = app->services->store;
  g_autoptr (GAsyncResult) result = NULL;
  char *counts;

  sotto_store_push (store, SOTTO_WORK_READ, do_count, sotto_call_new (), g_free, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  counts = sotto_store_take (store, result, NULL);
  g_assert_nonnull (counts);
  return counts;
}

static guint
count_hits (SottoApp *app)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GListModel) hits = NULL;

  sotto_conversation_list_search_async (list, SECRET, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  hits = sotto_conversation_list_search_finish (list, result, NULL);
  g_assert_nonnull (hits);
  return harness_length (hits);
}

static SottoHistoryTree *
load_tree (SottoStore *store, const char *id)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_load_tree_async (store, id, TRUE, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  return sotto_store_load_tree_finish (store, result, NULL);
}

/* Returns: (transfer full) (nullable) */
static SottoConversation *
keep (SottoApp *app, SottoConversation *conversation, GError **error)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GAsyncResult) result = NULL;

  sotto_conversation_list_keep_async (list, conversation, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  return sotto_conversation_list_keep_finish (list, result, error);
}

/* Without a model: the message stays without a reply. Returns: (transfer none) */
static SottoConversation *
begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create_temporary (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  return conversation;
}

/* --- Not kept --- */

static void
test_not_kept (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *kept = sotto_conversation_list_create (list);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  SottoConversation *conversation;

  harness_send (kept, "kept");
  harness_wait_idle (kept);
  before = count_rows (app);

  conversation = sotto_conversation_list_create_temporary (list);
  g_assert_true (sotto_conversation_is_temporary (conversation));
  g_assert_cmpstr (sotto_conversation_get_name (conversation), ==, "Temporary Chat");
  g_assert_true (sotto_conversation_list_create_temporary (list) == conversation);
  g_assert_true (sotto_conversation_list_create (list) != conversation);
  sotto_conversation_set_draft (conversation, SECRET);
  sotto_conversation_flush_draft (conversation);
  sotto_conversation_set_instructions (conversation, "Say " SECRET);
  sotto_conversation_flush_instructions (conversation);
  harness_send (conversation, SECRET " one");
  harness_wait_idle (conversation);
  sotto_conversation_set_title (conversation, SECRET);
  sotto_conversation_set_draft (conversation, SECRET);
  sotto_conversation_flush_draft (conversation);
  sotto_conversation_set_pinned (conversation, TRUE);
  g_assert_false (sotto_conversation_is_pinned (conversation));

  /* It stands above all others, and nobody finds it by its words. */
  g_assert_cmpuint (harness_length (list), ==, 2);
  g_assert_true (harness_get_first (app) == conversation);
  g_assert_cmpstr (sotto_conversation_get_group_title (conversation), ==, "Temporary");
  g_assert_cmpuint (count_hits (app), ==, 0);
  sotto_conversation_set_pinned (kept, TRUE);
  g_assert_true (harness_get_first (app) == conversation);
  sotto_conversation_set_pinned (kept, FALSE);

  after = count_rows (app);
  g_assert_cmpstr (after, ==, before);

  harness_close (app);
  app = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  g_assert_cmpuint (count_hits (app), ==, 0);
  g_assert_cmpstr (sotto_conversation_get_draft (sotto_conversation_list_create (sotto_app_get_conversations (app))), ==, "");
  harness_close (app);
}

/* --- Deleted, and gone on with --- */

static void
test_delete (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  const guint n_kept = harness_length (list);
  g_autoptr (SottoConversation) conversation = g_object_ref (begin (app, SECRET " deleted"));
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  SottoHistoryTree *tree;

  sotto_conversation_list_delete (list, conversation);
  g_assert_cmpuint (harness_length (list), ==, n_kept);
  sotto_conversation_list_undo_delete (list, conversation);
  g_assert_true (harness_get_first (app) == conversation);
  harness_send (conversation, SECRET " again");
  harness_wait_idle (conversation);

  sotto_conversation_list_delete (list, conversation);
  sotto_conversation_list_purge (list, conversation);
  tree = load_tree (conversation->services->store, id);
  g_assert_null (tree);
  harness_close (app);
}

static void
test_branch (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = begin (app, SECRET " branched");
  g_autofree char *before = count_rows (app);
  g_autofree char *after = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SottoConversation) branch = NULL;

  sotto_conversation_list_branch_async (list, conversation, harness_message (conversation, 0), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  branch = sotto_conversation_list_branch_finish (list, result, NULL);
  g_assert_nonnull (branch);
  g_assert_true (sotto_conversation_is_temporary (branch));
  sotto_conversation_load (branch);
  harness_wait_for (harness_is_loaded, branch, 20);
  g_assert_cmpstr (sotto_message_get_text (harness_message (branch, 0)), ==, SECRET " branched");

  after = count_rows (app);
  g_assert_cmpstr (after, ==, before);
  harness_close (app);
}

/* --- Kept --- */

static void
assert_same (SottoHistoryTree *a, SottoHistoryTree *b)
{
  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_cmpstr (a->conversation->id, ==, b->conversation->id);
  g_assert_cmpstr (a->conversation->title, ==, b->conversation->title);
  g_assert_cmpint (a->conversation->created, ==, b->conversation->created);
  g_assert_cmpint (a->conversation->updated, ==, b->conversation->updated);
  g_assert_cmpuint (a->messages->len, ==, b->messages->len);
  for (guint i = 0; i < a->messages->len; i++)
    {
      const SottoHistoryMessage *one = g_ptr_array_index (a->messages, i);
      const SottoHistoryMessage *two = g_ptr_array_index (b->messages, i);
      g_autofree char *text_one = sotto_history_message_dup_text (one);
      g_autofree char *text_two = sotto_history_message_dup_text (two);

      g_assert_cmpstr (one->id, ==, two->id);
      g_assert_cmpstr (one->parent, ==, two->parent);
      g_assert_cmpint (one->role, ==, two->role);
      g_assert_cmpint (one->status, ==, two->status);
      g_assert_cmpint (one->created, ==, two->created);
      g_assert_cmpint (one->is_active, ==, two->is_active);
      g_assert_cmpstr (one->receipt, ==, two->receipt);
      g_assert_cmpstr (text_one, ==, text_two);
    }
}

/* Versions, receipts, times, instructions and what is being typed; and it goes on as one that is kept. */
static void
test_keep (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);
  SottoConversation *conversation;
  g_autoptr (SottoConversation) kept = NULL;
  g_autoptr (SottoHistoryTree) before = NULL;
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autoptr (SottoHistoryTree) later = NULL;
  g_autofree char *id = NULL;

  if (app == NULL)
    return;

  harness_wait_for (harness_has_model, app, 60);
  conversation = sotto_conversation_list_create_temporary (sotto_app_get_conversations (app));
  sotto_conversation_set_instructions (conversation, "Be brief.");
  harness_send (conversation, "Say one word.");
  harness_wait_idle (conversation);
  sotto_conversation_regenerate (conversation, harness_message (conversation, 1));
  harness_wait_idle (conversation);
  harness_send (conversation, "Another one.");
  harness_wait_idle (conversation);
  sotto_conversation_set_draft (conversation, "and a third");
  id = g_strdup (sotto_conversation_get_id (conversation));
  before = load_tree (conversation->services->store, id);
  g_assert_cmpuint (before->messages->len, ==, 6);
  g_assert_nonnull (((SottoHistoryMessage *) g_ptr_array_index (before->messages, 2))->receipt);

  kept = keep (app, conversation, NULL);
  g_assert_true (kept == conversation);
  g_assert_false (sotto_conversation_is_temporary (kept));
  g_assert_cmpstr (sotto_conversation_get_group_title (kept), ==, "Today");
  g_assert_cmpuint (harness_length (kept), ==, 4);
  after = load_tree (app->services->store, id);
  assert_same (before, after);
  sotto_conversation_set_pinned (kept, TRUE);
  g_assert_true (sotto_conversation_is_pinned (kept));
  sotto_conversation_set_pinned (kept, FALSE);

  harness_send (kept, "And now?");
  harness_wait_idle (kept);
  sotto_conversation_set_draft (kept, "and a fourth");
  harness_close (app);

  app = harness_open ();
  kept = NULL;
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  g_assert_nonnull (conversation);
  g_assert_false (sotto_conversation_is_temporary (conversation));
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "and a fourth");
  later = load_tree (app->services->store, id);
  g_assert_cmpuint (later->messages->len, ==, 8);
  harness_close (app);
}

/* A draft alone is kept, too, and what is written while it is being kept waits. */
static void
test_keep_draft (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "with a draft");
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  g_autoptr (SottoConversation) kept = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) sent = NULL;

  sotto_conversation_set_draft (conversation, "half a sentence");
  sotto_conversation_list_keep_async (sotto_app_get_conversations (app), conversation, harness_on_ready, &result);
  sotto_conversation_send_async (conversation, "too early", NULL, harness_on_ready, &sent);
  harness_wait_for (harness_has_result, &sent, 20);
  g_assert_false (sotto_conversation_send_finish (conversation, sent, NULL));
  sotto_conversation_set_title (conversation, "Renamed meanwhile");
  harness_wait_for (harness_has_result, &result, 20);
  kept = sotto_conversation_list_keep_finish (sotto_app_get_conversations (app), result, NULL);
  g_assert_true (kept == conversation);
  harness_close (app);

  app = harness_open ();
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  g_assert_nonnull (conversation);
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "half a sentence");
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Renamed meanwhile");
  harness_close (app);
}

/* It is exported as any other, but not with all others; and what an export has brought into the history is not there
 * twice when it is kept, whether it has gone on since or not. */
static void
test_keep_exported (gconstpointer data)
{
  const gboolean goes_on = GPOINTER_TO_INT (data);
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  const guint n_before = harness_length (list);
  SottoConversation *conversation = begin (app, goes_on ? "exported and gone on" : "exported");
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "one.sotto", NULL);
  g_autofree char *all_path = g_build_filename (g_get_user_data_dir (), "all.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) all_file = g_file_new_for_path (all_path);
  g_autoptr (SottoTransfer) export = NULL;
  g_autoptr (SottoTransfer) export_all = NULL;
  g_autoptr (SottoTransfer) import = NULL;
  g_autoptr (SottoConversation) kept = NULL;
  g_autofree char *text = NULL;
  g_autofree char *all = NULL;

  export = harness_transfer (sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_ARCHIVE, file));
  export_all = harness_transfer (sotto_transfer_new_export (list, NULL, SOTTO_EXPORT_ARCHIVE, all_file));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, sotto_conversation_get_id (conversation)));
  g_assert_true (g_file_get_contents (all_path, &all, NULL, NULL));
  g_assert_null (strstr (all, sotto_conversation_get_id (conversation)));

  import = harness_transfer (sotto_transfer_new_import (list, file));
  g_assert_cmpuint (sotto_transfer_get_n_added (import), ==, 1);
  g_assert_cmpuint (harness_length (list), ==, n_before + 2);
  if (goes_on)
    {
      harness_send (conversation, "more");
      harness_wait_idle (conversation);
    }

  kept = keep (app, conversation, NULL);
  g_assert_nonnull (kept);
  g_assert_true (kept != conversation);
  g_assert_false (sotto_conversation_is_temporary (kept));
  g_assert_cmpuint (harness_length (list), ==, goes_on ? n_before + 2 : n_before + 1);
  sotto_conversation_load (kept);
  harness_wait_for (harness_is_loaded, kept, 20);
  g_assert_cmpuint (harness_length (kept), ==, goes_on ? 2 : 1);
  g_clear_object (&kept);
  harness_close (app);
}

/* Who has deleted it does not find it kept. */
static void
test_keep_deleted (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  const guint n_before = harness_length (list);
  g_autoptr (SottoConversation) conversation = g_object_ref (begin (app, "kept and deleted"));
  g_autofree char *before = count_rows (app);
  g_autofree char *after = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_conversation_list_keep_async (list, conversation, harness_on_ready, &result);
  sotto_conversation_list_delete (list, conversation);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_null (sotto_conversation_list_keep_finish (list, result, &error));
  g_assert_cmpuint (harness_length (list), ==, n_before);
  sotto_conversation_list_undo_delete (list, conversation);
  g_assert_true (sotto_conversation_is_temporary (conversation));
  harness_close (app);

  app = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, n_before);
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/temporary/not-kept", test_not_kept);
  g_test_add_func ("/app/temporary/delete", test_delete);
  g_test_add_func ("/app/temporary/branch", test_branch);
  g_test_add_func ("/app/temporary/keep", test_keep);
  g_test_add_func ("/app/temporary/keep-draft", test_keep_draft);
  g_test_add_data_func ("/app/temporary/keep-exported", GINT_TO_POINTER (FALSE), test_keep_exported);
  g_test_add_data_func ("/app/temporary/keep-exported-and-gone-on", GINT_TO_POINTER (TRUE), test_keep_exported);
  g_test_add_func ("/app/temporary/keep-deleted", test_keep_deleted);
  return g_test_run ();
}
