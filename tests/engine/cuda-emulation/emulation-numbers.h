#pragma once

/* Conversions and products of packed numbers, as the instructions define them. */

#include <math.h>

DEVICE float fused (float a, float b, float c) { return __builtin_fmaf (a, b, c); }
DEVICE float fast_exp2 (float x) { return __builtin_exp2f (x); }
DEVICE gint64 device_clock () { return g_get_monotonic_time (); }

/* Half to even; what is too large or no number as the device does it. */
DEVICE int
round_to_int (float x)
{
  if (x != x)
    return 0;
  if (x >= 2147483648.0f)
    return G_MAXINT32;
  if (x < -2147483648.0f)
    return G_MININT32;
  return (int) __builtin_rintf (x);
}

DEVICE guint32
to_bits (float x)
{
  guint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits;
}

template <typename T>
DEVICE T
from_bits (guint32 bits)
{
  T x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

/* prmt without its sign mode, as __byte_perm has it */
DEVICE guint32
select_bytes (guint32 a, guint32 b, guint32 s)
{
  guint64 both = a | ((guint64) b << 32);
  guint32 result = 0;

  for (int i = 0; i < 4; i++)
    result |= (guint32) (both >> (8 * (s >> (4 * i) & 7)) & 0xff) << (8 * i);
  return result;
}

DEVICE float
bfloat_to_float (guint16 bits)
{
  return from_bits<float> ((guint32) bits << 16);
}

/* Exponents differ by 112: a product with 2^112 moves them, subnormals included. */
DEVICE float
half_to_float (Half h)
{
  guint32 rest = h.bits & 0x7fffu;
  float moved = from_bits<float> (rest << 13) * 5.192296858534828e33f;
  guint32 bits = rest >= 0x7c00u ? (rest << 13) | 0x7f800000u : to_bits (moved);

  return from_bits<float> (bits | (guint32) (h.bits & 0x8000u) << 16);
}

/* Of double, so that the sum of a product is rounded once. The unit of a half of exponent e is
 * 2^(e - 10), at least 2^-24; adding and subtracting 1.5 * 2^52 units rounds to them. */
DEVICE Half
emulation_half (double x)
{
  guint16 sign = __builtin_signbit (x) ? 0x8000 : 0;
  double a = __builtin_fabs (x);
  Half h = {sign};
  int exponent;
  double unit, rounder;

  if (a != a)
    h.bits = 0x7fff;
  else if (a >= 65520.0)
    h.bits |= 0x7c00;
  else if (a > 0.0)
    {
      exponent = MAX (__builtin_ilogb (a), -14);
      unit = __builtin_ldexp (1.0, exponent - 10);
      rounder = 6755399441055744.0 * unit;
      a = (a + rounder) - rounder;
      /* A sum that reaches the next exponent carries into it. */
      h.bits |= (guint16) (((exponent + 14) << 10) + (int) (a / unit));
    }
  return h;
}

DEVICE Half float_to_half (float x) { return emulation_half (x); }

DEVICE guint32
halves_pack (float low, float high)
{
  return float_to_half (low).bits | (guint32) float_to_half (high).bits << 16;
}

DEVICE float halves_low (guint32 word) { return half_to_float (Half {(guint16) word}); }
DEVICE float halves_high (guint32 word) { return half_to_float (Half {(guint16) (word >> 16)}); }

DEVICE guint32
halves_fused (guint32 a, guint32 b, guint32 c)
{
  Half low = emulation_half ((double) halves_low (a) * halves_low (b) + halves_low (c));
  Half high = emulation_half ((double) halves_high (a) * halves_high (b) + halves_high (c));

  return low.bits | (guint32) high.bits << 16;
}

DEVICE guint32 halves_multiply (guint32 a, guint32 b) { return halves_fused (a, b, 0x80008000u); }
DEVICE guint32 halves_add (guint32 a, guint32 b) { return halves_fused (a, 0x3c003c00u, b); }

DEVICE int
dot4 (int a, int b, int c)
{
  for (int i = 0; i < 4; i++)
    c += (gint8) (a >> (8 * i)) * (gint8) (b >> (8 * i));
  return c;
}

DEVICE int
dot4_mixed (guint32 a, int b, int c)
{
  for (int i = 0; i < 4; i++)
    c += (guint8) (a >> (8 * i)) * (gint8) (b >> (8 * i));
  return c;
}
