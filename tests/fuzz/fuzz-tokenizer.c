/* Tokenizer: any text, cut into spans anywhere, comes back as it was, and nothing untrusted
 * becomes a control token. Where the model's own tokenizer composes characters (NFC), it comes back
 * as something that GLib composes to the same.
 *
 * The first byte chooses the pre-tokenizer; the second says where and how often the trust
 * changes; the rest is the text. */

#include <string.h>

#include "text/tokenizer.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const char *const pres[] = {
  "gpt-2", "smollm", "default", "falcon", "llama-bpe", "qwen2", "qwen35", "gpt-4o", "tekken",
  "deepseek-coder", "deepseek-v3", "bloom", "viking", "minicpm5",
};

/* Those whose tokenizer.json has the normalizer NFC. */
static const char *const composing[] = { "qwen2", "qwen35", NULL };

/* @text with all stretches of UTF-8 in it composed; U+0000 ends one for GLib. */
static GString *
compose (const char *text,
         gsize       length)
{
  GString *out = g_string_new (NULL);
  const char *end = text + length;

  while (text < end)
    {
      const char *invalid;

      g_utf8_validate_len (text, (gsize) (end - text), &invalid);
      if (invalid > text)
        {
          g_autofree char *composed = g_utf8_normalize (text, invalid - text, G_NORMALIZE_NFC);

          g_string_append (out, composed);
        }
      if (invalid < end)
        g_string_append_c (out, *invalid++);
      text = invalid;
    }

  return out;
}

static void
put_uint (GByteArray *bytes,
          guint64     value,
          guint       n)
{
  for (guint i = 0; i < n; i++, value >>= 8)
    {
      guint8 byte = value;

      g_byte_array_append (bytes, &byte, 1);
    }
}

static void
put_string (GByteArray *bytes,
            const char *text)
{
  put_uint (bytes, strlen (text), 8);
  g_byte_array_append (bytes, (const guint8 *) text, strlen (text));
}

static void
put_strings (GByteArray        *bytes,
             const char        *key,
             const char *const *strings,
             guint              n)
{
  put_string (bytes, key);
  put_uint (bytes, SOTTO_GGUF_ARRAY, 4);
  put_uint (bytes, SOTTO_GGUF_STRING, 4);
  put_uint (bytes, n, 8);
  for (guint i = 0; i < n; i++)
    put_string (bytes, strings[i]);
}

static SottoTokenizer *
make_tokenizer (const char *pre)
{
  static const char *const merges[] = { "a b", "ab ab", "< |", "i m", "Ġ a" };
  static const char *const more[] = {
    "ab", "abab", "<|", "im", "Ġa", "<|im_end|>", "<|x", "<unk>"
  };
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  guint next = 0x100;

  for (guint i = 0; i < 256; i++)
    {
      gboolean prints = (i >= 0x21 && i <= 0x7e) || (i >= 0xa1 && i != 0xad);
      char text[7] = { 0 };

      g_unichar_to_utf8 (prints ? i : next++, text);
      g_ptr_array_add (tokens, g_strdup (text));
    }
  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    g_ptr_array_add (tokens, g_strdup (more[i]));

  g_byte_array_append (file, (const guint8 *) "GGUF", 4);
  put_uint (file, 3, 4);
  put_uint (file, 0, 8);
  put_uint (file, 5, 8);
  put_string (file, "tokenizer.ggml.model");
  put_uint (file, SOTTO_GGUF_STRING, 4);
  put_string (file, "gpt2");
  put_string (file, "tokenizer.ggml.pre");
  put_uint (file, SOTTO_GGUF_STRING, 4);
  put_string (file, pre);
  put_strings (file, "tokenizer.ggml.tokens", (const char *const *) tokens->pdata, tokens->len);
  put_strings (file, "tokenizer.ggml.merges", merges, G_N_ELEMENTS (merges));
  put_string (file, "tokenizer.ggml.token_type");
  put_uint (file, SOTTO_GGUF_ARRAY, 4);
  put_uint (file, SOTTO_GGUF_INT32, 4);
  put_uint (file, tokens->len, 8);
  for (guint i = 0; i < tokens->len; i++)
    put_uint (file, i < tokens->len - 3 ? 1 : i == tokens->len - 2 ? 4 : 3, 4);

  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&file));
  gguf = sotto_gguf_parse (bytes, "fuzz", NULL);
  g_assert (gguf != NULL);

  return sotto_tokenizer_new (gguf, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static SottoTokenizer *tokenizers[G_N_ELEMENTS (pres)];
  g_autoptr (GArray) spans = g_array_new (FALSE, TRUE, sizeof (SottoSpan));
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GString) text = g_string_new (NULL);
  SottoTokenizer *tokenizer;
  gboolean any_trusted = FALSE;
  guint which;
  guint step;

  if (size < 2)
    return 0;

  which = data[0] % G_N_ELEMENTS (pres);
  step = data[1];
  data += 2;
  size -= 2;

  if (tokenizers[which] == NULL)
    tokenizers[which] = make_tokenizer (pres[which]);
  tokenizer = tokenizers[which];
  g_assert (tokenizer != NULL);

  for (gsize at = 0; at < size;)
    {
      SottoSpan span = { (const char *) data + at, size - at, FALSE };

      if (step > 0)
        {
          span.length = MIN (span.length, 1 + step % 23);
          span.trusted = ((step >> (spans->len % 8)) & 1) != 0;
        }
      any_trusted = any_trusted || span.trusted;
      g_array_append_val (spans, span);
      at += span.length;
    }

  sotto_tokenizer_encode (tokenizer, (const SottoSpan *) (gpointer) spans->data, spans->len, ids);

  for (guint i = 0; i < ids->len; i++)
    {
      gint32 id = g_array_index (ids, gint32, i);

      g_assert (any_trusted || !sotto_tokenizer_is_control (tokenizer, id));
      sotto_tokenizer_append_text (tokenizer, id, TRUE, text);
    }
  if (g_strv_contains (composing, pres[which]))
    {
      g_autoptr (GString) expected = compose ((const char *) data, size);
      g_autoptr (GString) said = compose (text->str, text->len);

      g_assert (g_string_equal (said, expected));
    }
  else
    {
      g_assert (text->len == size && memcmp (text->str, data, size) == 0);
    }

  return 0;
}
