/* Vision files that are none, or wrong in one place: each is refused, and the error names what is wrong. What is right is described,
 * and says which models can see with it. And how long a picture takes an encoder of the usual size. */

#include "gguf-writer.h"
#include "sotto-engine.h"
#include "sotto-model-private.h"
#include "sotto-vision-private.h"
#include "vision-fixture.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

typedef struct {
  const char *name;
  const char *file;
  SottoEngineError code;
  const char *subject;
  /* The first occurrence of one is replaced by the other, both of this length. */
  const char *from;
  const char *to;
  gsize length;
} Wrong;

#define PATCH(from, to) from, to, sizeof (from) - 1
#define MALFORMED SOTTO_ENGINE_ERROR_MALFORMED
#define TENSOR SOTTO_ENGINE_ERROR_TENSOR
#define FAMILY SOTTO_ENGINE_ERROR_FAMILY

static const Wrong wrong[] = {
  { "architecture", "gemma3", FAMILY, "clap", PATCH ("\4\0\0\0\0\0\0\0clip", "\4\0\0\0\0\0\0\0clap") },
  { "no-architecture", "gemma3", MALFORMED, "general.architecture", PATCH ("general.architecture", "general.architekture") },
  { "projector", "gemma3", FAMILY, "gemmo3", PATCH ("\6\0\0\0\0\0\0\0gemma3", "\6\0\0\0\0\0\0\0gemmo3") },
  { "no-projector", "gemma3", MALFORMED, "clip.projector_type", PATCH ("projector_type", "projektor_type") },
  { "no-eyes", "gemma3", FAMILY, "clip", PATCH ("has_vision_encoder\7\0\0\0\1", "has_vision_encoder\7\0\0\0\0") },
  { "eyes-number", "gemma3", MALFORMED, "clip.has_vision_encoder", PATCH ("has_vision_encoder\7", "has_vision_encoder\0") },
  { "no-side", "gemma3", MALFORMED, "clip.vision.image_size", PATCH ("vision.image_size", "vision.image_saze") },
  { "side-0", "gemma3", MALFORMED, "clip.vision.image_size", PATCH ("image_size\4\0\0\0\x20", "image_size\4\0\0\0\0") },
  { "side-huge", "gemma3", MALFORMED, "clip.vision.image_size", PATCH ("image_size\4\0\0\0\x20\0\0", "image_size\4\0\0\0\x20\0\1") },
  { "side-many", "gemma3", MALFORMED, "clip.vision.patch_size", PATCH ("image_size\4\0\0\0\x20\0", "image_size\4\0\0\0\0\x08") },
  { "patch-0", "gemma3", MALFORMED, "clip.vision.patch_size", PATCH ("patch_size\4\0\0\0\4", "patch_size\4\0\0\0\0") },
  { "patch-large", "gemma3", MALFORMED, "clip.vision.patch_size", PATCH ("patch_size\4\0\0\0\4", "patch_size\4\0\0\0\x21") },
  { "patch-other", "gemma3", TENSOR, "v.position_embd.weight", PATCH ("patch_size\4\0\0\0\4", "patch_size\4\0\0\0\2") },
  { "width", "gemma3", TENSOR, "v.position_embd.weight",
    PATCH ("embedding_length\4\0\0\0\x18", "embedding_length\4\0\0\0\x1b") },
  { "feed", "gemma3", TENSOR, "v.blk.0.ffn_up.weight",
    PATCH ("feed_forward_length\4\0\0\0\x30", "feed_forward_length\4\0\0\0\x31") },
  { "feed-0", "gemma3", MALFORMED, "clip.vision.feed_forward_length",
    PATCH ("feed_forward_length\4\0\0\0\x30", "feed_forward_length\4\0\0\0\0") },
  { "feed-huge", "gemma3", MALFORMED, "clip.vision.feed_forward_length",
    PATCH ("feed_forward_length\4\0\0\0\x30\0\0", "feed_forward_length\4\0\0\0\x30\0\4") },
  { "layers-more", "gemma3", TENSOR, "v.blk.2.ln1.weight", PATCH ("block_count\4\0\0\0\2", "block_count\4\0\0\0\3") },
  { "layers-fewer", "gemma3", TENSOR, NULL, PATCH ("block_count\4\0\0\0\2", "block_count\4\0\0\0\1") },
  { "layers-huge", "gemma3", MALFORMED, "clip.vision.block_count",
    PATCH ("block_count\4\0\0\0\2\0\0\0", "block_count\4\0\0\0\2\0\0\x7f") },
  { "heads", "gemma3", MALFORMED, "clip.vision.attention.head_count", PATCH ("head_count\4\0\0\0\3", "head_count\4\0\0\0\5") },
  { "heads-0", "gemma3", MALFORMED, "clip.vision.attention.head_count", PATCH ("head_count\4\0\0\0\3", "head_count\4\0\0\0\0") },
  { "epsilon", "gemma3", MALFORMED, "clip.vision.attention.layer_norm_epsilon",
    PATCH ("layer_norm_epsilon\6", "layer_norm_epsilon\4") },
  { "no-mean", "gemma3", MALFORMED, "clip.vision.image_mean", PATCH ("vision.image_mean", "vision.image_maen") },
  { "mean-kind", "gemma3", MALFORMED, "clip.vision.image_mean", PATCH ("image_mean\x9\0\0\0\6", "image_mean\x9\0\0\0\5") },
  { "deviation-0", "gemma3", MALFORMED, "clip.vision.image_std",
    PATCH ("image_std\x9\0\0\0\6\0\0\0\3\0\0\0\0\0\0\0\0\0\0\x3f", "image_std\x9\0\0\0\6\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0") },
  { "deviation-nan", "gemma3", MALFORMED, "clip.vision.image_std",
    PATCH ("image_std\x9\0\0\0\6\0\0\0\3\0\0\0\0\0\0\0\0\0\0\x3f", "image_std\x9\0\0\0\6\0\0\0\3\0\0\0\0\0\0\0\0\0\xc0\x7f") },
  { "gelu", "gemma3", MALFORMED, "clip.use_gelu", PATCH ("use_gelu\7", "use_gelu\0") },
  { "no-patches", "gemma3", TENSOR, "v.patch_embd.weight", PATCH ("v.patch_embd.weight", "v.patch_ambd.weight") },
  { "no-norm", "gemma3", TENSOR, "v.blk.1.ln2.weight", PATCH ("v.blk.1.ln2.weight", "v.blk.1.ln3.weight") },
  { "no-bias", "gemma3", TENSOR, "v.blk.1.ln3.bias", PATCH ("v.blk.1.ln2.bias", "v.blk.1.ln3.bias") },
  { "no-soft-norm", "gemma3", TENSOR, "mm.soft_emb_norm", PATCH ("mm.soft_emb_norm", "mm.soft_amb_norm") },
  { "no-projection", "gemma3", TENSOR, "mm.input_projection.weight", PATCH ("mm.input_projection", "mm.input_projektion") },
  { "scale-odd", "idefics3", MALFORMED, "clip.vision.projector.scale_factor",
    PATCH ("scale_factor\4\0\0\0\2", "scale_factor\4\0\0\0\3") },
  { "scale-0", "idefics3", MALFORMED, "clip.vision.projector.scale_factor",
    PATCH ("scale_factor\4\0\0\0\2", "scale_factor\4\0\0\0\0") },
  { "no-scale", "idefics3", MALFORMED, "clip.vision.projector.scale_factor", PATCH ("scale_factor", "scale_faktor") },
  { "scale-other", "idefics3", TENSOR, "mm.model.fc.weight", PATCH ("scale_factor\4\0\0\0\2", "scale_factor\4\0\0\0\1") },
  { "longest-0", "idefics3", MALFORMED, "clip.vision.preproc_image_size",
    PATCH ("preproc_image_size\4\0\0\0\x30", "preproc_image_size\4\0\0\0\0") },
  { "longest-many", "idefics3", MALFORMED, "clip.vision.preproc_image_size",
    PATCH ("preproc_image_size\4\0\0\0\x30\0", "preproc_image_size\4\0\0\0\x30\x10") },
  { "feature-layer", "mlp", MALFORMED, "clip.vision.feature_layer",
    PATCH ("feature_layer\x9\0\0\0\5\0\0\0\1\0\0\0\0\0\0\0\2", "feature_layer\x9\0\0\0\5\0\0\0\1\0\0\0\0\0\0\0\1") },
  { "no-class", "mlp", TENSOR, "v.position_embd.weight", PATCH ("v.class_embd", "v.klass_embd") },
  { "second", "mlp", TENSOR, "mm.2.weight", PATCH ("mm.2.weight", "mm.3.weight") },
  { "grid-heads", "qwen2vl", MALFORMED, "clip.vision.attention.head_count",
    PATCH ("head_count\4\0\0\0\3", "head_count\4\0\0\0\4") },
  { "grid-layers", "qwen2vl", TENSOR, NULL, PATCH ("block_count\4\0\0\0\4", "block_count\4\0\0\0\3") },
  { "grid-patch", "qwen2vl", TENSOR, "v.patch_embd.weight", PATCH ("patch_size\4\0\0\0\4", "patch_size\4\0\0\0\5") },
  { "frame", "qwen2vl", TENSOR, "v.patch_embd.weight.2", PATCH ("v.patch_embd.weight.1", "v.patch_embd.weight.2") },
  { "no-windows", "qwen25vl", MALFORMED, "clip.vision.n_wa_pattern", PATCH ("n_wa_pattern", "n_wa_pettern") },
  { "windows-0", "qwen25vl", MALFORMED, "clip.vision.n_wa_pattern", PATCH ("n_wa_pattern\4\0\0\0\2", "n_wa_pattern\4\0\0\0\0") },
  { "patch-window", "qwen25vl", MALFORMED, "clip.vision.image_size", PATCH ("image_size\4\0\0\0\x20\0", "image_size\4\0\0\0\0\x20") },
  { "no-gate", "qwen25vl", TENSOR, "v.blk.1.ffn_gate.bias", PATCH ("v.blk.1.ffn_gate.weight", "v.blk.1.ffn_gete.weight") },
  { "merge-0", "qwen3vl", MALFORMED, "clip.vision.spatial_merge_size",
    PATCH ("spatial_merge_size\4\0\0\0\2", "spatial_merge_size\4\0\0\0\0") },
  { "merge-many", "qwen3vl", MALFORMED, "clip.vision.spatial_merge_size",
    PATCH ("spatial_merge_size\4\0\0\0\2", "spatial_merge_size\4\0\0\0\4") },
  { "merge-other", "qwen3vl", TENSOR, "mm.0.weight", PATCH ("spatial_merge_size\4\0\0\0\2", "spatial_merge_size\4\0\0\0\1") },
  { "deep-last", "qwen3vl", TENSOR, NULL, PATCH ("v.deepstack.2.fc1.weight", "v.deepstack.3.fc1.weight") },
  { "deep-half", "qwen3vl", TENSOR, "v.deepstack.2.fc2.weight", PATCH ("v.deepstack.2.fc2.weight", "v.deepstack.1.fc2.weight") },
  { "no-lines", "pixtral", TENSOR, "mm.1.weight", PATCH ("mm.patch_merger.weight", "mm.patch_margar.weight") },
  { "lines-many", "pixtral", MALFORMED, "clip.vision.spatial_merge_size",
    PATCH ("spatial_merge_size\4\0\0\0\2", "spatial_merge_size\4\0\0\0\x40") },
  { "table", "qwen3vl", TENSOR, "v.position_embd.weight", PATCH ("image_size\4\0\0\0\x30", "image_size\4\0\0\0\x34") },
};

