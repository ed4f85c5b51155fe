#include "jinja-parser.h"

#include <string.h>

/* Expressions up to where operators begin: literals, names, what is in brackets, and what stands behind
 * a value: .name, [index], (arguments), |filter, "is test". */

#define OP1(c) JINJA_OPERATOR (c, 0)

JinjaNode *
jinja_parser_unary (JinjaParser   *self,
                    JinjaNodeKind  kind,
                    guint          line,
                    JinjaNode     *operand)
{
  JinjaNode *node = operand != NULL ? jinja_parser_node (self, kind, line) : NULL;

  if (node != NULL)
    node->as.operand = operand;

  return node;
}

static JinjaNode *
constant (JinjaParser *self,
          guint        line,
          JinjaValue   value)
{
  JinjaNode *node = jinja_parser_node (self, JINJA_NODE_CONSTANT, line);

  if (node != NULL)
    node->as.constant = value;

  return node;
}

/* [a, b] and {a: b}, from behind the bracket on. */
static JinjaNode *
parse_list (JinjaParser *self,
            guint        line)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  JinjaNode *node;

  while (!jinja_parser_is_op (self, OP1 (']')))
    {
      JinjaNode *item;

      if (items->len > 0 && !jinja_parser_expect_op (self, OP1 (',')))
        return NULL;
      if (jinja_parser_is_op (self, OP1 (']')))
        break;
      item = jinja_parse_expression (self, TRUE);
      if (item == NULL)
        return NULL;
      g_ptr_array_add (items, item);
    }
  node = jinja_parser_node (self, JINJA_NODE_LIST, line);
  if (node == NULL || !jinja_parser_expect_op (self, OP1 (']'))
      || !jinja_parser_keep (self, items, &node->as.list))
    return NULL;

  return node;
}

static JinjaNode *
parse_dict (JinjaParser *self,
            guint        line)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  JinjaNode *node;

  while (!jinja_parser_is_op (self, OP1 ('}')))
    {
      JinjaNode *key, *value;

      if (keys->len > 0 && !jinja_parser_expect_op (self, OP1 (',')))
        return NULL;
      if (jinja_parser_is_op (self, OP1 ('}')))
        break;
      key = jinja_parse_expression (self, TRUE);
      if (key == NULL || !jinja_parser_expect_op (self, OP1 (':')))
        return NULL;
      value = jinja_parse_expression (self, TRUE);
      if (value == NULL)
        return NULL;
      g_ptr_array_add (keys, key);
      g_ptr_array_add (values, value);
    }
  node = jinja_parser_node (self, JINJA_NODE_DICT, line);
  if (node == NULL || !jinja_parser_expect_op (self, OP1 ('}'))
      || !jinja_parser_keep (self, keys, &node->as.dict.keys)
      || !jinja_parser_keep (self, values, &node->as.dict.values))
    return NULL;

  return node;
}

static JinjaNode *
parse_name (JinjaParser *self,
            gboolean     with_namespace)
{
  const JinjaToken *token = self->token++;
  const JinjaString *text = token->text;
  JinjaNode *node;

  if (jinja_string_is (text, "true") || jinja_string_is (text, "True"))
    return constant (self, token->line, jinja_boolean (TRUE));
  if (jinja_string_is (text, "false") || jinja_string_is (text, "False"))
    return constant (self, token->line, jinja_boolean (FALSE));
  if (jinja_string_is (text, "none") || jinja_string_is (text, "None"))
    return constant (self, token->line, jinja_none ());

  node = jinja_parser_node (self, JINJA_NODE_NAME, token->line);
  if (node == NULL || !jinja_parser_symbol (self, text, &node->as.name.symbol))
    return NULL;
  node->as.name.text = text;

  if (with_namespace && jinja_parser_skip_op (self, OP1 ('.')))
    {
      node->kind = JINJA_NODE_NAMESPACE_NAME;
      if (!jinja_parser_expect_name (self, &node->as.name.attribute))
        return NULL;
      return node;
    }

  /* jinja2 gives a macro what its body asks for by these names. */
  for (guint i = 0; i < self->signatures->len; i++)
    {
      JinjaSignature *signature = g_ptr_array_index (self->signatures, i);

      signature->uses_caller |= jinja_string_is (text, "caller");
      signature->uses_varargs |= jinja_string_is (text, "varargs");
      signature->uses_kwargs |= jinja_string_is (text, "kwargs");
    }

  return node;
}

