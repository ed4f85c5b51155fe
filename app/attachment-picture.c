#include "attachment-private.h"

#include "picture-helper.h"

/* A picture that is attached: its file stays as it was, and what a model and a person look at is made of it when it is first asked
 * for, since most pictures of a history are never shown. */

gboolean
sotto_attachment_is_picture (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), FALSE);
  return self->data != NULL;
}

GBytes *
sotto_attachment_get_data (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);
  return self->data;
}

SottoImage *
sotto_attachment_peek_image (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);
  return self->image;
}

static void
on_decoded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoAttachment) self = user_data;
  g_autoptr (GPtrArray) loads = g_steal_pointer (&self->loads);
  g_autoptr (GError) error = NULL;

  self->image = sotto_picture_decode_finish (result, &error);
  for (guint i = 0; i < loads->len; i++)
    {
      if (error != NULL)
        g_task_return_error (g_ptr_array_index (loads, i), g_error_copy (error));
      else
        g_task_return_pointer (g_ptr_array_index (loads, i), sotto_image_ref (self->image), (GDestroyNotify) sotto_image_unref);
    }
}

void
sotto_attachment_load_image_async (SottoAttachment     *self,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SOTTO_IS_ATTACHMENT (self));
  g_return_if_fail (self->data != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_static_name (task, "sotto load a picture");
  if (self->image != NULL)
    {
      g_task_return_pointer (task, sotto_image_ref (self->image), (GDestroyNotify) sotto_image_unref);
      return;
    }
  if (self->loads == NULL)
    {
      self->loads = g_ptr_array_new_with_free_func (g_object_unref);
      sotto_picture_decode_async (self->data, NULL, on_decoded, g_object_ref (self));
    }
  g_ptr_array_add (self->loads, g_steal_pointer (&task));
}

SottoImage *
sotto_attachment_load_image_finish (SottoAttachment *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
