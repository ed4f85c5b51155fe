#pragma once

#ifndef SOTTO_APP_INSIDE
#define SOTTO_APP_INSIDE
#include "document.h"
#undef SOTTO_APP_INSIDE
#endif

#include "document-pages.h"

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

/* What a file is, by its first bytes and by its name: document-kind.c */
gboolean sotto_document_begins_as_pdf (const char *data, gsize length);
gboolean sotto_document_begins_later_as_pdf (const char *data, gsize length);
gboolean sotto_document_is_named_pdf (const char *name);

typedef void (*SottoDocumentProgress) (guint page, guint n_pages, gpointer user_data);

/**
 * sotto_document_pdf_read_async:
 * @progress: told after each piece that comes, until it is over
 *
 * Starts the helper on @file, takes its pages, and sees to its end.
 */
void sotto_document_pdf_read_async (GFile                     *file,
                                    const SottoDocumentBounds *bounds,
                                    SottoDocumentProgress      progress,
                                    gpointer                   progress_data,
                                    GCancellable              *cancellable,
                                    GAsyncReadyCallback        callback,
                                    gpointer                   user_data);

/* Returns: (transfer full): complete */
SottoDocumentPages *sotto_document_pdf_read_finish (GAsyncResult *result, GError **error);

/* Where the helper is; %NULL: it was not built */
const char *sotto_document_pdf_get_helper (void);

G_END_DECLS