static GBytes *
read_file (const char *stem)
{
  g_autofree char *file = g_strconcat (stem, ".gguf", NULL);
  g_autofree char *path = vision_fixture_path (file);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

static void
test_wrong (gconstpointer data)
{
  const Wrong *self = data;
  g_autoptr (GBytes) bytes = read_file (self->file);
  gsize length;
  g_autofree char *copy = g_memdup2 (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));
  g_autoptr (GBytes) patched = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  SottoVision *vision;
  char *at = memmem (copy, length, self->from, self->length);

  g_assert_nonnull (at);
  memcpy (at, self->to, self->length);
  patched = g_bytes_new (copy, length);
  gguf = sotto_gguf_parse (patched, "wrong.gguf", &error);
  g_assert_no_error (error);
  vision = sotto_vision_new (gguf, &error);
  g_assert_null (vision);
  g_assert_error (error, SOTTO_ENGINE_ERROR, (gint) self->code);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, "wrong.gguf");
  if (self->subject != NULL)
    g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, self->subject);
  g_assert_nonnull (strstr (error->message, sotto_engine_error_get_arguments (error)->subject));
}

static void
test_model (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", "gemma3.gguf", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (sotto_vision_open (path, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_FAMILY);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "gemma3");
  g_clear_error (&error);
  g_assert_null (sotto_vision_open ("/nowhere/eyes.gguf", NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_OPEN);
}

static void
test_description (void)
{
  g_autofree char *path = vision_fixture_path ("gemma3.gguf");
  g_autofree char *other_path = vision_fixture_path ("idefics3.gguf");
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoVision) vision = sotto_vision_open (path, NULL, &error);
  g_autoptr (SottoVision) again = sotto_vision_open (path, NULL, &error);
  g_autoptr (SottoVision) other = sotto_vision_open (other_path, NULL, &error);
  const SottoVisionInfo *info = sotto_vision_get_info (vision);

  g_assert_no_error (error);
  g_assert_cmpstr (info->kind, ==, "gemma3");
  g_assert_cmpstr (info->name, ==, "Tiny and random");
  g_assert_cmpuint (info->n_embedding, ==, 16);
  g_assert_cmpuint (info->weight_bytes, >, 40000);
  g_assert_cmpstr (info->stamp, ==, sotto_vision_get_info (again)->stamp);
  g_assert_cmpstr (info->stamp, !=, sotto_vision_get_info (other)->stamp);
}

