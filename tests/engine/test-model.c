/* Opening and describing a model. (Files that are not what their family says: test-wrong-models.c.) */

#include "gguf-writer.h"
#include "plan-check.h"
#include "sotto-engine.h"
#include "sotto-model-private.h"
#include "tiny-model.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

static const TinyModel defaults = TINY_MODEL_DEFAULTS;

static SottoModel *
open_model (const char *path)
{
  g_autoptr (GError) error = NULL;
  SottoModel *model = sotto_model_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return model;
}

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

static void
test_info (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoModel) model = open_model (path);
  const SottoModelInfo *info = sotto_model_get_info (model);
  const guint width = 64;
  /* Two embeddings, and in each of two layers: Q and O, K and V of half their rows, three of the
   * feed-forward, two norms; one norm at the end. */
  guint64 n = 2 * 262 * width
              + 2 * (2 * width * width + 2 * width * width / 2 + 3 * width * 2 * width + 2 * width) + width;

  g_assert_cmpstr (info->path, ==, path);
  g_assert_cmpstr (info->name, ==, "Tiny");
  g_assert_cmpstr (info->family, ==, "llama");
  g_assert_cmpstr (info->licence, ==, "apache-2.0");
  g_assert_null (info->size_label);
  g_assert_cmpstr (info->quantisation, ==, "F32");
  g_assert_cmpuint (info->n_parameters, ==, n);
  g_assert_cmpuint (info->weight_bytes, ==, 4 * n);
  g_assert_cmpuint (info->n_layers, ==, 2);
  g_assert_cmpuint (info->n_vocabulary, ==, TINY_MODEL_VOCABULARY);
  g_assert_cmpuint (info->n_context_trained, ==, 256);
  g_assert_true (info->has_template);
  g_assert_false (info->is_base);
  g_assert_cmpuint (sotto_model_estimate_memory (model, 0).weights, ==, 4 * n);
  /* Two layers, two heads of 16, keys and values, two bytes each. */
  g_assert_cmpuint (sotto_model_estimate_memory (model, 256).kv_cache, >=, 256 * 2 * 2 * 16 * 2 * 2);

  tiny_model_remove (path);
}

static void
test_text (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoModel) model = open_model (path);
  const char *text = "Zażółć the gęślą jaźń\n<|im_end|>";
  g_autoptr (GArray) tokens = sotto_model_tokenize (model, text, -1, FALSE);
  g_autoptr (GArray) special = sotto_model_tokenize (model, "a<|im_end|>", -1, TRUE);
  g_autoptr (GString) back = g_string_new (NULL);

  for (guint i = 0; i < tokens->len; i++)
    {
      g_assert_cmpint (g_array_index (tokens, gint32, i), <, TINY_MODEL_BOS);
      sotto_model_append_token_text (model, g_array_index (tokens, gint32, i), FALSE, back);
    }
  g_assert_cmpstr (back->str, ==, text);

  g_assert_cmpuint (special->len, ==, 2);
  g_assert_cmpint (g_array_index (special, gint32, 0), ==, 'a');
  g_assert_cmpint (g_array_index (special, gint32, 1), ==, TINY_MODEL_END);
  g_assert_true (sotto_model_is_end_token (model, TINY_MODEL_END));
  g_assert_false (sotto_model_is_end_token (model, 'a'));
  g_assert_cmpint (sotto_model_get_bos_token (model), ==, -1);

  tiny_model_remove (path);
}

static void
test_render (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoModel) model = open_model (path);
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoPrompt) prompt = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, TINY_MODEL_CHAT, -1);
  guint n_start = 0, n_end = 0;

  sotto_messages_append (messages, "user", "hi<|im_end|>");
  prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (prompt->text->str, ==,
                   "<|im_start|>user\nhi<|im_end|><|im_end|>\n<|im_start|>assistant\n");
  g_assert_cmpstr (prompt->template_hash, ==, hash);
  g_assert_null (prompt->date);

  /* What the user typed is text, what the template says is a control token. */
  for (guint i = 0; i < prompt->tokens->len; i++)
    {
      n_start += g_array_index (prompt->tokens, gint32, i) == TINY_MODEL_START;
      n_end += g_array_index (prompt->tokens, gint32, i) == TINY_MODEL_END;
    }
  g_assert_cmpuint (n_start, ==, 2);
  g_assert_cmpuint (n_end, ==, 1);

  tiny_model_remove (path);
}

