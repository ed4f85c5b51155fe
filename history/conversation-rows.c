#include "conversation-rows.h"

#include "history-error.h"

#include <string.h>

#define SNIPPET_CHARACTERS 160

void
sotto_rows_set_not_found (GError **error, const char *id)
{
  SottoHistoryErrorArguments arguments = { .subject = id };

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NOT_FOUND, &arguments,
                           "there is nothing with the id \"%.64s\"", id);
}

void
sotto_rows_set_invalid (GError **error, const char *what)
{
  SottoHistoryErrorArguments arguments = { .subject = what };

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_INVALID, &arguments, "%s", what);
}

gboolean
sotto_rows_check_id (const char *id, GError **error)
{
  if (g_uuid_string_is_valid (id))
    return TRUE;

  sotto_rows_set_invalid (error, "id: not a UUID");
  return FALSE;
}

/* A number, 0 for no row, and an error only if there was one. */
static gint64
take_found (gint64 row, gboolean found, const char *id, GError *local, GError **error)
{
  if (local != NULL)
    g_propagate_error (error, local);
  else if (!found)
    sotto_rows_set_not_found (error, id);
  return found ? row : 0;
}

gint64
sotto_rows_find_conversation (SottoDatabase *database, const char *id, GError **error)
{
  GError *local = NULL;
  gboolean found;
  gint64 row = sotto_database_get_int (database, &found, &local,
                                       "SELECT id FROM conversation WHERE uuid = ?1", "u", id);

  return take_found (row, found, id, local, error);
}

gint64
sotto_rows_find_message (SottoDatabase *database, const char *id, GError **error)
{
  GError *local = NULL;
  gboolean found;
  gint64 row = sotto_database_get_int (database, &found, &local,
                                       "SELECT id FROM message WHERE uuid = ?1", "u", id);

  return take_found (row, found, id, local, error);
}

gboolean
sotto_rows_put_model (SottoDatabase            *database,
                      const SottoHistoryModel  *model,
                      gint64                   *row,
                      GError                  **error)
{
  const char *name;
  const char *hash;
  gboolean found;

  *row = 0;
  if (model == NULL)
    return TRUE;

  name = model->name != NULL ? model->name : "";
  hash = model->hash != NULL ? model->hash : "";
  if (!sotto_database_run (database, error,
                           "INSERT INTO model (path, name, hash) VALUES (?1, ?2, ?3)"
                           " ON CONFLICT DO NOTHING", "uuu", model->path, name, hash))
    return FALSE;
  *row = sotto_database_get_int (database, &found, error,
                                 "SELECT id FROM model WHERE path = ?1 AND name = ?2"
                                 " AND hash = ?3", "uuu", model->path, name, hash);
  return found;
}

SottoHistoryModel *
sotto_rows_read_model (sqlite3_stmt *row, int column)
{
  const char *path = (const char *) sqlite3_column_text (row, column);
  const char *name = (const char *) sqlite3_column_text (row, column + 1);
  const char *hash = (const char *) sqlite3_column_text (row, column + 2);

  if (path == NULL || *path == '\0')
    return NULL;
  return sotto_history_model_new (path, name != NULL && *name != '\0' ? name : NULL,
                                  hash != NULL && *hash != '\0' ? hash : NULL);
}

/* UNION, not UNION ALL: a damaged tree with a circle still ends. */
gboolean
sotto_rows_activate (SottoDatabase *database, gint64 message, GError **error)
{
  return sotto_database_run (database, error,
                             "WITH RECURSIVE up (id, parent) AS ("
                             "  SELECT id, parent FROM message WHERE id = ?1"
                             "  UNION SELECT message.id, message.parent FROM up"
                             "  JOIN message ON message.id = up.parent)"
                             " UPDATE message SET active = up.id FROM up"
                             " WHERE message.id = up.parent AND message.active IS NOT up.id",
                             "i", message) &&
         sotto_database_run (database, error,
                             "WITH RECURSIVE up (id, parent, conversation) AS ("
                             "  SELECT id, parent, conversation FROM message WHERE id = ?1"
                             "  UNION SELECT message.id, message.parent, message.conversation"
                             "  FROM up JOIN message ON message.id = up.parent)"
                             " UPDATE conversation SET active = up.id FROM up"
                             " WHERE up.parent IS NULL AND conversation.id = up.conversation"
                             " AND conversation.active IS NOT up.id", "i", message);
}

