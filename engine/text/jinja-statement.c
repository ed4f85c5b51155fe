#include "jinja-evaluate.h"

#include <string.h>

/* Statements: a body is carried out in a scope and writes into a builder. */

JinjaScope *
jinja_scope_new (JinjaRun   *run,
                 JinjaScope *parent)
{
  JinjaScope *self = jinja_new (run, JinjaScope);

  if (self != NULL)
    self->parent = parent;

  return self;
}

const JinjaValue *
jinja_scope_get (const JinjaScope *self,
                 guint             symbol)
{
  for (; self->parent != NULL; self = self->parent)
    for (guint i = 0; i < self->n; i++)
      if (self->symbols[i] == symbol)
        return &self->values[i];

  return jinja_is (self->values[symbol], JINJA_ABSENT) ? NULL : &self->values[symbol];
}

gboolean
jinja_scope_set (JinjaRun   *run,
                 JinjaScope *self,
                 guint       symbol,
                 JinjaValue  value)
{
  if (self->parent == NULL)
    {
      self->values[symbol] = value;
      return TRUE;
    }

  for (guint i = 0; i < self->n; i++)
    if (self->symbols[i] == symbol)
      {
        self->values[i] = value;
        return TRUE;
      }

  if (self->n == self->capacity)
    {
      guint capacity = MAX (4, self->capacity * 2);
      guint *symbols = jinja_new_n (run, guint, capacity);
      JinjaValue *values = jinja_new_n (run, JinjaValue, capacity);

      if (symbols == NULL || values == NULL)
        return FALSE;
      if (self->n > 0)
        {
          memcpy (symbols, self->symbols, self->n * sizeof *symbols);
          memcpy (values, self->values, self->n * sizeof *values);
        }
      self->symbols = symbols;
      self->values = values;
      self->capacity = capacity;
    }
  self->symbols[self->n] = symbol;
  self->values[self->n++] = value;

  return TRUE;
}

static gboolean
assign_attribute (JinjaRun        *run,
                  const JinjaNode *target,
                  JinjaScope      *scope,
                  JinjaValue       value)
{
  const JinjaValue *object = jinja_scope_get (scope, target->as.name.symbol);
  const JinjaString *name = target->as.name.attribute;

  run->line = target->line;
  if (object == NULL || !jinja_is (*object, JINJA_NAMESPACE))
    return jinja_fail (run, "cannot assign attribute on non-namespace object");
  if (name->length > 0 && name->bytes[0] == '_')
    return jinja_fail (run, "namespaces take no names that begin with an underscore");

  return jinja_dict_set (run, object->as.names, jinja_string_value (name), value);
}

gboolean
jinja_assign (JinjaRun        *run,
              const JinjaNode *target,
              JinjaScope      *scope,
              JinjaValue       value)
{
  const JinjaValue *values;
  gsize n;

  if (target->kind == JINJA_NODE_NAME)
    return jinja_scope_set (run, scope, target->as.name.symbol, value);
  if (target->kind == JINJA_NODE_NAMESPACE_NAME)
    return assign_attribute (run, target, scope, value);

  run->line = target->line;
  if (!jinja_iterate (run, value, &values, &n))
    return FALSE;
  if (n != target->as.list.n)
    return jinja_fail (run, "%s values to unpack (expected %u)",
                       n > target->as.list.n ? "too many" : "not enough", target->as.list.n);
  for (guint i = 0; i < n; i++)
    if (!jinja_assign (run, target->as.list.nodes[i], scope, values[i]))
      return FALSE;

  return TRUE;
}

static gboolean
execute_output (JinjaRun         *run,
                const JinjaNodes *list,
                JinjaScope       *scope,
                JinjaBuilder     *output)
{
  for (guint i = 0; i < list->n; i++)
    {
      const JinjaNode *node = list->nodes[i];
      JinjaValue value;

      if (node->kind == JINJA_NODE_CONSTANT)
        value = node->as.constant;
      else if (!jinja_evaluate (run, node, scope, &value))
        return FALSE;
      jinja_add_str (output, value);
      if (output->failed || !jinja_step (run, 1))
        return FALSE;
    }

  return TRUE;
}

