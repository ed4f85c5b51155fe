#include "jinja-evaluate.h"

#include <string.h>

/* Methods of everything but strings (those are in jinja-methods-string.c). Values do not change, so the
 * methods that would change them are there but may not be touched, as in jinja2's immutable sandbox. */

#define METHOD(name) \
  static gboolean name (JinjaRun *run, JinjaValue self, const JinjaArgs *args, JinjaValue *result)

static gboolean
make_view (JinjaRun      *run,
           JinjaValue     self,
           JinjaViewKind  kind,
           JinjaValue    *result)
{
  JinjaView *view = jinja_new (run, JinjaView);

  if (view == NULL)
    return FALSE;
  *view = (JinjaView) { kind, self.as.dict };
  *result = (JinjaValue) { .kind = JINJA_VIEW, .as.view = view };

  return TRUE;
}

METHOD (dict_items)  { return make_view (run, self, JINJA_VIEW_ITEMS, result); }
METHOD (dict_keys)   { return make_view (run, self, JINJA_VIEW_KEYS, result); }
METHOD (dict_values) { return make_view (run, self, JINJA_VIEW_VALUES, result); }

METHOD (dict_get)
{
  const JinjaValue *found;

  if (!jinja_dict_get (run, self.as.dict, args->values[0], &found))
    return FALSE;
  *result = found != NULL                                 ? *found
            : jinja_is (args->values[1], JINJA_ABSENT) ? jinja_none ()
                                                       : args->values[1];

  return TRUE;
}

METHOD (copy_self)
{
  *result = self;
  return TRUE;
}

METHOD (list_count)
{
  gint64 n = 0;

  for (gsize i = 0; i < self.as.items->n; i++)
    {
      gboolean equal;

      if (!jinja_equal (run, self.as.items->values[i], args->values[0], &equal))
        return FALSE;
      n += equal;
    }
  *result = jinja_integer (n);

  return TRUE;
}

METHOD (list_index)
{
  for (gsize i = 0; i < self.as.items->n; i++)
    {
      gboolean equal;

      if (!jinja_equal (run, self.as.items->values[i], args->values[0], &equal))
        return FALSE;
      if (equal)
        {
          *result = jinja_integer ((gint64) i);
          return TRUE;
        }
    }

  return jinja_fail (run, "the value is not in the list");
}

METHOD (cycler_next)
{
  JinjaCycler *cycler = self.as.cycler;

  *result = cycler->values[cycler->position];
  cycler->position = (cycler->position + 1) % cycler->n;

  return TRUE;
}

METHOD (cycler_reset)
{
  self.as.cycler->position = 0;
  *result = jinja_none ();

  return TRUE;
}

METHOD (loop_cycle)
{
  if (args->n == 0)
    return jinja_fail (run, "no items for cycling given");
  *result = args->values[self.as.loop->index0 % args->n];

  return TRUE;
}

METHOD (loop_changed)
{
  JinjaValue now;
  gboolean equal = FALSE;

  if (!jinja_items_new (run, JINJA_TUPLE, args->values, args->n, &now)
      || !jinja_equal (run, self.as.loop->changed, now, &equal))
    return FALSE;
  self.as.loop->changed = now;
  *result = jinja_boolean (!equal);

  return TRUE;
}

static const JinjaBuiltin dict_methods[] = {
  { "get", dict_get, "key default", 1 },
  { "items", dict_items, "", 0 },
  { "keys", dict_keys, "", 0 },
  { "values", dict_values, "", 0 },
  { "copy", copy_self, "", 0 },
};

static const JinjaBuiltin list_methods[] = {
  { "index", list_index, "value", 1 },
  { "count", list_count, "value", 1 },
  { "copy", copy_self, "", 0 },
};

static const JinjaBuiltin cycler_methods[] = {
  { "next", cycler_next, "", 0 },
  { "reset", cycler_reset, "", 0 },
};

static const JinjaBuiltin loop_methods[] = {
  { "cycle", loop_cycle, "*", 0 },
  { "changed", loop_changed, "*", 0 },
};

static gboolean
is_one_of (const JinjaString *name,
           const char *const *names)
{
  for (; *names != NULL; names++)
    if (jinja_string_is (name, *names))
      return TRUE;

  return FALSE;
}

const JinjaBuiltin *
jinja_find_method (JinjaValue         object,
                   const JinjaString *name,
                   gboolean          *is_unsafe)
{
  static const char *const dict_changers[] = { "clear", "pop", "popitem", "setdefault", "update",
                                               NULL };
  static const char *const list_changers[] = { "append", "clear",  "pop",    "reverse", "insert",
                                               "sort",   "extend", "remove", NULL };

  *is_unsafe = FALSE;
  switch (object.kind)
    {
    case JINJA_STRING:
      return jinja_find_string_method (name);
    case JINJA_DICT:
      *is_unsafe = is_one_of (name, dict_changers);
      return jinja_find_builtin (dict_methods, G_N_ELEMENTS (dict_methods), name);
    case JINJA_LIST:
      *is_unsafe = is_one_of (name, list_changers);
      return jinja_find_builtin (list_methods, G_N_ELEMENTS (list_methods), name);
    case JINJA_TUPLE:
      return jinja_find_builtin (list_methods, 2, name);
    case JINJA_CYCLER:
      return jinja_find_builtin (cycler_methods, G_N_ELEMENTS (cycler_methods), name);
    case JINJA_LOOP:
      return jinja_find_builtin (loop_methods, G_N_ELEMENTS (loop_methods), name);
    default:
      return NULL;
    }
}
