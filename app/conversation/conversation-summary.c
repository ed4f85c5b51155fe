#include "config.h"

#include "conversation/conversation-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What was said, in short, so that a conversation that has become too long can go on in another: its model is asked for it.
 *
 *   system | turns, summed up … | turns that come along as they are
 *          0                    first                              end
 *
 * What comes along is a quarter of the context at most, from a prompt on. The turns before are given to the model as they
 * were in its last reply, with a request behind them, so that it need not read them again; where that is more than the
 * context holds, in several goes, each with what the one before gave in the place of the instructions. */

/* How many bytes a token is taken to be until a reply has told, and how many a turn's marks */
#define BYTES_A_TOKEN 3.0
#define MARKS_BYTES 20

/* Tokens that the request takes, its template's marks included */
#define REQUEST_TOKENS 128

/* How long an answer may be, thoughts included, and how long it is asked to be */
#define MOST_ANSWER_TOKENS 2048
#define MOST_WORDS 400

/* Less is not tried where the model's own count was higher than what was reckoned */
#define LEAST_GO_BYTES 512

struct _SottoSummary {
  GTask *task;
  guint context;       /* tokens */
  guint first;         /* position of the first row that comes along */
  guint from, to;      /* the rows of this go */
  gsize go_bytes;      /* how many bytes a go takes */
  char *text;          /* (nullable): what the one before gave */
  GString *answer;     /* of this one */
  guint64 request;
};

static void
summary_free (SottoSummary *self)
{
  g_object_unref (self->task);
  g_free (self->text);
  g_string_free (self->answer, TRUE);
  g_free (self);
}

/* --- What is summed up --- */

static gsize
count_bytes (SottoConversation *self, guint position)
{
  return sotto_conversation_path_get_length (self, position) + MARKS_BYTES;
}

static gboolean
begins_turn (SottoConversation *self, guint position)
{
  return sotto_conversation_path_is_prompt (self, position)
         && (position == 0 || !sotto_conversation_path_is_prompt (self, position - 1));
}

/* Returns: the position of the first row that comes along; 0: all of them might */
static guint
find_first (SottoConversation *self, guint context)
{
  const gsize most = (gsize) (context / 4 * BYTES_A_TOKEN);
  gsize n_bytes = 0;
  guint first = 0;

  for (guint i = self->rows->len; i > 0; i--)
    {
      n_bytes += count_bytes (self, i - 1);
      if (n_bytes > most && first > 0)
        return first;
      if (begins_turn (self, i - 1))
        first = i - 1;
    }
  return n_bytes > most ? first : 0;
}

static guint
find_context (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  return sotto_inference_get_context (self->services->inference, sotto_model_entry_get_path (model));
}

/* A base model answers no request. */
gboolean
sotto_conversation_has_much (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  return model != NULL && sotto_model_entry_is_usable (model) && !sotto_model_entry_is_base (model)
         && self->services->store != NULL && self->is_loaded && find_first (self, find_context (self)) > 0;
}

gboolean
sotto_conversation_can_summarise (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);

  return !sotto_conversation_is_busy (self) && !self->is_switching && sotto_conversation_has_much (self);
}

/* How many bytes a token has in this conversation, by its last reply */
static double
find_bytes_a_token (SottoConversation *self)
{
  gsize n_bytes = self->system != NULL ? strlen (self->system) : 0;

  if (self->context_used == 0)
    return BYTES_A_TOKEN;
  for (guint i = 0; i < self->rows->len; i++)
    n_bytes += count_bytes (self, i);
  return CLAMP ((double) n_bytes / self->context_used, 1.0, 6.0);
}

static guint
count_answer_tokens (const SottoSummary *summary)
{
  return MIN (summary->context / 5, MOST_ANSWER_TOKENS);
}

/* --- Instructions --- */

/* Translators: what a summary begins with, which is given to the model (and can be read and changed) as part of a chat’s instructions */
#define HEADING _("What was said before, in short:")

