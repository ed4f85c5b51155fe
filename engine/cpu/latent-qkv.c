#include "cpu/lane.h"

#include <string.h>

/* LATENT_QKV: multi-head latent attention. Three phases:
 *
 *   rows of query_down and latent                                     | barrier
 *   their norms: of one token every lane for itself, of more together | barrier, with more
 *   heads of Q, and what joins the cache                              | barrier
 *
 * Absorbed, the cache has one head: the latents and the turned part of the key; expanded, as many as Q. */

typedef struct {
  SottoLane *lane;
  const SottoLatentQkvStep *step;
  guint n_tokens;
  guint n_query_down;       /* 0: none */
  gsize stride;             /* of scratch.projected: query_down's rows, then latent's */
  SottoActivations query;   /* what query_up reads */
  SottoActivations latents; /* normed */
} Latent;

static SottoActivations
down (const Latent *self, guint which, guint n_columns)
{
  SottoLane *lane = self->lane;

  return sotto_activations_view (sotto_lane_is_alone (lane) ? &lane->memory->downs[which]
                                                            : &lane->state->scratch.downs[which],
                                 n_columns, lane->batch->n_tokens);
}

/* --- Down --- */

static gboolean
multiply_down (const Latent *self, const SottoActivations *x)
{
  const SottoLatentQkvStep *step = self->step;
  SottoLane *lane = self->lane;
  float *y = lane->state->scratch.projected;
  SottoProduct query = { .weight = &step->query_down, .n_rows = self->n_query_down, .x = x,
                         .n_tokens = self->n_tokens, .y = y, .y_stride = self->stride };
  SottoProduct latent = { .weight = &step->latent, .n_rows = step->latent.n_rows, .x = x,
                          .n_tokens = self->n_tokens, .y = y + self->n_query_down, .y_stride = self->stride };
  guint n_query_units = sotto_count_units (query.n_rows, SOTTO_UNIT_ROWS);
  guint n_units = n_query_units + sotto_count_units (latent.n_rows, SOTTO_UNIT_ROWS);
  guint unit;

  while (sotto_lane_take (lane, n_units, &unit))
    if (unit < n_query_units)
      sotto_lane_multiply_unit (lane, &query, unit);
    else
      sotto_lane_multiply_unit (lane, &latent, unit - n_query_units);
  return sotto_pool_barrier (lane->pool);
}

static void
norm_token (const Latent *self, guint t)
{
  const SottoLatentQkvStep *step = self->step;
  SottoLane *lane = self->lane;
  const float *row = lane->state->scratch.projected + t * self->stride;

  if (self->n_query_down > 0)
    {
      sotto_lane_norm (lane, &step->query_norm, row, self->n_query_down,
                       self->query.values + t * self->query.column_stride);
      sotto_lane_pack (lane, &self->query, t);
    }
  sotto_lane_norm (lane, &step->latent_norm, row + self->n_query_down, step->n_latent,
                   self->latents.values + t * self->latents.column_stride);
  sotto_lane_pack (lane, &self->latents, t);
}

static gboolean
norm_downs (const Latent *self)
{
  guint unit;

  if (sotto_lane_is_alone (self->lane))
    {
      norm_token (self, 0);
      return TRUE;
    }
  while (sotto_lane_take (self->lane, self->n_tokens, &unit))
    norm_token (self, unit);
  return sotto_pool_barrier (self->lane->pool);
}

/* --- Heads --- */

/* The part of the key that all heads share, of every token, behind n_before elements of rows. */
static void
put_turned (const Latent *self, float *rows, gsize stride, guint n_before)
{
  const SottoLatentQkvStep *step = self->step;
  const float *turned = self->lane->state->scratch.projected + self->n_query_down + step->n_latent;

  for (guint t = 0; t < self->n_tokens; t++)
    memcpy (rows + t * stride + n_before, turned + t * self->stride,
            step->n_turned * sizeof (float));
  sotto_lane_turn (self->lane, step->rope, 0, self->n_tokens, rows + n_before, stride);
}

/* The plain part of a head's queries, turned into the latent space. */
static void
absorb_query (const Latent *self, guint head, const SottoActivations *plain, float *queries)
{
  SottoWeight key_up = sotto_weight_at (&self->step->key_up, head);
  SottoProduct product = { .weight = &key_up, .n_rows = self->step->n_latent, .x = plain,
                           .n_tokens = self->n_tokens, .y = queries,
                           .y_stride = self->lane->state->scratch.queries_stride };

  sotto_lane_multiply (self->lane, &product);
}

