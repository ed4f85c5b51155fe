/* The store and its thread
 *
 *   caller's main context                 the store's thread
 *   ─────────────────────                 ──────────────────
 *   sotto_store_…_async: GTask + call ──► jobs (GAsyncQueue, in order)
 *                                         flush the journal, run the call
 *   give_back: g_task_return_… ◄──────  a GSource in the caller's context
 *
 * The thread lives as long as the store. The store holds the vault; a job holds (by its GTask) the
 * store; so when the store is finalized no job but appended text can be waiting. A job that is done
 * goes back to its caller's context as a whole, so the store is not finalized in its own thread; if
 * that context is gone and it happens all the same, nobody joins the thread, and it frees the vault
 * itself.
 *
 * Where no job waits, the thread erases what is gone of folders, a step at a time (store-erase.c).
 *
 * Ending, in order: new calls are refused (closed) ─► jobs that wait are done ─► journal flushed ─►
 * database closed ─► key wiped ─► lock released ─► thread ends ─► vault freed. */

#include "store-private.h"

#include "history-error.h"
#include "sealed-private.h"

struct _SottoStore {
  GObject parent_instance;

  SottoVault *vault;
  GMainContext *context; /* of ::journal-failed */
  gint closed; /* atomic: no new calls */
};

G_DEFINE_FINAL_TYPE (SottoStore, sotto_store, G_TYPE_OBJECT)

enum {
  JOURNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct {
  /* A call */
  GTask *task;
  SottoWorkMode mode;
  SottoWork work;
  GDestroyNotify free_result;
  gpointer result;
  GError *error;

  /* Or appended text */
  char *reply;
  SottoHistoryPartKind kind;
  char *text;
} Job; /* neither: the end */

static void
job_free (Job *job)
{
  if (job->result != NULL && job->free_result != NULL)
    job->free_result (job->result);
  g_clear_object (&job->task);
  g_clear_error (&job->error);
  g_free (job->reply);
  g_free (job->text);
  g_free (job);
}

SottoCall *
sotto_call_new (void)
{
  return g_new0 (SottoCall, 1);
}

void
sotto_call_free (SottoCall *call)
{
  if (call == NULL)
    return;

  g_free (call->conversation);
  g_free (call->id);
  g_free (call->parent);
  g_free (call->text);
  sotto_history_model_free (call->model);
  g_clear_pointer (&call->parts, g_ptr_array_unref);
  g_clear_pointer (&call->trees, g_ptr_array_unref);
  g_clear_pointer (&call->passages, g_ptr_array_unref);
  g_clear_pointer (&call->rows, g_array_unref);
  g_clear_pointer (&call->vectors, g_bytes_unref);
  g_clear_pointer (&call->hash, g_bytes_unref);
  sotto_history_document_free (call->document);
  g_strfreev (call->folders);
  sotto_history_group_free (call->group);
  g_strfreev (call->names);
  g_clear_object (&call->cancellable);
  g_clear_pointer (&call->unlock, sotto_unlock_unref);
  g_free (call);
}

/* --- In the thread --- */

typedef struct {
  SottoStore *store;
  GError *error;
} Failure;

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  g_object_unref (failure->store);
  g_error_free (failure->error);
  g_free (failure);
}

static gboolean
emit_failure (gpointer data)
{
  Failure *failure = data;

  g_signal_emit (failure->store, signals[JOURNAL_FAILED], 0, failure->error);
  return G_SOURCE_REMOVE;
}

static void
report_failure (SottoVault *vault, const GError *error)
{
  g_autoptr (SottoStore) store = g_weak_ref_get (&vault->store);
  g_autoptr (GSource) source = NULL;
  Failure *failure;

  if (store == NULL)
    return;

  failure = g_new0 (Failure, 1);
  failure->error = g_error_copy (error);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, emit_failure, failure, failure_free);
  failure->store = g_object_ref (store);
  g_source_attach (source, store->context);
}

