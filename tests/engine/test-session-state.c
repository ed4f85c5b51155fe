/* Saving and restoring a session: what comes back goes on as it would have, and what does not fit is
 * refused and changes nothing. */

#include "session-fixture.h"

#include <string.h>

static GBytes *
save (SottoSession *session)
{
  g_autoptr (GError) error = NULL;
  GBytes *state = sotto_session_save (session, &error);

  g_assert_no_error (error);
  return state;
}

static void
test_save (Fixture *self, gconstpointer data)
{
  static const SottoKvType types[] = { SOTTO_KV_F16, SOTTO_KV_F32 };

  g_assert_nonnull (sotto_model_hash (self->model, NULL, NULL, NULL, NULL));

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (SottoSession) first = fixture_new_session (self, types[i]);
      g_autoptr (SottoSession) second = fixture_new_session (self, types[i]);
      g_autoptr (GBytes) state = NULL;
      g_autoptr (GBytes) again = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree float *logits = NULL;

      fixture_sync_to (first, self->tokens, 300, 0);
      fixture_append (first, self->tokens[300]);
      state = save (first);

      /* What was in it before is gone. */
      fixture_sync_to (second, self->tokens + 100, 500, 0);
      sotto_session_restore (second, state, &error);
      g_assert_no_error (error);
      fixture_assert_timeline (second, self->tokens, 301);
      logits = fixture_copy_logits (first);
      fixture_assert_logits (second, logits);
      again = save (second);
      g_assert_true (g_bytes_equal (state, again));

      /* Both go on alike. */
      for (guint k = 301; k < 310; k++)
        {
          g_autofree float *expected = NULL;

          fixture_append (first, self->tokens[k]);
          fixture_append (second, self->tokens[k]);
          expected = fixture_copy_logits (first);
          fixture_assert_logits (second, expected);
        }
    }
}

static void
test_save_empty (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GError) error = NULL;

  /* Bound to a hash that nobody has taken yet. */
  g_assert_null (sotto_session_save (self->session, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_STATE);
  g_clear_error (&error);

  g_assert_nonnull (sotto_model_hash (self->model, NULL, NULL, NULL, NULL));
  state = save (self->session);
  g_assert_cmpuint (g_bytes_get_size (state), ==, 172);
  fixture_sync_to (self->session, self->tokens, 5, 0);
  g_assert_true (sotto_session_restore (self->session, state, &error));
  fixture_assert_timeline (self->session, NULL, 0);
  g_assert_null (sotto_session_get_logits (self->session));
}

/* A copy of @state with a uint32 of its header or timeline set. */
static GBytes *
with_word (GBytes *state, gsize offset, guint32 value)
{
  gsize length;
  guint8 *copy = g_memdup2 (g_bytes_get_data (state, &length), g_bytes_get_size (state));

  value = GUINT32_TO_LE (value);
  memcpy (copy + offset, &value, sizeof value);
  return g_bytes_new_take (copy, length);
}

static GBytes *
with_byte (GBytes *state)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (state, &length);
  guint8 *copy = g_malloc0 (length + 1);

  memcpy (copy, data, length);
  return g_bytes_new_take (copy, length + 1);
}

