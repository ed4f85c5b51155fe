#include "jinja-format.h"

#include <math.h>
#include <string.h>

/* Values by a specification, and "{} {name:>8}".format(a, name=b), as Python does them.
 *
 * What a field puts in keeps where it comes from; padding and digits count as text. */

static gsize
count_chars (const JinjaString *string)
{
  return string->n_chars;
}

/* @string in a field as wide as @spec says. */
static void
add_padded (JinjaBuilder      *out,
            const JinjaString *string,
            const JinjaFormatSpec        *spec,
            char               default_align)
{
  gsize n = count_chars (string);
  gsize missing = spec->width > n ? spec->width - n : 0;
  char align = spec->align != 0 ? spec->align : default_align;
  gsize left = align == '>' || align == '=' ? missing : align == '^' ? missing / 2 : 0;

  for (gsize i = 0; i < left; i++)
    jinja_builder_add_text (out, spec->fill);
  jinja_builder_add_string (out, string);
  for (gsize i = left; i < missing; i++)
    jinja_builder_add_text (out, spec->fill);
}

/* A number's digits, with its sign and what "0", "=" and "," do to them. */
static gboolean
add_number (JinjaBuilder *out,
            const char   *digits,
            gboolean      negative,
            const char   *prefix,
            const JinjaFormatSpec   *spec)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const JinjaString *string;
  const char *sign = negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
  gsize whole = strspn (digits, "0123456789");
  gsize inner;

  for (gsize i = 0; digits[i] != 0; i++)
    {
      if (spec->thousands && i > 0 && i < whole && (whole - i) % 3 == 0)
        g_string_append_c (text, ',');
      g_string_append_c (text, digits[i]);
    }
  inner = strlen (sign) + strlen (prefix) + text->len;
  if ((spec->align == '=' || (spec->align == 0 && spec->zero)) && spec->width > inner)
    for (gsize i = inner; i < spec->width; i++)
      g_string_prepend (text, spec->zero && spec->align == 0 ? "0" : spec->fill);
  g_string_prepend (text, prefix);
  g_string_prepend (text, sign);

  string = jinja_string_copy (out->run, text->str);
  if (string == NULL)
    return FALSE;
  add_padded (out, string, spec, '>');

  return TRUE;
}

static gboolean
add_integer (JinjaBuilder *out,
             gint64        integer,
             const JinjaFormatSpec   *spec)
{
  char digits[72];
  guint64 rest = integer < 0 ? -(guint64) integer : (guint64) integer;
  guint base = spec->type == 'x' || spec->type == 'X' ? 16
               : spec->type == 'o'                    ? 8
               : spec->type == 'b'                    ? 2
                                                      : 10;
  const char *set = spec->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  guint at = sizeof digits - 1;
  char prefix[3] = "";

  digits[at] = 0;
  do
    {
      digits[--at] = set[rest % base];
      rest /= base;
    }
  while (rest > 0);
  if (spec->alternate && base != 10)
    {
      prefix[0] = '0';
      prefix[1] = spec->type;
    }

  return add_number (out, digits + at, integer < 0, prefix, spec);
}

static gboolean
add_real (JinjaBuilder *out,
          double        value,
          const JinjaFormatSpec   *spec)
{
  char type = spec->type == 0 || spec->type == 'n' ? 'g' : spec->type == '%' ? 'f' : spec->type;
  gint precision = spec->precision < 0 ? 6 : MIN (spec->precision, 300);
  char format[16];
  g_autofree char *digits = g_malloc (700);

  if (spec->type == '%')
    value *= 100;
  if (isnan (value) || isinf (value))
    return add_number (out, isnan (value) ? "nan" : "inf", value < 0, "", spec);

  g_snprintf (format, sizeof format, "%%.%d%c", precision, type);
  g_ascii_formatd (digits, 690, format, fabs (value));
  if (spec->type == '%')
    strcat (digits, "%");

  return add_number (out, digits, signbit (value) != 0, "", spec);
}

static gboolean
add_char (JinjaBuilder *out,
          gint64        code,
          const JinjaFormatSpec   *spec)
{
  char bytes[8] = "";
  const JinjaString *string;

  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return jinja_fail (out->run, "%%c arg not in range(0x110000)");
  g_unichar_to_utf8 ((gunichar) code, bytes);
  string = code != 0 ? jinja_string_copy (out->run, bytes)
                     : jinja_string_new (out->run, "\0", 1, FALSE);
  if (string == NULL)
    return FALSE;
  add_padded (out, string, spec, '<');

  return TRUE;
}

