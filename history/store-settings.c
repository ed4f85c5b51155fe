#include "store-private.h"

#include "conversation-rows.h"

#include <string.h>

#define NAME_LENGTH 32

static gboolean
check_name (const char *name, GError **error)
{
  gsize length = strlen (name);

  if (length >= 1 && length <= NAME_LENGTH && strspn (name, "abcdefghijklmnopqrstuvwxyz-") == length)
    return TRUE;
  sotto_rows_set_invalid (error, "setting: not 1 to 32 small letters and hyphens");
  return FALSE;
}

/* --- In the thread --- */

static gpointer
do_get (SottoVault *vault, SottoCall *call, GError **error)
{
  gboolean failed;
  char *value = NULL;
  sqlite3_stmt *row;

  if (!check_name (call->id, error))
    return NULL;

  row = sotto_database_query (vault->database, error, "SELECT value FROM setting WHERE name = ?1", "u",
                              call->id);
  if (row == NULL)
    return NULL;
  if (sotto_database_next (vault->database, row, &failed, error))
    {
      value = sotto_column_dup_text (row, 0);
      sqlite3_reset (row);
    }
  else if (!failed)
    value = g_strdup ("");
  return value;
}

static gpointer
do_set (SottoVault *vault, SottoCall *call, GError **error)
{
  if (!check_name (call->id, error) ||
      !sotto_database_run (vault->database, error, "DELETE FROM setting WHERE name = ?1", "u", call->id))
    return NULL;
  if (*call->text != '\0' &&
      !sotto_database_run (vault->database, error, "INSERT INTO setting (name, value) VALUES (?1, ?2)",
                           "uu", call->id, call->text))
    return NULL;
  return SOTTO_DONE;
}

/* --- The calls --- */

void
sotto_store_get_setting_async (SottoStore          *self,
                               const char          *name,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && name != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (name);
  sotto_store_push (self, SOTTO_WORK_READ, do_get, call, g_free, cancellable, callback, user_data);
}

char *
sotto_store_get_setting_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_set_setting_async (SottoStore          *self,
                               const char          *name,
                               const char          *value,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && name != NULL && value != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (name);
  call->text = g_utf8_make_valid (value, -1);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_set, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_set_setting_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
