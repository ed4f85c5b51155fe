#pragma once

#include <sotto-history.h>

#include "document-folders.h"

G_BEGIN_DECLS

/* Empty, and without a history */
SottoDocumentFolders *sotto_document_folders_new (void);

G_END_DECLS