gboolean
jinja_format_value (JinjaBuilder *out,
                    JinjaValue    value,
                    const JinjaFormatSpec   *spec)
{
  JinjaRun *run = out->run;
  const JinjaString *string;
  gint64 integer;
  double real;

  if (spec->type != 0 && strchr ("dxXobc", spec->type) != NULL)
    {
      if (!jinja_get_integer (value, &integer))
        return jinja_fail (run, "format code '%c' needs an integer, not %s", spec->type,
                           jinja_type_name (value));
      if (spec->type == 'c')
        return add_char (out, integer, spec);
      return add_integer (out, integer, spec);
    }
  if (spec->type != 0 && strchr ("eEfFgG%n", spec->type) != NULL)
    {
      if (!jinja_get_number (value, &real))
        return jinja_fail (run, "format code '%c' needs a number, not %s", spec->type,
                           jinja_type_name (value));
      return add_real (out, real, spec);
    }
  if (spec->type != 0 && spec->type != 's')
    return jinja_fail (run, "unknown format code '%c'", spec->type);

  if (spec->type == 0 && jinja_get_integer (value, &integer))
    return add_integer (out, integer, spec);
  if (spec->type == 0 && jinja_is (value, JINJA_FLOAT))
    {
      if (spec->precision >= 0)
        return add_real (out, value.as.real, spec);
      string = jinja_str (run, jinja_float (fabs (value.as.real)));
      return string != NULL
             && add_number (out, jinja_cstr (run, string), signbit (value.as.real) != 0, "", spec);
    }

  if (!jinja_is (value, JINJA_STRING) && !jinja_is (value, JINJA_HUGE))
    return jinja_fail (run, "unsupported format string passed to %s.__format__",
                       jinja_type_name (value));
  string = jinja_str (run, value);
  if (string != NULL && spec->precision >= 0 && (gsize) spec->precision < string->n_chars)
    string = jinja_string_slice (run, string, 0,
                                 jinja_string_offset (run, string, (gsize) spec->precision));
  if (string == NULL)
    return FALSE;
  add_padded (out, string, spec, '<');

  return TRUE;
}

gboolean
jinja_format_read_number (const char **at,
                          const char  *end,
                          gsize       *number)
{
  const char *begin = *at;

  *number = 0;
  for (; *at < end && g_ascii_isdigit (**at); (*at)++)
    *number = MIN (*number * 10 + (gsize) (**at - '0'), JINJA_FORMAT_MAX_WIDTH + 1);

  return *at > begin;
}

/* [[fill]align][sign][#][0][width][,][.precision][type] */
static gboolean
read_spec (JinjaRun   *run,
           const char *at,
           const char *end,
           JinjaFormatSpec       *spec)
{
  gsize number;

  *spec = (JinjaFormatSpec) { .fill = " ", .precision = -1 };
  if (at < end)
    {
      const char *second = g_utf8_next_char (at);

      if (second < end && strchr ("<>^=", *second) != NULL && *second != 0)
        {
          memset (spec->fill, 0, sizeof spec->fill);
          memcpy (spec->fill, at, (gsize) (second - at));
          spec->align = *second;
          at = second + 1;
        }
      else if (*at != 0 && strchr ("<>^=", *at) != NULL)
        spec->align = *at++;
    }
  if (at < end && (*at == '+' || *at == '-' || *at == ' '))
    spec->sign = *at++;
  if (at < end && *at == '#')
    {
      spec->alternate = TRUE;
      at++;
    }
  if (at < end && *at == '0')
    {
      spec->zero = TRUE;
      at++;
    }
  if (jinja_format_read_number (&at, end, &number))
    spec->width = number;
  if (at < end && *at == ',')
    {
      spec->thousands = TRUE;
      at++;
    }
  if (at < end && *at == '.')
    {
      at++;
      if (!jinja_format_read_number (&at, end, &number))
        return jinja_fail (run, "format specifier missing precision");
      spec->precision = (gint) number;
    }
  if (at < end)
    spec->type = *at++;
  if (at != end || spec->width > JINJA_FORMAT_MAX_WIDTH || spec->precision > JINJA_FORMAT_MAX_WIDTH)
    return jinja_fail (run, "invalid format specifier");

  return TRUE;
}

