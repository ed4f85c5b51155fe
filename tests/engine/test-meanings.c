/* all-MiniLM-L6-v2 as its authors compute it: tokens and vectors of thirty-two texts (fixtures/make-meanings.py), through a worker as
 * an application asks for them. */
#include "sotto-engine.h"

#include "sotto-embedder.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "worker-outcome.h"

#define MODEL "all-MiniLM-L6-v2.F16.gguf"

/* 1 - cosine, and an element of a vector of length 1. Weights of F16 are not quite the authors' own, of F32, keys and values have 16
 * bits, and tiers of a CPU round activations. Found: 3e-7 and 1.7e-4 in plain C, 4e-7 and 1.7e-4 in AVX2 and AVX-512; of weights in
 * Q8_0 4e-4 and 5e-3. */
#define MOST_APART 2e-6
#define MOST_OFF 1e-3

/* Of a passage whose speed is measured: what documents are cut into. */
#define N_TOKENS 300
#define N_PASSAGES 64

typedef struct {
  char *text;
  guint n_tokens;
  const gint32 *tokens;
  const float *vector;
} Meaning;

typedef struct {
  char *path;
  char *contents;
  guint n_texts;
  guint n_columns;
  Meaning *meanings;
} Fixture;

static guint32
take_uint (const char **at)
{
  guint32 n;

  memcpy (&n, *at, sizeof n);
  *at += sizeof n;
  return GUINT32_FROM_LE (n);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "fixtures", "meanings.bin", NULL);
  g_autoptr (GError) error = NULL;
  const char *at;

  self->path = g_build_filename (g_get_user_data_dir (), "sotto", "models", MODEL, NULL);
  g_file_get_contents (path, &self->contents, NULL, &error);
  g_assert_no_error (error);
  at = self->contents;
  self->n_texts = take_uint (&at);
  self->n_columns = take_uint (&at);
  self->meanings = g_new0 (Meaning, self->n_texts);
  for (guint i = 0; i < self->n_texts; i++)
    {
      Meaning *meaning = &self->meanings[i];
      guint n_bytes = take_uint (&at);

      meaning->n_tokens = take_uint (&at);
      meaning->text = g_strndup (at, n_bytes);
      at += n_bytes;
      meaning->tokens = g_memdup2 (at, meaning->n_tokens * sizeof (gint32));
      at += meaning->n_tokens * sizeof (gint32);
      meaning->vector = g_memdup2 (at, self->n_columns * sizeof (float));
      at += self->n_columns * sizeof (float);
    }
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < self->n_texts; i++)
    {
      g_free (self->meanings[i].text);
      g_free ((gint32 *) self->meanings[i].tokens);
      g_free ((float *) self->meanings[i].vector);
    }
  g_free (self->meanings);
  g_free (self->contents);
  g_free (self->path);
}