/* "a" "b" is "ab". */
static JinjaNode *
parse_string (JinjaParser *self)
{
  guint line = self->token->line;
  const JinjaString *text = self->token->text;

  for (self->token++; text != NULL && self->token->type == JINJA_TOKEN_STRING; self->token++)
    text = jinja_string_concat (self->run, text, self->token->text);
  if (text == NULL)
    return NULL;

  /* Constants are shared between threads: nothing may grow behind them. */
  text = jinja_string_new (self->run, text->bytes, text->length, TRUE);

  return text != NULL ? constant (self, line, jinja_string_value (text)) : NULL;
}

JinjaNode *
jinja_parse_primary (JinjaParser *self,
                     gboolean     with_namespace)
{
  const JinjaToken *token = self->token;
  JinjaNode *node = NULL;

  switch (token->type)
    {
    case JINJA_TOKEN_NAME:
      return parse_name (self, with_namespace);
    case JINJA_TOKEN_STRING:
      return parse_string (self);
    case JINJA_TOKEN_INTEGER:
    case JINJA_TOKEN_FLOAT:
      self->token++;
      return constant (self, token->line, token->number);
    default:
      break;
    }

  if (!jinja_parser_is_op (self, OP1 ('(')) && !jinja_parser_is_op (self, OP1 ('['))
      && !jinja_parser_is_op (self, OP1 ('{')))
    {
      jinja_parser_fail (self, "an expression was expected");
      return NULL;
    }

  if (!jinja_parser_enter (self))
    return NULL;
  if (jinja_parser_skip_op (self, OP1 ('(')))
    {
      node = jinja_parse_tuple (self, TRUE, NULL, TRUE);
      if (!jinja_parser_expect_op (self, OP1 (')')))
        node = NULL;
    }
  else if (jinja_parser_skip_op (self, OP1 ('[')))
    node = parse_list (self, token->line);
  else if (jinja_parser_skip_op (self, OP1 ('{')))
    node = parse_dict (self, token->line);
  jinja_parser_leave (self);

  return node;
}

gboolean
jinja_parse_call_args (JinjaParser   *self,
                       JinjaCallArgs *args)
{
  g_autoptr (GPtrArray) positional = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GPtrArray) named = g_ptr_array_new ();
  gboolean comma = FALSE;

  if (!jinja_parser_expect_op (self, OP1 ('(')) || !jinja_parser_enter (self))
    return FALSE;
  while (!jinja_parser_is_op (self, OP1 (')')))
    {
      JinjaNode *value;
      JinjaNode **rest = NULL;
      const JinjaString *name = NULL;

      if (comma && !jinja_parser_expect_op (self, OP1 (',')))
        return FALSE;
      comma = TRUE;
      if (jinja_parser_is_op (self, OP1 (')')))
        break;

      if (jinja_parser_skip_op (self, OP1 ('*')))
        rest = &args->rest;
      else if (jinja_parser_skip_op (self, JINJA_OPERATOR ('*', '*')))
        rest = &args->named_rest;
      else if (self->token->type == JINJA_TOKEN_NAME && self->token[1].type == JINJA_TOKEN_OPERATOR
               && self->token[1].op == OP1 ('='))
        {
          name = self->token->text;
          self->token += 2;
        }

      if ((rest != NULL && *rest != NULL) || args->named_rest != NULL
          || (rest == NULL && name == NULL && (named->len > 0 || args->rest != NULL)))
        return jinja_parser_fail (self, "invalid syntax for function call expression");

      value = jinja_parse_expression (self, TRUE);
      if (value == NULL)
        return FALSE;
      if (rest != NULL)
        *rest = value;
      else if (name != NULL)
        {
          for (guint i = 0; i < names->len; i++)
            if (jinja_string_equal (names->pdata[i], name))
              return jinja_parser_fail (self, "an argument given twice");
          g_ptr_array_add (names, (gpointer) name);
          g_ptr_array_add (named, value);
        }
      else
        g_ptr_array_add (positional, value);
    }
  jinja_parser_leave (self);

  args->names = jinja_new_n (self->run, const JinjaString *, names->len);
  if (args->names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    args->names[i] = names->pdata[i];

  return jinja_parser_expect_op (self, OP1 (')'))
         && jinja_parser_keep (self, positional, &args->positional)
         && jinja_parser_keep (self, named, &args->named);
}

