/* Vectors of texts, as an application asks a worker for them: what they are, beside which models, and how requests end. */
#include "sotto-engine.h"

#include "format/gguf.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "family-fixture.h"
#include "gguf-writer.h"
#include "tiny-model.h"
#include "worker-outcome.h"

/* Keys and values are kept in 16 bits, which test-families.c has in 32: with these it is 2e-6. Found: 2.7e-5. */
#define NEAR_ELEMENT 1e-4

#define TEXTS(...) (const char *const[]) { __VA_ARGS__, NULL }

typedef struct {
  char *writing;           /* a model that writes */
  char *embedding;         /* one that makes vectors */
  SottoWorker *worker;
} Fixture;

static char *
fixture_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "engine", "families", name, NULL);
}

static SottoWorker *
new_worker (guint64 memory_budget, gboolean keep_previous)
{
  SottoWorkerOptions options = { .n_threads = 2, .gpu = SOTTO_GPU_NEVER, .memory_budget = memory_budget,
                                 .keep_previous = keep_previous };
  g_autoptr (GError) error = NULL;
  SottoWorker *worker = sotto_worker_new (&options, &error);

  g_assert_no_error (error);
  return worker;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  TinyModel model = TINY_MODEL_DEFAULTS;

  self->writing = tiny_model_write_temporary (&model);
  self->embedding = fixture_path ("bert.gguf");
  self->worker = new_worker (0, FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  sotto_worker_free (self->worker);
  tiny_model_remove (self->writing);
  g_free (self->writing);
  g_free (self->embedding);
}

static Outcome
embed (SottoWorker *worker, const char *path, SottoEmbedKind kind, const char *const *texts)
{
  SottoEmbed request = { path, kind, texts };

  return outcome_wait (worker, sotto_worker_embed (worker, &request), FALSE);
}

static void
assert_failed (const Outcome *outcome, SottoEngineError code, const char *path)
{
  g_assert_cmpint (outcome->last->kind, ==, SOTTO_EVENT_FAILED);
  g_assert_error (outcome->last->error, SOTTO_ENGINE_ERROR, (gint) code);
  g_assert_cmpstr (sotto_engine_error_get_arguments (outcome->last->error)->path, ==, path);
}

/* The vector of the text @index. */
static const float *
get_vector (const Outcome *outcome, gsize n_texts, gsize index, gsize *n)
{
  gsize n_bytes;
  const float *vectors;

  g_assert_cmpint (outcome->last->kind, ==, SOTTO_EVENT_EMBEDDED);
  vectors = g_bytes_get_data (outcome->last->vectors, &n_bytes);
  *n = n_bytes / sizeof (float) / n_texts;
  g_assert_cmpuint (*n * n_texts * sizeof (float), ==, n_bytes);
  return vectors + index * *n;
}

static double
measure_distance (const float *a, const float *b, gsize n)
{
  double worst = 0;

  for (gsize i = 0; i < n; i++)
    worst = MAX (worst, fabs ((double) a[i] - (double) b[i]));
  return worst;
}

static void
assert_alike (const Outcome *a, const Outcome *b, gboolean expected)
{
  gsize n, m;
  const float *one = get_vector (a, 1, 0, &n);
  const float *other = get_vector (b, 1, 0, &m);

  g_assert_cmpuint (n, ==, m);
  if (expected)
    g_assert_cmpmem (one, n * sizeof (float), other, m * sizeof (float));
  else
    g_assert_cmpfloat (measure_distance (one, other, n), >, 1e-3);
}

/* The text that becomes the tokens of a fixture, which have their ends around them. Pieces that begin a word have a mark in the
 * vocabulary of families/convert.py. */
static char *
spell (const char *path, const gint32 *tokens, guint n_tokens)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  const SottoGgufValue *pieces;
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  pieces = sotto_gguf_lookup (gguf, "tokenizer.ggml.tokens");
  for (guint i = 1; i + 1 < n_tokens; i++)
    {
      SottoGgufString bytes = sotto_gguf_value_string (pieces, (guint64) tokens[i]);
      g_autofree char *piece = g_strndup (bytes.data, bytes.length);

      if (g_str_has_prefix (piece, "▁"))
        g_string_append_printf (text, " %s", piece + strlen ("▁"));
      else
        g_string_append (text, piece);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What transformers computes, in double precision, of the tokens that the text is to become. */
static void
test_exact (Fixture *self, gconstpointer name)
{
  g_autofree char *model_name = g_strconcat (name, ".gguf", NULL);
  g_autofree char *rows_name = g_strconcat (name, ".pooled", NULL);
  g_autofree char *model = fixture_path (model_name);
  g_autofree char *rows = fixture_path (rows_name);
  g_auto (FamilyFixture) expected = { 0 };
  g_autofree char *text = NULL;
  double theirs = 0, squares = 0, worst = 0;
  const float *vector;
  gsize n;

  family_fixture_read (&expected, rows);
  text = spell (model, expected.tokens, expected.n_tokens);
  {
    /* In the middle of others, which it has nothing to do with. */
    g_auto (Outcome) outcome = embed (self->worker, model, SOTTO_EMBED_PASSAGE, TEXTS ("ab cd", text, "a longer one 0123"));

    g_assert_cmpuint (outcome.n_loaded, ==, 1);
    vector = get_vector (&outcome, 3, 1, &n);
    g_assert_cmpuint (n, ==, expected.n_columns);
    for (gsize i = 0; i < n; i++)
      {
        theirs += (double) expected.rows[i] * (double) expected.rows[i];
        squares += (double) vector[i] * (double) vector[i];
      }
    g_assert_cmpfloat_with_epsilon (squares, 1, 1e-6);
    for (gsize i = 0; i < n; i++)
      worst = MAX (worst, fabs ((double) vector[i] - (double) expected.rows[i] / sqrt (theirs)));
    g_test_message ("off by %.2e", worst);
    g_assert_cmpfloat (worst, <=, NEAR_ELEMENT);
  }
}

/* The model that writes stays, with what it has read, and so does the one that makes vectors. */
static void
test_beside (Fixture *self, gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (self->writing, "Once upon a time", 8);
  g_auto (Outcome) first = outcome_of (self->worker, &generate);
  g_auto (Outcome) loaded = outcome_wait (self->worker, sotto_worker_load (self->worker, self->writing, 0), TRUE);
  g_auto (Outcome) vector = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_auto (Outcome) again = outcome_of (self->worker, &generate);
  g_auto (Outcome) same = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_auto (Outcome) both = outcome_wait (self->worker, sotto_worker_load (self->worker, self->writing, 0), TRUE);

  g_assert_cmpuint (vector.n_loaded, ==, 1);
  g_assert_cmpuint (again.n_loaded, ==, 0);
  g_assert_cmpuint (again.last->receipt->n_reused, ==, again.last->receipt->n_prompt - 1);
  g_assert_cmpstr (again.text->str, ==, first.text->str);
  g_assert_cmpuint (same.n_loaded, ==, 0);
  assert_alike (&vector, &same, TRUE);
  /* What it takes is told as all else is. */
  g_assert_cmpuint (both.memory.weights, >, loaded.memory.weights);
}

/* Another model that writes takes the place of the first, and not of this one. */
static void
test_other_writes (Fixture *self, gconstpointer data)
{
  TinyModel model = TINY_MODEL_DEFAULTS;
  g_autofree char *other = NULL;
  SottoGenerate generate = outcome_greedy (self->writing, "Once", 2);

  model.seed = 5;
  other = tiny_model_write_temporary (&model);
  {
    g_auto (Outcome) first = outcome_of (self->worker, &generate);
    g_auto (Outcome) vector = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
    SottoGenerate second = outcome_greedy (other, "Once", 2);
    g_auto (Outcome) switched = outcome_of (self->worker, &second);
    g_auto (Outcome) same = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));

    g_assert_cmpuint (vector.n_loaded, ==, 1);
    g_assert_cmpuint (switched.n_loaded, ==, 1);
    g_assert_cmpuint (same.n_loaded, ==, 0);
  }
  tiny_model_remove (other);
}

