#include "tiny-model.h"

#include "gguf-writer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* SplitMix64 (Steele, Lea & Flood 2014): the same weights on every machine. */
static guint64
next_random (guint64 *seed)
{
  guint64 z = *seed += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ z >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* Evenly from -1 to 1. */
static float
next_float (guint64 *seed)
{
  return (float) (next_random (seed) >> 40) * 0x1p-23f - 1.0f;
}

static void
put_half (guint8 *target, float value)
{
  guint16 half = sotto_float_to_half (value);

  target[0] = (guint8) half;
  target[1] = (guint8) (half >> 8);
}

static void
put_float (guint8 *target, float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  bits = GUINT32_TO_LE (bits);
  memcpy (target, &bits, sizeof bits);
}

/* The scales of a block of random integers, so that its weights spread evenly to about ± @range. */
static void
put_scales (SottoBlockType type, guint8 *block, float range)
{
  guint8 half[2];

  switch (type)
    {
    case SOTTO_BLOCK_Q4_0:
      put_half (block, range / 8);
      break;

    case SOTTO_BLOCK_Q4_1:
      put_half (block, range / 7.5f);
      put_half (block + 2, -range);
      break;

    case SOTTO_BLOCK_Q5_0:
      put_half (block, range / 16);
      break;

    case SOTTO_BLOCK_Q5_1:
      put_half (block, range / 15.5f);
      put_half (block + 2, -range);
      break;

    case SOTTO_BLOCK_Q8_0:
      put_half (block, range / 128);
      break;

    case SOTTO_BLOCK_Q4_K:
      put_half (block, range / (63 * 7.5f));
      put_half (block + 2, range / 63);
      break;

    case SOTTO_BLOCK_Q5_K:
      put_half (block, range / (63 * 15.5f));
      put_half (block + 2, range / 63);
      break;

    case SOTTO_BLOCK_Q6_K:
      put_half (block + 208, range / (128 * 32));
      break;

    case SOTTO_BLOCK_Q2_K:
      put_half (block + 80, range / 22);
      put_half (block + 82, range / 15);
      break;

    case SOTTO_BLOCK_Q3_K:
      put_half (block + 108, range / 128);
      break;

    case SOTTO_BLOCK_Q8_K:
      put_float (block, range / 128);
      break;

    case SOTTO_BLOCK_IQ1_S:
      put_half (block, range / 17);
      break;

    case SOTTO_BLOCK_IQ1_M: /* four bits at a time, above the scales of the parts */
      put_half (half, range / 17);
      for (guint i = 0; i < 4; i++)
        block[48 + 2 * i + 1] =
            (guint8) ((block[48 + 2 * i + 1] & 15) | (half[i / 2] >> 4 * (i % 2)) << 4);
      break;

    case SOTTO_BLOCK_IQ2_XXS:
    case SOTTO_BLOCK_IQ2_XS:
    case SOTTO_BLOCK_IQ2_S:
      put_half (block, range / 168);
      break;

    case SOTTO_BLOCK_IQ3_XXS:
    case SOTTO_BLOCK_IQ3_S:
      put_half (block, range / 480);
      break;

    case SOTTO_BLOCK_IQ4_NL:
      put_half (block, range / 127);
      break;

    case SOTTO_BLOCK_IQ4_XS:
      put_half (block, range / (32 * 127));
      break;

    case SOTTO_BLOCK_TQ1_0:
      put_half (block + 52, range);
      break;

    case SOTTO_BLOCK_TQ2_0:
      put_half (block + 64, range);
      break;

    case SOTTO_BLOCK_MXFP4: /* 2^(e - 128) * 12 */
      block[0] = (guint8) (128 + (int) floorf (log2f (range / 12)));
      break;

    case SOTTO_BLOCK_NVFP4: /* 2^-6 * 6 with no mantissa */
      memset (block, 1 << 3, 4);
      break;

    default:
      g_assert_not_reached ();
    }
}

guint8 *
tiny_model_random_blocks (SottoBlockType type, gsize n_columns, gsize n_rows, guint64 *seed)
{
  const SottoBlockInfo *info = sotto_block_info (type);
  gsize n = n_columns * n_rows;
  gsize n_blocks = n / info->n_elements;
  float range = 1.7f / sqrtf ((float) n_columns);
  guint8 *data;

  g_assert_cmpuint (n_columns % info->n_elements, ==, 0);
  data = g_malloc (n_blocks * info->n_bytes);

  for (gsize i = 0; i < n_blocks; i++)
    {
      guint8 *block = data + i * info->n_bytes;
      float value = range * next_float (seed);
      guint32 bits;

      memcpy (&bits, &value, sizeof bits);
      if (type == SOTTO_BLOCK_F32)
        {
          memcpy (block, &value, sizeof value);
        }
      else if (type == SOTTO_BLOCK_F16)
        {
          put_half (block, value);
        }
      else if (type == SOTTO_BLOCK_BF16)
        {
          block[0] = (guint8) (bits >> 16);
          block[1] = (guint8) (bits >> 24);
        }
      else
        {
          for (guint j = 0; j < info->n_bytes; j++)
            block[j] = (guint8) (next_random (seed) >> 56);
          put_scales (type, block, range);
        }
    }

  return data;
}

/* GPT-2's way to write a byte as a character: printable Latin-1 as itself, the others from U+0100 on. */
static char *
byte_token (guint byte)
{
  gunichar c = byte;
  char text[8] = { 0 };

  if (!((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174))
    {
      guint n = 0;

      for (guint b = 0; b < byte; b++)
        n += !((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174);
      c = 256 + n;
    }
  g_unichar_to_utf8 (c, text);
  return g_strdup (text);
}

static void
add_vocabulary (GgufWriter *writer, const TinyModel *self)
{
  static const char *const more[] = { "Ġt",           "he",        "Ġthe", "<|endoftext|>",
                                      "<|im_start|>", "<|im_end|>" };
  static const char *const merges[] = { "Ġ t", "h e", "Ġt he" };
  const char *tokens[TINY_MODEL_VOCABULARY];
  gint32 types[TINY_MODEL_VOCABULARY];
  char *bytes[256];

  for (guint i = 0; i < TINY_MODEL_VOCABULARY; i++)
    {
      if (i < 256)
        bytes[i] = byte_token (i);
      tokens[i] = i < 256 ? bytes[i] : more[i - 256];
      types[i] = i < TINY_MODEL_BOS ? 1 : 3;
    }

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_writer_add_string (
      writer, "tokenizer.ggml.pre", g_str_equal (self->family, "qwen2") ? "qwen2" : "gpt-2");
  gguf_writer_add_strings (writer, "tokenizer.ggml.tokens", tokens, G_N_ELEMENTS (tokens));
  gguf_writer_add_int32s (writer, "tokenizer.ggml.token_type", types, G_N_ELEMENTS (types));
  gguf_writer_add_strings (writer, "tokenizer.ggml.merges", merges, G_N_ELEMENTS (merges));
  gguf_writer_add_uint32 (writer, "tokenizer.ggml.bos_token_id", TINY_MODEL_BOS);
  gguf_writer_add_uint32 (writer, "tokenizer.ggml.eos_token_id", TINY_MODEL_END);
  gguf_writer_add_bool (writer, "tokenizer.ggml.add_bos_token", FALSE);
  if (self->template_source != NULL)
    gguf_writer_add_string (writer, "tokenizer.chat_template", self->template_source);

  for (guint i = 0; i < 256; i++)
    g_free (bytes[i]);
}

static void
add_number (GgufWriter *writer, const TinyModel *self, const char *key, guint32 value)
{
  g_autofree char *full = g_strdup_printf ("%s.%s", self->family, key);

  gguf_writer_add_uint32 (writer, full, value);
}

static void
add_matrix (GgufWriter *writer,
            const char *name,
            SottoBlockType type,
            guint columns,
            guint rows,
            guint64 *seed)
{
  g_autofree guint8 *data = tiny_model_random_blocks (type, columns, rows, seed);

  gguf_writer_add_tensor (writer, name, type, columns, rows, data);
}

static void
add_norm (GgufWriter *writer, const char *name, guint n, guint64 *seed)
{
  g_autofree float *weight = g_new (float, n);

  for (guint i = 0; i < n; i++)
    weight[i] = 1.0f + 0.1f * next_float (seed);
  gguf_writer_add_tensor (writer, name, SOTTO_BLOCK_F32, n, 1, weight);
}

static void
add_layer (GgufWriter *writer, const TinyModel *self, guint layer, guint width, guint64 *seed)
{
  /* 4 query heads share 2 key and value heads of 16 (64) elements. */
  const struct {
    const char *name;
    guint columns;
    guint rows;
  } matrices[] = {
    { "attn_q", width, width },       { "attn_k", width, width / 2 },
    { "attn_v", width, width / 2 },   { "attn_output", width, width },
    { "ffn_gate", width, 2 * width }, { "ffn_up", width, 2 * width },
    { "ffn_down", 2 * width, width },
  };

  for (guint i = 0; i < G_N_ELEMENTS (matrices); i++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%u.%s.weight", layer, matrices[i].name);
      g_autofree char *bias = g_strdup_printf ("blk.%u.%s.bias", layer, matrices[i].name);

      add_matrix (writer, name, self->type, matrices[i].columns, matrices[i].rows, seed);
      if (i < 3 && g_str_equal (self->family, "qwen2"))
        add_matrix (writer, bias, SOTTO_BLOCK_F32, matrices[i].rows, 1, seed);
    }

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name =
          g_strdup_printf ("blk.%u.%s.weight", layer, i ? "ffn_norm" : "attn_norm");

      add_norm (writer, name, width, seed);
    }
}

static void
add_rope (GgufWriter *writer, const TinyModel *self, guint n_pairs)
{
  g_autofree char *kind = g_strdup_printf ("%s.rope.scaling.type", self->family);
  g_autofree char *factor = g_strdup_printf ("%s.rope.scaling.factor", self->family);
  g_autofree float *factors = g_new (float, n_pairs);

  if (self->rope_scaling != NULL)
    {
      gguf_writer_add_string (writer, kind, self->rope_scaling);
      gguf_writer_add_float (writer, factor, 4.0f);
    }
  for (guint i = 0; i < n_pairs; i++)
    factors[i] = (float) (i + 1);
  if (self->rope_factors)
    gguf_writer_add_tensor (writer, "rope_freqs.weight", SOTTO_BLOCK_F32, n_pairs, 1, factors);
}

static void
add_list (GgufWriter *writer, const char *key, const char *text)
{
  g_auto (GStrv) items = g_strsplit_set (text, "[],", -1);
  gint32 values[16];
  guint n = 0;

  for (guint i = 0; items[i] != NULL; i++)
    if (*items[i] != '\0' && n < G_N_ELEMENTS (values))
      values[n++] = (gint32) g_ascii_strtoll (items[i], NULL, 10);
  gguf_writer_add_int32s (writer, key, values, n);
}

static void
add_extra (GgufWriter *writer, const TinyModel *self)
{
  g_auto (GStrv) items = g_strsplit (self->extra != NULL ? self->extra : "", " ", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (items[i], "=", 2);
      g_autofree char *key =
          g_strdup_printf ("%s.%s", self->family, pair[0] != NULL ? pair[0] : "");

      if (pair[0] == NULL || pair[1] == NULL)
        continue;
      if (pair[1][0] == '[')
        add_list (writer, key, pair[1]);
      else if (strchr (pair[1], '.') != NULL)
        gguf_writer_add_float (writer, key, (float) g_ascii_strtod (pair[1], NULL));
      else
        gguf_writer_add_uint32 (writer, key, (guint32) g_ascii_strtoull (pair[1], NULL, 10));
    }
}

GBytes *
tiny_model_make (const TinyModel *self)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autofree char *epsilon = g_strdup_printf ("%s.attention.layer_norm_rms_epsilon", self->family);
  guint width = sotto_block_info (self->type)->n_elements == 256 ? 256 : 64;
  guint64 seed = self->seed;

  gguf_writer_add_string (writer, "general.architecture", self->family);
  gguf_writer_add_string (writer, "general.name", "Tiny");
  gguf_writer_add_string (writer, "general.license", "apache-2.0");
  add_number (writer, self, "block_count", self->n_layers);
  add_number (writer, self, "context_length", self->n_context);
  add_number (writer, self, "embedding_length", width);
  add_number (writer, self, "feed_forward_length", 2 * width);
  add_number (writer, self, "attention.head_count", 4);
  if (self->extra == NULL || strstr (self->extra, "attention.head_count_kv=") == NULL)
    add_number (writer, self, "attention.head_count_kv", 2);
  gguf_writer_add_float (writer, epsilon, 1e-5f);
  add_vocabulary (writer, self);
  add_rope (writer, self, width / 4 / 2);
  add_extra (writer, self);

  add_matrix (writer, "token_embd.weight", self->type, width, TINY_MODEL_VOCABULARY, &seed);
  for (guint i = 0; i < self->n_layers; i++)
    add_layer (writer, self, i, width, &seed);
  add_norm (writer, "output_norm.weight", width, &seed);
  if (!self->tied)
    add_matrix (writer, "output.weight", self->type, width, TINY_MODEL_VOCABULARY, &seed);

  return gguf_writer_finish (writer);
}

void
tiny_model_write (const TinyModel *self, const char *path)
{
  g_autoptr (GBytes) bytes = tiny_model_make (self);
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_file_set_contents (path, data, (gssize) length, &error);
  g_assert_no_error (error);
}

char *
tiny_model_write_temporary (const TinyModel *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("sotto-tiny-XXXXXX", &error);
  char *path;

  g_assert_no_error (error);
  path = g_build_filename (folder, "tiny.gguf", NULL);
  tiny_model_write (self, path);
  return path;
}

void
tiny_model_remove (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}
