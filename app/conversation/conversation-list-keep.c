#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"

/* Keeping a conversation that was temporary: its tree is read out of the history in memory and added to the one on the
 * disk, in one transaction, as an import does it; ids, times and receipts are what they were. Then the object works with
 * the other history, so that whoever shows it need not look up. */

typedef struct {
  SottoConversation *conversation; /* which also says what went wrong */
  GPtrArray *trees;
} Keeping;

static void
keeping_free (Keeping *keeping)
{
  g_object_unref (keeping->conversation);
  g_ptr_array_unref (keeping->trees);
  g_free (keeping);
}

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  const Keeping *keeping = g_task_get_task_data (task);

  keeping->conversation->is_switching = FALSE;
  sotto_conversation_set_error (keeping->conversation, error);
  g_task_return_error (task, error);
}

static gboolean
is_ours (SottoConversationList *self, SottoStore *store)
{
  return self->services->store == store;
}

/* What came of it in the meantime */
static void
keep_rest (SottoConversation *self, const SottoHistoryConversation *kept)
{
  if (g_strcmp0 (self->title, kept->title) != 0)
    sotto_conversation_keep_title (self);
  /* A tree has no draft. */
  sotto_conversation_keep_attachments_again (self);
  sotto_conversation_keep_folders (self);
  sotto_conversation_keep_tools (self);
  sotto_conversation_keep_answer_form (self);
  if (self->draft[0] != '\0')
    {
      sotto_conversation_save_draft_again (self);
      sotto_conversation_flush_draft (self);
    }
}

static void
take_out (SottoConversationList *self, SottoConversation *conversation)
{
  guint position;

  if (g_ptr_array_find (self->items, conversation, &position))
    {
      g_ptr_array_remove_index (self->items, position);
      sotto_conversation_list_changed (self, position, 1, 0);
    }
}

/* Nothing of it stays where it was.
 * @kept: (transfer full): what it is now */
static void
end (GTask *task, SottoServices *temporary, SottoConversation *kept)
{
  SottoConversationList *self = g_task_get_source_object (task);
  const Keeping *keeping = g_task_get_task_data (task);

  keeping->conversation->is_switching = FALSE;
  if (temporary->store != NULL)
    {
      sotto_store_delete_conversation_async (temporary->store, sotto_conversation_get_id (keeping->conversation), NULL,
                                             NULL, NULL);
      sotto_conversation_list_purge_from (self, temporary);
    }
  g_task_return_pointer (task, kept, g_object_unref);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversationList *self = g_task_get_source_object (task);
  const Keeping *keeping = g_task_get_task_data (task);
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) conversations = NULL;
  GError *error = NULL;
  SottoHistoryConversation *record = sotto_store_get_conversation_finish (SOTTO_STORE (source), result, &error);

  if (record == NULL || !is_ours (self, SOTTO_STORE (source)))
    {
      sotto_history_conversation_free (record);
      fail (task, error != NULL ? error : g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Closed meanwhile"));
      return;
    }

  records = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_conversation_free);
  conversations = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (records, record);
  sotto_conversation_list_take_records (self, self->services, records, conversations);
  take_out (self, keeping->conversation);
  end (task, keeping->conversation->services, g_ptr_array_steal_index (conversations, 0));
}

/* The object that an import has made of it, if one did. Returns: (transfer none) (nullable) */
static SottoConversation *
find_kept (SottoConversationList *self, const char *id)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      SottoConversation *other = g_ptr_array_index (self->items, i);

      if (!sotto_conversation_is_temporary (other) && g_str_equal (sotto_conversation_get_id (other), id))
        return other;
    }
  return NULL;
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversationList *self = g_task_get_source_object (task);
  Keeping *keeping = g_task_get_task_data (task);
  SottoConversation *conversation = keeping->conversation;
  const SottoHistoryTree *tree = g_ptr_array_index (keeping->trees, 0);
  GError *error = NULL;
  g_autoptr (GPtrArray) additions = sotto_store_add_trees_finish (SOTTO_STORE (source), result, &error);
  g_autoptr (SottoServices) temporary = sotto_services_ref (conversation->services);
  const SottoHistoryAddition *addition;
  SottoConversation *kept;

  if (additions == NULL)
    {
      fail (task, error);
      return;
    }
  if (!is_ours (self, SOTTO_STORE (source)))
    {
      fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Closed meanwhile"));
      return;
    }

  addition = g_ptr_array_index (additions, 0);
  if (conversation->is_deleted)
    {
      /* Where it could come back to is where it was. */
      if (addition->is_new)
        sotto_store_delete_conversation_async (SOTTO_STORE (source), addition->id, NULL, NULL, NULL);
      sotto_conversation_list_purge_from (self, self->services);
      fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Deleted meanwhile"));
      return;
    }
  kept = find_kept (self, addition->id);
  if (kept != NULL)
    {
      take_out (self, conversation);
      end (task, temporary, g_object_ref (kept));
    }
  else if (!g_str_equal (addition->id, sotto_conversation_get_id (conversation)))
    {
      sotto_store_get_conversation_async (SOTTO_STORE (source), addition->id, NULL, on_read, g_steal_pointer (&task));
    }
  else
    {
      sotto_conversation_move (conversation, self->services);
      keep_rest (conversation, tree->conversation);
      sotto_conversation_set_error (conversation, NULL);
      end (task, temporary, g_object_ref (conversation));
    }
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversationList *self = g_task_get_source_object (task);
  Keeping *keeping = g_task_get_task_data (task);
  GError *error = NULL;
  SottoHistoryTree *tree = sotto_store_load_tree_finish (SOTTO_STORE (source), result, &error);

  if (tree == NULL)
    {
      fail (task, error);
      return;
    }
  g_ptr_array_add (keeping->trees, tree);
  if (!sotto_services_check_store (self->services, &error))
    fail (task, error);
  else
    sotto_store_add_trees_async (self->services->store, keeping->trees, NULL, NULL, on_added, g_steal_pointer (&task));
}

void
sotto_conversation_list_keep_async (SottoConversationList *self,
                                    SottoConversation     *conversation,
                                    GAsyncReadyCallback    callback,
                                    gpointer               user_data)
{
  g_autoptr (GTask) task = NULL;
  Keeping *keeping;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));
  g_return_if_fail (sotto_conversation_is_temporary (conversation) && sotto_conversation_is_stored (conversation));

  task = g_task_new (self, NULL, callback, user_data);
  if (sotto_conversation_is_busy (conversation) || conversation->is_switching || conversation->is_deleted
      || conversation->services->store == NULL)
    {
      g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BUSY, "A reply is being made");
      return;
    }

  keeping = g_new0 (Keeping, 1);
  keeping->conversation = g_object_ref (conversation);
  keeping->trees = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_tree_free);
  g_task_set_task_data (task, keeping, (GDestroyNotify) keeping_free);

  /* What was deleted of it cannot come back any more, and nothing begins until it has moved. */
  sotto_conversation_forget_all_deleted (conversation);
  sotto_conversation_flush_instructions (conversation);
  sotto_conversation_flush_answer_form (conversation);
  conversation->is_switching = TRUE;
  sotto_store_load_tree_async (conversation->services->store, sotto_conversation_get_id (conversation), TRUE, NULL, on_loaded,
                               g_steal_pointer (&task));
}

SottoConversation *
sotto_conversation_list_keep_finish (SottoConversationList *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
