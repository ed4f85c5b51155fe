/* A session: its timeline and cache move together, whatever goes wrong in between. */

#include "session-fixture.h"

#include <string.h>
#include <unistd.h>

/* The logits after @n tokens, from a session that knows nothing else. */
static float *
fresh_logits (Fixture *self, const gint32 *tokens, guint n)
{
  g_autoptr (SottoSession) session = fixture_new_session (self, SOTTO_KV_F16);

  fixture_sync_to (session, tokens, n, 0);
  return fixture_copy_logits (session);
}

/* The same from one that has been to the first @n_first before. */
static float *
staged_logits (Fixture *self, const gint32 *tokens, guint n_first, guint n)
{
  g_autoptr (SottoSession) session = fixture_new_session (self, SOTTO_KV_F16);

  fixture_sync_to (session, tokens, n_first, 0);
  fixture_sync_to (session, tokens, n, n_first);
  return fixture_copy_logits (session);
}

static void
test_steps (Fixture *self, gconstpointer data)
{
  g_autofree float *expected = fresh_logits (self, self->tokens, 8);

  /* A batch of eight gives what single steps give, to the bit. */
  g_assert_null (sotto_session_get_logits (self->session));
  fixture_sync_to (self->session, self->tokens, 1, 0);
  for (guint i = 1; i < 8; i++)
    fixture_append (self->session, self->tokens[i]);
  fixture_assert_timeline (self->session, self->tokens, 8);
  fixture_assert_logits (self->session, expected);

  /* They are logits: finite, and not all the same. */
  for (guint i = 0; i < TINY_MODEL_VOCABULARY; i++)
    g_assert_true (expected[i] > -1e6f && expected[i] < 1e6f);
  g_assert_cmpfloat (expected[0], !=, expected[1]);
}

/* What a prefix is used again for comes out as after a stop there: the rest is a stretch of its own. */
static void
test_reuse (Fixture *self, gconstpointer data)
{
  gint32 other[60];
  g_autofree float *whole = fresh_logits (self, self->tokens, 60);
  g_autofree float *back = staged_logits (self, self->tokens, 40, 60);
  g_autofree float *last = staged_logits (self, self->tokens, 59, 60);
  g_autofree float *second = NULL;

  memcpy (other, self->tokens, sizeof other);
  for (guint i = 40; i < 60; i++)
    other[i] = (other[i] + 1) % TINY_MODEL_VOCABULARY;
  second = staged_logits (self, other, 40, 60);
  g_assert_true (memcmp (back, second, TINY_MODEL_VOCABULARY * sizeof (float)) != 0);

  fixture_sync_to (self->session, self->tokens, 60, 0);
  fixture_assert_logits (self->session, whole);
  fixture_sync_to (self->session, other, 60, 40);
  fixture_assert_logits (self->session, second);
  fixture_assert_timeline (self->session, other, 60);
  fixture_sync_to (self->session, self->tokens, 60, 40);
  fixture_assert_logits (self->session, back);

  /* The last token is evaluated anew even when all of them are there; so is a shorter prompt's. */
  fixture_sync_to (self->session, self->tokens, 60, 59);
  fixture_assert_logits (self->session, last);
  fixture_sync_to (self->session, self->tokens, 10, 9);
  fixture_assert_timeline (self->session, self->tokens, 10);
}

typedef struct {
  GArray *logits;
  guint next;
  guint stop_at; /* 0: never */
} Collected;

static gboolean
collect (guint first, guint n_tokens, const float *logits, gpointer user_data, GError **error)
{
  Collected *self = user_data;

  g_assert_cmpuint (first, ==, self->next);
  self->next += n_tokens;
  g_array_append_vals (self->logits, logits, n_tokens * TINY_MODEL_VOCABULARY);
  if (self->stop_at > 0 && self->next >= self->stop_at)
    {
      g_set_error (error, G_FILE_ERROR, 7, "enough");
      return FALSE;
    }
  return TRUE;
}

