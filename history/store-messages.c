#include "store-private.h"

#include "conversation-rows.h"
#include "history-error.h"
#include "message-parts.h"
#include "search-index.h"

/* --- Reading --- */

static const char path_sql[] =
  "WITH RECURSIVE path (id, depth) AS ("
  "  SELECT active, 0 FROM conversation WHERE id = ?1 AND active IS NOT NULL"
  "  UNION ALL SELECT message.active, depth + 1 FROM path"
  "  JOIN message ON message.id = path.id"
  "  WHERE message.active IS NOT NULL AND depth < (SELECT count(*) FROM message"
  "    WHERE conversation = ?1))"
  " SELECT message.id, message.uuid, parent.uuid, message.role, message.status, message.created,"
  "  receipt.json, message.parent, model.path, model.name, model.hash"
  " FROM path JOIN message ON message.id = path.id"
  " LEFT JOIN message AS parent ON parent.id = message.parent"
  " LEFT JOIN receipt ON receipt.message = message.id"
  " LEFT JOIN model ON model.id = message.model"
  " ORDER BY depth";

static gboolean
read_siblings (SottoDatabase        *database,
               SottoHistoryMessage  *message,
               gint64                conversation,
               gint64                parent,
               GError              **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT uuid FROM message WHERE conversation = ?1"
                                             " AND parent IS nullif (?2, 0) ORDER BY id", "ii",
                                             conversation, parent);

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      char *id = sotto_column_dup_text (rows, 0);

      if (g_str_equal (id, message->id))
        message->sibling = ids->len;
      g_ptr_array_add (ids, id);
    }
  message->n_siblings = ids->len;
  g_ptr_array_add (ids, NULL);
  message->siblings = (char **) g_ptr_array_steal (ids, NULL);
  return !failed;
}

static gpointer
do_load_path (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  g_autoptr (GPtrArray) list = NULL;
  gint64 conversation = sotto_rows_find_conversation (database, call->conversation, error);
  gboolean failed;
  sqlite3_stmt *rows;

  if (conversation == 0)
    return NULL;
  rows = sotto_database_query (database, error, path_sql, "i", conversation);
  if (rows == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_message_free);
  while (sotto_database_next (database, rows, &failed, error))
    {
      SottoHistoryMessage *message = g_new0 (SottoHistoryMessage, 1);
      gint64 row = sqlite3_column_int64 (rows, 0);

      g_ptr_array_add (list, message);
      message->conversation = g_strdup (call->conversation);
      message->id = sotto_column_dup_text (rows, 1);
      message->parent = sotto_column_dup_text (rows, 2);
      message->role = (SottoHistoryRole) sqlite3_column_int64 (rows, 3);
      message->status = (SottoHistoryStatus) sqlite3_column_int64 (rows, 4);
      message->created = sqlite3_column_int64 (rows, 5);
      message->receipt = sotto_column_dup_text (rows, 6);
      message->model = sotto_rows_read_model (rows, 8);
      message->is_active = TRUE;
      if (!sotto_parts_read (database, message, row, FALSE, error) ||
          !read_siblings (database, message, conversation, sqlite3_column_int64 (rows, 7), error))
        {
          sqlite3_reset (rows);
          return NULL;
        }
    }
  return failed ? NULL : g_steal_pointer (&list);
}

/* --- Adding; within the transaction that the thread began --- */

/* Walking up to the root grows with the conversation; what is written goes on from the message
 * before it nearly always, whose path is active already. Should the transaction be rolled back, the
 * row that vault->leaf names is made anew by an insertion, which sets it again. */
static gboolean
activate_new (SottoVault *vault, gint64 row, gint64 parent, GError **error)
{
  gboolean goes_on = parent != 0 && parent == vault->leaf;

  vault->leaf = 0;
  if (goes_on)
    {
      if (!sotto_database_run (vault->database, error,
                               "UPDATE message SET active = ?1 WHERE id = ?2", "ii", row, parent))
        return FALSE;
    }
  else if (!sotto_rows_activate (vault->database, row, error))
    return FALSE;

  vault->leaf = row;
  return TRUE;
}

/* Returns the new row, or 0. */
static gint64
insert_message (SottoVault          *vault,
                SottoCall           *call,
                SottoHistoryRole     role,
                SottoHistoryStatus   status,
                GError             **error)
{
  SottoDatabase *database = vault->database;
  gint64 parent = 0;
  gint64 conversation;
  gint64 model;
  gint64 row;

  conversation = sotto_rows_find_conversation (database, call->conversation, error);
  if (conversation == 0 || !sotto_rows_check_id (call->id, error) ||
      !sotto_rows_put_model (database, call->model, &model, error))
    return 0;

  if (call->parent != NULL)
    {
      parent = sotto_rows_find_message (database, call->parent, error);
      if (parent == 0)
        return 0;
      if (sotto_database_get_int (database, NULL, error,
                                  "SELECT conversation FROM message WHERE id = ?1", "i",
                                  parent) != conversation)
        {
          if (error != NULL && *error == NULL)
            sotto_rows_set_invalid (error, "parent: of another conversation");
          return 0;
        }
    }

  if (!sotto_database_run (database, error,
                           "INSERT INTO message (uuid, conversation, parent, role, status, model,"
                           " created) VALUES (?1, ?2, nullif (?3, 0), ?4, ?5, nullif (?6, 0), ?7)",
                           "uiiiiii", call->id, conversation, parent, (gint64) role,
                           (gint64) status, model, g_get_real_time ()))
    return 0;

  row = sotto_database_last_row (database);
  return activate_new (vault, row, parent, error) ? row : 0;
}

