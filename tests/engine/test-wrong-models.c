/* Files that are not what their family says: each class is refused, and the error names the file and what is
 * wrong with it. What says nothing wrong comes through. */

#include "gguf-writer.h"
#include "plan-check.h"
#include "sotto-engine.h"
#include "sotto-model-private.h"
#include "text/tokenizer.h"
#include "tiny-model.h"

#include <string.h>

static const TinyModel defaults = TINY_MODEL_DEFAULTS;

/* Opens a model of these bytes; its file is gone again when this returns. */
static SottoModel *
open_bytes (GBytes *bytes, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-model-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "some.gguf", NULL);
  SottoModel *model;

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
  model = sotto_model_open (path, NULL, NULL, NULL, error);
  tiny_model_remove (path);
  return model;
}

typedef struct {
  const char *name;
  SottoEngineError code;
  const char *subject;
  const char *family;
  /* The first occurrence of one is replaced by the other, both of this length. */
  const char *from;
  const char *to;
  gsize length;
} Wrong;

#define PATCH(from, to) from, to, sizeof (from) - 1

static const Wrong wrong[] = {
  { "family", SOTTO_ENGINE_ERROR_FAMILY, "lloma", "llama",
    PATCH ("\5\0\0\0\0\0\0\0llama", "\5\0\0\0\0\0\0\0lloma") },
  { "family-array", SOTTO_ENGINE_ERROR_MALFORMED, "general.architecture", "llama",
    PATCH ("general.architecture\x8\0\0\0\5\0\0\0\0\0\0\0llama",
           "general.architecture\x9\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0l") },
  { "no-family", SOTTO_ENGINE_ERROR_MALFORMED, "general.architecture", "llama",
    PATCH ("general.architecture", "general.architekture") },
  { "missing-key", SOTTO_ENGINE_ERROR_MALFORMED, "llama.block_count", "llama",
    PATCH ("llama.block_count", "llama.block_caunt") },
  { "missing-epsilon", SOTTO_ENGINE_ERROR_MALFORMED, "llama.attention.layer_norm_rms_epsilon", "llama",
    PATCH ("layer_norm_rms_epsilon", "layer_norm_rms_epsalon") },
  { "no-layers", SOTTO_ENGINE_ERROR_MALFORMED, "llama.block_count", "llama",
    PATCH ("block_count\4\0\0\0\2", "block_count\4\0\0\0\0") },
  { "many-layers", SOTTO_ENGINE_ERROR_MALFORMED, "llama.block_count", "llama",
    PATCH ("block_count\4\0\0\0\2\0\0\0", "block_count\4\0\0\0\2\0\0\x7f") },
  { "key-type", SOTTO_ENGINE_ERROR_MALFORMED, "llama.embedding_length", "llama",
    PATCH ("embedding_length\4", "embedding_length\6") },
  { "odd-heads", SOTTO_ENGINE_ERROR_MALFORMED, "llama.attention.head_count_kv", "llama",
    PATCH ("head_count_kv\4\0\0\0\2", "head_count_kv\4\0\0\0\3") },
  { "more-layers", SOTTO_ENGINE_ERROR_TENSOR, "blk.2.attn_norm.weight", "llama",
    PATCH ("block_count\4\0\0\0\2", "block_count\4\0\0\0\3") },
  { "fewer-layers", SOTTO_ENGINE_ERROR_TENSOR, "blk.1.attn_q.weight", "llama",
    PATCH ("block_count\4\0\0\0\2", "block_count\4\0\0\0\1") },
  { "other-heads", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.attn_k.weight", "llama",
    PATCH ("head_count_kv\4\0\0\0\2", "head_count_kv\4\0\0\0\4") },
  { "missing-tensor", SOTTO_ENGINE_ERROR_TENSOR, "blk.1.ffn_down.weight", "llama",
    PATCH ("blk.1.ffn_down.weight", "blk.1.ffn_dawn.weight") },
  { "missing-embedding", SOTTO_ENGINE_ERROR_TENSOR, "token_embd.weight", "llama",
    PATCH ("token_embd.weight", "token_embb.weight") },
  { "missing-bias", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.attn_q.bias", "qwen2",
    PATCH ("blk.0.attn_q.bias", "blk.0.attn_q.bits") },
  { "unknown-tensor", SOTTO_ENGINE_ERROR_TENSOR, "outfit.weight", "llama",
    PATCH ("\15\0\0\0\0\0\0\0output.weight", "\15\0\0\0\0\0\0\0outfit.weight") },
  { "norm-shape", SOTTO_ENGINE_ERROR_TENSOR, "output_norm.weight", "llama",
    PATCH ("output_norm.weight\1\0\0\0\x40", "output_norm.weight\1\0\0\0\x20") },
  { "block-type", SOTTO_ENGINE_ERROR_BLOCK_TYPE, "I8", "llama",
    PATCH ("output_norm.weight\1\0\0\0\x40\0\0\0\0\0\0\0\0", "output_norm.weight\1\0\0\0\x40\0\0\0\0\0\0\0\x18") },
};

