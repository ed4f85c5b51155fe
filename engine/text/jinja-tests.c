#include "jinja-evaluate.h"

/* Tests: what stands behind "is". */

#define TEST(name) \
  static gboolean name (JinjaRun *run, JinjaValue self, const JinjaArgs *args, JinjaValue *result)

static gboolean
answer (JinjaValue *result,
        gboolean    holds)
{
  *result = jinja_boolean (holds);
  return TRUE;
}

TEST (test_defined)   { return answer (result, !jinja_is (self, JINJA_UNDEFINED)); }
TEST (test_undefined) { return answer (result, jinja_is (self, JINJA_UNDEFINED)); }
TEST (test_none)      { return answer (result, jinja_is (self, JINJA_NONE)); }
TEST (test_boolean)   { return answer (result, jinja_is (self, JINJA_BOOLEAN)); }
TEST (test_float)     { return answer (result, jinja_is (self, JINJA_FLOAT)); }
TEST (test_string)    { return answer (result, jinja_is (self, JINJA_STRING)); }
TEST (test_mapping)   { return answer (result, jinja_is (self, JINJA_DICT)); }
TEST (test_iterable)  { return answer (result, jinja_is_iterable (self)); }
TEST (test_callable)  { return answer (result, jinja_is_callable (self)); }
TEST (test_true)
{
  return answer (result, jinja_is (self, JINJA_BOOLEAN) && self.as.boolean);
}
TEST (test_false)
{
  return answer (result, jinja_is (self, JINJA_BOOLEAN) && !self.as.boolean);
}
TEST (test_integer)
{
  return answer (result, jinja_is (self, JINJA_INTEGER) || jinja_is (self, JINJA_HUGE));
}
TEST (test_number)
{
  return answer (result, jinja_is (self, JINJA_INTEGER) || jinja_is (self, JINJA_HUGE)
                             || jinja_is (self, JINJA_FLOAT) || jinja_is (self, JINJA_BOOLEAN));
}
TEST (test_escaped)
{
  return answer (result, jinja_is (self, JINJA_STRING) && self.as.string->markup);
}

/* What has a length and can be indexed. */
TEST (test_sequence)
{
  switch (self.kind)
    {
    case JINJA_UNDEFINED:
    case JINJA_STRING:
    case JINJA_LIST:
    case JINJA_TUPLE:
    case JINJA_DICT:
    case JINJA_RANGE:
      return answer (result, TRUE);
    default:
      return answer (result, FALSE);
    }
}

/* Python's islower() and isupper(): at least one letter with case, and none of the other. */
static gboolean
has_case (JinjaRun   *run,
          JinjaValue  self,
          gboolean    upper,
          JinjaValue *result)
{
  const JinjaString *text = jinja_str (run, self);
  gboolean any = FALSE;

  if (text == NULL || !jinja_step (run, text->length / 16))
    return FALSE;
  for (gsize at = 0; at < text->length;
       at += (gsize) (g_utf8_next_char (text->bytes + at) - (text->bytes + at)))
    {
      gunichar c = g_utf8_get_char (text->bytes + at);

      if (g_unichar_istitle (c) || (upper ? g_unichar_islower (c) : g_unichar_isupper (c)))
        return answer (result, FALSE);
      any |= upper ? g_unichar_isupper (c) : g_unichar_islower (c);
    }

  return answer (result, any);
}

TEST (test_lower) { return has_case (run, self, FALSE, result); }
TEST (test_upper) { return has_case (run, self, TRUE, result); }

static gboolean
remainder_is (JinjaRun   *run,
              JinjaValue  self,
              JinjaValue  divisor,
              gint64      wanted,
              JinjaValue *result)
{
  JinjaValue remainder;
  gboolean equal;

  if (!jinja_operate (run, JINJA_OPERATOR ('%', 0), self, divisor, &remainder)
      || !jinja_equal (run, remainder, jinja_integer (wanted), &equal))
    return FALSE;

  return answer (result, equal);
}

