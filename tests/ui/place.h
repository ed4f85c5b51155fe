#pragma once

#include "sotto-app.h"

G_BEGIN_DECLS

/* A folder of documents: "report.md", and "broken.txt", which cannot be read. */

void place_create (void);
void place_remove (void);

/* Returns: (transfer full): it is in the list, and has been read */
SottoDocumentFolder *place_add (SottoApp *app);

G_END_DECLS
