/* What comes of a running reply, on its way to the journal. */

#include "store-private.h"

void
sotto_store_append_reply (SottoStore           *self,
                          const char           *reply,
                          SottoHistoryPartKind  kind,
                          const char           *text)
{
  g_return_if_fail (SOTTO_IS_STORE (self));
  g_return_if_fail (reply != NULL && text != NULL);
  g_return_if_fail (kind == SOTTO_HISTORY_PART_TEXT || kind == SOTTO_HISTORY_PART_REASONING);

  if (*text != '\0')
    sotto_store_push_part (self, reply, kind, g_strdup (text));
}

void
sotto_store_append_call (SottoStore *self,
                         const char *reply,
                         const char *name,
                         const char *arguments)
{
  g_return_if_fail (SOTTO_IS_STORE (self));
  g_return_if_fail (reply != NULL && name != NULL && arguments != NULL);

  sotto_store_push_part (self, reply, SOTTO_HISTORY_PART_TOOL_CALL, sotto_journal_join_call (name, arguments));
}

void
sotto_store_append_result (SottoStore *self,
                           const char *reply,
                           const char *name,
                           const char *text)
{
  g_return_if_fail (SOTTO_IS_STORE (self));
  g_return_if_fail (reply != NULL && name != NULL && text != NULL);

  sotto_store_push_part (self, reply, SOTTO_HISTORY_PART_TOOL_RESULT, sotto_journal_join_call (name, text));
}
