#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "folder-rows.h"

/* --- Reading --- */

static gpointer
do_list (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  gboolean failed;
  sqlite3_stmt *rows =
    sotto_database_query (vault->database, error,
                          "SELECT uuid, uri, added, count (document.id) FILTER (WHERE problem IS NULL),"
                          " count (problem), ifnull (sum (n_passages), 0)"
                          " FROM folder LEFT JOIN document ON document.folder = folder.id AND document.gone = 0"
                          " WHERE folder.gone = 0 GROUP BY folder.id ORDER BY folder.id", "");

  if (rows == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_folder_free);
  while (sotto_database_next (vault->database, rows, &failed, error))
    {
      SottoHistoryFolder *folder = g_new0 (SottoHistoryFolder, 1);

      folder->id = sotto_column_dup_text (rows, 0);
      folder->uri = sotto_column_dup_text (rows, 1);
      folder->added = sqlite3_column_int64 (rows, 2);
      folder->n_documents = (guint) sqlite3_column_int64 (rows, 3);
      folder->n_unread = (guint) sqlite3_column_int64 (rows, 4);
      folder->n_passages = (guint) sqlite3_column_int64 (rows, 5);
      g_ptr_array_add (list, folder);
    }
  return failed ? NULL : g_steal_pointer (&list);
}

static gpointer
do_list_documents (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  gint64 folder = sotto_rows_find_folder (vault->database, call->id, error);
  gboolean failed;
  sqlite3_stmt *rows;

  if (folder == 0)
    return NULL;
  rows = sotto_database_query (vault->database, error,
                               "SELECT path, size, modified, problem FROM document"
                               " WHERE folder = ?1 AND gone = 0 ORDER BY path", "i", folder);
  if (rows == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_document_free);
  while (sotto_database_next (vault->database, rows, &failed, error))
    g_ptr_array_add (list, sotto_history_document_new ((const char *) sqlite3_column_text (rows, 0),
                                                       (guint64) sqlite3_column_int64 (rows, 1),
                                                       sqlite3_column_int64 (rows, 2),
                                                       (const char *) sqlite3_column_text (rows, 3)));
  return failed ? NULL : g_steal_pointer (&list);
}

/* --- Writing; within the transaction that the thread began --- */

static gpointer
do_add (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  gboolean failed;
  char *id = NULL;
  sqlite3_stmt *row;

  if (*call->text == '\0')
    {
      sotto_rows_set_invalid (error, "uri: empty");
      return NULL;
    }

  row = sotto_database_query (database, error, "SELECT uuid FROM folder WHERE uri = ?1 AND gone = 0", "u", call->text);
  if (row == NULL)
    return NULL;
  if (sotto_database_next (database, row, &failed, error))
    {
      id = sotto_column_dup_text (row, 0);
      sqlite3_reset (row);
    }
  if (id != NULL || failed)
    return id;

  if (!sotto_database_run (database, error, "INSERT INTO folder (uuid, uri, added) VALUES (?1, ?2, ?3)", "uui",
                           call->id, call->text, g_get_real_time ()) ||
      !sotto_audit_add (database, "add-folder", call->id, error))
    return NULL;
  return g_steal_pointer (&call->id);
}

static gpointer
do_remove (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  gint64 folder = sotto_rows_find_folder (database, call->id, error);

  if (folder == 0 ||
      !sotto_database_run (database, error, "UPDATE folder SET gone = 1, uri = '' WHERE id = ?1", "i", folder) ||
      !sotto_database_run (database, error, "DELETE FROM conversation_folder WHERE folder = ?1", "u", call->id) ||
      !sotto_database_run (database, error, "DELETE FROM group_folder WHERE folder = ?1", "u", call->id) ||
      !sotto_audit_add (database, "remove-folder", call->id, error))
    return NULL;
  sotto_vault_erase_later (vault);
  return SOTTO_DONE;
}

static gboolean
remove_document (SottoVault *vault, gint64 folder, const char *path, GError **error)
{
  if (!sotto_database_run (vault->database, error,
                           "UPDATE document SET gone = 1 WHERE folder = ?1 AND path = ?2 AND gone = 0", "iu",
                           folder, path))
    return FALSE;
  if (sotto_database_changes (vault->database) > 0)
    sotto_vault_erase_later (vault);
  return TRUE;
}

static gpointer
do_remove_document (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 folder = sotto_rows_find_folder (vault->database, call->id, error);

  if (folder == 0 || !remove_document (vault, folder, call->text, error))
    return NULL;
  return SOTTO_DONE;
}

