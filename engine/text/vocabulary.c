/* The vocabulary, copied once into flat arrays: nothing of the tokenizer points into the file,
 * so that a file that shrinks can't harm it, and a hundred thousand tokens cost five
 * allocations. */

#include "text/vocabulary.h"

#include <string.h>

#include "sotto-error.h"

#define KEY_TOKENS "tokenizer.ggml.tokens"
#define KEY_TYPES "tokenizer.ggml.token_type"

/* --- The alphabet --- */

static gboolean
stands_for_itself (guint byte)
{
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

void
sotto_byte_alphabet_init (SottoByteAlphabet *self)
{
  guint next = 0x100;

  memset (self->bytes, -1, sizeof self->bytes);
  for (guint byte = 0; byte < 256; byte++)
    self->bytes[stands_for_itself (byte) ? byte : next++] = byte;
}

gssize
sotto_byte_alphabet_decode (const SottoByteAlphabet *self,
                            const char              *text,
                            gsize                    length,
                            guint8                  *out)
{
  const guint8 *at = (const guint8 *) text;
  const guint8 *end = at + length;
  guint8 *start = out;

  while (at < end)
    {
      guint c = *at++;

      if (c >= 0x80)
        {
          /* All of the alphabet is below U+0144: two bytes. */
          if (c < 0xc2 || c > 0xc5 || at == end || (*at & 0xc0) != 0x80)
            return -1;
          c = (c & 0x1f) << 6 | (*at++ & 0x3f);
        }
      if (c >= G_N_ELEMENTS (self->bytes) || self->bytes[c] < 0)
        return -1;
      *out++ = self->bytes[c];
    }

  return out - start;
}

void
sotto_byte_alphabet_encode (guint8   byte,
                            GString *out)
{
  guint c = byte;

  if (!stands_for_itself (byte))
    {
      c = 0x100;
      for (guint i = 0; i < byte; i++)
        c += stands_for_itself (i) ? 0 : 1;
    }
  g_string_append_unichar (out, c);
}

/* --- The way back --- */

static inline guint64
hash_bytes (guint64       seed,
            const guint8 *bytes,
            gsize         length)
{
  guint64 hash = seed ^ length * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  guint64 word;

  while (length > 0)
    {
      gsize n = MIN (length, sizeof word);
      __extension__ unsigned __int128 product;

      word = 0;
      memcpy (&word, bytes, n);
      product = (__extension__ (unsigned __int128) (hash ^ word)) *
                (G_GUINT64_CONSTANT (0xd6e8feb86659fd93) ^ seed << 1);
      hash = (guint64) product ^ (guint64) (product >> 64);
      bytes += n;
      length -= n;
    }

  return hash;
}

static guint64 *
find_slot (const SottoVocabulary *self,
           const guint8          *bytes,
           gsize                  length,
           guint64               *tag)
{
  guint64 hash = hash_bytes (self->seed, bytes, length);
  guint32 mask = (1u << self->n_slot_bits) - 1;
  guint32 i = hash & mask;

  *tag = hash & G_GUINT64_CONSTANT (0xffffffff00000000);
  for (; self->slots[i] != 0; i = (i + 1) & mask)
    if (((self->slots[i] ^ *tag) >> 32) == 0)
      {
        gsize n;
        const guint8 *found = sotto_vocabulary_get (self, (guint32) self->slots[i] - 1, &n);

        if (n == length && memcmp (found, bytes, n) == 0)
          break;
      }

  return &self->slots[i];
}

guint32
sotto_vocabulary_find (const SottoVocabulary *self,
                       const guint8          *bytes,
                       gsize                  length)
{
  guint64 tag;

  if (length == 0 || length > self->longest)
    return SOTTO_NO_TOKEN;

  return (guint32) *find_slot (self, bytes, length, &tag) - 1;
}

/* --- Reading --- */

static gboolean
set_malformed (GError    **error,
               SottoGguf  *gguf,
               const char *key)
{
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = key };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED, &arguments,
                          "%s: %s is missing or is no vocabulary", arguments.path, key);

  return FALSE;
}

static gboolean
set_no_memory (GError  **error,
               guint64   n_bytes)
{
  SottoErrorArguments arguments = { .wanted = n_bytes };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                          "no memory for a vocabulary of %" G_GUINT64_FORMAT " bytes", n_bytes);

  return FALSE;
}

/* Writes the bytes of a token to @out. Returns: its kind */
static SottoTokenKind
read_token (const SottoByteAlphabet *alphabet,
            double                   type,
            SottoGgufString          text,
            guint8                  *out,
            gsize                   *n_out)
{
  SottoTokenKind kind = SOTTO_TOKEN_NORMAL;

  if (type >= SOTTO_TOKEN_NORMAL && type <= SOTTO_TOKEN_BYTE)
    kind = (SottoTokenKind) type;

  if (kind == SOTTO_TOKEN_NORMAL || kind == SOTTO_TOKEN_BYTE)
    {
      gssize n = sotto_byte_alphabet_decode (alphabet, text.data, text.length, out);

      if (n >= 0)
        {
          *n_out = n;
          return kind;
        }
      kind = SOTTO_TOKEN_RAW;
    }

  memcpy (out, text.data, text.length);
  *n_out = text.length;

  return kind;
}

