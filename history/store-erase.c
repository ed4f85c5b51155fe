/* Overwriting what was read of documents that are gone
 *
 * A call marks documents and folders as gone, which takes no time; they are found no more. The store's thread then erases
 * a little whenever no call waits, so that others get between:
 *
 *   1 documents of a folder that is gone are marked, too
 *   2 passages of documents that are gone leave the index and the table, and their vectors go with them
 *   3 vectors of embedders that are gone leave their tables
 *   4 the index is merged into one segment, some pages at a time, if passages have left it
 *   5 the rows of the documents and folders go, and the log is emptied into the file
 *
 * An index that deletes securely by itself takes 1.2 ms a passage, as it writes each word's page anew. This way it is
 * 0.04: FTS5 first notes that a row is gone, its words stay in older segments, and a merge of all segments leaves out both
 * (and PRAGMA secure_delete overwrites the old pages). The rows of step 5 say until then that something is left to do, so
 * that a crash or closing at any moment only delays it: it goes on after the next opening.
 *
 * As a merge goes over the whole index, it waits until nothing has gone for a while. A step of it ends after so many pages
 * written, so that it could be long where little stays; very little is indexed anew instead. */

#include "store-private.h"

#define MERGE_WAIT (2 * G_USEC_PER_SEC) /* since something went */
#define PASSAGES 200                    /* a step */
#define DOCUMENTS 1000
#define EMBEDDINGS 1000
#define PASSAGES_FEW 1000               /* so many are indexed anew in place of a merge */
#define PASSAGES_PER_PAGE 1250          /* that stay, for each page of a step of a merge: about a hundred steps */
#define PAGES_MIN 4

void
sotto_vault_erase_later (SottoVault *vault)
{
  SottoErasing *self = &vault->erasing;

  g_atomic_int_set (&self->is_left, TRUE);
  self->pages = 0;
  self->embedding = 0;
  self->table = 0;
  self->due = g_get_monotonic_time ();
  self->merge_due = self->due + MERGE_WAIT;
}

gboolean
sotto_vault_look_for_erasing (SottoVault *vault, GError **error)
{
  GError *local = NULL;
  gboolean found;

  sotto_database_get_int (vault->database, &found, &local,
                          "SELECT 1 WHERE EXISTS (SELECT 1 FROM document WHERE gone = 1)"
                          " OR EXISTS (SELECT 1 FROM folder WHERE gone = 1)"
                          " OR EXISTS (SELECT 1 FROM embedder WHERE gone = 1)", "");
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (found)
    sotto_vault_erase_later (vault);
  return TRUE;
}

/* --- The steps; each says in @did whether there was something to do --- */

static gboolean
mark_documents (SottoDatabase *database, gboolean *did, GError **error)
{
  if (!sotto_database_run (database, error,
                           "UPDATE document SET gone = 1 WHERE id IN"
                           " (SELECT document.id FROM folder JOIN document ON document.folder = folder.id"
                           "  WHERE folder.gone = 1 AND document.gone = 0 LIMIT ?1)", "i", (gint64) DOCUMENTS))
    return FALSE;
  *did = sotto_database_changes (database) > 0;
  return TRUE;
}

/* Returns: how many passages were erased, or -1 */
static gint64
erase_passages (SottoDatabase *database, gint64 document, gint64 n, GError **error)
{
  static const char these[] = "SELECT id FROM passage WHERE document = ?1 ORDER BY id LIMIT 1 OFFSET ?2";
  GError *local = NULL;
  gboolean more;
  gint64 end = sotto_database_get_int (database, &more, &local, these, "ii", document, n);

  if (!more)
    end = G_MAXINT64;
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return -1;
    }
  if (!sotto_database_run (database, error,
                           "INSERT INTO passage_words (passage_words, rowid, text)"
                           " SELECT 'delete', id, text FROM passage WHERE document = ?1 AND id < ?2", "ii",
                           document, end) ||
      !sotto_database_run (database, error, "DELETE FROM passage WHERE document = ?1 AND id < ?2", "ii",
                           document, end))
    return -1;
  n = sotto_database_changes (database);
  if (!more && !sotto_database_run (database, error,
                                    "UPDATE document SET n_passages = 0, path = '' WHERE id = ?1", "i", document))
    return -1;
  return n;
}

static gboolean
erase_documents (SottoDatabase *database, gboolean *did, GError **error)
{
  gint64 left = PASSAGES;

  *did = FALSE;
  for (guint i = 0; i < PASSAGES && left > 0; i++)
    {
      GError *local = NULL;
      gboolean found;
      gint64 n;
      gint64 document = sotto_database_get_int (database, &found, &local,
                                                "SELECT id FROM document WHERE gone = 1 AND n_passages > 0 LIMIT 1", "");

      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
      if (!found)
        return TRUE;
      n = erase_passages (database, document, left, error);
      if (n < 0)
        return FALSE;
      left -= n;
      *did = TRUE;
    }
  return TRUE;
}

/* The two tables that have vectors: where the next thousand of one ends, and deleting those of embedders that are gone up to there */
static const struct {
  const char *last;
  const char *of_gone;
} vectors[] = {
  { "SELECT passage FROM embedding WHERE passage > ?1 ORDER BY passage LIMIT 1 OFFSET ?2",
    "DELETE FROM embedding WHERE passage > ?1 AND passage <= ?2 AND embedder IN (SELECT id FROM embedder WHERE gone = 1)" },
  { "SELECT id FROM message_embedding WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2",
    "DELETE FROM message_embedding WHERE id > ?1 AND id <= ?2 AND embedder IN (SELECT id FROM embedder WHERE gone = 1)" },
};

