#pragma once

#include "cpu/bit-matrix.h"
#include "cpu/pack-few.h"

/* Codes in one register of 512 bits; see codes.h. Signed weights have 128 added to them: dpbusd takes
 * bytes without a sign. An affine transform (bit-matrix.h) does a shift and a mask at once, and another one in the
 * next quarter of the register. */

typedef __m512i Codes;

/* Bit b of a byte as bit 4 */
#define FIFTH_BIT(b) MATRIX (0, 0, 0, 0, 1 << (b), 0, 0, 0)

/* A signed weight is its bits less the value of the highest one: as a signed byte, its upper bits are
 * the opposite of the highest; adding 128 turns the eighth over again. So a matrix spreads the highest
 * bit, and the bits between are turned over: of a nibble, and of bits b and b + 1 as bits 4 and 5 */
#define LOW_SIGNED MATRIX (1, 2, 4, 8, 8, 8, 8, 8)
#define HIGH_SIGNED MATRIX (16, 32, 64, 128, 128, 128, 128, 128)
#define UPPER_SIGNED(b) MATRIX (0, 0, 0, 0, 1 << (b), 2 << (b), 2 << (b), 2 << (b))
#define TURNED_4 0x78
#define TURNED_6 0x60

/* One matrix for each quarter. */
static inline __m512i
matrices (gint64 a, gint64 b, gint64 c, gint64 d)
{
  return _mm512_setr_epi64 (a, a, b, b, c, c, d, d);
}

#define TRANSFORM(v, matrices, turned) _mm512_gf2p8affine_epi64_epi8 (v, matrices, turned)

/* --- Products --- */

G_ALWAYS_INLINE static inline Lanes
multiply_pair (Codes first, Codes second, const FewPair *x, guint zero)
{
  __m512i sums = zero > 0 ? _mm512_load_si512 (x->zeros) : _mm512_setzero_si512 ();

  sums = _mm512_dpbusd_epi32 (sums, first, _mm512_load_si512 (x->high[0]));
  sums = _mm512_dpbusd_epi32 (sums, second, _mm512_load_si512 (x->high[1]));
  sums = _mm512_slli_epi32 (sums, 7); /* 128 times the zeros, too */
  sums = _mm512_dpbusd_epi32 (sums, first, _mm512_load_si512 (x->low[0]));
  sums = _mm512_dpbusd_epi32 (sums, second, _mm512_load_si512 (x->low[1]));
  return _mm512_cvtepi32_ps (sums);
}

G_ALWAYS_INLINE static inline Lanes
multiply_half (Codes codes, const FewPair *x, guint half, guint zero)
{
  __m512i sums = zero > 0 ? _mm512_load_si512 (x->half_zeros[half]) : _mm512_setzero_si512 ();

  sums = _mm512_dpbusd_epi32 (sums, codes, _mm512_load_si512 (x->high[half]));
  sums = _mm512_slli_epi32 (sums, 7);
  sums = _mm512_dpbusd_epi32 (sums, codes, _mm512_load_si512 (x->low[half]));
  return _mm512_cvtepi32_ps (sums);
}

/* --- Scales --- */

G_ALWAYS_INLINE static inline Lanes
spread_lanes (Lanes v, int a, int b, int c, int d)
{
  return _mm512_permutexvar_ps (
    _mm512_setr_epi32 (a, a, a, a, b, b, b, b, c, c, c, c, d, d, d, d), v);
}

G_ALWAYS_INLINE static inline Lanes
spread_eight (__m256 v, int a, int b, int c, int d)
{
  return spread_lanes (_mm512_castps256_ps512 (v), a, b, c, d);
}

G_ALWAYS_INLINE static inline Lanes
spread_two (__m128 v)
{
  return _mm512_permutexvar_ps (_mm512_setr_epi32 (0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1),
                                _mm512_castps128_ps512 (v));
}

G_ALWAYS_INLINE static inline Lanes
extend_eight (__m256 v)
{
  return _mm512_zextps256_ps512 (v);
}

G_ALWAYS_INLINE static inline Lanes
lanes_of_bytes (__m128i bytes)
{
  return _mm512_cvtepi32_ps (_mm512_cvtepu8_epi32 (bytes));
}

G_ALWAYS_INLINE static inline Lanes
lanes_of_words (__m256i words)
{
  return _mm512_cvtepi32_ps (_mm512_cvtepi16_epi32 (words));
}

