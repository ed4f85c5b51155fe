/* Softmax attention as steps: plain, and latent. */

#include "family/builder.h"

#include <math.h>

/* Head h of n turns by 2^(-steepest (h + 1) / n); where n is no power of two, as many heads as fit
 * one get these, and the others those in between (Press et al. 2022). */
gboolean
sotto_builder_make_slopes (SottoBuilder *self)
{
  guint n_heads = self->sizes->layers[0].n_heads, n_even = 1;
  double steepest = self->sizes->alibi;
  float *slopes;

  if (steepest <= 0)
    return TRUE;
  for (guint i = 0; i < self->sizes->n_layers; i++)
    if (self->sizes->layers[i].n_heads != n_heads)
      return sotto_keys_refuse (
          &self->tensors->keys, "attention.head_count", "differs between layers with ALiBi");

  slopes = sotto_tensors_allocate (self->tensors, "token_embd.weight", n_heads);
  if (slopes == NULL)
    return FALSE;

  while (2 * n_even <= n_heads)
    n_even *= 2;
  for (guint i = 0; i < n_heads; i++)
    slopes[i] = (float) (i < n_even ? exp2 (-steepest * (i + 1) / n_even)
                                    : exp2 (-steepest / 2 * (2 * (i - n_even) + 1) / n_even));
  self->slopes = slopes;
  return TRUE;
}

static guint
add_cache (SottoBuilder *self, guint n_heads, guint n_key, guint n_value, guint n_latent)
{
  SottoCacheShape shape = { .n_heads = n_heads,
                            .n_key = n_key,
                            .n_value = n_value,
                            .n_latent = n_latent,
                            .window = self->at->window };

  self->caches[self->layer] = self->program->caches->len;
  g_array_append_val (self->program->caches, shape);
  return self->caches[self->layer];
}

static SottoAttendStep *
add_attend (SottoBuilder *self, guint cache)
{
  const SottoSizes *sizes = self->sizes;
  double scale = sizes->attention_scale > 0 ? sizes->attention_scale : 1.0 / sqrt (self->at->n_key);
  SottoAttendStep *step = &sotto_builder_add (self, SOTTO_STEP_ATTEND)->attend;

  *step = (SottoAttendStep) { .cache = cache,
                              .n_heads = self->at->n_heads,
                              .mask = sizes->mask,
                              .window = self->at->window,
                              .scale = (float) (scale * self->ropes->score_scale),
                              .soft_cap = (float) sizes->attention_cap,
                              .sinks = self->found[SOTTO_SLOT_SINKS].vector,
                              .slopes = self->slopes,
                              .temperature = (float) sizes->temperature,
                              .temperature_span = sizes->temperature_span > 0
                                                  ? sizes->temperature_span
                                                  : self->ropes->original_context };
  return step;
}

/* Rows of a head's query and gate alternate: both are views. */
static void
divide_query (const SottoBuilder *self, SottoQkvStep *step)
{
  guint n_key = self->at->n_key;

  step->query_stride = 2 * n_key;
  step->query.n_rows -= n_key;
  step->gate = step->query;
  step->gate.data = (const guint8 *) step->query.data + n_key * step->query.row_bytes;
  if (step->gate.bias != NULL)
    step->gate.bias += n_key;
}

