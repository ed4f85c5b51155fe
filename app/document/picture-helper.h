#pragma once

#include <gio/gio.h>
#include <sotto-engine.h>

G_BEGIN_DECLS

/**
 * sotto_picture_decode_async:
 * @file: a picture, byte by byte
 *
 * Starts the helper on it, takes what it sends, and sees to its end. Two run at once at most: each may need much memory, and a
 * conversation may have many pictures. Main context.
 */
void sotto_picture_decode_async (GBytes *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_picture_decode_finish:
 * @error: one of the #SottoDocumentError codes of pictures, or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): upright, on white, no side over 2,048 pixels
 */
SottoImage *sotto_picture_decode_finish (GAsyncResult *result, GError **error);

/* Takes apart what the helper has sent, of which nothing is believed (reader/page-stream.h). Returns: (transfer full) */
SottoImage *sotto_picture_take_apart (GBytes *stream, GError **error);

G_END_DECLS
