#include "conversation/conversation-private.h"

#include "conversation/attachment-private.h"

/* The pictures on the path, for a model that sees: each is decoded before the model is asked, and one that cannot be any more is told
 * of as it is to a model that does not see. */

gboolean
sotto_conversation_sees (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  return model != NULL && sotto_model_entry_sees (model);
}

/* Returns: (transfer full) (element-type SottoAttachment): those that are not decoded yet */
static GPtrArray *
list_missing (SottoConversation *self)
{
  GPtrArray *missing = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->rows->len; i++)
    {
      SottoMessage *message = sotto_conversation_path_is_prompt (self, i) ? sotto_conversation_path_get (self, i) : NULL;

      for (guint j = 0; message != NULL && j < sotto_message_get_n_attachments (message); j++)
        {
          SottoAttachment *attachment = sotto_message_get_attachment (message, j);

          if (sotto_attachment_is_picture (attachment) && sotto_attachment_peek_image (attachment) == NULL)
            g_ptr_array_add (missing, g_object_ref (attachment));
        }
    }
  return missing;
}

gboolean
sotto_conversation_must_load_pictures (SottoConversation *self)
{
  g_autoptr (GPtrArray) missing = sotto_conversation_sees (self) ? list_missing (self) : NULL;

  return missing != NULL && missing->len > 0;
}

/* One after another, as few run at the same time in any case */
static void
on_image_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GPtrArray *missing = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (SottoAttachment) next = NULL;

  if (source != NULL)
    {
      g_autoptr (SottoImage) image = sotto_attachment_load_image_finish (SOTTO_ATTACHMENT (source), result, NULL);
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  if (missing->len == 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  next = g_ptr_array_steal_index (missing, 0);
  sotto_attachment_load_image_async (next, cancellable, on_image_loaded, g_steal_pointer (&task));
}

void
sotto_conversation_load_pictures_async (SottoConversation   *self,
                                        GCancellable        *cancellable,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_static_name (task, "sotto load the pictures of a conversation");
  g_task_set_task_data (task, list_missing (self), (GDestroyNotify) g_ptr_array_unref);
  on_image_loaded (NULL, NULL, task);
}

gboolean
sotto_conversation_load_pictures_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
