/* A kept timeline as a file: the bytes that sotto-session-state.c describes, without logits, a piece at a time. Its head,
 * tokens and positions come first, so that little has to be read to know what it is worth.
 */

#include "sotto-kept-file.h"

#include "cpu/pages.h"
#include "sotto-model-private.h"
#include "sotto-session-state.h"

#include <string.h>

/* Small enough for a cancel to be noticed. */
#define PIECE ((gsize) 1 << 20)

struct _SottoKeptFile {
  const SottoTimelines *timelines; /* (transfer none) */
  const SottoSession *session;     /* (transfer none) */
  gpointer file;
  SottoStateHead head;
  SottoKept *kept;         /* without the state's bytes */
};

/* As a file has it. */
typedef struct {
  guint32 first;
  guint32 length;
  guint32 decoded;
} Stretch;

G_STATIC_ASSERT (sizeof (Stretch) == 12);

static SottoStateHead
make_head (const SottoKept *kept)
{
  return (SottoStateHead) { .n_tokens = kept->aside->tokens->len,
                            .n_stretches = kept->stretches->len,
                            .n_checkpoints = kept->aside->checkpoints->len,
                            .n_grids = kept->aside->grids->len,
                            .is_long = kept->aside->is_long };
}

guint64
sotto_kept_file_measure (const SottoKept *kept, const SottoSession *session)
{
  SottoStateHead head = make_head (kept);

  return sotto_state_head_measure (&head, session, kept->aside->checkpoints);
}

/* --- Saving --- */

typedef struct {
  const SottoTimelines *timelines;
  gpointer file;
  gint64 until;
  SottoCancel *cancel;
} Writing;

static gboolean
put (const Writing *self, gconstpointer bytes, gsize n_bytes)
{
  const guint8 *next = bytes;

  while (n_bytes > 0)
    {
      gsize n = MIN (n_bytes, PIECE);

      if (sotto_cancel_is_raised (self->cancel) || g_get_monotonic_time () > self->until
          || !self->timelines->write (self->file, next, n))
        return FALSE;
      next += n;
      n_bytes -= n;
    }
  return TRUE;
}

/* All that comes before the state's bytes */
static gboolean
put_front (const Writing *self, const SottoStateHead *head, const SottoKept *kept, const SottoSession *session)
{
  const GArray *checkpoints = kept->aside->checkpoints;
  gsize n_bytes = SOTTO_STATE_HEAD_BYTES
                  + 4 * ((gsize) head->n_tokens + 3 * ((gsize) head->n_stretches + head->n_grids) + head->n_checkpoints);
  g_autofree guint8 *bytes = g_try_malloc (n_bytes);
  guint8 *next = bytes + SOTTO_STATE_HEAD_BYTES;

  if (bytes == NULL || !sotto_state_head_put (head, session, bytes, NULL))
    return FALSE;

  sotto_state_copy_words (next, (const guint8 *) kept->aside->tokens->data, head->n_tokens);
  next += 4 * (gsize) head->n_tokens;
  for (guint i = 0; i < head->n_stretches; i++, next += sizeof (Stretch))
    {
      const SottoStretch *stretch = &g_array_index (kept->stretches, SottoStretch, i);
      Stretch words = { stretch->first, stretch->length, stretch->decoded ? 1 : 0 };

      sotto_state_copy_words (next, (const guint8 *) &words, 3);
    }
  next = sotto_state_put_grids (kept->aside->grids, next);
  sotto_state_put_positions (checkpoints, next);
  return put (self, bytes, n_bytes);
}

static gboolean
put_checkpoints (const Writing *self, const GArray *checkpoints)
{
  for (guint i = 0; i < checkpoints->len; i++)
    {
      gsize n_bytes;
      const void *bytes = g_bytes_get_data (g_array_index (checkpoints, SottoCheckpoint, i).bytes, &n_bytes);

      if (!put (self, bytes, n_bytes))
        return FALSE;
    }
  return TRUE;
}

