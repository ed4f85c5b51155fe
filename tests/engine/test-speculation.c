/* Guessing ahead through the worker, as an application asks for it: the same events and receipts as without, whatever
 * the sampler, grammar and end. Models are tiny and random, and the smallest real one. */

#include "speculation.h"
#include "tiny-model.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
  char *path;
  gboolean is_tiny;
  SottoWorker *plain;
  SottoWorker *other;
} Fixture;

static const char song[] = "la la la lo, la la la lo, ti ta ta to, la la la lo, ti ta ta";

static void
set_up (Fixture      *fixture,
        gconstpointer data)
{
  const char *real = data;
  TinyModel model = TINY_MODEL_DEFAULTS;
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (GError) error = NULL;

  model.n_context = 1024;
  fixture->is_tiny = real == NULL;
  fixture->path = real == NULL ? tiny_model_write_temporary (&model)
                               : g_build_filename (g_get_user_data_dir (), "sotto", "models", real, NULL);
  fixture->plain = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
  fixture->other = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture      *fixture,
           gconstpointer data)
{
  sotto_worker_free (fixture->plain);
  sotto_worker_free (fixture->other);
  if (fixture->is_tiny)
    tiny_model_remove (fixture->path);
  g_free (fixture->path);
}

/* A random model says anything, and nothing twice: so two letters are much likelier than the others. */
static const SottoLogitBias likely[] = { { 'a', 9 }, { 't', 9 } };

/* One reply after the other in the same two sessions. */
static void
test_ways (Fixture      *fixture,
           gconstpointer data)
{
  for (guint i = 0; i < n_speculation_ways; i++)
    {
      SpeculationWay way = speculation_ways[i];
      guint n_accepted;

      way.sampler.logit_bias = likely;
      way.sampler.n_logit_bias = G_N_ELEMENTS (likely);
      n_accepted = speculation_check (fixture->plain, fixture->other, fixture->path, NULL, song, &way);
      g_assert_cmpuint (n_accepted, >, way.max_tokens / 20);
    }
}

/* A reply that repeats itself ends within a guess: by a stop text, the number of tokens, a full context. */
static void
test_ends (Fixture      *fixture,
           gconstpointer data)
{
  SpeculationWay way = { "most", { .temperature = 0.8f, .repetition_penalty = 1, .top_p = 1, .seed = 4,
                                   .logit_bias = likely, .n_logit_bias = G_N_ELEMENTS (likely) }, 0, 0, NULL, NULL, NULL };
  static const char *const stops[] = { "tt", "aaa", "ttta", "ataat" };

  for (way.max_tokens = 1; way.max_tokens < 40; way.max_tokens += 3)
    speculation_check (fixture->plain, fixture->other, fixture->path, NULL, song, &way);

  way.name = "stop";
  way.max_tokens = 50;
  for (guint i = 0; i < G_N_ELEMENTS (stops); i++)
    {
      way.stop = stops[i];
      way.ended = "stop";
      speculation_check (fixture->plain, fixture->other, fixture->path, NULL, song, &way);
    }

  way.name = "context";
  way.max_tokens = 0;
  way.stop = NULL;
  way.ended = "context-full";
  for (way.n_context = 80; way.n_context < 92; way.n_context += 3)
    speculation_check (fixture->plain, fixture->other, fixture->path, NULL, song, &way);
}

static void
test_cancel (Fixture      *fixture,
             gconstpointer data)
{
  speculation_check_cancel (fixture->plain, fixture->other, fixture->path, NULL, song, 300);
}

/* A real model, with a text that repeats itself and in a conversation. */
static void
test_real (Fixture      *fixture,
           gconstpointer data)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  SpeculationWay way = { "greedy", { .repetition_penalty = 1 }, 40, 0, NULL, NULL, NULL };
  guint n_accepted;

  if (!g_file_test (fixture->path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the model is not there");
      return;
    }

  n_accepted = speculation_check (fixture->plain, fixture->other, fixture->path, NULL, song, &way);
  g_assert_cmpuint (n_accepted, >, 10);
  sotto_messages_append (messages, "user", "Name five green fruits and then five red ones.");
  way.max_tokens = 100;
  n_accepted = speculation_check (fixture->plain, fixture->other, fixture->path, messages, NULL, &way);
  g_assert_cmpuint (n_accepted, >, 0);
}

/* --- A smaller model guesses --- */

