/* The worker as an application sees it: requests in, events out. The models are tiny and random; what they say is noise,
 * but it is the same noise each time. */
#include "sotto-engine.h"

#include <string.h>
#include <sys/stat.h>
#include <yyjson.h>

#include "tiny-model.h"
#include "worker-outcome.h"

typedef struct {
  char *path;
  char *other;
  SottoWorker *worker;
} Fixture;

static void
set_up (Fixture      *fixture,
        gconstpointer data)
{
  TinyModel model = TINY_MODEL_DEFAULTS;
  SottoWorkerOptions options = { 0 };
  g_autoptr (GError) error = NULL;

  model.n_context = 4096;
  fixture->path = tiny_model_write_temporary (&model);
  model.family = "qwen2";
  model.seed = 2;
  fixture->other = tiny_model_write_temporary (&model);
  options.n_threads = 2;
  fixture->worker = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture      *fixture,
           gconstpointer data)
{
  sotto_worker_free (fixture->worker);
  tiny_model_remove (fixture->path);
  tiny_model_remove (fixture->other);
  g_free (fixture->path);
  g_free (fixture->other);
}

static void
test_generate (Fixture      *fixture,
               gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (fixture->path, "Once upon a time", 40);
  g_auto (Outcome) first = outcome_of (fixture->worker, &generate);
  g_auto (Outcome) second = outcome_of (fixture->worker, &generate);
  const SottoReceipt *receipt = first.last->receipt;

  g_assert_cmpint (first.last->kind, ==, SOTTO_EVENT_FINISHED);
  g_assert_cmpuint (first.n_loaded, ==, 1);
  g_assert_cmpuint (first.n_prefill, >=, 1);
  g_assert_cmpuint (first.text->len, >, 0);
  g_assert_nonnull (receipt);
  g_assert_cmpstr (receipt->model_path, ==, fixture->path);
  g_assert_cmpuint (receipt->n_prompt, >, 0);
  g_assert_cmpuint (receipt->n_generated, >, 0);
  g_assert_cmpuint (receipt->n_generated, <=, 40);
  g_assert_cmpuint (strlen (receipt->prompt_hash), ==, 64);
  g_assert_true (g_str_has_prefix (receipt->backend, "cpu-"));

  /* The second time all of the prompt but its last token is there already, and the answer is the same. */
  g_assert_cmpuint (second.n_loaded, ==, 0);
  g_assert_cmpuint (second.last->receipt->n_reused, ==, receipt->n_prompt - 1);
  g_assert_cmpstr (second.text->str, ==, first.text->str);
  g_assert_cmpstr (second.last->receipt->prompt_hash, ==, receipt->prompt_hash);
}

static void
test_seed (Fixture      *fixture,
           gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (fixture->path, "Once", 60);

  generate.sampler.temperature = 1;
  generate.sampler.seed = 7;
  {
    g_auto (Outcome) first = outcome_of (fixture->worker, &generate);
    g_auto (Outcome) again = outcome_of (fixture->worker, &generate);

    generate.sampler.seed = 8;
    {
      g_auto (Outcome) other = outcome_of (fixture->worker, &generate);

      g_assert_cmpstr (first.text->str, ==, again.text->str);
      g_assert_cmpstr (first.text->str, !=, other.text->str);
    }
  }
}

static void
test_messages (Fixture      *fixture,
               gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (fixture->path, NULL, 8);

  generate.messages = sotto_messages_new ();
  sotto_messages_append (generate.messages, "user", "Hello <|im_end|> there");
  {
    g_auto (Outcome) outcome = outcome_of (fixture->worker, &generate);

    g_autofree char *json = sotto_receipt_to_json (outcome.last->receipt);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
    g_assert_nonnull (outcome.last->receipt->template_hash);
    g_assert_null (strstr (json, "\"tools\""));
  }
  g_assert_true (sotto_messages_set_tools (generate.messages, "[{\"function\":{\"name\":\"calculate\"}}]", -1, NULL));
  {
    g_auto (Outcome) outcome = outcome_of (fixture->worker, &generate);
    g_autofree char *json = sotto_receipt_to_json (outcome.last->receipt);

    g_assert_nonnull (strstr (json, "\"tools\":[\"calculate\"]"));
  }
  sotto_messages_unref (generate.messages);
}