/* The last system message before the first turn. A damaged path with a circle ends, too. */
static const char instructions_sql[] =
  "WITH RECURSIVE first (id, depth) AS ("
  "  SELECT message.id, 0 FROM conversation JOIN message ON message.id = conversation.active"
  "  WHERE conversation.id = ?1 AND role NOT IN (2, 3)"
  "  UNION ALL SELECT next.id, depth + 1 FROM first JOIN message ON message.id = first.id"
  "  JOIN message AS next ON next.id = message.active"
  "  WHERE next.role NOT IN (2, 3) AND depth < 1000)"
  " SELECT message.id FROM first JOIN message USING (id) WHERE role = 1"
  " ORDER BY depth DESC LIMIT 1";

/* A message's row is above its parent's, so the one before all others gets a row below them. */
static gint64
insert_root (SottoDatabase *database, gint64 conversation, const char *id, GError **error)
{
  gint64 row;

  if (!sotto_rows_check_id (id, error) ||
      !sotto_database_run (database, error,
                           "INSERT INTO message (id, uuid, conversation, active, role, status,"
                           " created) SELECT min (0, ifnull ((SELECT min (id) FROM message), 0)) - 1,"
                           " ?2, id, active, 1, 2, ?3 FROM conversation WHERE id = ?1", "iui",
                           conversation, id, g_get_real_time ()))
    return 0;

  row = sotto_database_last_row (database);
  if (!sotto_database_run (database, error,
                           "UPDATE message SET parent = ?2"
                           " WHERE conversation = ?1 AND parent IS NULL AND id != ?2", "ii",
                           conversation, row) ||
      !sotto_database_run (database, error, "UPDATE conversation SET active = ?2 WHERE id = ?1",
                           "ii", conversation, row))
    return 0;
  return row;
}

static gpointer
do_set_instructions (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text (call->text);
  gint64 conversation = sotto_rows_find_conversation (database, call->conversation, error);
  gboolean found;
  gint64 row;
  GError *local = NULL;

  if (conversation == 0)
    return NULL;

  row = sotto_database_get_int (database, &found, &local, instructions_sql, "i", conversation);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  if (!found && *call->text == '\0')
    return SOTTO_DONE;

  if (!found)
    row = insert_root (database, conversation, call->id, error);
  if (row == 0 ||
      !sotto_database_run (database, error, "DELETE FROM part WHERE message = ?1", "i", row) ||
      !sotto_parts_insert (database, row, parts, error))
    return NULL;
  return SOTTO_DONE;
}

/* What is not shown, as instructions, does not count as begun. */
#define OF_DRAFT " WHERE conversation = (SELECT conversation FROM message WHERE id = ?1)" \
  " OR (conversation IS NULL AND (SELECT count(*) FROM message WHERE role != 1" \
  "  AND conversation = (SELECT conversation FROM message WHERE id = ?1)) = 1)"

static gboolean
clear_draft (SottoDatabase *database, gint64 message, GError **error)
{
  return sotto_database_run (database, error, "DELETE FROM draft" OF_DRAFT, "i", message) &&
         sotto_database_run (database, error, "DELETE FROM draft_document" OF_DRAFT, "i", message);
}

static gpointer
do_add (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  gint64 row = insert_message (vault, call, call->kind, SOTTO_HISTORY_STATUS_COMPLETE, error);

  if (row == 0 ||
      !sotto_parts_insert (database, row, call->parts, error) ||
      (call->flag && !clear_draft (database, row, error)) ||
      !sotto_search_index_add_message (database, row, error) ||
      !sotto_rows_touch (database, row, error))
    return NULL;
  return g_steal_pointer (&call->id);
}

static gpointer
do_begin_reply (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = insert_message (vault, call, SOTTO_HISTORY_ROLE_ASSISTANT,
                               SOTTO_HISTORY_STATUS_STREAMING, error);

  return row != 0 ? g_steal_pointer (&call->id) : NULL;
}

