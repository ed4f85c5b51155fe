/* The sampler against its definition, written out here with full sorts, the C library's
 * exponential and the random generator as its author publishes it; then distributions, ties and
 * odd values. */

#include "sotto-best.h"
#include "sotto-engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- PCG32, after the reference implementation (pcg_basic.c's algorithm) --- */

typedef struct {
  guint64 state;
  guint64 increment;
} Pcg;

static guint32
pcg_random (Pcg *pcg)
{
  guint64 old = pcg->state;
  guint32 xor_shifted;
  guint32 rotation = old >> 59u;

  pcg->state = old * G_GUINT64_CONSTANT (6364136223846793005) + pcg->increment;
  xor_shifted = (guint32) (((old >> 18u) ^ old) >> 27u);

  return (xor_shifted >> rotation) | (xor_shifted << ((32 - rotation) & 31));
}

static Pcg
pcg_make (guint64 seed,
          guint64 sequence)
{
  Pcg pcg = { 0, sequence << 1 | 1 };

  pcg_random (&pcg);
  pcg.state += seed;
  pcg_random (&pcg);

  return pcg;
}

/* The numbers that pcg32-demo prints for seed 42 and sequence 54. */
static void
test_generator (void)
{
  static const guint32 published[] = {
    0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e,
  };
  Pcg pcg = pcg_make (42, 54);

  for (guint i = 0; i < G_N_ELEMENTS (published); i++)
    g_assert_cmphex (pcg_random (&pcg), ==, published[i]);
}

/* --- The definition --- */

typedef struct {
  double logit;
  gint32 id;
} Entry;

static int
compare_descending (const void *a,
                    const void *b)
{
  const Entry *x = a;
  const Entry *y = b;

  if (x->logit != y->logit)
    return x->logit > y->logit ? -1 : 1;

  return x->id - y->id;
}

static int
compare_by_id (const void *a,
               const void *b)
{
  return ((const Entry *) a)->id - ((const Entry *) b)->id;
}

static gint32
draw_by_definition (const SottoSamplerSettings *settings,
                    Pcg                        *pcg,
                    const float                *logits,
                    guint                       n_vocabulary,
                    const gint32               *recent,
                    guint                       n_recent)
{
  g_autofree Entry *entries = g_new (Entry, n_vocabulary);
  guint n = n_vocabulary;
  double total = 0.0;
  double passed = 0.0;
  double target;

  for (guint i = 0; i < n; i++)
    {
      gboolean seen = FALSE;

      entries[i].id = i;
      entries[i].logit = logits[i];
      for (guint j = 0; j < MIN (n_recent, settings->repetition_window); j++)
        seen = seen || recent[n_recent - 1 - j] == (gint32) i;
      if (seen)
        entries[i].logit = logits[i] > 0 ? logits[i] / settings->repetition_penalty
                                         : logits[i] * settings->repetition_penalty;
    }

  qsort (entries, n, sizeof entries[0], compare_descending);
  if (settings->temperature == 0.0f)
    return entries[0].id;

  if (settings->top_k > 0)
    n = MIN (n, settings->top_k);

  if (settings->top_p < 1.0f)
    {
      guint kept = 0;
      double mass = 0.0;

      for (guint i = 0; i < n; i++)
        total += exp (entries[i].logit - entries[0].logit);
      do
        mass += exp (entries[kept].logit - entries[0].logit) / total;
      while (++kept < n && mass < settings->top_p);
      n = kept;
    }

  if (settings->min_p > 0.0f)
    while (n > 1 && exp (entries[n - 1].logit - entries[0].logit) < settings->min_p)
      n--;

  total = 0.0;
  for (guint i = 0; i < n; i++)
    total += exp ((entries[i].logit - entries[0].logit) / settings->temperature);

  {
    double best = entries[0].logit;

    qsort (entries, n, sizeof entries[0], compare_by_id);
    target = pcg_random (pcg) / 4294967296.0 * total;
    for (guint i = 0; i < n; i++)
      {
        passed += exp ((entries[i].logit - best) / settings->temperature);
        if (passed > target)
          return entries[i].id;
      }
  }

  return entries[n - 1].id;
}

