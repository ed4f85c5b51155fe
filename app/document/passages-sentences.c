#include "document/passages-units.h"

#include <string.h>

/* Where a text may be cut. Sentences end with a mark that some script ends them with; after those of Latin, Greek and
 * Cyrillic a blank has to follow, and nothing in small letters, as after "e.g." and "No. 5" it does. */

static gboolean
is_final (gunichar c)
{
  switch (c)
    {
    case '.':
    case '!':
    case '?':
    case 0x2026: /* … */
    case 0x0589: /* Armenian */
    case 0x061f: /* Arabic */
    case 0x06d4:
    case 0x0964: /* Devanagari and its neighbours */
    case 0x0965:
    case 0x1362: /* Ethiopic */
    case 0x104b: /* Burmese */
    case 0x17d4: /* Khmer */
      return TRUE;
    default:
      return FALSE;
    }
}

/* Those that need no blank behind them */
static gboolean
is_wide_final (gunichar c)
{
  return c == 0x3002 || c == 0xff0e || c == 0xff01 || c == 0xff1f || c == 0xff61;
}

static gboolean
is_closing (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CLOSE_PUNCTUATION:
    case G_UNICODE_FINAL_PUNCTUATION:
      return TRUE;
    default:
      return c == '"' || c == '\'' || c == '*' || c == '_' || c == 0x201c;
    }
}

/* Whether the mark at @mark, whose sentence began at @begin, ends no sentence but shortens a word: a letter ("J. S. Bach") or a
 * number ("3. floor") before it */
static gboolean
is_short (const char *begin, const char *mark)
{
  const char *word = mark;
  glong n;

  if (*mark != '.')
    return FALSE;
  while (word > begin)
    {
      const char *before = g_utf8_find_prev_char (begin, word);

      if (before == NULL || !g_unichar_isalnum (g_utf8_get_char (before)))
        break;
      word = before;
    }
  n = g_utf8_strlen (word, mark - word);
  return n == 1 || (n <= 3 && n > 0 && g_unichar_isdigit (g_utf8_get_char (word)));
}

/* Where the sentence that ends with the mark at @at is over, blanks included; NULL: it is not */
static const char *
find_end (const char *begin, const char *at, const char *end)
{
  const gunichar mark = g_utf8_get_char (at);
  const char *p = g_utf8_next_char (at);
  const char *word;

  if (!is_final (mark) && !is_wide_final (mark))
    return NULL;
  while (p < end && is_closing (g_utf8_get_char (p)))
    p = g_utf8_next_char (p);
  word = p;
  while (word < end && g_unichar_isspace (g_utf8_get_char (word)))
    word = g_utf8_next_char (word);
  if (p < end && (is_final (g_utf8_get_char (p)) || is_wide_final (g_utf8_get_char (p))))
    return NULL; /* that one ends it */
  if (is_wide_final (mark) || p == end)
    return word;
  if (word == p || is_short (begin, at))
    return NULL;
  return word == end || !g_unichar_islower (g_utf8_get_char (word)) ? word : NULL;
}

/* The last places up to a length where something is over; 0: none */
typedef struct {
  gsize sentence;
  gsize line;
  gsize word;
  gsize letter;
} Places;

static Places
find_places (const char *text, gsize length, gsize most)
{
  /* A little beyond, to see that nothing goes on; not to the end, which may be far. */
  const char *end = text + MIN (length, most + 8);
  Places places = { 0 };
  gunichar before = 0;

  for (const char *p = text; p < end && (gsize) (p - text) <= most; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);
      const gsize at = (gsize) (p - text);
      const char *over = find_end (text, p, end);

      if (at > 0 && before == '\n')
        places.line = at;
      if (at > 0 && g_unichar_isspace (before))
        places.word = at;
      /* A mark stays with its letter, and what a joiner joins together. */
      if (at > 0 && !g_unichar_ismark (c) && c != 0x200d && before != 0x200d)
        places.letter = at;
      if (over != NULL && (gsize) (over - text) <= most)
        places.sentence = (gsize) (over - text);
      before = c;
    }
  return places;
}

gsize
sotto_passages_find_cut (const char *text, gsize length, gsize wanted, gsize most)
{
  const gsize least = wanted / 2;
  Places near_wanted;
  Places most_places;

  g_return_val_if_fail (most < length && most > 0, length);

  near_wanted = find_places (text, length, MIN (wanted, most));
  if (near_wanted.sentence > least)
    return near_wanted.sentence;
  most_places = find_places (text, length, most);
  if (most_places.sentence > least)
    return most_places.sentence;
  if (near_wanted.line > least)
    return near_wanted.line;
  if (near_wanted.word > least)
    return near_wanted.word;
  if (most_places.word > least)
    return most_places.word;
  return near_wanted.letter > 0 ? near_wanted.letter : (gsize) (g_utf8_next_char (text) - text);
}

gsize
sotto_passages_find_last_sentence (const char *text, gsize end, gsize most)
{
  const char *from = text + (end > most ? end - most : 0);
  gsize found = end;
  const gboolean is_begin = from == text;

  while ((*from & 0xc0) == 0x80)
    from++;
  if (is_begin && end <= most)
    return 0;
  for (const char *p = from; p < text + end; p = g_utf8_next_char (p))
    {
      const char *over = find_end (from, p, text + end);

      if (over != NULL && over < text + end)
        return (gsize) (over - text);
    }
  return found;
}

gboolean
sotto_passages_ends_sentence (const char *text)
{
  const char *p = text + strlen (text);

  while (p > text)
    {
      gunichar c;

      p = g_utf8_prev_char (p);
      c = g_utf8_get_char (p);
      if (is_final (c) || is_wide_final (c))
        return TRUE;
      if (!is_closing (c) && !g_unichar_isspace (c))
        return c == ':';
    }
  return FALSE;
}
