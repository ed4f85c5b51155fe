#pragma once

#ifndef SOTTO_APP_INSIDE
#define SOTTO_APP_INSIDE
#include "document/document.h"
#undef SOTTO_APP_INSIDE
#endif

#include "document/document-pages.h"

G_BEGIN_DECLS

/* Bounds of what is read from a file */
typedef struct {
  gsize max_bytes;   /* of text */
  guint max_pages;
  guint seconds;     /* of the clock, and half as many of the processor */
} SottoDocumentBounds;

extern const SottoDocumentBounds sotto_document_bounds;        /* of a message */
extern const SottoDocumentBounds sotto_document_folder_bounds; /* of a folder's */

/* Before it is read: other bounds, for tests that cannot wait */
void sotto_document_set_bounds (SottoDocument *self, const SottoDocumentBounds *bounds);

/* document-kind.c */
typedef enum {
  SOTTO_DOCUMENT_KIND_TEXT,    /* as it stands, if it is text at all */
  SOTTO_DOCUMENT_KIND_PAGE,    /* of the web: text in a message, and read by the helper for a folder */
  SOTTO_DOCUMENT_KIND_OFFICE,
  SOTTO_DOCUMENT_KIND_PDF,
  SOTTO_DOCUMENT_KIND_PICTURE,
} SottoDocumentKind;

/* By its beginning, and where that may be anything, by its name */
SottoDocumentKind sotto_document_find_kind (const char *name, const char *data, gsize length);

/* Of what is no text: whether it is a PDF behind something else */
gboolean sotto_document_begins_later_as_pdf (const char *data, gsize length);

/* Of a picture in a format that is read: such as "image/png"; (nullable): it is none. By its first bytes alone */
const char *sotto_document_find_picture_type (const char *data, gsize length);

/* Whether it is a picture in another format, which many cameras write or many pages have */
gboolean sotto_document_is_other_picture (const char *data, gsize length);

gboolean sotto_document_is_named_pdf (const char *name);
gboolean sotto_document_is_named_office (const char *name);

typedef enum {
  SOTTO_DOCUMENT_HELPER_PDF,     /* pdf/ */
  SOTTO_DOCUMENT_HELPER_OFFICE,  /* office/ */
  SOTTO_DOCUMENT_HELPER_PICTURE, /* picture/ */
} SottoDocumentHelper;

/* Whether it is installed */
gboolean sotto_document_helper_is_there (SottoDocumentHelper helper);

/* Starts it with @fd, which has the file and is closed here, as its standard input, and a pipe as its standard output.
 * Returns: (transfer full) (nullable) */
GSubprocess *sotto_document_helper_start (SottoDocumentHelper helper, int fd, guint seconds, GError **error);

/* Of one that has ended: whether it came to the limits of its memory or time */
gboolean sotto_document_helper_was_limited (GSubprocess *helper);

typedef void (*SottoDocumentProgress) (guint page, guint n_pages, gpointer user_data);

/**
 * sotto_document_helper_read_async:
 * @progress: told after each piece that comes, until it is over
 *
 * Starts the helper on @file, takes what it sends, and sees to its end.
 */
void sotto_document_helper_read_async (SottoDocumentHelper        helper,
                                       GFile                     *file,
                                       const SottoDocumentBounds *bounds,
                                       SottoDocumentProgress      progress,
                                       gpointer                   progress_data,
                                       GCancellable              *cancellable,
                                       GAsyncReadyCallback        callback,
                                       gpointer                   user_data);

/* Returns: (transfer full): complete */
SottoDocumentPages *sotto_document_helper_read_finish (GAsyncResult *result, GError **error);

G_END_DECLS
