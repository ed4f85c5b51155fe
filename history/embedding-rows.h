#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * SottoEmbedder:
 * @row: its own; 0: there is none
 * @size: bytes of each of its vectors; 0: there are none
 * @is_named: whether it has the name that was asked for
 *
 * The model whose vectors count.
 */
typedef struct {
  gint64 row;
  gint64 size;
  gboolean is_named;
} SottoEmbedder;

/**
 * sotto_rows_find_embedder:
 * @name: (nullable): asked for
 *
 * Returns: whether it went well, and there may be none
 */
gboolean sotto_rows_find_embedder (SottoDatabase *database, const char *name, SottoEmbedder *embedder, GError **error);

G_END_DECLS