static void
query_head (const Latent *self, guint head)
{
  const SottoLatentQkvStep *step = self->step;
  SottoLane *lane = self->lane;
  SottoScratch *scratch = &lane->state->scratch;
  SottoActivations plain = sotto_activations_view (&lane->memory->head, step->n_plain,
                                                   self->n_tokens);
  guint n_head = step->n_plain + step->n_turned;
  gboolean is_absorbed = sotto_weight_is_there (&step->key_up);
  guint n_key = is_absorbed ? step->n_latent + step->n_turned : n_head;
  float *queries = scratch->queries + (gsize) head * n_key;
  float *tile = lane->memory->tiles[0];
  SottoProduct up = { .weight = &step->query_up, .first_row = head * n_head, .n_rows = n_head,
                      .x = &self->query, .n_tokens = self->n_tokens, .y = tile, .y_stride = n_head };

  sotto_lane_multiply (lane, &up);
  sotto_lane_turn (lane, step->rope, 0, self->n_tokens, tile + step->n_plain, n_head);
  if (!is_absorbed)
    {
      for (guint t = 0; t < self->n_tokens; t++)
        memcpy (queries + t * scratch->queries_stride, tile + (gsize) t * n_head,
                n_head * sizeof *tile);
      sotto_lane_match_queries (lane, step->cache, self->n_tokens, queries,
                                scratch->queries_stride);
      return;
    }
  for (guint t = 0; t < self->n_tokens; t++)
    {
      memcpy (plain.values + t * plain.column_stride, tile + (gsize) t * n_head,
              step->n_plain * sizeof *tile);
      sotto_lane_pack (lane, &plain, t);
      memcpy (queries + t * scratch->queries_stride + step->n_latent,
              tile + (gsize) t * n_head + step->n_plain, step->n_turned * sizeof *tile);
    }
  absorb_query (self, head, &plain, queries);
  sotto_lane_match_queries (lane, step->cache, self->n_tokens, queries, scratch->queries_stride);
}

static void
append_latents (const Latent *self)
{
  const SottoLatentQkvStep *step = self->step;
  guint n_key = step->n_latent + step->n_turned;
  float *tile = self->lane->memory->tiles[0];

  for (guint t = 0; t < self->n_tokens; t++)
    memcpy (tile + (gsize) t * n_key, self->latents.values + t * self->latents.column_stride,
            step->n_latent * sizeof *tile);
  put_turned (self, tile, n_key, step->n_latent);
  sotto_lane_append_keys (self->lane, step->cache, 0, tile, n_key);
}

static void
append_expanded (const Latent *self, guint head)
{
  const SottoLatentQkvStep *step = self->step;
  SottoLane *lane = self->lane;
  guint n_rows = step->n_plain + step->n_value;
  guint n_key = step->n_plain + step->n_turned;
  float *both = lane->memory->tiles[0];
  float *keys = lane->memory->tiles[1];
  SottoProduct up = { .weight = &step->key_value_up, .first_row = head * n_rows, .n_rows = n_rows,
                      .x = &self->latents, .n_tokens = self->n_tokens, .y = both, .y_stride = n_rows };

  sotto_lane_multiply (lane, &up);
  for (guint t = 0; t < self->n_tokens; t++)
    memcpy (keys + (gsize) t * n_key, both + (gsize) t * n_rows, step->n_plain * sizeof *both);
  put_turned (self, keys, n_key, step->n_plain);
  sotto_lane_append_keys (lane, step->cache, head, keys, n_key);
  sotto_lane_append_values (lane, step->cache, head, both + step->n_plain, n_rows);
}

void
sotto_step_latent_qkv (SottoLane *lane, const SottoStep *step)
{
  const SottoLatentQkvStep *latent = &step->latent_qkv;
  gboolean is_absorbed = sotto_weight_is_there (&latent->key_up);
  SottoActivations x = sotto_lane_operand (lane, latent->from, latent->latent.n_columns);
  Latent self = { .lane = lane, .step = latent, .n_tokens = lane->batch->n_tokens };
  guint unit;

  if (sotto_weight_is_there (&latent->query_down))
    self.n_query_down = latent->query_down.n_rows;
  self.stride = self.n_query_down + latent->latent.n_rows;
  self.query = self.n_query_down > 0 ? down (&self, 0, self.n_query_down) : x;
  self.latents = down (&self, 1, latent->n_latent);

  if (sotto_pool_is_stopped (lane->pool) || !multiply_down (&self, &x) || !norm_downs (&self))
    return;
  while (sotto_lane_take (lane, latent->n_heads * (is_absorbed ? 1 : 2) + is_absorbed, &unit))
    if (unit < latent->n_heads)
      query_head (&self, unit);
    else if (is_absorbed)
      append_latents (&self);
    else
      append_expanded (&self, unit - latent->n_heads);
  sotto_pool_barrier (lane->pool);
}
