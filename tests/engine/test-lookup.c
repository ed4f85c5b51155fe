/* Where a sequence repeats itself: the index beside a search through all of it. */

#include "sotto-lookup.h"

#include <string.h>

#define N 600u

/* Of all places before the end the latest of those with the longest match, so far as the index measures one. */
static guint
search (const gint32 *tokens,
        guint         n_tokens,
        guint        *n_match)
{
  guint best = 0;

  *n_match = 0;
  for (guint place = n_tokens - 1; place > 0; place--)
    {
      guint n = 0;

      while (n < place && n < 64 && tokens[place - 1 - n] == tokens[n_tokens - 1 - n])
        n++;
      if (n > *n_match)
        {
          *n_match = n;
          best = place;
        }
    }

  return best;
}

/* Text of @n_letters letters, much of it copied from before. */
static void
fill (GRand  *random,
      gint32 *tokens,
      guint   n_letters)
{
  for (guint i = 0; i < N;)
    {
      guint from = i > 8 ? (guint) g_rand_int_range (random, 0, i - 4) : 0;
      guint n = i > 8 && g_rand_boolean (random) ? (guint) g_rand_int_range (random, 2, 40) : 0;

      for (guint k = 0; k < n && i < N; k++, i++)
        tokens[i] = tokens[from + k];
      for (guint k = 0; k < 3 && i < N; k++, i++)
        tokens[i] = g_rand_int_range (random, 0, n_letters);
    }
}

static void
test_search (void)
{
  static const guint letters[] = { 40, 300, 100000 };

  for (guint round = 0; round < 60; round++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (round);
      g_autoptr (SottoLookup) lookup = sotto_lookup_new (N);
      gint32 tokens[N];
      gboolean goes_on = FALSE;
      guint source = 0;
      guint n_found = 0;
      guint n_single = 0;

      fill (random, tokens, letters[round % G_N_ELEMENTS (letters)]);
      for (guint i = 0; i < N; i++)
        {
          SottoLookupRecord records[7];
          gint32 proposed[7];
          guint n_match;

          /* As long as it comes true the same place is read on; else the best one is looked for. */
          goes_on = source > 0 && tokens[source] == tokens[i];
          sotto_lookup_append (lookup, tokens[i]);
          if (goes_on)
            {
              source++;
              n_match = sotto_lookup_get_match (lookup);
              g_assert_cmpuint (n_match, >, 1);
            }
          else
            {
              source = search (tokens, i + 1, &n_match);

              /* Of single tokens the index knows but one with each hash. */
              if (n_match == 1 && sotto_lookup_get_match (lookup) == 0)
                n_match = source = 0;
              g_assert_cmpuint (sotto_lookup_get_match (lookup), ==, n_match);
              n_single += n_match == 1;
            }
          if (n_match == 0)
            continue;

          n_found++;
          sotto_lookup_propose (lookup, proposed, records, G_N_ELEMENTS (proposed));
          for (guint k = 0; k < G_N_ELEMENTS (proposed); k++)
            g_assert_cmpint (proposed[k], ==,
                             source + k <= i ? tokens[source + k] : proposed[source + k - i - 1]);
        }
      g_assert_cmpuint (n_found, >, N / 10);
      g_assert_cmpuint (n_single, >, 0);
    }
}

/* What repeats with a period shorter than the guess goes on with itself. */
static void
test_period (void)
{
  g_autoptr (SottoLookup) lookup = sotto_lookup_new (16);
  const gint32 expected[] = { 7, 9, 7, 9, 7, 9, 7 };
  SottoLookupRecord records[7];
  gint32 proposed[7];

  for (guint i = 0; i < 4; i++)
    sotto_lookup_append (lookup, i % 2 == 0 ? 7 : 9);
  g_assert_cmpuint (sotto_lookup_get_match (lookup), ==, 2);
  sotto_lookup_propose (lookup, proposed, records, G_N_ELEMENTS (proposed));
  g_assert_cmpmem (proposed, sizeof proposed, expected, sizeof expected);
}

