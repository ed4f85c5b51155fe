/* Folders and their documents: what is kept, and what goes with what. */

#include "folders.h"

static SottoHistoryFolder *
folder_at (GPtrArray *list, guint i)
{
  g_assert_cmpuint (i, <, list->len);
  return g_ptr_array_index (list, i);
}

/* Documents, those that could not be read, and passages of the only folder */
static void
assert_counts (SottoStore *store, guint n_documents, guint n_unread, guint n_passages)
{
  g_autoptr (GPtrArray) list = test_folders (store);

  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpuint (folder_at (list, 0)->n_documents, ==, n_documents);
  g_assert_cmpuint (folder_at (list, 0)->n_unread, ==, n_unread);
  g_assert_cmpuint (folder_at (list, 0)->n_passages, ==, n_passages);
}

static guint
count_found (SottoStore *store, const char *folder, const char *question)
{
  g_autoptr (GPtrArray) list = test_find (store, folder, question);

  return list->len;
}

static void
test_listed (TestStore *f, gconstpointer data)
{
  g_autofree char *first = test_add_folder (f->store, "file:///home/a/Contracts");
  g_autofree char *second = test_add_folder (f->store, "file:///home/a/Manuals");
  g_autofree char *again = test_add_folder (f->store, "file:///home/a/Contracts");
  g_autoptr (GPtrArray) before = test_folders (f->store);
  g_autoptr (GPtrArray) after = NULL;
  g_autofree char *anew = NULL;

  g_assert_cmpstr (first, ==, again);
  g_assert_cmpuint (before->len, ==, 2);
  g_assert_cmpstr (folder_at (before, 0)->id, ==, first);
  g_assert_cmpstr (folder_at (before, 0)->uri, ==, "file:///home/a/Contracts");
  g_assert_cmpint (ABS (folder_at (before, 0)->added - g_get_real_time ()), <, 60 * G_USEC_PER_SEC);
  g_assert_cmpstr (folder_at (before, 1)->id, ==, second);

  test_forget_folder (f->store, first);
  anew = test_add_folder (f->store, "file:///home/a/Contracts");
  g_assert_cmpstr (anew, !=, first);
  after = test_folders (f->store);
  g_assert_cmpuint (after->len, ==, 2);
  g_assert_cmpstr (folder_at (after, 0)->id, ==, second);
  g_assert_cmpstr (folder_at (after, 1)->id, ==, anew);
}

static void
test_documents_of_a_folder (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  g_autoptr (SottoHistoryDocument) locked = sotto_history_document_new ("b/locked.pdf", 5, -7, "locked");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) list = NULL;
  SottoHistoryDocument *document;

  test_put (f->store, folder, "c.md", "Rent is due in advance.", "The deposit is two rents.", NULL);
  test_put (f->store, folder, "a.md", "Nothing else matters.", NULL);
  test_put (f->store, folder, "empty.txt", NULL);
  sotto_store_put_document_async (f->store, folder, locked, NULL, NULL, test_ready, &result);
  g_assert_true (sotto_store_put_document_finish (f->store, test_wait (&result), NULL));
  assert_counts (f->store, 3, 1, 3);

  list = test_documents (f->store, folder);
  g_assert_cmpuint (list->len, ==, 4);
  document = g_ptr_array_index (list, 0);
  g_assert_cmpstr (document->path, ==, "a.md");
  g_assert_cmpuint (document->size, ==, 1000);
  g_assert_cmpint (document->modified, ==, 77);
  g_assert_null (document->problem);
  document = g_ptr_array_index (list, 1);
  g_assert_cmpstr (document->path, ==, "b/locked.pdf");
  g_assert_cmpint (document->modified, ==, -7);
  g_assert_cmpstr (document->problem, ==, "locked");

  /* Read at last: in the place of what had been */
  test_put (f->store, folder, "b/locked.pdf", "It was a secret.", NULL);
  test_put (f->store, folder, "c.md", "The deposit is three rents.", NULL);
  assert_counts (f->store, 4, 0, 3);
  g_assert_cmpuint (count_found (f->store, folder, "secret"), ==, 1);
  g_assert_cmpuint (count_found (f->store, folder, "advance"), ==, 0);
  g_assert_cmpuint (count_found (f->store, folder, "deposit"), ==, 1);

  test_drop_document (f->store, folder, "c.md");
  test_drop_document (f->store, folder, "never-there.md");
  assert_counts (f->store, 3, 0, 2);
  g_assert_cmpuint (count_found (f->store, folder, "deposit"), ==, 0);
}

/* --- Conversations --- */

static char **
folders_of (SottoStore *store, const char *conversation)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SottoHistoryConversation) record = NULL;

  sotto_store_get_conversation_async (store, conversation, NULL, test_ready, &result);
  record = sotto_store_get_conversation_finish (store, test_wait (&result), NULL);
  g_assert_nonnull (record);
  g_assert_nonnull (record->folders);
  return g_steal_pointer (&record->folders);
}

