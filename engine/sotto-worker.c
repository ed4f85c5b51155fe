/* The inference thread.
 *
 *   any thread                      the worker's thread                    any thread
 *   load, generate… ─► requests ─► run one after the other ─► events ─► next_event
 *   cancel ─────────► raises the flag of a running request, takes a waiting one out of the queue
 *
 * A second thread, of low priority, takes the hashes of models (sotto-hasher.c).
 */
#include "sotto-worker.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sotto-embedding.h"
#include "sotto-error.h"
#include "sotto-event-queue.h"
#include "sotto-generation.h"
#include "sotto-hasher.h"
#include "sotto-model-private.h"
#include "sotto-residents.h"
#include "sotto-wishes.h"

typedef enum {
  REQUEST_LOAD,
  REQUEST_UNLOAD,
  REQUEST_FORGET,
  REQUEST_FORGET_SAVED,
  REQUEST_RELEASE_KEPT,
  REQUEST_SAVE,
  REQUEST_GENERATE,
  REQUEST_EMBED,
  REQUEST_QUIT,
} RequestKind;

typedef struct {
  guint64 id;
  RequestKind kind;
  SottoCancel *cancel;
  SottoGenerate generate;  /* LOAD and UNLOAD use path and n_context of it, FORGET and FORGET_SAVED its conversation, EMBED its path */
  SottoEmbed embed;
  gint64 time_us;          /* of SAVE */
} Request;

/* As the pool's threads have it: the worker's is a lane among them, and ranks below the window's. */
#define NICENESS 5

struct _SottoWorker {
  GThread *thread;
  GAsyncQueue *requests;
  SottoEventQueue *events;
  SottoBackend *backend;
  SottoHasher *hasher;

  /* Of the worker's thread alone */
  SottoResidents *residents;

  SottoWishes *wishes;

  GMutex mutex;
  GHashTable *unfinished;  /* under mutex: id → borrowed Request, waiting or running */
  guint64 last_id;         /* under mutex */
  char **library;          /* under mutex: models that may guess; NULL: none was told */
  guint n_libraries;       /* under mutex: how often that was told */
  SottoCancel *looking;    /* under mutex: for a model that may guess, with no request waiting; NULL: nobody does */
};

/* --- Requests --- */

static void
request_free (Request *self)
{
  sotto_cancel_unref (self->cancel);
  g_strfreev ((char **) self->embed.texts);
  g_free ((char *) self->generate.path);
  g_free ((char *) self->generate.text);
  g_free ((char *) self->generate.conversation);
  g_strfreev ((char **) self->generate.stop);
  sotto_sampler_settings_clear (&self->generate.sampler);
  g_clear_pointer (&self->generate.messages, sotto_messages_unref);
  g_clear_pointer (&self->generate.date, g_date_time_unref);
  g_clear_pointer (&self->generate.grammar, sotto_grammar_unref);
  g_free (self);
}

static Request *
request_new (RequestKind          kind,
             const SottoGenerate *generate)
{
  Request *self = g_new0 (Request, 1);

  self->kind = kind;
  self->cancel = sotto_cancel_new ();
  self->generate = *generate;
  self->generate.path = g_strdup (generate->path);
  self->generate.text = g_strdup (generate->text);
  self->generate.conversation = g_strdup (generate->conversation);
  self->generate.stop = (const char *const *) g_strdupv ((char **) generate->stop);
  sotto_sampler_settings_copy (&generate->sampler, &self->generate.sampler);
  if (generate->messages != NULL)
    sotto_messages_ref (generate->messages);
  if (generate->date != NULL)
    g_date_time_ref (generate->date);
  if (generate->grammar != NULL)
    sotto_grammar_ref (generate->grammar);

  return self;
}

/* @request: (transfer full) */
static guint64
submit (SottoWorker *self,
        Request     *request)
{
  guint64 id;

  g_mutex_lock (&self->mutex);
  id = request->id = ++self->last_id;
  g_hash_table_insert (self->unfinished, &request->id, request);
  g_async_queue_push (self->requests, request);
  if (self->looking != NULL)
    sotto_cancel_raise (self->looking);
  g_mutex_unlock (&self->mutex);

  return id;
}

