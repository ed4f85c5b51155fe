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

/**
 * sotto_rows_check_vectors:
 * @n: how many numbers each has
 *
 * The first vector of an embedder says how long all are.
 *
 * Returns: %FALSE with _INVALID when @n is another length, or none that a vector can have
 */
gboolean sotto_rows_check_vectors (SottoDatabase *database, const SottoEmbedder *embedder, gsize n, GError **error);

/**
 * sotto_rows_pack_vector:
 *
 * Returns: (transfer full): as the tables have it; or %NULL with _INVALID
 */
GBytes *sotto_rows_pack_vector (const float *vector, gsize n, GError **error);

G_END_DECLS
