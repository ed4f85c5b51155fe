#pragma once

#include "cpu/bit-matrix.h"
#include "cpu/pack-few.h"

/* Codes in two registers of 256 bits; see codes.h. Signed weights of few bits have the kind's zero added
 * to them. Those of up to eight, whose kind's zero is ZERO_SIGNED, stay signed bytes; with AVX-VNNI they have
 * 128 added, for dpbusd takes bytes without a sign. */

typedef struct {
  __m256i low;              /* of the first two blocks of four */
  __m256i high;
} Codes;

/* --- Products --- */

#ifdef __AVXVNNI__

/* The products of bytes of the same four columns each, added to sums. */
G_ALWAYS_INLINE static inline __m256i
add_bytes (__m256i sums, __m256i codes, const gint8 *x)
{
  return _mm256_dpbusd_avx_epi32 (sums, codes, _mm256_load_si256 ((const __m256i *) x));
}

/* What sums of the high plane begin with, which become 128 times as much. */
G_ALWAYS_INLINE static inline __m256i
begin_sums (const gint32 *zeros, guint zero)
{
  return zero == ZERO_SIGNED ? _mm256_load_si256 ((const __m256i *) zeros) : _mm256_setzero_si256 ();
}

G_ALWAYS_INLINE static inline __m256
end_sums (__m256i sums, const gint32 *zeros, guint zero)
{
  if (zero != 0 && zero != ZERO_SIGNED)
    sums = _mm256_add_epi32 (sums, _mm256_slli_epi32 (_mm256_load_si256 ((const __m256i *) zeros),
                                                      __builtin_ctz (zero)));
  return _mm256_cvtepi32_ps (sums);
}

G_ALWAYS_INLINE static inline __m256
multiply_side (__m256i codes, const FewPair *x, guint half, guint side, guint zero)
{
  const gint32 *zeros = x->half_zeros[half] + 8 * side;
  __m256i sums = add_bytes (begin_sums (zeros, zero), codes, x->high[half] + 32 * side);

  sums = add_bytes (_mm256_slli_epi32 (sums, 7), codes, x->low[half] + 32 * side);
  return end_sums (sums, zeros, zero);
}

G_ALWAYS_INLINE static inline __m256
multiply_sides (__m256i first, __m256i second, const FewPair *x, guint side, guint zero)
{
  const gint32 *zeros = x->zeros + 8 * side;
  __m256i sums = add_bytes (begin_sums (zeros, zero), first, x->high[0] + 32 * side);

  sums = _mm256_slli_epi32 (add_bytes (sums, second, x->high[1] + 32 * side), 7);
  sums = add_bytes (sums, first, x->low[0] + 32 * side);
  return end_sums (add_bytes (sums, second, x->low[1] + 32 * side), zeros, zero);
}

#else

/* Of bytes with a sign: the products of four columns, whole, in 32 bits. */
G_ALWAYS_INLINE static inline __m256i
multiply_signed (__m256i codes, const gint16 words[2][16])
{
  __m256i even = _mm256_srai_epi16 (_mm256_slli_epi16 (codes, 8), 8);
  __m256i odd = _mm256_srai_epi16 (codes, 8);

  return _mm256_add_epi32 (
    _mm256_madd_epi16 (even, _mm256_load_si256 ((const __m256i *) words[0])),
    _mm256_madd_epi16 (odd, _mm256_load_si256 ((const __m256i *) words[1])));
}

/* Of codes below 64: the products of two columns in 16 bits, which may be added once more. */
G_ALWAYS_INLINE static inline __m256i
multiply_twos (__m256i codes, const gint8 *x)
{
  return _mm256_maddubs_epi16 (codes, _mm256_load_si256 ((const __m256i *) x));
}

