#include "random-plan.h"

#include <math.h>
#include <string.h>

enum { N = RANDOM_PLAN_EMBEDDING };

static float *
floats (RandomPlan *self, gsize n, double size, double middle)
{
  float *result = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    result[i] = (float) (middle + g_rand_double_range (self->rand, -size, size));
  g_ptr_array_add (self->memory, result);
  return result;
}

static SottoNorm
norm_of (RandomPlan *self, SottoNormKind kind, gsize n)
{
  return (SottoNorm) { kind, floats (self, n, 0.2, 1.0),
                       kind == SOTTO_NORM_LAYER ? floats (self, n, 0.2, 0.0) : NULL, 1e-5f };
}

static SottoWeight
stack_of (RandomPlan *self, guint n_matrices, guint n_rows, guint n_columns, gboolean bias)
{
  SottoBlockType type = n_columns % 32 == 0 ? self->type : SOTTO_BLOCK_F32;
  const SottoBlockInfo *info = sotto_block_info (type);
  gsize n_blocks = (gsize) n_matrices * n_rows * n_columns / info->n_elements;
  SottoWeight weight = { .type = type, .n_columns = n_columns, .n_rows = n_rows,
                         .n_matrices = n_matrices };
  guint8 *data;

  weight.row_bytes = n_columns / info->n_elements * info->n_bytes;
  weight.matrix_bytes = n_rows * weight.row_bytes;
  weight.bias = bias ? floats (self, (gsize) n_matrices * n_rows, 0.1, 0.0) : NULL;
  weight.scales = bias ? floats (self, n_matrices, 0.2, 1.0) : NULL;
  if (type == SOTTO_BLOCK_F32)
    {
      weight.data = floats (self, (gsize) n_matrices * n_rows * n_columns, 0.25, 0.0);
      return weight;
    }
  data = g_malloc (n_blocks * info->n_bytes);
  for (gsize i = 0; i < n_blocks * info->n_bytes; i++)
    data[i] = (guint8) g_rand_int (self->rand);
  for (gsize i = 0; i < n_blocks; i++)
    {
      guint16 scale = sotto_float_to_half (type == SOTTO_BLOCK_Q8_0 ? 0.002f : 0.03f);

      memcpy (data + i * info->n_bytes, &scale, sizeof scale);
    }
  g_ptr_array_add (self->memory, data);
  weight.data = data;
  return weight;
}

static SottoWeight
weight_of (RandomPlan *self, guint n_rows, guint n_columns, gboolean bias)
{
  return stack_of (self, 1, n_rows, n_columns, bias);
}

static const SottoRope *
rope_of (RandomPlan *self, SottoRopeKind kind, guint n_pairs, guint first)
{
  double *frequencies = g_new (double, n_pairs);
  SottoRope *rope = g_new (SottoRope, 1);

  for (guint i = 0; i < n_pairs; i++)
    frequencies[i] = pow (1000.0, -1.0 * i / n_pairs);
  *rope = (SottoRope) { kind, n_pairs, first, frequencies, NULL, 1.0f + 0.1f * (float) first, 1.0f };
  g_ptr_array_add (self->memory, frequencies);
  g_ptr_array_add (self->memory, rope);
  return rope;
}

static guint
cache_of (RandomPlan *self, guint n_heads, guint n_key, guint n_value, guint n_latent, guint window)
{
  SottoCacheShape shape = { n_heads, n_key, n_value, n_latent, window };

  g_array_append_val (self->caches, shape);
  return self->caches->len - 1;
}

static SottoStep *
add_step (RandomPlan *self, SottoStepKind kind)
{
  SottoStep step = { .kind = kind };

  g_array_append_val (self->steps, step);
  return &g_array_index (self->steps, SottoStep, self->steps->len - 1);
}

static void
add_norm (RandomPlan *self, SottoNormKind kind, SottoBuffer from, SottoBuffer to)
{
  add_step (self, SOTTO_STEP_NORM)->norm = (SottoNormStep) { norm_of (self, kind, N), from, to };
}

