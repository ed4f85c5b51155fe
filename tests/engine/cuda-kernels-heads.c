#include "cuda-kernels.h"

#include "cpu/cache-layout.h"
#include "cpu/exact-math.h"

#include <math.h>
#include <string.h>

/* Heads that are turned, against the formula in double; heads in caches, against what the CPU packs, and against the
 * matrix that spreads them. */

typedef struct {
  SottoRopeKind kind;
  guint n_rows;
  guint n_heads;
  guint n_head;
  guint n_pairs;            /* 0: no rope */
  guint first;              /* element that is turned */
  guint position;           /* of the first row */
  guint gap;                /* floats behind each head */
  gboolean is_long;
  float scale;
} Case;

static const Case cases[] = {
  { SOTTO_ROPE_NEOX, 1, 5, 128, 64, 0, 3, 0, FALSE, 1.0f },
  { SOTTO_ROPE_NORMAL, 3, 4, 64, 32, 0, 0, 7, FALSE, 1.0f },
  { SOTTO_ROPE_NEOX, 2, 3, 80, 10, 4, 131000, 0, FALSE, 1.25f },
  { SOTTO_ROPE_NORMAL, 11, 18, 40, 16, 8, 1000000, 1, TRUE, 0.5f },
  { SOTTO_ROPE_NEOX, 9, 1, 576, 32, 512, 77, 0, TRUE, 1.0f },
  { SOTTO_ROPE_NEOX, 2, 7, 33, 16, 1, 12, 3, FALSE, 1.0f },
  { SOTTO_ROPE_NEOX, 10, 17, 96, 0, 0, 12, 0, FALSE, 1.0f },
};

#define LONG_SCALE 1.125f
#define MOST_PAIRS 128

typedef struct {
  const Case *shape;
  const float *heads;
  SottoKvType type;         /* of what is kept */
  gboolean is_value;
  gboolean is_latent;       /* values are the first half of the keys */
  const SottoSpot *spots;   /* (nullable) (n_rows): then pair i turns by axis i % 3 */
} Input;

static double
frequency (const Case *c, gboolean is_long, guint pair)
{
  return pow (is_long ? 3e6 : 1e4, -(double) pair / c->n_pairs);
}

static gsize
n_step (const Case *c)
{
  return c->n_head + c->gap;
}

static gsize
n_floats (const Case *c)
{
  return c->n_rows * c->n_heads * n_step (c);
}

/* --- What runs --- */

static SottoRope
put_rope (CudaModule *self, const Case *c)
{
  SottoRope rope = { .kind = c->kind, .n_pairs = c->n_pairs, .first = c->first, .scale = c->scale,
                     .long_scale = LONG_SCALE };
  double frequencies[MOST_PAIRS];

  for (guint is_long = 0; is_long <= (c->is_long ? 1 : 0); is_long++)
    {
      for (guint i = 0; i < c->n_pairs; i++)
        frequencies[i] = frequency (c, is_long == 1, i);
      *(is_long == 1 ? &rope.long_frequencies : &rope.frequencies) =
        cuda_put (self, frequencies, c->n_pairs * sizeof *frequencies);
    }
  return rope;
}

/* Runs the operation on what is there. */
static float *
do_heads (CudaModule *self, const Input *in, const SottoCudaCache *cache)
{
  const Case *c = in->shape;
  const guint32 position = c->position;
  SottoRope rope = put_rope (self, c);
  guint8 axes[MOST_PAIRS];
  SottoCudaHeads arguments = { .stride = c->n_heads * n_step (c), .step = n_step (c), .n_rows = c->n_rows,
                               .n_heads = c->n_heads, .n_head = c->n_head, .is_long = TRUE,
                               .rope = c->n_pairs > 0 ? &rope : NULL, .cache = cache,
                               .is_value = in->is_value };

  for (guint i = 0; i < c->n_pairs; i++)
    axes[i] = (guint8) (i % SOTTO_N_AXES);
  if (in->spots != NULL && c->n_pairs > 0)
    {
      rope.axes = cuda_put (self, axes, c->n_pairs);
      arguments.spots = cuda_put (self, in->spots, c->n_rows * sizeof *in->spots);
    }
  arguments.heads = cuda_put (self, in->heads, n_floats (c) * sizeof (float));
  arguments.position = cuda_put (self, &position, sizeof position);
  cuda_check (self, self->module->heads (self->device, &arguments));
  return arguments.heads;
}