static void
assert_folders (SottoStore *store, const char *conversation, const char *a, const char *b)
{
  const char *const expected[] = { a, b, NULL };
  g_auto (GStrv) folders = folders_of (store, conversation);

  g_assert_true (g_strv_equal ((const char *const *) folders, expected));
}

static void
test_conversation (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_folder (f->store, "file:///1");
  g_autofree char *two = test_add_folder (f->store, "file:///2");
  g_autofree char *conversation = test_add_conversation (f->store, "A");
  g_autofree char *unknown = sotto_history_new_id ();
  g_autoptr (GPtrArray) list = NULL;

  assert_folders (f->store, conversation, NULL, NULL);
  test_ask_folders (f->store, conversation, (const char *[]) { two, one, two, unknown, "no id", NULL });
  assert_folders (f->store, conversation, two, one);
  list = test_list (f->store);
  g_assert_cmpstr (((SottoHistoryConversation *) g_ptr_array_index (list, 0))->folders[0], ==, two);

  test_forget_folder (f->store, two);
  assert_folders (f->store, conversation, one, NULL);
  test_ask_folders (f->store, conversation, (const char *[]) { two, NULL });
  assert_folders (f->store, conversation, NULL, NULL);
  test_ask_folders (f->store, conversation, (const char *[]) { one, NULL });
  test_ask_folders (f->store, conversation, NULL);
  assert_folders (f->store, conversation, NULL, NULL);
}

/* With a prompt that was given a passage */
static char *
add_prompt (SottoStore *store, const char *conversation)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("How much is the deposit?");
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, "The deposit is two rents.");
  g_autoptr (GAsyncResult) result = NULL;
  char *id;

  part->name = g_strdup ("contract.pdf");
  part->uri = g_strdup ("file:///1/contract.pdf");
  part->first_page = 3;
  part->last_page = 4;
  g_ptr_array_add (parts, part);
  sotto_store_add_message_async (store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER, parts, FALSE, NULL,
                                 test_ready, &result);
  id = sotto_store_add_message_finish (store, test_wait (&result), NULL);
  g_assert_nonnull (id);
  return id;
}

static void
assert_prompt (SottoStore *store, const char *conversation)
{
  g_autoptr (GPtrArray) path = test_load (store, conversation);
  SottoHistoryMessage *message = test_message_at (path, 0);
  SottoHistoryPart *part;

  g_assert_cmpuint (message->parts->len, ==, 2);
  test_assert_text (path, 0, "How much is the deposit?");
  part = g_ptr_array_index (message->parts, 0);
  g_assert_null (part->uri);
  g_assert_cmpuint (part->first_page, ==, 0);
  part = g_ptr_array_index (message->parts, 1);
  g_assert_cmpint (part->kind, ==, SOTTO_HISTORY_PART_DOCUMENT);
  g_assert_cmpstr (part->text, ==, "The deposit is two rents.");
  g_assert_cmpstr (part->name, ==, "contract.pdf");
  g_assert_cmpstr (part->uri, ==, "file:///1/contract.pdf");
  g_assert_cmpuint (part->first_page, ==, 3);
  g_assert_cmpuint (part->last_page, ==, 4);
}

/* Branches and copies have the passages and the folders; a message that comes back has the passages. */
static void
test_carried (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autofree char *conversation = test_add_conversation (f->store, "A");
  g_autofree char *prompt = add_prompt (f->store, conversation);
  g_autofree char *branch = sotto_history_new_id ();
  SottoHistoryBranch wanted = { .id = branch, .last = prompt };
  g_autoptr (GPtrArray) trees = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_tree_free);
  g_autoptr (GPtrArray) additions = NULL;
  GAsyncResult *results[5] = { NULL };
  SottoHistoryTree *tree;
  gboolean is_kept;
  gint64 deletion;

  test_ask_folders (f->store, conversation, (const char *[]) { folder, NULL });
  assert_prompt (f->store, conversation);

  sotto_store_branch_async (f->store, &wanted, NULL, test_ready, &results[0]);
  g_assert_true (sotto_store_branch_finish (f->store, test_wait (&results[0]), NULL));
  assert_prompt (f->store, branch);
  assert_folders (f->store, branch, folder, NULL);

  deletion = (sotto_store_delete_message_async (f->store, prompt, NULL, test_ready, &results[1]),
              sotto_store_delete_message_finish (f->store, test_wait (&results[1]), &is_kept, NULL));
  g_assert_cmpint (deletion, >, 0);
  sotto_store_undelete_message_async (f->store, deletion, NULL, test_ready, &results[2]);
  g_assert_true (sotto_store_undelete_message_finish (f->store, test_wait (&results[2]), NULL));
  assert_prompt (f->store, conversation);

  sotto_store_load_tree_async (f->store, conversation, TRUE, NULL, test_ready, &results[3]);
  tree = sotto_store_load_tree_finish (f->store, test_wait (&results[3]), NULL);
  g_ptr_array_add (trees, tree);
  g_assert_cmpstr (tree->conversation->folders[0], ==, folder);
  for (guint i = 0; i < tree->messages->len; i++)
    {
      SottoHistoryMessage *message = g_ptr_array_index (tree->messages, i);

      g_free (message->id);
      message->id = sotto_history_new_id ();
    }
  g_free (tree->conversation->id);
  tree->conversation->id = sotto_history_new_id ();
  sotto_store_add_trees_async (f->store, trees, NULL, NULL, test_ready, &results[4]);
  additions = sotto_store_add_trees_finish (f->store, test_wait (&results[4]), NULL);
  g_assert_cmpuint (additions->len, ==, 1);
  assert_prompt (f->store, tree->conversation->id);
  assert_folders (f->store, tree->conversation->id, folder, NULL);

  /* Messages keep what they were given. */
  test_forget_folder (f->store, folder);
  assert_prompt (f->store, conversation);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_clear_object (&results[i]);
}

