#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How much the counted files of the engine (work.c) have done so far: basic blocks of machine code that were gone through.
 * It is the same at each run, however busy the machine. */
guint64 work_done (void);

G_END_DECLS
