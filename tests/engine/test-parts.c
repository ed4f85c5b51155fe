/* A batch whose scratch would be large is computed in parts (engine/cpu/backend-cpu.c): less memory, the same bits. */

#include "sotto-engine.h"

/* A whole piece of prefill. */
#define N_TOKENS 512u

/* Its rows: what FEED leaves, and the residual, what is normed and what attention leaves, with the integers of 16 bits
 * that are multiplied. */
#define FILE_NAME "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf"
#define ROW_BYTES (4864u * (sizeof (float) + sizeof (gint16)) + 896u * (3 * sizeof (float) + 2 * sizeof (gint16)))

static void
test_same_bits (void)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", "models", FILE_NAME, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoSession) session = NULL;
  g_autofree float *logits = NULL;
  gint32 tokens[N_TOKENS];
  gsize n_bytes;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the model is not there");
      return;
    }
  backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  session = sotto_session_new (model, backend, N_TOKENS, SOTTO_KV_F16, &error);
  g_assert_no_error (error);
  n_bytes = sotto_model_get_info (model)->n_vocabulary * sizeof *logits;
  for (guint i = 0; i < N_TOKENS; i++)
    tokens[i] = (gint32) (1000 + i * 7919 % 30000);

  sotto_session_sync (session, tokens, N_TOKENS, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sotto_session_get_memory (session).scratch, <, N_TOKENS * ROW_BYTES);
  logits = g_memdup2 (sotto_session_get_logits (session), n_bytes);

  /* In pieces that need none. */
  tokens[0]++;
  sotto_session_sync (session, tokens, 1, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  tokens[0]--;
  sotto_session_sync (session, tokens, 200, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  sotto_session_sync (session, tokens, N_TOKENS, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (sotto_session_get_logits (session), n_bytes, logits, n_bytes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/parts/same-bits", test_same_bits);
  return g_test_run ();
}
