#include "cuda-kernels.h"
#include "format/block.h"

#include <math.h>
#include <string.h>

/* Attention against double, of the numbers that the cache holds. What no row sees is no number, in the cache and behind
 * the ends of its rows. Of many rows queries, and what their scores count, are halves on the way. */

typedef struct {
  guint n_rows;
  guint n_heads;
  guint n_kv_heads;
  guint n_key;
  guint n_value;           /* 0: n_latent of the keys */
  guint n_latent;
  guint capacity;
  guint position;          /* of the first row */
  guint n_most;            /* what the grid is for */
  SottoMask mask;
  guint window;
  float soft_cap;
  guint temperature_span;
  gboolean has_sinks;
  gboolean has_slopes;
  gboolean is_gated;
} Case;

static const Case cases[] = {
  /* One row; a group of odd size; chunks, also those that the sequence has not come to. */
  { 1, 8, 2, 64, 64, 0, 1024, 700, 1024, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, FALSE },
  { 1, 3, 3, 128, 128, 0, 256, 0, 256, SOTTO_MASK_CAUSAL, 0, 0, 0, TRUE, FALSE, TRUE },
  { 1, 9, 1, 96, 64, 0, 600, 599, 600, SOTTO_MASK_CAUSAL, 0, 30, 0, FALSE, FALSE, FALSE },
  /* Odd sizes: tails of blocks, more heads than a block of the grid takes. */
  { 2, 10, 1, 40, 24, 0, 400, 300, 512, SOTTO_MASK_CAUSAL, 0, 0, 64, FALSE, TRUE, FALSE },
  { 3, 4, 2, 16, 18, 0, 64, 13, 16, SOTTO_MASK_CAUSAL, 0, 5, 0, TRUE, TRUE, TRUE },
  { 1, 2, 1, 256, 256, 0, 300, 255, 300, SOTTO_MASK_CAUSAL, 0, 50, 0, FALSE, FALSE, FALSE },
  { 1, 2, 1, 80, 576, 0, 200, 140, 200, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, FALSE },
  /* Latent: values are the first of the keys. */
  { 1, 16, 1, 576, 0, 512, 400, 385, 512, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, FALSE },
  { 2, 3, 1, 96, 0, 64, 300, 259, 300, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, FALSE },
  /* Windows, on rings that went round. */
  { 1, 4, 2, 64, 64, 0, 200, 1234, 4096, SOTTO_MASK_CAUSAL, 128, 0, 0, FALSE, FALSE, FALSE },
  { 5, 4, 2, 32, 32, 0, 320, 1021, 1100, SOTTO_MASK_CAUSAL, 300, 0, 0, TRUE, FALSE, FALSE },
  { 4, 2, 1, 32, 32, 0, 64, 3, 7, SOTTO_MASK_CAUSAL, 5, 0, 0, FALSE, FALSE, FALSE },
  /* All of a batch, and a window to both sides. */
  { 33, 2, 2, 32, 32, 0, 40, 0, 33, SOTTO_MASK_ALL, 0, 0, 0, FALSE, TRUE, FALSE },
  { 150, 1, 1, 32, 32, 0, 160, 0, 150, SOTTO_MASK_ALL, 20, 0, 0, FALSE, FALSE, FALSE },
  /* Later ones of the batch, too: a window counts for earlier ones alone, also where the batch is longer, and on a ring. */
  { 33, 2, 2, 32, 32, 0, 140, 70, 103, SOTTO_MASK_TOGETHER, 0, 0, 0, FALSE, TRUE, FALSE },
  { 5, 4, 2, 32, 32, 0, 320, 1021, 1100, SOTTO_MASK_TOGETHER, 300, 0, 0, TRUE, FALSE, FALSE },
  { 100, 2, 1, 32, 32, 0, 200, 450, 600, SOTTO_MASK_TOGETHER, 30, 0, 0, FALSE, FALSE, FALSE },
  /* Many rows. */
  { 37, 6, 2, 48, 32, 0, 512, 290, 512, SOTTO_MASK_CAUSAL, 0, 0, 100, TRUE, FALSE, TRUE },
  { 20, 8, 4, 16, 16, 0, 200, 399, 419, SOTTO_MASK_CAUSAL, 130, 20, 0, FALSE, TRUE, FALSE },
  { 9, 10, 1, 100, 72, 0, 300, 280, 300, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, FALSE },
  { 17, 1, 1, 256, 256, 0, 64, 13, 64, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, TRUE },
  { 18, 2, 1, 96, 0, 80, 64, 30, 64, SOTTO_MASK_CAUSAL, 0, 0, 0, TRUE, FALSE, FALSE },
};

