/* The audit log's chain
 *
 *   hash(n) = BLAKE2b-256 of  hash(n-1)   32 bytes, zeros before the first
 *                             place        8 bytes, little-endian: n, counted from 1 without gaps
 *                             time         8 bytes, little-endian
 *                             action       its bytes and a zero
 *                             subject      its bytes and a zero
 *
 * Changing, removing or inserting an entry breaks every hash after it. Cutting off the end does not
 * show in the chain itself; nothing that lives in the same file could show it. */

#include "audit.h"

#include <sodium.h>
#include <string.h>

#define HASH_BYTES 32

static void
chain (guint8      hash[HASH_BYTES],
       gint64      place,
       gint64      time,
       const char *action,
       const char *subject)
{
  crypto_generichash_state state;
  guint64 numbers[2] = { GUINT64_TO_LE ((guint64) place), GUINT64_TO_LE ((guint64) time) };

  crypto_generichash_init (&state, NULL, 0, HASH_BYTES);
  crypto_generichash_update (&state, hash, HASH_BYTES);
  crypto_generichash_update (&state, (const guint8 *) numbers, sizeof numbers);
  crypto_generichash_update (&state, (const guint8 *) action, strlen (action) + 1);
  crypto_generichash_update (&state, (const guint8 *) subject, strlen (subject) + 1);
  crypto_generichash_final (&state, hash, HASH_BYTES);
}

gboolean
sotto_audit_add (SottoDatabase  *database,
                 const char     *action,
                 const char     *subject,
                 GError        **error)
{
  guint8 hash[HASH_BYTES] = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  gint64 place = 1;
  gint64 now = g_get_real_time ();
  gboolean failed;
  sqlite3_stmt *last = sotto_database_query (database, error,
                                             "SELECT place, hash FROM audit"
                                             " ORDER BY place DESC LIMIT 1", "");

  if (last == NULL)
    return FALSE;
  if (sotto_database_next (database, last, &failed, error))
    {
      place = sqlite3_column_int64 (last, 0) + 1;
      if (sqlite3_column_bytes (last, 1) == HASH_BYTES)
        memcpy (hash, sqlite3_column_blob (last, 1), HASH_BYTES);
      sqlite3_reset (last);
    }
  else if (failed)
    return FALSE;

  if (subject == NULL)
    subject = "";
  chain (hash, place, now, action, subject);
  bytes = g_bytes_new (hash, sizeof hash);
  return sotto_database_run (database, error,
                             "INSERT INTO audit (place, time, action, subject, hash)"
                             " VALUES (?1, ?2, ?3, ?4, ?5)", "iiuub", place, now, action, subject,
                             bytes);
}

gboolean
sotto_audit_verify (SottoDatabase *database, gint64 *broken, GError **error)
{
  guint8 hash[HASH_BYTES] = { 0 };
  gint64 expected = 1;
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT place, time, action, subject, hash FROM audit"
                                             " ORDER BY place", "");

  *broken = 0;
  if (rows == NULL)
    return FALSE;

  while (sotto_database_next (database, rows, &failed, error))
    {
      gint64 place = sqlite3_column_int64 (rows, 0);

      chain (hash, place, sqlite3_column_int64 (rows, 1),
             (const char *) sqlite3_column_text (rows, 2),
             (const char *) sqlite3_column_text (rows, 3));
      if (place != expected++ || sqlite3_column_bytes (rows, 4) != HASH_BYTES ||
          memcmp (hash, sqlite3_column_blob (rows, 4), HASH_BYTES) != 0)
        {
          *broken = place;
          sqlite3_reset (rows);
          return TRUE;
        }
    }
  return !failed;
}
