#include "group-rows.h"

#include "audit.h"
#include "conversation-rows.h"

gint64
sotto_rows_find_group (SottoDatabase *database, const char *id, GError **error)
{
  GError *local = NULL;
  gboolean found;
  gint64 row = sotto_database_get_int (database, &found, &local,
                                       "SELECT id FROM conversation_group WHERE uuid = ?1", "u", id);

  if (local != NULL)
    g_propagate_error (error, local);
  else if (!found)
    sotto_rows_set_not_found (error, id);
  return found ? row : 0;
}

static gboolean
put_folders (SottoDatabase *database, gint64 group, const char *const *folders, GError **error)
{
  if (!sotto_database_run (database, error, "DELETE FROM group_folder WHERE conversation_group = ?1", "i", group))
    return FALSE;

  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    if (!sotto_database_run (database, error,
                             "INSERT INTO group_folder (conversation_group, folder)"
                             " SELECT ?1, uuid FROM folder WHERE uuid = ?2 AND gone = 0"
                             " ON CONFLICT DO NOTHING", "iu", group, folders[i]))
      return FALSE;
  return TRUE;
}

gboolean
sotto_rows_put_group (SottoDatabase *database, const SottoHistoryGroup *group, GError **error)
{
  GError *local = NULL;
  gboolean is_there;
  gint64 row;

  if (!sotto_rows_check_id (group->id, error))
    return FALSE;
  if (group->name == NULL || *group->name == '\0')
    {
      sotto_rows_set_invalid (error, "group: without a name");
      return FALSE;
    }

  sotto_database_get_int (database, &is_there, &local, "SELECT id FROM conversation_group WHERE uuid = ?1", "u",
                          group->id);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (!sotto_database_run (database, error,
                           "INSERT INTO conversation_group (uuid, name, instructions, is_open, created)"
                           " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (uuid) DO UPDATE"
                           " SET name = excluded.name, instructions = excluded.instructions, is_open = excluded.is_open",
                           "uuuii", group->id, group->name, group->instructions != NULL ? group->instructions : "",
                           (gint64) (group->is_open != FALSE), g_get_real_time ()) ||
      (!is_there && !sotto_audit_add (database, "create-group", group->id, error)))
    return FALSE;

  row = sotto_rows_find_group (database, group->id, error);
  return row != 0 && put_folders (database, row, (const char *const *) group->folders, error);
}

static gboolean
find_by_name (SottoDatabase *database, const char *name, gint64 *row, GError **error)
{
  GError *local = NULL;
  gboolean found;

  *row = sotto_database_get_int (database, &found, &local,
                                 "SELECT id FROM conversation_group WHERE name = ?1 AND deleted = 0"
                                 " ORDER BY id LIMIT 1", "u", name);
  if (!found)
    *row = 0;
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
sotto_rows_join_group (SottoDatabase  *database,
                       gint64          conversation,
                       const char     *id,
                       const char     *name,
                       GError        **error)
{
  gint64 row = 0;

  if (id != NULL)
    {
      row = sotto_rows_find_group (database, id, name == NULL ? error : NULL);
      if (row == 0 && name == NULL)
        return FALSE;
    }
  if (row == 0 && name != NULL && *name != '\0')
    {
      if (!find_by_name (database, name, &row, error))
        return FALSE;
      if (row == 0)
        {
          g_autofree char *made = sotto_history_new_id ();
          SottoHistoryGroup group = { .id = made, .name = (char *) name, .is_open = TRUE };

          if (!sotto_rows_put_group (database, &group, error))
            return FALSE;
          row = sotto_rows_find_group (database, made, error);
          if (row == 0)
            return FALSE;
        }
    }
  return sotto_database_run (database, error, "UPDATE conversation SET grouped = nullif (?2, 0) WHERE id = ?1", "ii",
                             conversation, row);
}

gboolean
sotto_rows_purge_groups (SottoDatabase *database, const char * const *kept, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT uuid FROM conversation_group"
                                             " WHERE deleted != 0", "");

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      g_autofree char *id = sotto_column_dup_text (rows, 0);

      if (kept == NULL || !g_strv_contains (kept, id))
        g_ptr_array_add (ids, g_steal_pointer (&id));
    }
  if (failed)
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      gint64 row = sotto_rows_find_group (database, g_ptr_array_index (ids, i), error);

      if (row == 0 ||
          !sotto_database_run (database, error, "UPDATE conversation SET grouped = NULL WHERE grouped = ?1", "i", row) ||
          !sotto_database_run (database, error, "DELETE FROM conversation_group WHERE id = ?1", "i", row) ||
          !sotto_audit_add (database, "purge-group", g_ptr_array_index (ids, i), error))
        return FALSE;
    }
  return TRUE;
}
