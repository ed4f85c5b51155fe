#pragma once

#include "sotto-grammar.h"

G_BEGIN_DECLS

/* Cuts @data at the first 0xff, a byte that no UTF-8 has: returns what stands before it, in a
 * buffer of just that size so that reading beyond it shows, and leaves in @data and @size what
 * follows. */
guint8 *sotto_fuzz_take_part (const guint8 **data, gsize *size, gsize *part_size);

/* Says something under @grammar, two bytes of @choices for each token: every mask is held against a
 * second walk that knows neither masks nor trees, an end has to be allowed exactly where the text
 * fits, and what was allowed has to be taken. @text: gets what was said. Returns: whether it is
 * whole */
gboolean sotto_fuzz_walk_grammar (SottoGrammar *grammar,
                                  const guint8 *choices,
                                  gsize         size,
                                  GString      *text);

G_END_DECLS