static void
test_evaluate (Fixture *self, gconstpointer data)
{
  g_autoptr (GArray) logits = g_array_new (FALSE, FALSE, sizeof (float));
  Collected collected = { .logits = logits };
  g_autoptr (SottoSession) steps = fixture_new_session (self, SOTTO_KV_F16);
  g_autoptr (GError) error = NULL;

  fixture_sync_to (self->session, self->tokens + 5, 20, 0); /* forgotten when evaluating */
  sotto_session_evaluate (self->session, self->tokens, N_LONG, collect, &collected, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (collected.next, ==, N_LONG);
  fixture_assert_timeline (self->session, self->tokens, N_LONG);
  fixture_assert_logits (self->session, &g_array_index (logits, float, (N_LONG - 1) * TINY_MODEL_VOCABULARY));

  /* Row i is what stands after token i. */
  for (guint i = 0; i < 20; i++)
    {
      if (i == 0)
        fixture_sync_to (steps, self->tokens, 1, 0);
      else
        fixture_append (steps, self->tokens[i]);
      fixture_assert_near (steps, &g_array_index (logits, float, i * TINY_MODEL_VOCABULARY));
    }

  collected.next = 0;
  collected.stop_at = 1;
  g_assert_false (sotto_session_evaluate (self->session, self->tokens, N_LONG, collect, &collected, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, 7);
  fixture_assert_timeline (self->session, self->tokens, collected.next);
}

static void
test_context (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) small = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *before = NULL;

  small = sotto_session_new (self->model, self->backend, 10, SOTTO_KV_F16, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sotto_session_get_context (small), ==, 10);

  g_assert_false (sotto_session_sync (small, self->tokens, 11, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CONTEXT);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, ==, 11);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->available, ==, 10);
  g_clear_error (&error);

  fixture_sync_to (small, self->tokens, 9, 0);
  fixture_append (small, self->tokens[9]);
  before = fixture_copy_logits (small);
  g_assert_false (sotto_session_append (small, 1, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CONTEXT);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, ==, 11);
  fixture_assert_timeline (small, self->tokens, 10);
  fixture_assert_logits (small, before);

  /* 0: what the model was trained for. */
  g_clear_pointer (&small, sotto_session_free);
  small = sotto_session_new (self->model, self->backend, 0, SOTTO_KV_F16, NULL);
  g_assert_cmpuint (sotto_session_get_context (small), ==, N_CONTEXT);
}

