/* What pre-tokenizers match: the regular expressions of the models' makers as hand-written
 * matchers.
 *
 * Each states its expression and does what a backtracking engine would find, in time linear in
 * what it looks at. Where the expressions have (?i:…) only ASCII counts, as in llama.cpp. */

#include "text/pretokenize-match.h"

#include <string.h>

#include "text/unicode.h"

#define LETTER SOTTO_UNICODE_LETTER
#define MARK SOTTO_UNICODE_MARK
#define NUMBER SOTTO_UNICODE_NUMBER
#define PUNCTUATION SOTTO_UNICODE_PUNCTUATION
#define SYMBOL SOTTO_UNICODE_SYMBOL
#define SPACE SOTTO_UNICODE_SPACE

/* --- Looking at the text --- */

/* The categories of the character at @at; 0 at the end and for broken bytes, which are in no
 * class. */
static inline guint32
look (const guint8 *at,
      const guint8 *end,
      guint        *n_bytes)
{
  gunichar c;

  if (at == end)
    {
      *n_bytes = 0;
      return 0;
    }

  *n_bytes = sotto_utf8_decode (at, end, &c);

  return c <= 0x10ffff ? sotto_unicode_mask (c) : 0;
}

/* Behind the run of characters of @mask. */
static const guint8 *
skip (const guint8 *at,
      const guint8 *end,
      guint32       mask)
{
  guint n;

  while (at < end && (look (at, end, &n) & mask) != 0)
    at += n;

  return at;
}

/* Behind the run of characters that are not of @mask. */
static const guint8 *
skip_other (const guint8 *at,
            const guint8 *end,
            guint32       mask)
{
  guint n;

  while (at < end && (look (at, end, &n) & mask) == 0)
    at += n;

  return at;
}

static const guint8 *
skip_ascii (const guint8 *at,
            const guint8 *end,
            const char   *set)
{
  while (at < end && *at != 0 && strchr (set, *at) != NULL)
    at++;

  return at;
}

static inline gboolean
is_newline (const guint8 *at,
            const guint8 *end)
{
  return at < end && (*at == '\n' || *at == '\r');
}

/* --- Parts that several expressions share --- */

/* 's|'t|'re|'ve|'m|'ll|'d */
static gsize
match_contraction (const guint8 *at,
                   const guint8 *end,
                   gboolean      any_case)
{
  guint8 fold = any_case ? 0x20 : 0;
  guint8 first;
  guint8 second;

  if (end - at < 2 || *at != '\'')
    return 0;

  first = at[1] | fold;
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return 2;

  if (end - at < 3)
    return 0;

  second = at[2] | fold;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
      (first == 'l' && second == 'l'))
    return 3;

  return 0;
}

