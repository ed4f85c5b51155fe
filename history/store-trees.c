#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "folder-rows.h"
#include "group-rows.h"
#include "message-parts.h"
#include "search-index.h"
#include "tree-ids.h"

#include <string.h>

/* --- Reading --- */

static SottoHistoryMessage *
read_message (SottoDatabase  *database,
              sqlite3_stmt   *row,
              const char     *conversation,
              gboolean        with_data,
              GError        **error)
{
  g_autoptr (SottoHistoryMessage) message = g_new0 (SottoHistoryMessage, 1);

  message->conversation = g_strdup (conversation);
  message->id = sotto_column_dup_text (row, 1);
  message->parent = sotto_column_dup_text (row, 2);
  message->role = (SottoHistoryRole) sqlite3_column_int64 (row, 3);
  message->status = (SottoHistoryStatus) sqlite3_column_int64 (row, 4);
  message->created = sqlite3_column_int64 (row, 5);
  message->receipt = sotto_column_dup_text (row, 6);
  message->is_active = sqlite3_column_int64 (row, 7) != 0;
  message->model = sotto_rows_read_model (row, 8);
  if (!sotto_parts_read (database, message, sqlite3_column_int64 (row, 0), with_data, error))
    return NULL;

  if (message->status == SOTTO_HISTORY_STATUS_STREAMING)
    message->status = SOTTO_HISTORY_STATUS_INTERRUPTED;
  return g_steal_pointer (&message);
}

/* A message's row is always above its parent's: that must be there before it can be answered. */
static gboolean
read_messages (SottoDatabase     *database,
               SottoHistoryTree  *tree,
               gint64             conversation,
               gboolean           with_data,
               GError           **error)
{
  gboolean failed;
  sqlite3_stmt *rows =
    sotto_database_query (database, error,
                          "SELECT message.id, message.uuid, parent.uuid, message.role,"
                          " message.status, message.created, receipt.json,"
                          " message.id IS CASE WHEN message.parent IS NULL"
                          "  THEN conversation.active ELSE parent.active END,"
                          " model.path, model.name, model.hash"
                          " FROM message JOIN conversation ON conversation.id = message.conversation"
                          " LEFT JOIN message AS parent ON parent.id = message.parent"
                          " LEFT JOIN receipt ON receipt.message = message.id"
                          " LEFT JOIN model ON model.id = message.model"
                          " WHERE message.conversation = ?1 ORDER BY message.id", "i", conversation);

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      SottoHistoryMessage *message = read_message (database, rows, tree->conversation->id, with_data, error);

      if (message == NULL)
        {
          sqlite3_reset (rows);
          return FALSE;
        }
      g_ptr_array_add (tree->messages, message);
    }
  return !failed;
}

/* Returns: %NULL without an error if there is none */
static SottoHistoryTree *
load_tree (SottoDatabase *database, const char *id, gboolean with_data, GError **error)
{
  g_autoptr (SottoHistoryTree) tree = sotto_history_tree_new ();
  SottoHistoryConversation *conversation = tree->conversation;
  gboolean failed;
  gint64 row;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT conversation.id, uuid, title, created, updated,"
                                             " deleted, model.path, model.name, model.hash,"
                                             " pinned, " SOTTO_ROWS_FOLDERS_OF_CONVERSATION ", "
                                             SOTTO_ROWS_GROUP_OF_CONVERSATION ", tools, answer_format, answer_schema"
                                             " FROM conversation"
                                             " LEFT JOIN model ON model.id = conversation.model"
                                             " WHERE uuid = ?1", "u", id);

  if (rows == NULL || !sotto_database_next (database, rows, &failed, error))
    return NULL;

  row = sqlite3_column_int64 (rows, 0);
  conversation->id = sotto_column_dup_text (rows, 1);
  conversation->title = sotto_column_dup_text (rows, 2);
  conversation->created = sqlite3_column_int64 (rows, 3);
  conversation->updated = sqlite3_column_int64 (rows, 4);
  conversation->deleted = sqlite3_column_int64 (rows, 5);
  conversation->model = sotto_rows_read_model (rows, 6);
  conversation->is_pinned = sqlite3_column_int (rows, 9) != 0;
  g_strfreev (conversation->folders);
  conversation->folders = sotto_rows_read_folders (rows, 10);
  conversation->group = sotto_column_dup_text (rows, 11);
  conversation->group_name = sotto_column_dup_text (rows, 12);
  g_strfreev (conversation->tools);
  conversation->tools = sotto_rows_read_tools (rows, 13);
  conversation->answer_format = (SottoHistoryAnswerFormat) sqlite3_column_int (rows, 14);
  conversation->answer_schema = sotto_column_dup_text (rows, 15);
  sqlite3_reset (rows);

  if (!read_messages (database, tree, row, with_data, error))
    return NULL;
  conversation->n_messages = tree->messages->len;
  return g_steal_pointer (&tree);
}

