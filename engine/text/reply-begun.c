#include "reply-private.h"

#include "text/tokenizer.h"

#include <string.h>

/* A reply that goes on where another one ended. What was taken apart is put together again in the form of the model, but
 * for white space beside markers, of which nothing was kept. Nothing of it is read a second time: what was text stays
 * text, whatever it looks like. */

static void
add_span (GArray     *spans,
          const char *text,
          gboolean    trusted)
{
  SottoSpan span = { text, strlen (text), trusted };

  if (spans != NULL && span.length > 0)
    g_array_append_val (spans, span);
}

/* A prompt that opens reasoning on a line of its own shows how it is written. */
static gboolean
is_tight (const SottoReply           *self,
          const SottoReasoningFormat *format)
{
  if (self->field == SOTTO_FIELD_REASONING && self->prompt_end != 0)
    return self->prompt_end != '\n';

  return format->is_tight;
}

/* Where the model writes headers, there may be none for reasoning. Returns: whether there was one */
static gboolean
begin_reasoning (SottoReply            *self,
                 const SottoReplyStyle *style,
                 gboolean               tight,
                 GArray                *spans)
{
  const SottoReplyFormat *format = style->calls;

  if (self->field == SOTTO_FIELD_REASONING)
    return TRUE;
  if (self->field == SOTTO_FIELD_HEADER && format->thinks == NULL)
    return FALSE;

  if (format->thinks != NULL)
    {
      add_span (spans, format->thinks, TRUE);
      return TRUE;
    }
  add_span (spans, style->reasoning->open, TRUE);
  add_span (spans, tight ? "" : "\n", TRUE);

  return TRUE;
}

static void
begin_answer (SottoReply            *self,
              const SottoReplyStyle *style,
              gboolean               has_reasoned,
              gboolean               tight,
              GArray                *spans)
{
  const SottoReplyFormat *format = style->calls;

  if (!has_reasoned)
    {
      add_span (spans, format->answers != NULL ? format->answers : "", TRUE);
    }
  else if (format->concludes != NULL)
    {
      add_span (spans, format->concludes, TRUE);
    }
  else
    {
      add_span (spans, tight ? "" : "\n", TRUE);
      add_span (spans, style->reasoning->close, TRUE);
      add_span (spans, tight ? "" : "\n\n", TRUE);
    }
}

gboolean
sotto_reply_take_begun (SottoReply            *self,
                        const SottoReplyStyle *style,
                        const char            *reasoning,
                        const char            *text,
                        GArray                *spans)
{
  const gboolean tight = is_tight (self, style->reasoning);
  const gboolean was_header = self->field == SOTTO_FIELD_HEADER;
  gboolean has_reasoned = self->field == SOTTO_FIELD_REASONING;
  gboolean is_any = FALSE;

  if (*reasoning != '\0' && begin_reasoning (self, style, tight, spans))
    {
      is_any = has_reasoned = TRUE;
      add_span (spans, reasoning, FALSE);
      sotto_reply_stand_in (self, SOTTO_FIELD_REASONING, reasoning);
    }
  if (*text != '\0')
    {
      begin_answer (self, style, has_reasoned, tight, spans);
      add_span (spans, text, FALSE);
      sotto_reply_stand_in (self, SOTTO_FIELD_TEXT, text);
      self->has_reasoned |= has_reasoned;
      self->is_announced = was_header;
      is_any = TRUE;
    }

  return is_any;
}