static JinjaFlow
execute_if (JinjaRun        *run,
            const JinjaNode *node,
            JinjaScope      *scope,
            JinjaBuilder    *output)
{
  /* A long chain of elif is a loop here, not a recursion. */
  for (;;)
    {
      const JinjaNodes *otherwise = &node->as.branch.otherwise;
      JinjaValue test;

      if (!jinja_evaluate (run, node->as.branch.test, scope, &test))
        return JINJA_FLOW_ERROR;
      if (jinja_truth (test))
        return jinja_execute (run, &node->as.branch.body, scope, output);
      if (otherwise->n != 1 || otherwise->nodes[0]->kind != JINJA_NODE_IF)
        return jinja_execute (run, otherwise, scope, output);
      node = otherwise->nodes[0];
    }
}

/* A body into a string of its own, through a chain of filters if there is one. */
static JinjaFlow
execute_captured (JinjaRun         *run,
                  const JinjaNodes *body,
                  const JinjaNode  *filter,
                  JinjaScope       *scope,
                  JinjaValue       *result)
{
  JinjaScope *inner = jinja_scope_new (run, scope);
  const JinjaString *text;
  JinjaBuilder builder;
  JinjaFlow flow;

  if (inner == NULL)
    return JINJA_FLOW_ERROR;
  jinja_builder_init (&builder, run);
  flow = jinja_execute (run, body, inner, &builder);
  if (flow == JINJA_FLOW_ERROR || (text = jinja_builder_finish (&builder)) == NULL)
    return JINJA_FLOW_ERROR;

  *result = jinja_string_value (text);
  if (filter != NULL && !jinja_evaluate_filter (run, filter, scope, result, result))
    return JINJA_FLOW_ERROR;

  return flow;
}

static gboolean
make_macro (JinjaRun             *run,
            const JinjaSignature *signature,
            JinjaScope           *scope,
            JinjaValue           *result)
{
  JinjaMacro *macro = jinja_new (run, JinjaMacro);

  if (macro == NULL)
    return FALSE;
  *macro = (JinjaMacro) { signature, scope };
  for (JinjaScope *around = scope; around != NULL; around = around->parent)
    around->captured = TRUE;
  *result = (JinjaValue) { .kind = JINJA_MACRO, .as.macro = macro };

  return TRUE;
}

/* {% call(x) f(y) %}: f gets the body as a macro by the name "caller". */
static gboolean
execute_call_block (JinjaRun        *run,
                    const JinjaNode *node,
                    JinjaScope      *scope,
                    JinjaBuilder    *output)
{
  const JinjaNode *call = node->as.macro.call;
  JinjaValue callee, result;
  JinjaArgs args;
  const JinjaString **names;
  JinjaValue *named;

  if (!jinja_evaluate (run, call->as.call.callee, scope, &callee)
      || !jinja_evaluate_args (run, &call->as.call.args, scope, &args))
    return FALSE;

  names = jinja_new_n (run, const JinjaString *, args.n_named + 1);
  named = jinja_new_n (run, JinjaValue, args.n_named + 1);
  if (names == NULL || named == NULL)
    return FALSE;
  for (guint i = 0; i < args.n_named; i++)
    {
      names[i] = args.names[i];
      named[i] = args.named[i];
    }
  names[args.n_named] = jinja_string_new (run, "caller", 6, TRUE);
  if (names[args.n_named] == NULL
      || !make_macro (run, &node->as.macro.signature, scope, &named[args.n_named]))
    return FALSE;
  args.names = names;
  args.named = named;
  args.n_named++;

  run->line = node->line;
  if (!jinja_call (run, callee, &args, &result))
    return FALSE;
  jinja_add_str (output, result);

  return !output->failed;
}

