/* Words and meaning
 *
 * A passage that has most of what the words of a question weigh comes first, by its words: nothing is better at names, numbers and
 * terms. Behind these comes what is nearest by meaning, and then what has fewer of the words. Reciprocal rank fusion (Cormack,
 * Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods, 2009) and sums of
 * both values found less: where only a part of the words is found, their order says next to nothing, and where nearly all are,
 * meaning puts neighbours in front of the one. tests/history/meaning/README.md has the figures. */

#include "passage-join.h"

#include "passage-meaning.h"
#include "passage-rank.h"

#define MOST_FOUND 0.6 /* of what the words of a question weigh */

/* What each way is worth, the best of it and the worst: store-passages.c leaves out what is below a part of the best. */
#define BEST_WORDS 1.0
#define WORST_WORDS 0.8
#define BEST_NEAR 0.8
#define WORST_NEAR 0.6
#define BEST_REST 0.6
#define WORST_REST 0.2

static double
between (double worst, double best, double part)
{
  return worst + (best - worst) * part;
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const SottoCandidate *x = a;
  const SottoCandidate *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* Those of @near that have no words go into @candidates, behind the others. */
static void
add_near (GArray *candidates, GArray *near)
{
  g_autoptr (GHashTable) by_row = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GArray) added = g_array_new (FALSE, TRUE, sizeof (SottoCandidate));
  const double nearest = g_array_index (near, SottoNearness, 0).value;

  for (guint i = 0; i < candidates->len; i++)
    {
      SottoCandidate *candidate = &g_array_index (candidates, SottoCandidate, i);

      g_hash_table_insert (by_row, &candidate->row, candidate);
    }
  for (guint i = 0; i < near->len; i++)
    {
      const SottoNearness *one = &g_array_index (near, SottoNearness, i);
      const double score = between (WORST_NEAR, BEST_NEAR, one->value / nearest);
      SottoCandidate *candidate = g_hash_table_lookup (by_row, &one->row);

      if (candidate == NULL)
        {
          const SottoCandidate new = { .row = one->row, .score = score, .found_by = SOTTO_HISTORY_FOUND_BY_MEANING };

          g_array_append_val (added, new);
          continue;
        }
      /* The few words that one has beside its meaning have not found it. */
      candidate->found_by = candidate->score < score ? SOTTO_HISTORY_FOUND_BY_MEANING
                                                     : candidate->found_by | SOTTO_HISTORY_FOUND_BY_MEANING;
      candidate->score = MAX (candidate->score, score);
    }
  g_array_append_vals (candidates, added->data, added->len);
}

void
sotto_passage_join (GArray *candidates, double asked, GArray *near)
{
  const double best = candidates->len > 0 ? g_array_index (candidates, SottoCandidate, 0).score : 0;

  if (near->len == 0)
    return;

  for (guint i = 0; i < candidates->len; i++)
    {
      SottoCandidate *one = &g_array_index (candidates, SottoCandidate, i);
      const double part = best > 0 ? one->score / best : 0;

      one->score = one->found >= MOST_FOUND * asked ? between (WORST_WORDS, BEST_WORDS, part)
                                                    : between (WORST_REST, BEST_REST, part);
    }
  add_near (candidates, near);
  g_array_sort (candidates, compare_scores);
}
