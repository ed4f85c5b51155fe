/* The vocabulary, copied once into flat arrays: nothing of the tokenizer points into the file,
 * so that a file that shrinks can't harm it, and a hundred thousand tokens cost five
 * allocations. */

#include "text/vocabulary.h"

#include <math.h>
#include <string.h>

#include "sotto-error.h"

#define KEY_TOKENS "tokenizer.ggml.tokens"
#define KEY_TYPES "tokenizer.ggml.token_type"
#define KEY_SCORES "tokenizer.ggml.scores"

/* Longer ones are not looked for by their text. */
#define LONGEST_FOUND 512

/* --- The alphabet --- */

static gboolean
stands_for_itself (guint byte)
{
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

static void
init_alphabet (SottoByteAlphabet *self)
{
  guint next = 0x100;

  memset (self->bytes, -1, sizeof self->bytes);
  for (guint byte = 0; byte < 256; byte++)
    self->bytes[stands_for_itself (byte) ? byte : next++] = byte;
}

static gssize
decode_alphabet (const SottoByteAlphabet *self,
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

static void
encode_alphabet (guint8   byte,
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

/* --- Escapes --- */

static gsize
decode_escaped (const char *text,
                gsize       length,
                guint8     *out)
{
  guint8 *start = out;

  for (gsize i = 0; i < length;)
    if (length - i >= 3 && memcmp (text + i, SOTTO_ESCAPED_SPACE, 3) == 0)
      {
        *out++ = ' ';
        i += 3;
      }
    else
      {
        *out++ = text[i++];
      }

  return out - start;
}

/* \n, \t, \r, \x and two digits; any other character behind a backslash stands for itself. */
static gsize
decode_quoted (const char *text,
               gsize       length,
               guint8     *out)
{
  guint8 *start = out;

  for (gsize i = 0; i < length; i++)
    {
      char c = text[i];

      if (c == '\\' && i + 1 < length)
        {
          c = text[++i];
          if (c == 'n')
            c = '\n';
          else if (c == 't')
            c = '\t';
          else if (c == 'r')
            c = '\r';
          else if (c == 'x' && i + 2 < length && g_ascii_isxdigit (text[i + 1]) &&
                   g_ascii_isxdigit (text[i + 2]))
            {
              c = g_ascii_xdigit_value (text[i + 1]) << 4 | g_ascii_xdigit_value (text[i + 2]);
              i += 2;
            }
        }
      *out++ = c;
    }

  return out - start;
}

/* "<0x0A>": a byte that no other token stands for. */
static gboolean
parse_byte_token (const char *text,
                  gsize       length,
                  guint8     *byte)
{
  if (length != 6 || memcmp (text, "<0x", 3) != 0 || text[5] != '>' ||
      !g_ascii_isxdigit (text[3]) || !g_ascii_isxdigit (text[4]))
    return FALSE;

  *byte = g_ascii_xdigit_value (text[3]) << 4 | g_ascii_xdigit_value (text[4]);

  return TRUE;
}

gssize
sotto_vocabulary_decode (const SottoVocabulary *self,
                         const char            *text,
                         gsize                  length,
                         guint8                *out)
{
  switch (self->form)
    {
    case SOTTO_VOCABULARY_ALPHABET:
      return decode_alphabet (&self->alphabet, text, length, out);

    case SOTTO_VOCABULARY_ESCAPED:
      return decode_escaped (text, length, out);

    case SOTTO_VOCABULARY_QUOTED:
    default:
      return decode_quoted (text, length, out);
    }
}

void
sotto_vocabulary_encode (const SottoVocabulary *self,
                         const guint8          *bytes,
                         gsize                  length,
                         GString               *out)
{
  for (gsize i = 0; i < length; i++)
    if (self->form == SOTTO_VOCABULARY_ALPHABET)
      encode_alphabet (bytes[i], out);
    else if (self->form == SOTTO_VOCABULARY_ESCAPED && bytes[i] == ' ')
      g_string_append (out, SOTTO_ESCAPED_SPACE);
    else
      g_string_append_c (out, bytes[i]);
}

/* --- The way back --- */

/* At most eight bytes as a number, another one for each text of the same length. */
static inline guint64
read_few (const guint8 *bytes,
          gsize         length)
{
  guint32 low;
  guint32 high;

  if (length < 4)
    return bytes[0] | (guint32) bytes[length / 2] << 8 | (guint32) bytes[length - 1] << 16;

  memcpy (&low, bytes, sizeof low);
  memcpy (&high, bytes + length - sizeof high, sizeof high);

  return low | (guint64) high << 32;
}

static inline guint64
mix (guint64 hash,
     guint64 word,
     guint64 seed)
{
  __extension__ unsigned __int128 product =
    (__extension__ (unsigned __int128) (hash ^ word)) * (G_GUINT64_CONSTANT (0xd6e8feb86659fd93) ^ seed << 1);

  return (guint64) product ^ (guint64) (product >> 64);
}

/* @length: at least 1 */
static inline guint64
hash_bytes (guint64       seed,
            const guint8 *bytes,
            gsize         length)
{
  guint64 hash = seed ^ length * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  for (; length > 8; bytes += 8, length -= 8)
    {
      guint64 word;

      memcpy (&word, bytes, sizeof word);
      hash = mix (hash, word, seed);
    }

  return mix (hash, read_few (bytes, length), seed);
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

  if (length == 0 || length > self->longest || self->slots == NULL)
    return SOTTO_NO_TOKEN;

  return (guint32) *find_slot (self, bytes, length, &tag) - 1;
}

guint32
sotto_vocabulary_find_longest (const SottoVocabulary *self,
                               const guint8          *at,
                               const guint8          *end,
                               gsize                 *length)
{
  for (guint i = self->n_lengths; i > 0; i--)
    {
      guint32 id;

      *length = self->lengths[i - 1];
      if (*length > (gsize) (end - at))
        continue;

      id = sotto_vocabulary_find (self, at, *length);
      if (id != SOTTO_NO_TOKEN)
        return id;
    }

  return SOTTO_NO_TOKEN;
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
read_token (const SottoVocabulary *self,
            double                 type,
            SottoGgufString        text,
            guint8                *out,
            gsize                 *n_out)
{
  SottoTokenKind kind = SOTTO_TOKEN_NORMAL;

  if (type >= SOTTO_TOKEN_NORMAL && type <= SOTTO_TOKEN_BYTE)
    kind = (SottoTokenKind) type;

  if (self->form == SOTTO_VOCABULARY_ESCAPED &&
      (kind == SOTTO_TOKEN_NORMAL || kind == SOTTO_TOKEN_BYTE))
    {
      if (parse_byte_token (text.data, text.length, out))
        {
          *n_out = 1;
          return SOTTO_TOKEN_BYTE;
        }
      kind = SOTTO_TOKEN_NORMAL;
    }

  if (kind == SOTTO_TOKEN_NORMAL || kind == SOTTO_TOKEN_BYTE)
    {
      gssize n = sotto_vocabulary_decode (self, text.data, text.length, out);

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
sotto_vocabulary_init (SottoVocabulary      *self,
                       SottoGguf            *gguf,
                       SottoVocabularyForm   form,
                       GError              **error)
{
  const SottoGgufValue *tokens = sotto_gguf_lookup (gguf, KEY_TOKENS);
  const SottoGgufValue *types = sotto_gguf_lookup (gguf, KEY_TYPES);
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

  self->form = form;
  init_alphabet (&self->alphabet);
  for (guint32 id = 0; id < self->n_tokens; id++)
    {
      SottoGgufString text = sotto_gguf_value_string (tokens, id);
      double type = types != NULL ? sotto_gguf_value_number (types, id) : SOTTO_TOKEN_NORMAL;
      gsize n;

      self->offsets[id] = used;
      self->kinds[id] = read_token (self, type, text, self->bytes + used, &n);
      self->longest = MAX (self->longest, n);
      used += n;
    }
  self->offsets[self->n_tokens] = used;

  return TRUE;
}

/* Whether text may lead to the token. */
static gboolean
is_reachable (const SottoVocabulary *self,
              guint32                id)
{
  gsize length;
  const guint8 *bytes = sotto_vocabulary_get (self, id, &length);

  if (length == 0 || (self->form != SOTTO_VOCABULARY_ALPHABET && length > LONGEST_FOUND))
    return FALSE;

  switch ((SottoTokenKind) self->kinds[id])
    {
    case SOTTO_TOKEN_NORMAL:
      return TRUE;

    case SOTTO_TOKEN_BYTE:
      /* Where bytes have tokens beside those of text they stand in byte_ids only. */
      return self->form != SOTTO_VOCABULARY_ESCAPED;

    case SOTTO_TOKEN_USER_DEFINED:
      /* It is written as it is; where that is the same in the alphabet, a merge may make it. */
      if (self->form == SOTTO_VOCABULARY_ALPHABET)
        for (gsize i = 0; i < length; i++)
          if (bytes[i] < 0x21 || bytes[i] > 0x7e)
            return FALSE;
      return TRUE;

    case SOTTO_TOKEN_UNKNOWN:
    case SOTTO_TOKEN_CONTROL:
    case SOTTO_TOKEN_UNUSED:
    case SOTTO_TOKEN_RAW:
    default:
      return FALSE;
    }
}

static void
fill_byte_ids (SottoVocabulary *self)
{
  for (guint i = 0; i < 256; i++)
    {
      guint8 byte = i;

      self->byte_ids[i] = self->form == SOTTO_VOCABULARY_ESCAPED
                            ? SOTTO_NO_TOKEN
                            : sotto_vocabulary_find (self, &byte, 1);
    }

  for (guint32 id = 0; self->form == SOTTO_VOCABULARY_ESCAPED && id < self->n_tokens; id++)
    if (self->kinds[id] == SOTTO_TOKEN_BYTE)
      {
        guint8 byte = self->bytes[self->offsets[id]];

        if (self->byte_ids[byte] == SOTTO_NO_TOKEN)
          self->byte_ids[byte] = id;
      }
}

gboolean
sotto_vocabulary_build_index (SottoVocabulary  *self,
                              GError          **error)
{
  gboolean has_length[LONGEST_FOUND + 1] = { FALSE };

  self->n_slot_bits = g_bit_storage (self->n_tokens + self->n_tokens / 2);
  self->seed = (guint64) g_random_int () << 32 | g_random_int ();
  self->slots = g_try_malloc0_n (1u << self->n_slot_bits, sizeof self->slots[0]);
  self->lengths = g_new (guint16, LONGEST_FOUND);
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
      if (length <= LONGEST_FOUND)
        has_length[length] = TRUE;
    }

  for (guint length = 1; length <= LONGEST_FOUND; length++)
    if (has_length[length])
      self->lengths[self->n_lengths++] = length;
  fill_byte_ids (self);

  return TRUE;
}

float *
sotto_vocabulary_read_scores (const SottoVocabulary  *self,
                              SottoGguf              *gguf,
                              GError                **error)
{
  const SottoGgufValue *value = sotto_gguf_lookup (gguf, KEY_SCORES);
  g_autofree float *scores = NULL;

  if (value != NULL &&
      (value->type != SOTTO_GGUF_ARRAY || value->element_type == SOTTO_GGUF_STRING ||
       value->element_type == SOTTO_GGUF_ARRAY || value->n_elements != self->n_tokens))
    {
      set_malformed (error, gguf, KEY_SCORES);
      return NULL;
    }

  scores = g_try_new0 (float, self->n_tokens);
  if (scores == NULL)
    {
      set_no_memory (error, (guint64) self->n_tokens * sizeof (float));
      return NULL;
    }

  for (guint32 id = 0; value != NULL && id < self->n_tokens; id++)
    {
      float score = (float) sotto_gguf_value_number (value, id);

      /* Not a number would have no place in any order. */
      scores[id] = isfinite (score) ? score : 0;
    }

  return g_steal_pointer (&scores);
}

void
sotto_vocabulary_clear (SottoVocabulary *self)
{
  g_clear_pointer (&self->offsets, g_free);
  g_clear_pointer (&self->bytes, g_free);
  g_clear_pointer (&self->kinds, g_free);
  g_clear_pointer (&self->slots, g_free);
  g_clear_pointer (&self->lengths, g_free);
}
