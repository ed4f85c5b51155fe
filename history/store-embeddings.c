/* Vectors of passages
 *
 * The embedder that is not gone is the one whose vectors count. Another one takes its place at once: documents count anew how
 * many of their passages have a vector, messages know which embedder they have theirs of (store-message-embeddings.c), and
 * vectors of the old one are erased when no call waits (store-erase.c), or earlier, when a new one takes the place of each. */

#include "store-private.h"

#include "embedding-rows.h"

/* --- In the thread --- */

static gpointer
do_set_embedder (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  SottoEmbedder embedder;

  if (!sotto_rows_find_embedder (database, call->text, &embedder, error))
    return NULL;
  if (embedder.is_named || (embedder.row == 0 && call->text == NULL))
    return SOTTO_DONE;

  if (!sotto_database_run (database, error, "UPDATE embedder SET gone = 1 WHERE gone = 0", "") ||
      !sotto_database_run (database, error, "UPDATE document SET n_embedded = 0 WHERE n_embedded > 0", "") ||
      (call->text != NULL &&
       !sotto_database_run (database, error, "INSERT INTO embedder (name) VALUES (?1)", "u", call->text)))
    return NULL;
  if (embedder.row != 0)
    sotto_vault_erase_later (vault);
  return SOTTO_DONE;
}

typedef struct {
  GPtrArray *passages;
  guint64 n_left;
  guint64 n_all;
} Unembedded;

static void
unembedded_free (gpointer data)
{
  Unembedded *self = data;

  g_clear_pointer (&self->passages, g_ptr_array_unref);
  g_free (self);
}

static gboolean
count_passages (SottoDatabase *database, Unembedded *self, GError **error)
{
  gboolean failed;
  sqlite3_stmt *row =
    sotto_database_query (database, error,
                          "SELECT ifnull (sum (n_passages), 0), ifnull (sum (n_passages - n_embedded), 0)"
                          " FROM folder JOIN document ON document.folder = folder.id AND document.gone = 0"
                          " WHERE folder.gone = 0", "");

  if (row == NULL || !sotto_database_next (database, row, &failed, error))
    return FALSE;
  self->n_all = (guint64) sqlite3_column_int64 (row, 0);
  self->n_left = (guint64) sqlite3_column_int64 (row, 1);
  sqlite3_reset (row);
  return TRUE;
}

/* Adds passages of a document, up to @limit of all. */
static gboolean
list_document (SottoVault *vault, gint64 document, gint64 embedder, guint limit, GPtrArray *list, GError **error)
{
  SottoListed *listed = &vault->listed;
  const gboolean is_known = listed->embedder == embedder && listed->document == document;
  gboolean failed;
  sqlite3_stmt *rows =
    sotto_database_query (vault->database, error,
                          "SELECT id, first_page, last_page, text FROM passage WHERE document = ?1 AND id >= ?2"
                          " AND NOT EXISTS (SELECT 1 FROM embedding WHERE embedding.passage = passage.id AND embedder = ?3)"
                          " ORDER BY id LIMIT ?4", "iiii", document, is_known ? listed->from : 0, embedder,
                          (gint64) (limit - list->len));

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (vault->database, rows, &failed, error))
    {
      SottoHistoryPassage *passage = sotto_history_passage_new ((const char *) sqlite3_column_text (rows, 3),
                                                                (guint) sqlite3_column_int64 (rows, 1),
                                                                (guint) sqlite3_column_int64 (rows, 2));

      passage->row = sqlite3_column_int64 (rows, 0);
      if (list->len == 0)
        *listed = (SottoListed) { embedder, document, passage->row };
      g_ptr_array_add (list, passage);
    }
  return !failed;
}

static gboolean
list_passages (SottoVault *vault, gint64 embedder, guint limit, GPtrArray *list, GError **error)
{
  gboolean failed = FALSE;
  sqlite3_stmt *documents =
    sotto_database_query (vault->database, error,
                          "SELECT document.id FROM document JOIN folder ON folder.id = document.folder"
                          " WHERE document.gone = 0 AND n_embedded < n_passages AND folder.gone = 0"
                          " ORDER BY document.id", "");

  if (documents == NULL)
    return FALSE;
  while (list->len < limit && sotto_database_next (vault->database, documents, &failed, error))
    if (!list_document (vault, sqlite3_column_int64 (documents, 0), embedder, limit, list, error))
      {
        failed = TRUE;
        break;
      }
  sqlite3_reset (documents);
  return !failed;
}