static double
normal (GRand *random)
{
  return sqrt (-2.0 * log (1.0 - g_rand_double (random)))
         * cos (2.0 * G_PI * g_rand_double (random));
}

static void
test_definition (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2024);
  guint n_changes = 0;

  for (guint round = 0; round < 400; round++)
    {
      guint n = g_rand_int_range (random, 1, round % 4 == 0 ? 3000 : 60);
      guint n_recent = g_rand_int_range (random, 0, 20);
      g_autofree float *logits = g_new (float, n);
      gint32 recent[20];
      gint32 previous;
      double spread = g_rand_double_range (random, 0.3, 6.0);
      SottoSamplerSettings settings = {
        .temperature = round % 17 == 0 ? 0.0f : (float) g_rand_double_range (random, 0.1, 2.0),
        .top_k = g_rand_boolean (random) ? 0 : g_rand_int_range (random, 1, n + 3),
        .top_p = g_rand_boolean (random) ? 1.0f : (float) g_rand_double_range (random, 0.05, 0.999),
        .min_p = g_rand_boolean (random) ? 0.0f : (float) g_rand_double_range (random, 0.001, 0.5),
        /* Powers of two: exact, so that rounding to float makes no ties that doubles don't have. */
        .repetition_penalty = ldexpf (1.0f, g_rand_int_range (random, -1, 2)),
        .repetition_window = g_rand_int_range (random, 0, 24),
        .seed = (guint64) g_rand_int (random) << 32 | g_rand_int (random),
      };
      g_autoptr (SottoSampler) sampler = sotto_sampler_new (&settings, n, NULL, NULL);
      Pcg pcg = pcg_make (settings.seed, G_GUINT64_CONSTANT (1442695040888963407) >> 1);

      for (guint i = 0; i < n; i++)
        {
          logits[i] = spread * normal (random);
          /* Now and then coarse, so that there are ties. */
          if (round % 3 == 0)
            logits[i] = roundf (logits[i]);
        }
      for (guint i = 0; i < n_recent; i++)
        recent[i] = g_rand_int_range (random, 0, n);

      previous = -1;
      for (guint i = 0; i < 25; i++)
        {
          gint32 expected = draw_by_definition (&settings, &pcg, logits, n, recent, n_recent);
          gint32 got = sotto_sampler_draw (sampler, logits, recent, n_recent);

          g_assert_cmpint (got, ==, expected);
          n_changes += got != previous ? 1 : 0;
          previous = got;
        }
    }

  /* Something was drawn. */
  g_assert_cmpuint (n_changes, >, 3000);
}

/* --- From the highest alone --- */

typedef struct {
  guint32 *ids;
  float *logits;
  guint n;
} Few;

/* The @n highest by sorting all, and some others; in the order of ids. Impossible ones are not among them. */
static Few
find_few (const float *logits, guint n_vocabulary, guint n, GRand *random)
{
  g_autofree Entry *entries = g_new (Entry, n_vocabulary);
  Few few = { g_new (guint32, n_vocabulary), g_new (float, n_vocabulary), 0 };
  guint n_possible = 0;

  for (guint i = 0; i < n_vocabulary; i++)
    if (logits[i] > -INFINITY)
      entries[n_possible++] = (Entry) { .id = i, .logit = logits[i] };
  qsort (entries, n_possible, sizeof *entries, compare_descending);
  n += g_rand_int_range (random, 0, 4);
  n = MIN (n, n_possible);
  qsort (entries, n, sizeof *entries, compare_by_id);
  for (guint i = 0; i < n; i++)
    {
      few.ids[few.n] = entries[i].id;
      few.logits[few.n++] = logits[entries[i].id];
    }

  return few;
}

