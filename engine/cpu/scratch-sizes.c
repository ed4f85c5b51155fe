#include "cpu/scratch-sizes.h"

#include "cpu/cache-layout.h"

/* What every kind of step needs, summed up as maxima over a plan. */

static void
widen (guint *size, guint to)
{
  *size = MAX (*size, to);
}

static void
use_weight (SottoScratchSizes *self, const SottoWeight *weight)
{
  if (!sotto_weight_is_there (weight))
    return;
  widen (&self->n_columns, weight->n_columns);
  self->weight_bytes += weight->n_rows * weight->row_bytes;
  self->types |= (guint64) 1 << weight->type;
}

static void
use_buffer (SottoScratchSizes *self, SottoBuffer buffer, guint n)
{
  widen (&self->buffers[buffer], n);
}

static void
add_inputs (SottoScratchSizes *self, const SottoInputsStep *step)
{
  use_weight (self, &step->projection);
  widen (&self->inputs, step->projection.n_rows);
  widen (&self->row, step->table.n_columns);
}

static void
add_match (SottoScratchSizes *self, const SottoPlan *plan, const SottoMatchStep *step)
{
  use_buffer (self, step->from, plan->n_embedding);
  use_buffer (self, step->to, plan->n_embedding);
  use_buffer (self, step->like, plan->n_embedding);
}

static void
add_streams (SottoScratchSizes *self, const SottoPlan *plan, const SottoStreamsStep *step)
{
  use_buffer (self, step->kept, plan->n_embedding);
  for (guint i = 1; i < step->n_streams; i++)
    use_buffer (self, SOTTO_BUFFER_STREAM + i - 1, plan->n_embedding);
  widen (&self->row, plan->n_embedding);
}

static void
add_qkv (SottoScratchSizes *self, const SottoPlan *plan, const SottoQkvStep *step)
{
  const SottoCacheShape *cache = &plan->caches[step->cache];

  use_weight (self, &step->query);
  use_weight (self, &step->gate);
  use_weight (self, &step->key);
  use_weight (self, &step->value);
  use_buffer (self, step->from, step->query.n_columns);
  widen (&self->queries, step->n_heads * step->n_key);
  self->gates |= sotto_weight_is_there (&step->gate);
  widen (&self->tile, MAX (cache->n_key, cache->n_value));
  widen (&self->row, cache->n_heads * MAX (cache->n_key, cache->n_value));
  if (step->span == SOTTO_SPAN_ROW)
    widen (&self->projected, cache->n_heads * (cache->n_key + cache->n_value));
}

static void
add_latent_qkv (SottoScratchSizes *self, const SottoPlan *plan, const SottoLatentQkvStep *step)
{
  const SottoWeight *const weights[] = { &step->query_down, &step->query_up, &step->latent,
                                         &step->key_up, &step->key_value_up };
  guint n_query_down = sotto_weight_is_there (&step->query_down) ? step->query_down.n_rows : 0;

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    use_weight (self, weights[i]);
  use_buffer (self, step->from, step->latent.n_columns);
  widen (&self->queries, step->n_heads * plan->caches[step->cache].n_key);
  widen (&self->projected, n_query_down + step->latent.n_rows);
  widen (&self->downs[0], n_query_down);
  widen (&self->downs[1], step->n_latent);
  widen (&self->head, step->n_plain);
  widen (&self->tile, step->n_plain + MAX (step->n_turned, step->n_value));
  widen (&self->tile, step->n_latent + step->n_turned);
}

static void
add_attend (SottoScratchSizes *self, const SottoPlan *plan, const SottoAttendStep *step)
{
  const SottoCacheShape *cache = &plan->caches[step->cache];
  guint n_value = cache->n_value > 0 ? cache->n_value : cache->n_latent;
  guint stride = sotto_value_stride (n_value);
  gboolean is_latent = sotto_weight_is_there (&step->value_up);

  use_weight (self, &step->value_up);
  use_buffer (self, SOTTO_BUFFER_ATTENDED,
              step->n_heads * (is_latent ? step->value_up.n_rows : n_value));
  widen (&self->value_stride, stride);
  widen (&self->n_head, MAX (cache->n_key, n_value));
  widen (&self->split_heads, step->n_heads * (2 + stride));
  if (is_latent)
    {
      widen (&self->latent_heads, step->n_heads);
      widen (&self->n_latent, n_value);
    }
}

static void
add_delta (SottoScratchSizes *self, const SottoDeltaStep *step)
{
  use_weight (self, &step->mixed);
  use_weight (self, &step->gate);
  use_weight (self, &step->alpha);
  use_weight (self, &step->beta);
  use_buffer (self, step->from, step->mixed.n_columns);
  use_buffer (self, SOTTO_BUFFER_ATTENDED, step->gate.n_rows);
  widen (&self->projected, step->mixed.n_rows + step->gate.n_rows + 2 * step->n_value_heads);
  widen (&self->n_taps, step->n_conv);
  /* the convolution's weights by tap, and its result */
  widen (&self->row, (step->n_conv + 2) * (2 * step->n_key + step->n_value));
}

