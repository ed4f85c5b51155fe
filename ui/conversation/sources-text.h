#pragma once

#include "sotto-app.h"

G_BEGIN_DECLS

/* The passages that a reply was given, as words. */

/* Returns: (transfer full) (nullable) (array zero-terminated=1): where they are from, in the order of their numbers */
char **sotto_sources_list_titles (SottoMessage *message);

/**
 * sotto_sources_describe:
 * @only_named: only those whose numbers stand in the reply
 *
 * Returns: (transfer full) (nullable): a line for each: "[1] report.pdf, page 3"
 */
char *sotto_sources_describe (SottoMessage *message, gboolean only_named);

G_END_DECLS
