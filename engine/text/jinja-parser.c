#include "jinja-parser.h"

/* Statements: a recursive descent over the lexer's tokens. jinja_parse() at the end is the entrance. */

#define OP1(c) JINJA_OPERATOR (c, 0)

static gboolean parse_body (JinjaParser *self, const char *const *until, JinjaNodes *body);

static gboolean
expect_type (JinjaParser    *self,
             JinjaTokenType  type,
             const char     *message)
{
  if (self->token->type != type)
    return jinja_parser_fail (self, message);
  self->token++;

  return TRUE;
}

static gboolean
expect_keyword (JinjaParser *self,
                const char  *name)
{
  return jinja_parser_skip_name (self, name) || jinja_parser_fail (self, "another word was expected");
}

/* The body of a statement, from the end of its tag to one of the names @until, which stays current. */
static gboolean
parse_inner (JinjaParser       *self,
             const char *const *until,
             JinjaNodes        *body)
{
  gboolean ok;

  jinja_parser_skip_op (self, OP1 (':'));
  if (!expect_type (self, JINJA_TOKEN_BLOCK_END, "expected '%}'") || !jinja_parser_enter (self))
    return FALSE;
  ok = parse_body (self, until, body);
  jinja_parser_leave (self);
  if (ok && self->token->type == JINJA_TOKEN_END)
    return jinja_parser_fail (self, "a tag is not closed");

  return ok;
}

static gboolean
parse_inner_to (JinjaParser *self,
                const char  *end,
                JinjaNodes  *body)
{
  const char *const until[] = { end, NULL };

  if (!parse_inner (self, until, body))
    return FALSE;
  self->token++;

  return TRUE;
}

static JinjaNode *
parse_for (JinjaParser *self,
           JinjaNode   *node)
{
  static const char *const until[] = { "endfor", "else", NULL };
  const JinjaString *loop = jinja_string_new (self->run, "loop", 4, TRUE);

  node->kind = JINJA_NODE_FOR;
  if (loop == NULL || !jinja_parser_symbol (self, loop, &node->as.loop.loop_symbol)
      || (node->as.loop.target = jinja_parse_target (self, FALSE, "in")) == NULL
      || !expect_keyword (self, "in")
      || (node->as.loop.iterable = jinja_parse_tuple (self, FALSE, "recursive", FALSE)) == NULL)
    return NULL;
  if (jinja_parser_skip_name (self, "if")
      && (node->as.loop.test = jinja_parse_expression (self, TRUE)) == NULL)
    return NULL;
  node->as.loop.recursive = jinja_parser_skip_name (self, "recursive");
  self->loops++;
  if (!parse_inner (self, until, &node->as.loop.body))
    return NULL;
  self->loops--;
  if (jinja_parser_is_name (self, "else"))
    {
      self->token++;
      return parse_inner_to (self, "endfor", &node->as.loop.otherwise) ? node : NULL;
    }
  self->token++;

  return node;
}

/* An elif is an if inside the else. */
static JinjaNode *
parse_if (JinjaParser *self,
          JinjaNode   *node)
{
  static const char *const until[] = { "elif", "else", "endif", NULL };
  JinjaNode *first = node;

  for (;;)
    {
      JinjaNode *next;

      node->kind = JINJA_NODE_IF;
      node->as.branch.test = jinja_parse_tuple (self, FALSE, NULL, FALSE);
      if (node->as.branch.test == NULL || !parse_inner (self, until, &node->as.branch.body))
        return NULL;
      if (jinja_parser_skip_name (self, "endif"))
        return first;
      if (jinja_parser_skip_name (self, "else"))
        return parse_inner_to (self, "endif", &node->as.branch.otherwise) ? first : NULL;

      next = jinja_parser_node (self, JINJA_NODE_IF, self->token->line);
      self->token++;
      node->as.branch.otherwise.nodes = jinja_new_n (self->run, JinjaNode *, 1);
      if (next == NULL || node->as.branch.otherwise.nodes == NULL)
        return NULL;
      node->as.branch.otherwise.nodes[0] = next;
      node->as.branch.otherwise.n = 1;
      node = next;
    }
}

