#include "config.h"

#include "ask.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <sotto-engine.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask-private.h"
#include "model/hash-cache.h"
#include "model/inference.h"
#include "numbers.h"

/* One question, one answer: a worker of its own, no main loop, no history, no preferences. */

#define STATUS_OK 0
#define STATUS_WRONG 1
#define STATUS_STOPPED 130

/* More than any context takes; a stream without end is noticed here. */
#define MAX_INPUT_BYTES (64 * 1024 * 1024)
#define MAX_SCHEMA_BYTES (1024 * 1024)

/* How long Ctrl+C may go unnoticed between two events */
#define POLL_US (50 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  SottoWorker *worker;
  guint64 request;
  gboolean shows_progress; /* standard error is a terminal */
  gboolean has_progress;   /* a line of it stands there */
  gboolean has_text;
  gboolean ends_line;      /* the last text ended one */
  gboolean is_stopped;
  gboolean is_broken;      /* standard output went away */
  int status;
} Answer;

/* --- The question --- */

/* Whether something was piped in: a terminal is for the person, and a null device has nothing. */
static gboolean
has_input (void)
{
  struct stat status;

  if (fstat (STDIN_FILENO, &status) != 0)
    return FALSE;
  return S_ISFIFO (status.st_mode) || S_ISREG (status.st_mode) || S_ISSOCK (status.st_mode)
         || S_ISDIR (status.st_mode);
}

static gboolean
read_input (GString *out)
{
  char buffer[65536];

  for (;;)
    {
      const gssize n = read (STDIN_FILENO, buffer, sizeof buffer);

      if (n == 0)
        return TRUE;
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          sotto_ask_complain (_("Standard input cannot be read: %s"), g_strerror (errno));
          return FALSE;
        }
      g_string_append_len (out, buffer, n);
      if (out->len > MAX_INPUT_BYTES)
        {
          g_autofree char *limit = g_format_size (MAX_INPUT_BYTES);

          sotto_ask_complain (_("There is too much on standard input: more than %s."), limit);
          return FALSE;
        }
    }
}

/* Returns: (transfer full) (nullable): the question with what was piped in below it */
static char *
compose_question (const SottoAsk *ask)
{
  g_autoptr (GString) input = g_string_new (NULL);
  g_autofree char *valid = NULL;
  g_autofree char *question = g_utf8_make_valid (ask->question, -1);

  if (has_input () && !read_input (input))
    return NULL;

  valid = g_utf8_make_valid (input->str, (gssize) input->len);
  g_strstrip (question);
  if (g_strchomp (valid)[0] != '\0')
    return question[0] != '\0'
             ? g_strconcat (question, "\n\n", valid, NULL) : g_steal_pointer (&valid);
  if (question[0] != '\0' || ask->attachments != NULL)
    return g_steal_pointer (&question);

  sotto_ask_complain (_("There is no question. Write it behind --ask, or pipe it in."));
  return NULL;
}

/* What the answer has to look like. @grammar: (out) (nullable): anything. Returns: FALSE: why not has been said */
static gboolean
read_schema (const SottoAsk *ask, SottoGrammar **grammar)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  struct stat status;
  gsize length;

  *grammar = NULL;
  if (ask->json_schema == NULL)
    return TRUE;

  if (stat (ask->json_schema, &status) == 0 && status.st_size > MAX_SCHEMA_BYTES)
    {
      g_autofree char *name = g_filename_display_basename (ask->json_schema);

      sotto_ask_complain (_("“%s” is too large for a JSON Schema."), name);
      return FALSE;
    }
  if (g_file_get_contents (ask->json_schema, &text, &length, &error))
    *grammar = sotto_grammar_new_json_schema (text, (gssize) length, NULL, &error);
  if (*grammar == NULL)
    sotto_ask_complain_about (error);
  return *grammar != NULL;
}

/* --- The answer --- */

static void
clear_progress (Answer *answer)
{
  if (answer->has_progress)
    g_printerr ("\r\033[K");
  answer->has_progress = FALSE;
}

static void
show_progress (Answer *answer, const char *what, const SottoEvent *event)
{
  if (!answer->shows_progress || event->total == 0)
    return;

  g_printerr ("\r\033[K%s %d %%", what, (int) (event->done * 100 / event->total));
  answer->has_progress = TRUE;
}

static void
put_text (Answer *answer, const char *text)
{
  gsize left = strlen (text);

  clear_progress (answer);
  if (left == 0 || answer->is_broken)
    return;

  answer->has_text = TRUE;
  answer->ends_line = text[left - 1] == '\n';
  while (left > 0)
    {
      const gssize n = write (STDOUT_FILENO, text, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          sotto_ask_complain (_("The answer cannot be written: %s"), g_strerror (errno));
          answer->is_broken = TRUE;
          sotto_worker_cancel (answer->worker, answer->request);
          return;
        }
      text += n;
      left -= (gsize) n;
    }
}

static void
finish_line (Answer *answer)
{
  if (answer->has_text && !answer->ends_line)
    put_text (answer, "\n");
}