static guint64
measure_weights (SottoWorker *worker,
                 const char  *path)
{
  guint64 id = sotto_worker_load (worker, path, 0);

  for (;;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, 60 * G_USEC_PER_SEC);

      g_assert_nonnull (event);
      if (event->request != id || event->kind == SOTTO_EVENT_LOADING)
        continue;
      g_assert_cmpint (event->kind, ==, SOTTO_EVENT_LOADED);
      return event->memory.weights;
    }
}

/* The same file, but that one of its tokens is another. */
static char *
write_other_vocabulary (const char *path)
{
  g_autofree char *contents = NULL;
  char *other = g_strconcat (path, ".other", NULL);
  gsize length, at = 0;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  while (at + 12 < length && memcmp (contents + at, "<|im_start|>", 12) != 0)
    at++;
  g_assert_cmpuint (at + 12, <, length);
  contents[at + 2] = 'o';
  g_assert_true (g_file_set_contents (other, contents, length, NULL));

  return other;
}

static void
test_helper (void)
{
  TinyModel model = TINY_MODEL_DEFAULTS;
  SpeculationWay way = speculation_ways[2];
  const SottoLogitBias endless[] = { { TINY_MODEL_END, -INFINITY }, { TINY_MODEL_BOS, -INFINITY } };
  g_autofree char *small = NULL;
  g_autofree char *large = NULL;
  g_autofree char *other = NULL;

  model.n_context = 2048;
  small = tiny_model_write_temporary (&model);
  model.n_layers = 12;
  model.seed = 3;
  large = tiny_model_write_temporary (&model);
  other = write_other_vocabulary (small);

  {
    const char *const library[] = { "/nonexistent.gguf", other, large, small, NULL };
    const char *const useless[] = { other, large, NULL };
    SottoWorkerOptions options = { .n_threads = 2 };
    g_autoptr (SottoWorker) plain = sotto_worker_new (&options, NULL);
    g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);

    /* What has other tokens, or is not smaller, is not opened; what fits is, and changes nothing. */
    sotto_worker_set_library (worker, useless);
    speculation_check (plain, worker, large, NULL, song, &way);
    g_assert_cmpuint (measure_weights (worker, large), ==, measure_weights (plain, large));
    sotto_worker_set_library (worker, library);
    for (guint i = 0; i < n_speculation_ways; i++)
      {
        SottoLogitBias rare = { 'z', 1 };

        way = speculation_ways[i];
        way.sampler.logit_bias = &rare;
        way.sampler.n_logit_bias = 1;
        speculation_check (plain, worker, large, NULL, song, &way);
      }
    g_assert_cmpuint (measure_weights (worker, large), >, measure_weights (plain, large));

    /* Longer than the smaller one's own timeline */
    way = (SpeculationWay) { "long", { .temperature = 1, .repetition_penalty = 1, .top_p = 1, .seed = 8,
                                       .logit_bias = endless, .n_logit_bias = 2 }, 1300, 2048, NULL, NULL, NULL };
    speculation_check (plain, worker, large, NULL, song, &way);

    /* It is closed as a model is. */
    sotto_worker_unload (worker, small);
    g_assert_cmpuint (measure_weights (worker, large), ==, measure_weights (plain, large));
  }

  /* One that does not fit the budget beside the larger is not opened. */
  {
    const char *const library[] = { small, NULL };
    g_autoptr (SottoModel) opened = sotto_model_open (large, NULL, NULL, NULL, NULL);
    SottoMemory memory = sotto_model_estimate_memory (opened, 0);
    SottoWorkerOptions options = { .n_threads = 2 };
    g_autoptr (SottoWorker) plain = sotto_worker_new (&options, NULL);
    g_autoptr (SottoWorker) worker = NULL;

    options.memory_budget = memory.weights + memory.kv_cache + memory.scratch + 1000;
    worker = sotto_worker_new (&options, NULL);
    sotto_worker_set_library (worker, library);
    speculation_check (plain, worker, large, NULL, song, &speculation_ways[2]);
    g_assert_cmpuint (measure_weights (worker, large), ==, measure_weights (plain, large));
  }

  g_remove (other);
  tiny_model_remove (small);
  tiny_model_remove (large);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/speculation/ways", Fixture, NULL, set_up, test_ways, tear_down);
  g_test_add ("/speculation/ends", Fixture, NULL, set_up, test_ends, tear_down);
  g_test_add ("/speculation/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  g_test_add_func ("/speculation/helper", test_helper);
  g_test_add ("/speculation/smollm2", Fixture, "SmolLM2-135M-Instruct.Q4_1.gguf", set_up, test_real, tear_down);

  return g_test_run ();
}