/* So many queries that they are not cut into chunks. */
static const Case crowd = {
  260, 32, 16, 16, 16, 0, 300, 30, 300, SOTTO_MASK_CAUSAL, 0, 0, 0, TRUE, FALSE, FALSE,
};

static const char *const type_names[] = {
  [SOTTO_KV_F16] = "F16", [SOTTO_KV_F32] = "F32", [SOTTO_KV_Q8_0] = "Q8_0", [SOTTO_KV_Q4_0] = "Q4_0",
};

typedef struct {
  const Case *shape;
  SottoCudaCache cache;    /* host memory */
  SottoAttendStep step;    /* host memory */
  const float *queries, *gates;
} Input;

/* --- Caches --- */

static gsize
row_bytes (SottoKvType type, guint n)
{
  gsize block = type == SOTTO_KV_Q8_0 ? 34 : type == SOTTO_KV_Q4_0 ? 18 : type == SOTTO_KV_F16 ? 64 : 128;

  return (n + 31) / 32 * block;
}

static guint
n_values_of (const Case *c)
{
  return c->n_value > 0 ? c->n_value : c->n_latent;
}

/* The positions that any of the rows sees. */
static void
find_seen (const Case *c, guint row, guint *first, guint *end)
{
  const guint position = c->position + row;
  const guint all = c->position + c->n_rows;

  *first = c->window > 0 && position >= c->window ? position - c->window + 1 : 0;
  *end = c->mask == SOTTO_MASK_TOGETHER ? all : c->mask == SOTTO_MASK_CAUSAL ? position + 1 : c->window > 0 ? MIN (all, position + c->window) : all;
}

static gboolean
is_seen (const Case *c, guint slot)
{
  guint first, end, other;

  find_seen (c, 0, &first, &other);
  find_seen (c, c->n_rows - 1, &other, &end);
  for (guint p = first; p < end; p++)
    if (p % c->capacity == slot)
      return TRUE;
  return FALSE;
}

static void
fill_row (SottoKvType type, guint8 *row, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      const float x = (float) g_test_rand_double_range (-1, 1);
      const guint16 half = sotto_float_to_half (x);

      if (type == SOTTO_KV_F32)
        memcpy (row + 4 * i, &x, 4);
      else if (type == SOTTO_KV_F16)
        memcpy (row + 2 * i, &half, 2);
    }
  for (guint b = 0; b < (n + 31) / 32 && (type == SOTTO_KV_Q8_0 || type == SOTTO_KV_Q4_0); b++)
    {
      const guint n_bytes = type == SOTTO_KV_Q8_0 ? 32 : 16;
      const guint16 scale = sotto_float_to_half (
        (float) g_test_rand_double_range (0.1, 1) / (type == SOTTO_KV_Q8_0 ? 127 : 8));
      guint8 *block = row + b * (2 + n_bytes);

      memcpy (block, &scale, 2);
      for (guint i = 0; i < n_bytes; i++)
        block[2 + i] = (guint8) g_test_rand_int_range (0, 256);
    }
}

static guint8 *
fill (const Case *c, SottoKvType type, guint n, gsize n_bytes)
{
  guint8 *rows = g_malloc (c->n_kv_heads * c->capacity * n_bytes + 1);

  memset (rows, 0xff, c->n_kv_heads * c->capacity * n_bytes + 1);
  for (guint slot = 0; slot < c->capacity; slot++)
    for (guint head = 0; head < c->n_kv_heads && is_seen (c, slot); head++)
      fill_row (type, rows + ((gsize) head * c->capacity + slot) * n_bytes, n);
  return rows;
}