/* Of each token it is known what came of the proposals behind it. */
static void
test_records (void)
{
  g_autoptr (SottoLookup) lookup = sotto_lookup_new (64);
  const gint32 tokens[] = { 1, 2, 3, 4, 1, 2, 9, 4, 1, 2 };
  SottoLookupRecord records[5];
  gint32 proposed[5];

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    sotto_lookup_append (lookup, tokens[i]);

  /* Behind 1 the 2 came true twice, behind 4 the 1 once; behind 2 not 3 came but 9, of which nothing is known yet. */
  sotto_lookup_propose (lookup, proposed, records, 5);
  g_assert_cmpmem (proposed, sizeof proposed, ((const gint32[]) { 9, 4, 1, 2, 9 }), sizeof proposed);
  g_assert_cmpint (records[0], ==, SOTTO_LOOKUP_WRONG);
  g_assert_cmpint (records[1], ==, SOTTO_LOOKUP_UNKNOWN);
  g_assert_cmpint (records[2], ==, SOTTO_LOOKUP_RIGHT);
  g_assert_cmpint (records[3], ==, SOTTO_LOOKUP_RIGHT_AGAIN);
  g_assert_cmpint (records[4], ==, SOTTO_LOOKUP_WRONG);

  sotto_lookup_begin_copy (lookup);
  sotto_lookup_propose (lookup, proposed, records, 5);
  g_assert_cmpint (records[0], ==, SOTTO_LOOKUP_UNKNOWN);
  g_assert_cmpint (records[3], ==, SOTTO_LOOKUP_RIGHT_AGAIN);
}

/* Negative numbers stand for rows that are no tokens: none is proposed, and nothing is the same across them. */
static void
test_rows (void)
{
  g_autoptr (SottoLookup) lookup = sotto_lookup_new (64);
  const gint32 tokens[] = { 1, 2, -7, -8, 3, 4, 5, 1, 2 };
  const gint32 again[] = { -7, -8, 3 };
  SottoLookupRecord records[3];
  gint32 proposed[3];

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    sotto_lookup_append (lookup, tokens[i]);
  g_assert_cmpuint (sotto_lookup_get_match (lookup), ==, 2);
  g_assert_cmpuint (sotto_lookup_propose (lookup, proposed, records, 3), ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (again); i++)
    {
      sotto_lookup_append (lookup, again[i]);
      g_assert_cmpuint (sotto_lookup_get_match (lookup), ==, again[i] < 0 ? 0 : 1);
    }
  g_assert_cmpuint (sotto_lookup_propose (lookup, proposed, records, 3), ==, 3);
  g_assert_cmpmem (proposed, sizeof proposed, ((const gint32[]) { 4, 5, 1 }), sizeof proposed);
}

static void
test_nothing (void)
{
  g_autoptr (SottoLookup) lookup = sotto_lookup_new (4);
  const gint32 tokens[] = { 1, 2, 1, 2, 1, 2, 1, 2 };
  guint most = 0;

  g_assert_cmpuint (sotto_lookup_get_match (lookup), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    {
      sotto_lookup_append (lookup, tokens[i]);
      most = MAX (most, sotto_lookup_get_match (lookup));
      if (i < 2 || i >= 4)
        g_assert_cmpuint (sotto_lookup_get_match (lookup), ==, 0);
    }
  g_assert_cmpuint (most, ==, 2);
}

/* The same pair all over: the time stays in proportion to the length. */
static void
test_time (void)
{
  const guint n = 1u << 18;
  g_autoptr (SottoLookup) lookup = sotto_lookup_new (n);
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < n; i++)
    sotto_lookup_append (lookup, i % 3 < 2 ? 5 : (gint32) i);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 20 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lookup/search", test_search);
  g_test_add_func ("/lookup/period", test_period);
  g_test_add_func ("/lookup/records", test_records);
  g_test_add_func ("/lookup/rows", test_rows);
  g_test_add_func ("/lookup/nothing", test_nothing);
  g_test_add_func ("/lookup/time", test_time);

  return g_test_run ();
}
