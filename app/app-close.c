#include "app-private.h"

#include "conversation/conversation-list-private.h"
#include "conversation/group-list-private.h"
#include "document/document-folders-private.h"
#include "document/meaning-private.h"

/* Closing, in the order that README.md gives: stop reading folders, replies and transfers, wait for their ends, save
 * drafts, keep what models have read, free the worker, purge, close the history. */

/* How long closing waits for a reply to notice that it was stopped. The engine promises 100 ms. */
#define STOP_PATIENCE_MS 2000

/* How long keeping what models have read may take; that, and a little, is waited for. */
#define SAVE_MS 1500
#define SAVE_PATIENCE_MS 1700

static void
on_store_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);

  sotto_store_close_finish (SOTTO_STORE (source), result, NULL);
  sotto_app_remove_temporary_folder (self);
  sotto_app_dismiss_recovery_code (self);
  sotto_app_set_state (self, SOTTO_APP_STATE_CLOSED, NULL);
  g_task_return_boolean (task, TRUE);
}

/* Replies have ended: everything that is to be written has been handed to the history. */
static void
close_the_rest (GTask *task)
{
  SottoApp *self = g_task_get_source_object (task);
  g_autoptr (SottoStore) store = NULL;

  sotto_conversation_list_abandon_all (self->conversations);
  sotto_conversation_list_flush_drafts (self->conversations);
  sotto_app_flush_instructions (self);
  sotto_conversation_list_end_temporary (self->conversations);
  sotto_group_list_close (self->services->groups);
  sotto_inference_close (self->services->inference);
  sotto_inference_set_sealed (self->services->inference, NULL);

  store = g_steal_pointer (&self->services->store);
  g_hash_table_remove_all (self->services->unkept);
  if (store == NULL)
    {
      /* An attempt that is still running removes what it made when it ends. */
      if (self->opening == NULL)
        sotto_app_remove_temporary_folder (self);
      sotto_app_set_state (self, SOTTO_APP_STATE_CLOSED, NULL);
      g_task_return_boolean (task, TRUE);
      return;
    }

  sotto_conversation_list_purge_at_end (self->conversations, store);
  sotto_store_close_async (store, NULL, on_store_closed, g_object_ref (task));
}

static gboolean
is_busy (SottoApp *self)
{
  return sotto_conversation_list_is_busy (self->conversations)
         || sotto_conversation_list_has_transfers (self->conversations);
}

/* Returns: whether there is something to wait for */
static gboolean
save (SottoApp *self)
{
  /* What costs more than time if it is lost goes first. */
  sotto_conversation_list_flush_drafts (self->conversations);
  sotto_app_flush_instructions (self);
  self->has_saved = TRUE;
  self->stop_ticks = 0;
  return sotto_inference_save (self->services->inference, SAVE_MS);
}

static gboolean
on_stop_tick (gpointer user_data)
{
  GTask *task = user_data;
  SottoApp *self = g_task_get_source_object (task);

  /* A message that was being saved meanwhile has begun a reply of its own. */
  sotto_conversation_list_stop_all (self->conversations);
  self->stop_ticks++;
  if (!self->has_saved
      && ((is_busy (self) && self->stop_ticks * 10 < STOP_PATIENCE_MS) || save (self)))
    return G_SOURCE_CONTINUE;
  if (sotto_inference_is_saving (self->services->inference) && self->stop_ticks * 10 < SAVE_PATIENCE_MS)
    return G_SOURCE_CONTINUE;

  self->stop_source = 0;
  close_the_rest (task);
  return G_SOURCE_REMOVE;
}

void
sotto_app_shut (SottoApp *self, GTask *shutting)
{
  g_autoptr (GTask) task = shutting;

  if (self->stop_source != 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  /* A keyring's question may be open for minutes. */
  self->is_closing = TRUE;
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);

  sotto_meaning_close (self->services->meaning);
  sotto_document_folders_close (self->services->folders);
  sotto_conversation_list_stop_all (self->conversations);
  self->has_saved = FALSE;
  if (!is_busy (self) && !save (self))
    {
      close_the_rest (task);
      return;
    }
  self->stop_ticks = 0;
  self->stop_source = g_timeout_add_full (G_PRIORITY_DEFAULT, 10, on_stop_tick,
                                          g_steal_pointer (&task),
                                          g_object_unref);
}

void
sotto_app_close_async (SottoApp *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, NULL, callback, user_data);
  if (!self->is_locking)
    {
      sotto_app_shut (self, task);
      return;
    }
  if (self->waiting_to_close == NULL)
    self->waiting_to_close = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->waiting_to_close, task);
}

void
sotto_app_close_finish (SottoApp *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
  g_task_propagate_boolean (G_TASK (result), NULL);
}

