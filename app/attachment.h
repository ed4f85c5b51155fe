#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SottoAttachment:
 *
 * A file that is part of a message, or will be: its name and its text, which the model is given before what was written.
 * Where the file lay is forgotten. It never changes.
 *
 * Properties (read-only, constant):
 * - "name" (string): the file's, for people: one line
 * - "n-pages" (uint): 0: it has none
 * - "size" (uint64): bytes of its text
 */
#define SOTTO_TYPE_ATTACHMENT (sotto_attachment_get_type ())
G_DECLARE_FINAL_TYPE (SottoAttachment, sotto_attachment, SOTTO, ATTACHMENT, GObject)

const char *sotto_attachment_get_name (SottoAttachment *self);
guint sotto_attachment_get_n_pages (SottoAttachment *self);
gsize sotto_attachment_get_size (SottoAttachment *self);

/* Whether it came out of a document that was set in letters of different widths, and does not lie in the file as it is */
gboolean sotto_attachment_was_formatted (SottoAttachment *self);

/* Returns: (transfer none): UTF-8; a document's pages have their numbers above them */
const char *sotto_attachment_get_text (SottoAttachment *self);

/* Returns: (transfer full): how long it is, for people: "12 pages", "3.4 kB" */
char *sotto_attachment_describe (SottoAttachment *self);

G_END_DECLS
