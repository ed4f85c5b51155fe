/* Pictures through the worker: looked at when they are read and not again, told in the receipt, cancelled while they are looked
 * at; what goes wrong with them is of their request alone. */

#include "sotto-engine.h"
#include "sotto-error.h"
#include "tiny-model.h"
#include "vision-double.h"
#include "worker-outcome.h"

#include <string.h>

#define WIDTH 200

typedef struct {
  char *path;
  char *small;             /* guesses for it */
  SottoWorker *worker;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autoptr (GError) error = NULL;

  vision_double = (VisionDouble) { 0 };
  tiny.n_context = 2048;
  tiny.seed = 4;
  self->small = tiny_model_write_temporary (&tiny);
  tiny.n_layers = 8;
  tiny.seed = 1;
  self->path = tiny_model_write_temporary (&tiny);
  self->worker = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
  sotto_worker_set_vision (self->worker, self->path, "eyes");
}

static void
tear_down (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  sotto_worker_free (self->worker);
  tiny_model_remove (self->path);
  tiny_model_remove (self->small);
  g_free (self->path);
  g_free (self->small);
}

/* @value: of the picture's pixels; -1: there is none */
static SottoMessages *
make_messages (gint value, const char *text)
{
  SottoMessages *messages = sotto_messages_new ();

  sotto_messages_append (messages, "user", text);
  if (value >= 0)
    {
      g_autoptr (SottoImage) image = vision_double_image (WIDTH, 1, (guint8) value);

      sotto_messages_append_image (messages, image);
    }
  return messages;
}

static guint64
begin (Fixture *self, gint value, const char *text, SottoSpeculation speculation)
{
  static const SottoLogitBias endless[] = { { TINY_MODEL_END, -100 }, { TINY_MODEL_BOS, -100 }, { TINY_MODEL_START, -100 } };
  g_autoptr (SottoMessages) messages = make_messages (value, text);
  SottoGenerate generate = outcome_greedy (self->path, NULL, 20);

  generate.messages = messages;
  generate.conversation = text;
  generate.speculation = speculation;
  generate.sampler.logit_bias = (SottoLogitBias *) endless;
  generate.sampler.n_logit_bias = G_N_ELEMENTS (endless);
  return sotto_worker_generate (self->worker, &generate);
}

static Outcome
say (Fixture *self, gint value, const char *text)
{
  Outcome outcome = outcome_wait (self->worker, begin (self, value, text, SOTTO_SPECULATION_AUTOMATIC), FALSE);

  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
  return outcome;
}

static void
assert_failed (Fixture *self, gint value, gint code)
{
  g_auto (Outcome) outcome = outcome_wait (self->worker, begin (self, value, "What?", SOTTO_SPECULATION_AUTOMATIC), FALSE);

  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FAILED);
  g_assert_error (outcome.last->error, SOTTO_ENGINE_ERROR, code);
}

/* Looked at once, however often it is asked about; another picture is another one. */
static void
test_once (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_auto (Outcome) first = say (self, 3, "What is it?");
  g_auto (Outcome) again = say (self, 3, "What is it?");
  g_auto (Outcome) more = say (self, 3, "What else?");
  g_auto (Outcome) other = say (self, 4, "What is it?");
  const SottoReceipt *receipt = first.last->receipt;
  g_autofree char *json = sotto_receipt_to_json (receipt);
  g_autoptr (SottoReceipt) copy = sotto_receipt_copy (receipt);

  g_assert_cmpuint (vision_double.n_opened, ==, 1);
  g_assert_cmpuint (vision_double.n_encoded, ==, 2);
  g_assert_cmpuint (receipt->n_image_rows, ==, WIDTH);
  g_assert_cmpuint (receipt->n_prompt, >, WIDTH);
  g_assert_cmpstr (receipt->vision_path, ==, "eyes");
  g_assert_cmpstr (copy->vision_stamp, ==, "double");
  g_assert_nonnull (strstr (json, "\"vision\":\"eyes\",\"vision_stamp\":\"double\",\"image_tokens\":200"));

  g_assert_cmpuint (again.last->receipt->n_reused, ==, receipt->n_prompt - 1);
  g_assert_cmpstr (again.text->str, ==, first.text->str);
  g_assert_cmpstr (again.last->receipt->prompt_hash, ==, receipt->prompt_hash);
  g_assert_cmpuint (more.last->receipt->n_reused, >, WIDTH);
  g_assert_cmpint (more.last->receipt->looking_us, ==, 0);
  g_assert_cmpuint (other.last->receipt->n_reused, <, WIDTH);
  g_assert_cmpstr (other.text->str, !=, first.text->str);
  g_assert_cmpstr (other.last->receipt->prompt_hash, !=, receipt->prompt_hash);
}

