/* An expression as a model writes it, or anything else.
 *
 * Asked for: no crash, and a value or a sentence, in UTF-8. */

#include "tools/expression.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *raw = g_strndup ((const char *) data, size);
  g_autofree char *text = g_utf8_make_valid (raw, -1); /* arguments are, whoever wrote them */
  g_autofree char *problem = NULL;
  g_autofree char *value = sotto_expression_evaluate (text, &problem);

  g_assert_true ((value == NULL) != (problem == NULL));
  g_assert_true (g_utf8_validate (value != NULL ? value : problem, -1, NULL));
  return 0;
}
