/* How many tokens are drafted, by what batches are said to have cost and what guesses to have come to. No clock is
 * asked here. */

#include "sotto-pace.h"

/* A machine on which a batch of n takes 1000 + each × (n - 1) microseconds. */
static double
time_of (guint  n_tokens,
         double each)
{
  return 1000.0 + each * (n_tokens - 1);
}

/* What is chosen behind a match of @n_match tokens, at places of which nothing is known. */
static guint
choose (const SottoPace *pace,
        guint            n_match,
        guint            most)
{
  guint kinds[SOTTO_FEW_TOKENS];

  for (guint i = 0; i < most; i++)
    kinds[i] = sotto_pace_find_kind (n_match + i, SOTTO_LOOKUP_UNKNOWN);

  return sotto_pace_choose (pace, kinds, most);
}

/* A world in which guesses come true with @chance; @n_tokens of it. Returns the time they took, as against single
 * steps. */
static double
live (SottoPace *pace,
      GRand     *random,
      guint      n_match,
      double     chance,
      double     each,
      guint      n_tokens,
      guint     *n_drafted)
{
  double took = 0;
  guint n = 0;

  *n_drafted = 0;
  while (n < n_tokens)
    {
      guint drafted = choose (pace, n_match, SOTTO_FEW_TOKENS - 1);
      guint kept = 1;

      g_assert_cmpuint (drafted, <, SOTTO_FEW_TOKENS);
      for (guint i = 0; i < drafted; i++)
        {
          gboolean is_right = g_rand_double (random) < chance;

          sotto_pace_tell_guess (pace, sotto_pace_find_kind (n_match + i, SOTTO_LOOKUP_UNKNOWN), is_right);
          if (!is_right)
            break;
          kept++;
        }
      if (drafted == 0)
        sotto_pace_tell_guess (pace, sotto_pace_find_kind (n_match, SOTTO_LOOKUP_UNKNOWN),
                               g_rand_double (random) < chance);
      took += time_of (drafted + 1, each);
      sotto_pace_tell_batch (pace, drafted + 1, kept, time_of (drafted + 1, each), 0);
      *n_drafted += drafted;
      n += kept;
    }

  return took / (n * time_of (1, each));
}

/* Longer matches are of likelier kinds, and each falls into as many as there are records. */
static void
test_kinds (void)
{
  SottoPace pace;

  sotto_pace_init (&pace);
  for (guint record = 0; record < SOTTO_LOOKUP_RECORDS; record++)
    {
      guint last = sotto_pace_find_kind (1, record);

      g_assert_cmpuint (last, ==, record);
      for (guint n = 2; n < 100; n++)
        {
          guint kind = sotto_pace_find_kind (n, record);

          g_assert_true (kind == last || kind == last + SOTTO_LOOKUP_RECORDS);
          g_assert_true (kind == last || pace.shares[kind] > pace.shares[last]);
          last = kind;
        }
      g_assert_cmpuint (last, ==, SOTTO_PACE_MODEL - SOTTO_LOOKUP_RECORDS + record);
    }
}

/* A batch ends before a place where guesses went wrong, if the others come true. */
static void
test_places (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  guint kinds[7];
  SottoPace pace;
  guint n_drafted;

  sotto_pace_init (&pace);
  live (&pace, random, 12, 0.95, 100, 300, &n_drafted);
  for (guint i = 0; i < 20; i++)
    sotto_pace_tell_guess (&pace, sotto_pace_find_kind (12, SOTTO_LOOKUP_WRONG), FALSE);
  for (guint place = 0; place < 7; place++)
    {
      for (guint i = 0; i < 7; i++)
        kinds[i] = sotto_pace_find_kind (12, i == place ? SOTTO_LOOKUP_WRONG : SOTTO_LOOKUP_UNKNOWN);
      g_assert_cmpuint (sotto_pace_choose (&pace, kinds, 7), ==, place);
    }
}

/* Of guesses that mostly come true, with further tokens of a batch for little, nearly as many as can be. */
static void
test_pays (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  SottoPace pace;
  guint n_drafted;

  sotto_pace_init (&pace);
  g_assert_cmpfloat (live (&pace, random, 12, 0.95, 100, 500, &n_drafted), <, 0.4);
  g_assert_cmpuint (choose (&pace, 12, 7), >=, 5);
  g_assert_cmpuint (choose (&pace, 12, 3), <=, 3);
}

/* Whatever guesses come to and batches cost, next to nothing is lost. */
static void
test_never_loses (void)
{
  for (guint seed = 0; seed < 40; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (seed);
      double chance = seed % 5 * 0.15;
      double each = seed % 4 * 300.0;
      SottoPace pace;
      guint n_drafted;
      double share;

      sotto_pace_init (&pace);
      share = live (&pace, random, 2 + seed % 20, chance, each, 200, &n_drafted);
      if (share > 1.02)
        g_test_fail_printf ("chance %.2f, each %.0f: %.4f of single steps", chance, each, share);
    }
}

/* What has stopped to pay is left, and taken up again when guesses that are only watched come true. */
static void
test_changes (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  SottoPace pace;
  guint n_drafted;

  sotto_pace_init (&pace);
  live (&pace, random, 8, 0.9, 200, 300, &n_drafted);
  g_assert_cmpuint (n_drafted, >, 150);
  live (&pace, random, 8, 0.02, 200, 100, &n_drafted);
  live (&pace, random, 8, 0.02, 200, 300, &n_drafted);
  g_assert_cmpuint (n_drafted, <, 10);
  live (&pace, random, 8, 0.9, 200, 100, &n_drafted);
  live (&pace, random, 8, 0.9, 200, 300, &n_drafted);
  g_assert_cmpuint (n_drafted, >, 150);
}