static guint64
measure (const char *path, gboolean embeds)
{
  g_autoptr (SottoWorker) worker = new_worker (0, FALSE);
  g_auto (Outcome) outcome = embeds ? embed (worker, path, SOTTO_EMBED_PASSAGE, TEXTS ("ab"))
                                    : outcome_wait (worker, sotto_worker_load (worker, path, 0), TRUE);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (GError) error = NULL;
  SottoMemory memory;

  g_assert_null (outcome.last->error);
  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  memory = sotto_model_estimate_memory (model, 0);
  return memory.weights + memory.kv_cache + memory.scratch;
}

/* Without room beside the other it is not opened, and what is open stays; with room for one of the two it gives way. */
static void
test_budget (Fixture *self, gconstpointer data)
{
  guint64 writing = measure (self->writing, FALSE), embedding = measure (self->embedding, TRUE);
  g_autoptr (SottoWorker) worker = new_worker (MAX (writing, embedding) + 1000, TRUE);
  SottoGenerate generate = outcome_greedy (self->writing, "Once", 2);

  g_assert_cmpuint (writing, >, 2000);
  g_assert_cmpuint (embedding, >, 2000);
  {
    g_auto (Outcome) first = outcome_of (worker, &generate);
    g_auto (Outcome) refused = embed (worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
    g_auto (Outcome) again = outcome_of (worker, &generate);
    const SottoErrorArguments *arguments;

    g_assert_cmpint (first.last->kind, ==, SOTTO_EVENT_FINISHED);
    assert_failed (&refused, SOTTO_ENGINE_ERROR_MEMORY, self->embedding);
    arguments = sotto_engine_error_get_arguments (refused.last->error);
    g_assert_cmpuint (arguments->wanted, >, arguments->available);
    g_assert_cmpuint (again.n_loaded, ==, 0);
  }
  {
    g_auto (Outcome) unloaded = outcome_wait (worker, sotto_worker_unload (worker, NULL), FALSE);
    g_auto (Outcome) alone = embed (worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
    g_auto (Outcome) written = outcome_of (worker, &generate);
    g_auto (Outcome) refused = embed (worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));

    g_assert_cmpint (alone.last->kind, ==, SOTTO_EVENT_EMBEDDED);
    g_assert_cmpint (written.last->kind, ==, SOTTO_EVENT_FINISHED);
    assert_failed (&refused, SOTTO_ENGINE_ERROR_MEMORY, self->embedding);
  }
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  const char *const none[] = { NULL };
  g_auto (Outcome) writing = embed (self->worker, self->writing, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_auto (Outcome) missing = embed (self->worker, "/nowhere/at.gguf", SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_auto (Outcome) nothing = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, none);
  SottoGenerate generate = outcome_greedy (self->embedding, "Once", 2);
  g_auto (Outcome) written = outcome_of (self->worker, &generate);

  assert_failed (&writing, SOTTO_ENGINE_ERROR_REQUEST, self->writing);
  assert_failed (&missing, SOTTO_ENGINE_ERROR_OPEN, "/nowhere/at.gguf");
  assert_failed (&nothing, SOTTO_ENGINE_ERROR_REQUEST, self->embedding);
  assert_failed (&written, SOTTO_ENGINE_ERROR_REQUEST, self->embedding);
}

/* [CLS] and [SEP] that somebody writes end nothing. An empty text has the vector of nothing between these, as blanks have. */
static void
test_texts (Fixture *self, gconstpointer data)
{
  g_auto (Outcome) plain = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab cd"));
  g_auto (Outcome) ended = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab [SEP] cd"));
  g_auto (Outcome) spelt = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab ☃ sep ☃ cd"));
  g_auto (Outcome) blanks = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("  ab\t\n cd "));
  g_auto (Outcome) empty = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS (""));
  g_auto (Outcome) blank = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS (" \n"));

  assert_alike (&plain, &ended, FALSE);
  assert_alike (&ended, &spelt, TRUE); /* a bracket is as unknown to this vocabulary as a snowman */
  assert_alike (&plain, &blanks, TRUE);
  assert_alike (&empty, &blank, TRUE);
  assert_alike (&empty, &plain, FALSE);
}

