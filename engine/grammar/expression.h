#pragma once

#include "machine.h"

G_BEGIN_DECLS

/* A regular expression, as gbnf.c and pattern.c read one. */

typedef enum {
  SOTTO_EXPRESSION_CHARS,
  SOTTO_EXPRESSION_SEQUENCE,
  SOTTO_EXPRESSION_CHOICE,
  SOTTO_EXPRESSION_REPEAT,
  SOTTO_EXPRESSION_RULE,     /* gbnf.c */
  SOTTO_EXPRESSION_BEGIN,    /* pattern.c: where the text begins */
  SOTTO_EXPRESSION_END,      /* pattern.c: where it ends */
} SottoExpressionKind;

typedef struct {
  SottoExpressionKind kind;
  GArray *ranges;            /* CHARS: (element-type SottoCharRange) */
  GPtrArray *children;       /* SEQUENCE, CHOICE, REPEAT (one) */
  guint rule;                /* RULE: its number */
  guint least;               /* REPEAT */
  guint most;                /* REPEAT; G_MAXUINT: any number */
} SottoExpression;

SottoExpression *sotto_expression_new (SottoExpressionKind kind);
void sotto_expression_free (SottoExpression *self);

/* (transfer full): @child, repeated; owns @child */
SottoExpression *sotto_expression_repeat (SottoExpression *child, guint least, guint most);

static inline const SottoExpression *
sotto_expression_get (const SottoExpression *self,
                      guint                  i)
{
  return g_ptr_array_index (self->children, i);
}

static inline void
sotto_expression_add_range (SottoExpression *self,
                            gunichar         low,
                            gunichar         high)
{
  SottoCharRange range = { low, high };

  g_array_append_val (self->ranges, range);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoExpression, sotto_expression_free)

G_END_DECLS
