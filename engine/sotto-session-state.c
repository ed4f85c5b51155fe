/* A session as bytes, so that a conversation can go on where it was after a restart.
 *
 * All numbers are little-endian.
 *
 *   0   8 bytes  "SottoKV" and a zero
 *   8   uint32   version of this format: 4
 *  12   uint32   SOTTO_NUMERICS_VERSION of the engine that computed it, plus 256 times the form of what the state
 *               holds (SottoBackendClass.state_form; 0 on the CPU)
 *  16   uint32   type of the cache (SottoKvType)
 *  20   uint32   n: tokens of the timeline
 *  24   uint32   v: logits that follow: the size of the vocabulary, or 0 when there are none
 *  28   uint32   1 where the timeline is a long sequence (SottoPlan.long_from), else 0
 *  32  64 bytes  SHA-256 of the model's file, lower-case hex digits
 *  96  64 bytes  the same of who computed it (sotto_session_describe_backend())
 * 160   uint32   s: stretches
 * 164   uint32   c: checkpoints
 * 168   uint32   g: grids
 * 172   int32    × n: the timeline; negative where it has rows in place of tokens
 *       3 uint32 × s: how it was computed, where that is known: first position, length, 1 where it was decoded, else 0
 *       3 uint32 × g: pictures whose rows are grids, for models whose positions have axes: first position, rows, columns
 *       uint32   × c: positions, rising
 *       float    × v: the logits of its last token
 *       what the state holds at n positions, in the backend's order for this plan and type
 *       × c: what forgets as it was at that position (SottoBackendClass.checkpoint_store)
 *
 * The bytes end there. They are restored only for the very same model, cache type, numerics and processor or GPU, so
 * that what follows is what would have followed, and the receipt of it is true; they carry no checksum, since whoever stores
 * them (the history's sealed files) authenticates what it stores.
 *
 * sotto_session_save() and sotto_session_restore() make and take all of it in memory; sotto-kept-file.c, a piece at a time.
 */

#include "sotto-session-state.h"

#include "sotto-error.h"
#include "sotto-model-private.h"

#include <string.h>

#define HASH_BYTES 64
#define FORMAT_VERSION 4

/* More than a session ever has. */
#define MOST_CHECKPOINTS 64
#define MOST_STRETCHES (1u << 20)

static const char magic[8] = "SottoKV";

static void
put_32 (guint8 *target, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (target, &value, sizeof value);
}

static guint32
get_32 (const guint8 *source)
{
  guint32 value;

  memcpy (&value, source, sizeof value);
  return GUINT32_FROM_LE (value);
}

void
sotto_state_copy_words (guint8 *target, const guint8 *source, gsize n)
{
  if (n == 0)
    return;

  memcpy (target, source, 4 * n);
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i < n; i++)
    put_32 (target + 4 * i, get_32 (target + 4 * i));
#endif
}

static gboolean G_GNUC_PRINTF (2, 3)
bad_state (GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_STATE,
                          &(SottoErrorArguments) { .subject = reason }, "saved state: %s", reason);
  return FALSE;
}

static gboolean
no_memory (gsize n_bytes, GError **error)
{
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                          &(SottoErrorArguments) { .wanted = n_bytes },
                          "no memory for %" G_GSIZE_FORMAT " bytes of a session's state", n_bytes);
  return FALSE;
}

/* --- The head --- */

static guint32
get_numerics (const SottoSession *self)
{
  const SottoBackendClass *klass = self->backend->klass;
  guint form = klass->state_form != NULL ? klass->state_form (self->backend, self->state) : 0;

  return SOTTO_NUMERICS_VERSION | form << 8;
}

static char *
hash_backend (const SottoSession *self)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, sotto_session_describe_backend (self), -1);
}

gsize
sotto_state_measure_checkpoint (const SottoSession *self, guint position)
{
  return self->backend->klass->checkpoint_bytes (self->backend, self->state, position);
}

guint64
sotto_state_head_measure (const SottoStateHead *self, const SottoSession *session, const GArray *checkpoints)
{
  guint64 n_words = (guint64) self->n_tokens + 3 * ((guint64) self->n_stretches + self->n_grids) + self->n_checkpoints
                    + self->n_logits;
  guint64 n_bytes = SOTTO_STATE_HEAD_BYTES + 4 * n_words
                    + session->backend->klass->state_bytes (session->backend, session->state, self->n_tokens);

  for (guint i = 0; i < checkpoints->len; i++)
    n_bytes += sotto_state_measure_checkpoint (session, g_array_index (checkpoints, SottoCheckpoint, i).position);
  return n_bytes;
}

