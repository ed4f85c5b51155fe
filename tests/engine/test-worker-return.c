/* Coming back to a conversation, through a worker: everything is there but the new turn, and the reply is the one that
 * would have been without the others in between. */
#include "sotto-engine.h"

#include <string.h>

#include "sotto-shelf.h"
#include "tiny-model.h"
#include "worker-outcome.h"

typedef struct {
  char *path;
  char *small;    /* guesses for it */
  GString *texts[3];
} Fixture;

static void
set_up (Fixture      *fixture,
        gconstpointer data)
{
  TinyModel model = TINY_MODEL_DEFAULTS;

  model.n_context = 4096;
  model.seed = 4;
  fixture->small = tiny_model_write_temporary (&model);
  model.n_layers = 8;
  model.seed = 1;
  fixture->path = tiny_model_write_temporary (&model);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->texts); i++)
    {
      fixture->texts[i] = g_string_new (NULL);
      for (guint k = 0; k < 200; k++)
        g_string_append_printf (fixture->texts[i], "%u %c ", k * (i + 3) % 10, 'a' + (k * 7 + i * 5) % 26);
    }
}

static void
tear_down (Fixture      *fixture,
           gconstpointer data)
{
  tiny_model_remove (fixture->path);
  tiny_model_remove (fixture->small);
  g_free (fixture->path);
  g_free (fixture->small);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->texts); i++)
    g_string_free (fixture->texts[i], TRUE);
}

/* A turn of a conversation: what was said is part of its text afterwards. */
static Outcome
turn (Fixture     *fixture,
      SottoWorker *worker,
      guint        index,
      const char  *conversation)
{
  const SottoLogitBias endless[] = { { TINY_MODEL_END, -100 }, { TINY_MODEL_BOS, -100 }, { TINY_MODEL_START, -100 } };
  SottoGenerate generate = outcome_greedy (fixture->path, fixture->texts[index]->str, 30);
  Outcome outcome;

  generate.conversation = conversation;
  generate.speculation = SOTTO_SPECULATION_ALWAYS;
  generate.sampler.logit_bias = (SottoLogitBias *) endless;
  generate.sampler.n_logit_bias = G_N_ELEMENTS (endless);
  outcome = outcome_of (worker, &generate);
  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
  g_assert_cmpuint (outcome.last->receipt->n_generated, ==, 30);

  return outcome;
}

static guint64
measure (SottoWorker *worker,
         const char  *path)
{
  g_auto (Outcome) loaded = outcome_wait (worker, sotto_worker_load (worker, path, 0), TRUE);

  return loaded.memory.kv_cache;
}

static void
forget (SottoWorker *worker,
        const char  *conversation)
{
  g_auto (Outcome) outcome = outcome_wait (worker, sotto_worker_forget (worker, conversation), FALSE);

  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FORGOTTEN);
}

static void
test_return (Fixture      *fixture,
             gconstpointer data)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_autoptr (SottoWorker) alone = sotto_worker_new (&options, NULL);
  const char *const library[] = { fixture->small, NULL };
  guint before[2] = { 0, 0 };

  /* With a helper, which reads along. */
  if (data != NULL)
    sotto_worker_set_library (worker, library);

  for (guint round = 0; round < 3; round++)
    {
      static const char more[] = " And what then?";
      g_auto (Outcome) one = turn (fixture, worker, 0, "one");
      g_auto (Outcome) two = turn (fixture, worker, 1, "two");
      g_auto (Outcome) undisturbed = turn (fixture, alone, 0, "one");
      const SottoReceipt *receipt = one.last->receipt;
      const SottoReceipt *expected = undisturbed.last->receipt;

      g_assert_cmpuint (receipt->n_reused, ==, expected->n_reused);
      g_assert_cmpuint (receipt->n_prompt, ==, expected->n_prompt);
      /* What the tiny model says is seldom text, and so comes back as other tokens; all before it is there. */
      g_assert_cmpuint (receipt->n_reused, >=, before[0]);
      g_assert_cmpuint (two.last->receipt->n_reused, >=, before[1]);
      before[0] = receipt->n_prompt;
      before[1] = two.last->receipt->n_prompt;
      g_assert_cmpstr (one.text->str, ==, undisturbed.text->str);
      g_assert_cmpuint (receipt->stretches->len, ==, expected->stretches->len);
      g_assert_cmpmem (receipt->stretches->data, receipt->stretches->len * sizeof (SottoStretch), expected->stretches->data,
                       expected->stretches->len * sizeof (SottoStretch));
      g_string_append_printf (fixture->texts[0], "%s%s", one.text->str, more);
      g_string_append_printf (fixture->texts[1], "%s%s", two.text->str, more);
    }
  g_assert_cmpuint (measure (worker, fixture->path), >, measure (alone, fixture->path));
}