static gboolean
flush (SottoVault *vault, GError **error)
{
  gboolean told = vault->journal.failure != NULL;
  g_autoptr (GError) failure = NULL;

  if (vault->database == NULL || !sotto_journal_is_pending (&vault->journal))
    return TRUE;
  if (sotto_journal_flush (&vault->journal, vault->database, &failure))
    return TRUE;

  if (!told)
    report_failure (vault, failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static void
set_closed (GError **error)
{
  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CLOSED, NULL, "the store is closed");
}

/* A call, with what its mode puts around it. */
static gpointer
work (SottoVault *vault, Job *job, GError **error)
{
  SottoCall *call = g_task_get_task_data (job->task);
  gpointer result;

  if (job->mode == SOTTO_WORK_BARE)
    return job->work (vault, call, error);

  if (vault->database == NULL)
    {
      set_closed (error);
      return NULL;
    }

  if (job->mode == SOTTO_WORK_READ)
    {
      sotto_database_set_cancellable (vault->database, g_task_get_cancellable (job->task));
      result = job->work (vault, call, error);
      sotto_database_set_cancellable (vault->database, NULL);
      return result;
    }

  if (job->mode == SOTTO_WORK_OTHER)
    return job->work (vault, call, error);

  if (!sotto_database_begin (vault->database, error))
    return NULL;
  result = job->work (vault, call, error);
  if (sotto_database_end (vault->database, result != NULL, error))
    return result;
  if (result != NULL && job->free_result != NULL)
    job->free_result (result);
  return NULL;
}

static gboolean
give_back (gpointer data)
{
  Job *job = data;

  if (job->error != NULL)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else
    g_task_return_pointer (job->task, g_steal_pointer (&job->result), job->free_result);
  return G_SOURCE_REMOVE;
}

/* The job itself goes to the caller's context, so that the task's last reference, and with it
 * perhaps the store's, is dropped there and not here. */
static void
run (SottoVault *vault, Job *job)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (job->task), &job->error))
    {
      /* Whatever a call reads or settles, it finds all the text that came before it. */
      flush (vault, NULL);
      job->result = work (vault, job, &job->error);
    }

  g_source_set_priority (source, g_task_get_priority (job->task));
  g_source_set_static_name (source, "sotto-history");
  g_source_set_callback (source, give_back, job, (GDestroyNotify) job_free);
  g_source_attach (source, g_task_get_context (job->task));
}

static gboolean
text_has_waited (SottoVault *vault)
{
  return sotto_journal_is_pending (&vault->journal) && g_get_monotonic_time () >= vault->journal.deadline;
}

/* Returns: %NULL when text has waited long enough, or when no job waits and something is to be erased */
static Job *
next_job (SottoVault *vault)
{
  gint64 until = vault->erasing.is_left ? vault->erasing.due : G_MAXINT64;
  gint64 wait;

  if (text_has_waited (vault))
    return NULL;
  if (sotto_journal_is_pending (&vault->journal))
    until = MIN (until, vault->journal.deadline);
  if (until == G_MAXINT64)
    return g_async_queue_pop (vault->jobs);

  wait = until - g_get_monotonic_time ();
  return wait > 0 ? g_async_queue_timeout_pop (vault->jobs, (guint64) wait) : g_async_queue_try_pop (vault->jobs);
}

static void
use_pause (SottoVault *vault)
{
  if (text_has_waited (vault))
    flush (vault, NULL);
  else if (vault->erasing.is_left && g_get_monotonic_time () >= vault->erasing.due)
    sotto_vault_erase (vault);
}

static void
vault_free (SottoVault *vault)
{
  g_async_queue_unref (vault->jobs);
  g_free (vault->folder);
  g_free (vault->envelope_path);
  g_free (vault->database_path);
  g_free (vault->database_new_path);
  sotto_sealed_unref (vault->sealed);
  sotto_journal_clear (&vault->journal);
  g_mutex_clear (&vault->mutex);
  g_clear_pointer (&vault->slots, g_ptr_array_unref);
  g_weak_ref_clear (&vault->store);
  g_free (vault);
}

gboolean
sotto_vault_close (SottoVault *vault, GError **error)
{
  gboolean ok = TRUE;

  if (vault->database != NULL)
    {
      ok = flush (vault, error);
      /* The second error would hide the first. */
      ok = sotto_database_close (vault->database, ok ? error : NULL) && ok;
      g_clear_pointer (&vault->database, sotto_database_free);
      g_atomic_int_set (&vault->erasing.is_left, FALSE);
      vault->listed = (SottoListed) { 0 };
    }
  if (vault->sealed != NULL)
    sotto_sealed_lock (vault->sealed);
  g_clear_pointer (&vault->key, sotto_secret_free);
  g_clear_pointer (&vault->envelope, sotto_envelope_free);
  g_clear_pointer (&vault->lock, sotto_lock_release);
  return ok;
}

static gpointer
thread_main (gpointer data)
{
  SottoVault *vault = data;
  gboolean ended = FALSE;

  while (!ended)
    {
      Job *job = next_job (vault);

      if (job == NULL)
        {
          use_pause (vault);
          continue;
        }

      if (job->task != NULL)
        {
          run (vault, job);
          continue;
        }

      if (job->reply != NULL)
        sotto_journal_add (&vault->journal, job->reply, job->kind, job->text);
      else
        ended = TRUE;
      job_free (job);
    }

  sotto_vault_close (vault, NULL);
  if (vault->detached)
    vault_free (vault);
  return NULL;
}

/* --- The store --- */