static gpointer
do_load_tree (SottoVault *vault, SottoCall *call, GError **error)
{
  GError *local = NULL;
  SottoHistoryTree *tree = load_tree (vault->database, call->conversation, call->flag, &local);

  if (local != NULL)
    g_propagate_error (error, local);
  else if (tree == NULL)
    sotto_rows_set_not_found (error, call->conversation);
  return tree;
}

/* --- Adding; within the transaction that the thread began --- */

static gboolean
is_given_up (const SottoCall *call, GError **error)
{
  return g_cancellable_set_error_if_cancelled (call->cancellable, error);
}

static gint64
insert_message (SottoDatabase              *database,
                const SottoHistoryMessage  *message,
                const char                 *id,
                gint64                      conversation,
                gint64                      parent,
                GError                    **error)
{
  SottoHistoryStatus status = message->status == SOTTO_HISTORY_STATUS_STREAMING
                              ? SOTTO_HISTORY_STATUS_INTERRUPTED : message->status;
  gint64 model;
  gint64 row;

  if (!sotto_rows_put_model (database, message->model, &model, error) ||
      !sotto_database_run (database, error,
                           "INSERT INTO message (uuid, conversation, parent, role, status, model,"
                           " created) VALUES (?1, ?2, nullif (?3, 0), ?4, ?5, nullif (?6, 0), ?7)",
                           "uiiiiii", id, conversation, parent, (gint64) message->role,
                           (gint64) status, model, message->created))
    return 0;

  row = sotto_database_last_row (database);
  if (!sotto_parts_insert (database, row, message->parts, error) ||
      (message->receipt != NULL &&
       !sotto_database_run (database, error, "INSERT INTO receipt (message, json) VALUES (?1, ?2)",
                            "iu", row, message->receipt)) ||
      !sotto_search_index_add_message (database, row, error))
    return 0;
  return row;
}

/* Which answer each message's path takes, and the conversation's snippet: the last text on it.
 * @rows: of the messages, in the tree's order */
static gboolean
activate (SottoDatabase           *database,
          const SottoHistoryTree  *tree,
          const SottoTreeIds      *ids,
          const gint64            *rows,
          gint64                   conversation,
          GError                 **error)
{
  const guint n = tree->messages->len;
  g_autofree gint *chosen = g_new (gint, n + 1); /* a message's answer; [n]: the beginning */
  gint last_text = -1;

  memset (chosen, 0xff, (n + 1) * sizeof *chosen);
  for (guint i = 0; i < n; i++)
    {
      guint parent = ids->parents[i] >= 0 ? (guint) ids->parents[i] : n;
      const SottoHistoryMessage *message = g_ptr_array_index (tree->messages, i);
      const SottoHistoryMessage *rival = chosen[parent] >= 0
                                         ? g_ptr_array_index (tree->messages, (guint) chosen[parent])
                                         : NULL;

      if (rival == NULL || message->is_active || !rival->is_active)
        chosen[parent] = (gint) i;
    }

  for (guint i = 0; i < n; i++)
    if (chosen[i] >= 0 &&
        !sotto_database_run (database, error, "UPDATE message SET active = ?2 WHERE id = ?1", "ii",
                             rows[i], rows[chosen[i]]))
      return FALSE;

  if (chosen[n] >= 0 &&
      !sotto_database_run (database, error, "UPDATE conversation SET active = ?2 WHERE id = ?1",
                           "ii", conversation, rows[chosen[n]]))
    return FALSE;

  for (gint i = chosen[n]; i >= 0; i = chosen[i])
    {
      g_autofree char *text =
        sotto_history_message_dup_text (g_ptr_array_index (tree->messages, (guint) i));

      if (*g_strchug (text) != '\0')
        last_text = i;
    }
  return last_text < 0 || sotto_rows_put_snippet (database, rows[last_text], error);
}