/* A picture that stands in the prompt in several spans is looked at once. */
static void
test_spans (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoImage) image = vision_double_image (WIDTH, 2, 9);
  SottoGenerate generate = outcome_greedy (self->path, NULL, 5);

  sotto_messages_append (messages, "user", "What is it?");
  sotto_messages_append_image (messages, image);
  generate.messages = messages;
  {
    g_auto (Outcome) outcome = outcome_of (self->worker, &generate);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
    g_assert_cmpuint (outcome.last->receipt->n_image_rows, ==, WIDTH);
    g_assert_cmpuint (vision_double.n_encoded, ==, 1);
  }
}

/* A conversation that was left has the picture still. */
static void
test_return (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_auto (Outcome) first = say (self, 3, "What is it?");
  g_auto (Outcome) other = say (self, -1, "Something without pictures that has some length, so that all else goes.");
  g_auto (Outcome) again = say (self, 3, "What is it?");

  g_assert_cmpuint (vision_double.n_encoded, ==, 1);
  g_assert_null (other.last->receipt->vision_path);
  g_assert_cmpuint (again.last->receipt->n_reused, ==, first.last->receipt->n_prompt - 1);
  g_assert_cmpstr (again.text->str, ==, first.text->str);
}

/* Tokens guessed ahead, by a smaller model that sees nothing among others, are the same reply. */
static void
test_guesses (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  const char *const library[] = { self->small, NULL };
  g_auto (Outcome) plain = outcome_wait (self->worker, begin (self, 3, "What?", SOTTO_SPECULATION_NEVER), FALSE);
  g_auto (Outcome) guessed = { 0 };
  g_auto (Outcome) helped = { 0 };

  guessed = outcome_wait (self->worker, begin (self, 3, "What?", SOTTO_SPECULATION_ALWAYS), FALSE);
  sotto_worker_set_library (self->worker, library);
  helped = outcome_wait (self->worker, begin (self, 3, "What?", SOTTO_SPECULATION_ALWAYS), FALSE);
  g_assert_cmpint (helped.last->kind, ==, SOTTO_EVENT_FINISHED);
  g_assert_cmpstr (guessed.text->str, ==, plain.text->str);
  g_assert_cmpstr (helped.text->str, ==, plain.text->str);
  g_assert_cmpuint (guessed.last->receipt->n_generated, ==, 20);
  g_assert_cmpuint (helped.last->receipt->n_drafted, >, 0);
}

/* The prompt's hash is of the picture, not of where the file lies that it is seen with; what is kept is of both. */
static void
test_another_file (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  g_auto (Outcome) first = say (self, 3, "What?");
  g_auto (Outcome) second = { 0 };

  vision_double.stamp = "elsewhere";
  sotto_worker_set_vision (self->worker, self->path, "same file, elsewhere");
  second = say (self, 3, "What?");
  g_assert_cmpuint (vision_double.n_opened, ==, 2);
  g_assert_cmpuint (vision_double.n_encoded, ==, 2);
  g_assert_cmpstr (second.last->receipt->vision_stamp, ==, "elsewhere");
  g_assert_cmpstr (second.last->receipt->prompt_hash, ==, first.last->receipt->prompt_hash);
  g_assert_cmpstr (second.text->str, ==, first.text->str);
}