/* --- A real model, in the small --- */

static char *
find_colours (void)
{
  const char *cache = g_getenv ("SOTTO_CACHE");
  const char *user = g_getenv ("XDG_CACHE_HOME");
  g_autofree char *own = g_build_filename (g_get_home_dir (), ".cache", NULL);
  g_autofree char *folder = g_build_filename (user != NULL ? user : own, "sotto-build", NULL);

  return g_build_filename (cache != NULL ? cache : folder, "colours", "mmproj-SmolLM2-135M-Instruct.gguf", NULL);
}

static SottoImage *
paint (guint red, guint green, guint blue, guint width, guint height)
{
  g_autoptr (GByteArray) pixels = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < width * height; i++)
    g_byte_array_append (pixels, (const guint8[]) { (guint8) red, (guint8) green, (guint8) blue }, 3);
  bytes = g_bytes_new (pixels->data, pixels->len);
  return sotto_image_new (bytes, width, height, NULL);
}

/* The row of a picture is nearest to the embedding of its colour's name: computed by the model's own EMBED step. */
static guint
find_nearest (const float *row, const SottoModel *model)
{
  const SottoPlan *plan = &sotto_model_get_program (model)->plan;
  const SottoWeight *table = &plan->steps[0].embed.table;
  g_autofree float *other = g_new (float, plan->n_embedding);
  double least = INFINITY;
  guint nearest = 0;

  for (guint token = 0; token < plan->n_vocabulary; token++)
    {
      double distance = 0;

      sotto_block_info (table->type)
        ->dequantise ((const guint8 *) table->data + token * table->row_bytes, other, plan->n_embedding);
      for (guint i = 0; i < plan->n_embedding; i++)
        distance += pow ((double) (row[i] - other[i]), 2);
      if (distance < least)
        {
          least = distance;
          nearest = token;
        }
    }
  return nearest;
}

