#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoDocumentRow:
 *
 * A document that is being read: its name, how far that is, and a button that gives it up.
 */
#define SOTTO_TYPE_DOCUMENT_ROW (sotto_document_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoDocumentRow, sotto_document_row, SOTTO, DOCUMENT_ROW, GtkBox)

GtkWidget *sotto_document_row_new (SottoDocument *document);

G_END_DECLS