gboolean
sotto_builder_add_attention (SottoBuilder *self, SottoBuffer from)
{
  const SottoLayerSizes *at = self->at;
  gboolean own_cache = at->cache_of == self->layer;
  guint cache = own_cache ? add_cache (self, at->n_kv_heads, at->n_key, at->n_value, 0)
                          : self->caches[at->cache_of];
  SottoQkvStep *step = &sotto_builder_add (self, SOTTO_STEP_QKV)->qkv;
  gboolean is_gated;

  if (own_cache && !sotto_builder_has (self, SOTTO_SLOT_VALUE) && at->n_value != at->n_key)
    return sotto_keys_refuse (
        &self->tensors->keys, "attention.value_length", "is not the keys', which it takes");

  *step = (SottoQkvStep) { .from = from,
                           .n_heads = at->n_heads,
                           .n_key = at->n_key,
                           .query_stride = at->n_key,
                           .query = self->found[SOTTO_SLOT_QUERY].weight,
                           .gate = self->found[SOTTO_SLOT_QUERY_GATE].weight,
                           .key = self->found[SOTTO_SLOT_KEY].weight,
                           .value = self->found[SOTTO_SLOT_VALUE].weight,
                           .query_norm = sotto_builder_norm (self, SOTTO_SLOT_QUERY_NORM),
                           .key_norm = sotto_builder_norm (self, SOTTO_SLOT_KEY_NORM),
                           .span = self->family->span,
                           .turns_first = self->family->turns_first,
                           .clamp = (float) self->sizes->clamp,
                           .cache = cache };
  if (self->family->value_normed)
    step->value_norm = (SottoNorm) { .kind = self->family->norm, .epsilon = self->sizes->epsilon };
  if (self->family->gated_query)
    divide_query (self, step);
  if (at->turns)
    step->rope = at->window > 0 ? &self->ropes->window_rope : &self->ropes->rope;

  is_gated = sotto_weight_is_there (&step->gate);
  add_attend (self, cache)->gated = is_gated;
  return TRUE;
}

gboolean
sotto_builder_add_latent_attention (SottoBuilder *self, SottoBuffer from)
{
  const SottoSizes *sizes = self->sizes;
  const SottoLayerSizes *at = self->at;
  gboolean absorbed = sotto_builder_has (self, SOTTO_SLOT_KEY_UP);
  gboolean low_rank = sizes->n_query_latent > 0;
  SottoSlot needed[] = { low_rank ? SOTTO_SLOT_QUERY_DOWN : SOTTO_SLOT_QUERY,
                         low_rank ? SOTTO_SLOT_QUERY_UP : SOTTO_SLOT_QUERY,
                         low_rank ? SOTTO_SLOT_QUERY_DOWN_NORM : SOTTO_SLOT_QUERY,
                         absorbed ? SOTTO_SLOT_VALUE_UP : SOTTO_SLOT_KEY_VALUE_UP };
  static const char *const names[] = { "q_a", "q_b", "q_a_norm", "v_b" };
  SottoLatentQkvStep *step;
  guint cache;

  if (sizes->clamp > 0)
    return sotto_keys_refuse_form (&self->tensors->keys, "clamped latent attention");

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!sotto_builder_has (self, needed[i]))
      {
        g_autofree char *name = needed[i] == SOTTO_SLOT_QUERY
                                ? g_strdup_printf ("blk.%u.attn_q.weight", self->layer)
                                : g_strdup_printf ("blk.%u.attn_%s.weight", self->layer, names[i]);

        return sotto_tensors_refuse (self->tensors, name, "is missing");
      }

  cache = absorbed ? add_cache (self, 1, sizes->n_latent + sizes->n_turned, 0, sizes->n_latent)
                   : add_cache (self, at->n_heads, at->n_key, at->n_value, 0);
  step = &sotto_builder_add (self, SOTTO_STEP_LATENT_QKV)->latent_qkv;
  *step = (SottoLatentQkvStep) { .from = from,
                                 .n_heads = at->n_heads,
                                 .n_plain = sizes->n_plain,
                                 .n_turned = sizes->n_turned,
                                 .n_latent = sizes->n_latent,
                                 .n_value = at->n_value,
                                 .latent = self->found[SOTTO_SLOT_LATENT].weight,
                                 .latent_norm = sotto_builder_norm (self, SOTTO_SLOT_LATENT_NORM),
                                 .rope = &self->ropes->rope,
                                 .cache = cache };
  if (low_rank)
    {
      step->query_down = self->found[SOTTO_SLOT_QUERY_DOWN].weight;
      step->query_norm = sotto_builder_norm (self, SOTTO_SLOT_QUERY_DOWN_NORM);
    }
  step->query_up = self->found[low_rank ? SOTTO_SLOT_QUERY_UP : SOTTO_SLOT_QUERY].weight;
  if (absorbed)
    step->key_up = self->found[SOTTO_SLOT_KEY_UP].weight;
  else
    step->key_value_up = self->found[SOTTO_SLOT_KEY_VALUE_UP].weight;

  if (absorbed)
    add_attend (self, cache)->value_up = self->found[SOTTO_SLOT_VALUE_UP].weight;
  else
    add_attend (self, cache);
  return TRUE;
}