static void
test_wrong (gconstpointer data)
{
  const Wrong *self = data;
  TinyModel tiny = defaults;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GByteArray) array = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (GError) error = NULL;
  guint8 *place;

  tiny.family = self->family;
  array = g_bytes_unref_to_array (tiny_model_make (&tiny));
  place = memmem (array->data, array->len, self->from, self->length);
  g_assert_nonnull (place);
  memcpy (place, self->to, self->length);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&array));

  model = open_bytes (bytes, &error);
  g_assert_error (error, SOTTO_ENGINE_ERROR, (int) self->code);
  g_assert_null (model);
  g_test_message ("%s", error->message);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, self->subject);
  g_assert_nonnull (strstr (error->message, "some.gguf"));
  if (self->code == SOTTO_ENGINE_ERROR_FAMILY)
    g_assert_nonnull (strstr (error->message, "llama, qwen2"));
}

/* Keys that say what cannot be, a class each: the arithmetic trusts what comes through. */
typedef struct {
  const char *name;
  SottoEngineError code;
  const char *subject;
  const char *family;
  const char *scaling;
  const char *extra;
} WrongKey;

#define MALFORMED SOTTO_ENGINE_ERROR_MALFORMED
#define EXPERTS "expert_count=4 expert_used_count=3 "
#define DELTA "ssm.conv_kernel=4 ssm.state_size=16 ssm.time_step_rank=4 "

