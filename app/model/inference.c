#include "config.h"

#include "model/inference.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "model/engine-source.h"
#include "model/hash-cache.h"
#include "model/inference-library.h"
#include "model/kept-timelines.h"
#include "model/model-entry-private.h"
#include "model/model-place.h"

typedef struct {
  guint64 id;
  char *path;
  gboolean is_embed;
  SottoInferenceFunc func; /* NULL: only the library is told */
  gpointer user_data;
} Request;

struct _SottoInference
{
  GObject parent_instance;

  SottoSettings *settings;
  SottoModelLibrary *library;
  GPowerProfileMonitor *power; /* NULL until a worker is there */
  SottoKeptTimelines *timelines;

  SottoWorker *worker; /* NULL until first needed */
  SottoEngineSource *source;
  guint64 saving; /* the worker's request; 0: it does not save */
  GQueue requests; /* of Request, in the order the worker takes them */
  gboolean is_stale; /* an option has changed that a worker takes at its birth only */
  gboolean is_closed;
};

G_DEFINE_FINAL_TYPE (SottoInference, sotto_inference, G_TYPE_OBJECT)

enum { HASHED, N_SIGNALS };
static guint signals[N_SIGNALS];

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
  self->saving = 0;
  g_queue_clear_full (&self->requests, (GDestroyNotify) request_free);
}

/* What the person says; else one a physical core, and half of them while power is to be saved: reading weights, which
 * most of the time goes into, they do nearly as fast. */
static guint
count_threads (SottoInference *self)
{
  const guint wanted = (guint) sotto_settings_get_int (self->settings, "threads");

  if (wanted > 0 || !g_power_profile_monitor_get_power_saver_enabled (self->power))
    return wanted;
  return MAX (sotto_backend_count_cores () / 2, 1);
}

static void
on_threads_changed (SottoInference *self)
{
  if (self->worker != NULL)
    sotto_worker_set_threads (self->worker, count_threads (self));
}

/* Models that are open move. */
static void
on_places_changed (SottoInference *self)
{
  GListModel *models = G_LIST_MODEL (self->library);

  for (guint i = 0; self->worker != NULL && i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_LOADED)
        sotto_inference_load (self, sotto_model_entry_get_path (entry));
    }
}

/* A smaller model may guess for a larger one. */
static void
tell_models (SottoInference *self)
{
  GListModel *models = G_LIST_MODEL (self->library);
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_auto (GStrv) library = NULL;

  if (self->worker == NULL)
    return;

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (sotto_model_entry_is_usable (entry))
        g_strv_builder_add (paths, sotto_model_entry_get_path (entry));
    }
  library = g_strv_builder_end (paths);
  sotto_worker_set_library (self->worker, (const char *const *) library);
}

static void
on_keep_previous_changed (SottoInference *self)
{
  self->is_stale = TRUE;
}

static void
on_keep_timelines_changed (SottoInference *self)
{
  sotto_kept_timelines_set_wanted (self->timelines, sotto_settings_get_boolean (self->settings, "keep-timelines"));
}

static void
on_models_changed (SottoInference *self)
{
  tell_models (self);
  sotto_kept_timelines_look (self->timelines, G_LIST_MODEL (self->library));
}

static void
sotto_inference_dispose (GObject *object)
{
  SottoInference *self = SOTTO_INFERENCE (object);

  sotto_inference_close (self);
  g_clear_pointer (&self->source, sotto_engine_source_free);
  g_clear_object (&self->settings);
  g_clear_object (&self->library);
  g_clear_object (&self->power);
  g_clear_pointer (&self->timelines, sotto_kept_timelines_free);
  G_OBJECT_CLASS (sotto_inference_parent_class)->dispose (object);
}

