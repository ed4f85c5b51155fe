#include "jinja-evaluate.h"

#include <string.h>

/* Calls: of macros, of builtin functions, and of the few other values that can be called. */

const JinjaBuiltin *
jinja_find_builtin (const JinjaBuiltin *table,
                    gsize               n,
                    const JinjaString  *name)
{
  for (gsize i = 0; i < n; i++)
    if (jinja_string_is (name, table[i].name))
      return &table[i];

  return NULL;
}

gboolean
jinja_expect_string (JinjaRun           *run,
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

gboolean
jinja_expect_integer (JinjaRun   *run,
                      JinjaValue  value,
                      gint64     *integer)
{
  if (!jinja_get_integer (value, integer))
    return jinja_defined (run, value)
           && jinja_fail (run, "an integer was expected, not %s", jinja_type_name (value));

  return TRUE;
}

gboolean
jinja_expect_size (JinjaRun        *run,
                   const JinjaArgs *args,
                   guint            i,
                   gint64          *size)
{
  return !jinja_is_some (args, i) || jinja_expect_integer (run, args->values[i], size);
}

/* Sorts what was given to the parameters; what is left over or missing is an error. */
static gboolean
bind (JinjaRun           *run,
      const JinjaBuiltin *builtin,
      const JinjaArgs    *given,
      JinjaValue         *values,
      guint              *n)
{
  const char *at = builtin->parameters;
  guint used = 0;

  *n = 0;
  while (*at != 0 && *n < JINJA_MAX_PARAMETERS)
    {
      gsize length = strcspn (at, " ");
      JinjaValue *value = &values[(*n)++];

      *value = (JinjaValue) { .kind = JINJA_ABSENT };
      if (*n <= given->n)
        *value = given->values[*n - 1];
      for (guint i = 0; i < given->n_named; i++)
        if (given->names[i]->length == length && memcmp (given->names[i]->bytes, at, length) == 0)
          {
            if (*n <= given->n)
              return jinja_fail (run, "%s() got multiple values for an argument", builtin->name);
            *value = given->named[i];
            used++;
          }
      if (jinja_is (*value, JINJA_ABSENT) && *n <= builtin->required)
        return jinja_fail (run, "%s() is missing a required argument", builtin->name);
      at += length;
      at += *at == ' ';
    }

  if (given->n > *n)
    return jinja_fail (run, "%s() takes at most %u arguments (%u given)", builtin->name, *n,
                       given->n);
  if (used < given->n_named)
    return jinja_fail (run, "%s() got an unexpected keyword argument", builtin->name);

  return TRUE;
}

gboolean
jinja_call_builtin (JinjaRun           *run,
                    const JinjaBuiltin *builtin,
                    JinjaValue          self,
                    const JinjaArgs    *args,
                    JinjaValue         *result)
{
  JinjaValue values[JINJA_MAX_PARAMETERS];
  JinjaArgs bound = { .values = values };
  gboolean ok;

  if (!jinja_step (run, 1) || !jinja_enter (run))
    return FALSE;
  if (builtin->parameters[0] == '*')
    ok = builtin->function (run, self, args, result);
  else
    ok = bind (run, builtin, args, values, &bound.n)
         && builtin->function (run, self, &bound, result);
  jinja_leave (run);

  return ok;
}

/* Takes the argument @name out of @args, for which @named is a copy that may be changed. */
static JinjaValue
take_named (JinjaArgs  *args,
            const char *name)
{
  for (guint i = 0; i < args->n_named; i++)
    if (jinja_string_is (args->names[i], name))
      {
        JinjaValue value = args->named[i];

        args->n_named--;
        args->names[i] = args->names[args->n_named];
        args->named[i] = args->named[args->n_named];
        return value;
      }

  return (JinjaValue) { .kind = JINJA_ABSENT };
}

static gboolean
copy_named (JinjaRun        *run,
            const JinjaArgs *args,
            JinjaArgs       *copy)
{
  *copy = *args;
  copy->names = jinja_new_n (run, const JinjaString *, args->n_named);
  copy->named = jinja_new_n (run, JinjaValue, args->n_named);
  if (copy->names == NULL || copy->named == NULL)
    return FALSE;
  for (guint i = 0; i < args->n_named; i++)
    {
      copy->names[i] = args->names[i];
      copy->named[i] = args->named[i];
    }

  return TRUE;
}

static gboolean
set_by_name (JinjaRun   *run,
             JinjaScope *scope,
             const char *name,
             JinjaValue  value)
{
  for (guint i = 0; i < run->program->n_symbols; i++)
    if (jinja_string_is (run->program->symbols[i], name))
      return jinja_scope_set (run, scope, i, value);

  return TRUE; /* nobody asks for it */
}

/* caller, kwargs and varargs, where the body speaks of them. */
static gboolean
set_special (JinjaRun             *run,
             const JinjaSignature *signature,
             JinjaScope           *scope,
             JinjaArgs            *args)
{
  const JinjaValue absent = { .kind = JINJA_ABSENT };
  const JinjaString *name = jinja_string_new (run, "caller", 6, TRUE);
  JinjaValue value;
  JinjaDict *dict;

  if (name == NULL)
    return FALSE;
  if (signature->uses_caller)
    {
      value = take_named (args, "caller");
      if (jinja_is (value, JINJA_ABSENT)
          && !jinja_undefined (run, "No caller defined", name, absent, &value))
        return FALSE;
      if (!set_by_name (run, scope, "caller", value))
        return FALSE;
    }
  if (signature->uses_kwargs)
    {
      dict = jinja_dict_new (run);
      for (guint i = 0; dict != NULL && i < args->n_named; i++)
        if (!jinja_dict_set (run, dict, jinja_string_value (args->names[i]), args->named[i]))
          return FALSE;
      if (dict == NULL || !set_by_name (run, scope, "kwargs", jinja_dict_value (dict)))
        return FALSE;
      args->n_named = 0;
    }
  if (signature->uses_varargs)
    {
      guint taken = MIN (signature->n, args->n);

      if (!jinja_items_new (run, JINJA_TUPLE, args->n > taken ? args->values + taken : NULL,
                            args->n - taken, &value)
          || !set_by_name (run, scope, "varargs", value))
        return FALSE;
      args->n = taken;
    }

  return TRUE;
}

static gboolean
call_macro (JinjaRun         *run,
            const JinjaMacro *macro,
            const JinjaArgs  *given,
            JinjaValue       *result)
{
  const JinjaSignature *signature = macro->signature;
  const JinjaValue absent = { .kind = JINJA_ABSENT };
  JinjaScope *scope = jinja_scope_new (run, macro->scope);
  const JinjaString *text;
  JinjaBuilder builder;
  JinjaValue *values;
  JinjaArgs args;

  values = jinja_new_n (run, JinjaValue, signature->n);
  if (scope == NULL || values == NULL || !copy_named (run, given, &args))
    return FALSE;
  for (guint i = 0; i < signature->n; i++)
    {
      const char *name = jinja_cstr (run, signature->parameter_names[i]);

      if (name == NULL)
        return FALSE;
      values[i] = i < args.n ? args.values[i] : take_named (&args, name);
    }
  if (!set_special (run, signature, scope, &args))
    return FALSE;
  if (args.n > signature->n)
    return jinja_fail (run, "a macro takes not more than %u argument(s)", signature->n);
  if (args.n_named > 0)
    return jinja_fail (run, "a macro takes no keyword argument '%.*s'",
                       (int) MIN (args.names[0]->length, 100), args.names[0]->bytes);

  /* A default may speak of the parameters before it. */
  for (guint i = 0; i < signature->n; i++)
    {
      if (jinja_is (values[i], JINJA_ABSENT))
        {
          if (signature->defaults[i] != NULL)
            {
              if (!jinja_evaluate (run, signature->defaults[i], scope, &values[i]))
                return FALSE;
            }
          else if (!jinja_undefined (run, "a parameter of a macro was not provided",
                                     signature->parameter_names[i], absent, &values[i]))
            return FALSE;
        }
      if (!jinja_scope_set (run, scope, signature->parameters[i], values[i]))
        return FALSE;
    }

  jinja_builder_init (&builder, run);
  if (jinja_execute (run, &signature->body, scope, &builder) == JINJA_FLOW_ERROR)
    return FALSE;
  text = jinja_builder_finish (&builder);
  *result = jinja_string_value (text);

  return text != NULL;
}

/* loop(children), inside a loop that is marked recursive */
static gboolean
call_loop (JinjaRun        *run,
           const JinjaLoop *loop,
           const JinjaArgs *args,
           JinjaValue      *result)
{
  const JinjaString *text;
  JinjaBuilder builder;

  if (!loop->node->as.loop.recursive)
    return jinja_fail (run, "The loop must have the 'recursive' marker to be called recursively.");
  if (args->n != 1 || args->n_named > 0)
    return jinja_fail (run, "loop() takes one argument");

  jinja_builder_init (&builder, run);
  if (jinja_execute_loop (run, loop->node, loop->scope, args->values[0], loop->depth0 + 1, &builder)
      == JINJA_FLOW_ERROR)
    return FALSE;
  text = jinja_builder_finish (&builder);
  *result = jinja_string_value (text);

  return text != NULL;
}

static gboolean
call_joiner (JinjaRun    *run,
             JinjaCycler *joiner,
             JinjaValue  *result)
{
  const JinjaString *nothing = jinja_string_new (run, "", 0, TRUE);

  *result = joiner->position++ > 0 ? joiner->values[0] : jinja_string_value (nothing);

  return nothing != NULL;
}

gboolean
jinja_call (JinjaRun        *run,
            JinjaValue       callee,
            const JinjaArgs *args,
            JinjaValue      *result)
{
  gboolean ok;

  switch (callee.kind)
    {
    case JINJA_METHOD:
      return jinja_call_builtin (run, callee.as.method->builtin, callee.as.method->object, args,
                                 result);
    case JINJA_FUNCTION:
      return jinja_call_builtin (run, callee.as.function, jinja_none (), args, result);
    case JINJA_MACRO:
      if (!jinja_enter (run))
        return FALSE;
      ok = call_macro (run, callee.as.macro, args, result);
      jinja_leave (run);
      return ok;
    case JINJA_LOOP:
      if (!jinja_enter (run))
        return FALSE;
      ok = call_loop (run, callee.as.loop, args, result);
      jinja_leave (run);
      return ok;
    case JINJA_JOINER:
      return call_joiner (run, callee.as.cycler, result);
    default:
      return jinja_defined (run, callee)
             && jinja_fail (run, "'%s' object is not callable", jinja_type_name (callee));
    }
}
