#include "conversation/conversation-private.h"

#include "document/document-folders-private.h"

/* Which folders of documents a conversation asks. What they are is the list's business (document-folders.c): one that was
 * removed stays among the ids, so that it is asked again when it comes back, and does not count until then. */

/* Where those of a conversation that is not begun lie, of which there is one: ids with blanks between */
#define SETTING "new-folders"

static void
on_list_changed (SottoConversation *self)
{
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_N_FOLDERS);
}

static void
add_id (SottoConversation *self, const char *id)
{
  if (self->folders == NULL)
    {
      self->folders = g_ptr_array_new_null_terminated (1, g_free, TRUE);
      g_signal_connect_object (self->services->folders, "items-changed", G_CALLBACK (on_list_changed), self,
                               G_CONNECT_SWAPPED);
    }
  if (!g_ptr_array_find_with_equal_func (self->folders, id, g_str_equal, NULL))
    g_ptr_array_add (self->folders, g_strdup (id));
}

void
sotto_conversation_take_folders (SottoConversation *self, const char *const *ids)
{
  for (guint i = 0; ids != NULL && ids[i] != NULL; i++)
    add_id (self, ids[i]);
}

const char *const *
sotto_conversation_get_folders (SottoConversation *self)
{
  static const char *const none[] = { NULL };

  return self->folders != NULL ? (const char *const *) self->folders->pdata : none;
}

/* --- Keeping them --- */

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  /* What is not there yet gets them with its first message. */
  sotto_store_set_conversation_folders_finish (SOTTO_STORE (source), result, &error);
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_FOLDERS, error);
}

void
sotto_conversation_keep_folders (SottoConversation *self)
{
  g_autofree char *ids = NULL;

  if (self->services->store == NULL || self->is_deleted || self->folders == NULL)
    return;
  if (self->is_stored || self->reply_state == SOTTO_REPLY_STATE_SAVING)
    {
      sotto_store_set_conversation_folders_async (self->services->store, self->id, sotto_conversation_get_folders (self),
                                                  NULL, on_kept, sotto_conversation_begin_save (self));
      return;
    }
  ids = g_strjoinv (" ", (char **) sotto_conversation_get_folders (self));
  sotto_conversation_keep_setting (self, SETTING, ids);
}

void
sotto_conversation_begin_folders (SottoConversation *self)
{
  if (self->folders == NULL)
    return;
  sotto_conversation_keep_folders (self);
  /* The next one is not to begin with them, too. */
  sotto_conversation_keep_setting (self, SETTING, "");
}

static void
on_setting_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autofree char *value = sotto_store_get_setting_finish (SOTTO_STORE (source), result, NULL);
  g_auto (GStrv) ids = value != NULL && *value != '\0' ? g_strsplit (value, " ", -1) : NULL;

  if (ids == NULL || self->folders != NULL || self->is_stored || self->services->store != SOTTO_STORE (source))
    return;
  sotto_conversation_take_folders (self, (const char *const *) ids);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_N_FOLDERS);
}

void
sotto_conversation_read_kept_folders (SottoConversation *self)
{
  if (self->services->store != NULL && !self->services->is_temporary)
    sotto_store_get_setting_async (self->services->store, SETTING, NULL, on_setting_read, g_object_ref (self));
}

/* --- What others ask --- */

void
sotto_conversation_set_asks_folder (SottoConversation *self, SottoDocumentFolder *folder, gboolean asks)
{
  const char *id;
  guint position;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder));

  if (sotto_conversation_asks_folder (self, folder) == !!asks)
    return;

  id = sotto_document_folder_get_id (folder);
  if (asks)
    add_id (self, id);
  else if (g_ptr_array_find_with_equal_func (self->folders, id, g_str_equal, &position))
    g_ptr_array_remove_index (self->folders, position);
  sotto_conversation_keep_folders (self);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_N_FOLDERS);
}

gboolean
sotto_conversation_asks_folder (SottoConversation *self, SottoDocumentFolder *folder)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder), FALSE);

  return self->folders != NULL
         && g_ptr_array_find_with_equal_func (self->folders, sotto_document_folder_get_id (folder), g_str_equal, NULL);
}

guint
sotto_conversation_get_n_folders (SottoConversation *self)
{
  guint n = 0;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);

  for (guint i = 0; self->folders != NULL && i < self->folders->len; i++)
    n += sotto_document_folders_lookup (self->services->folders, g_ptr_array_index (self->folders, i)) != NULL ? 1 : 0;
  return n;
}