static void
test_colours (void)
{
  static const struct {
    const char *name;
    guint red, green, blue;
  } colours[] = {
    { " red", 250, 8, 5 },    { " green", 0, 240, 0 },      { " blue", 20, 10, 255 }, { " yellow", 255, 255, 0 },
    { " white", 255, 255, 255 }, { " black", 0, 0, 0 },     { " gray", 128, 128, 128 },
  };
  g_autofree char *path = find_colours ();
  g_autofree char *model_path = g_build_filename (g_get_user_data_dir (), "sotto", "models", "SmolLM2-135M-Instruct.Q4_1.gguf",
                                                  NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoVision) vision = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, &error);

  g_assert_no_error (error);
  if (!g_file_test (path, G_FILE_TEST_EXISTS) || !g_file_test (model_path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("SmolLM2-135M is not here, or tests/engine/vision/make-colours was not run");
      return;
    }
  vision = sotto_vision_open (path, NULL, &error);
  g_assert_no_error (error);
  model = sotto_model_open (model_path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sotto_vision_fits (vision, model));

  for (guint i = 0; i < G_N_ELEMENTS (colours); i++)
    {
      g_autoptr (SottoImage) image = paint (colours[i].red, colours[i].green, colours[i].blue, 90, 40 + 5 * i);
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree float *rows = NULL;
      guint n_rows;

      rows = sotto_vision_encode (vision, backend, image, NULL, NULL, NULL, &n_rows, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (n_rows, ==, 1);
      sotto_model_append_token_text (model, (gint32) find_nearest (rows, model), FALSE, text);
      g_assert_cmpstr (text->str, ==, colours[i].name);
    }
}

/* Models of another size or family, or without the tokens, cannot see with it. */
static void
test_fits (void)
{
  static const char *const families[] = { "gemma3", "llama", "qwen2" };
  static const char *const names[] = { "gemma3", "idefics3", "mlp" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (families); j++)
      {
        g_autofree char *file = g_strconcat (names[i], ".gguf", NULL);
        g_autofree char *path = vision_fixture_path (file);
        g_autofree char *model_file = g_strconcat (families[j], ".gguf", NULL);
        g_autofree char *model_path = g_test_build_filename (G_TEST_DIST, "engine", "families", model_file, NULL);
        g_autoptr (GError) error = NULL;
        g_autoptr (SottoVision) vision = sotto_vision_open (path, NULL, &error);
        g_autoptr (SottoModel) model = NULL;

        g_assert_no_error (error);
        model = sotto_model_open (model_path, NULL, NULL, NULL, &error);
        g_assert_no_error (error);
        g_assert_false (sotto_vision_fits (vision, model)); /* 16 floats a row, not 32 */
        vision->sizes.n_output = 32;
        g_assert_cmpint (sotto_vision_fits (vision, model), ==, i == 2 && j > 0); /* the others' tokens are missing */
      }
}

/* --- Speed --- */

#define LAYERS 12
#define WIDTH 768
#define FEED 3072
#define SIDE 512
#define PATCH_SIDE 16

static void
add_matrix (GgufWriter *writer, const char *base, guint layer, guint columns, guint rows, const void *halves)
{
  g_autofree char *name = g_strdup_printf ("v.blk.%u.%s.weight", layer, base);
  g_autofree char *bias = g_strdup_printf ("v.blk.%u.%s.bias", layer, base);

  gguf_writer_add_tensor (writer, name, SOTTO_BLOCK_F16, columns, rows, halves);
  gguf_writer_add_tensor (writer, bias, SOTTO_BLOCK_F32, rows, 1, NULL);
}

/* SigLIP's base, 93 M parameters in F16, as SmolVLM has it. */
static GBytes *
make_base (void)
{
  static const char *const square[] = { "attn_q", "attn_k", "attn_v", "attn_out" };
  static const float half[] = { 0.5f, 0.5f, 0.5f };
  const guint64 patch_shape[] = { PATCH_SIDE, PATCH_SIDE, 3, WIDTH };
  guint8 color[12 + sizeof half] = { SOTTO_GGUF_FLOAT32, 0, 0, 0, 3 };
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  gsize n = (gsize) FEED * FEED;
  g_autofree guint16 *halves = g_new (guint16, n);

  /* from 2^-7 to 2^-5, of either sign */
  for (gsize i = 0; i < n; i++)
    halves[i] = (guint16) (0x2000 + g_rand_int_range (random, 0, 0x800) + (g_rand_boolean (random) ? 0x8000 : 0));
  memcpy (color + 12, half, sizeof half);
  gguf_writer_add_string (writer, "general.architecture", "clip");
  gguf_writer_add_string (writer, "clip.projector_type", "idefics3");
  gguf_writer_add_bool (writer, "clip.has_vision_encoder", TRUE);
  gguf_writer_add_bool (writer, "clip.use_gelu", TRUE);
  gguf_writer_add_uint32 (writer, "clip.vision.image_size", SIDE);
  gguf_writer_add_uint32 (writer, "clip.vision.preproc_image_size", SIDE);
  gguf_writer_add_uint32 (writer, "clip.vision.patch_size", PATCH_SIDE);
  gguf_writer_add_uint32 (writer, "clip.vision.embedding_length", WIDTH);
  gguf_writer_add_uint32 (writer, "clip.vision.feed_forward_length", FEED);
  gguf_writer_add_uint32 (writer, "clip.vision.block_count", LAYERS);
  gguf_writer_add_uint32 (writer, "clip.vision.attention.head_count", 12);
  gguf_writer_add_uint32 (writer, "clip.vision.projector.scale_factor", 4);
  gguf_writer_add_raw (writer, "clip.vision.image_mean", SOTTO_GGUF_ARRAY, color, sizeof color);
  gguf_writer_add_raw (writer, "clip.vision.image_std", SOTTO_GGUF_ARRAY, color, sizeof color);

  gguf_writer_add_shape (writer, "v.patch_embd.weight", SOTTO_BLOCK_F16, 4, patch_shape, halves);
  gguf_writer_add_tensor (writer, "v.position_embd.weight", SOTTO_BLOCK_F16, WIDTH, SIDE * SIDE / PATCH_SIDE / PATCH_SIDE, halves);
  for (guint i = 0; i < LAYERS; i++)
    {
      for (guint k = 0; k < G_N_ELEMENTS (square); k++)
        add_matrix (writer, square[k], i, WIDTH, WIDTH, halves);
      add_matrix (writer, "ffn_up", i, WIDTH, FEED, halves);
      add_matrix (writer, "ffn_down", i, FEED, WIDTH, halves);
      for (guint k = 1; k <= 2; k++)
        {
          g_autofree char *weight = g_strdup_printf ("v.blk.%u.ln%u.weight", i, k);

          gguf_writer_add_tensor (writer, weight, SOTTO_BLOCK_F16, WIDTH, 1, halves);
        }
    }
  gguf_writer_add_tensor (writer, "mm.model.fc.weight", SOTTO_BLOCK_F16, 16 * WIDTH, 576, halves);
  return gguf_writer_finish (writer);
}

static double
get_processor_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Megabytes at the most so far */
static double
get_peak (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) usage.ru_maxrss / 1024;
}