static void
test_forget (Fixture      *fixture,
             gconstpointer data)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_auto (Outcome) one = turn (fixture, worker, 0, "one");
  g_auto (Outcome) two = turn (fixture, worker, 1, "two");
  g_auto (Outcome) three = turn (fixture, worker, 2, "three");

  forget (worker, "one");
  {
    g_auto (Outcome) again = turn (fixture, worker, 1, "two");
    g_auto (Outcome) first = turn (fixture, worker, 0, "one");

    g_assert_cmpuint (again.last->receipt->n_reused, ==, again.last->receipt->n_prompt - 1);
    g_assert_cmpuint (first.last->receipt->n_reused, <, 100);
    g_assert_cmpstr (first.text->str, ==, one.text->str);
  }

  /* Nothing that is not there is forgotten, with no model open either. */
  forget (worker, NULL);
  forget (worker, NULL);
  {
    g_auto (Outcome) again = turn (fixture, worker, 2, "three");

    g_assert_cmpuint (again.last->receipt->n_reused, ==, 0);
    g_assert_cmpstr (again.text->str, ==, three.text->str);
  }
  {
    g_auto (Outcome) closed = outcome_wait (worker, sotto_worker_unload (worker, NULL), FALSE);

    g_assert_cmpuint (closed.memory.kv_cache, ==, 0);
  }
  forget (worker, "one");
  forget (worker, NULL);
}

/* Where memory is short, what is kept goes and what is in use stays. */
static void
test_release (Fixture      *fixture,
              gconstpointer data)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_auto (Outcome) nothing = outcome_wait (worker, sotto_worker_release_kept (worker), FALSE);
  g_auto (Outcome) one = turn (fixture, worker, 0, "one");
  const guint64 alone = measure (worker, fixture->path);
  g_auto (Outcome) two = turn (fixture, worker, 1, "two");

  g_assert_cmpint (nothing.last->kind, ==, SOTTO_EVENT_FORGOTTEN);
  g_assert_cmpuint (measure (worker, fixture->path), >, alone);
  {
    g_auto (Outcome) released = outcome_wait (worker, sotto_worker_release_kept (worker), FALSE);
    g_auto (Outcome) again = turn (fixture, worker, 1, "two");
    g_auto (Outcome) first = turn (fixture, worker, 0, "one");

    g_assert_cmpint (released.last->kind, ==, SOTTO_EVENT_FORGOTTEN);
    g_assert_cmpuint (released.memory.kv_cache, ==, alone);
    g_assert_cmpuint (again.last->receipt->n_reused, ==, again.last->receipt->n_prompt - 1);
    g_assert_cmpuint (first.last->receipt->n_reused, <, 100);
    g_assert_cmpstr (first.text->str, ==, one.text->str);
  }
}

/* What was kept is of the file as it was. */
static void
test_changed_file (Fixture      *fixture,
                   gconstpointer data)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_autofree char *contents = NULL;
  gsize length;
  g_auto (Outcome) one = turn (fixture, worker, 0, NULL);
  g_auto (Outcome) two = turn (fixture, worker, 1, NULL);

  g_assert_true (g_file_get_contents (fixture->small, &contents, &length, NULL));
  g_usleep (20000);
  g_assert_true (g_file_set_contents (fixture->path, contents, (gssize) length, NULL));
  {
    g_auto (Outcome) again = turn (fixture, worker, 0, NULL);

    g_assert_cmpuint (again.last->receipt->n_reused, ==, 0);
  }
}

/* Cancelled on the way between two, at whatever moment, both are there afterwards or read again, and it is known how. */
static void
test_cancel (Fixture      *fixture,
             gconstpointer data)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_auto (Outcome) one = turn (fixture, worker, 0, "one");
  g_auto (Outcome) two = turn (fixture, worker, 1, "two");

  for (guint i = 0; i < 40; i++)
    {
      SottoGenerate generate = outcome_greedy (fixture->path, fixture->texts[i % 2]->str, 30);
      guint64 id;

      generate.conversation = i % 2 == 0 ? "one" : "two";
      id = sotto_worker_generate (worker, &generate);
      g_usleep (i * 40);
      sotto_worker_cancel (worker, id);
      {
        g_auto (Outcome) stopped = outcome_wait (worker, id, FALSE);

        g_assert_cmpint (stopped.last->kind, !=, SOTTO_EVENT_FAILED);
      }
    }
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Outcome) again = turn (fixture, worker, i, i == 0 ? "one" : "two");
      const Outcome *first = i == 0 ? &one : &two;
      const GArray *stretches = again.last->receipt->stretches;
      guint end = 0;

      for (guint k = 0; k < stretches->len; k++)
        {
          g_assert_cmpuint (g_array_index (stretches, SottoStretch, k).first, ==, end);
          end += g_array_index (stretches, SottoStretch, k).length;
        }
      g_assert_cmpuint (end, >=, again.last->receipt->n_prompt);
      if (stretches->len == first->last->receipt->stretches->len)
        g_assert_cmpstr (again.text->str, ==, first->text->str);
    }
}

/* As little as is kept here is kept nowhere where others need all there is. */
static void
test_nothing (void)
{
  g_test_skip ("this machine has no memory to spare");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  if (sotto_shelf_measure_spare (0) < (64 << 20))
    {
      g_test_add_func ("/worker-return/nothing-kept", test_nothing);
      return g_test_run ();
    }

#define ADD(name, data, func) g_test_add ("/worker-return/" name, Fixture, data, set_up, func, tear_down)
  ADD ("return", NULL, test_return);
  ADD ("helper", "helper", test_return);
  ADD ("forget", NULL, test_forget);
  ADD ("release", NULL, test_release);
  ADD ("changed-file", NULL, test_changed_file);
  ADD ("cancel", NULL, test_cancel);
#undef ADD

  return g_test_run ();
}