/* --- A model that guesses --- */

/* A world in which a model is sure of a @sure share of its guesses, which come true nearly always, and of the others
 * only with @chance. Guessing one takes @each microseconds. Returns the time as against single steps. */
static double
live_with_model (SottoPace *pace,
                 GRand     *random,
                 double     sure,
                 double     chance,
                 double     each,
                 guint      n_tokens)
{
  double took = 0;
  guint n = 0;
  guint caught_up = 0;

  while (n < n_tokens)
    {
      guint kinds[SOTTO_FEW_TOKENS];
      double likely = 1, expected = 1;
      guint guessed = 0, kept = 1;

      if (sotto_pace_tries_model (pace))
        {
          if (n - caught_up > 40 || caught_up == 0)
            {
              took += 1.5 * time_of (1, 0);
              sotto_pace_tell_catch_up (pace, 1.5 * time_of (1, 0));
            }
          do
            {
              gboolean is_sure = g_rand_double (random) < sure;

              kinds[++guessed] = sotto_pace_find_model_kind (is_sure ? 5 : 0.3);
              likely *= pace->shares[kinds[guessed]];
              expected += likely;
            }
          while (guessed < SOTTO_FEW_TOKENS - 1 && sotto_pace_goes_on (pace, guessed, likely, expected));
        }
      for (guint i = 1; i <= guessed; i++)
        {
          gboolean is_right = g_rand_double (random) < (kinds[i] == SOTTO_PACE_FORCED - 1 ? 0.98 : chance);

          sotto_pace_tell_guess (pace, kinds[i], is_right);
          if (!is_right)
            break;
          kept++;
        }
      took += time_of (guessed + 1, 60) + guessed * each;
      sotto_pace_tell_batch (pace, guessed + 1, kept, time_of (guessed + 1, 60), guessed * each);
      n += kept;
      if (guessed > 0)
        caught_up = n;
    }

  return took / (n * time_of (1, 0));
}

static void
test_model_pays (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (9);
  SottoPace pace;

  sotto_pace_init (&pace);
  g_assert_cmpfloat (live_with_model (&pace, random, 0.9, 0.5, 300, 600), <, 0.72);
}

/* Where it does not pay, little is lost, also in a short reply. */
static void
test_model_never_loses (void)
{
  double worst = 0;

  for (guint seed = 0; seed < 60; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (seed);
      double sure = seed % 5 * 0.2;
      double each = 200.0 + seed % 4 * 200.0;
      SottoPace pace;
      double share;

      sotto_pace_init (&pace);
      share = live_with_model (&pace, random, sure, 0.3, each, 256);
      worst = MAX (worst, share);
      if (share > 1.02)
        g_test_fail_printf ("sure of %.1f, each %.0f: %.4f of single steps", sure, each, share);
    }
  g_test_message ("at worst %.4f of single steps", worst);
}

/* Nothing is guessed before single steps were measured; then, if it always comes true, as much as can be. */
static void
test_measured (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  SottoPace pace;
  guint n_drafted;

  sotto_pace_init (&pace);
  g_assert_cmpuint (choose (&pace, 40, 7), ==, 0);
  live (&pace, random, 40, 1, 100, 100, &n_drafted);
  g_assert_cmpuint (choose (&pace, 40, 7), ==, 7);
}

/* What took a hundred times as long because another program ran changes next to nothing. */
static void
test_hiccup (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  SottoPace pace;
  guint before;
  guint n_drafted;

  sotto_pace_init (&pace);
  live (&pace, random, 20, 0.9, 100, 300, &n_drafted);
  before = choose (&pace, 20, 7);
  g_assert_cmpuint (before, >, 0);
  sotto_pace_tell_batch (&pace, before + 1, before + 1, 100 * time_of (before + 1, 100), 0);
  sotto_pace_tell_batch (&pace, 1, 1, 100 * time_of (1, 100), 0);
  g_assert_cmpuint (choose (&pace, 20, 7), >=, before - 1);

  /* Even the first time that so many were evaluated: it is tried again at once, and a second time not so soon. */
  sotto_pace_init (&pace);
  for (guint i = 0; i < 4; i++)
    sotto_pace_tell_batch (&pace, 1, 1, time_of (1, 100), 0);
  sotto_pace_tell_batch (&pace, 2, 2, 100 * time_of (2, 100), 0);
  g_assert_cmpuint (choose (&pace, 20, 7), >, 0);
  sotto_pace_tell_batch (&pace, 2, 2, 100 * time_of (2, 100), 0);
  sotto_pace_tell_batch (&pace, 2, 2, 100 * time_of (2, 100), 0);
  sotto_pace_tell_batch (&pace, 2, 2, 100 * time_of (2, 100), 0);
  g_assert_cmpuint (choose (&pace, 20, 7), ==, 0);
  g_assert_cmpfloat (live (&pace, random, 20, 0.9, 100, 1000, &n_drafted), <, 0.9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pace/kinds", test_kinds);
  g_test_add_func ("/pace/places", test_places);
  g_test_add_func ("/pace/pays", test_pays);
  g_test_add_func ("/pace/never-loses", test_never_loses);
  g_test_add_func ("/pace/changes", test_changes);
  g_test_add_func ("/pace/measured", test_measured);
  g_test_add_func ("/pace/hiccup", test_hiccup);
  g_test_add_func ("/pace/model-pays", test_model_pays);
  g_test_add_func ("/pace/model-never-loses", test_model_never_loses);

  return g_test_run ();
}