static gpointer
stop_later (gpointer cancel)
{
  g_usleep (700 * 1000);
  sotto_cancel_raise (cancel);
  return NULL;
}

/* How long SOTTO_EYES, a file such as vision/make-real makes, looks at a picture of SOTTO_EYES_SIDES, and how soon it stops. */
static void
test_speed_of_file (void)
{
  const char *path = g_getenv ("SOTTO_EYES");
  const char *sides = g_getenv ("SOTTO_EYES_SIDES");
  g_auto (GStrv) both = g_strsplit (sides != NULL ? sides : "1024x1024", "x", 2);
  g_autoptr (SottoVision) vision = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, NULL);
  g_autoptr (SottoImage) image = NULL;
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;
  g_autofree float *rows = NULL;
  guint width, height, n_rows;
  double before, peak;
  gint64 start;

  if (path == NULL || both[0] == NULL || both[1] == NULL)
    {
      g_test_skip ("SOTTO_EYES names no file");
      return;
    }
  width = (guint) g_ascii_strtoull (both[0], NULL, 10);
  height = (guint) g_ascii_strtoull (both[1], NULL, 10);
  image = vision_fixture_make_image (width, height);
  vision = sotto_vision_open (path, NULL, &error);
  g_assert_no_error (error);

  start = g_get_monotonic_time ();
  g_thread_unref (g_thread_new ("stop", stop_later, cancel));
  rows = sotto_vision_encode (vision, backend, image, NULL, NULL, cancel, &n_rows, &error);
  g_assert_null (rows);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_test_message ("stopped within %.0f ms", (double) (g_get_monotonic_time () - start) / 1e3 - 700);
  g_clear_error (&error);

  peak = get_peak ();
  before = get_processor_seconds ();
  start = g_get_monotonic_time ();
  rows = sotto_vision_encode (vision, backend, image, NULL, NULL, NULL, &n_rows, &error);
  g_assert_no_error (error);
  g_test_message ("%s, %u by %u: %.1f s, of processors %.1f s, %u rows; %.0f MB were reckoned, %.0f MB of %.0f MB weights are there more",
                  sotto_backend_get_name (backend), width, height, (double) (g_get_monotonic_time () - start) / 1e6,
                  get_processor_seconds () - before, n_rows,
                  (double) sotto_vision_estimate_memory (vision, width, height) / 1048576, get_peak () - peak,
                  (double) sotto_vision_get_info (vision)->weight_bytes / 1048576);
}