/* Returns: whether that was the last event */
static gboolean
take_event (Answer *answer, const SottoEvent *event)
{
  switch (event->kind)
    {
    case SOTTO_EVENT_LOADING:
      show_progress (answer, _("Loading the model…"), event);
      return FALSE;
    case SOTTO_EVENT_LOOKING:
      show_progress (answer, _("Looking at the picture…"), event);
      return FALSE;
    case SOTTO_EVENT_PREFILL:
      show_progress (answer, _("Reading…"), event);
      return FALSE;
    case SOTTO_EVENT_TEXT:
      put_text (answer, event->text);
      return FALSE;
    case SOTTO_EVENT_FINISHED:
      clear_progress (answer);
      finish_line (answer);
      if (event->reason == SOTTO_FINISH_CONTEXT_FULL)
        {
          g_autofree char *total = sotto_number_describe (event->total);

          sotto_ask_complain (ngettext ("The answer was cut off: the model’s context of %s token is full.",
                                        "The answer was cut off: the model’s context of %s tokens is full.",
                                        event->total),
                              total);
          answer->status = STATUS_WRONG;
        }
      return TRUE;
    case SOTTO_EVENT_CANCELLED:
      clear_progress (answer);
      finish_line (answer);
      return TRUE;
    case SOTTO_EVENT_FAILED:
      clear_progress (answer);
      finish_line (answer);
      sotto_ask_complain_about (event->error);
      answer->status = STATUS_WRONG;
      return TRUE;
    case SOTTO_EVENT_LOADED:
      clear_progress (answer);
      return FALSE;
    case SOTTO_EVENT_REASONING: /* only the answer is asked for */
    case SOTTO_EVENT_TOOL_CALL:
    case SOTTO_EVENT_UNLOADED:
    case SOTTO_EVENT_HASHED:
    default:
      return FALSE;
    }
}

/* SIGINT, SIGTERM and SIGPIPE are blocked, so that the threads that follow block them too, and the
 * first two are asked for between events: no handler, no global. */
static void
block_signals (sigset_t *stopping)
{
  sigset_t blocked;

  sigemptyset (stopping);
  sigaddset (stopping, SIGINT);
  sigaddset (stopping, SIGTERM);
  blocked = *stopping;
  sigaddset (&blocked, SIGPIPE);
  sigprocmask (SIG_BLOCK, &blocked, NULL);
}

static void
receive (Answer *answer, const sigset_t *stopping)
{
  const struct timespec at_once = { 0, 0 };
  gboolean is_last = FALSE;

  while (!is_last)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (answer->worker, POLL_US);

      if (event != NULL && event->request == answer->request)
        is_last = take_event (answer, event);

      if (!answer->is_stopped && sigtimedwait (stopping, NULL, &at_once) > 0)
        {
          answer->is_stopped = TRUE;
          sotto_worker_cancel (answer->worker, answer->request);
        }
    }
}

static void
fill_request (const SottoAsk        *ask,
              const SottoModelFacts *model,
              SottoMessages         *messages,
              SottoGrammar          *grammar,
              SottoGenerate         *generate)
{
  const SottoSamplerSettings defaults = SOTTO_SAMPLER_DEFAULTS;

  generate->path = model->path;
  generate->messages = messages;
  generate->grammar = grammar;
  generate->max_tokens = (guint) MAX (ask->max_tokens, 0);
  if (generate->max_tokens == 0 && model->is_base)
    generate->max_tokens = SOTTO_INFERENCE_COMPLETION_TOKENS;
  generate->sampler = defaults;
  if (ask->temperature >= 0)
    generate->sampler.temperature = (float) ask->temperature;
  generate->sampler.seed = ask->seed >= 0 ? (guint64) ask->seed : g_random_int ();
}

static int
answer_question (const SottoAsk *ask, const char *question, const SottoModelFacts *model, SottoGrammar *grammar)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (GPtrArray) attachments = NULL;
  g_autofree char *vision = NULL;
  g_autoptr (GError) error = NULL;
  SottoWorkerOptions options = { .memory_budget = sotto_inference_memory_budget () };
  SottoGenerate generate = { 0 };
  Answer answer = { 0 };
  sigset_t stopping;

  if (ask->system != NULL && ask->system[0] != '\0')
    sotto_messages_append (messages, "system", ask->system);

  block_signals (&stopping);
  attachments = sotto_ask_read_attachments (ask->attachments, &stopping, &answer.is_stopped);
  if (attachments == NULL)
    return answer.is_stopped ? STATUS_STOPPED : STATUS_WRONG;
  if (!sotto_ask_append_question (messages, question, attachments, model, &vision))
    return STATUS_WRONG;
  answer.worker = sotto_worker_new (&options, &error);
  if (answer.worker == NULL)
    {
      sotto_ask_complain_about (error);
      return STATUS_WRONG;
    }

  sotto_hash_cache_tell (answer.worker);
  answer.shows_progress = isatty (STDERR_FILENO);
  if (vision != NULL)
    sotto_worker_set_vision (answer.worker, model->path, vision);
  fill_request (ask, model, messages, grammar, &generate);
  answer.request = sotto_worker_generate (answer.worker, &generate);
  receive (&answer, &stopping);
  sotto_worker_free (answer.worker);

  if (answer.is_stopped)
    return STATUS_STOPPED;
  return answer.is_broken ? STATUS_WRONG : answer.status;
}

int
sotto_ask_run (const SottoAsk *ask)
{
  g_autofree char *question = NULL;
  g_autoptr (SottoModelFacts) model = NULL;
  g_autoptr (SottoGrammar) grammar = NULL;

  g_return_val_if_fail (ask != NULL && ask->question != NULL, STATUS_WRONG);

  model = sotto_ask_find_model (ask->model);
  if (model == NULL || !read_schema (ask, &grammar))
    return STATUS_WRONG;

  question = compose_question (ask);
  return question != NULL ? answer_question (ask, question, model, grammar) : STATUS_WRONG;
}
