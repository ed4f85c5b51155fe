#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "folder-rows.h"
#include "group-rows.h"
#include "search-index.h"
#include "store-prune.h"

/* --- Reading --- */

#define COLUMNS \
  "SELECT uuid, title, snippet, draft.text, created, updated, deleted," \
  " (SELECT count(*) FROM message WHERE message.conversation = conversation.id)," \
  " model.path, model.name, model.hash, pinned, " SOTTO_ROWS_FOLDERS_OF_CONVERSATION ", " \
  SOTTO_ROWS_GROUP_OF_CONVERSATION ", tools, answer_format, answer_schema" \
  " FROM conversation LEFT JOIN draft ON draft.conversation = conversation.id" \
  " LEFT JOIN model ON model.id = conversation.model"

static SottoHistoryConversation *
read_conversation (sqlite3_stmt *row)
{
  SottoHistoryConversation *conversation = g_new0 (SottoHistoryConversation, 1);

  conversation->id = sotto_column_dup_text (row, 0);
  conversation->title = sotto_column_dup_text (row, 1);
  conversation->snippet = sotto_column_dup_text (row, 2);
  conversation->draft = sotto_column_dup_text (row, 3);
  conversation->created = sqlite3_column_int64 (row, 4);
  conversation->updated = sqlite3_column_int64 (row, 5);
  conversation->deleted = sqlite3_column_int64 (row, 6);
  conversation->n_messages = (guint) sqlite3_column_int64 (row, 7);
  conversation->model = sotto_rows_read_model (row, 8);
  conversation->is_pinned = sqlite3_column_int (row, 11) != 0;
  conversation->folders = sotto_rows_read_folders (row, 12);
  conversation->group = sotto_column_dup_text (row, 13);
  conversation->group_name = sotto_column_dup_text (row, 14);
  conversation->tools = sotto_rows_read_tools (row, 15);
  conversation->answer_format = (SottoHistoryAnswerFormat) sqlite3_column_int (row, 16);
  conversation->answer_schema = sotto_column_dup_text (row, 17);
  return conversation;
}

static gpointer
do_list (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (vault->database, error,
                                             COLUMNS " WHERE deleted = 0"
                                             " ORDER BY pinned DESC, updated DESC,"
                                             " conversation.id DESC", "");

  if (rows == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_conversation_free);
  while (sotto_database_next (vault->database, rows, &failed, error))
    g_ptr_array_add (list, read_conversation (rows));
  return failed ? NULL : g_steal_pointer (&list);
}

static gpointer
do_get (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoHistoryConversation *conversation = NULL;
  gboolean failed;
  sqlite3_stmt *row = sotto_database_query (vault->database, error, COLUMNS " WHERE uuid = ?1",
                                            "u", call->conversation);

  if (row == NULL)
    return NULL;

  if (sotto_database_next (vault->database, row, &failed, error))
    {
      conversation = read_conversation (row);
      sqlite3_reset (row);
    }
  else if (!failed)
    sotto_rows_set_not_found (error, call->conversation);
  return conversation;
}

static gpointer
do_get_draft (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 conversation = 0;
  gboolean failed;
  char *text = NULL;
  sqlite3_stmt *row;

  if (call->conversation != NULL)
    {
      conversation = sotto_rows_find_conversation (vault->database, call->conversation, error);
      if (conversation == 0)
        return NULL;
    }

  row = sotto_database_query (vault->database, error,
                              "SELECT text FROM draft WHERE conversation IS nullif (?1, 0)", "i",
                              conversation);
  if (row == NULL)
    return NULL;
  if (sotto_database_next (vault->database, row, &failed, error))
    {
      text = sotto_column_dup_text (row, 0);
      sqlite3_reset (row);
    }
  else if (!failed)
    text = g_strdup ("");
  return text;
}

/* --- Writing; within the transaction that the thread began --- */

static gpointer
do_create (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 now = g_get_real_time ();
  gint64 model;

  if (!sotto_rows_check_id (call->id, error) ||
      !sotto_rows_put_model (vault->database, call->model, &model, error) ||
      !sotto_database_run (vault->database, error,
                           "INSERT INTO conversation (uuid, title, model, created, updated)"
                           " VALUES (?1, ?2, nullif (?3, 0), ?4, ?4)", "uuii", call->id,
                           call->text, model, now) ||
      !sotto_search_index_add_title (vault->database,
                                     sotto_database_last_row (vault->database), error) ||
      !sotto_audit_add (vault->database, "create-conversation", call->id, error))
    return NULL;
  return g_steal_pointer (&call->id);
}

