#include "config.h"

#include "numbers.h"

/* Within sentences for translation these stand as %s: xgettext knows no G_GUINT64_FORMAT, and ISO C
 * no flag for grouping. */

char *
sotto_number_describe (guint64 number)
{
  return __extension__ g_strdup_printf ("%'" G_GUINT64_FORMAT, number);
}
