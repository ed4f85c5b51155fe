#pragma once

#include "transfer/archive.h"

G_BEGIN_DECLS

/* The format's words for what the history numbers; NULL: no number of the history */
extern const char *const sotto_archive_roles[5];
extern const char *const sotto_archive_statuses[6];
extern const char *const sotto_archive_answers[3];
extern const char *const sotto_archive_kinds[7];

G_END_DECLS
