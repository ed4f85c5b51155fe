#include "jinja-string.h"

#include <math.h>
#include <string.h>

/* What empty lists point to, so that pointers into them can be computed. */
static const JinjaValue nothing;

gboolean
jinja_is_callable (JinjaValue value)
{
  switch (value.kind)
    {
    case JINJA_MACRO:
    case JINJA_METHOD:
    case JINJA_FUNCTION:
    case JINJA_JOINER:
    case JINJA_LOOP:
    case JINJA_UNDEFINED: /* jinja2's Undefined has __call__ */
      return TRUE;
    default:
      return FALSE;
    }
}

const char *
jinja_type_name (JinjaValue value)
{
  switch (value.kind)
    {
    case JINJA_ABSENT:
    case JINJA_UNDEFINED:
      return "Undefined";
    case JINJA_NONE:
      return "NoneType";
    case JINJA_BOOLEAN:
      return "bool";
    case JINJA_INTEGER:
    case JINJA_HUGE:
      return "int";
    case JINJA_FLOAT:
      return "float";
    case JINJA_STRING:
      return value.as.string->markup ? "Markup" : "str";
    case JINJA_LIST:
      return "list";
    case JINJA_TUPLE:
      return "tuple";
    case JINJA_DICT:
      return "dict";
    case JINJA_VIEW:
      return value.as.view->kind == JINJA_VIEW_ITEMS  ? "dict_items"
             : value.as.view->kind == JINJA_VIEW_KEYS ? "dict_keys"
                                                      : "dict_values";
    case JINJA_CURSOR:
      return "generator";
    case JINJA_RANGE:
      return "range";
    case JINJA_NAMESPACE:
      return "Namespace";
    case JINJA_LOOP:
      return "LoopContext";
    case JINJA_MACRO:
      return "Macro";
    case JINJA_METHOD:
    case JINJA_FUNCTION:
      return "function";
    case JINJA_CYCLER:
      return "Cycler";
    case JINJA_JOINER:
      return "Joiner";
    }

  return "object";
}

gboolean
jinja_truth (JinjaValue value)
{
  switch (value.kind)
    {
    case JINJA_ABSENT:
    case JINJA_UNDEFINED:
    case JINJA_NONE:
      return FALSE;
    case JINJA_BOOLEAN:
      return value.as.boolean;
    case JINJA_INTEGER:
      return value.as.integer != 0;
    case JINJA_FLOAT:
      return value.as.real != 0;
    case JINJA_STRING:
      return value.as.string->length > 0;
    case JINJA_LIST:
    case JINJA_TUPLE:
    case JINJA_RANGE:
      return value.as.items->n > 0;
    case JINJA_DICT:
      return value.as.dict->n > 0;
    case JINJA_VIEW:
      return value.as.view->dict->n > 0;
    default:
      return TRUE;
    }
}

gboolean
jinja_undefined (JinjaRun          *run,
                 const char        *hint,
                 const JinjaString *name,
                 JinjaValue         object,
                 JinjaValue        *result)
{
  JinjaUndefined *undefined = jinja_new (run, JinjaUndefined);

  if (undefined == NULL)
    return FALSE;

  *undefined = (JinjaUndefined) { hint, name, object };
  *result = (JinjaValue) { .kind = JINJA_UNDEFINED, .as.undefined = undefined };

  return TRUE;
}

gboolean
jinja_defined (JinjaRun  *run,
               JinjaValue value)
{
  const JinjaUndefined *undefined;

  if (!jinja_is (value, JINJA_UNDEFINED))
    return TRUE;

  undefined = value.as.undefined;
  if (undefined->hint != NULL)
    return jinja_fail (run, "%s", undefined->hint);
  if (undefined->name == NULL)
    return jinja_fail (run, "a value is undefined");
  if (jinja_is (undefined->object, JINJA_ABSENT))
    return jinja_fail (run, "'%.*s' is undefined", (int) MIN (undefined->name->length, 200),
                       undefined->name->bytes);

  return jinja_fail (run, "'%s object' has no attribute '%.*s'", jinja_type_name (undefined->object),
                     (int) MIN (undefined->name->length, 200), undefined->name->bytes);
}

