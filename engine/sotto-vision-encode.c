/* Rows out of pixels: each square of a picture goes through the encoder, layer by layer, is merged and goes through the projector. */

#include "sotto-vision-private.h"

#include "backend.h"
#include "sotto-error.h"

#include <string.h>

/* Rows that many can attend in floats; for more, halves save a third of the time. */
#define EXACT_TOKENS 1024

typedef struct {
  const SottoVision *vision;
  const SottoVisionFrame *frame;
  SottoBackend *backend;
  SottoProgress progress;
  gpointer user_data;
  SottoCancel *cancel;
  GError **error;

  SottoState *encoder;
  SottoState *projector;
  gint32 *places;           /* (n_tokens): 0, 1 …: rows of the table of positions */
  gint32 *nothing;          /* (n_rows): zeros */
  guint *rows;              /* (n_patches): where each is among the encoder's */
  GArray *ends;             /* (element-type guint): of windows */
  SottoSpot *spots;         /* (nullable) (n_tokens) */
  float *handed;            /* what goes into a stretch: as large as the largest of them wants */
  float *merged;            /* (n_rows, n_merged) */

  guint64 done;             /* stretches */
  guint64 all;
} Encoding;

static void
encoding_clear (Encoding *self)
{
  self->backend->klass->state_free (self->backend, self->encoder);
  self->backend->klass->state_free (self->backend, self->projector);
  g_free (self->places);
  g_free (self->nothing);
  g_free (self->rows);
  g_clear_pointer (&self->ends, g_array_unref);
  g_free (self->spots);
  g_free (self->handed);
  g_free (self->merged);
}

static gboolean
refuse_memory (gsize n_floats, GError **error)
{
  gsize wanted = n_floats * sizeof (float);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &(SottoErrorArguments) { .wanted = wanted },
                          "no memory for a picture: %" G_GSIZE_FORMAT " bytes", wanted);
  return FALSE;
}

/* Where patches are, for heads that turn by it. */
static void
make_spots (Encoding *self)
{
  self->spots = g_new0 (SottoSpot, self->frame->n_tokens);
  for (guint i = 0; i < self->frame->n_patches; i++)
    {
      self->spots[self->rows[i]].at[SOTTO_AXIS_HEIGHT] = i / self->frame->n_across;
      self->spots[self->rows[i]].at[SOTTO_AXIS_WIDTH] = i % self->frame->n_across;
    }
}

static SottoKvType
choose_kv_type (const SottoVisionFrame *frame)
{
  return frame->n_tokens > EXACT_TOKENS ? SOTTO_KV_F16 : SOTTO_KV_F32;
}

static SottoState *
make_state (Encoding *self, const SottoPlan *plan, guint n_tokens, SottoKvType type)
{
  SottoLoading loading = { .cancel = self->cancel };

  return self->backend->klass->state_new (self->backend, plan, n_tokens, type, &loading, self->error);
}

static gboolean
encoding_init (Encoding *self)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const SottoVisionPlans *plans = &self->vision->plans;
  const SottoVisionFrame *frame = self->frame;
  gsize n_handed = (gsize) frame->n_tokens * MAX (sizes->n_embedding, sizes->n_patch);
  gsize n_merged = (gsize) frame->n_rows * sizes->n_merged;

  self->places = g_new (gint32, frame->n_tokens);
  self->nothing = g_new0 (gint32, frame->n_rows);
  for (guint i = 0; i < frame->n_tokens; i++)
    self->places[i] = (gint32) i;
  self->rows = g_new (guint, frame->n_patches);
  self->ends = g_array_new (FALSE, FALSE, sizeof (guint));
  sotto_vision_order (sizes, frame, self->rows, self->ends);
  if (self->vision->kind->turns != SOTTO_TURN_NONE)
    make_spots (self);
  self->handed = g_try_new (float, n_handed);
  self->merged = g_try_new (float, n_merged);
  if (self->handed == NULL || self->merged == NULL)
    return refuse_memory (n_handed + n_merged, self->error);

  self->encoder = make_state (self, &plans->encoder, frame->n_tokens, choose_kv_type (frame));
  if (self->encoder == NULL)
    return FALSE;
  self->projector = make_state (self, &plans->projector, frame->n_rows, SOTTO_KV_F32);
  return self->projector != NULL;
}