guint64
sotto_worker_load (SottoWorker *self,
                   const char  *path,
                   guint        n_context)
{
  SottoGenerate generate = { .path = path, .n_context = n_context };

  return submit (self, request_new (REQUEST_LOAD, &generate));
}

guint64
sotto_worker_unload (SottoWorker *self,
                     const char  *path)
{
  SottoGenerate generate = { .path = path };

  return submit (self, request_new (REQUEST_UNLOAD, &generate));
}

guint64
sotto_worker_forget (SottoWorker *self,
                     const char  *conversation)
{
  SottoGenerate generate = { .conversation = conversation };

  return submit (self, request_new (REQUEST_FORGET, &generate));
}

guint64
sotto_worker_forget_saved (SottoWorker *self,
                           const char  *conversation)
{
  SottoGenerate generate = { .conversation = conversation };

  return submit (self, request_new (REQUEST_FORGET_SAVED, &generate));
}

guint64
sotto_worker_save (SottoWorker *self,
                   gint64       time_us)
{
  SottoGenerate nothing = { 0 };
  Request *request = request_new (REQUEST_SAVE, &nothing);

  request->time_us = time_us;

  return submit (self, request);
}

guint64
sotto_worker_release_kept (SottoWorker *self)
{
  SottoGenerate nothing = { 0 };

  return submit (self, request_new (REQUEST_RELEASE_KEPT, &nothing));
}

guint64
sotto_worker_generate (SottoWorker         *self,
                       const SottoGenerate *generate)
{
  return submit (self, request_new (REQUEST_GENERATE, generate));
}

guint64
sotto_worker_embed (SottoWorker      *self,
                    const SottoEmbed *embed)
{
  SottoGenerate generate = { .path = embed->path };
  Request *request = request_new (REQUEST_EMBED, &generate);

  request->embed.path = request->generate.path;
  request->embed.kind = embed->kind;
  request->embed.texts = (const char *const *) g_strdupv ((char **) embed->texts);

  return submit (self, request);
}

void
sotto_worker_cancel (SottoWorker *self,
                     guint64      id)
{
  Request *waiting = NULL;

  g_mutex_lock (&self->mutex);
  {
    Request *request = g_hash_table_lookup (self->unfinished, &id);

    if (request != NULL)
      {
        sotto_cancel_raise (request->cancel);
        if (g_async_queue_remove (self->requests, request))
          {
            g_hash_table_remove (self->unfinished, &id);
            waiting = request;
          }
      }
  }
  g_mutex_unlock (&self->mutex);

  if (waiting != NULL)
    {
      sotto_event_queue_push (self->events, sotto_event_new (id, SOTTO_EVENT_CANCELLED));
      request_free (waiting);
    }
}

void
sotto_worker_set_threads (SottoWorker *self,
                          guint        n_threads)
{
  sotto_backend_set_threads (self->backend, n_threads);
}

void
sotto_worker_place (SottoWorker *self,
                    const char  *path,
                    SottoGpuUse  gpu,
                    guint        n_gpu_layers)
{
  sotto_wishes_set_place (self->wishes, path, (SottoResidentPlace) { gpu, n_gpu_layers });
}

void
sotto_worker_set_vision (SottoWorker *self,
                         const char  *model_path,
                         const char  *vision_path)
{
  sotto_wishes_set_vision (self->wishes, model_path, vision_path);
}

void
sotto_worker_set_library (SottoWorker        *self,
                          const char *const  *paths)
{
  g_mutex_lock (&self->mutex);
  g_strfreev (self->library);
  self->library = g_strdupv ((char **) paths);
  self->n_libraries++;
  g_mutex_unlock (&self->mutex);
}

void
sotto_worker_tell_hash (SottoWorker *self,
                        const char  *stamp,
                        const char  *hash)
{
  sotto_hasher_tell (self->hasher, stamp, hash);
}

/* --- The worker's thread --- */