gboolean
sotto_state_head_put (const SottoStateHead *self, const SottoSession *session, guint8 *bytes, GError **error)
{
  const char *hash = sotto_model_peek_hash (session->model);
  g_autofree char *backend = hash_backend (session);

  if (hash == NULL)
    return bad_state (error, "the model's hash is not known yet");

  memcpy (bytes, magic, sizeof magic);
  put_32 (bytes + 8, FORMAT_VERSION);
  put_32 (bytes + 12, get_numerics (session));
  put_32 (bytes + 16, session->kv_type);
  put_32 (bytes + 20, self->n_tokens);
  put_32 (bytes + 24, self->n_logits);
  put_32 (bytes + 28, self->is_long ? 1 : 0);
  memcpy (bytes + 32, hash, HASH_BYTES);
  memcpy (bytes + 96, backend, HASH_BYTES);
  put_32 (bytes + 160, self->n_stretches);
  put_32 (bytes + 164, self->n_checkpoints);
  put_32 (bytes + 168, self->n_grids);
  return TRUE;
}

gboolean
sotto_state_head_get (SottoStateHead *self, const SottoSession *session, const guint8 *bytes, GError **error)
{
  const char *hash = sotto_model_peek_hash (session->model);
  g_autofree char *backend = hash_backend (session);
  guint n_vocabulary = sotto_model_get_info (session->model)->n_vocabulary;

  if (memcmp (bytes, magic, sizeof magic) != 0)
    return bad_state (error, "not a session");
  if (get_32 (bytes + 8) != FORMAT_VERSION)
    return bad_state (error, "version %u of the format is not known", get_32 (bytes + 8));
  if (get_32 (bytes + 12) != get_numerics (session))
    return bad_state (error, "computed with numerics %u, this is %u", get_32 (bytes + 12),
                      get_numerics (session));
  if (get_32 (bytes + 16) != (guint32) session->kv_type)
    return bad_state (error, "another type of KV cache");
  if (hash == NULL)
    return bad_state (error, "the model's hash is not known yet");
  if (memcmp (bytes + 32, hash, HASH_BYTES) != 0)
    return bad_state (error, "of another model");
  if (memcmp (bytes + 96, backend, HASH_BYTES) != 0)
    return bad_state (error, "computed elsewhere");

  self->n_tokens = get_32 (bytes + 20);
  self->n_logits = get_32 (bytes + 24);
  self->is_long = get_32 (bytes + 28) == 1;
  self->n_stretches = get_32 (bytes + 160);
  self->n_checkpoints = get_32 (bytes + 164);
  self->n_grids = get_32 (bytes + 168);
  if (self->n_tokens > session->n_context)
    return bad_state (error, "%u tokens do not fit into a context of %u", self->n_tokens, session->n_context);
  if ((self->n_logits != 0 && self->n_logits != n_vocabulary)
      || get_32 (bytes + 28) != (guint32) sotto_session_is_long (session, self->n_tokens)
      || self->n_stretches > MOST_STRETCHES || self->n_checkpoints > MOST_CHECKPOINTS
      || self->n_grids > self->n_tokens)
    return bad_state (error, "damaged");
  return TRUE;
}

guint8 *
sotto_state_put_grids (const GArray *grids, guint8 *next)
{
  for (guint i = 0; i < grids->len; i++, next += SOTTO_STATE_GRID_BYTES)
    {
      const SottoRowGrid *grid = &g_array_index (grids, SottoRowGrid, i);

      put_32 (next, grid->first);
      put_32 (next + 4, grid->n_rows);
      put_32 (next + 8, grid->n_columns);
    }
  return next;
}

/* Whether it lies behind @before, in rows; its end may not be there. */
static gboolean
check_grid (const SottoRowGrid *grid, const SottoSession *session, guint before, const gint32 *tokens, guint n)
{
  if (grid->first < before || grid->first >= n || grid->n_rows == 0 || grid->n_rows > session->n_context - grid->first
      || grid->n_columns == 0 || grid->n_rows % grid->n_columns != 0)
    return FALSE;
  for (guint i = grid->first; i < MIN (n, grid->first + grid->n_rows); i++)
    if (tokens[i] >= 0)
      return FALSE;
  return TRUE;
}