/* As it is held. */
static double
element (SottoKvType type, const guint8 *row, guint i)
{
  const guint8 *block = row + i / 32 * (type == SOTTO_KV_Q8_0 ? 34 : 18);
  guint16 half;
  float x;

  if (type == SOTTO_KV_F32)
    {
      memcpy (&x, row + 4 * i, 4);
      return (double) x;
    }
  memcpy (&half, type == SOTTO_KV_F16 ? row + 2 * i : block, 2);
  x = sotto_half_to_float (half);
  if (type == SOTTO_KV_Q8_0)
    return (double) x * (gint8) block[2 + i % 32];
  if (type == SOTTO_KV_Q4_0)
    return (double) x * ((block[2 + i % 16] >> (i % 32 < 16 ? 0 : 4) & 15) - 8);
  return (double) x;
}

/* Integers are held spread: by the definition of a Hadamard matrix, piece by piece. */
static void
read_row (SottoKvType type, guint width, const guint8 *row, guint n, double *x)
{
  for (guint i = 0; i < n; i++)
    {
      const guint first = i / width * width;

      x[i] = 0.0;
      for (guint j = 0; j < width; j++)
        x[i] += element (type, row, first + j) * (__builtin_popcount (j & (i - first)) % 2 == 1 ? -1.0 : 1.0);
      x[i] /= sqrt (width);
    }
}

static guint
width_of (SottoKvType type, guint n)
{
  guint width = 1;

  for (guint w = 2; w <= 128 && (type == SOTTO_KV_Q8_0 || type == SOTTO_KV_Q4_0); w *= 2)
    if (n % w == 0)
      width = w;
  return width;
}

/* Every slot's row, (n_kv_heads, capacity, n), as it was before it was spread. */
static double *
read_rows (const Input *in, gboolean is_value, guint n)
{
  const SottoCudaCache *cache = &in->cache;
  const guint n_rows = cache->n_heads * cache->capacity;
  const gboolean is_key = !is_value || cache->n_value == 0;
  const guint width
    = width_of (cache->type, !is_key ? n : cache->n_value > 0 ? cache->n_key : cache->n_key | cache->n_latent);
  double *rows = g_new (double, (gsize) n_rows * n);

  for (guint row = 0; row < n_rows; row++)
    if (is_seen (in->shape, row % cache->capacity))
      read_row (cache->type, width,
                is_key ? cache->keys + row * cache->key_bytes : cache->values + row * cache->value_bytes, n,
                rows + (gsize) row * n);
  return rows;
}

/* --- By the definition --- */

static double
score (const Input *in, guint row, guint head, guint key, const double *keys)
{
  const SottoAttendStep *step = &in->step;
  const Case *c = in->shape;
  const guint position = c->position + row;
  const double *k = keys + ((gsize) head / (c->n_heads / c->n_kv_heads) * c->capacity + key % c->capacity) * c->n_key;
  const float *q = in->queries + ((gsize) row * c->n_heads + head) * c->n_key;
  double sum = 0.0;

  for (guint i = 0; i < c->n_key; i++)
    sum += (double) q[i] * k[i];
  sum *= (double) step->scale;
  if (c->temperature_span > 0)
    sum *= 1.0 + (double) step->temperature * log (1.0 + position / c->temperature_span);
  if (c->soft_cap > 0.0f)
    sum = (double) c->soft_cap * tanh (sum / (double) c->soft_cap);
  return sum + (c->has_slopes ? (double) step->slopes[head] * ((double) key - position) : 0.0);
}

