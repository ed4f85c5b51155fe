#pragma once

#include "expression.h"
#include "sotto-cancel.h"

G_BEGIN_DECLS

typedef struct {
  char *name;
  SottoExpression *body;     /* (nullable): only while it is read: not defined yet */
  guint line;                /* where it is first named */

  /* gbnf.c */
  guint machine_rule;
  gboolean in_place;
} SottoGbnfRule;

/**
 * sotto_gbnf_read:
 * @root: the rule that a whole text is
 * @cancel: (nullable)
 * @root_number: (out): where it stands
 *
 * gbnf-read.c.
 *
 * Returns: (transfer full) (element-type SottoGbnfRule): all rules, each with a body; or %NULL with
 *   %SOTTO_ENGINE_ERROR_GRAMMAR or %SOTTO_ENGINE_ERROR_CANCELLED
 */
GPtrArray *sotto_gbnf_read (const char         *text,
                            gsize               length,
                            const char         *root,
                            const SottoCancel  *cancel,
                            guint              *root_number,
                            GError            **error);

G_END_DECLS
