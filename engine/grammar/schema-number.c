/* Numbers, digit by digit.
 *
 * A number between two limits is read from its first digit on, and what has to be known is whether
 * it is still equal to the lower limit's digits so far, and to the upper's: as long as it is, a
 * digit may not go beyond that of the limit. The number of digits before the point is decided at
 * the beginning, since JSON has no leading zeros. Below zero the limits change places.
 *
 * Numbers are bounded, so that a model cannot go on with digits for ever: 18 digits before the
 * point (or as many as a limit has), 20 behind it, two of an exponent; with limits no exponent, and
 * few enough digits behind the point for a double to keep them apart. */

#include "schema-private.h"

#define MOST_INTEGER_DIGITS 18
#define MOST_FRACTION_DIGITS 20
#define MOST_LIMIT_DIGITS 30
#define DOUBLE_DIGITS 15

typedef struct {
  SottoMachine *machine;
  SottoBound low;            /* without sign; value NULL: 0, included */
  SottoBound high;           /* without sign; value NULL: none */
  gint n_fraction;           /* digits behind the point, at most */
  guint32 to;
  guint32 states[2][2];      /* for the next digit, by whether it still equals low and high */
} Range;

/* Whether the number may end here, the next digit being worth 10^@place. */
static gboolean
may_end (const Range *self,
         gboolean     is_low,
         gboolean     is_high,
         gint         place)
{
  if (is_low && (sotto_decimal_goes_below (self->low.value, place + 1) || self->low.exclusive))
    return FALSE;

  return !is_high || sotto_decimal_goes_below (self->high.value, place + 1) ||
         !self->high.exclusive;
}

/* Adds the digit worth 10^@place; @least: of it. Moves states behind it. */
static void
add_digit (Range *self,
           gint   place,
           guint  least)
{
  guint32 next[2][2] = { { G_MAXUINT32, G_MAXUINT32 }, { G_MAXUINT32, G_MAXUINT32 } };

  for (guint is_low = 0; is_low < 2; is_low++)
    for (guint is_high = 0; is_high < 2; is_high++)
      {
        guint32 from = self->states[is_low][is_high];
        guint first = least;
        guint last = 9;

        if (from == G_MAXUINT32)
          continue;
        if (is_low)
          first = MAX (least, sotto_decimal_get_digit (self->low.value, place));
        if (is_high)
          last = sotto_decimal_get_digit (self->high.value, place);

        for (guint digit = first; digit <= last; digit++)
          {
            gboolean still_low =
              is_low && digit == sotto_decimal_get_digit (self->low.value, place);
            gboolean still_high = is_high && digit == last;
            guint32 *to = &next[still_low][still_high];

            if (*to == G_MAXUINT32)
              *to = sotto_machine_add_state (self->machine);
            sotto_machine_add_bytes (self->machine, from, '0' + digit, '0' + digit, *to);
          }
      }

  for (guint i = 0; i < 4; i++)
    {
      self->states[i / 2][i % 2] = next[i / 2][i % 2];
      if (next[i / 2][i % 2] != G_MAXUINT32 && may_end (self, i / 2, i % 2, place - 1))
        sotto_machine_add_empty (self->machine, next[i / 2][i % 2], self->to);
    }
}

static gint64
count_integer_digits (const SottoDecimal *value)
{
  return MAX (1, value->point);
}

/* Numbers with @n digits before the point. */
static void
add_with_digits (Range   *self,
                 guint32  from,
                 gint     n)
{
  gboolean is_low = self->low.value != NULL && count_integer_digits (self->low.value) == n;
  gboolean is_high = self->high.value != NULL && count_integer_digits (self->high.value) == n;
  guint32 to = self->to;
  guint32 integer;

  for (guint i = 0; i < 4; i++)
    self->states[i / 2][i % 2] = G_MAXUINT32;
  self->states[is_low][is_high] = sotto_machine_add_state (self->machine);
  sotto_machine_add_empty (self->machine, from, self->states[is_low][is_high]);

  /* Only behind the last digit before the point, and each behind the point, a number may end. */
  integer = sotto_machine_add_state (self->machine);
  for (gint place = n - 1; place >= 0; place--)
    {
      self->to = place == 0 ? to : integer;
      add_digit (self, place, place == n - 1 && n > 1 ? 1 : 0);
    }
  self->to = to;

  if (self->n_fraction > 0)
    for (guint i = 0; i < 4; i++)
      if (self->states[i / 2][i % 2] != G_MAXUINT32)
        self->states[i / 2][i % 2] =
          sotto_machine_add_text (self->machine, self->states[i / 2][i % 2], ".", 1);
  for (gint place = -1; place >= -self->n_fraction; place--)
    add_digit (self, place, 0);
}

static void
add_magnitudes (Range   *self,
                guint32  from)
{
  gint64 first = self->low.value != NULL ? count_integer_digits (self->low.value) : 1;
  gint64 last = self->high.value != NULL ? count_integer_digits (self->high.value)
                                         : MAX (MOST_INTEGER_DIGITS, first);

  if (self->high.value != NULL && self->low.value != NULL)
    {
      gint order = sotto_decimal_compare_magnitude (self->low.value, self->high.value);

      if (order > 0 || (order == 0 && (self->low.exclusive || self->high.exclusive)))
        return;
    }
  for (gint64 n = first; n <= last && !sotto_machine_is_stopped (self->machine); n++)
    add_with_digits (self, from, n);
}

