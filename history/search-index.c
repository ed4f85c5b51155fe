#include "search-index.h"

static gboolean
add (SottoDatabase *database, GError **error)
{
  gint64 entry = sotto_database_last_row (database);

  return sotto_database_run (database, error,
                             "INSERT INTO search_words (rowid, text)"
                             " SELECT id, text FROM searchable WHERE id = ?1", "i", entry) &&
         sotto_database_run (database, error,
                             "INSERT INTO search_trigrams (rowid, text)"
                             " SELECT id, text FROM searchable WHERE id = ?1", "i", entry);
}

gboolean
sotto_search_index_add_title (SottoDatabase *database, gint64 conversation, GError **error)
{
  if (!sotto_database_run (database, error,
                           "INSERT INTO entry (conversation)"
                           " SELECT id FROM conversation WHERE id = ?1 AND title != ''", "i",
                           conversation))
    return FALSE;
  return sotto_database_changes (database) == 0 || add (database, error);
}

/* But for a system message, which is not shown. */
gboolean
sotto_search_index_add_message (SottoDatabase *database, gint64 message, GError **error)
{
  if (!sotto_database_run (database, error,
                           "INSERT INTO entry (conversation, message)"
                           " SELECT conversation, id FROM message WHERE id = ?1 AND role != 1"
                           " AND EXISTS (SELECT 1 FROM part WHERE part.message = message.id"
                           "  AND ((kind IN (1, 6) AND text != '') OR (kind = 5 AND name != '')))", "i", message))
    return FALSE;
  return sotto_database_changes (database) == 0 || add (database, error);
}

/* FTS5 over foreign content is told the text that goes. */
#define FORGET_IN(index, which) \
  "INSERT INTO " index " (" index ", rowid, text)" \
  " SELECT 'delete', searchable.id, searchable.text FROM entry JOIN searchable USING (id)" which

static gboolean
forget (SottoDatabase *database, gint64 conversation, gint64 messages_too, GError **error)
{
  static const char words[] = FORGET_IN ("search_words", " WHERE conversation = ?1 AND (message IS NULL OR ?2)");
  static const char trigrams[] = FORGET_IN ("search_trigrams", " WHERE conversation = ?1 AND (message IS NULL OR ?2)");

  return sotto_database_run (database, error, words, "ii", conversation, messages_too) &&
         sotto_database_run (database, error, trigrams, "ii", conversation, messages_too) &&
         sotto_database_run (database, error,
                             "DELETE FROM entry WHERE conversation = ?1"
                             " AND (message IS NULL OR ?2)", "ii", conversation, messages_too);
}

gboolean
sotto_search_index_remove_message (SottoDatabase *database, gint64 message, GError **error)
{
  return sotto_database_run (database, error, FORGET_IN ("search_words", " WHERE message = ?1"), "i", message) &&
         sotto_database_run (database, error, FORGET_IN ("search_trigrams", " WHERE message = ?1"), "i", message) &&
         sotto_database_run (database, error, "DELETE FROM entry WHERE message = ?1", "i", message);
}

gboolean
sotto_search_index_remove_title (SottoDatabase *database, gint64 conversation, GError **error)
{
  return forget (database, conversation, 0, error);
}

gboolean
sotto_search_index_remove_conversation (SottoDatabase  *database,
                                        gint64          conversation,
                                        GError        **error)
{
  return forget (database, conversation, 1, error);
}
