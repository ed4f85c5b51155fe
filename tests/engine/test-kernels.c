#include "cpu/strips.h"
#include "kernel-product.h"
#include "kernel-tier.h"
#include "random-weight.h"
#include "sotto-error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Products of every tier against arithmetic in double on random input, at every class of shape: one row,
 * odd numbers of blocks, rows and tokens that leave tails, few and many tokens; with weights as a file has them,
 * and in strips. With -m perf also a benchmark. */

static void
check_shape (const SottoKernels *kernels,
             SottoBlockType type,
             gboolean in_strips,
             guint n_rows,
             guint n_columns,
             guint n_tokens,
             GRand *rand)
{
  SottoWeight weight = random_weight_new (type, n_rows, n_columns, rand);
  KernelInput input = kernel_input_new (kernels, n_tokens, n_columns, rand);
  guint middle = in_strips ? MIN (n_rows, (n_rows / 2 + 15) / 16 * 16) : n_rows / 2;
  gsize stride = n_rows + 3;
  g_autofree float *batch = g_new (float, n_tokens * stride);
  g_autofree float *single = g_new (float, n_rows);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

  if (in_strips)
    kernel_weight_arrange (&weight);
  for (gsize i = 0; i < n_tokens * stride; i++)
    batch[i] = -12345.0f;
  kernel_multiply (kernels, &weight, n_rows, &input, n_tokens, batch, stride, scratch);
  kernel_check_products (kernels, &weight, n_tokens > 64 ? 7 : 1, &input, n_tokens, batch, stride, 0);
  for (guint t = 0; t < n_tokens; t++)
    {
      SottoProduct part = { .weight = &weight, .n_rows = middle, .x = &input.x, .first_token = t,
                            .n_tokens = 1, .y = single, .y_stride = n_rows };

      /* nothing beside what was asked for */
      for (guint i = n_rows; i < stride; i++)
        g_assert_cmpfloat (batch[t * stride + i], ==, -12345.0f);
      /* the same to the bit alone in that form, and in two stretches of rows */
      kernel_multiply_of (kernels, &weight, input.x.form) (&part, scratch);
      part.first_row = middle;
      part.n_rows = n_rows - middle;
      part.y = single + middle;
      if (part.n_rows > 0)
        kernel_multiply_of (kernels, &weight, input.x.form) (&part, scratch);
      g_assert_cmpmem (single, n_rows * sizeof *single, batch + t * stride, n_rows * sizeof *batch);
    }
  free (scratch);
  free (input.memory);
  kernel_weight_clear (&weight);
}

typedef struct {
  const char *tier;
  SottoBlockType type;
  gboolean in_strips;
} Case;

/* Those of x86 multiply strips, of every kind and in both forms. */
static gboolean
multiplies_strips (const char *tier, SottoBlockType type)
{
  return (g_str_has_prefix (tier, "avx") || g_str_equal (tier, "amx")) && sotto_strip_kind (type) != NULL;
}

static gboolean
case_init (const Case *test, SottoKernels *kernels)
{
  if (!kernel_tier_init (kernels, test->tier))
    return FALSE;
  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    g_assert_true ((kernels->multiply_strips[form][test->type] != NULL) == multiplies_strips (test->tier, test->type));
  return TRUE;
}

static void
test_multiply (gconstpointer data)
{
  static const guint rows[] = { 1, 2, 7, 31, 32, 33, 70 };
  static const guint blocks[] = { 1, 2, 3, 7, 8, 9, 15, 17, 28 };
  static const guint tokens[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 33, 16, 48 };
  const Case *test = data;
  guint n_elements = MAX (sotto_block_info (test->type)->n_elements, 32);
  g_autoptr (GRand) rand = g_rand_new_with_seed (test->type + 1);
  SottoKernels kernels;

  if (!case_init (test, &kernels))
    return;
  for (guint r = 0; r < G_N_ELEMENTS (rows); r++)
    for (guint t = 0; t < G_N_ELEMENTS (tokens); t++)
      check_shape (&kernels, test->type, test->in_strips, rows[r],
                   n_elements * blocks[(r + t) % (n_elements == 256 ? 3 : 9)], tokens[t], rand);
  for (guint b = 0; b < (n_elements == 256 ? 3 : G_N_ELEMENTS (blocks)); b++)
    check_shape (&kernels, test->type, test->in_strips, 5, n_elements * blocks[b], 11, rand);
  check_shape (&kernels, test->type, test->in_strips, 37, n_elements * (n_elements == 256 ? 2 : 5),
               g_str_equal (test->tier, "amx") ? 80 : 512, rand);
  if (n_elements == 32 && sotto_block_info (test->type)->n_elements == 1)
    for (guint n_columns = 1; n_columns < 40; n_columns += 3)
      {
        check_shape (&kernels, test->type, test->in_strips, 6, n_columns, 5, rand);
        check_shape (&kernels, test->type, test->in_strips, 39, n_columns + 512, 23, rand);
      }
}

