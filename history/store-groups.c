#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "folder-rows.h"
#include "group-rows.h"

/* --- In the thread --- */

static gpointer
do_list (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  gboolean failed;
  sqlite3_stmt *rows =
    sotto_database_query (vault->database, error,
                          "SELECT uuid, name, instructions, is_open, created,"
                          " (SELECT group_concat (folder, ' ') FROM (SELECT folder FROM group_folder"
                          "   WHERE group_folder.conversation_group = conversation_group.id ORDER BY group_folder.id))"
                          " FROM conversation_group WHERE deleted = 0 ORDER BY id", "");

  if (rows == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_group_free);
  while (sotto_database_next (vault->database, rows, &failed, error))
    {
      SottoHistoryGroup *group = g_new0 (SottoHistoryGroup, 1);

      group->id = sotto_column_dup_text (rows, 0);
      group->name = sotto_column_dup_text (rows, 1);
      group->instructions = sotto_column_dup_text (rows, 2);
      group->is_open = sqlite3_column_int (rows, 3) != 0;
      group->created = sqlite3_column_int64 (rows, 4);
      group->folders = sotto_rows_read_folders (rows, 5);
      g_ptr_array_add (list, group);
    }
  return failed ? NULL : g_steal_pointer (&list);
}

static gpointer
do_put (SottoVault *vault, SottoCall *call, GError **error)
{
  return sotto_rows_put_group (vault->database, call->group, error) ? SOTTO_DONE : NULL;
}

static gpointer
do_delete (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_group (vault->database, call->id, error);

  if (row == 0 ||
      !sotto_database_run (vault->database, error, "UPDATE conversation_group SET deleted = ?2 WHERE id = ?1", "ii", row,
                           call->flag ? g_get_real_time () : (gint64) 0) ||
      !sotto_audit_add (vault->database, call->flag ? "delete-group" : "undelete-group", call->id, error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_set_conversation_group (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  return row != 0 && sotto_rows_join_group (vault->database, row, call->id, NULL, error) ? SOTTO_DONE : NULL;
}

/* --- The calls --- */

void
sotto_store_list_groups_async (SottoStore          *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_READ, do_list, NULL, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
                    user_data);
}

GPtrArray *
sotto_store_list_groups_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_put_group_async (SottoStore              *self,
                             const SottoHistoryGroup *group,
                             GCancellable            *cancellable,
                             GAsyncReadyCallback      callback,
                             gpointer                 user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && group != NULL && group->id != NULL);

  call = sotto_call_new ();
  call->group = sotto_history_group_copy (group);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_put, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_put_group_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

static void
push_delete (SottoStore          *self,
             const char          *group,
             gboolean             deleted,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  SottoCall *call = sotto_call_new ();

  call->id = g_strdup (group);
  call->flag = deleted;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_delete, call, NULL, cancellable, callback, user_data);
}

void
sotto_store_delete_group_async (SottoStore          *self,
                                const char          *group,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && group != NULL);

  push_delete (self, group, TRUE, cancellable, callback, user_data);
}

gboolean
sotto_store_delete_group_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_undelete_group_async (SottoStore          *self,
                                  const char          *group,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self) && group != NULL);

  push_delete (self, group, FALSE, cancellable, callback, user_data);
}

gboolean
sotto_store_undelete_group_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_set_conversation_group_async (SottoStore          *self,
                                          const char          *conversation,
                                          const char          *group,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->id = g_strdup (group);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_conversation_group, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_set_conversation_group_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
