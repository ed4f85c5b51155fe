#include "conversation/conversation-private.h"

#include "conversation/attachment-private.h"
#include "document/document-private.h"

/* The files that are attached to what is being written. Each is written into the history as it comes, beside the draft, and goes
 * from there with the message that it becomes part of. They are read when they are first asked for, since their texts are long
 * and most conversations of a list are never shown. A temporary conversation has them in this list alone. */

/* --- In the history --- */

/* NULL: nothing of the draft is written anywhere */
static SottoStore *
get_store (SottoConversation *self)
{
  return self->services->is_temporary || self->is_deleted ? NULL : self->services->store;
}

/* One on its way into the history, or out of it */
typedef struct {
  SottoConversation *conversation;
  SottoAttachment *attachment; /* NULL: out of it */
  char *id;
} Keeping;

static Keeping *
keeping_new (SottoConversation *self, SottoAttachment *attachment, const char *id)
{
  Keeping *keeping = g_new0 (Keeping, 1);

  keeping->conversation = sotto_conversation_begin_save (self);
  g_set_object (&keeping->attachment, attachment);
  keeping->id = g_strdup (id);
  return keeping;
}

static void
keeping_free (Keeping *keeping)
{
  g_object_unref (keeping->conversation);
  g_clear_object (&keeping->attachment);
  g_free (keeping->id);
  g_free (keeping);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keeping, keeping_free)

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Keeping) keeping = user_data;
  g_autoptr (GError) error = NULL;

  /* Without an id it is written with the next that is kept. */
  if (!sotto_store_add_draft_document_finish (SOTTO_STORE (source), result, &error)
      && g_strcmp0 (sotto_attachment_get_draft_id (keeping->attachment), keeping->id) == 0)
    sotto_attachment_set_draft_id (keeping->attachment, NULL);
  sotto_conversation_end_save (keeping->conversation, SOTTO_STORE (source), SOTTO_UNSAVED_ATTACHMENTS, error);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Keeping) keeping = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_store_remove_draft_document_finish (SOTTO_STORE (source), result, &error))
    g_ptr_array_add (keeping->conversation->detached, g_strdup (keeping->id));
  sotto_conversation_end_save (keeping->conversation, SOTTO_STORE (source), SOTTO_UNSAVED_ATTACHMENTS, error);
}

/* Those that the history still has of what was taken off */
static void
remove_detached (SottoConversation *self, SottoStore *store)
{
  g_autoptr (GPtrArray) ids = g_steal_pointer (&self->detached);

  self->detached = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < ids->len; i++)
    sotto_store_remove_draft_document_async (store, ids->pdata[i], NULL, on_removed, keeping_new (self, NULL, ids->pdata[i]));
}

/* While a new conversation is being made, it has no place for them yet. */
void
sotto_conversation_keep_attachments (SottoConversation *self)
{
  SottoStore *store = get_store (self);

  if (store == NULL)
    return;
  remove_detached (self, store);
  if (!self->is_stored && self->reply_state == SOTTO_REPLY_STATE_SAVING)
    return;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->attachments)); i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (G_LIST_MODEL (self->attachments), i);
      g_autoptr (SottoHistoryPart) part = NULL;
      g_autofree char *id = NULL;

      if (sotto_attachment_get_draft_id (attachment) != NULL)
        continue;
      part = sotto_attachment_to_part (attachment);
      id = sotto_history_new_id ();
      sotto_attachment_set_draft_id (attachment, id);
      sotto_store_add_draft_document_async (store, self->is_stored ? self->id : NULL, id, part, NULL, on_kept,
                                            keeping_new (self, attachment, id));
    }
}

void
sotto_conversation_keep_attachments_again (SottoConversation *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->attachments)); i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (G_LIST_MODEL (self->attachments), i);

      sotto_attachment_set_draft_id (attachment, NULL);
    }
  self->has_read_attachments = TRUE;
  sotto_conversation_keep_attachments (self);
}

/* --- Reading --- */

static void
take_documents (SottoConversation *self, const GPtrArray *documents)
{
  for (guint i = 0; i < documents->len; i++)
    {
      const SottoHistoryDraftDocument *document = g_ptr_array_index (documents, i);
      g_autoptr (SottoAttachment) attachment = sotto_attachment_new_from_part (document->part, NULL);

      sotto_attachment_set_draft_id (attachment, document->id);
      g_list_store_insert (self->attachments, i, attachment);
    }
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->attachment_reads);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) documents = sotto_store_list_draft_documents_finish (SOTTO_STORE (source), result, &error);

  if (documents != NULL)
    {
      self->has_read_attachments = TRUE;
      take_documents (self, documents);
    }
  for (guint i = 0; i < waiting->len; i++)
    {
      if (error != NULL)
        g_task_return_error (g_ptr_array_index (waiting, i), g_error_copy (error));
      else
        g_task_return_boolean (g_ptr_array_index (waiting, i), TRUE);
    }
}

