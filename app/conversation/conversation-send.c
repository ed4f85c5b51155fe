#include "conversation/conversation-private.h"

#include <string.h>

#include "conversation/attachment-private.h"

/* Sending: the message is on the disk before anybody is told that it was sent, and only then a
 * reply is asked for. Conversation and message get their ids here, so that both can be written in
 * one go; the history does what it is given in order. */

typedef struct {
  char *text;
  char *id;
  GPtrArray *attachments; /* of SottoAttachment; (nullable): none */
  GPtrArray *passages;    /* of SottoHistoryPart: what its folders have on it; NULL: not found yet */
  SottoMessage *edited; /* NULL: a new message at the end of the path */
  GError *error; /* why the conversation could not be made */
} Send;

static void
send_free (Send *send)
{
  g_free (send->text);
  g_free (send->id);
  g_clear_pointer (&send->attachments, g_ptr_array_unref);
  g_clear_pointer (&send->passages, g_ptr_array_unref);
  g_clear_object (&send->edited);
  g_clear_error (&send->error);
  g_free (send);
}

static gboolean
is_blank (const char *text)
{
  while (g_unichar_isspace (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return *text == '\0';
}

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  SottoConversation *self = g_task_get_source_object (task);

  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_IDLE, 0);
  sotto_conversation_keep_attachments (self);
  g_task_return_error (task, error);
}

/* A message that is only files is called as the first of them. */
static const char *
get_first_words (const Send *send)
{
  return *send->text == '\0' && send->attachments != NULL
         ? sotto_attachment_get_name (g_ptr_array_index (send->attachments, 0)) : send->text;
}

/* The message takes its place on the path. */
static void
show_message (SottoConversation *self, Send *send)
{
  g_auto (GStrv) siblings = NULL;
  g_autofree char *parent = NULL;
  SottoSources *sources;
  SottoMessage *message;

  if (send->edited != NULL)
    {
      const int position = sotto_conversation_path_find (self, sotto_message_get_id (send->edited));

      parent = g_strdup (sotto_message_get_parent (send->edited));
      siblings = sotto_conversation_add_sibling (sotto_message_get_siblings (send->edited),
                                                 send->id);
      if (position >= 0)
        g_array_unref (sotto_conversation_path_cut (self, (guint) position));
    }
  else
    {
      parent = g_strdup (sotto_conversation_path_end (self));
      siblings = sotto_conversation_add_sibling (NULL, send->id);
    }

  message = sotto_message_new (send->id, parent, SOTTO_ROLE_USER, SOTTO_MESSAGE_STATUS_COMPLETE,
                               send->text, (const char *const *) siblings);
  for (guint i = 0; send->attachments != NULL && i < send->attachments->len; i++)
    sotto_attachment_settle (g_ptr_array_index (send->attachments, i), self->services->store);
  sotto_message_set_attachments (message, send->attachments);
  sources = sotto_sources_new_from_parts (send->passages);
  sotto_message_set_sources (message, sources);
  g_clear_pointer (&sources, sotto_sources_unref);
  sotto_conversation_path_append (self, message);
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = g_task_get_source_object (task);
  Send *send = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *id = sotto_store_add_message_finish (SOTTO_STORE (source), result, &error);
  g_autofree char *title = NULL;

  if (id == NULL)
    {
      if (send->error != NULL)
        {
          g_clear_error (&error);
          error = g_steal_pointer (&send->error);
        }
      if (!self->is_stored)
        {
          sotto_conversation_take_instructions_back (self);
          /* They stand nowhere now: the conversation was to have them. */
          sotto_conversation_save_again (self, SOTTO_UNSAVED_FOLDERS | SOTTO_UNSAVED_GROUP | SOTTO_UNSAVED_ANSWER_FORM);
        }
      if (send->edited == NULL)
        sotto_conversation_save_draft_again (self);
      fail (task, error);
      return;
    }

  show_message (self, send);
  if (send->edited == NULL)
    {
      sotto_conversation_take_draft (self, "");
      sotto_conversation_forget_attachments (self, send->attachments);
    }
  title = sotto_conversation_shorten (get_first_words (send), 60, TRUE);
  sotto_conversation_set_snippet_from (self, get_first_words (send));
  sotto_conversation_touch (self);
  sotto_conversation_set_stored (self, title);
  sotto_conversation_keep_attachments (self);
  sotto_conversation_set_error (self, NULL);
  sotto_conversation_begin_reply (self, NULL, NULL);
  if (*send->text != '\0' && sotto_conversation_get_n_folders (self) > 0 && send->passages->len == 0)
    sotto_conversation_emit_nothing_found (self);
  g_task_return_boolean (task, TRUE);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Send *send = g_task_get_task_data (task);
  g_autofree char *id = sotto_store_create_conversation_finish (SOTTO_STORE (source), result,
                                                                &send->error);
}