/* What is wrong with eyes is of requests that have pictures. */
static void
test_wrong (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  static const struct {
    const char *path;
    gint code;
  } cases[] = {
    { NULL, SOTTO_ENGINE_ERROR_REQUEST },
    { "missing", SOTTO_ENGINE_ERROR_OPEN },
    { "an other model", SOTTO_ENGINE_ERROR_FAMILY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Outcome) text = { 0 };

      sotto_worker_set_vision (self->worker, self->path, cases[i].path);
      assert_failed (self, 3, cases[i].code);
      text = say (self, -1, "What?");
    }
  sotto_worker_set_vision (self->worker, self->path, "eyes");
  vision_double.is_short = TRUE;
  assert_failed (self, 3, SOTTO_ENGINE_ERROR_BACKEND);
  vision_double.is_short = FALSE;

  /* A file that has changed is opened again. */
  vision_double.is_changed = TRUE;
  vision_double.n_opened = 0;
  assert_failed (self, 3, SOTTO_ENGINE_ERROR_CHANGED);
  vision_double.is_changed = FALSE;
  {
    g_auto (Outcome) seen = say (self, 3, "What?");

    g_assert_cmpuint (vision_double.n_opened, ==, 1);
  }
}

/* What seeing takes is of the worker's budget: what has no room is refused with its bytes, and all else is as before. */
static void
test_memory (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  const guint64 budget = 64 * 1024 * 1024;
  SottoWorkerOptions options = { .n_threads = 2, .memory_budget = budget };
  g_autoptr (GError) error = NULL;

  sotto_worker_free (self->worker);
  self->worker = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
  sotto_worker_set_vision (self->worker, self->path, "eyes");
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Outcome) refused = { 0 };
      g_auto (Outcome) text = { 0 };
      const SottoErrorArguments *arguments;

      vision_double.weight_bytes = i == 0 ? budget : 0;
      vision_double.looking_bytes = i == 1 ? budget : 0;
      refused = outcome_wait (self->worker, begin (self, 3, "What?", SOTTO_SPECULATION_AUTOMATIC), FALSE);
      g_assert_cmpint (refused.last->kind, ==, SOTTO_EVENT_FAILED);
      g_assert_error (refused.last->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
      arguments = sotto_engine_error_get_arguments (refused.last->error);
      g_assert_cmpstr (arguments->subject, ==, "image");
      g_assert_cmpuint (arguments->wanted, ==, budget);
      g_assert_cmpuint (arguments->available, <, budget);
      g_assert_cmpuint (arguments->available, >, 0);
      g_assert_cmpuint (vision_double.n_encoded, ==, 0);
      text = say (self, -1, "What?");
    }
  vision_double.looking_bytes = 1024 * 1024;
  {
    g_auto (Outcome) seen = say (self, 3, "What?");
    g_auto (Outcome) again = { 0 };

    g_assert_cmpuint (vision_double.n_encoded, ==, 1);
    /* What is in the timeline still need not be looked at, and takes nothing. */
    vision_double.looking_bytes = budget;
    again = say (self, 3, "What?");
    g_assert_cmpstr (again.text->str, ==, seen.text->str);
  }
}

/* Within 100 ms, also while a picture is looked at; then all is as before. */
static void
test_cancel (Fixture *self, gconstpointer data G_GNUC_UNUSED)
{
  guint64 id;
  gboolean is_looking = FALSE;
  gint64 raised;

  vision_double.step_us = 5 * G_USEC_PER_SEC;
  id = begin (self, 3, "What?", SOTTO_SPECULATION_AUTOMATIC);
  while (!is_looking)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (self->worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      is_looking = event->request == id && event->kind == SOTTO_EVENT_LOOKING;
    }
  raised = g_get_monotonic_time ();
  sotto_worker_cancel (self->worker, id);
  {
    g_auto (Outcome) outcome = outcome_wait (self->worker, id, FALSE);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_CANCELLED);
    g_assert_nonnull (outcome.last->receipt);
    g_assert_cmpint (g_get_monotonic_time () - raised, <, 100 * 1000);
  }
  g_assert_cmpuint (vision_double.n_encoded, ==, 0);
  vision_double.step_us = 0;
  {
    g_auto (Outcome) seen = say (self, 3, "What?");
  }
}

static void
add (const char *path, void (*test) (Fixture *self, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  add ("/worker-pictures/once", test_once);
  add ("/worker-pictures/spans", test_spans);
  add ("/worker-pictures/return", test_return);
  add ("/worker-pictures/guesses", test_guesses);
  add ("/worker-pictures/another-file", test_another_file);
  add ("/worker-pictures/wrong", test_wrong);
  add ("/worker-pictures/memory", test_memory);
  add ("/worker-pictures/cancel", test_cancel);

  return g_test_run ();
}
