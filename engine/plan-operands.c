#include "plan-operands.h"

typedef const SottoOperandVisitor Visitor;

static void
show_floats (Visitor *self, const float **floats, gsize n)
{
  if (*floats != NULL && n > 0 && self->floats != NULL)
    self->floats (self->data, floats, n);
}

static void
show_weight (Visitor *self, SottoWeight *weight)
{
  if (!sotto_weight_is_there (weight))
    return;
  show_floats (self, &weight->bias, (gsize) weight->n_matrices * weight->n_rows);
  show_floats (self, &weight->scales, weight->n_matrices);
  if (self->weight != NULL)
    self->weight (self->data, weight);
}

static void
show_norm (Visitor *self, SottoNorm *norm, gsize n)
{
  show_floats (self, &norm->weight, n);
  show_floats (self, &norm->bias, n);
}

static void
show_rope (Visitor *self, const SottoRope **rope)
{
  if (*rope != NULL && self->rope != NULL)
    self->rope (self->data, rope);
}

/* --- Kinds of steps --- */

static void
visit_qkv (Visitor *self, const SottoPlan *plan, SottoQkvStep *step)
{
  gsize n_kv_heads = plan->caches[step->cache].n_heads;
  gboolean is_one = step->span == SOTTO_SPAN_HEAD;

  show_weight (self, &step->query);
  show_weight (self, &step->gate);
  show_weight (self, &step->key);
  show_weight (self, &step->value);
  show_norm (self, &step->query_norm, (is_one ? 1 : step->n_heads) * (gsize) step->n_key);
  show_norm (self, &step->key_norm, (is_one ? 1 : n_kv_heads) * step->n_key);
  show_norm (self, &step->value_norm, plan->caches[step->cache].n_value);
  show_rope (self, &step->rope);
}

static void
visit_latent_qkv (Visitor *self, SottoLatentQkvStep *step)
{
  show_weight (self, &step->query_down);
  show_norm (self, &step->query_norm, step->query_down.n_rows);
  show_weight (self, &step->query_up);
  show_weight (self, &step->latent);
  show_norm (self, &step->latent_norm, step->n_latent);
  show_weight (self, &step->key_up);
  show_weight (self, &step->key_value_up);
  show_rope (self, &step->rope);
}

static void
visit_delta (Visitor *self, SottoDeltaStep *step)
{
  show_weight (self, &step->mixed);
  show_weight (self, &step->gate);
  show_weight (self, &step->alpha);
  show_weight (self, &step->beta);
  show_floats (self, &step->convolution, (gsize) step->mixed.n_rows * step->n_conv);
  show_floats (self, &step->rates, step->n_value_heads);
  show_floats (self, &step->step_bias, step->n_value_heads);
  show_norm (self, &step->norm, step->n_value);
}

static void
visit_convolve (Visitor *self, SottoConvolveStep *step)
{
  show_weight (self, &step->mixed);
  show_floats (self, &step->convolution, (gsize) step->n_channels * step->n_conv);
  show_floats (self, &step->bias, step->n_channels);
}

static void
visit_scan (Visitor *self, SottoScanStep *step)
{
  show_weight (self, &step->mixed);
  show_floats (self, &step->convolution, (gsize) sotto_scan_channels (step) * step->n_conv);
  show_floats (self, &step->bias, sotto_scan_channels (step));
  show_floats (self, &step->rates, step->n_heads);
  show_floats (self, &step->step_bias, step->n_heads);
  show_floats (self, &step->skips, step->n_heads);
  show_norm (self, &step->norm, (gsize) step->n_heads * step->n_value);
}

static void
visit_streams (Visitor *self, const SottoPlan *plan, SottoStep *of)
{
  SottoStreamsStep *step = &of->streams;
  gsize n = step->n_streams;

  show_norm (self, &step->norm, plan->n_embedding);
  show_floats (self, &step->router, n * plan->n_embedding);
  show_floats (self, &step->coefficients, of->kind == SOTTO_STEP_PREDICT ? n * n * n : n * n);
}

static void
visit_experts (Visitor *self, SottoExpertsStep *step)
{
  show_weight (self, &step->router);
  show_floats (self, &step->selection_bias, step->n_experts);
  show_floats (self, &step->expert_scales, step->n_experts);
  show_weight (self, &step->gate);
  show_weight (self, &step->up);
  show_weight (self, &step->down);
}

void
sotto_operands_visit (const SottoPlan *plan, SottoStep *step, Visitor *self)
{
  gsize n = plan->n_embedding;

  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      show_weight (self, &step->embed.table);
      show_weight (self, &step->embed.positions);
      show_floats (self, &step->embed.addend, n);
      break;
    case SOTTO_STEP_INPUTS:
      show_weight (self, &step->inputs.table);
      show_weight (self, &step->inputs.projection);
      show_norm (self, &step->inputs.norm, step->inputs.n_input);
      break;
    case SOTTO_STEP_NORM:
      show_norm (self, &step->norm.norm, n);
      break;
    case SOTTO_STEP_ADD:
      show_norm (self, &step->add.norm, n);
      break;
    case SOTTO_STEP_PREDICT:
    case SOTTO_STEP_CORRECT:
      visit_streams (self, plan, step);
      break;
    case SOTTO_STEP_QKV:
      visit_qkv (self, plan, &step->qkv);
      break;
    case SOTTO_STEP_LATENT_QKV:
      visit_latent_qkv (self, &step->latent_qkv);
      break;
    case SOTTO_STEP_ATTEND:
      show_floats (self, &step->attend.sinks, step->attend.n_heads);
      show_floats (self, &step->attend.slopes, step->attend.n_heads);
      show_weight (self, &step->attend.value_up);
      break;
    case SOTTO_STEP_DELTA:
      visit_delta (self, &step->delta);
      break;
    case SOTTO_STEP_CONVOLVE:
      visit_convolve (self, &step->convolve);
      break;
    case SOTTO_STEP_SCAN:
      visit_scan (self, &step->scan);
      break;
    case SOTTO_STEP_FEED:
      show_weight (self, &step->feed.gate);
      show_weight (self, &step->feed.up);
      show_weight (self, &step->feed.switch_);
      break;
    case SOTTO_STEP_PROJECT:
      show_weight (self, &step->project.weight);
      break;
    case SOTTO_STEP_EXPERTS:
      visit_experts (self, &step->experts);
      break;
    case SOTTO_STEP_LOGITS:
      show_norm (self, &step->logits.norm, n);
      show_weight (self, &step->logits.weight);
      break;
    case SOTTO_STEP_POOL:
      show_norm (self, &step->pool.norm, n);
      for (guint i = 0; i < G_N_ELEMENTS (step->pool.dense); i++)
        show_weight (self, &step->pool.dense[i]);
      break;
    case SOTTO_STEP_DEEPEN:
    case SOTTO_STEP_MATCH:
    case SOTTO_STEP_TAKE:
    case SOTTO_STEP_HAND:
    case SOTTO_N_STEP_KINDS:
    default:
      break;
    }
}
