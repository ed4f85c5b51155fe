/* Going back in a timeline: caches of a window and recurrent states forget, sequences that get long turn
 * otherwise, and a session must give what a new one gives all the same. With the tiny models of families/. */

#include "sotto-engine.h"

#include <math.h>
#include <string.h>

#define N_CONTEXT 2048

static const char *const models[] = {
  "llama",       /* nothing forgets */
  "gemma3",      /* rings beside a full cache */
  "gpt-oss",     /* rings with sinks */
  "gemma4-e2b",  /* layers that share a cache */
  "qwen35",      /* recurrent states beside a full cache */
  "lfm2",        /* short convolutions beside one */
  "granitehybrid", /* Mamba-2 beside one */
  "falcon-h1",   /* Mamba-2 beside every one */
  "deepseek2-lite", /* latent keys that are the values, too */
};

typedef struct {
  SottoModel *model;
  SottoBackend *backend;
  guint n_vocabulary;
  gint32 tokens[N_CONTEXT];
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *name = g_strconcat (data, ".gguf", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", name, NULL);
  g_autoptr (GError) error = NULL;

  self->model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  self->backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  self->n_vocabulary = sotto_model_get_info (self->model)->n_vocabulary;
  for (guint i = 0; i < N_CONTEXT; i++)
    self->tokens[i] = (gint32) ((i * 31 + i / 7 + i * i % 13) % self->n_vocabulary);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  sotto_backend_free (self->backend);
  sotto_model_unref (self->model);
}

static SottoSession *
new_session (Fixture *self, SottoKvType type)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (self->model, self->backend, N_CONTEXT, type, &error);

  g_assert_no_error (error);
  return session;
}

static guint
sync_to (SottoSession *session, const gint32 *tokens, guint n)
{
  g_autoptr (GError) error = NULL;
  guint reused;

  sotto_session_sync (session, tokens, n, NULL, NULL, NULL, &reused, &error);
  g_assert_no_error (error);
  return reused;
}

static void
append (SottoSession *session, const gint32 *tokens, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;

      sotto_session_append (session, tokens[i], NULL, &error);
      g_assert_no_error (error);
    }
}

/* A session that knows nothing else, takes @n_before tokens together, then those up to @first, and the others one by one. */
static SottoSession *
new_steps (Fixture *self, SottoKvType type, const gint32 *tokens, guint n_before, guint first, guint n)
{
  SottoSession *session = new_session (self, type);

  if (n_before > 0)
    sync_to (session, tokens, n_before);
  sync_to (session, tokens, first);
  append (session, tokens + first, n - first);
  return session;
}

/* The session's logits are to the bit those of one that has taken the same stretches: @n_before, up to @first, and then one by
 * one. (How many tokens of a stretch choose an expert says in which form they are multiplied with it.) */
static void
assert_stretches (Fixture *self, SottoSession *session, const gint32 *tokens, guint n_before, guint first, guint n)
{
  g_autoptr (SottoSession) fresh = new_steps (self, sotto_session_get_kv_type (session), tokens, n_before, first, n);
  guint length;

  sotto_session_get_tokens (session, &length);
  g_assert_cmpuint (length, ==, n);
  g_assert_cmpmem (sotto_session_get_logits (session), self->n_vocabulary * sizeof (float),
                   sotto_session_get_logits (fresh), self->n_vocabulary * sizeof (float));
}

static void
assert_steps (Fixture *self, SottoSession *session, const gint32 *tokens, guint first, guint n)
{
  assert_stretches (self, session, tokens, 0, first, n);
}

/* They are those of one that has taken all tokens together, but for a thousandth: what was used again came in other
 * stretches. */
static void
assert_near (Fixture *self, SottoSession *session, const gint32 *tokens, guint n)
{
  g_autoptr (SottoSession) fresh = new_session (self, sotto_session_get_kv_type (session));
  const float *logits = sotto_session_get_logits (session);
  const float *expected;
  double squares = 0.0;
  double apart = 0.0;
  guint length;

  sotto_session_get_tokens (session, &length);
  g_assert_cmpuint (length, ==, n);
  sync_to (fresh, tokens, n);
  expected = sotto_session_get_logits (fresh);
  for (guint i = 0; i < self->n_vocabulary; i++)
    {
      squares += (double) expected[i] * expected[i];
      apart += ((double) logits[i] - expected[i]) * ((double) logits[i] - expected[i]);
    }
  g_assert_cmpfloat (apart, <=, 1e-6 * squares);
}

