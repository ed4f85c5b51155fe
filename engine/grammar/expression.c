#include "expression.h"

SottoExpression *
sotto_expression_new (SottoExpressionKind kind)
{
  SottoExpression *self = g_new0 (SottoExpression, 1);

  self->kind = kind;
  if (kind == SOTTO_EXPRESSION_CHARS)
    self->ranges = g_array_new (FALSE, FALSE, sizeof (SottoCharRange));
  else if (kind == SOTTO_EXPRESSION_SEQUENCE || kind == SOTTO_EXPRESSION_CHOICE ||
           kind == SOTTO_EXPRESSION_REPEAT)
    self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_expression_free);

  return self;
}

void
sotto_expression_free (SottoExpression *self)
{
  g_clear_pointer (&self->ranges, g_array_unref);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self);
}

SottoExpression *
sotto_expression_repeat (SottoExpression *child,
                         guint            least,
                         guint            most)
{
  SottoExpression *self = sotto_expression_new (SOTTO_EXPRESSION_REPEAT);

  self->least = least;
  self->most = most;
  g_ptr_array_add (self->children, child);

  return self;
}