/* Every byte of the blocks the same, but for their scales. */
static SottoWeight
extreme_weight_new (SottoBlockType type, guint pattern, guint n_columns)
{
  static const guint8 bytes[] = { 0x00, 0xff, 0x80, 0x7f };
  const SottoBlockInfo *info = sotto_block_info (type);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  SottoWeight weight = random_weight_new (type, 40, n_columns, rand);

  for (gsize i = 0; i < 40 * n_columns / info->n_elements && info->n_elements > 1; i++)
    {
      guint8 *block = (guint8 *) weight.data + i * info->n_bytes;

      memset (block, bytes[pattern % 4], info->n_bytes);
      if (type == SOTTO_BLOCK_Q6_K)
        memset (block + 192, 0x80, 16); /* the largest factors */
      random_weight_put_scales (type, block, rand);
    }
  return weight;
}

static double
largest_weight_of (const SottoWeight *weight)
{
  g_autofree float *row = g_new (float, weight->n_columns);
  double largest = 0;

  for (guint r = 0; r < weight->n_rows; r++)
    {
      sotto_block_info (weight->type)
        ->dequantise ((const guint8 *) weight->data + r * weight->row_bytes, row, weight->n_columns);
      largest = MAX (largest, kernel_highest_of (row, 0, weight->n_columns));
    }
  return largest;
}

/* All columns at the ends of the range; or all but one of each 32 a step below, so that where steps are split in planes of
 * bytes (pack-few.h, pack-many.h) the lower ones are the largest; or only 32 of 256, for which many tokens have both
 * planes then. */
static float
extreme_value (guint t, guint column)
{
  float most = (t % 2 == 0 ? 3.0f : -3.0f) * (t % 8 < 4 || column / 32 % 8 == 3 ? 1.0f : 0.01f);

  return t % 4 < 2 || column % 32 == 0 ? most : most * 16255.0f / 16256.0f;
}

/* Weights and activations at the ends of their ranges: no sum of integers may overflow. */
static void
test_extremes (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint n_columns = 512;
  double largest = 0;
  SottoKernels kernels;

  if (!case_init (test, &kernels))
    return;
  for (guint pattern = 0; pattern < 4; pattern++)
    {
      SottoWeight weight = extreme_weight_new (test->type, pattern, n_columns);

      largest = MAX (largest, largest_weight_of (&weight));
      kernel_weight_clear (&weight);
    }
  for (guint pattern = 0; pattern < 8; pattern++)
    {
      guint n_tokens = pattern < 4 ? SOTTO_FORM_FEW_ROWS : 20;
      SottoWeight weight = extreme_weight_new (test->type, pattern, n_columns);
      KernelInput input = kernel_input_new (&kernels, n_tokens, n_columns, rand);
      void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));
      float y[20][40];

      if (test->in_strips)
        kernel_weight_arrange (&weight);
      for (guint t = 0; t < n_tokens; t++)
        {
          for (guint i = 0; i < n_columns; i++)
            input.x.values[t * input.x.column_stride + i] = extreme_value (t, i);
          sotto_activations_pack (&input.x, &kernels, t);
        }
      for (guint n = 1; n <= n_tokens; n += n_tokens - 1)
        {
          kernel_multiply (&kernels, &weight, 40, &input, n, &y[0][0], 40, scratch);
          kernel_check_products (&kernels, &weight, 1, &input, n, &y[0][0], 40, largest);
        }
      free (scratch);
      free (input.memory);
      kernel_weight_clear (&weight);
    }
}

/* Rows that lie side by side give the same, be they packed one by one or all at once, and by columns; others are packed
 * whole. */
