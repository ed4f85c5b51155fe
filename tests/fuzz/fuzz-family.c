/* Model families: whatever a file's metadata and list of tensors say, they are refused or make a plan
 * that plain C can carry out.
 *
 * An input is the beginning of a GGUF file; zeros stand in for the tensors' data, so that a small
 * input describes a whole model. What passes is prefilled, decoded and saved. */

#include "backend.h"
#include "family/program.h"
#include "format/gguf.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Of zeros; more than any of the tiny models in tests/engine/families has. */
#define N_ZEROS (512 * 1024)

#define N_CONTEXT 40
#define MOST_MEMORY (64 * 1024 * 1024)

static void
evaluate (SottoBackend *backend, SottoState *state, const SottoPlan *plan, guint first, guint n)
{
  gint32 tokens[N_CONTEXT];
  SottoBatch batch = { .tokens = tokens, .n_tokens = n, .position = first, .is_long = first % 2 == 1 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    tokens[i] = (gint32) ((first + i) * 7 % plan->n_vocabulary);
  if (backend->klass->run (backend, state, &batch, NULL, &error))
    g_assert_nonnull (backend->klass->get_output (backend, state));
  else
    g_assert_nonnull (error);
}

static void
carry_out (SottoBackend *backend, const SottoProgram *program)
{
  const SottoPlan *plan = &program->plan;
  guint most = program->n_context_most > 0 ? MIN (program->n_context_most, N_CONTEXT) : N_CONTEXT;
  SottoState *state;
  guint64 kv_cache;
  guint64 scratch;
  g_autofree guint8 *bytes = NULL;
  gsize n_bytes;

  sotto_backend_estimate (plan, most, SOTTO_KV_F16, &kv_cache, &scratch);
  if (kv_cache > MOST_MEMORY || scratch > MOST_MEMORY || most < 8)
    return;

  state = backend->klass->state_new (backend, plan, most, SOTTO_KV_F16, NULL, NULL);
  if (state == NULL)
    return;

  evaluate (backend, state, plan, 0, most - 2);
  if (!plan->whole_sequence)
    {
      evaluate (backend, state, plan, most - 2, 1);
      if (backend->klass->state_serves (backend, state, most - 1))
        {
          n_bytes = backend->klass->state_bytes (backend, state, most - 1);
          bytes = g_malloc (n_bytes);
          backend->klass->state_store (backend, state, most - 1, bytes, NULL);
          backend->klass->state_load (backend, state, most - 1, bytes, NULL);
          evaluate (backend, state, plan, most - 1, 1);
        }
    }
  backend->klass->state_free (backend, state);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static SottoBackend *backend;
  guint8 *padded = g_malloc0 (size + N_ZEROS);
  g_autoptr (GBytes) bytes = g_bytes_new_take (padded, size + N_ZEROS);
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (SottoProgram) program = NULL;
  g_autoptr (GError) error = NULL;

  if (backend == NULL)
    backend = sotto_backend_new_cpu (1, "reference", NULL);

  if (size > 0)
    memcpy (padded, data, size);
  gguf = sotto_gguf_parse (bytes, "fuzz.gguf", NULL);
  if (gguf == NULL)
    return 0;

  program = sotto_program_new (gguf, &error);
  g_assert_true ((program == NULL) == (error != NULL));
  if (program != NULL)
    carry_out (backend, program);

  return 0;
}
