#include "sotto-outlet.h"

#include "sotto-message-private.h"
#include "sotto-model-private.h"
#include "text/reply.h"

#include <string.h>

struct _SottoOutlet
{
  guint64 id;
  SottoModel *model;
  SottoEventQueue *events;
  SottoReceipt *receipt;
  gint64 begin;

  /* Text on its way out: whole characters only, and nothing that may yet turn out to be the beginning of a stop text */
  const char *const *stop; /* NULL: there are none */
  gboolean is_stopped;
  SottoUtf8Stream characters;
  GString *held;
  GString *bytes; /* of one token */
  gboolean is_first; /* see sotto_tokenizer_decode() */

  /* What it says */
  SottoReply *reply; /* NULL: raw text, or an answer that has to fit a grammar */
  gboolean awaits_answer; /* such an answer is still to come */
  gint64 last_token; /* when it came */
};

/* --- Events --- */

static void
push (SottoOutlet   *self,
      SottoEventKind kind,
      SottoCallStep  step,
      const char    *text,
      gsize          length,
      const char    *call_id)
{
  SottoEvent *event = sotto_event_new (self->id, kind);
  const guint n_generated = self->receipt->n_generated;
  const gint64 elapsed = g_get_monotonic_time () - self->begin;

  event->text = g_strndup (text, length);
  event->call_step = step;
  event->call_id = g_strdup (call_id);
  event->done = n_generated;
  /* The first token came out of the prefill. */
  if (elapsed > 0 && n_generated > 1)
    event->tokens_per_second = (n_generated - 1) * (double) G_USEC_PER_SEC / elapsed;
  sotto_event_queue_push (self->events, event);
}

static void
take_part (SottoReplyKind  kind,
           const char     *text,
           gsize           length,
           const char     *id,
           gpointer        user_data)
{
  SottoOutlet *self = user_data;

  switch (kind)
    {
    case SOTTO_REPLY_TEXT:
      push (self, self->awaits_answer ? SOTTO_EVENT_REASONING : SOTTO_EVENT_TEXT, 0, text, length, NULL);
      break;
    case SOTTO_REPLY_REASONING:
      push (self, SOTTO_EVENT_REASONING, 0, text, length, NULL);
      break;
    case SOTTO_REPLY_CALL:
      push (self, SOTTO_EVENT_TOOL_CALL, SOTTO_CALL_BEGUN, text, length, id);
      break;
    case SOTTO_REPLY_ARGUMENTS:
      push (self, SOTTO_EVENT_TOOL_CALL, SOTTO_CALL_ARGUMENTS, text, length, NULL);
      break;
    case SOTTO_REPLY_CALL_END:
      push (self, SOTTO_EVENT_TOOL_CALL, SOTTO_CALL_ENDED, text, length, id);
      break;
    case SOTTO_REPLY_CALL_BACK:
      push (self, SOTTO_EVENT_TOOL_CALL, SOTTO_CALL_TAKEN_BACK, text, length, NULL);
      break;
    case SOTTO_REPLY_MARK:
    default:
      break;
    }
}

static void
put_text (SottoOutlet *self,
          const char  *text,
          gsize        length)
{
  if (length == 0)
    return;

  if (self->reply != NULL)
    sotto_reply_feed (self->reply, text, length, SOTTO_REPLY_FROM_TEXT);
  else
    push (self, SOTTO_EVENT_TEXT, 0, text, length, NULL);
}

/* --- Stop texts --- */

/* The length of the longest end of @text that begins @stop. */
static gsize
overlap (const GString *text,
         const char    *stop)
{
  gsize length = strlen (stop);

  for (gsize n = MIN (text->len, length - 1); n > 0; n--)
    if (memcmp (text->str + text->len - n, stop, n) == 0)
      return n;

  return 0;
}

/* Lets go of what may be shown. */
static void
release (SottoOutlet *self)
{
  gsize end = self->held->len;

  for (guint i = 0; self->stop != NULL && self->stop[i] != NULL; i++)
    {
      const char *found = *self->stop[i] != '\0' ? strstr (self->held->str, self->stop[i]) : NULL;

      if (found != NULL && (!self->is_stopped || (gsize) (found - self->held->str) < end))
        {
          end = found - self->held->str;
          self->is_stopped = TRUE;
        }
    }

  if (!self->is_stopped)
    for (guint i = 0; self->stop != NULL && self->stop[i] != NULL; i++)
      if (*self->stop[i] != '\0')
        end = MIN (end, self->held->len - overlap (self->held, self->stop[i]));

  put_text (self, self->held->str, end);
  if (self->is_stopped)
    g_string_truncate (self->held, 0);
  else
    g_string_erase (self->held, 0, end);
}

/* Nothing more joins what is held. */
static void
release_all (SottoOutlet *self)
{
  sotto_utf8_stream_finish (&self->characters, self->held);
  release (self);
  put_text (self, self->held->str, self->held->len);
  g_string_truncate (self->held, 0);
}

/* --- Tokens --- */

/* What a token that is more than a piece of text is. */
static SottoReplySource
source_of (SottoOutlet *self,
           gint32       token)
{
  const SottoTokenizer *tokenizer = self->model->tokenizer;

  if (sotto_tokenizer_is_control (tokenizer, token))
    return SOTTO_REPLY_FROM_CONTROL;

  /* A stop text may reach into one of the others. */
  if (self->stop == NULL
      && sotto_reply_style_has_marker (&self->model->reply_style, self->bytes->str, self->bytes->len)
      && sotto_tokenizer_find_control (tokenizer, self->bytes->str) == token)
    return SOTTO_REPLY_FROM_TOKEN;

  return SOTTO_REPLY_FROM_TEXT;
}