gboolean
sotto_kept_file_save (const SottoKept       *kept,
                      const SottoSession    *session,
                      const SottoTimelines  *timelines,
                      gint64                 until,
                      SottoCancel           *cancel)
{
  const char *model = sotto_model_peek_hash (session->model);
  SottoStateHead head = make_head (kept);
  Writing writing = { timelines, NULL, until, cancel };
  gboolean ok;

  if (model != NULL)
    writing.file = timelines->create (kept->conversation, model, sotto_kept_file_measure (kept, session),
                                      timelines->user_data);
  if (writing.file == NULL)
    return FALSE;

  ok = put_front (&writing, &head, kept, session) && put (&writing, kept->aside->bytes, kept->aside->n_bytes)
       && put_checkpoints (&writing, kept->aside->checkpoints) && timelines->finish (writing.file);
  timelines->close (writing.file);
  return ok;
}

/* --- Loading --- */

static void
drop (SottoKeptFile *self)
{
  self->timelines->remove (self->kept->conversation, sotto_model_peek_hash (self->session->model),
                           self->timelines->user_data);
}

static gboolean
take (const SottoKeptFile *self, gpointer bytes, gsize n_bytes)
{
  return n_bytes == 0 || self->timelines->read (self->file, bytes, n_bytes);
}

static gboolean
take_stretches (SottoKeptFile *self)
{
  guint end = 0;

  for (guint i = 0; i < self->head.n_stretches; i++)
    {
      guint8 bytes[sizeof (Stretch)];
      Stretch words;

      if (!take (self, bytes, sizeof bytes))
        return FALSE;
      sotto_state_copy_words ((guint8 *) &words, bytes, 3);
      /* One behind the other; the last may go on where tokens were given up. */
      if (words.first != end || words.length == 0 || words.length > self->head.n_tokens - words.first || words.decoded > 1)
        return FALSE;
      end += words.length;
      g_array_append_vals (self->kept->stretches, &(SottoStretch) { words.first, words.length, words.decoded != 0 }, 1);
    }
  return end == self->head.n_tokens;
}

static gboolean
take_grids (SottoKeptFile *self)
{
  gsize n_bytes = SOTTO_STATE_GRID_BYTES * (gsize) self->head.n_grids;
  g_autofree guint8 *bytes = g_try_malloc (MAX (n_bytes, 1));
  SottoAside *aside = self->kept->aside;
  GArray *grids;

  if (bytes == NULL || !take (self, bytes, n_bytes))
    return FALSE;
  grids = sotto_state_get_grids (&self->head, self->session, (const gint32 *) (gconstpointer) aside->tokens->data, bytes, NULL);
  if (grids == NULL)
    return FALSE;
  g_array_unref (aside->grids);
  aside->grids = grids;
  return TRUE;
}

static gboolean
take_positions (SottoKeptFile *self)
{
  g_autofree guint8 *bytes = g_malloc (4 * (gsize) MAX (self->head.n_checkpoints, 1));
  GArray *checkpoints;

  if (!take (self, bytes, 4 * (gsize) self->head.n_checkpoints))
    return FALSE;
  checkpoints = sotto_state_get_positions (&self->head, bytes, NULL);
  if (checkpoints == NULL)
    return FALSE;
  g_array_unref (self->kept->aside->checkpoints);
  self->kept->aside->checkpoints = checkpoints;
  return TRUE;
}

static gboolean
take_front (SottoKeptFile *self)
{
  guint8 bytes[SOTTO_STATE_HEAD_BYTES];
  SottoAside *aside = self->kept->aside;
  gsize n;

  if (!take (self, bytes, sizeof bytes) || !sotto_state_head_get (&self->head, self->session, bytes, NULL)
      || self->head.n_tokens == 0 || self->head.n_logits != 0)
    return FALSE;

  n = self->head.n_tokens;
  g_array_set_size (aside->tokens, self->head.n_tokens);
  if (!take (self, aside->tokens->data, 4 * n))
    return FALSE;
#if G_BYTE_ORDER == G_BIG_ENDIAN
  {
    g_autofree guint8 *copy = g_memdup2 (aside->tokens->data, 4 * n);

    sotto_state_copy_words ((guint8 *) aside->tokens->data, copy, n);
  }
#endif
  aside->is_long = self->head.is_long;
  aside->n_bytes = self->session->backend->klass->state_bytes (self->session->backend, self->session->state,
                                                               self->head.n_tokens);
  return sotto_state_check_tokens (self->session, (const gint32 *) aside->tokens->data, self->head.n_tokens, NULL)
         && take_stretches (self) && take_grids (self) && take_positions (self);
}

