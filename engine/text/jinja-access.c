#include "jinja-evaluate.h"

#include <string.h>

/* Looking into values: object.name asks for the method first and then for the key, object["name"] the
 * other way round. What is not there is undefined, and only using that is an error. */

static gboolean
get_method (JinjaRun          *run,
            JinjaValue         object,
            const JinjaString *name,
            JinjaValue        *result,
            gboolean          *found)
{
  gboolean is_unsafe = FALSE;
  const JinjaBuiltin *builtin;
  JinjaMethod *method;

  *found = TRUE;
  if (jinja_is (object, JINJA_LOOP))
    {
      if (!jinja_loop_attribute (run, object.as.loop, name, result, found))
        return FALSE;
      if (*found)
        return TRUE;
      *found = TRUE;
    }
  if (jinja_is (object, JINJA_CYCLER) && jinja_string_is (name, "current"))
    {
      *result = object.as.cycler->values[object.as.cycler->position];
      return TRUE;
    }
  if (jinja_is (object, JINJA_MACRO) && jinja_string_is (name, "name")
      && object.as.macro->signature->name != NULL)
    {
      *result = jinja_string_value (object.as.macro->signature->name);
      return TRUE;
    }

  builtin = jinja_find_method (object, name, &is_unsafe);
  if (is_unsafe)
    return jinja_undefined (run, "access to that attribute is unsafe", name, object, result);
  *found = builtin != NULL;
  if (builtin == NULL)
    return TRUE;

  method = jinja_new (run, JinjaMethod);
  if (method == NULL)
    return FALSE;
  *method = (JinjaMethod) { builtin, object };
  *result = (JinjaValue) { .kind = JINJA_METHOD, .as.method = method };

  return TRUE;
}

static gboolean
get_key (JinjaRun   *run,
         JinjaValue  object,
         JinjaValue  key,
         JinjaValue *result,
         gboolean   *found)
{
  const JinjaDict *dict = jinja_is (object, JINJA_DICT) ? object.as.dict
                          : jinja_is (object, JINJA_NAMESPACE) && jinja_is (key, JINJA_STRING)
                              ? object.as.names
                              : NULL;
  const JinjaValue *value = NULL;

  *found = FALSE;
  /* Python finds out that it cannot hash these, and jinja2 that there is nothing then. */
  if (dict == NULL || jinja_is (key, JINJA_LIST) || jinja_is (key, JINJA_DICT))
    return TRUE;
  if (!jinja_dict_get (run, dict, key, &value))
    return FALSE;
  *found = value != NULL;
  if (value != NULL)
    *result = *value;

  return TRUE;
}

gboolean
jinja_get_attribute (JinjaRun          *run,
                     JinjaValue         object,
                     const JinjaString *name,
                     JinjaValue        *result)
{
  gboolean found;

  if (!jinja_step (run, 1) || !jinja_defined (run, object)
      || !get_method (run, object, name, result, &found))
    return FALSE;
  if (!found && !get_key (run, object, jinja_string_value (name), result, &found))
    return FALSE;

  return found || jinja_undefined (run, NULL, name, object, result);
}

static gboolean
get_index (JinjaRun   *run,
           JinjaValue  object,
           gint64      index,
           JinjaValue *result,
           gboolean   *found)
{
  gsize n = 0, at;
  const JinjaString *one;

  *found = FALSE;
  if (jinja_is (object, JINJA_STRING))
    n = object.as.string->n_chars;
  else if (jinja_is (object, JINJA_LIST) || jinja_is (object, JINJA_TUPLE)
           || jinja_is (object, JINJA_RANGE))
    n = object.as.items->n;
  if (index < 0)
    index += (gint64) n;
  if (index < 0 || (guint64) index >= n)
    return TRUE;

  *found = TRUE;
  if (jinja_is (object, JINJA_RANGE))
    *result = jinja_integer (object.as.items->start + index * object.as.items->step);
  else if (!jinja_is (object, JINJA_STRING))
    *result = object.as.items->values[index];
  else
    {
      at = jinja_string_offset (run, object.as.string, (gsize) index);
      one = jinja_string_slice (run, object.as.string, at,
                                (gsize) (g_utf8_next_char (object.as.string->bytes + at)
                                         - (object.as.string->bytes + at)));
      *result = jinja_string_value (one);
      return one != NULL;
    }

  return TRUE;
}

gboolean
jinja_get_item (JinjaRun   *run,
                JinjaValue  object,
                JinjaValue  index,
                JinjaValue *result)
{
  gboolean found = FALSE;
  gint64 integer;
  const JinjaString *name;

  if (!jinja_step (run, 1) || !jinja_defined (run, object))
    return FALSE;

  if (jinja_get_integer (index, &integer) && !jinja_is (object, JINJA_DICT))
    {
      if (!get_index (run, object, integer, result, &found))
        return FALSE;
    }
  else if (!get_key (run, object, index, result, &found))
    return FALSE;
  if (!found && jinja_is (index, JINJA_STRING)
      && !get_method (run, object, index.as.string, result, &found))
    return FALSE;
  if (found)
    return TRUE;

  name = jinja_str (run, index);

  return name != NULL && jinja_undefined (run, NULL, name, object, result);
}

