/* Pre-tokenizers that list characters: the expressions' own ranges, sorted. */

#include "text/pretokenize-look.h"
#include "text/pretokenize-match.h"
#include "text/unicode-normal.h"

/* A run of characters of the ranges. */
static gsize
match_ranges (const SottoUnicodeRange *ranges,
              guint                    n_ranges,
              const guint8            *at,
              const guint8            *end)
{
  const guint8 *behind = at;

  while (behind < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (behind, end, &c);

      if (sotto_unicode_find_range (ranges, n_ranges, c) == NULL)
        break;
      behind += n;
    }

  return behind - at;
}

/* The same behind \s? */
static gsize
match_spaced_ranges (const SottoUnicodeRange *ranges,
                     guint                    n_ranges,
                     const guint8            *at,
                     const guint8            *end)
{
  guint n_space;
  gsize n;

  if ((sotto_look (at, end, &n_space) & SOTTO_UNICODE_SPACE) == 0)
    n_space = 0;
  n = match_ranges (ranges, n_ranges, at + n_space, end);

  return n > 0 ? n + n_space : 0;
}

/* [\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+ */
gsize
sotto_match_east_asian (const SottoSplit *split,
                        const guint8     *at,
                        const guint8     *end)
{
  static const SottoUnicodeRange ranges[] = { { 0x0800, 0x9fa5 }, { 0xac00, 0xd7ff } };

  return match_ranges (ranges, G_N_ELEMENTS (ranges), at, end);
}

/* [\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+ */
gsize
sotto_match_han_and_kana (const SottoSplit *split,
                          const guint8     *at,
                          const guint8     *end)
{
  static const SottoUnicodeRange ranges[] = { { 0x3040, 0x30ff }, { 0x4e00, 0x9fa5 } };

  return match_ranges (ranges, G_N_ELEMENTS (ranges), at, end);
}

/* \s?[letters with case]+, of DeepSeek LLM */
gsize
sotto_match_cased (const SottoSplit *split,
                   const guint8     *at,
                   const guint8     *end)
{
  static const SottoUnicodeRange ranges[] = {
    { 0x41, 0x5a }, { 0x61, 0x7a }, { 0xb5, 0xb5 }, { 0xc0, 0xd6 },
    { 0xd8, 0xf6 }, { 0xf8, 0x1ba }, { 0x1bc, 0x1bf }, { 0x1c4, 0x293 },
    { 0x295, 0x2af }, { 0x370, 0x373 }, { 0x376, 0x377 }, { 0x37b, 0x37d },
    { 0x37f, 0x37f }, { 0x386, 0x386 }, { 0x388, 0x38a }, { 0x38c, 0x38c },
    { 0x38e, 0x3a1 }, { 0x3a3, 0x3f5 }, { 0x3f7, 0x481 }, { 0x48a, 0x52f },
    { 0x531, 0x556 }, { 0x10a0, 0x10c5 }, { 0x13a0, 0x13f5 }, { 0x13f8, 0x13fd },
    { 0x1c90, 0x1cba }, { 0x1cbd, 0x1cbf }, { 0x1d00, 0x1d2b }, { 0x1d6b, 0x1d77 },
    { 0x1d79, 0x1d9a }, { 0x1e00, 0x1f15 }, { 0x1f18, 0x1f1d }, { 0x1f20, 0x1f45 },
    { 0x1f48, 0x1f4d }, { 0x1f50, 0x1f57 }, { 0x1f59, 0x1f59 }, { 0x1f5b, 0x1f5b },
    { 0x1f5d, 0x1f5d }, { 0x1f5f, 0x1f7d }, { 0x1f80, 0x1fb4 }, { 0x1fb6, 0x1fbc },
    { 0x1fbe, 0x1fbe }, { 0x1fc2, 0x1fc4 }, { 0x1fc6, 0x1fcc }, { 0x1fd0, 0x1fd3 },
    { 0x1fd6, 0x1fdb }, { 0x1fe0, 0x1fec }, { 0x1ff2, 0x1ff4 }, { 0x1ff6, 0x1ffc },
    { 0x2102, 0x2102 }, { 0x2107, 0x2107 }, { 0x210a, 0x2113 }, { 0x2115, 0x2115 },
    { 0x2119, 0x211d }, { 0x2124, 0x2124 }, { 0x2126, 0x2126 }, { 0x2128, 0x2128 },
    { 0x212a, 0x212d }, { 0x212f, 0x2134 }, { 0x2139, 0x2139 }, { 0x213c, 0x213f },
    { 0x2145, 0x2149 }, { 0x214e, 0x214e }, { 0x2183, 0x2184 }, { 0x2c00, 0x2c7b },
    { 0x2c7e, 0x2ce4 }, { 0x2ceb, 0x2cee }, { 0x2cf2, 0x2cf3 }, { 0xa640, 0xa66d },
    { 0xa680, 0xa69b }, { 0xa722, 0xa76f }, { 0xa771, 0xa787 }, { 0xa78b, 0xa78e },
    { 0xab70, 0xabbf }, { 0xfb00, 0xfb06 }, { 0xfb13, 0xfb17 }, { 0xff21, 0xff3a },
    { 0xff41, 0xff5a }, { 0x10400, 0x1044f }, { 0x104b0, 0x104d3 }, { 0x104d8, 0x104fb },
    { 0x10c80, 0x10cb2 }, { 0x10cc0, 0x10cf2 }, { 0x118a0, 0x118df }, { 0x1e900, 0x1e943 },
  };

  return match_spaced_ranges (ranges, G_N_ELEMENTS (ranges), at, end);
}

