/* Files that are attached to a draft, and to the message that it becomes. */

#include "common.h"

#include "store-private.h"

#include <string.h>

static SottoHistoryPart *
make_part (const char *name, const char *text, guint n_pages)
{
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, text);

  part->name = g_strdup (name);
  part->media_type = g_strdup (n_pages > 0 ? "application/pdf" : "text/plain");
  part->first_page = n_pages > 0 ? 1 : 0;
  part->last_page = n_pages;
  return part;
}

/* Returns: (transfer full): its id, or %NULL with an error */
static char *
try_attach (SottoStore *store, const char *conversation, const SottoHistoryPart *part, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *id = sotto_history_new_id ();

  sotto_store_add_draft_document_async (store, conversation, id, part, NULL, test_ready, &result);
  return sotto_store_add_draft_document_finish (store, test_wait (&result), error) ? g_steal_pointer (&id) : NULL;
}

static char *
attach (SottoStore *store, const char *conversation, const char *name, const char *text, guint n_pages)
{
  g_autoptr (SottoHistoryPart) part = make_part (name, text, n_pages);
  g_autoptr (GError) error = NULL;
  char *id = try_attach (store, conversation, part, &error);

  g_assert_no_error (error);
  return id;
}

static void
take_off (SottoStore *store, const char *id)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_remove_draft_document_async (store, id, NULL, test_ready, &result);
  g_assert_true (sotto_store_remove_draft_document_finish (store, test_wait (&result), NULL));
}

static GPtrArray *
try_list (SottoStore *store, const char *conversation, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_list_draft_documents_async (store, conversation, NULL, test_ready, &result);
  return sotto_store_list_draft_documents_finish (store, test_wait (&result), error);
}

/* @names: as they stand there, one behind the other */
static void
assert_attached (SottoStore *store, const char *conversation, const char *names)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = try_list (store, conversation, &error);
  g_autoptr (GString) found = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < list->len; i++)
    g_string_append_printf (found, "%s%s", i > 0 ? " " : "",
                            ((SottoHistoryDraftDocument *) g_ptr_array_index (list, i))->part->name);
  g_assert_cmpstr (found->str, ==, names);
}

static void
reopen (TestStore *f)
{
  test_close (f->store);
  f->store = test_open (f->folder);
}

static char *
send (SottoStore *store, const char *conversation, const char *parent, GPtrArray *parts, gboolean clear_draft)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *id;

  sotto_store_add_message_async (store, conversation, NULL, parent, SOTTO_HISTORY_ROLE_USER, parts, clear_draft, NULL,
                                 test_ready, &result);
  id = sotto_store_add_message_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return id;
}

static void
test_kept (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autofree char *other = test_add_conversation (f->store, "Other");
  g_autofree char *first = attach (f->store, one, "a.txt", "ä\ntwo", 0);
  g_autofree char *second = attach (f->store, one, "b.pdf", "[Page 1]\ntext", 12);
  g_autofree char *third = attach (f->store, NULL, "c.txt", "next", 0);
  g_autoptr (GPtrArray) list = NULL;
  const SottoHistoryDraftDocument *document;

  reopen (f);
  assert_attached (f->store, one, "a.txt b.pdf");
  assert_attached (f->store, other, "");
  assert_attached (f->store, NULL, "c.txt");
  list = try_list (f->store, one, NULL);
  document = g_ptr_array_index (list, 0);
  g_assert_cmpstr (document->id, ==, first);
  g_assert_cmpint (document->part->kind, ==, SOTTO_HISTORY_PART_DOCUMENT);
  g_assert_cmpstr (document->part->text, ==, "ä\ntwo");
  g_assert_cmpstr (document->part->media_type, ==, "text/plain");
  g_assert_cmpuint (document->part->first_page, ==, 0);
  g_assert_cmpuint (document->part->last_page, ==, 0);
  g_assert_null (document->part->uri);
  document = g_ptr_array_index (list, 1);
  g_assert_cmpstr (document->id, ==, second);
  g_assert_cmpstr (document->part->media_type, ==, "application/pdf");
  g_assert_cmpuint (document->part->first_page, ==, 1);
  g_assert_cmpuint (document->part->last_page, ==, 12);

  take_off (f->store, first);
  /* What is not there any more needs not go. */
  take_off (f->store, first);
  reopen (f);
  assert_attached (f->store, one, "b.pdf");
  g_free (first);
  first = attach (f->store, one, "a.txt", "again", 0);
  assert_attached (f->store, one, "b.pdf a.txt");
}

/* They go with the draft's text, and where that stays they do. */
static void
test_sent (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "");
  g_autofree char *other = test_add_conversation (f->store, "");
  g_autofree char *here = attach (f->store, one, "here.txt", "a", 0);
  g_autofree char *there = attach (f->store, other, "there.txt", "b", 0);
  g_autofree char *next = attach (f->store, NULL, "next.txt", "c", 0);
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("What is in it?");
  g_autofree char *edited = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *late = NULL;

  edited = send (f->store, one, NULL, parts, FALSE);
  assert_attached (f->store, one, "here.txt");
  assert_attached (f->store, NULL, "next.txt");
  first = send (f->store, other, NULL, parts, TRUE);
  assert_attached (f->store, other, "");
  assert_attached (f->store, NULL, "");
  assert_attached (f->store, one, "here.txt");

  /* A later message has nothing to do with what is to be begun next. */
  late = attach (f->store, NULL, "late.txt", "d", 0);
  second = send (f->store, one, edited, parts, TRUE);
  assert_attached (f->store, one, "");
  assert_attached (f->store, NULL, "late.txt");
}

