#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"
#include "conversation/group-list-private.h"
#include "document/meaning-private.h"

/* Deleting, with a way back: what is deleted leaves the list at once and the history when nobody can
 * undo it any more. */

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) conversation = user_data;
  g_autoptr (GError) error = NULL;

  if (sotto_store_delete_conversation_finish (SOTTO_STORE (source), result, &error))
    sotto_meaning_look_again (conversation->services->meaning);
  sotto_conversation_end_save (conversation, SOTTO_STORE (source), SOTTO_UNSAVED_DELETION, error);
}

static void
on_undeleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) conversation = user_data;
  g_autoptr (GError) error = NULL;

  if (sotto_store_undelete_conversation_finish (SOTTO_STORE (source), result, &error))
    sotto_meaning_look_again (conversation->services->meaning);
  sotto_conversation_end_save (conversation, SOTTO_STORE (source), SOTTO_UNSAVED_DELETION, error);
}

void
sotto_conversation_keep_deletion (SottoConversation *self)
{
  SottoStore *store = self->services->store;

  if (store == NULL)
    return;
  if (self->is_deleted)
    sotto_store_delete_conversation_async (store, self->id, NULL, on_deleted, sotto_conversation_begin_save (self));
  else
    sotto_store_undelete_conversation_async (store, self->id, NULL, on_undeleted, sotto_conversation_begin_save (self));
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

  sotto_conversation_keep_deletion (conversation);
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
  sotto_conversation_keep_deletion (conversation);
  g_object_unref (conversation);
}

/* What has come back, and is still deleted in the history, as there was no room */
static void
add_unsaved (SottoConversationList *self, GStrvBuilder *kept)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      const SottoConversation *conversation = g_ptr_array_index (self->items, i);

      if (conversation->n_saving > 0 || (conversation->unsaved & SOTTO_UNSAVED_DELETION) != 0)
        g_strv_builder_add (kept, conversation->id);
    }
  sotto_group_list_add_unsaved (self->services->groups, kept);
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
  add_unsaved (self, kept);
  ids = g_strv_builder_end (kept);
  if (services->store != NULL)
    sotto_store_purge_async (services->store, (const char * const *) ids, NULL, NULL, NULL);
}

void
sotto_conversation_list_purge_at_end (SottoConversationList *self, SottoStore *store)
{
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();
  g_auto (GStrv) ids = NULL;

  add_unsaved (self, kept);
  ids = g_strv_builder_end (kept);
  sotto_store_purge_async (store, (const char * const *) ids, NULL, NULL, NULL);
}

void
sotto_conversation_list_purge (SottoConversationList *self, SottoConversation *conversation)
{
  guint index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  if (!g_ptr_array_find (self->deleted, conversation, &index))
    return;
  /* The history does not know of it yet: it goes with the end. */
  if ((conversation->unsaved & SOTTO_UNSAVED_DELETION) != 0)
    return;

  g_object_ref (conversation);
  g_ptr_array_remove_index (self->deleted, index);
  sotto_conversation_list_purge_from (self, conversation->services);
  sotto_inference_forget_conversation (conversation->services->inference, sotto_conversation_get_id (conversation));
  g_object_unref (conversation);
}
