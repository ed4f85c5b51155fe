/* Real models, each tier: however the same timeline comes about, its logits are the same to the
 * bit: step by step, in batches of up to eight, with any number of threads, after a restored
 * session, and when the same stretches of prefill and decode are gone through again. Any other
 * way to cut it, and a prefix that is used again, stays near. */

#include "kernel-tier.h"
#include "sotto-engine.h"

#include <math.h>
#include <string.h>

#define N_CONTEXT 96u
#define N_PREFILL 21u
#define NEAR 3e-2 /* nats after any token: what many tokens at once lie from plain C (engine/EXACT.md) */

static const char text[] =
  "Down the Rabbit-Hole. Alice was beginning to get very tired of sitting by her sister on the "
  "bank, and of having nothing to do: once or twice she had peeped into the book her sister was "
  "reading, but it had no pictures or conversations in it, \"and what is the use of a book,\" "
  "thought Alice \"without pictures or conversation?\"";

typedef struct {
  SottoModel *model;
  SottoBackend *backend;
  GArray *tokens;
  guint n_tokens;
  guint n_vocabulary;
  float *steps;              /* (n_tokens, n_vocabulary): one after the other, one thread */
} Real;

static SottoSession *
new_session (const Real *self)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (self->model, self->backend, N_CONTEXT, SOTTO_KV_F16,
                                             &error);

  g_assert_no_error (error);

  return session;
}

/* Brings @session to the first @n tokens. */
static void
sync_to (const Real   *self,
         SottoSession *session,
         guint         n)
{
  g_autoptr (GError) error = NULL;

  sotto_session_sync (session, (const gint32 *) (gpointer) self->tokens->data, n, NULL, NULL, NULL,
                      NULL, &error);
  g_assert_no_error (error);
}

static void
append (const Real   *self,
        SottoSession *session,
        guint         i)
{
  g_autoptr (GError) error = NULL;

  sotto_session_append (session, g_array_index (self->tokens, gint32, i), NULL, &error);
  g_assert_no_error (error);
}

static void
assert_bits (const Real   *self,
             SottoSession *session,
             const float  *expected)
{
  gsize size = self->n_vocabulary * sizeof (float);

  g_assert_cmpmem (sotto_session_get_logits (session), size, expected, size);
}

static const float *
after (const Real *self,
       guint       n)
{
  return self->steps + (gsize) (n - 1) * self->n_vocabulary;
}

/* KL (p || q) in nats. */
static double
divergence (const float *p,
            const float *q,
            guint        n)
{
  double best_p = p[0];
  double best_q = q[0];
  double sum_p = 0.0;
  double sum_q = 0.0;
  double result = 0.0;

  for (guint i = 1; i < n; i++)
    {
      best_p = MAX (best_p, p[i]);
      best_q = MAX (best_q, q[i]);
    }
  for (guint i = 0; i < n; i++)
    {
      sum_p += exp (p[i] - best_p);
      sum_q += exp (q[i] - best_q);
    }
  for (guint i = 0; i < n; i++)
    {
      double log_p = p[i] - best_p - log (sum_p);

      result += exp (log_p) * (log_p - (q[i] - best_q - log (sum_q)));
    }

  return result;
}

/* --- Ways that give the same --- */

static void
make_steps (Real *self)
{
  g_autoptr (SottoSession) session = NULL;

  sotto_backend_set_threads (self->backend, 1);
  session = new_session (self);
  for (guint i = 0; i < self->n_tokens; i++)
    {
      if (i == 0)
        sync_to (self, session, 1);
      else
        append (self, session, i);
      memcpy (self->steps + (gsize) i * self->n_vocabulary, sotto_session_get_logits (session),
              self->n_vocabulary * sizeof (float));
    }
}

static void
check_batches (const Real *self)
{
  for (guint batch = 2; batch <= 8; batch++)
    {
      g_autoptr (SottoSession) session = new_session (self);

      sotto_backend_set_threads (self->backend, 1 + batch % 3);
      for (guint n = batch; n <= self->n_tokens; n += batch)
        {
          sync_to (self, session, n);
          assert_bits (self, session, after (self, n));
        }
    }
}

static void
check_threads (const Real *self)
{
  for (guint n_threads = 2; n_threads <= 5; n_threads++)
    {
      g_autoptr (SottoSession) session = new_session (self);

      sotto_backend_set_threads (self->backend, n_threads);
      for (guint i = 0; i < MIN (self->n_tokens, 12); i++)
        {
          if (i == 0)
            sync_to (self, session, 1);
          else
            append (self, session, i);
          assert_bits (self, session, after (self, i + 1));
        }
    }
}

