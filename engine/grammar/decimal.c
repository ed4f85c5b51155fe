#include "decimal.h"

#include <string.h>

SottoDecimal *
sotto_decimal_parse (const char *text,
                     gsize       length)
{
  SottoDecimal *self = g_malloc0 (sizeof *self + length + 1);
  const char *end = text + length;
  gint64 point = 0;
  gint64 exponent = 0;
  gboolean before_point = TRUE;

  if (text < end && *text == '-')
    {
      self->negative = TRUE;
      text++;
    }
  for (; text < end && *text != 'e' && *text != 'E'; text++)
    {
      if (*text == '.')
        {
          before_point = FALSE;
          continue;
        }
      if (self->n_digits > 0 || *text != '0')
        {
          self->digits[self->n_digits++] = *text;
          point += before_point;
        }
      else if (!before_point)
        {
          point--;
        }
    }
  if (text < end)
    {
      gboolean negative = text + 1 < end && text[1] == '-';

      for (text++; text < end; text++)
        if (g_ascii_isdigit (*text))
          exponent = MIN (exponent * 10 + (*text - '0'), G_MAXINT32);
      if (negative)
        exponent = -exponent;
    }
  while (self->n_digits > 0 && self->digits[self->n_digits - 1] == '0')
    self->n_digits--;
  self->digits[self->n_digits] = '\0';
  self->point = self->n_digits > 0 ? point + exponent : 0;
  if (self->n_digits == 0)
    self->negative = FALSE;

  return self;
}

gint
sotto_decimal_compare_magnitude (const SottoDecimal *a,
                                 const SottoDecimal *b)
{
  if (a->n_digits == 0 || b->n_digits == 0)
    return (a->n_digits > 0) - (b->n_digits > 0);
  if (a->point != b->point)
    return a->point < b->point ? -1 : 1;

  return strcmp (a->digits, b->digits);
}

gint
sotto_decimal_compare (const SottoDecimal *a,
                       const SottoDecimal *b)
{
  gint order;

  if (a->negative != b->negative)
    return a->negative ? -1 : 1;
  order = sotto_decimal_compare_magnitude (a, b);

  return a->negative ? -order : order;
}

gboolean
sotto_decimal_get_count (const SottoDecimal *self,
                         guint              *count)
{
  guint64 value = 0;

  if (self->negative || !sotto_decimal_is_integer (self))
    return FALSE;

  for (gint64 place = MIN (self->point, 12) - 1; place >= 0; place--)
    value = value * 10 + sotto_decimal_get_digit (self, place);
  *count = self->point > 12 || value >= G_MAXUINT ? G_MAXUINT - 1 : value;

  return TRUE;
}