/* @action: for the audit log */
static gboolean
insert_tree (SottoDatabase           *database,
             SottoCall               *call,
             const SottoHistoryTree  *tree,
             const SottoTreeIds      *ids,
             const char              *action,
             GError                 **error)
{
  const SottoHistoryConversation *conversation = tree->conversation;
  g_autofree gint64 *rows = g_new0 (gint64, tree->messages->len + 1);
  gint64 model;
  gint64 row;

  if (!sotto_rows_put_model (database, conversation->model, &model, error) ||
      !sotto_database_run (database, error,
                           "INSERT INTO conversation (uuid, title, model, created, updated, pinned)"
                           " VALUES (?1, ?2, nullif (?3, 0), ?4, ?5, ?6)", "uuiiii",
                           ids->conversation, conversation->title, model, conversation->created,
                           conversation->updated, (gint64) (conversation->is_pinned != FALSE)))
    return FALSE;

  row = sotto_database_last_row (database);
  if (!sotto_search_index_add_title (database, row, error) ||
      !sotto_rows_put_folders (database, row, (const char *const *) conversation->folders, error) ||
      !sotto_rows_join_group (database, row, conversation->group, conversation->group_name, error) ||
      !sotto_rows_put_tools (database, row, (const char *const *) conversation->tools, error) ||
      !sotto_rows_put_answer_format (database, row, conversation->answer_format, conversation->answer_schema, error))
    return FALSE;

  for (guint i = 0; i < tree->messages->len; i++)
    {
      gint64 parent = ids->parents[i] >= 0 ? rows[ids->parents[i]] : 0;

      if (is_given_up (call, error))
        return FALSE;
      rows[i] = insert_message (database, g_ptr_array_index (tree->messages, i), ids->messages[i],
                                row, parent, error);
      if (rows[i] == 0)
        return FALSE;
      if (call->n_done != NULL)
        g_atomic_int_inc (call->n_done);
    }

  return activate (database, tree, ids, rows, row, error) &&
         sotto_audit_add (database, action, ids->conversation, error);
}