/* Looks once in every library for a model that guesses for @resident; once more where that was cancelled. */
static void
find_helper (SottoWorker   *self,
             SottoResident *resident,
             SottoCancel   *cancel)
{
  g_auto (GStrv) library = NULL;
  guint n;

  g_mutex_lock (&self->mutex);
  n = self->n_libraries;
  if (resident->library != n)
    library = g_strdupv (self->library);
  g_mutex_unlock (&self->mutex);

  resident->library = n;
  if (library == NULL)
    return;
  sotto_residents_find_helper (self->residents, resident, (const char *const *) library, cancel);
  if (sotto_cancel_is_raised (cancel))
    resident->library = 0;
}

/* The same where nobody waits, until somebody does: opening a model may take seconds. */
static void
find_helper_at_leisure (SottoWorker   *self,
                        SottoResident *resident)
{
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  gboolean is_idle;

  g_mutex_lock (&self->mutex);
  is_idle = g_async_queue_length (self->requests) <= 0;
  self->looking = is_idle ? cancel : NULL;
  g_mutex_unlock (&self->mutex);
  if (!is_idle)
    return;

  find_helper (self, resident, cancel);
  g_mutex_lock (&self->mutex);
  self->looking = NULL;
  g_mutex_unlock (&self->mutex);
}

/* What closes or forgets something, and then tells what is left. */
static void
run_removal (SottoWorker   *self,
             const Request *request)
{
  gboolean is_unload = request->kind == REQUEST_UNLOAD;
  SottoEvent *event = sotto_event_new (request->id, is_unload ? SOTTO_EVENT_UNLOADED : SOTTO_EVENT_FORGOTTEN);

  if (is_unload)
    sotto_residents_close (self->residents, request->generate.path, request->cancel);
  else if (request->kind == REQUEST_FORGET)
    sotto_residents_forget (self->residents, request->generate.conversation);
  else if (request->kind == REQUEST_RELEASE_KEPT)
    sotto_residents_release_kept (self->residents, request->cancel);
  else
    sotto_residents_forget_saved (self->residents, request->generate.conversation);
  event->path = g_strdup (request->generate.path);
  event->memory = sotto_residents_measure (self->residents);
  sotto_event_queue_push (self->events, event);
}

static void
run_embedding (SottoWorker   *self,
               const Request *request)
{
  SottoEmbedding embedding = {
    request->id, request->embed, request->cancel, sotto_wishes_get_place (self->wishes, request->embed.path),
    self->residents, self->events,
  };
  SottoModel *opened = sotto_embedding_run (&embedding);

  if (opened != NULL)
    sotto_hasher_begin (self->hasher, opened);
}

static void
run_request (SottoWorker *self,
             Request     *request)
{
  g_autofree char *vision = sotto_wishes_dup_vision (self->wishes, request->generate.path);
  SottoGeneration generation = {
    request->id, &request->generate, request->cancel, sotto_wishes_get_place (self->wishes, request->generate.path),
    vision, self->residents, self->backend, self->events,
  };
  g_autoptr (GError) error = NULL;
  SottoResident *resident;
  gboolean opened;

  if (request->kind == REQUEST_SAVE)
    {
      sotto_residents_save (self->residents, NULL, request->time_us, request->cancel);
      sotto_event_queue_push (self->events, sotto_event_new (request->id, SOTTO_EVENT_SAVED));
      return;
    }
  if (request->kind == REQUEST_UNLOAD || request->kind == REQUEST_FORGET || request->kind == REQUEST_FORGET_SAVED
      || request->kind == REQUEST_RELEASE_KEPT)
    {
      run_removal (self, request);
      return;
    }

  if (request->kind == REQUEST_EMBED)
    {
      run_embedding (self, request);
      return;
    }

  if (!sotto_cancel_check (request->cancel, &error) ||
      (resident = sotto_generation_open (&generation, request->generate.path,
                                         request->generate.n_context, &opened, &error)) == NULL)
    {
      sotto_generation_fail (&generation, NULL, g_steal_pointer (&error));
      return;
    }

  if (opened)
    sotto_hasher_begin (self->hasher, resident->model);

  if (request->generate.speculation == SOTTO_SPECULATION_ALWAYS)
    find_helper (self, resident, request->cancel);
  if (request->kind == REQUEST_GENERATE)
    sotto_generation_run (&generation, resident);
  else if (!opened)
    sotto_generation_tell_loaded (&generation, resident);

  if (request->generate.speculation != SOTTO_SPECULATION_NEVER)
    find_helper_at_leisure (self, resident);
}

