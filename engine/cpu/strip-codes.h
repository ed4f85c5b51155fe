#pragma once

#include "cpu/bit-matrix.h"
#include "cpu/strips.h"

#include <immintrin.h>

/* A block's codes from a strip (strips.h), over as many rows as a register has lanes of 32 bits: AVX-512 all sixteen, AVX2
 * eight of them, a side. A step is four columns of each row, as bytes without a sign. */

#ifdef __AVX512VNNI__

typedef __m512i Fours;

G_ALWAYS_INLINE static inline Fours
steps_load (const guint8 *line)
{
  return _mm512_loadu_si512 (line);
}

G_ALWAYS_INLINE static inline Fours
steps_low (Fours line)
{
  return _mm512_and_si512 (line, _mm512_set1_epi8 (15));
}

G_ALWAYS_INLINE static inline Fours
steps_high (Fours line)
{
  return _mm512_gf2p8affine_epi64_epi8 (line, _mm512_set1_epi64 (HIGH_NIBBLES), 0);
}

/* n bits of each byte from the first on: the bits from the fifth on of the codes whose nibbles are the lower ones. */
G_ALWAYS_INLINE static inline Fours
steps_join_low (Fours line, Fours upper, guint first, guint n)
{
  gint64 matrix = MATRIX (0, 0, 0, 0, 1 << first, n > 1 ? 2 << first : 0, 0, 0);

  return _mm512_ternarylogic_epi64 (
    line, _mm512_set1_epi8 (15), _mm512_gf2p8affine_epi64_epi8 (upper, _mm512_set1_epi64 (matrix), 0), 0xea);
}

/* The same of the upper nibbles: a byte is put together of these and of the nibble in which the bits are, and then
 * brought in order. */
G_ALWAYS_INLINE static inline Fours
steps_join_high (Fours line, Fours upper, guint first, guint n)
{
  guint bit = 1 << (first % 4);
  gint64 matrix = MATRIX (16, 32, 64, 128, bit, n > 1 ? 2 * bit : 0, 0, 0);
  Fours both = _mm512_ternarylogic_epi64 (_mm512_set1_epi8 (15), first < 4 ? upper : steps_high (upper), line, 0xca);

  return _mm512_gf2p8affine_epi64_epi8 (both, _mm512_set1_epi64 (matrix), 0);
}

G_ALWAYS_INLINE static inline Fours
steps_look_up (Fours steps)
{
  __m128i book = _mm_xor_si128 (_mm_setr_epi8 (SOTTO_CODES_IQ4), _mm_set1_epi8 ((char) 0x80));

  return _mm512_shuffle_epi8 (_mm512_broadcast_i32x4 (book), steps);
}

#else

typedef __m256i Fours;

G_ALWAYS_INLINE static inline Fours
steps_load (const guint8 *line)
{
  return _mm256_loadu_si256 ((const __m256i *) line);
}

G_ALWAYS_INLINE static inline Fours
steps_low (Fours line)
{
  return _mm256_and_si256 (line, _mm256_set1_epi8 (15));
}

G_ALWAYS_INLINE static inline Fours
steps_high (Fours line)
{
#ifdef __GFNI__
  return _mm256_gf2p8affine_epi64_epi8 (line, _mm256_set1_epi64x (HIGH_NIBBLES), 0);
#else
  return steps_low (_mm256_srli_epi16 (line, 4));
#endif
}

/* n bits of each byte from the first on, as those from the fifth on. */
G_ALWAYS_INLINE static inline Fours
steps_upper (Fours upper, guint first, guint n)
{
#ifdef __GFNI__
  gint64 matrix = MATRIX (0, 0, 0, 0, 1 << first, n > 1 ? 2 << first : 0, 0, 0);

  return _mm256_gf2p8affine_epi64_epi8 (upper, _mm256_set1_epi64x (matrix), 0);
#else
  Fours moved = first < 4 ? _mm256_slli_epi16 (upper, (int) (4 - first)) : _mm256_srli_epi16 (upper, (int) (first - 4));

  return _mm256_and_si256 (moved, _mm256_set1_epi8 (n > 1 ? 48 : 16));
#endif
}

G_ALWAYS_INLINE static inline Fours
steps_join_low (Fours line, Fours upper, guint first, guint n)
{
  return _mm256_or_si256 (steps_low (line), steps_upper (upper, first, n));
}

G_ALWAYS_INLINE static inline Fours
steps_join_high (Fours line, Fours upper, guint first, guint n)
{
  return _mm256_or_si256 (steps_high (line), steps_upper (upper, first, n));
}

G_ALWAYS_INLINE static inline Fours
steps_look_up (Fours steps)
{
  __m128i book = _mm_xor_si128 (_mm_setr_epi8 (SOTTO_CODES_IQ4), _mm_set1_epi8 ((char) 0x80));

  return _mm256_shuffle_epi8 (_mm256_broadcastsi128_si256 (book), steps);
}

#endif

/* All eight steps of a block; codes: its first line, or that of the side. */
G_ALWAYS_INLINE static inline void
unpack_steps (SottoStripKind kind, const guint8 *codes, Fours steps[8])
{
  if (kind.n_bits == 8)
    {
      for (guint s = 0; s < 8; s++)
        steps[s] = steps_load (codes + 64 * s);
      return;
    }
#pragma GCC unroll 4
  for (guint j = 0; j < 4; j++)
    {
      Fours line = steps_load (codes + 64 * j);

      if (kind.n_bits == 4)
        {
          steps[j] = steps_low (line);
          steps[j + 4] = steps_high (line);
        }
      else if (kind.n_bits == 5)
        {
          steps[j] = steps_join_low (line, steps_load (codes + 256), j, 1);
          steps[j + 4] = steps_join_high (line, steps_load (codes + 256), j + 4, 1);
        }
      else
        {
          steps[j] = steps_join_low (line, steps_load (codes + 256), 2 * j, 2);
          steps[j + 4] = steps_join_high (line, steps_load (codes + 320), 2 * j, 2);
        }
    }
  if (kind.has_book)
    for (guint s = 0; s < 8; s++)
      steps[s] = steps_look_up (steps[s]);
}
