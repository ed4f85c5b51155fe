#include "jinja-evaluate.h"

/* Expressions: what a node is worth in a scope. */

gboolean
jinja_evaluate_args (JinjaRun            *run,
                     const JinjaCallArgs *written,
                     JinjaScope          *scope,
                     JinjaArgs           *args)
{
  JinjaValue rest = jinja_none (), named_rest = jinja_none ();
  const JinjaValue *more = NULL;
  gsize n_more = 0, n_named = 0;

  *args = (JinjaArgs) { 0 };
  if (written->rest != NULL
      && (!jinja_evaluate (run, written->rest, scope, &rest)
          || !jinja_iterate (run, rest, &more, &n_more)))
    return FALSE;
  if (written->named_rest != NULL)
    {
      if (!jinja_evaluate (run, written->named_rest, scope, &named_rest))
        return FALSE;
      if (!jinja_is (named_rest, JINJA_DICT))
        return jinja_fail (run, "argument after ** must be a mapping, not %s",
                           jinja_type_name (named_rest));
      n_named = named_rest.as.dict->n;
    }
  if (n_more > 1000 || n_named > 1000)
    return jinja_fail_limit (run, "arguments");

  args->n = written->positional.n + (guint) n_more;
  args->n_named = written->named.n + (guint) n_named;
  if (args->n > 0 && (args->values = jinja_new_n (run, JinjaValue, args->n)) == NULL)
    return FALSE;
  if (args->n_named > 0)
    {
      args->names = jinja_new_n (run, const JinjaString *, args->n_named);
      args->named = jinja_new_n (run, JinjaValue, args->n_named);
      if (args->names == NULL || args->named == NULL)
        return FALSE;
    }

  for (guint i = 0; i < written->positional.n; i++)
    if (!jinja_evaluate (run, written->positional.nodes[i], scope, &args->values[i]))
      return FALSE;
  for (gsize i = 0; i < n_more; i++)
    args->values[written->positional.n + i] = more[i];
  for (guint i = 0; i < written->named.n; i++)
    {
      args->names[i] = written->names[i];
      if (!jinja_evaluate (run, written->named.nodes[i], scope, &args->named[i]))
        return FALSE;
    }
  for (gsize i = 0; i < n_named; i++)
    {
      const JinjaEntry *entry = &named_rest.as.dict->entries[i];

      if (!jinja_is (entry->key, JINJA_STRING))
        return jinja_fail (run, "keywords must be strings");
      args->names[written->named.n + i] = entry->key.as.string;
      args->named[written->named.n + i] = entry->value;
    }

  return TRUE;
}

gboolean
jinja_evaluate_filter (JinjaRun         *run,
                       const JinjaNode  *node,
                       JinjaScope       *scope,
                       const JinjaValue *body,
                       JinjaValue       *result)
{
  JinjaValue input;
  JinjaArgs args;
  gboolean ok;

  if (!jinja_enter (run))
    return FALSE;
  if (node->as.filter.input == NULL)
    {
      input = *body;
      ok = TRUE;
    }
  else if (body != NULL)
    ok = jinja_evaluate_filter (run, node->as.filter.input, scope, body, &input);
  else
    ok = jinja_evaluate (run, node->as.filter.input, scope, &input);
  ok = ok && jinja_evaluate_args (run, &node->as.filter.args, scope, &args);
  jinja_leave (run);
  if (!ok)
    return FALSE;

  run->line = node->line;
  if (node->as.filter.builtin == NULL)
    return jinja_fail (run, "No %s named '%.*s'", node->kind == JINJA_NODE_TEST ? "test" : "filter",
                       (int) MIN (node->as.filter.name->length, 100), node->as.filter.name->bytes);

  return jinja_call_builtin (run, node->as.filter.builtin, input, &args, result);
}

static gboolean
evaluate_name (JinjaRun        *run,
               const JinjaNode *node,
               JinjaScope      *scope,
               JinjaValue      *result)
{
  const JinjaValue *value = jinja_scope_get (scope, node->as.name.symbol);
  const JinjaBuiltin *global;

  if (value != NULL)
    {
      *result = *value;
      return TRUE;
    }

  global = jinja_find_global (node->as.name.text);
  if (global != NULL)
    {
      *result = (JinjaValue) { .kind = JINJA_FUNCTION, .as.function = global };
      return TRUE;
    }

  return jinja_undefined (run, NULL, node->as.name.text, (JinjaValue) { .kind = JINJA_ABSENT },
                          result);
}