static void
add_convolve (SottoScratchSizes *self, const SottoConvolveStep *step)
{
  use_weight (self, &step->mixed);
  use_buffer (self, step->from, step->mixed.n_columns);
  use_buffer (self, SOTTO_BUFFER_ATTENDED, step->n_channels);
  widen (&self->projected, step->mixed.n_rows);
  widen (&self->n_taps, step->n_conv);
  widen (&self->row, step->n_conv * SOTTO_UNIT_ROWS); /* the convolution's weights by tap */
}

static void
add_scan (SottoScratchSizes *self, const SottoScanStep *step)
{
  use_weight (self, &step->mixed);
  use_buffer (self, step->from, step->mixed.n_columns);
  use_buffer (self, SOTTO_BUFFER_ATTENDED, step->n_heads * step->n_value);
  widen (&self->projected, step->mixed.n_rows);
  widen (&self->n_taps, step->n_conv);
  /* the convolution's weights by tap, and its result */
  widen (&self->row, (step->n_conv + 2) * (2 * step->n_key + step->n_value));
}

static void
add_feed (SottoScratchSizes *self, const SottoFeedStep *step)
{
  const SottoWeight *first = sotto_weight_is_there (&step->gate) ? &step->gate : &step->up;

  use_weight (self, &step->gate);
  use_weight (self, &step->up);
  use_weight (self, &step->switch_);
  use_buffer (self, step->from, first->n_columns);
  use_buffer (self, SOTTO_BUFFER_HIDDEN, first->n_rows);
}

static void
add_project (SottoScratchSizes *self, const SottoProjectStep *step)
{
  use_weight (self, &step->weight);
  use_buffer (self, step->from, step->weight.n_columns);
  use_buffer (self, step->to, step->weight.n_rows);
  widen (&self->landing, step->weight.n_rows);
}

static void
add_experts (SottoScratchSizes *self, const SottoExpertsStep *step)
{
  use_weight (self, &step->router);
  use_weight (self, &step->gate);
  use_weight (self, &step->up);
  use_weight (self, &step->down);
  use_buffer (self, step->from, step->up.n_columns);
  use_buffer (self, step->router_from, step->router.n_columns);
  use_buffer (self, step->to, step->down.n_rows);
  widen (&self->landing, step->down.n_rows);
  widen (&self->projected, step->n_experts);
  widen (&self->gathered, step->up.n_columns);
  widen (&self->row, 4 * step->n_experts);
  widen (&self->n_experts, step->n_experts);
  widen (&self->n_used, step->n_used);
  widen (&self->n_expert_hidden, step->up.n_rows);
}

static void
add_pool (SottoScratchSizes *self, const SottoPlan *plan, const SottoPoolStep *step)
{
  use_buffer (self, SOTTO_BUFFER_NORMED, plan->n_embedding);
  widen (&self->pooled, plan->n_embedding);
  for (guint i = 0; i < G_N_ELEMENTS (step->dense); i++)
    {
      use_weight (self, &step->dense[i]);
      widen (&self->pooled, step->dense[i].n_rows);
    }
}

static void
add_hand (SottoScratchSizes *self, const SottoPlan *plan, const SottoHandStep *step)
{
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    if (step->buffers >> i & 1)
      use_buffer (self, i, sotto_hand_columns (plan, step));
  widen (&self->inputs, step->n_inputs);
  widen (&self->handed, sotto_hand_floats (plan, step));
}

static void
add_step (SottoScratchSizes *self, const SottoPlan *plan, const SottoStep *step)
{
  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      widen (&self->row, plan->n_embedding);
      break;
    case SOTTO_STEP_INPUTS:
      add_inputs (self, &step->inputs);
      break;
    case SOTTO_STEP_NORM:
      use_buffer (self, step->norm.from, plan->n_embedding);
      use_buffer (self, step->norm.to, plan->n_embedding);
      break;
    case SOTTO_STEP_ADD:
      use_buffer (self, step->add.from, plan->n_embedding);
      use_buffer (self, step->add.to, plan->n_embedding);
      widen (&self->row, plan->n_embedding);
      break;
    case SOTTO_STEP_DEEPEN:
      use_buffer (self, SOTTO_BUFFER_RESIDUAL, plan->n_embedding);
      break;
    case SOTTO_STEP_MATCH:
      add_match (self, plan, &step->match);
      break;
    case SOTTO_STEP_PREDICT:
    case SOTTO_STEP_CORRECT:
      add_streams (self, plan, &step->streams);
      break;
    case SOTTO_STEP_QKV:
      add_qkv (self, plan, &step->qkv);
      break;
    case SOTTO_STEP_LATENT_QKV:
      add_latent_qkv (self, plan, &step->latent_qkv);
      break;
    case SOTTO_STEP_ATTEND:
      add_attend (self, plan, &step->attend);
      break;
    case SOTTO_STEP_DELTA:
      add_delta (self, &step->delta);
      break;
    case SOTTO_STEP_CONVOLVE:
      add_convolve (self, &step->convolve);
      break;
    case SOTTO_STEP_SCAN:
      add_scan (self, &step->scan);
      break;
    case SOTTO_STEP_FEED:
      add_feed (self, &step->feed);
      break;
    case SOTTO_STEP_PROJECT:
      add_project (self, &step->project);
      break;
    case SOTTO_STEP_EXPERTS:
      add_experts (self, &step->experts);
      break;
    case SOTTO_STEP_LOGITS:
      use_weight (self, &step->logits.weight);
      use_buffer (self, SOTTO_BUFFER_NORMED, plan->n_embedding);
      break;
    case SOTTO_STEP_POOL:
      add_pool (self, plan, &step->pool);
      break;
    case SOTTO_STEP_TAKE:
    case SOTTO_STEP_HAND:
      add_hand (self, plan, &step->hand);
      break;
    case SOTTO_N_STEP_KINDS:
    default:
      break;
    }
}

