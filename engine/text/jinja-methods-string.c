#include "jinja-evaluate.h"

#include <string.h>

/* Methods of strings, as Python has them; those that cut are in jinja-methods-split.c. */

static gboolean
strip (JinjaRun        *run,
       JinjaValue       self,
       const JinjaArgs *args,
       JinjaStrip       sides,
       JinjaValue      *result)
{
  const JinjaString *chars = NULL;

  if (jinja_is_some (args, 0) && !jinja_expect_string (run, args->values[0], &chars))
    return FALSE;

  return jinja_give (result, jinja_string_strip (run, self.as.string, chars, sides));
}

JINJA_DEFINE (string_strip)  { return strip (run, self, args, JINJA_STRIP_BOTH, result); }
JINJA_DEFINE (string_lstrip) { return strip (run, self, args, JINJA_STRIP_LEFT, result); }
JINJA_DEFINE (string_rstrip) { return strip (run, self, args, JINJA_STRIP_RIGHT, result); }

JINJA_DEFINE (string_upper)
{
  return jinja_give (result, jinja_string_to_case (run, self.as.string, JINJA_UPPER));
}
JINJA_DEFINE (string_lower)
{
  return jinja_give (result, jinja_string_to_case (run, self.as.string, JINJA_LOWER));
}
JINJA_DEFINE (string_title)
{
  return jinja_give (result, jinja_string_to_case (run, self.as.string, JINJA_TITLE));
}
JINJA_DEFINE (string_capitalize)
{
  return jinja_give (result, jinja_string_to_case (run, self.as.string, JINJA_CAPITALIZE));
}
JINJA_DEFINE (string_swapcase)
{
  return jinja_give (result, jinja_string_to_case (run, self.as.string, JINJA_SWAPCASE));
}

JINJA_DEFINE (string_replace)
{
  const JinjaString *old, *by;
  gint64 count = -1;

  return jinja_expect_string (run, args->values[0], &old) && jinja_expect_string (run, args->values[1], &by)
         && jinja_expect_size (run, args, 2, &count)
         && jinja_give (result, jinja_string_replace (run, self.as.string, old, by, count));
}

/* The part of the string that start and end (arguments 1 and 2) leave. FALSE: none at all. */
static gboolean
get_window (JinjaRun           *run,
            JinjaValue          self,
            const JinjaArgs    *args,
            const JinjaString **window,
            gint64             *start,
            gboolean           *empty)
{
  const JinjaString *text = self.as.string;
  gint64 n = (gint64) text->n_chars, end = n;
  gsize from, to;

  *start = 0;
  *window = NULL;
  if (!jinja_expect_size (run, args, 1, start) || !jinja_expect_size (run, args, 2, &end))
    return FALSE;
  if (*start < 0)
    *start = MAX (*start + n, 0);
  if (end < 0)
    end = MAX (end + n, 0);
  end = MIN (end, n);
  *empty = *start > end;
  if (*empty)
    return TRUE;
  from = jinja_string_offset (run, text, (gsize) *start);
  to = jinja_string_offset (run, text, (gsize) end);
  *window = jinja_string_slice (run, text, from, to - from);

  return *window != NULL;
}

static gboolean
has_affix (const JinjaString *text,
           const JinjaString *affix,
           gboolean           suffix)
{
  return affix->length <= text->length
         && (affix->length == 0
             || memcmp (text->bytes + (suffix ? text->length - affix->length : 0), affix->bytes,
                        affix->length) == 0);
}

