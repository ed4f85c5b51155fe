#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"
#include "conversation/group-list-private.h"
#include "conversation/group-private.h"

/* New conversations in groups; deleting a group, with a way back as for conversations. */

SottoGroupList *
sotto_conversation_list_get_groups (SottoConversationList *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), NULL);
  return self->services->groups;
}

SottoConversation *
sotto_conversation_list_create_in (SottoConversationList *self, SottoGroup *group)
{
  SottoConversation *conversation = sotto_conversation_list_create (self);

  if (conversation != NULL)
    sotto_conversation_set_group (conversation, group);
  return conversation;
}

gboolean
sotto_conversation_list_is_group_empty (SottoConversationList *self, SottoGroup *group)
{
  for (guint i = 0; i < self->items->len; i++)
    if (sotto_conversation_get_group (g_ptr_array_index (self->items, i)) == group)
      return FALSE;
  return TRUE;
}

/* --- Deleting --- */

static int
find_deleted (SottoConversationList *self, SottoGroup *group)
{
  for (guint i = 0; i < self->deleted_groups->len; i++)
    if (((DeletedGroup *) g_ptr_array_index (self->deleted_groups, i))->group == group)
      return (int) i;
  return -1;
}

/* Of those that are in it, or were before it was deleted */
static GPtrArray *
list_members (SottoConversationList *self, SottoGroup *group)
{
  GPtrArray *members = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->items->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (self->items, i);

      if (conversation->group == group)
        g_ptr_array_add (members, g_object_ref (conversation));
    }
  if (self->fresh != NULL && self->fresh->group == group)
    g_ptr_array_add (members, g_object_ref (self->fresh));
  return members;
}

static void
notify_all (GPtrArray *conversations)
{
  for (guint i = 0; i < conversations->len; i++)
    sotto_conversation_notify_group (g_ptr_array_index (conversations, i));
}

void
sotto_conversation_list_delete_group (SottoConversationList *self, SottoGroup *group, gboolean with_conversations)
{
  g_autoptr (GPtrArray) members = NULL;
  DeletedGroup *deleted;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_GROUP (group));

  if (group->is_deleted)
    return;

  deleted = g_new0 (DeletedGroup, 1);
  deleted->group = g_object_ref (group);
  deleted->conversations = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->deleted_groups, deleted);

  members = list_members (self, group);
  for (guint i = 0; with_conversations && i < members->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (members, i);

      if (conversation == self->fresh)
        continue;
      sotto_conversation_list_delete (self, conversation);
      g_ptr_array_add (deleted->conversations, g_object_ref (conversation));
    }
  sotto_group_list_delete (self->services->groups, group);
  notify_all (members);
}

void
sotto_conversation_list_undo_delete_group (SottoConversationList *self, SottoGroup *group)
{
  g_autoptr (GPtrArray) members = NULL;
  g_autoptr (GPtrArray) conversations = NULL;
  int index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_GROUP (group));

  index = find_deleted (self, group);
  if (index < 0)
    return;

  g_object_ref (group);
  conversations = g_ptr_array_ref (((DeletedGroup *) g_ptr_array_index (self->deleted_groups, (guint) index))->conversations);
  g_ptr_array_remove_index (self->deleted_groups, (guint) index);
  sotto_group_list_undo_delete (self->services->groups, group);
  for (guint i = 0; i < conversations->len; i++)
    sotto_conversation_list_undo_delete (self, g_ptr_array_index (conversations, i));
  members = list_members (self, group);
  notify_all (members);
  g_object_unref (group);
}

void
sotto_conversation_list_purge_group (SottoConversationList *self, SottoGroup *group)
{
  g_autoptr (GPtrArray) conversations = NULL;
  int index;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_GROUP (group));

  index = find_deleted (self, group);
  if (index < 0)
    return;

  conversations = g_ptr_array_ref (((DeletedGroup *) g_ptr_array_index (self->deleted_groups, (guint) index))->conversations);
  g_ptr_array_remove_index (self->deleted_groups, (guint) index);
  for (guint i = 0; i < conversations->len; i++)
    sotto_conversation_list_purge (self, g_ptr_array_index (conversations, i));
  sotto_conversation_list_purge_from (self, self->services);
}