/* One of the parts of [a:b:c]; may be missing. */
static gboolean
parse_slice_part (JinjaParser  *self,
                  JinjaNode   **part)
{
  if (jinja_parser_is_op (self, OP1 (':')) || jinja_parser_is_op (self, OP1 (']'))
      || jinja_parser_is_op (self, OP1 (',')))
    return TRUE;
  *part = jinja_parse_expression (self, TRUE);

  return *part != NULL;
}

static JinjaNode *
parse_subscribed (JinjaParser *self)
{
  guint line = self->token->line;
  JinjaNode *start = NULL, *node;

  if (!jinja_parser_is_op (self, OP1 (':')))
    {
      start = jinja_parse_expression (self, TRUE);
      if (start == NULL || !jinja_parser_is_op (self, OP1 (':')))
        return start;
    }
  self->token++;

  node = jinja_parser_node (self, JINJA_NODE_SLICE, line);
  if (node == NULL)
    return NULL;
  node->as.slice.start = start;
  if (!parse_slice_part (self, &node->as.slice.stop))
    return NULL;
  if (jinja_parser_skip_op (self, OP1 (':')) && !parse_slice_part (self, &node->as.slice.step))
    return NULL;

  return node;
}

static JinjaNode *
parse_index (JinjaParser *self,
             JinjaNode   *object,
             guint        line)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();
  JinjaNode *node = jinja_parser_node (self, JINJA_NODE_ITEM, line);
  JinjaNode *tuple;

  if (node == NULL || !jinja_parser_enter (self))
    return NULL;
  while (!jinja_parser_is_op (self, OP1 (']')))
    {
      JinjaNode *part;

      if (parts->len > 0 && !jinja_parser_expect_op (self, OP1 (',')))
        return NULL;
      part = parse_subscribed (self);
      if (part == NULL)
        return NULL;
      g_ptr_array_add (parts, part);
    }
  jinja_parser_leave (self);
  self->token++;

  node->as.access.object = object;
  node->as.access.index = parts->len == 1 ? g_ptr_array_index (parts, 0) : NULL;
  if (parts->len == 1)
    return node;
  for (guint i = 0; i < parts->len; i++)
    if (((JinjaNode *) parts->pdata[i])->kind == JINJA_NODE_SLICE)
      return jinja_parser_fail (self, "slices in a tuple are not supported"), NULL;
  tuple = jinja_parser_node (self, JINJA_NODE_TUPLE, line);
  if (tuple == NULL || !jinja_parser_keep (self, parts, &tuple->as.list))
    return NULL;
  node->as.access.index = tuple;

  return node;
}

static JinjaNode *
parse_attribute (JinjaParser *self,
                 JinjaNode   *object,
                 guint        line)
{
  const JinjaToken *token = self->token;
  JinjaNode *node;

  if (token->type == JINJA_TOKEN_NAME)
    {
      node = jinja_parser_node (self, JINJA_NODE_ATTRIBUTE, line);
      if (node == NULL)
        return NULL;
      node->as.access.name = token->text;
    }
  else if (token->type == JINJA_TOKEN_INTEGER)
    {
      node = jinja_parser_node (self, JINJA_NODE_ITEM, line);
      if (node == NULL || (node->as.access.index = constant (self, line, token->number)) == NULL)
        return NULL;
    }
  else
    return jinja_parser_fail (self, "expected name or number"), NULL;

  node->as.access.object = object;
  self->token++;

  return node;
}

static JinjaNode *
parse_call (JinjaParser *self,
            JinjaNode   *callee)
{
  JinjaNode *node = jinja_parser_node (self, JINJA_NODE_CALL, self->token->line);

  if (node == NULL || !jinja_parse_call_args (self, &node->as.call.args))
    return NULL;
  node->as.call.callee = callee;

  return node;
}

static JinjaNode *
parse_postfix (JinjaParser *self,
               JinjaNode   *node)
{
  while (node != NULL)
    {
      guint line = self->token->line;

      if (jinja_parser_skip_op (self, OP1 ('.')))
        node = parse_attribute (self, node, line);
      else if (jinja_parser_skip_op (self, OP1 ('[')))
        node = parse_index (self, node, line);
      else if (jinja_parser_is_op (self, OP1 ('(')))
        node = parse_call (self, node);
      else
        break;
    }

  return node;
}