static gint64
count_fraction_digits (const SottoDecimal *value)
{
  return value != NULL ? MAX (0, (gint64) value->n_digits - value->point) : 0;
}

/* How many digits behind the point, or -1: a limit has too many for that. */
static gint
choose_fraction (const SottoFacts *facts)
{
  const SottoBound *bounds[] = { &facts->low, &facts->high };
  gint64 n_integer = 1;
  gint64 n_fraction = 0;
  gboolean exclusive = FALSE;

  for (guint i = 0; i < 2; i++)
    if (bounds[i]->value != NULL)
      {
        n_integer = MAX (n_integer, bounds[i]->value->point);
        n_fraction = MAX (n_fraction, count_fraction_digits (bounds[i]->value));
        exclusive |= bounds[i]->exclusive;
      }
  if (n_integer > MOST_LIMIT_DIGITS || n_fraction > MOST_LIMIT_DIGITS)
    return -1;
  /* Of integers none is rounded. Of two decimals that round to the same double, one may be on the
   * wrong side. */
  if ((facts->types & SOTTO_TYPE_FRACTION) == 0)
    return 0;
  if (exclusive && n_integer + n_fraction > DOUBLE_DIGITS)
    return -1;

  return MAX (n_fraction, CLAMP (DOUBLE_DIGITS - n_integer, 0, 9));
}

static void
add_limited (SottoSchema      *self,
             const SottoFacts *facts,
             gint              n_fraction,
             guint32           from,
             guint32           to)
{
  g_autofree SottoDecimal *zero = sotto_decimal_parse ("0", 1);
  SottoBound beyond_zero = { zero, TRUE };
  gboolean low_below = facts->low.value == NULL || facts->low.value->negative;
  gboolean high_below = facts->high.value != NULL && facts->high.value->negative;
  Range range = { .machine = self->machine, .n_fraction = n_fraction, .to = to };

  if (!high_below)
    {
      range.low = low_below ? (SottoBound) { NULL, FALSE } : facts->low;
      range.high = facts->high;
      add_magnitudes (&range, from);
    }
  if (low_below)
    {
      range.low = high_below ? facts->high : beyond_zero;
      range.high = facts->low;
      add_magnitudes (&range, sotto_machine_add_text (self->machine, from, "-", 1));
    }
}

/* From @from up to @most digits, of which @from has read one. Returns: where they end */
static guint32
add_digits (SottoMachine *machine,
            guint32       from,
            guint         most)
{
  guint32 end = sotto_machine_add_state (machine);

  for (guint i = 0; i < most; i++)
    {
      guint32 next = sotto_machine_add_state (machine);

      sotto_machine_add_bytes (machine, from, '0', '9', next);
      sotto_machine_add_empty (machine, next, end);
      from = next;
    }

  return end;
}

/* Any number, with an exponent too. */
static void
add_unlimited (SottoMachine *machine,
               guint32       from,
               guint32       to)
{
  guint32 first = sotto_machine_add_state (machine);
  guint32 more = sotto_machine_add_state (machine);
  guint32 integer = sotto_machine_add_state (machine);
  guint32 exponent = sotto_machine_add_state (machine);
  guint32 sign = sotto_machine_add_state (machine);
  guint32 end;

  sotto_machine_add_empty (machine, from, first);
  sotto_machine_add_empty (machine, sotto_machine_add_text (machine, from, "-", 1), first);
  sotto_machine_add_bytes (machine, first, '0', '0', integer);
  sotto_machine_add_bytes (machine, first, '1', '9', more);
  sotto_machine_add_empty (machine, more, integer);
  end = add_digits (machine, more, MOST_INTEGER_DIGITS - 1);
  sotto_machine_add_empty (machine, end, integer);
  sotto_machine_add_empty (machine, integer, exponent);
  sotto_machine_add_empty (machine, integer, to);

  end = add_digits (machine, sotto_machine_add_text (machine, integer, ".", 1),
                    MOST_FRACTION_DIGITS);
  sotto_machine_add_empty (machine, end, exponent);
  sotto_machine_add_empty (machine, end, to);

  sotto_machine_add_empty (machine, sotto_machine_add_text (machine, exponent, "e", 1), sign);
  sotto_machine_add_empty (machine, sotto_machine_add_text (machine, exponent, "E", 1), sign);
  end = sotto_machine_add_state (machine);
  sotto_machine_add_empty (machine, sign, end);
  sotto_machine_add_empty (machine, sotto_machine_add_text (machine, sign, "+", 1), end);
  sotto_machine_add_empty (machine, sotto_machine_add_text (machine, sign, "-", 1), end);
  sotto_machine_add_empty (machine, add_digits (machine, end, 2), to);
}

void
sotto_schema_add_number (SottoSchema      *self,
                         const SottoFacts *facts,
                         guint32           from,
                         guint32           to)
{
  gboolean fractions = (facts->types & SOTTO_TYPE_FRACTION) != 0;
  gint n_fraction;

  if (fractions && facts->low.value == NULL && facts->high.value == NULL)
    {
      add_unlimited (self->machine, from, to);
      return;
    }

  n_fraction = choose_fraction (facts);
  if (n_fraction < 0)
    sotto_schema_fail (self, self->root, "minimum or maximum", "a limit has too many digits");
  else
    add_limited (self, facts, n_fraction, from, to);
}