/* --- What may lie in the same place --- */

static gboolean
names_buffer (const SottoStep *step, SottoBuffer buffer)
{
  switch (step->kind)
    {
    case SOTTO_STEP_NORM:
      return step->norm.from == buffer || step->norm.to == buffer;
    case SOTTO_STEP_ADD:
      return step->add.from == buffer || step->add.to == buffer;
    case SOTTO_STEP_MATCH:
      return step->match.from == buffer || step->match.to == buffer || step->match.like == buffer;
    case SOTTO_STEP_PREDICT:
    case SOTTO_STEP_CORRECT:
      return step->streams.kept == buffer;
    case SOTTO_STEP_QKV:
      return step->qkv.from == buffer;
    case SOTTO_STEP_LATENT_QKV:
      return step->latent_qkv.from == buffer;
    case SOTTO_STEP_DELTA:
      return step->delta.from == buffer;
    case SOTTO_STEP_CONVOLVE:
      return step->convolve.from == buffer;
    case SOTTO_STEP_SCAN:
      return step->scan.from == buffer;
    case SOTTO_STEP_FEED:
      return step->feed.from == buffer;
    case SOTTO_STEP_PROJECT:
      return step->project.from == buffer || step->project.to == buffer;
    case SOTTO_STEP_EXPERTS:
      return step->experts.from == buffer || step->experts.router_from == buffer
             || step->experts.to == buffer;
    case SOTTO_STEP_EMBED:
    case SOTTO_STEP_INPUTS:
    case SOTTO_STEP_ATTEND:
    case SOTTO_STEP_LOGITS:
    case SOTTO_STEP_POOL:
    case SOTTO_STEP_TAKE:
    case SOTTO_STEP_HAND:
    case SOTTO_N_STEP_KINDS:
    default:
      return FALSE;
    }
}

/* Whether each of the two, what attention computes in and what FEED leaves, has been read when the
 * other is written, so that one place serves both: as in every family, where a projection, which ends
 * with a barrier, reads the one before the other begins. */
static gboolean
takes_turns (const SottoPlan *plan)
{
  enum { NOBODY, ATTENTION, FEED } owner = NOBODY;

  for (guint i = 0; i < plan->n_steps; i++)
    {
      const SottoStep *step = &plan->steps[i];
      gboolean begins_attention = step->kind == SOTTO_STEP_QKV || step->kind == SOTTO_STEP_LATENT_QKV
                                  || step->kind == SOTTO_STEP_DELTA || step->kind == SOTTO_STEP_CONVOLVE
                                  || step->kind == SOTTO_STEP_SCAN;
      gboolean begins_feed = step->kind == SOTTO_STEP_FEED;
      gboolean goes_on_attention = step->kind == SOTTO_STEP_ATTEND
                                   || names_buffer (step, SOTTO_BUFFER_ATTENDED);
      gboolean goes_on_feed = names_buffer (step, SOTTO_BUFFER_HIDDEN);

      if ((goes_on_attention && (owner != ATTENTION || begins_feed))
          || (goes_on_feed && (owner != FEED || begins_attention)))
        return FALSE;
      owner = begins_attention ? ATTENTION : begins_feed ? FEED : owner;
    }
  return TRUE;
}

SottoScratchSizes
sotto_scratch_sizes (const SottoPlan *plan)
{
  SottoScratchSizes self = { .tile = SOTTO_MOST_UNIT_ROWS };

  use_buffer (&self, SOTTO_BUFFER_RESIDUAL, plan->n_embedding);
  for (guint i = 0; i < plan->n_steps; i++)
    add_step (&self, plan, &plan->steps[i]);
  self.takes_turns = takes_turns (plan);
  return self;
}