static gpointer
worker_main (gpointer data)
{
  SottoWorker *self = data;
  gboolean quit = FALSE;

  /* Failing is no harm. */
  (void) setpriority (PRIO_PROCESS, (id_t) syscall (SYS_gettid), NICENESS);

  while (!quit)
    {
      Request *request = g_async_queue_pop (self->requests);

      quit = request->kind == REQUEST_QUIT;
      sotto_hasher_set_resting (self->hasher, TRUE);
      if (!quit)
        run_request (self, request);
      sotto_hasher_set_resting (self->hasher, FALSE);

      g_mutex_lock (&self->mutex);
      g_hash_table_remove (self->unfinished, &request->id);
      g_mutex_unlock (&self->mutex);
      request_free (request);
    }

  return NULL;
}

/* --- Life --- */

SottoWorker *
sotto_worker_new (const SottoWorkerOptions  *options,
                  GError                   **error)
{
  SottoBackendOptions backend_options = { options->n_threads, options->tier, options->gpu,
                                          options->n_gpu_layers };
  g_autoptr (SottoBackend) backend = sotto_backend_new (&backend_options, error);
  SottoWorker *self;

  if (backend == NULL)
    return NULL;

  self = g_new0 (SottoWorker, 1);
  self->requests = g_async_queue_new ();
  self->events = sotto_event_queue_new (options->wake, options->user_data);
  self->residents = sotto_residents_new (backend, options->kv_type, options->memory_budget,
                                         options->keep_previous);
  if (options->timelines != NULL)
    sotto_residents_set_timelines (self->residents, options->timelines);
  self->backend = g_steal_pointer (&backend);
  self->unfinished = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->wishes = sotto_wishes_new ((SottoResidentPlace) { options->gpu, options->n_gpu_layers });
  g_mutex_init (&self->mutex);

  self->hasher = sotto_hasher_new (self->events, error);
  if (self->hasher != NULL)
    self->thread = g_thread_try_new ("sotto-worker", worker_main, self, error);
  if (self->thread == NULL)
    {
      g_prefix_error_literal (error, "Cannot start the inference thread: ");
      sotto_worker_free (self);
      return NULL;
    }

  return self;
}

void
sotto_worker_free (SottoWorker *self)
{
  GHashTableIter iter;
  gpointer request;

  if (self->hasher != NULL)
    sotto_hasher_stop (self->hasher);

  /* Every request is told to stop; the waiting ones pass through the thread and end at once. */
  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->unfinished);
  while (g_hash_table_iter_next (&iter, NULL, &request))
    sotto_cancel_raise (((Request *) request)->cancel);
  g_mutex_unlock (&self->mutex);

  if (self->thread != NULL)
    {
      SottoGenerate nothing = { 0 };

      submit (self, request_new (REQUEST_QUIT, &nothing));
      g_thread_join (self->thread);
    }

  g_clear_pointer (&self->hasher, sotto_hasher_free);
  sotto_residents_free (self->residents);
  sotto_backend_free (self->backend);
  g_hash_table_unref (self->unfinished);
  sotto_wishes_free (self->wishes);
  g_strfreev (self->library);
  g_async_queue_unref (self->requests);
  sotto_event_queue_free (self->events);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* --- Events --- */

SottoEvent *
sotto_worker_next_event (SottoWorker *self)
{
  return sotto_event_queue_pop (self->events, 0);
}

gboolean
sotto_worker_has_event (SottoWorker *self)
{
  return !sotto_event_queue_is_empty (self->events);
}

SottoEvent *
sotto_worker_wait_event (SottoWorker *self,
                         gint64       timeout_us)
{
  return sotto_event_queue_pop (self->events, timeout_us);
}
