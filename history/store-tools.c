#include "store-private.h"

#include "conversation-rows.h"

/* Which tools a conversation may use. What a tool is, the history does not know: they are names. */

static gpointer
do_set_tools (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  if (row == 0 || !sotto_rows_put_tools (vault->database, row, (const char *const *) call->names, error))
    return NULL;
  return SOTTO_DONE;
}

void
sotto_store_set_conversation_tools_async (SottoStore          *self,
                                          const char          *conversation,
                                          const char *const   *tools,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL && tools != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->names = g_strdupv ((char **) tools);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_tools, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_set_conversation_tools_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
