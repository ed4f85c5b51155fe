#pragma once

#include "page-stream.h"

#include <glib.h>

/* What every helper does at its beginning and at its end: takes the file, and writes what page-stream.h says. Each writing
 * function returns %FALSE when nobody reads any more. */

/**
 * sotto_stream_take_file:
 * @why: (out): where %NULL is returned
 *
 * Reads standard input whole and closes it, so that nothing need be open any more. A copy: what another program does to the
 * file meanwhile cannot change what has been looked at.
 *
 * Returns: (transfer full) (nullable)
 */
GBytes *sotto_stream_take_file (SottoPageStreamRefusal *why);

gboolean sotto_stream_refuse (SottoPageStreamRefusal why);
gboolean sotto_stream_write_count (guint32 n_pages);
gboolean sotto_stream_write_page (const char *text, gsize length);
gboolean sotto_stream_write_whole (const char *text, gsize length);
gboolean sotto_stream_write_end (void);

/* @pixels: (height, width, 3) */
gboolean sotto_stream_write_picture (guint32 width, guint32 height, const guint8 *pixels);

/* The seconds of the processor that the only argument names, or as many as are enough. */
guint sotto_stream_get_seconds (int argc, char **argv);