static gboolean
insert_passages (SottoDatabase *database, gint64 folder, gint64 document, GPtrArray *passages, GError **error)
{
  GError *local = NULL;
  gint64 last = sotto_database_get_int (database, NULL, &local,
                                        "SELECT ifnull (max (id), ?1) FROM passage WHERE id BETWEEN ?1 AND ?2", "ii",
                                        SOTTO_PASSAGES_BEFORE (folder), SOTTO_PASSAGES_LAST (folder));

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  for (guint i = 0; i < passages->len; i++)
    {
      const SottoHistoryPassage *passage = g_ptr_array_index (passages, i);

      if (!sotto_database_run (database, error,
                               "INSERT INTO passage (id, document, first_page, last_page, text)"
                               " VALUES (?1, ?2, ?3, ?4, ?5)", "iiiiu", ++last, document,
                               (gint64) passage->first_page, (gint64) passage->last_page, passage->text) ||
          !sotto_database_run (database, error, "INSERT INTO passage_words (rowid, text) VALUES (?1, ?2)", "iu",
                               last, passage->text))
        return FALSE;
    }
  return TRUE;
}

static gpointer
do_put_document (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  const SottoHistoryDocument *document = call->document;
  gint64 folder = sotto_rows_find_folder (database, call->id, error);
  guint n_passages = call->passages != NULL ? call->passages->len : 0;

  if (folder == 0)
    return NULL;
  if (*document->path == '\0')
    {
      sotto_rows_set_invalid (error, "path: empty");
      return NULL;
    }

  if (!remove_document (vault, folder, document->path, error) ||
      !sotto_database_run (database, error,
                           "INSERT INTO document (folder, path, size, modified, problem, n_passages)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)", "iuiiui", folder, document->path,
                           (gint64) document->size, document->modified, document->problem, (gint64) n_passages))
    return NULL;
  if (n_passages > 0 &&
      !insert_passages (database, folder, sotto_database_last_row (database), call->passages, error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_set_conversation_folders (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  if (row == 0 ||
      !sotto_rows_put_folders (vault->database, row, (const char *const *) call->folders, error))
    return NULL;
  return SOTTO_DONE;
}

/* --- The calls --- */

static SottoCall *
call_for (const char *folder)
{
  SottoCall *call = sotto_call_new ();

  call->id = g_strdup (folder);
  return call;
}

void
sotto_store_list_folders_async (SottoStore          *self,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_READ, do_list, NULL, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
                    user_data);
}

GPtrArray *
sotto_store_list_folders_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_add_folder_async (SottoStore          *self,
                              const char          *uri,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && uri != NULL);

  call = sotto_call_new ();
  call->id = sotto_history_new_id ();
  call->text = g_utf8_make_valid (uri, -1);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_add, call, g_free, cancellable, callback, user_data);
}

char *
sotto_store_add_folder_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_remove_folder_async (SottoStore          *self,
                                 const char          *folder,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && folder != NULL);

  sotto_store_push (self, SOTTO_WORK_WRITE, do_remove, call_for (folder), NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_remove_folder_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_list_documents_async (SottoStore          *self,
                                  const char          *folder,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && folder != NULL);

  sotto_store_push (self, SOTTO_WORK_READ, do_list_documents, call_for (folder), (GDestroyNotify) g_ptr_array_unref,
                    cancellable, callback, user_data);
}

GPtrArray *
sotto_store_list_documents_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_put_document_async (SottoStore                 *self,
                                const char                 *folder,
                                const SottoHistoryDocument *document,
                                GPtrArray                  *passages,
                                GCancellable               *cancellable,
                                GAsyncReadyCallback         callback,
                                gpointer                    user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && folder != NULL && document != NULL);

  call = call_for (folder);
  call->document = sotto_history_document_copy (document);
  call->passages = passages != NULL ? g_ptr_array_ref (passages) : NULL;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_put_document, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_put_document_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_remove_document_async (SottoStore          *self,
                                   const char          *folder,
                                   const char          *path,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && folder != NULL && path != NULL);

  call = call_for (folder);
  call->text = g_strdup (path);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_remove_document, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_remove_document_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_set_conversation_folders_async (SottoStore          *self,
                                            const char          *conversation,
                                            const char *const   *folders,
                                            GCancellable        *cancellable,
                                            GAsyncReadyCallback  callback,
                                            gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->folders = g_strdupv ((char **) folders);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_conversation_folders, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_set_conversation_folders_finish (SottoStore    *self,
                                             GAsyncResult  *result,
                                             GError       **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