/* @instructions: (nullable); without a summary that they have. Returns: (transfer full) */
static char *
join (const char *instructions, const char *summary)
{
  g_autofree char *own = g_strdup (instructions != NULL ? instructions : "");
  char *old = strstr (own, HEADING);

  if (old != NULL)
    *old = '\0';
  g_strchomp (own);
  return g_strdup_printf ("%s%s%s\n\n%s", own, *own != '\0' ? "\n\n" : "", HEADING, summary);
}

/* --- The end --- */

/* @error: (transfer full) (nullable) */
static void
end (SottoConversation *self, GError *error)
{
  SottoSummary *summary = g_steal_pointer (&self->summary);

  g_cancellable_cancel (self->loading_pictures);
  g_clear_object (&self->loading_pictures);
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_IDLE, 0);
  if (error != NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        sotto_conversation_set_error (self, error);
      g_task_return_error (summary->task, error);
    }
  else
    {
      g_task_return_pointer (summary->task, join (self->system, summary->text), g_free);
    }
  summary_free (summary);
}

static GError *
new_cancelled (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped");
}

/* --- Goes --- */

static void ask (SottoConversation *self);

static void
end_go (SottoConversation *self)
{
  SottoSummary *summary = self->summary;

  g_strstrip (summary->answer->str);
  if (summary->answer->str[0] == '\0')
    {
      end (self, g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_SUMMARY, "The model answered nothing"));
      return;
    }

  g_set_str (&summary->text, summary->answer->str);
  summary->from = summary->to;
  if (summary->from < summary->first)
    ask (self);
  else
    end (self, NULL);
}

/* What was reckoned may be too much. Returns: whether less was asked for */
static gboolean
ask_for_less (SottoConversation *self, const GError *error)
{
  SottoSummary *summary = self->summary;

  if (!g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CONTEXT)
      || summary->go_bytes < 2 * LEAST_GO_BYTES)
    return FALSE;

  summary->go_bytes /= 2;
  ask (self);
  return TRUE;
}

static void
on_event (const SottoEvent *event, gpointer user_data)
{
  g_autoptr (SottoConversation) self = g_object_ref (user_data);
  const double fraction = event->total > 0 ? (double) event->done / (double) event->total : 0;

  switch (event->kind)
    {
    case SOTTO_EVENT_LOADING:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOADING, fraction);
      break;
    case SOTTO_EVENT_LOOKING:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOOKING, fraction);
      break;
    case SOTTO_EVENT_PREFILL:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_PREFILL, fraction);
      break;
    case SOTTO_EVENT_REASONING:
    case SOTTO_EVENT_TOOL_CALL:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_SUMMARISING, 0);
      break;
    case SOTTO_EVENT_TEXT:
      g_string_append (self->summary->answer, event->text);
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_SUMMARISING, 0);
      break;
    case SOTTO_EVENT_FINISHED:
      end_go (self);
      break;
    case SOTTO_EVENT_CANCELLED:
      end (self, new_cancelled ());
      break;
    case SOTTO_EVENT_FAILED:
      if (!ask_for_less (self, event->error))
        end (self, g_error_copy (event->error));
      break;
    case SOTTO_EVENT_LOADED:
    case SOTTO_EVENT_UNLOADED:
    case SOTTO_EVENT_HASHED:
    default:
      break;
    }
}

/* Where the rows of this go end: behind a reply */
static guint
find_end_of_go (SottoConversation *self)
{
  const SottoSummary *summary = self->summary;
  gsize n_bytes = 0;
  guint to = summary->first;

  for (guint i = summary->from; i < summary->first; i++)
    {
      if (i > summary->from && begins_turn (self, i))
        to = i;
      n_bytes += count_bytes (self, i);
      if (n_bytes > summary->go_bytes && to < summary->first)
        return to;
    }
  return summary->first;
}

