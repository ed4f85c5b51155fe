#include "jinja-evaluate.h"

#include <string.h>

/* Filters whose outcome is text. */

static gboolean
to_case (JinjaRun   *run,
         JinjaValue  self,
         JinjaCase   to,
         JinjaValue *result)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && jinja_give (result, jinja_string_to_case (run, text, to));
}

JINJA_DEFINE (filter_upper)      { return to_case (run, self, JINJA_UPPER, result); }
JINJA_DEFINE (filter_lower)      { return to_case (run, self, JINJA_LOWER, result); }
JINJA_DEFINE (filter_title)      { return to_case (run, self, JINJA_TITLE_FILTER, result); }
JINJA_DEFINE (filter_capitalize) { return to_case (run, self, JINJA_CAPITALIZE, result); }

JINJA_DEFINE (filter_string)
{
  return jinja_give (result, jinja_str (run, self));
}

JINJA_DEFINE (filter_safe)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && jinja_give (result, jinja_string_with_markup (run, text, TRUE));
}

JINJA_DEFINE (filter_escape)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && jinja_give (result, jinja_string_escape (run, text));
}

JINJA_DEFINE (filter_forceescape)
{
  const JinjaString *text = jinja_str (run, self);

  return text != NULL && (text = jinja_string_with_markup (run, text, FALSE)) != NULL
         && jinja_give (result, jinja_string_escape (run, text));
}

JINJA_DEFINE (filter_trim)
{
  const JinjaString *text = jinja_str (run, self);
  const JinjaString *chars = NULL;

  if (text == NULL)
    return FALSE;
  if (jinja_is_given (args, 0) && !jinja_is (args->values[0], JINJA_NONE)
      && !jinja_expect_string (run, args->values[0], &chars))
    return FALSE;

  return jinja_give (result, jinja_string_strip (run, text, chars, JINJA_STRIP_BOTH));
}

JINJA_DEFINE (filter_replace)
{
  const JinjaString *text = jinja_str (run, self);
  const JinjaString *old = jinja_str (run, args->values[0]);
  const JinjaString *by = jinja_str (run, args->values[1]);
  gint64 count = -1;

  if (text == NULL || old == NULL || by == NULL)
    return FALSE;
  if (jinja_is_given (args, 2) && !jinja_is (args->values[2], JINJA_NONE)
      && !jinja_expect_integer (run, args->values[2], &count))
    return FALSE;
  text = jinja_string_with_markup (run, text, FALSE);

  return text != NULL && jinja_give (result, jinja_string_replace (run, text, old, by, count));
}

JINJA_DEFINE (filter_format)
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

  return jinja_give (result, jinja_format_percent (run, text, values));
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

JINJA_DEFINE (filter_indent)
{
  const JinjaString *text, *by;
  JinjaBuilder builder;
  gint64 width = 4;
  gboolean first = jinja_is_given (args, 1) && jinja_truth (args->values[1]);
  gboolean blank = jinja_is_given (args, 2) && jinja_truth (args->values[2]);

  if (!jinja_expect_string (run, self, &text))
    return FALSE;
  if (jinja_is_given (args, 0) && jinja_is (args->values[0], JINJA_STRING))
    by = args->values[0].as.string;
  else
    {
      if (jinja_is_given (args, 0) && !jinja_expect_integer (run, args->values[0], &width))
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

  return jinja_give (result, jinja_builder_finish (&builder));
}

JINJA_DEFINE (filter_center)
{
  const JinjaString *text = jinja_str (run, self);
  JinjaBuilder builder;
  gint64 width = 80;
  gsize missing, left;

  if (text == NULL || (jinja_is_given (args, 0) && !jinja_expect_integer (run, args->values[0], &width)))
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

  return jinja_give (result, jinja_builder_finish (&builder));
}

JINJA_DEFINE (filter_truncate)
{
  const JinjaString *text, *end, *head;
  JinjaBuilder builder;
  const JinjaString *blank = jinja_string_new (run, " ", 1, FALSE);
  gint64 length = 255, leeway = 5;
  gboolean kill = jinja_is_given (args, 1) && jinja_truth (args->values[1]);
  gssize cut;

  if (blank == NULL || !jinja_expect_string (run, self, &text)
      || (jinja_is_given (args, 0) && !jinja_expect_integer (run, args->values[0], &length))
      || (jinja_is_given (args, 3) && !jinja_is (args->values[3], JINJA_NONE)
          && !jinja_expect_integer (run, args->values[3], &leeway)))
    return FALSE;
  end = jinja_string_new (run, "...", 3, FALSE);
  if (end == NULL || (jinja_is_given (args, 2) && !jinja_expect_string (run, args->values[2], &end)))
    return FALSE;
  if (length < (gint64) end->n_chars || leeway < 0 || length > G_MAXINT32 || leeway > G_MAXINT32)
    return jinja_fail (run, "truncate() with a length that makes no sense");
  if ((gint64) text->n_chars <= length + leeway)
    return jinja_give (result, text);

  head = jinja_string_slice (run, text, 0,
                             jinja_string_offset (run, text, (gsize) length - end->n_chars));
  if (head == NULL)
    return FALSE;
  if (!kill && (cut = jinja_string_find_last (run, head, blank, head->length)) >= 0)
    head = jinja_string_slice (run, head, 0, (gsize) cut);
  jinja_builder_init (&builder, run);
  jinja_builder_add_string (&builder, head);
  jinja_builder_add_string (&builder, end);

  return jinja_give (result, jinja_builder_finish (&builder));
}

JINJA_DEFINE (filter_wordcount)
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

JINJA_DEFINE (filter_urlencode)
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

  return jinja_give (result, jinja_builder_finish (&builder));
}

JINJA_DEFINE (filter_tojson)
{
  JinjaJsonStyle style = { 0 };
  JinjaBuilder builder;
  JinjaValue indent = args->values[1], separators = args->values[2];
  const JinjaItems *pair;

  style.ensure_ascii = jinja_is_given (args, 0) && jinja_truth (args->values[0]);
  style.sort_keys = jinja_is_given (args, 3) && jinja_truth (args->values[3]);
  if (jinja_is_given (args, 1) && !jinja_is (indent, JINJA_NONE))
    {
      gint64 width;

      if (jinja_is (indent, JINJA_STRING))
        style.indent = indent.as.string;
      else
        {
          if (!jinja_expect_integer (run, indent, &width))
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
  if (jinja_is_given (args, 2) && !jinja_is (separators, JINJA_NONE))
    {
      if (!jinja_is (separators, JINJA_TUPLE) && !jinja_is (separators, JINJA_LIST))
        return jinja_fail (run, "separators must be two strings");
      pair = separators.as.items;
      if (pair->n != 2 || !jinja_expect_string (run, pair->values[0], &style.item_separator)
          || !jinja_expect_string (run, pair->values[1], &style.key_separator))
        return jinja_fail (run, "separators must be two strings");
    }

  jinja_builder_init (&builder, run);
  if (!jinja_add_json (&builder, self, &style))
    return FALSE;

  return jinja_give (result, jinja_builder_finish (&builder));
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