/* --- Codes of four blocks --- */

G_ALWAYS_INLINE static inline Codes
load_four (const guint8 *const blocks[4], gsize offset)
{
  __m128i v[4];

  for (guint i = 0; i < 4; i++)
    v[i] = _mm_loadu_si128 ((const __m128i *) (blocks[i] + offset));
  return _mm512_inserti64x4 (_mm512_castsi256_si512 (_mm256_set_m128i (v[1], v[0])),
                             _mm256_set_m128i (v[3], v[2]), 1);
}

/* The halves of four blocks. */
G_ALWAYS_INLINE static inline void
split_four (__m256i a, __m256i b, __m256i c, __m256i d, Codes codes[2])
{
  __m512i left = _mm512_inserti64x4 (_mm512_castsi256_si512 (a), b, 1);
  __m512i right = _mm512_inserti64x4 (_mm512_castsi256_si512 (c), d, 1);

  codes[0] = _mm512_shuffle_i64x2 (left, right, 0x88);
  codes[1] = _mm512_shuffle_i64x2 (left, right, 0xdd);
}

G_ALWAYS_INLINE static inline Codes
low_nibbles (Codes bytes)
{
  return _mm512_and_si512 (bytes, _mm512_set1_epi8 (15));
}

G_ALWAYS_INLINE static inline Codes
high_nibbles (Codes bytes)
{
  return TRANSFORM (bytes, _mm512_set1_epi64 (HIGH_NIBBLES), 0);
}

/* nibble - 8 */
G_ALWAYS_INLINE static inline Codes
low_signed (Codes bytes)
{
  return TRANSFORM (bytes, _mm512_set1_epi64 (LOW_SIGNED), TURNED_4);
}

G_ALWAYS_INLINE static inline Codes
high_signed (Codes bytes)
{
  return TRANSFORM (bytes, _mm512_set1_epi64 (HIGH_SIGNED), TURNED_4);
}

G_ALWAYS_INLINE static inline Codes
of_signed_bytes (Codes bytes)
{
  return _mm512_xor_si512 (bytes, _mm512_set1_epi8 ((char) 0x80));
}

/* bytes - zero, of bytes without a sign */
G_ALWAYS_INLINE static inline Codes
of_bytes (Codes bytes, guint zero)
{
  return zero == 0 ? bytes : _mm512_add_epi8 (bytes, _mm512_set1_epi8 ((char) (128 - zero)));
}

/* See first_digits(). */
G_ALWAYS_INLINE static inline Codes
of_digits (Codes bytes)
{
  __m512i one = _mm512_set1_epi8 (1);
  __mmask64 first = _mm512_cmpge_epu8_mask (bytes, _mm512_set1_epi8 (86));
  __mmask64 second = _mm512_cmpge_epu8_mask (bytes, _mm512_set1_epi8 ((char) 171));
  __m512i digits = _mm512_maskz_mov_epi8 (first, one);

  return _mm512_mask_add_epi8 (digits, second, digits, one);
}

/* Numbers of a codebook. */
G_ALWAYS_INLINE static inline Codes
look_up (__m128i book, Codes nibbles)
{
  return _mm512_shuffle_epi8 (
    _mm512_broadcast_i32x4 (_mm_xor_si128 (book, _mm_set1_epi8 ((char) 0x80))), nibbles);
}

/* [a0 … a7 b0 … b7] in each quarter, and [a8 … a15 b8 … b15] */
G_ALWAYS_INLINE static inline void
mix_eights (Codes a, Codes b, Codes codes[2])
{
  codes[0] = _mm512_unpacklo_epi64 (a, b);
  codes[1] = _mm512_unpackhi_epi64 (a, b);
}

/* --- Types with fifth bits --- */

/* The first eight bytes of four blocks. */
G_ALWAYS_INLINE static inline __m512i
load_headers (const guint8 *const blocks[4])
{
  __m128i first = _mm_loadl_epi64 ((const __m128i *) blocks[0]);
  __m128i second = _mm_loadl_epi64 ((const __m128i *) blocks[2]);

  first = _mm_castps_si128 (
    _mm_loadh_pi (_mm_castsi128_ps (first), (const __m64 *) (gconstpointer) blocks[1]));
  second = _mm_castps_si128 (
    _mm_loadh_pi (_mm_castsi128_ps (second), (const __m64 *) (gconstpointer) blocks[3]));
  return _mm512_zextsi256_si512 (_mm256_set_m128i (second, first));
}

