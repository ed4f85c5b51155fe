#include "jinja-parser.h"

#include <string.h>

/* Expressions, by recursive descent; from the loosest binding to the tightest:
 *
 *   a if b else c
 *   or, and, not
 *   == != < <= > >= in, not in
 *   + -
 *   ~
 *   * / // %
 *   **            (to the left, as jinja2 has it)
 *   and in jinja-parser-primary.c: unary - +, then .name [index] (call), |filter, "is test" */

#define OP1(c) JINJA_OPERATOR (c, 0)

static JinjaNode *
binary (JinjaParser   *self,
        JinjaNodeKind  kind,
        guint          op,
        guint          line,
        JinjaNode     *left,
        JinjaNode     *right)
{
  JinjaNode *node = left != NULL && right != NULL ? jinja_parser_node (self, kind, line) : NULL;

  if (node != NULL)
    {
      node->as.binary.left = left;
      node->as.binary.right = right;
      node->as.binary.op = op;
    }

  return node;
}

static JinjaNode *
parse_power (JinjaParser *self)
{
  guint line = self->token->line;
  JinjaNode *left = jinja_parse_unary (self, TRUE);

  while (left != NULL && jinja_parser_skip_op (self, JINJA_OPERATOR ('*', '*')))
    left = binary (self, JINJA_NODE_BINARY, JINJA_OPERATOR ('*', '*'), line, left,
                   jinja_parse_unary (self, TRUE));

  return left;
}

static JinjaNode *
parse_product (JinjaParser *self)
{
  JinjaNode *left = parse_power (self);

  while (left != NULL
         && (jinja_parser_is_op (self, OP1 ('*')) || jinja_parser_is_op (self, OP1 ('/'))
             || jinja_parser_is_op (self, JINJA_OPERATOR ('/', '/'))
             || jinja_parser_is_op (self, OP1 ('%'))))
    {
      const JinjaToken *token = self->token++;

      left = binary (self, JINJA_NODE_BINARY, token->op, token->line, left, parse_power (self));
    }

  return left;
}

static JinjaNode *
parse_concat (JinjaParser *self)
{
  guint line = self->token->line;
  g_autoptr (GPtrArray) parts = NULL;
  JinjaNode *node = parse_product (self);

  if (node == NULL || !jinja_parser_is_op (self, OP1 ('~')))
    return node;

  parts = g_ptr_array_new ();
  g_ptr_array_add (parts, node);
  while (jinja_parser_skip_op (self, OP1 ('~')))
    {
      node = parse_product (self);
      if (node == NULL)
        return NULL;
      g_ptr_array_add (parts, node);
    }
  node = jinja_parser_node (self, JINJA_NODE_CONCAT, line);
  if (node == NULL || !jinja_parser_keep (self, parts, &node->as.list))
    return NULL;

  return node;
}

static JinjaNode *
parse_sum (JinjaParser *self)
{
  JinjaNode *left = parse_concat (self);

  while (left != NULL
         && (jinja_parser_is_op (self, OP1 ('+')) || jinja_parser_is_op (self, OP1 ('-'))))
    {
      const JinjaToken *token = self->token++;

      left = binary (self, JINJA_NODE_BINARY, token->op, token->line, left, parse_concat (self));
    }

  return left;
}