static void
test_sets (gconstpointer data)
{
  const SottoBlockType types[] = { SOTTO_BLOCK_Q4_1, SOTTO_BLOCK_BF16, SOTTO_BLOCK_F16 };
  const guint n_tokens = 20;
  const guint n_columns = 608;
  const guint n_rows = 40;
  g_autoptr (GRand) rand = g_rand_new_with_seed (12);
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      SottoWeight weight = random_weight_new (types[i], n_rows, n_columns, rand);
      KernelInput input = kernel_input_new (&kernels, n_tokens, n_columns, rand);
      KernelInput copy = kernel_input_new (&kernels, n_tokens, n_columns, rand);
      guint set_rows = input.x.set_rows[SOTTO_FORM_MANY];
      g_autofree float *a = g_new (float, n_rows * n_tokens);
      g_autofree float *b = g_new (float, n_rows * n_tokens);
      void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

      memcpy (copy.x.values, input.x.values, n_tokens * input.x.column_stride * sizeof (float));
      for (guint t = 0; t < n_tokens; t += set_rows)
        for (guint end = n_columns; end > 0; end = end > 512 && set_rows > 1 ? 512 : 0)
          {
            guint first = end > 512 && set_rows > 1 ? 512 : 0;

            sotto_activations_pack_set (&copy.x, &kernels, t, MIN (set_rows, n_tokens - t), first, end - first);
          }
      kernel_multiply (&kernels, &weight, n_rows, &input, n_tokens, a, n_rows, scratch);
      kernel_multiply (&kernels, &weight, n_rows, &copy, n_tokens, b, n_rows, scratch);
      g_assert_cmpmem (a, n_rows * n_tokens * sizeof *a, b, n_rows * n_tokens * sizeof *b);
      free (scratch);
      free (input.memory);
      free (copy.memory);
      kernel_weight_clear (&weight);
    }
}

/* What is no number, or above all numbers, is not lost where activations become integers. */
static void
test_no_numbers (gconstpointer data)
{
  const SottoBlockType types[] = { SOTTO_BLOCK_Q4_0, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q6_K, SOTTO_BLOCK_BF16,
                                   SOTTO_BLOCK_F16, SOTTO_BLOCK_F32 };
  const float values[] = { NAN, INFINITY, -INFINITY };
  const guint n_tokens = 20;
  const guint n_columns = 512;
  const guint n_rows = 40;
  g_autoptr (GRand) rand = g_rand_new_with_seed (13);
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      SottoWeight weight = random_weight_new (types[i], n_rows, n_columns, rand);
      KernelInput input = kernel_input_new (&kernels, n_tokens, n_columns, rand);
      g_autofree float *y = g_new (float, n_rows * n_tokens);
      void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

      for (guint v = 0; v < G_N_ELEMENTS (values); v++)
        {
          input.x.values[(3 + v) * input.x.column_stride + 100 + 32 * v] = values[v];
          sotto_activations_pack (&input.x, &kernels, 3 + v);
        }
      kernel_multiply (&kernels, &weight, n_rows, &input, n_tokens, y, n_rows, scratch);
      for (guint j = 0; j < n_rows * n_tokens; j++)
        g_assert_cmpint (isfinite (y[j]), ==, j / n_rows < 3 || j / n_rows >= 3 + G_N_ELEMENTS (values));
      free (scratch);
      free (input.memory);
      kernel_weight_clear (&weight);
    }
}

/* Weights of 16 bits by blocks of 32 columns: zeros, the smallest numbers, large ones, one large one among zeros, and in
 * some rows what is no number or above all numbers. */
