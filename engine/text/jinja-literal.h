#pragma once

#include "jinja-string.h"

G_BEGIN_DECLS

/* Strings and numbers as a template writes them. @at: (inout): moved behind the literal. Failing is
 * TEMPLATE_SYNTAX at the run's line. */

/* From the quote on. */
gboolean jinja_read_string (JinjaRun *run, const char **at, const char *end,
                            const JinjaString **text);
/* @after_dot: "a.1.5" is item 1 and then item 5 */
gboolean jinja_read_number (JinjaRun *run, const char **at, const char *end, gboolean after_dot,
                            JinjaValue *number);

G_END_DECLS