/* A name with dots, as filters and tests of extensions have. */
static const JinjaString *
parse_dotted (JinjaParser *self)
{
  const JinjaString *name, *part;

  if (!jinja_parser_expect_name (self, &name))
    return NULL;
  while (jinja_parser_skip_op (self, OP1 ('.')))
    {
      const JinjaString *dot = jinja_string_new (self->run, ".", 1, TRUE);

      if (dot == NULL || !jinja_parser_expect_name (self, &part)
          || (name = jinja_string_concat (self->run, name, dot)) == NULL
          || (name = jinja_string_concat (self->run, name, part)) == NULL)
        return NULL;
    }

  return name;
}

JinjaNode *
jinja_parse_filter (JinjaParser *self,
                    JinjaNode   *input,
                    gboolean     is_inline)
{
  while (is_inline || jinja_parser_skip_op (self, OP1 ('|')))
    {
      JinjaNode *node = jinja_parser_node (self, JINJA_NODE_FILTER, self->token->line);

      if (node == NULL || (node->as.filter.name = parse_dotted (self)) == NULL)
        return NULL;
      node->as.filter.builtin = jinja_find_filter (node->as.filter.name);
      node->as.filter.input = input;
      if (jinja_parser_is_op (self, OP1 ('('))
          && !jinja_parse_call_args (self, &node->as.filter.args))
        return NULL;
      input = node;
      is_inline = FALSE;
    }

  return input;
}

/* "is", and the test behind it: an argument may follow without parentheses. */
static JinjaNode *
parse_test (JinjaParser *self,
            JinjaNode   *input)
{
  guint line = self->token++->line;
  gboolean negated = jinja_parser_skip_name (self, "not");
  JinjaNode *node = jinja_parser_node (self, JINJA_NODE_TEST, line);

  if (node == NULL || (node->as.filter.name = parse_dotted (self)) == NULL)
    return NULL;
  node->as.filter.input = input;
  node->as.filter.builtin = jinja_find_test (node->as.filter.name);

  if (jinja_parser_is_op (self, OP1 ('(')))
    {
      if (!jinja_parse_call_args (self, &node->as.filter.args))
        return NULL;
    }
  else if ((self->token->type == JINJA_TOKEN_NAME && !jinja_parser_is_name (self, "else")
            && !jinja_parser_is_name (self, "or") && !jinja_parser_is_name (self, "and"))
           || self->token->type == JINJA_TOKEN_STRING || self->token->type == JINJA_TOKEN_INTEGER
           || self->token->type == JINJA_TOKEN_FLOAT || jinja_parser_is_op (self, OP1 ('['))
           || jinja_parser_is_op (self, OP1 ('{')))
    {
      g_autoptr (GPtrArray) one = g_ptr_array_new ();
      JinjaNode *argument;

      if (jinja_parser_is_name (self, "is"))
        return jinja_parser_fail (self, "You cannot chain multiple tests with is"), NULL;
      argument = jinja_parse_primary (self, FALSE);
      argument = parse_postfix (self, argument);
      if (argument == NULL)
        return NULL;
      g_ptr_array_add (one, argument);
      if (!jinja_parser_keep (self, one, &node->as.filter.args.positional))
        return NULL;
    }

  return negated ? jinja_parser_unary (self, JINJA_NODE_NOT, line, node) : node;
}

JinjaNode *
jinja_parse_unary (JinjaParser *self,
                   gboolean     with_filter)
{
  guint line = self->token->line;
  JinjaNode *node;

  if (!jinja_parser_enter (self))
    return NULL;
  if (jinja_parser_skip_op (self, OP1 ('-')))
    node = jinja_parser_unary (self, JINJA_NODE_NEGATIVE, line, jinja_parse_unary (self, FALSE));
  else if (jinja_parser_skip_op (self, OP1 ('+')))
    node = jinja_parser_unary (self, JINJA_NODE_POSITIVE, line, jinja_parse_unary (self, FALSE));
  else
    node = jinja_parse_primary (self, FALSE);
  jinja_parser_leave (self);

  node = parse_postfix (self, node);
  while (with_filter && node != NULL)
    {
      if (jinja_parser_is_op (self, OP1 ('|')))
        node = jinja_parse_filter (self, node, FALSE);
      else if (jinja_parser_is_name (self, "is"))
        node = parse_test (self, node);
      else if (jinja_parser_is_op (self, OP1 ('(')))
        node = parse_call (self, node);
      else
        break;
    }

  return node;
}
