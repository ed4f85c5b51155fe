#include "passage-meaning.h"

#include "folder-rows.h"

GArray *
sotto_passage_rank_by_meaning (SottoDatabase  *database,
                               GArray         *folders,
                               gint64          n_passages,
                               const char     *embedder,
                               GBytes         *vector,
                               GError        **error)
{
  g_autoptr (SottoNearing) nearing = sotto_nearing_new (database, embedder, vector, n_passages, error);

  if (nearing == NULL)
    return NULL;
  for (guint i = 0; sotto_nearing_is_needed (nearing) && i < folders->len; i++)
    {
      const gint64 folder = g_array_index (folders, gint64, i);
      sqlite3_stmt *rows = sotto_database_query (database, error,
                                                 "SELECT passage, embedder, vector FROM embedding"
                                                 " WHERE passage BETWEEN ?1 AND ?2",
                                                 "ii", SOTTO_PASSAGES_BEFORE (folder), SOTTO_PASSAGES_LAST (folder));

      if (!sotto_nearing_compare (nearing, rows, error))
        return NULL;
    }
  return sotto_nearing_end (nearing);
}