/* A prompt in one piece, then steps; saved in between and gone on with elsewhere; all of it once
 * more with another number of threads. */
static void
check_replay (const Real *self)
{
  gsize row = self->n_vocabulary * sizeof (float);
  g_autofree float *expected = g_malloc (row * self->n_tokens);
  g_autoptr (GBytes) state = NULL;

  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (SottoSession) session = new_session (self);

      sotto_backend_set_threads (self->backend, 1 + round);
      sync_to (self, session, N_PREFILL);
      for (guint n = N_PREFILL; n <= self->n_tokens; n++)
        {
          const float *logits;

          if (n > N_PREFILL)
            append (self, session, n - 1);
          logits = sotto_session_get_logits (session);
          if (round == 0)
            {
              memcpy (expected + (gsize) (n - 1) * self->n_vocabulary, logits, row);
              g_assert_cmpfloat (divergence (after (self, n), logits, self->n_vocabulary), <, NEAR);
            }
          else
            {
              assert_bits (self, session, expected + (gsize) (n - 1) * self->n_vocabulary);
            }
          if (round == 0 && n == N_PREFILL + 3)
            {
              g_autoptr (GError) error = NULL;

              state = sotto_session_save (session, &error);
              g_assert_no_error (error);
            }
        }
    }

  {
    g_autoptr (SottoSession) restored = new_session (self);
    g_autoptr (GError) error = NULL;

    sotto_session_restore (restored, state, &error);
    g_assert_no_error (error);
    assert_bits (self, restored, expected + (gsize) (N_PREFILL + 2) * self->n_vocabulary);
    for (guint n = N_PREFILL + 4; n <= self->n_tokens; n++)
      {
        append (self, restored, n - 1);
        assert_bits (self, restored, expected + (gsize) (n - 1) * self->n_vocabulary);
      }

    /* A prefix of it used again. */
    sync_to (self, restored, N_PREFILL - 5);
    sync_to (self, restored, self->n_tokens);
    g_assert_cmpfloat (divergence (after (self, self->n_tokens), sotto_session_get_logits (restored),
                                   self->n_vocabulary),
                       <, NEAR);
  }
}

/* --- Models and tiers --- */

static SottoBackend *
open_backend (const char *tier)
{
  g_autoptr (GError) error = NULL;
  SottoBackend *backend = sotto_backend_new_cpu (1, tier, &error);

  if (backend == NULL)
    {
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
      g_test_skip (error->message);
    }

  return backend;
}

static void
test_model (gconstpointer data)
{
  const char *const *parts = data; /* file, tier */
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", "models", parts[0], NULL);
  gboolean plain = g_str_equal (parts[1], "reference");
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autofree float *steps = NULL;
  g_autoptr (GError) error = NULL;
  Real self;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the model is not there");
      return;
    }
  if ((backend = open_backend (parts[1])) == NULL)
    return;

  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_FAMILY))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);
  g_assert_nonnull (sotto_model_hash (model, NULL, NULL, NULL, NULL));
  tokens = sotto_model_tokenize (model, text, -1, FALSE);
  self = (Real) {
    .model = model,
    .backend = backend,
    .tokens = tokens,
    /* Plain C is slow. */
    .n_tokens = MIN (tokens->len, plain ? N_PREFILL + 5 : 48),
    .n_vocabulary = sotto_model_get_info (model)->n_vocabulary,
  };
  g_assert_cmpuint (self.n_tokens, >=, N_PREFILL + 5);
  self.steps = steps = g_new (float, (gsize) self.n_tokens * self.n_vocabulary);

  make_steps (&self);
  check_threads (&self);
  check_batches (&self);
  check_replay (&self);
}

int
main (int    argc,
      char **argv)
{
  static const char *const models[] = {
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf",
    "gemma-3-270m-q4_k_m.gguf",
  };
  static const char *const tiers[] = { KERNEL_TIERS };
  static const char *cases[G_N_ELEMENTS (models) * G_N_ELEMENTS (tiers)][2];

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    for (guint j = 0; j < G_N_ELEMENTS (tiers); j++)
      {
        const char **parts = cases[i * G_N_ELEMENTS (tiers) + j];
        g_autofree char *path = g_strdup_printf ("/same-bits/%s/%s", models[i], tiers[j]);

        parts[0] = models[i];
        parts[1] = tiers[j];
        g_test_add_data_func (path, parts, test_model);
      }

  return g_test_run ();
}