/* Looks at the next of all embeddings, as no index says which are whose; the embedders go when all were looked at. */
static gboolean
erase_embeddings (SottoVault *vault, gboolean *did, GError **error)
{
  SottoDatabase *database = vault->database;
  SottoErasing *self = &vault->erasing;
  GError *local = NULL;
  gboolean more;
  gint64 last;

  sotto_database_get_int (database, did, &local, "SELECT 1 FROM embedder WHERE gone = 1", "");
  if (local == NULL && !*did)
    return TRUE;
  last = local != NULL ? 0 : sotto_database_get_int (database, &more, &local, vectors[self->table].last, "ii", self->embedding,
                                                     (gint64) EMBEDDINGS - 1);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  if (!sotto_database_run (database, error, vectors[self->table].of_gone, "ii", self->embedding, more ? last : G_MAXINT64))
    return FALSE;
  self->embedding = more ? last : 0;
  self->table += !more;
  if (self->table < G_N_ELEMENTS (vectors))
    return TRUE;
  self->table = 0;
  return sotto_database_run (database, error, "DELETE FROM embedder WHERE gone = 1", "");
}

/* Whether passages have left the index, or may have */
static gboolean
is_index_old (SottoDatabase *database, gboolean *is_old, GError **error)
{
  GError *local = NULL;

  sotto_database_get_int (database, is_old, &local,
                          "SELECT 1 WHERE EXISTS (SELECT 1 FROM document WHERE gone = 1)"
                          " OR EXISTS (SELECT 1 FROM folder WHERE gone = 1)", "");
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static gboolean
index_anew (SottoDatabase *database, GError **error)
{
  return sotto_database_run (database, error, "INSERT INTO passage_words (passage_words) VALUES ('delete-all')", "") &&
         sotto_database_run (database, error, "INSERT INTO passage_words (rowid, text) SELECT id, text FROM passage", "");
}

static gboolean
begin_merge (SottoVault *vault, gboolean *did, GError **error)
{
  GError *local = NULL;
  gint64 n = sotto_database_get_int (vault->database, NULL, &local,
                                     "SELECT ifnull (sum (n_passages), 0) FROM document WHERE gone = 0", "");

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (n <= PASSAGES_FEW)
    {
      *did = FALSE;
      return index_anew (vault->database, error);
    }

  *did = TRUE;
  vault->erasing.pages = MAX (n / PASSAGES_PER_PAGE, PAGES_MIN);
  return sotto_database_run (vault->database, error,
                             "INSERT INTO passage_words (passage_words, rank) VALUES ('merge', -?1)", "i",
                             vault->erasing.pages);
}

/* A merge of all segments is begun by a negative number of pages and ends when it changes nothing more. */
static gboolean
merge (SottoVault *vault, gboolean *did, GError **error)
{
  sqlite3 *handle = sotto_database_get_handle (vault->database);
  const gint before = sqlite3_total_changes (handle);

  if (vault->erasing.pages == 0)
    return begin_merge (vault, did, error);
  if (!sotto_database_run (vault->database, error,
                           "INSERT INTO passage_words (passage_words, rank) VALUES ('merge', ?1)", "i",
                           vault->erasing.pages))
    return FALSE;
  *did = sqlite3_total_changes (handle) - before >= 2;
  return TRUE;
}

static gboolean
drop_rows (SottoDatabase *database, gboolean *did, GError **error)
{
  if (!sotto_database_run (database, error,
                           "DELETE FROM document WHERE id IN"
                           " (SELECT id FROM document WHERE gone = 1 AND n_passages = 0 LIMIT ?1)", "i",
                           (gint64) DOCUMENTS))
    return FALSE;
  *did = sotto_database_changes (database) > 0;
  return *did || sotto_database_run (database, error, "DELETE FROM folder WHERE gone = 1", "");
}

/* Returns: whether it went well */
static gboolean
step (SottoVault *vault, gboolean *did, GError **error)
{
  SottoDatabase *database = vault->database;
  gboolean is_old = FALSE;
  gboolean ok;

  if (!sotto_database_begin (database, error))
    return FALSE;
  ok = mark_documents (database, did, error) &&
       (*did || erase_documents (database, did, error)) &&
       (*did || erase_embeddings (vault, did, error)) &&
       (*did || is_index_old (database, &is_old, error));
  if (ok && is_old && g_get_monotonic_time () < vault->erasing.merge_due)
    {
      vault->erasing.due = vault->erasing.merge_due;
      *did = TRUE;
    }
  if (ok && is_old && !*did)
    ok = merge (vault, did, error) && (*did || drop_rows (database, did, error));
  return sotto_database_end (database, ok, error);
}

void
sotto_vault_erase (SottoVault *vault)
{
  const gint64 begin = g_get_monotonic_time ();
  gboolean did = FALSE;

  /* What cannot be written now is left for the next time that something goes, or for the next opening. */
  vault->erasing.due = 0;
  if (!step (vault, &did, NULL))
    {
      g_atomic_int_set (&vault->erasing.is_left, FALSE);
      return;
    }

  if (did)
    {
      /* It rests as long as it worked. */
      vault->erasing.due = MAX (vault->erasing.due, 2 * g_get_monotonic_time () - begin);
      return;
    }
  sotto_database_exec (vault->database, "PRAGMA wal_checkpoint (TRUNCATE)", NULL);
  g_atomic_int_set (&vault->erasing.is_left, FALSE);
}