/* The matrices whose bits 4 and, with a sign, 5 to 7 of a byte are those of the headers' word, a bit a byte. */
G_ALWAYS_INLINE static inline __m512i
spread_fifths (__m512i headers, guint word, gboolean is_signed)
{
  __m512i eighths = _mm512_setr_epi64 (0, 1, 8, 9, 16, 17, 24, 25);
  __m512i places = _mm512_add_epi64 (eighths, _mm512_set1_epi64 (2 * (int) word));
  __m512i lanes = _mm512_set1_epi64 ((gint64) G_GUINT64_CONSTANT (0x8040201008040201));
  __m512i rows;

  /* Row 4 is byte 3, row 7 byte 0. */
  if (!is_signed)
    {
      rows = _mm512_maskz_permutexvar_epi8 (G_GUINT64_CONSTANT (0x0808080808080808),
                                            _mm512_slli_epi64 (places, 24), headers);
      return _mm512_gf2p8affine_epi64_epi8 (lanes, rows, 0);
    }
  places = _mm512_or_si512 (places, _mm512_slli_epi64 (places, 8));
  places = _mm512_or_si512 (places, _mm512_slli_epi64 (places, 16));
  rows = _mm512_maskz_permutexvar_epi8 (G_GUINT64_CONSTANT (0x0f0f0f0f0f0f0f0f), places, headers);
  return _mm512_gf2p8affine_epi64_epi8 (lanes, rows, 0x70);
}

G_ALWAYS_INLINE static inline void
put_fifths (__m512i bytes, __m512i first, __m512i second, Codes codes[2])
{
  codes[0] = _mm512_ternarylogic_epi64 (bytes, _mm512_set1_epi8 (15), first, 0xea);
  codes[1] = _mm512_or_si512 (high_nibbles (bytes), second);
}

/* Less 16, and plus 128: the upper four bits are 1000 with the fifth one set, and 0111 without. */
G_ALWAYS_INLINE static inline void
codes_q5_0 (const guint8 *const blocks[4], Codes codes[2])
{
  __m512i headers = load_headers (blocks);

  put_fifths (load_four (blocks, 6), spread_fifths (headers, 1, TRUE),
              spread_fifths (headers, 2, TRUE), codes);
}

G_ALWAYS_INLINE static inline void
scales_q5_0 (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  gint64 even = 0x0100010001000100; /* word 0 of a quarter's first header, and of its second */
  gint64 odd = 0x0908090809080908;
  __m256i words = _mm256_setr_epi64x (even, odd, even, odd);

  scales[0] = _mm512_cvtph_ps (
    _mm256_shuffle_epi8 (_mm512_castsi512_si256 (load_headers (blocks)), words));
}

G_ALWAYS_INLINE static inline void
codes_q5_1 (const guint8 *const blocks[4], Codes codes[2])
{
  __m512i headers = load_headers (blocks);

  put_fifths (load_four (blocks, 8), spread_fifths (headers, 2, FALSE),
              spread_fifths (headers, 3, FALSE), codes);
}

G_ALWAYS_INLINE static inline void
scales_q5_1 (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets)
{
  __m256i both = _mm256_permutevar8x32_epi32 (_mm512_castsi512_si256 (load_headers (blocks)),
                                              _mm256_setr_epi32 (0, 2, 4, 6, 0, 2, 4, 6));
  __m256 v = _mm256_cvtph_ps (_mm256_castsi256_si128 (both));

  scales[0] = spread_eight (v, 0, 2, 4, 6);
  *offsets = extend_eight (v);
}

/* --- The K types; see format/block-dequantise-k.c --- */

/* 128 bytes as [bytes 0 … 15 of each 32], [bytes 16 … 31 of each 32] */
G_ALWAYS_INLINE static inline void
load_sides (const guint8 *p, __m512i *left, __m512i *right)
{
  __m512i a = _mm512_loadu_si512 (p);
  __m512i b = _mm512_loadu_si512 (p + 64);

  *left = _mm512_shuffle_i64x2 (a, b, 0x88);
  *right = _mm512_shuffle_i64x2 (a, b, 0xdd);
}