/* A template that does not compile is told when it is needed; all else works. */
static void
test_bad_template (void)
{
  TinyModel tiny = defaults;
  g_autofree char *path = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (GError) error = NULL;

  tiny.template_source = "{% for %}";
  path = tiny_model_write_temporary (&tiny);
  model = open_model (path);
  sotto_messages_append (messages, "user", "hi");
  for (guint i = 0; i < 2; i++)
    {
      g_assert_null (sotto_model_render (model, messages, NULL, NULL, TRUE, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX);
      g_clear_error (&error);
    }

  tiny_model_remove (path);
}

static void
test_no_template (void)
{
  TinyModel tiny = defaults;
  g_autofree char *path = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoPrompt) prompt = NULL;
  g_autoptr (GError) error = NULL;

  tiny.template_source = NULL;
  path = tiny_model_write_temporary (&tiny);
  model = open_model (path);
  g_assert_false (sotto_model_get_info (model)->has_template);
  /* It has tokens that mark turns, so somebody meant it to chat. */
  g_assert_false (sotto_model_get_info (model)->is_base);

  sotto_messages_append (messages, "user", "Is it plain?");
  prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (prompt->text->str, "Is it plain?"));

  tiny_model_remove (path);
}

static void
test_describe (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoModel) model = open_model (path);
  g_autofree char *json = sotto_model_describe (model, 128);
  yyjson_doc *doc = yyjson_read (json, strlen (json), 0);
  yyjson_val *root = yyjson_doc_get_root (doc);
  yyjson_val *metadata, *tokens, *tensor;

  g_assert_nonnull (doc);
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (root, "family")), ==, "llama");
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (root, "licence")), ==, "apache-2.0");
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (root, "gguf_version")), ==, 3);

  metadata = yyjson_obj_get (root, "metadata");
  g_assert_cmpfloat (yyjson_get_real (yyjson_obj_get (metadata, "llama.attention.layer_norm_rms_epsilon")), ==,
                     1e-5);
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (metadata, "llama.block_count")), ==, 2);
  g_assert_true (yyjson_is_false (yyjson_obj_get (metadata, "tokenizer.ggml.add_bos_token")));
  tokens = yyjson_obj_get (metadata, "tokenizer.ggml.tokens");
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (tokens, "length")), ==, TINY_MODEL_VOCABULARY);
  g_assert_cmpuint (yyjson_arr_size (yyjson_obj_get (tokens, "first")), <, 20);

  tensor = yyjson_arr_get_first (yyjson_obj_get (root, "tensors"));
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (tensor, "name")), ==, "token_embd.weight");
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (tensor, "type")), ==, "F32");
  g_assert_cmpuint (yyjson_get_uint (yyjson_arr_get (yyjson_obj_get (tensor, "shape"), 1)), ==,
                    TINY_MODEL_VOCABULARY);
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (yyjson_obj_get (root, "memory"), "context")), ==, 128);

  yyjson_doc_free (doc);
  tiny_model_remove (path);
}

static void
raise_cancel (guint64 done, guint64 total, gpointer user_data)
{
  sotto_cancel_raise (user_data);
}

static void
test_hash (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoModel) model = open_model (path);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *expected = NULL;
  gsize length;

  g_assert_null (sotto_model_peek_hash (model));
  sotto_cancel_raise (cancel);
  g_assert_null (sotto_model_hash (model, NULL, NULL, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (sotto_model_peek_hash (model));

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
  g_assert_cmpstr (sotto_model_hash (model, NULL, NULL, NULL, &error), ==, expected);
  g_assert_cmpstr (sotto_model_peek_hash (model), ==, expected);

  tiny_model_remove (path);
}

/* Half of the tensors of a file, with all of its metadata or none, as one part of two. */
static void
write_half (const SottoGguf *whole, guint part, const char *path)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint n_tensors = sotto_gguf_get_n_tensors (whole);
  guint8 no[2] = { (guint8) part, 0 };

  for (guint i = 0; part == 0 && i < sotto_gguf_get_n_values (whole); i++)
    {
      const SottoGgufValue *value = sotto_gguf_get_value (whole, i);
      g_autoptr (GByteArray) raw = g_byte_array_new ();

      if (value->type == SOTTO_GGUF_ARRAY)
        {
          guint32 type = GUINT32_TO_LE ((guint32) value->element_type);
          guint64 n = GUINT64_TO_LE (value->n_elements);

          g_byte_array_append (raw, (const guint8 *) &type, sizeof type);
          g_byte_array_append (raw, (const guint8 *) &n, sizeof n);
        }
      g_byte_array_append (raw, value->data, (guint) value->n_bytes);
      gguf_writer_add_raw (writer, value->key, value->type, raw->data, raw->len);
    }
  gguf_writer_add_raw (writer, "split.no", SOTTO_GGUF_UINT16, no, 2);
  gguf_writer_add_raw (writer, "split.count", SOTTO_GGUF_UINT16, "\2\0", 2);
  gguf_writer_add_uint32 (writer, "split.tensors.count", n_tensors);
  for (guint i = part == 0 ? 0 : n_tensors / 2; i < (part == 0 ? n_tensors / 2 : n_tensors); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (whole, i);

      gguf_writer_add_tensor (writer, tensor->name, tensor->type, tensor->shape[0], tensor->shape[1],
                              tensor->data);
    }
  bytes = gguf_writer_finish (writer);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
}

