/* A file may mix block types as it likes: a model whose matrices are of every type there is gives what
 * the same weights give in F32, in plain C to the last bits, in the fast tiers as near as their 8-bit
 * activations allow. NVFP4's scales of a whole matrix count. Types that no file keeps weights in are
 * refused by their names. (That the blocks mean what they should: test-blocks.c.) */

#include "format/gguf.h"
#include "gguf-writer.h"
#include "kernel-tier.h"
#include "sotto-engine.h"
#include "tiny-model.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define N_TOKENS 24

/* Every type that has weights, in an order that puts unlike ones beside each other: q, k and v of a layer
 * are multiplied with the same activations, which types of one kind round alike. */
static const SottoBlockType all_types[] = {
  SOTTO_BLOCK_Q4_0,    SOTTO_BLOCK_Q6_K,   SOTTO_BLOCK_F16,     SOTTO_BLOCK_IQ4_XS, SOTTO_BLOCK_Q5_1,
  SOTTO_BLOCK_Q3_K,    SOTTO_BLOCK_BF16,   SOTTO_BLOCK_IQ2_XXS, SOTTO_BLOCK_Q8_0,   SOTTO_BLOCK_Q2_K,
  SOTTO_BLOCK_F32,     SOTTO_BLOCK_IQ1_S,  SOTTO_BLOCK_MXFP4,   SOTTO_BLOCK_Q4_K,   SOTTO_BLOCK_NVFP4,
  SOTTO_BLOCK_IQ3_XXS, SOTTO_BLOCK_Q4_1,   SOTTO_BLOCK_IQ1_M,   SOTTO_BLOCK_Q8_K,   SOTTO_BLOCK_IQ2_XS,
  SOTTO_BLOCK_Q5_0,    SOTTO_BLOCK_TQ1_0,  SOTTO_BLOCK_Q5_K,    SOTTO_BLOCK_IQ3_S,  SOTTO_BLOCK_IQ4_NL,
  SOTTO_BLOCK_TQ2_0,   SOTTO_BLOCK_IQ2_S,
};

/* The same file with other matrices: of the types in turn, or what those stand for in F32. */
typedef struct {
  const SottoBlockType *types;
  guint n_types;
  gboolean dequantised;
  gboolean scaled; /* NVFP4's matrices get a scale of their own, and one of what they are multiplied with */
} Recipe;

static void
copy_values (const SottoGguf *gguf, GgufWriter *writer)
{
  for (guint i = 0; i < sotto_gguf_get_n_values (gguf); i++)
    {
      const SottoGgufValue *value = sotto_gguf_get_value (gguf, i);
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      if (value->type == SOTTO_GGUF_ARRAY)
        {
          guint32 type = (guint32) value->element_type;

          g_byte_array_append (bytes, (const guint8 *) &type, sizeof type);
          g_byte_array_append (bytes, (const guint8 *) &value->n_elements, sizeof value->n_elements);
        }
      g_byte_array_append (bytes, value->data, (guint) value->n_bytes);
      gguf_writer_add_raw (writer, value->key, (guint32) value->type, bytes->data, bytes->len);
    }
}

/* 0.5 for the first of them, 1.5 for the next …: no matrix may take its neighbour's. */
static float
get_scale (guint matrix)
{
  return 0.5f + (float) (matrix % 3);
}

static void
add_matrix (GgufWriter *writer, const Recipe *recipe, const SottoGgufTensor *tensor, guint matrix,
            guint64 *seed)
{
  SottoBlockType type = recipe->types[matrix % recipe->n_types];
  const SottoBlockInfo *info = sotto_block_info (type);
  gsize n = tensor->shape[0] * tensor->shape[1];
  g_autofree guint8 *blocks = NULL;
  g_autofree float *floats = g_new (float, n);
  g_autofree char *stem = g_strndup (tensor->name, strlen (tensor->name) - strlen (".weight"));
  g_autofree char *scale_name = g_strconcat (stem, ".scale", NULL);
  g_autofree char *input_name = g_strconcat (stem, ".input_scale", NULL);
  gboolean scaled = recipe->scaled && type == SOTTO_BLOCK_NVFP4;
  float scale = get_scale (matrix), input = 0.01f;

  if (info == NULL) /* what is to be refused */
    {
      gguf_writer_add_tensor (writer, tensor->name, type, tensor->shape[0], tensor->shape[1], NULL);
      return;
    }

  blocks = tiny_model_random_blocks (type, tensor->shape[0], tensor->shape[1], seed);
  info->dequantise (blocks, floats, n);
  for (gsize i = 0; i < n && scaled; i++)
    floats[i] *= scale;

  gguf_writer_add_tensor (writer, tensor->name, recipe->dequantised ? SOTTO_BLOCK_F32 : type,
                          tensor->shape[0], tensor->shape[1],
                          recipe->dequantised ? (gconstpointer) floats : blocks);
  if (scaled && !recipe->dequantised)
    {
      gguf_writer_add_tensor (writer, scale_name, SOTTO_BLOCK_F32, 1, 1, &scale);
      gguf_writer_add_tensor (writer, input_name, SOTTO_BLOCK_F32, 1, 1, &input);
    }
}

static GBytes *
make_file (const Recipe *recipe)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;
  guint64 seed = 5;
  guint n_matrices = 0;

  tiny.type = SOTTO_BLOCK_Q8_K; /* rows of 256, which all types divide */
  tiny.n_layers = 4;            /* 28 matrices, and those of both ends */
  bytes = tiny_model_make (&tiny);
  gguf = sotto_gguf_parse (bytes, "tiny", &error);
  g_assert_no_error (error);

  copy_values (gguf, writer);
  for (guint i = 0; i < sotto_gguf_get_n_tensors (gguf); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (gguf, i);

      if (tensor->n_dimensions == 2)
        add_matrix (writer, recipe, tensor, n_matrices++, &seed);
      else
        gguf_writer_add_tensor (writer, tensor->name, SOTTO_BLOCK_F32, tensor->shape[0], 1,
                                tensor->data);
    }
  g_assert_cmpuint (n_matrices, ==, 30);

  return gguf_writer_finish (writer);
}

