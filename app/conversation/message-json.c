#include "conversation/message-private.h"

#include "conversation/answer-json.h"

/* A reply that was held to be JSON, as people see it. What is kept, and goes to a model again, is what was written. */

/* More may have come, but will not. */
static gboolean
is_cut (SottoMessage *self)
{
  switch (sotto_message_get_status (self))
    {
    case SOTTO_MESSAGE_STATUS_WAITING:
    case SOTTO_MESSAGE_STATUS_STREAMING:
      return FALSE;
    case SOTTO_MESSAGE_STATUS_COMPLETE:
      return sotto_message_is_at_length (self);
    case SOTTO_MESSAGE_STATUS_STOPPED:
    case SOTTO_MESSAGE_STATUS_FAILED:
    case SOTTO_MESSAGE_STATUS_INTERRUPTED:
    case SOTTO_MESSAGE_STATUS_LIMITED:
    default:
      return TRUE;
    }
}

char *
sotto_message_dup_json (SottoMessage *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);

  if (!sotto_message_is_json (self) || sotto_message_get_length (self) == 0)
    return NULL;
  return sotto_answer_json_lay_out (sotto_message_get_text (self), is_cut (self));
}

/* None of its lines begins with a fence: that would stand in a string, and strings have no line feeds. While it grows, it grows at
 * its end alone. */
char *
sotto_message_dup_markdown (SottoMessage *self)
{
  g_autofree char *json = sotto_message_dup_json (self);
  const gboolean grows = sotto_message_get_status (self) == SOTTO_MESSAGE_STATUS_STREAMING;

  g_return_val_if_fail (SOTTO_IS_MESSAGE (self), NULL);
  return json != NULL ? g_strconcat ("```json\n", json, grows ? NULL : "\n```", NULL) : g_strdup (sotto_message_get_text (self));
}