static void
sotto_inference_class_init (SottoInferenceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_inference_dispose;

  signals[HASHED] = g_signal_new ("hashed", SOTTO_TYPE_INFERENCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
sotto_inference_init (SottoInference *self)
{
  g_queue_init (&self->requests);
}

/* --- Events --- */

static gboolean
is_last (const SottoEvent *event)
{
  return event->kind == SOTTO_EVENT_FINISHED || event->kind == SOTTO_EVENT_EMBEDDED
         || event->kind == SOTTO_EVENT_CANCELLED || event->kind == SOTTO_EVENT_FAILED;
}

static void
on_event (const SottoEvent *event, gpointer user_data)
{
  g_autoptr (SottoInference) self = g_object_ref (user_data);
  GList *link = event->request != 0 ? find_request (self, event->request) : NULL;
  Request *request = link != NULL ? link->data : NULL;

  sotto_inference_tell_library (self->library, self->settings, event, request != NULL ? request->path : event->path,
                                request != NULL && request->func == NULL);
  if (event->kind == SOTTO_EVENT_HASHED)
    {
      sotto_kept_timelines_look (self->timelines, G_LIST_MODEL (self->library));
      g_signal_emit (self, signals[HASHED], 0, event->path, event->hash);
    }
  if (event->kind == SOTTO_EVENT_SAVED && event->request == self->saving)
    self->saving = 0;
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
  self->timelines = sotto_kept_timelines_new ();
  on_keep_timelines_changed (self);
  g_signal_connect_object (settings, "notify::keep-timelines", G_CALLBACK (on_keep_timelines_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (library, "items-changed", G_CALLBACK (on_models_changed), self,
                           G_CONNECT_SWAPPED);
  /* A file that was not whole before, say, has become a model. */
  g_signal_connect_object (library, "notify::looking", G_CALLBACK (tell_models), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "notify::threads", G_CALLBACK (on_threads_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "notify::model-places", G_CALLBACK (on_places_changed), self,
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

/* The first question to the monitor starts it; before a model is used nobody needs to know. */
static void
ensure_power (SottoInference *self)
{
  if (self->power != NULL)
    return;

  self->power = g_power_profile_monitor_dup_default ();
  g_signal_connect_object (self->power, "notify::power-saver-enabled", G_CALLBACK (on_threads_changed),
                           self, G_CONNECT_SWAPPED);
}

static gboolean
ensure_worker (SottoInference *self, GError **error)
{
  SottoTimelines timelines;
  SottoWorkerOptions options = {
    .memory_budget = sotto_inference_memory_budget (),
    .keep_previous = sotto_settings_get_boolean (self->settings, "keep-previous-model"),
    .timelines = &timelines,
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

  ensure_power (self);
  sotto_kept_timelines_fill (self->timelines, &timelines);
  options.n_threads = count_threads (self);
  self->worker = sotto_worker_new (&options, error);
  self->is_stale = FALSE;
  sotto_engine_source_set_worker (self->source, self->worker);
  if (self->worker != NULL)
    sotto_hash_cache_tell (self->worker);
  tell_models (self);
  return self->worker != NULL;
}

/* How @path is to be used, from the request on that follows */
static void
tell_choices (SottoInference *self, const char *path)
{
  SottoModelEntry *entry = sotto_model_library_lookup (self->library, path);

  sotto_model_place_apply (self->settings, self->worker, path);
  sotto_worker_set_vision (self->worker, path, entry != NULL ? sotto_model_entry_get_vision_path (entry) : NULL);
}

static Request *
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
  return request;
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

guint
sotto_inference_get_context (SottoInference *self, const char *path)
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

/* Small models soon say the same again when they are to be brief. */
static void
make_sober (SottoSamplerSettings *sampler)
{
  sampler->temperature = MIN (sampler->temperature, 0.3f);
  sampler->repetition_penalty = MAX (sampler->repetition_penalty, 1.1f);
}

guint64
sotto_inference_generate (SottoInference      *self,
                          const char          *path,
                          SottoMessages       *messages,
                          const char          *conversation,
                          gboolean             lasts,
                          SottoGrammar        *grammar,
                          guint                summary_tokens,
                          SottoInferenceFunc   func,
                          gpointer             user_data,
                          GError             **error)
{
  SottoGenerate generate = { 0 };
  guint64 id;

  g_return_val_if_fail (SOTTO_IS_INFERENCE (self), 0);

  if (!ensure_worker (self, error))
    return 0;

  tell_choices (self, path);
  generate.path = path;
  generate.n_context = sotto_inference_get_context (self, path);
  generate.messages = messages;
  generate.conversation = conversation;
  generate.lasts = lasts;
  generate.grammar = grammar;
  generate.max_tokens = summary_tokens > 0 ? summary_tokens : max_tokens_for (self, path);
  sotto_inference_fill_sampler (self->settings, &generate.sampler);
  if (summary_tokens > 0)
    make_sober (&generate.sampler);

  id = sotto_worker_generate (self->worker, &generate);
  add_request (self, id, path, func, user_data);
  return id;
}

guint64
sotto_inference_embed (SottoInference      *self,
                       const char          *path,
                       SottoEmbedKind       kind,
                       const char *const   *texts,
                       SottoInferenceFunc   func,
                       gpointer             user_data,
                       GError             **error)
{
  const SottoEmbed embed = { .path = path, .kind = kind, .texts = texts };
  guint64 id;

  g_return_val_if_fail (SOTTO_IS_INFERENCE (self), 0);

  if (!ensure_worker (self, error))
    return 0;

  sotto_model_place_apply (self->settings, self->worker, path);
  id = sotto_worker_embed (self->worker, &embed);
  add_request (self, id, path, func, user_data)->is_embed = TRUE;
  return id;
}

static gboolean
is_loading_or_writing (SottoInference *self)
{
  for (GList *link = self->requests.head; link != NULL; link = link->next)
    if (!((const Request *) link->data)->is_embed)
      return TRUE;
  return FALSE;
}

void
sotto_inference_load (SottoInference *self, const char *path)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  if (is_loading_or_writing (self) || !ensure_worker (self, NULL))
    return;

  tell_choices (self, path);
  add_request (self, sotto_worker_load (self->worker, path, sotto_inference_get_context (self, path)), path, NULL,
               NULL);
}

void
sotto_inference_unload (SottoInference *self, const char *path)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  /* The event of it names the model. */
  if (self->worker != NULL)
    sotto_worker_unload (self->worker, path);
}

void
sotto_inference_release_memory (SottoInference *self, gboolean closes)
{
  GListModel *models = G_LIST_MODEL (self->library);

  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  if (self->worker == NULL)
    return;

  sotto_worker_release_kept (self->worker);
  for (guint i = 0; closes && !is_loading_or_writing (self) && i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_LOADED)
        sotto_worker_unload (self->worker, sotto_model_entry_get_path (entry));
    }
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

void
sotto_inference_forget_conversation (SottoInference *self, const char *conversation)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  if (self->worker != NULL)
    sotto_worker_forget (self->worker, conversation);
}

void
sotto_inference_forget_kept (SottoInference *self, const char *conversation)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  if (self->worker != NULL)
    sotto_worker_forget_saved (self->worker, conversation);
  else
    sotto_kept_timelines_remove (self->timelines, conversation);
}

gboolean
sotto_inference_is_first (SottoInference *self, guint64 request)
{
  for (GList *link = self->requests.head; link != NULL; link = link->next)
    {
      const Request *candidate = link->data;

      if (candidate->id == request)
        return TRUE;
      if (candidate->func != NULL && !candidate->is_embed)
        return FALSE;
    }
  return TRUE;
}

void
sotto_inference_set_sealed (SottoInference *self, SottoSealed *sealed)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  sotto_kept_timelines_set_sealed (self->timelines, sealed);
}

guint64
sotto_inference_measure_sealed (SottoInference *self)
{
  g_return_val_if_fail (SOTTO_IS_INFERENCE (self), 0);

  return sotto_kept_timelines_measure (self->timelines);
}

gboolean
sotto_inference_save (SottoInference *self, guint milliseconds)
{
  g_return_val_if_fail (SOTTO_IS_INFERENCE (self), FALSE);

  if (self->worker == NULL || !sotto_kept_timelines_can_keep (self->timelines))
    return FALSE;

  for (GList *link = self->requests.head; link != NULL; link = link->next)
    sotto_worker_cancel (self->worker, ((const Request *) link->data)->id);
  if (self->saving == 0)
    self->saving = sotto_worker_save (self->worker, (gint64) milliseconds * 1000);
  return TRUE;
}

gboolean
sotto_inference_is_saving (SottoInference *self)
{
  g_return_val_if_fail (SOTTO_IS_INFERENCE (self), FALSE);

  return self->saving != 0;
}

void
sotto_inference_close (SottoInference *self)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  self->is_closed = TRUE;
  if (self->source != NULL)
    free_worker (self);
}

void
sotto_inference_reopen (SottoInference *self)
{
  g_return_if_fail (SOTTO_IS_INFERENCE (self));

  self->is_closed = FALSE;
}