TEST (test_odd)         { return remainder_is (run, self, jinja_integer (2), 1, result); }
TEST (test_even)        { return remainder_is (run, self, jinja_integer (2), 0, result); }
TEST (test_divisibleby) { return remainder_is (run, self, args->values[0], 0, result); }

static gboolean
compare (JinjaRun        *run,
         JinjaComparison  op,
         JinjaValue       left,
         JinjaValue       right,
         JinjaValue      *result)
{
  gboolean holds;

  return jinja_compare (run, op, left, right, &holds) && answer (result, holds);
}

TEST (test_eq) { return compare (run, JINJA_EQ, self, args->values[0], result); }
TEST (test_ne) { return compare (run, JINJA_NE, self, args->values[0], result); }
TEST (test_lt) { return compare (run, JINJA_LT, self, args->values[0], result); }
TEST (test_le) { return compare (run, JINJA_LE, self, args->values[0], result); }
TEST (test_gt) { return compare (run, JINJA_GT, self, args->values[0], result); }
TEST (test_ge) { return compare (run, JINJA_GE, self, args->values[0], result); }
TEST (test_in) { return compare (run, JINJA_IN, self, args->values[0], result); }

/* Python's "is": of values, only the constants are the same thing twice for sure. */
TEST (test_sameas)
{
  JinjaValue other = args->values[0];

  if (self.kind != other.kind)
    return answer (result, FALSE);
  switch (self.kind)
    {
    case JINJA_NONE:
      return answer (result, TRUE);
    case JINJA_BOOLEAN:
      return answer (result, !self.as.boolean == !other.as.boolean);
    case JINJA_INTEGER:
      return answer (result, self.as.integer == other.as.integer);
    case JINJA_FLOAT:
      return answer (result, FALSE);
    default:
      return answer (result, self.as.names == other.as.names);
    }
}

TEST (test_filter)
{
  return answer (result, jinja_is (self, JINJA_STRING)
                             && jinja_find_filter (self.as.string) != NULL);
}

TEST (test_test)
{
  return answer (result, jinja_is (self, JINJA_STRING)
                             && jinja_find_test (self.as.string) != NULL);
}

static const JinjaBuiltin tests[] = {
  { "defined", test_defined, "", 0 },
  { "string", test_string, "", 0 },
  { "none", test_none, "", 0 },
  { "mapping", test_mapping, "", 0 },
  { "iterable", test_iterable, "", 0 },
  { "undefined", test_undefined, "", 0 },
  { "sequence", test_sequence, "", 0 },
  { "boolean", test_boolean, "", 0 },
  { "true", test_true, "", 0 },
  { "false", test_false, "", 0 },
  { "integer", test_integer, "", 0 },
  { "float", test_float, "", 0 },
  { "number", test_number, "", 0 },
  { "callable", test_callable, "", 0 },
  { "lower", test_lower, "", 0 },
  { "upper", test_upper, "", 0 },
  { "escaped", test_escaped, "", 0 },
  { "odd", test_odd, "", 0 },
  { "even", test_even, "", 0 },
  { "divisibleby", test_divisibleby, "num", 1 },
  { "sameas", test_sameas, "other", 1 },
  { "filter", test_filter, "", 0 },
  { "test", test_test, "", 0 },
  { "in", test_in, "seq", 1 },
  { "==", test_eq, "other", 1 },
  { "eq", test_eq, "other", 1 },
  { "equalto", test_eq, "other", 1 },
  { "!=", test_ne, "other", 1 },
  { "ne", test_ne, "other", 1 },
  { "<", test_lt, "other", 1 },
  { "lt", test_lt, "other", 1 },
  { "lessthan", test_lt, "other", 1 },
  { "<=", test_le, "other", 1 },
  { "le", test_le, "other", 1 },
  { ">", test_gt, "other", 1 },
  { "gt", test_gt, "other", 1 },
  { "greaterthan", test_gt, "other", 1 },
  { ">=", test_ge, "other", 1 },
  { "ge", test_ge, "other", 1 },
};

const JinjaBuiltin *
jinja_find_test (const JinjaString *name)
{
  return jinja_find_builtin (tests, G_N_ELEMENTS (tests), name);
}
