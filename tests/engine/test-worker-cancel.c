/* A worker that is interrupted: while it decodes, while it reads a prompt, while a request waits, and for good. */
#include "sotto-engine.h"

#include "tiny-model.h"
#include "worker-outcome.h"

#include <string.h>

/* A model that is slow enough to be cancelled in the middle. */
static char *
write_slow_model (void)
{
  TinyModel model = TINY_MODEL_DEFAULTS;

  model.type = SOTTO_BLOCK_Q6_K;
  model.n_layers = 40;
  model.n_context = 8192;

  return tiny_model_write_temporary (&model);
}

/* Makes the request, waits for an event of @kind, which comes before @too_late, and cancels it: that takes no second. */
static Outcome
cancel_at (SottoWorker         *worker,
           const SottoGenerate *generate,
           SottoEventKind       kind,
           SottoEventKind       too_late)
{
  guint64 id = sotto_worker_generate (worker, generate);
  SottoEventKind last;
  Outcome outcome;
  gint64 begin;
  gint64 taken;

  do
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      g_assert_cmpint (event->kind, !=, too_late);
      last = event->kind;
    }
  while (last != kind);

  begin = g_get_monotonic_time ();
  sotto_worker_cancel (worker, id);
  outcome = outcome_wait (worker, id, FALSE);
  taken = g_get_monotonic_time () - begin;

  g_test_message ("cancelled after %" G_GINT64_FORMAT " us", taken);
  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_CANCELLED);
  g_assert_cmpint (taken, <, G_USEC_PER_SEC);

  return outcome;
}

static void
test_cancel_decode (void)
{
  g_autofree char *path = write_slow_model ();
  SottoWorkerOptions options = { 0 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  SottoGenerate generate = outcome_greedy (path, "Go on", 0);

  generate.n_context = 8192;
  {
    g_auto (Outcome) outcome = cancel_at (worker, &generate, SOTTO_EVENT_TEXT, SOTTO_EVENT_FINISHED);

    g_assert_nonnull (outcome.last->receipt);
    g_assert_cmpstr (outcome.last->receipt->ended, ==, "cancelled");
  }
  tiny_model_remove (path);
}

static void
test_cancel_prefill (void)
{
  g_autofree char *path = write_slow_model ();
  g_autofree char *text = g_strnfill (8000, 'y');
  SottoWorkerOptions options = { .n_threads = 1 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  SottoGenerate generate = outcome_greedy (path, text, 10);

  generate.n_context = 8192;
  {
    g_auto (Outcome) outcome = cancel_at (worker, &generate, SOTTO_EVENT_PREFILL, SOTTO_EVENT_TEXT);
  }

  /* The session has kept what it knew and is of use. */
  generate.text = "short";
  {
    g_auto (Outcome) outcome = outcome_of (worker, &generate);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
  }
  tiny_model_remove (path);
}

static void
test_cancel_waiting (void)
{
  g_autofree char *path = write_slow_model ();
  SottoWorkerOptions options = { 0 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  SottoGenerate generate = outcome_greedy (path, "Go on", 0);
  guint64 running, waiting;

  generate.n_context = 8192;
  running = sotto_worker_generate (worker, &generate);
  waiting = sotto_worker_generate (worker, &generate);
  sotto_worker_cancel (worker, waiting);
  {
    g_auto (Outcome) outcome = outcome_wait (worker, waiting, FALSE);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_CANCELLED);
    g_assert_null (outcome.last->receipt);
  }

  sotto_worker_cancel (worker, running);
  {
    g_auto (Outcome) outcome = outcome_wait (worker, running, FALSE);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_CANCELLED);
  }

  /* Nothing to cancel is no harm. */
  sotto_worker_cancel (worker, running);
  sotto_worker_cancel (worker, 12345);
  tiny_model_remove (path);
}

/* Freed in the middle of things, the worker stops by itself. */
static void
test_free_while_running (void)
{
  g_autofree char *path = write_slow_model ();

  for (guint i = 0; i < 10; i++)
    {
      SottoWorkerOptions options = { 0 };
      SottoWorker *worker = sotto_worker_new (&options, NULL);
      SottoGenerate generate = outcome_greedy (path, "Go on", 0);

      sotto_worker_generate (worker, &generate);
      sotto_worker_generate (worker, &generate);
      g_usleep (i * 3000);
      sotto_worker_free (worker);
    }
  tiny_model_remove (path);
}

static gboolean
is_mapped (const char *path)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/maps", &text, NULL, NULL));
  return strstr (text, path) != NULL;
}

/* Freed when a file has just been handed on to be hashed, it keeps none open. The thread that hashes is of low rank from
 * its first file on, so that it is late for the second. */
static void
test_free_before_hash (void)
{
  TinyModel model = TINY_MODEL_DEFAULTS;
  g_autofree char *first = tiny_model_write_temporary (&model);
  g_autofree char *second = tiny_model_write_temporary (&model);

  for (guint i = 0; i < 50; i++)
    {
      SottoWorkerOptions options = { .n_threads = 1 };
      SottoWorker *worker = sotto_worker_new (&options, NULL);
      SottoEventKind last;

      sotto_worker_load (worker, first, 0);
      do
        {
          g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, OUTCOME_PATIENCE);

          g_assert_nonnull (event);
          last = event->kind;
        }
      while (last != SOTTO_EVENT_HASHED);
      {
        g_auto (Outcome) loaded = outcome_wait (worker, sotto_worker_load (worker, second, 0), TRUE);
      }
      sotto_worker_free (worker);
      g_assert_false (is_mapped (first));
      g_assert_false (is_mapped (second));
    }
  tiny_model_remove (first);
  tiny_model_remove (second);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/worker-cancel/decode", test_cancel_decode);
  g_test_add_func ("/worker-cancel/prefill", test_cancel_prefill);
  g_test_add_func ("/worker-cancel/waiting", test_cancel_waiting);
  g_test_add_func ("/worker-cancel/free-while-running", test_free_while_running);
  g_test_add_func ("/worker-cancel/free-before-hash", test_free_before_hash);

  return g_test_run ();
}
