#include "embedding-rows.h"

#include "conversation-rows.h"
#include "embedding.h"

gboolean
sotto_rows_find_embedder (SottoDatabase *database, const char *name, SottoEmbedder *embedder, GError **error)
{
  gboolean failed;
  sqlite3_stmt *row = sotto_database_query (database, error,
                                            "SELECT id, size, name IS ?1 FROM embedder WHERE gone = 0", "u", name);

  *embedder = (SottoEmbedder) { 0 };
  if (row == NULL)
    return FALSE;
  if (!sotto_database_next (database, row, &failed, error))
    return !failed;
  embedder->row = sqlite3_column_int64 (row, 0);
  embedder->size = sqlite3_column_int64 (row, 1);
  embedder->is_named = sqlite3_column_int (row, 2) != 0;
  sqlite3_reset (row);
  return TRUE;
}

gboolean
sotto_rows_check_vectors (SottoDatabase *database, const SottoEmbedder *embedder, gsize n, GError **error)
{
  const gint64 size = SOTTO_EMBEDDING_HEADER + (gint64) n;

  if (n == 0 || n > SOTTO_EMBEDDING_MAX)
    {
      sotto_rows_set_invalid (error, "vectors: size");
      return FALSE;
    }
  if (embedder->size == size)
    return TRUE;
  if (embedder->size != 0)
    {
      sotto_rows_set_invalid (error, "vectors: of another length");
      return FALSE;
    }
  return sotto_database_run (database, error, "UPDATE embedder SET size = ?1 WHERE id = ?2", "ii", size, embedder->row);
}

GBytes *
sotto_rows_pack_vector (const float *vector, gsize n, GError **error)
{
  GBytes *packed = sotto_embedding_pack (vector, n);

  if (packed == NULL)
    sotto_rows_set_invalid (error, "vectors: not a number");
  return packed;
}
