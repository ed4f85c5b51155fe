#include "jinja-string.h"

#include <math.h>
#include <string.h>

/* Equality and order of Python's values. */

/* An integer and a float, exactly: (double) 2^53 + 1 would be equal to 2^53. */
static int
compare_integer_to_float (gint64 integer,
                          double real)
{
  double whole;

  if (real >= 9223372036854775808.0)
    return -1;
  if (real < -9223372036854775808.0)
    return 1;

  whole = floor (real);
  if (integer != (gint64) whole)
    return integer < (gint64) whole ? -1 : 1;

  return real > whole ? -1 : 0;
}

/* @comparable: FALSE for NaN */
static gboolean
compare_numbers (JinjaValue left,
                 JinjaValue right,
                 int       *order,
                 gboolean  *comparable)
{
  gint64 a, b;
  double x, y;
  gboolean left_integer = jinja_get_integer (left, &a);
  gboolean right_integer = jinja_get_integer (right, &b);

  *comparable = TRUE;
  if (left_integer && right_integer)
    {
      *order = (a > b) - (a < b);
      return TRUE;
    }
  if (!jinja_get_number (left, &x) || !jinja_get_number (right, &y))
    return FALSE;

  if (isnan (x) || isnan (y))
    *comparable = FALSE;
  else if (left_integer && jinja_is (right, JINJA_FLOAT))
    *order = compare_integer_to_float (a, y);
  else if (right_integer && jinja_is (left, JINJA_FLOAT))
    *order = -compare_integer_to_float (b, x);
  else if (jinja_is (left, JINJA_HUGE) && jinja_is (right, JINJA_HUGE))
    *order = jinja_string_equal (left.as.string, right.as.string) ? 0 : x < y ? -1 : 1;
  else
    *order = (x > y) - (x < y);

  return TRUE;
}

static gboolean
is_number (JinjaValue value)
{
  return jinja_is (value, JINJA_BOOLEAN) || jinja_is (value, JINJA_INTEGER)
         || jinja_is (value, JINJA_FLOAT) || jinja_is (value, JINJA_HUGE);
}

static gboolean
equal_items (JinjaRun         *run,
             const JinjaItems *left,
             const JinjaItems *right,
             gboolean         *equal)
{
  *equal = left->n == right->n;
  for (gsize i = 0; *equal && i < left->n; i++)
    if (!jinja_equal (run, left->values[i], right->values[i], equal))
      return FALSE;

  return TRUE;
}

static gboolean
equal_dicts (JinjaRun        *run,
             const JinjaDict *left,
             const JinjaDict *right,
             gboolean        *equal)
{
  *equal = left->n == right->n;
  for (gsize i = 0; *equal && i < left->n; i++)
    {
      const JinjaValue *other;

      if (!jinja_dict_get (run, right, left->entries[i].key, &other))
        return FALSE;
      *equal = other != NULL;
      if (other != NULL && !jinja_equal (run, left->entries[i].value, *other, equal))
        return FALSE;
    }

  return TRUE;
}

static gboolean
equal_same_kind (JinjaRun  *run,
                 JinjaValue left,
                 JinjaValue right,
                 gboolean  *equal)
{
  switch (left.kind)
    {
    case JINJA_STRING:
      *equal = jinja_string_equal (left.as.string, right.as.string);
      return jinja_step (run, left.as.string->length / 64);
    case JINJA_LIST:
    case JINJA_TUPLE:
      return equal_items (run, left.as.items, right.as.items, equal);
    case JINJA_RANGE:
      *equal = left.as.items->n == right.as.items->n
               && (left.as.items->n == 0 || left.as.items->start == right.as.items->start)
               && (left.as.items->n <= 1 || left.as.items->step == right.as.items->step);
      return TRUE;
    case JINJA_DICT:
      return equal_dicts (run, left.as.dict, right.as.dict, equal);
    case JINJA_FUNCTION:
      *equal = left.as.function == right.as.function;
      return TRUE;
    case JINJA_METHOD:
      *equal = left.as.method->builtin == right.as.method->builtin;
      return !*equal || jinja_equal (run, left.as.method->object, right.as.method->object, equal);
    case JINJA_UNDEFINED:
    case JINJA_NONE:
      *equal = TRUE;
      return TRUE;
    default:
      /* Identity; all of these are pointers. */
      *equal = left.as.names == right.as.names;
      return TRUE;
    }
}

gboolean
jinja_equal (JinjaRun  *run,
             JinjaValue left,
             JinjaValue right,
             gboolean  *equal)
{
  gboolean ok, comparable;
  int order = 0;

  *equal = FALSE;
  if (!jinja_step (run, 1))
    return FALSE;

  if (is_number (left) && is_number (right))
    {
      compare_numbers (left, right, &order, &comparable);
      *equal = comparable && order == 0;
      return TRUE;
    }
  if (left.kind != right.kind)
    return TRUE;

  if (!jinja_enter (run))
    return FALSE;
  ok = equal_same_kind (run, left, right, equal);
  jinja_leave (run);

  return ok;
}

static gboolean
not_ordered (JinjaRun       *run,
             JinjaComparison op,
             JinjaValue      left,
             JinjaValue      right)
{
  static const char *const signs[] = { "==", "!=", "<", "<=", ">", ">=", "in", "not in" };

  if (!jinja_defined (run, left) || !jinja_defined (run, right))
    return FALSE;

  return jinja_fail (run, "'%s' not supported between instances of '%s' and '%s'", signs[op],
                     jinja_type_name (left), jinja_type_name (right));
}

