#include "cpu/key-bias.h"

#include "cpu/exact-math.h"

#include <string.h>

#define TILES (SOTTO_ATTEND_CHUNK / SOTTO_KEY_TILE)

static gboolean
is_plain (const SottoNorm *norm)
{
  return norm->kind == SOTTO_NORM_NONE && norm->weight == NULL && norm->bias == NULL;
}

/* Whether the bias of its keys is an addend that depends on the position alone. */
static gboolean
is_apart (const SottoQkvStep *step)
{
  /* Values that are the keys have the bias; those of long sequences turn otherwise. */
  return sotto_weight_is_there (&step->key) && sotto_weight_is_there (&step->value)
         && step->key.bias != NULL && is_plain (&step->key_norm) && !(step->clamp > 0)
         && (step->rope == NULL || step->rope->long_frequencies == NULL);
}

const SottoQkvStep **
sotto_key_bias_find (const SottoPlan *plan, SottoKvType type)
{
  const SottoQkvStep **lifted = g_new0 (const SottoQkvStep *, plan->n_caches);

  for (guint i = 0; (type == SOTTO_KV_Q8_0 || type == SOTTO_KV_Q4_0) && i < plan->n_steps; i++)
    {
      const SottoQkvStep *step = &plan->steps[i].qkv;

      if (plan->steps[i].kind == SOTTO_STEP_QKV && lifted[step->cache] == NULL && is_apart (step))
        lifted[step->cache] = step;
    }
  return lifted;
}

/* --- Tables --- */

static guint
count_pairs (const SottoQkvStep *step)
{
  return step->rope == NULL ? 0 : step->rope->n_pairs;
}

gsize
sotto_key_bias_bytes (const SottoQkvStep *step)
{
  return (gsize) 2 * (SOTTO_KEY_TILE + TILES) * count_pairs (step) * sizeof (float);
}

static void
turn_of (const SottoRope *rope, guint pair, guint position, float *cosine, float *sine)
{
  double s;
  double c;

  sotto_sincos ((double) position * rope->frequencies[pair], &s, &c);
  *cosine = (float) c;
  *sine = (float) s;
}

void
sotto_key_bias_init (const SottoQkvStep *step, float *tables)
{
  guint n_pairs = count_pairs (step);
  float *far = tables + (gsize) 2 * SOTTO_KEY_TILE * n_pairs;

  for (guint pair = 0; pair < n_pairs; pair++)
    {
      float *near = tables + (gsize) 2 * SOTTO_KEY_TILE * pair;

      for (guint key = 0; key < SOTTO_KEY_TILE; key++)
        turn_of (step->rope, pair, key, near + key, near + SOTTO_KEY_TILE + key);
      for (guint tile = 0; tile < TILES; tile++)
        turn_of (step->rope, pair, tile * SOTTO_KEY_TILE, far + (gsize) 2 * tile * n_pairs + pair,
                 far + ((gsize) 2 * tile + 1) * n_pairs + pair);
    }
}

/* --- Chunks --- */

SottoKeyBias
sotto_key_bias_describe (const SottoCache *cache, guint head, guint position, float *start)
{
  const SottoQkvStep *step = cache->lifted;
  const SottoRope *rope;
  SottoKeyBias self = { .spread = cache->key_spread };
  float scale = 1.0f / sqrtf ((float) cache->key_spread);
  guint n_key = cache->shape->n_key;

  if (step == NULL)
    return self;

  rope = step->rope;
  for (guint d = 0; d < n_key; d++)
    start[d] = step->key.bias[(gsize) head * n_key + d] * scale;
  self.start = start;
  if (rope == NULL)
    return self;

  self.kind = rope->kind;
  self.first = rope->first;
  self.n_pairs = rope->n_pairs;
  self.near = cache->turns;
  self.far = cache->turns + (gsize) 2 * SOTTO_KEY_TILE * rope->n_pairs;
  for (guint pair = 0; pair < rope->n_pairs; pair++)
    {
      float *a = start + sotto_key_bias_left (&self, pair);
      float *b = start + sotto_key_bias_right (&self, pair);
      float cosine, sine, left, right;

      turn_of (rope, pair, position, &cosine, &sine);
      left = *a * rope->scale;
      right = *b * rope->scale;
      *a = left * cosine - right * sine;
      *b = left * sine + right * cosine;
    }
  return self;
}

void
sotto_key_bias_take (const SottoQkvStep *step, guint head, guint position, float *key)
{
  const SottoRope *rope = step->rope;
  const float *bias = step->key.bias + (gsize) head * step->n_key;
  guint first = rope->first;

  for (guint d = 0; d < step->n_key; d++)
    if (d < first || d >= first + 2 * rope->n_pairs)
      key[d] -= bias[d];
  for (guint pair = 0; pair < rope->n_pairs; pair++)
    {
      gboolean is_neox = rope->kind == SOTTO_ROPE_NEOX;
      guint left = first + (is_neox ? pair : 2 * pair);
      guint right = left + (is_neox ? rope->n_pairs : 1);
      float cosine, sine;

      turn_of (rope, pair, position, &cosine, &sine);
      key[left] -= rope->scale * (bias[left] * cosine - bias[right] * sine);
      key[right] -= rope->scale * (bias[left] * sine + bias[right] * cosine);
    }
}
