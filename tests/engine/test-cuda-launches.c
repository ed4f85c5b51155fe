/* How many kernels a token costs: each launch takes a large GPU one or two microseconds, of which a layer of 8B has some
 * fifty for its weights. Counted by rehearsing the walk of one token of a long sequence, over plans that have the steps of
 * their family and the sizes of a model; what a layer more costs is the layer's number, whatever stands before and behind.
 *
 * The numbers are what was reached: they may go down, with the table. */

#include "cuda-modules.h"
#include "cuda/walk.h"
#include "family/program.h"

#include <string.h>

/* Any address: nothing is read. */
#define NOWHERE ((guint8 *) (gsize) 0x10000)

enum { N_CONTEXT = 8192 };

typedef struct {
  const char *name;
  const char *family;
  SottoBlockType type;
  SottoBlockType value;     /* of V and of what leads down, as mixtures of types have it in half of their layers */
  guint n_embedding;
  guint n_heads, n_kv_heads, n_head;
  guint n_hidden;
  guint n_experts, n_used;  /* 0: those that the family's file has */
  guint n_of_layer;         /* launches */
  guint n_beside;           /* beside those of layers: before the first, behind the last */
} Case;

static const Case cases[] = {
  { "llama-8b", "llama.gguf", SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, 4096, 32, 8, 128, 14336, 0, 0, 10, 3 },
  { "llama-8b-mixed", "llama.gguf", SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q6_K, 4096, 32, 8, 128, 14336, 0, 0, 10, 3 },
  { "llama-8b-f16", "llama.gguf", SOTTO_BLOCK_F16, SOTTO_BLOCK_F16, 4096, 32, 8, 128, 14336, 0, 0, 10, 3 },
  { "llama-1b", "llama.gguf", SOTTO_BLOCK_Q8_0, SOTTO_BLOCK_Q8_0, 2048, 32, 8, 64, 8192, 0, 0, 10, 3 },
  { "gemma3-4b", "gemma3.gguf", SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, 2560, 8, 4, 256, 10240, 0, 0, 10, 4 },
  { "qwen3-8b", "qwen3.gguf", SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, 4096, 32, 8, 128, 12288, 0, 0, 10, 3 },
  { "qwen3-30b-a3b", "qwen3moe.gguf", SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, 2048, 32, 4, 128, 768, 128, 8, 12, 4 },
  { "qwen3-30b-a3b-mixed", "qwen3moe.gguf", SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q6_K, 2048, 32, 4, 128, 768, 128, 8, 12, 4 },
};

/* --- Plans of a model's sizes --- */

static void
resize (SottoWeight *weight, SottoBlockType type, guint n_rows, guint n_columns)
{
  const SottoBlockInfo *info = sotto_block_info (type);

  if (!sotto_weight_is_there (weight))
    return;
  weight->type = type;
  weight->n_rows = n_rows;
  weight->n_columns = n_columns;
  weight->row_bytes = n_columns / info->n_elements * info->n_bytes;
  weight->matrix_bytes = n_rows * weight->row_bytes;
}

static void
resize_step (const Case *of, SottoStep *step)
{
  const guint n = of->n_embedding, n_queries = of->n_heads * of->n_head, n_keys = of->n_kv_heads * of->n_head;

  switch (step->kind)
    {
    case SOTTO_STEP_QKV:
      step->qkv.n_heads = of->n_heads;
      step->qkv.n_key = step->qkv.query_stride = of->n_head;
      resize (&step->qkv.query, of->type, n_queries, n);
      resize (&step->qkv.key, of->type, n_keys, n);
      resize (&step->qkv.value, of->value, n_keys, n);
      break;
    case SOTTO_STEP_ATTEND:
      step->attend.n_heads = of->n_heads;
      break;
    case SOTTO_STEP_FEED:
      resize (&step->feed.gate, of->type, of->n_hidden, n);
      resize (&step->feed.up, of->type, of->n_hidden, n);
      break;
    case SOTTO_STEP_PROJECT:
      resize (&step->project.weight, step->project.from == SOTTO_BUFFER_HIDDEN ? of->value : of->type, n,
              step->project.from == SOTTO_BUFFER_HIDDEN ? of->n_hidden : n_queries);
      break;
    case SOTTO_STEP_EXPERTS:
      step->experts.n_experts = step->experts.gate.n_matrices = step->experts.up.n_matrices
        = step->experts.down.n_matrices = of->n_experts;
      step->experts.n_used = of->n_used;
      resize (&step->experts.router, SOTTO_BLOCK_F32, of->n_experts, n);
      resize (&step->experts.gate, of->type, of->n_hidden, n);
      resize (&step->experts.up, of->type, of->n_hidden, n);
      resize (&step->experts.down, of->value, n, of->n_hidden);
      break;
    case SOTTO_STEP_EMBED:
      resize (&step->embed.table, of->type, step->embed.table.n_rows, n);
      break;
    case SOTTO_STEP_LOGITS:
      resize (&step->logits.weight, of->value, step->logits.weight.n_rows, n);
      break;
    default:
      break;
    }
}