static SottoMessages *
create_messages (SottoConversation *self)
{
  const SottoSummary *summary = self->summary;
  const guint n_words = MIN (summary->context / 16, MOST_WORDS);
  g_autofree char *system = summary->text != NULL ? join (self->system, summary->text) : g_strdup (self->system);
  /* In English and of others, or small models take it for what they are to say next. */
  g_autofree char *request =
    g_strdup_printf ("Write a summary of the whole conversation above in the third person (\"The user …\"). Keep all names, "
                     "numbers, facts and decisions. At most %u words, in the language of the conversation.", n_words);
  SottoMessages *messages = sotto_messages_new ();

  if (system != NULL && system[0] != '\0')
    sotto_messages_append (messages, "system", system);
  sotto_conversation_path_append_to (self, summary->from, summary->to, messages);
  sotto_messages_append (messages, "user", request);
  return messages;
}

static void
ask (SottoConversation *self)
{
  SottoSummary *summary = self->summary;
  SottoModelEntry *model = sotto_conversation_get_model (self);
  g_autoptr (SottoMessages) messages = NULL;
  GError *error = NULL;

  /* It may have gone from the library since the go before. */
  if (model == NULL)
    {
      end (self, g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_MODEL, "There is no model"));
      return;
    }

  g_string_truncate (summary->answer, 0);
  summary->to = find_end_of_go (self);
  messages = create_messages (self);
  summary->request = sotto_inference_generate (self->services->inference, sotto_model_entry_get_path (model), messages,
                                               self->id, !self->services->is_temporary, NULL, count_answer_tokens (summary),
                                               on_event, self, &error);
  if (summary->request == 0)
    end (self, error);
  else if (!sotto_inference_is_first (self->services->inference, summary->request))
    sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_QUEUED, 0);
  else
    sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_PREFILL, 0);
}

static void
on_pictures_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;

  /* Stopped meanwhile: that has ended it. */
  if (!sotto_conversation_load_pictures_finish (self, result, NULL))
    return;
  g_clear_object (&self->loading_pictures);
  ask (self);
}

void
sotto_conversation_summarise_async (SottoConversation *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  SottoSummary *summary;

  if (!sotto_conversation_can_summarise (self))
    {
      g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_SUMMARY, "Nothing to sum up");
      return;
    }

  summary = g_new0 (SottoSummary, 1);
  summary->context = find_context (self);
  summary->first = find_first (self, summary->context);
  summary->go_bytes = (gsize) (find_bytes_a_token (self)
                               * (summary->context - count_answer_tokens (summary) - MIN (REQUEST_TOKENS, summary->context / 4)));
  summary->answer = g_string_new (NULL);
  g_task_set_task_data (task, g_strdup (sotto_message_get_id (sotto_conversation_path_get (self, summary->first))), g_free);
  summary->task = g_steal_pointer (&task);
  self->summary = summary;
  sotto_conversation_set_error (self, NULL);
  if (!sotto_conversation_must_load_pictures (self))
    {
      ask (self);
      return;
    }
  self->loading_pictures = g_cancellable_new ();
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOADING, 0);
  sotto_conversation_load_pictures_async (self, self->loading_pictures, on_pictures_loaded, g_object_ref (self));
}

char *
sotto_conversation_summarise_finish (SottoConversation *self, GAsyncResult *result, char **first, GError **error)
{
  *first = g_strdup (g_task_get_task_data (G_TASK (result)));
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
sotto_conversation_stop_summary (SottoConversation *self)
{
  if (self->summary == NULL)
    return;
  if (self->summary->request != 0)
    sotto_inference_cancel (self->services->inference, self->summary->request);
  else
    end (self, new_cancelled ());
}

void
sotto_conversation_abandon_summary (SottoConversation *self)
{
  if (self->summary == NULL)
    return;

  if (self->summary->request != 0)
    sotto_inference_forget (self->services->inference, self->summary->request);
  end (self, new_cancelled ());
}