static JinjaNode *
parse_set (JinjaParser *self,
           JinjaNode   *node)
{
  node->as.set.target = jinja_parse_target (self, TRUE, NULL);
  if (node->as.set.target == NULL)
    return NULL;
  if (jinja_parser_skip_op (self, OP1 ('=')))
    {
      node->kind = JINJA_NODE_SET;
      node->as.set.value = jinja_parse_tuple (self, TRUE, NULL, FALSE);
      return node->as.set.value != NULL ? node : NULL;
    }

  node->kind = JINJA_NODE_SET_BLOCK;
  node->as.set.filter = jinja_parse_filter (self, NULL, FALSE);
  if (self->run->error != NULL)
    return NULL;

  return parse_inner_to (self, "endset", &node->as.set.body) ? node : NULL;
}

static gboolean
parse_parameters (JinjaParser    *self,
                  JinjaSignature *signature)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GPtrArray) defaults = g_ptr_array_new ();
  gboolean have_default = FALSE;

  if (!jinja_parser_expect_op (self, OP1 ('(')))
    return FALSE;
  while (!jinja_parser_is_op (self, OP1 (')')))
    {
      const JinjaString *name;
      JinjaNode *value = NULL;

      if (names->len > 0 && !jinja_parser_expect_op (self, OP1 (',')))
        return FALSE;
      if (!jinja_parser_expect_name (self, &name))
        return FALSE;
      if (jinja_parser_skip_op (self, OP1 ('=')))
        {
          value = jinja_parse_expression (self, TRUE);
          if (value == NULL)
            return FALSE;
          have_default = TRUE;
        }
      else if (have_default)
        return jinja_parser_fail (self, "non-default argument follows default argument");
      g_ptr_array_add (names, (gpointer) name);
      g_ptr_array_add (defaults, value);
    }
  self->token++;

  signature->n = names->len;
  signature->parameters = jinja_new_n (self->run, guint, names->len);
  signature->parameter_names = jinja_new_n (self->run, const JinjaString *, names->len);
  signature->defaults = jinja_new_n (self->run, JinjaNode *, names->len);
  if (signature->parameters == NULL || signature->parameter_names == NULL
      || signature->defaults == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      signature->parameter_names[i] = names->pdata[i];
      signature->defaults[i] = defaults->pdata[i];
      if (!jinja_parser_symbol (self, names->pdata[i], &signature->parameters[i]))
        return FALSE;
    }

  return TRUE;
}

static gboolean
parse_macro_body (JinjaParser    *self,
                  JinjaSignature *signature,
                  const char     *end)
{
  guint loops = self->loops;
  gboolean ok;

  g_ptr_array_add (self->signatures, signature);
  self->loops = 0;
  ok = parse_inner_to (self, end, &signature->body);
  self->loops = loops;
  g_ptr_array_set_size (self->signatures, (gint) self->signatures->len - 1);

  return ok;
}

static JinjaNode *
parse_macro (JinjaParser *self,
             JinjaNode   *node)
{
  JinjaSignature *signature = &node->as.macro.signature;

  node->kind = JINJA_NODE_MACRO;
  if (!jinja_parser_expect_name (self, &signature->name)
      || !jinja_parser_symbol (self, signature->name, &node->as.macro.symbol)
      || !parse_parameters (self, signature) || !parse_macro_body (self, signature, "endmacro"))
    return NULL;

  return node;
}

static JinjaNode *
parse_call_block (JinjaParser *self,
                  JinjaNode   *node)
{
  node->kind = JINJA_NODE_CALL_BLOCK;
  if (jinja_parser_is_op (self, OP1 ('('))
      && !parse_parameters (self, &node->as.macro.signature))
    return NULL;
  node->as.macro.call = jinja_parse_expression (self, TRUE);
  if (node->as.macro.call == NULL)
    return NULL;
  if (node->as.macro.call->kind != JINJA_NODE_CALL)
    return jinja_parser_fail (self, "expected call"), NULL;

  return parse_macro_body (self, &node->as.macro.signature, "endcall") ? node : NULL;
}

