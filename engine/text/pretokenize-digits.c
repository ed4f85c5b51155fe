/* Pre-tokenizers that count digits. */

#include "text/pretokenize-look.h"
#include "text/pretokenize-match.h"

#define DIGIT SOTTO_UNICODE_BIT (ND)

/* What \w stands for. */
#define WORD                                                                                    \
  (SOTTO_UNICODE_LETTER | SOTTO_UNICODE_MARK | SOTTO_UNICODE_BIT (ND) | SOTTO_UNICODE_BIT (NL) | \
   SOTTO_UNICODE_BIT (PC))

/* How many characters of @mask there are. @behind: (out): behind them */
static gsize
count (const guint8  *at,
       const guint8  *end,
       guint32        mask,
       const guint8 **behind)
{
  gsize n_characters = 0;
  guint n;

  for (; (sotto_look (at, end, &n) & mask) != 0; at += n)
    n_characters++;
  *behind = at;

  return n_characters;
}

static gsize
measure_characters (const guint8 *at,
                    const guint8 *end,
                    gsize         n_characters)
{
  const guint8 *behind = at;
  guint n;

  for (; n_characters > 0; n_characters--, behind += n)
    sotto_look (behind, end, &n);

  return behind - at;
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

/* \p{N} in groups of three from the right: the first group has what is left over. */
gsize
sotto_match_thousands (const SottoSplit *split,
                       const guint8     *at,
                       const guint8     *end)
{
  const guint8 *behind;
  gsize n = count (at, end, SOTTO_UNICODE_NUMBER, &behind);

  return n == 0 ? 0 : measure_characters (at, end, n % 3 > 0 ? n % 3 : 3);
}

/* \d{1,3}(?=(?:\d{3})*\b) : the same, where nothing that belongs to a word stands behind */
gsize
sotto_match_free_thousands (const SottoSplit *split,
                            const guint8     *at,
                            const guint8     *end)
{
  const guint8 *behind;
  gsize n = count (at, end, DIGIT, &behind);
  guint n_next;

  if (n == 0 || (sotto_look (behind, end, &n_next) & WORD) != 0)
    return 0;

  return measure_characters (at, end, n % 3 > 0 ? n % 3 : 3);
}

/* (?=(\d{3})+(?!\d)) : cuts before each group of three, seen from the right */
gsize
sotto_match_before_thousands (const SottoSplit *split,
                              const guint8     *at,
                              const guint8     *end)
{
  const guint8 *behind;
  gsize n = count (at, end, DIGIT, &behind);

  return n == 0 || n % 3 != 0 ? 0 : measure_characters (at, end, 3);
}