static gpointer
do_finish_reply (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row;
  gint64 status;

  /* Text that could not be written waits; the caller may try again when there is room. */
  if (vault->journal.failure != NULL)
    {
      g_propagate_error (error, g_error_copy (vault->journal.failure));
      return NULL;
    }

  row = sotto_rows_find_message (vault->database, call->id, error);
  if (row == 0)
    return NULL;
  status = sotto_database_get_int (vault->database, NULL, error,
                                   "SELECT status FROM message WHERE id = ?1", "i", row);
  if (status != SOTTO_HISTORY_STATUS_STREAMING)
    {
      if (error != NULL && *error == NULL)
        sotto_rows_set_invalid (error, "reply: is not streaming");
      return NULL;
    }

  if (!sotto_journal_settle (vault->database, row, call->kind, call->text, error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_set_receipt (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_message (vault->database, call->id, error);
  gboolean found;

  if (row == 0)
    return NULL;
  sotto_database_get_int (vault->database, &found, error, "SELECT message FROM receipt WHERE message = ?1",
                          "i", row);
  if (!found)
    {
      if (error != NULL && *error == NULL)
        sotto_rows_set_invalid (error, "reply: has no receipt");
      return NULL;
    }
  if (!sotto_database_run (vault->database, error, "UPDATE receipt SET json = ?2 WHERE message = ?1",
                           "iu", row, call->text))
    return NULL;
  return SOTTO_DONE;
}

/* The leaf below is what the list shows of the conversation. */
static gpointer
do_activate (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  gint64 row = sotto_rows_find_message (database, call->id, error);
  gboolean found;
  gint64 leaf;

  vault->leaf = 0;
  if (row == 0 || !sotto_rows_activate (database, row, error))
    return NULL;

  leaf = sotto_database_get_int (database, &found, error,
                                 "WITH RECURSIVE down (id, depth) AS ("
                                 "  SELECT ?1, 0"
                                 "  UNION SELECT message.active, depth + 1 FROM down"
                                 "  JOIN message ON message.id = down.id"
                                 "  WHERE message.active IS NOT NULL AND depth < 1000000)"
                                 " SELECT id FROM down ORDER BY depth DESC LIMIT 1", "i", row);
  if (!found || !sotto_rows_put_snippet (database, leaf, error))
    return NULL;
  return SOTTO_DONE;
}

/* --- The calls --- */

static gpointer
copy_part (gconstpointer part, gpointer data)
{
  return sotto_history_part_copy (part);
}

void
sotto_store_load_path_async (SottoStore          *self,
                             const char          *conversation,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  sotto_store_push (self, SOTTO_WORK_READ, do_load_path, call, (GDestroyNotify) g_ptr_array_unref,
                    cancellable, callback, user_data);
}

GPtrArray *
sotto_store_load_path_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_add_message_async (SottoStore          *self,
                               const char          *conversation,
                               const char          *id,
                               const char          *parent,
                               SottoHistoryRole     role,
                               GPtrArray           *parts,
                               gboolean             clear,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL && parts != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->id = id != NULL ? g_strdup (id) : sotto_history_new_id ();
  call->parent = g_strdup (parent);
  call->kind = role;
  call->parts = g_ptr_array_copy (parts, copy_part, NULL);
  g_ptr_array_set_free_func (call->parts, (GDestroyNotify) sotto_history_part_free);
  call->flag = clear;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_add, call, g_free, cancellable, callback,
                    user_data);
}

char *
sotto_store_add_message_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_set_instructions_async (SottoStore          *self,
                                    const char          *conversation,
                                    const char          *id,
                                    const char          *text,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL && id != NULL && text != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->id = g_strdup (id);
  call->text = g_utf8_make_valid (text, -1);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_instructions, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_set_instructions_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_begin_reply_async (SottoStore              *self,
                               const char              *conversation,
                               const char              *id,
                               const char              *parent,
                               const SottoHistoryModel *model,
                               GCancellable            *cancellable,
                               GAsyncReadyCallback      callback,
                               gpointer                 user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->id = id != NULL ? g_strdup (id) : sotto_history_new_id ();
  call->parent = g_strdup (parent);
  call->model = sotto_history_model_copy (model);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_begin_reply, call, g_free, cancellable, callback,
                    user_data);
}

char *
sotto_store_begin_reply_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_finish_reply_async (SottoStore          *self,
                                const char          *reply,
                                SottoHistoryStatus   status,
                                const char          *receipt,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && reply != NULL);
  g_return_if_fail (status != SOTTO_HISTORY_STATUS_STREAMING);

  call = sotto_call_new ();
  call->id = g_strdup (reply);
  call->kind = status;
  call->text = receipt != NULL ? g_utf8_make_valid (receipt, -1) : NULL;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_finish_reply, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_finish_reply_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_set_receipt_async (SottoStore          *self,
                               const char          *reply,
                               const char          *receipt,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && reply != NULL && receipt != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (reply);
  call->text = g_utf8_make_valid (receipt, -1);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_receipt, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_set_receipt_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_activate_message_async (SottoStore          *self,
                                    const char          *message,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && message != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (message);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_activate, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_activate_message_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