static gpointer
do_list_unembedded (SottoVault *vault, SottoCall *call, GError **error)
{
  Unembedded *self = g_new0 (Unembedded, 1);
  SottoEmbedder embedder;

  self->passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  if (sotto_rows_find_embedder (vault->database, NULL, &embedder, error) &&
      count_passages (vault->database, self, error) &&
      (embedder.row == 0 ||
       list_passages (vault, embedder.row, (guint) call->number, self->passages, error)))
    return self;
  unembedded_free (self);
  return NULL;
}

/* Returns: whether it went well */
static gboolean
put_embedding (SottoDatabase *database, gint64 embedder, gint64 passage, GBytes *vector, GError **error)
{
  GError *local = NULL;
  gboolean is_there, has_one;
  gint64 document = sotto_database_get_int (database, &is_there, &local,
                                            "SELECT document.id FROM passage JOIN document ON document.id = passage.document"
                                            " WHERE passage.id = ?1 AND document.gone = 0", "i", passage);

  if (local == NULL && !is_there)
    return TRUE;
  if (local == NULL)
    sotto_database_get_int (database, &has_one, &local,
                            "SELECT 1 FROM embedding WHERE passage = ?1 AND embedder = ?2", "ii", passage, embedder);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  return sotto_database_run (database, error,
                             "INSERT INTO embedding (passage, embedder, vector) VALUES (?1, ?2, ?3)"
                             " ON CONFLICT (passage) DO UPDATE SET embedder = ?2, vector = ?3", "iib", passage, embedder,
                             vector) &&
         (has_one || sotto_database_run (database, error,
                                         "UPDATE document SET n_embedded = n_embedded + 1 WHERE id = ?1", "i", document));
}

static gpointer
do_put_embeddings (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  const float *vectors = g_bytes_get_data (call->vectors, NULL);
  const gsize n = (gsize) call->number;
  SottoEmbedder embedder;

  if (call->rows->len == 0)
    return SOTTO_DONE;
  if (!sotto_rows_find_embedder (database, call->text, &embedder, error))
    return NULL;
  if (!embedder.is_named)
    return SOTTO_DONE;

  if (!sotto_rows_check_vectors (database, &embedder, n, error))
    return NULL;
  for (guint i = 0; i < call->rows->len; i++)
    {
      g_autoptr (GBytes) vector = sotto_rows_pack_vector (vectors + i * n, n, error);

      if (vector == NULL || !put_embedding (database, embedder.row, g_array_index (call->rows, gint64, i), vector, error))
        return NULL;
    }
  return SOTTO_DONE;
}

/* --- The calls --- */

void
sotto_store_set_embedder_async (SottoStore          *self,
                                const char          *embedder,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->text = embedder != NULL ? g_utf8_make_valid (embedder, -1) : NULL;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set_embedder, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_set_embedder_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_list_unembedded_async (SottoStore          *self,
                                   guint                limit,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->number = CLAMP (limit, 1, 100);
  sotto_store_push (self, SOTTO_WORK_READ, do_list_unembedded, call, unembedded_free, cancellable, callback, user_data);
}

GPtrArray *
sotto_store_list_unembedded_finish (SottoStore    *self,
                                    GAsyncResult  *result,
                                    guint64       *n_left,
                                    guint64       *n_all,
                                    GError       **error)
{
  Unembedded *unembedded = sotto_store_take (self, result, error);
  GPtrArray *list;

  if (unembedded == NULL)
    return NULL;
  if (n_left != NULL)
    *n_left = unembedded->n_left;
  if (n_all != NULL)
    *n_all = unembedded->n_all;
  list = g_steal_pointer (&unembedded->passages);
  unembedded_free (unembedded);
  return list;
}

void
sotto_store_put_embeddings_async (SottoStore          *self,
                                  const char          *embedder,
                                  GArray              *rows,
                                  GBytes              *vectors,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  SottoCall *call;
  gsize n;

  g_return_if_fail (SOTTO_IS_STORE (self) && embedder != NULL && rows != NULL && vectors != NULL);

  /* Of another size they cannot be taken apart, which the thread says. */
  n = rows->len > 0 ? g_bytes_get_size (vectors) / (rows->len * sizeof (float)) : 0;
  call = sotto_call_new ();
  call->text = g_utf8_make_valid (embedder, -1);
  call->rows = g_array_copy (rows);
  call->vectors = g_bytes_ref (vectors);
  call->number = rows->len * n * sizeof (float) == g_bytes_get_size (vectors) ? (gint64) n : 0;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_put_embeddings, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_put_embeddings_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
