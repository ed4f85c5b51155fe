#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns: whether all has been written into @stream, without closing it */
typedef gboolean (*SottoFileWriter) (gpointer user_data, GOutputStream *stream, GError **error);

/**
 * sotto_file_write:
 *
 * Writes a file where a person wants it. What was there stays until all is written; where there was none, none is left behind.
 *
 * Thread: any; blocks.
 *
 * Returns: %FALSE with an error of @writer or a #GIOErrorEnum: %G_IO_ERROR_NOT_DIRECTORY where there is no such folder
 */
gboolean sotto_file_write (GFile            *file,
                           GFileCreateFlags  flags,
                           SottoFileWriter   writer,
                           gpointer          user_data,
                           GCancellable     *cancellable,
                           GError          **error);

/* The same with @bytes, in a thread of its own */
void sotto_file_write_bytes_async (GFile               *file,
                                   GFileCreateFlags     flags,
                                   GBytes              *bytes,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data);
gboolean sotto_file_write_bytes_finish (GFile *file, GAsyncResult *result, GError **error);

G_END_DECLS