/* A search finds a passage that a prompt was given, and shows that nobody has written it. */
static void
test_search_in_passages (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "A");
  g_autofree char *prompt = add_prompt (f->store, conversation);
  g_autoptr (GPtrArray) hits = test_search (f->store, "rents");
  g_autoptr (GPtrArray) list = test_list (f->store);
  const SottoHistoryHit *hit;

  g_assert_cmpuint (hits->len, ==, 1);
  hit = g_ptr_array_index (hits, 0);
  g_assert_cmpstr (hit->message, ==, prompt);
  g_assert_cmpstr (hit->snippet, ==, "How much is the deposit? “The deposit is two rents.”");
  g_assert_cmpuint (hit->n_ranges, ==, 1);
  g_assert_true (g_str_has_prefix (hit->snippet + hit->ranges[0].start, "rents"));
  /* In the list it is what was asked. */
  g_assert_cmpstr (((SottoHistoryConversation *) g_ptr_array_index (list, 0))->snippet, ==, "How much is the deposit?");
}

static void
test_purge (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autofree char *conversation = test_add_conversation (f->store, "A");
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) purged = NULL;
  guint n;

  test_ask_folders (f->store, conversation, (const char *[]) { folder, NULL });
  sotto_store_delete_conversation_async (f->store, conversation, NULL, test_ready, &deleted);
  g_assert_true (sotto_store_delete_conversation_finish (f->store, test_wait (&deleted), NULL));
  sotto_store_purge_async (f->store, NULL, NULL, test_ready, &purged);
  g_assert_true (sotto_store_purge_finish (f->store, test_wait (&purged), &n, NULL));
  g_assert_cmpuint (n, ==, 1);
  /* The fixture checks that no row refers to it. */
}

/* --- Errors --- */

static void
test_errors (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autofree char *unknown = sotto_history_new_id ();
  g_autoptr (SottoHistoryDocument) document = sotto_history_document_new ("a.txt", 1, 1, NULL);
  g_autoptr (SottoHistoryDocument) nameless = sotto_history_document_new ("", 1, 1, NULL);
  const char *const none[] = { NULL };
  g_autoptr (GPtrArray) found = NULL;
  GAsyncResult *result = NULL;
  GError *error = NULL;

#define FAILS(call, finish, code) \
  G_STMT_START { \
    call; \
    test_wait (&result); \
    g_assert_true ((finish) == 0); \
    g_assert_error (error, SOTTO_HISTORY_ERROR, code); \
    g_clear_error (&error); \
    g_clear_object (&result); \
  } G_STMT_END

  FAILS (sotto_store_add_folder_async (f->store, "", NULL, test_ready, &result),
         sotto_store_add_folder_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_INVALID);
  FAILS (sotto_store_remove_folder_async (f->store, unknown, NULL, test_ready, &result),
         sotto_store_remove_folder_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);
  FAILS (sotto_store_list_documents_async (f->store, unknown, NULL, test_ready, &result),
         sotto_store_list_documents_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);
  FAILS (sotto_store_put_document_async (f->store, unknown, document, NULL, NULL, test_ready, &result),
         sotto_store_put_document_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);
  FAILS (sotto_store_put_document_async (f->store, folder, nameless, NULL, NULL, test_ready, &result),
         sotto_store_put_document_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_INVALID);
  FAILS (sotto_store_remove_document_async (f->store, unknown, "a.txt", NULL, test_ready, &result),
         sotto_store_remove_document_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);
  FAILS (sotto_store_set_conversation_folders_async (f->store, unknown, none, NULL, test_ready, &result),
         sotto_store_set_conversation_folders_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);

  /* A folder that was removed is not there. */
  test_put (f->store, folder, "a.txt", "something", NULL);
  test_forget_folder (f->store, folder);
  g_assert_cmpuint (count_found (f->store, folder, "something"), ==, 0);
  FAILS (sotto_store_put_document_async (f->store, folder, document, NULL, NULL, test_ready, &result),
         sotto_store_put_document_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);
  FAILS (sotto_store_remove_folder_async (f->store, folder, NULL, test_ready, &result),
         sotto_store_remove_folder_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_NOT_FOUND);
  found = test_find_in (f->store, none, "something", 1, 1);
  g_assert_cmpuint (found->len, ==, 0);
}