/* The sums of 128 * high + low - zero * columns, in 32 bits; zeros is minus the sum of the columns. */
G_ALWAYS_INLINE static inline __m256i
join_planes (__m256i high, __m256i low, const gint32 *zeros, guint zero)
{
  __m256i sums = _mm256_add_epi32 (_mm256_madd_epi16 (high, _mm256_set1_epi16 (128)),
                                   _mm256_madd_epi16 (low, _mm256_set1_epi16 (1)));

  if (zero == 0)
    return sums;
  return _mm256_add_epi32 (sums, _mm256_slli_epi32 (_mm256_load_si256 ((const __m256i *) zeros),
                                                    __builtin_ctz (zero)));
}

G_ALWAYS_INLINE static inline __m256
multiply_side (__m256i codes, const FewPair *x, guint half, guint side, guint zero)
{
  if (zero == ZERO_SIGNED)
    return _mm256_cvtepi32_ps (multiply_signed (codes, x->words[half][side]));
  return _mm256_cvtepi32_ps (join_planes (multiply_twos (codes, x->high[half] + 32 * side),
                                          multiply_twos (codes, x->low[half] + 32 * side),
                                          x->half_zeros[half] + 8 * side, zero));
}

G_ALWAYS_INLINE static inline __m256
multiply_sides (__m256i first, __m256i second, const FewPair *x, guint side, guint zero)
{
  __m256i high;
  __m256i low;

  if (zero == ZERO_SIGNED)
    return _mm256_cvtepi32_ps (_mm256_add_epi32 (multiply_signed (first, x->words[0][side]),
                                                 multiply_signed (second, x->words[1][side])));
  high = _mm256_add_epi16 (multiply_twos (first, x->high[0] + 32 * side),
                           multiply_twos (second, x->high[1] + 32 * side));
  low = _mm256_add_epi16 (multiply_twos (first, x->low[0] + 32 * side),
                          multiply_twos (second, x->low[1] + 32 * side));
  return _mm256_cvtepi32_ps (join_planes (high, low, x->zeros + 8 * side, zero));
}

#endif

G_ALWAYS_INLINE static inline Lanes
multiply_pair (Codes first, Codes second, const FewPair *x, guint zero)
{
  return (Lanes) { multiply_sides (first.low, second.low, x, 0, zero),
                   multiply_sides (first.high, second.high, x, 1, zero) };
}

G_ALWAYS_INLINE static inline Lanes
multiply_half (Codes codes, const FewPair *x, guint half, guint zero)
{
  return (Lanes) { multiply_side (codes.low, x, half, 0, zero),
                   multiply_side (codes.high, x, half, 1, zero) };
}

/* --- Scales --- */

G_ALWAYS_INLINE static inline __m256
spread_pair (__m256 v, int a, int b)
{
  return _mm256_permutevar8x32_ps (v, _mm256_setr_epi32 (a, a, a, a, b, b, b, b));
}

G_ALWAYS_INLINE static inline Lanes
spread_lanes (Lanes v, int a, int b, int c, int d)
{
  return (Lanes) { spread_pair (v.low, a, b), spread_pair (v.high, c - 8, d - 8) };
}

G_ALWAYS_INLINE static inline Lanes
spread_eight (__m256 v, int a, int b, int c, int d)
{
  return (Lanes) { spread_pair (v, a, b), spread_pair (v, c, d) };
}

G_ALWAYS_INLINE static inline Lanes
spread_two (__m128 v)
{
  __m256 both = spread_pair (_mm256_castps128_ps256 (v), 0, 1);

  return (Lanes) { both, both };
}

G_ALWAYS_INLINE static inline Lanes
extend_eight (__m256 v)
{
  return (Lanes) { v, _mm256_setzero_ps () };
}

G_ALWAYS_INLINE static inline Lanes
lanes_of_bytes (__m128i bytes)
{
  return (Lanes) { _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (bytes)),
                   _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (_mm_srli_si128 (bytes, 8))) };
}