/* @is_free: (out): whether neither the conversation's nor any message's id is taken */
static gboolean
look_for_ids (SottoDatabase       *database,
              const SottoTreeIds  *ids,
              guint                n_messages,
              gboolean            *is_free,
              GError             **error)
{
  GError *local = NULL;

  *is_free = sotto_database_get_int (database, NULL, &local,
                                     "SELECT count(*) FROM conversation WHERE uuid = ?1", "u",
                                     ids->conversation) == 0;
  for (guint i = 0; *is_free && local == NULL && i < n_messages; i++)
    *is_free = sotto_database_get_int (database, NULL, &local,
                                       "SELECT count(*) FROM message WHERE uuid = ?1", "u",
                                       ids->messages[i]) == 0;
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static void
addition_free (gpointer data)
{
  SottoHistoryAddition *addition = data;

  g_free (addition->id);
  g_free (addition);
}

/* What was deleted and not purged yet comes back. */
static SottoHistoryAddition *
find_again (SottoDatabase           *database,
            const SottoHistoryTree  *there,
            GError                 **error)
{
  const SottoHistoryConversation *conversation = there->conversation;
  SottoHistoryAddition *addition;

  if (conversation->deleted != 0 &&
      (!sotto_database_run (database, error,
                            "UPDATE conversation SET deleted = 0 WHERE uuid = ?1", "u",
                            conversation->id) ||
       !sotto_audit_add (database, "undelete", conversation->id, error)))
    return NULL;

  addition = g_new0 (SottoHistoryAddition, 1);
  addition->id = g_strdup (conversation->id);
  addition->is_new = conversation->deleted != 0;
  return addition;
}

static SottoHistoryAddition *
add_tree (SottoDatabase *database, SottoCall *call, const SottoHistoryTree *tree, GError **error)
{
  g_autoptr (SottoTreeIds) ids = sotto_tree_ids_new (tree, error);
  SottoHistoryAddition *addition;
  gboolean is_free;

  if (ids == NULL)
    return NULL;

  for (;; sotto_tree_ids_next (ids, tree))
    {
      g_autoptr (SottoHistoryTree) there = NULL;
      GError *local = NULL;

      if (is_given_up (call, error) ||
          !look_for_ids (database, ids, tree->messages->len, &is_free, error))
        return NULL;
      if (is_free)
        break;

      there = load_tree (database, ids->conversation, TRUE, &local);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return NULL;
        }
      if (there != NULL && sotto_tree_ids_covers (ids, tree, there))
        {
          if (call->n_done != NULL)
            g_atomic_int_add (call->n_done, (gint) tree->messages->len);
          return find_again (database, there, error);
        }
    }

  if (!insert_tree (database, call, tree, ids, "import", error))
    return NULL;
  addition = g_new0 (SottoHistoryAddition, 1);
  addition->id = g_strdup (ids->conversation);
  addition->is_new = TRUE;
  return addition;
}

/* The last comes first: of equal times, the list shows the one that was added later before. */
static gpointer
do_add_trees (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) additions = g_ptr_array_new_with_free_func (addition_free);

  for (guint i = call->trees->len; i > 0; i--)
    {
      SottoHistoryAddition *addition =
        add_tree (vault->database, call, g_ptr_array_index (call->trees, i - 1), error);

      if (addition == NULL)
        return NULL;
      g_ptr_array_insert (additions, 0, addition);
    }
  return g_steal_pointer (&additions);
}

/* --- Branching --- */

/* Returns: (transfer full): the id of the conversation that @message is in, or %NULL with
 * _NOT_FOUND */
static char *
find_conversation_of (SottoDatabase *database, const char *message, GError **error)
{
  gboolean failed;
  char *id;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT conversation.uuid FROM message"
                                             " JOIN conversation"
                                             " ON conversation.id = message.conversation"
                                             " WHERE message.uuid = ?1", "u", message);

  if (rows == NULL)
    return NULL;
  if (!sotto_database_next (database, rows, &failed, error))
    {
      if (!failed)
        sotto_rows_set_not_found (error, message);
      return NULL;
    }

  id = sotto_column_dup_text (rows, 0);
  sqlite3_reset (rows);
  return id;
}

/* Leaves what leads from @first (nullable: from the beginning) to @last, and what a model is told before all else, under ids
 * of their own. A message stands behind its parent, so that one look from the end finds them all.
 * Returns: whether @first is among them */
static gboolean
cut_to_path (SottoHistoryTree *tree, const char *first, const char *last)
{
  g_autofree char *wanted = g_strdup (last);
  SottoHistoryMessage *answer = NULL;
  gboolean is_before = FALSE; /* of the first one */

  for (guint i = tree->messages->len; i > 0; i--)
    {
      SottoHistoryMessage *candidate = g_ptr_array_index (tree->messages, i - 1);
      const gboolean leads_there = g_strcmp0 (candidate->id, wanted) == 0;

      if (leads_there)
        g_set_str (&wanted, candidate->parent);
      if (!leads_there || (is_before && candidate->role != SOTTO_HISTORY_ROLE_SYSTEM))
        {
          g_ptr_array_remove_index (tree->messages, i - 1);
          continue;
        }

      is_before = is_before || g_strcmp0 (candidate->id, first) == 0;
      g_free (candidate->id);
      candidate->id = sotto_history_new_id ();
      candidate->is_active = TRUE;
      if (answer != NULL)
        g_set_str (&answer->parent, candidate->id);
      answer = candidate;
    }
  if (answer != NULL)
    g_clear_pointer (&answer->parent, g_free);
  return is_before || first == NULL;
}