static float *
run_in_place (CudaModule *self, gconstpointer data)
{
  const Input *in = data;

  return cuda_get (self, do_heads (self, in, NULL), n_floats (in->shape) * sizeof (float));
}

/* A ring that is smaller than what was there before, larger than a batch. */
static SottoCudaCache
describe (const Input *in)
{
  const Case *c = in->shape;

  /* What is not kept here has a width of its own. */
  return (SottoCudaCache) { .type = in->type, .n_heads = c->n_heads, .n_key = c->n_head + (in->is_value ? 1 : 0),
                            .n_value = in->is_latent ? 0 : c->n_head + (in->is_value ? 0 : 1),
                            .n_latent = in->is_latent ? c->n_head / 2 : 0, .capacity = 12,
                            .key_bytes = sotto_value_row_bytes (in->type, c->n_head),
                            .value_bytes = sotto_value_row_bytes (in->type, c->n_head) };
}

static gsize
cache_bytes (const SottoCudaCache *cache)
{
  return (cache->n_heads * cache->capacity * cache->key_bytes + 3) / 4 * 4;
}

static float *
run_kept (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  SottoCudaCache cache = describe (in);
  const gsize n = cache_bytes (&cache);
  guint8 *rows = cuda_put (self, NULL, n);

  cuda_check (self, self->module->clear (self->device, rows, n));
  *(in->is_value ? &cache.values : &cache.keys) = rows;
  do_heads (self, in, &cache);
  return cuda_get (self, rows, n);
}

/* --- Turned in place --- */

static void
turn_head (const Case *c, guint position, const SottoSpot *spot, double *head)
{
  const double scale = (double) (c->is_long ? LONG_SCALE : c->scale);

  for (guint i = 0; i < c->n_pairs; i++)
    {
      double *left = head + c->first + (c->kind == SOTTO_ROPE_NEOX ? i : 2 * i);
      double *right = left + (c->kind == SOTTO_ROPE_NEOX ? c->n_pairs : 1);
      double angle = (spot != NULL ? spot->at[i % SOTTO_N_AXES] : position) * frequency (c, c->is_long, i);
      double x = *left, y = *right;

      *left = (x * cos (angle) - y * sin (angle)) * scale;
      *right = (x * sin (angle) + y * cos (angle)) * scale;
    }
}

static void
check_turned (CudaModule *self, gboolean has_spots)
{
  const SottoSpot spots[] = { { { 3, 1, 4 } }, { { 1, 5, 90000 } }, { { 2, 6, 5 } }, { { 3, 5, 8 } },  { { 9, 7, 9 } }, { { 3, 2, 3 } },
                              { { 8, 4, 6 } }, { { 2, 6, 4 } },     { { 3, 3, 8 } }, { { 32, 7, 9 } }, { { 5, 0, 2 } } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      const gsize n = n_floats (c);
      g_autofree float *heads = cuda_random_floats (n);
      g_autofree double *right = g_new (double, n);
      g_autofree char *what = g_strdup_printf ("heads %u", i);
      g_autofree float *got = NULL;

      for (gsize j = 0; j < n; j++)
        right[j] = (double) heads[j];
      for (guint j = 0; j < c->n_rows * c->n_heads; j++)
        turn_head (c, c->position + j / c->n_heads, has_spots ? &spots[j / c->n_heads] : NULL, right + j * n_step (c));
      got = cuda_run_both (self, run_in_place, &(Input) { .shape = c, .heads = heads, .spots = has_spots ? spots : NULL }, n);
      cuda_assert_near (what, got, right, n, 1e-6, 3e-7);
    }
}

static void
test_turned (CudaModule *self)
{
  check_turned (self, FALSE);
}

static void
test_spots (CudaModule *self)
{
  check_turned (self, TRUE);
}

/* --- Kept --- */

/* Element i of what a matrix of Hadamard makes of x; its own inverse. */
static double
spread_element (const double *x, guint width, guint i)
{
  const double *block = x + i / width * width;
  double sum = 0.0;

  for (guint j = 0; j < width; j++)
    {
      guint both = i % width & j;
      gboolean is_odd = FALSE;

      for (; both != 0; both &= both - 1)
        is_odd = !is_odd;
      sum += is_odd ? -block[j] : block[j];
    }
  return sum / sqrt (width);
}

