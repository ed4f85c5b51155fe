#include "config.h"

#include "conversation/conversation-private.h"

#include <glib/gi18n-lib.h>

/* What a running reply is doing, for a view: in a word, a fraction and a line. */

static char *
describe_state (SottoReplyState state, double fraction, double tokens_per_second)
{
  const int percent = (int) (fraction * 100);

  switch (state)
    {
    case SOTTO_REPLY_STATE_QUEUED:
      return g_strdup (_("Waiting for another reply to end…"));
    case SOTTO_REPLY_STATE_LOADING:
      /* Translators: in percent, written as your language writes it */
      return percent > 0 ? g_strdup_printf (_("Loading the model… %d %%"), percent)
                         : g_strdup (_("Loading the model…"));
    case SOTTO_REPLY_STATE_LOOKING:
      /* Translators: in percent; the model takes in a picture before it answers */
      return percent > 0 ? g_strdup_printf (_("Looking at the picture… %d %%"), percent)
                         : g_strdup (_("Looking at the picture…"));
    case SOTTO_REPLY_STATE_PREFILL:
      /* Translators: in percent; the model takes in what was said before it answers */
      return percent > 0 ? g_strdup_printf (_("Reading the conversation… %d %%"), percent)
                         : g_strdup (_("Reading the conversation…"));
    case SOTTO_REPLY_STATE_GENERATING:
      return tokens_per_second > 0
               /* Translators: how fast a reply is written; a token is a piece of a word */
               ? g_strdup_printf (_("%.0f tokens/s"), tokens_per_second)
               : g_strdup (_("Writing…"));
    case SOTTO_REPLY_STATE_CALLING:
      /* Translators: a tool, such as a calculator, that the model has called */
      return g_strdup (_("Using a tool…"));
    case SOTTO_REPLY_STATE_SUMMARISING:
      return g_strdup (_("Summing up the conversation…"));
    case SOTTO_REPLY_STATE_IDLE:
    case SOTTO_REPLY_STATE_SAVING:
    default:
      return g_strdup ("");
    }
}

void
sotto_conversation_set_reply_state (SottoConversation *self, SottoReplyState state, double fraction)
{
  const gboolean was_busy = sotto_conversation_is_busy (self);
  g_autofree char *text = describe_state (state, fraction, self->tokens_per_second);

  g_object_freeze_notify (G_OBJECT (self));
  if (self->reply_state != state)
    {
      self->reply_state = state;
      sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_REPLY_STATE);
    }
  if (was_busy != sotto_conversation_is_busy (self))
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_BUSY);
  if (!G_APPROX_VALUE (self->fraction, fraction, 1e-6))
    {
      self->fraction = CLAMP (fraction, 0, 1);
      sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_FRACTION);
    }
  if (g_set_str (&self->status_text, text))
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_STATUS_TEXT);
  g_object_thaw_notify (G_OBJECT (self));
}

void
sotto_conversation_set_speed (SottoConversation *self, double tokens_per_second)
{
  if (G_APPROX_VALUE (self->tokens_per_second, tokens_per_second, 1e-9))
    return;

  self->tokens_per_second = tokens_per_second;
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_TOKENS_PER_SECOND);
}