/* @parts: a text; what a model is told before all else */
static void
set_instructions (SottoHistoryTree *tree, GPtrArray *parts)
{
  SottoHistoryMessage *first = g_ptr_array_index (tree->messages, 0);

  if (first->role != SOTTO_HISTORY_ROLE_SYSTEM)
    {
      SottoHistoryMessage *system = g_new0 (SottoHistoryMessage, 1);

      system->id = sotto_history_new_id ();
      system->conversation = g_strdup (first->conversation);
      system->role = SOTTO_HISTORY_ROLE_SYSTEM;
      system->status = SOTTO_HISTORY_STATUS_COMPLETE;
      system->created = first->created;
      system->is_active = TRUE;
      g_set_str (&first->parent, system->id);
      g_ptr_array_insert (tree->messages, 0, system);
      first = system;
    }
  g_clear_pointer (&first->parts, g_ptr_array_unref);
  first->parts = g_ptr_array_ref (parts);
}

static gpointer
do_branch (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autofree char *from = NULL;
  g_autoptr (SottoHistoryTree) tree = NULL;
  g_autoptr (SottoTreeIds) ids = NULL;
  SottoHistoryConversation *conversation;

  from = find_conversation_of (vault->database, call->id, error);
  if (from == NULL)
    return NULL;
  tree = load_tree (vault->database, from, FALSE, error);
  if (tree == NULL)
    return NULL;

  if (!cut_to_path (tree, call->parent, call->id))
    {
      sotto_rows_set_not_found (error, call->parent);
      return NULL;
    }
  if (call->parts != NULL)
    set_instructions (tree, call->parts);
  conversation = tree->conversation;
  g_set_str (&conversation->id, call->conversation);
  if (call->text != NULL)
    g_set_str (&conversation->title, call->text);
  conversation->created = g_get_real_time ();
  conversation->updated = conversation->created;
  conversation->is_pinned = FALSE;

  ids = sotto_tree_ids_new (tree, error);
  if (ids == NULL || !insert_tree (vault->database, call, tree, ids, "branch", error))
    return NULL;
  return SOTTO_DONE;
}

/* --- The calls --- */

void
sotto_store_load_tree_async (SottoStore          *self,
                             const char          *conversation,
                             gboolean             with_data,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->flag = with_data;
  sotto_store_push (self, SOTTO_WORK_READ, do_load_tree, call,
                    (GDestroyNotify) sotto_history_tree_free, cancellable, callback, user_data);
}

SottoHistoryTree *
sotto_store_load_tree_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_add_trees_async (SottoStore          *self,
                             GPtrArray           *trees,
                             gint                *n_done,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && trees != NULL);

  call = sotto_call_new ();
  call->trees = g_ptr_array_ref (trees);
  call->n_done = n_done;
  call->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_add_trees, call, (GDestroyNotify) g_ptr_array_unref,
                    cancellable, callback, user_data);
}

GPtrArray *
sotto_store_add_trees_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_branch_async (SottoStore               *self,
                          const SottoHistoryBranch *branch,
                          GCancellable             *cancellable,
                          GAsyncReadyCallback       callback,
                          gpointer                  user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && branch->last != NULL && branch->id != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (branch->last);
  call->parent = g_strdup (branch->first);
  call->conversation = g_strdup (branch->id);
  call->text = g_strdup (branch->title);
  if (branch->instructions != NULL)
    call->parts = sotto_history_parts_new_text (branch->instructions);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_branch, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_branch_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
