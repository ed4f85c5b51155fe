#include "meaning-private.h"

#include "model-entry-private.h"

/* Vectors for passages that have none, a few at a time:
 *
 *   list ─► none: the end
 *        ─► to rest: the end, until sotto_meaning_update() begins again
 *        ─► embed ─► put ─► list …
 *
 * A request is no longer than a moment, because the person may ask something any time, and given up at once when that happens; its
 * passages are listed again. What comes back after work was given up finds that it has no owner any more. */

/* How long a request is to take */
#define MOMENT_US (200 * 1000)

/* Never more passages in one than this, however quick they are: their texts stand in memory three times */
#define MOST_PASSAGES 32

/* Counts references: one is the owner's, one each call's that is under way. */
struct _SottoMeaningWork
{
  SottoMeaning *meaning; /* NULL: it was given up */
  SottoStore *store;
  GCancellable *cancellable;
  char *path;            /* of the model */
  char *embedder;
  guint64 request;       /* 0: nothing is being computed */
  gint64 begun;
  GArray *rows;          /* of gint64: what is being computed, or was put last */
};

static void
work_clear (gpointer data)
{
  SottoMeaningWork *work = data;

  g_object_unref (work->store);
  g_object_unref (work->cancellable);
  g_free (work->path);
  g_free (work->embedder);
  g_clear_pointer (&work->rows, g_array_unref);
}

static void
work_unref (SottoMeaningWork *work)
{
  g_rc_box_release_full (work, work_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMeaningWork, work_unref)

void
sotto_meaning_end_work (SottoMeaning *self)
{
  SottoMeaningWork *work = g_steal_pointer (&self->work);

  if (work == NULL)
    return;
  work->meaning = NULL;
  g_cancellable_cancel (work->cancellable);
  if (work->request != 0)
    sotto_inference_forget (self->inference, work->request);
  work_unref (work);
}

gboolean
sotto_meaning_is_computing (SottoMeaning *self)
{
  return self->work != NULL && self->work->request != 0;
}

/* --- A few passages --- */

static void list_next (SottoMeaningWork *work);

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaningWork) work = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_put = sotto_store_put_embeddings_finish (SOTTO_STORE (source), result, &error);
  SottoMeaning *self = work->meaning;

  if (self == NULL)
    return;
  if (!is_put)
    {
      sotto_meaning_set_error (self, error);
      return;
    }
  self->n_left -= MIN (self->n_left, work->rows->len);
  /* The choice that is worth something now: see meaning.c. */
  g_object_set (self->settings, "meaning-model", work->path, NULL);
  list_next (work);
}

/* So many that the next request takes a moment, and not at once many times as many */
static void
learn_speed (SottoMeaning *self, guint n, gint64 took)
{
  const gint64 fitting = (gint64) n * MOMENT_US / MAX (took, 1);

  self->n_passages = (guint) CLAMP (fitting, 1, MIN (2 * n, MOST_PASSAGES));
}

static void
on_embed_event (const SottoEvent *event, gpointer user_data)
{
  SottoMeaningWork *work = user_data;
  SottoMeaning *self = work->meaning;

  if (event->kind == SOTTO_EVENT_LOADED)
    work->begun = g_get_monotonic_time ();
  if (event->kind != SOTTO_EVENT_EMBEDDED && event->kind != SOTTO_EVENT_FAILED && event->kind != SOTTO_EVENT_CANCELLED)
    return;

  work->request = 0;
  if (event->kind == SOTTO_EVENT_EMBEDDED)
    {
      learn_speed (self, work->rows->len, g_get_monotonic_time () - work->begun);
      sotto_meaning_set_opened (self, work->path);
      sotto_store_put_embeddings_async (work->store, work->embedder, work->rows, event->vectors, work->cancellable, on_put,
                                        g_rc_box_acquire (work));
    }
  else if (event->kind == SOTTO_EVENT_FAILED)
    {
      sotto_meaning_set_error (self, event->error);
    }
  else
    {
      sotto_meaning_end_work (self);
    }
}

static void
embed (SottoMeaningWork *work, GPtrArray *passages)
{
  SottoMeaning *self = work->meaning;
  g_autoptr (GPtrArray) texts = g_ptr_array_new_null_terminated (passages->len, NULL, TRUE);
  g_autoptr (GError) error = NULL;
  const gint64 last = work->rows->len > 0 ? g_array_index (work->rows, gint64, 0) : 0;

  g_array_set_size (work->rows, 0);
  for (guint i = 0; i < passages->len; i++)
    {
      const SottoHistoryPassage *passage = g_ptr_array_index (passages, i);

      g_ptr_array_add (texts, passage->text);
      g_array_append_val (work->rows, passage->row);
    }

  /* What was put is not listed again, or this would never end. */
  if (g_array_index (work->rows, gint64, 0) == last)
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_FAILED, "The history does not keep vectors");
  if (error == NULL)
    {
      work->begun = g_get_monotonic_time ();
      work->request = sotto_inference_embed (self->inference, work->path, SOTTO_EMBED_PASSAGE, (const char *const *) texts->pdata,
                                             on_embed_event, work, &error);
    }
  if (work->request == 0)
    sotto_meaning_set_error (self, error);
  else
    sotto_meaning_update (self);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaningWork) work = user_data;
  g_autoptr (GError) error = NULL;
  guint64 n_left = 0, n_all = 0;
  g_autoptr (GPtrArray) passages = sotto_store_list_unembedded_finish (SOTTO_STORE (source), result, &n_left, &n_all, &error);
  SottoMeaning *self = work->meaning;

  if (self == NULL)
    return;
  if (passages == NULL)
    {
      sotto_meaning_set_error (self, error);
      return;
    }
  self->n_left = passages->len > 0 ? n_left : 0;
  self->n_all = n_all;
  if (passages->len > 0 && !sotto_meaning_must_rest (self))
    {
      embed (work, passages);
      return;
    }
  sotto_meaning_end_work (self);
  sotto_meaning_update (self);
}

static void
list_next (SottoMeaningWork *work)
{
  SottoMeaning *self = work->meaning;

  self->is_stale = FALSE;
  sotto_store_list_unembedded_async (work->store, self->n_passages, work->cancellable, on_listed, g_rc_box_acquire (work));
}

void
sotto_meaning_begin_work (SottoMeaning *self)
{
  SottoMeaningWork *work = g_rc_box_new0 (SottoMeaningWork);

  g_return_if_fail (self->work == NULL);

  work->meaning = self;
  work->store = g_object_ref (self->store);
  work->cancellable = g_cancellable_new ();
  work->path = g_strdup (sotto_model_entry_get_path (self->model));
  work->embedder = g_strdup (self->embedder);
  work->rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->work = work;
  list_next (work);
}
