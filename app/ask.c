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

#include "inference.h"
#include "model-files.h"
#include "problem.h"

/* One question, one answer: a worker of its own, no main loop, no history, no preferences. This
 * file is the application's voice on the command line and the only one in this folder that prints. */

#define STATUS_OK 0
#define STATUS_WRONG 1
#define STATUS_STOPPED 130

/* More than any context takes; a stream without end is noticed here. */
#define MAX_INPUT_BYTES (64 * 1024 * 1024)

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

static void G_GNUC_PRINTF (1, 2)
complain (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_printerr ("sotto: %s\n", text);
}

static void
complain_about (const GError *error)
{
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);

  complain ("%s", sotto_problem_get_text (problem));
}

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
          complain (_("Standard input cannot be read: %s"), g_strerror (errno));
          return FALSE;
        }
      g_string_append_len (out, buffer, n);
      if (out->len > MAX_INPUT_BYTES)
        {
          g_autofree char *limit = g_format_size (MAX_INPUT_BYTES);

          complain (_("There is too much on standard input: more than %s."), limit);
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
  if (question[0] != '\0')
    return g_steal_pointer (&question);

  complain (_("There is no question. Write it behind --ask, or pipe it in."));
  return NULL;
}

/* --- The model --- */

static int
compare_facts (gconstpointer a, gconstpointer b)
{
  const SottoModelFacts *facts_a = *(SottoModelFacts **) a;
  const SottoModelFacts *facts_b = *(SottoModelFacts **) b;

  return sotto_model_files_compare (facts_a->name, facts_a->is_base, facts_b->name,
                                    facts_b->is_base);
}

static GPtrArray *
look_at_all (GPtrArray *paths)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);

  for (guint i = 0; i < paths->len; i++)
    {
      SottoModelFacts *facts = sotto_model_files_look (g_ptr_array_index (paths, i));

      if (facts->error == NULL)
        g_ptr_array_add (all, facts);
      else
        sotto_model_facts_free (facts);
    }
  g_ptr_array_sort (all, compare_facts);
  return all;
}

static void
complain_about_model (const char *wanted, GPtrArray *all)
{
  g_auto (GStrv) folders = sotto_model_files_folders ();

  if (wanted != NULL)
    complain (_("There is no model “%s”."), wanted);
  else
    complain (_("There is no model."));

  if (all->len > 0)
    g_printerr ("%s\n", _("These are there:"));
  for (guint i = 0; i < all->len; i++)
    {
      const SottoModelFacts *facts = g_ptr_array_index (all, i);
      g_autofree char *file = g_filename_display_basename (facts->path);

      g_printerr ("  %s (%s)\n", facts->name, file);
    }
  if (all->len == 0)
    /* Translators: %s is a folder */
    g_printerr (_("Put a model file (GGUF) into %s, or name one with --model."), folders[0]);
  if (all->len == 0)
    g_printerr ("\n");
}

/* Returns: (transfer full) (nullable): the path */
static char *
find_model (const char *wanted)
{
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GPtrArray) all = NULL;

  /* A path is taken as it is; whether the file is a model is the worker's to say. */
  if (wanted != NULL && (strchr (wanted, '/') != NULL || g_file_test (wanted, G_FILE_TEST_EXISTS)))
    return g_strdup (wanted);

  paths = sotto_model_files_list (NULL);
  for (guint i = 0; wanted != NULL && i < paths->len; i++)
    if (sotto_model_files_matches (g_ptr_array_index (paths, i), NULL, wanted))
      return g_strdup (g_ptr_array_index (paths, i));

  all = look_at_all (paths);
  for (guint i = 0; i < all->len; i++)
    {
      const SottoModelFacts *facts = g_ptr_array_index (all, i);

      if (wanted == NULL || sotto_model_files_matches (facts->path, facts->name, wanted))
        return g_strdup (facts->path);
    }

  complain_about_model (wanted, all);
  return NULL;
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
          complain (_("The answer cannot be written: %s"), g_strerror (errno));
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
          complain (_("The answer was cut off: the model’s context of %d tokens is full."),
                    (int) event->total);
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
      complain_about (event->error);
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
fill_request (const SottoAsk *ask,
              const char     *path,
              SottoMessages  *messages,
              SottoGenerate  *generate)
{
  const SottoSamplerSettings defaults = SOTTO_SAMPLER_DEFAULTS;

  generate->path = path;
  generate->messages = messages;
  generate->max_tokens = (guint) MAX (ask->max_tokens, 0);
  generate->sampler = defaults;
  if (ask->temperature >= 0)
    generate->sampler.temperature = (float) ask->temperature;
  generate->sampler.seed = ask->seed >= 0 ? (guint64) ask->seed : g_random_int ();
}

static int
answer_question (const SottoAsk *ask, const char *question, const char *path)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (GError) error = NULL;
  SottoWorkerOptions options = { .memory_budget = sotto_inference_memory_budget () };
  SottoGenerate generate = { 0 };
  Answer answer = { 0 };
  sigset_t stopping;

  if (ask->system != NULL && ask->system[0] != '\0')
    sotto_messages_append (messages, "system", ask->system);
  sotto_messages_append (messages, "user", question);

  block_signals (&stopping);
  answer.worker = sotto_worker_new (&options, &error);
  if (answer.worker == NULL)
    {
      complain_about (error);
      return STATUS_WRONG;
    }

  answer.shows_progress = isatty (STDERR_FILENO);
  fill_request (ask, path, messages, &generate);
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
  g_autofree char *path = NULL;

  g_return_val_if_fail (ask != NULL && ask->question != NULL, STATUS_WRONG);

  path = find_model (ask->model);
  if (path == NULL)
    return STATUS_WRONG;

  question = compose_question (ask);
  return question != NULL ? answer_question (ask, question, path) : STATUS_WRONG;
}
