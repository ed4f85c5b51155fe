/* Vectors of what messages say
 *
 * Who makes them cuts what a message says into pieces, as long as passages are; a long message gets its vectors in several steps, and
 * its entry has the embedder once the last piece has. So its vectors are of the text that is found by words, and go with it: a message
 * that is deleted, or a reply that goes on, loses its entry (search-index.c), and its vectors in the same moment.
 *
 * A row of messages is never used twice, so that what was listed and has gone meanwhile is nobody else; and a message that says
 * something else than when it was listed is known by its length, as text is only added. */

#include "store-private.h"

#include "conversation-rows.h"
#include "embedding-rows.h"
#include "message-said.h"

/* --- In the thread --- */

typedef struct {
  GPtrArray *said;
  guint64 n_left;
  guint64 n_all;
} Unembedded;

static void
unembedded_free (gpointer data)
{
  Unembedded *self = data;

  g_clear_pointer (&self->said, g_ptr_array_unref);
  g_free (self);
}

static gboolean
count_messages (SottoDatabase *database, gint64 embedder, Unembedded *self, GError **error)
{
  gboolean failed;
  sqlite3_stmt *row = sotto_database_query (database, error,
                                            "SELECT count(*), count(*) FILTER (WHERE embedder < ?1) FROM entry"
                                            " JOIN conversation ON conversation.id = entry.conversation"
                                            " WHERE message IS NOT NULL AND deleted = 0", "i",
                                            embedder != 0 ? embedder : G_MAXINT64);

  if (row == NULL || !sotto_database_next (database, row, &failed, error))
    return FALSE;
  self->n_all = (guint64) sqlite3_column_int64 (row, 0);
  self->n_left = (guint64) sqlite3_column_int64 (row, 1);
  sqlite3_reset (row);
  return TRUE;
}

static gboolean
list_messages (SottoDatabase *database, gint64 embedder, gint64 limit, GPtrArray *list, GError **error)
{
  gboolean failed;
  sqlite3_stmt *rows =
    sotto_database_query (database, error,
                          "SELECT message, " SOTTO_ROWS_SAID ("entry") ","
                          " (SELECT ifnull (max (start + length), 0) FROM message_embedding"
                          "  WHERE message_embedding.message = entry.message AND message_embedding.embedder = ?1)"
                          " FROM entry JOIN conversation ON conversation.id = entry.conversation"
                          " WHERE message IS NOT NULL AND embedder < ?1 AND deleted = 0"
                          " ORDER BY embedder DESC, entry.id DESC LIMIT ?2", "ii", embedder, limit);

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      SottoHistorySaid *said = g_new0 (SottoHistorySaid, 1);

      said->message = sqlite3_column_int64 (rows, 0);
      said->text = sotto_column_dup_text (rows, 1);
      said->done = (gsize) sqlite3_column_int64 (rows, 2);
      g_ptr_array_add (list, said);
    }
  return !failed;
}

static gpointer
do_list_unembedded (SottoVault *vault, SottoCall *call, GError **error)
{
  Unembedded *self = g_new0 (Unembedded, 1);
  SottoEmbedder embedder;

  self->said = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_said_free);
  if (sotto_rows_find_embedder (vault->database, NULL, &embedder, error) &&
      count_messages (vault->database, embedder.row, self, error) &&
      (embedder.row == 0 || list_messages (vault->database, embedder.row, call->number, self->said, error)))
    return self;
  unembedded_free (self);
  return NULL;
}

/* @is_there: (out): whether the message still says what the piece is of. Returns: whether it went well */
static gboolean
look_up_message (SottoDatabase *database, const SottoHistoryPiece *piece, gboolean *is_there, GError **error)
{
  GError *local = NULL;
  const gint64 whole = sotto_database_get_int (database, is_there, &local,
                                               "SELECT length (CAST (" SOTTO_ROWS_SAID ("entry") " AS BLOB)) FROM entry"
                                               " WHERE message = ?1", "i", piece->message);

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  *is_there = *is_there && (gsize) whole == piece->whole;
  if (piece->start <= piece->whole && piece->length <= piece->whole - piece->start)
    return TRUE;
  sotto_rows_set_invalid (error, "piece: ends behind its message");
  return FALSE;
}

