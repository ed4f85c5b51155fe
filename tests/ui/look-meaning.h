#pragma once

#include "look.h"

G_BEGIN_DECLS

/* What stands below the folders of documents, of which there are some: no embedding model, one at work, several, and what went wrong;
 * the details of one. */
void look_at_meaning (Look *look);

/* What a search has found by meaning, below what it found by words, which is in sight. */
void look_at_found_by_meaning (Look *look);

G_END_DECLS
