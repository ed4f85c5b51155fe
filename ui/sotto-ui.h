#pragma once

/* The window's only header for others, that is for app/main.c. */

#include <gio/gio.h>
#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * sotto_ui_application_new:
 * @app: what the window shows
 *
 * Returns: (transfer full): the application; run it. It opens @app once its window is there, and
 *   closes it before it ends.
 */
GApplication *sotto_ui_application_new (SottoApp *app);

G_END_DECLS