/* What is kept of @n elements as numbers, and for each the step between two. */
static void
read_row (SottoKvType type, const guint8 *row, guint n, double *x, double *steps)
{
  for (guint i = 0; i < n; i++)
    {
      const guint b = i / SOTTO_CACHE_BLOCK, at = i % SOTTO_CACHE_BLOCK;
      const guint8 *block = row + b * sotto_cache_block_bytes (type);
      const gboolean is_high = at >= SOTTO_CACHE_BLOCK / 2;
      guint16 half;

      memcpy (&half, block, sizeof half);
      steps[i] = fabs ((double) sotto_half_to_float (half));
      x[i] = (double) sotto_half_to_float (half)
             * (type == SOTTO_KV_Q8_0 ? (gint8) block[2 + at]
                                      : (block[2 + at % 16] >> (is_high ? 4 : 0) & 15) - 8);
    }
}

/* What is read back of integers is near enough to what was turned, once it is turned back. */
static void
check_integers (const Input *in, const guint8 *row, const float *head)
{
  const guint n = in->shape->n_head;
  const SottoCudaCache cache = describe (in);
  const guint width = cache.n_value > 0 && in->is_value ? sotto_cache_spread (in->type, n)
                                                        : sotto_cache_spread (in->type, n | cache.n_latent);
  g_autofree double *x = g_new (double, n);
  g_autofree double *steps = g_new (double, n);

  read_row (in->type, row, n, x, steps);
  for (guint i = 0; i < n; i++)
    {
      double squares = 0.0;

      /* Elements are off by half a step, or, cut in four bits, by 1.5 steps at most; a sum of them by their length. */
      for (guint j = i / width * width; j < (i / width + 1) * width; j++)
        squares += steps[j] * steps[j];
      /* What is too large for any scale is not compared. */
      if (sqrt (squares) >= 65504.0)
        continue;
      g_assert_cmpfloat (fabs (spread_element (x, width, i) - (double) head[i]), <=,
                         sqrt (squares) * (in->type == SOTTO_KV_Q8_0 ? 0.51 : 1.6));
    }
}

/* By the CPU's functions, of floats that are spread as its reference tier does it. */
static void
pack (const Input *in, const float *head, guint width, guint8 *row)
{
  const guint n = in->shape->n_head;
  SottoKernels kernels = { 0 };
  g_autofree float *x = g_memdup2 (head, n * sizeof *head);

  sotto_kernels_fill_reference (&kernels);
  if (width > 1)
    kernels.spread (n, width, x);
  if (in->type == SOTTO_KV_F32)
    memcpy (row, x, n * sizeof *x);
  else if (in->type == SOTTO_KV_F16)
    for (guint i = 0; i < n; i++)
      ((guint16 *) (void *) row)[i] = sotto_float_to_half (x[i]);
  else
    sotto_cache_pack_value (in->type, row, x, n, &kernels);
}

static void
check_kept (CudaModule *self, const Input *in)
{
  const Case *c = in->shape;
  const SottoCudaCache cache = describe (in);
  const gsize n = cache_bytes (&cache);
  const guint width = in->is_value && !in->is_latent ? sotto_cache_spread (in->type, c->n_head)
                                                     : sotto_cache_spread (in->type, c->n_head | cache.n_latent);
  /* Turned by the other test's operation. */
  g_autofree float *turned = run_in_place (self, in);
  g_autofree guint8 *right = g_malloc0 (n);
  g_autofree float *got = cuda_run_both (self, run_kept, in, n / sizeof (float));

  for (guint i = 0; i < c->n_rows * c->n_heads; i++)
    {
      const guint position = c->position + i / c->n_heads;
      const gsize at = ((gsize) (i % c->n_heads) * cache.capacity + position % cache.capacity) * cache.key_bytes;
      const float *head = turned + i * n_step (c);

      pack (in, head, width, right + at);
      if (in->type == SOTTO_KV_Q8_0 || in->type == SOTTO_KV_Q4_0)
        check_integers (in, (const guint8 *) got + at, head);
    }
  g_assert_cmpmem (got, n, right, n);
}