static void
test_requests (Fixture *self, gconstpointer data)
{
  static const gint32 wrong[] = { 1, TINY_MODEL_VOCABULARY };
  g_autoptr (GError) error = NULL;

  g_assert_false (sotto_session_sync (self->session, wrong, 2, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  g_clear_error (&error);
  g_assert_false (sotto_session_sync (self->session, wrong, 0, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  g_clear_error (&error);
  g_assert_false (sotto_session_append (self->session, -1, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  fixture_assert_timeline (self->session, NULL, 0);
}

typedef struct {
  SottoCancel *cancel;
  guint64 raise_at;
  guint64 last;
  guint64 total;
} Progress;

static void
on_progress (guint64 done, guint64 total, gpointer user_data)
{
  Progress *self = user_data;

  g_assert_cmpuint (done, >=, self->last);
  self->last = done;
  self->total = total;
  if (self->raise_at > 0 && done >= self->raise_at)
    sotto_cancel_raise (self->cancel);
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  Progress progress = { .cancel = cancel, .raise_at = 1 };
  g_autofree float *expected = fresh_logits (self, self->tokens, N_LONG);
  g_autoptr (GError) error = NULL;
  guint length;

  /* Between the first piece and the second. */
  g_assert_false (sotto_session_sync (self->session, self->tokens, N_LONG, on_progress, &progress, cancel,
                                      NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  sotto_session_get_tokens (self->session, &length);
  g_assert_cmpuint (length, >, 0);
  g_assert_cmpuint (length, <, N_LONG);
  g_assert_cmpuint (length, ==, progress.last);
  fixture_assert_timeline (self->session, self->tokens, length);
  g_assert_null (sotto_session_get_logits (self->session));
  g_clear_error (&error);

  /* A raised flag keeps anything from starting. */
  g_assert_false (sotto_session_append (self->session, 1, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  fixture_assert_timeline (self->session, self->tokens, length);

  /* And it goes on from there to the same end. */
  progress = (Progress) { 0 };
  {
    guint reused;

    g_assert_true (sotto_session_sync (self->session, self->tokens, N_LONG, on_progress, &progress, NULL,
                                       &reused, NULL));
    g_assert_cmpuint (reused, ==, length);
    g_assert_cmpuint (progress.last, ==, N_LONG - length);
    g_assert_cmpuint (progress.total, ==, N_LONG - length);
  }
  fixture_assert_logits (self->session, expected);
}

static gpointer
raise_soon (gpointer cancel)
{
  g_usleep (2000);
  sotto_cancel_raise (cancel);
  return NULL;
}

/* From another thread, in the middle of a run: the timeline holds what is valid, whenever it hits. */
static void
test_cancel_from_thread (Fixture *self, gconstpointer data)
{
  g_autofree float *expected = fresh_logits (self, self->tokens, N_LONG);

  for (guint round = 0; round < 10; round++)
    {
      g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
      g_autoptr (SottoSession) session = fixture_new_session (self, SOTTO_KV_F16);
      g_autoptr (GError) error = NULL;
      GThread *thread = g_thread_new ("raise", raise_soon, cancel);
      guint length;

      if (!sotto_session_sync (session, self->tokens, N_LONG, NULL, NULL, cancel, NULL, &error))
        g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
      g_thread_join (thread);

      sotto_session_get_tokens (session, &length);
      fixture_assert_timeline (session, self->tokens, length);
      fixture_sync_to (session, self->tokens, N_LONG, MIN (length, N_LONG - 1));
      fixture_assert_near (session, expected); /* the last token alone, where none was left */
    }
}

static void
truncate_file (guint64 done, guint64 total, gpointer user_data)
{
  if (done > 0)
    g_assert_cmpint (truncate (user_data, 4096), ==, 0);
}

static void
test_changed (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint length;

  /* The file shrinks between two pieces: the process lives, the piece does not count. */
  g_assert_false (sotto_session_sync (self->session, self->tokens, N_LONG, truncate_file, self->path, NULL,
                                      NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);
  sotto_session_get_tokens (self->session, &length);
  g_assert_cmpuint (length, <, N_LONG);
  g_assert_null (sotto_session_get_logits (self->session));
}

static void
test_memory (Fixture *self, gconstpointer data)
{
  SottoMemory estimate = sotto_model_estimate_memory (self->model, N_CONTEXT);
  SottoMemory measured;

  fixture_sync_to (self->session, self->tokens, N_CONTEXT, 0);
  measured = sotto_session_get_memory (self->session);
  g_assert_cmpuint (measured.weights, ==, sotto_model_get_info (self->model)->weight_bytes);
  g_assert_cmpuint (measured.kv_cache, ==, estimate.kv_cache);
  g_assert_cmpuint (measured.scratch, >, 0);
}

/* --- A real model --- */

static void
test_real_model (void)
{
  const char *file = "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf";
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", "models", file, NULL);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GString) reply = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the model Qwen2.5-Coder-0.5B-Instruct is not there");
      return;
    }

  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sotto_model_get_info (model)->quantisation, ==, "Q4_K_M");
  backend = sotto_backend_new_cpu (0, NULL, &error);
  g_assert_no_error (error);
  if (g_str_equal (sotto_backend_get_name (backend), "cpu-reference"))
    {
      g_test_skip ("plain C is too slow for a real model");
      return;
    }
  session = sotto_session_new (model, backend, 256, SOTTO_KV_F16, &error);
  g_assert_no_error (error);

  tokens = sotto_model_tokenize (model, "The capital of France is", -1, FALSE);
  fixture_sync_to (session, (const gint32 *) tokens->data, tokens->len, 0);
  for (guint n = 0; n < 4; n++)
    {
      const float *logits = sotto_session_get_logits (session);
      gint32 best = 0;

      for (guint i = 1; i < sotto_model_get_info (model)->n_vocabulary; i++)
        if (logits[i] > logits[best])
          best = (gint32) i;
      sotto_model_append_token_text (model, best, FALSE, reply);
      fixture_append (session, best);
    }
  g_test_message ("The capital of France is%s", reply->str);
  g_assert_true (g_str_has_prefix (reply->str, " Paris"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  fixture_add ("/session/steps", NULL, test_steps);
  fixture_add ("/session/reuse", NULL, test_reuse);
  fixture_add ("/session/evaluate", NULL, test_evaluate);
  fixture_add ("/session/context", NULL, test_context);
  fixture_add ("/session/requests", NULL, test_requests);
  fixture_add ("/session/cancel", NULL, test_cancel);
  fixture_add ("/session/cancel-from-thread", NULL, test_cancel_from_thread);
  fixture_add ("/session/changed", NULL, test_changed);
  fixture_add ("/session/memory", NULL, test_memory);

  /* Every block type, with the biases and the tied output of qwen2. */
  for (guint32 type = 0; type < 64; type++)
    if (sotto_block_info (type) != NULL)
      {
        g_autofree char *path = g_strconcat ("/session/blocks/", sotto_block_name (type), NULL);

        fixture_add (path, sotto_block_info (type), test_steps);
      }
  g_test_add_func ("/session/real-model", test_real_model);

  return g_test_run ();
}