SottoStore *
sotto_store_new (const char *folder)
{
  SottoStore *self = g_object_new (SOTTO_TYPE_STORE, NULL);
  SottoVault *vault = g_new0 (SottoVault, 1);
  g_autofree char *sealed_folder = NULL;

  self->context = g_main_context_ref_thread_default ();
  self->vault = vault;
  vault->jobs = g_async_queue_new_full ((GDestroyNotify) job_free);
  if (folder != NULL)
    {
      vault->folder = g_canonicalize_filename (folder, NULL);
      vault->envelope_path = g_build_filename (vault->folder, "history.key", NULL);
      vault->database_path = g_build_filename (vault->folder, "history.db", NULL);
      vault->database_new_path = g_build_filename (vault->folder, "history.db.new", NULL);
      sealed_folder = g_build_filename (vault->folder, SOTTO_SEALED_FOLDER, NULL);
      vault->sealed = sotto_sealed_new (sealed_folder);
    }
  vault->slots = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&vault->mutex);
  g_weak_ref_init (&vault->store, self);
  sotto_journal_init (&vault->journal);
  vault->thread = g_thread_new ("sotto-history", thread_main, vault);
  return self;
}

SottoVault *
sotto_store_get_vault (SottoStore *self)
{
  return self->vault;
}

void
sotto_store_push (SottoStore          *self,
                  SottoWorkMode        mode,
                  SottoWork            run_work,
                  SottoCall           *call,
                  GDestroyNotify       free_result,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Job *job;

  g_task_set_task_data (task, call, (GDestroyNotify) sotto_call_free);
  /* What was written was written, also if it was cancelled meanwhile. */
  g_task_set_check_cancellable (task, FALSE);

  if (g_atomic_int_get (&self->closed))
    {
      GError *error = NULL;

      set_closed (&error);
      g_task_return_error (task, error);
      return;
    }

  job = g_new0 (Job, 1);
  job->task = g_steal_pointer (&task);
  job->mode = mode;
  job->work = run_work;
  job->free_result = free_result;
  g_async_queue_push (self->vault->jobs, job);
}

gpointer
sotto_store_take (SottoStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
sotto_store_push_part (SottoStore *self, const char *reply, SottoHistoryPartKind kind, char *text)
{
  Job *job;

  if (g_atomic_int_get (&self->closed))
    {
      g_free (text);
      return;
    }

  job = g_new0 (Job, 1);
  job->reply = g_strdup (reply);
  job->kind = kind;
  job->text = text;
  g_async_queue_push (self->vault->jobs, job);
}

static gpointer
do_flush (SottoVault *vault, SottoCall *call, GError **error)
{
  /* The flush before every call has just been tried. */
  if (vault->journal.failure == NULL)
    return SOTTO_DONE;

  g_propagate_error (error, g_error_copy (vault->journal.failure));
  return NULL;
}

void
sotto_store_flush_async (SottoStore          *self,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_OTHER, do_flush, NULL, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_flush_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

static gpointer
do_close (SottoVault *vault, SottoCall *call, GError **error)
{
  return sotto_vault_close (vault, error) ? SOTTO_DONE : NULL;
}

void
sotto_store_close_async (SottoStore          *self,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_OTHER, do_close, NULL, NULL, cancellable, callback,
                    user_data);
  g_atomic_int_set (&self->closed, TRUE);
}

gboolean
sotto_store_close_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

const char *
sotto_store_get_folder (SottoStore *self)
{
  g_return_val_if_fail (SOTTO_IS_STORE (self), NULL);

  return self->vault->folder;
}

void
sotto_vault_publish_slots (SottoVault *vault)
{
  g_autoptr (GPtrArray) old = NULL;

  g_mutex_lock (&vault->mutex);
  old = g_steal_pointer (&vault->slots);
  vault->slots = sotto_envelope_list (vault->envelope);
  g_mutex_unlock (&vault->mutex);
}

static gpointer
copy_slot (gconstpointer slot, gpointer data)
{
  return g_memdup2 (slot, sizeof (SottoHistorySlot));
}

GPtrArray *
sotto_store_list_slots (SottoStore *self)
{
  GPtrArray *copy;

  g_return_val_if_fail (SOTTO_IS_STORE (self), NULL);

  g_mutex_lock (&self->vault->mutex);
  copy = g_ptr_array_copy (self->vault->slots, copy_slot, NULL);
  g_mutex_unlock (&self->vault->mutex);
  return copy;
}

static void
sotto_store_finalize (GObject *object)
{
  SottoStore *self = SOTTO_STORE (object);
  SottoVault *vault = self->vault;
  GThread *thread = vault->thread;

  if (thread == g_thread_self ())
    {
      vault->detached = TRUE;
      g_async_queue_push (vault->jobs, g_new0 (Job, 1));
      g_thread_unref (thread);
    }
  else
    {
      g_async_queue_push (vault->jobs, g_new0 (Job, 1));
      g_thread_join (thread);
      vault_free (vault);
    }
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (sotto_store_parent_class)->finalize (object);
}

static void
sotto_store_class_init (SottoStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = sotto_store_finalize;

  /**
   * SottoStore::journal-failed:
   * @error: why text of a running reply could not be written; it is kept in memory and tried again
   */
  signals[JOURNAL_FAILED] = g_signal_new ("journal-failed", SOTTO_TYPE_STORE, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1,
                                          G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
sotto_store_init (SottoStore *self)
{
}
