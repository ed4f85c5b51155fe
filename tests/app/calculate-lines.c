/* Evaluates the expressions on standard input, one a line: its value, or "! " and what is wrong, on standard output. */
#include <stdio.h>

#include "tools/expression.h"

int
main (void)
{
  g_autofree char *line = g_malloc (4096);

  while (fgets (line, 4096, stdin) != NULL)
    {
      g_autofree char *problem = NULL;
      g_autofree char *value = sotto_expression_evaluate (g_strchomp (line), &problem);

      printf ("%s%s\n", value != NULL ? "" : "! ", value != NULL ? value : problem);
    }
  return 0;
}