static gboolean
evaluate_items (JinjaRun        *run,
                const JinjaNode *node,
                JinjaScope      *scope,
                JinjaValue      *result)
{
  JinjaValue *values = jinja_new_n (run, JinjaValue, node->as.list.n);

  if (values == NULL)
    return FALSE;
  for (guint i = 0; i < node->as.list.n; i++)
    if (!jinja_evaluate (run, node->as.list.nodes[i], scope, &values[i]))
      return FALSE;

  return jinja_items_new (run, node->kind == JINJA_NODE_LIST ? JINJA_LIST : JINJA_TUPLE, values,
                          node->as.list.n, result);
}

static gboolean
evaluate_dict (JinjaRun        *run,
               const JinjaNode *node,
               JinjaScope      *scope,
               JinjaValue      *result)
{
  JinjaDict *dict = jinja_dict_new (run);
  JinjaValue key, value;

  if (dict == NULL)
    return FALSE;
  for (guint i = 0; i < node->as.dict.keys.n; i++)
    if (!jinja_evaluate (run, node->as.dict.keys.nodes[i], scope, &key)
        || !jinja_evaluate (run, node->as.dict.values.nodes[i], scope, &value)
        || !jinja_dict_set (run, dict, key, value))
      return FALSE;
  *result = jinja_dict_value (dict);

  return TRUE;
}

static gboolean
evaluate_concat (JinjaRun        *run,
                 const JinjaNode *node,
                 JinjaScope      *scope,
                 JinjaValue      *result)
{
  const JinjaString *sum = NULL;
  JinjaValue value;

  for (guint i = 0; i < node->as.list.n; i++)
    {
      const JinjaString *part;

      if (!jinja_evaluate (run, node->as.list.nodes[i], scope, &value)
          || (part = jinja_str (run, value)) == NULL
          || (part = jinja_string_with_markup (run, part, FALSE)) == NULL)
        return FALSE;
      sum = sum == NULL ? part : jinja_string_concat (run, sum, part);
      if (sum == NULL)
        return FALSE;
    }
  *result = jinja_string_value (sum);

  return TRUE;
}

static gboolean
evaluate_compare (JinjaRun        *run,
                  const JinjaNode *node,
                  JinjaScope      *scope,
                  JinjaValue      *result)
{
  JinjaValue left, right;
  gboolean holds = TRUE;

  if (!jinja_evaluate (run, node->as.compare.first, scope, &left))
    return FALSE;
  for (guint i = 0; holds && i < node->as.compare.others.n; i++)
    {
      if (!jinja_evaluate (run, node->as.compare.others.nodes[i], scope, &right))
        return FALSE;
      run->line = node->line;
      if (!jinja_compare (run, (JinjaComparison) node->as.compare.ops[i], left, right, &holds))
        return FALSE;
      left = right;
    }
  *result = jinja_boolean (holds);

  return TRUE;
}

static gboolean
evaluate_condition (JinjaRun        *run,
                    const JinjaNode *node,
                    JinjaScope      *scope,
                    JinjaValue      *result)
{
  JinjaValue test;

  if (!jinja_evaluate (run, node->as.condition.test, scope, &test))
    return FALSE;
  if (jinja_truth (test))
    return jinja_evaluate (run, node->as.condition.yes, scope, result);
  if (node->as.condition.no != NULL)
    return jinja_evaluate (run, node->as.condition.no, scope, result);

  return jinja_undefined (run,
                          "the inline if-expression evaluated to false and no else section was "
                          "defined",
                          NULL, (JinjaValue) { .kind = JINJA_ABSENT }, result);
}

static gboolean
evaluate_part (JinjaRun        *run,
               const JinjaNode *node,
               JinjaScope      *scope,
               JinjaValue      *result)
{
  *result = jinja_none ();

  return node == NULL || jinja_evaluate (run, node, scope, result);
}

static gboolean
evaluate_access (JinjaRun        *run,
                 const JinjaNode *node,
                 JinjaScope      *scope,
                 JinjaValue      *result)
{
  const JinjaNode *index = node->as.access.index;
  JinjaValue object, start, stop, step;

  if (!jinja_evaluate (run, node->as.access.object, scope, &object))
    return FALSE;
  if (node->kind == JINJA_NODE_ATTRIBUTE)
    {
      run->line = node->line;
      return jinja_get_attribute (run, object, node->as.access.name, result);
    }

  if (index->kind == JINJA_NODE_SLICE)
    {
      if (!evaluate_part (run, index->as.slice.start, scope, &start)
          || !evaluate_part (run, index->as.slice.stop, scope, &stop)
          || !evaluate_part (run, index->as.slice.step, scope, &step))
        return FALSE;
      run->line = node->line;
      return jinja_get_slice (run, object, start, stop, step, result);
    }
  if (!jinja_evaluate (run, index, scope, &start))
    return FALSE;
  run->line = node->line;

  return jinja_get_item (run, object, start, result);
}