/* What is behind the end of what the model reads does not count; the end itself is there: 126 of these words fit between [CLS] and
 * [SEP], the model having 128 positions. */
static void
test_long (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *shorter = NULL;
  g_autofree char *exact = NULL;

  for (guint i = 0; i < 1000; i++)
    {
      if (i == 125)
        shorter = g_strdup (text->str);
      if (i == 126)
        exact = g_strdup (text->str);
      g_string_append_printf (text, "%c%c ", 'a' + (char) (i % 5), 'a' + (char) (i % 7));
    }
  {
    g_auto (Outcome) all = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS (text->str));
    g_auto (Outcome) fits = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS (exact));
    g_auto (Outcome) less = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS (shorter));

    assert_alike (&all, &fits, TRUE);
    assert_alike (&all, &less, FALSE);
  }
}

static void
test_unload (Fixture *self, gconstpointer data)
{
  g_auto (Outcome) first = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_auto (Outcome) other = outcome_wait (self->worker, sotto_worker_unload (self->worker, self->writing), FALSE);
  g_auto (Outcome) still = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_auto (Outcome) unloaded = outcome_wait (self->worker, sotto_worker_unload (self->worker, self->embedding), FALSE);
  g_auto (Outcome) again = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));

  g_assert_cmpuint (other.memory.weights, >, 0);
  g_assert_cmpuint (still.n_loaded, ==, 0);
  g_assert_cmpuint (unloaded.memory.weights + unloaded.memory.kv_cache + unloaded.memory.scratch, ==, 0);
  g_assert_cmpuint (again.n_loaded, ==, 1);
}