char *
sotto_rows_one_line (const char *text, glong max)
{
  GString *line = g_string_new (NULL);
  gboolean space = FALSE;
  glong n = 0;

  for (const char *p = text; *p != '\0' && n < max; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isspace (c) || g_unichar_iscntrl (c))
        {
          space = line->len > 0;
          continue;
        }
      if (space)
        {
          g_string_append_c (line, ' ');
          n++;
        }
      space = FALSE;
      g_string_append_unichar (line, c);
      n++;
    }
  return g_string_free_and_steal (line);
}

gboolean
sotto_rows_put_snippet (SottoDatabase *database, gint64 message, GError **error)
{
  g_autofree char *line = NULL;
  gboolean failed;
  sqlite3_stmt *row = sotto_database_query (database, error,
                                            "SELECT substr(CASE WHEN kind IN (5, 6) AND name IS NOT NULL"
                                            "  THEN name ELSE text END, 1, 640) FROM part"
                                            " WHERE message = ?1 AND ((kind IN (1, 6) AND text != '') OR kind = 5)"
                                            " ORDER BY kind > 1, place LIMIT 1", "i", message);

  if (row == NULL)
    return FALSE;
  if (sotto_database_next (database, row, &failed, error))
    {
      line = sotto_rows_one_line ((const char *) sqlite3_column_text (row, 0), SNIPPET_CHARACTERS);
      sqlite3_reset (row);
    }
  else if (failed)
    return FALSE;

  /* A reply that was stopped before its first word leaves the snippet as it was. */
  if (line == NULL || *line == '\0')
    return TRUE;
  return sotto_database_run (database, error,
                             "UPDATE conversation SET snippet = ?2"
                             " WHERE id = (SELECT conversation FROM message WHERE id = ?1)", "iu",
                             message, line);
}

gboolean
sotto_rows_touch (SottoDatabase *database, gint64 message, GError **error)
{
  return sotto_database_run (database, error,
                             "UPDATE conversation SET updated = max(updated + 1, ?2)"
                             " WHERE id = (SELECT conversation FROM message WHERE id = ?1)", "ii",
                             message, g_get_real_time ()) &&
         sotto_rows_put_snippet (database, message, error);
}

char **
sotto_rows_read_tools (sqlite3_stmt *row, int column)
{
  const char *joined = (const char *) sqlite3_column_text (row, column);
  g_auto (GStrv) names = g_strsplit (joined != NULL ? joined : "", " ", -1);
  g_autoptr (GStrvBuilder) tools = g_strv_builder_new ();

  for (guint i = 0; names[i] != NULL; i++)
    if (*names[i] != '\0')
      g_strv_builder_add (tools, names[i]);
  return g_strv_builder_end (tools);
}

gboolean
sotto_rows_put_tools (SottoDatabase *database, gint64 conversation, const char *const *tools, GError **error)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  for (guint i = 0; tools != NULL && tools[i] != NULL; i++)
    if (*tools[i] != '\0' && strpbrk (tools[i], " \t\r\n") == NULL && g_utf8_validate (tools[i], -1, NULL))
      g_string_append_printf (joined, "%s%s", joined->len > 0 ? " " : "", tools[i]);
  return sotto_database_run (database, error, "UPDATE conversation SET tools = ?2 WHERE id = ?1", "iu", conversation,
                             joined->str);
}

gboolean
sotto_rows_put_answer_format (SottoDatabase             *database,
                              gint64                     conversation,
                              SottoHistoryAnswerFormat   format,
                              const char                *schema,
                              GError                   **error)
{
  const gint64 known = format == SOTTO_HISTORY_ANSWER_JSON || format == SOTTO_HISTORY_ANSWER_SCHEMA
                       ? (gint64) format : (gint64) SOTTO_HISTORY_ANSWER_TEXT;

  return sotto_database_run (database, error, "UPDATE conversation SET answer_format = ?2, answer_schema = ?3 WHERE id = ?1",
                             "iiu", conversation, known, schema != NULL ? schema : "");
}