static void
add_project (RandomPlan *self, SottoBuffer from, guint n_columns, SottoBuffer to, float scale, gboolean add)
{
  add_step (self, SOTTO_STEP_PROJECT)->project
    = (SottoProjectStep) { from, to, weight_of (self, N, n_columns, TRUE), scale, add };
}

static SottoAttendStep *
add_attend (RandomPlan *self, guint cache, guint n_heads, guint n_key)
{
  SottoStep *step = add_step (self, SOTTO_STEP_ATTEND);

  step->attend = (SottoAttendStep) { .cache = cache, .n_heads = n_heads,
                                     .scale = 1.0f / sqrtf ((float) n_key), .temperature_span = 1 };
  return &step->attend;
}

static SottoQkvStep *
add_qkv (RandomPlan *self, guint n_heads, guint n_kv, guint n_key, guint n_value, guint window,
         gboolean bias)
{
  SottoStep *step = add_step (self, SOTTO_STEP_QKV);

  step->qkv = (SottoQkvStep) {
    .from = SOTTO_BUFFER_NORMED, .n_heads = n_heads, .n_key = n_key, .query_stride = n_key,
    .query = weight_of (self, n_heads * n_key, N, bias), .key = weight_of (self, n_kv * n_key, N, bias),
    .value = weight_of (self, n_kv * n_value, N, bias), .cache = cache_of (self, n_kv, n_key, n_value, 0, window),
  };
  return &step->qkv;
}