/* \s?[punctuation, ASCII and full width]+, of DeepSeek LLM */
gsize
sotto_match_wide_punctuation (const SottoSplit *split,
                              const guint8     *at,
                              const guint8     *end)
{
  static const SottoUnicodeRange ranges[] = {
    { 0x21, 0x2f }, { 0x3a, 0x7e }, { 0x2018, 0x201f }, { 0x3000, 0x3002 }, { 0xff01, 0xff0f },
    { 0xff1a, 0xff5e },
  };

  return match_spaced_ranges (ranges, G_N_ELEMENTS (ranges), at, end);
}

/* \s+$ */
gsize
sotto_match_final_spaces (const SottoSplit *split,
                          const guint8     *at,
                          const guint8     *end)
{
  const guint8 *behind = sotto_skip (at, end, SOTTO_UNICODE_SPACE);

  return behind == end ? behind - at : 0;
}

/* Hangul, some Chinese punctuation, Bopomofo, Han and kana, each a piece; of Youtu */
gsize
sotto_match_east_asian_parts (const SottoSplit *split,
                              const guint8     *at,
                              const guint8     *end)
{
  static const SottoUnicodeRange hangul[] = { { 0x3131, 0x318e }, { 0xac00, 0xd7a3 } };
  static const SottoUnicodeRange punctuation[] = {
    { 0x2014, 0x2014 }, { 0x2018, 0x2019 }, { 0x201c, 0x201d }, { 0x2026, 0x2026 },
    { 0x3001, 0x303f }, { 0xfe30, 0xfe4f }, { 0xff01, 0xff01 }, { 0xff0c, 0xff0c },
    { 0xff1a, 0xff1b },
  };
  static const SottoUnicodeRange bopomofo[] = { { 0x3105, 0x312f } };
  gsize n = match_ranges (hangul, G_N_ELEMENTS (hangul), at, end);

  if (n == 0)
    n = match_ranges (punctuation, G_N_ELEMENTS (punctuation), at, end);
  if (n == 0)
    n = match_ranges (bopomofo, G_N_ELEMENTS (bopomofo), at, end);
  if (n == 0)
    n = sotto_match_han_and_kana (split, at, end);

  return n;
}

/* Scripts that are written without spaces, and some of their neighbours; of AFMoE */
gsize
sotto_match_unspaced_scripts (const SottoSplit *split,
                              const guint8     *at,
                              const guint8     *end)
{
  static const SottoUnicodeRange ranges[] = {
    { 0xe40, 0xeff }, { 0x1000, 0x109f }, { 0x1100, 0x11ff }, { 0x1780, 0x17ff },
    { 0x2f00, 0x2fdf }, { 0x3040, 0x30ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff },
    { 0xa9e0, 0xa9ff }, { 0xaa60, 0xaa7f }, { 0xac00, 0xd7af }, { 0xf900, 0xfaff },
    { 0xff65, 0xff9f },
  };

  return match_ranges (ranges, G_N_ELEMENTS (ranges), at, end);
}

/* --- Chameleon --- */

/* <sentinel:[0-9]+> */
gsize
sotto_match_sentinel (const SottoSplit *split,
                      const guint8     *at,
                      const guint8     *end)
{
  static const char mark[] = "<sentinel:";
  const gsize n = sizeof mark - 1;
  const guint8 *behind = at + n;

  if ((gsize) (end - at) < n || memcmp (at, mark, n) != 0)
    return 0;

  while (behind < end && g_ascii_isdigit (*behind))
    behind++;

  return behind > at + n && behind < end && *behind == '>' ? behind + 1 - at : 0;
}

/* IMGIMG[A-I]{1,4}Z */
gsize
sotto_match_image (const SottoSplit *split,
                   const guint8     *at,
                   const guint8     *end)
{
  static const char mark[] = "IMGIMG";
  const gsize n = sizeof mark - 1;
  const guint8 *behind = at + n;

  if ((gsize) (end - at) < n || memcmp (at, mark, n) != 0)
    return 0;

  while (behind < end && behind < at + n + 4 && *behind >= 'A' && *behind <= 'I')
    behind++;

  return behind > at + n && behind < end && *behind == 'Z' ? behind + 1 - at : 0;
}

/* [\t\n]|    |  : a tab, a newline, four spaces, two */
gsize
sotto_match_indentation (const SottoSplit *split,
                         const guint8     *at,
                         const guint8     *end)
{
  const gsize n = end - at;

  if (*at == '\t' || *at == '\n')
    return 1;
  if (n >= 4 && memcmp (at, "    ", 4) == 0)
    return 4;

  return n >= 2 && memcmp (at, "  ", 2) == 0 ? 2 : 0;
}

/* [\p{P} and what of ASCII is neither letter nor digit] : one of them */
gsize
sotto_match_one_mark (const SottoSplit *split,
                      const guint8     *at,
                      const guint8     *end)
{
  guint n;
  guint32 mask = sotto_look (at, end, &n);

  return g_ascii_ispunct (*at) || (mask & SOTTO_UNICODE_PUNCTUATION) != 0 ? n : 0;
}
