/* Normal forms C and D, lower case, scripts. */

#include "text/unicode-normal.h"

#include "text/unicode.h"

/* All before are in normal form C, whatever stands beside them. */
#define FIRST_COMBINING 0x300

/* Hangul syllables are computed (The Unicode Standard 15, section 3.12). */
#define HANGUL_S 0xac00
#define HANGUL_L 0x1100
#define HANGUL_V 0x1161
#define HANGUL_T 0x11a7
#define N_V 21
#define N_T 28
#define N_L 19
#define N_S (N_L * N_V * N_T)

/* Stands in the list of characters for a broken byte: this and the byte. */
#define BROKEN_BYTE 0x80000000u

const SottoUnicodeRange *
sotto_unicode_find_range (const SottoUnicodeRange *ranges,
                          guint                    n,
                          gunichar                 c)
{
  guint low = 0;
  guint high = n;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (ranges[middle].last < c)
        low = middle + 1;
      else
        high = middle;
    }

  return low < n && ranges[low].first <= c ? &ranges[low] : NULL;
}

/* The canonical combining class, and 0x100 where composing may change the character. */
static guint
get_combining (gunichar c)
{
  const SottoUnicodeRange *range;

  if (c < FIRST_COMBINING || c > 0x10ffff)
    return 0;
  range = sotto_unicode_find_range (sotto_unicode_combining, sotto_unicode_n_combining, c);

  return range != NULL ? range->value : 0;
}

gunichar
sotto_unicode_to_lower (gunichar c)
{
  const SottoUnicodeRange *range;

  if (c < 0x80)
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  range = sotto_unicode_find_range (sotto_unicode_lower, sotto_unicode_n_lower, c);

  return range != NULL ? range->value : c;
}

gboolean
sotto_unicode_is_han (gunichar c)
{
  return c >= 0x2e80 && sotto_unicode_find_range (sotto_unicode_han, sotto_unicode_n_han, c) != NULL;
}

/* --- Taking apart --- */

static void
append_character (GArray   *characters,
                  gunichar  c)
{
  g_array_append_val (characters, c);
}

static void
append_decomposed (GArray   *characters,
                   gunichar  c)
{
  guint low = 0;
  guint high = sotto_unicode_n_decompositions;

  if (c >= HANGUL_S && c < HANGUL_S + N_S)
    {
      guint s = c - HANGUL_S;

      append_character (characters, HANGUL_L + s / (N_V * N_T));
      append_character (characters, HANGUL_V + s % (N_V * N_T) / N_T);
      if (s % N_T != 0)
        append_character (characters, HANGUL_T + s % N_T);
      return;
    }

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (sotto_unicode_decompositions[middle].code < c)
        low = middle + 1;
      else
        high = middle;
    }

  if (c < 0xc0 || low == sotto_unicode_n_decompositions ||
      sotto_unicode_decompositions[low].code != c)
    append_character (characters, c);
  else
    g_array_append_vals (characters,
                         sotto_unicode_decomposed + sotto_unicode_decompositions[low].offset,
                         sotto_unicode_decompositions[low].length);
}

/* Puts each run of combining characters in the order of their classes: insertion, since the runs
 * are short; a run that is not (nobody writes it) is left after so many. */
static void
order_marks (GArray *characters,
             guint   from)
{
  gunichar *c = (gunichar *) (gpointer) characters->data;

  for (guint i = from + 1; i < characters->len; i++)
    {
      guint class = get_combining (c[i]) & 0xff;
      gunichar moved = c[i];
      guint at = i;

      if (class == 0)
        continue;
      for (guint steps = 0; at > from && (get_combining (c[at - 1]) & 0xff) > class && steps < 256;
           at--, steps++)
        c[at] = c[at - 1];
      c[at] = moved;
    }
}

static void
decompose (const guint8 *text,
           gsize         length,
           gboolean      keep_broken,
           GArray       *characters)
{
  const guint8 *end = text + length;
  guint from = characters->len;

  while (text < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (text, end, &c);

      if (c <= 0x10ffff)
        append_decomposed (characters, c);
      else if (!keep_broken)
        append_character (characters, 0xfffd);
      else
        for (guint i = 0; i < n; i++)
          append_character (characters, BROKEN_BYTE | text[i]);
      text += n;
    }
  order_marks (characters, from);
}

void
sotto_unicode_decompose (const guint8 *text,
                         gsize         length,
                         GArray       *characters)
{
  decompose (text, length, FALSE, characters);
}

/* --- Putting together --- */

gboolean
sotto_unicode_is_composed (const guint8 *text,
                           gsize         length)
{
  const guint8 *end = text + length;

  while (text < end)
    {
      gunichar c;

      /* Characters before U+0300 begin with at most 0xcb. */
      if (*text < 0xcc)
        {
          text++;
          continue;
        }
      text += sotto_utf8_decode (text, end, &c);
      if (get_combining (c) != 0)
        return FALSE;
    }

  return TRUE;
}

/* What the two make, or 0. */
static gunichar
compose_pair (gunichar first,
              gunichar second)
{
  guint low = 0;
  guint high = sotto_unicode_n_compositions;

  if (first >= HANGUL_L && first < HANGUL_L + N_L && second >= HANGUL_V && second < HANGUL_V + N_V)
    return HANGUL_S + ((first - HANGUL_L) * N_V + second - HANGUL_V) * N_T;
  if (first >= HANGUL_S && first < HANGUL_S + N_S && (first - HANGUL_S) % N_T == 0 &&
      second > HANGUL_T && second < HANGUL_T + N_T)
    return first + (second - HANGUL_T);

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const SottoUnicodeRange *pair = &sotto_unicode_compositions[middle];

      if (pair->first < first || (pair->first == first && pair->last < second))
        low = middle + 1;
      else
        high = middle;
    }

  return low < sotto_unicode_n_compositions && sotto_unicode_compositions[low].first == first &&
         sotto_unicode_compositions[low].last == second ? sotto_unicode_compositions[low].value : 0;
}

static guint
compose_all (gunichar *c,
             guint     n)
{
  guint starter = 0;
  gboolean has_starter = FALSE;
  guint last_class = 0;
  guint n_out = 0;

  for (guint i = 0; i < n; i++)
    {
      guint class = get_combining (c[i]) & 0xff;
      gboolean blocked = n_out > starter + 1 && last_class >= class;
      gunichar composed = has_starter && !blocked ? compose_pair (c[starter], c[i]) : 0;

      if (composed != 0)
        {
          c[starter] = composed;
          continue;
        }
      if (class == 0)
        {
          starter = n_out;
          has_starter = TRUE;
        }
      last_class = class;
      c[n_out++] = c[i];
    }

  return n_out;
}

GByteArray *
sotto_unicode_compose (const guint8 *text,
                       gsize         length)
{
  g_autoptr (GArray) characters = g_array_new (FALSE, FALSE, sizeof (gunichar));
  GByteArray *out = g_byte_array_new ();
  guint n;

  decompose (text, length, TRUE, characters);
  n = compose_all ((gunichar *) (gpointer) characters->data, characters->len);
  for (guint i = 0; i < n; i++)
    {
      gunichar c = g_array_index (characters, gunichar, i);
      char utf8[6];

      if (c & BROKEN_BYTE)
        g_byte_array_append (out, &(guint8) { c & 0xff }, 1);
      else
        g_byte_array_append (out, (const guint8 *) utf8, g_unichar_to_utf8 (c, utf8));
    }

  return out;
}