gboolean
sotto_outlet_put (SottoOutlet *self,
                  gint32       token)
{
  const gint64 now = g_get_monotonic_time ();
  SottoReplySource source = SOTTO_REPLY_FROM_TEXT;

  if (self->reply != NULL && sotto_reply_is_reasoning (self->reply))
    {
      self->receipt->n_reasoning++;
      self->receipt->reasoning_us += now - self->last_token;
    }
  self->last_token = now;

  g_string_truncate (self->bytes, 0);
  sotto_tokenizer_decode (self->model->tokenizer, token, self->reply != NULL, &self->is_first, self->bytes);
  if (self->reply != NULL)
    source = source_of (self, token);

  if (source == SOTTO_REPLY_FROM_TEXT)
    {
      /* A NUL, which no C string can carry on, is shown as U+FFFD. */
      for (gsize i = 0; i < self->bytes->len; i++)
        if (self->bytes->str[i] == '\0')
          self->bytes->str[i] = (char) 0xff;
      sotto_utf8_stream_push (&self->characters, self->bytes->str, self->bytes->len, self->held);
      release (self);
    }
  else
    {
      release_all (self);
      if (!self->is_stopped && g_utf8_validate_len (self->bytes->str, self->bytes->len, NULL))
        sotto_reply_feed (self->reply, self->bytes->str, self->bytes->len, source);
    }

  return !self->is_stopped;
}

gboolean
sotto_outlet_goes_on (const SottoOutlet *self,
                      gint32             token)
{
  g_autofree char *piece = NULL;

  if (self->reply == NULL)
    return FALSE;
  piece = sotto_tokenizer_dup_piece (self->model->tokenizer, token);

  return piece != NULL && sotto_reply_goes_on (self->reply, piece);
}

/* --- Before an answer that has to fit a grammar --- */

SottoReplyStage
sotto_outlet_get_stage (const SottoOutlet *self)
{
  return self->reply != NULL ? sotto_reply_get_stage (self->reply) : SOTTO_REPLY_AT_ANSWER;
}

void
sotto_outlet_list_openers (const SottoOutlet    *self,
                           const SottoTokenTrie *trie,
                           GArray               *tokens)
{
  SottoReplyStage stage = sotto_outlet_get_stage (self);
  const char *text;

  if (self->reply == NULL)
    return;

  for (guint i = 0; stage == SOTTO_REPLY_BETWEEN
                    && (text = sotto_reply_get_opener (self->reply, i)) != NULL; i++)
    {
      gint32 token = sotto_tokenizer_find_control (self->model->tokenizer, text);

      if (token >= 0)
        g_array_append_val (tokens, token);
    }

  /* Models are used to an empty line behind their reasoning. */
  if (stage == SOTTO_REPLY_AT_ANSWER && sotto_reply_has_reasoned (self->reply))
    g_array_append_vals (tokens, trie->line_ends->data, trie->line_ends->len);
}

void
sotto_outlet_begin_answer (SottoOutlet *self)
{
  if (self->reply == NULL)
    return;

  release_all (self);
  sotto_reply_finish (self->reply);
  g_clear_pointer (&self->reply, sotto_reply_free);
  self->awaits_answer = FALSE;
  /* The grammar knows of every space. */
  self->is_first = FALSE;
}

void
sotto_outlet_finish (SottoOutlet *self)
{
  if (!self->is_stopped)
    {
      self->stop = NULL;
      release_all (self);
    }
  if (self->reply != NULL)
    sotto_reply_finish (self->reply);
}

SottoOutlet *
sotto_outlet_new (guint64              id,
                  SottoModel          *model,
                  const SottoGenerate *request,
                  const char          *prompt,
                  SottoEventQueue     *events,
                  SottoReceipt        *receipt)
{
  SottoOutlet *self = g_new0 (SottoOutlet, 1);
  const char *reasoning;
  const char *content;

  self->id = id;
  self->model = model;
  self->events = events;
  self->receipt = receipt;
  self->stop = request->stop != NULL && request->stop[0] != NULL ? request->stop : NULL;
  self->held = g_string_new (NULL);
  self->bytes = g_string_new (NULL);
  self->awaits_answer = prompt != NULL && request->grammar != NULL;
  if (prompt != NULL)
    self->reply = sotto_reply_new (&model->reply_style, prompt, sotto_messages_get_tools (request->messages),
                                   take_part, self);
  /* What continues a text keeps the space it begins with. */
  self->is_first = request->text == NULL && !model->info.is_base;
  if (self->reply != NULL && sotto_messages_get_begun (request->messages, &reasoning, &content)
      && sotto_reply_take_begun (self->reply, &model->reply_style, reasoning, content, NULL))
    self->is_first = FALSE;
  self->begin = self->last_token = g_get_monotonic_time ();

  return self;
}

void
sotto_outlet_free (SottoOutlet *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->reply, sotto_reply_free);
  g_string_free (self->held, TRUE);
  g_string_free (self->bytes, TRUE);
  g_free (self);
}
