#pragma once

#include "expression.h"

G_BEGIN_DECLS

/**
 * sotto_pattern_read:
 * @problem: (out): what of it is not well formed or not supported
 *
 * pattern-read.c.
 *
 * Returns: (transfer full) (nullable)
 */
SottoExpression *sotto_pattern_read (const char *pattern, gsize length, const char **problem);

G_END_DECLS