/* What it has read is wiped with a conversation, and it goes on as if nothing had been. */
static void
test_forget (Fixture *self, gconstpointer data)
{
  g_auto (Outcome) first = embed (self->worker, self->embedding, SOTTO_EMBED_QUESTION, TEXTS ("ab"));
  g_auto (Outcome) forgotten = outcome_wait (self->worker, sotto_worker_forget (self->worker, "any"), FALSE);
  g_auto (Outcome) again = embed (self->worker, self->embedding, SOTTO_EMBED_QUESTION, TEXTS ("ab"));

  g_assert_cmpint (forgotten.last->kind, ==, SOTTO_EVENT_FORGOTTEN);
  g_assert_cmpuint (again.n_loaded, ==, 0);
  assert_alike (&first, &again, TRUE);
}

/* Another file in the place of the one that is open. */
static void
test_replaced (Fixture *self, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-embed-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "model.gguf", NULL);
  g_autofree char *bert = fixture_path ("bert.gguf");
  g_autofree char *nomic = fixture_path ("nomic-bert.gguf");
  g_autofree char *new_path = g_build_filename (folder, "new.gguf", NULL);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *contents = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (i == 0 ? bert : nomic, &contents, &length, NULL));
      g_assert_true (g_file_set_contents (new_path, contents, (gssize) length, NULL));
      g_assert_cmpint (g_rename (new_path, path), ==, 0);
      {
        g_auto (Outcome) found = embed (self->worker, path, SOTTO_EMBED_PASSAGE, TEXTS ("ab cd"));
        g_autoptr (SottoWorker) fresh = new_worker (0, FALSE);
        g_auto (Outcome) expected = embed (fresh, i == 0 ? bert : nomic, SOTTO_EMBED_PASSAGE, TEXTS ("ab cd"));

        g_assert_cmpuint (found.n_loaded, ==, 1);
        assert_alike (&found, &expected, TRUE);
      }
    }
  g_remove (path);
  g_rmdir (folder);
}

