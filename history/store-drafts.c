#include "store-private.h"

#include "conversation-rows.h"
#include "message-parts.h"

/* The text of a draft is a matter of store-conversations.c; here are the files that wait beside it. */

void
sotto_history_draft_document_free (SottoHistoryDraftDocument *document)
{
  g_free (document->id);
  sotto_history_part_free (document->part);
  g_free (document);
}

/* --- In the thread --- */

/* @row: (out): 0: the conversation that is not begun yet */
static gboolean
find_conversation (SottoDatabase *database, const char *id, gint64 *row, GError **error)
{
  *row = id != NULL ? sotto_rows_find_conversation (database, id, error) : 0;
  return id == NULL || *row != 0;
}

static gboolean
check_part (const SottoHistoryPart *part, GError **error)
{
  const gboolean is_picture = part->kind == SOTTO_HISTORY_PART_IMAGE && (part->data != NULL || part->hash != NULL);

  if ((part->kind == SOTTO_HISTORY_PART_DOCUMENT || is_picture) && part->name != NULL && part->media_type != NULL)
    return TRUE;
  sotto_rows_set_invalid (error, "attachment: neither a document nor a picture with name and media type");
  return FALSE;
}

static gboolean
check_room (SottoDatabase *database, gint64 conversation, GError **error)
{
  gboolean found;
  gint64 n = sotto_database_get_int (database, &found, error,
                                     "SELECT count(*) FROM draft_document WHERE conversation IS nullif (?1, 0)", "i",
                                     conversation);

  if (found && n >= SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS)
    sotto_rows_set_invalid (error, "attachment: there are too many");
  return found && n < SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS;
}

static gpointer
do_add (SottoVault *vault, SottoCall *call, GError **error)
{
  const SottoHistoryPart *part = g_ptr_array_index (call->parts, 0);
  gint64 conversation;
  gint64 attachment = 0;

  if (!find_conversation (vault->database, call->conversation, &conversation, error) ||
      !sotto_rows_check_id (call->id, error) ||
      !check_part (part, error) ||
      !check_room (vault->database, conversation, error) ||
      (part->kind == SOTTO_HISTORY_PART_IMAGE && !sotto_parts_put_data (vault->database, part, &attachment, error)) ||
      !sotto_database_run (vault->database, error,
                           "INSERT INTO draft_document (uuid, conversation, name, media_type, n_pages, text, attachment)"
                           " VALUES (?1, nullif (?2, 0), ?3, ?4, ?5, ?6, nullif (?7, 0))", "uiuuiui", call->id, conversation,
                           part->name, part->media_type, (gint64) part->last_page, part->text, attachment))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_remove (SottoVault *vault, SottoCall *call, GError **error)
{
  return sotto_database_run (vault->database, error, "DELETE FROM draft_document WHERE uuid = ?1", "u", call->id)
         ? SOTTO_DONE : NULL;
}

static SottoHistoryDraftDocument *
read_document (sqlite3_stmt *row)
{
  SottoHistoryDraftDocument *document = g_new0 (SottoHistoryDraftDocument, 1);
  const gboolean is_picture = sqlite3_column_type (row, 5) != SQLITE_NULL;
  SottoHistoryPart *part = sotto_history_part_new (is_picture ? SOTTO_HISTORY_PART_IMAGE : SOTTO_HISTORY_PART_DOCUMENT,
                                                   (const char *) sqlite3_column_text (row, 4));

  document->id = sotto_column_dup_text (row, 0);
  document->part = part;
  part->name = sotto_column_dup_text (row, 1);
  part->media_type = sotto_column_dup_text (row, 2);
  part->last_page = (guint) sqlite3_column_int64 (row, 3);
  part->first_page = part->last_page > 0 ? 1 : 0;
  part->data = sotto_column_dup_bytes (row, 5);
  part->hash = sotto_column_dup_bytes (row, 6);
  part->size = part->data != NULL ? g_bytes_get_size (part->data) : 0;
  return document;
}

static gpointer
do_list (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  gint64 conversation;
  gboolean failed;
  sqlite3_stmt *rows;

  if (!find_conversation (vault->database, call->conversation, &conversation, error))
    return NULL;
  rows = sotto_database_query (vault->database, error,
                               "SELECT uuid, name, media_type, n_pages, text, data, hash FROM draft_document"
                               " LEFT JOIN attachment ON attachment.id = draft_document.attachment"
                               " WHERE conversation IS nullif (?1, 0) ORDER BY draft_document.id", "i", conversation);
  if (rows == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_draft_document_free);
  while (sotto_database_next (vault->database, rows, &failed, error))
    g_ptr_array_add (list, read_document (rows));
  return failed ? NULL : g_steal_pointer (&list);
}

/* --- The calls --- */

void
sotto_store_add_draft_document_async (SottoStore             *self,
                                      const char             *conversation,
                                      const char             *id,
                                      const SottoHistoryPart *part,
                                      GCancellable           *cancellable,
                                      GAsyncReadyCallback     callback,
                                      gpointer                user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && id != NULL && part != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->id = g_strdup (id);
  call->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  g_ptr_array_add (call->parts, sotto_history_part_copy (part));
  sotto_store_push (self, SOTTO_WORK_WRITE, do_add, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_add_draft_document_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_remove_draft_document_async (SottoStore          *self,
                                         const char          *id,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && id != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (id);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_remove, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_remove_draft_document_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_list_draft_documents_async (SottoStore          *self,
                                        const char          *conversation,
                                        GCancellable        *cancellable,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  sotto_store_push (self, SOTTO_WORK_READ, do_list, call, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
                    user_data);
}

GPtrArray *
sotto_store_list_draft_documents_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}
