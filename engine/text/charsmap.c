/* SentencePiece's precompiled normaliser.
 *
 * The blob is the number of bytes of a double array, the array, then the replacements, each with
 * a NUL behind it; numbers are little-endian. The array is a trie of what is replaced (Yata et al.
 * 2007, as in the library Darts-clone): a unit of 32 bits holds the byte that leads to it (bits 0
 * to 7), whether a value hangs below it (bit 8), and the offset to its children (bits 10 to 30,
 * shifted by eight where bit 9 is set). Child and parent are joined by exclusive or. A unit with
 * bit 31 is a value: where the replacement begins. */

#include "text/charsmap.h"

#include <string.h>

#include "sotto-error.h"

#define KEY "tokenizer.ggml.precompiled_charsmap"

#define VALUE (1u << 31)

static guint8
get_byte (const SottoGgufValue *value,
          guint64               index)
{
  /* Written as signed bytes by some. */
  return (guint8) (gint) sotto_gguf_value_number (value, index);
}

static gboolean
set_malformed (GError    **error,
               SottoGguf  *gguf)
{
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = KEY };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED, &arguments,
                          "%s: " KEY " is no normaliser", arguments.path);

  return FALSE;
}

gboolean
sotto_charsmap_init (SottoCharsmap  *self,
                     SottoGguf      *gguf,
                     GError        **error)
{
  const SottoGgufValue *value = sotto_gguf_lookup (gguf, KEY);
  guint64 n_bytes = 0;

  if (value == NULL)
    return TRUE;

  if (value->type != SOTTO_GGUF_ARRAY ||
      (value->element_type != SOTTO_GGUF_UINT8 && value->element_type != SOTTO_GGUF_INT8))
    return set_malformed (error, gguf);
  if (value->n_elements == 0)
    return TRUE;
  if (value->n_elements < 4)
    return set_malformed (error, gguf);

  for (guint i = 0; i < 4; i++)
    n_bytes |= (guint64) get_byte (value, i) << (8 * i);
  if (n_bytes % 4 != 0 || n_bytes == 0 || n_bytes > value->n_elements - 5 ||
      get_byte (value, value->n_elements - 1) != 0)
    return set_malformed (error, gguf);

  self->n_units = n_bytes / 4;
  self->n_replacements = value->n_elements - 4 - n_bytes;
  self->units = g_try_new0 (guint32, self->n_units);
  self->replacements = g_try_malloc (self->n_replacements);
  if (self->units == NULL || self->replacements == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                              &(SottoErrorArguments) { .wanted = value->n_elements },
                              "no memory for a normaliser of %" G_GUINT64_FORMAT " bytes",
                              value->n_elements);
      return FALSE;
    }

  for (guint64 i = 0; i < n_bytes; i++)
    self->units[i / 4] |= (guint32) get_byte (value, 4 + i) << (8 * (i % 4));
  for (gsize i = 0; i < self->n_replacements; i++)
    self->replacements[i] = get_byte (value, 4 + n_bytes + i);

  return TRUE;
}

void
sotto_charsmap_clear (SottoCharsmap *self)
{
  g_clear_pointer (&self->units, g_free);
  g_clear_pointer (&self->replacements, g_free);
}

static inline gsize
get_offset (guint32 unit)
{
  return (gsize) (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

gsize
sotto_charsmap_match (const SottoCharsmap  *self,
                      const guint8         *at,
                      const guint8         *end,
                      const char          **replacement)
{
  gsize longest = 0;
  gsize node = 0;

  if (self->n_units == 0)
    return 0;

  node = get_offset (self->units[0]);
  for (const guint8 *i = at; i < end; i++)
    {
      guint32 unit;

      node ^= *i;
      if (*i == 0 || node >= self->n_units)
        break;
      unit = self->units[node];
      if ((unit & (VALUE | 0xff)) != *i)
        break;

      node ^= get_offset (unit);
      if (node >= self->n_units)
        break;
      if ((unit & (1u << 8)) != 0)
        {
          gsize where = self->units[node] & ~VALUE;

          if (where >= self->n_replacements)
            break;
          *replacement = self->replacements + where;
          longest = i + 1 - at;
        }
    }

  return longest;
}
