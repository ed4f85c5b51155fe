#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A number as JSON writes it, exactly: 0.DIGITS · 10^point, the digits without zeros at either end;
 * zero has none. */
typedef struct {
  gboolean negative;
  gint64 point;
  guint n_digits;
  char digits[];
} SottoDecimal;

/* @text: a JSON number; (transfer full) */
SottoDecimal *sotto_decimal_parse (const char *text, gsize length);

/* Less than, equal to or greater than 0. */
gint sotto_decimal_compare (const SottoDecimal *a, const SottoDecimal *b);

/* Without their signs. */
gint sotto_decimal_compare_magnitude (const SottoDecimal *a, const SottoDecimal *b);

static inline gboolean
sotto_decimal_is_zero (const SottoDecimal *self)
{
  return self->n_digits == 0;
}

static inline gboolean
sotto_decimal_is_integer (const SottoDecimal *self)
{
  return self->n_digits == 0 || self->point >= (gint64) self->n_digits;
}

/* The digit worth 10^@place. */
static inline guint
sotto_decimal_get_digit (const SottoDecimal *self,
                         gint64              place)
{
  gint64 i = self->point - 1 - place;

  return i >= 0 && i < self->n_digits ? self->digits[i] - '0' : 0;
}

/* Whether there is a digit other than 0 worth less than 10^@place. */
static inline gboolean
sotto_decimal_goes_below (const SottoDecimal *self,
                          gint64              place)
{
  return self->n_digits > 0 && (gint64) self->n_digits > self->point - place;
}

/* A count; more than G_MAXUINT - 1 is that. %FALSE: it is none */
gboolean sotto_decimal_get_count (const SottoDecimal *self, guint *count);

G_END_DECLS