static gboolean
from_order (JinjaComparison op,
            int             order)
{
  return op == JINJA_LT ? order < 0 : op == JINJA_LE ? order <= 0 : op == JINJA_GT ? order > 0 : order >= 0;
}

/* Lists and tuples: the first pair that differs decides. */
static gboolean
compare_items (JinjaRun        *run,
               JinjaComparison  op,
               JinjaValue       left,
               JinjaValue       right,
               gboolean        *result)
{
  const JinjaItems *a = left.as.items;
  const JinjaItems *b = right.as.items;
  gboolean ok;

  for (gsize i = 0; i < MIN (a->n, b->n); i++)
    {
      gboolean equal;

      if (!jinja_equal (run, a->values[i], b->values[i], &equal))
        return FALSE;
      if (equal)
        continue;
      if (!jinja_enter (run))
        return FALSE;
      ok = jinja_compare (run, op, a->values[i], b->values[i], result);
      jinja_leave (run);
      return ok;
    }

  *result = from_order (op, (a->n > b->n) - (a->n < b->n));
  return TRUE;
}

gboolean
jinja_compare (JinjaRun        *run,
               JinjaComparison  op,
               JinjaValue       left,
               JinjaValue       right,
               gboolean        *result)
{
  gboolean comparable;
  int order = 0;

  switch (op)
    {
    case JINJA_EQ:
    case JINJA_NE:
      if (!jinja_equal (run, left, right, result))
        return FALSE;
      *result = *result == (op == JINJA_EQ);
      return TRUE;

    case JINJA_IN:
    case JINJA_NOT_IN:
      if (!jinja_contains (run, right, left, result))
        return FALSE;
      *result = *result == (op == JINJA_IN);
      return TRUE;

    default:
      break;
    }

  if (is_number (left) && is_number (right))
    {
      compare_numbers (left, right, &order, &comparable);
      *result = comparable && from_order (op, order);
      return TRUE;
    }
  if (left.kind == right.kind && jinja_is (left, JINJA_STRING))
    {
      *result = from_order (op, jinja_string_compare (left.as.string, right.as.string));
      return jinja_step (run, left.as.string->length / 64);
    }
  if (left.kind == right.kind && (jinja_is (left, JINJA_LIST) || jinja_is (left, JINJA_TUPLE)))
    return compare_items (run, op, left, right, result);

  return not_ordered (run, op, left, right);
}

gboolean
jinja_contains (JinjaRun  *run,
                JinjaValue container,
                JinjaValue item,
                gboolean  *result)
{
  const JinjaValue *values;
  const JinjaValue *found;
  gsize n;

  *result = FALSE;
  switch (container.kind)
    {
    case JINJA_STRING:
      if (!jinja_is (item, JINJA_STRING))
        return jinja_fail (run, "'in <string>' requires string as left operand, not %s",
                           jinja_type_name (item));
      *result = jinja_string_find (run, container.as.string, item.as.string, 0) >= 0;
      return run->error == NULL;

    case JINJA_DICT:
      if (!jinja_dict_get (run, container.as.dict, item, &found))
        return FALSE;
      *result = found != NULL;
      return TRUE;

    default:
      if (!jinja_is_iterable (container))
        return jinja_fail (run, "argument of type '%s' is not iterable", jinja_type_name (container));
      if (!jinja_iterate (run, container, &values, &n))
        return FALSE;
      for (gsize i = 0; !*result && i < n; i++)
        if (!jinja_equal (run, values[i], item, result))
          return FALSE;
      return TRUE;
    }
}

/* Merges from below, stable as Python's sort: order[] holds indices. */
gboolean
jinja_sort (JinjaRun   *run,
            JinjaValue *values,
            JinjaValue *keys,
            gsize       n,
            gboolean    reverse)
{
  gsize *from = jinja_new_n (run, gsize, n);
  gsize *to = jinja_new_n (run, gsize, n);
  JinjaValue *sorted = jinja_new_n (run, JinjaValue, n);

  if (from == NULL || to == NULL || sorted == NULL)
    return FALSE;

  for (gsize i = 0; i < n; i++)
    from[i] = i;

  for (gsize width = 1; width < n; width *= 2)
    {
      for (gsize start = 0; start < n; start += 2 * width)
        {
          gsize middle = MIN (start + width, n);
          gsize end = MIN (start + 2 * width, n);
          gsize a = start, b = middle;

          for (gsize out = start; out < end; out++)
            {
              gboolean second = a == middle;

              /* The second goes first only where it is strictly less (or greater, in reverse). */
              if (a < middle && b < end
                  && !jinja_compare (run, reverse ? JINJA_GT : JINJA_LT, keys[from[b]],
                                     keys[from[a]], &second))
                return FALSE;
              to[out] = second ? from[b++] : from[a++];
            }
        }
      {
        gsize *swap = from;

        from = to;
        to = swap;
      }
    }

  for (gsize i = 0; i < n; i++)
    sorted[i] = values[from[i]];
  if (n > 0)
    memcpy (values, sorted, n * sizeof *values);

  return TRUE;
}