static void
check_type (CudaModule *self, SottoKvType type)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree float *heads = cuda_random_floats (n_floats (&cases[i]));

      /* A head of zeros, a block of equals, one that a few large ones rule, one too large for a half. */
      for (guint j = 0; j < cases[i].n_head; j++)
        heads[j] = -0.0f;
      for (guint j = 0; cases[i].n_heads > 1 && j < 32; j++)
        heads[n_step (&cases[i]) + j] = j % 2 == 0 ? 0.25f : -0.25f;
      heads[n_floats (&cases[i]) - cases[i].gap - 2] = i % 2 == 0 ? 40.0f : -1e9f;
      check_kept (self, &(Input) { .shape = &cases[i], .heads = heads, .type = type, .is_value = i % 2 == 1 });
      check_kept (self, &(Input) { .shape = &cases[i], .heads = heads, .type = type, .is_latent = TRUE });
    }
}

static void
test_floats (CudaModule *self)
{
  check_type (self, SOTTO_KV_F32);
  check_type (self, SOTTO_KV_F16);
}

static void
test_integers (CudaModule *self)
{
  check_type (self, SOTTO_KV_Q8_0);
  check_type (self, SOTTO_KV_Q4_0);
}

/* --- Normed, and in one grid --- */

enum { N_CHAINED = 4 }; /* one more than share a grid */

/* Queries, values that are the keys, keys, and other queries: those and what the cache has, in one go or one by one with the
 * norm's own operation. */
typedef struct {
  guint n_rows, n_heads, n_kv, n_head, n_pairs;
  SottoNormKind kind;
  gboolean by_head;         /* each has a weight of its own */
  gboolean turns_first;
  const float *floats;      /* of the rows of queries, keys, other queries */
  const float *weight;
} Chain;

static const Chain chains[] = {
  { 1, 32, 8, 128, 64, SOTTO_NORM_RMS, FALSE, FALSE, NULL, NULL },
  { 3, 5, 2, 64, 32, SOTTO_NORM_RMS, TRUE, FALSE, NULL, NULL },
  { 11, 9, 3, 40, 8, SOTTO_NORM_LAYER, TRUE, FALSE, NULL, NULL },
  { 1, 3, 1, 256, 128, SOTTO_NORM_NONE, FALSE, FALSE, NULL, NULL },
  { 3, 5, 2, 64, 32, SOTTO_NORM_RMS, FALSE, TRUE, NULL, NULL },
  { 1, 9, 3, 40, 8, SOTTO_NORM_LAYER, TRUE, TRUE, NULL, NULL },
};

static gboolean
do_by_itself (CudaModule *self, const SottoCudaHeads *heads, float *room)
{
  SottoCudaHeads turned = *heads;
  SottoCudaNorm norm = { .norm = heads->norm, .x = heads->heads, .y = room, .x_stride = heads->stride,
                         .y_stride = heads->stride, .x_step = heads->step, .y_step = heads->step,
                         .n_rows = heads->n_rows, .n_pieces = heads->n_heads, .n_columns = heads->n_head,
                         .weight_step = heads->weight_step };

  turned.next = NULL;
  turned.norm = (SottoNorm) { 0 };
  if (heads->turns_first && heads->rope != NULL)
    {
      SottoCudaHeads kept = turned;
      SottoCudaNorm copy = norm;

      copy.norm = (SottoNorm) { 0 };
      turned.heads = kept.heads = room;
      turned.cache = NULL;
      kept.rope = NULL;
      norm.x = room;
      norm.y = heads->cache == NULL ? heads->heads : room;
      return self->module->norm (self->device, &copy) && self->module->heads (self->device, &turned)
             && self->module->norm (self->device, &norm)
             && (heads->cache == NULL || self->module->heads (self->device, &kept));
    }
  if (heads->cache == NULL)
    norm.y = heads->heads;
  else
    turned.heads = room;
  return self->module->norm (self->device, &norm) && self->module->heads (self->device, &turned);
}