GArray *
sotto_state_get_grids (const SottoStateHead  *head,
                       const SottoSession    *session,
                       const gint32          *tokens,
                       const guint8          *next,
                       GError               **error)
{
  g_autoptr (GArray) grids = g_array_new (FALSE, FALSE, sizeof (SottoRowGrid));
  gboolean has_axes = sotto_model_get_program (session->model)->plan.has_axes;
  guint before = 0;

  for (guint i = 0; i < head->n_grids; i++, next += SOTTO_STATE_GRID_BYTES)
    {
      SottoRowGrid grid = { get_32 (next), get_32 (next + 4), get_32 (next + 8) };

      if (!has_axes || !check_grid (&grid, session, before, tokens, head->n_tokens))
        {
          bad_state (error, "damaged");
          return NULL;
        }
      before = grid.first + grid.n_rows;
      g_array_append_val (grids, grid);
    }
  return g_steal_pointer (&grids);
}

guint8 *
sotto_state_put_positions (const GArray *checkpoints, guint8 *next)
{
  for (guint i = 0; i < checkpoints->len; i++)
    put_32 (next + 4 * (gsize) i, g_array_index (checkpoints, SottoCheckpoint, i).position);
  return next + 4 * (gsize) checkpoints->len;
}

GArray *
sotto_state_get_positions (const SottoStateHead *head, const guint8 *next, GError **error)
{
  g_autoptr (GArray) checkpoints = sotto_checkpoints_new ();
  guint last = 0;

  for (guint i = 0; i < head->n_checkpoints; i++)
    {
      SottoCheckpoint mark = { .position = get_32 (next + 4 * (gsize) i) };

      if (mark.position <= last || mark.position > head->n_tokens)
        {
          bad_state (error, "damaged");
          return NULL;
        }
      last = mark.position;
      mark.bytes = g_bytes_new (NULL, 0);
      g_array_append_val (checkpoints, mark);
    }
  return g_steal_pointer (&checkpoints);
}

void
sotto_state_set_checkpoint (GArray *checkpoints, guint index, GBytes *bytes)
{
  SottoCheckpoint *mark = &g_array_index (checkpoints, SottoCheckpoint, index);

  g_bytes_unref (mark->bytes);
  mark->bytes = bytes;
}

gboolean
sotto_state_check_tokens (const SottoSession *session, const gint32 *tokens, guint n, GError **error)
{
  gint32 n_vocabulary = (gint32) sotto_model_get_info (session->model)->n_vocabulary;
  gboolean takes_rows = sotto_plan_takes_rows (&sotto_model_get_program (session->model)->plan);

  for (guint i = 0; i < n; i++)
    if (tokens[i] >= n_vocabulary || (tokens[i] < 0 && !takes_rows))
      return bad_state (error, "damaged");
  return TRUE;
}

/* --- All of it in memory --- */

GBytes *
sotto_session_save (SottoSession *self, GError **error)
{
  const SottoBackendClass *klass = self->backend->klass;
  const GArray *grids = sotto_session_get_grids (self);
  SottoStateHead head = { .n_tokens = self->tokens->len,
                          .n_logits = self->logits != NULL ? sotto_model_get_info (self->model)->n_vocabulary : 0,
                          .n_checkpoints = self->checkpoints->len,
                          .n_grids = grids->len,
                          .is_long = self->is_long };
  g_autofree guint8 *bytes = NULL;
  gsize total = sotto_state_head_measure (&head, self, self->checkpoints);
  guint8 *next;

  if (!klass->state_serves (self->backend, self->state, head.n_tokens))
    {
      bad_state (error, "the last step failed");
      return NULL;
    }

  bytes = g_try_malloc0 (total);
  if (bytes == NULL)
    {
      no_memory (total, error);
      return NULL;
    }
  if (!sotto_state_head_put (&head, self, bytes, error))
    return NULL;

  next = bytes + SOTTO_STATE_HEAD_BYTES;
  sotto_state_copy_words (next, (const guint8 *) self->tokens->data, head.n_tokens);
  next = sotto_state_put_grids (grids, next + 4 * (gsize) head.n_tokens);
  next = sotto_state_put_positions (self->checkpoints, next);
  sotto_state_copy_words (next, (const guint8 *) self->logits, head.n_logits);
  next += 4 * (gsize) head.n_logits;
  if (!klass->state_store (self->backend, self->state, head.n_tokens, next, NULL))
    {
      bad_state (error, "the device that holds it failed");
      return NULL;
    }
  next += klass->state_bytes (self->backend, self->state, head.n_tokens);
  for (guint i = 0; i < head.n_checkpoints; i++)
    {
      gsize n_bytes;
      const void *source = g_bytes_get_data (g_array_index (self->checkpoints, SottoCheckpoint, i).bytes, &n_bytes);

      memcpy (next, source, n_bytes);
      next += n_bytes;
    }

  return g_bytes_new_take (g_steal_pointer (&bytes), total);
}

