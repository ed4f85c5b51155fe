#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "math/parse.h"

G_BEGIN_DECLS

/**
 * SottoMathSymbol:
 * @name: the command without its backslash, or the character itself
 * @text: what is shown
 * @is_large: grows in display style
 */
typedef struct {
  const char *name;
  const char *text;
  SottoMathClass class;
  SottoMathLimits limits;
  gboolean is_large;
} SottoMathSymbol;

/* Returns: (nullable): what the command @name stands for */
const SottoMathSymbol *sotto_math_symbol_find (const char *name);

/* Returns: (nullable): what is known of @character, which stands for itself */
const SottoMathSymbol *sotto_math_symbol_find_character (const char *character);

/* Returns: (nullable): the name of a function (\sin, \lim) as it is written */
const char *sotto_math_function_find (const char *name, SottoMathLimits *limits);

/**
 * sotto_math_letter_map:
 *
 * Returns: the mathematical alphanumeric for the letter or digit @c (Unicode, chapter 22.2), or @c if there is none
 */
gunichar sotto_math_letter_map (gunichar c, SottoMathLetters letters);

G_END_DECLS
