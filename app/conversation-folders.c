#include "conversation-private.h"

#include "document-folders-private.h"

/* Which folders of documents a conversation asks. */

void
sotto_conversation_set_asks_folder (SottoConversation *self, SottoDocumentFolder *folder, gboolean asks)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder));
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
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), 0);
  return self->folders != NULL ? self->folders->len : 0;
}