static gpointer
do_rename (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  if (row == 0 ||
      !sotto_search_index_remove_title (vault->database, row, error) ||
      !sotto_database_run (vault->database, error,
                           "UPDATE conversation SET title = ?2 WHERE id = ?1", "iu", row,
                           call->text) ||
      !sotto_search_index_add_title (vault->database, row, error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_pin (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  if (row == 0 ||
      !sotto_database_run (vault->database, error,
                           "UPDATE conversation SET pinned = ?2 WHERE id = ?1", "ii", row,
                           (gint64) (call->flag != FALSE)))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_set_model (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);
  gint64 model;

  if (row == 0 || !sotto_rows_put_model (vault->database, call->model, &model, error) ||
      !sotto_database_run (vault->database, error,
                           "UPDATE conversation SET model = ?2 WHERE id = ?1", "ii", row, model))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_set_draft (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = 0;

  if (call->conversation != NULL)
    {
      row = sotto_rows_find_conversation (vault->database, call->conversation, error);
      if (row == 0)
        return NULL;
    }

  if (!sotto_database_run (vault->database, error,
                           "DELETE FROM draft WHERE conversation IS nullif (?1, 0)", "i", row))
    return NULL;
  if (call->text != NULL && *call->text != '\0' &&
      !sotto_database_run (vault->database, error,
                           "INSERT INTO draft (conversation, text) VALUES (nullif (?1, 0), ?2)",
                           "iu", row, call->text))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_delete (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  if (row == 0 ||
      !sotto_database_run (vault->database, error,
                           "UPDATE conversation SET deleted = ?2 WHERE id = ?1", "ii", row,
                           call->flag ? g_get_real_time () : (gint64) 0) ||
      !sotto_audit_add (vault->database, call->flag ? "delete" : "undelete", call->conversation,
                        error))
    return NULL;
  return SOTTO_DONE;
}

/* The tree goes before the conversation; the checks wait for the transaction's end. */
static gboolean
purge_one (SottoDatabase *database, gint64 row, const char *uuid, GError **error)
{
  return sotto_search_index_remove_conversation (database, row, error) &&
         sotto_database_run (database, error,
                             "DELETE FROM part WHERE message IN"
                             " (SELECT id FROM message WHERE conversation = ?1)", "i", row) &&
         sotto_database_run (database, error,
                             "DELETE FROM journal WHERE message IN"
                             " (SELECT id FROM message WHERE conversation = ?1)", "i", row) &&
         sotto_database_run (database, error,
                             "DELETE FROM receipt WHERE message IN"
                             " (SELECT id FROM message WHERE conversation = ?1)", "i", row) &&
         sotto_database_run (database, error, "DELETE FROM message WHERE conversation = ?1", "i",
                             row) &&
         sotto_database_run (database, error, "DELETE FROM conversation WHERE id = ?1", "i",
                             row) &&
         sotto_audit_add (database, "purge", uuid, error);
}

/* What single messages were deleted of may come back, and uses them still. */
static gboolean
purge_unused_attachments (SottoDatabase *database, GError **error)
{
  return sotto_prune_prepare (database, error) &&
         sotto_database_run (database, error,
                             "DELETE FROM attachment WHERE id NOT IN"
                             " (SELECT attachment FROM part WHERE attachment IS NOT NULL"
                             "  UNION SELECT attachment FROM draft_document WHERE attachment IS NOT NULL"
                             "  UNION SELECT attachment FROM gone_part WHERE attachment IS NOT NULL)", "");
}

static gboolean
purge_unused_models (SottoDatabase *database, GError **error)
{
  return sotto_prune_prepare (database, error) &&
         sotto_database_run (database, error,
                             "DELETE FROM model WHERE id NOT IN"
                             " (SELECT model FROM message WHERE model IS NOT NULL"
                             "  UNION SELECT model FROM gone_message WHERE model IS NOT NULL"
                             "  UNION SELECT model FROM conversation WHERE model IS NOT NULL)", "");
}

static gpointer
do_purge (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  const char * const *kept = (const char * const *) call->names;
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) uuids = g_ptr_array_new_with_free_func (g_free);
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT id, uuid FROM conversation"
                                             " WHERE deleted != 0", "");

  if (rows == NULL)
    return NULL;
  while (sotto_database_next (database, rows, &failed, error))
    {
      gint64 row = sqlite3_column_int64 (rows, 0);
      g_autofree char *uuid = sotto_column_dup_text (rows, 1);

      if (kept != NULL && g_strv_contains (kept, uuid))
        continue;
      g_array_append_val (list, row);
      g_ptr_array_add (uuids, g_steal_pointer (&uuid));
    }
  if (failed)
    return NULL;

  for (guint i = 0; i < list->len; i++)
    if (!purge_one (database, g_array_index (list, gint64, i), g_ptr_array_index (uuids, i),
                    error))
      return NULL;

  if (!sotto_rows_purge_groups (database, kept, error))
    return NULL;
  if (!purge_unused_attachments (database, error) || (list->len > 0 && !purge_unused_models (database, error)))
    return NULL;
  return GUINT_TO_POINTER (list->len + 1);
}

/* After the commit: old pages that hold the text must leave the log too, and what was kept beside goes. */
static gpointer
do_leave_nothing (SottoVault *vault, SottoCall *call, GError **error)
{
  return sotto_vault_settle_sealed (vault, FALSE, error) &&
         sotto_database_exec (vault->database, "PRAGMA wal_checkpoint (TRUNCATE)", error)
         ? SOTTO_DONE : NULL;
}

/* --- The calls --- */

static SottoCall *
call_for (const char *conversation)
{
  SottoCall *call = sotto_call_new ();

  call->conversation = g_strdup (conversation);
  return call;
}

static char *
dup_valid (const char *text)
{
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

void
sotto_store_list_conversations_async (SottoStore          *self,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_READ, do_list, NULL, (GDestroyNotify) g_ptr_array_unref,
                    cancellable, callback, user_data);
}

GPtrArray *
sotto_store_list_conversations_finish (SottoStore    *self,
                                       GAsyncResult  *result,
                                       GError       **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_get_conversation_async (SottoStore          *self,
                                    const char          *conversation,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  sotto_store_push (self, SOTTO_WORK_READ, do_get, call_for (conversation),
                    (GDestroyNotify) sotto_history_conversation_free, cancellable, callback,
                    user_data);
}

SottoHistoryConversation *
sotto_store_get_conversation_finish (SottoStore    *self,
                                     GAsyncResult  *result,
                                     GError       **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_create_conversation_async (SottoStore              *self,
                                       const char              *id,
                                       const char              *title,
                                       const SottoHistoryModel *model,
                                       GCancellable            *cancellable,
                                       GAsyncReadyCallback      callback,
                                       gpointer                 user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->id = id != NULL ? g_strdup (id) : sotto_history_new_id ();
  call->text = dup_valid (title != NULL ? title : "");
  call->model = sotto_history_model_copy (model);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_create, call, g_free, cancellable, callback,
                    user_data);
}

char *
sotto_store_create_conversation_finish (SottoStore    *self,
                                        GAsyncResult  *result,
                                        GError       **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_rename_conversation_async (SottoStore          *self,
                                       const char          *conversation,
                                       const char          *title,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL && title != NULL);

  call = call_for (conversation);
  call->text = dup_valid (title);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_rename, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_rename_conversation_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_pin_conversation_async (SottoStore          *self,
                                    const char          *conversation,
                                    gboolean             is_pinned,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  call = call_for (conversation);
  call->flag = is_pinned;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_pin, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_pin_conversation_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_set_model_async (SottoStore              *self,
                             const char              *conversation,
                             const SottoHistoryModel *model,
                             GCancellable            *cancellable,
                             GAsyncReadyCallback      callback,
                             gpointer                 user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL && model != NULL);

  call = call_for (conversation);
  call->model = sotto_history_model_copy (model);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_model, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_set_model_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_set_draft_async (SottoStore          *self,
                             const char          *conversation,
                             const char          *text,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = call_for (conversation);
  call->text = dup_valid (text);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_draft, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_set_draft_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_get_draft_async (SottoStore          *self,
                             const char          *conversation,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_READ, do_get_draft, call_for (conversation), g_free,
                    cancellable, callback, user_data);
}

char *
sotto_store_get_draft_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

static void
push_delete (SottoStore          *self,
             const char          *conversation,
             gboolean             deleted,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  SottoCall *call = call_for (conversation);

  call->flag = deleted;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_delete, call, NULL, cancellable, callback,
                    user_data);
}

void
sotto_store_delete_conversation_async (SottoStore          *self,
                                       const char          *conversation,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  push_delete (self, conversation, TRUE, cancellable, callback, user_data);
}

gboolean
sotto_store_delete_conversation_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_undelete_conversation_async (SottoStore          *self,
                                         const char          *conversation,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  push_delete (self, conversation, FALSE, cancellable, callback, user_data);
}

gboolean
sotto_store_undelete_conversation_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_purge_async (SottoStore          *self,
                         const char * const  *kept,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->names = g_strdupv ((char **) kept);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_purge, call, NULL, cancellable, callback,
                    user_data);
  sotto_store_push (self, SOTTO_WORK_OTHER, do_leave_nothing, NULL, NULL, NULL, NULL, NULL);
}

gboolean
sotto_store_purge_finish (SottoStore    *self,
                          GAsyncResult  *result,
                          guint         *n_purged,
                          GError       **error)
{
  gpointer n = sotto_store_take (self, result, error);

  if (n_purged != NULL)
    *n_purged = n != NULL ? GPOINTER_TO_UINT (n) - 1 : 0;
  return n != NULL;
}
