#include "journal.h"

#include "conversation-rows.h"
#include "history-error.h"
#include "search-index.h"

#include <string.h>

/* A flush that failed (a full disk) is tried again after this. */
#define RETRY_INTERVAL G_TIME_SPAN_SECOND

typedef struct {
  char *reply;
  SottoHistoryPartKind kind;
  GString *text;
} Entry;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->reply);
  g_string_free (entry->text, TRUE);
  g_free (entry);
}

void
sotto_journal_init (SottoJournal *self)
{
  self->pending = g_ptr_array_new_with_free_func (entry_free);
}

void
sotto_journal_clear (SottoJournal *self)
{
  g_clear_pointer (&self->pending, g_ptr_array_unref);
  g_clear_error (&self->failure);
}

gboolean
sotto_journal_is_whole (SottoHistoryPartKind kind)
{
  return kind == SOTTO_HISTORY_PART_TOOL_CALL || kind == SOTTO_HISTORY_PART_TOOL_RESULT;
}

char *
sotto_journal_join_call (const char *name, const char *text)
{
  g_autofree char *line = g_strdelimit (g_strdup (name), "\r\n", ' ');

  return g_strconcat (line, "\n", text, NULL);
}

gboolean
sotto_journal_is_pending (const SottoJournal *self)
{
  return self->pending->len > 0;
}

void
sotto_journal_add (SottoJournal         *self,
                   const char           *reply,
                   SottoHistoryPartKind  kind,
                   const char           *text)
{
  Entry *entry = NULL;

  if (self->pending->len > 0)
    entry = g_ptr_array_index (self->pending, self->pending->len - 1);
  else
    self->deadline = g_get_monotonic_time () + SOTTO_HISTORY_JOURNAL_INTERVAL;

  if (entry == NULL || entry->kind != kind || sotto_journal_is_whole (kind)
      || !g_str_equal (entry->reply, reply))
    {
      entry = g_new0 (Entry, 1);
      entry->reply = g_strdup (reply);
      entry->kind = kind;
      entry->text = g_string_new (NULL);
      g_ptr_array_add (self->pending, entry);
    }
  g_string_append (entry->text, text);
}

/* Returns whether it is written or, with @dropped set, cannot ever be. */
static gboolean
write_entry (SottoDatabase *database, const Entry *entry, GError **dropped, GError **error)
{
  g_autofree char *valid = NULL;
  gint64 message;
  gboolean found;
  GError *local = NULL;

  message = sotto_database_get_int (database, &found, &local,
                                    "SELECT id FROM message WHERE uuid = ?1 AND status = 1", "u",
                                    entry->reply);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (!found)
    {
      if (dropped != NULL && *dropped == NULL)
        sotto_rows_set_not_found (dropped, entry->reply);
      return TRUE;
    }

  valid = g_utf8_make_valid (entry->text->str, (gssize) entry->text->len);
  return sotto_database_run (database, error,
                             "INSERT INTO journal (message, kind, text) VALUES (?1, ?2, ?3)",
                             "iiu", message, (gint64) entry->kind, valid);
}

gboolean
sotto_journal_flush (SottoJournal *self, SottoDatabase *database, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) dropped = NULL;
  gboolean ok = sotto_database_begin (database, &failure);

  if (ok)
    {
      for (guint i = 0; ok && i < self->pending->len; i++)
        ok = write_entry (database, g_ptr_array_index (self->pending, i), &dropped, &failure);
      ok = sotto_database_end (database, ok, &failure);
    }

  g_clear_error (&self->failure);
  if (!ok)
    {
      self->deadline = g_get_monotonic_time () + RETRY_INTERVAL;
      self->failure = g_error_copy (failure);
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }

  g_ptr_array_set_size (self->pending, 0);
  if (dropped != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&dropped));
      return FALSE;
    }
  return TRUE;
}

/* --- Settling --- */

static gboolean
add_part (SottoDatabase *database, gint64 message, gint64 place, gint64 kind, GString *text,
          GError **error)
{
  if (text->len == 0)
    return TRUE;

  return sotto_database_run (database, error,
                             "INSERT INTO part (message, place, kind, text)"
                             " VALUES (?1, ?2, ?3, ?4)", "iiiu", message, place, kind, text->str);
}

static gboolean
add_whole (SottoDatabase *database, gint64 message, gint64 place, gint64 kind, const char *call, GError **error)
{
  const char *end = strchr (call, '\n');
  g_autofree char *name = g_strndup (call, end != NULL ? (gsize) (end - call) : 0);

  return sotto_database_run (database, error,
                             "INSERT INTO part (message, place, kind, text, name)"
                             " VALUES (?1, ?2, ?3, ?4, ?5)", "iiiuu", message, place,
                             kind, end != NULL ? end + 1 : call, name);
}

/* Neighbours of one kind become one part; each tool call is one, and each result. */
static gboolean
write_parts (SottoDatabase *database, gint64 message, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 place = 0;
  gint64 kind = 0;
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT kind, text FROM journal WHERE message = ?1"
                                             " ORDER BY id", "i", message);

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      gint64 next = sqlite3_column_int64 (rows, 0);
      gboolean is_whole = sotto_journal_is_whole ((SottoHistoryPartKind) next);

      if (is_whole || (next != kind && text->len > 0))
        {
          if (!add_part (database, message, place++, kind, text, error))
            {
              sqlite3_reset (rows);
              return FALSE;
            }
          g_string_truncate (text, 0);
        }
      kind = next;
      if (is_whole)
        {
          if (!add_whole (database, message, place++, kind, (const char *) sqlite3_column_text (rows, 1), error))
            {
              sqlite3_reset (rows);
              return FALSE;
            }
          continue;
        }
      g_string_append (text, (const char *) sqlite3_column_text (rows, 1));
    }

  return !failed && add_part (database, message, place, kind, text, error);
}

gboolean
sotto_journal_settle (SottoDatabase       *database,
                      gint64               message,
                      SottoHistoryStatus   status,
                      const char          *receipt,
                      GError             **error)
{
  return write_parts (database, message, error) &&
         sotto_database_run (database, error, "DELETE FROM journal WHERE message = ?1", "i",
                             message) &&
         sotto_database_run (database, error, "UPDATE message SET status = ?2 WHERE id = ?1", "ii",
                             message, (gint64) status) &&
         (receipt == NULL ||
          sotto_database_run (database, error,
                              "INSERT OR REPLACE INTO receipt (message, json) VALUES (?1, ?2)", "iu",
                              message, receipt)) &&
         sotto_search_index_add_message (database, message, error) &&
         sotto_rows_touch (database, message, error);
}

gboolean
sotto_journal_recover (SottoDatabase *database, GError **error)
{
  gboolean ok;

  /* Nearly always there is nothing, and then nothing is written. */
  if (sotto_database_get_int (database, &ok, error,
                              "SELECT count(*) FROM message WHERE status = 1", "") == 0)
    return ok;

  if (!sotto_database_begin (database, error))
    return FALSE;

  do
    {
      gboolean found;
      GError *local = NULL;
      gint64 message = sotto_database_get_int (database, &found, &local,
                                               "SELECT id FROM message WHERE status = 1 LIMIT 1",
                                               "");

      if (local != NULL)
        g_propagate_error (error, local);
      ok = local == NULL;
      if (!ok || !found)
        break;
      ok = sotto_journal_settle (database, message, SOTTO_HISTORY_STATUS_INTERRUPTED, NULL, error);
    }
  while (ok);

  return sotto_database_end (database, ok, error);
}
