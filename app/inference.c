#include "inference.h"

#include <unistd.h>

#include "engine-source.h"
#include "model-entry-private.h"

typedef struct {
  guint64 id;
  char *path;
  SottoInferenceFunc func; /* NULL: only the library is told */
  gpointer user_data;
} Request;

struct _SottoInference
{
  GObject parent_instance;

  SottoSettings *settings;
  SottoModelLibrary *library;

  SottoWorker *worker; /* NULL until first needed */
  SottoEngineSource *source;
  GQueue requests; /* of Request, in the order the worker takes them */
  gboolean is_stale; /* an option has changed that a worker takes at its birth only */
  gboolean is_closed;
};

G_DEFINE_FINAL_TYPE (SottoInference, sotto_inference, G_TYPE_OBJECT)

static void
request_free (Request *request)
{
  g_free (request->path);
  g_free (request);
}

static GList *
find_request (SottoInference *self, guint64 id)
{
  for (GList *link = self->requests.head; link != NULL; link = link->next)
    if (((Request *) link->data)->id == id)
      return link;
  return NULL;
}

static void
free_worker (SottoInference *self)
{
  sotto_engine_source_set_worker (self->source, NULL);
  g_clear_pointer (&self->worker, sotto_worker_free);
  g_queue_clear_full (&self->requests, (GDestroyNotify) request_free);
}

static void
on_threads_changed (SottoInference *self)
{
  if (self->worker != NULL)
    sotto_worker_set_threads (self->worker,
                              (guint) sotto_settings_get_int (self->settings, "threads"));
}

static void
on_keep_previous_changed (SottoInference *self)
{
  self->is_stale = TRUE;
}

static void
sotto_inference_dispose (GObject *object)
{
  SottoInference *self = SOTTO_INFERENCE (object);

  sotto_inference_close (self);
  g_clear_pointer (&self->source, sotto_engine_source_free);
  g_clear_object (&self->settings);
  g_clear_object (&self->library);
  G_OBJECT_CLASS (sotto_inference_parent_class)->dispose (object);
}

static void
sotto_inference_class_init (SottoInferenceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_inference_dispose;
}

static void
sotto_inference_init (SottoInference *self)
{
  g_queue_init (&self->requests);
}

/* --- Events --- */

static void
tell_loaded (SottoInference *self, const char *path)
{
  const gboolean keeps = sotto_settings_get_boolean (self->settings, "keep-previous-model");
  GListModel *models = G_LIST_MODEL (self->library);

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (g_str_equal (sotto_model_entry_get_path (entry), path))
        sotto_model_entry_set_loaded (entry, TRUE);
      else if (!keeps && sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_LOADED)
        sotto_model_entry_set_loaded (entry, FALSE);
    }
}

static void
tell_library (SottoInference *self, const SottoEvent *event, const char *path)
{
  SottoModelEntry *entry = path != NULL ? sotto_model_library_lookup (self->library, path) : NULL;

  if (entry == NULL)
    return;

  switch (event->kind)
    {
    case SOTTO_EVENT_LOADING:
      sotto_model_entry_set_loading (entry, event->total > 0
                                     ? (double) event->done / event->total : 0);
      break;
    case SOTTO_EVENT_LOADED:
      tell_loaded (self, path);
      break;
    case SOTTO_EVENT_PREFILL:
      if (sotto_model_entry_get_state (entry) != SOTTO_MODEL_STATE_LOADED)
        tell_loaded (self, path);
      break;
    case SOTTO_EVENT_HASHED:
      sotto_model_entry_set_hash (entry, event->hash);
      break;
    case SOTTO_EVENT_UNLOADED:
      sotto_model_entry_set_loaded (entry, FALSE);
      break;
    case SOTTO_EVENT_CANCELLED:
    case SOTTO_EVENT_FAILED:
      if (sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_LOADING)
        sotto_model_entry_set_loaded (entry, FALSE);
      break;
    case SOTTO_EVENT_TEXT:
    case SOTTO_EVENT_REASONING:
    case SOTTO_EVENT_TOOL_CALL:
    case SOTTO_EVENT_FINISHED:
    default:
      break;
    }
}

static gboolean
is_last (const SottoEvent *event)
{
  return event->kind == SOTTO_EVENT_FINISHED || event->kind == SOTTO_EVENT_CANCELLED
         || event->kind == SOTTO_EVENT_FAILED;
}

static void
on_event (const SottoEvent *event, gpointer user_data)
{
  g_autoptr (SottoInference) self = g_object_ref (user_data);
  GList *link = event->request != 0 ? find_request (self, event->request) : NULL;
  Request *request = link != NULL ? link->data : NULL;

  tell_library (self, event, request != NULL ? request->path : event->path);
  if (request == NULL)
    return;

  if (is_last (event) || (request->func == NULL && event->kind == SOTTO_EVENT_LOADED))
    {
      g_queue_delete_link (&self->requests, link);
      if (request->func != NULL)
        request->func (event, request->user_data);
      request_free (request);
    }
  else if (request->func != NULL)
    {
      request->func (event, request->user_data);
    }
}

