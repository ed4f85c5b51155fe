#include "sotto-embedding.h"

#include "sotto-error.h"

/* --- Events --- */

static void
on_loading (guint64  done,
            guint64  total,
            gpointer user_data)
{
  const SottoEmbedding *self = user_data;
  SottoEvent *event = sotto_event_new (self->id, SOTTO_EVENT_LOADING);

  event->done = done;
  event->total = total;
  sotto_event_queue_push (self->events, event);
}

static void
tell_loaded (const SottoEmbedding *self,
             SottoSession         *session)
{
  SottoEvent *event = sotto_event_new (self->id, SOTTO_EVENT_LOADED);

  event->path = g_strdup (self->request.path);
  event->model = sotto_model_ref (sotto_session_get_model (session));
  event->memory = sotto_residents_measure (self->residents);
  event->placement = sotto_session_get_placement (session);
  event->total = sotto_session_get_context (session);
  sotto_event_queue_push (self->events, event);
}

/* @error: (transfer full) */
static void
fail (const SottoEmbedding *self,
      GError               *error)
{
  gboolean cancelled = g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  SottoEvent *event = sotto_event_new (self->id, cancelled ? SOTTO_EVENT_CANCELLED : SOTTO_EVENT_FAILED);

  if (cancelled)
    g_error_free (error);
  else
    event->error = error;
  sotto_event_queue_push (self->events, event);
}

/* --- Running --- */

static gboolean
check_texts (const SottoEmbedding  *self,
             GError               **error)
{
  if (self->request.texts != NULL && self->request.texts[0] != NULL)
    return TRUE;

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                          &(SottoErrorArguments) { .path = self->request.path, .subject = "no texts" },
                          "There are no texts to make vectors of");
  return FALSE;
}

/* (nullable) (transfer full) */
static GBytes *
embed_all (const SottoEmbedding  *self,
           SottoEmbedder         *embedder,
           GError               **error)
{
  gsize n_texts = g_strv_length ((char **) self->request.texts);
  gsize n = sotto_embedder_get_n_elements (embedder);
  g_autofree float *vectors = g_try_malloc_n (n_texts, n * sizeof (float));

  if (vectors == NULL)
    {
      SottoErrorArguments arguments = { self->request.path, NULL, n_texts * n * sizeof (float), 0 };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments, "No memory for %" G_GSIZE_FORMAT " vectors", n_texts);
      return NULL;
    }
  for (gsize i = 0; i < n_texts; i++)
    if (!sotto_embedder_embed (embedder, self->request.kind, self->request.texts[i], vectors + i * n, self->cancel, error))
      return NULL;

  return g_bytes_new_take (g_steal_pointer (&vectors), n_texts * n * sizeof (float));
}

SottoModel *
sotto_embedding_run (const SottoEmbedding *self)
{
  g_autoptr (GError) error = NULL;
  SottoModel *model = NULL;
  SottoEmbedder *embedder;
  GBytes *vectors;
  SottoEvent *event;
  gboolean opened;

  if (!sotto_cancel_check (self->cancel, &error) || !check_texts (self, &error)
      || (embedder = sotto_residents_open_embedder (self->residents, self->request.path, self->place, on_loading,
                                                    (gpointer) self, self->cancel, &opened, &error)) == NULL)
    {
      fail (self, g_steal_pointer (&error));
      return NULL;
    }
  if (opened)
    {
      tell_loaded (self, sotto_embedder_get_session (embedder));
      model = sotto_session_get_model (sotto_embedder_get_session (embedder));
    }

  vectors = embed_all (self, embedder, &error);
  if (vectors == NULL)
    {
      /* On a GPU that is lost nothing more is computed: the next request opens it anew, elsewhere. */
      if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND))
        {
          sotto_residents_close (self->residents, self->request.path, self->cancel);
          model = NULL;
        }
      fail (self, g_steal_pointer (&error));
      return model;
    }
  event = sotto_event_new (self->id, SOTTO_EVENT_EMBEDDED);
  event->path = g_strdup (self->request.path);
  event->vectors = vectors;
  sotto_event_queue_push (self->events, event);

  return model;
}