/* What is drawn from a few is what is drawn from all, draw after draw, also in turns. */
static void
test_few (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  guint n_from_few = 0, n_different = 0;

  for (guint round = 0; round < 600; round++)
    {
      guint n = g_rand_int_range (random, 2, round % 3 == 0 ? 3000 : 60);
      guint n_recent = g_rand_int_range (random, 0, 20);
      g_autofree float *logits = g_new (float, n);
      gint32 recent[20], first = -1;
      SottoLogitBias bias[2] = { { g_rand_int_range (random, 0, n), -2.0f }, { g_rand_int_range (random, 0, n), -INFINITY } };
      SottoSamplerSettings settings = {
        .temperature = round % 7 == 0 ? 0.0f : (float) g_rand_double_range (random, 0.1, 2.0),
        .top_k = g_rand_int_range (random, 1, n),
        .top_p = g_rand_boolean (random) ? 1.0f : (float) g_rand_double_range (random, 0.05, 0.999),
        .min_p = g_rand_boolean (random) ? 0.0f : (float) g_rand_double_range (random, 0.001, 0.5),
        .typical_p = round % 5 == 0 ? 0.7f : 0.0f,
        .xtc_probability = round % 4 == 0 ? 0.5f : 0.0f,
        .xtc_threshold = 0.05f,
        .repetition_penalty = g_rand_boolean (random) ? 1.0f : 1.3f,
        .repetition_window = g_rand_int_range (random, 0, 24),
        .frequency_penalty = g_rand_boolean (random) ? 0.0f : 0.4f,
        .presence_penalty = g_rand_boolean (random) ? 0.0f : 0.7f,
        .seed = g_rand_int (random),
        .logit_bias = bias,
        .n_logit_bias = round % 6 == 0 ? 2 : 0,
      };
      g_autoptr (SottoSampler) all = sotto_sampler_new (&settings, n, NULL, NULL);
      g_autoptr (SottoSampler) some = sotto_sampler_new (&settings, n, NULL, NULL);
      guint n_best = sotto_sampler_count_best (some, n_recent);
      Few few;

      for (guint i = 0; i < n; i++)
        {
          logits[i] = 3.0 * normal (random);
          if (round % 3 == 1)
            logits[i] = roundf (logits[i]);
          if (round % 4 == 1 && g_rand_int_range (random, 0, 3) == 0)
            logits[i] = g_rand_boolean (random) ? -INFINITY : NAN;
          if (round % 50 == 9 && g_rand_int_range (random, 0, 9) == 0)
            logits[i] = INFINITY;
        }
      /* Those that are penalised are to be among the highest often. */
      for (guint i = 0; i < n_recent; i++)
        {
          recent[i] = g_rand_int_range (random, 0, n);
          for (guint j = 0; j < n && g_rand_int_range (random, 0, 40) > 0; j++)
            recent[i] = logits[j] > logits[recent[i]] ? (gint32) j : recent[i];
        }
      if (n_best == 0)
        {
          g_assert_cmpuint (settings.top_k + n_recent + 2, >, SOTTO_MOST_BEST);
          continue;
        }

      few = find_few (logits, n, n_best, random);
      for (guint i = 0; i < 10; i++)
        {
          SottoBest best = { few.n, few.ids, few.logits };
          gint32 expected = sotto_sampler_draw (all, logits, recent, n_recent);
          gint32 got = i % 4 == 3 ? sotto_sampler_draw (some, logits, recent, n_recent)
                                  : sotto_sampler_draw_best (some, &best, recent, n_recent);

          g_assert_cmpint (got, ==, expected);
          n_from_few++;
          n_different += i == 0 || got == first ? 0 : 1;
          first = i == 0 ? got : first;
        }
      g_free (few.ids);
      g_free (few.logits);
    }

  g_assert_cmpuint (n_from_few, >, 4000);
  g_assert_cmpuint (n_different, >, 1000);
}

