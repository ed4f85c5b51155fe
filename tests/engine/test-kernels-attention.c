/* Softmax attention of every tier, through real caches of all types, against double, and to the bit against the tier whose
 * bits it should give. With -m perf also a benchmark. */

#include "cpu/cache-layout.h"
#include "cpu/cache.h"
#include "kernel-tier.h"
#include "random-weight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_QUERIES = 37, N_POSITIONS = 1024 };

typedef struct {
  SottoKvType type;
  guint n_key;
  guint n_value;
  gboolean latent;         /* the values are the first elements of the keys */
  guint window;
  float soft_cap;
  float slope;
} Attended;

/* What a step makes of a value of Q4_0. */
static double
round_4 (float value, float step)
{
  return (double) step * CLAMP (nearbyint ((double) (value / step)), -8.0, 7.0);
}

/* The step of 32 values of Q4_0 that loses least of them. */
static float
step_4 (const float *values, guint n, float highest)
{
  static const float parts[] = { -8.0f, -8.5f, -9.0f };
  double least = G_MAXDOUBLE;
  float best = 0;

  for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
    {
      float step = sotto_half_to_float (sotto_float_to_half (highest / parts[k]));
      double lost = 0;

      for (guint i = 0; i < n; i++)
        lost += pow ((double) values[i] - round_4 (values[i], step), 2);
      if (lost < least)
        {
          least = lost;
          best = step;
        }
    }
  return best;
}

/* A row as the cache gives it back, by the definition of the type. */
static void
round_row (SottoKvType type, float *row, guint n)
{
  if (type == SOTTO_KV_F32)
    return;
  for (guint first = 0; first < n; first += 32)
    {
      float highest = 0;
      float step;

      for (guint i = first; i < MIN (first + 32, n); i++)
        if (fabsf (row[i]) > fabsf (highest))
          highest = row[i];
      step = type == SOTTO_KV_Q8_0
               ? sotto_half_to_float (sotto_float_to_half (fabsf (highest) / 127))
               : step_4 (row + first, MIN (32, n - first), highest);
      for (guint i = first; i < MIN (first + 32, n); i++)
        row[i] = type == SOTTO_KV_F16 ? sotto_half_to_float (sotto_float_to_half (row[i]))
                 : type == SOTTO_KV_Q8_0
                   ? step * CLAMP (nearbyintf (row[i] / step), -127.0f, 127.0f)
                   : (float) round_4 (row[i], step);
    }
}

/* Query @query's result in double. */
static void
attend_double (const Attended *test, const SottoQuery *query, const float *keys, const float *values, double *result)
{
  g_autofree double *weights = g_new0 (double, query->end);
  double highest = -1e300;
  double sum = 0;

  for (guint p = query->first; p < query->end; p++)
    {
      for (guint d = 0; d < test->n_key; d++)
        weights[p] += (double) query->vector[d] * (double) keys[p * test->n_key + d];
      weights[p] *= (double) query->scale;
      if (test->soft_cap > 0)
        weights[p] = (double) test->soft_cap * tanh (weights[p] / (double) test->soft_cap);
      weights[p] += (double) query->slope * ((double) p - query->position);
      highest = MAX (highest, weights[p]);
    }
  for (guint p = query->first; p < query->end; p++)
    sum += weights[p] = exp (weights[p] - highest);
  for (guint d = 0; d < test->n_value; d++)
    {
      result[d] = 0;
      for (guint p = query->first; p < query->end; p++)
        result[d] += weights[p] / sum
                     * (double) (test->latent ? keys[p * test->n_key + d] : values[p * test->n_value + d]);
    }
}

/* What a result may be off by; values are below 1. Products of numbers split in two are off by 2^-17 each, and those of scores
 * may reach 100. Steps of 16 bits are off by a 0.29 of one, on the average, and a vector is 46,300 of them long: two vectors
 * whose product is as long as the two are here (4/3 of the root of n_key) by 1.2e-5 of that root; three times that, and what weights and values lose. */
static double
bound_of (const SottoKernels *kernels, SottoForm form, guint n_key)
{
  if (form == SOTTO_FORM_FEW || g_str_equal (kernels->name, "reference"))
    return 1e-5;

  return g_str_equal (kernels->name, "amx") ? 1e-4 : 1e-4 + 4e-5 * sqrt (n_key);
}