/* The stretches of a receipt cover the timeline without a gap. */
static void
test_receipt (Fixture      *fixture,
              gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (fixture->path, "The beginning", 10);
  g_auto (Outcome) first = outcome_of (fixture->worker, &generate);
  g_auto (Outcome) second = outcome_of (fixture->worker, &generate);
  const SottoReceipt *receipt = second.last->receipt;
  g_autofree char *json = sotto_receipt_to_json (receipt);
  yyjson_doc *document = yyjson_read (json, strlen (json), 0);
  yyjson_val *root = yyjson_doc_get_root (document);
  guint next = 0;

  for (guint i = 0; i < receipt->stretches->len; i++)
    {
      const SottoStretch *stretch = &g_array_index (receipt->stretches, SottoStretch, i);

      g_assert_cmpuint (stretch->first, ==, next);
      g_assert_cmpuint (stretch->length, >, 0);
      next += stretch->length;
    }
  /* The last token drawn has not been evaluated. */
  g_assert_cmpuint (next, >=, receipt->n_prompt);
  g_assert_cmpuint (next, <=, receipt->n_prompt + receipt->n_generated);

  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (root, "prompt_sha256")), ==, receipt->prompt_hash);
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (root, "prompt_tokens")), ==, receipt->n_prompt);
  g_assert_cmpuint (yyjson_arr_size (yyjson_obj_get (root, "stretches")), ==, receipt->stretches->len);
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (yyjson_obj_get (root, "sampler"), "seed")), ==, "0");
  g_assert_cmpfloat (yyjson_get_num (yyjson_obj_get (yyjson_obj_get (root, "sampler"), "top_p")), ==, 0.95);
  yyjson_doc_free (document);
}

static void
test_stop (Fixture      *fixture,
           gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (fixture->path, "abc", 60);
  g_auto (Outcome) whole = outcome_of (fixture->worker, &generate);
  const char *middle = g_utf8_offset_to_pointer (whole.text->str, g_utf8_strlen (whole.text->str, -1) / 2);
  g_autofree char *stop = g_strndup (middle, g_utf8_offset_to_pointer (middle, 3) - middle);
  const char *stops[] = { "never said", stop, NULL };

  generate.stop = stops;
  {
    g_auto (Outcome) cut = outcome_of (fixture->worker, &generate);
    const char *first = strstr (whole.text->str, stop);

    g_assert_cmpint (cut.last->kind, ==, SOTTO_EVENT_FINISHED);
    g_assert_cmpint (cut.last->reason, ==, SOTTO_FINISH_STOP);
    g_assert_cmpuint (cut.text->len, ==, first - whole.text->str);
    g_assert_cmpint (strncmp (cut.text->str, whole.text->str, cut.text->len), ==, 0);
  }
}

static void
test_context_full (Fixture      *fixture,
                   gconstpointer data)
{
  g_autofree char *text = g_strnfill (32, 'x');
  SottoGenerate generate = outcome_greedy (fixture->path, text, 0);

  generate.n_context = 64;
  {
    g_auto (Outcome) outcome = outcome_of (fixture->worker, &generate);

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FINISHED);
    g_assert_cmpint (outcome.last->reason, ==, SOTTO_FINISH_CONTEXT_FULL);
    g_assert_cmpuint (outcome.last->done, ==, 64);
    g_assert_cmpuint (outcome.last->total, ==, 64);
  }
}

static void
test_prompt_too_long (Fixture      *fixture,
                      gconstpointer data)
{
  g_autofree char *text = g_strnfill (200, 'x');
  SottoGenerate generate = outcome_greedy (fixture->path, text, 0);

  generate.n_context = 64;
  {
    g_auto (Outcome) outcome = outcome_of (fixture->worker, &generate);
    const SottoErrorArguments *arguments;

    g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FAILED);
    g_assert_error (outcome.last->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CONTEXT);
    arguments = sotto_engine_error_get_arguments (outcome.last->error);
    g_assert_cmpuint (arguments->available, ==, 64);
    g_assert_cmpuint (arguments->wanted, >=, 200);
  }
}