static void
add_feed (RandomPlan *self, SottoActivation activation, guint n_hidden)
{
  SottoStep *step;

  add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
  step = add_step (self, SOTTO_STEP_FEED);
  step->feed = (SottoFeedStep) { .from = SOTTO_BUFFER_NORMED, .activation = activation,
                                 .gate = weight_of (self, n_hidden, N, FALSE),
                                 .up = weight_of (self, n_hidden, N, TRUE) };
  add_project (self, SOTTO_BUFFER_HIDDEN, n_hidden, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
}

/* --- Kinds of plans --- */

static void
make_grouped (RandomPlan *self)
{
  for (guint layer = 0; layer < 2; layer++)
    {
      SottoQkvStep *qkv;
      guint cache;

      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      qkv = add_qkv (self, 6, 2, 32, 32, 0, layer == 0);
      qkv->rope = rope_of (self, layer == 0 ? SOTTO_ROPE_NEOX : SOTTO_ROPE_NORMAL, 16, 0);
      cache = qkv->cache;
      add_attend (self, cache, 6, 32);
      add_project (self, SOTTO_BUFFER_ATTENDED, 6 * 32, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
      add_feed (self, layer == 0 ? SOTTO_ACTIVATION_SILU : SOTTO_ACTIVATION_GELU, 96 + 32 * layer);
    }
}

/* Odd heads, normed each with its weights, turned in part; the branch normed before it is added; windows,
 * sinks, caps, slopes. */
static void
make_heads (RandomPlan *self)
{
  for (guint layer = 0; layer < 2; layer++)
    {
      guint n_kv = layer == 0 ? 5 : 1;
      SottoQkvStep *qkv;
      SottoAttendStep *attend;
      guint cache;

      add_norm (self, SOTTO_NORM_LAYER, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      qkv = add_qkv (self, 5, n_kv, 24, 20, layer == 0 ? 7 : 0, TRUE);
      qkv->span = layer == 0 ? SOTTO_SPAN_HEADS : SOTTO_SPAN_HEAD;
      qkv->query_norm = norm_of (self, layer == 0 ? SOTTO_NORM_LAYER : SOTTO_NORM_RMS, 5 * 24);
      qkv->key_norm = norm_of (self, layer == 0 ? SOTTO_NORM_LAYER : SOTTO_NORM_RMS, n_kv * 24);
      qkv->value_norm = norm_of (self, SOTTO_NORM_RMS, 20);
      qkv->clamp = layer == 1 ? 0.5f : 0.0f;
      qkv->turns_first = layer == 1;
      qkv->rope = rope_of (self, layer == 0 ? SOTTO_ROPE_NORMAL : SOTTO_ROPE_NEOX, 4, 8);
      cache = qkv->cache;
      attend = add_attend (self, cache, 5, 24);
      attend->window = layer == 0 ? 7 : 0;
      attend->soft_cap = 3.0f;
      attend->sinks = floats (self, 5, 1.0, 0.0);
      attend->slopes = layer == 1 ? floats (self, 5, 0.1, 0.1) : NULL;
      add_project (self, SOTTO_BUFFER_ATTENDED, 5 * 20, SOTTO_BUFFER_BRANCH, 0.7f, FALSE);
      add_step (self, SOTTO_STEP_ADD)->add = (SottoAddStep) {
        norm_of (self, SOTTO_NORM_RMS, N), SOTTO_BUFFER_BRANCH, SOTTO_BUFFER_RESIDUAL, 0.9f, 1.1f };
      add_feed (self, layer == 0 ? SOTTO_ACTIVATION_GELU_ERF : SOTTO_ACTIVATION_CLAMPED, 72);
    }
}

/* Norms of whole rows; values that are keys; keys of an earlier layer; gates between the queries. */
static void
make_rows (RandomPlan *self)
{
  SottoQkvStep *qkv;
  guint cache;

  add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
  qkv = add_qkv (self, 4, 2, 16, 16, 0, FALSE);
  qkv->span = SOTTO_SPAN_ROW;
  qkv->query_norm = norm_of (self, SOTTO_NORM_RMS, 4 * 16);
  qkv->key_norm = norm_of (self, SOTTO_NORM_LAYER, 2 * 16);
  qkv->value_norm = norm_of (self, SOTTO_NORM_RMS, 16);
  qkv->clamp = 0.7f;
  qkv->rope = rope_of (self, SOTTO_ROPE_NEOX, 8, 0);
  cache = qkv->cache;
  add_attend (self, cache, 4, 16);
  add_project (self, SOTTO_BUFFER_ATTENDED, 64, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);

  add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED_2);
  qkv = add_qkv (self, 3, 3, 32, 32, 0, FALSE);
  qkv->from = SOTTO_BUFFER_NORMED_2;
  qkv->value = (SottoWeight) { 0 };
  qkv->value_norm = (SottoNorm) { SOTTO_NORM_RMS, NULL, NULL, 1e-6f };
  qkv->key_norm = norm_of (self, SOTTO_NORM_RMS, 32);
  cache = qkv->cache;
  add_attend (self, cache, 3, 32);
  add_project (self, SOTTO_BUFFER_ATTENDED, 96, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);

  add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
  qkv = &add_step (self, SOTTO_STEP_QKV)->qkv;
  *qkv = (SottoQkvStep) { .from = SOTTO_BUFFER_NORMED, .n_heads = 6, .n_key = 32, .query_stride = 64,
                          .query = weight_of (self, 5 * 64 + 32, N, FALSE),
                          .gate = weight_of (self, 5 * 64 + 32, N, TRUE), .cache = cache };
  add_attend (self, cache, 6, 32)->gated = TRUE;
  add_project (self, SOTTO_BUFFER_ATTENDED, 192, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
}

typedef struct {
  guint n_heads, n_plain, n_turned, n_latent, n_value;
  gboolean absorbed;
} Latent;

static void
add_latent (RandomPlan *self, const Latent *sizes)
{
  guint n_heads = sizes->n_heads, n_latent = sizes->n_latent, n_value = sizes->n_value;
  guint n_key = sizes->n_plain + sizes->n_turned;
  SottoLatentQkvStep *qkv;
  SottoAttendStep *attend;
  guint cache = sizes->absorbed ? cache_of (self, 1, n_latent + sizes->n_turned, 0, n_latent, 0)
                                : cache_of (self, n_heads, n_key, n_value, 0, 0);

  add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
  qkv = &add_step (self, SOTTO_STEP_LATENT_QKV)->latent_qkv;
  *qkv = (SottoLatentQkvStep) {
    .from = SOTTO_BUFFER_NORMED, .n_heads = n_heads, .n_plain = sizes->n_plain,
    .n_turned = sizes->n_turned, .n_latent = n_latent, .n_value = n_value,
    .query_norm = norm_of (self, SOTTO_NORM_RMS, 32),
    .query_up = weight_of (self, n_heads * n_key, sizes->absorbed ? 32 : N, FALSE),
    .latent = weight_of (self, n_latent + sizes->n_turned, N, FALSE),
    .latent_norm = norm_of (self, SOTTO_NORM_RMS, n_latent),
    .rope = rope_of (self, SOTTO_ROPE_NORMAL, sizes->n_turned / 2, 0), .cache = cache,
  };
  if (sizes->absorbed)
    {
      qkv->query_down = weight_of (self, 32, N, FALSE);
      qkv->key_up = stack_of (self, n_heads, n_latent, sizes->n_plain, FALSE);
    }
  else
    qkv->key_value_up = weight_of (self, n_heads * (sizes->n_plain + n_value), n_latent, FALSE);
  attend = add_attend (self, cache, n_heads, n_key);
  if (sizes->absorbed)
    attend->value_up = stack_of (self, n_heads, n_value, n_latent, FALSE);
  add_project (self, SOTTO_BUFFER_ATTENDED, n_heads * n_value, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
}

static void
make_latent (RandomPlan *self)
{
  static const Latent sizes[] = { { 3, 32, 16, 64, 40, FALSE }, { 3, 32, 16, 64, 40, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    add_latent (self, &sizes[i]);
}

/* Heads of every size that models have, keys larger and smaller than values, turned as a whole; and latent
 * attention of DeepSeek's size, where keys are 576 wide and values 512. */
static void
make_sizes (RandomPlan *self)
{
  static const guint sizes[][2] = { { 64, 64 }, { 80, 96 }, { 96, 80 }, { 112, 128 }, { 128, 128 },
                                    { 160, 160 }, { 192, 128 }, { 256, 256 }, { 512, 512 }, { 576, 512 } };
  static const Latent latent = { 2, 128, 64, 512, 128, TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint n_key = sizes[i][0], n_value = sizes[i][1];
      SottoQkvStep *qkv;
      guint cache;

      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      qkv = add_qkv (self, 2, 1, n_key, n_value, i % 3 == 0 ? 11 : 0, FALSE);
      qkv->query_norm = norm_of (self, SOTTO_NORM_RMS, n_key);
      qkv->key_norm = norm_of (self, SOTTO_NORM_RMS, n_key);
      qkv->rope = rope_of (self, i % 2 == 0 ? SOTTO_ROPE_NEOX : SOTTO_ROPE_NORMAL, n_key / 2, 0);
      cache = qkv->cache;
      add_attend (self, cache, 2, n_key)->window = i % 3 == 0 ? 11 : 0;
      add_project (self, SOTTO_BUFFER_ATTENDED, 2 * n_value, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
    }
  add_latent (self, &latent);
}

static void
make_delta (RandomPlan *self)
{
  for (guint layer = 0; layer < 2; layer++)
    {
      guint n_key = layer == 0 ? 32 : 20;
      guint n_value = layer == 0 ? 64 : 24;
      guint channels = 2 * 2 * n_key + 4 * n_value;
      SottoRecurrentShape shape = { 3 * (gsize) channels + 4 * (gsize) n_key * n_value };

      g_array_append_val (self->recurrents, shape);
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      add_step (self, SOTTO_STEP_DELTA)->delta = (SottoDeltaStep) {
        .from = SOTTO_BUFFER_NORMED, .n_key_heads = 2, .n_value_heads = 4, .n_key = n_key,
        .n_value = n_value, .n_conv = 4, .interleaved = layer == 1,
        .mixed = weight_of (self, channels, N, FALSE), .gate = weight_of (self, 4 * n_value, N, FALSE),
        .alpha = weight_of (self, 4, N, FALSE), .beta = weight_of (self, 4, N, FALSE),
        .convolution = floats (self, 4 * (gsize) channels, 0.5, 0.0), .rates = floats (self, 4, 0.4, -0.5),
        .step_bias = floats (self, 4, 1.0, 0.0), .norm = norm_of (self, SOTTO_NORM_RMS, n_value),
        .epsilon = 1e-6f, .recurrent = layer };
      add_project (self, SOTTO_BUFFER_ATTENDED, 4 * n_value, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
      add_feed (self, SOTTO_ACTIVATION_NONE, 64);
    }
}

/* Convolutions over more and fewer tokens than a batch has, of channels that are whole strips and that are not. */
static void
make_convolve (RandomPlan *self)
{
  static const guint sizes[][2] = { { N, 3 }, { 72, 2 }, { 27, 12 } };

  for (guint layer = 0; layer < G_N_ELEMENTS (sizes); layer++)
    {
      guint n_channels = sizes[layer][0], n_conv = sizes[layer][1];
      SottoRecurrentShape shape = { (gsize) (n_conv - 1) * n_channels };

      g_array_append_val (self->recurrents, shape);
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      add_step (self, SOTTO_STEP_CONVOLVE)->convolve = (SottoConvolveStep) {
        .from = SOTTO_BUFFER_NORMED, .n_channels = n_channels, .n_conv = n_conv,
        .mixed = weight_of (self, 3 * n_channels, N, layer == 1),
        .convolution = floats (self, (gsize) n_conv * n_channels, 0.5, 0.0),
        .bias = layer == 1 ? floats (self, n_channels, 0.3, 0.0) : NULL, .recurrent = layer };
      add_project (self, SOTTO_BUFFER_ATTENDED, n_channels, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
      add_feed (self, SOTTO_ACTIVATION_SILU, 64);
    }
}

/* Groups of heads, one and several; states and heads that are whole vectors and that are not. */
static void
make_scan (RandomPlan *self)
{
  static const struct { guint n_heads, n_groups, n_key, n_value, n_conv; SottoNormKind norm; } sizes[]
    = { { 4, 1, 64, 64, 4, SOTTO_NORM_RMS }, { 6, 2, 20, 24, 3, SOTTO_NORM_RMS }, { 3, 3, 130, 7, 2, SOTTO_NORM_NONE } };

  for (guint layer = 0; layer < G_N_ELEMENTS (sizes); layer++)
    {
      guint n_heads = sizes[layer].n_heads, n_key = sizes[layer].n_key, n_conv = sizes[layer].n_conv;
      guint n_values = n_heads * sizes[layer].n_value, n_channels = n_values + 2 * sizes[layer].n_groups * n_key;
      SottoRecurrentShape shape = { (gsize) (n_conv - 1) * n_channels + (gsize) n_values * n_key };

      g_array_append_val (self->recurrents, shape);
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      add_step (self, SOTTO_STEP_SCAN)->scan = (SottoScanStep) {
        .from = SOTTO_BUFFER_NORMED, .n_heads = n_heads, .n_groups = sizes[layer].n_groups, .n_key = n_key,
        .n_value = sizes[layer].n_value, .n_conv = n_conv,
        .mixed = weight_of (self, n_values + n_channels + n_heads, N, layer == 1),
        .convolution = floats (self, (gsize) n_conv * n_channels, 0.5, 0.0),
        .bias = layer != 2 ? floats (self, n_channels, 0.3, 0.0) : NULL, .rates = floats (self, n_heads, 0.4, -0.5),
        .step_bias = floats (self, n_heads, 1.0, 0.0), .skips = floats (self, n_heads, 1.0, 0.0),
        .norm = norm_of (self, sizes[layer].norm, n_values), .recurrent = layer };
      if (sizes[layer].norm == SOTTO_NORM_NONE)
        ((SottoStep *) (void *) self->steps->data)[self->steps->len - 1].scan.norm = (SottoNorm) { 0 };
      add_project (self, SOTTO_BUFFER_ATTENDED, n_values, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      add_step (self, SOTTO_STEP_FEED)->feed = (SottoFeedStep) {
        .from = SOTTO_BUFFER_NORMED, .activation = SOTTO_ACTIVATION_XIELU, .xielu = { 0.4f, 0.7f, 0.5f, -1e-6f },
        .up = weight_of (self, 64, N, FALSE) };
      add_project (self, SOTTO_BUFFER_HIDDEN, 64, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
    }
}

/* Three ways of choosing; the router's rows come in equal pairs, so that ties decide. */
static void
make_experts (RandomPlan *self)
{
  static const SottoScores ways[] = { SOTTO_SCORES_SOFTMAX, SOTTO_SCORES_SIGMOID, SOTTO_SCORES_SELECTED };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      SottoWeight router = weight_of (self, 12, N, FALSE);
      gboolean groups = ways[i] == SOTTO_SCORES_SIGMOID;
      gboolean selected = ways[i] == SOTTO_SCORES_SELECTED;

      for (guint row = 0; row < 12 && !groups; row += 2)
        memcpy ((guint8 *) router.data + (row + 1) * router.row_bytes,
                (const guint8 *) router.data + row * router.row_bytes, router.row_bytes);
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      add_step (self, SOTTO_STEP_EXPERTS)->experts = (SottoExpertsStep) {
        .from = SOTTO_BUFFER_NORMED, .router_from = i == 0 ? SOTTO_BUFFER_RESIDUAL : SOTTO_BUFFER_NORMED,
        .to = i == 0 ? SOTTO_BUFFER_BRANCH : SOTTO_BUFFER_RESIDUAL, .add = i > 0, .n_experts = 12,
        .n_used = 3, .n_groups = groups ? 4 : 1, .n_groups_used = groups ? 2 : 1, .n_group_best = 2,
        .scores = ways[i], .normalised = i > 0, .scale = 1.5f,
        .activation = selected ? SOTTO_ACTIVATION_CLAMPED : groups ? SOTTO_ACTIVATION_RELU_SQUARED : SOTTO_ACTIVATION_SILU,
        .router = router, .selection_bias = groups ? floats (self, 12, 0.1, 0.0) : NULL,
        .expert_scales = i == 0 ? floats (self, 12, 0.2, 1.0) : NULL,
        .gate = groups ? (SottoWeight) { 0 } : stack_of (self, 12, 96, N, selected),
        .up = stack_of (self, 12, 96, N, selected), .down = stack_of (self, 12, N, 96, selected) };
      if (i == 0)
        add_step (self, SOTTO_STEP_ADD)->add = (SottoAddStep) {
          { 0 }, SOTTO_BUFFER_BRANCH, SOTTO_BUFFER_RESIDUAL, 1.0f, 1.0f };
    }
}

/* Inputs beside the residual, a switch, a feed that reads the residual itself, one without gate. */
static void
make_inputs (RandomPlan *self)
{
  add_step (self, SOTTO_STEP_INPUTS)->inputs = (SottoInputsStep) {
    weight_of (self, RANDOM_PLAN_VOCABULARY, 2 * 32, FALSE), weight_of (self, 2 * 32, N, FALSE),
    norm_of (self, SOTTO_NORM_RMS, 32), 32, 1.3f, 0.125f, 0.7f };
  for (guint layer = 0; layer < 2; layer++)
    {
      add_step (self, SOTTO_STEP_FEED)->feed = (SottoFeedStep) {
        .from = SOTTO_BUFFER_RESIDUAL, .activation = SOTTO_ACTIVATION_GELU,
        .gate = weight_of (self, 32, N, FALSE), .first_input = 32 * layer };
      add_project (self, SOTTO_BUFFER_HIDDEN, 32, SOTTO_BUFFER_NORMED, 1.0f, FALSE);
      add_step (self, SOTTO_STEP_FEED)->feed = (SottoFeedStep) {
        .from = SOTTO_BUFFER_NORMED, .activation = SOTTO_ACTIVATION_RELU_SQUARED,
        .up = weight_of (self, 96, N, TRUE), .switch_ = weight_of (self, 1, N, FALSE) };
      add_project (self, SOTTO_BUFFER_HIDDEN, 96, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
    }
}

/* Three residuals: made of the first, told from it, put together again; sparse gates. */
static void
make_streams (RandomPlan *self)
{
  enum { N_STREAMS = 3 };

  for (guint i = 1; i < N_STREAMS; i++)
    {
      add_project (self, SOTTO_BUFFER_RESIDUAL, N, SOTTO_BUFFER_BRANCH, 1.0f, FALSE);
      add_step (self, SOTTO_STEP_MATCH)->match = (SottoMatchStep) {
        SOTTO_BUFFER_BRANCH, SOTTO_BUFFER_STREAM + i - 1, SOTTO_BUFFER_RESIDUAL, 1e-5f };
    }
  for (guint layer = 0; layer < 2; layer++)
    {
      SottoStreamsStep streams = {
        .n_streams = N_STREAMS, .kept = SOTTO_BUFFER_BRANCH_2, .norm = norm_of (self, SOTTO_NORM_RMS, N),
        .router = floats (self, N_STREAMS * N, 0.5, 0.0), .scale = 0.2f,
        .coefficients = floats (self, N_STREAMS * N_STREAMS * N_STREAMS, 0.3, 0.0) };
      SottoQkvStep *qkv;
      guint cache;

      add_step (self, SOTTO_STEP_PREDICT)->streams = streams;
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      qkv = add_qkv (self, 4, 2, 32, 32, 0, FALSE);
      cache = qkv->cache;
      add_attend (self, cache, 4, 32);
      add_project (self, SOTTO_BUFFER_ATTENDED, 128, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
      add_feed (self, SOTTO_ACTIVATION_GELU, 96 + 40 * layer);
      ((SottoStep *) (void *) self->steps->data)[self->steps->len - 2].feed.sparse = TRUE;
      ((SottoStep *) (void *) self->steps->data)[self->steps->len - 2].feed.cutoff = layer == 0 ? 0.7f : -0.4f;
      streams.coefficients = floats (self, N_STREAMS * N_STREAMS, 0.3, 0.0);
      add_step (self, SOTTO_STEP_CORRECT)->streams = streams;
    }
  for (guint i = 1; i < N_STREAMS; i++)
    add_step (self, SOTTO_STEP_ADD)->add = (SottoAddStep) {
      { 0 }, SOTTO_BUFFER_STREAM + i - 1, SOTTO_BUFFER_RESIDUAL, 1.0f, 0.7f };
}

/* Every token sees all; one vector for the batch. */
static void
make_embedding (RandomPlan *self)
{
  SottoQkvStep *qkv;
  guint cache;

  add_norm (self, SOTTO_NORM_LAYER, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_RESIDUAL);
  add_norm (self, SOTTO_NORM_NONE, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
  ((SottoStep *) (void *) self->steps->data)[self->steps->len - 1].norm.norm = (SottoNorm) { 0 };
  qkv = add_qkv (self, 4, 4, 32, 32, 0, TRUE);
  cache = qkv->cache;
  add_attend (self, cache, 4, 32)->mask = SOTTO_MASK_ALL;
  add_project (self, SOTTO_BUFFER_ATTENDED, 128, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
  self->program.plan.whole_sequence = TRUE;
  add_step (self, SOTTO_STEP_POOL)->pool = (SottoPoolStep) {
    norm_of (self, SOTTO_NORM_LAYER, N), SOTTO_POOLING_MEAN,
    { weight_of (self, 96, N, TRUE), weight_of (self, 48, 96, FALSE) } };
}

/* Pairs that turn by axes, also where a bias of keys is kept apart, and layers that take more of rows. */
static void
make_axes (RandomPlan *self)
{
  for (guint layer = 0; layer < 2; layer++)
    {
      SottoQkvStep *qkv;
      SottoRope *rope;
      guint8 *axes = g_new (guint8, 8);
      guint cache;

      g_ptr_array_add (self->memory, axes);
      for (guint i = 0; i < 8; i++)
        axes[i] = (guint8) (layer == 0 ? i / 3 : i % 3);
      add_norm (self, SOTTO_NORM_RMS, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED);
      qkv = add_qkv (self, 4, 2, 24, 24, 0, layer == 0);
      rope = (SottoRope *) rope_of (self, layer == 0 ? SOTTO_ROPE_NEOX : SOTTO_ROPE_NORMAL, 8, 8 * layer);
      rope->axes = axes;
      qkv->rope = rope;
      cache = qkv->cache;
      add_attend (self, cache, 4, 24);
      add_project (self, SOTTO_BUFFER_ATTENDED, 4 * 24, SOTTO_BUFFER_RESIDUAL, 1.0f, TRUE);
      add_feed (self, SOTTO_ACTIVATION_SILU, 96);
      add_step (self, SOTTO_STEP_DEEPEN)->deepen.part = layer + 1;
    }
  self->program.plan.has_axes = TRUE;
  self->program.plan.n_deep = 2;
}

typedef void (*Make) (RandomPlan *self);

const char *const random_plan_names[]
  = { "grouped", "heads", "rows", "latent", "delta", "experts", "inputs", "embedding",
      "sizes", "convolve", "scan", "axes", "streams", NULL };

static const Make makes[] = { make_grouped, make_heads, make_rows, make_latent, make_delta,
                              make_experts, make_inputs, make_embedding, make_sizes,
                              make_convolve, make_scan, make_axes, make_streams };

RandomPlan *
random_plan_new (const char *name, SottoBlockType type)
{
  RandomPlan *self = g_new0 (RandomPlan, 1);
  SottoPlan *plan = &self->program.plan;
  guint which = 0;

  while (!g_str_equal (random_plan_names[which], name))
    which++;
  self->type = type;
  self->rand = g_rand_new_with_seed (which * 100 + type);
  self->steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  self->caches = g_array_new (FALSE, TRUE, sizeof (SottoCacheShape));
  self->recurrents = g_array_new (FALSE, TRUE, sizeof (SottoRecurrentShape));
  self->memory = g_ptr_array_new_with_free_func (g_free);
  add_step (self, SOTTO_STEP_EMBED)->embed = (SottoEmbedStep) {
    weight_of (self, RANDOM_PLAN_VOCABULARY, N, FALSE), weight_of (self, 600, N, FALSE),
    floats (self, N, 0.3, 0.0), 1.5f };
  makes[which] (self);
  plan->n_output = 48;
  if (!plan->whole_sequence)
    {
      plan->n_output = RANDOM_PLAN_VOCABULARY;
      add_step (self, SOTTO_STEP_LOGITS)->logits = (SottoLogitsStep) {
        norm_of (self, SOTTO_NORM_RMS, N), weight_of (self, RANDOM_PLAN_VOCABULARY, N, FALSE), 0.8f, 5.0f };
    }
  plan->n_embedding = N;
  plan->n_vocabulary = RANDOM_PLAN_VOCABULARY;
  plan->n_layers = 2;
  plan->caches = (const SottoCacheShape *) (void *) self->caches->data;
  plan->n_caches = self->caches->len;
  plan->recurrents = (const SottoRecurrentShape *) (void *) self->recurrents->data;
  plan->n_recurrents = self->recurrents->len;
  plan->steps = (const SottoStep *) (void *) self->steps->data;
  plan->n_steps = self->steps->len;
  return self;
}

void
random_plan_free (RandomPlan *self)
{
  g_array_unref (self->steps);
  g_array_unref (self->caches);
  g_array_unref (self->recurrents);
  g_ptr_array_unref (self->memory);
  g_rand_free (self->rand);
  g_free (self);
}