/* Returns: the sums of all queries, (N_QUERIES, value_stride) */
static float *
check_attention (const SottoKernels *kernels, SottoForm form, const Attended *test, guint n_keys)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (6 + n_keys);
  SottoCacheShape shape = { 1, test->n_key, test->latent ? 0 : test->n_value, test->n_value, 0 };
  SottoPlan plan = { .caches = &shape, .n_caches = 1 };
  guint stride = sotto_value_stride (test->n_value);
  g_autofree float *keys = g_new (float, N_POSITIONS * test->n_key);
  g_autofree float *values = g_new (float, N_POSITIONS * test->n_value);
  g_autofree float *vectors = g_new (float, N_QUERIES * test->n_key);
  g_autofree float *results = g_new (float, 3 * N_QUERIES * stride);
  g_autofree double *exact = g_new (double, test->n_value);
  g_autofree guint16 *halves = g_new (guint16, test->n_key);
  SottoQuery queries[N_QUERIES];
  SottoPartial totals[N_QUERIES];
  SottoPartial partials[N_QUERIES];
  SottoCaches caches;
  const SottoCache *cache;
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (32, MAX (test->n_key, stride)));
  double bound = bound_of (kernels, form, test->n_key);

  g_assert_true (sotto_caches_init (&caches, &plan, N_POSITIONS, test->type, NULL));
  cache = &caches.caches[0];
  for (guint p = 0; p < n_keys; p++)
    {
      float *key = keys + p * test->n_key;
      float *value = values + p * test->n_value;

      for (guint d = 0; d < test->n_key; d++)
        key[d] = 2 * random_float (rand);
      for (guint d = 0; d < test->n_value; d++)
        value[d] = random_float (rand);
      sotto_cache_pack_key (test->type, sotto_cache_key_tile (cache, 0, p), p % SOTTO_KEY_TILE, key,
                            test->n_key, kernels, halves);
      if (!test->latent)
        sotto_cache_pack_value (test->type, sotto_cache_value_row (cache, 0, p), value, test->n_value, kernels);
      round_row (test->type, key, test->n_key);
      round_row (test->type, value, test->n_value);
    }
  for (guint i = 0; i < N_QUERIES; i++)
    {
      guint position = n_keys > i + 1 ? n_keys - i - 1 : 0;

      queries[i] = (SottoQuery) {
        .vector = vectors + i * test->n_key,
        .position = position,
        .first = test->window > 0 && position >= test->window ? position - test->window + 1 : 0,
        .end = position + 1,
        .scale = 1.0f / sqrtf ((float) test->n_key),
        .slope = test->slope,
      };
      for (guint d = 0; d < test->n_key; d++)
        vectors[i * test->n_key + d] = 2 * random_float (rand);
      totals[i] = (SottoPartial) { -INFINITY, 0, results + i * stride };
      partials[i].value = results + (N_QUERIES + i) * stride;
      memset (totals[i].value, 0, stride * sizeof (float));
    }

  for (guint key = 0; key < n_keys; key += SOTTO_ATTEND_CHUNK)
    {
      guint end = MIN (key + SOTTO_ATTEND_CHUNK, n_keys);
      SottoAttendKeys head = { .first_key = key,
                               .end_key = end,
                               .keys = sotto_cache_key_tile (cache, 0, key),
                               .values = test->latent ? NULL : sotto_cache_value_row (cache, 0, key),
                               .key_tile_bytes = cache->key_tile_bytes,
                               .value_bytes = cache->value_bytes,
                               .type = test->type,
                               .n_key = test->n_key,
                               .n_value = test->n_value,
                               .value_stride = stride,
                               .soft_cap = test->soft_cap };

      kernels->attend[form] (&head, N_QUERIES, queries, partials, scratch);
      for (guint i = 0; i < N_QUERIES; i++)
        if (queries[i].first < end && queries[i].end > key)
          kernels->merge (&totals[i], &partials[i], stride);
      for (guint i = 0; i < N_QUERIES; i++)
        {
          /* one query alone gives the same bits */
          SottoPartial alone = { .value = results + 2 * N_QUERIES * stride };

          kernels->attend[form] (&head, 1, &queries[i], &alone, scratch);
          g_assert_cmpfloat (alone.sum, ==, partials[i].sum);
          g_assert_cmpmem (alone.value, stride * sizeof (float), partials[i].value, stride * sizeof (float));
        }
    }
  for (guint i = 0; i < N_QUERIES; i++)
    {
      attend_double (test, &queries[i], keys, values, exact);
      for (guint d = 0; d < test->n_value; d++)
        g_assert_cmpfloat (fabs ((double) (totals[i].value[d] / totals[i].sum) - exact[d]), <=, bound);
    }
  sotto_caches_clear (&caches);
  free (scratch);
  return g_steal_pointer (&results);
}

