#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_number_describe:
 *
 * For numbers that may be large: "4096" is written "4,096", "4.096" or "4 096".
 *
 * Returns: (transfer full): @number in digits as the person's language groups them
 */
char *sotto_number_describe (guint64 number);

G_END_DECLS
