/* generate: an answer as an application gets it, through the worker and its events. */

#include "tool.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *prompt;
  char *system;
  gboolean raw;
  gboolean receipt;
  char *speculation;
  char *draft;
  int n_context;
  int max_tokens;
  ToolSampling sampling;
  char **stop;
  char *grammar;
  char *json_schema;
  char *vision;
  char **images;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->prompt);
  g_free (self->system);
  tool_sampling_clear (&self->sampling);
  g_strfreev (self->stop);
  g_free (self->speculation);
  g_free (self->draft);
  g_free (self->grammar);
  g_free (self->json_schema);
  g_free (self->vision);
  g_strfreev (self->images);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* Raised by SIGINT, which a handler can tell in no other way. */
static volatile sig_atomic_t interrupted;

static void
on_interrupt (int signal_number)
{
  interrupted = 1;
}

static gboolean
check_options (const Options  *self,
               GError        **error)
{
  if (self->prompt == NULL)
    return tool_misuse (error, "generate needs --prompt TEXT");
  if (self->raw && self->system != NULL)
    return tool_misuse (error, "--system is for a conversation; --raw is none");
  if (self->raw && self->images != NULL)
    return tool_misuse (error, "--image is for a conversation; --raw is none");
  if (self->images != NULL && self->vision == NULL)
    return tool_misuse (error, "--image needs --vision FILE, with which the model sees");
  if (self->grammar != NULL && self->json_schema != NULL)
    return tool_misuse (error, "--grammar and --json-schema exclude each other");
  if (self->n_context < 0 || self->max_tokens < 0)
    return tool_misuse (error, "--context and --max-tokens are not negative");

  return TRUE;
}

static void
tell_receipt (const Options      *self,
              const SottoReceipt *receipt)
{
  if (self->receipt && receipt != NULL)
    {
      g_autofree char *json = sotto_receipt_to_json (receipt);

      fprintf (stderr, "%s\n", json);
    }
}

/* Deals with one event. Returns: whether it was the last. */
static gboolean
take_event (const Options     *self,
            const SottoEvent  *event,
            gboolean          *at_line_start,
            GError           **error)
{
  switch (event->kind)
    {
    case SOTTO_EVENT_TEXT:
      fputs (event->text, stdout);
      fflush (stdout);
      *at_line_start = g_str_has_suffix (event->text, "\n");
      return FALSE;

    case SOTTO_EVENT_FINISHED:
      tell_receipt (self, event->receipt);
      if (event->reason == SOTTO_FINISH_CONTEXT_FULL)
        fprintf (stderr, "sotto-engine: the context of %" G_GUINT64_FORMAT " tokens is full\n",
                 event->total);
      return TRUE;

    case SOTTO_EVENT_CANCELLED:
      tell_receipt (self, event->receipt);
      g_set_error_literal (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED, "interrupted");
      return TRUE;

    case SOTTO_EVENT_FAILED:
      tell_receipt (self, event->receipt);
      g_propagate_error (error, g_error_copy (event->error));
      return TRUE;

    case SOTTO_EVENT_LOADING:
    case SOTTO_EVENT_LOADED:
    case SOTTO_EVENT_UNLOADED:
    case SOTTO_EVENT_FORGOTTEN:
    case SOTTO_EVENT_SAVED:
    case SOTTO_EVENT_HASHED:
    case SOTTO_EVENT_LOOKING:
    case SOTTO_EVENT_PREFILL:
    case SOTTO_EVENT_REASONING:
    case SOTTO_EVENT_TOOL_CALL:
    default:
      return FALSE;
    }
}

static gboolean
follow (const Options  *self,
        SottoWorker    *worker,
        guint64         request,
        GError        **error)
{
  struct sigaction action = { .sa_handler = on_interrupt };
  struct sigaction before;
  g_autoptr (GError) local_error = NULL;
  gboolean at_line_start = FALSE;
  gboolean done = FALSE;

  interrupted = 0;
  sigaction (SIGINT, &action, &before);
  while (!done)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, 50 * 1000);

      if (interrupted == 1)
        {
          interrupted = 2;
          sotto_worker_cancel (worker, request);
        }
      if (event != NULL && event->request == request)
        done = take_event (self, event, &at_line_start, &local_error);
    }
  sigaction (SIGINT, &before, NULL);

  if (isatty (STDOUT_FILENO) && !at_line_start)
    putchar ('\n');
  fflush (stdout);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_speculation (const Options     *self,
                  SottoSpeculation  *speculation,
                  GError           **error)
{
  static const char *const names[] = { "auto", "never", "always" };

  *speculation = SOTTO_SPECULATION_AUTOMATIC;
  for (guint i = 0; self->speculation != NULL; i++)
    {
      if (i == G_N_ELEMENTS (names))
        return tool_misuse (error, "--speculation is auto, never or always, not \"%s\"", self->speculation);
      *speculation = i;
      if (g_str_equal (self->speculation, names[i]))
        break;
    }

  return TRUE;
}

/* What the answer has to look like. @grammar: (out) (nullable): anything. Returns: %FALSE with @error */
static gboolean
read_grammar (const Options  *self,
              SottoGrammar  **grammar,
              GError        **error)
{
  const char *path = self->grammar != NULL ? self->grammar : self->json_schema;
  g_autofree char *text = NULL;
  gsize length;

  *grammar = NULL;
  if (path == NULL)
    return TRUE;
  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;

  *grammar = self->grammar != NULL ? sotto_grammar_new_gbnf (text, length, NULL, NULL, error)
                                   : sotto_grammar_new_json_schema (text, length, NULL, error);

  return *grammar != NULL;
}

