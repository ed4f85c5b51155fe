/* kernel-bits TIER: what a tier's kernels make of random input, as checksums, one a line. Tiers that do the
 * same operations in the same order print the same, on whatever machine. */

#include "cpu/cache-layout.h"
#include "kernel-tier.h"
#include "random-weight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ROWS 21

static void
print_bits (const char *what, guint n_tokens, const float *values, gsize n)
{
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) values,
                                                      n * sizeof *values);

  printf ("%s %u %.16s\n", what, n_tokens, sum);
}

static float *
random_values (GRand *rand, gsize n)
{
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = random_float (rand) * (i % 97 == 5 ? 30.0f : 1.0f);
  return values;
}

static void
print_products (const SottoKernels *kernels, SottoBlockType type, guint n_columns, guint n_tokens, GRand *rand)
{
  SottoWeight weight = random_weight_new (type, N_ROWS, n_columns, rand);
  guint n_few = MIN (n_tokens, SOTTO_FORM_FEW_ROWS);
  SottoProduct product;
  SottoActivations x;
  gsize bytes = sotto_activations_layout (&x, kernels, kernels->packs[type], n_columns, n_tokens, n_few, NULL);
  void *memory = aligned_alloc (64, bytes);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));
  g_autofree float *y = g_new0 (float, N_ROWS * n_tokens);

  sotto_activations_layout (&x, kernels, kernels->packs[type], n_columns, n_tokens, n_few, memory);
  for (guint t = 0; t < n_tokens; t++)
    {
      g_autofree float *values = random_values (rand, n_columns);

      memcpy (x.values + t * x.column_stride, values, n_columns * sizeof *values);
      sotto_activations_pack (&x, kernels, t);
    }
  product = (SottoProduct) { .weight = &weight, .n_rows = N_ROWS, .x = &x, .n_tokens = n_tokens, .y = y,
                             .y_stride = N_ROWS };
  kernels->multiply[x.form][type] (&product, scratch);
  print_bits (sotto_block_name (type), n_tokens, y, N_ROWS * n_tokens);
  free (scratch);
  free (memory);
  random_weight_clear (&weight);
}

/* A chunk of halves, not all of it seen by every query. */
static void
print_attention (const SottoKernels *kernels, SottoForm form, GRand *rand)
{
  enum { N_KEYS = 150, N_HEAD = 96, N_QUERIES = 11, N_TILES = (N_KEYS + SOTTO_KEY_TILE - 1) / SOTTO_KEY_TILE };
  gsize tile_bytes = N_HEAD * SOTTO_KEY_TILE * sizeof (guint16);
  g_autofree guint8 *keys = g_malloc0 (N_TILES * tile_bytes);
  g_autofree guint16 *values = g_new (guint16, N_KEYS * N_HEAD);
  g_autofree guint16 *room = g_new (guint16, N_HEAD);
  g_autofree float *vectors = random_values (rand, (gsize) N_HEAD * (N_KEYS + N_QUERIES));
  g_autofree float *results = g_new0 (float, N_HEAD * N_QUERIES);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (32, N_HEAD));
  SottoAttendKeys head = { .end_key = N_KEYS,
                           .keys = keys,
                           .values = (const guint8 *) values,
                           .key_tile_bytes = tile_bytes,
                           .value_bytes = N_HEAD * sizeof (guint16),
                           .type = SOTTO_KV_F16,
                           .n_key = N_HEAD,
                           .n_value = N_HEAD,
                           .value_stride = N_HEAD };
  SottoQuery queries[N_QUERIES];
  SottoPartial partials[N_QUERIES];

  for (guint k = 0; k < N_KEYS; k++)
    {
      sotto_cache_pack_key (SOTTO_KV_F16, keys + k / SOTTO_KEY_TILE * tile_bytes, k % SOTTO_KEY_TILE,
                            vectors + (gsize) k * N_HEAD, N_HEAD, kernels, room);
      kernels->to_half (vectors + (gsize) k * N_HEAD, N_HEAD, values + (gsize) k * N_HEAD);
    }
  for (guint i = 0; i < N_QUERIES; i++)
    {
      queries[i] = (SottoQuery) { .vector = vectors + (gsize) (N_KEYS + i) * N_HEAD,
                                  .first = i,
                                  .end = N_KEYS - 7 * i,
                                  .scale = 0.01f };
      partials[i].value = results + i * N_HEAD;
    }
  kernels->attend[form] (&head, N_QUERIES, queries, partials, scratch);
  print_bits ("attention", form, results, N_HEAD * N_QUERIES);
  free (scratch);
}

