#include "folders.h"

#include <string.h>

#include "store-private.h"

char *
test_add_folder (SottoStore *store, const char *uri)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *id;

  sotto_store_add_folder_async (store, uri, NULL, test_ready, &result);
  id = sotto_store_add_folder_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (g_uuid_string_is_valid (id));
  return id;
}

void
test_forget_folder (SottoStore *store, const char *folder)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  sotto_store_remove_folder_async (store, folder, NULL, test_ready, &result);
  ok = sotto_store_remove_folder_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

GPtrArray *
test_folders (SottoStore *store)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_list_folders_async (store, NULL, test_ready, &result);
  list = sotto_store_list_folders_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return list;
}

GPtrArray *
test_documents (SottoStore *store, const char *folder)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_list_documents_async (store, folder, NULL, test_ready, &result);
  list = sotto_store_list_documents_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return list;
}

void
test_put_array (SottoStore *store, const char *folder, const char *path, GPtrArray *passages)
{
  g_autoptr (SottoHistoryDocument) document = sotto_history_document_new (path, 1000, 77, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  sotto_store_put_document_async (store, folder, document, passages, NULL, test_ready, &result);
  ok = sotto_store_put_document_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

void
test_put (SottoStore *store, const char *folder, const char *path, ...)
{
  g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  const char *text;
  va_list args;

  va_start (args, path);
  while ((text = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (passages, sotto_history_passage_new (text, passages->len + 1, passages->len + 1));
  va_end (args);
  test_put_array (store, folder, path, passages);
}

void
test_drop_document (SottoStore *store, const char *folder, const char *path)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  sotto_store_remove_document_async (store, folder, path, NULL, test_ready, &result);
  ok = sotto_store_remove_document_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

GPtrArray *
test_find_in (SottoStore *store, const char *const *folders, const char *question, guint limit, gsize bytes)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_find_passages_async (store, folders, question, NULL, NULL, limit, bytes, NULL, test_ready, &result);
  list = sotto_store_find_passages_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return list;
}

GPtrArray *
test_find (SottoStore *store, const char *folder, const char *question)
{
  const char *const folders[] = { folder, NULL };

  return test_find_in (store, folders, question, 10, 100000);
}

void
test_ask_folders (SottoStore *store, const char *conversation, const char *const *folders)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  sotto_store_set_conversation_folders_async (store, conversation, folders, NULL, test_ready, &result);
  ok = sotto_store_set_conversation_folders_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

void
test_set_embedder (SottoStore *store, const char *embedder)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  sotto_store_set_embedder_async (store, embedder, NULL, test_ready, &result);
  ok = sotto_store_set_embedder_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

GPtrArray *
test_unembedded (SottoStore *store, guint limit, guint64 *n_left, guint64 *n_all)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_list_unembedded_async (store, limit, NULL, test_ready, &result);
  list = sotto_store_list_unembedded_finish (store, test_wait (&result), n_left, n_all, &error);
  g_assert_no_error (error);
  return list;
}

void
test_put_vectors (SottoStore *store, const char *embedder, GArray *rows, GBytes *vectors)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  sotto_store_put_embeddings_async (store, embedder, rows, vectors, NULL, test_ready, &result);
  ok = sotto_store_put_embeddings_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

void
test_put_vector (SottoStore *store, const char *embedder, gint64 row, float x, float y)
{
  const float vector[] = { x, y };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GBytes) vectors = g_bytes_new (vector, sizeof vector);

  g_array_append_val (rows, row);
  test_put_vectors (store, embedder, rows, vectors);
}

GPtrArray *
test_unembedded_messages (SottoStore *store, guint limit, guint64 *n_left, guint64 *n_all)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_list_unembedded_messages_async (store, limit, NULL, test_ready, &result);
  list = sotto_store_list_unembedded_messages_finish (store, test_wait (&result), n_left, n_all, &error);
  g_assert_no_error (error);
  return list;
}

gboolean
test_try_put_pieces (SottoStore *store, const char *embedder, GArray *pieces, GBytes *vectors, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_put_message_embeddings_async (store, embedder, pieces, vectors, NULL, test_ready, &result);
  return sotto_store_put_message_embeddings_finish (store, test_wait (&result), error);
}

void
test_put_said (SottoStore *store, const char *embedder, const SottoHistorySaid *said, float x, float y)
{
  const float vector[] = { x, y };
  const gsize whole = strlen (said->text);
  const SottoHistoryPiece piece = { said->message, 0, whole, whole, TRUE };
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof piece);
  g_autoptr (GBytes) vectors = g_bytes_new (vector, whole > 0 ? sizeof vector : 0);
  g_autoptr (GError) error = NULL;

  g_array_append_val (pieces, piece);
  test_try_put_pieces (store, embedder, pieces, vectors, &error);
  g_assert_no_error (error);
}

GPtrArray *
test_search_meaning (SottoStore *store, const char *embedder, GBytes *vector, const char *const *except)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *hits;

  sotto_store_search_meaning_async (store, embedder, vector, except, 20, NULL, test_ready, &result);
  hits = sotto_store_search_meaning_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return hits;
}

void
test_wait_until_erased (SottoStore *store)
{
  SottoVault *vault = sotto_store_get_vault (store);

  while (g_atomic_int_get (&vault->erasing.is_left))
    g_usleep (10000);
}
