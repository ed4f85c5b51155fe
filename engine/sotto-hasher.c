#include "sotto-hasher.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sotto-model-private.h"

/* Below the inference thread and all of the window's */
#define NICENESS 10

/* Between two pieces of a hash, each of some 0.8 ms, while a request runs: all that it takes is missing there. */
#define REST_US 100000

struct _SottoHasher {
  SottoEventQueue *events;
  GThreadPool *pool;
  SottoCancel *stop;
  gint is_resting;         /* atomic */

  GMutex mutex;
  GHashTable *hashes;      /* under mutex: stamp → hash */
};

void
sotto_hasher_tell (SottoHasher *self,
                   const char  *stamp,
                   const char  *hash)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->hashes, g_strdup (stamp), g_strdup (hash));
  g_mutex_unlock (&self->mutex);
}

/* Gives @model its hash if that is known. @stamp: the model's */
static gboolean
recall (SottoHasher *self,
        SottoModel  *model,
        const char  *stamp)
{
  const char *known;
  gboolean found;

  g_mutex_lock (&self->mutex);
  known = g_hash_table_lookup (self->hashes, stamp);
  found = known != NULL;
  if (found)
    sotto_model_set_hash (model, known);
  g_mutex_unlock (&self->mutex);

  return found;
}

static void
push_event (SottoHasher *self,
            SottoModel  *model,
            const char  *stamp)
{
  SottoEvent *event = sotto_event_new (0, SOTTO_EVENT_HASHED);

  event->path = g_strdup (sotto_model_get_info (model)->path);
  event->hash = g_strdup (sotto_model_peek_hash (model));
  event->stamp = g_strdup (stamp);
  sotto_event_queue_push (self->events, event);
}

static void
give_way (guint64  done,
          guint64  total,
          gpointer user_data)
{
  SottoHasher *self = user_data;

  if (g_atomic_int_get (&self->is_resting))
    g_usleep (REST_US);
}

/* Runs in the hasher's thread. */
static void
take (gpointer data,
      gpointer user_data)
{
  g_autoptr (SottoModel) model = data;
  SottoHasher *self = user_data;
  g_autofree char *stamp = sotto_model_dup_stamp (model);
  const char *hash;

  /* Failing is no harm. */
  (void) setpriority (PRIO_PROCESS, (id_t) syscall (SYS_gettid), NICENESS);

  /* It may have waited behind the hash of the same file. */
  if (!recall (self, model, stamp))
    {
      hash = sotto_model_hash (model, give_way, self, self->stop, NULL);
      if (hash == NULL)
        return;
      sotto_hasher_tell (self, stamp, hash);
    }

  push_event (self, model, stamp);
}

void
sotto_hasher_begin (SottoHasher *self,
                    SottoModel  *model)
{
  g_autofree char *stamp = sotto_model_dup_stamp (model);

  if (recall (self, model, stamp))
    push_event (self, model, stamp);
  else
    g_thread_pool_push (self->pool, sotto_model_ref (model), NULL);
}

void
sotto_hasher_set_resting (SottoHasher *self,
                          gboolean     is_resting)
{
  g_atomic_int_set (&self->is_resting, is_resting);
}

/* --- Life --- */

SottoHasher *
sotto_hasher_new (SottoEventQueue  *events,
                  GError          **error)
{
  g_autoptr (SottoHasher) self = g_new0 (SottoHasher, 1);

  self->events = events;
  self->stop = sotto_cancel_new ();
  self->hashes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_mutex_init (&self->mutex);

  /* Exclusive: others must not get a thread of such a low rank. */
  self->pool = g_thread_pool_new_full (take, self, (GDestroyNotify) sotto_model_unref, 1, TRUE, error);

  return self->pool != NULL ? g_steal_pointer (&self) : NULL;
}

void
sotto_hasher_stop (SottoHasher *self)
{
  sotto_cancel_raise (self->stop);
}

void
sotto_hasher_free (SottoHasher *self)
{
  sotto_hasher_stop (self);
  /* What waits passes through the thread, too: a pool that is told to drop it loses what a thread has just taken. */
  if (self->pool != NULL)
    g_thread_pool_free (self->pool, FALSE, TRUE);
  g_hash_table_unref (self->hashes);
  sotto_cancel_unref (self->stop);
  g_mutex_clear (&self->mutex);
  g_free (self);
}