SottoKeptFile *
sotto_kept_file_open (const SottoTimelines *timelines, const SottoSession *session, const char *conversation)
{
  const char *model = sotto_model_peek_hash (session->model);
  gpointer file = model != NULL ? timelines->open (conversation, model, timelines->user_data) : NULL;
  g_autoptr (SottoKeptFile) self = NULL;

  if (file == NULL)
    return NULL;

  self = g_new0 (SottoKeptFile, 1);
  self->timelines = timelines;
  self->session = session;
  self->file = file;
  self->kept = g_new0 (SottoKept, 1);
  self->kept->aside = g_new0 (SottoAside, 1);
  self->kept->aside->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->kept->aside->grids = g_array_new (FALSE, FALSE, sizeof (SottoRowGrid));
  self->kept->aside->checkpoints = sotto_checkpoints_new ();
  self->kept->stretches = g_array_new (FALSE, FALSE, sizeof (SottoStretch));
  self->kept->conversation = g_strdup (conversation);
  self->kept->lasts = TRUE;
  if (take_front (self))
    return g_steal_pointer (&self);

  drop (self);
  return NULL;
}

const SottoAside *
sotto_kept_file_peek (const SottoKeptFile *self)
{
  return self->kept->aside;
}

/* FALSE: cancelled, or it is not what it was; then @is_bad is set. */
static gboolean
take_state (SottoKeptFile *self, SottoProgress progress, gpointer user_data, SottoCancel *cancel, gboolean *is_bad)
{
  SottoAside *aside = self->kept->aside;

  for (gsize at = 0, n; at < aside->n_bytes; at += n)
    {
      n = MIN (PIECE, aside->n_bytes - at);
      if (sotto_cancel_is_raised (cancel))
        return FALSE;
      if (progress != NULL)
        progress (at, aside->n_bytes, user_data);
      if (!take (self, aside->bytes + at, n))
        {
          *is_bad = TRUE;
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
take_checkpoints (SottoKeptFile *self, SottoCancel *cancel, gboolean *is_bad)
{
  GArray *checkpoints = self->kept->aside->checkpoints;

  for (guint i = 0; i < checkpoints->len; i++)
    {
      gsize n_bytes = sotto_state_measure_checkpoint (self->session, g_array_index (checkpoints, SottoCheckpoint, i).position);
      guint8 *bytes = g_try_malloc (MAX (n_bytes, 1));

      if (bytes == NULL)
        return FALSE;
      sotto_state_set_checkpoint (checkpoints, i, g_bytes_new_take (bytes, n_bytes));
      for (gsize at = 0, n; at < n_bytes; at += n)
        {
          n = MIN (PIECE, n_bytes - at);
          if (sotto_cancel_is_raised (cancel))
            return FALSE;
          *is_bad = !take (self, bytes + at, n);
          if (*is_bad)
            return FALSE;
        }
    }
  return TRUE;
}

SottoKept *
sotto_kept_file_load (SottoKeptFile  *self,
                      SottoProgress   progress,
                      gpointer        user_data,
                      SottoCancel    *cancel)
{
  SottoAside *aside = self->kept->aside;
  gboolean is_bad = FALSE;

  aside->bytes = sotto_pages_take (aside->n_bytes);
  if (aside->bytes != NULL && take_state (self, progress, user_data, cancel, &is_bad)
      && take_checkpoints (self, cancel, &is_bad))
    return g_steal_pointer (&self->kept);

  if (is_bad)
    drop (self);
  return NULL;
}

void
sotto_kept_file_free (SottoKeptFile *self)
{
  if (self == NULL)
    return;

  self->timelines->close (self->file);
  g_clear_pointer (&self->kept, sotto_kept_free);
  g_free (self);
}
