/* Which passages say what a question is about
 *
 * Something is always the nearest, also to a question that nothing answers; how near that is, is another with each model and
 * each folder. So nearness is measured in units that both have themselves:
 *
 *   value of a passage  (cosine - C) / S     C: of the nearer half of all passages the one in the middle;
 *                                            S: how much the cosines of passages with each other differ (standard deviation)
 *
 * The nearest of n passages that have nothing to do with the question is the farther out the more there are, as √(2 ln n) for
 * the normal distribution. What answers a question stands out more than that, by NEAREST; and it stands out from those around
 * it as well, by AROUND: a model that does not know a language finds all that is written in it near to all that is asked in it.
 * Where the nearest does neither, meaning says nothing. tests/history/meaning/README.md has the questions that settled this. */

#include "passage-meaning.h"

#include "embedding.h"
#include "embedding-rows.h"
#include "folder-rows.h"

#include <math.h>

#define SAMPLES 64       /* passages whose cosines with each other are taken */
#define FEW_PASSAGES 8   /* of fewer nothing can be said */
#define NEAREST 0.57     /* of √(2 ln n) */
#define AROUND 1.1
#define AROUND_PART 10   /* those around it: one in so many, and at least FEW_PASSAGES */
#define LEAST_VALUE 0.6  /* of the nearest one's: what is farther away is left out */

typedef struct {
  SottoDatabase *database;
  const SottoEmbedder *embedder;
  const SottoEmbeddingQuestion *question;
  GArray *list;       /* SottoNearness */
  GPtrArray *samples; /* GBytes */
  guint every;        /* passage in so many is a sample */
} Comparing;

/* --- Looking at all --- */

static gboolean
compare_folder (Comparing *self, gint64 folder, GError **error)
{
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (self->database, error,
                                             "SELECT passage, embedder, vector FROM embedding"
                                             " WHERE passage BETWEEN ?1 AND ?2",
                                             "ii", SOTTO_PASSAGES_BEFORE (folder), SOTTO_PASSAGES_LAST (folder));

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (self->database, rows, &failed, error))
    {
      SottoNearness one = { .row = sqlite3_column_int64 (rows, 0) };
      const void *packed;

      /* What another embedder left may be there still. */
      if (sqlite3_column_int64 (rows, 1) != self->embedder->row || sqlite3_column_bytes (rows, 2) != self->embedder->size)
        continue;
      packed = sqlite3_column_blob (rows, 2);
      one.cosine = sotto_embedding_compare (self->question, packed);
      if (self->list->len % self->every == 0)
        g_ptr_array_add (self->samples, g_bytes_new (packed, (gsize) self->embedder->size));
      g_array_append_val (self->list, one);
    }
  return !failed;
}

/* Returns: the standard deviation of the samples' cosines with each other */
static double
spread_of (GPtrArray *samples, gsize n)
{
  double sum = 0, squares = 0;
  guint n_pairs = 0;

  for (guint i = 0; i < samples->len; i++)
    for (guint j = 0; j < i; j++)
      {
        const double cosine = sotto_embedding_compare_both (g_bytes_get_data (g_ptr_array_index (samples, i), NULL),
                                                            g_bytes_get_data (g_ptr_array_index (samples, j), NULL), n);

        sum += cosine;
        squares += cosine * cosine;
        n_pairs++;
      }
  if (n_pairs == 0)
    return 0;
  sum /= n_pairs;
  return sqrt (MAX (squares / n_pairs - sum * sum, 0));
}

/* --- Judging --- */

static gint
compare_nearness (gconstpointer a, gconstpointer b)
{
  const SottoNearness *x = a;
  const SottoNearness *y = b;

  if (x->cosine != y->cosine)
    return x->cosine > y->cosine ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

static float
cosine_at (GArray *list, guint i)
{
  return g_array_index (list, SottoNearness, i).cosine;
}

/* Keeps what fits of a list in order. */
static void
judge (GArray *list, double spread)
{
  const guint n = list->len;
  const guint n_around = MIN (MAX (n / AROUND_PART, FEW_PASSAGES), n / 2);
  guint n_fit = 0;

  if (n >= FEW_PASSAGES && spread > 0 &&
      cosine_at (list, 0) - cosine_at (list, n / 4) >= NEAREST * sqrt (2 * log (n)) * spread &&
      cosine_at (list, 0) - cosine_at (list, n_around / 2) >= AROUND * spread)
    for (; n_fit < n; n_fit++)
      {
        SottoNearness *one = &g_array_index (list, SottoNearness, n_fit);

        one->value = (one->cosine - cosine_at (list, n / 4)) / spread;
        if (one->value < LEAST_VALUE * g_array_index (list, SottoNearness, 0).value)
          break;
      }
  g_array_set_size (list, n_fit);
}

GArray *
sotto_passage_rank_by_meaning (SottoDatabase  *database,
                               GArray         *folders,
                               gint64          n_passages,
                               const char     *embedder,
                               GBytes         *vector,
                               GError        **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, TRUE, sizeof (SottoNearness));
  g_autoptr (GPtrArray) samples = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autofree SottoEmbeddingQuestion *question = NULL;
  SottoEmbedder ours;
  Comparing self = { database, &ours, NULL, list, samples, (guint) (n_passages / SAMPLES) + 1 };

  if (embedder == NULL || vector == NULL)
    return g_steal_pointer (&list);
  if (!sotto_rows_find_embedder (database, embedder, &ours, error))
    return NULL;
  self.question = question = sotto_embedding_question_new (vector);
  if (!ours.is_named || question == NULL || ours.size != SOTTO_EMBEDDING_HEADER + (gint64) question->n)
    return g_steal_pointer (&list);

  for (guint i = 0; i < folders->len; i++)
    if (!compare_folder (&self, g_array_index (folders, gint64, i), error))
      return NULL;
  g_array_sort (list, compare_nearness);
  judge (list, spread_of (samples, question->n));
  return g_steal_pointer (&list);
}