static void
tell (Encoding *self)
{
  if (self->progress != NULL)
    self->progress (++self->done, self->all, self->user_data);
}

/* Rows @first … @end - 1 through a stretch of the encoder. From stretch to stretch they are copied, since a backend whose number of
 * threads changes may lay its memory out anew. */
static gboolean
encode_some (Encoding *self, SottoBatch *batch, guint n_in, guint first, guint end)
{
  const guint n = self->vision->sizes.n_embedding;

  batch->tokens = sotto_vision_kind_is_whole (self->vision->kind) ? NULL : self->places + first;
  batch->n_tokens = end - first;
  batch->spots = self->spots != NULL ? self->spots + first : NULL;
  batch->handed = self->handed + (gsize) first * n_in;
  if (!self->backend->klass->run (self->backend, self->encoder, batch, self->cancel, self->error))
    return FALSE;
  memcpy (self->handed + (gsize) first * n, self->backend->klass->get_output (self->backend, self->encoder),
          (gsize) batch->n_tokens * n * sizeof (float));
  return TRUE;
}

/* All rows through stretch @index: the first makes them out of patches, the others are a layer each. Windows, which are short and see
 * nothing of each other, go through a layer one after the other. */
static gboolean
encode_stretch (Encoding *self, guint index)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const GArray *stretches = self->vision->plans.stretches;
  SottoBatch batch = { .first_step = index > 0 ? g_array_index (stretches, guint, index - 1) : 0,
                       .end_step = g_array_index (stretches, guint, index) };

  if (index == 0 || !sotto_vision_is_windowed (sizes, index - 1))
    return encode_some (self, &batch, index == 0 ? sizes->n_patch : sizes->n_embedding, 0, self->frame->n_tokens);

  for (guint i = 0; i < self->ends->len; i++)
    if (!encode_some (self, &batch, sizes->n_embedding, i > 0 ? g_array_index (self->ends, guint, i - 1) : 0,
                      g_array_index (self->ends, guint, i)))
      return FALSE;
  return TRUE;
}

/* The encoder's rows, merged, through one of the projectors. */
static gboolean
project (Encoding *self, SottoState *state, float *out)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  SottoBatch batch = { .tokens = self->nothing, .n_tokens = self->frame->n_rows, .handed = self->merged };

  sotto_vision_merge (sizes, self->frame, self->vision->kind->merge, self->rows, self->handed, self->merged);
  if (!self->backend->klass->run (self->backend, state, &batch, self->cancel, self->error))
    return FALSE;
  memcpy (out, self->backend->klass->get_output (self->backend, state),
          (gsize) self->frame->n_rows * sizes->n_output * sizeof (float));
  tell (self);
  return TRUE;
}

/* What the model's layer @index is to add, out of rows as they are now. */
static gboolean
project_deep (Encoding *self, guint index, float *out)
{
  const SottoVisionDeep *deep = &g_array_index (self->vision->plans.deep, SottoVisionDeep, index);
  SottoState *state = make_state (self, &deep->plan, self->frame->n_rows, SOTTO_KV_F32);
  gboolean is_done;

  if (state == NULL)
    return FALSE;
  is_done = project (self, state, out);
  self->backend->klass->state_free (self->backend, state);
  return is_done;
}

/* @out: part after part, (n_rows, n_output) */
static gboolean
encode_square (Encoding *self, const guint8 *square, float *out)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const SottoVisionPlans *plans = &self->vision->plans;
  const gsize n_part = (gsize) self->frame->n_rows * sizes->n_output;
  guint n_deep = 0;

  sotto_vision_cut_patches (sizes, self->frame, self->rows, square, self->handed);
  for (guint i = 0; i < plans->stretches->len; i++)
    {
      if (!encode_stretch (self, i))
        return FALSE;
      tell (self);
      if (i == 0 && plans->positions != NULL)
        sotto_vision_add_positions (sizes, self->frame, self->rows, plans->positions, self->handed);
      if (i > 0 && n_deep < plans->deep->len && g_array_index (plans->deep, SottoVisionDeep, n_deep).layer == i - 1)
        {
          n_deep++;
          if (!project_deep (self, n_deep - 1, out + n_deep * n_part))
            return FALSE;
        }
    }
  return project (self, self->projector, out);
}

