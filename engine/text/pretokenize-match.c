/* What pre-tokenizers match: the regular expressions of the models' makers as hand-written
 * matchers.
 *
 * Each states its expression and does what a backtracking engine would find, in time linear in
 * what it looks at. Where the expressions have (?i:…) only ASCII counts, as in llama.cpp. */

#include "text/pretokenize-match.h"

#include <string.h>

#include "text/pretokenize-look.h"
#include "text/unicode-normal.h"

#define LETTER SOTTO_UNICODE_LETTER
#define MARK SOTTO_UNICODE_MARK
#define NUMBER SOTTO_UNICODE_NUMBER
#define PUNCTUATION SOTTO_UNICODE_PUNCTUATION
#define SYMBOL SOTTO_UNICODE_SYMBOL
#define SPACE SOTTO_UNICODE_SPACE

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

  while (behind < end && (sotto_look (behind, end, &n) & SPACE) != 0)
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

  for (const guint8 *i = at; i < end && (sotto_look (i, end, &n) & SPACE) != 0; i += n)
    if (is_newline (i, end))
      line_end = i + 1;

  return line_end != NULL ? (gsize) (line_end - at) : match_spaces (at, end);
}

/* \s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|…|\s{4}(?!\S)|\s{1,2}(?!\S)|\s */
static gsize
match_lines_or_halves (const guint8 *at,
                       const guint8 *end)
{
  const guint8 *behind[512 + 1] = { at };
  const guint8 *line_end = NULL;
  const guint8 *i = at;
  guint n_spaces = 0;
  gboolean ends_here;
  guint n;

  for (; i < end && (sotto_look (i, end, &n) & SPACE) != 0; i += n)
    {
      if (is_newline (i, end))
        line_end = i + 1;
      if (n_spaces++ < 512)
        behind[n_spaces] = i + n;
    }
  if (line_end != NULL)
    return line_end - at;
  if (n_spaces == 0)
    return 0;

  ends_here = i == end;
  for (guint half = 512; half > 0; half /= 2)
    if (n_spaces > half || (n_spaces == half && ends_here))
      return behind[half] - at;

  return behind[1] - at;
}

/* \p{N}{1,max} */
static gsize
match_digits (const guint8 *at,
              const guint8 *end,
              guint         max)
{
  const guint8 *behind = at;
  guint n;

  for (guint i = 0; (max == 0 || i < max) && (sotto_look (behind, end, &n) & NUMBER) != 0; i++)
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
  const guint8 *behind = sotto_skip_other (first, end, excluded);

  return behind > first ? sotto_skip_ascii (behind, end, tail) - at : 0;
}

/* Whether [^\r\n…]? takes the character at @at: it may begin a word without being a letter. */
static gboolean
takes_prefix (const guint8 *at,
              const guint8 *end,
              guint32       excluded,
              guint        *n)
{
  return !is_newline (at, end) && (sotto_look (at, end, n) & excluded) == 0 && *n > 0;
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
      const guint8 *behind = sotto_skip (at + n, end, letters);

      if (behind > at + n)
        return behind - at;
    }

  return sotto_skip (at, end, letters) - at;
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

  mask = sotto_look (first, end, &n_first);
  if (mask & LETTER)
    return sotto_skip (first, end, LETTER) - at;
  if (mask & NUMBER)
    return sotto_skip (first, end, NUMBER) - at;
  if ((mask & SPACE) == 0)
    return sotto_skip_other (first, end, LETTER | NUMBER | SPACE) - at;

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
    n = split->halves_spaces ? match_lines_or_halves (at, end) : match_lines_or_spaces (at, end);

  return n;
}

/* (contraction)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}
 * | ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+ : a piece may be several words */
gsize
sotto_match_phrase (const SottoSplit *split,
                    const guint8     *at,
                    const guint8     *end)
{
  gsize n = match_contraction (at, end, TRUE);
  const guint8 *first = at;
  const guint8 *behind;
  guint n_prefix;
  guint n_next;

  if (n > 0)
    return n;

  if (takes_prefix (at, end, LETTER | NUMBER, &n_prefix))
    first = at + n_prefix;
  if ((sotto_look (first, end, &n_next) & LETTER) != 0)
    {
      behind = sotto_skip (first, end, LETTER | MARK);
      while (behind < end && *behind == ' ' &&
             (sotto_look (behind + 1, end, &n_next) & LETTER) != 0)
        behind = sotto_skip (behind + 1, end, LETTER | MARK);
      return behind - at;
    }

  n = match_digits (at, end, 1);
  if (n == 0)
    {
      n = match_symbols (at, end, LETTER | NUMBER | SPACE, "");
      if (n > 0 && at + n < end && strchr ("\r\n/", at[n]) != NULL && at[n] != 0)
        n++;
    }
  if (n == 0)
    n = match_lines_or_spaces (at, end);

  return n;
}

