#include "message-parts.h"

#include "conversation-rows.h"
#include "journal.h"

#include <string.h>

/* In the journal a tool call is its name, on one line, and its arguments, and a result likewise (journal.c). */
static void
split_call (SottoHistoryPart *part)
{
  char *end = strchr (part->text, '\n');

  if (end == NULL)
    return;
  part->name = g_strndup (part->text, (gsize) (end - part->text));
  memmove (part->text, end + 1, strlen (end + 1) + 1);
}

/* A streaming message has its parts in the journal still. */
gboolean
sotto_parts_read (SottoDatabase        *database,
                  SottoHistoryMessage  *message,
                  gint64                row,
                  gboolean              with_data,
                  GError              **error)
{
  gboolean streaming = message->status == SOTTO_HISTORY_STATUS_STREAMING;
  SottoHistoryPart *last = NULL;
  gboolean failed;
  sqlite3_stmt *rows;

  if (streaming)
    rows = sotto_database_query (database, error,
                                 "SELECT kind, text, NULL, NULL, NULL, NULL, 0, 0, 0, NULL, 0 FROM journal"
                                 " WHERE message = ?1 ORDER BY id", "i", row);
  else
    rows = sotto_database_query (database, error,
                                 "SELECT kind, text, name, media_type, CASE WHEN ?2 THEN data END, uri, first_page, last_page,"
                                 " found, hash, length (data) FROM part"
                                 " LEFT JOIN attachment ON attachment.id = part.attachment"
                                 " WHERE message = ?1 ORDER BY place", "ii", row,
                                 (gint64) (with_data != FALSE));
  if (rows == NULL)
    return FALSE;

  message->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  while (sotto_database_next (database, rows, &failed, error))
    {
      SottoHistoryPartKind kind = (SottoHistoryPartKind) sqlite3_column_int64 (rows, 0);
      const char *text = (const char *) sqlite3_column_text (rows, 1);

      if (streaming && !sotto_journal_is_whole (kind) && last != NULL && last->kind == kind)
        {
          char *joined = g_strconcat (last->text, text, NULL);

          g_free (last->text);
          last->text = joined;
          continue;
        }
      last = sotto_history_part_new (kind, text);
      last->name = sotto_column_dup_text (rows, 2);
      last->media_type = sotto_column_dup_text (rows, 3);
      last->data = sotto_column_dup_bytes (rows, 4);
      last->uri = sotto_column_dup_text (rows, 5);
      last->first_page = (guint) sqlite3_column_int64 (rows, 6);
      last->last_page = (guint) sqlite3_column_int64 (rows, 7);
      last->found = (SottoHistoryFound) sqlite3_column_int64 (rows, 8);
      last->hash = sotto_column_dup_bytes (rows, 9);
      last->size = (gsize) sqlite3_column_int64 (rows, 10);
      if (streaming && sotto_journal_is_whole (kind))
        split_call (last);
      g_ptr_array_add (message->parts, last);
    }
  return !failed;
}

gboolean
sotto_parts_put_data (SottoDatabase           *database,
                      const SottoHistoryPart  *part,
                      gint64                  *row,
                      GError                 **error)
{
  g_autoptr (GBytes) hash = NULL;
  gboolean found;

  *row = 0;
  if (part->data == NULL && part->hash == NULL)
    return TRUE;

  hash = part->data != NULL ? sotto_history_hash_data (part->data) : g_bytes_ref (part->hash);
  if (part->data != NULL
      && !sotto_database_run (database, error,
                              "INSERT INTO attachment (hash, data) VALUES (?1, ?2)"
                              " ON CONFLICT DO NOTHING", "bb", hash, part->data))
    return FALSE;
  *row = sotto_database_get_int (database, &found, error,
                                 "SELECT id FROM attachment WHERE hash = ?1", "b", hash);
  if (!found && error != NULL && *error == NULL)
    sotto_rows_set_not_found (error, part->name != NULL ? part->name : "attachment");
  return found;
}

gboolean
sotto_parts_insert (SottoDatabase *database, gint64 message, GPtrArray *parts, GError **error)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (parts, i);
      gint64 attachment;

      if (!sotto_parts_put_data (database, part, &attachment, error) ||
          !sotto_database_run (database, error,
                               "INSERT INTO part (message, place, kind, text, name, media_type,"
                               " attachment, uri, first_page, last_page, found)"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif (?7, 0), ?8, ?9, ?10, ?11)",
                               "iiiuuuiuiii", message, (gint64) i, (gint64) part->kind, part->text,
                               part->name, part->media_type, attachment, part->uri,
                               (gint64) part->first_page, (gint64) part->last_page,
                               (gint64) part->found))
        return FALSE;
    }
  return TRUE;
}
