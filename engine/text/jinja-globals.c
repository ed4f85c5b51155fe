#include "jinja-evaluate.h"

#include <string.h>

/* Functions that a template finds without being given them: those of jinja2, and raise_exception and
 * strftime_now of transformers. */

#define GLOBAL(name) \
  static gboolean name (JinjaRun *run, JinjaValue self, const JinjaArgs *args, JinjaValue *result)

GLOBAL (global_raise_exception)
{
  const JinjaString *text = jinja_str (run, args->values[0]);
  const char *message = text != NULL ? jinja_cstr (run, text) : NULL;

  return message != NULL && jinja_fail_raised (run, message);
}

GLOBAL (global_range)
{
  gint64 start = 0, stop, step = 1;
  guint64 span = 0, stride;
  JinjaItems *items;

  for (guint i = 0; i < args->n; i++)
    {
      gint64 integer;

      if (jinja_is (args->values[i], JINJA_ABSENT))
        continue;
      if (!jinja_get_integer (args->values[i], &integer))
        return jinja_defined (run, args->values[i])
               && jinja_fail (run, "'%s' object cannot be interpreted as an integer",
                              jinja_type_name (args->values[i]));
    }
  jinja_get_integer (args->values[0], &stop);
  if (!jinja_is (args->values[1], JINJA_ABSENT))
    {
      start = stop;
      jinja_get_integer (args->values[1], &stop);
    }
  jinja_get_integer (args->values[2], &step);
  if (step == 0)
    return jinja_fail (run, "range() arg 3 must not be zero");

  stride = step > 0 ? (guint64) step : -(guint64) step;
  if (step > 0 ? stop > start : stop < start)
    span = step > 0 ? (guint64) stop - (guint64) start : (guint64) start - (guint64) stop;
  if (span > 0)
    span = (span - 1) / stride + 1;
  if (span > JINJA_MAX_RANGE)
    return jinja_fail (run, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                       JINJA_MAX_RANGE);

  if (!jinja_items_new (run, JINJA_RANGE, NULL, (gsize) span, result))
    return FALSE;
  items = (JinjaItems *) result->as.items;
  items->start = start;
  items->step = step;

  return TRUE;
}

/* dict(a=1), dict({…}, b=2), dict([[k, v]]); namespace() alike. */
static JinjaDict *
make_dict (JinjaRun        *run,
           const JinjaArgs *args)
{
  JinjaDict *dict = jinja_dict_new (run);
  const JinjaValue *pairs, *pair;
  gsize n, n_pair;

  if (dict == NULL)
    return NULL;
  if (args->n > 1)
    return jinja_fail (run, "dict expected at most 1 argument, got %u", args->n), NULL;
  if (args->n == 1 && jinja_is (args->values[0], JINJA_DICT))
    {
      const JinjaDict *from = args->values[0].as.dict;

      for (gsize i = 0; i < from->n; i++)
        if (!jinja_dict_set (run, dict, from->entries[i].key, from->entries[i].value))
          return NULL;
    }
  else if (args->n == 1)
    {
      if (!jinja_iterate (run, args->values[0], &pairs, &n))
        return NULL;
      for (gsize i = 0; i < n; i++)
        {
          if (!jinja_iterate (run, pairs[i], &pair, &n_pair))
            return NULL;
          if (n_pair != 2)
            return jinja_fail (run, "dict() takes pairs of key and value"), NULL;
          if (!jinja_dict_set (run, dict, pair[0], pair[1]))
            return NULL;
        }
    }
  for (guint i = 0; i < args->n_named; i++)
    if (!jinja_dict_set (run, dict, jinja_string_value (args->names[i]), args->named[i]))
      return NULL;

  return dict;
}

GLOBAL (global_dict)
{
  const JinjaDict *dict = make_dict (run, args);

  *result = jinja_dict_value (dict);
  return dict != NULL;
}

