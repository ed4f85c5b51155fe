#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"
#include "conversation/group.h"
#include "document/meaning-private.h"

/* Deleting, with a way back: what is deleted leaves the list at once and the history when nobody can
 * undo it any more. */

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
  guint position;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  if (!g_ptr_array_find (self->items, conversation, &position))
    return;

  g_ptr_array_add (self->deleted, g_object_ref (conversation));
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
  guint index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  if (!g_ptr_array_find (self->deleted, conversation, &index))
    return;

  g_object_ref (conversation);
  g_ptr_array_remove_index (self->deleted, index);
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
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();
  g_auto (GStrv) ids = NULL;

  for (guint i = 0; i < self->deleted->len; i++)
    g_strv_builder_add (kept, sotto_conversation_get_id (g_ptr_array_index (self->deleted, i)));
  for (guint i = 0; i < self->deleted_groups->len; i++)
    g_strv_builder_add (kept, sotto_group_get_id (((DeletedGroup *) g_ptr_array_index (self->deleted_groups, i))->group));
  ids = g_strv_builder_end (kept);
  if (services->store != NULL)
    sotto_store_purge_async (services->store, (const char * const *) ids, NULL, NULL, NULL);
}

void
sotto_conversation_list_purge (SottoConversationList *self, SottoConversation *conversation)
{
  guint index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  if (!g_ptr_array_find (self->deleted, conversation, &index))
    return;

  g_object_ref (conversation);
  g_ptr_array_remove_index (self->deleted, index);
  sotto_conversation_list_purge_from (self, conversation->services);
  sotto_inference_forget_conversation (conversation->services->inference, sotto_conversation_get_id (conversation));
  g_object_unref (conversation);
}