static void
test_attention (gconstpointer data)
{
  static const guint n_keys[] = { 1, 2, 15, 16, 17, 63, 64, 65, 200, 256, 257, 700 };
  static const Attended tests[] = {
    { SOTTO_KV_F16, 64, 64, FALSE, 0, 0, 0 },     { SOTTO_KV_F32, 128, 128, FALSE, 0, 0, 0 },
    { SOTTO_KV_F16, 80, 72, FALSE, 20, 0, 0 },    { SOTTO_KV_F32, 5, 3, FALSE, 300, 0, 0 },
    { SOTTO_KV_Q8_0, 64, 64, FALSE, 0, 0, 0 },    { SOTTO_KV_Q4_0, 80, 40, FALSE, 0, 0, 0 },
    { SOTTO_KV_F32, 64, 32, FALSE, 0, 2, 0 },     { SOTTO_KV_F16, 64, 32, FALSE, 0, 0, 0.25f },
    { SOTTO_KV_F16, 576, 512, TRUE, 0, 0, 0 },    { SOTTO_KV_F32, 48, 32, TRUE, 90, 0, 0 },
    { SOTTO_KV_Q8_0, 96, 64, TRUE, 70, 3, 0 },
  };
  const char *twin_name = kernel_tier_twin (data);
  SottoKernels kernels;
  SottoKernels twin;

  if (!kernel_tier_init (&kernels, data))
    return;
  if (twin_name != NULL)
    g_assert_true (kernel_tier_init (&twin, twin_name));
  for (guint i = 0; i < G_N_ELEMENTS (n_keys); i++)
    for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
      for (guint form = 0; form < SOTTO_N_FORMS; form++)
        {
          g_autofree float *results = check_attention (&kernels, form, &tests[t], n_keys[i]);

          if (twin_name != NULL)
            {
              g_autofree float *others = check_attention (&twin, form, &tests[t], n_keys[i]);
              gsize bytes = N_QUERIES * sotto_value_stride (tests[t].n_value) * sizeof (float);

              g_assert_cmpmem (results, bytes, others, bytes);
            }
        }
}

/* A query, key or value that has an element which is no number, or infinite, leaves none to those who see it. */
static void
test_no_numbers (gconstpointer data)
{
  enum { N_KEYS = 70, N_HEAD = 64, N = 20, WRONG_KEY = 33, N_TILES = (N_KEYS + SOTTO_KEY_TILE - 1) / SOTTO_KEY_TILE };
  static const float wrong[] = { NAN, INFINITY, -INFINITY };
  g_autofree guint16 *keys = g_new0 (guint16, N_TILES * SOTTO_KEY_TILE * N_HEAD);
  g_autofree guint16 *values = g_new0 (guint16, N_KEYS * N_HEAD);
  g_autofree float *vectors = g_new (float, N * N_HEAD);
  g_autofree float *results = g_new (float, N * N_HEAD);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (32, N_HEAD));
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    {
      free (scratch);
      return;
    }
  for (guint i = 0; i < N_TILES * SOTTO_KEY_TILE * N_HEAD; i++)
    keys[i] = sotto_float_to_half ((float) (i % 7) - 3.0f);
  for (guint i = 0; i < N_KEYS * N_HEAD; i++)
    values[i] = sotto_float_to_half ((float) (i % 5) - 2.0f);
  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    for (guint w = 0; w < G_N_ELEMENTS (wrong); w++)
      for (guint where = 0; where < 3; where++)
        {
          guint d = 5 + 11 * w;
          guint16 *element = where == 0 ? &keys[(WRONG_KEY / SOTTO_KEY_TILE * N_HEAD + d) * SOTTO_KEY_TILE
                                                + WRONG_KEY % SOTTO_KEY_TILE]
                                        : &values[WRONG_KEY * N_HEAD + d];
          guint16 before = *element;
          SottoQuery queries[N];
          SottoPartial partials[N];
          SottoAttendKeys head = { .end_key = N_KEYS,
                                   .keys = (const guint8 *) keys,
                                   .values = (const guint8 *) values,
                                   .key_tile_bytes = SOTTO_KEY_TILE * N_HEAD * sizeof *keys,
                                   .value_bytes = N_HEAD * sizeof *values,
                                   .type = SOTTO_KV_F16,
                                   .n_key = N_HEAD,
                                   .n_value = N_HEAD,
                                   .value_stride = N_HEAD };

          for (guint i = 0; i < N * N_HEAD; i++)
            vectors[i] = (float) (i % 3) + 0.5f;
          for (guint i = 0; i < N; i++)
            {
              queries[i] = (SottoQuery) { .vector = vectors + i * N_HEAD, .end = i == 0 ? WRONG_KEY : N_KEYS,
                                          .scale = 0.01f };
              partials[i].value = results + i * N_HEAD;
            }
          if (where < 2)
            *element = sotto_float_to_half (wrong[w]);
          else
            vectors[7 * N_HEAD + d] = wrong[w];
          kernels.attend[form] (&head, N, queries, partials, scratch);
          for (guint i = 0; i < N; i++)
            {
              gboolean is_wrong = where < 2 ? i > 0 : i == 7;

              /* an infinite score of one sign is one that counts alone, or not at all */
              if (where != 1 && wrong[w] < 0)
                continue;
              if (is_wrong)
                g_assert_false (isfinite (partials[i].value[d] / partials[i].sum));
              else if (where != 1) /* nothing times what is no number is none */
                g_assert_true (isfinite (partials[i].value[d] / partials[i].sum));
            }
          *element = before;
        }
  free (scratch);
}

