#include "store-private.h"

#include "history-error.h"

#include <sodium.h>

/* The bytes of parts, each read when somebody needs it. */

GBytes *
sotto_history_hash_data (GBytes *data)
{
  guint8 hash[32];
  gsize size;
  gconstpointer p = g_bytes_get_data (data, &size);

  crypto_generichash (hash, sizeof hash, p, size, NULL, 0);
  return g_bytes_new (hash, sizeof hash);
}

/* --- In the thread --- */

/* Pages that were damaged are noticed by their own sums; what a hand has put there instead, by this one. */
static GBytes *
check_data (SottoVault *vault, GBytes *data, GBytes *hash, GError **error)
{
  const SottoHistoryErrorArguments arguments = { .path = vault->database_path, .subject = "attachment" };
  g_autoptr (GBytes) found = sotto_history_hash_data (data);

  if (g_bytes_equal (found, hash))
    return data;
  g_bytes_unref (data);
  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE, &arguments,
                           "an attachment has another hash than its own");
  return NULL;
}

static gpointer
do_load (SottoVault *vault, SottoCall *call, GError **error)
{
  const SottoHistoryErrorArguments arguments = { .subject = "attachment" };
  GBytes *data = NULL;
  gboolean failed;
  sqlite3_stmt *row = sotto_database_query (vault->database, error,
                                            "SELECT data FROM attachment WHERE hash = ?1", "b", call->hash);

  if (row == NULL)
    return NULL;
  if (sotto_database_next (vault->database, row, &failed, error))
    {
      data = sotto_column_dup_bytes (row, 0);
      sqlite3_reset (row);
    }
  if (data != NULL)
    return check_data (vault, data, call->hash, error);
  if (!failed)
    sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NOT_FOUND, &arguments, "there are no bytes of that hash");
  return NULL;
}

/* --- The calls --- */

void
sotto_store_load_data_async (SottoStore          *self,
                             GBytes              *hash,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && hash != NULL);

  call = sotto_call_new ();
  call->hash = g_bytes_ref (hash);
  sotto_store_push (self, SOTTO_WORK_READ, do_load, call, (GDestroyNotify) g_bytes_unref, cancellable, callback, user_data);
}

GBytes *
sotto_store_load_data_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}