static void
test_closed (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autoptr (SottoHistoryDocument) document = sotto_history_document_new ("a.txt", 1, 1, NULL);
  const char *const folders[] = { folder, NULL };
  GAsyncResult *result = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  GError *error = NULL;

  sotto_store_close_async (f->store, NULL, test_ready, &closed);
  FAILS (sotto_store_list_folders_async (f->store, NULL, test_ready, &result),
         sotto_store_list_folders_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_CLOSED);
  FAILS (sotto_store_put_document_async (f->store, folder, document, NULL, NULL, test_ready, &result),
         sotto_store_put_document_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_CLOSED);
  FAILS (sotto_store_find_passages_async (f->store, folders, "x", NULL, NULL, 1, 1, NULL, test_ready, &result),
         sotto_store_find_passages_finish (f->store, result, &error), SOTTO_HISTORY_ERROR_CLOSED);
  g_assert_true (sotto_store_close_finish (f->store, test_wait (&closed), NULL));
  g_clear_object (&closed);
  g_assert_finalize_object (f->store);
  f->store = NULL;
}

/* --- Elsewhere --- */

/* A history in memory has folders of its own, and its conversations may ask those of another. */
static void
test_in_memory (void)
{
  SottoStore *store = sotto_store_new_in_memory ();
  g_autofree char *folder = test_add_folder (store, "file:///1");
  g_autofree char *elsewhere = sotto_history_new_id ();
  g_autofree char *conversation = test_add_conversation (store, "A");

  test_put (store, folder, "a.md", "The deposit is two rents.", NULL);
  g_assert_cmpuint (count_found (store, folder, "How high is the deposit?"), ==, 1);
  test_ask_folders (store, conversation, (const char *[]) { elsewhere, folder, NULL });
  assert_folders (store, conversation, elsewhere, folder);
  test_forget_folder (store, folder);
  assert_folders (store, conversation, elsewhere, NULL);
  test_wait_until_erased (store);
  test_check (store);
  test_close (store);
}

static void
test_backup (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///1");
  g_autofree char *conversation = test_add_conversation (f->store, "A");
  g_autofree char *file = g_build_filename (f->folder, "backup", NULL);
  g_autofree char *there = g_build_filename (f->folder, "restored", NULL);
  g_autoptr (SottoUnlock) unlock = test_unlock ("correct horse");
  g_autoptr (GAsyncResult) backed_up = NULL;
  g_autoptr (GAsyncResult) restored = NULL;
  g_autoptr (GError) error = NULL;
  SottoStore *store;

  test_put (f->store, folder, "a.md", "The deposit is two rents.", NULL);
  test_ask_folders (f->store, conversation, (const char *[]) { folder, NULL });
  sotto_store_backup_async (f->store, file, NULL, test_ready, &backed_up);
  g_assert_true (sotto_store_backup_finish (f->store, test_wait (&backed_up), &error));
  sotto_history_restore_async (file, there, NULL, test_ready, &restored);
  g_assert_true (sotto_history_restore_finish (test_wait (&restored), &error));
  g_assert_no_error (error);

  store = test_open (there);
  assert_counts (store, 1, 0, 1);
  assert_folders (store, conversation, folder, NULL);
  g_assert_cmpuint (count_found (store, folder, "How high is the deposit?"), ==, 1);
  test_check (store);
  test_close (store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/folders/list", test_listed);
  test_store_add ("/history/folders/documents", test_documents_of_a_folder);
  test_store_add ("/history/folders/conversation", test_conversation);
  test_store_add ("/history/folders/carried", test_carried);
  test_store_add ("/history/folders/search", test_search_in_passages);
  test_store_add ("/history/folders/purge", test_purge);
  test_store_add ("/history/folders/errors", test_errors);
  test_store_add ("/history/folders/closed", test_closed);
  g_test_add_func ("/history/folders/in-memory", test_in_memory);
  test_store_add ("/history/folders/backup", test_backup);
  return g_test_run ();
}