G_ALWAYS_INLINE static inline Lanes
lanes_of_words (__m256i words)
{
  __m128i low = _mm256_castsi256_si128 (words);
  __m128i high = _mm256_extracti128_si256 (words, 1);

  return (Lanes) { _mm256_cvtepi32_ps (_mm256_cvtepi16_epi32 (low)),
                   _mm256_cvtepi32_ps (_mm256_cvtepi16_epi32 (high)) };
}

/* --- Codes of four blocks --- */

G_ALWAYS_INLINE static inline Codes
load_four (const guint8 *const blocks[4], gsize offset)
{
  __m128i v[4];

  for (guint i = 0; i < 4; i++)
    v[i] = _mm_loadu_si128 ((const __m128i *) (blocks[i] + offset));
  return (Codes) { _mm256_set_m128i (v[1], v[0]), _mm256_set_m128i (v[3], v[2]) };
}

/* The halves of four blocks. */
G_ALWAYS_INLINE static inline void
split_four (__m256i a, __m256i b, __m256i c, __m256i d, Codes codes[2])
{
  codes[0] = (Codes) { _mm256_permute2x128_si256 (a, b, 0x20),
                       _mm256_permute2x128_si256 (c, d, 0x20) };
  codes[1] = (Codes) { _mm256_permute2x128_si256 (a, b, 0x31),
                       _mm256_permute2x128_si256 (c, d, 0x31) };
}

G_ALWAYS_INLINE static inline __m256i
nibbles_of (__m256i bytes)
{
  return _mm256_and_si256 (bytes, _mm256_set1_epi8 (15));
}

G_ALWAYS_INLINE static inline Codes
low_nibbles (Codes bytes)
{
  return (Codes) { nibbles_of (bytes.low), nibbles_of (bytes.high) };
}

G_ALWAYS_INLINE static inline __m256i
high_nibbles_of (__m256i bytes)
{
#ifdef __GFNI__
  return _mm256_gf2p8affine_epi64_epi8 (bytes, _mm256_set1_epi64x (HIGH_NIBBLES), 0);
#else
  return nibbles_of (_mm256_srli_epi16 (bytes, 4));
#endif
}

G_ALWAYS_INLINE static inline Codes
high_nibbles (Codes bytes)
{
  return (Codes) { high_nibbles_of (bytes.low), high_nibbles_of (bytes.high) };
}

G_ALWAYS_INLINE static inline Codes
low_signed (Codes bytes)
{
  return low_nibbles (bytes);
}

G_ALWAYS_INLINE static inline Codes
high_signed (Codes bytes)
{
  return high_nibbles (bytes);
}

/* v + 16 where the bit of the byte is set: of two blocks, whose 16 bits each are bytes first and first + 1, first + 4
 * and first + 5 of fifths */
G_ALWAYS_INLINE static inline __m256i
add_sixteens (__m256i v, __m256i fifths, guint first)
{
  __m256i lanes = _mm256_set1_epi64x ((gint64) G_GUINT64_CONSTANT (0x8040201008040201));
#ifdef __GFNI__
  /* Matrices that have but a row for bit 4: a byte is 0 where its place is above 127. */
  gint64 row = G_GINT64_CONSTANT (0x8080808000808080);
  __m256i places = _mm256_setr_epi64x (row, row + (1 << 24), row + (4 << 24), row + (5 << 24));
  __m256i rows = _mm256_shuffle_epi8 (fifths, _mm256_add_epi8 (places, _mm256_set1_epi8 ((char) first)));

  return _mm256_or_si256 (v, _mm256_gf2p8affine_epi64_epi8 (lanes, rows, 0));
#else
  gint64 all = 0x0101010101010101;
  __m256i places = _mm256_setr_epi64x (0, all, 4 * all, 5 * all);
  __m256i set = _mm256_shuffle_epi8 (fifths, _mm256_add_epi8 (places, _mm256_set1_epi8 ((char) first)));

  set = _mm256_cmpeq_epi8 (_mm256_and_si256 (set, lanes), lanes);
  return _mm256_or_si256 (v, _mm256_and_si256 (set, _mm256_set1_epi8 (16)));
#endif
}