static void
test_back (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  gint32 other[N_CONTEXT];

  memcpy (other, self->tokens, sizeof other);
  for (guint i = 1000; i < N_CONTEXT; i++)
    other[i] = (other[i] + 1) % (gint32) self->n_vocabulary;

  /* A prompt, a reply, and the same prompt again: nearly all of it is there. */
  sync_to (session, self->tokens, 1000);
  append (session, self->tokens + 1000, 40);
  assert_steps (self, session, self->tokens, 1000, 1040);
  g_assert_cmpuint (sync_to (session, self->tokens, 1000), >=, 980);
  assert_near (self, session, self->tokens, 1000);

  /* Going on otherwise, and past what a ring keeps. */
  g_assert_cmpuint (sync_to (session, other, 1900), >=, 980);
  assert_near (self, session, other, 1900);

  /* Far back: whatever it costs. */
  sync_to (session, self->tokens, 300);
  assert_near (self, session, self->tokens, 300);
  sync_to (session, other, 10);
  append (session, other + 10, 5);
  assert_near (self, session, other, 15);
}

typedef struct {
  SottoCancel *cancel;
  guint64 at;
} Stop;

static void
on_progress (guint64 done, guint64 total, gpointer user_data)
{
  Stop *self = user_data;

  if (done >= self->at)
    sotto_cancel_raise (self->cancel);
}

static void
test_failed (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;
  Stop stop = { cancel, 600 };
  guint n;

  sync_to (session, self->tokens, 200);
  g_assert_false (sotto_session_sync (session, self->tokens, 1500, on_progress, &stop, cancel, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_assert_null (sotto_session_get_logits (session));
  g_clear_error (&error);

  sotto_session_get_tokens (session, &n);
  g_assert_cmpuint (n, >, 200);
  append (session, self->tokens + n, 3);
  assert_stretches (self, session, self->tokens, 200, n, n + 3);
}

static void
test_saved (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoSession) restored = new_session (self, SOTTO_KV_F16);
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (sotto_model_hash (self->model, NULL, NULL, NULL, &error));
  sync_to (session, self->tokens, 1100);
  append (session, self->tokens + 1100, 7);
  state = sotto_session_save (session, &error);
  g_assert_no_error (error);

  sync_to (restored, self->tokens + 5, 900);
  sotto_session_restore (restored, state, &error);
  g_assert_no_error (error);
  assert_steps (self, restored, self->tokens, 1100, 1107);
  append (restored, self->tokens + 1107, 20);
  assert_steps (self, restored, self->tokens, 1100, 1127);
}

/* KL of the session's logits from exact ones. */
static double
divergence (const float *exact, const float *other, guint n)
{
  double exact_sum = 0, other_sum = 0, result = 0;

  for (guint i = 0; i < n; i++)
    {
      exact_sum += exp ((double) exact[i]);
      other_sum += exp ((double) other[i]);
    }
  for (guint i = 0; i < n; i++)
    result += exp ((double) exact[i]) / exact_sum
              * ((double) exact[i] - log (exact_sum) - (double) other[i] + log (other_sum));
  return result;
}

/* The smaller types come close, in this order, and are as true to themselves as F16. */
static void
test_types (Fixture *self, gconstpointer data)
{
  static const struct {
    SottoKvType type;
    double most;
  } types[] = { { SOTTO_KV_F16, 1e-4 }, { SOTTO_KV_Q8_0, 2e-2 }, { SOTTO_KV_Q4_0, 1.0 } };
  g_autoptr (SottoSession) exact = new_session (self, SOTTO_KV_F32);
  SottoMemory memory = sotto_session_get_memory (exact);
  double last = 0;

  sync_to (exact, self->tokens, 400);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (SottoSession) session = new_session (self, types[i].type);
      SottoMemory smaller = sotto_session_get_memory (session);
      double distance;

      sync_to (session, self->tokens, 395);
      append (session, self->tokens + 395, 5);
      distance = divergence (sotto_session_get_logits (exact), sotto_session_get_logits (session),
                             self->n_vocabulary);
      g_test_message ("%s: KL %.2e, %" G_GUINT64_FORMAT " bytes", sotto_kv_type_get_name (types[i].type),
                      distance, smaller.kv_cache);
      g_assert_cmpfloat (distance, <, types[i].most);
      g_assert_cmpfloat (distance, >, last / 4);
      g_assert_cmpuint (smaller.kv_cache, <, memory.kv_cache);
      assert_steps (self, session, self->tokens, 395, 400);
      last = distance;
      memory = smaller;
    }
}

/* A sequence that grows past the length where positions turn otherwise is computed anew. */
static void
test_long (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);

  sync_to (session, self->tokens, 10);
  append (session, self->tokens + 10, 150);
  assert_steps (self, session, self->tokens, 10, 160);
  sync_to (session, self->tokens, 12);
  assert_near (self, session, self->tokens, 12);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      static const struct {
        const char *name;
        void (*func) (Fixture *, gconstpointer);
      } tests[] = {
        { "back", test_back }, { "failed", test_failed }, { "saved", test_saved }, { "types", test_types },
      };

      for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
        {
          g_autofree char *path = g_strdup_printf ("/engine/session-rewind/%s/%s", models[i], tests[t].name);

          g_test_add (path, Fixture, models[i], set_up, tests[t].func, tear_down);
        }
    }
  g_test_add ("/engine/session-rewind/phi3-longrope/long", Fixture, "phi3-longrope", set_up, test_long, tear_down);
  return g_test_run ();
}