static JinjaNode *
parse_filter_block (JinjaParser *self,
                    JinjaNode   *node)
{
  node->kind = JINJA_NODE_FILTER_BLOCK;
  node->as.set.filter = jinja_parse_filter (self, NULL, TRUE);
  if (node->as.set.filter == NULL)
    return NULL;

  return parse_inner_to (self, "endfilter", &node->as.set.body) ? node : NULL;
}

static JinjaNode *
parse_with (JinjaParser *self,
            JinjaNode   *node)
{
  g_autoptr (GPtrArray) targets = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();

  node->kind = JINJA_NODE_WITH;
  while (self->token->type != JINJA_TOKEN_BLOCK_END)
    {
      JinjaNode *target, *value;

      if (targets->len > 0 && !jinja_parser_expect_op (self, OP1 (',')))
        return NULL;
      if ((target = jinja_parse_target (self, FALSE, NULL)) == NULL
          || !jinja_parser_expect_op (self, OP1 ('='))
          || (value = jinja_parse_expression (self, TRUE)) == NULL)
        return NULL;
      g_ptr_array_add (targets, target);
      g_ptr_array_add (values, value);
    }
  if (!jinja_parser_keep (self, targets, &node->as.with.targets)
      || !jinja_parser_keep (self, values, &node->as.with.values))
    return NULL;

  return parse_inner_to (self, "endwith", &node->as.with.body) ? node : NULL;
}

static JinjaNode *
parse_block (JinjaParser *self,
             JinjaNode   *node)
{
  const JinjaString *name;

  node->kind = JINJA_NODE_SCOPE;
  if (!jinja_parser_expect_name (self, &name))
    return NULL;
  jinja_parser_skip_name (self, "scoped");
  jinja_parser_skip_name (self, "required");
  if (!parse_inner_to (self, "endblock", &node->as.list))
    return NULL;
  if (self->token->type == JINJA_TOKEN_NAME && jinja_string_equal (self->token->text, name))
    self->token++;

  return node;
}

static JinjaNode *
parse_print (JinjaParser *self,
             JinjaNode   *node)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new ();

  node->kind = JINJA_NODE_OUTPUT;
  while (self->token->type != JINJA_TOKEN_BLOCK_END)
    {
      JinjaNode *value;

      if (values->len > 0 && !jinja_parser_expect_op (self, OP1 (',')))
        return NULL;
      value = jinja_parse_expression (self, TRUE);
      if (value == NULL)
        return NULL;
      g_ptr_array_add (values, value);
    }

  return jinja_parser_keep (self, values, &node->as.list) ? node : NULL;
}

static JinjaNode *
parse_scope (JinjaParser *self,
             JinjaNode   *node,
             const char  *end)
{
  node->kind = JINJA_NODE_SCOPE;

  return parse_inner_to (self, end, &node->as.list) ? node : NULL;
}

/* Templates stand alone here; an error only where the tag is reached, as in jinja2 without a loader. */
static JinjaNode *
parse_unsupported (JinjaParser *self,
                   JinjaNode   *node)
{
  node->kind = JINJA_NODE_UNSUPPORTED;
  while (self->token->type != JINJA_TOKEN_BLOCK_END && self->token->type != JINJA_TOKEN_END)
    self->token++;

  return node;
}

static JinjaNode *
parse_statement (JinjaParser *self)
{
  static const struct { const char *name; JinjaNode *(*parse) (JinjaParser *, JinjaNode *); } tags[] = {
    { "for", parse_for },         { "if", parse_if },
    { "set", parse_set },         { "macro", parse_macro },
    { "call", parse_call_block }, { "filter", parse_filter_block },
    { "with", parse_with },       { "block", parse_block },
    { "print", parse_print },     { "include", parse_unsupported },
    { "import", parse_unsupported }, { "from", parse_unsupported },
    { "extends", parse_unsupported },
  };
  JinjaNode *node = jinja_parser_node (self, JINJA_NODE_UNSUPPORTED, self->token->line);

  if (node == NULL)
    return NULL;
  if (self->token->type != JINJA_TOKEN_NAME)
    return jinja_parser_fail (self, "tag name expected"), NULL;

  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    if (jinja_parser_skip_name (self, tags[i].name))
      return tags[i].parse (self, node);

  if (jinja_parser_skip_name (self, "generation"))
    return parse_scope (self, node, "endgeneration");
  if (jinja_parser_is_name (self, "break") || jinja_parser_is_name (self, "continue"))
    {
      if (self->loops == 0)
        return jinja_parser_fail (self, "there is no loop here"), NULL;
      node->kind = jinja_parser_is_name (self, "break") ? JINJA_NODE_BREAK : JINJA_NODE_CONTINUE;
      self->token++;
      return node;
    }

  return jinja_parser_fail (self, "unknown tag"), NULL;
}