/* A model that guesses is opened when there is nothing else to do: after loading, if nobody has asked yet. What goes wrong
 * is told when somebody does. */
static void
load_both (const Options *self,
           SottoWorker   *worker,
           const char    *path)
{
  guint64 request;
  gboolean done = FALSE;

  sotto_worker_set_library (worker, (const char *const[]) { self->draft, NULL });
  request = sotto_worker_load (worker, path, self->n_context);
  while (!done)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, -1);

      done = event != NULL && event->request == request && event->kind != SOTTO_EVENT_LOADING;
    }
}

/* (transfer full): or NULL with @error */
static SottoMessages *
make_messages (const Options  *self,
               GError        **error)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();

  if (self->system != NULL)
    sotto_messages_append (messages, "system", self->system);
  sotto_messages_append (messages, "user", self->prompt);
  for (guint i = 0; self->images != NULL && self->images[i] != NULL; i++)
    {
      g_autoptr (SottoImage) image = tool_read_image (self->images[i], error);

      if (image == NULL)
        return NULL;
      sotto_messages_append_image (messages, image);
    }

  return g_steal_pointer (&messages);
}

static gboolean
generate (Options            *self,
          const ToolCompute  *compute,
          const char         *path,
          GError            **error)
{
  SottoBackendOptions backend_options = { 0 };
  SottoWorkerOptions worker_options = { 0 };
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (SottoGrammar) grammar = NULL;
  g_autoptr (SottoWorker) worker = NULL;
  SottoGenerate request = {
    .path = path,
    .n_context = self->n_context,
    .max_tokens = self->max_tokens,
    .stop = (const char *const *) self->stop,
  };

  if (!tool_get_backend_options (compute, &backend_options, error)
      || !tool_get_kv_type (compute, &worker_options.kv_type, error)
      || !tool_sampling_fill (&self->sampling, &request.sampler, error)
      || !read_speculation (self, &request.speculation, error)
      || !read_grammar (self, &grammar, error))
    return FALSE;
  request.grammar = grammar;
  worker_options.n_threads = backend_options.n_threads;
  worker_options.tier = backend_options.tier;
  worker_options.gpu = backend_options.gpu;
  worker_options.n_gpu_layers = backend_options.n_gpu_layers;

  if (self->raw)
    {
      request.text = self->prompt;
    }
  else
    {
      messages = make_messages (self, error);
      if (messages == NULL)
        return FALSE;
      request.messages = messages;
    }

  worker = sotto_worker_new (&worker_options, error);
  if (worker == NULL)
    return FALSE;
  sotto_worker_set_vision (worker, path, self->vision);
  if (self->draft != NULL)
    load_both (self, worker, path);

  return follow (self, worker, sotto_worker_generate (worker, &request), error);
}

gboolean
tool_generate (char   **arguments,
               GError **error)
{
  g_auto (ToolCompute) compute = { 0 };
  g_auto (Options) self = { 0 };
  const GOptionEntry entries[] = {
    { "prompt", 'p', 0, G_OPTION_ARG_STRING, &self.prompt, "What the user says", "TEXT" },
    { "system", 0, 0, G_OPTION_ARG_STRING, &self.system, "What the system says before", "TEXT" },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &self.raw,
      "Continue the text as it is, without the chat template", NULL },
    { "max-tokens", 'n', 0, G_OPTION_ARG_INT, &self.max_tokens,
      "At most so many; 0: until the context is full", "N" },
    { "context", 'c', 0, G_OPTION_ARG_INT, &self.n_context, "Tokens of context; 0: the default",
      "N" },
    TOOL_SAMPLING_ENTRIES (self.sampling),
    { "stop", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self.stop,
      "A text that ends the answer (may be repeated)", "TEXT" },
    { "grammar", 0, 0, G_OPTION_ARG_FILENAME, &self.grammar,
      "The answer must fit this GBNF grammar", "FILE" },
    { "json-schema", 0, 0, G_OPTION_ARG_FILENAME, &self.json_schema,
      "The answer must be JSON that fits this JSON Schema", "FILE" },
    { "vision", 0, 0, G_OPTION_ARG_FILENAME, &self.vision, "What the model sees with (mmproj)", "FILE" },
    { "image", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self.images,
      "A picture for it to look at, as a portable pixmap (P6; may be repeated)", "FILE" },
    { "receipt", 0, 0, G_OPTION_ARG_NONE, &self.receipt,
      "Print the receipt as JSON on standard error", NULL },
    { "speculation", 0, 0, G_OPTION_ARG_STRING, &self.speculation,
      "Guess tokens ahead, for the same answer sooner: auto (the default), never or always", "WHEN" },
    { "draft", 0, 0, G_OPTION_ARG_FILENAME, &self.draft,
      "A smaller model of the same vocabulary that may guess, too", "FILE" },
    TOOL_COMPUTE_ENTRIES (compute),
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "MODEL", "Prints an answer as it is generated. Ctrl+C ends it.", entries, 1, 1,
  };
  g_auto (GStrv) rest = NULL;

  tool_sampling_init (&self.sampling);
  rest = tool_parse (&usage, arguments, error);

  return rest != NULL && check_options (&self, error) &&
         generate (&self, &compute, rest[0], error);
}