static void
check_wide_range (const SottoKernels *kernels,
                  SottoBlockType      type,
                  guint               exponent_shift,
                  const guint16      *none,
                  guint               n_none,
                  GRand              *rand)
{
  const guint16 small = (guint16) (0x8000 | ((1 << exponent_shift) - 1)); /* sign and mantissa */
  const guint n_tokens = 20;
  const guint n_columns = 160;
  const guint n_rows = 40;
  SottoWeight weight = random_weight_new (type, n_rows, n_columns, rand);
  KernelInput input = kernel_input_new (kernels, n_tokens, n_columns, rand);
  g_autofree float *y = g_new (float, n_rows * n_tokens);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

  for (guint r = 0; r < n_rows; r++)
    {
      guint16 row[160];
      guint8 *target = (guint8 *) weight.data + r * weight.row_bytes;

      memcpy (row, target, sizeof row);
      for (guint i = 0; i < 32; i++)
        {
          row[i] = i % 2 == 0 ? 0 : 0x8000;
          row[32 + i] = (guint16) ((row[32 + i] & small) | r % 8 << exponent_shift);
          row[64 + i] = (guint16) ((row[64 + i] & 0xbfff) + 0x2000);
          row[96 + i] = i == r % 32 ? row[96 + i] : 0;
        }
      memcpy (target, row, sizeof row);
    }
  kernel_multiply (kernels, &weight, n_rows, &input, n_tokens, y, n_rows, scratch);
  kernel_check_products (kernels, &weight, 1, &input, n_tokens, y, n_rows, 0);
  for (guint i = 0; i < n_none; i++)
    memcpy ((guint8 *) weight.data + (3 + i) * weight.row_bytes + 2 * (40 + 33 * i), &none[i], sizeof none[i]);
  kernel_multiply (kernels, &weight, n_rows, &input, n_tokens, y, n_rows, scratch);
  for (guint j = 0; j < n_rows * n_tokens; j++)
    g_assert_cmpint (isfinite (y[j]), ==, j % n_rows < 3 || j % n_rows >= 3 + n_none);
  free (scratch);
  free (input.memory);
  kernel_weight_clear (&weight);
}

static void
test_wide_range (gconstpointer data)
{
  static const guint16 no_bfloats[] = { 0x7fc0, 0xffff, 0x7f80, 0xff80 };
  static const guint16 no_halves[] = { 0x7e00, 0xffff, 0x7c00, 0xfc00 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (14);
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
    return;
  check_wide_range (&kernels, SOTTO_BLOCK_BF16, 7, no_bfloats, G_N_ELEMENTS (no_bfloats), rand);
  check_wide_range (&kernels, SOTTO_BLOCK_F16, 10, no_halves, G_N_ELEMENTS (no_halves), rand);
}

/* They do the same operations in the same order. */
static void
check_tiers_agree (const SottoKernels *narrow,
                   const SottoKernels *wide,
                   SottoBlockType      type,
                   gboolean            in_strips,
                   guint               n_tokens,
                   GRand              *rand)
{
  guint n_rows = 45;
  guint n_elements = sotto_block_info (type)->n_elements;
  /* of the last 256 columns less than half, or more */
  guint n_columns = n_elements == 256 ? 768 : n_tokens % 2 == 0 ? 64 * 7 : n_elements == 64 ? 64 * 9 : 32 * 19;
  SottoWeight weight = random_weight_new (type, n_rows, n_columns, rand);
  KernelInput input = kernel_input_new (narrow, n_tokens, n_columns, rand);
  KernelInput copy = kernel_input_new (wide, n_tokens, n_columns, rand);
  g_autofree float *a = g_new (float, n_rows * n_tokens);
  g_autofree float *b = g_new (float, n_rows * n_tokens);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

  memcpy (copy.x.values, input.x.values, n_tokens * input.x.column_stride * sizeof (float));
  for (guint t = 0; t < n_tokens; t++)
    sotto_activations_pack (&copy.x, wide, t);
  if (in_strips)
    kernel_weight_arrange (&weight);
  kernel_multiply (narrow, &weight, n_rows, &input, n_tokens, a, n_rows, scratch);
  kernel_multiply (wide, &weight, n_rows, &copy, n_tokens, b, n_rows, scratch);
  g_assert_cmpmem (a, n_rows * n_tokens * sizeof *a, b, n_rows * n_tokens * sizeof *b);
  free (scratch);
  free (input.memory);
  free (copy.memory);
  kernel_weight_clear (&weight);
}

static void
test_tiers_agree (gconstpointer data)
{
  const char *tier = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (99);
  SottoKernels narrow;
  SottoKernels wide;

  if (!kernel_tier_init (&narrow, kernel_tier_twin (tier)) || !kernel_tier_init (&wide, tier))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types); i++)
    for (guint n_tokens = 1; n_tokens < 30; n_tokens += n_tokens < 8 ? 1 : 9)
      {
        SottoBlockType type = random_weight_types[i];

        check_tiers_agree (&narrow, &wide, type, FALSE, n_tokens, rand);
        if (wide.multiply_strips[SOTTO_FORM_FEW][type] != NULL)
          check_tiers_agree (&narrow, &wide, type, TRUE, n_tokens, rand);
      }
}

