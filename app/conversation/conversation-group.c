#include "conversation/conversation-private.h"

#include "conversation/group-list-private.h"
#include "conversation/group-private.h"
#include "document/document-folders-private.h"

/* Which group a conversation is in. One that was deleted stays the conversation's, so that it is in there again when the group comes
 * back, and does not count until then.
 *
 * What the group's conversations begin with, one is given before it has begun, once. Leaving the group before that, it gives back what
 * nobody has changed since. */

/* Where that of a conversation that is not begun lies, of which there is one: an id */
#define SETTING "new-group"

SottoGroup *
sotto_conversation_get_group (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->group != NULL && !self->group->is_deleted ? self->group : NULL;
}

void
sotto_conversation_notify_group (SottoConversation *self)
{
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_DATE_GROUP);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_GROUP_TITLE);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_GROUP);
}

void
sotto_conversation_take_group (SottoConversation *self, const char *id)
{
  SottoGroup *group = id != NULL ? sotto_group_list_lookup (self->services->groups, id) : NULL;

  g_set_object (&self->group, group);
}

/* --- Keeping it --- */

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  /* What is not there yet gets it with its first message. */
  sotto_store_set_conversation_group_finish (SOTTO_STORE (source), result, &error);
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_GROUP, error);
}

void
sotto_conversation_keep_group (SottoConversation *self)
{
  const char *id = self->group != NULL ? self->group->id : NULL;

  if (self->services->store == NULL || self->is_deleted)
    return;
  /* The history takes no conversation into a group that it does not have yet. */
  sotto_group_list_flush (self->services->groups);
  if (self->is_stored || self->reply_state == SOTTO_REPLY_STATE_SAVING)
    sotto_store_set_conversation_group_async (self->services->store, self->id, id, NULL, on_joined, sotto_conversation_begin_save (self));
  else
    sotto_conversation_keep_setting (self, SETTING, id != NULL ? id : "");
}

void
sotto_conversation_begin_group (SottoConversation *self)
{
  if (self->group == NULL)
    return;
  if (!self->group->is_deleted)
    sotto_conversation_keep_group (self);
  /* The next one is not to begin in it, too. */
  sotto_conversation_keep_setting (self, SETTING, "");
}

static void
on_setting_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autofree char *id = sotto_store_get_setting_finish (SOTTO_STORE (source), result, NULL);

  if (id == NULL || *id == '\0' || self->group != NULL || self->is_stored || self->services->store != SOTTO_STORE (source))
    return;
  sotto_conversation_take_group (self, id);
  if (self->group != NULL)
    sotto_conversation_notify_group (self);
}

void
sotto_conversation_read_kept_group (SottoConversation *self)
{
  if (self->services->store != NULL && !self->services->is_temporary)
    sotto_store_get_setting_async (self->services->store, SETTING, NULL, on_setting_read, g_object_ref (self));
}

/* --- What one in it begins with --- */

static void
give (SottoConversation *self, SottoGroup *group)
{
  const char *const *ids = sotto_group_get_folders (group);

  if (group->instructions[0] != '\0')
    sotto_conversation_set_instructions (self, group->instructions);
  for (guint i = 0; ids[i] != NULL; i++)
    {
      SottoDocumentFolder *folder = sotto_document_folders_lookup (self->services->folders, ids[i]);

      if (folder != NULL)
        sotto_conversation_set_asks_folder (self, folder, TRUE);
    }
}

/* Whether it asks what the group gave it, and nothing else */
static gboolean
asks_what_was_given (SottoConversation *self, SottoGroup *group)
{
  const char *const *ids = sotto_conversation_get_folders (self);

  for (guint i = 0; ids[i] != NULL; i++)
    if (!g_strv_contains (sotto_group_get_folders (group), ids[i]))
      return FALSE;
  return TRUE;
}

static void
take_back (SottoConversation *self, SottoGroup *group)
{
  const char *const *ids = sotto_group_get_folders (group);

  if (group->instructions[0] != '\0' && g_str_equal (sotto_conversation_get_instructions (self), group->instructions))
    sotto_conversation_reset_instructions (self);
  if (!asks_what_was_given (self, group))
    return;
  for (guint i = 0; ids[i] != NULL; i++)
    {
      SottoDocumentFolder *folder = sotto_document_folders_lookup (self->services->folders, ids[i]);

      if (folder != NULL)
        sotto_conversation_set_asks_folder (self, folder, FALSE);
    }
}

void
sotto_conversation_set_group (SottoConversation *self, SottoGroup *group)
{
  g_autoptr (SottoGroup) before = NULL;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (group == NULL || SOTTO_IS_GROUP (group));

  /* What is temporary is in none, and the group of what was deleted comes back with it. */
  if (self->services->is_temporary || self->is_deleted || self->group == group || (group != NULL && group->is_deleted))
    return;

  before = self->group;
  self->group = group != NULL ? g_object_ref (group) : NULL;
  sotto_conversation_keep_group (self);
  if (!self->is_stored && self->reply_state == SOTTO_REPLY_STATE_IDLE)
    {
      if (before != NULL)
        take_back (self, before);
      if (group != NULL)
        give (self, group);
    }
  sotto_conversation_notify_group (self);
}
