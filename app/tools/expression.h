#pragma once

#include "number.h"

G_BEGIN_DECLS

/* Bytes, and how deep brackets may stand in each other: what a model writes is not to be believed. */
#define SOTTO_EXPRESSION_MAX_LENGTH 1000
#define SOTTO_EXPRESSION_MAX_DEPTH 100

/**
 * sotto_expression_evaluate:
 * @text: UTF-8, such as "2 × (3 + 4)^2", "sqrt(2)", "15% of 80"; the language is described at the top of `expression.c`
 *
 * Any thread; a millisecond or few, for the largest numbers tens of them.
 *
 * Returns: (transfer full): the value, in digits; or %NULL with @problem
 * @problem: (out) (transfer full): a sentence in English
 */
char *sotto_expression_evaluate (const char *text, char **problem);

G_END_DECLS
