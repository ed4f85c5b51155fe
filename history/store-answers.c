#include "store-private.h"

#include "conversation-rows.h"

/* What the replies of a conversation look like. What a JSON Schema is, the history does not know: it is a text. */

static gpointer
do_set_format (SottoVault *vault, SottoCall *call, GError **error)
{
  gint64 row = sotto_rows_find_conversation (vault->database, call->conversation, error);

  if (row == 0
      || !sotto_rows_put_answer_format (vault->database, row, (SottoHistoryAnswerFormat) call->kind, call->text, error))
    return NULL;
  return SOTTO_DONE;
}

void
sotto_store_set_answer_format_async (SottoStore               *self,
                                     const char               *conversation,
                                     SottoHistoryAnswerFormat  format,
                                     const char               *schema,
                                     GCancellable             *cancellable,
                                     GAsyncReadyCallback       callback,
                                     gpointer                  user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && conversation != NULL && schema != NULL);

  call = sotto_call_new ();
  call->conversation = g_strdup (conversation);
  call->kind = format;
  call->text = g_utf8_make_valid (schema, -1);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_format, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_set_answer_format_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