/* Of blocks that have their fifth bits, then their nibbles at offset. */
G_ALWAYS_INLINE static inline void
codes_of_five_bits (const guint8 *const blocks[4], gsize offset, Codes codes[2])
{
  Codes bytes = load_four (blocks, offset + 4);
  Codes low = low_nibbles (bytes);
  Codes high = high_nibbles (bytes);
  gint32 words[4];
  __m256i fifths;

  for (guint i = 0; i < 4; i++)
    memcpy (words + i, blocks[i] + offset, sizeof *words);
  fifths = _mm256_broadcastsi128_si256 (_mm_setr_epi32 (words[0], words[1], words[2], words[3]));
  codes[0] = (Codes) { add_sixteens (low.low, fifths, 0), add_sixteens (low.high, fifths, 8) };
  codes[1] = (Codes) { add_sixteens (high.low, fifths, 2), add_sixteens (high.high, fifths, 10) };
}

G_ALWAYS_INLINE static inline void
codes_q5_0 (const guint8 *const blocks[4], Codes codes[2])
{
  codes_of_five_bits (blocks, 2, codes);
}

G_ALWAYS_INLINE static inline void
codes_q5_1 (const guint8 *const blocks[4], Codes codes[2])
{
  codes_of_five_bits (blocks, 4, codes);
}

G_ALWAYS_INLINE static inline Codes
of_signed_bytes (Codes bytes)
{
#ifdef __AVXVNNI__
  __m256i sign = _mm256_set1_epi8 ((char) 0x80);

  return (Codes) { _mm256_xor_si256 (bytes.low, sign), _mm256_xor_si256 (bytes.high, sign) };
#else
  return bytes;
#endif
}

G_ALWAYS_INLINE static inline Codes
to_signed_bytes (Codes codes, guint zero)
{
  __m256i v = _mm256_set1_epi8 ((char) zero);

  if (zero == 0 || zero == ZERO_SIGNED)
    return codes;
  return (Codes) { _mm256_sub_epi8 (codes.low, v), _mm256_sub_epi8 (codes.high, v) };
}

G_ALWAYS_INLINE static inline Codes
of_bytes (Codes bytes, guint zero G_GNUC_UNUSED)
{
  return bytes;
}

G_ALWAYS_INLINE static inline Codes
of_digits (Codes bytes)
{
  return (Codes) { first_digits (bytes.low), first_digits (bytes.high) };
}

G_ALWAYS_INLINE static inline Codes
look_up (__m128i book, Codes nibbles)
{
  __m256i both = _mm256_broadcastsi128_si256 (book);

  return of_signed_bytes ((Codes) { _mm256_shuffle_epi8 (both, nibbles.low),
                                    _mm256_shuffle_epi8 (both, nibbles.high) });
}

G_ALWAYS_INLINE static inline void
mix_eights (Codes a, Codes b, Codes codes[2])
{
  codes[0] = (Codes) { _mm256_unpacklo_epi64 (a.low, b.low),
                       _mm256_unpacklo_epi64 (a.high, b.high) };
  codes[1] = (Codes) { _mm256_unpackhi_epi64 (a.low, b.low),
                       _mm256_unpackhi_epi64 (a.high, b.high) };
}

/* --- The K types; see format/block-dequantise-k.c --- */

/* 128 bytes as [bytes 0 … 15 of each 32], [bytes 16 … 31 of each 32] */
G_ALWAYS_INLINE static inline void
load_sides (const guint8 *p, Codes sides[2])
{
  __m256i v[4];

  for (guint i = 0; i < 4; i++)
    v[i] = _mm256_loadu_si256 ((const __m256i *) (p + 32 * i));
  split_four (v[0], v[1], v[2], v[3], sides);
}