/* Panels hold the same numbers out of strips as out of the file's order, so many tokens give the same bits. */
static void
test_orders_agree (gconstpointer tier)
{
  const guint tokens[] = { 9, 64, 65, 150 };
  const guint n_rows = 45;
  g_autoptr (GRand) rand = g_rand_new_with_seed (31);
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, tier))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types); i++)
    for (guint t = 0; t < G_N_ELEMENTS (tokens) && sotto_strip_kind (random_weight_types[i]) != NULL; t++)
      {
        guint n_columns = sotto_block_info (random_weight_types[i])->n_elements == 256 ? 1024 : 32 * (25 + t);
        SottoWeight weight = random_weight_new (random_weight_types[i], n_rows, n_columns, rand);
        KernelInput input = kernel_input_new (&kernels, tokens[t], n_columns, rand);
        g_autofree float *a = g_new (float, n_rows * tokens[t]);
        g_autofree float *b = g_new (float, n_rows * tokens[t]);
        void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

        kernel_multiply (&kernels, &weight, n_rows, &input, tokens[t], a, n_rows, scratch);
        kernel_weight_arrange (&weight);
        kernel_multiply (&kernels, &weight, n_rows, &input, tokens[t], b, n_rows, scratch);
        g_assert_cmpmem (a, n_rows * tokens[t] * sizeof *a, b, n_rows * tokens[t] * sizeof *b);
        free (scratch);
        free (input.memory);
        kernel_weight_clear (&weight);
      }
}

/* --- Dispatch --- */

static void
test_dispatch (void)
{
  const char *best = "reference";
  g_autoptr (GError) error = NULL;
  SottoKernels kernels;

  g_assert_false (sotto_kernels_init (&kernels, "avx1024", &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "avx1024");
  g_clear_error (&error);

  g_setenv ("SOTTO_CPU_TIER", "reference", TRUE);
  g_assert_true (sotto_kernels_init (&kernels, NULL, &error));
  g_assert_cmpstr (kernels.name, ==, "reference");
  g_unsetenv ("SOTTO_CPU_TIER");
  g_assert_true (sotto_kernels_init (&kernels, NULL, &error));
  for (guint i = 0; kernel_tiers[i] != NULL; i++)
    if (sotto_cpu_has (kernel_tiers[i]))
      best = kernel_tiers[i];
  g_assert_cmpstr (kernels.name, ==, best);
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types); i++)
    for (guint form = 0; form < SOTTO_N_FORMS; form++)
      g_assert_nonnull (kernels.multiply[form][random_weight_types[i]]);
#ifdef __x86_64__
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types) && !g_str_equal (best, "reference"); i++)
    g_assert_true ((kernels.multiply_strips[SOTTO_FORM_FEW][random_weight_types[i]] != NULL)
                   == (sotto_strip_kind (random_weight_types[i]) != NULL));
#endif
}

/* --- Benchmark --- */

/* The first rows of a weight again and again. Returns what it must keep. */
static guint8 *
repeat_rows (SottoWeight *weight, guint n_rows)
{
  gsize n_bytes = weight->n_rows * weight->row_bytes;
  const guint8 *source = weight->data;
  guint8 *rows;

  if (weight->strips != NULL)
    {
      n_bytes = weight->n_rows / SOTTO_STRIP_ROWS
                * sotto_strip_bytes (*sotto_strip_kind (weight->type), weight->n_columns);
      source = weight->strips;
    }
  rows = aligned_alloc (64, n_rows / weight->n_rows * n_bytes);
  for (guint i = 0; i < n_rows / weight->n_rows; i++)
    memcpy (rows + i * n_bytes, source, n_bytes);
  kernel_weight_clear (weight);
  weight->strips = weight->strips != NULL ? rows : NULL;
  weight->data = rows;
  weight->n_rows = n_rows;
  return rows;
}

