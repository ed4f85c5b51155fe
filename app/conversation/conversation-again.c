#include "conversation/conversation-private.h"

/* A reply once more: another one in its place, one that failed or never came, what a base model has to add. */

void
sotto_conversation_regenerate (SottoConversation *self, SottoMessage *message)
{
  g_auto (GStrv) siblings = NULL;
  int position;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_MESSAGE (message));

  if (sotto_conversation_is_busy (self) || self->is_switching || self->services->store == NULL
      || sotto_message_get_role (message) != SOTTO_ROLE_ASSISTANT)
    return;

  position = sotto_conversation_path_find (self, sotto_message_get_id (message));
  if (position < 0)
    return;

  siblings = g_strdupv ((char **) sotto_message_get_siblings (message));
  sotto_conversation_begin_reply (self, (const char *const *) siblings,
                                  sotto_conversation_path_cut (self, (guint) position));
}

static void
on_retry_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoConversation *self = SOTTO_CONVERSATION (source);
  g_autoptr (GError) error = NULL;

  if (sotto_conversation_path_read_finish (self, result, &error))
    sotto_conversation_retry (self);
}

void
sotto_conversation_retry (SottoConversation *self)
{
  SottoMessage *last;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  if (sotto_conversation_is_busy (self) || self->is_switching || self->services->store == NULL)
    return;

  if (!self->is_loaded)
    {
      sotto_conversation_path_read_async (self, on_retry_read, NULL);
      return;
    }
  if (self->rows->len == 0)
    return;

  last = sotto_conversation_path_get (self, self->rows->len - 1);
  if (sotto_message_get_role (last) == SOTTO_ROLE_ASSISTANT)
    sotto_conversation_regenerate (self, last);
  else
    sotto_conversation_begin_reply (self, NULL, NULL);
}

void
sotto_conversation_retry_problem (SottoConversation *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  if (self->save_problem != NULL && self->save_problem == self->problem)
    sotto_conversation_flush_draft (self);
  else
    sotto_conversation_retry (self);
}

gboolean
sotto_conversation_can_continue (SottoConversation *self)
{
  SottoModelEntry *model;
  SottoMessage *last;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);

  model = sotto_conversation_get_model (self);
  if (model == NULL || !sotto_model_entry_is_usable (model) || !sotto_model_entry_is_base (model)
      || sotto_conversation_is_busy (self) || self->is_switching || self->services->store == NULL
      || !self->is_loaded || self->rows->len == 0)
    return FALSE;

  last = sotto_conversation_path_get (self, self->rows->len - 1);
  return sotto_message_get_role (last) == SOTTO_ROLE_ASSISTANT
         && sotto_message_get_length (last) > 0
         && sotto_message_get_status (last) != SOTTO_MESSAGE_STATUS_FAILED
         && sotto_message_get_status (last) != SOTTO_MESSAGE_STATUS_LIMITED;
}

void
sotto_conversation_continue (SottoConversation *self)
{
  if (sotto_conversation_can_continue (self))
    sotto_conversation_begin_reply (self, NULL, NULL);
}
