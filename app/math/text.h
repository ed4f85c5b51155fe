#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "math/parse.h"

G_BEGIN_DECLS

/**
 * sotto_math_to_text:
 * @first: (nullable): a node of a row
 * @until: (nullable): the node behind the last one
 *
 * A formula in one line of plain words and signs, for screen readers, for finding and for where it cannot be drawn:
 * x = (−b ± √(b² − 4ac))/(2a)
 *
 * Returns: (transfer full)
 */
char *sotto_math_to_text (const SottoMathNode *first, const SottoMathNode *until);

G_END_DECLS