/* --- Running it --- */

static SottoModel *
open_bytes (GBytes *bytes, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-mixed-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "mixed.gguf", NULL);
  SottoModel *model;

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
  model = sotto_model_open (path, NULL, NULL, NULL, error);
  g_unlink (path);
  g_rmdir (folder);

  return model;
}

/* The logits behind a prompt, and behind one token more: prefill and decode. (2, n_tokens) */
static float *
compute (const Recipe *recipe, const char *tier, guint *n)
{
  g_autoptr (GBytes) bytes = make_file (recipe);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = open_bytes (bytes, &error);
  SottoBackend *backend;
  SottoSession *session;
  gint32 tokens[N_TOKENS];
  float *logits;

  g_assert_no_error (error);
  backend = sotto_backend_new_cpu (1, tier, &error);
  if (backend == NULL)
    return NULL;
  session = sotto_session_new (model, backend, 64, SOTTO_KV_F32, &error);
  g_assert_no_error (error);

  *n = TINY_MODEL_VOCABULARY;
  logits = g_new (float, 2 * *n);
  for (guint i = 0; i < N_TOKENS; i++)
    tokens[i] = (gint32) (i * 37 % 256);
  sotto_session_sync (session, tokens, N_TOKENS, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  memcpy (logits, sotto_session_get_logits (session), *n * sizeof *logits);
  sotto_session_append (session, 65, NULL, &error);
  g_assert_no_error (error);
  memcpy (logits + *n, sotto_session_get_logits (session), *n * sizeof *logits);

  sotto_session_free (session);
  sotto_backend_free (backend);

  return logits;
}

/* How far they lie apart, against how far they spread. */
static double
get_distance (const float *a, const float *b, guint n)
{
  double difference = 0, spread = 0;

  for (guint i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
      difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      spread += (double) b[i] * b[i];
    }

  return sqrt (difference / spread);
}

typedef struct {
  const char *name;
  Recipe recipe;
  double bound;
  const char *tier;
} Case;

static void
test_same_as_floats (gconstpointer data)
{
  const Case *self = data;
  Recipe floats = self->recipe;
  g_autofree float *exact = NULL;
  g_autofree float *mixed = NULL;
  guint n;

  floats.dequantised = TRUE;
  mixed = compute (&self->recipe, self->tier, &n);
  if (mixed == NULL)
    {
      g_test_skip_printf ("this processor has no %s", self->tier);
      return;
    }
  exact = compute (&floats, "reference", &n);

  for (guint i = 0; i < 2; i++)
    {
      double distance = get_distance (mixed + i * n, exact + i * n, n);

      g_test_message ("%s: %.2e", i == 0 ? "prefill" : "decode", distance);
      g_assert_cmpfloat (distance, <=, self->bound);
    }

  if (self->recipe.scaled)
    {
      g_autofree float *unscaled = NULL;
      Recipe without = floats;

      /* So that the comparison says something about them. */
      without.scaled = FALSE;
      unscaled = compute (&without, "reference", &n);
      g_assert_cmpfloat (get_distance (unscaled, exact, n), >, 0.05);
    }
}

/* --- What is no weight --- */

static void
test_refused (gconstpointer data)
{
  const SottoBlockType types[] = { SOTTO_BLOCK_F32, (SottoBlockType) GPOINTER_TO_UINT (data) };
  const char *name = sotto_block_name ((guint32) types[1]);
  const Recipe recipe = { types, G_N_ELEMENTS (types), FALSE, FALSE };
  g_autoptr (GBytes) bytes = make_file (&recipe);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = open_bytes (bytes, &error);

  g_assert_null (model);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BLOCK_TYPE);
  g_test_message ("%s", error->message);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, name);
  g_assert_nonnull (strstr (error->message, name));
  g_assert_nonnull (strstr (error->message, "mixed.gguf"));
}

static const SottoBlockType only_nvfp4[] = { SOTTO_BLOCK_NVFP4, SOTTO_BLOCK_Q8_0 };

#define MIXED { all_types, G_N_ELEMENTS (all_types), FALSE, FALSE }
#define SCALED { only_nvfp4, G_N_ELEMENTS (only_nvfp4), FALSE, TRUE }

/* With the bound of tiers that round activations, most of those of many tokens to 8 bits. */
static const Case cases[] = {
  { "every-type", MIXED, 2e-2 },
  { "nvfp4-scales", SCALED, 4e-2 },
};

int
main (int argc, char **argv)
{
  static const char *const tiers[] = { KERNEL_TIERS };
  /* Q8_1 (activations on their way), whole numbers, F64, and two newer ones that are not read. */
  static const guint32 refused[] = { 9, 24, 25, 26, 27, 28, 41, 42 };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint t = 0; t < G_N_ELEMENTS (tiers); t++)
      {
        g_autofree char *path = g_strdup_printf ("/mixed-types/%s/%s", cases[i].name, tiers[t]);
        Case *own = g_new (Case, 1);

        *own = cases[i];
        own->tier = tiers[t];
        if (t == 0)
          own->bound = 1e-5; /* plain C */
        g_test_add_data_func_full (path, own, test_same_as_floats, g_free);
      }
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = g_strconcat ("/mixed-types/refused/", sotto_block_name (refused[i]), NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (refused[i]), test_refused);
    }

  return g_test_run ();
}