gboolean
jinja_items_new (JinjaRun         *run,
                 JinjaKind         kind,
                 const JinjaValue *values,
                 gsize             n,
                 JinjaValue       *result)
{
  JinjaItems *items = jinja_new (run, JinjaItems);

  if (items == NULL)
    return FALSE;

  items->values = values != NULL ? values : &nothing;
  items->n = n;
  *result = (JinjaValue) { .kind = kind, .as.items = items };

  return TRUE;
}

gboolean
jinja_items_slice (JinjaRun   *run,
                   JinjaValue  value,
                   gsize       start,
                   gsize       n,
                   JinjaValue *result)
{
  return jinja_items_new (run, value.kind, value.as.items->values + start, n, result);
}

/* Grows in place where the left side ends at the filled end of its buffer: ns.list = ns.list + [x]
 * over a whole conversation then copies each value a constant number of times. */
gboolean
jinja_items_concat (JinjaRun   *run,
                    JinjaValue  left,
                    JinjaValue  right,
                    JinjaValue *result)
{
  const JinjaItems *a = left.as.items;
  const JinjaItems *b = right.as.items;
  JinjaBuffer *buffer = a->buffer;
  JinjaItems *items;
  JinjaValue *values;

  if (!jinja_step (run, 1 + b->n / 8))
    return FALSE;

  if (buffer != NULL && a->values + a->n == (JinjaValue *) buffer->data + buffer->used
      && b->n <= buffer->capacity - buffer->used)
    {
      values = (JinjaValue *) a->values;
      buffer->used += b->n;
    }
  else
    {
      buffer = jinja_new (run, JinjaBuffer);
      if (buffer == NULL)
        return FALSE;
      buffer->used = a->n + b->n;
      buffer->capacity = buffer->used < 4 ? 4 : buffer->used * 2;
      buffer->data = values = jinja_new_n (run, JinjaValue, buffer->capacity);
      if (values == NULL || !jinja_step (run, a->n / 8))
        return FALSE;
      if (a->n > 0)
        memcpy (values, a->values, a->n * sizeof *values);
    }

  if (b->n > 0)
    memcpy (values + a->n, b->values, b->n * sizeof *values);
  if (!jinja_items_new (run, left.kind, values, a->n + b->n, result))
    return FALSE;
  items = (JinjaItems *) result->as.items;
  items->buffer = buffer;

  return TRUE;
}

gboolean
jinja_cursor_new (JinjaRun         *run,
                  const JinjaValue *values,
                  gsize             n,
                  JinjaValue       *result)
{
  JinjaCycler *cursor = jinja_new (run, JinjaCycler);

  if (cursor == NULL)
    return FALSE;

  *cursor = (JinjaCycler) { values != NULL ? values : &nothing, n, 0 };
  *result = (JinjaValue) { .kind = JINJA_CURSOR, .as.cycler = cursor };

  return TRUE;
}

gboolean
jinja_pair_new (JinjaRun   *run,
                JinjaValue  first,
                JinjaValue  second,
                JinjaValue *result)
{
  JinjaValue *pair = jinja_new_n (run, JinjaValue, 2);

  if (pair == NULL)
    return FALSE;

  pair[0] = first;
  pair[1] = second;

  return jinja_items_new (run, JINJA_TUPLE, pair, 2, result);
}