/* One that runs, one that waits, and the next after them. */
static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) many = NULL;
  SottoEmbed request = { self->embedding, SOTTO_EMBED_PASSAGE, NULL };
  guint64 running, waiting;
  gint64 begin;

  for (guint i = 0; i < 200000; i++)
    g_strv_builder_add (builder, "ab cd ef gh ij kl mn op qr st uv wx yz");
  many = g_strv_builder_end (builder);
  request.texts = (const char *const *) many;
  running = sotto_worker_embed (self->worker, &request);
  waiting = sotto_worker_embed (self->worker, &request);
  for (gboolean is_open = FALSE; !is_open;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (self->worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      is_open = event->kind == SOTTO_EVENT_LOADED;
    }
  g_usleep (20000);
  begin = g_get_monotonic_time ();
  sotto_worker_cancel (self->worker, waiting);
  sotto_worker_cancel (self->worker, running);
  for (guint n_left = 2; n_left > 0;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (self->worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      if (event->kind == SOTTO_EVENT_HASHED)
        continue;
      g_assert_cmpint (event->kind, ==, SOTTO_EVENT_CANCELLED);
      n_left--;
    }
  g_test_message ("cancelled within %" G_GINT64_FORMAT " µs", g_get_monotonic_time () - begin);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_USEC_PER_SEC); /* on a busy machine; else thousands of times less */
  {
    g_auto (Outcome) next = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));

    g_assert_cmpint (next.last->kind, ==, SOTTO_EVENT_EMBEDDED);
    g_assert_cmpuint (next.n_loaded, ==, 0);
  }
}

/* Its hash is taken as that of others is. */
static void
test_hash (Fixture *self, gconstpointer data)
{
  g_auto (Outcome) outcome = embed (self->worker, self->embedding, SOTTO_EMBED_PASSAGE, TEXTS ("ab"));
  g_autofree char *contents = NULL;
  g_autofree char *expected = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (self->embedding, &contents, &length, NULL));
  expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
  for (gboolean is_there = FALSE; !is_there;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (self->worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      is_there = event->kind == SOTTO_EVENT_HASHED;
      if (is_there)
        g_assert_cmpstr (event->hash, ==, expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/engine/worker-embed/exact/bert", Fixture, "bert", set_up, test_exact, tear_down);
  g_test_add ("/engine/worker-embed/exact/nomic-bert", Fixture, "nomic-bert", set_up, test_exact, tear_down);
  g_test_add ("/engine/worker-embed/beside", Fixture, NULL, set_up, test_beside, tear_down);
  g_test_add ("/engine/worker-embed/other-writes", Fixture, NULL, set_up, test_other_writes, tear_down);
  g_test_add ("/engine/worker-embed/budget", Fixture, NULL, set_up, test_budget, tear_down);
  g_test_add ("/engine/worker-embed/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/engine/worker-embed/texts", Fixture, NULL, set_up, test_texts, tear_down);
  g_test_add ("/engine/worker-embed/long", Fixture, NULL, set_up, test_long, tear_down);
  g_test_add ("/engine/worker-embed/unload", Fixture, NULL, set_up, test_unload, tear_down);
  g_test_add ("/engine/worker-embed/forget", Fixture, NULL, set_up, test_forget, tear_down);
  g_test_add ("/engine/worker-embed/replaced", Fixture, NULL, set_up, test_replaced, tear_down);
  g_test_add ("/engine/worker-embed/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  g_test_add ("/engine/worker-embed/hash", Fixture, NULL, set_up, test_hash, tear_down);
  return g_test_run ();
}