static void
print_rows (const SottoKernels *kernels, GRand *rand)
{
  enum { N = 203, STATE = 32 * 48 };
  g_autofree float *x = random_values (rand, STATE);
  g_autofree float *y = random_values (rand, STATE);
  g_autofree guint16 *half = g_new (guint16, N);
  const float *taps[] = { x + 300, x + 500 };

  for (guint kind = SOTTO_NORM_NONE; kind <= SOTTO_NORM_LAYER; kind++)
    {
      kernels->norm (kind, x, x + N, x + 2 * N, 1e-5f, N, y);
      print_bits ("norm", kind, y, N);
    }
  for (guint activation = SOTTO_ACTIVATION_NONE; activation <= SOTTO_ACTIVATION_CLAMPED; activation++)
    {
      kernels->gate (activation, x, x + N, N, y);
      print_bits ("gate", activation, y, N);
    }
  kernels->cap (3.0f, N, y);
  print_bits ("cap", 0, y, N);
  kernels->sigmoid (x, N, y);
  print_bits ("sigmoid", 0, y, N);
  kernels->rope (SOTTO_ROPE_NEOX, x, x + 50, 50, y);
  print_bits ("rope", 0, y, N);
  kernels->spread (192, 64, y);
  print_bits ("spread", 0, y, N);
  kernels->to_half (x, N, half);
  kernels->from_half (half, N, y);
  print_bits ("half", 0, y, N);
  kernels->convolve (SOTTO_ACTIVATION_SILU, taps, x, x + N, 2, 101, y);
  print_bits ("convolution", 0, y, 101);
  kernels->delta (x, x + 40, x + 80, 0.9f, 0.6f, 32, 48, x, y);
  print_bits ("delta", 0, x, STATE);
  kernels->scan (y, y + 40, y + 80, 0.9f, 32, 48, x, y + 150);
  print_bits ("scan", 0, x, STATE);
  print_bits ("scan", 1, y + 150, 48);
}

int
main (int argc, char **argv)
{
  static const guint tokens[] = { 1, 2, 8, 9, 11, 22 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autoptr (GError) error = NULL;
  SottoKernels kernels;

  if (argc != 2 || !sotto_kernels_init (&kernels, argv[1], &error))
    {
      fprintf (stderr, "kernel-bits: %s\n", error != NULL ? error->message : "which tier?");
      return 1;
    }
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types); i++)
    for (guint t = 0; t < G_N_ELEMENTS (tokens); t++)
      {
        guint n_elements = sotto_block_info (random_weight_types[i])->n_elements;

        /* With many tokens those of 16 bits are integers on x86, and floats on ARM; the sums of floats have another order. */
        if (n_elements == 1 && sotto_form_of (tokens[t]) == SOTTO_FORM_MANY)
          continue;
        /* of the last 256 columns less than half, or more */
        print_products (&kernels, random_weight_types[i],
                        n_elements == 256 ? 768 : t % 2 == 0 ? 64 * 7 : n_elements == 64 ? 64 * 9 : 32 * 19,
                        tokens[t], rand);
      }
  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    print_attention (&kernels, form, rand);
  print_rows (&kernels, rand);
  return 0;
}