/* Who needs all of them. */
static void
test_needs_all (void)
{
  static const SottoLogitBias up = { 3, 1.0f };
  static const struct {
    SottoSamplerSettings settings;
    guint n_best;
  } cases[] = {
    { { .top_p = 1.0f }, 1 },
    { { .temperature = 1.0f, .top_k = 40 }, 40 },
    { { .temperature = 1.0f, .top_k = 40, .repetition_penalty = 1.1f, .repetition_window = 64 }, 104 },
    { { .temperature = 1.0f, .top_k = 40, .repetition_penalty = 1.1f, .repetition_window = 1000 }, 140 },
    { { .temperature = 1.0f, .top_k = 40, .repetition_penalty = 1.0f, .repetition_window = 64 }, 40 },
    { { .temperature = 1.0f, .top_k = SOTTO_MOST_BEST }, SOTTO_MOST_BEST },
    { { .temperature = 1.0f, .top_k = SOTTO_MOST_BEST + 1 }, 0 },
    { { .temperature = 1.0f, .top_k = G_MAXUINT }, 0 },
    { { .temperature = 1.0f, .min_p = 0.1f }, 0 },
    { { .temperature = 1.0f, .top_k = 40, .mirostat_tau = 3.0f, .mirostat_eta = 0.1f }, 0 },
    { { .temperature = 1.0f, .top_k = 40, .frequency_penalty = -0.1f, .repetition_window = 64 }, 0 },
    { { .temperature = 1.0f, .top_k = 40, .repetition_penalty = 0.9f, .repetition_window = 64 }, 0 },
    { { .temperature = 1.0f, .top_k = 40, .dry_multiplier = 1.0f, .dry_base = 1.75f }, 0 },
    { { .temperature = 1.0f, .top_k = 40, .logit_bias = &up, .n_logit_bias = 1 }, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SottoSampler) sampler = sotto_sampler_new (&cases[i].settings, 5000, NULL, NULL);

      g_test_message ("case %u", i);
      g_assert_cmpuint (sotto_sampler_count_best (sampler, 100), ==, cases[i].n_best);
    }
}

/* --- Distributions --- */

/* Pearson's statistic of @n_draws draws against @expected probabilities; impossible tokens must
 * not come. */
static double
chi_squared (const SottoSamplerSettings *settings,
             const float                *logits,
             const double               *expected,
             guint                       n,
             guint                       n_draws)
{
  g_autoptr (SottoSampler) sampler = sotto_sampler_new (settings, n, NULL, NULL);
  g_autofree guint *counts = g_new0 (guint, n);
  double sum = 0.0;

  for (guint i = 0; i < n_draws; i++)
    counts[sotto_sampler_draw (sampler, logits, NULL, 0)]++;

  for (guint i = 0; i < n; i++)
    {
      if (expected[i] == 0.0)
        g_assert_cmpuint (counts[i], ==, 0);
      else
        sum += pow (counts[i] - n_draws * expected[i], 2) / (n_draws * expected[i]);
    }

  return sum;
}

