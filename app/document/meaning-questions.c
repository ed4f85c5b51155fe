#include "document/meaning-private.h"

/* Vectors of what a person, or a model, asks documents and conversations. They go before those of passages, and do not wait for long: behind a reply that
 * is being written, or where the model would have to be read from a slow disk, words alone count. */

typedef struct {
  char *path; /* of the model */
  char *embedder;
  guint n;
  guint64 request;
  guint timeout;
  GSource *cancelling; /* NULL: it cannot be cancelled */
} Asking;

static void
stop_waiting (Asking *asking)
{
  g_clear_handle_id (&asking->timeout, g_source_remove);
  if (asking->cancelling != NULL)
    g_source_destroy (asking->cancelling);
  g_clear_pointer (&asking->cancelling, g_source_unref);
}

static void
asking_free (Asking *asking)
{
  stop_waiting (asking);
  g_free (asking->path);
  g_free (asking->embedder);
  g_free (asking);
}

gboolean
sotto_meaning_can_ask (SottoMeaning *self)
{
  return self->is_told && self->problem == NULL && sotto_meaning_get_n_done (self) > 0;
}

/* Returns: (transfer full): @task, which is to return */
static GTask *
take_off (SottoMeaning *self, GTask *task)
{
  stop_waiting (g_task_get_task_data (task));
  g_ptr_array_remove (self->questions, task);
  return task;
}

static void
give_up (SottoMeaning *self, GTask *asked, const char *why)
{
  g_autoptr (GTask) task = take_off (self, asked);
  const Asking *asking = g_task_get_task_data (task);

  sotto_inference_forget (self->inference, asking->request);
  g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, why);
}

static gboolean
on_late (gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (SottoMeaning) self = g_object_ref (g_task_get_source_object (task));
  Asking *asking = g_task_get_task_data (task);

  asking->timeout = 0;
  give_up (self, task, "It took too long");
  sotto_meaning_update (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (SottoMeaning) self = g_object_ref (g_task_get_source_object (task));

  give_up (self, task, "It was cancelled");
  sotto_meaning_update (self);
  return G_SOURCE_REMOVE;
}

/* Returns: (transfer full) (nullable): a vector each */
static GPtrArray *
split (GBytes *vectors, guint n)
{
  const gsize size = g_bytes_get_size (vectors) / n;
  GPtrArray *each = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (each, g_bytes_new_from_bytes (vectors, i * size, size));
  return each;
}

static void
on_event (const SottoEvent *event, gpointer user_data)
{
  g_autoptr (SottoMeaning) self = g_object_ref (g_task_get_source_object (user_data));
  g_autoptr (GTask) task = NULL;
  const Asking *asking;

  if (event->kind != SOTTO_EVENT_EMBEDDED && event->kind != SOTTO_EVENT_FAILED && event->kind != SOTTO_EVENT_CANCELLED)
    return;

  task = take_off (self, user_data);
  asking = g_task_get_task_data (task);
  if (event->kind == SOTTO_EVENT_EMBEDDED)
    {
      sotto_meaning_set_opened (self, asking->path);
      g_task_return_pointer (task, split (event->vectors, asking->n), (GDestroyNotify) g_ptr_array_unref);
    }
  else if (event->kind == SOTTO_EVENT_FAILED)
    {
      g_task_return_error (task, g_error_copy (event->error));
    }
  else
    {
      g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "It was cancelled");
    }
  /* The processor is the passages' again, unless more is asked. */
  sotto_meaning_update (self);
}

void
sotto_meaning_ask_async (SottoMeaning        *self,
                         const char *const   *questions,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Asking *asking = g_new0 (Asking, 1);
  GError *error = NULL;

  g_task_set_task_data (task, asking, (GDestroyNotify) asking_free);
  if (!sotto_meaning_can_ask (self))
    {
      g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Nothing is to be found by meaning");
      return;
    }

  asking->path = g_strdup (sotto_model_entry_get_path (self->model));
  asking->embedder = g_strdup (self->embedder);
  asking->n = g_strv_length ((char **) questions);
  g_ptr_array_add (self->questions, task);
  /* Passages make place. */
  sotto_meaning_update (self);
  asking->request = sotto_inference_embed (self->inference, asking->path, SOTTO_EMBED_QUESTION, questions, on_event, task, &error);
  if (asking->request == 0)
    {
      g_ptr_array_remove (self->questions, task);
      g_task_return_error (task, error);
      /* The processor is the passages' again. */
      sotto_meaning_update (self);
      return;
    }
  if (cancellable != NULL)
    {
      asking->cancelling = g_cancellable_source_new (cancellable);
      g_source_set_callback (asking->cancelling, G_SOURCE_FUNC (on_cancelled), task, NULL);
      g_source_attach (asking->cancelling, NULL);
    }
  asking->timeout = g_timeout_add (SOTTO_MEANING_PATIENCE_MS, on_late, g_steal_pointer (&task));
}

GPtrArray *
sotto_meaning_ask_finish (SottoMeaning *self, GAsyncResult *result, char **embedder, GError **error)
{
  const Asking *asking = g_task_get_task_data (G_TASK (result));
  GPtrArray *vectors = g_task_propagate_pointer (G_TASK (result), error);

  *embedder = vectors != NULL ? g_strdup (asking->embedder) : NULL;
  return vectors;
}

void
sotto_meaning_end_questions (SottoMeaning *self)
{
  while (self->questions->len > 0)
    give_up (self, g_ptr_array_index (self->questions, 0), "It is over");
}
