#pragma once

#include "jinja-ast.h"
#include "jinja-lexer.h"

G_BEGIN_DECLS

/* What the parts of the parser share (jinja-parser-token.c): jinja-parser.c (statements),
 * jinja-parser-expression.c (operators, tuples) and jinja-parser-primary.c (values and what stands behind
 * them). */

typedef struct {
  JinjaRun *run;
  const JinjaToken *token; /* the current one */
  GHashTable *symbols;     /* (element-type utf8 guint): text → symbol + 1 */
  GPtrArray *symbol_texts; /* (element-type JinjaString) */
  GPtrArray *signatures;   /* (element-type JinjaSignature): the macros around */
  guint nesting;
  guint loops;             /* around, within the innermost macro */
} JinjaParser;

gboolean jinja_parser_fail (JinjaParser *self, const char *message);
gboolean jinja_parser_enter (JinjaParser *self);
void jinja_parser_leave (JinjaParser *self);
JinjaNode *jinja_parser_node (JinjaParser *self, JinjaNodeKind kind, guint line);
/* Copies @nodes (element-type JinjaNode) into the arena. */
gboolean jinja_parser_keep (JinjaParser *self, GPtrArray *nodes, JinjaNodes *kept);
gboolean jinja_parser_symbol (JinjaParser *self, const JinjaString *text, guint *symbol);

static inline gboolean
jinja_parser_is_op (const JinjaParser *self, guint op)
{
  return self->token->type == JINJA_TOKEN_OPERATOR && self->token->op == op;
}

gboolean jinja_parser_is_name (const JinjaParser *self, const char *name);
gboolean jinja_parser_skip_op (JinjaParser *self, guint op);
gboolean jinja_parser_skip_name (JinjaParser *self, const char *name);
gboolean jinja_parser_expect_op (JinjaParser *self, guint op);
gboolean jinja_parser_expect_name (JinjaParser *self, const JinjaString **name);

/* All return NULL with an error in the run. */
JinjaNode *jinja_parser_unary (JinjaParser *self, JinjaNodeKind kind, guint line, JinjaNode *operand);
JinjaNode *jinja_parse_primary (JinjaParser *self, gboolean with_namespace);
JinjaNode *jinja_parse_unary (JinjaParser *self, gboolean with_filter);
JinjaNode *jinja_parse_expression (JinjaParser *self, gboolean with_condition);
/* @until: (nullable): a name that ends a tuple, besides the ends of tags and ")" */
JinjaNode *jinja_parse_tuple (JinjaParser *self, gboolean with_condition, const char *until,
                              gboolean in_parentheses);
JinjaNode *jinja_parse_target (JinjaParser *self, gboolean with_namespace, const char *until);
/* The filter behind a "|" (or, @inline, the name itself), and those behind it. */
JinjaNode *jinja_parse_filter (JinjaParser *self, JinjaNode *input, gboolean is_inline);
gboolean jinja_parse_call_args (JinjaParser *self, JinjaCallArgs *args);

/* jinja-filters.c, jinja-tests.c: (nullable) */
const JinjaBuiltin *jinja_find_filter (const JinjaString *name);
const JinjaBuiltin *jinja_find_test (const JinjaString *name);

G_END_DECLS