static gboolean
is_there (const Fixture *self)
{
  if (g_file_test (self->path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_test_skip ("the model is not there: data/models/fetch");
  return FALSE;
}

static void
test_tokens (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoEmbedder) embedder = NULL;

  if (!is_there (self))
    return;

  backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  model = sotto_model_open (self->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  embedder = sotto_embedder_new (model, backend, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sotto_embedder_get_n_elements (embedder), ==, self->n_columns);
  for (guint i = 0; i < self->n_texts; i++)
    {
      const Meaning *meaning = &self->meanings[i];
      g_autoptr (GArray) tokens = sotto_embedder_tokenize (embedder, SOTTO_EMBED_PASSAGE, meaning->text);

      g_test_message ("%s", meaning->text);
      g_assert_cmpmem (tokens->data, tokens->len * sizeof (gint32), meaning->tokens, meaning->n_tokens * sizeof (gint32));
    }
}

static void
test_vectors (Fixture *self, gconstpointer tier)
{
  SottoWorkerOptions options = { .n_threads = 2, .gpu = SOTTO_GPU_NEVER, .tier = tier };
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;
  g_autoptr (SottoWorker) worker = NULL;
  g_autoptr (GError) error = NULL;
  double apart = 0, off = 0;
  /* Plain C takes its time. */
  guint n_most = g_str_equal (tier, "reference") ? 12 : G_MAXUINT;

  if (!is_there (self))
    return;
  worker = sotto_worker_new (&options, &error);
  if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);

  for (guint i = 0; i < self->n_texts; i++)
    g_strv_builder_add (texts, self->meanings[i].n_tokens <= n_most ? self->meanings[i].text : "");
  list = g_strv_builder_end (texts);
  {
    SottoEmbed request = { self->path, SOTTO_EMBED_PASSAGE, (const char *const *) list };
    g_auto (Outcome) outcome = outcome_wait (worker, sotto_worker_embed (worker, &request), FALSE);
    const float *vectors;
    gsize n_bytes;

    g_assert_no_error (outcome.last->error);
    vectors = g_bytes_get_data (outcome.last->vectors, &n_bytes);
    g_assert_cmpuint (n_bytes, ==, self->n_texts * self->n_columns * sizeof (float));
    for (guint i = 0; i < self->n_texts; i++, vectors += self->n_columns)
      {
        double product = 0, worst = 0;

        if (self->meanings[i].n_tokens > n_most)
          continue;
        for (guint k = 0; k < self->n_columns; k++)
          {
            product += (double) vectors[k] * (double) self->meanings[i].vector[k];
            worst = MAX (worst, fabs ((double) vectors[k] - (double) self->meanings[i].vector[k]));
          }
        if (!(1 - product <= MOST_APART && worst <= MOST_OFF))
          g_test_fail_printf ("%.2e apart, off by %.2e: %s", 1 - product, worst, self->meanings[i].text);
        apart = MAX (apart, 1 - product);
        off = MAX (off, worst);
      }
  }
  g_test_message ("at most %.2e apart, off by %.2e", apart, off);
}

static double
get_processor_time (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* tests/run --bench meanings: passages of N_TOKENS, and what llama-bench -p 300 -n 0 -embd 1 -t 2 does. SOTTO_MODEL names another
 * model, SOTTO_CPU_TIER a tier. */
static void
test_speed (Fixture *self, gconstpointer data)
{
  const char *path = g_getenv ("SOTTO_MODEL") != NULL ? g_getenv ("SOTTO_MODEL") : self->path;
  SottoWorkerOptions options = { .n_threads = 2, .gpu = SOTTO_GPU_NEVER };
  const char *texts[N_PASSAGES + 1] = { NULL };
  SottoEmbed request = { path, SOTTO_EMBED_PASSAGE, texts };
  g_autoptr (GString) text = g_string_new ("a");
  g_autoptr (SottoWorker) worker = NULL;
  g_autoptr (GError) error = NULL;

  if (path == self->path && !is_there (self))
    return;
  for (guint i = 3; i < N_TOKENS; i++)
    g_string_append (text, i % 3 > 0 ? " the" : " of");
  worker = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
  for (guint round = 0; round < 4; round++)
    {
      gint64 begin = g_get_monotonic_time ();
      double before = get_processor_time ();

      for (guint i = 0; i < N_PASSAGES; i++)
        texts[i] = text->str;
      {
        g_auto (Outcome) outcome = outcome_wait (worker, sotto_worker_embed (worker, &request), FALSE);
        double seconds = 1e-6 * (double) (g_get_monotonic_time () - begin);

        g_assert_no_error (outcome.last->error);
        if (round > 0)
          g_test_message ("%.0f tokens a second, %.1f ms a passage; %.1f ms of processor time", N_TOKENS * N_PASSAGES / seconds,
                          1000 * seconds / N_PASSAGES, 1000 * (get_processor_time () - before) / N_PASSAGES);
      }
    }
}

int
main (int argc, char **argv)
{
  static const char *const tiers[] = { "reference", "avx2", "avxvnni", "avx512", "amx", "neon", "i8mm" };

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/engine/meanings/tokens", Fixture, NULL, set_up, test_tokens, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    {
      g_autofree char *path = g_strconcat ("/engine/meanings/vectors/", tiers[i], NULL);

      g_test_add (path, Fixture, tiers[i], set_up, test_vectors, tear_down);
    }
  if (g_test_perf ())
    g_test_add ("/engine/meanings/speed", Fixture, NULL, set_up, test_speed, tear_down);
  return g_test_run ();
}
