#include "embedding-rows.h"

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