/* \s+(?!\S)|\s+ : white space, of which the last character stays for the word behind it */
static gsize
match_spaces (const guint8 *at,
              const guint8 *end)
{
  const guint8 *behind = at;
  const guint8 *last = at;
  guint n;

  while (behind < end && (look (behind, end, &n) & SPACE) != 0)
    {
      last = behind;
      behind += n;
    }

  return (behind == end || last == at ? behind : last) - at;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ : the same, but rather up to the last line's end */
static gsize
match_lines_or_spaces (const guint8 *at,
                       const guint8 *end)
{
  const guint8 *line_end = NULL;
  guint n;

  for (const guint8 *i = at; i < end && (look (i, end, &n) & SPACE) != 0; i += n)
    if (is_newline (i, end))
      line_end = i + 1;

  return line_end != NULL ? (gsize) (line_end - at) : match_spaces (at, end);
}

/* \p{N}{1,max} */
static gsize
match_digits (const guint8 *at,
              const guint8 *end,
              guint         max)
{
  const guint8 *behind = at;
  guint n;

  for (guint i = 0; (max == 0 || i < max) && (look (behind, end, &n) & NUMBER) != 0; i++)
    behind += n;

  return behind - at;
}

/* " ?[^\s\p{L}\p{N}]+[tail]*", the excluded classes being @excluded */
static gsize
match_symbols (const guint8 *at,
               const guint8 *end,
               guint32       excluded,
               const char   *tail)
{
  const guint8 *first = at < end && *at == ' ' ? at + 1 : at;
  const guint8 *behind = skip_other (first, end, excluded);

  return behind > first ? skip_ascii (behind, end, tail) - at : 0;
}

/* Whether [^\r\n…]? takes the character at @at: it may begin a word without being a letter. */
static gboolean
takes_prefix (const guint8 *at,
              const guint8 *end,
              guint32       excluded,
              guint        *n)
{
  return !is_newline (at, end) && (look (at, end, n) & excluded) == 0 && *n > 0;
}

/* [^\r\n…]?[letters]+ */
static gsize
match_word (const guint8 *at,
            const guint8 *end,
            guint32       excluded,
            guint32       letters)
{
  guint n;

  if (takes_prefix (at, end, excluded, &n))
    {
      const guint8 *behind = skip (at + n, end, letters);

      if (behind > at + n)
        return behind - at;
    }

  return skip (at, end, letters) - at;
}

/* --- Whole expressions --- */

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * (Radford et al. 2019) */
gsize
sotto_match_gpt2 (const SottoSplit *split,
                  const guint8     *at,
                  const guint8     *end)
{
  gsize n = match_contraction (at, end, FALSE);
  const guint8 *first = *at == ' ' && at + 1 < end ? at + 1 : at;
  guint32 mask;
  guint n_first;

  if (n > 0)
    return n;

  mask = look (first, end, &n_first);
  if (mask & LETTER)
    return skip (first, end, LETTER) - at;
  if (mask & NUMBER)
    return skip (first, end, NUMBER) - at;
  if ((mask & SPACE) == 0)
    return skip_other (first, end, LETTER | NUMBER | SPACE) - at;

  return match_spaces (at, end);
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[letters]+|\p{N}{1,max}
 * | ?[^\s letters\p{N}]+[tail]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
gsize
sotto_match_llama3 (const SottoSplit *split,
                    const guint8     *at,
                    const guint8     *end)
{
  guint32 excluded = split->letters | NUMBER | SPACE;
  gsize n = 0;

  if (split->contractions)
    n = match_contraction (at, end, TRUE);
  if (n == 0)
    n = match_word (at, end, LETTER | NUMBER, split->letters);
  if (n == 0)
    n = match_digits (at, end, split->max_digits);
  if (n == 0)
    n = match_symbols (at, end, excluded, split->tail);
  if (n == 0)
    n = match_lines_or_spaces (at, end);

  return n;
}

#define UPPER_CLASS \
  (SOTTO_UNICODE_UPPER | SOTTO_UNICODE_TITLE | SOTTO_UNICODE_CASELESS | SOTTO_UNICODE_MARK)
#define LOWER_CLASS (SOTTO_UNICODE_LOWER | SOTTO_UNICODE_CASELESS | SOTTO_UNICODE_MARK)

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+ */
static const guint8 *
skip_capitalised (const guint8 *at,
                  const guint8 *end)
{
  const guint8 *behind = at;
  const guint8 *behind_shared = at;   /* behind the last character that is in both classes */
  const guint8 *lower;
  guint32 mask;
  guint n;

  while (((mask = look (behind, end, &n)) & UPPER_CLASS) != 0)
    {
      behind += n;
      if (mask & LOWER_CLASS)
        behind_shared = behind;
    }

  lower = skip (behind, end, LOWER_CLASS);

  /* Without a lower-case letter the first run has to give one back that the second can take. */
  return lower > behind ? lower : behind_shared;
}

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]* */
static const guint8 *
skip_capitals (const guint8 *at,
               const guint8 *end)
{
  const guint8 *behind = skip (at, end, UPPER_CLASS);

  return behind > at ? skip (behind, end, LOWER_CLASS) : at;
}

/* [^\r\n\p{L}\p{N}]?[upper]*[lower]+(contraction)?|[^\r\n\p{L}\p{N}]?[upper]+[lower]*(contraction)?
 * |\p{N}{1,max}| ?[^\s\p{L}\p{N}]+[tail]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
gsize
sotto_match_gpt4o (const SottoSplit *split,
                   const guint8     *at,
                   const guint8     *end)
{
  const guint8 *(*const forms[]) (const guint8 *, const guint8 *) = { skip_capitalised,
                                                                      skip_capitals };
  gsize n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (forms) && n == 0; i++)
    {
      const guint8 *behind;
      guint n_prefix;

      if (takes_prefix (at, end, LETTER | NUMBER, &n_prefix))
        {
          behind = forms[i] (at + n_prefix, end);
          if (behind > at + n_prefix)
            n = behind - at;
        }
      if (n == 0)
        n = forms[i] (at, end) - at;
    }

  if (n > 0)
    return split->contractions ? n + match_contraction (at + n, end, TRUE) : n;

  n = match_digits (at, end, split->max_digits);
  if (n == 0)
    n = match_symbols (at, end, LETTER | NUMBER | SPACE, split->tail);
  if (n == 0)
    n = match_lines_or_spaces (at, end);

  return n;
}

/* [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*
 * |\s*[\r\n]+|\s+(?!\S)|\s+ */
gsize
sotto_match_deepseek3 (const SottoSplit *split,
                       const guint8     *at,
                       const guint8     *end)
{
  gsize n;
  const guint8 *first;
  const guint8 *behind;

  if (g_ascii_ispunct (*at))
    {
      behind = at + 1;
      while (behind < end && g_ascii_isalpha (*behind))
        behind++;
      if (behind > at + 1)
        return behind - at;
    }

  n = match_word (at, end, LETTER | PUNCTUATION | SYMBOL, LETTER | MARK);
  if (n > 0)
    return n;

  first = *at == ' ' ? at + 1 : at;
  behind = skip (first, end, PUNCTUATION | SYMBOL);
  if (behind > first)
    return skip_ascii (behind, end, "\r\n") - at;

  return match_lines_or_spaces (at, end);
}

/* --- Steps that cut out one thing --- */

/* [\r\n] */
gsize
sotto_match_newline (const SottoSplit *split,
                     const guint8     *at,
                     const guint8     *end)
{
  return is_newline (at, end) ? 1 : 0;
}

/* [^\n]+|[\n]+ */
gsize
sotto_match_line (const SottoSplit *split,
                  const guint8     *at,
                  const guint8     *end)
{
  const guint8 *behind = at;

  if (*at != '\n')
    {
      behind = memchr (at, '\n', end - at);
      return behind != NULL ? behind - at : end - at;
    }

  while (behind < end && *behind == '\n')
    behind++;

  return behind - at;
}

/* \p{N}{1,max} */
gsize
sotto_match_number (const SottoSplit *split,
                    const guint8     *at,
                    const guint8     *end)
{
  return match_digits (at, end, split->max_digits);
}

/* [0-9][0-9][0-9] */
gsize
sotto_match_three_digits (const SottoSplit *split,
                          const guint8     *at,
                          const guint8     *end)
{
  return end - at >= 3 && g_ascii_isdigit (at[0]) && g_ascii_isdigit (at[1]) &&
         g_ascii_isdigit (at[2]) ? 3 : 0;
}

/* \s?[letters]+ */
gsize
sotto_match_spaced (const SottoSplit *split,
                    const guint8     *at,
                    const guint8     *end)
{
  const guint8 *behind;
  guint n;

  if ((look (at, end, &n) & SPACE) == 0)
    n = 0;
  behind = skip (at + n, end, split->letters);

  return behind > at + n ? behind - at : 0;
}

/* [\p{P}tail]+ */
gsize
sotto_match_punctuation (const SottoSplit *split,
                         const guint8     *at,
                         const guint8     *end)
{
  const guint8 *behind = at;
  const guint8 *last;

  do
    {
      last = behind;
      behind = skip_ascii (skip (behind, end, PUNCTUATION), end, split->tail);
    }
  while (behind > last);

  return behind - at;
}

/* A run of characters of up to three ranges. */
static gsize
match_ranges (const guint8  *at,
              const guint8  *end,
              const gunichar ranges[3][2])
{
  const guint8 *behind = at;

  while (behind < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (behind, end, &c);
      gboolean inside = FALSE;

      for (guint i = 0; i < 3; i++)
        inside = inside || (c >= ranges[i][0] && c <= ranges[i][1]);
      if (!inside)
        break;
      behind += n;
    }

  return behind - at;
}

/* [一-龥ࠀ-一가-퟿]+ */
gsize
sotto_match_east_asian (const SottoSplit *split,
                        const guint8     *at,
                        const guint8     *end)
{
  static const gunichar ranges[3][2] = { { 0x4e00, 0x9fa5 },
                                         { 0x0800, 0x4e00 },
                                         { 0xac00, 0xd7ff } };

  return match_ranges (at, end, ranges);
}

/* [一-龥぀-ゟ゠-ヿ]+ */
gsize
sotto_match_han_and_kana (const SottoSplit *split,
                          const guint8     *at,
                          const guint8     *end)
{
  static const gunichar ranges[3][2] = { { 0x4e00, 0x9fa5 },
                                         { 0x3040, 0x309f },
                                         { 0x30a0, 0x30ff } };

  return match_ranges (at, end, ranges);
}

/* " ?[^(\s|.,!?…。，、।۔،)]+" */
gsize
sotto_match_bloom (const SottoSplit *split,
                   const guint8     *at,
                   const guint8     *end)
{
  static const gunichar beyond_ascii[] = { 0x2026, 0x3002, 0xff0c, 0x3001, 0x0964, 0x06d4, 0x060c };
  const guint8 *first = *at == ' ' ? at + 1 : at;
  const guint8 *behind = first;

  while (behind < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (behind, end, &c);
      gboolean excluded = c < 0x80 ? c != 0 && strchr ("(|.,!?)", (int) c) != NULL : FALSE;

      for (guint i = 0; i < G_N_ELEMENTS (beyond_ascii); i++)
        excluded = excluded || c == beyond_ascii[i];
      if (excluded || (look (behind, end, &n) & SPACE) != 0)
        break;
      behind += n;
    }

  return behind > first ? behind - at : 0;
}