static void
expect_head (const Input *in, guint row, guint head, const double *keys, const double *values, double *y)
{
  const Case *c = in->shape;
  const guint n = n_values_of (c);
  const gsize cache_row = (gsize) head / (c->n_heads / c->n_kv_heads) * c->capacity;
  g_autofree double *weights = g_new (double, c->position + c->n_rows);
  double sum = c->has_sinks ? exp ((double) in->step.sinks[head]) : 0.0;
  guint first, end;

  find_seen (c, row, &first, &end);
  for (guint key = first; key < end; key++)
    sum += weights[key] = exp (score (in, row, head, key, keys));
  for (guint i = 0; i < n; i++)
    {
      const double gate = c->is_gated ? (double) in->gates[((gsize) row * c->n_heads + head) * n + i] : 0.0;

      y[i] = 0.0;
      for (guint key = first; key < end; key++)
        y[i] += weights[key] / sum * values[(cache_row + key % c->capacity) * n + i];
      if (c->is_gated)
        y[i] /= 1.0 + exp (-gate);
    }
}

static double *
expect (const Input *in)
{
  const Case *c = in->shape;
  const guint n = n_values_of (c);
  g_autofree double *keys = read_rows (in, FALSE, c->n_key);
  g_autofree double *values = read_rows (in, TRUE, n);
  double *right = g_new (double, (gsize) c->n_rows * c->n_heads * n);

  for (guint row = 0; row < c->n_rows; row++)
    for (guint head = 0; head < c->n_heads; head++)
      expect_head (in, row, head, keys, values, right + ((gsize) row * c->n_heads + head) * n);
  return right;
}

/* --- By the device --- */

/* What products read of few rows: heads side by side, or, of latent ones, each a row. */
static SottoCudaOperand
put_operand (CudaModule *self, const Case *c, const float *values)
{
  const guint n = n_values_of (c);
  const guint n_rows = c->n_value > 0 ? c->n_rows : c->n_rows * c->n_heads;
  const guint n_columns = c->n_value > 0 ? c->n_heads * n : n, padded = (n_columns + 255) / 256 * 256;
  const gsize n_bytes = (gsize) n_rows * padded;

  return (SottoCudaOperand) { .n_rows = n_rows, .n_columns = n_columns, .n_columns_padded = padded,
                              .values_stride = n_columns, .values = values, .high = cuda_put (self, NULL, n_bytes),
                              .low = cuda_put (self, NULL, n_bytes), .scales = cuda_put (self, NULL, n_bytes / 8),
                              .sums = cuda_put (self, NULL, n_bytes / 8) };
}

static void
assert_same (CudaModule *self, const void *one, const void *other, gsize n_bytes)
{
  g_autofree guint8 *first = cuda_get (self, one, n_bytes);
  g_autofree guint8 *second = cuda_get (self, other, n_bytes);

  g_assert_cmpmem (first, n_bytes, second, n_bytes);
}

/* What attention made of its result is what quantise() makes of it. */
static void
check_operand (CudaModule *self, const Case *c, const SottoCudaOperand *made)
{
  const SottoCudaOperand right = put_operand (self, c, made->values);
  const gsize n_bytes = (gsize) made->n_rows * made->n_columns_padded;

  cuda_check (self, self->module->quantise (self->device, &right));
  assert_same (self, made->high, right.high, n_bytes);
  assert_same (self, made->low, right.low, n_bytes);
  assert_same (self, made->scales, right.scales, n_bytes / 8);
  assert_same (self, made->sums, right.sums, n_bytes / 8);
}