static JinjaFlow
execute_with (JinjaRun        *run,
              const JinjaNode *node,
              JinjaScope      *scope,
              JinjaBuilder    *output)
{
  JinjaScope *inner = jinja_scope_new (run, scope);
  JinjaValue value;

  if (inner == NULL)
    return JINJA_FLOW_ERROR;
  for (guint i = 0; i < node->as.with.targets.n; i++)
    if (!jinja_evaluate (run, node->as.with.values.nodes[i], scope, &value)
        || !jinja_assign (run, node->as.with.targets.nodes[i], inner, value))
      return JINJA_FLOW_ERROR;

  return jinja_execute (run, &node->as.with.body, inner, output);
}

static JinjaFlow
execute_set (JinjaRun        *run,
             const JinjaNode *node,
             JinjaScope      *scope)
{
  JinjaFlow flow = JINJA_FLOW_NEXT;
  JinjaValue value;

  if (node->kind == JINJA_NODE_SET_BLOCK)
    flow = execute_captured (run, &node->as.set.body, node->as.set.filter, scope, &value);
  else if (!jinja_evaluate (run, node->as.set.value, scope, &value))
    return JINJA_FLOW_ERROR;

  if (flow == JINJA_FLOW_NEXT && !jinja_assign (run, node->as.set.target, scope, value))
    return JINJA_FLOW_ERROR;

  return flow;
}

static JinjaFlow
execute_statement (JinjaRun        *run,
                   const JinjaNode *node,
                   JinjaScope      *scope,
                   JinjaBuilder    *output)
{
  JinjaScope *inner;
  JinjaValue value;
  JinjaFlow flow;

  switch (node->kind)
    {
    case JINJA_NODE_OUTPUT:
      return execute_output (run, &node->as.list, scope, output) ? JINJA_FLOW_NEXT
                                                                 : JINJA_FLOW_ERROR;
    case JINJA_NODE_IF:
      return execute_if (run, node, scope, output);
    case JINJA_NODE_FOR:
      if (!jinja_evaluate (run, node->as.loop.iterable, scope, &value))
        return JINJA_FLOW_ERROR;
      run->line = node->line;
      return jinja_execute_loop (run, node, scope, value, 0, output);
    case JINJA_NODE_SET:
    case JINJA_NODE_SET_BLOCK:
      return execute_set (run, node, scope);
    case JINJA_NODE_MACRO:
      return make_macro (run, &node->as.macro.signature, scope, &value)
                     && jinja_scope_set (run, scope, node->as.macro.symbol, value)
                 ? JINJA_FLOW_NEXT
                 : JINJA_FLOW_ERROR;
    case JINJA_NODE_CALL_BLOCK:
      return execute_call_block (run, node, scope, output) ? JINJA_FLOW_NEXT : JINJA_FLOW_ERROR;
    case JINJA_NODE_FILTER_BLOCK:
      flow = execute_captured (run, &node->as.set.body, node->as.set.filter, scope, &value);
      if (flow == JINJA_FLOW_ERROR)
        return flow;
      jinja_add_str (output, value);
      return output->failed ? JINJA_FLOW_ERROR : flow;
    case JINJA_NODE_WITH:
      return execute_with (run, node, scope, output);
    case JINJA_NODE_SCOPE:
      inner = jinja_scope_new (run, scope);
      return inner != NULL ? jinja_execute (run, &node->as.list, inner, output) : JINJA_FLOW_ERROR;
    case JINJA_NODE_BREAK:
      return JINJA_FLOW_BREAK;
    case JINJA_NODE_CONTINUE:
      return JINJA_FLOW_CONTINUE;
    default:
      jinja_fail (run, "chat templates stand alone: nothing to include or import");
      return JINJA_FLOW_ERROR;
    }
}

JinjaFlow
jinja_execute (JinjaRun         *run,
               const JinjaNodes *body,
               JinjaScope       *scope,
               JinjaBuilder     *output)
{
  JinjaFlow flow = JINJA_FLOW_NEXT;

  if (!jinja_enter (run))
    return JINJA_FLOW_ERROR;
  for (guint i = 0; flow == JINJA_FLOW_NEXT && i < body->n; i++)
    {
      run->line = body->nodes[i]->line;
      flow = jinja_step (run, 1) ? execute_statement (run, body->nodes[i], scope, output)
                                 : JINJA_FLOW_ERROR;
    }
  jinja_leave (run);

  return flow;
}
