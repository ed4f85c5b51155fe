#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @pages: (inout): strings, each of which may be replaced; see sotto_document_pages_tidy() */
void sotto_document_tidy (char **pages, guint n);

G_END_DECLS