static gboolean
with_affix (JinjaRun        *run,
            JinjaValue       self,
            const JinjaArgs *args,
            gboolean         suffix,
            JinjaValue      *result)
{
  JinjaValue one = args->values[0];
  const JinjaValue *affixes = &one;
  const JinjaString *window, *affix;
  gboolean empty, holds = FALSE;
  gsize n = 1;
  gint64 start;

  if (!get_window (run, self, args, &window, &start, &empty))
    return FALSE;
  if (jinja_is (one, JINJA_TUPLE) && !jinja_iterate (run, one, &affixes, &n))
    return FALSE;
  for (gsize i = 0; i < n && !holds; i++)
    {
      if (!jinja_expect_string (run, affixes[i], &affix))
        return FALSE;
      holds = !empty && has_affix (window, affix, suffix);
    }
  *result = jinja_boolean (holds);

  return TRUE;
}

JINJA_DEFINE (string_startswith) { return with_affix (run, self, args, FALSE, result); }
JINJA_DEFINE (string_endswith)   { return with_affix (run, self, args, TRUE, result); }

JINJA_DEFINE (string_removeprefix)
{
  const JinjaString *text = self.as.string, *affix;

  if (!jinja_expect_string (run, args->values[0], &affix))
    return FALSE;
  return jinja_give (result, has_affix (text, affix, FALSE)
                           ? jinja_string_slice (run, text, affix->length,
                                                 text->length - affix->length)
                           : text);
}

JINJA_DEFINE (string_removesuffix)
{
  const JinjaString *text = self.as.string, *affix;

  if (!jinja_expect_string (run, args->values[0], &affix))
    return FALSE;
  return jinja_give (result, has_affix (text, affix, TRUE)
                           ? jinja_string_slice (run, text, 0, text->length - affix->length)
                           : text);
}

static gsize
count_between (const JinjaString *text,
               gsize              end)
{
  gsize n = 0;

  for (gsize i = 0; i < end; i++)
    n += (text->bytes[i] & 0xc0) != 0x80;

  return n;
}

/* find, rfind: -1 where there is none; index, rindex: an error. */
static gboolean
find (JinjaRun        *run,
      JinjaValue       self,
      const JinjaArgs *args,
      gboolean         last,
      gboolean         must,
      JinjaValue      *result)
{
  const JinjaString *needle, *window;
  gboolean empty;
  gssize found = -1;
  gint64 start;

  if (!jinja_expect_string (run, args->values[0], &needle)
      || !get_window (run, self, args, &window, &start, &empty))
    return FALSE;
  if (!empty)
    found = last ? jinja_string_find_last (run, window, needle, window->length)
                 : jinja_string_find (run, window, needle, 0);
  if (run->error != NULL)
    return FALSE;
  if (found < 0 && must)
    return jinja_fail (run, "substring not found");
  *result = jinja_integer (found < 0 ? -1 : start + (gint64) count_between (window, (gsize) found));

  return TRUE;
}

JINJA_DEFINE (string_find)   { return find (run, self, args, FALSE, FALSE, result); }
JINJA_DEFINE (string_rfind)  { return find (run, self, args, TRUE, FALSE, result); }
JINJA_DEFINE (string_index)  { return find (run, self, args, FALSE, TRUE, result); }
JINJA_DEFINE (string_rindex) { return find (run, self, args, TRUE, TRUE, result); }

JINJA_DEFINE (string_count)
{
  const JinjaString *needle, *window;
  gboolean empty;
  gint64 start, n = 0;

  if (!jinja_expect_string (run, args->values[0], &needle)
      || !get_window (run, self, args, &window, &start, &empty))
    return FALSE;
  if (!empty && needle->length == 0)
    n = (gint64) window->n_chars + 1;
  else if (!empty)
    for (gssize at = 0; (at = jinja_string_find (run, window, needle, (gsize) at)) >= 0; n++)
      {
        at += (gssize) needle->length;
        if (!jinja_step (run, 1))
          return FALSE;
      }
  *result = jinja_integer (n);

  return run->error == NULL;
}