static GPtrArray *
create_parts (const Send *send)
{
  GPtrArray *parts = *send->text != '\0' ? sotto_history_parts_new_text (send->text)
                                         : g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);

  for (guint i = 0; send->attachments != NULL && i < send->attachments->len; i++)
    g_ptr_array_add (parts, sotto_attachment_to_part (g_ptr_array_index (send->attachments, i)));
  for (guint i = 0; i < send->passages->len; i++)
    g_ptr_array_add (parts, sotto_history_part_copy (g_ptr_array_index (send->passages, i)));
  return parts;
}

static void
write_message (GTask *task)
{
  SottoConversation *self = g_task_get_source_object (task);
  Send *send = g_task_get_task_data (task);
  g_autoptr (GPtrArray) parts = create_parts (send);
  SottoStore *store = self->services->store;
  const char *parent;

  if (!self->is_stored)
    {
      g_autoptr (SottoHistoryModel) model = sotto_conversation_create_history_model (self);
      g_autofree char *title = self->title[0] != '\0' ? g_strdup (self->title)
                                                      : sotto_conversation_shorten (get_first_words (send), 60,
                                                                                    TRUE);

      sotto_store_create_conversation_async (store, self->id, title, model, NULL, on_created,
                                             g_object_ref (task));
      sotto_conversation_begin_instructions (self);
      sotto_conversation_begin_folders (self);
      sotto_conversation_begin_group (self);
      sotto_conversation_keep_tools (self);
      sotto_conversation_begin_answer_form (self);
    }

  /* They come before the message, and its parent may be new with them. */
  sotto_conversation_flush_instructions (self);
  if (send->edited != NULL)
    parent = sotto_message_get_parent (send->edited);
  else
    parent = sotto_conversation_path_end (self);

  /* A draft that waits to be saved would come back after the message. */
  if (send->edited == NULL)
    g_clear_handle_id (&self->draft_source, g_source_remove);
  sotto_store_add_message_async (store, self->id, send->id, parent, SOTTO_HISTORY_ROLE_USER, parts,
                                 send->edited == NULL, g_task_get_cancellable (task), on_added,
                                 g_object_ref (task));
}

/* What is attached to the draft, or to the message that is edited; blanks beside it are nothing that was written. */
static void
take_attachments (SottoConversation *self, Send *send)
{
  GPtrArray *attachments = send->edited != NULL ? sotto_message_get_attachments (send->edited) : NULL;

  if (send->edited == NULL)
    send->attachments = sotto_conversation_list_attachments (self);
  else if (attachments != NULL)
    send->attachments = g_ptr_array_ref (attachments);
  if (send->attachments != NULL && send->attachments->len == 0)
    g_clear_pointer (&send->attachments, g_ptr_array_unref);
  if (send->attachments != NULL && is_blank (send->text))
    *send->text = '\0';
}

static void
on_passages_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = SOTTO_CONVERSATION (source);
  Send *send = g_task_get_task_data (task);
  GError *error = NULL;

  send->passages = sotto_conversation_find_passages_finish (self, result);
  if (sotto_services_check_store (self->services, &error))
    write_message (task);
  else
    fail (task, error);
}