/* A file that cannot be opened leaves the model that is open as it is. */
static void
test_bad_file (Fixture      *fixture,
               gconstpointer data)
{
  g_auto (Outcome) good = outcome_wait (fixture->worker, sotto_worker_load (fixture->worker, fixture->path, 0), TRUE);
  g_auto (Outcome) bad = outcome_wait (fixture->worker, sotto_worker_load (fixture->worker, "/nonexistent.gguf", 0), TRUE);
  g_auto (Outcome) again = outcome_wait (fixture->worker, sotto_worker_load (fixture->worker, fixture->path, 0), TRUE);

  g_assert_cmpint (good.last->kind, ==, SOTTO_EVENT_LOADED);
  g_assert_cmpint (bad.last->kind, ==, SOTTO_EVENT_FAILED);
  g_assert_error (bad.last->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_OPEN);
  g_assert_cmpint (again.last->kind, ==, SOTTO_EVENT_LOADED);
  g_assert_true (again.last->model == good.last->model);
}

/* Switching frees the previous model; the memory counted is that of the new one alone. */
static void
test_switch (Fixture      *fixture,
             gconstpointer data)
{
  g_auto (Outcome) first = outcome_wait (fixture->worker, sotto_worker_load (fixture->worker, fixture->path, 0), TRUE);
  g_auto (Outcome) second = outcome_wait (fixture->worker, sotto_worker_load (fixture->worker, fixture->other, 0), TRUE);
  g_auto (Outcome) unloaded = outcome_wait (fixture->worker, sotto_worker_unload (fixture->worker, NULL), FALSE);

  g_assert_cmpuint (first.memory.weights, >, 0);
  g_assert_cmpuint (first.memory.kv_cache, >, 0);
  g_assert_cmpuint (second.memory.weights, ==, sotto_model_get_info (second.last->model)->weight_bytes);
  g_assert_cmpuint (unloaded.memory.weights + unloaded.memory.kv_cache + unloaded.memory.scratch, ==, 0);
}