SottoInference *
sotto_inference_new (SottoSettings *settings, SottoModelLibrary *library)
{
  SottoInference *self = g_object_new (SOTTO_TYPE_INFERENCE, NULL);

  self->settings = g_object_ref (settings);
  self->library = g_object_ref (library);
  self->source = sotto_engine_source_new (g_main_context_default (), on_event, self);
  g_signal_connect_object (settings, "notify::threads", G_CALLBACK (on_threads_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "notify::keep-previous-model",
                           G_CALLBACK (on_keep_previous_changed), self, G_CONNECT_SWAPPED);
  return self;
}

/* --- Requests --- */

guint64
sotto_inference_memory_budget (void)
{
  const long pages = sysconf (_SC_PHYS_PAGES);
  const long page_size = sysconf (_SC_PAGESIZE);

  if (pages <= 0 || page_size <= 0)
    return 0;

  /* The rest is for the desktop and everything else that runs. */
  return (guint64) pages * (guint64) page_size / 10 * 8;
}

static gboolean
ensure_worker (SottoInference *self, GError **error)
{
  SottoWorkerOptions options = {
    .memory_budget = sotto_inference_memory_budget (),
    .n_threads = (guint) sotto_settings_get_int (self->settings, "threads"),
    .keep_previous = sotto_settings_get_boolean (self->settings, "keep-previous-model"),
    .wake = sotto_engine_source_wake,
    .user_data = g_main_context_default (),
  };

  if (self->is_closed)
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY,
                           "Inference is closed");
      return FALSE;
    }

  if (self->is_stale && g_queue_is_empty (&self->requests))
    free_worker (self);
  if (self->worker != NULL)
    return TRUE;

  self->worker = sotto_worker_new (&options, error);
  self->is_stale = FALSE;
  sotto_engine_source_set_worker (self->source, self->worker);
  return self->worker != NULL;
}

static void
add_request (SottoInference     *self,
             guint64             id,
             const char         *path,
             SottoInferenceFunc  func,
             gpointer            user_data)
{
  Request *request = g_new0 (Request, 1);

  request->id = id;
  request->path = g_strdup (path);
  request->func = func;
  request->user_data = user_data;
  g_queue_push_tail (&self->requests, request);
}

void
sotto_inference_fill_sampler (SottoSettings *settings, SottoSamplerSettings *sampler)
{
  const SottoSamplerSettings defaults = SOTTO_SAMPLER_DEFAULTS;
  const gint64 seed = sotto_settings_get_int64 (settings, "seed");

  *sampler = defaults;
  sampler->temperature = (float) sotto_settings_get_double (settings, "temperature");
  sampler->top_k = (guint) sotto_settings_get_int (settings, "top-k");
  sampler->top_p = (float) sotto_settings_get_double (settings, "top-p");
  sampler->min_p = (float) sotto_settings_get_double (settings, "min-p");
  sampler->repetition_penalty = (float) sotto_settings_get_double (settings, "repetition-penalty");
  sampler->seed = seed >= 0 ? (guint64) seed
                            : ((guint64) g_random_int () << 31 ^ g_random_int ()) & G_MAXINT64;
}

/* The setting, but not more than the model was trained for. */
static guint
context_for (SottoInference *self, const char *path)
{
  const guint wanted = (guint) sotto_settings_get_int (self->settings, "context-length");
  SottoModelEntry *entry = sotto_model_library_lookup (self->library, path);
  const guint trained = entry != NULL ? sotto_model_entry_get_context_trained (entry) : 0;

  return trained > 0 ? MIN (wanted, trained) : wanted;
}

static guint
max_tokens_for (SottoInference *self, const char *path)
{
  const guint wanted = (guint) sotto_settings_get_int (self->settings, "max-tokens");
  SottoModelEntry *entry = sotto_model_library_lookup (self->library, path);

  if (wanted == 0 && entry != NULL && sotto_model_entry_is_base (entry))
    return SOTTO_INFERENCE_COMPLETION_TOKENS;
  return wanted;
}

guint64
sotto_inference_generate (SottoInference      *self,
                          const char          *path,
                          SottoMessages       *messages,
                          SottoInferenceFunc   func,
                          gpointer             user_data,
                          GError             **error)
{
  SottoGenerate generate = { 0 };
  guint64 id;

  g_return_val_if_fail (SOTTO_IS_INFERENCE (self), 0);

  if (!ensure_worker (self, error))
    return 0;

  generate.path = path;
  generate.n_context = context_for (self, path);
  generate.messages = messages;
  generate.max_tokens = max_tokens_for (self, path);
  sotto_inference_fill_sampler (self->settings, &generate.sampler);

  id = sotto_worker_generate (self->worker, &generate);
  add_request (self, id, path, func, user_data);
  return id;
}

void
sotto_inference_load (SottoInference *self, const char *path)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  if (!g_queue_is_empty (&self->requests) || !ensure_worker (self, NULL))
    return;

  add_request (self, sotto_worker_load (self->worker, path, context_for (self, path)), path, NULL,
               NULL);
}

void
sotto_inference_cancel (SottoInference *self, guint64 request)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  if (self->worker != NULL && find_request (self, request) != NULL)
    sotto_worker_cancel (self->worker, request);
}

void
sotto_inference_forget (SottoInference *self, guint64 request)
{
  GList *link;

  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  link = find_request (self, request);
  if (link == NULL)
    return;

  sotto_worker_cancel (self->worker, request);
  request_free (link->data);
  g_queue_delete_link (&self->requests, link);
}

gboolean
sotto_inference_is_first (SottoInference *self, guint64 request)
{
  for (GList *link = self->requests.head; link != NULL; link = link->next)
    {
      const Request *candidate = link->data;

      if (candidate->id == request)
        return TRUE;
      if (candidate->func != NULL)
        return FALSE;
    }
  return TRUE;
}

void
sotto_inference_close (SottoInference *self)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  self->is_closed = TRUE;
  if (self->source != NULL)
    free_worker (self);
}