gboolean
sotto_session_restore (SottoSession *self, GBytes *state, GError **error)
{
  const SottoBackendClass *klass = self->backend->klass;
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) grids = NULL;
  g_autoptr (GArray) checkpoints = NULL;
  SottoStateHead head;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (state, &length);
  const guint8 *next = bytes + SOTTO_STATE_HEAD_BYTES;
  const guint8 *logits;

  if (length < SOTTO_STATE_HEAD_BYTES)
    return bad_state (error, "not a session");
  if (!sotto_state_head_get (&head, self, bytes, error))
    return FALSE;
  if (length < SOTTO_STATE_HEAD_BYTES
                 + 4 * ((guint64) head.n_tokens + 3 * ((guint64) head.n_stretches + head.n_grids) + head.n_checkpoints
                        + head.n_logits))
    return bad_state (error, "its length is wrong");

  g_array_set_size (tokens, head.n_tokens);
  sotto_state_copy_words ((guint8 *) tokens->data, next, head.n_tokens);
  next += 4 * ((gsize) head.n_tokens + 3 * (gsize) head.n_stretches);
  grids = sotto_state_get_grids (&head, self, (const gint32 *) tokens->data, next, error);
  if (grids == NULL)
    return FALSE;
  next += SOTTO_STATE_GRID_BYTES * (gsize) head.n_grids;
  checkpoints = sotto_state_get_positions (&head, next, error);
  logits = next + 4 * (gsize) head.n_checkpoints;
  next = logits + 4 * (gsize) head.n_logits;
  if (checkpoints == NULL)
    return FALSE;
  if (length != sotto_state_head_measure (&head, self, checkpoints))
    return bad_state (error, "its length is wrong");
  if (!sotto_state_check_tokens (self, (const gint32 *) tokens->data, head.n_tokens, error))
    return FALSE;
  if (head.n_logits > 0 && self->restored_logits == NULL)
    {
      self->restored_logits = g_try_new (float, head.n_logits);
      if (self->restored_logits == NULL)
        return no_memory (head.n_logits * sizeof (float), error);
    }

  sotto_state_copy_words ((guint8 *) self->restored_logits, logits, head.n_logits);
  g_array_set_size (self->tokens, 0);
  sotto_session_drop_checkpoints (self);
  self->is_long = head.is_long;
  self->rows = NULL;
  self->is_away = FALSE;
  self->logits = NULL;
  if (!klass->state_load (self->backend, self->state, head.n_tokens, next, NULL))
    return bad_state (error, "the device that is to hold it failed");

  if (head.n_tokens > 0)
    g_array_append_vals (self->tokens, tokens->data, head.n_tokens);
  g_array_unref (self->grids);
  self->grids = g_steal_pointer (&grids);
  next += klass->state_bytes (self->backend, self->state, head.n_tokens);
  for (guint i = 0; i < head.n_checkpoints; i++)
    {
      gsize n_bytes = sotto_state_measure_checkpoint (self, g_array_index (checkpoints, SottoCheckpoint, i).position);

      sotto_state_set_checkpoint (checkpoints, i, g_bytes_new (next, n_bytes));
      next += n_bytes;
    }
  g_array_unref (self->checkpoints);
  self->checkpoints = g_steal_pointer (&checkpoints);
  self->logits = head.n_logits > 0 ? self->restored_logits : NULL;
  return TRUE;
}