/* A split model is the whole one; its hash is that of its files one behind the other. */
static void
test_split (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-model-XXXXXX", NULL);
  g_autofree char *first = g_build_filename (folder, "tiny-00001-of-00002.gguf", NULL);
  g_autofree char *second = g_build_filename (folder, "tiny-00002-of-00002.gguf", NULL);
  g_autoptr (GBytes) bytes = tiny_model_make (&defaults);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, "whole.gguf", &error);
  g_autoptr (SottoModel) whole = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_assert_no_error (error);
  write_half (gguf, 0, first);
  write_half (gguf, 1, second);
  whole = open_bytes (bytes, &error);
  g_assert_no_error (error);
  model = open_model (second);
  g_assert_cmpstr (sotto_model_get_info (model)->path, ==, first);
  g_assert_cmpuint (sotto_model_get_info (model)->weight_bytes, ==,
                    sotto_model_get_info (whole)->weight_bytes);
  g_assert_cmpuint (sotto_model_get_info (model)->n_parameters, ==,
                    sotto_model_get_info (whole)->n_parameters);
  g_assert_true (sotto_model_verify (model, NULL, NULL, NULL, &error));
  g_assert_no_error (error);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *contents = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (i == 0 ? first : second, &contents, &length, NULL));
      g_checksum_update (checksum, (const guchar *) contents, (gssize) length);
    }
  g_assert_cmpstr (sotto_model_hash (model, NULL, NULL, NULL, &error), ==,
                   g_checksum_get_string (checksum));

  g_unlink (first);
  g_clear_pointer (&model, sotto_model_unref);
  model = sotto_model_open (second, NULL, NULL, NULL, &error);
  g_assert_null (model);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_SPLIT);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, first);
  g_unlink (second);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_cancelled (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;

  /* In the middle of reading, from the progress function. */
  g_assert_null (sotto_model_open (path, raise_cancel, cancel, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);

  tiny_model_remove (path);
}

static void
test_changed (void)
{
  g_autofree char *path = tiny_model_write_temporary (&defaults);
  g_autoptr (SottoModel) model = open_model (path);
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_model_check_unchanged (model, &error));
  g_assert_cmpint (truncate (path, 4096), ==, 0);
  g_assert_false (sotto_model_check_unchanged (model, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);
  g_clear_error (&error);
  g_assert_null (sotto_model_hash (model, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);

  tiny_model_remove (path);
}

/* A vocabulary alone can be opened and asked, but not run. */
static void
test_vocabulary_only (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "..", "shared", "tokenizers",
                                            "qwen2.gguf", NULL);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no ../shared/tokenizers/qwen2.gguf");
      return;
    }

  model = open_model (path);
  g_assert_cmpuint (sotto_model_get_info (model)->n_layers, ==, 0);
  g_assert_cmpuint (sotto_model_get_info (model)->n_vocabulary, >, 151000);
  backend = sotto_backend_new_cpu (1, "reference", &error);
  g_assert_no_error (error);
  g_assert_null (sotto_session_new (model, backend, 0, SOTTO_KV_F16, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TENSOR);
}

/* --- RoPE --- */

static void
test_rope (void)
{
  static const struct {
    const char *scaling;
    gboolean factors;
    double divisor;
  } cases[] = { { NULL, FALSE, 1 }, { "none", FALSE, 1 }, { "linear", FALSE, 4 }, { "linear", TRUE, 4 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TinyModel tiny = defaults;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (SottoModel) model = NULL;
      g_autoptr (GError) error = NULL;
      const SottoProgram *program;
      const SottoRope *rope = NULL;

      tiny.rope_scaling = cases[i].scaling;
      tiny.rope_factors = cases[i].factors;
      bytes = tiny_model_make (&tiny);
      model = open_bytes (bytes, &error);
      g_assert_no_error (error);
      program = sotto_model_get_program (model);
      plan_check (program);
      for (guint k = 0; rope == NULL && k < program->plan.n_steps; k++)
        if (program->plan.steps[k].kind == SOTTO_STEP_QKV)
          rope = program->plan.steps[k].qkv.rope;
      g_assert_nonnull (rope);
      g_assert_cmpuint (rope->n_pairs, ==, 8);
      for (guint k = 0; k < 8; k++)
        {
          double expected = exp (-log (10000.0) * k / 8) / cases[i].divisor / (cases[i].factors ? k + 1 : 1);

          g_assert_cmpfloat_with_epsilon (rope->frequencies[k] / expected, 1.0, 1e-12);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/model/info", test_info);
  g_test_add_func ("/model/text", test_text);
  g_test_add_func ("/model/render", test_render);
  g_test_add_func ("/model/bad-template", test_bad_template);
  g_test_add_func ("/model/no-template", test_no_template);
  g_test_add_func ("/model/describe", test_describe);
  g_test_add_func ("/model/hash", test_hash);
  g_test_add_func ("/model/split", test_split);
  g_test_add_func ("/model/cancelled", test_cancelled);
  g_test_add_func ("/model/changed", test_changed);
  g_test_add_func ("/model/vocabulary-only", test_vocabulary_only);
  g_test_add_func ("/model/rope", test_rope);

  return g_test_run ();
}
