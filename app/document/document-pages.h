#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoDocumentPages:
 *
 * The pages of a document as the helper that reads it sends them, taken piece by piece. It is not trusted: it has read
 * what nobody knows. What its stream looks like stands in reader/page-stream.h.
 */
typedef struct _SottoDocumentPages SottoDocumentPages;

/**
 * sotto_document_pages_new:
 * @max_bytes: of text in all pages together
 * @max_pages: that there may be
 */
SottoDocumentPages *sotto_document_pages_new (gsize max_bytes, guint max_pages);

/* One text that has no pages: complete. @text: (transfer full): UTF-8 */
SottoDocumentPages *sotto_document_pages_new_whole (char *text);

SottoDocumentPages *sotto_document_pages_ref (SottoDocumentPages *self);
void sotto_document_pages_unref (SottoDocumentPages *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoDocumentPages, sotto_document_pages_unref)

/**
 * sotto_document_pages_feed:
 *
 * Takes what comes next, in pieces of any length. After an error nothing is taken any more.
 *
 * Returns: %FALSE with a #SottoDocumentError: what the helper refused, more than the bounds, or
 *   %SOTTO_DOCUMENT_ERROR_DAMAGED where it is no such stream
 */
gboolean sotto_document_pages_feed (SottoDocumentPages *self,
                                    gconstpointer       data,
                                    gsize               length,
                                    GError            **error);

/* Whether the end has come, and nothing is missing */
gboolean sotto_document_pages_are_complete (SottoDocumentPages *self);

/* Whether they are pages, whose numbers people know; otherwise there is one text, which has none. */
gboolean sotto_document_pages_are_numbered (SottoDocumentPages *self);

/* How many there will be (0: not known yet), and how many are here */
guint sotto_document_pages_get_n_expected (SottoDocumentPages *self);
guint sotto_document_pages_get_n (SottoDocumentPages *self);

/* Returns: (transfer none): UTF-8 */
const char *sotto_document_pages_get_text (SottoDocumentPages *self, guint page);

/**
 * sotto_document_pages_tidy:
 *
 * Of all pages: takes away blanks at the ends of lines, blank lines at the ends of a page and what controls a terminal,
 * and joins a word that a hyphen cuts at the end of a line, if the same document has the whole word, and not with a
 * hyphen, somewhere else.
 */
void sotto_document_pages_tidy (SottoDocumentPages *self);

G_END_DECLS
