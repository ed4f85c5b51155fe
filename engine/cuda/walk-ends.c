#include "cuda/walk.h"

/* What a plan begins and ends with: EMBED, INPUTS, LOGITS and POOL as operations. */

static const SottoWalkProduct plainly = { .scale = 1.0f };

static gboolean
read_table (SottoCudaWalk *self, const SottoWeight *table, float *y)
{
  SottoCudaEmbed arguments = { .table = *table, .scale = 1.0f, .tokens = self->tokens,
                               .position = self->position, .y = y, .n_rows = self->n_rows };

  return SOTTO_WALK_DO (self, embed, &arguments);
}

gboolean
sotto_walk_embed (SottoCudaWalk *self, const SottoEmbedStep *step)
{
  SottoCudaEmbed arguments = { .table = step->table,
                               .positions = step->positions,
                               .addend = step->addend,
                               .scale = step->scale,
                               .tokens = self->tokens,
                               .position = self->position,
                               .y = sotto_walk_buffer (self, SOTTO_BUFFER_RESIDUAL, self->plan->n_embedding),
                               .n_rows = self->n_rows,
                               .is_written = self->has_rows };

  sotto_walk_touch (self, arguments.y);
  return SOTTO_WALK_DO (self, embed, &arguments);
}

gboolean
sotto_walk_inputs (SottoCudaWalk *self, const SottoInputsStep *step)
{
  guint n_columns = step->projection.n_columns, n = step->projection.n_rows;
  const float *residual = sotto_walk_buffer (self, SOTTO_BUFFER_RESIDUAL, n_columns);
  float *inputs = sotto_walk_rows (self, SOTTO_ROWS_INPUTS, n);
  float *rows = sotto_walk_take_floats (self, self->n_rows, n);
  SottoWalkProduct product = { .scale = step->projection_scale };
  SottoCudaNorm norm = { .norm = step->norm, .x = inputs, .y = inputs, .x_stride = n, .y_stride = n,
                         .x_step = step->n_input, .y_step = step->n_input, .n_rows = self->n_rows,
                         .n_pieces = n / step->n_input, .n_columns = step->n_input };
  SottoCudaAdd sum = { .from = rows, .to = inputs, .n_rows = self->n_rows, .n_columns = n,
                       .scale = step->table_scale, .scale_after = step->scale };

  self->n_inputs = n;
  return sotto_walk_quantise (self, residual, n_columns, self->n_rows, n_columns)
         && sotto_walk_multiply (self, &step->projection, inputs, n, &product)
         && SOTTO_WALK_DO (self, norm, &norm) && read_table (self, &step->table, rows)
         && SOTTO_WALK_DO (self, add, &sum);
}

/* The residual's last @n_rows rows, normed. */
static float *
norm_rows (SottoCudaWalk *self, const SottoNorm *norm, guint n_rows, gboolean is_read)
{
  guint n = self->plan->n_embedding;
  const float *residual = sotto_walk_buffer (self, SOTTO_BUFFER_RESIDUAL, n);
  float *normed = sotto_walk_buffer (self, SOTTO_BUFFER_NORMED, n);

  return sotto_walk_norm (self, norm, residual + (gsize) (self->n_rows - n_rows) * n, normed, n_rows, n, is_read)
           ? normed : NULL;
}

gboolean
sotto_walk_logits (SottoCudaWalk *self, const SottoLogitsStep *step)
{
  guint n_rows = self->all_logits ? self->n_rows : 1;
  guint n = self->plan->n_embedding, n_output = self->plan->n_output;
  float *normed = norm_rows (self, &step->norm, n_rows, TRUE);
  float *output = sotto_walk_output (self, (gsize) n_rows * n_output);
  SottoWalkProduct product = { .scale = step->soft_cap > 0.0f ? 1.0f : step->scale };
  SottoCudaCap cap = { .y = output, .n = (gsize) n_rows * n_output, .scale = step->scale,
                       .soft_cap = step->soft_cap };

  return normed != NULL && sotto_walk_quantise (self, normed, n, n_rows, n)
         && sotto_walk_multiply (self, &step->weight, output, n_output, &product)
         && (step->soft_cap <= 0.0f || SOTTO_WALK_DO (self, cap, &cap));
}

gboolean
sotto_walk_pool (SottoCudaWalk *self, const SottoPoolStep *step)
{
  guint n = self->plan->n_embedding;
  float *normed = norm_rows (self, &step->norm, self->n_rows, FALSE);
  float *output = sotto_walk_output (self, self->plan->n_output);
  gboolean has_first = sotto_weight_is_there (&step->dense[0]);
  gboolean has_second = sotto_weight_is_there (&step->dense[1]);
  float *pooled = has_first || has_second ? sotto_walk_take_floats (self, 1, n) : output;
  float *middle = has_first && has_second ? sotto_walk_take_floats (self, 1, step->dense[0].n_rows) : output;
  SottoCudaPool arguments = { .pooling = step->pooling, .x = normed, .y = pooled,
                              .n_rows = self->n_rows, .n_columns = n };

  if (normed == NULL || !SOTTO_WALK_DO (self, pool, &arguments))
    return FALSE;
  if (has_first
      && (!sotto_walk_quantise (self, pooled, n, 1, n)
          || !sotto_walk_multiply (self, &step->dense[0], middle, step->dense[0].n_rows, &plainly)))
    return FALSE;
  if (!has_second)
    return TRUE;
  n = step->dense[1].n_columns;
  return sotto_walk_quantise (self, has_first ? middle : pooled, n, 1, n)
         && sotto_walk_multiply (self, &step->dense[1], output, step->dense[1].n_rows, &plainly);
}
