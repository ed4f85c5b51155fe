/* What is about the same as a question
 *
 * Something is always the nearest, also to a question that nothing answers; how near that is, is another with each model and
 * each folder. So nearness is measured in units that both have themselves:
 *
 *   value of a vector  (cosine - C) / S     C: of the nearer half of all vectors the one in the middle;
 *                                           S: how much the cosines of vectors with each other differ (standard deviation)
 *
 * The nearest of n that have nothing to do with the question is the farther out the more there are, as √(2 ln n) for
 * the normal distribution. What answers a question stands out more than that, by NEAREST; and it stands out from those around
 * it as well, by AROUND: a model that does not know a language finds all that is written in it near to all that is asked in it.
 * Where the nearest does neither, meaning says nothing. tests/history/meaning/README.md has the questions that settled this. */

#include "nearness.h"

#include "embedding.h"
#include "embedding-rows.h"

#include <math.h>

#define SAMPLES 64       /* vectors whose cosines with each other are taken */
#define FEW 8            /* of fewer nothing can be said */
#define NEAREST 0.57     /* of √(2 ln n) */
#define AROUND 1.1
#define AROUND_PART 10   /* those around it: one in so many, and at least FEW */
#define LEAST_VALUE 0.6  /* of the nearest one's: what is farther away is left out */

struct _SottoNearing {
  SottoDatabase *database;
  SottoEmbedder embedder;
  SottoEmbeddingQuestion *question; /* NULL: there is nothing to compare */
  GArray *list;                     /* SottoNearness */
  GPtrArray *samples;               /* GBytes */
  guint every;                      /* vector in so many is a sample */
};

SottoNearing *
sotto_nearing_new (SottoDatabase *database, const char *embedder, GBytes *vector, gint64 n_all, GError **error)
{
  g_autoptr (SottoNearing) self = g_new0 (SottoNearing, 1);

  self->database = database;
  self->list = g_array_new (FALSE, TRUE, sizeof (SottoNearness));
  self->samples = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->every = (guint) (n_all / SAMPLES) + 1;
  if (embedder == NULL || vector == NULL)
    return g_steal_pointer (&self);

  if (!sotto_rows_find_embedder (database, embedder, &self->embedder, error))
    return NULL;
  self->question = sotto_embedding_question_new (vector);
  if (self->question != NULL &&
      (!self->embedder.is_named || self->embedder.size != SOTTO_EMBEDDING_HEADER + (gint64) self->question->n))
    g_clear_pointer (&self->question, g_free);
  return g_steal_pointer (&self);
}

void
sotto_nearing_free (SottoNearing *self)
{
  g_free (self->question);
  g_array_unref (self->list);
  g_ptr_array_unref (self->samples);
  g_free (self);
}

gboolean
sotto_nearing_is_needed (const SottoNearing *self)
{
  return self->question != NULL;
}

/* --- Looking at all --- */

gboolean
sotto_nearing_compare (SottoNearing *self, sqlite3_stmt *rows, GError **error)
{
  gboolean failed;

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (self->database, rows, &failed, error))
    {
      SottoNearness one = { .row = sqlite3_column_int64 (rows, 0) };
      const void *packed;

      /* What another embedder left may be there still. */
      if (sqlite3_column_int64 (rows, 1) != self->embedder.row || sqlite3_column_bytes (rows, 2) != self->embedder.size)
        continue;
      packed = sqlite3_column_blob (rows, 2);
      one.cosine = sotto_embedding_compare (self->question, packed);
      if (self->list->len % self->every == 0)
        g_ptr_array_add (self->samples, g_bytes_new (packed, (gsize) self->embedder.size));
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
  const guint n_around = MIN (MAX (n / AROUND_PART, FEW), n / 2);
  guint n_fit = 0;

  if (n >= FEW && spread > 0 &&
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
sotto_nearing_end (SottoNearing *self)
{
  if (self->question != NULL)
    {
      g_array_sort (self->list, compare_nearness);
      judge (self->list, spread_of (self->samples, self->question->n));
    }
  return g_array_ref (self->list);
}
