#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoFolderPage:
 *
 * A folder of documents: where it is, how far it has been read, what could not be.
 *
 * Signals:
 * - "remove" (SottoDocumentFolder *folder): it is to be taken off the list
 */
#define SOTTO_TYPE_FOLDER_PAGE (sotto_folder_page_get_type ())
G_DECLARE_FINAL_TYPE (SottoFolderPage, sotto_folder_page, SOTTO, FOLDER_PAGE, AdwNavigationPage)

AdwNavigationPage *sotto_folder_page_new (SottoDocumentFolders *folders, SottoDocumentFolder *folder);

G_END_DECLS
