#pragma once

#include <glib.h>
#include <gmp.h>

G_BEGIN_DECLS

/* A number as people calculate with them: a fraction of whole numbers as long as it can be, so that 0.1 + 0.2 is 0.3 and a third
 * three times is 1; else the double next to it, as roots and logarithms give them. */

/* Of either part of a fraction: 1,233 digits. What becomes larger is a double. */
#define SOTTO_NUMBER_MAX_BITS 4096

/**
 * SottoNumber:
 * @is_exact: it is @fraction, in lowest terms; else it is @value
 *
 * Initialised before all else, and cleared in the end.
 */
typedef struct {
  gboolean is_exact;
  mpq_t fraction;
  double value;
} SottoNumber;

typedef enum {
  SOTTO_NUMBER_OK,
  SOTTO_NUMBER_TOO_LARGE,
  SOTTO_NUMBER_DIVIDED_BY_ZERO,
  SOTTO_NUMBER_NOT_REAL,
} SottoNumberProblem;

typedef enum {
  SOTTO_ROUND_DOWN,
  SOTTO_ROUND_UP,
  SOTTO_ROUND_TO_ZERO,
  SOTTO_ROUND_NEAREST, /* halves away from 0, as at school */
} SottoRounding;

void sotto_number_init (SottoNumber *self, gint64 value);
void sotto_number_clear (SottoNumber *self);

void sotto_number_set (SottoNumber *self, const SottoNumber *from);
void sotto_number_set_whole (SottoNumber *self, gint64 value);

/* _TOO_LARGE, _NOT_REAL: infinite, or no number */
SottoNumberProblem sotto_number_set_double (SottoNumber *self, double value);

/* _TOO_LARGE: it is longer than fractions may be. @value: whole */
SottoNumberProblem sotto_number_set_large (SottoNumber *self, const mpz_t value);

/* @text: digits with at most one point between or before them, and perhaps an exponent: "1.5e-3" */
SottoNumberProblem sotto_number_parse (SottoNumber *self, const char *text, gsize length);

double sotto_number_get_double (const SottoNumber *self);

/* Returns: whether it is a whole number of at most 64 bits, without its sign */
gboolean sotto_number_get_whole (const SottoNumber *self, gboolean *negative, guint64 *value);
gboolean sotto_number_is_whole (const SottoNumber *self);
int sotto_number_compare (const SottoNumber *a, const SottoNumber *b);

/* -1, 0 or 1 */
int sotto_number_get_sign (const SottoNumber *self);

/* What comes out may be one of what goes in. */
SottoNumberProblem sotto_number_add (SottoNumber *out, const SottoNumber *a, const SottoNumber *b);
SottoNumberProblem sotto_number_subtract (SottoNumber *out, const SottoNumber *a, const SottoNumber *b);
SottoNumberProblem sotto_number_multiply (SottoNumber *out, const SottoNumber *a, const SottoNumber *b);
SottoNumberProblem sotto_number_divide (SottoNumber *out, const SottoNumber *a, const SottoNumber *b);
SottoNumberProblem sotto_number_power (SottoNumber *out, const SottoNumber *base, const SottoNumber *exponent);
void sotto_number_negate (SottoNumber *self);

/* The square root: of a fraction of squares, exact */
SottoNumberProblem sotto_number_root (SottoNumber *out, const SottoNumber *a);

/* To @places behind the point, which may be negative */
SottoNumberProblem sotto_number_round (SottoNumber *out, const SottoNumber *a, int places, SottoRounding rounding);

/**
 * sotto_number_format:
 * @is_rounded: (out): whether not all of it stands there
 *
 * Whole numbers and short decimals in full, others to 15 digits.
 *
 * Returns: (transfer full): with a decimal point, in any locale
 */
char *sotto_number_format (const SottoNumber *self, gboolean *is_rounded);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SottoNumber, sotto_number_clear)

G_END_DECLS