G_ALWAYS_INLINE static inline void
codes_q4_k (const guint8 *group, Codes codes[4])
{
  __m512i left;
  __m512i right;

  load_sides (group + 16, &left, &right);
  codes[0] = low_nibbles (left);
  codes[1] = low_nibbles (right);
  codes[2] = high_nibbles (left);
  codes[3] = high_nibbles (right);
}

G_ALWAYS_INLINE static inline void
codes_q5_k (const guint8 *group, Codes codes[4])
{
  __m512i fifth_left = _mm512_broadcast_i32x4 (_mm_loadu_si128 ((const __m128i *) (group + 16)));
  __m512i fifth_right = _mm512_broadcast_i32x4 (_mm_loadu_si128 ((const __m128i *) (group + 32)));
  __m512i even = matrices (FIFTH_BIT (0), FIFTH_BIT (2), FIFTH_BIT (4), FIFTH_BIT (6));
  __m512i odd = matrices (FIFTH_BIT (1), FIFTH_BIT (3), FIFTH_BIT (5), FIFTH_BIT (7));
  __m512i mask = _mm512_set1_epi8 (15);
  __m512i left;
  __m512i right;

  load_sides (group + 48, &left, &right);
  codes[0] = _mm512_ternarylogic_epi64 (left, mask, TRANSFORM (fifth_left, even, 0), 0xea);
  codes[1] = _mm512_ternarylogic_epi64 (right, mask, TRANSFORM (fifth_right, even, 0), 0xea);
  codes[2] = _mm512_or_si512 (high_nibbles (left), TRANSFORM (fifth_left, odd, 0));
  codes[3] = _mm512_or_si512 (high_nibbles (right), TRANSFORM (fifth_right, odd, 0));
}

/* Nibbles of halves h of the group (64 bytes each) and pairs of upper bits: block 4 h + q has its
 * nibbles in bytes 32 (q % 2) … and the pair 2 q of 32 bytes. */
G_ALWAYS_INLINE static inline void
codes_q6_k (const guint8 *group, Codes codes[4])
{
  __m512i nibbles = matrices (LOW_NIBBLES, HIGH_NIBBLES, LOW_NIBBLES, HIGH_NIBBLES);
  __m512i even = matrices (UPPER_SIGNED (0), UPPER_SIGNED (4), UPPER_SIGNED (0), UPPER_SIGNED (4));
  __m512i odd = matrices (UPPER_SIGNED (2), UPPER_SIGNED (6), UPPER_SIGNED (2), UPPER_SIGNED (6));
  __m512i a = _mm512_loadu_si512 (group);
  __m512i b = _mm512_loadu_si512 (group + 64);
  __m512i upper = _mm512_loadu_si512 (group + 128);
  __m512i left = _mm512_shuffle_i64x2 (upper, upper, 0xa0);
  __m512i right = _mm512_shuffle_i64x2 (upper, upper, 0xf5);

  codes[0] = _mm512_or_si512 (TRANSFORM (_mm512_shuffle_i64x2 (a, b, 0x00), nibbles, 0),
                              TRANSFORM (left, even, TURNED_6));
  codes[1] = _mm512_or_si512 (TRANSFORM (_mm512_shuffle_i64x2 (a, b, 0x55), nibbles, 0),
                              TRANSFORM (right, even, TURNED_6));
  codes[2] = _mm512_or_si512 (TRANSFORM (_mm512_shuffle_i64x2 (a, b, 0xaa), nibbles, 0),
                              TRANSFORM (left, odd, TURNED_6));
  codes[3] = _mm512_or_si512 (TRANSFORM (_mm512_shuffle_i64x2 (a, b, 0xff), nibbles, 0),
                              TRANSFORM (right, odd, TURNED_6));
}

G_ALWAYS_INLINE static inline void
codes_iq4_xs (const guint8 *group, Codes codes[4])
{
  __m128i book = _mm_setr_epi8 (SOTTO_CODES_IQ4);
  __m512i a = _mm512_loadu_si512 (group + 8);
  __m512i b = _mm512_loadu_si512 (group + 72);
  __m512i even = _mm512_shuffle_i64x2 (a, b, 0x88);
  __m512i odd = _mm512_shuffle_i64x2 (a, b, 0xdd);

  codes[0] = look_up (book, low_nibbles (even));
  codes[1] = look_up (book, high_nibbles (even));
  codes[2] = look_up (book, low_nibbles (odd));
  codes[3] = look_up (book, high_nibbles (odd));
}