G_ALWAYS_INLINE static inline void
codes_q4_k (const guint8 *group, Codes codes[4])
{
  Codes sides[2];

  load_sides (group + 16, sides);
  for (guint i = 0; i < 2; i++)
    {
      codes[i] = low_nibbles (sides[i]);
      codes[2 + i] = high_nibbles (sides[i]);
    }
}

G_ALWAYS_INLINE static inline __m256i
two_counts (int low, int high)
{
  return _mm256_setr_epi32 (low, low, low, low, high, high, high, high);
}

/* v and bit 4 of the others */
G_ALWAYS_INLINE static inline __m256i
or_sixteens (__m256i v, __m256i bits)
{
  return _mm256_or_si256 (v, _mm256_and_si256 (bits, _mm256_set1_epi8 (16)));
}

G_ALWAYS_INLINE static inline void
codes_q5_k (const guint8 *group, Codes codes[4])
{
  Codes sides[2];

  load_sides (group + 48, sides);
  for (guint i = 0; i < 2; i++)
    {
      __m256i fifth = _mm256_broadcastsi128_si256 (
        _mm_loadu_si128 ((const __m128i *) (group + 16 + 16 * i)));
      Codes low = low_nibbles (sides[i]);
      Codes high = high_nibbles (sides[i]);

      codes[i] = (Codes) {
        or_sixteens (low.low, _mm256_sllv_epi32 (fifth, two_counts (4, 2))),
        or_sixteens (low.high, _mm256_srlv_epi32 (fifth, two_counts (0, 2))),
      };
      codes[2 + i] = (Codes) {
        or_sixteens (high.low, _mm256_sllv_epi32 (fifth, two_counts (3, 1))),
        or_sixteens (high.high, _mm256_srlv_epi32 (fifth, two_counts (1, 3))),
      };
    }
}

/* Blocks q and q + 2 of a half of the group: a low and a high nibble of the same bytes, and bits 0 and 1,
 * 4 and 5 of upper. */
G_ALWAYS_INLINE static inline __m256i
two_blocks_q6_k (const guint8 *nibbles, __m256i upper)
{
  __m256i bytes = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const __m128i *) nibbles));

  upper = _mm256_and_si256 (_mm256_sllv_epi32 (upper, two_counts (4, 0)), _mm256_set1_epi8 (0x30));
  return _mm256_or_si256 (nibbles_of (_mm256_srlv_epi32 (bytes, two_counts (0, 4))), upper);
}

G_ALWAYS_INLINE static inline void
codes_q6_k (const guint8 *group, Codes codes[4])
{
  for (guint i = 0; i < 2; i++)
    {
      __m256i upper[2];

      for (guint half = 0; half < 2; half++)
        upper[half] = _mm256_broadcastsi128_si256 (
          _mm_loadu_si128 ((const __m128i *) (group + 128 + 32 * half + 16 * i)));
      codes[i] = (Codes) { two_blocks_q6_k (group + 16 * i, upper[0]),
                           two_blocks_q6_k (group + 64 + 16 * i, upper[1]) };
      for (guint half = 0; half < 2; half++)
        upper[half] = _mm256_srli_epi16 (upper[half], 2);
      codes[2 + i] = (Codes) { two_blocks_q6_k (group + 32 + 16 * i, upper[0]),
                               two_blocks_q6_k (group + 96 + 16 * i, upper[1]) };
    }
}

G_ALWAYS_INLINE static inline void
codes_iq4_xs (const guint8 *group, Codes codes[4])
{
  __m128i book = _mm_setr_epi8 (SOTTO_CODES_IQ4);

  for (guint pair = 0; pair < 2; pair++)
    {
      const guint8 *p = group + 8 + 16 * pair;
      const guint8 *const blocks[4] = { p, p + 32, p + 64, p + 96 };
      Codes bytes = load_four (blocks, 0);

      codes[2 * pair] = look_up (book, low_nibbles (bytes));
      codes[2 * pair + 1] = look_up (book, high_nibbles (bytes));
    }
}