/* One end of a slice, as Python clips it. */
static gboolean
slice_end (JinjaRun   *run,
           JinjaValue  value,
           gint64      n,
           gint64      missing,
           gboolean    backwards,
           gint64     *end)
{
  if (jinja_is (value, JINJA_NONE))
    {
      *end = missing;
      return TRUE;
    }
  if (!jinja_get_integer (value, end))
    return jinja_fail (run, "slice indices must be integers or None");
  if (*end < 0)
    *end += n;
  *end = backwards ? CLAMP (*end, -1, n - 1) : CLAMP (*end, 0, n);

  return TRUE;
}

static gboolean
slice_string (JinjaRun          *run,
              const JinjaString *string,
              gint64             start,
              gint64             step,
              gsize              count,
              JinjaValue        *result)
{
  const JinjaString *slice;
  const JinjaValue *chars;
  JinjaBuilder builder;
  gsize n, from, to;

  if (step == 1 || count == 0)
    {
      from = jinja_string_offset (run, string, (gsize) start);
      to = count == 0 ? from : jinja_string_offset (run, string, (gsize) start + count);
      slice = jinja_string_slice (run, string, from, to - from);
    }
  else
    {
      if (!jinja_iterate (run, jinja_string_value (string), &chars, &n))
        return FALSE;
      jinja_builder_init (&builder, run);
      for (gsize i = 0; i < count; i++)
        jinja_builder_add_string (&builder, chars[start + (gint64) i * step].as.string);
      slice = jinja_builder_finish (&builder);
    }
  *result = jinja_string_value (slice);

  return slice != NULL && run->error == NULL;
}

gboolean
jinja_get_slice (JinjaRun   *run,
                 JinjaValue  object,
                 JinjaValue  start_value,
                 JinjaValue  stop_value,
                 JinjaValue  step_value,
                 JinjaValue *result)
{
  const JinjaValue *from;
  JinjaValue *values;
  gint64 n, start, stop, step = 1;
  gsize length, count = 0;

  if (!jinja_defined (run, object))
    return FALSE;
  if (!jinja_is (object, JINJA_STRING) && !jinja_is (object, JINJA_LIST)
      && !jinja_is (object, JINJA_TUPLE) && !jinja_is (object, JINJA_RANGE))
    return jinja_fail (run, "'%s' object cannot be sliced", jinja_type_name (object));
  if (!jinja_is (step_value, JINJA_NONE) && !jinja_get_integer (step_value, &step))
    return jinja_fail (run, "slice indices must be integers or None");
  if (step == 0)
    return jinja_fail (run, "slice step cannot be zero");
  step = MAX (step, -G_MAXINT64);

  if (!jinja_length (run, object, &length))
    return FALSE;
  n = (gint64) length;
  if (!slice_end (run, start_value, n, step > 0 ? 0 : n - 1, step < 0, &start)
      || !slice_end (run, stop_value, n, step > 0 ? n : -1, step < 0, &stop))
    return FALSE;
  if (step > 0 && stop > start)
    count = (gsize) ((stop - start - 1) / step + 1);
  else if (step < 0 && stop < start)
    count = (gsize) ((start - stop - 1) / -step + 1);

  if (jinja_is (object, JINJA_STRING))
    return slice_string (run, object.as.string, count == 0 ? 0 : start, step, count, result);
  if (step == 1 && !jinja_is (object, JINJA_RANGE))
    return jinja_items_slice (run, object, count == 0 ? 0 : (gsize) start, count, result);

  if (!jinja_iterate (run, object, &from, &length) || !jinja_step (run, count / 8))
    return FALSE;
  values = jinja_new_n (run, JinjaValue, count);
  if (values == NULL)
    return FALSE;
  for (gsize i = 0; i < count; i++)
    values[i] = from[start + (gint64) i * step];

  return jinja_items_new (run, jinja_is (object, JINJA_TUPLE) ? JINJA_TUPLE : JINJA_LIST, values,
                          count, result);
}

gboolean
jinja_get_path (JinjaRun   *run,
                JinjaValue  object,
                JinjaValue  path,
                JinjaValue *result)
{
  const JinjaString *text;
  gsize start = 0;

  *result = object;
  if (jinja_is (path, JINJA_NONE) || jinja_is (path, JINJA_ABSENT))
    return TRUE;
  if (!jinja_is (path, JINJA_STRING))
    return jinja_get_item (run, object, path, result);

  text = path.as.string;
  for (;;)
    {
      const char *dot = memchr (text->bytes + start, '.', text->length - start);
      gsize end = dot != NULL ? (gsize) (dot - text->bytes) : text->length;
      const JinjaString *part = jinja_string_slice (run, text, start, end - start);
      JinjaValue key;
      gboolean digits = end > start && end - start < 19;

      if (part == NULL)
        return FALSE;
      for (gsize i = start; i < end; i++)
        digits = digits && g_ascii_isdigit (text->bytes[i]);
      key = jinja_string_value (part);
      if (digits)
        {
          gint64 number = 0;

          for (gsize i = start; i < end; i++)
            number = number * 10 + (text->bytes[i] - '0');
          key = jinja_integer (number);
        }
      if (!jinja_get_item (run, *result, key, result))
        return FALSE;
      if (dot == NULL)
        return TRUE;
      start = end + 1;
    }
}
