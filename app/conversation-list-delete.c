#include "conversation-list-private.h"

#include "conversation-private.h"
#include "meaning-private.h"

/* Deleting, with a way back: what is deleted leaves the list at once and the history when nobody can
 * undo it any more. */

static int
find_deleted (SottoConversationList *self, SottoConversation *conversation)
{
  for (guint i = 0; i < self->deleted->len; i++)
    if (g_array_index (self->deleted, Deleted, i).conversation == conversation)
      return (int) i;
  return -1;
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) conversation = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_store_delete_conversation_finish (SOTTO_STORE (source), result, &error))
    sotto_conversation_set_error (conversation, error);
  else
    sotto_meaning_look_again (conversation->services->meaning);
}

void
sotto_conversation_list_delete (SottoConversationList *self, SottoConversation *conversation)
{
  Deleted deleted = { NULL, g_get_real_time () };
  guint position;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  if (!g_ptr_array_find (self->items, conversation, &position))
    return;

  deleted.conversation = g_object_ref (conversation);
  g_array_append_val (self->deleted, deleted);
  sotto_conversation_flush_draft (conversation);
  sotto_conversation_set_deleted (conversation, TRUE);
  sotto_conversation_stop (conversation);
  g_ptr_array_remove_index (self->items, position);
  sotto_conversation_list_changed (self, position, 1, 0);

  if (conversation->services->store != NULL)
    sotto_store_delete_conversation_async (conversation->services->store,
                                           sotto_conversation_get_id (conversation),
                                           NULL, on_deleted, g_object_ref (conversation));
}

static void
on_undeleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) conversation = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_store_undelete_conversation_finish (SOTTO_STORE (source), result, &error))
    sotto_conversation_set_error (conversation, error);
  else
    sotto_meaning_look_again (conversation->services->meaning);
}

void
sotto_conversation_list_undo_delete (SottoConversationList *self, SottoConversation *conversation)
{
  int index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  index = find_deleted (self, conversation);
  if (index < 0)
    return;

  g_object_ref (conversation);
  g_array_remove_index (self->deleted, (guint) index);
  sotto_conversation_set_deleted (conversation, FALSE);
  sotto_conversation_list_insert (self, conversation);
  if (conversation->services->store != NULL)
    sotto_store_undelete_conversation_async (conversation->services->store,
                                             sotto_conversation_get_id (conversation),
                                             NULL, on_undeleted, g_object_ref (conversation));
  g_object_unref (conversation);
}

void
sotto_conversation_list_purge_from (SottoConversationList *self, SottoServices *services)
{
  gint64 before = G_MAXINT64;

  /* What was deleted after it may still come back. */
  for (guint i = self->deleted->len; i > 0; i--)
    if (g_array_index (self->deleted, Deleted, i - 1).conversation->services == services)
      before = g_array_index (self->deleted, Deleted, i - 1).time;
  if (services == self->services && self->deleted_groups->len > 0)
    before = MIN (before, ((DeletedGroup *) g_ptr_array_index (self->deleted_groups, 0))->time);
  if (services->store != NULL)
    sotto_store_purge_async (services->store, before, NULL, NULL, NULL);
}

void
sotto_conversation_list_purge (SottoConversationList *self, SottoConversation *conversation)
{
  int index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  index = find_deleted (self, conversation);
  if (index < 0)
    return;

  g_object_ref (conversation);
  g_array_remove_index (self->deleted, (guint) index);
  sotto_conversation_list_purge_from (self, conversation->services);
  sotto_inference_forget_conversation (conversation->services->inference, sotto_conversation_get_id (conversation));
  g_object_unref (conversation);
}
