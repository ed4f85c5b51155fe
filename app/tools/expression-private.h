#pragma once

#include "number.h"

G_BEGIN_DECLS

#define SOTTO_FUNCTION_MAX_ARGUMENTS 16

typedef struct _SottoFunction SottoFunction;

/* Returns: (transfer none) (nullable): by its name in small letters */
const SottoFunction *sotto_function_lookup (const char *name);

/**
 * sotto_function_call:
 * @arguments: @n of them, at most %SOTTO_FUNCTION_MAX_ARGUMENTS
 *
 * Returns: (transfer full) (nullable): what is wrong with them, as a sentence in English; %NULL: @out is the value
 */
char *sotto_function_call (const SottoFunction *self, const SottoNumber *arguments, guint n, SottoNumber *out);

/* Returns: (transfer full) (nullable): the same; %NULL: nothing is wrong */
char *sotto_number_problem_to_words (SottoNumberProblem problem);

/* Returns: whether there is a constant of that name */
gboolean sotto_constant_lookup (const char *name, SottoNumber *out);

/* n!, of a whole number. Returns: (transfer full) (nullable): as above */
char *sotto_number_factorial (SottoNumber *out, const SottoNumber *n);

/* The remainder, with the sign of @b as in Python */
SottoNumberProblem sotto_number_remainder (SottoNumber *out, const SottoNumber *a, const SottoNumber *b);

G_END_DECLS