static void
test_purged (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autofree char *id = attach (f->store, one, "a.txt", "a", 0);
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) back = NULL;
  g_autoptr (GAsyncResult) again = NULL;
  g_autoptr (GAsyncResult) purged = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_delete_conversation_async (f->store, one, NULL, test_ready, &deleted);
  g_assert_true (sotto_store_delete_conversation_finish (f->store, test_wait (&deleted), NULL));
  sotto_store_undelete_conversation_async (f->store, one, NULL, test_ready, &back);
  g_assert_true (sotto_store_undelete_conversation_finish (f->store, test_wait (&back), NULL));
  assert_attached (f->store, one, "a.txt");
  sotto_store_delete_conversation_async (f->store, one, NULL, test_ready, &again);
  g_assert_true (sotto_store_delete_conversation_finish (f->store, test_wait (&again), NULL));
  sotto_store_purge_async (f->store, NULL, NULL, test_ready, &purged);
  g_assert_true (sotto_store_purge_finish (f->store, test_wait (&purged), NULL, NULL));
  g_assert_null (try_list (f->store, one, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
}

static void
test_refused (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autoptr (SottoHistoryPart) good = make_part ("a.txt", "a", 0);
  g_autoptr (SottoHistoryPart) text = sotto_history_part_new (SOTTO_HISTORY_PART_TEXT, "a");
  g_autoptr (SottoHistoryPart) passage = make_part ("a.txt", "a", 0);
  g_autofree char *taken = attach (f->store, one, "first.txt", "a", 0);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&passage->media_type, g_free);
  g_assert_null (try_attach (f->store, one, text, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (try_attach (f->store, one, passage, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (try_attach (f->store, taken, good, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  sotto_store_add_draft_document_async (f->store, one, "not an id", good, NULL, test_ready, &result);
  g_assert_false (sotto_store_add_draft_document_finish (f->store, test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);

  for (guint i = 1; i < SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS; i++)
    {
      g_autofree char *id = try_attach (f->store, one, good, NULL);

      g_assert_nonnull (id);
    }
  g_assert_null (try_attach (f->store, one, good, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  /* But in another there is room. */
  {
    g_autofree char *id = attach (f->store, NULL, "b.txt", "b", 0);

    assert_attached (f->store, NULL, "b.txt");
  }
}

/* One megabyte is what a document may have, and there may be a list of them. */
static void
test_long (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autofree char *text = g_strnfill (1024 * 1024, 'x');
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i < 5; i++)
    g_free (attach (f->store, one, "long.txt", text, 0));
  reopen (f);
  list = try_list (f->store, one, NULL);
  g_assert_cmpuint (list->len, ==, 5);
  for (guint i = 0; i < list->len; i++)
    g_assert_cmpstr (((SottoHistoryDraftDocument *) g_ptr_array_index (list, i))->part->text, ==, text);
}

static GPtrArray *
make_parts (const char *text, const char *name, const char *document)
{
  GPtrArray *parts = text != NULL ? sotto_history_parts_new_text (text)
                                  : g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);

  g_ptr_array_add (parts, make_part (name, document, 3));
  return parts;
}

/* What the list shows of a message is what was written; one that is a file alone is called as that is. */
static void
test_snippet (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autoptr (GPtrArray) both = make_parts ("What is it about?", "report.pdf", "[Page 1]\nMoney");
  g_autoptr (GPtrArray) alone = make_parts (NULL, "report.pdf", "[Page 1]\nMoney");
  g_autofree char *first = send (f->store, one, NULL, both, TRUE);
  g_autoptr (GPtrArray) before = test_list (f->store);
  g_autoptr (GPtrArray) after = NULL;
  g_autofree char *second = NULL;

  g_assert_cmpstr (((SottoHistoryConversation *) g_ptr_array_index (before, 0))->snippet, ==, "What is it about?");
  second = send (f->store, one, first, alone, TRUE);
  after = test_list (f->store);
  g_assert_cmpstr (((SottoHistoryConversation *) g_ptr_array_index (after, 0))->snippet, ==, "report.pdf");
}

static guint
count_hits (SottoStore *store, const char *text)
{
  g_autoptr (GPtrArray) hits = test_search (store, text);

  return hits->len;
}

/* By what the file says, and by its name; a passage only by what it says, as its file may have a hundred. */
static void
test_found (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "");
  g_autoptr (GPtrArray) parts = make_parts ("About what?", "quarter.pdf", "[Page 1]\nabout marmots");
  SottoHistoryPart *passage = make_part ("walrus.txt", "about pelicans", 0);
  g_autofree char *id = NULL;

  g_clear_pointer (&passage->media_type, g_free);
  g_ptr_array_add (parts, passage);
  id = send (f->store, one, NULL, parts, TRUE);
  g_assert_cmpuint (count_hits (f->store, "marmots"), ==, 1);
  g_assert_cmpuint (count_hits (f->store, "quarter.pdf"), ==, 1);
  g_assert_cmpuint (count_hits (f->store, "pelicans"), ==, 1);
  g_assert_cmpuint (count_hits (f->store, "walrus"), ==, 0);
  test_check (f->store);
}

/* --- Pictures --- */

static char *
attach_picture (SottoStore *store, const char *conversation, const char *name, const char *bytes)
{
  g_autoptr (SottoHistoryPart) part = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, NULL);
  g_autoptr (GError) error = NULL;
  char *id;

  part->name = g_strdup (name);
  part->media_type = g_strdup ("image/png");
  part->data = bytes != NULL ? g_bytes_new_static (bytes, strlen (bytes)) : NULL;
  id = try_attach (store, conversation, part, &error);
  g_assert_true ((id != NULL) == (bytes != NULL));
  return id;
}

static void
assert_picture (GPtrArray *list, guint position, const char *name, const char *bytes)
{
  const SottoHistoryPart *part = ((SottoHistoryDraftDocument *) g_ptr_array_index (list, position))->part;
  gsize length;
  const char *data = g_bytes_get_data (part->data, &length);

  g_assert_cmpint (part->kind, ==, SOTTO_HISTORY_PART_IMAGE);
  g_assert_cmpstr (part->name, ==, name);
  g_assert_cmpstr (part->media_type, ==, "image/png");
  g_assert_cmpmem (data, length, bytes, strlen (bytes));
}

static gpointer
do_count_attachments (SottoVault *vault, SottoCall *call, GError **error)
{
  gboolean found;

  return GINT_TO_POINTER (1 + (gint) sotto_database_get_int (vault->database, &found, error, "SELECT count(*) FROM attachment", ""));
}

static int
count_attachments (SottoStore *store)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_push (store, SOTTO_WORK_READ, do_count_attachments, sotto_call_new (), NULL, NULL, test_ready, &result);
  return GPOINTER_TO_INT (sotto_store_take (store, test_wait (&result), NULL)) - 1;
}

static void
purge (SottoStore *store)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_purge_async (store, NULL, NULL, test_ready, &result);
  g_assert_true (sotto_store_purge_finish (store, test_wait (&result), NULL, NULL));
}

/* Their bytes are kept once, with whatever has them, and are gone when nothing has them any more. */
static void
test_pictures (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autofree char *nothing = attach_picture (f->store, one, "nothing.png", NULL);
  g_autofree char *first = attach_picture (f->store, one, "first.png", "pixels of one");
  g_autofree char *same = attach_picture (f->store, one, "same.png", "pixels of one");
  g_autofree char *text = attach (f->store, one, "text.txt", "words", 0);
  g_autofree char *other = attach_picture (f->store, one, "other.png", "pixels of another");
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  g_autoptr (GPtrArray) path = NULL;
  g_autofree char *sent = NULL;
  g_autoptr (GBytes) hash = NULL;

  reopen (f);
  list = try_list (f->store, one, NULL);
  g_assert_cmpuint (list->len, ==, 4);
  assert_picture (list, 0, "first.png", "pixels of one");
  assert_picture (list, 1, "same.png", "pixels of one");
  g_assert_cmpstr (((SottoHistoryDraftDocument *) g_ptr_array_index (list, 2))->part->text, ==, "words");
  assert_picture (list, 3, "other.png", "pixels of another");
  g_assert_cmpint (count_attachments (f->store), ==, 2);

  take_off (f->store, other);
  purge (f->store);
  g_assert_cmpint (count_attachments (f->store), ==, 1);
  take_off (f->store, first);
  purge (f->store);
  g_assert_cmpint (count_attachments (f->store), ==, 1);

  /* The draft becomes a message that has the same one. */
  g_ptr_array_add (parts, sotto_history_part_copy (((SottoHistoryDraftDocument *) g_ptr_array_index (list, 1))->part));
  sent = send (f->store, one, NULL, parts, TRUE);
  purge (f->store);
  g_assert_cmpint (count_attachments (f->store), ==, 1);
  path = test_load (f->store, one);
  hash = sotto_history_hash_data (((SottoHistoryPart *) g_ptr_array_index (parts, 0))->data);
  g_assert_true (g_bytes_equal (((SottoHistoryPart *) g_ptr_array_index (test_message_at (path, 0)->parts, 0))->hash, hash));
  g_assert_cmpuint (count_hits (f->store, "same.png"), ==, 1);
  test_check (f->store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/drafts/kept", test_kept);
  test_store_add ("/history/drafts/sent", test_sent);
  test_store_add ("/history/drafts/purged", test_purged);
  test_store_add ("/history/drafts/refused", test_refused);
  test_store_add ("/history/drafts/long", test_long);
  test_store_add ("/history/drafts/snippet", test_snippet);
  test_store_add ("/history/drafts/found", test_found);
  test_store_add ("/history/drafts/pictures", test_pictures);
  return g_test_run ();
}
