/* Rows out of pixels: each square of a picture goes through the encoder, layer by layer, is merged and goes through the projector. */

#include "sotto-vision-private.h"

#include "backend.h"
#include "sotto-error.h"

#include <string.h>

/* Rows that many can attend in floats; for more, halves save a third of the time. */
#define EXACT_TOKENS 1024

typedef struct {
  const SottoVision *vision;
  SottoBackend *backend;
  SottoProgress progress;
  gpointer user_data;
  SottoCancel *cancel;
  GError **error;

  SottoState *encoder;
  SottoState *projector;
  gint32 *places;           /* (n_tokens): 0, 1 …: rows of the table of positions */
  gint32 *nothing;          /* (n_rows): zeros */
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

static gboolean
encoding_init (Encoding *self)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const SottoVisionPlans *plans = &self->vision->plans;
  SottoLoading loading = { .cancel = self->cancel };
  gsize n_handed = (gsize) sizes->n_tokens * MAX (sizes->n_embedding, sizes->n_patch);
  gsize n_merged = (gsize) sizes->n_rows * sizes->n_merged;

  self->places = g_new (gint32, sizes->n_tokens);
  self->nothing = g_new0 (gint32, sizes->n_rows);
  for (guint i = 0; i < sizes->n_tokens; i++)
    self->places[i] = (gint32) i;
  self->handed = g_try_new (float, n_handed);
  self->merged = g_try_new (float, n_merged);
  if (self->handed == NULL || self->merged == NULL)
    return refuse_memory (n_handed + n_merged, self->error);

  self->encoder = self->backend->klass->state_new (self->backend, &plans->encoder, sizes->n_tokens,
                                                   sizes->n_tokens > EXACT_TOKENS ? SOTTO_KV_F16 : SOTTO_KV_F32, &loading,
                                                   self->error);
  if (self->encoder == NULL)
    return FALSE;
  self->projector = self->backend->klass->state_new (self->backend, &plans->projector, sizes->n_rows, SOTTO_KV_F32, &loading,
                                                     self->error);
  return self->projector != NULL;
}

static gboolean
run (Encoding *self, SottoState *state, const SottoBatch *batch)
{
  if (!self->backend->klass->run (self->backend, state, batch, self->cancel, self->error))
    return FALSE;
  if (self->progress != NULL)
    self->progress (++self->done, self->all, self->user_data);
  return TRUE;
}

/* From stretch to stretch rows are copied, since a backend whose number of threads changes may lay its memory out anew. */
static gboolean
encode_square (Encoding *self, const guint8 *square, float *out)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const GArray *stretches = self->vision->plans.stretches;
  SottoBatch batch = { .tokens = self->places, .n_tokens = sizes->n_tokens, .handed = self->handed };

  sotto_vision_cut_patches (sizes, square, self->handed);
  for (guint i = 0; i < stretches->len; i++)
    {
      batch.end_step = g_array_index (stretches, guint, i);
      if (!run (self, self->encoder, &batch))
        return FALSE;
      memcpy (self->handed, self->backend->klass->get_output (self->backend, self->encoder),
              (gsize) sizes->n_tokens * sizes->n_embedding * sizeof (float));
      batch.first_step = batch.end_step;
    }

  sotto_vision_merge (sizes, self->vision->kind->merge, self->handed, self->merged);
  batch = (SottoBatch) { .tokens = self->nothing, .n_tokens = sizes->n_rows, .handed = self->merged };
  if (!run (self, self->projector, &batch))
    return FALSE;
  memcpy (out, self->backend->klass->get_output (self->backend, self->projector),
          (gsize) sizes->n_rows * sizes->n_output * sizeof (float));
  return TRUE;
}

static gboolean
encode_squares (Encoding *self, const guint8 *squares, guint n_squares, float *out)
{
  const SottoVisionSizes *sizes = &self->vision->sizes;
  const gsize n_bytes = (gsize) sizes->image_size * sizes->image_size * 3;

  self->all = (guint64) n_squares * (self->vision->plans.stretches->len + 1);
  for (guint i = 0; i < n_squares; i++)
    if (!encode_square (self, squares + i * n_bytes, out + (gsize) i * sizes->n_rows * sizes->n_output))
      return FALSE;
  return sotto_gguf_check_unchanged (self->vision->gguf, self->error);
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
  Encoding encoding = { .vision = self, .backend = backend, .progress = progress, .user_data = user_data, .cancel = cancel,
                        .error = error };
  gsize n_floats = (gsize) grid.n_squares * self->sizes.n_rows * self->sizes.n_output;
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
  *n_rows = grid.n_squares * self->sizes.n_rows;
  return g_steal_pointer (&rows);
}
