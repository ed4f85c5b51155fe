#include "folder-rows.h"

#include "conversation-rows.h"

gint64
sotto_rows_find_folder (SottoDatabase *database, const char *id, GError **error)
{
  GError *local = NULL;
  gboolean found;
  gint64 row = sotto_database_get_int (database, &found, &local,
                                       "SELECT id FROM folder WHERE uuid = ?1 AND gone = 0", "u", id);

  if (local != NULL)
    g_propagate_error (error, local);
  else if (!found)
    sotto_rows_set_not_found (error, id);
  return found ? row : 0;
}

char **
sotto_rows_read_folders (sqlite3_stmt *row, int column)
{
  const char *joined = (const char *) sqlite3_column_text (row, column);

  return joined != NULL ? g_strsplit (joined, " ", -1) : g_new0 (char *, 1);
}

gboolean
sotto_rows_put_folders (SottoDatabase      *database,
                        gint64              conversation,
                        const char *const  *folders,
                        GError            **error)
{
  const char *file = sqlite3_db_filename (sotto_database_get_handle (database), "main");
  gint64 any = file == NULL || *file == '\0';

  if (!sotto_database_run (database, error, "DELETE FROM conversation_folder WHERE conversation = ?1", "i",
                           conversation))
    return FALSE;

  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    if (g_uuid_string_is_valid (folders[i]) &&
        !sotto_database_run (database, error,
                             "INSERT INTO conversation_folder (conversation, folder)"
                             " SELECT ?1, ?2 WHERE ?3 OR EXISTS (SELECT 1 FROM folder WHERE uuid = ?2 AND gone = 0)"
                             " ON CONFLICT DO NOTHING", "iui", conversation, folders[i], any))
      return FALSE;
  return TRUE;
}
