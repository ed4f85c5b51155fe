#pragma once

#include <sotto-engine.h>

G_BEGIN_DECLS

/**
 * sotto_embedder_name_create:
 * @model: an embedding model
 * @size: bytes of all its files
 *
 * What the history knows the maker of vectors by. It is another one as soon as these may be others, and the same where the file is moved,
 * copied or comes back with its disk. Blocks for some milliseconds; any thread.
 *
 * Returns: (transfer full)
 */
char *sotto_embedder_name_create (const SottoModel *model, guint64 size);

G_END_DECLS