static void
test_speed (gconstpointer data)
{
  const Case *test = data;
  guint n_columns = 2048;
  guint n_rows = 32768;
  guint n_tokens = 512;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree float *y = g_new (float, MAX (n_rows, n_tokens * 256));
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));
  SottoWeight weight;
  guint8 *rows;
  SottoKernels kernels;
  double decode = 1e9;
  double prefill = 1e9;
  KernelInput input;
  KernelInput few;

  if (!case_init (test, &kernels))
    return;
  weight = random_weight_new (test->type, 256, n_columns, rand);
  if (test->in_strips)
    kernel_weight_arrange (&weight);
  rows = repeat_rows (&weight, n_rows);
  input = kernel_input_new (&kernels, n_tokens, n_columns, rand);
  few = kernel_input_new (&kernels, 1, n_columns, rand);
  /* A model has fewer large columns than the input of the other tests. */
  for (guint t = 0; t < n_tokens; t++)
    {
      for (guint i = 0; i < n_columns; i++)
        input.x.values[t * input.x.column_stride + i] = random_float (rand);
      sotto_activations_pack (&input.x, &kernels, t);
    }
  for (guint i = 0; i < 3; i++)
    {
      gint64 start = g_get_monotonic_time ();

      kernel_multiply (&kernels, &weight, n_rows, &few, 1, y, n_rows, scratch);
      decode = MIN (decode, (double) (g_get_monotonic_time () - start) / 1e6);
      start = g_get_monotonic_time ();
      kernel_multiply (&kernels, &weight, 256, &input, n_tokens, y, 256, scratch);
      prefill = MIN (prefill, (double) (g_get_monotonic_time () - start) / 1e6);
    }
  g_test_maximized_result (256.0 * n_columns * n_tokens / prefill / 1e9,
                           "%s %s%s: one token %.1f GB/s, 512 tokens %.1f GMAC/s", test->tier,
                           sotto_block_name (test->type), test->in_strips ? " in strips" : "",
                           (double) n_rows * (double) weight.row_bytes / decode / 1e9,
                           256.0 * n_columns * n_tokens / prefill / 1e9);
  g_test_message ("%s %s%s: one token %.1f GB/s, 512 tokens %.1f GMAC/s", test->tier,
                  sotto_block_name (test->type), test->in_strips ? " in strips" : "",
                  (double) n_rows * (double) weight.row_bytes / decode / 1e9,
                  256.0 * n_columns * n_tokens / prefill / 1e9);
  free (scratch);
  free (input.memory);
  free (few.memory);
  free (rows);
}

static void
add_case (const char *tier, const char *name, GTestDataFunc func, SottoBlockType type, gboolean in_strips)
{
  g_autofree char *path = g_strdup_printf ("/kernels/%s/%s%s/%s", tier, name, in_strips ? "-strips" : "",
                                           sotto_block_name (type));
  Case *test = g_new (Case, 1);

  *test = (Case) { tier, type, in_strips };
  g_test_add_data_func_full (path, test, func, g_free);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; kernel_tiers[i] != NULL; i++)
    {
      g_autofree char *sets = g_strdup_printf ("/kernels/%s/sets", kernel_tiers[i]);
      g_autofree char *no_numbers = g_strdup_printf ("/kernels/%s/no-numbers", kernel_tiers[i]);
      g_autofree char *wide_range = g_strdup_printf ("/kernels/%s/wide-range", kernel_tiers[i]);

      g_test_add_data_func (sets, kernel_tiers[i], test_sets);
      g_test_add_data_func (no_numbers, kernel_tiers[i], test_no_numbers);
      g_test_add_data_func (wide_range, kernel_tiers[i], test_wide_range);
      if (g_str_has_prefix (kernel_tiers[i], "avx"))
        {
          g_autofree char *path = g_strdup_printf ("/kernels/%s/orders-agree", kernel_tiers[i]);

          g_test_add_data_func (path, kernel_tiers[i], test_orders_agree);
        }
      if (kernel_tier_twin (kernel_tiers[i]) != NULL)
        {
          g_autofree char *path = g_strdup_printf ("/kernels/%s/agrees", kernel_tiers[i]);

          g_test_add_data_func (path, kernel_tiers[i], test_tiers_agree);
        }
      for (guint t = 0; t < G_N_ELEMENTS (random_weight_types); t++)
        {
          static const struct {
            const char *name;
            GTestDataFunc func;
          } products[] = { { "multiply", test_multiply },
                           { "extremes", test_extremes },
                           { "speed", test_speed } };
          SottoBlockType type = random_weight_types[t];

          for (guint p = 0; p < (g_test_perf () ? 3 : 2); p++)
            {
              add_case (kernel_tiers[i], products[p].name, products[p].func, type, FALSE);
              if (multiplies_strips (kernel_tiers[i], type))
                add_case (kernel_tiers[i], products[p].name, products[p].func, type, TRUE);
            }
        }
    }
  g_test_add_func ("/kernels/dispatch", test_dispatch);
  return g_test_run ();
}