void
sotto_conversation_read_attachments_async (SottoConversation *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  SottoStore *store = get_store (self);

  if (self->has_read_attachments || store == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (self->attachment_reads == NULL)
    {
      self->attachment_reads = g_ptr_array_new_with_free_func (g_object_unref);
      sotto_store_list_draft_documents_async (store, self->is_stored ? self->id : NULL, NULL, on_read,
                                              g_object_ref (self));
    }
  g_ptr_array_add (self->attachment_reads, g_steal_pointer (&task));
}

gboolean
sotto_conversation_read_attachments_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoConversation *self = SOTTO_CONVERSATION (source);
  g_autoptr (GError) error = NULL;

  /* One that has been purged since, or whose history was closed, is not looked at any more. */
  if (!sotto_conversation_read_attachments_finish (self, result, &error)
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND)
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED))
    sotto_conversation_set_error (self, error);
}

/* --- The list --- */

void
sotto_conversation_attachments_init (SottoConversation *self)
{
  self->attachments = g_list_store_new (SOTTO_TYPE_ATTACHMENT);
  self->detached = g_ptr_array_new_with_free_func (g_free);
}

void
sotto_conversation_attachments_clear (SottoConversation *self)
{
  g_clear_object (&self->attachments);
  g_clear_pointer (&self->detached, g_ptr_array_unref);
  g_clear_pointer (&self->attachment_reads, g_ptr_array_unref);
}

GListModel *
sotto_conversation_get_attachments (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);

  if (!self->has_read_attachments && self->attachment_reads == NULL && get_store (self) != NULL)
    sotto_conversation_read_attachments_async (self, on_looked, NULL);
  return G_LIST_MODEL (self->attachments);
}

static guint
count_pictures (SottoConversation *self)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->attachments)); i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (G_LIST_MODEL (self->attachments), i);

      n += sotto_attachment_is_picture (attachment) ? 1 : 0;
    }
  return n;
}

gboolean
sotto_conversation_attach (SottoConversation *self, SottoAttachment *attachment, GError **error)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (attachment), FALSE);

  /* What was there comes before it: it is read first, and without it. */
  if (g_list_model_get_n_items (sotto_conversation_get_attachments (self)) >= SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS)
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_TOO_MANY_ATTACHMENTS, "There are too many");
      return FALSE;
    }
  if (sotto_attachment_is_picture (attachment) && count_pictures (self) >= SOTTO_ATTACHMENT_MAX_PICTURES)
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_TOO_MANY_PICTURES, "There are too many pictures");
      return FALSE;
    }
  sotto_attachment_set_draft_id (attachment, NULL);
  g_list_store_append (self->attachments, attachment);
  sotto_conversation_keep_attachments (self);
  return TRUE;
}

static void
on_image_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SottoImage) image = sotto_attachment_load_image_finish (SOTTO_ATTACHMENT (source), result, &error);

  if (image != NULL && sotto_conversation_attach (g_task_get_source_object (task), SOTTO_ATTACHMENT (source), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sotto_conversation_attach_bytes_async (SottoConversation   *self,
                                       GBytes              *data,
                                       const char          *name,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data)
{
  g_autoptr (SottoAttachment) picture = NULL;
  g_autoptr (GTask) task = NULL;
  gsize length;
  const char *begin;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (data != NULL && name != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_static_name (task, "sotto attach a picture");
  begin = g_bytes_get_data (data, &length);
  if (length > SOTTO_ATTACHMENT_MAX_PICTURE_BYTES)
    g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_LARGE, "There are too many bytes");
  else if (sotto_document_find_picture_type (begin, length) == NULL)
    g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT, "It is of no known format");
  if (g_task_had_error (task))
    return;
  picture = sotto_attachment_new_picture (name, NULL, data);
  sotto_attachment_load_image_async (picture, cancellable, on_image_loaded, g_steal_pointer (&task));
}

gboolean
sotto_conversation_attach_bytes_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sotto_conversation_detach (SottoConversation *self, SottoAttachment *attachment)
{
  SottoStore *store;
  guint position;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_ATTACHMENT (attachment));

  if (!g_list_store_find (self->attachments, attachment, &position))
    return;
  store = get_store (self);
  if (store != NULL && sotto_attachment_get_draft_id (attachment) != NULL)
    {
      g_ptr_array_add (self->detached, g_strdup (sotto_attachment_get_draft_id (attachment)));
      remove_detached (self, store);
    }
  sotto_attachment_set_draft_id (attachment, NULL);
  g_list_store_remove (self->attachments, position);
}

void
sotto_conversation_move_attachments (SottoConversation *self, SottoConversation *to)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (to));

  while (g_list_model_get_n_items (G_LIST_MODEL (self->attachments)) > 0)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (G_LIST_MODEL (self->attachments), 0);

      sotto_conversation_detach (self, attachment);
      if (!sotto_conversation_attach (to, attachment, NULL))
        return;
    }
}

/* --- Sending --- */

GPtrArray *
sotto_conversation_list_attachments (SottoConversation *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->attachments)); i++)
    g_ptr_array_add (list, g_list_model_get_item (G_LIST_MODEL (self->attachments), i));
  return list;
}

void
sotto_conversation_forget_attachments (SottoConversation *self, const GPtrArray *sent)
{
  guint position;

  for (guint i = 0; sent != NULL && i < sent->len; i++)
    if (g_list_store_find (self->attachments, g_ptr_array_index (sent, i), &position))
      g_list_store_remove (self->attachments, position);
}