static gboolean
encode_squares (Encoding *self, const guint8 *squares, guint n_squares, float *out)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const SottoVisionPlans *plans = &self->vision->plans;
  const gsize n_bytes = (gsize) sizes->image_size * sizes->image_size * 3;

  self->all = (guint64) n_squares * (plans->stretches->len + plans->deep->len + 1);
  for (guint i = 0; i < n_squares; i++)
    if (!encode_square (self, squares + i * n_bytes, out + (gsize) i * self->frame->n_rows * sizes->n_output))
      return FALSE;
  return sotto_gguf_check_unchanged (self->vision->gguf, self->error);
}

guint64
sotto_vision_estimate_memory (const SottoVision *self, guint width, guint height)
{
  const SottoVisionSizes *sizes = &self->sizes;
  const SottoGrid grid = sotto_grid_find (sizes, self->kind, width, height);
  const SottoVisionFrame *frame = &grid.frame;
  const guint64 n_handed = (guint64) frame->n_tokens * MAX (sizes->n_embedding, sizes->n_patch);
  const guint64 n_merged = (guint64) frame->n_rows * sizes->n_merged;
  const guint64 n_rows = (guint64) grid.n_squares * frame->n_rows * sizes->n_output * (1 + self->plans.deep->len);
  guint64 caches[2], scratch[2];

  sotto_backend_estimate (&self->plans.encoder, frame->n_tokens, choose_kv_type (frame), &caches[0], &scratch[0]);
  sotto_backend_estimate (&self->plans.projector, frame->n_rows, SOTTO_KV_F32, &caches[1], &scratch[1]);
  return (n_handed + n_merged + n_rows) * sizeof (float) + caches[0] + scratch[0] + caches[1] + scratch[1];
}

static gboolean
check_backend (const SottoBackend *backend, GError **error)
{
  const char *subject = "pictures are encoded by the CPU";

  if (g_str_has_prefix (sotto_backend_get_name (backend), "cpu-"))
    return TRUE;
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND, &(SottoErrorArguments) { .subject = subject }, "%s", subject);
  return FALSE;
}

float *
sotto_vision_encode (SottoVision    *self,
                     SottoBackend   *backend,
                     SottoImage     *image,
                     SottoProgress   progress,
                     gpointer        user_data,
                     SottoCancel    *cancel,
                     guint          *n_rows,
                     GError        **error)
{
  SottoGrid grid = sotto_grid_find (&self->sizes, self->kind, sotto_image_get_width (image), sotto_image_get_height (image));
  Encoding encoding = { .vision = self, .frame = &grid.frame, .backend = backend, .progress = progress,
                        .user_data = user_data, .cancel = cancel, .error = error };
  gsize n_floats = (gsize) grid.n_squares * grid.frame.n_rows * self->sizes.n_output * (1 + self->plans.deep->len);
  g_autofree guint8 *squares = NULL;
  g_autofree float *rows = NULL;
  gboolean is_done;

  if (!check_backend (backend, error) || !sotto_cancel_check (cancel, error))
    return NULL;
  squares = sotto_grid_cut (&grid, &self->sizes, self->kind, image, cancel, error);
  if (squares == NULL)
    return NULL;
  rows = g_try_new (float, n_floats);
  if (rows == NULL)
    {
      refuse_memory (n_floats, error);
      return NULL;
    }

  is_done = encoding_init (&encoding) && encode_squares (&encoding, squares, grid.n_squares, rows);
  encoding_clear (&encoding);
  if (!is_done)
    return NULL;
  *n_rows = grid.n_squares * grid.frame.n_rows;
  return g_steal_pointer (&rows);
}
