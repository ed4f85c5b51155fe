#include "document/meaning-private.h"

#include <string.h>

#include "conversation/message-pieces.h"
#include "model/model-entry-private.h"

/* Vectors for what messages say, and for passages, that have none, a few at a time:
 *
 *   list ─► none: the end
 *        ─► to rest: the end, until sotto_meaning_update() begins again
 *        ─► embed ─► put ─► list …
 *
 * Messages come before passages, the newest first: a person looks for what was said sooner than for the last page of a book.
 *
 * A request is no longer than a moment, because the person may ask something any time, and given up at once when that happens; its
 * texts are listed again. What comes back after work was given up finds that it has no owner any more. */

/* How long a request is to take */
#define MOMENT_US (200 * 1000)

/* Never more texts in one than this, however quick they are: they stand in memory three times */
#define MOST_TEXTS 32

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
  guint n_texts;         /* that are being computed, or were last */
  guint n_done;          /* passages, or messages, that are done with these */
  GArray *rows;          /* of gint64: passages that are being computed, or were put last */
  GArray *pieces;        /* of SottoHistoryPiece: the same of messages; empty: they are passages */

  /* What was listed last */
  GPtrArray *said;
  guint64 n_messages_left;
  guint64 n_messages;
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
  g_clear_pointer (&work->pieces, g_array_unref);
  g_clear_pointer (&work->said, g_ptr_array_unref);
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

/* --- What was made --- */

static void list_next (SottoMeaningWork *work);

static void
take_put (SottoMeaningWork *work, gboolean is_put, const GError *error)
{
  SottoMeaning *self = work->meaning;

  if (self == NULL)
    return;
  if (!is_put)
    {
      sotto_meaning_set_error (self, error);
      return;
    }
  self->n_left -= MIN (self->n_left, work->n_done);
  /* The choice that is worth something now: see meaning.c. */
  g_object_set (self->settings, "meaning-model", work->path, NULL);
  list_next (work);
}

static void
on_passages_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaningWork) work = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_put = sotto_store_put_embeddings_finish (SOTTO_STORE (source), result, &error);

  take_put (work, is_put, error);
}

static void
on_pieces_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaningWork) work = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_put = sotto_store_put_message_embeddings_finish (SOTTO_STORE (source), result, &error);

  take_put (work, is_put, error);
}

static void
put (SottoMeaningWork *work, GBytes *vectors)
{
  if (work->pieces->len > 0)
    sotto_store_put_message_embeddings_async (work->store, work->embedder, work->pieces, vectors, work->cancellable,
                                              on_pieces_put, g_rc_box_acquire (work));
  else
    sotto_store_put_embeddings_async (work->store, work->embedder, work->rows, vectors, work->cancellable, on_passages_put,
                                      g_rc_box_acquire (work));
}

/* --- A few texts --- */

/* So many that the next request takes a moment, and not at once many times as many */
static void
learn_speed (SottoMeaning *self, guint n, gint64 took)
{
  const gint64 fitting = (gint64) n * MOMENT_US / MAX (took, 1);

  self->n_texts = (guint) CLAMP (fitting, 1, MIN (2 * n, MOST_TEXTS));
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
      learn_speed (self, work->n_texts, g_get_monotonic_time () - work->begun);
      sotto_meaning_set_opened (self, work->path);
      put (work, event->vectors);
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
embed (SottoMeaningWork *work, const char *const *texts)
{
  SottoMeaning *self = work->meaning;
  g_autoptr (GError) error = NULL;

  work->n_texts = g_strv_length ((char **) texts);
  work->begun = g_get_monotonic_time ();
  work->request = sotto_inference_embed (self->inference, work->path, SOTTO_EMBED_PASSAGE, texts, on_embed_event, work, &error);
  if (work->request == 0)
    sotto_meaning_set_error (self, error);
  else
    sotto_meaning_update (self);
}

/* What was put is not listed again, or this would never end. */
static void
fail_to_keep (SottoMeaning *self)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "The history does not keep vectors");

  sotto_meaning_set_error (self, error);
}

