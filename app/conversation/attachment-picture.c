#include "conversation/attachment-private.h"

#include "document/picture-helper.h"

/* A picture that is attached. Its file is in memory while it is part of what is being written; from when the message is in the history it
 * is read from there by who needs it, since most pictures of a history are never looked at. What a model and a person look at is made
 * of it when it is first asked for. */

gboolean
sotto_attachment_is_picture (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), FALSE);
  return self->is_picture;
}

/* --- Its file --- */

static void
on_data_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GBytes *data = sotto_store_load_data_finish (SOTTO_STORE (source), result, &error);

  if (data != NULL)
    g_task_return_pointer (task, data, (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, error);
}

void
sotto_attachment_load_data_async (SottoAttachment     *self,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (SottoStore) store = NULL;

  g_return_if_fail (SOTTO_IS_ATTACHMENT (self));
  g_return_if_fail (self->is_picture);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_static_name (task, "sotto read the file of a picture");
  store = g_weak_ref_get (&self->store);
  if (self->data != NULL)
    g_task_return_pointer (task, g_bytes_ref (self->data), (GDestroyNotify) g_bytes_unref);
  else if (store != NULL)
    sotto_store_load_data_async (store, self->hash, cancellable, on_data_read, g_steal_pointer (&task));
  else
    g_task_return_new_error_literal (task, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED, "The history was closed");
}

GBytes *
sotto_attachment_load_data_finish (SottoAttachment *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* In a thread, as it takes some milliseconds */
static void
take_hash (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, sotto_history_hash_data (data), (GDestroyNotify) g_bytes_unref);
}

static void
on_hash_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoAttachment *self = SOTTO_ATTACHMENT (source);

  self->hash = g_task_propagate_pointer (G_TASK (result), NULL);
  g_clear_pointer (&self->data, g_bytes_unref);
}

void
sotto_attachment_settle (SottoAttachment *self, SottoStore *store)
{
  g_autoptr (GTask) task = NULL;

  if (!self->is_picture || store == NULL)
    return;
  g_weak_ref_set (&self->store, store);
  if (self->hash != NULL)
    {
      g_clear_pointer (&self->data, g_bytes_unref);
      return;
    }
  if (self->is_settling)
    return;
  self->is_settling = TRUE;
  task = g_task_new (self, NULL, on_hash_taken, NULL);
  g_task_set_static_name (task, "sotto take the hash of a picture");
  g_task_set_task_data (task, g_bytes_ref (self->data), (GDestroyNotify) g_bytes_unref);
  g_task_run_in_thread (task, take_hash);
}

/* --- Decoded --- */

#define MAX_DECODING 2

/* Those that run, and those that wait for their turn without a file in memory */
static guint n_decoding;
static GQueue waiting = G_QUEUE_INIT;

static void begin_next (void);

static void
on_picture_decoded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SottoImage *image = sotto_picture_decode_finish (result, &error);

  n_decoding--;
  begin_next ();
  if (image != NULL)
    g_task_return_pointer (task, image, (GDestroyNotify) sotto_image_unref);
  else
    g_task_return_error (task, error);
}

static void
on_data_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GBytes) data = sotto_attachment_load_data_finish (SOTTO_ATTACHMENT (source), result, &error);

  if (data != NULL)
    {
      sotto_picture_decode_async (data, g_task_get_cancellable (task), on_picture_decoded, g_object_ref (task));
      return;
    }
  n_decoding--;
  begin_next ();
  g_task_return_error (task, error);
}

static void
begin_next (void)
{
  while (n_decoding < MAX_DECODING && !g_queue_is_empty (&waiting))
    {
      g_autoptr (GTask) task = g_queue_pop_head (&waiting);

      if (g_task_return_error_if_cancelled (task))
        continue;
      n_decoding++;
      sotto_attachment_load_data_async (g_task_get_source_object (task), g_task_get_cancellable (task), on_data_loaded,
                                        g_object_ref (task));
    }
}

void
sotto_attachment_decode_async (SottoAttachment     *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_static_name (task, "sotto decode a picture that is attached");
  g_queue_push_tail (&waiting, task);
  begin_next ();
}

SottoImage *
sotto_attachment_decode_finish (SottoAttachment *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Decoded, and kept --- */

SottoImage *
sotto_attachment_peek_image (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);
  return self->image;
}

static void
on_decoded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoAttachment *self = SOTTO_ATTACHMENT (source);
  g_autoptr (GPtrArray) loads = g_steal_pointer (&self->loads);
  g_autoptr (GError) error = NULL;

  self->image = sotto_attachment_decode_finish (self, result, &error);
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
  g_return_if_fail (self->is_picture);

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
      sotto_attachment_decode_async (self, NULL, on_decoded, NULL);
    }
  g_ptr_array_add (self->loads, g_steal_pointer (&task));
}

SottoImage *
sotto_attachment_load_image_finish (SottoAttachment *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
