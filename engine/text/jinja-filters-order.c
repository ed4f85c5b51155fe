#include "jinja-evaluate.h"

/* Filters that put values in order: sorting, grouping, least and greatest, each once. */

/* Keys to sort or compare by: a value, or an attribute of it, without case if it is text. */
static gboolean
get_key (JinjaRun   *run,
         JinjaValue  value,
         JinjaValue  path,
         gboolean    case_sensitive,
         JinjaValue *key)
{
  if (!jinja_get_path (run, value, path, key))
    return FALSE;
  if (!case_sensitive && jinja_is (*key, JINJA_STRING))
    {
      const JinjaString *lower = jinja_string_to_case (run, key->as.string, JINJA_LOWER);

      *key = jinja_string_value (lower);
      return lower != NULL;
    }

  return TRUE;
}

static gboolean
sort_by (JinjaRun    *run,
         JinjaValue   self,
         JinjaValue   path,
         gboolean     case_sensitive,
         gboolean     reverse,
         JinjaValue **sorted,
         gsize       *n)
{
  const JinjaValue *values;
  JinjaValue *keys;

  if (!jinja_iterate (run, self, &values, n))
    return FALSE;
  *sorted = jinja_new_n (run, JinjaValue, *n);
  keys = jinja_new_n (run, JinjaValue, *n);
  if (*sorted == NULL || keys == NULL)
    return FALSE;
  for (gsize i = 0; i < *n; i++)
    {
      (*sorted)[i] = values[i];
      if (!get_key (run, values[i], path, case_sensitive, &keys[i]))
        return FALSE;
    }

  return jinja_sort (run, *sorted, keys, *n, reverse);
}

/* "a,b": by a, then by b: sorted by the last first, which keeps the order of equals. */
JINJA_DEFINE (filter_sort)
{
  const JinjaValue path = args->values[2];
  JinjaValue *sorted;
  gsize n, end;

  if (!jinja_is (path, JINJA_STRING) || memchr (path.as.string->bytes, ',', path.as.string->length) == NULL)
    return sort_by (run, self, path, jinja_is_true (args, 1), jinja_is_true (args, 0), &sorted, &n)
           && jinja_items_new (run, JINJA_LIST, sorted, n, result);

  end = path.as.string->length;
  *result = self;
  for (;;)
    {
      gsize start = end;
      const JinjaString *part;

      while (start > 0 && path.as.string->bytes[start - 1] != ',')
        start--;
      part = jinja_string_slice (run, path.as.string, start, end - start);
      if (part == NULL
          || !sort_by (run, *result, jinja_string_value (part), jinja_is_true (args, 1),
                       jinja_is_true (args, 0), &sorted, &n)
          || !jinja_items_new (run, JINJA_LIST, sorted, n, result))
        return FALSE;
      if (start == 0)
        return TRUE;
      end = start - 1;
    }
}

JINJA_DEFINE (filter_dictsort)
{
  JinjaView view = { .kind = JINJA_VIEW_ITEMS };
  const JinjaString *by = jinja_is_given (args, 1) && jinja_is (args->values[1], JINJA_STRING)
                              ? args->values[1].as.string
                              : NULL;
  JinjaValue *sorted;
  gsize n;

  if (!jinja_defined (run, self))
    return FALSE;
  if (!jinja_is (self, JINJA_DICT))
    return jinja_fail (run, "dictsort() takes a mapping, not %s", jinja_type_name (self));
  if (jinja_is_given (args, 1)
      && (by == NULL || (!jinja_string_is (by, "key") && !jinja_string_is (by, "value"))))
    return jinja_fail (run, "You can only sort by either \"key\" or \"value\"");

  view.dict = self.as.dict;
  return sort_by (run, (JinjaValue) { .kind = JINJA_VIEW, .as.view = &view },
                  jinja_integer (by != NULL && jinja_string_is (by, "value")), jinja_is_true (args, 0),
                  jinja_is_true (args, 2), &sorted, &n)
         && jinja_items_new (run, JINJA_LIST, sorted, n, result);
}

