#include "every-tokenizer.h"

#include "gguf-writer.h"

#include <string.h>

const char *const every_tokenizer_names[EVERY_TOKENIZER_KINDS] = {
  "sentencepiece", "bpe", "characters", "unigram", "wordpiece", "rwkv",
};

static const char *const models[EVERY_TOKENIZER_KINDS] = {
  "llama", "gpt2", "gemma4", "t5", "bert", "rwkv",
};

enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, BYTE = 6 };

typedef struct {
  GPtrArray *tokens;
  GArray *types;
  GArray *scores;
  GHashTable *known;
  GPtrArray *merges;
} Vocabulary;

static void
add_token (Vocabulary *self, const char *text, gint32 type, float score)
{
  char *copy;

  if (!g_hash_table_add (self->known, g_strdup (text)))
    return;

  copy = g_strdup (text);
  g_ptr_array_add (self->tokens, copy);
  g_array_append_val (self->types, type);
  g_array_append_val (self->scores, score);
}

/* GPT-2 writes the bytes that show nothing as characters from U+0100 on. */
static void
append_written (GString *out, guint8 byte)
{
  guint n = 0;

  if ((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174)
    {
      g_string_append_unichar (out, byte);
      return;
    }
  for (guint b = 0; b < byte; b++)
    n += !((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174);
  g_string_append_unichar (out, 256 + n);
}

/* How a vocabulary of this kind writes a piece of text. */
static char *
write_text (const char *model, const char *text, gsize length)
{
  GString *out = g_string_new (NULL);

  if (strcmp (model, "gpt2") == 0)
    for (gsize i = 0; i < length; i++)
      append_written (out, (guint8) text[i]);
  else
    g_string_append_len (out, text, (gssize) length);
  if (strcmp (model, "llama") == 0 || strcmp (model, "t5") == 0 || strcmp (model, "gemma4") == 0)
    g_string_replace (out, " ", "▁", 0);

  return g_string_free (out, FALSE);
}

static void
add_bytes (Vocabulary *self, const char *model)
{
  for (guint i = 0; i < 256; i++)
    {
      g_autoptr (GString) written = g_string_new (NULL);

      if (strcmp (model, "gpt2") == 0)
        append_written (written, (guint8) i);
      else
        g_string_printf (written, strcmp (model, "rwkv") == 0 ? "\\x%02x" : "<0x%02X>", i);
      add_token (self, written->str, strcmp (model, "gpt2") == 0 || strcmp (model, "rwkv") == 0 ? NORMAL : BYTE,
                 -100);
    }
}

/* The beginnings of a control token, and the merges that lead from one to the next and to itself. */
static void
add_way (Vocabulary *self, const char *model, const char *control)
{
  const char *end = control + strlen (control);

  for (const char *at = control; at < end; at = g_utf8_next_char (at))
    {
      const char *next = g_utf8_next_char (at);
      g_autofree char *left = write_text (model, control, (gsize) (at - control));
      g_autofree char *letter = write_text (model, at, (gsize) (next - at));
      g_autofree char *both = write_text (model, control, (gsize) (next - control));

      add_token (self, letter, NORMAL, -50);
      if (next < end)
        add_token (self, both, NORMAL, (float) (next - control));
      if (at > control)
        g_ptr_array_add (self->merges, g_strconcat (left, " ", letter, NULL));
    }
}

static void
add_floats (GgufWriter *writer, const char *key, const GArray *values)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const guint32 type = SOTTO_GGUF_FLOAT32;
  const guint64 n = values->len;

  g_byte_array_append (bytes, (const guint8 *) &type, sizeof type);
  g_byte_array_append (bytes, (const guint8 *) &n, sizeof n);
  g_byte_array_append (bytes, (const guint8 *) values->data, values->len * (guint) sizeof (float));
  gguf_writer_add_raw (writer, key, SOTTO_GGUF_ARRAY, bytes->data, bytes->len);
}

static SottoTokenizer *
open_vocabulary (const Vocabulary *self, const char *model)
{
  static const char *const none[] = { "bos", "eos", "seperator", "padding", "mask", "cls" };
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;
  SottoTokenizer *tokenizer;

  gguf_writer_add_string (writer, "tokenizer.ggml.model", model);
  gguf_writer_add_string (writer, "tokenizer.ggml.pre", "gpt-2");
  gguf_writer_add_strings (writer, "tokenizer.ggml.tokens", (const char *const *) self->tokens->pdata,
                           self->tokens->len);
  gguf_writer_add_int32s (writer, "tokenizer.ggml.token_type",
                          (const gint32 *) (gpointer) self->types->data, self->types->len);
  gguf_writer_add_strings (writer, "tokenizer.ggml.merges", (const char *const *) self->merges->pdata,
                           self->merges->len);
  add_floats (writer, "tokenizer.ggml.scores", self->scores);
  gguf_writer_add_uint32 (writer, "tokenizer.ggml.unknown_token_id", 0);
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_autofree char *key = g_strdup_printf ("tokenizer.ggml.%s_token_id", none[i]);

      gguf_writer_add_uint32 (writer, key, G_MAXUINT32);
    }
  bytes = gguf_writer_finish (writer);
  gguf = sotto_gguf_parse (bytes, model, &error);
  g_assert_no_error (error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);

  return tokenizer;
}

static SottoTokenizer *
make_tokenizer (const char *model, const char *const *controls, guint n_controls)
{
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) merges = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Vocabulary vocabulary = { tokens, types, scores, known, merges };

  add_token (&vocabulary, "<unk>", UNKNOWN, 0);
  for (guint i = 0; i < n_controls; i++)
    add_token (&vocabulary, controls[i], CONTROL, 1000);
  add_bytes (&vocabulary, model);
  for (guint i = 0; i < n_controls; i++)
    add_way (&vocabulary, model, controls[i]);

  return open_vocabulary (&vocabulary, model);
}

void
every_tokenizer_new (const char *const *controls,
                     guint              n_controls,
                     SottoTokenizer    *tokenizers[EVERY_TOKENIZER_KINDS])
{
  for (guint i = 0; i < EVERY_TOKENIZER_KINDS; i++)
    tokenizers[i] = make_tokenizer (models[i], controls, n_controls);
}