#define UPPER_CLASS \
  (SOTTO_UNICODE_UPPER | SOTTO_UNICODE_TITLE | SOTTO_UNICODE_CASELESS | SOTTO_UNICODE_MARK)
#define LOWER_CLASS (SOTTO_UNICODE_LOWER | SOTTO_UNICODE_CASELESS | SOTTO_UNICODE_MARK)

/* As sotto_skip(), but for Kimi's expression Han is in none of the classes of letters. */
static inline guint32
look_at_letter (const guint8 *at,
                const guint8 *end,
                gboolean      without_han,
                guint        *n)
{
  guint32 mask = sotto_look (at, end, n);
  gunichar c;

  if (without_han && (mask & (UPPER_CLASS | LOWER_CLASS)) != 0)
    {
      sotto_utf8_decode (at, end, &c);
      if (sotto_unicode_is_han (c))
        return 0;
    }

  return mask;
}

static const guint8 *
skip_letters (const guint8 *at,
              const guint8 *end,
              gboolean      without_han,
              guint32       mask)
{
  guint n;

  while ((look_at_letter (at, end, without_han, &n) & mask) != 0)
    at += n;

  return at;
}

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+ */
static const guint8 *
skip_capitalised (const guint8 *at,
                  const guint8 *end,
                  gboolean      without_han)
{
  const guint8 *behind = at;
  const guint8 *behind_shared = at;   /* behind the last character that is in both classes */
  const guint8 *lower;
  guint32 mask;
  guint n;

  while (((mask = look_at_letter (behind, end, without_han, &n)) & UPPER_CLASS) != 0)
    {
      behind += n;
      if (mask & LOWER_CLASS)
        behind_shared = behind;
    }

  lower = skip_letters (behind, end, without_han, LOWER_CLASS);

  /* Without a lower-case letter the first run has to give one back that the second can take. */
  return lower > behind ? lower : behind_shared;
}

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]* */
static const guint8 *
skip_capitals (const guint8 *at,
               const guint8 *end,
               gboolean      without_han)
{
  const guint8 *behind = skip_letters (at, end, without_han, UPPER_CLASS);

  return behind > at ? skip_letters (behind, end, without_han, LOWER_CLASS) : at;
}

/* \p{Han}+ */
static const guint8 *
skip_han (const guint8 *at,
          const guint8 *end)
{
  while (at < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (at, end, &c);

      if (c > 0x10ffff || !sotto_unicode_is_han (c))
        break;
      at += n;
    }

  return at;
}

/* [^\r\n\p{L}\p{N}]?[upper]*[lower]+(contraction)?|[^\r\n\p{L}\p{N}]?[upper]+[lower]*(contraction)?
 * |\p{N}{1,max}| ?[^\s\p{L}\p{N}]+[tail]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * With cuts_han \p{Han}+ comes first, and letters are those of other scripts. */
gsize
sotto_match_gpt4o (const SottoSplit *split,
                   const guint8     *at,
                   const guint8     *end)
{
  const guint8 *(*const forms[]) (const guint8 *, const guint8 *, gboolean) = { skip_capitalised,
                                                                                skip_capitals };
  gsize n = split->cuts_han ? skip_han (at, end) - at : 0;

  if (n > 0)
    return n;

  for (guint i = 0; i < G_N_ELEMENTS (forms) && n == 0; i++)
    {
      const guint8 *behind;
      guint n_prefix;

      if (takes_prefix (at, end, LETTER | NUMBER, &n_prefix))
        {
          behind = forms[i] (at + n_prefix, end, split->cuts_han);
          if (behind > at + n_prefix)
            n = behind - at;
        }
      if (n == 0)
        n = forms[i] (at, end, split->cuts_han) - at;
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
 * |\s*[\r\n]+|\s+(?!\S)|\s+
 * Without a tail newlines are alone: … ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+ */
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
  behind = sotto_skip (first, end, PUNCTUATION | SYMBOL);
  if (behind > first)
    return sotto_skip_ascii (behind, end, split->tail) - at;

  if (*split->tail == '\0')
    return is_newline (at, end) ? 1 : match_spaces (at, end);

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

/* \s?[letters]+ */
gsize
sotto_match_spaced (const SottoSplit *split,
                    const guint8     *at,
                    const guint8     *end)
{
  const guint8 *behind;
  guint n;

  if ((sotto_look (at, end, &n) & SPACE) == 0)
    n = 0;
  behind = sotto_skip (at + n, end, split->letters);

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
      behind = sotto_skip_ascii (sotto_skip (behind, end, PUNCTUATION), end, split->tail);
    }
  while (behind > last);

  return behind - at;
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
      if (excluded || (sotto_look (behind, end, &n) & SPACE) != 0)
        break;
      behind += n;
    }

  return behind > first ? behind - at : 0;
}
