#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* A row for a folder of documents: its name, how far it has been read, or what is wrong with it. */
#define SOTTO_TYPE_FOLDER_ROW (sotto_folder_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoFolderRow, sotto_folder_row, SOTTO, FOLDER_ROW, GtkListBoxRow)

GtkWidget *sotto_folder_row_new (SottoDocumentFolder *folder);
SottoDocumentFolder *sotto_folder_row_get_folder (SottoFolderRow *self);

/* Returns: (transfer none): what is said of @folder, which is why it failed if it did */
const char *sotto_folder_get_words (SottoDocumentFolder *folder);

/* Whether somebody is at work on @folder, or will be */
gboolean sotto_folder_is_at_work (SottoDocumentFolder *folder);

G_END_DECLS