static void
test_restore_refuses (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) small = NULL;
  g_autoptr (SottoSession) exact = fixture_new_session (self, SOTTO_KV_F32);
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GPtrArray) bad = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  g_autofree float *expected = NULL;
  gsize length;

  g_assert_nonnull (sotto_model_hash (self->model, NULL, NULL, NULL, NULL));
  fixture_sync_to (self->session, self->tokens, 20, 0);
  state = save (self->session);
  length = g_bytes_get_size (state);

  g_ptr_array_add (bad, g_bytes_new_static ("", 0));
  for (gsize cut = 1; cut < length; cut += cut < 200 ? 1 : 997)
    g_ptr_array_add (bad, g_bytes_new_from_bytes (state, 0, cut));
  g_ptr_array_add (bad, g_bytes_new_from_bytes (state, 0, length - 1));
  g_ptr_array_add (bad, with_byte (state));
  g_ptr_array_add (bad, with_word (state, 0, 0));                          /* magic */
  g_ptr_array_add (bad, with_word (state, 8, 3));                          /* format */
  g_ptr_array_add (bad, with_word (state, 28, 1));                         /* long */
  g_ptr_array_add (bad, with_word (state, 12, SOTTO_NUMERICS_VERSION + 1));
  g_ptr_array_add (bad, with_word (state, 16, SOTTO_KV_F32));
  g_ptr_array_add (bad, with_word (state, 20, 19));                        /* tokens */
  g_ptr_array_add (bad, with_word (state, 20, G_MAXUINT32));
  g_ptr_array_add (bad, with_word (state, 24, 0));                         /* logits */
  g_ptr_array_add (bad, with_word (state, 24, G_MAXUINT32));
  g_ptr_array_add (bad, with_word (state, 32, 0));                         /* hash */
  g_ptr_array_add (bad, with_word (state, 96, 0));                         /* who computed it */
  g_ptr_array_add (bad, with_word (state, 160, 1));                        /* stretches */
  g_ptr_array_add (bad, with_word (state, 160, G_MAXUINT32));
  g_ptr_array_add (bad, with_word (state, 164, 1));                        /* checkpoints */
  g_ptr_array_add (bad, with_word (state, 164, G_MAXUINT32));
  g_ptr_array_add (bad, with_word (state, 168, 1));                        /* grids */
  g_ptr_array_add (bad, with_word (state, 168, G_MAXUINT32));
  g_ptr_array_add (bad, with_word (state, 172, TINY_MODEL_VOCABULARY));    /* first token */
  g_ptr_array_add (bad, with_word (state, 172, G_MAXINT32));

  fixture_append (self->session, self->tokens[20]);
  expected = fixture_copy_logits (self->session);
  for (guint i = 0; i < bad->len; i++)
    {
      g_assert_false (sotto_session_restore (self->session, bad->pdata[i], &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_STATE);
      g_assert_nonnull (sotto_engine_error_get_arguments (error)->subject);
      g_clear_error (&error);
      fixture_assert_timeline (self->session, self->tokens, 21);
      fixture_assert_logits (self->session, expected);
    }

  g_assert_false (sotto_session_restore (exact, state, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_STATE);
  g_clear_error (&error);
  small = sotto_session_new (self->model, self->backend, 10, SOTTO_KV_F16, NULL);
  g_assert_false (sotto_session_restore (small, state, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_STATE);
}

/* A state of one model is none of another, even of the same shape. */
static void
test_restore_other_model (Fixture *self, gconstpointer data)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GError) error = NULL;

  tiny.seed = 2;
  tiny.n_context = N_CONTEXT;
  path = tiny_model_write_temporary (&tiny);
  model = sotto_model_open (path, NULL, NULL, NULL, NULL);
  session = sotto_session_new (model, self->backend, N_CONTEXT, SOTTO_KV_F16, NULL);
  g_assert_nonnull (sotto_model_hash (model, NULL, NULL, NULL, NULL));
  g_assert_nonnull (sotto_model_hash (self->model, NULL, NULL, NULL, NULL));

  fixture_sync_to (self->session, self->tokens, 20, 0);
  state = save (self->session);
  g_assert_false (sotto_session_restore (session, state, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_STATE);
  fixture_assert_timeline (session, NULL, 0);

  tiny_model_remove (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  fixture_add ("/session-state/save", NULL, test_save);
  fixture_add ("/session-state/save-empty", NULL, test_save_empty);
  fixture_add ("/session-state/restore-refuses", NULL, test_restore_refuses);
  fixture_add ("/session-state/restore-other-model", NULL, test_restore_other_model);

  return g_test_run ();
}