static float *
run (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const Case *c = in->shape;
  const gsize n_rows = (gsize) c->n_kv_heads * c->capacity;
  const gsize n = (gsize) c->n_rows * c->n_heads * n_values_of (c) * sizeof (float);
  SottoCudaCache cache = in->cache;
  SottoAttendStep step = in->step;
  SottoCudaAttend arguments = {
    .n_rows = c->n_rows, .n_positions_most = c->n_most, .cache = &cache, .step = &step,
  };
  gsize n_partials;

  cache.keys = cuda_put (self, cache.keys, n_rows * cache.key_bytes);
  cache.values = c->n_value > 0 ? cuda_put (self, cache.values, n_rows * cache.value_bytes) : NULL;
  step.sinks = c->has_sinks ? cuda_put (self, step.sinks, c->n_heads * sizeof (float)) : NULL;
  step.slopes = c->has_slopes ? cuda_put (self, step.slopes, c->n_heads * sizeof (float)) : NULL;
  arguments.queries = cuda_put (self, in->queries, (gsize) c->n_rows * c->n_heads * c->n_key * sizeof (float));
  arguments.gates = c->is_gated ? cuda_put (self, in->gates, n) : NULL;
  arguments.position = cuda_put (self, &c->position, sizeof c->position);
  arguments.attended = cuda_put (self, NULL, n);
  n_partials = self->module->attend_partial_floats (&arguments);
  g_assert_cmpuint (n_partials, <, 32 << 20);
  if (n_partials > 0)
    arguments.partials = cuda_put (self, NULL, n_partials * sizeof (float));
  if (c->n_rows <= SOTTO_CUDA_FEW)
    arguments.operand = put_operand (self, c, arguments.attended);
  cuda_check (self, self->module->attend (self->device, &arguments));
  if (c->n_rows <= SOTTO_CUDA_FEW)
    check_operand (self, c, &arguments.operand);
  return cuda_get (self, arguments.attended, n);
}

static void
check (CudaModule *self, const Case *c, SottoKvType type, gboolean is_plain)
{
  const gboolean has_halves = !is_plain && type != SOTTO_KV_F32 && c->n_rows > SOTTO_CUDA_FEW;
  const gsize n = (gsize) c->n_rows * c->n_heads * n_values_of (c);
  const gsize key_bytes = row_bytes (type, c->n_key), value_bytes = row_bytes (type, c->n_value);
  g_autofree float *queries = cuda_random_floats ((gsize) c->n_rows * c->n_heads * c->n_key);
  g_autofree float *gates = cuda_random_floats (n);
  g_autofree float *sinks = cuda_random_floats (c->n_heads);
  g_autofree float *slopes = cuda_random_floats (c->n_heads);
  g_autofree guint8 *keys = fill (c, type, c->n_key, key_bytes);
  g_autofree guint8 *values = fill (c, type, c->n_value, value_bytes);
  g_autofree char *what = g_strdup_printf ("%s, case %td", type_names[type], c - cases);
  Input in = {
    .shape = c,
    .cache = { .type = type, .n_heads = c->n_kv_heads, .n_key = c->n_key, .n_value = c->n_value,
               .n_latent = c->n_latent, .capacity = c->capacity, .key_bytes = key_bytes, .value_bytes = value_bytes,
               .keys = keys, .values = values },
    .step = { .n_heads = c->n_heads, .mask = c->mask, .window = c->window, .scale = 2.0f / sqrtf ((float) c->n_key),
              .soft_cap = c->soft_cap, .sinks = sinks, .slopes = slopes, .temperature = 0.5f,
              .temperature_span = c->temperature_span, .gated = c->is_gated },
    .queries = queries,
    .gates = gates,
  };
  g_autofree double *right = NULL;
  g_autofree float *got = NULL;

  for (guint i = 0; i < c->n_heads; i++)
    slopes[i] *= 0.1f;
  right = expect (&in);
  got = cuda_run_both (self, run, &in, n);
  cuda_assert_near (what, got, right, n, has_halves ? 2e-3 : 1e-4, has_halves ? 1e-3 : 2e-6);
}

static void
check_all (CudaModule *self, SottoKvType type)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (self, &cases[i], type, FALSE);
}

static void
test_floats (CudaModule *self)
{
  check_all (self, SOTTO_KV_F32);
}

static void
test_halves (CudaModule *self)
{
  check_all (self, SOTTO_KV_F16);
  check (self, &crowd, SOTTO_KV_F16, FALSE);
}

static void
test_bytes (CudaModule *self)
{
  check_all (self, SOTTO_KV_Q8_0);
}

static void
test_nibbles (CudaModule *self)
{
  check_all (self, SOTTO_KV_Q4_0);
}

