#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * sotto_toast_new:
 *
 * A toast for whole sentences: all of it is to be read, whatever the width.
 *
 * Returns: (transfer full)
 */
AdwToast *sotto_toast_new (const char *words);

G_END_DECLS