/* name.attribute[key] of a field */
static gboolean
get_field (JinjaRun          *run,
           const JinjaString *format,
           gsize              start,
           gsize              end,
           const JinjaArgs   *args,
           guint             *automatic,
           JinjaValue        *result)
{
  const char *bytes = format->bytes;
  gsize at = start;
  gsize number;
  const char *p = bytes + start;

  while (at < end && bytes[at] != '.' && bytes[at] != '[')
    at++;
  if (at == start || (jinja_format_read_number (&p, bytes + at, &number) && p == bytes + at))
    {
      if (at == start)
        number = (*automatic)++;
      if (number >= args->n)
        return jinja_fail (run, "Replacement index out of range for positional args tuple");
      *result = args->values[number];
    }
  else
    {
      guint i = 0;

      while (i < args->n_named
             && !(args->names[i]->length == at - start
                  && memcmp (args->names[i]->bytes, bytes + start, at - start) == 0))
        i++;
      if (i == args->n_named)
        return jinja_fail (run, "a field of a format has no argument");
      *result = args->named[i];
    }

  while (at < end)
    {
      gboolean item = bytes[at++] == '[';
      gsize from = at;
      const JinjaString *name;
      JinjaValue key;

      while (at < end && (item ? bytes[at] != ']' : bytes[at] != '.' && bytes[at] != '['))
        at++;
      name = jinja_string_slice (run, format, from, at - from);
      if (name == NULL)
        return FALSE;
      key = jinja_string_value (name);
      p = bytes + from;
      if (item && jinja_format_read_number (&p, bytes + at, &number) && p == bytes + at)
        key = jinja_integer ((gint64) number);
      if (item ? !jinja_get_item (run, *result, key, result)
               : !jinja_get_attribute (run, *result, name, result))
        return FALSE;
      if (item && at < end)
        at++;
    }

  return TRUE;
}

static gboolean
add_field (JinjaBuilder      *out,
           const JinjaString *format,
           gsize              start,
           gsize              end,
           const JinjaArgs   *args,
           guint             *automatic)
{
  JinjaRun *run = out->run;
  const char *bytes = format->bytes;
  gsize name_end = start;
  char conversion = 0;
  JinjaValue value;
  JinjaBuilder builder;
  const JinjaString *text;
  JinjaFormatSpec spec;

  while (name_end < end && bytes[name_end] != '!' && bytes[name_end] != ':')
    name_end += bytes[name_end] == '[' ? strcspn (bytes + name_end, "]!:}") : 1;
  name_end = MIN (name_end, end);
  if (!get_field (run, format, start, name_end, args, automatic, &value))
    return FALSE;

  if (name_end < end && bytes[name_end] == '!')
    {
      conversion = name_end + 1 < end ? bytes[name_end + 1] : 0;
      name_end = MIN (name_end + 2, end);
      if (conversion != 'r' && conversion != 's' && conversion != 'a')
        return jinja_fail (run, "unknown conversion in a format");
    }
  if (conversion != 0)
    {
      jinja_builder_init (&builder, run);
      if (conversion == 's')
        jinja_add_str (&builder, value);
      else
        jinja_add_repr (&builder, value);
      text = jinja_builder_finish (&builder);
      if (text == NULL)
        return FALSE;
      value = jinja_string_value (text);
    }
  if (name_end < end && bytes[name_end] == ':')
    name_end++;
  if (memchr (bytes + name_end, '{', end - name_end) != NULL)
    return jinja_fail (run, "a format inside a format is not supported");
  if (name_end == end)
    {
      jinja_add_str (out, value);
      return !out->failed;
    }

  return read_spec (run, bytes + name_end, bytes + end, &spec) && jinja_format_value (out, value, &spec);
}

const JinjaString *
jinja_format_fields (JinjaRun          *run,
                     const JinjaString *format,
                     const JinjaArgs   *args)
{
  JinjaBuilder out;
  guint automatic = 0;
  gsize done = 0, at = 0;

  jinja_builder_init (&out, run);
  while (at < format->length && !out.failed)
    {
      char c = format->bytes[at];
      gsize end;
      guint depth = 1;

      if (c != '{' && c != '}')
        {
          at++;
          continue;
        }
      jinja_builder_add_slice (&out, format, done, at - done);
      if (at + 1 < format->length && format->bytes[at + 1] == c)
        {
          done = at + 1;
          at += 2;
          continue;
        }
      if (c == '}')
        return jinja_fail (run, "Single '}' encountered in format string"), NULL;

      for (end = at + 1; end < format->length; end++)
        {
          depth += format->bytes[end] == '{';
          depth -= format->bytes[end] == '}';
          if (depth == 0)
            break;
        }
      if (end >= format->length)
        return jinja_fail (run, "expected '}' before end of string"), NULL;
      if (!jinja_step (run, 1) || !add_field (&out, format, at + 1, end, args, &automatic))
        return NULL;
      done = at = end + 1;
    }
  jinja_builder_add_slice (&out, format, done, format->length - done);

  return jinja_builder_finish (&out);
}