static const WrongKey wrong_keys[] = {
  { "experts-not-used", MALFORMED, "llama.expert_used_count", "llama", NULL, "expert_count=4" },
  { "experts-no-used", MALFORMED, "llama.expert_used_count", "llama", NULL, "expert_count=4 expert_used_count=0" },
  { "experts-overused", MALFORMED, "llama.expert_used_count", "llama", NULL, "expert_count=4 expert_used_count=5" },
  { "experts-many", MALFORMED, "llama.expert_count", "llama", NULL, "expert_count=4000000000" },
  { "experts-width", MALFORMED, "llama.expert_feed_forward_length", "llama", NULL,
    EXPERTS "expert_feed_forward_length=0" },
  { "experts-shared", MALFORMED, "llama.expert_shared_count", "llama", NULL,
    EXPERTS "expert_shared_count=4294967295" },
  { "groups-uneven", MALFORMED, "llama.expert_group_count", "llama", NULL, EXPERTS "expert_group_count=3" },
  { "groups-overused", MALFORMED, "llama.expert_group_used_count", "llama", NULL,
    EXPERTS "expert_group_count=2 expert_group_used_count=3" },
  { "groups-too-few", MALFORMED, "llama.expert_used_count", "llama", NULL,
    EXPERTS "expert_group_count=2 expert_group_used_count=1" },
  { "scores", SOTTO_ENGINE_ERROR_FAMILY, "llama (scores of experts)", "llama", NULL,
    EXPERTS "expert_gating_func=9" },
  { "dense-layers", MALFORMED, "llama.leading_dense_block_count", "llama", NULL, "leading_dense_block_count=3" },
  { "head-size", MALFORMED, "llama.attention.key_length", "llama", NULL, "attention.key_length=0" },
  { "head-huge", MALFORMED, "llama.attention.value_length", "llama", NULL, "attention.value_length=5000" },
  { "turned-odd", MALFORMED, "llama.rope.dimension_count", "llama", NULL, "rope.dimension_count=7" },
  { "turned-beyond", MALFORMED, "llama.rope.dimension_count", "llama", NULL, "rope.dimension_count=18" },
  { "window-type", MALFORMED, "llama.attention.sliding_window", "llama", NULL, "attention.sliding_window=4.5" },
  { "window-huge", MALFORMED, "llama.attention.sliding_window", "llama", NULL,
    "attention.sliding_window=4294967295" },
  { "pattern-short", MALFORMED, "llama.attention.sliding_window_pattern", "llama", NULL,
    "attention.sliding_window=8 attention.sliding_window_pattern=[1]" },
  { "pattern-value", MALFORMED, "llama.attention.sliding_window_pattern", "llama", NULL,
    "attention.sliding_window=8 attention.sliding_window_pattern=[1,-1]" },
  { "shared-caches", MALFORMED, "llama.attention.shared_kv_layers", "llama", NULL, "attention.shared_kv_layers=2" },
  { "shared-other-window", MALFORMED, "llama.attention.shared_kv_layers", "llama", NULL,
    "attention.shared_kv_layers=1 attention.sliding_window=8 attention.sliding_window_pattern=[1,0]" },
  { "ahead", MALFORMED, "llama.nextn_predict_layers", "llama", NULL, "nextn_predict_layers=2" },
  { "scale", MALFORMED, "llama.embedding_scale", "llama", NULL, "embedding_scale=-1.0" },
  { "scale-zero", MALFORMED, "llama.logit_scale", "llama", NULL, "logit_scale=0.0" },
  { "cap", MALFORMED, "llama.final_logit_softcapping", "llama", NULL, "final_logit_softcapping=-3.0" },
  { "cap-nan", MALFORMED, "llama.attn_logit_softcapping", "llama", NULL, "attn_logit_softcapping=nan." },
  { "causal-type", MALFORMED, "llama.attention.causal", "llama", NULL, "attention.causal=1" },
  { "pooling", MALFORMED, "llama.pooling_type", "llama", NULL, "pooling_type=9" },
  { "reranker", SOTTO_ENGINE_ERROR_FAMILY, "llama (a reranker)", "llama", NULL, "pooling_type=4" },
  { "inputs", MALFORMED, "llama.embedding_length_per_layer_input", "llama", NULL,
    "embedding_length_per_layer_input=100000" },
  { "base", MALFORMED, "llama.rope.freq_base", "llama", NULL, "rope.freq_base=0.0" },
  { "yarn-base", MALFORMED, "llama.rope.freq_base", "llama", "yarn", "rope.freq_base=1.0" },
  { "yarn-beta", MALFORMED, "llama.rope.scaling.yarn_beta_fast", "llama", "yarn",
    "rope.scaling.yarn_beta_fast=-1.0" },
  { "yarn-context", MALFORMED, "llama.rope.scaling.original_context_length", "llama", "yarn",
    "rope.scaling.original_context_length=0" },
  { "delta-missing", MALFORMED, "qwen35.ssm.conv_kernel", "qwen35", NULL, NULL },
  { "delta-kernel", MALFORMED, "qwen35.ssm.conv_kernel", "qwen35", NULL, "ssm.conv_kernel=1" },
  { "delta-heads", MALFORMED, "qwen35.ssm.group_count", "qwen35", NULL, DELTA "ssm.group_count=3" },
  { "delta-inner", MALFORMED, "qwen35.ssm.inner_size", "qwen35", NULL,
    DELTA "ssm.group_count=2 ssm.inner_size=65" },
  { "delta-which", MALFORMED, "qwen35.attention.recurrent_layers", "qwen35", NULL,
    "attention.recurrent_layers=[]" },
  { "convolution-missing", MALFORMED, "lfm2.shortconv.l_cache", "lfm2", NULL, "attention.head_count_kv=[0,2]" },
  { "convolution-one", MALFORMED, "lfm2.shortconv.l_cache", "lfm2", NULL,
    "attention.head_count_kv=[0,2] shortconv.l_cache=1" },
  { "convolution-huge", MALFORMED, "lfm2.shortconv.l_cache", "lfm2", NULL,
    "attention.head_count_kv=[0,2] shortconv.l_cache=4000000000" },
  { "convolution-short", MALFORMED, "lfm2.attention.head_count_kv", "lfm2", NULL,
    "attention.head_count_kv=[0] shortconv.l_cache=3" },
  { "convolution-tensors", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.shortconv.in_proj.weight", "lfm2", NULL,
    "attention.head_count_kv=[0,2] shortconv.l_cache=3" },
  { "scan-missing", MALFORMED, "granitehybrid.ssm.conv_kernel", "granitehybrid", NULL, "attention.head_count_kv=[0,2]" },
  { "scan-groups", MALFORMED, "granitehybrid.ssm.group_count", "granitehybrid", NULL,
    "attention.head_count_kv=[0,2] " DELTA "ssm.group_count=3" },
  { "scan-inner", MALFORMED, "granitehybrid.ssm.inner_size", "granitehybrid", NULL,
    "attention.head_count_kv=[0,2] " DELTA "ssm.group_count=2 ssm.inner_size=65" },
  { "scan-tensors", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.ssm_in.weight", "granitehybrid", NULL,
    "attention.head_count_kv=[0,2] " DELTA "ssm.group_count=2" },
  { "scan-beside", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.ssm_in.weight", "falcon-h1", NULL, DELTA "ssm.group_count=2" },
  { "one-part", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.attn_q.weight", "nemotron_h", NULL, DELTA "ssm.group_count=2" },
  { "xielu-missing", MALFORMED, "xielu.alpha_p", "apertus", NULL, NULL },
  { "sparsity-missing", MALFORMED, "gemma3n.activation_sparsity_scale", "gemma3n", NULL, NULL },
  { "sparsity-type", MALFORMED, "gemma3n.activation_sparsity_scale", "gemma3n", NULL, "activation_sparsity_scale=[1,1]" },
  { "streams-many", MALFORMED, "gemma3n.altup.num_inputs", "gemma3n", NULL,
    "activation_sparsity_scale=1 altup.num_inputs=5" },
  { "streams-active", SOTTO_ENGINE_ERROR_FAMILY, "gemma3n (layers of another residual than the first)", "gemma3n", NULL,
    "activation_sparsity_scale=1 altup.active_idx=1" },
  { "left-out", SOTTO_ENGINE_ERROR_FAMILY, "deci (a matrix in place of attention)", "deci", NULL,
    "attention.head_count_kv=[2,0]" },
  { "interleave", MALFORMED, "llama.interleave_moe_layer_step", "llama", NULL, "interleave_moe_layer_step=0" },
  { "latent-missing", MALFORMED, "deepseek2.attention.kv_lora_rank", "deepseek2", NULL, NULL },
  { "latent-turned", MALFORMED, "deepseek2.rope.dimension_count", "deepseek2", NULL,
    "attention.kv_lora_rank=32 rope.dimension_count=16" },
  { "latent-odd", MALFORMED, "deepseek2.rope.dimension_count", "deepseek2", NULL,
    "attention.kv_lora_rank=32 rope.dimension_count=7" },
  { "latent-tensors", SOTTO_ENGINE_ERROR_TENSOR, "blk.0.attn_kv_a_mqa.weight", "deepseek2", NULL,
    "attention.kv_lora_rank=32 rope.dimension_count=8" },
  { "companion", SOTTO_ENGINE_ERROR_FAMILY, "clip", "clip", NULL, NULL },
};

static void
test_wrong_key (gconstpointer data)
{
  const WrongKey *self = data;
  TinyModel tiny = defaults;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  tiny.family = self->family;
  tiny.rope_scaling = self->scaling;
  tiny.extra = self->extra;
  bytes = tiny_model_make (&tiny);
  g_assert_null (open_bytes (bytes, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SOTTO_ENGINE_ERROR, (int) self->code);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, self->subject);
}

/* What says nothing wrong comes through, and is a plan. */
static void
test_right_keys (void)
{
  static const char *const extras[] = {
    NULL,
    "attention.sliding_window=0",
    "attention.sliding_window=8",
    "attention.sliding_window=8 attention.sliding_window_pattern=[1,0]",
    "attention.sliding_window=8 attention.sliding_window_pattern=2",
    "rope.dimension_count=8 rope.freq_base=500.0",
    "attention.temperature_scale=0.1 attn_logit_softcapping=20.0 logit_scale=0.5",
    "pooling_type=3",
    "attention.clamp_kqv=8.0",
    "attention.shared_kv_layers=0 nextn_predict_layers=0 expert_count=0",
  };

  for (guint i = 0; i < G_N_ELEMENTS (extras); i++)
    {
      TinyModel tiny = defaults;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (SottoModel) model = NULL;
      g_autoptr (GError) error = NULL;

      tiny.extra = extras[i];
      bytes = tiny_model_make (&tiny);
      model = open_bytes (bytes, &error);
      g_assert_no_error (error);
      g_assert_cmpint (sotto_model_get_info (model)->is_embedding, ==, g_strcmp0 (extras[i], "pooling_type=3") == 0);
      plan_check (sotto_model_get_program (model));
    }
}

static void
test_unknown_scaling (void)
{
  TinyModel tiny = defaults;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  tiny.rope_scaling = "sideways";
  bytes = tiny_model_make (&tiny);
  g_assert_null (open_bytes (bytes, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_FAMILY);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "llama (RoPE: sideways)");
}

/* Values of another kind than the key has: numbers for strings, one for many, too few. */
static void
test_confusion (void)
{
  static const char *const keys[] = {
    "tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.token_type", "tokenizer.ggml.scores",
  };
  static const gint32 numbers[] = { 1, 1, 1 };
  static const char *const strings[] = { "a", "b", "c" };
  static const float scores[] = { 0, -1, -2 };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    for (guint way = 0; way < 5; way++)
      {
        g_autoptr (GgufWriter) writer = gguf_writer_new ();
        g_autoptr (GBytes) bytes = NULL;
        g_autoptr (SottoGguf) gguf = NULL;
        g_autoptr (SottoTokenizer) tokenizer = NULL;
        g_autoptr (GError) error = NULL;
        gboolean of_strings = i < 2;
        gboolean is_wrong = FALSE;

        gguf_writer_add_string (writer, "tokenizer.ggml.model", i == 3 ? "llama" : "gpt2");
        gguf_writer_add_string (writer, "tokenizer.ggml.pre", "gpt-2");
        for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
          {
            guint8 raw[12 + sizeof scores] = { SOTTO_GGUF_FLOAT32, 0, 0, 0, 3 };

            if (k == i && way > 0)
              {
                is_wrong = TRUE;
                if (way == 1 && of_strings)
                  gguf_writer_add_int32s (writer, keys[k], numbers, 3);
                else if (way == 1)
                  gguf_writer_add_strings (writer, keys[k], strings, 3);
                else if (way == 2)
                  gguf_writer_add_string (writer, keys[k], "a");
                else if (way == 3)
                  gguf_writer_add_uint32 (writer, keys[k], 3);
                else if (of_strings)
                  gguf_writer_add_raw (writer, keys[k], SOTTO_GGUF_ARRAY, raw, sizeof raw);
                else
                  gguf_writer_add_int32s (writer, keys[k], numbers, 2);
                continue;
              }
            memcpy (raw + 12, scores, sizeof scores);
            if (k < 2)
              gguf_writer_add_strings (writer, keys[k], strings, k == 0 ? 3 : 0);
            else if (k == 2)
              gguf_writer_add_int32s (writer, keys[k], numbers, 3);
            else
              gguf_writer_add_raw (writer, keys[k], SOTTO_GGUF_ARRAY, raw, sizeof raw);
          }
        bytes = gguf_writer_finish (writer);
        gguf = sotto_gguf_parse (bytes, "confused", &error);
        g_assert_no_error (error);
        tokenizer = sotto_tokenizer_new (gguf, &error);
        if (!is_wrong)
          {
            g_assert_no_error (error);
            continue;
          }
        g_assert_null (tokenizer);
        g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MALFORMED);
        g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, keys[i]);
        g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, "confused");
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wrong-models/unknown-scaling", test_unknown_scaling);
  g_test_add_func ("/wrong-models/right-keys", test_right_keys);
  g_test_add_func ("/wrong-models/kinds-of-values", test_confusion);
  for (guint i = 0; i < G_N_ELEMENTS (wrong_keys); i++)
    {
      g_autofree char *path = g_strconcat ("/wrong-models/key/", wrong_keys[i].name, NULL);

      g_test_add_data_func (path, &wrong_keys[i], test_wrong_key);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strconcat ("/wrong-models/file/", wrong[i].name, NULL);

      g_test_add_data_func (path, &wrong[i], test_wrong);
    }

  return g_test_run ();
}
