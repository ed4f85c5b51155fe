/* Text to tokens and back.
 *
 * Special tokens are found by their text (special.c); what lies between them is the matter of the
 * kind of tokenizer that the file names (tokenizer-kind.h).
 *
 * What a person typed can never become a control token. Three things together make it so:
 * special.c takes a control token only where all its bytes are trusted; the vocabulary's way
 * from bytes to tokens, which is the only one the kinds have, does not lead to control tokens; and
 * a token whose text is known to steer models is a control token here even where the file forgot
 * to say so (known-tokens.c). The one token that a kind may take besides stands for what the
 * vocabulary lacks, and only where it says nothing else. */

#include "text/tokenizer.h"

#include <string.h>

#include "text/tokenizer-private.h"
#include "text/unicode.h"

SottoTokenizer *
sotto_tokenizer_new (SottoGguf  *gguf,
                     GError    **error)
{
  g_autoptr (SottoTokenizer) self = g_new0 (SottoTokenizer, 1);

  if (!sotto_tokenizer_load (self, gguf, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_tokenizer_free (SottoTokenizer *self)
{
  if (self->part != NULL)
    self->kind->free (self->part);
  sotto_specials_clear (&self->specials);
  sotto_vocabulary_clear (&self->vocabulary);
  g_free (self->traits);
  g_free (self);
}

/* --- Text to tokens --- */

const guint8 *
sotto_unescape_spaces (const guint8  *text,
                       gsize         *length,
                       guint8       **copy)
{
  const gsize n = strlen (SOTTO_ESCAPED_SPACE);
  const guint8 *end = text + *length;
  const guint8 *first = *length > 0 ? memmem (text, *length, SOTTO_ESCAPED_SPACE, n) : NULL;
  guint8 *out;

  if (first == NULL)
    return text;

  out = *copy = g_try_malloc (*length);
  if (out == NULL)
    return text;

  for (const guint8 *at = text; at < end;)
    if ((gsize) (end - at) >= n && memcmp (at, SOTTO_ESCAPED_SPACE, n) == 0)
      {
        *out++ = ' ';
        at += n;
      }
    else
      {
        *out++ = *at++;
      }
  *length = out - *copy;

  return *copy;
}

/* Where the trusted run ends that begins with span @index; moves @index behind it. */
static gsize
measure_run (const SottoSpan *spans,
             gsize            n_spans,
             gsize           *index)
{
  gboolean trusted = spans[*index].trusted;
  gsize length = 0;

  while (*index < n_spans && (spans[*index].trusted == trusted || spans[*index].length == 0))
    length += spans[(*index)++].length;

  return length;
}

static gboolean
is_space (const guint8 *at,
          const guint8 *end,
          guint        *n)
{
  gunichar c;

  *n = sotto_utf8_decode (at, end, &c);

  return c <= 0x10ffff && (sotto_unicode_mask (c) & SOTTO_UNICODE_SPACE) != 0;
}

/* Where the white space begins that @text ends with. */
static const guint8 *
find_trailing_space (const guint8 *text,
                     const guint8 *end)
{
  const guint8 *behind = text;
  guint n;

  for (const guint8 *at = text; at < end; at += n)
    if (!is_space (at, end, &n))
      behind = at + n;

  return behind;
}

typedef struct {
  const SottoTokenizer *tokenizer;
  GArray *ids;
  const guint8 *gap;         /* text that no special token has taken yet */
  gboolean is_first;
} Encoding;

static void
encode_gap (Encoding     *encoding,
            const guint8 *end)
{
  const SottoTokenizer *self = encoding->tokenizer;
  SottoFragment fragment = { encoding->gap, end - encoding->gap, encoding->is_first };

  if (fragment.length == 0)
    return;

  self->kind->encode (self->part, &fragment, encoding->ids);
  encoding->is_first = FALSE;
}

/* Returns: where to go on */
static const guint8 *
encode_special (Encoding     *encoding,
                guint32       id,
                const guint8 *at,
                const guint8 *end)
{
  const SottoTokenizer *self = encoding->tokenizer;
  gboolean strips_left = (self->traits[id] & SOTTO_TRAIT_STRIPS_LEFT) != 0;
  gsize length;
  guint n;

  encode_gap (encoding, strips_left ? find_trailing_space (encoding->gap, at) : at);
  sotto_append_token (encoding->ids, id);
  sotto_vocabulary_get (&self->vocabulary, id, &length);
  at += length;
  while ((self->traits[id] & SOTTO_TRAIT_STRIPS_RIGHT) != 0 && at < end && is_space (at, end, &n))
    at += n;
  encoding->gap = at;
  encoding->is_first = TRUE;

  return at;
}

static void
encode_text (const SottoTokenizer *self,
             const guint8         *text,
             const SottoSpan      *spans,
             gsize                 n_spans,
             GArray               *ids)
{
  Encoding encoding = { self, ids, text, TRUE };
  const guint8 *at = text;
  const guint8 *end = text;
  const guint8 *run_end = text;
  gboolean trusted = FALSE;
  gsize index = 0;

  for (gsize i = 0; i < n_spans; i++)
    end += spans[i].length;

  while (at < end)
    {
      guint32 id;

      while (at >= run_end && index < n_spans)
        {
          trusted = spans[index].trusted;
          run_end += measure_run (spans, n_spans, &index);
        }

      id = sotto_specials_match (&self->specials, at, end, trusted ? run_end : at);
      if (id == SOTTO_NO_TOKEN)
        at++;
      else
        at = encode_special (&encoding, id, at, end);
    }

  encode_gap (&encoding, end);
}

void
sotto_tokenizer_encode (const SottoTokenizer *self,
                        const SottoSpan      *spans,
                        gsize                 n_spans,
                        GArray               *ids)
{
  g_autoptr (GByteArray) joined = NULL;

  if (self->kind == NULL)
    return;

  if (n_spans == 1)
    {
      encode_text (self, (const guint8 *) spans[0].text, spans, n_spans, ids);
      return;
    }

  joined = g_byte_array_new ();
  for (gsize i = 0; i < n_spans; i++)
    g_byte_array_append (joined, (const guint8 *) spans[i].text, spans[i].length);
  encode_text (self, joined->data, spans, n_spans, ids);
}

void
sotto_tokenizer_add_ends (const SottoTokenizer *self,
                          GArray               *ids)
{
  const SottoTokenizerRules *rules = &self->rules;

  if (rules->add_bos)
    g_array_prepend_val (ids, rules->bos);
  if (rules->add_separator)
    g_array_append_val (ids, rules->separator);
  if (rules->add_eos && !(rules->add_separator && rules->separator == rules->eos))
    g_array_append_val (ids, rules->eos);
}

/* --- Tokens to text --- */

static gboolean
is_silent (const SottoTokenizer *self,
           gint32                id)
{
  SottoTokenKind kind = self->vocabulary.kinds[id];

  return sotto_token_kind_is_control (kind) || kind == SOTTO_TOKEN_UNUSED;
}

void
sotto_tokenizer_append_text (const SottoTokenizer *self,
                             gint32                id,
                             gboolean              special,
                             GString              *out)
{
  const guint8 *bytes;
  gsize length;

  if (id < 0 || (guint32) id >= self->vocabulary.n_tokens || (!special && is_silent (self, id)))
    return;

  bytes = sotto_vocabulary_get (&self->vocabulary, id, &length);
  g_string_append_len (out, (const char *) bytes, length);
}

void
sotto_tokenizer_decode (const SottoTokenizer *self,
                        gint32                id,
                        gboolean              special,
                        gboolean             *is_first,
                        GString              *out)
{
  const guint8 *bytes;
  gsize length;

  if (id < 0 || (guint32) id >= self->vocabulary.n_tokens)
    return;

  if (sotto_token_kind_is_control (self->vocabulary.kinds[id]) ||
      self->vocabulary.kinds[id] == SOTTO_TOKEN_USER_DEFINED)
    {
      sotto_tokenizer_append_text (self, id, special, out);
      *is_first = TRUE;
      return;
    }

  bytes = sotto_vocabulary_get (&self->vocabulary, id, &length);
  if (*is_first && self->rules.space_prefix && length > 0 && *bytes == ' ')
    {
      bytes++;
      length--;
    }
  *is_first = FALSE;
  if (special || !is_silent (self, id))
    g_string_append_len (out, (const char *) bytes, length);
}

char *
sotto_tokenizer_dup_piece (const SottoTokenizer *self,
                           gint32                id)
{
  const SottoVocabulary *vocabulary = &self->vocabulary;
  GString *piece = g_string_new (NULL);

  if (id >= 0 && (guint32) id < vocabulary->n_tokens)
    {
      SottoTokenKind kind = vocabulary->kinds[id];
      gsize length;
      const guint8 *bytes = sotto_vocabulary_get (vocabulary, id, &length);

      if (kind == SOTTO_TOKEN_NORMAL || kind == SOTTO_TOKEN_BYTE)
        sotto_vocabulary_encode (vocabulary, bytes, length, piece);
      else
        g_string_append_len (piece, (const char *) bytes, length);
    }

  return g_string_free (piece, FALSE);
}

/* --- What tokens are --- */

guint
sotto_tokenizer_get_n_tokens (const SottoTokenizer *self)
{
  return self->vocabulary.n_tokens;
}

gint32
sotto_tokenizer_get_bos (const SottoTokenizer *self)
{
  return self->rules.bos;
}

gint32
sotto_tokenizer_get_eos (const SottoTokenizer *self)
{
  return self->rules.eos;
}

gboolean
sotto_tokenizer_get_add_bos (const SottoTokenizer *self)
{
  return self->rules.add_bos;
}

gint32
sotto_tokenizer_get_unknown (const SottoTokenizer *self)
{
  return self->rules.unknown;
}

gint32
sotto_tokenizer_find_control (const SottoTokenizer *self,
                              const char           *text)
{
  gsize length = strlen (text);
  const guint8 *at = (const guint8 *) text;
  guint32 id = length > 0 && self->kind != NULL
                 ? sotto_specials_match (&self->specials, at, at + length, at + length)
                 : SOTTO_NO_TOKEN;
  gsize n;

  if (id == SOTTO_NO_TOKEN)
    return -1;
  sotto_vocabulary_get (&self->vocabulary, id, &n);

  return n == length ? (gint32) id : -1;
}

gboolean
sotto_tokenizer_is_end (const SottoTokenizer *self,
                        gint32                id)
{
  return id >= 0 && (guint32) id < self->vocabulary.n_tokens && (self->traits[id] & SOTTO_TRAIT_ENDS) != 0;
}

gboolean
sotto_tokenizer_is_control (const SottoTokenizer *self,
                            gint32                id)
{
  return id >= 0 && (guint32) id < self->vocabulary.n_tokens &&
         sotto_token_kind_is_control (self->vocabulary.kinds[id]);
}

gboolean
sotto_tokenizer_has_chat_tokens (const SottoTokenizer *self)
{
  return self->has_chat_tokens;
}
