#include "jinja-evaluate.h"

#include <string.h>

/* Filters over sequences and mappings. Those that are generators in jinja2 give a cursor here: what can
 * be gone through once, and has no length. */

JINJA_DEFINE (filter_length)
{
  gsize length;

  if (!jinja_length (run, self, &length))
    return FALSE;
  *result = jinja_integer ((gint64) length);

  return TRUE;
}

JINJA_DEFINE (filter_default)
{
  *result = self;
  if (jinja_is (self, JINJA_UNDEFINED) || (jinja_is_true (args, 1) && !jinja_truth (self)))
    {
      const JinjaString *nothing = jinja_string_new (run, "", 0, TRUE);

      *result = jinja_is_given (args, 0) ? args->values[0] : jinja_string_value (nothing);
      return nothing != NULL;
    }

  return TRUE;
}

JINJA_DEFINE (filter_list)
{
  const JinjaValue *values;
  gsize n;

  return jinja_iterate (run, self, &values, &n)
         && jinja_items_new (run, JINJA_LIST, values, n, result);
}

JINJA_DEFINE (filter_items)
{
  const JinjaValue *values = NULL;
  gsize n = 0;
  JinjaView view = { .kind = JINJA_VIEW_ITEMS };

  if (jinja_is (self, JINJA_DICT))
    {
      view.dict = self.as.dict;
      if (!jinja_iterate (run, (JinjaValue) { .kind = JINJA_VIEW, .as.view = &view }, &values, &n))
        return FALSE;
    }
  else if (!jinja_is (self, JINJA_UNDEFINED))
    return jinja_fail (run, "Can only get item pairs from a mapping.");

  return jinja_cursor_new (run, values, n, result);
}

JINJA_DEFINE (filter_first)
{
  const JinjaValue *values;
  gsize n;

  if (!jinja_iterate (run, self, &values, &n))
    return FALSE;
  if (n == 0)
    return jinja_undefined (run, "No first item, sequence was empty.", NULL,
                            (JinjaValue) { .kind = JINJA_ABSENT }, result);
  /* Only one was asked for. */
  if (jinja_is (self, JINJA_CURSOR))
    self.as.cycler->position -= n - 1;
  *result = values[0];

  return TRUE;
}

JINJA_DEFINE (filter_last)
{
  const JinjaValue *values;
  gsize n;

  if (jinja_is (self, JINJA_CURSOR))
    return jinja_fail (run, "'generator' object is not reversible");
  if (!jinja_iterate (run, self, &values, &n))
    return FALSE;
  if (n == 0)
    return jinja_undefined (run, "No last item, sequence was empty.", NULL,
                            (JinjaValue) { .kind = JINJA_ABSENT }, result);
  *result = values[n - 1];

  return TRUE;
}