static void
test_speed (void)
{
  g_autoptr (GBytes) bytes = make_base ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, "base.gguf", &error);
  g_autoptr (SottoVision) vision = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, NULL);
  g_autoptr (SottoImage) image = vision_fixture_make_image (SIDE, SIDE);

  g_assert_no_error (error);
  vision = sotto_vision_new (gguf, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      double before = get_processor_seconds ();
      gint64 start = g_get_monotonic_time ();
      g_autofree float *rows = NULL;
      guint n_rows;

      rows = sotto_vision_encode (vision, backend, image, NULL, NULL, NULL, &n_rows, &error);
      g_assert_no_error (error);
      g_test_message ("%s: %.2f s, of processors %.2f s, %u rows", sotto_backend_get_name (backend),
                      (double) (g_get_monotonic_time () - start) / 1e6, get_processor_seconds () - before, n_rows);
    }
}

/* When the flag was raised. */
typedef struct {
  SottoCancel *cancel;
  gint64 raised;
} Raising;

static gpointer
raise_later (gpointer data)
{
  Raising *self = data;

  g_usleep (300 * 1000);
  self->raised = g_get_monotonic_time ();
  sotto_cancel_raise (self->cancel);
  return NULL;
}

static void
test_stop (void)
{
  g_autoptr (GBytes) bytes = make_base ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, "base.gguf", &error);
  g_autoptr (SottoVision) vision = sotto_vision_new (gguf, &error);
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, NULL);
  g_autoptr (SottoImage) image = vision_fixture_make_image (SIDE, SIDE);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  Raising raising = { .cancel = cancel };
  GThread *thread = g_thread_new ("raise", raise_later, &raising);
  float *rows;
  guint n_rows;
  gint64 end;

  rows = sotto_vision_encode (vision, backend, image, NULL, NULL, cancel, &n_rows, &error);
  end = g_get_monotonic_time ();
  g_thread_join (thread);
  g_assert_null (rows);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_test_message ("stopped within %.0f ms", (double) (end - raising.raised) / 1e3);
}