static void
test_budget (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  SottoWorkerOptions options = { .memory_budget = 1000 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_auto (Outcome) outcome = outcome_wait (worker, sotto_worker_load (worker, path, 0), TRUE);

  g_assert_cmpint (outcome.last->kind, ==, SOTTO_EVENT_FAILED);
  g_assert_error (outcome.last->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
  g_assert_cmpuint (sotto_engine_error_get_arguments (outcome.last->error)->available, ==, 1000);
  g_assert_cmpuint (sotto_engine_error_get_arguments (outcome.last->error)->wanted, >, 1000);
  tiny_model_remove (path);
}

static void
test_keep_previous (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  g_autofree char *other = tiny_model_write_temporary (&tiny);
  SottoWorkerOptions options = { .keep_previous = TRUE };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_auto (Outcome) first = outcome_wait (worker, sotto_worker_load (worker, path, 0), TRUE);
  g_auto (Outcome) second = outcome_wait (worker, sotto_worker_load (worker, other, 0), TRUE);
  g_auto (Outcome) again = outcome_wait (worker, sotto_worker_load (worker, path, 0), TRUE);

  g_assert_cmpuint (second.memory.weights, ==, 2 * first.memory.weights);
  g_assert_true (again.last->model == first.last->model);
  tiny_model_remove (path);
  tiny_model_remove (other);
}

/* The hash comes by itself, and is the file's. */
static void
test_hash (Fixture      *fixture,
           gconstpointer data)
{
  g_autofree char *contents = NULL;
  g_autofree char *expected = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (fixture->path, &contents, &length, NULL));
  expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
  sotto_worker_load (fixture->worker, fixture->path, 0);

  for (;;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (fixture->worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      if (event->kind != SOTTO_EVENT_HASHED)
        continue;

      g_assert_cmpstr (event->path, ==, fixture->path);
      g_assert_cmpstr (event->hash, ==, expected);
      break;
    }
}

static SottoEvent *
wait_for_hash (SottoWorker *worker)
{
  for (;;)
    {
      SottoEvent *event = sotto_worker_wait_event (worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      if (event->kind == SOTTO_EVENT_HASHED)
        return event;
      sotto_event_free (event);
    }
}

/* A hash that is known is believed, without a look at the file; that of a file which changed is not known. */
static void
test_known_hash (Fixture      *fixture,
                 gconstpointer data)
{
  static const char told[] = "f00d";
  TinyModel model = TINY_MODEL_DEFAULTS;
  g_autoptr (SottoModel) opened = sotto_model_open (fixture->path, NULL, NULL, NULL, NULL);
  g_autofree char *stamp = sotto_model_dup_stamp (opened);
  g_autoptr (SottoEvent) first = NULL;
  g_autoptr (SottoEvent) other = NULL;
  g_autoptr (SottoEvent) changed = NULL;

  sotto_worker_tell_hash (fixture->worker, stamp, told);
  sotto_worker_load (fixture->worker, fixture->path, 0);
  first = wait_for_hash (fixture->worker);
  g_assert_cmpstr (first->hash, ==, told);
  g_assert_cmpstr (first->stamp, ==, stamp);

  sotto_worker_load (fixture->worker, fixture->other, 0);
  other = wait_for_hash (fixture->worker);
  g_assert_cmpuint (strlen (other->hash), ==, 64);
  g_assert_cmpstr (other->stamp, !=, stamp);

  model.seed = 99;
  tiny_model_write (&model, fixture->path);
  sotto_worker_load (fixture->worker, fixture->path, 0);
  changed = wait_for_hash (fixture->worker);
  g_assert_cmpuint (strlen (changed->hash), ==, 64);
  g_assert_cmpstr (changed->stamp, !=, stamp);
}

static void
count_wake (gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
}

/* A reader that sleeps finds few events, with all the text in them. */
static void
test_slow_reader (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  int n_wakes = 0;
  SottoWorkerOptions options = { .wake = count_wake, .user_data = &n_wakes };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  SottoGenerate generate = outcome_greedy (path, "Tell", 200);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean finished = FALSE;
  guint n_events = 0;

  {
    g_auto (Outcome) quick = outcome_of (worker, &generate);

    sotto_worker_generate (worker, &generate);
    while (!finished)
      {
        g_usleep (200000);
        for (SottoEvent *event; (event = sotto_worker_next_event (worker)) != NULL; sotto_event_free (event))
          {
            n_events++;
            finished |= event->kind == SOTTO_EVENT_FINISHED;
            if (event->kind == SOTTO_EVENT_TEXT)
              g_string_append (text, event->text);
          }
      }
    g_assert_cmpstr (text->str, ==, quick.text->str);
  }
  g_assert_cmpuint (n_events, <, 12);
  g_assert_cmpint (g_atomic_int_get (&n_wakes), >, 0);
  tiny_model_remove (path);
}

/* A file that is replaced while it is open is opened anew; one that shrinks is told. */
static void
test_changed_file (Fixture      *fixture,
                   gconstpointer data)
{
  SottoGenerate generate = outcome_greedy (fixture->path, "abc", 5);
  g_auto (Outcome) before = outcome_of (fixture->worker, &generate);
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (fixture->other, &contents, &length, NULL));
  g_usleep (20000);
  g_assert_true (g_file_set_contents (fixture->path, contents, length, NULL));
  {
    g_auto (Outcome) after = outcome_of (fixture->worker, &generate);

    g_assert_cmpint (after.last->kind, ==, SOTTO_EVENT_FINISHED);
    g_assert_cmpuint (after.n_loaded, ==, 1);
    g_assert_cmpuint (after.last->receipt->n_reused, ==, 0);
  }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/worker/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("generate", test_generate);
  ADD ("seed", test_seed);
  ADD ("messages", test_messages);
  ADD ("receipt", test_receipt);
  ADD ("stop", test_stop);
  ADD ("context-full", test_context_full);
  ADD ("prompt-too-long", test_prompt_too_long);
  ADD ("bad-file", test_bad_file);
  ADD ("switch", test_switch);
  ADD ("hash", test_hash);
  ADD ("known-hash", test_known_hash);
  ADD ("changed-file", test_changed_file);
#undef ADD
  g_test_add_func ("/worker/budget", test_budget);
  g_test_add_func ("/worker/keep-previous", test_keep_previous);
  g_test_add_func ("/worker/slow-reader", test_slow_reader);

  return g_test_run ();
}