static gboolean
flush_output (JinjaParser *self,
              GPtrArray   *output,
              GPtrArray   *body)
{
  JinjaNode *node;

  if (output->len == 0)
    return TRUE;
  node = jinja_parser_node (self, JINJA_NODE_OUTPUT, ((JinjaNode *) output->pdata[0])->line);
  if (node == NULL || !jinja_parser_keep (self, output, &node->as.list))
    return FALSE;
  g_ptr_array_add (body, node);
  g_ptr_array_set_size (output, 0);

  return TRUE;
}

static gboolean
is_one_of (JinjaParser       *self,
           const char *const *names)
{
  for (; names != NULL && *names != NULL; names++)
    if (jinja_parser_is_name (self, *names))
      return TRUE;

  return FALSE;
}

static gboolean
parse_body (JinjaParser       *self,
            const char *const *until,
            JinjaNodes        *kept)
{
  g_autoptr (GPtrArray) body = g_ptr_array_new ();
  g_autoptr (GPtrArray) output = g_ptr_array_new ();

  while (self->token->type != JINJA_TOKEN_END)
    {
      const JinjaToken *token = self->token++;
      JinjaNode *node;

      switch (token->type)
        {
        case JINJA_TOKEN_DATA:
          node = jinja_parser_node (self, JINJA_NODE_CONSTANT, token->line);
          if (node == NULL)
            return FALSE;
          node->as.constant = jinja_string_value (token->text);
          g_ptr_array_add (output, node);
          break;

        case JINJA_TOKEN_VARIABLE_BEGIN:
          node = jinja_parse_tuple (self, TRUE, NULL, FALSE);
          if (node == NULL || !expect_type (self, JINJA_TOKEN_VARIABLE_END, "expected '}}'"))
            return FALSE;
          g_ptr_array_add (output, node);
          break;

        case JINJA_TOKEN_BLOCK_BEGIN:
          if (!flush_output (self, output, body))
            return FALSE;
          if (is_one_of (self, until))
            return jinja_parser_keep (self, body, kept);
          node = parse_statement (self);
          if (node == NULL || !expect_type (self, JINJA_TOKEN_BLOCK_END, "expected '%}'"))
            return FALSE;
          g_ptr_array_add (body, node);
          break;

        default:
          return jinja_parser_fail (self, "text was expected");
        }
    }

  return flush_output (self, output, body) && jinja_parser_keep (self, body, kept);
}

const JinjaProgram *
jinja_parse (JinjaRun   *run,
             const char *source,
             gsize       length)
{
  g_autoptr (GHashTable) symbols = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) symbol_texts = g_ptr_array_new ();
  g_autoptr (GPtrArray) signatures = g_ptr_array_new ();
  JinjaParser parser = {
    .run = run, .symbols = symbols, .symbol_texts = symbol_texts, .signatures = signatures,
  };
  JinjaProgram *program = jinja_new (run, JinjaProgram);
  JinjaToken *tokens;

  if (program == NULL || !jinja_lex (run, source, length, &tokens))
    return NULL;
  parser.token = tokens;
  if (!parse_body (&parser, NULL, &program->body))
    return NULL;

  program->n_symbols = symbol_texts->len;
  program->symbols = jinja_new_n (run, const JinjaString *, symbol_texts->len);
  if (program->symbols == NULL)
    return NULL;
  for (guint i = 0; i < symbol_texts->len; i++)
    program->symbols[i] = symbol_texts->pdata[i];

  return program;
}