/* A grid needs a model whose positions have axes, and of whose layers as many take more of a picture as there are rows for. */
static void
test_fits_grids (void)
{
  static const struct {
    const char *name;
    const char *model;
    gboolean fits;
  } cases[] = {
    { "qwen2vl", "qwen2vl", TRUE }, { "qwen25vl", "qwen2vl", TRUE }, { "qwen2vl", "qwen2", FALSE },  { "qwen2vl", "qwen3vl", FALSE },
    { "qwen3vl", "qwen3vl", FALSE }, { "qwen3vl", "qwen3", FALSE },  { "qwen3vl", "qwen2vl", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *file = g_strconcat (cases[i].name, ".gguf", NULL);
      g_autofree char *path = vision_fixture_path (file);
      g_autofree char *model_file = g_strconcat (cases[i].model, ".gguf", NULL);
      g_autofree char *model_path = g_test_build_filename (G_TEST_DIST, "engine", "families", model_file, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoVision) vision = sotto_vision_open (path, NULL, &error);
      g_autoptr (SottoModel) model = sotto_model_open (model_path, NULL, NULL, NULL, &error);
      SottoVisionKind kind = *vision->kind;

      g_assert_no_error (error);
      vision->sizes.n_output = 32;
      g_assert_false (sotto_vision_fits (vision, model)); /* the tokens are missing */
      kind.tokens = NULL;
      vision->kind = &kind;
      g_assert_cmpint (sotto_vision_fits (vision, model), ==, cases[i].fits);
      if (g_str_equal (cases[i].name, "qwen3vl") && g_str_equal (cases[i].model, "qwen3vl"))
        {
          g_array_set_size (vision->plans.deep, 1); /* the fixture's model has one such layer, its eyes are for two */
          g_assert_true (sotto_vision_fits (vision, model));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strconcat ("/vision-files/wrong/", wrong[i].name, NULL);

      g_test_add_data_func (path, &wrong[i], test_wrong);
    }
  g_test_add_func ("/vision-files/model", test_model);
  g_test_add_func ("/vision-files/description", test_description);
  g_test_add_func ("/vision-files/fits", test_fits);
  g_test_add_func ("/vision-files/fits/grids", test_fits_grids);
  g_test_add_func ("/vision-files/colours", test_colours);
  if (g_test_perf ())
    {
      g_test_add_func ("/vision-files/speed/encode", test_speed);
      g_test_add_func ("/vision-files/speed/stop", test_stop);
      g_test_add_func ("/vision-files/speed/file", test_speed_of_file);
    }

  return g_test_run ();
}