static void
test_distribution (void)
{
  /* Logits of 0.4, 0.3, 0.2, 0.1 */
  const float logits[] = { logf (0.1f), logf (0.4f), logf (0.2f), logf (0.3f) };
  const double plain[] = { 0.1, 0.4, 0.2, 0.3 };
  const double top_2[] = { 0.0, 4.0 / 7.0, 0.0, 3.0 / 7.0 };
  const double nucleus[] = { 0.0, 4.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0 };
  const double half[] = { 0.01 / 0.30, 0.16 / 0.30, 0.04 / 0.30, 0.09 / 0.30 };
  const guint n_draws = 40000;

  for (guint64 seed = 0; seed < 5; seed++)
    {
      SottoSamplerSettings settings = { 1.0f, 0, 1.0f, 0.0f, 1.0f, 0, seed };

      /* 99.99 % of right samplers stay below 21.1 (three degrees of freedom). */
      g_assert_cmpfloat (chi_squared (&settings, logits, plain, 4, n_draws), <, 21.1);
      /* A sampler that does not draw at all, or always the same way, is far above. */
      g_assert_cmpfloat (chi_squared (&settings, logits, half, 4, n_draws), >, 1000.0);

      settings.top_k = 2;
      g_assert_cmpfloat (chi_squared (&settings, logits, top_2, 4, n_draws), <, 21.1);
      settings.top_k = 0;
      settings.top_p = 0.85f;
      g_assert_cmpfloat (chi_squared (&settings, logits, nucleus, 4, n_draws), <, 21.1);
      settings.top_p = 1.0f;
      settings.min_p = 0.45f;
      g_assert_cmpfloat (chi_squared (&settings, logits, nucleus, 4, n_draws), <, 21.1);
      settings.min_p = 0.0f;
      settings.temperature = 0.5f;
      g_assert_cmpfloat (chi_squared (&settings, logits, half, 4, n_draws), <, 21.1);
    }
}

static void
test_seed (void)
{
  SottoSamplerSettings settings = { 1.0f, 0, 1.0f, 0.0f, 1.0f, 0, 5 };
  g_autoptr (SottoSampler) a = sotto_sampler_new (&settings, 64, NULL, NULL);
  g_autoptr (SottoSampler) b = sotto_sampler_new (&settings, 64, NULL, NULL);
  g_autoptr (SottoSampler) c = NULL;
  float logits[64] = { 0 };
  guint n_different = 0;

  settings.seed = 6;
  c = sotto_sampler_new (&settings, 64, NULL, NULL);
  for (guint i = 0; i < 200; i++)
    {
      gint32 token = sotto_sampler_draw (a, logits, NULL, 0);

      g_assert_cmpint (token, ==, sotto_sampler_draw (b, logits, NULL, 0));
      n_different += token != sotto_sampler_draw (c, logits, NULL, 0) ? 1 : 0;
    }
  g_assert_cmpuint (n_different, >, 150);
}

/* --- Odd values --- */

static gint32
draw_once (SottoSamplerSettings settings,
           const float         *logits,
           guint                n)
{
  g_autoptr (SottoSampler) sampler = sotto_sampler_new (&settings, n, NULL, NULL);

  return sotto_sampler_draw (sampler, logits, NULL, 0);
}

static void
test_odd_values (void)
{
  const SottoSamplerSettings greedy = { 0.0f, 0, 1.0f, 0.0f, 1.0f, 0, 1 };
  const SottoSamplerSettings drawn = { 0.8f, 40, 0.95f, 0.05f, 1.1f, 64, 1 };
  const float ties[] = { 1.0f, 3.0f, 3.0f, 2.0f };
  const float not_numbers[] = { NAN, -1.0f, NAN, -2000.0f };
  const float all_nan[] = { NAN, NAN, NAN };
  const float infinite[] = { 1.0f, INFINITY, 2.0f, -INFINITY };
  const float original[] = { 1.0f, 2.0f, -3.0f, NAN };
  float kept[4];
  SottoSamplerSettings odd = drawn;
  g_autoptr (SottoSampler) sampler = sotto_sampler_new (&drawn, 4, NULL, NULL);
  const gint32 recent[] = { -1, 2, 99, G_MAXINT32, 0 };

  g_assert_cmpint (draw_once (greedy, ties, 4), ==, 1);
  g_assert_cmpint (draw_once (greedy, not_numbers, 4), ==, 1);
  g_assert_cmpint (draw_once (greedy, all_nan, 3), ==, -1);
  g_assert_cmpint (draw_once (greedy, infinite, 4), ==, 1);
  g_assert_cmpint (draw_once (drawn, not_numbers, 4), ==, 1);
  g_assert_cmpint (draw_once (drawn, all_nan, 3), ==, -1);
  g_assert_cmpint (draw_once (drawn, infinite, 4), ==, 1);
  g_assert_cmpint (draw_once (drawn, ties, 1), ==, 0);

  /* Of equals, top-k takes the lower id. */
  odd.top_k = 1;
  odd.top_p = 1.0f;
  g_assert_cmpint (draw_once (odd, ties, 4), ==, 1);
  odd.top_k = 0;
  odd.top_p = 0.0f;
  g_assert_cmpint (draw_once (odd, ties, 4), ==, 1);
  odd.top_p = 1.0f;
  odd.min_p = 7.0f;
  odd.temperature = NAN;
  odd.repetition_penalty = -1.0f;
  g_assert_cmpint (draw_once (odd, ties, 4), ==, 1);

  memcpy (kept, original, sizeof kept);
  g_assert_cmpint (sotto_sampler_draw (sampler, kept, recent, G_N_ELEMENTS (recent)), !=, 3);
  g_assert_cmpmem (kept, sizeof kept, original, sizeof original);
}

