#pragma once

#include "conversation/pixels.h"

G_BEGIN_DECLS

/**
 * sotto_png_write:
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): @pixels as a PNG file, with nothing but them in it; %NULL: there is no room for it
 */
GBytes *sotto_png_write (const SottoPixels *pixels);

G_END_DECLS
