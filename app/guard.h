#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_guard_engage:
 *
 * From here on this process and what it starts can make no socket but AF_UNIX ones. The first thing
 * that main() does; without effect in a build that allows the network.
 *
 * Returns: %FALSE with errno set where the kernel refuses filters
 */
gboolean sotto_guard_engage (void);

/**
 * sotto_guard_seal:
 *
 * Makes the process not dumpable and lets it leave no cores (release builds).
 */
void sotto_guard_seal (void);

G_END_DECLS
