#include "jinja-format.h"

#include <math.h>
#include <string.h>

/* "%s and %d" % (a, b), as Python does it; the specification is the same as behind a colon (jinja-format.c). */

/* The next value that a "%" asks for: by name out of a dict, or in turn. */
static gboolean
next_percent (JinjaRun          *run,
              const JinjaString *format,
              gsize             *at,
              JinjaValue         values,
              gsize             *used,
              JinjaValue        *value)
{
  if (*at < format->length && format->bytes[*at] == '(')
    {
      const char *close = memchr (format->bytes + *at, ')', format->length - *at);
      const JinjaString *key;
      const JinjaValue *found = NULL;

      if (close == NULL)
        return jinja_fail (run, "incomplete format key");
      key = jinja_string_slice (run, format, *at + 1,
                                (gsize) (close - format->bytes) - *at - 1);
      if (!jinja_is (values, JINJA_DICT))
        return jinja_fail (run, "format requires a mapping");
      if (key == NULL
          || !jinja_dict_get (run, values.as.dict, jinja_string_value (key), &found))
        return FALSE;
      if (found == NULL)
        return jinja_fail (run, "a format asks for a key that is not there");
      *value = *found;
      *at = (gsize) (close - format->bytes) + 1;
      return TRUE;
    }

  if (jinja_is (values, JINJA_TUPLE))
    {
      if (*used >= values.as.items->n)
        return jinja_fail (run, "not enough arguments for format string");
      *value = values.as.items->values[(*used)++];
      return TRUE;
    }
  if ((*used)++ > 0)
    return jinja_fail (run, "not enough arguments for format string");
  *value = values;

  return TRUE;
}

static gboolean
add_percent (JinjaBuilder      *out,
             const JinjaString *format,
             gsize             *at,
             JinjaValue         values,
             gsize             *used)
{
  JinjaRun *run = out->run;
  JinjaFormatSpec spec = { .fill = " ", .precision = -1, .align = '>' };
  const char *end = format->bytes + format->length;
  const char *p;
  JinjaValue value = jinja_none ();
  JinjaBuilder builder;
  const JinjaString *text;
  gboolean left = FALSE;
  gsize number;

  if (*at < format->length && format->bytes[*at] == '('
      && !next_percent (run, format, at, values, used, &value))
    return FALSE;
  p = format->bytes + *at;
  for (; p < end && *p != 0 && strchr ("-+ #0", *p) != NULL; p++)
    {
      left |= *p == '-';
      spec.zero |= *p == '0';
      spec.alternate |= *p == '#';
      if (*p == '+' || (*p == ' ' && spec.sign == 0))
        spec.sign = *p;
    }
  if (jinja_format_read_number (&p, end, &number))
    spec.width = number;
  if (p < end && *p == '.')
    {
      p++;
      jinja_format_read_number (&p, end, &number);
      spec.precision = (gint) number;
    }
  if (p == end || spec.width > JINJA_FORMAT_MAX_WIDTH || spec.precision > JINJA_FORMAT_MAX_WIDTH)
    return jinja_fail (run, "incomplete format");
  spec.type = *p++;
  *at = (gsize) (p - format->bytes);

  if (spec.type == '%')
    {
      jinja_builder_add_slice (out, format, *at - 1, 1);
      return TRUE;
    }
  if (!jinja_is (values, JINJA_DICT) || *used == 0)
    {
      /* A key has taken its value already; else it is the next one's turn. */
      gboolean keyed = jinja_is (values, JINJA_DICT) && !jinja_is (value, JINJA_NONE);

      if (!keyed && !next_percent (run, format, at, values, used, &value))
        return FALSE;
    }
  if (left)
    {
      spec.align = '<';
      spec.zero = FALSE;
    }
  else if (spec.zero && strchr ("diuxXoeEfFgG", spec.type) != NULL)
    spec.align = 0;

  switch (spec.type)
    {
    case 's':
    case 'r':
    case 'a':
      jinja_builder_init (&builder, run);
      if (spec.type == 's')
        jinja_add_str (&builder, value);
      else
        jinja_add_repr (&builder, value);
      text = jinja_builder_finish (&builder);
      spec.type = 's';
      return text != NULL && jinja_format_value (out, jinja_string_value (text), &spec);
    case 'i':
    case 'u':
    case 'd':
      spec.type = 'd';
      if (jinja_is (value, JINJA_FLOAT) && fabs (value.as.real) < 9e18)
        value = jinja_integer ((gint64) value.as.real);
      return jinja_format_value (out, value, &spec);
    default:
      if (strchr ("xXoeEfFgG", spec.type) == NULL || spec.type == 0)
        return jinja_fail (run, "unsupported format character");
      return jinja_format_value (out, value, &spec);
    }
}

const JinjaString *
jinja_format_percent (JinjaRun          *run,
                      const JinjaString *format,
                      JinjaValue         values)
{
  JinjaBuilder out;
  gsize done = 0, used = 0;

  jinja_builder_init (&out, run);
  for (gsize at = 0; at < format->length && !out.failed;)
    {
      if (format->bytes[at] != '%')
        {
          at++;
          continue;
        }
      jinja_builder_add_slice (&out, format, done, at - done);
      at++;
      if (!jinja_step (run, 1) || !add_percent (&out, format, &at, values, &used))
        return NULL;
      done = at;
    }
  jinja_builder_add_slice (&out, format, done, format->length - done);

  if ((jinja_is (values, JINJA_TUPLE) && used < values.as.items->n)
      || (used == 0 && !jinja_is (values, JINJA_TUPLE) && !jinja_is (values, JINJA_DICT)
          && !jinja_is (values, JINJA_LIST)))
    return jinja_fail (run, "not all arguments converted during string formatting"), NULL;

  return jinja_builder_finish (&out);
}