/* The separator is the template's own only between pieces that are, as in the filter. */
JINJA_DEFINE (string_join)
{
  const JinjaBuiltin *filter;
  const JinjaString *name = jinja_string_new (run, "join", 4, TRUE);
  const JinjaValue *values;
  JinjaArgs separator = { .values = &self, .n = 1 };
  JinjaValue list;
  gsize n;

  if (name == NULL || !jinja_iterate (run, args->values[0], &values, &n)
      || !jinja_items_new (run, JINJA_LIST, values, n, &list))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!jinja_is (values[i], JINJA_STRING))
      return jinja_fail (run, "sequence item %" G_GSIZE_FORMAT ": expected str instance, %s found", i,
                         jinja_type_name (values[i]));
  filter = jinja_find_filter_sequence (name);

  return jinja_call_builtin (run, filter, list, &separator, result);
}

JINJA_DEFINE (string_format)
{
  return jinja_give (result, jinja_format_fields (run, self.as.string, args));
}

/* ljust, rjust, center, zfill */
static gboolean
pad (JinjaRun        *run,
     JinjaValue       self,
     const JinjaArgs *args,
     int              where,
     JinjaValue      *result)
{
  const JinjaString *text = self.as.string;
  const JinjaString *fill = jinja_string_new (run, " ", 1, FALSE);
  JinjaBuilder builder;
  gint64 width = 0;
  gsize missing, left;

  if (fill == NULL || !jinja_expect_size (run, args, 0, &width)
      || (jinja_is_some (args, 1) && !jinja_expect_string (run, args->values[1], &fill)))
    return FALSE;
  if (fill->n_chars != 1)
    return jinja_fail (run, "The fill character must be exactly one character long");
  width = CLAMP (width, 0, (gint64) JINJA_MAX_OUTPUT);
  missing = (gsize) width > text->n_chars ? (gsize) width - text->n_chars : 0;
  left = where < 0 ? 0 : where > 0 ? missing : missing / 2 + (missing & (gsize) width & 1);

  jinja_builder_init (&builder, run);
  jinja_builder_add_repeated (&builder, fill, left);
  jinja_builder_add_string (&builder, text);
  jinja_builder_add_repeated (&builder, fill, missing - left);

  return jinja_give (result, jinja_builder_finish (&builder));
}

JINJA_DEFINE (string_ljust)  { return pad (run, self, args, -1, result); }
JINJA_DEFINE (string_rjust)  { return pad (run, self, args, 1, result); }
JINJA_DEFINE (string_center) { return pad (run, self, args, 0, result); }

JINJA_DEFINE (string_zfill)
{
  const JinjaString *text = self.as.string;
  JinjaBuilder builder;
  const JinjaString *zero = jinja_string_new (run, "0", 1, FALSE);
  gsize sign = text->length > 0 && (text->bytes[0] == '-' || text->bytes[0] == '+');
  gint64 width = 0;

  if (zero == NULL || !jinja_expect_size (run, args, 0, &width))
    return FALSE;
  width = CLAMP (width, 0, (gint64) JINJA_MAX_OUTPUT);
  jinja_builder_init (&builder, run);
  jinja_builder_add_slice (&builder, text, 0, sign);
  if ((gsize) width > text->n_chars)
    jinja_builder_add_repeated (&builder, zero, (gsize) width - text->n_chars);
  jinja_builder_add_slice (&builder, text, sign, text->length - sign);

  return jinja_give (result, jinja_builder_finish (&builder));
}

typedef gboolean (*CharTest) (gunichar c);

static gunichar
char_at (const JinjaString *text,
         gsize              at,
         gsize             *length)
{
  *length = (gsize) (g_utf8_next_char (text->bytes + at) - (text->bytes + at));
  return g_utf8_get_char (text->bytes + at);
}

static gboolean
is_numeric (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER
         || type == G_UNICODE_OTHER_NUMBER;
}

static gboolean
is_alphanumeric (gunichar c)
{
  return g_unichar_isalpha (c) || is_numeric (c);
}