GLOBAL (global_namespace)
{
  JinjaDict *dict = make_dict (run, args);

  if (dict == NULL)
    return FALSE;
  for (gsize i = 0; i < dict->n; i++)
    if (jinja_is (dict->entries[i].key, JINJA_STRING)
        && dict->entries[i].key.as.string->length > 0
        && dict->entries[i].key.as.string->bytes[0] == '_')
      return jinja_fail (run, "namespaces take no names that begin with an underscore");
  *result = (JinjaValue) { .kind = JINJA_NAMESPACE, .as.names = dict };

  return TRUE;
}

GLOBAL (global_cycler)
{
  JinjaCycler *cycler = jinja_new (run, JinjaCycler);

  if (cycler == NULL)
    return FALSE;
  if (args->n == 0 || args->n_named > 0)
    return jinja_fail (run, "at least one item has to be provided");
  *cycler = (JinjaCycler) { args->values, args->n, 0 };
  *result = (JinjaValue) { .kind = JINJA_CYCLER, .as.cycler = cycler };

  return TRUE;
}

GLOBAL (global_joiner)
{
  JinjaCycler *joiner = jinja_new (run, JinjaCycler);
  JinjaValue *separator = jinja_new (run, JinjaValue);
  const JinjaString *comma = jinja_string_new (run, ", ", 2, TRUE);

  if (joiner == NULL || separator == NULL || comma == NULL)
    return FALSE;
  *separator = jinja_is (args->values[0], JINJA_ABSENT) ? jinja_string_value (comma)
                                                        : args->values[0];
  *joiner = (JinjaCycler) { separator, 1, 0 };
  *result = (JinjaValue) { .kind = JINJA_JOINER, .as.cycler = joiner };

  return TRUE;
}

/* strftime in the C locale: a prompt does not change with the language of the desktop. */
static void
add_time (GString   *out,
          GDateTime *date,
          char       code)
{
  static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday" };
  static const char *const months[] = { "January", "February", "March", "April",
                                        "May", "June", "July", "August",
                                        "September", "October", "November", "December" };
  gint hour = g_date_time_get_hour (date);
  gint weekday = g_date_time_get_day_of_week (date); /* 1: Monday */
  gint yearday = g_date_time_get_day_of_year (date);

  switch (code)
    {
    case 'a': g_string_append_len (out, days[weekday - 1], 3); break;
    case 'A': g_string_append (out, days[weekday - 1]); break;
    case 'b':
    case 'h': g_string_append_len (out, months[g_date_time_get_month (date) - 1], 3); break;
    case 'B': g_string_append (out, months[g_date_time_get_month (date) - 1]); break;
    case 'c':
      for (const char *p = "a b e T Y"; *p != 0; p++)
        if (*p == ' ')
          g_string_append_c (out, ' ');
        else
          add_time (out, date, *p);
      break;
    case 'C': g_string_append_printf (out, "%02d", g_date_time_get_year (date) / 100); break;
    case 'd': g_string_append_printf (out, "%02d", g_date_time_get_day_of_month (date)); break;
    case 'D':
    case 'x':
      g_string_append_printf (out, "%02d/%02d/%02d", g_date_time_get_month (date),
                              g_date_time_get_day_of_month (date),
                              g_date_time_get_year (date) % 100);
      break;
    case 'e': g_string_append_printf (out, "%2d", g_date_time_get_day_of_month (date)); break;
    case 'f': g_string_append_printf (out, "%06d", g_date_time_get_microsecond (date)); break;
    case 'F':
      g_string_append_printf (out, "%04d-%02d-%02d", g_date_time_get_year (date),
                              g_date_time_get_month (date), g_date_time_get_day_of_month (date));
      break;
    case 'H': g_string_append_printf (out, "%02d", hour); break;
    case 'I': g_string_append_printf (out, "%02d", (hour + 11) % 12 + 1); break;
    case 'j': g_string_append_printf (out, "%03d", yearday); break;
    case 'k': g_string_append_printf (out, "%2d", hour); break;
    case 'l': g_string_append_printf (out, "%2d", (hour + 11) % 12 + 1); break;
    case 'm': g_string_append_printf (out, "%02d", g_date_time_get_month (date)); break;
    case 'M': g_string_append_printf (out, "%02d", g_date_time_get_minute (date)); break;
    case 'n': g_string_append_c (out, '\n'); break;
    case 'p': g_string_append (out, hour < 12 ? "AM" : "PM"); break;
    case 'P': g_string_append (out, hour < 12 ? "am" : "pm"); break;
    case 'R':
      g_string_append_printf (out, "%02d:%02d", hour, g_date_time_get_minute (date));
      break;
    case 's': g_string_append_printf (out, "%" G_GINT64_FORMAT, g_date_time_to_unix (date)); break;
    case 'S': g_string_append_printf (out, "%02d", g_date_time_get_second (date)); break;
    case 't': g_string_append_c (out, '\t'); break;
    case 'T':
    case 'X':
      g_string_append_printf (out, "%02d:%02d:%02d", hour, g_date_time_get_minute (date),
                              g_date_time_get_second (date));
      break;
    case 'u': g_string_append_printf (out, "%d", weekday); break;
    case 'U': g_string_append_printf (out, "%02d", (yearday + 6 - weekday % 7) / 7); break;
    case 'V': g_string_append_printf (out, "%02d", g_date_time_get_week_of_year (date)); break;
    case 'G': g_string_append_printf (out, "%d", g_date_time_get_week_numbering_year (date)); break;
    case 'w': g_string_append_printf (out, "%d", weekday % 7); break;
    case 'W': g_string_append_printf (out, "%02d", (yearday + 6 - (weekday - 1)) / 7); break;
    case 'y': g_string_append_printf (out, "%02d", g_date_time_get_year (date) % 100); break;
    case 'Y': g_string_append_printf (out, "%d", g_date_time_get_year (date)); break;
    case 'z':
    case 'Z': break; /* datetime.now() knows no zone */
    case '%': g_string_append_c (out, '%'); break;
    default:
      g_string_append_c (out, '%');
      g_string_append_c (out, code);
      break;
    }
}

