#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The disk is full, for this process alone: no file of it grows; or all do again. */
void harness_set_room (gboolean is_there);

/* As on a disk that is full with that. @n_bytes: the most that a file of this process may have */
void harness_set_largest_file (guint64 n_bytes);

G_END_DECLS
