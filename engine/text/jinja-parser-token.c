#include "jinja-parser.h"

#include <string.h>

/* What the parts of the parser share: tokens that are asked for, nodes that are made, and what went wrong. */

gboolean
jinja_parser_fail (JinjaParser *self,
                   const char  *message)
{
  const JinjaToken *token = self->token;

  self->run->line = token->line;
  switch (token->type)
    {
    case JINJA_TOKEN_NAME:
      return jinja_fail (self->run, "%s (at '%.*s')", message, (int) MIN (token->text->length, 60),
                         token->text->bytes);
    case JINJA_TOKEN_OPERATOR:
      return jinja_fail (self->run, "%s (at '%c%.*s')", message, (char) (token->op >> 8),
                         (token->op & 0xff) != 0, (char[]) { (char) (token->op & 0xff), 0 });
    case JINJA_TOKEN_END:
      return jinja_fail (self->run, "%s (at the end of the template)", message);
    default:
      return jinja_fail (self->run, "%s", message);
    }
}

gboolean
jinja_parser_enter (JinjaParser *self)
{
  if (self->nesting >= JINJA_MAX_NESTING)
    {
      self->run->line = self->token->line;
      return jinja_fail_limit (self->run, "depth");
    }
  self->nesting++;

  return jinja_step (self->run, 1);
}

void
jinja_parser_leave (JinjaParser *self)
{
  self->nesting--;
}

JinjaNode *
jinja_parser_node (JinjaParser   *self,
                   JinjaNodeKind  kind,
                   guint          line)
{
  JinjaNode *node = jinja_new (self->run, JinjaNode);

  if (node != NULL)
    {
      node->kind = kind;
      node->line = line;
    }

  return node;
}

gboolean
jinja_parser_keep (JinjaParser *self,
                   GPtrArray   *nodes,
                   JinjaNodes  *kept)
{
  kept->n = nodes->len;
  kept->nodes = jinja_new_n (self->run, JinjaNode *, nodes->len);
  if (kept->nodes == NULL)
    return FALSE;
  if (nodes->len > 0)
    memcpy (kept->nodes, nodes->pdata, nodes->len * sizeof *kept->nodes);

  return TRUE;
}

gboolean
jinja_parser_symbol (JinjaParser       *self,
                     const JinjaString *text,
                     guint             *symbol)
{
  const char *key = jinja_cstr (self->run, text);
  gpointer found;

  if (key == NULL)
    return FALSE;
  found = g_hash_table_lookup (self->symbols, key);
  if (found == NULL)
    {
      g_ptr_array_add (self->symbol_texts, (gpointer) text);
      found = GUINT_TO_POINTER (self->symbol_texts->len);
      g_hash_table_insert (self->symbols, (gpointer) key, found);
    }
  *symbol = GPOINTER_TO_UINT (found) - 1;

  return TRUE;
}

gboolean
jinja_parser_is_name (const JinjaParser *self,
                      const char        *name)
{
  return self->token->type == JINJA_TOKEN_NAME && jinja_string_is (self->token->text, name);
}

gboolean
jinja_parser_skip_op (JinjaParser *self,
                      guint        op)
{
  if (!jinja_parser_is_op (self, op))
    return FALSE;
  self->token++;

  return TRUE;
}

gboolean
jinja_parser_skip_name (JinjaParser *self,
                        const char  *name)
{
  if (!jinja_parser_is_name (self, name))
    return FALSE;
  self->token++;

  return TRUE;
}

gboolean
jinja_parser_expect_op (JinjaParser *self,
                        guint        op)
{
  char message[32];

  if (self->run->error != NULL || jinja_parser_skip_op (self, op))
    return self->run->error == NULL;

  g_snprintf (message, sizeof message, "expected '%c'", (char) (op >> 8));
  return jinja_parser_fail (self, message);
}

gboolean
jinja_parser_expect_name (JinjaParser        *self,
                          const JinjaString **name)
{
  *name = NULL;
  if (self->token->type != JINJA_TOKEN_NAME)
    return jinja_parser_fail (self, "expected a name");
  *name = self->token++->text;

  return TRUE;
}