gboolean
sotto_vocabulary_init (SottoVocabulary  *self,
                       SottoGguf        *gguf,
                       GError          **error)
{
  const SottoGgufValue *tokens = sotto_gguf_lookup (gguf, KEY_TOKENS);
  const SottoGgufValue *types = sotto_gguf_lookup (gguf, KEY_TYPES);
  SottoByteAlphabet alphabet;
  guint64 n_bytes = 0;
  guint32 used = 0;

  if (tokens == NULL || tokens->type != SOTTO_GGUF_ARRAY ||
      tokens->element_type != SOTTO_GGUF_STRING || tokens->n_elements == 0 ||
      tokens->n_elements > G_MAXINT32 / 4)
    return set_malformed (error, gguf, KEY_TOKENS);
  if (types != NULL &&
      (types->type != SOTTO_GGUF_ARRAY || types->element_type == SOTTO_GGUF_STRING ||
       types->element_type == SOTTO_GGUF_ARRAY || types->n_elements != tokens->n_elements))
    return set_malformed (error, gguf, KEY_TYPES);

  for (guint64 i = 0; i < tokens->n_elements; i++)
    n_bytes += sotto_gguf_value_string (tokens, i).length;
  if (n_bytes > G_MAXUINT32)
    return set_malformed (error, gguf, KEY_TOKENS);

  self->n_tokens = tokens->n_elements;
  self->offsets = g_try_malloc_n (self->n_tokens + 1, sizeof self->offsets[0]);
  self->bytes = g_try_malloc (MAX (n_bytes, 1));
  self->kinds = g_try_malloc (self->n_tokens);
  if (self->offsets == NULL || self->bytes == NULL || self->kinds == NULL)
    return set_no_memory (error, n_bytes);

  sotto_byte_alphabet_init (&alphabet);
  for (guint32 id = 0; id < self->n_tokens; id++)
    {
      SottoGgufString text = sotto_gguf_value_string (tokens, id);
      double type = types != NULL ? sotto_gguf_value_number (types, id) : SOTTO_TOKEN_NORMAL;
      gsize n;

      self->offsets[id] = used;
      self->kinds[id] = read_token (&alphabet, type, text, self->bytes + used, &n);
      self->longest = MAX (self->longest, n);
      used += n;
    }
  self->offsets[self->n_tokens] = used;

  return TRUE;
}

/* Whether text, through merges, may lead to the token. */
static gboolean
is_reachable (const SottoVocabulary *self,
              guint32                id)
{
  gsize length;
  const guint8 *bytes = sotto_vocabulary_get (self, id, &length);

  if (self->kinds[id] == SOTTO_TOKEN_USER_DEFINED)
    {
      /* It is written as it is; where that is the same in the alphabet, a merge may make it. */
      for (gsize i = 0; i < length; i++)
        if (bytes[i] < 0x21 || bytes[i] > 0x7e)
          return FALSE;
    }
  else if (self->kinds[id] != SOTTO_TOKEN_NORMAL && self->kinds[id] != SOTTO_TOKEN_BYTE)
    {
      return FALSE;
    }

  return length > 0;
}

gboolean
sotto_vocabulary_build_index (SottoVocabulary  *self,
                              GError          **error)
{
  self->n_slot_bits = g_bit_storage (self->n_tokens + self->n_tokens / 2);
  self->seed = (guint64) g_random_int () << 32 | g_random_int ();
  self->slots = g_try_malloc0_n (1u << self->n_slot_bits, sizeof self->slots[0]);
  if (self->slots == NULL)
    return set_no_memory (error, (guint64) sizeof self->slots[0] << self->n_slot_bits);

  for (guint32 id = 0; id < self->n_tokens; id++)
    {
      gsize length;
      const guint8 *bytes = sotto_vocabulary_get (self, id, &length);
      guint64 tag;
      guint64 *slot;

      if (!is_reachable (self, id))
        continue;

      slot = find_slot (self, bytes, length, &tag);
      if (*slot == 0)
        *slot = tag | (id + 1);
      else
        self->has_twins = TRUE;
    }

  return TRUE;
}

void
sotto_vocabulary_drop_index (SottoVocabulary *self)
{
  g_clear_pointer (&self->slots, g_free);
}

void
sotto_vocabulary_clear (SottoVocabulary *self)
{
  g_clear_pointer (&self->offsets, g_free);
  g_clear_pointer (&self->bytes, g_free);
  g_clear_pointer (&self->kinds, g_free);
  g_clear_pointer (&self->slots, g_free);
}