static float *
run_chain (CudaModule *self, const Chain *in, gboolean together)
{
  const Case rope_case = { SOTTO_ROPE_NEOX, 0, 0, in->n_head, in->n_pairs, 0, 0, 0, FALSE, 1.0f };
  const SottoRope rope = put_rope (self, &rope_case);
  const guint32 position = 77;
  const guint n_all = 2 * in->n_heads + in->n_kv;
  const gsize n = (gsize) in->n_rows * n_all * in->n_head;
  SottoCudaCache cache = { .type = SOTTO_KV_F32, .n_heads = in->n_kv, .n_key = in->n_head, .n_value = in->n_head,
                           .capacity = 16, .key_bytes = sotto_value_row_bytes (SOTTO_KV_F32, in->n_head),
                           .value_bytes = sotto_value_row_bytes (SOTTO_KV_F32, in->n_head) };
  const gsize n_cache = cache_bytes (&cache);
  float *rows = cuda_put (self, in->floats, n * sizeof (float)), *room = cuda_put (self, NULL, n * sizeof (float));
  float *keys = rows + (gsize) in->n_rows * in->n_heads * in->n_head;
  float *others = keys + (gsize) in->n_rows * in->n_kv * in->n_head;
  const float *weight = cuda_put (self, in->weight, (gsize) in->n_heads * in->n_head * sizeof (float));
  const guint32 *at = cuda_put (self, &position, sizeof position);
  SottoCudaHeads heads[N_CHAINED];
  g_autofree float *left = NULL, *of_keys = NULL, *of_values = NULL;
  float *all = g_new (float, n + n_cache / 2);

  cache.keys = cuda_put (self, NULL, n_cache);
  cache.values = cuda_put (self, NULL, n_cache);
  cuda_check (self, self->module->clear (self->device, cache.keys, n_cache));
  cuda_check (self, self->module->clear (self->device, cache.values, n_cache));
  for (guint i = 0; i < N_CHAINED; i++)
    {
      const gboolean is_kept = i == 1 || i == 2;
      const guint n_heads = is_kept ? in->n_kv : in->n_heads;

      heads[i] = (SottoCudaHeads) { .heads = is_kept ? keys : i == 0 ? rows : others,
                                    .stride = (gsize) n_heads * in->n_head, .step = in->n_head, .n_rows = in->n_rows,
                                    .n_heads = n_heads, .n_head = in->n_head,
                                    .norm = { in->kind, i == 1 ? NULL : weight, NULL, 1e-5f },
                                    .weight_step = in->by_head ? in->n_head : 0, .rope = i == 1 ? NULL : &rope,
                                    .turns_first = in->turns_first, .position = at, .cache = is_kept ? &cache : NULL, .is_value = i == 1,
                                    .next = i + 1 < N_CHAINED ? &heads[i + 1] : NULL };
    }
  if (together)
    cuda_check (self, self->module->heads (self->device, heads));
  for (guint i = 0; i < N_CHAINED && !together; i++)
    cuda_check (self, do_by_itself (self, &heads[i], room));
  left = cuda_get (self, rows, n * sizeof (float));
  of_keys = cuda_get (self, cache.keys, n_cache);
  of_values = cuda_get (self, cache.values, n_cache);
  memcpy (all, left, n * sizeof (float));
  memcpy (all + n, of_keys, n_cache);
  memcpy (all + n + n_cache / 4, of_values, n_cache);
  return all;
}

static float *
run_together (CudaModule *self, gconstpointer data)
{
  return run_chain (self, data, TRUE);
}

static void
test_together (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (chains); i++)
    {
      Chain in = chains[i];
      const gsize n = (gsize) in.n_rows * (2 * in.n_heads + in.n_kv) * in.n_head;
      const gsize n_all = n + (gsize) 2 * in.n_kv * 16 * ((in.n_head + 31) / 32 * 32);
      g_autofree float *floats = cuda_random_floats (n);
      g_autofree float *weight = cuda_random_floats ((gsize) in.n_heads * in.n_head);
      g_autofree float *one = NULL, *two = NULL;

      in.floats = floats;
      in.weight = weight;
      one = cuda_run_both (self, run_together, &in, n_all);
      two = run_chain (self, &in, FALSE);
      g_assert_cmpmem (one, n_all * sizeof (float), two, n_all * sizeof (float));
    }
}

void
cuda_kernels_add_heads (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/heads/turned", test_turned);
  cuda_test_add (argc, argv, "/heads/spots", test_spots);
  cuda_test_add (argc, argv, "/heads/kept-as-floats", test_floats);
  cuda_test_add (argc, argv, "/heads/kept-as-integers", test_integers);
  cuda_test_add (argc, argv, "/heads/together", test_together);
}