/* @vector: (nullable): as the table has it. Returns: whether it went well */
static gboolean
put_piece (SottoDatabase *database, gint64 embedder, const SottoHistoryPiece *piece, GBytes *vector, GError **error)
{
  gboolean is_there;

  if (!look_up_message (database, piece, &is_there, error))
    return FALSE;
  if (!is_there)
    return TRUE;
  return sotto_database_run (database, error,
                             "DELETE FROM message_embedding WHERE message = ?1 AND (embedder != ?2 OR start >= ?3)", "iii",
                             piece->message, embedder, (gint64) piece->start) &&
         (vector == NULL ||
          sotto_database_run (database, error,
                              "INSERT INTO message_embedding (message, start, length, embedder, vector)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)", "iiiib", piece->message, (gint64) piece->start,
                              (gint64) piece->length, embedder, vector)) &&
         (!piece->is_last ||
          sotto_database_run (database, error, "UPDATE entry SET embedder = ?1 WHERE message = ?2", "ii", embedder,
                              piece->message));
}

static guint
count_vectors (GArray *pieces)
{
  guint n = 0;

  for (guint i = 0; i < pieces->len; i++)
    n += g_array_index (pieces, SottoHistoryPiece, i).length > 0;
  return n;
}

static gpointer
do_put_embeddings (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  const float *vectors = g_bytes_get_data (call->vectors, NULL);
  const gsize n = (gsize) call->number;
  SottoEmbedder embedder;

  if (!sotto_rows_find_embedder (database, call->text, &embedder, error))
    return NULL;
  if (!embedder.is_named)
    return SOTTO_DONE;

  if (count_vectors (call->rows) > 0 && !sotto_rows_check_vectors (database, &embedder, n, error))
    return NULL;
  for (guint i = 0; i < call->rows->len; i++)
    {
      const SottoHistoryPiece *piece = &g_array_index (call->rows, SottoHistoryPiece, i);
      g_autoptr (GBytes) vector = piece->length > 0 ? sotto_rows_pack_vector (vectors, n, error) : NULL;

      if ((piece->length > 0 && vector == NULL) || !put_piece (database, embedder.row, piece, vector, error))
        return NULL;
      vectors += piece->length > 0 ? n : 0;
    }
  return SOTTO_DONE;
}

/* --- The calls --- */

void
sotto_store_list_unembedded_messages_async (SottoStore          *self,
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
sotto_store_list_unembedded_messages_finish (SottoStore    *self,
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
  list = g_steal_pointer (&unembedded->said);
  unembedded_free (unembedded);
  return list;
}

void
sotto_store_put_message_embeddings_async (SottoStore          *self,
                                          const char          *embedder,
                                          GArray              *pieces,
                                          GBytes              *vectors,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  SottoCall *call;
  gsize n_vectors, n;

  g_return_if_fail (SOTTO_IS_STORE (self) && embedder != NULL && pieces != NULL && vectors != NULL);

  /* Of another size they cannot be taken apart, which the thread says. */
  n_vectors = count_vectors (pieces);
  n = n_vectors > 0 ? g_bytes_get_size (vectors) / (n_vectors * sizeof (float)) : 0;
  call = sotto_call_new ();
  call->text = g_utf8_make_valid (embedder, -1);
  call->rows = g_array_copy (pieces);
  call->vectors = g_bytes_ref (vectors);
  call->number = n_vectors * n * sizeof (float) == g_bytes_get_size (vectors) ? (gint64) n : 0;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_put_embeddings, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_put_message_embeddings_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