static gboolean
evaluate_call (JinjaRun        *run,
               const JinjaNode *node,
               JinjaScope      *scope,
               JinjaValue      *result)
{
  JinjaValue callee;
  JinjaArgs args;

  if (!jinja_evaluate (run, node->as.call.callee, scope, &callee)
      || !jinja_evaluate_args (run, &node->as.call.args, scope, &args))
    return FALSE;
  run->line = node->line;

  return jinja_call (run, callee, &args, result);
}

static gboolean
evaluate_binary (JinjaRun        *run,
                 const JinjaNode *node,
                 JinjaScope      *scope,
                 JinjaValue      *result)
{
  JinjaValue left, right;

  if (!jinja_evaluate (run, node->as.binary.left, scope, &left))
    return FALSE;
  if (node->kind != JINJA_NODE_BINARY && jinja_truth (left) == (node->kind == JINJA_NODE_OR))
    {
      *result = left;
      return TRUE;
    }
  if (!jinja_evaluate (run, node->as.binary.right, scope, &right))
    return FALSE;
  if (node->kind != JINJA_NODE_BINARY)
    {
      *result = right;
      return TRUE;
    }
  run->line = node->line;

  return jinja_operate (run, node->as.binary.op, left, right, result);
}

static gboolean
evaluate_unary (JinjaRun        *run,
                const JinjaNode *node,
                JinjaScope      *scope,
                JinjaValue      *result)
{
  JinjaValue operand;

  if (!jinja_evaluate (run, node->as.operand, scope, &operand))
    return FALSE;
  if (node->kind == JINJA_NODE_NOT)
    {
      *result = jinja_boolean (!jinja_truth (operand));
      return TRUE;
    }
  run->line = node->line;

  return jinja_negate (run, operand, node->kind == JINJA_NODE_NEGATIVE, result);
}

static gboolean
evaluate (JinjaRun        *run,
          const JinjaNode *node,
          JinjaScope      *scope,
          JinjaValue      *result)
{
  switch (node->kind)
    {
    case JINJA_NODE_CONSTANT:
      *result = node->as.constant;
      return TRUE;
    case JINJA_NODE_NAME:
      return evaluate_name (run, node, scope, result);
    case JINJA_NODE_TUPLE:
    case JINJA_NODE_LIST:
      return evaluate_items (run, node, scope, result);
    case JINJA_NODE_DICT:
      return evaluate_dict (run, node, scope, result);
    case JINJA_NODE_CONCAT:
      return evaluate_concat (run, node, scope, result);
    case JINJA_NODE_AND:
    case JINJA_NODE_OR:
    case JINJA_NODE_BINARY:
      return evaluate_binary (run, node, scope, result);
    case JINJA_NODE_NOT:
    case JINJA_NODE_NEGATIVE:
    case JINJA_NODE_POSITIVE:
      return evaluate_unary (run, node, scope, result);
    case JINJA_NODE_COMPARE:
      return evaluate_compare (run, node, scope, result);
    case JINJA_NODE_CONDITION:
      return evaluate_condition (run, node, scope, result);
    case JINJA_NODE_ATTRIBUTE:
    case JINJA_NODE_ITEM:
      return evaluate_access (run, node, scope, result);
    case JINJA_NODE_CALL:
      return evaluate_call (run, node, scope, result);
    case JINJA_NODE_FILTER:
    case JINJA_NODE_TEST:
      return jinja_evaluate_filter (run, node, scope, NULL, result);
    default:
      return jinja_fail (run, "that is no expression");
    }
}

gboolean
jinja_evaluate (JinjaRun        *run,
                const JinjaNode *node,
                JinjaScope      *scope,
                JinjaValue      *result)
{
  gboolean ok;

  if (!jinja_step (run, 1) || !jinja_enter (run))
    return FALSE;
  run->line = node->line;
  ok = evaluate (run, node, scope, result);
  jinja_leave (run);

  return ok;
}
