/* Which passages fit a question
 *
 * BM25 (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009), without the length of a passage, as all are about
 * as long, and with two differences. How rare a word is counts in the folders that are asked, and not in the whole index.
 * And a word has forms: those that begin as it does count less than itself, and together as one word.
 *
 *   weight of a word    ln (1 + (N - n + ½) / (n + ½))    N passages, of which n have it
 *   of a passage        Σ weight · f · (k + 1) / (f + k)  f times in it
 *                       times (words that it has / words of the question) to the power of COVERAGE
 *
 * A passage that has little of what the words of a question weigh, those included that no passage has, does not fit at all.
 * A word that more than a third of the passages have says nothing here; which words these are shows the index. Only if all
 * are so they count. */

#include "passage-rank.h"

#include "folder-rows.h"
#include "outer-tokenizer.h"
#include "passage-query.h"

#include <math.h>

#define SATURATION 0.8
#define COVERAGE 0.3        /* how much it counts which part of the words a passage has */
#define FREQUENT 3          /* more than one passage in so many: says nothing */
#define FREQUENT_FORMS 8    /* for a beginning */
#define FEW_PASSAGES 30     /* of fewer nothing can be said about words */
#define FORM_WEIGHT 0.6
#define UNKNOWN_WEIGHT 0.5  /* of a word that no passage has, as one that a single passage has is rarer than it seems */
#define LEAST_FOUND 0.2     /* of what the words of a question weigh: who has less answers another one */
#define WORDS_ASKED 12      /* of which the heaviest count there, as who says much does not ask for all of it */

/* --- Counting --- */

static void
count_hits (const Fts5ExtensionApi *api,
            Fts5Context            *fts,
            sqlite3_context        *context,
            int                     n_values,
            sqlite3_value         **values)
{
  int n = 0;
  int code = api->xInstCount (fts, &n);

  if (code != SQLITE_OK)
    sqlite3_result_error_code (context, code);
  else
    sqlite3_result_int (context, n);
}

gboolean
sotto_passage_rank_register (SottoDatabase *database, GError **error)
{
  fts5_api *api = sotto_fts5_get_api (database, error);

  if (api == NULL)
    return FALSE;
  if (api->xCreateFunction (api, "passage_hits", NULL, count_hits, NULL) != SQLITE_OK)
    {
      sotto_database_fail (database, "fts5", error);
      return FALSE;
    }
  return TRUE;
}

/* A passage that has a word, or a form of it, and all of them */
typedef struct {
  SottoCandidate *candidate;
  gint64 row;
  gint n;
  gint n_exact; /* of the n, those that are the word itself */
} Hit;

typedef struct {
  double value;
  GArray *hits; /* Hit: by folder and row */
} Word;

static void
word_free (gpointer data)
{
  Word *word = data;

  g_array_unref (word->hits);
  g_free (word);
}

typedef struct {
  SottoDatabase *database;
  GArray *folders;
  gint64 n_passages;
  GHashTable *candidates; /* by row */
  GPtrArray *words;       /* Word: those of the question that count */
  GArray *weights;        /* double: of these */
} Ranking;

/* Returns: (transfer full) (element-type Hit): at most @max + 1 */
static GArray *
find_hits (Ranking *self, const char *expression, gint64 max, GError **error)
{
  g_autoptr (GArray) hits = g_array_new (FALSE, TRUE, sizeof (Hit));

  for (guint i = 0; i < self->folders->len && hits->len <= max; i++)
    {
      const gint64 folder = g_array_index (self->folders, gint64, i);
      gboolean failed;
      sqlite3_stmt *rows =
        sotto_database_query (self->database, error,
                              "SELECT rowid, passage_hits (passage_words) FROM passage_words"
                              " WHERE passage_words MATCH ?1 AND rowid BETWEEN ?2 AND ?3 LIMIT ?4", "uiii",
                              expression, SOTTO_PASSAGES_BEFORE (folder), SOTTO_PASSAGES_LAST (folder),
                              max + 1 - hits->len);

      if (rows == NULL)
        return NULL;
      while (sotto_database_next (self->database, rows, &failed, error))
        {
          Hit hit = { .row = sqlite3_column_int64 (rows, 0), .n = sqlite3_column_int (rows, 1) };

          g_array_append_val (hits, hit);
        }
      if (failed)
        return NULL;
    }
  return g_steal_pointer (&hits);
}

/* What has the word has a form of it, and both are in the same order. */
static void
mark_exact (GArray *forms, GArray *exact)
{
  guint e = 0;

  for (guint i = 0; i < forms->len && e < exact->len; i++)
    {
      Hit *hit = &g_array_index (forms, Hit, i);

      if (hit->row == g_array_index (exact, Hit, e).row)
        hit->n_exact = g_array_index (exact, Hit, e++).n;
    }
}

static SottoCandidate *
candidate_for (Ranking *self, gint64 row)
{
  SottoCandidate *candidate = g_hash_table_lookup (self->candidates, &row);

  if (candidate == NULL)
    {
      candidate = g_new0 (SottoCandidate, 1);
      candidate->row = row;
      g_hash_table_insert (self->candidates, &candidate->row, candidate);
    }
  return candidate;
}

