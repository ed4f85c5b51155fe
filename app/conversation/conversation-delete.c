#include "conversation/conversation-private.h"

#include "document/meaning-private.h"

/* One message less, with a way back: what a person wrote goes with what answers it, a reply alone, and what follows stays
 * (the history's store-prune.c says how). The last deletion can be undone, then the one before it, until something is added to
 * the conversation: whoever went on has gone on. */

typedef struct {
  gint64 deletion; /* what is asked for, or what came of it */
  gboolean is_kept;
} Deleting;

static void
show_end (SottoConversation *self)
{
  SottoMessage *last = self->rows->len > 0 ? sotto_conversation_path_get (self, self->rows->len - 1) : NULL;
  const char *text = last != NULL ? sotto_message_get_text (last) : "";

  if (*text == '\0' && last != NULL && sotto_message_get_n_attachments (last) > 0)
    text = sotto_attachment_get_name (sotto_message_get_attachment (last, 0));
  sotto_conversation_set_snippet_from (self, text);
}

static void
end (GTask *task, GError *error)
{
  SottoConversation *self = g_task_get_source_object (task);
  Deleting *deleting = g_task_get_task_data (task);

  self->is_switching = FALSE;
  sotto_conversation_set_error (self, error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, deleting->deletion != 0);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = SOTTO_CONVERSATION (source);
  GError *error = NULL;

  if (sotto_conversation_path_read_finish (self, result, &error))
    show_end (self);
  end (task, error);
}

static gboolean
check (SottoConversation *self, GError **error)
{
  if (!sotto_services_check_store (self->services, error))
    return FALSE;
  if (!sotto_conversation_is_busy (self) && !self->is_switching && self->is_loaded)
    return TRUE;

  g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BUSY, "A reply is being made");
  return FALSE;
}

static GTask *
begin (SottoConversation *self, gint64 deletion, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Deleting *deleting = g_new0 (Deleting, 1);
  GError *error = NULL;

  deleting->deletion = deletion;
  g_task_set_task_data (task, deleting, g_free);
  if (!check (self, &error))
    {
      g_task_return_error (task, error);
      return NULL;
    }
  self->is_switching = TRUE;
  return g_steal_pointer (&task);
}

/* --- Deleting --- */

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = g_task_get_source_object (task);
  Deleting *deleting = g_task_get_task_data (task);
  GError *error = NULL;

  deleting->deletion = sotto_store_delete_message_finish (SOTTO_STORE (source), result, &deleting->is_kept, &error);
  if (error != NULL)
    {
      end (task, error);
      return;
    }
  g_array_append_val (self->deletions, deleting->deletion);
  /* It has the message in it; what is read of the conversation from now on has not. */
  sotto_inference_forget_kept (self->services->inference, self->id);
  sotto_conversation_path_read_async (self, on_read, g_steal_pointer (&task));
}

void
sotto_conversation_delete_message_async (SottoConversation   *self,
                                         SottoMessage        *message,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data)
{
  GTask *task;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_MESSAGE (message));

  task = begin (self, 0, callback, user_data);
  if (task == NULL)
    return;

  /* What comes before it may have to be made yet. */
  sotto_conversation_flush_instructions (self);
  sotto_store_delete_message_async (self->services->store, sotto_message_get_id (message), NULL, on_deleted, task);
}

gint64
sotto_conversation_delete_message_finish (SottoConversation  *self,
                                          GAsyncResult       *result,
                                          gboolean           *is_kept,
                                          GError            **error)
{
  Deleting *deleting = g_task_get_task_data (G_TASK (result));

  g_return_val_if_fail (g_task_is_valid (result, self), 0);

  if (is_kept != NULL)
    *is_kept = deleting->is_kept;
  return g_task_propagate_int (G_TASK (result), error) == 1 ? deleting->deletion : 0;
}

/* --- The way back --- */

static void
remove_deletion (SottoConversation *self, gint64 deletion)
{
  for (guint i = self->deletions->len; i-- > 0;)
    if (g_array_index (self->deletions, gint64, i) == deletion)
      g_array_remove_index (self->deletions, i);
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = g_task_get_source_object (task);
  Deleting *deleting = g_task_get_task_data (task);
  GError *error = NULL;

  if (!sotto_store_undelete_message_finish (SOTTO_STORE (source), result, &error))
    {
      end (task, error);
      return;
    }
  remove_deletion (self, deleting->deletion);
  sotto_meaning_look_again (self->services->meaning);
  sotto_conversation_path_read_async (self, on_read, g_steal_pointer (&task));
}

void
sotto_conversation_undo_delete_async (SottoConversation   *self,
                                      gint64               deletion,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  GTask *task;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  task = begin (self, deletion, callback, user_data);
  if (task != NULL)
    sotto_store_undelete_message_async (self->services->store, deletion, NULL, on_undone, task);
}

gboolean
sotto_conversation_undo_delete_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_int (G_TASK (result), error) == 1;
}

void
sotto_conversation_forget_deleted (SottoConversation *self, gint64 deletion)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  remove_deletion (self, deletion);
  if (self->services->store != NULL)
    sotto_store_forget_message_async (self->services->store, deletion, NULL, NULL, NULL);
}

void
sotto_conversation_forget_all_deleted (SottoConversation *self)
{
  while (self->deletions->len > 0)
    sotto_conversation_forget_deleted (self, g_array_index (self->deletions, gint64, self->deletions->len - 1));
}