/* Devices before 7.5 have no products of matrices. */
static void
test_many_plainly (CudaModule *self)
{
  if (!self->is_emulated)
    {
      g_test_skip ("only the emulated device can be made older");
      return;
    }
  g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", "61", TRUE);
  cuda_reopen (self);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (cases[i].n_rows > SOTTO_CUDA_FEW)
      check (self, &cases[i], i % 2 == 0 ? SOTTO_KV_F16 : SOTTO_KV_Q8_0, TRUE);
  g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
  cuda_reopen (self);
}

/* A recording, repeated while the sequence grows, is what the same rows without one are; and a row is the same in any
 * batch of a few. */
static void
test_growing (CudaModule *self)
{
  const Case last = { 3, 4, 2, 32, 32, 0, 600, 510, 600, SOTTO_MASK_CAUSAL, 0, 0, 0, FALSE, FALSE, FALSE };
  const gsize n = (gsize) last.n_heads * last.n_value;
  const gsize n_bytes = row_bytes (SOTTO_KV_F16, 32);
  g_autofree float *queries = cuda_random_floats (3 * n);
  g_autofree guint8 *keys = fill (&last, SOTTO_KV_F16, 32, n_bytes);
  g_autofree guint8 *values = fill (&last, SOTTO_KV_F16, 32, n_bytes);
  SottoCudaCache cache = {
    .type = SOTTO_KV_F16, .n_heads = last.n_kv_heads, .n_key = 32, .n_value = 32, .capacity = last.capacity,
    .key_bytes = n_bytes, .value_bytes = n_bytes,
    .keys = cuda_put (self, keys, 2 * last.capacity * n_bytes),
    .values = cuda_put (self, values, 2 * last.capacity * n_bytes),
  };
  SottoAttendStep step = { .n_heads = last.n_heads, .scale = 0.3f };
  SottoCudaAttend arguments = { .n_rows = 3, .n_positions_most = last.n_most, .cache = &cache, .step = &step };
  g_autofree float *whole = NULL;
  guint32 *position = cuda_put (self, &last.position, sizeof *position);
  float *rows = cuda_put (self, queries, 3 * n * sizeof (float));
  void *recording;

  arguments.position = position;
  arguments.queries = rows;
  arguments.attended = cuda_put (self, NULL, 3 * n * sizeof (float));
  arguments.partials = cuda_put (self, NULL, self->module->attend_partial_floats (&arguments) * sizeof (float));
  cuda_check (self, self->module->attend (self->device, &arguments));
  whole = cuda_get (self, arguments.attended, 3 * n * sizeof (float));

  arguments.n_rows = 1;
  if (!self->module->record (self->device))
    {
      g_test_skip ("this device does not record");
      return;
    }
  cuda_check (self, self->module->attend (self->device, &arguments));
  recording = self->module->recorded (self->device);
  g_assert_nonnull (recording);
  for (guint32 i = 0; i < 3; i++)
    {
      const guint32 now = last.position + i;
      g_autofree float *got = NULL;

      cuda_check (self, self->module->upload (self->device, position, &now, sizeof now));
      cuda_check (self, self->module->upload (self->device, rows, queries + i * n, n * sizeof (float)));
      cuda_check (self, self->module->repeat (self->device, recording));
      got = cuda_get (self, arguments.attended, n * sizeof (float));
      g_assert_cmpmem (got, n * sizeof (float), whole + i * n, n * sizeof (float));
    }
  self->module->forget (self->device, recording);
}

void
cuda_kernels_add_attend (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/attend/F32", test_floats);
  cuda_test_add (argc, argv, "/attend/F16", test_halves);
  cuda_test_add (argc, argv, "/attend/Q8_0", test_bytes);
  cuda_test_add (argc, argv, "/attend/Q4_0", test_nibbles);
  cuda_test_add (argc, argv, "/attend/many-plainly", test_many_plainly);
  cuda_test_add (argc, argv, "/attend/growing", test_growing);
}
