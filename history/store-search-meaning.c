/* A search by what messages are about: each message is as near as its nearest piece, and what stands out is found (nearness.c). Where a
 * conversation speaks of nothing else, its first few messages stand for it. */

#include "store-private.h"

#include "conversation-rows.h"
#include "message-said.h"
#include "nearness.h"
#include "search-query.h"

#define OF_ONE_CONVERSATION 3
#define LOOKED_AT 200 /* of the nearest pieces */

typedef struct {
  SottoDatabase *database;
  GPtrArray *hits;
  GHashTable *seen;         /* ids of messages */
  GHashTable *n_of;         /* conversation's id → how many of its messages were found */
} Search;

static GArray *
find_near (SottoDatabase *database, const char *embedder, GBytes *vector, GError **error)
{
  GError *local = NULL;
  const gint64 n_all = sotto_database_get_int (database, NULL, &local, "SELECT count(*) FROM message_embedding", "");
  g_autoptr (SottoNearing) nearing = local == NULL ? sotto_nearing_new (database, embedder, vector, n_all, &local) : NULL;

  if (nearing == NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  if (sotto_nearing_is_needed (nearing) &&
      !sotto_nearing_compare (nearing, sotto_database_query (database, error,
                                                             "SELECT id, embedder, vector FROM message_embedding", ""), error))
    return NULL;
  return sotto_nearing_end (nearing);
}

/* Of one that was deleted, or purged while others were looked at, there is none. Returns: (transfer full) (nullable) */
static SottoHistoryHit *
read_hit (SottoDatabase *database, gint64 row, gboolean *failed, GError **error)
{
  SottoHistoryHit *hit;
  sqlite3_stmt *rows =
    sotto_database_query (database, error,
                          "SELECT conversation.uuid, title, message.uuid, message.created,"
                          " CAST (substr (CAST (" SOTTO_ROWS_SAID ("message_embedding") " AS BLOB), start + 1, length) AS TEXT)"
                          " FROM message_embedding JOIN message ON message.id = message_embedding.message"
                          " JOIN conversation ON conversation.id = message.conversation"
                          " WHERE message_embedding.id = ?1 AND deleted = 0", "i", row);

  *failed = rows == NULL;
  if (rows == NULL || !sotto_database_next (database, rows, failed, error))
    return NULL;

  hit = g_new0 (SottoHistoryHit, 1);
  hit->conversation = sotto_column_dup_text (rows, 0);
  hit->title = sotto_column_dup_text (rows, 1);
  hit->message = sotto_column_dup_text (rows, 2);
  hit->created = sqlite3_column_int64 (rows, 3);
  hit->piece = g_utf8_make_valid ((const char *) sqlite3_column_text (rows, 4), -1);
  sotto_search_set_snippet (hit, hit->piece);
  sqlite3_reset (rows);
  return hit;
}

/* Whether @hit is one of those that are shown */
static gboolean
is_new (Search *self, const SottoHistoryHit *hit)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->n_of, hit->conversation));

  if (n >= OF_ONE_CONVERSATION || !g_hash_table_add (self->seen, g_strdup (hit->message)))
    return FALSE;
  g_hash_table_insert (self->n_of, g_strdup (hit->conversation), GUINT_TO_POINTER (n + 1));
  return TRUE;
}

static gpointer
do_search (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GPtrArray) hits = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_hit_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) n_of = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) near = find_near (vault->database, call->text, call->vectors, error);
  Search self = { vault->database, hits, seen, n_of };

  if (near == NULL)
    return NULL;
  for (guint i = 0; call->names != NULL && call->names[i] != NULL; i++)
    g_hash_table_add (seen, g_strdup (call->names[i]));
  for (guint i = 0; i < MIN (near->len, LOOKED_AT) && hits->len < (guint) call->number; i++)
    {
      gboolean failed;
      SottoHistoryHit *hit = read_hit (vault->database, g_array_index (near, SottoNearness, i).row, &failed, error);

      if (failed)
        return NULL;
      if (hit != NULL && is_new (&self, hit))
        g_ptr_array_add (hits, hit);
      else
        sotto_history_hit_free (hit);
    }
  return g_steal_pointer (&hits);
}

void
sotto_store_search_meaning_async (SottoStore          *self,
                                  const char          *embedder,
                                  GBytes              *vector,
                                  const char *const   *except,
                                  guint                limit,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && embedder != NULL && vector != NULL);

  call = sotto_call_new ();
  call->text = g_utf8_make_valid (embedder, -1);
  call->vectors = g_bytes_ref (vector);
  call->names = g_strdupv ((char **) except);
  call->number = CLAMP (limit, 1, 100);
  sotto_store_push (self, SOTTO_WORK_READ, do_search, call, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
                    user_data);
}

GPtrArray *
sotto_store_search_meaning_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}