static void
find_passages (GTask *task)
{
  SottoConversation *self = g_task_get_source_object (task);
  const Send *send = g_task_get_task_data (task);
  const int position = send->edited != NULL ? sotto_conversation_path_find (self, sotto_message_get_id (send->edited))
                                            : (int) self->rows->len;
  gsize n_bytes = strlen (send->text);

  for (guint i = 0; send->attachments != NULL && i < send->attachments->len; i++)
    n_bytes += sotto_attachment_get_prompt_size (g_ptr_array_index (send->attachments, i));
  sotto_conversation_find_passages_async (self, send->text, n_bytes, (guint) MAX (position, 0), on_passages_found,
                                          g_object_ref (task));
}

static void
begin_writing (GTask *task)
{
  SottoConversation *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!sotto_services_check_store (self->services, &error))
    {
      fail (task, error);
      return;
    }
  take_attachments (self, g_task_get_task_data (task));
  find_passages (task);
}

static void
on_attachments_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (sotto_conversation_read_attachments_finish (SOTTO_CONVERSATION (source), result, &error))
    begin_writing (task);
  else
    fail (task, error);
}

/* Those of an earlier day go with the draft's text, whether anybody has looked at them or not. */
static void
look_for_attachments (GTask *task)
{
  SottoConversation *self = g_task_get_source_object (task);

  if (self->has_read_attachments || self->services->is_temporary)
    begin_writing (task);
  else
    sotto_conversation_read_attachments_async (self, on_attachments_read, g_object_ref (task));
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (sotto_conversation_path_read_finish (SOTTO_CONVERSATION (source), result, &error))
    look_for_attachments (task);
  else
    fail (task, error);
}

static gboolean
has_attachments (SottoConversation *self, SottoMessage *edited)
{
  return edited != NULL ? sotto_message_get_n_attachments (edited) > 0
                        : g_list_model_get_n_items (G_LIST_MODEL (self->attachments)) > 0;
}

static gboolean
check (SottoConversation *self, const char *text, SottoMessage *edited, GError **error)
{
  if (!sotto_services_check_store (self->services, error))
    return FALSE;

  if (sotto_conversation_is_busy (self) || self->is_switching)
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BUSY, "A reply is being made");
      return FALSE;
    }
  if (is_blank (text) && !has_attachments (self, edited))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_EMPTY, "The message is empty");
      return FALSE;
    }
  if (edited != NULL
      && (sotto_message_get_role (edited) != SOTTO_ROLE_USER
          || sotto_conversation_path_find (self, sotto_message_get_id (edited)) < 0))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_FOUND,
                           "The message to edit is not on the current path");
      return FALSE;
    }
  return TRUE;
}

static void
begin_send (SottoConversation   *self,
            SottoMessage        *edited,
            const char          *text,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GError *error = NULL;
  Send *send;

  if (!check (self, valid, edited, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  send = g_new0 (Send, 1);
  send->text = g_steal_pointer (&valid);
  send->id = sotto_history_new_id ();
  g_set_object (&send->edited, edited);
  g_task_set_task_data (task, send, (GDestroyNotify) send_free);

  sotto_conversation_forget_all_deleted (self);
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_SAVING, 0);
  if (self->is_loaded)
    look_for_attachments (task);
  else
    sotto_conversation_path_read_async (self, on_read, g_steal_pointer (&task));
}

void
sotto_conversation_send_async (SottoConversation   *self,
                               const char          *text,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (text != NULL);

  begin_send (self, NULL, text, cancellable, callback, user_data);
}

void
sotto_conversation_edit_and_resend_async (SottoConversation   *self,
                                          SottoMessage        *message,
                                          const char          *text,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_MESSAGE (message));
  g_return_if_fail (text != NULL);

  begin_send (self, message, text, cancellable, callback, user_data);
}

gboolean
sotto_conversation_send_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
