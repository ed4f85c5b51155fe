#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>
#include <sotto-engine.h>

G_BEGIN_DECLS

/**
 * SottoAttachment:
 *
 * A file that is part of a message, or will be: its name and its text, or a picture, which the model is given before what was
 * written. Where the file lay is forgotten. It never changes. Main context.
 *
 * Properties (read-only, constant):
 * - "name" (string): the file's, for people: one line
 * - "n-pages" (uint): 0: it has none
 * - "size" (uint64): bytes of its text; of a picture: of its file
 */
#define SOTTO_TYPE_ATTACHMENT (sotto_attachment_get_type ())
G_DECLARE_FINAL_TYPE (SottoAttachment, sotto_attachment, SOTTO, ATTACHMENT, GObject)

const char *sotto_attachment_get_name (SottoAttachment *self);
guint sotto_attachment_get_n_pages (SottoAttachment *self);
gsize sotto_attachment_get_size (SottoAttachment *self);

/* Whether it came out of a document that was set in letters of different widths, and does not lie in the file as it is */
gboolean sotto_attachment_was_formatted (SottoAttachment *self);

/* Returns: (transfer none) (nullable): UTF-8; a document's pages have their numbers above them; %NULL: it is a picture */
const char *sotto_attachment_get_text (SottoAttachment *self);

/* Returns: (transfer full): how long it is, for people: "12 pages", "3.4 kB" */
char *sotto_attachment_describe (SottoAttachment *self);

/* Whether it is a picture: it has a file then, and no text */
gboolean sotto_attachment_is_picture (SottoAttachment *self);

/**
 * sotto_attachment_load_data_async:
 * @self: a picture
 *
 * Has its file, which is read out of the history, unless it is part of what is being written: nothing keeps it in memory.
 */
void sotto_attachment_load_data_async (SottoAttachment     *self,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

/**
 * sotto_attachment_load_data_finish:
 * @error: a #SottoHistoryError or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): a picture's file as it was attached, byte by byte
 */
GBytes *sotto_attachment_load_data_finish (SottoAttachment *self, GAsyncResult *result, GError **error);

/* Returns: (transfer none): such as "image/png" */
const char *sotto_attachment_get_media_type (SottoAttachment *self);

/**
 * sotto_attachment_load_image_async:
 * @self: a picture
 * @cancellable: (nullable): ends the waiting; the image comes nevertheless, if others want it
 *
 * Has the picture decoded, by a process without rights (picture/), once however often it is asked for: upright, on white
 * where it is transparent, scaled down so that no side is longer than 2,048 pixels.
 */
void sotto_attachment_load_image_async (SottoAttachment     *self,
                                        GCancellable        *cancellable,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data);

/**
 * sotto_attachment_load_image_finish:
 * @error: a #SottoDocumentError, a #SottoHistoryError or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): kept by the attachment as long as it lives
 */
SottoImage *sotto_attachment_load_image_finish (SottoAttachment *self, GAsyncResult *result, GError **error);

/* Returns: (transfer none) (nullable): if it has been decoded already */
SottoImage *sotto_attachment_peek_image (SottoAttachment *self);

G_END_DECLS