GLOBAL (global_strftime_now)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const JinjaString *format, *text;

  if (!jinja_is (args->values[0], JINJA_STRING))
    return jinja_fail (run, "strftime_now() takes a string");
  format = args->values[0].as.string;
  if (run->date == NULL)
    run->date = g_date_time_new_now_local ();
  if (run->date == NULL)
    return jinja_fail (run, "the clock cannot be read");
  run->used_date = TRUE;

  for (gsize at = 0; at < format->length; at++)
    {
      if (out->len > 64 * 1024)
        return jinja_fail_limit (run, "output");
      if (format->bytes[at] != '%' || at + 1 == format->length)
        g_string_append_c (out, format->bytes[at]);
      else
        {
          /* "%-d": without the leading zero */
          gboolean bare = format->bytes[at + 1] == '-' && at + 2 < format->length;
          gsize before = out->len;

          at += bare ? 2 : 1;
          add_time (out, run->date, format->bytes[at]);
          while (bare && out->len > before + 1
                 && (out->str[before] == '0' || out->str[before] == ' '))
            g_string_erase (out, (gssize) before, 1);
        }
    }
  text = jinja_string_copy (run, out->str);
  *result = jinja_string_value (text);

  return text != NULL;
}

static const JinjaBuiltin globals[] = {
  { "raise_exception", global_raise_exception, "message", 1 },
  { "namespace", global_namespace, "*", 0 },
  { "strftime_now", global_strftime_now, "format", 1 },
  { "range", global_range, "start stop step", 1 },
  { "dict", global_dict, "*", 0 },
  { "cycler", global_cycler, "*", 0 },
  { "joiner", global_joiner, "sep", 0 },
};

const JinjaBuiltin *
jinja_find_global (const JinjaString *name)
{
  return jinja_find_builtin (globals, G_N_ELEMENTS (globals), name);
}