/* One head's cache of two keys, which @fill writes with their values; weights of a query's first element of both. */
typedef void (*FillRow) (guint position, gboolean is_value, float *row, guint n);

static float
attend_two (const SottoKernels *kernels, SottoForm form, SottoKvType type, guint n_key, FillRow fill)
{
  SottoCacheShape shape = { 1, n_key, 32, 0, 0 };
  SottoPlan plan = { .caches = &shape, .n_caches = 1 };
  g_autofree float *vector = g_new (float, n_key);
  g_autofree guint16 *halves = g_new (guint16, n_key);
  float value[32];
  SottoQuery query = { .vector = vector, .position = 1, .end = 2, .scale = 4.0f / (float) n_key };
  SottoPartial partial = { .value = value };
  SottoAttendKeys head = { .end_key = 2, .type = type, .n_key = n_key, .n_value = 32, .value_stride = 32 };
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (32, n_key));
  SottoCaches caches;
  const SottoCache *cache;

  g_assert_true (sotto_caches_init (&caches, &plan, 64, type, NULL));
  cache = &caches.caches[0];
  for (guint p = 0; p < 2; p++)
    {
      fill (p, FALSE, vector, n_key);
      fill (p, TRUE, value, 32);
      sotto_cache_pack_key (type, sotto_cache_key_tile (cache, 0, p), p, vector, n_key, kernels, halves);
      sotto_cache_pack_value (type, sotto_cache_value_row (cache, 0, p), value, 32, kernels);
    }
  for (guint d = 0; d < n_key; d++)
    vector[d] = 1;
  head.keys = sotto_cache_key_tile (cache, 0, 0);
  head.values = sotto_cache_value_row (cache, 0, 0);
  head.key_tile_bytes = cache->key_tile_bytes;
  head.value_bytes = cache->value_bytes;
  kernels->attend[form] (&head, 1, &query, &partial, scratch);
  sotto_caches_clear (&caches);
  free (scratch);
  return partial.value[0] / partial.sum;
}

/* A query and a key along one line, so that their product is as large as it can be. */
static void
fill_line (guint position, gboolean is_value, float *row, guint n)
{
  for (guint i = 0; i < n; i++)
    row[i] = is_value ? (float) position : 1.0f - 2.0f * (float) position;
}

static void
test_long_heads (gconstpointer data)
{
  static const guint n_keys[] = { 4096, 6720, 8192 };
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (n_keys); i++)
    for (guint form = 0; form < SOTTO_N_FORMS; form++)
      g_assert_cmpfloat (fabsf (attend_two (&kernels, form, SOTTO_KV_F16, n_keys[i], fill_line) - 1.0f / (1.0f + expf (8.0f))),
                         <, 1e-4f);
}

/* Where, and what, of the key or value in the first position. */
static struct {
  gboolean is_value;
  float what;
} wrong_element;

static void
fill_wrong (guint position, gboolean is_value, float *row, guint n)
{
  for (guint i = 0; i < n; i++)
    row[i] = 0.01f * (float) (i % 7);
  if (position == 0 && is_value == wrong_element.is_value)
    row[0] = wrong_element.what;
}

