#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * sotto_gpu_look_async:
 *
 * Asks which GPUs can be used, in a thread: the driver may take a second to start.
 */
void sotto_gpu_look_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_gpu_look_finish:
 *
 * Returns: (transfer full): their names, with " + " between; or %NULL with an error that
 *   sotto_problem_new() words: why there is none
 */
char *sotto_gpu_look_finish (GAsyncResult *result, GError **error);

G_END_DECLS