static gboolean
is_decimal (gunichar c)
{
  return g_unichar_type (c) == G_UNICODE_DECIMAL_NUMBER;
}

static gboolean
is_all (JinjaRun   *run,
        JinjaValue  self,
        CharTest    test,
        JinjaValue *result)
{
  const JinjaString *text = self.as.string;
  gboolean all = text->length > 0;

  for (gsize at = 0, length; all && at < text->length; at += length)
    all = test (char_at (text, at, &length));
  *result = jinja_boolean (all);

  return jinja_step (run, text->length / 16);
}

JINJA_DEFINE (string_isalpha)   { return is_all (run, self, g_unichar_isalpha, result); }
JINJA_DEFINE (string_isalnum)   { return is_all (run, self, is_alphanumeric, result); }
JINJA_DEFINE (string_isdigit)   { return is_all (run, self, is_decimal, result); }
JINJA_DEFINE (string_isnumeric) { return is_all (run, self, is_numeric, result); }
JINJA_DEFINE (string_isspace)   { return is_all (run, self, jinja_is_space, result); }

JINJA_DEFINE (string_isascii)
{
  *result = jinja_boolean (self.as.string->n_chars == self.as.string->length);
  return TRUE;
}

static gboolean
run_test (JinjaRun   *run,
          JinjaValue  self,
          const char *test,
          JinjaValue *result)
{
  const JinjaString *name = jinja_string_new (run, test, strlen (test), TRUE);
  JinjaArgs none = { 0 };

  return name != NULL && jinja_call_builtin (run, jinja_find_test (name), self, &none, result);
}

JINJA_DEFINE (string_islower) { return run_test (run, self, "lower", result); }
JINJA_DEFINE (string_isupper) { return run_test (run, self, "upper", result); }

static const JinjaBuiltin methods[] = {
  { "strip", string_strip, "chars", 0 },
  { "lstrip", string_lstrip, "chars", 0 },
  { "rstrip", string_rstrip, "chars", 0 },
  { "startswith", string_startswith, "prefix start end", 1 },
  { "endswith", string_endswith, "suffix start end", 1 },
  { "format", string_format, "*", 0 },
  { "replace", string_replace, "old new count", 2 },
  { "upper", string_upper, "", 0 },
  { "lower", string_lower, "", 0 },
  { "casefold", string_lower, "", 0 },
  { "title", string_title, "", 0 },
  { "capitalize", string_capitalize, "", 0 },
  { "swapcase", string_swapcase, "", 0 },
  { "join", string_join, "iterable", 1 },
  { "find", string_find, "sub start end", 1 },
  { "rfind", string_rfind, "sub start end", 1 },
  { "index", string_index, "sub start end", 1 },
  { "rindex", string_rindex, "sub start end", 1 },
  { "count", string_count, "sub start end", 1 },
  { "removeprefix", string_removeprefix, "prefix", 1 },
  { "removesuffix", string_removesuffix, "suffix", 1 },
  { "ljust", string_ljust, "width fillchar", 1 },
  { "rjust", string_rjust, "width fillchar", 1 },
  { "center", string_center, "width fillchar", 1 },
  { "zfill", string_zfill, "width", 1 },
  { "isalpha", string_isalpha, "", 0 },
  { "isalnum", string_isalnum, "", 0 },
  { "isdigit", string_isdigit, "", 0 },
  { "isdecimal", string_isdigit, "", 0 },
  { "isnumeric", string_isnumeric, "", 0 },
  { "isspace", string_isspace, "", 0 },
  { "isascii", string_isascii, "", 0 },
  { "islower", string_islower, "", 0 },
  { "isupper", string_isupper, "", 0 },
};

const JinjaBuiltin *
jinja_find_string_method (const JinjaString *name)
{
  const JinjaBuiltin *builtin = jinja_find_split_method (name);

  return builtin != NULL ? builtin : jinja_find_builtin (methods, G_N_ELEMENTS (methods), name);
}
