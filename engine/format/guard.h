#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Survives SIGBUS in mapped files; see guard.c. */

/**
 * sotto_guard_add:
 * @start: first byte of a mapping, on a page's border
 * @length: its bytes, not 0
 *
 * From now on a read of that range that the file cannot serve gives zeros. Any thread.
 *
 * Returns: a number for the other functions, or -1 when too many mappings are guarded already
 */
int sotto_guard_add (const void *start, gsize length);

/**
 * sotto_guard_remove:
 *
 * To be called before the range is unmapped, when nobody reads it any more.
 */
void sotto_guard_remove (int guard);

/**
 * sotto_guard_give_back:
 *
 * Pages that lie wholly in the range are no longer resident in this process; reading them brings them again. Nothing is
 * done where the range is not part of a mapping that is guarded. Any thread.
 */
void sotto_guard_give_back (const void *start, gsize length);

/**
 * sotto_guard_was_hit:
 *
 * Returns: whether zeros were given for what the file could not serve
 */
gboolean sotto_guard_was_hit (int guard);

G_END_DECLS