JINJA_DEFINE (filter_unique)
{
  const JinjaValue *values;
  JinjaValue *kept;
  JinjaDict *seen = jinja_dict_new (run);
  gsize n, n_kept = 0;

  if (seen == NULL || !jinja_iterate (run, self, &values, &n)
      || (kept = jinja_new_n (run, JinjaValue, n)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      JinjaValue key;
      gsize before = seen->n;

      if (!get_key (run, values[i], args->values[1], jinja_is_true (args, 0), &key)
          || !jinja_dict_set (run, seen, key, jinja_none ()))
        return FALSE;
      if (seen->n > before)
        kept[n_kept++] = values[i];
    }

  return jinja_cursor_new (run, kept, n_kept, result);
}

static gboolean
extreme (JinjaRun        *run,
         JinjaValue       self,
         const JinjaArgs *args,
         JinjaComparison  op,
         JinjaValue      *result)
{
  const JinjaValue *values;
  JinjaValue best, key;
  gboolean better;
  gsize n;

  if (!jinja_iterate (run, self, &values, &n))
    return FALSE;
  if (n == 0)
    return jinja_undefined (run, "No aggregated item, sequence was empty.", NULL,
                            (JinjaValue) { .kind = JINJA_ABSENT }, result);
  for (gsize i = 0; i < n; i++)
    {
      if (!get_key (run, values[i], args->values[1], jinja_is_true (args, 0), &key))
        return FALSE;
      if (i > 0 && !jinja_compare (run, op, key, best, &better))
        return FALSE;
      if (i == 0 || better)
        {
          best = key;
          *result = values[i];
        }
    }

  return TRUE;
}

JINJA_DEFINE (filter_min) { return extreme (run, self, args, JINJA_LT, result); }
JINJA_DEFINE (filter_max) { return extreme (run, self, args, JINJA_GT, result); }

JINJA_DEFINE (filter_groupby)
{
  JinjaValue *sorted, *groups;
  const gboolean case_sensitive = jinja_is_true (args, 2);
  gsize n, n_groups = 0;

  if (!sort_by (run, self, args->values[0], case_sensitive, FALSE, &sorted, &n)
      || (groups = jinja_new_n (run, JinjaValue, n)) == NULL)
    return FALSE;
  for (gsize start = 0, end; start < n; start = end)
    {
      JinjaValue key, other, list;
      gboolean same = TRUE;

      if (!get_key (run, sorted[start], args->values[0], case_sensitive, &key))
        return FALSE;
      for (end = start + 1; end < n; end++)
        {
          if (!get_key (run, sorted[end], args->values[0], case_sensitive, &other)
              || !jinja_equal (run, key, other, &same))
            return FALSE;
          if (!same)
            break;
        }
      if (!jinja_get_path (run, sorted[start], args->values[0], &key)
          || !jinja_items_new (run, JINJA_LIST, sorted + start, end - start, &list)
          || !jinja_pair_new (run, key, list, &groups[n_groups++]))
        return FALSE;
    }

  return jinja_items_new (run, JINJA_LIST, groups, n_groups, result);
}

static const JinjaBuiltin filters[] = {
  { "dictsort", filter_dictsort, "case_sensitive by reverse", 0 },
  { "sort", filter_sort, "reverse case_sensitive attribute", 0 },
  { "unique", filter_unique, "case_sensitive attribute", 0 },
  { "min", filter_min, "case_sensitive attribute", 0 },
  { "max", filter_max, "case_sensitive attribute", 0 },
  { "groupby", filter_groupby, "attribute default case_sensitive", 1 },
};

const JinjaBuiltin *
jinja_find_filter_order (const JinjaString *name)
{
  return jinja_find_builtin (filters, G_N_ELEMENTS (filters), name);
}