/* A vocabulary of today's size; the time is told, and bounded generously. */
static void
test_large (void)
{
  static const SottoSamplerSettings settings[] = {
    { 0.0f, 0, 1.0f, 0.0f, 1.0f, 0, 1 },
    SOTTO_SAMPLER_DEFAULTS,
    { 0.8f, 0, 0.95f, 0.0f, 1.1f, 64, 1 },
    { 1.0f, 0, 1.0f, 0.0f, 1.0f, 0, 1 },
  };
  const guint n = 151936;
  g_autofree float *logits = g_new (float, n);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (guint i = 0; i < n; i++)
    logits[i] = 3.0 * normal (random);

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autoptr (SottoSampler) sampler = sotto_sampler_new (&settings[i], n, NULL, NULL);
      clock_t started = clock ();
      double seconds;

      for (guint j = 0; j < 50; j++)
        g_assert_cmpint (sotto_sampler_draw (sampler, logits, NULL, 0), >=, 0);
      /* Of the processor: others may be at work on this machine. */
      seconds = (double) (clock () - started) / CLOCKS_PER_SEC / 50;
      g_test_message ("settings %u: %.0f us a draw", i, seconds * 1e6);
      g_assert_cmpfloat (seconds, <, 0.1);
    }
}

/* Negative numbers stand for rows that are no tokens: they are not penalised, and nothing is repeated across them. */
static void
test_rows (void)
{
  static const gint32 rows[] = { 5, 6, -9, 7, 8, 5, 6, -9, 7 };
  static const gint32 tokens[] = { 5, 6, 3, 7, 8, 5, 6, 3, 7 };
  SottoSamplerSettings settings = SOTTO_SAMPLER_DEFAULTS;
  float logits[10] = { 0 };

  settings.temperature = 0;
  settings.dry_multiplier = 1.0f;
  settings.repetition_penalty = 1.01f;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (SottoSampler) sampler = sotto_sampler_new (&settings, G_N_ELEMENTS (logits), NULL, NULL);

      memset (logits, 0, sizeof logits);
      logits[8] = 2.0f;
      logits[4] = 1.9f;
      g_assert_cmpint (sotto_sampler_draw (sampler, logits, i == 0 ? rows : tokens, G_N_ELEMENTS (rows)), ==, i == 0 ? 8 : 4);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sampler/generator", test_generator);
  g_test_add_func ("/sampler/definition", test_definition);
  g_test_add_func ("/sampler/few", test_few);
  g_test_add_func ("/sampler/needs-all", test_needs_all);
  g_test_add_func ("/sampler/distribution", test_distribution);
  g_test_add_func ("/sampler/seed", test_seed);
  g_test_add_func ("/sampler/odd-values", test_odd_values);
  g_test_add_func ("/sampler/large", test_large);
  g_test_add_func ("/sampler/rows", test_rows);

  return g_test_run ();
}