static void
embed_passages (SottoMeaningWork *work, GPtrArray *passages)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_null_terminated (passages->len, NULL, TRUE);
  const gint64 last = work->rows->len > 0 ? g_array_index (work->rows, gint64, 0) : 0;

  g_array_set_size (work->rows, 0);
  for (guint i = 0; i < passages->len; i++)
    {
      const SottoHistoryPassage *passage = g_ptr_array_index (passages, i);

      g_ptr_array_add (texts, passage->text);
      g_array_append_val (work->rows, passage->row);
    }
  work->n_done = passages->len;
  if (g_array_index (work->rows, gint64, 0) == last)
    fail_to_keep (work->meaning);
  else
    embed (work, (const char *const *) texts->pdata);
}

/* --- Messages --- */

/* Adds the next pieces of a message, as long as a request takes them; at least one, which may be nothing. */
static void
cut (SottoMeaningWork *work, const SottoHistorySaid *said, GPtrArray *texts)
{
  SottoHistoryPiece piece = { .message = said->message, .start = said->done, .whole = strlen (said->text) };
  gboolean has_more = sotto_message_pieces_find (said->text, said->done, &piece.start, &piece.length);

  if (!has_more)
    {
      piece.is_last = TRUE;
      g_array_append_val (work->pieces, piece);
      work->n_done++;
    }
  while (has_more && texts->len < work->meaning->n_texts)
    {
      SottoHistoryPiece next = piece;

      has_more = sotto_message_pieces_find (said->text, piece.start + piece.length, &next.start, &next.length);
      piece.is_last = !has_more;
      g_array_append_val (work->pieces, piece);
      g_ptr_array_add (texts, g_strndup (said->text + piece.start, piece.length));
      work->n_done += piece.is_last;
      piece = next;
    }
}

static void
embed_messages (SottoMeaningWork *work, GPtrArray *said)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  SottoHistoryPiece last = { 0 };
  const SottoHistoryPiece *first;

  if (work->pieces->len > 0)
    last = g_array_index (work->pieces, SottoHistoryPiece, 0);
  g_array_set_size (work->pieces, 0);
  work->n_done = 0;
  for (guint i = 0; i < said->len && texts->len < work->meaning->n_texts; i++)
    cut (work, g_ptr_array_index (said, i), texts);
  first = &g_array_index (work->pieces, SottoHistoryPiece, 0);
  if (first->message == last.message && first->start == last.start && first->whole == last.whole)
    {
      fail_to_keep (work->meaning);
    }
  else if (texts->len == 0)
    {
      g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

      put (work, nothing);
    }
  else
    {
      g_ptr_array_add (texts, NULL);
      embed (work, (const char *const *) texts->pdata);
    }
}

/* --- What there is to do --- */

static void
on_passages_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaningWork) work = user_data;
  g_autoptr (GPtrArray) said = g_steal_pointer (&work->said);
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
  self->n_left = (passages->len > 0 ? n_left : 0) + (said->len > 0 ? work->n_messages_left : 0);
  self->n_all = n_all + work->n_messages;
  if (self->n_left == 0 || sotto_meaning_must_rest (self))
    {
      sotto_meaning_end_work (self);
      sotto_meaning_update (self);
    }
  else if (said->len > 0)
    {
      embed_messages (work, said);
    }
  else
    {
      g_array_set_size (work->pieces, 0);
      embed_passages (work, passages);
    }
}

static void
on_messages_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaningWork) work = user_data;
  g_autoptr (GError) error = NULL;
  SottoMeaning *self = work->meaning;

  g_clear_pointer (&work->said, g_ptr_array_unref);
  work->said = sotto_store_list_unembedded_messages_finish (SOTTO_STORE (source), result, &work->n_messages_left,
                                                            &work->n_messages, &error);
  if (self == NULL)
    return;
  if (work->said == NULL)
    sotto_meaning_set_error (self, error);
  else
    sotto_store_list_unembedded_async (work->store, work->said->len > 0 ? 1 : self->n_texts, work->cancellable,
                                       on_passages_listed, g_rc_box_acquire (work));
}

static void
list_next (SottoMeaningWork *work)
{
  SottoMeaning *self = work->meaning;

  self->is_stale = FALSE;
  sotto_store_list_unembedded_messages_async (work->store, self->n_texts, work->cancellable, on_messages_listed,
                                              g_rc_box_acquire (work));
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
  work->pieces = g_array_new (FALSE, FALSE, sizeof (SottoHistoryPiece));
  self->work = work;
  list_next (work);
}
