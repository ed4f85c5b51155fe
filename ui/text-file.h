#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Text files become part of what is written to a model: their name, and their content as a block of code. */

/**
 * sotto_text_file_read_async:
 *
 * Reads no more of @file than a message may take.
 */
void sotto_text_file_read_async (GFile               *file,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data);

/**
 * sotto_text_file_read_finish:
 * @error: %G_IO_ERROR_INVALID_DATA: it is not text (UTF-8); %G_IO_ERROR_MESSAGE_TOO_LARGE; what reading it brings
 *
 * Returns: (transfer full): Markdown that ends with a line
 */
char *sotto_text_file_read_finish (GFile         *file,
                                   GAsyncResult  *result,
                                   GError       **error);

/* What to say of @error of sotto_text_file_read_finish(): (transfer full) */
char *sotto_text_file_describe (GFile *file, const GError *error);

G_END_DECLS