/* Integers have none for what is no number: a cache of them has it as a scale. */
static void
test_no_integers (gconstpointer data)
{
  static const float wrong[] = { NAN, INFINITY, -INFINITY };
  static const SottoKvType types[] = { SOTTO_KV_Q8_0, SOTTO_KV_Q4_0 };
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    return;
  for (guint w = 0; w < G_N_ELEMENTS (wrong); w++)
    for (guint t = 0; t < G_N_ELEMENTS (types); t++)
      for (guint form = 0; form < SOTTO_N_FORMS; form++)
        for (gboolean is_value = FALSE; is_value <= TRUE; is_value++)
          {
            wrong_element.is_value = is_value;
            wrong_element.what = wrong[w];
            g_assert_false (isfinite (attend_two (&kernels, form, types[t], 64, fill_wrong)));
          }
}

/* How fast one thread is, of a head of @n_head with keys in halves. Returns: GMAC/s */
static double
measure (const SottoKernels *kernels, SottoForm form, guint n_queries, guint n_head, GRand *rand)
{
  SottoCacheShape shape = { 1, n_head, n_head, n_head, 0 };
  SottoPlan plan = { .caches = &shape, .n_caches = 1 };
  g_autofree float *vectors = g_new (float, n_queries * n_head);
  g_autofree float *values = g_new (float, n_queries * n_head);
  g_autofree guint16 *halves = g_new (guint16, n_head);
  g_autofree SottoQuery *queries = g_new (SottoQuery, n_queries);
  g_autofree SottoPartial *partials = g_new (SottoPartial, n_queries);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (32, n_head));
  SottoCaches caches;
  const SottoCache *cache;
  double best = 1e9;

  g_assert_true (sotto_caches_init (&caches, &plan, N_POSITIONS, SOTTO_KV_F16, NULL));
  cache = &caches.caches[0];
  for (guint i = 0; i < n_queries * n_head; i++)
    vectors[i] = random_float (rand);
  for (guint p = 0; p < N_POSITIONS; p++)
    {
      sotto_cache_pack_key (cache->type, sotto_cache_key_tile (cache, 0, p), p % SOTTO_KEY_TILE,
                            vectors + p % n_queries * n_head, n_head, kernels, halves);
      sotto_cache_pack_value (cache->type, sotto_cache_value_row (cache, 0, p), vectors, n_head, kernels);
    }
  for (guint i = 0; i < n_queries; i++)
    {
      queries[i] = (SottoQuery) { .vector = vectors + i * n_head, .end = N_POSITIONS, .scale = 0.1f };
      partials[i].value = values + i * n_head;
    }
  for (guint run = 0; run < 50; run++)
    {
      gint64 start = g_get_monotonic_time ();

      for (guint key = 0; key < N_POSITIONS; key += SOTTO_ATTEND_CHUNK)
        {
          SottoAttendKeys head = { .first_key = key,
                                   .end_key = key + SOTTO_ATTEND_CHUNK,
                                   .keys = sotto_cache_key_tile (cache, 0, key),
                                   .values = sotto_cache_value_row (cache, 0, key),
                                   .key_tile_bytes = cache->key_tile_bytes,
                                   .value_bytes = cache->value_bytes,
                                   .type = cache->type,
                                   .n_key = n_head,
                                   .n_value = n_head,
                                   .value_stride = sotto_value_stride (n_head) };

          kernels->attend[form] (&head, n_queries, queries, partials, scratch);
        }
      best = MIN (best, (double) (g_get_monotonic_time () - start) / 1e6);
    }
  sotto_caches_clear (&caches);
  free (scratch);
  return 2.0 * n_queries * n_head * N_POSITIONS / best / 1e9;
}

static void
test_speed (gconstpointer data)
{
  static const guint heads[] = { 64, 128, 256 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    g_test_message ("%s, heads of %u: 6 queries %.1f GMAC/s, %d queries %.1f GMAC/s", (const char *) data, heads[i],
                    measure (&kernels, SOTTO_FORM_FEW, 6, heads[i], rand), SOTTO_ATTEND_QUERIES,
                    measure (&kernels, SOTTO_FORM_MANY, SOTTO_ATTEND_QUERIES, heads[i], rand));
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    GTestDataFunc func;
  } tests[] = {
    { "attention", test_attention },
    { "no-numbers", test_no_numbers },
    { "no-integers", test_no_integers },
    { "long-heads", test_long_heads },
    { "speed", test_speed },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; kernel_tiers[i] != NULL; i++)
    for (guint t = 0; t < G_N_ELEMENTS (tests) - !g_test_perf (); t++)
      {
        g_autofree char *path = g_strdup_printf ("/kernels-attention/%s/%s", kernel_tiers[i], tests[t].name);

        g_test_add_data_func (path, kernel_tiers[i], tests[t].func);
      }
  return g_test_run ();
}
