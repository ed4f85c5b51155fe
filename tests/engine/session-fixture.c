#include "session-fixture.h"

#include <string.h>

static void
set_up (Fixture *self, gconstpointer data)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autoptr (GError) error = NULL;

  tiny.n_context = N_CONTEXT;
  if (data != NULL)
    {
      const SottoBlockInfo *info = data;

      tiny.type = info->type;
      tiny.family = "qwen2";
      tiny.tied = TRUE;
    }

  self->path = tiny_model_write_temporary (&tiny);
  self->model = sotto_model_open (self->path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  self->backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  self->session = sotto_session_new (self->model, self->backend, N_CONTEXT, SOTTO_KV_F16, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < N_CONTEXT; i++)
    self->tokens[i] = (gint32) (i * 31 + i / 7) % TINY_MODEL_VOCABULARY;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  sotto_session_free (self->session);
  sotto_backend_free (self->backend);
  sotto_model_unref (self->model);
  tiny_model_remove (self->path);
  g_free (self->path);
}

void
fixture_add (const char *path, const SottoBlockInfo *info, void (*test) (Fixture *self, gconstpointer data))
{
  g_test_add (path, Fixture, info, set_up, test, tear_down);
}

SottoSession *
fixture_new_session (Fixture *self, SottoKvType kv_type)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (self->model, self->backend, N_CONTEXT, kv_type, &error);

  g_assert_no_error (error);
  return session;
}

void
fixture_sync_to (SottoSession *session, const gint32 *tokens, guint n, guint expected_reuse)
{
  g_autoptr (GError) error = NULL;
  guint reused;

  sotto_session_sync (session, tokens, n, NULL, NULL, NULL, &reused, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (reused, ==, expected_reuse);
}

void
fixture_append (SottoSession *session, gint32 token)
{
  g_autoptr (GError) error = NULL;

  sotto_session_append (session, token, NULL, &error);
  g_assert_no_error (error);
}

float *
fixture_copy_logits (SottoSession *session)
{
  return g_memdup2 (sotto_session_get_logits (session), TINY_MODEL_VOCABULARY * sizeof (float));
}

void
fixture_assert_logits (SottoSession *session, const float *expected)
{
  g_assert_cmpmem (sotto_session_get_logits (session), TINY_MODEL_VOCABULARY * sizeof (float), expected,
                   TINY_MODEL_VOCABULARY * sizeof (float));
}

void
fixture_assert_near (SottoSession *session, const float *expected)
{
  const float *logits = sotto_session_get_logits (session);
  double squares = 0.0;
  double apart = 0.0;

  for (guint i = 0; i < TINY_MODEL_VOCABULARY; i++)
    {
      squares += (double) expected[i] * expected[i];
      apart += ((double) logits[i] - expected[i]) * ((double) logits[i] - expected[i]);
    }
  g_assert_cmpfloat (apart, <=, 1e-6 * squares);
}

void
fixture_assert_timeline (SottoSession *session, const gint32 *tokens, guint n)
{
  guint length;
  const gint32 *timeline = sotto_session_get_tokens (session, &length);

  g_assert_cmpmem (timeline, length * sizeof (gint32), tokens, n * sizeof (gint32));
}