JINJA_DEFINE (filter_reverse)
{
  const JinjaValue *values;
  JinjaValue *reversed;
  JinjaBuilder builder;
  const JinjaString *text;
  gsize n;

  if (!jinja_iterate (run, self, &values, &n))
    return FALSE;
  if (jinja_is (self, JINJA_STRING))
    {
      jinja_builder_init (&builder, run);
      for (gsize i = n; i > 0; i--)
        jinja_builder_add_string (&builder, values[i - 1].as.string);
      text = jinja_builder_finish (&builder);
      *result = jinja_string_value (text);
      return text != NULL;
    }

  reversed = jinja_new_n (run, JinjaValue, n);
  if (reversed == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    reversed[i] = values[n - 1 - i];
  if (jinja_is (self, JINJA_CURSOR))
    return jinja_items_new (run, JINJA_LIST, reversed, n, result);

  return jinja_cursor_new (run, reversed, n, result);
}

/* What stands between two pieces is the template's own only where both pieces are: otherwise splitting a
 * text and joining it again would make a control token of what somebody typed. */
static const JinjaString *
join (JinjaRun          *run,
      const JinjaValue  *values,
      gsize              n,
      JinjaValue         path,
      const JinjaString *separator)
{
  JinjaString text = *separator;
  gboolean trusted_before = TRUE;
  JinjaBuilder builder;

  text.trusted = FALSE;
  text.mask = NULL;
  jinja_builder_init (&builder, run);
  for (gsize i = 0; i < n; i++)
    {
      const JinjaString *part;
      gboolean trusted;
      JinjaValue value = values[i];

      if (!jinja_step (run, 1) || !jinja_get_path (run, value, path, &value)
          || (part = jinja_str (run, value)) == NULL || builder.failed)
        return NULL;
      trusted = jinja_string_is_trusted (part, 0, part->length);
      if (i > 0)
        jinja_builder_add_string (&builder, trusted && trusted_before ? separator : &text);
      jinja_builder_add_string (&builder, part);
      trusted_before = trusted;
    }

  return jinja_builder_finish (&builder);
}

JINJA_DEFINE (filter_join)
{
  const JinjaValue *values;
  const JinjaString *separator, *joined;
  gsize n;

  separator = jinja_is_given (args, 0) ? jinja_str (run, args->values[0])
                              : jinja_string_new (run, "", 0, TRUE);
  if (separator == NULL || !jinja_iterate (run, self, &values, &n))
    return FALSE;
  joined = join (run, values, n, args->values[1], separator);
  *result = jinja_string_value (joined);

  return joined != NULL;
}

JINJA_DEFINE (filter_sum)
{
  const JinjaValue *values;
  gsize n;

  if (!jinja_iterate (run, self, &values, &n))
    return FALSE;
  *result = jinja_is_given (args, 1) ? args->values[1] : jinja_integer (0);
  if (jinja_is (*result, JINJA_STRING))
    return jinja_fail (run, "sum() can't sum strings");
  for (gsize i = 0; i < n; i++)
    {
      JinjaValue value;

      if (!jinja_get_path (run, values[i], args->values[0], &value)
          || !jinja_operate (run, JINJA_OPERATOR ('+', 0), *result, value, result))
        return FALSE;
    }

  return TRUE;
}

JINJA_DEFINE (filter_batch)
{
  const JinjaValue *values;
  JinjaValue *batches, *batch;
  gsize n, size, n_batches;
  gint64 count;

  if (!jinja_get_integer (args->values[0], &count) || count < 1 || count > JINJA_MAX_RANGE)
    return jinja_fail (run, "batch() with a size that makes no sense");
  if (!jinja_iterate (run, self, &values, &n))
    return FALSE;
  size = (gsize) count;
  n_batches = (n + size - 1) / size;
  batches = jinja_new_n (run, JinjaValue, n_batches);
  if (batches == NULL)
    return FALSE;
  for (gsize i = 0; i < n_batches; i++)
    {
      gsize here = MIN (size, n - i * size);
      gboolean fill = here < size && jinja_is_some (args, 1);

      batch = jinja_new_n (run, JinjaValue, size);
      if (batch == NULL || !jinja_step (run, size))
        return FALSE;
      memcpy (batch, values + i * size, here * sizeof *batch);
      for (gsize j = here; fill && j < size; j++)
        batch[j] = args->values[1];
      if (!jinja_items_new (run, JINJA_LIST, batch, fill ? size : here, &batches[i]))
        return FALSE;
    }

  return jinja_cursor_new (run, batches, n_batches, result);
}

JINJA_DEFINE (filter_slice)
{
  const JinjaValue *values;
  JinjaValue *slices, *slice;
  gsize n, at = 0;
  gint64 count;

  if (!jinja_get_integer (args->values[0], &count) || count < 1 || count > JINJA_MAX_RANGE)
    return jinja_fail (run, "slice() with a number that makes no sense");
  if (!jinja_iterate (run, self, &values, &n)
      || (slices = jinja_new_n (run, JinjaValue, (gsize) count)) == NULL)
    return FALSE;
  for (gsize i = 0; i < (gsize) count; i++)
    {
      gboolean extra = i < n % (gsize) count;
      gsize here = n / (gsize) count + extra;
      gboolean fill = !extra && jinja_is_some (args, 1);

      slice = jinja_new_n (run, JinjaValue, here + 1);
      if (slice == NULL || !jinja_step (run, 1 + here))
        return FALSE;
      for (gsize j = 0; j < here; j++)
        slice[j] = values[at++];
      if (fill)
        slice[here] = args->values[1];
      if (!jinja_items_new (run, JINJA_LIST, slice, here + fill, &slices[i]))
        return FALSE;
    }

  return jinja_cursor_new (run, slices, (gsize) count, result);
}

JINJA_DEFINE (filter_attr)
{
  JinjaValue name = args->values[0];
  gboolean is_unsafe;

  if (!jinja_is (name, JINJA_STRING))
    return jinja_fail (run, "attr() takes a name");
  /* Attributes only, not keys. */
  if (jinja_is (self, JINJA_DICT) && jinja_find_method (self, name.as.string, &is_unsafe) == NULL)
    return jinja_undefined (run, NULL, name.as.string, self, result);

  return jinja_get_attribute (run, self, name.as.string, result);
}

/* map("filter", …) and map(attribute="a.b", default=x) */
JINJA_DEFINE (filter_map)
{
  const JinjaBuiltin *builtin = NULL;
  JinjaValue path = { .kind = JINJA_ABSENT }, missing = { .kind = JINJA_ABSENT };
  JinjaArgs rest = *args;
  const JinjaValue *values;
  JinjaValue *mapped;
  gsize n;

  if (!jinja_truth (self))
    return jinja_cursor_new (run, NULL, 0, result);

  if (args->n == 0)
    for (guint i = 0; i < args->n_named; i++)
      {
        if (jinja_string_is (args->names[i], "attribute"))
          path = args->named[i];
        else if (jinja_string_is (args->names[i], "default"))
          missing = args->named[i];
        else
          return jinja_fail (run, "map() got an unexpected keyword argument");
      }
  if (args->n == 0 && jinja_is (path, JINJA_ABSENT))
    return jinja_fail (run, "map requires a filter argument");
  if (args->n > 0)
    {
      if (jinja_is (args->values[0], JINJA_STRING))
        builtin = jinja_find_filter (args->values[0].as.string);
      if (builtin == NULL)
        return jinja_fail (run, "map() with a filter that is not there");
      rest.values++;
      rest.n--;
    }

  if (!jinja_iterate (run, self, &values, &n)
      || (mapped = jinja_new_n (run, JinjaValue, n)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      if (builtin != NULL ? !jinja_call_builtin (run, builtin, values[i], &rest, &mapped[i])
                          : !jinja_get_path (run, values[i], path, &mapped[i]))
        return FALSE;
      if (jinja_is (mapped[i], JINJA_UNDEFINED) && builtin == NULL
          && !jinja_is (missing, JINJA_ABSENT) && !jinja_is (missing, JINJA_NONE))
        mapped[i] = missing;
    }

  return jinja_cursor_new (run, mapped, n, result);
}

/* select, reject ("test", …) and selectattr, rejectattr ("attribute", "test", …) */
static gboolean
select_values (JinjaRun        *run,
               JinjaValue       self,
               const JinjaArgs *args,
               gboolean         by_attribute,
               gboolean         wanted,
               JinjaValue      *result)
{
  const JinjaBuiltin *builtin = NULL;
  JinjaArgs rest = *args;
  const JinjaValue *values;
  JinjaValue *kept;
  JinjaValue path = { .kind = JINJA_ABSENT };
  gsize n, n_kept = 0;

  if (!jinja_truth (self))
    return jinja_cursor_new (run, NULL, 0, result);

  if (by_attribute)
    {
      if (rest.n == 0)
        return jinja_fail (run, "Missing parameter for attribute name");
      path = *rest.values++;
      rest.n--;
    }
  if (rest.n > 0)
    {
      if (jinja_is (rest.values[0], JINJA_STRING))
        builtin = jinja_find_test (rest.values[0].as.string);
      if (builtin == NULL)
        return jinja_fail (run, "a selection by a test that is not there");
      rest.values++;
      rest.n--;
    }

  if (!jinja_iterate (run, self, &values, &n) || (kept = jinja_new_n (run, JinjaValue, n)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      JinjaValue value;

      if (!jinja_step (run, 1) || !jinja_get_path (run, values[i], path, &value))
        return FALSE;
      if (builtin != NULL && !jinja_call_builtin (run, builtin, value, &rest, &value))
        return FALSE;
      if (jinja_truth (value) == wanted)
        kept[n_kept++] = values[i];
    }

  return jinja_cursor_new (run, kept, n_kept, result);
}

JINJA_DEFINE (filter_select)     { return select_values (run, self, args, FALSE, TRUE, result); }
JINJA_DEFINE (filter_reject)     { return select_values (run, self, args, FALSE, FALSE, result); }
JINJA_DEFINE (filter_selectattr) { return select_values (run, self, args, TRUE, TRUE, result); }
JINJA_DEFINE (filter_rejectattr) { return select_values (run, self, args, TRUE, FALSE, result); }

static const JinjaBuiltin filters[] = {
  { "length", filter_length, "", 0 },
  { "count", filter_length, "", 0 },
  { "default", filter_default, "default_value boolean", 0 },
  { "d", filter_default, "default_value boolean", 0 },
  { "join", filter_join, "d attribute", 0 },
  { "items", filter_items, "", 0 },
  { "list", filter_list, "", 0 },
  { "selectattr", filter_selectattr, "*", 0 },
  { "rejectattr", filter_rejectattr, "*", 0 },
  { "select", filter_select, "*", 0 },
  { "reject", filter_reject, "*", 0 },
  { "map", filter_map, "*", 0 },
  { "first", filter_first, "", 0 },
  { "last", filter_last, "", 0 },
  { "reverse", filter_reverse, "", 0 },
  { "sum", filter_sum, "attribute start", 0 },
  { "batch", filter_batch, "linecount fill_with", 1 },
  { "slice", filter_slice, "slices fill_with", 1 },
  { "attr", filter_attr, "name", 1 },
};

const JinjaBuiltin *
jinja_find_filter_sequence (const JinjaString *name)
{
  return jinja_find_builtin (filters, G_N_ELEMENTS (filters), name);
}

const JinjaBuiltin *
jinja_find_filter (const JinjaString *name)
{
  const JinjaBuiltin *(*const find[]) (const JinjaString *name) = {
    jinja_find_filter_string, jinja_find_filter_sequence, jinja_find_filter_order, jinja_find_filter_number,
  };
  const JinjaBuiltin *builtin = NULL;

  for (guint i = 0; builtin == NULL && i < G_N_ELEMENTS (find); i++)
    builtin = find[i] (name);

  return builtin;
}