gboolean
jinja_is_iterable (JinjaValue value)
{
  switch (value.kind)
    {
    case JINJA_UNDEFINED:
    case JINJA_STRING:
    case JINJA_LIST:
    case JINJA_TUPLE:
    case JINJA_DICT:
    case JINJA_VIEW:
    case JINJA_CURSOR:
    case JINJA_RANGE:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
view_values (JinjaRun          *run,
             const JinjaDict   *dict,
             JinjaViewKind      kind,
             const JinjaValue **values)
{
  JinjaValue *all = jinja_new_n (run, JinjaValue, dict->n);

  if (all == NULL)
    return FALSE;

  for (gsize i = 0; i < dict->n; i++)
    {
      const JinjaEntry *entry = &dict->entries[i];

      if (kind == JINJA_VIEW_ITEMS)
        {
          if (!jinja_pair_new (run, entry->key, entry->value, &all[i]))
            return FALSE;
        }
      else
        all[i] = kind == JINJA_VIEW_KEYS ? entry->key : entry->value;
    }
  *values = all;

  return TRUE;
}

static gboolean
string_values (JinjaRun          *run,
               const JinjaString *string,
               const JinjaValue **values)
{
  JinjaValue *all = jinja_new_n (run, JinjaValue, string->n_chars);
  gsize at = 0;

  if (all == NULL)
    return FALSE;

  for (gsize i = 0; i < string->n_chars; i++)
    {
      gsize length = g_utf8_next_char (string->bytes + at) - (string->bytes + at);
      const JinjaString *one = jinja_string_slice (run, string, at, length);

      if (one == NULL)
        return FALSE;
      all[i] = jinja_string_value (one);
      at += length;
    }
  *values = all;

  return TRUE;
}

static gboolean
range_values (JinjaRun          *run,
              const JinjaItems  *range,
              const JinjaValue **values)
{
  JinjaValue *all = jinja_new_n (run, JinjaValue, range->n);

  if (all == NULL)
    return FALSE;

  for (gsize i = 0; i < range->n; i++)
    all[i] = jinja_integer (range->start + (gint64) i * range->step);
  *values = all;

  return TRUE;
}

gboolean
jinja_iterate (JinjaRun          *run,
               JinjaValue         value,
               const JinjaValue **values,
               gsize             *n)
{
  JinjaCycler *cursor;

  *values = &nothing;
  *n = 0;

  switch (value.kind)
    {
    case JINJA_UNDEFINED:
      return TRUE;

    case JINJA_LIST:
    case JINJA_TUPLE:
      *values = value.as.items->values;
      *n = value.as.items->n;
      return jinja_step (run, 1);

    case JINJA_CURSOR:
      cursor = value.as.cycler;
      *values = cursor->values + cursor->position;
      *n = cursor->n - cursor->position;
      cursor->position = cursor->n;
      return jinja_step (run, 1);

    case JINJA_DICT:
      *n = value.as.dict->n;
      return jinja_step (run, 1 + *n) && view_values (run, value.as.dict, JINJA_VIEW_KEYS, values);

    case JINJA_VIEW:
      *n = value.as.view->dict->n;
      return jinja_step (run, 1 + *n)
             && view_values (run, value.as.view->dict, value.as.view->kind, values);

    case JINJA_STRING:
      *n = value.as.string->n_chars;
      return jinja_step (run, 1 + *n) && string_values (run, value.as.string, values);

    case JINJA_RANGE:
      *n = value.as.items->n;
      return jinja_step (run, 1 + *n) && range_values (run, value.as.items, values);

    default:
      return jinja_fail (run, "'%s' object is not iterable", jinja_type_name (value));
    }
}

gboolean
jinja_length (JinjaRun  *run,
              JinjaValue value,
              gsize     *length)
{
  switch (value.kind)
    {
    case JINJA_UNDEFINED:
      *length = 0;
      return TRUE;
    case JINJA_STRING:
      *length = value.as.string->n_chars;
      return TRUE;
    case JINJA_LIST:
    case JINJA_TUPLE:
    case JINJA_RANGE:
      *length = value.as.items->n;
      return TRUE;
    case JINJA_DICT:
      *length = value.as.dict->n;
      return TRUE;
    case JINJA_VIEW:
      *length = value.as.view->dict->n;
      return TRUE;
    default:
      return jinja_fail (run, "object of type '%s' has no len()", jinja_type_name (value));
    }
}

gboolean
jinja_get_integer (JinjaValue value,
                   gint64    *integer)
{
  if (jinja_is (value, JINJA_INTEGER))
    *integer = value.as.integer;
  else if (jinja_is (value, JINJA_BOOLEAN))
    *integer = value.as.boolean;
  else
    return FALSE;

  return TRUE;
}

gboolean
jinja_get_number (JinjaValue value,
                  double    *number)
{
  gint64 integer;

  if (jinja_is (value, JINJA_FLOAT))
    *number = value.as.real;
  else if (jinja_is (value, JINJA_HUGE))
    {
      g_autofree char *digits = g_strndup (value.as.string->bytes, value.as.string->length);

      *number = g_ascii_strtod (digits, NULL);
    }
  else if (jinja_get_integer (value, &integer))
    *number = (double) integer;
  else
    return FALSE;

  return TRUE;
}
