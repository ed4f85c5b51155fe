#include "jinja-evaluate.h"

#include <math.h>
#include <string.h>

/* Filters whose outcome is text or a number. */

#define FILTER(name) \
  static gboolean name (JinjaRun *run, JinjaValue self, const JinjaArgs *args, JinjaValue *result)

static gboolean
give (JinjaValue        *result,
      const JinjaString *string)
{
  *result = jinja_string_value (string);
  return string != NULL;
}

static gboolean
given (const JinjaArgs *args,
       guint            i)
{
  return i < args->n && !jinja_is (args->values[i], JINJA_ABSENT);
}

/* A string parameter; @name for the error. */
static gboolean
get_string (JinjaRun           *run,
            JinjaValue          value,
            const JinjaString **string)
{
  *string = NULL;
  if (!jinja_is (value, JINJA_STRING))
    return jinja_defined (run, value)
           && jinja_fail (run, "a string was expected, not %s", jinja_type_name (value));
  *string = value.as.string;

  return TRUE;
}

static gboolean
get_size (JinjaRun   *run,
          JinjaValue  value,
          gint64     *size)
{
  if (!jinja_get_integer (value, size))
    return jinja_defined (run, value)
           && jinja_fail (run, "an integer was expected, not %s", jinja_type_name (value));

  return TRUE;
}

static gboolean
to_case (JinjaRun   *run,
         JinjaValue  self,
         JinjaCase   to,
         JinjaValue *result)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && give (result, jinja_string_to_case (run, text, to));
}

FILTER (filter_upper)      { return to_case (run, self, JINJA_UPPER, result); }
FILTER (filter_lower)      { return to_case (run, self, JINJA_LOWER, result); }
FILTER (filter_title)      { return to_case (run, self, JINJA_TITLE_FILTER, result); }
FILTER (filter_capitalize) { return to_case (run, self, JINJA_CAPITALIZE, result); }

FILTER (filter_string)
{
  return give (result, jinja_str (run, self));
}

FILTER (filter_safe)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && give (result, jinja_string_with_markup (run, text, TRUE));
}

FILTER (filter_escape)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && give (result, jinja_string_escape (run, text));
}

FILTER (filter_forceescape)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && (text = jinja_string_with_markup (run, text, FALSE)) != NULL
         && give (result, jinja_string_escape (run, text));
}

FILTER (filter_trim)
{
  const JinjaString *text = jinja_str (run, self);
  const JinjaString *chars = NULL;

  if (text == NULL)
    return FALSE;
  if (given (args, 0) && !jinja_is (args->values[0], JINJA_NONE)
      && !get_string (run, args->values[0], &chars))
    return FALSE;

  return give (result, jinja_string_strip (run, text, chars, JINJA_STRIP_BOTH));
}

FILTER (filter_replace)
{
  const JinjaString *text = jinja_str (run, self);
  const JinjaString *old = jinja_str (run, args->values[0]);
  const JinjaString *by = jinja_str (run, args->values[1]);
  gint64 count = -1;

  if (text == NULL || old == NULL || by == NULL)
    return FALSE;
  if (given (args, 2) && !jinja_is (args->values[2], JINJA_NONE)
      && !get_size (run, args->values[2], &count))
    return FALSE;
  text = jinja_string_with_markup (run, text, FALSE);

  return text != NULL && give (result, jinja_string_replace (run, text, old, by, count));
}

FILTER (filter_format)
{
  const JinjaString *text = jinja_str (run, self);
  JinjaValue values;
  JinjaDict *dict;

  if (text == NULL)
    return FALSE;
  if (args->n > 0 && args->n_named > 0)
    return jinja_fail (run, "can't handle positional and keyword arguments at the same time");
  if (args->n_named > 0)
    {
      dict = jinja_dict_new (run);
      for (guint i = 0; dict != NULL && i < args->n_named; i++)
        if (!jinja_dict_set (run, dict, jinja_string_value (args->names[i]), args->named[i]))
          return FALSE;
      if (dict == NULL)
        return FALSE;
      values = jinja_dict_value (dict);
    }
  else if (!jinja_items_new (run, JINJA_TUPLE, args->values, args->n, &values))
    return FALSE;

  return give (result, jinja_format_percent (run, text, values));
}