static SottoProgram *
open_program (const char *family)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", family, NULL);
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  SottoProgram *program;

  g_assert_no_error (error);
  program = sotto_program_new (gguf, &error);
  g_assert_no_error (error);
  return program;
}

/* The steps, resized, with @n_more times the last layer's. */
static GArray *
make_steps (const Case *of, const SottoPlan *plan, guint n_more)
{
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (SottoStep));
  guint end = plan->n_steps - 1, first = end;

  g_assert_cmpuint (plan->steps[end].kind, ==, SOTTO_STEP_LOGITS);
  while (first > 0 && plan->steps[first - 1].layer == plan->n_layers - 1)
    first--;
  g_array_append_vals (steps, plan->steps, end);
  for (guint i = 0; i < n_more; i++)
    g_array_append_vals (steps, plan->steps + first, end - first);
  g_array_append_val (steps, plan->steps[end]);
  for (guint i = 0; i < steps->len; i++)
    resize_step (of, &g_array_index (steps, SottoStep, i));
  return steps;
}

/* --- Counting --- */

/* What a token launches, a line each. */
static char *
rehearse (CudaModule *self, const SottoPlan *plan)
{
  const char *(*rehearsed) (SottoCudaDevice *device)
    = (const char *(*) (SottoCudaDevice *)) cuda_module_function (self, "sotto_cuda_emulation_rehearsed");
  g_autofree SottoCudaCache *caches = sotto_cuda_caches_describe (plan, N_CONTEXT, SOTTO_KV_F16);
  SottoCudaScratch scratch = { 0 };
  SottoCudaWalk walk = { .module = self->module, .device = self->device, .measures = TRUE, .rehearses = TRUE,
                         .plan = plan, .steps = plan->steps, .end_step = plan->n_steps, .caches = caches,
                         .scratch = &scratch, .n_rows = 1, .n_positions_most = N_CONTEXT, .all_logits = FALSE };

  /* Pieces lie apart, as they do on a device. */
  for (guint piece = 0; piece < SOTTO_N_ROWS; piece++)
    scratch.base[piece] = NOWHERE + ((gsize) piece << 32);
  self->module->rehearse (self->device, TRUE);
  cuda_check (self, sotto_cuda_walk (&walk));
  self->module->rehearse (self->device, FALSE);
  return g_strdup (rehearsed (self->device));
}

static guint
count_lines (const char *lines)
{
  guint n = 0;

  for (; (lines = strchr (lines, '\n')) != NULL; lines++)
    n++;
  return n;
}

static void
test_case (CudaModule *self, const Case *of)
{
  g_autoptr (SottoProgram) program = open_program (of->family);
  g_autofree SottoCacheShape *shapes = g_memdup2 (program->plan.caches, program->plan.n_caches * sizeof *shapes);
  SottoPlan plan = program->plan;
  guint counts[2];

  for (guint i = 0; i < plan.n_caches; i++)
    shapes[i] = (SottoCacheShape) { of->n_kv_heads, of->n_head, of->n_head, 0, shapes[i].window };
  plan.caches = shapes;
  plan.n_embedding = of->n_embedding;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (GArray) steps = make_steps (of, &program->plan, i);
      g_autofree char *lines = NULL;

      plan.steps = (const SottoStep *) (gconstpointer) steps->data;
      plan.n_steps = steps->len;
      lines = rehearse (self, &plan);
      counts[i] = count_lines (lines);
      if (i == 0)
        g_test_message ("%u layers:\n%s", plan.n_layers, lines);
    }
  g_test_message ("%u of a layer, %u beside", counts[1] - counts[0],
                  counts[0] - plan.n_layers * (counts[1] - counts[0]));
  g_assert_cmpuint (counts[1] - counts[0], ==, of->n_of_layer);
  g_assert_cmpuint (counts[0], ==, plan.n_layers * of->n_of_layer + of->n_beside);
}

static void
test_all (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].name);
      test_case (self, &cases[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cuda_test_add (argc, argv, "/launches", test_all);
  return g_test_run ();
}