/* @any: also one that says nothing. Returns: whether it went well */
static gboolean
look_up (Ranking *self, const SottoPassageWord *word, gboolean any, GError **error)
{
  const gint64 most = any ? self->n_passages : MAX (self->n_passages / FREQUENT, FEW_PASSAGES);
  const gint64 most_forms = MAX (self->n_passages / FREQUENT_FORMS, FEW_PASSAGES);
  g_autoptr (GArray) exact = find_hits (self, word->exact, most, error);
  g_autoptr (GArray) forms = NULL;
  Word *kept;

  if (exact == NULL)
    return FALSE;
  if (exact->len > most)
    return TRUE;
  if (word->forms != NULL)
    {
      forms = find_hits (self, word->forms, most_forms, error);
      if (forms == NULL)
        return FALSE;
    }

  if (forms != NULL && forms->len <= most_forms)
    {
      mark_exact (forms, exact);
      g_clear_pointer (&exact, g_array_unref);
      exact = g_steal_pointer (&forms);
    }
  else
    for (guint i = 0; i < exact->len; i++)
      g_array_index (exact, Hit, i).n_exact = g_array_index (exact, Hit, i).n;

  for (guint i = 0; i < exact->len; i++)
    {
      Hit *hit = &g_array_index (exact, Hit, i);

      hit->candidate = candidate_for (self, hit->row);
      hit->candidate->n_words++;
    }

  kept = g_new0 (Word, 1);
  kept->value = word->value;
  kept->hits = g_steal_pointer (&exact);
  g_ptr_array_add (self->words, kept);
  return TRUE;
}

/* --- Weighing --- */

static double
weight_of (guint n_all, guint n)
{
  return log1p ((n_all - MIN (n, n_all) + 0.5) / (n + 0.5));
}

static double
saturate (gint n)
{
  return n * (SATURATION + 1) / (n + SATURATION);
}

static void
note_weight (Ranking *self, double weight)
{
  g_array_append_val (self->weights, weight);
}

static gint
compare_weights (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a;
  const double y = *(const double *) b;

  return x > y ? -1 : x < y;
}

/* What the words of the question weigh that a passage may be expected to have */
static double
weight_asked (const Ranking *self)
{
  double asked = 0;

  g_array_sort (self->weights, compare_weights);
  for (guint i = 0; i < MIN (self->weights->len, WORDS_ASKED); i++)
    asked += g_array_index (self->weights, double, i);
  return asked;
}

static void
weigh (Ranking *self, const Word *word)
{
  GArray *hits = word->hits;
  guint n_exact = 0;
  double forms, exact;

  for (guint i = 0; i < hits->len; i++)
    n_exact += g_array_index (hits, Hit, i).n_exact > 0;
  forms = word->value * weight_of ((guint) self->n_passages, hits->len);
  note_weight (self, hits->len > 0 ? forms : UNKNOWN_WEIGHT * forms);
  exact = (forms + word->value * weight_of ((guint) self->n_passages, n_exact)) / 2;

  for (guint i = 0; i < hits->len; i++)
    {
      const Hit *hit = &g_array_index (hits, Hit, i);

      hit->candidate->found += forms;
      hit->candidate->score += MAX (FORM_WEIGHT * forms * saturate (hit->n), exact * saturate (hit->n_exact));
    }
}

static gint
compare_candidates (gconstpointer a, gconstpointer b)
{
  const SottoCandidate *x = a;
  const SottoCandidate *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

GArray *
sotto_passage_rank (SottoDatabase  *database,
                    GArray         *folders,
                    GPtrArray      *words,
                    gint64          n_passages,
                    double         *asked,
                    GError        **error)
{
  g_autoptr (GHashTable) all = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func (word_free);
  g_autoptr (GArray) weights = g_array_new (FALSE, FALSE, sizeof (double));
  Ranking self = { database, folders, n_passages, all, lists, weights };
  GArray *list;
  GHashTableIter iter;
  gpointer candidate;

  for (guint any = 0; any < 2 && lists->len == 0; any++)
    for (guint i = 0; i < words->len; i++)
      if (!look_up (&self, g_ptr_array_index (words, i), any != 0, error))
        return NULL;

  for (guint i = 0; i < lists->len; i++)
    weigh (&self, g_ptr_array_index (lists, i));

  *asked = weight_asked (&self);
  list = g_array_sized_new (FALSE, FALSE, sizeof (SottoCandidate), g_hash_table_size (all));
  g_hash_table_iter_init (&iter, all);
  while (g_hash_table_iter_next (&iter, NULL, &candidate))
    {
      SottoCandidate *one = candidate;

      if (one->found < LEAST_FOUND * *asked)
        continue;
      one->found_by = SOTTO_HISTORY_FOUND_BY_WORDS;
      one->score *= pow ((double) one->n_words / lists->len, COVERAGE);
      g_array_append_vals (list, one, 1);
    }
  g_array_sort (list, compare_candidates);
  return list;
}
