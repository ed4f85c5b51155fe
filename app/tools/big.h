#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whole numbers of up to 4,096 bits (1,233 digits), in place: nothing is allocated, and what becomes larger is said to. */

#define SOTTO_BIG_LIMBS 128

/* Sign and magnitude; the lowest limb first, none of the highest is 0, and 0 is not negative */
typedef struct {
  gboolean negative;
  guint n;
  guint32 limbs[SOTTO_BIG_LIMBS];
} SottoBig;

void sotto_big_set (SottoBig *self, guint64 value);
gboolean sotto_big_is_zero (const SottoBig *self);
gboolean sotto_big_is_one (const SottoBig *self);
gboolean sotto_big_is_odd (const SottoBig *self);

/* Returns: %FALSE if it is negative or more than 64 bits */
gboolean sotto_big_get (const SottoBig *self, guint64 *value);

/* Bits of the magnitude; 0 has none */
guint sotto_big_count_bits (const SottoBig *self);

/* Of the magnitudes; and with their signs */
int sotto_big_compare_magnitude (const SottoBig *a, const SottoBig *b);
int sotto_big_compare (const SottoBig *a, const SottoBig *b);

/* What comes out may be one of what goes in. Returns: %FALSE if it would be too large; then it is not to be used */
gboolean sotto_big_add (SottoBig *out, const SottoBig *a, const SottoBig *b);
gboolean sotto_big_subtract (SottoBig *out, const SottoBig *a, const SottoBig *b);
gboolean sotto_big_multiply (SottoBig *out, const SottoBig *a, const SottoBig *b);
gboolean sotto_big_power (SottoBig *out, const SottoBig *base, guint exponent);

/**
 * sotto_big_divide:
 * @quotient: (out) (nullable): rounded to 0
 * @remainder: (out) (nullable): with the sign of @a
 * @b: not 0
 */
void sotto_big_divide (SottoBig *quotient, SottoBig *remainder, const SottoBig *a, const SottoBig *b);

/* The greatest common divisor of the magnitudes; of 0 and 0 it is 0 */
void sotto_big_gcd (SottoBig *out, const SottoBig *a, const SottoBig *b);

/* Returns: whether @a, which is not negative, is the square of @out; else @out is the root, rounded down */
gboolean sotto_big_root (SottoBig *out, const SottoBig *a);

/* @digits: decimal ones alone. Returns: %FALSE if it would be too large */
gboolean sotto_big_parse (SottoBig *out, const char *digits, gsize length);

/* Returns: (transfer full): in decimal digits */
char *sotto_big_format (const SottoBig *self);

/* As mantissa, within [0.5, 1), and exponent of two; the sign is the mantissa's */
double sotto_big_to_double (const SottoBig *self, int *exponent);

G_END_DECLS