static gboolean
take_comparison (JinjaParser     *self,
                 JinjaComparison *op)
{
  static const struct { guint op; JinjaComparison comparison; } signs[] = {
    { JINJA_OPERATOR ('=', '='), JINJA_EQ }, { JINJA_OPERATOR ('!', '='), JINJA_NE },
    { JINJA_OPERATOR ('<', '='), JINJA_LE }, { JINJA_OPERATOR ('>', '='), JINJA_GE },
    { OP1 ('<'), JINJA_LT },                 { OP1 ('>'), JINJA_GT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (signs); i++)
    if (jinja_parser_skip_op (self, signs[i].op))
      {
        *op = signs[i].comparison;
        return TRUE;
      }
  if (jinja_parser_skip_name (self, "in"))
    {
      *op = JINJA_IN;
      return TRUE;
    }
  if (jinja_parser_is_name (self, "not") && self->token[1].type == JINJA_TOKEN_NAME
      && jinja_string_is (self->token[1].text, "in"))
    {
      self->token += 2;
      *op = JINJA_NOT_IN;
      return TRUE;
    }

  return FALSE;
}

static JinjaNode *
parse_compare (JinjaParser *self)
{
  guint line = self->token->line;
  g_autoptr (GPtrArray) others = NULL;
  g_autoptr (GByteArray) ops = NULL;
  JinjaComparison op;
  JinjaNode *first = parse_sum (self);
  JinjaNode *node;

  if (first == NULL || !take_comparison (self, &op))
    return first;

  others = g_ptr_array_new ();
  ops = g_byte_array_new ();
  do
    {
      guint8 byte = (guint8) op;

      node = parse_sum (self);
      if (node == NULL)
        return NULL;
      g_ptr_array_add (others, node);
      g_byte_array_append (ops, &byte, 1);
    }
  while (take_comparison (self, &op));

  node = jinja_parser_node (self, JINJA_NODE_COMPARE, line);
  if (node == NULL || !jinja_parser_keep (self, others, &node->as.compare.others)
      || (node->as.compare.ops = jinja_alloc (self->run, ops->len)) == NULL)
    return NULL;
  node->as.compare.first = first;
  memcpy (node->as.compare.ops, ops->data, ops->len);

  return node;
}

static JinjaNode *
parse_not (JinjaParser *self)
{
  guint line = self->token->line;
  JinjaNode *node;

  if (!jinja_parser_skip_name (self, "not"))
    return parse_compare (self);

  if (!jinja_parser_enter (self))
    return NULL;
  node = jinja_parser_unary (self, JINJA_NODE_NOT, line, parse_not (self));
  jinja_parser_leave (self);

  return node;
}

static JinjaNode *
parse_and (JinjaParser *self)
{
  guint line = self->token->line;
  JinjaNode *left = parse_not (self);

  while (left != NULL && jinja_parser_skip_name (self, "and"))
    left = binary (self, JINJA_NODE_AND, 0, line, left, parse_not (self));

  return left;
}

static JinjaNode *
parse_or (JinjaParser *self)
{
  guint line = self->token->line;
  JinjaNode *left = parse_and (self);

  while (left != NULL && jinja_parser_skip_name (self, "or"))
    left = binary (self, JINJA_NODE_OR, 0, line, left, parse_and (self));

  return left;
}

JinjaNode *
jinja_parse_expression (JinjaParser *self,
                        gboolean     with_condition)
{
  guint line = self->token->line;
  JinjaNode *node;

  if (!jinja_parser_enter (self))
    return NULL;

  node = parse_or (self);
  while (with_condition && node != NULL && jinja_parser_skip_name (self, "if"))
    {
      JinjaNode *condition = jinja_parser_node (self, JINJA_NODE_CONDITION, line);

      if (condition == NULL || (condition->as.condition.test = parse_or (self)) == NULL)
        return NULL;
      condition->as.condition.yes = node;
      if (jinja_parser_skip_name (self, "else")
          && (condition->as.condition.no = jinja_parse_expression (self, TRUE)) == NULL)
        return NULL;
      node = condition;
    }
  jinja_parser_leave (self);

  return node;
}

static gboolean
is_tuple_end (JinjaParser *self,
              const char  *until)
{
  return self->token->type == JINJA_TOKEN_VARIABLE_END || self->token->type == JINJA_TOKEN_BLOCK_END
         || jinja_parser_is_op (self, OP1 (')'))
         || (until != NULL && jinja_parser_is_name (self, until));
}

static JinjaNode *
parse_tuple_of (JinjaParser *self,
                gboolean     target,
                gboolean     with_condition,
                gboolean     with_namespace,
                const char  *until,
                gboolean     in_parentheses)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  guint line = self->token->line;
  gboolean is_tuple = FALSE;
  JinjaNode *node;

  while (!is_tuple_end (self, until))
    {
      node = target ? jinja_parse_primary (self, with_namespace)
                    : jinja_parse_expression (self, with_condition);
      if (node == NULL)
        return NULL;
      g_ptr_array_add (items, node);
      if (!jinja_parser_skip_op (self, OP1 (',')))
        break;
      is_tuple = TRUE;
    }
  if (!is_tuple && items->len > 0)
    return g_ptr_array_index (items, 0);
  if (!is_tuple && !in_parentheses)
    return jinja_parser_fail (self, "an expression was expected"), NULL;

  node = jinja_parser_node (self, JINJA_NODE_TUPLE, line);
  if (node == NULL || !jinja_parser_keep (self, items, &node->as.list))
    return NULL;

  return node;
}

JinjaNode *
jinja_parse_tuple (JinjaParser *self,
                   gboolean     with_condition,
                   const char  *until,
                   gboolean     in_parentheses)
{
  return parse_tuple_of (self, FALSE, with_condition, FALSE, until, in_parentheses);
}

static gboolean
is_target (const JinjaNode *node)
{
  if (node->kind != JINJA_NODE_TUPLE)
    return node->kind == JINJA_NODE_NAME || node->kind == JINJA_NODE_NAMESPACE_NAME;

  for (guint i = 0; i < node->as.list.n; i++)
    if (!is_target (node->as.list.nodes[i]))
      return FALSE;

  return TRUE;
}

JinjaNode *
jinja_parse_target (JinjaParser *self,
                    gboolean     with_namespace,
                    const char  *until)
{
  JinjaNode *node = parse_tuple_of (self, TRUE, FALSE, with_namespace, until, FALSE);

  if (node != NULL && !is_target (node))
    return jinja_parser_fail (self, "can't assign to that"), NULL;

  return node;
}