/* str.splitlines(): the next end of a line from @at on, and where the line behind it begins. */
static gsize
line_end (const JinjaString *text,
          gsize              at,
          gsize             *next)
{
  while (at < text->length)
    {
      gunichar c = g_utf8_get_char (text->bytes + at);
      gsize length = (gsize) (g_utf8_next_char (text->bytes + at) - (text->bytes + at));

      if ((c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028
          || c == 0x2029)
        {
          *next = at + length;
          if (c == '\r' && *next < text->length && text->bytes[*next] == '\n')
            (*next)++;
          return at;
        }
      at += length;
    }
  *next = text->length;

  return at;
}

FILTER (filter_indent)
{
  const JinjaString *text, *by;
  JinjaBuilder builder;
  gint64 width = 4;
  gboolean first = given (args, 1) && jinja_truth (args->values[1]);
  gboolean blank = given (args, 2) && jinja_truth (args->values[2]);

  if (!get_string (run, self, &text))
    return FALSE;
  if (given (args, 0) && jinja_is (args->values[0], JINJA_STRING))
    by = args->values[0].as.string;
  else
    {
      if (given (args, 0) && !get_size (run, args->values[0], &width))
        return FALSE;
      jinja_builder_init (&builder, run);
      jinja_builder_add_repeated (&builder, jinja_string_new (run, " ", 1, FALSE),
                                  (gsize) CLAMP (width, 0, 1000000));
      by = jinja_builder_finish (&builder);
      if (by == NULL)
        return FALSE;
    }

  jinja_builder_init (&builder, run);
  for (gsize at = 0, next = 0, n = 0;; at = next, n++)
    {
      gsize end = line_end (text, at, &next);
      gboolean last = end == text->length && next == text->length;

      if (n == 0 ? first : blank || end > at)
        jinja_builder_add_string (&builder, by);
      jinja_builder_add_slice (&builder, text, at, end - at);
      if (!jinja_step (run, 1) || builder.failed)
        return FALSE;
      if (last)
        break;
      jinja_builder_add_text (&builder, "\n");
    }

  return give (result, jinja_builder_finish (&builder));
}

FILTER (filter_center)
{
  const JinjaString *text = jinja_str (run, self);
  JinjaBuilder builder;
  gint64 width = 80;
  gsize missing, left;

  if (text == NULL || (given (args, 0) && !get_size (run, args->values[0], &width)))
    return FALSE;
  width = CLAMP (width, 0, 1000000);
  missing = (gsize) width > text->n_chars ? (gsize) width - text->n_chars : 0;
  /* As CPython: the odd blank goes left where the width is odd. */
  left = missing / 2 + (missing & (gsize) width & 1);

  jinja_builder_init (&builder, run);
  for (gsize i = 0; i < left; i++)
    jinja_builder_add_text (&builder, " ");
  jinja_builder_add_string (&builder, text);
  for (gsize i = left; i < missing; i++)
    jinja_builder_add_text (&builder, " ");

  return give (result, jinja_builder_finish (&builder));
}

FILTER (filter_truncate)
{
  const JinjaString *text, *end, *head;
  JinjaBuilder builder;
  const JinjaString *blank = jinja_string_new (run, " ", 1, FALSE);
  gint64 length = 255, leeway = 5;
  gboolean kill = given (args, 1) && jinja_truth (args->values[1]);
  gssize cut;

  if (blank == NULL || !get_string (run, self, &text)
      || (given (args, 0) && !get_size (run, args->values[0], &length))
      || (given (args, 3) && !jinja_is (args->values[3], JINJA_NONE)
          && !get_size (run, args->values[3], &leeway)))
    return FALSE;
  end = jinja_string_new (run, "...", 3, FALSE);
  if (end == NULL || (given (args, 2) && !get_string (run, args->values[2], &end)))
    return FALSE;
  if (length < (gint64) end->n_chars || leeway < 0 || length > G_MAXINT32 || leeway > G_MAXINT32)
    return jinja_fail (run, "truncate() with a length that makes no sense");
  if ((gint64) text->n_chars <= length + leeway)
    return give (result, text);

  head = jinja_string_slice (run, text, 0,
                             jinja_string_offset (run, text, (gsize) length - end->n_chars));
  if (head == NULL)
    return FALSE;
  if (!kill && (cut = jinja_string_find_last (run, head, blank, head->length)) >= 0)
    head = jinja_string_slice (run, head, 0, (gsize) cut);
  jinja_builder_init (&builder, run);
  jinja_builder_add_string (&builder, head);
  jinja_builder_add_string (&builder, end);

  return give (result, jinja_builder_finish (&builder));
}

FILTER (filter_wordcount)
{
  const JinjaString *text = jinja_str (run, self);
  gboolean inside = FALSE;
  gint64 n = 0;

  if (text == NULL || !jinja_step (run, text->length / 16))
    return FALSE;
  for (gsize at = 0; at < text->length;
       at += (gsize) (g_utf8_next_char (text->bytes + at) - (text->bytes + at)))
    {
      gunichar c = g_utf8_get_char (text->bytes + at);
      gboolean word = g_unichar_isalnum (c) || c == '_';

      n += word && !inside;
      inside = word;
    }
  *result = jinja_integer (n);

  return TRUE;
}

FILTER (filter_urlencode)
{
  const JinjaString *text = jinja_str (run, self);
  JinjaBuilder builder;

  if (text == NULL)
    return FALSE;
  if (jinja_is (self, JINJA_DICT) || jinja_is (self, JINJA_LIST))
    return jinja_fail (run, "urlencode() takes text here");
  jinja_builder_init (&builder, run);
  for (gsize at = 0; at < text->length; at++)
    {
      guchar c = (guchar) text->bytes[at];
      char escape[4];

      if (g_ascii_isalnum (c) || (c != 0 && strchr ("_.-~/", c) != NULL))
        jinja_builder_add_slice (&builder, text, at, 1);
      else
        {
          g_snprintf (escape, sizeof escape, "%%%02X", c);
          jinja_builder_add_text (&builder, escape);
        }
    }

  return give (result, jinja_builder_finish (&builder));
}

FILTER (filter_tojson)
{
  JinjaJsonStyle style = { 0 };
  JinjaBuilder builder;
  JinjaValue indent = args->values[1], separators = args->values[2];
  const JinjaItems *pair;

  style.ensure_ascii = given (args, 0) && jinja_truth (args->values[0]);
  style.sort_keys = given (args, 3) && jinja_truth (args->values[3]);
  if (given (args, 1) && !jinja_is (indent, JINJA_NONE))
    {
      gint64 width;

      if (jinja_is (indent, JINJA_STRING))
        style.indent = indent.as.string;
      else
        {
          if (!get_size (run, indent, &width))
            return FALSE;
          jinja_builder_init (&builder, run);
          jinja_builder_add_repeated (&builder, jinja_string_new (run, " ", 1, FALSE),
                                      (gsize) CLAMP (width, 0, 1000));
          style.indent = jinja_builder_finish (&builder);
          if (style.indent == NULL)
            return FALSE;
        }
    }
  style.item_separator = jinja_string_copy (run, style.indent != NULL ? "," : ", ");
  style.key_separator = jinja_string_copy (run, ": ");
  if (style.item_separator == NULL || style.key_separator == NULL)
    return FALSE;
  if (given (args, 2) && !jinja_is (separators, JINJA_NONE))
    {
      if (!jinja_is (separators, JINJA_TUPLE) && !jinja_is (separators, JINJA_LIST))
        return jinja_fail (run, "separators must be two strings");
      pair = separators.as.items;
      if (pair->n != 2 || !get_string (run, pair->values[0], &style.item_separator)
          || !get_string (run, pair->values[1], &style.key_separator))
        return jinja_fail (run, "separators must be two strings");
    }

  jinja_builder_init (&builder, run);
  if (!jinja_add_json (&builder, self, &style))
    return FALSE;

  return give (result, jinja_builder_finish (&builder));
}

/* Text as Python's int() takes it: blanks around, a sign, underscores between digits. */
static gboolean
parse_integer (JinjaRun          *run,
               const JinjaString *text,
               gint64             base,
               gint64            *integer)
{
  const JinjaString *inner = jinja_string_strip (run, text, NULL, JINJA_STRIP_BOTH);
  gsize at = 0;
  gboolean negative = FALSE, digits = FALSE;
  guint64 value = 0;

  if (inner == NULL)
    return FALSE;
  if (inner->length > 0 && (inner->bytes[0] == '-' || inner->bytes[0] == '+'))
    negative = inner->bytes[at++] == '-';
  if (inner->length - at > 2 && inner->bytes[at] == '0')
    {
      char kind = g_ascii_tolower (inner->bytes[at + 1]);
      gint64 marked = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;

      if (marked != 0 && (base == marked || base == 0))
        {
          base = marked;
          at += 2;
        }
    }
  base = base == 0 ? 10 : base;
  for (; at < inner->length; at++)
    {
      char c = inner->bytes[at];
      gint64 digit = g_ascii_isdigit (c)   ? c - '0'
                     : g_ascii_isalpha (c) ? g_ascii_tolower (c) - 'a' + 10
                                           : 99;

      if (c == '_' && digits && at + 1 < inner->length && inner->bytes[at + 1] != '_')
        continue;
      if (digit >= base || value > ((guint64) G_MAXINT64 - (guint64) digit) / (guint64) base)
        return FALSE;
      value = value * (guint64) base + (guint64) digit;
      digits = TRUE;
    }
  *integer = negative ? -(gint64) value : (gint64) value;

  return digits;
}

/* Text as Python's float() takes it. */
static gboolean
parse_float (JinjaRun          *run,
             const JinjaString *text,
             double            *real)
{
  const JinjaString *inner = jinja_string_strip (run, text, NULL, JINJA_STRIP_BOTH);
  g_autofree char *copy = NULL;
  const char *digits;
  char *end;

  if (inner == NULL || inner->length == 0 || inner->length > 4096)
    return FALSE;
  copy = g_strndup (inner->bytes, inner->length);
  digits = copy + (copy[0] == '-' || copy[0] == '+');
  if (strlen (copy) != inner->length || g_ascii_strncasecmp (digits, "0x", 2) == 0
      || strchr (copy, '(') != NULL)
    return FALSE;
  *real = g_ascii_strtod (copy, &end);

  return end == copy + inner->length;
}

static gboolean
real_to_integer (double      real,
                 JinjaValue *result)
{
  if (!(fabs (real) < 9223372036854775808.0))
    return FALSE;
  *result = jinja_integer ((gint64) real);

  return TRUE;
}

FILTER (filter_int)
{
  gint64 integer, base = 10;
  double real;

  if (!jinja_defined (run, self) || (given (args, 1) && !get_size (run, args->values[1], &base)))
    return FALSE;
  if (base != 0 && (base < 2 || base > 36))
    return jinja_fail (run, "int() base must be >= 2 and <= 36, or 0");

  if (jinja_is (self, JINJA_HUGE))
    {
      *result = self;
      return TRUE;
    }
  if (jinja_get_integer (self, &integer))
    {
      *result = jinja_integer (integer);
      return TRUE;
    }
  if (jinja_is (self, JINJA_FLOAT) && real_to_integer (self.as.real, result))
    return TRUE;
  if (jinja_is (self, JINJA_STRING))
    {
      if (parse_integer (run, self.as.string, base, &integer))
        {
          *result = jinja_integer (integer);
          return TRUE;
        }
      if (parse_float (run, self.as.string, &real) && real_to_integer (real, result))
        return TRUE;
    }
  *result = given (args, 0) ? args->values[0] : jinja_integer (0);

  return run->error == NULL;
}

FILTER (filter_float)
{
  double real;

  if (!jinja_defined (run, self))
    return FALSE;
  if (jinja_get_number (self, &real)
      || (jinja_is (self, JINJA_STRING) && parse_float (run, self.as.string, &real)))
    *result = jinja_float (real);
  else
    *result = given (args, 0) ? args->values[0] : jinja_float (0);

  return run->error == NULL;
}

FILTER (filter_abs)
{
  if (jinja_is (self, JINJA_INTEGER) && self.as.integer >= 0)
    *result = self;
  else if (jinja_is (self, JINJA_FLOAT))
    *result = jinja_float (fabs (self.as.real));
  else if (jinja_is (self, JINJA_INTEGER) || jinja_is (self, JINJA_BOOLEAN))
    return jinja_negate (run, self, jinja_is (self, JINJA_INTEGER), result);
  else
    return jinja_defined (run, self)
           && jinja_fail (run, "bad operand type for abs(): '%s'", jinja_type_name (self));

  return TRUE;
}

/* round(): the decimal nearest to the binary value; halves that are exact go to the even side. */
static double
round_common (double value,
              gint64 precision)
{
  char format[16], digits[400];

  if (precision >= 0)
    {
      g_snprintf (format, sizeof format, "%%.%df", (int) MIN (precision, 30));
      g_ascii_formatd (digits, sizeof digits, format, value);
      return precision > 30 ? value : g_ascii_strtod (digits, NULL);
    }

  return rint (value / pow (10, (double) -precision)) * pow (10, (double) -precision);
}

FILTER (filter_round)
{
  gint64 precision = 0, integer = 0;
  gboolean is_integer = jinja_get_integer (self, &integer);
  double value, scale;

  if (!jinja_defined (run, self))
    return FALSE;
  if (!jinja_get_number (self, &value))
    return jinja_fail (run, "round() takes a number, not %s", jinja_type_name (self));
  if (given (args, 0) && !get_size (run, args->values[0], &precision))
    return FALSE;
  precision = CLAMP (precision, -300, 300);
  scale = pow (10, (double) precision);

  if (!given (args, 1) || (jinja_is (args->values[1], JINJA_STRING)
                           && jinja_string_is (args->values[1].as.string, "common")))
    {
      if (is_integer && precision >= 0)
        *result = jinja_integer (integer);
      else if (is_integer)
        *result = jinja_integer ((gint64) round_common (value, precision));
      else
        *result = jinja_float (isfinite (value) ? round_common (value, precision) : value);
      return TRUE;
    }
  if (jinja_is (args->values[1], JINJA_STRING)
      && jinja_string_is (args->values[1].as.string, "ceil"))
    *result = jinja_float (ceil (value * scale) / scale);
  else if (jinja_is (args->values[1], JINJA_STRING)
           && jinja_string_is (args->values[1].as.string, "floor"))
    *result = jinja_float (floor (value * scale) / scale);
  else
    return jinja_fail (run, "method must be common, ceil or floor");

  return TRUE;
}

static const JinjaBuiltin filters[] = {
  { "tojson", filter_tojson, "ensure_ascii indent separators sort_keys", 0 },
  { "trim", filter_trim, "chars", 0 },
  { "string", filter_string, "", 0 },
  { "lower", filter_lower, "", 0 },
  { "upper", filter_upper, "", 0 },
  { "replace", filter_replace, "old new count", 2 },
  { "safe", filter_safe, "", 0 },
  { "title", filter_title, "", 0 },
  { "capitalize", filter_capitalize, "", 0 },
  { "indent", filter_indent, "width first blank", 0 },
  { "format", filter_format, "*", 0 },
  { "int", filter_int, "default base", 0 },
  { "float", filter_float, "default", 0 },
  { "round", filter_round, "precision method", 0 },
  { "abs", filter_abs, "", 0 },
  { "escape", filter_escape, "", 0 },
  { "e", filter_escape, "", 0 },
  { "forceescape", filter_forceescape, "", 0 },
  { "center", filter_center, "width", 0 },
  { "truncate", filter_truncate, "length killwords end leeway", 0 },
  { "wordcount", filter_wordcount, "", 0 },
  { "urlencode", filter_urlencode, "", 0 },
};

const JinjaBuiltin *
jinja_find_filter_string (const JinjaString *name)
{
  return jinja_find_builtin (filters, G_N_ELEMENTS (filters), name);
}
