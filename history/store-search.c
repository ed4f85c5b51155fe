/* A search, in this order, until there are enough hits:
 *   1 by words: every word the beginning of one in the text, best first (bm25)
 *   2 by trigrams: every word of three characters or more somewhere in the text; shorter ones, if
 *     there are, by reading the candidates
 *   3 by reading everything, newest first: only if all words are shorter and one is of a script
 *     that doesn't separate words
 * A hit that an earlier step found is not found again. */

#include "store-private.h"

#include "conversation-rows.h"
#include "history-error.h"
#include "search-query.h"

#include <string.h>

typedef struct {
  SottoDatabase *database;
  SottoSearchQuery *query;
  GPtrArray *hits;
  GHashTable *seen; /* entries, gint64 */
  guint limit;
} Search;

#define HIT_COLUMNS \
  " entry.id, conversation.uuid, conversation.title, message.uuid," \
  " coalesce (message.created, conversation.created)"
#define HIT_TABLES \
  " JOIN conversation ON conversation.id = entry.conversation AND conversation.deleted = 0" \
  " LEFT JOIN message ON message.id = entry.message"

static const char words_sql[] =
  "SELECT" HIT_COLUMNS " FROM search_words JOIN entry ON entry.id = search_words.rowid"
  HIT_TABLES " WHERE search_words MATCH ?1 ORDER BY search_words.rank LIMIT ?2";
static const char words_snippet_sql[] =
  "SELECT snippet (search_words, 0, ?3, ?4, '…', 40) FROM search_words"
  " WHERE search_words MATCH ?1 AND rowid = ?2";
static const char trigrams_sql[] =
  "SELECT" HIT_COLUMNS " FROM search_trigrams JOIN entry ON entry.id = search_trigrams.rowid"
  HIT_TABLES " WHERE search_trigrams MATCH ?1 ORDER BY search_trigrams.rank LIMIT ?2";
static const char trigrams_snippet_sql[] =
  "SELECT snippet (search_trigrams, 0, ?3, ?4, '…', 64) FROM search_trigrams"
  " WHERE search_trigrams MATCH ?1 AND rowid = ?2";
static const char everything_sql[] =
  "SELECT" HIT_COLUMNS " FROM entry" HIT_TABLES " WHERE ?1 IS NULL AND ?2 IS NOT NULL"
  " ORDER BY entry.id DESC";

/* The text of an entry; %NULL with an error, or because it has none. */
static char *
read_text (Search *self, gint64 entry, GError **error)
{
  gboolean failed;
  char *text = NULL;
  sqlite3_stmt *row = sotto_database_query (self->database, error,
                                            "SELECT text FROM searchable WHERE id = ?1", "i",
                                            entry);

  if (row != NULL && sotto_database_next (self->database, row, &failed, error))
    {
      text = sotto_column_dup_text (row, 0);
      sqlite3_reset (row);
    }
  return text;
}

static char *
read_snippet (Search *self, const char *sql, const char *match, gint64 entry, GError **error)
{
  gboolean failed;
  char *text = NULL;
  sqlite3_stmt *row = sotto_database_query (self->database, error, sql, "uiuu", match, entry,
                                            SOTTO_SEARCH_BEGIN, SOTTO_SEARCH_END);

  if (row != NULL && sotto_database_next (self->database, row, &failed, error))
    {
      text = sotto_column_dup_text (row, 0);
      sqlite3_reset (row);
    }
  return text;
}

/* @snippet_sql: (nullable): the text must be read, and hold @words. */
static gboolean
step (Search      *self,
      const char  *sql,
      const char  *match,
      const char  *snippet_sql,
      GPtrArray   *words,
      gint64       limit,
      GError     **error)
{
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (self->database, error, sql, "ui", match, limit);

  if (rows == NULL)
    return FALSE;
  while (self->hits->len < self->limit &&
         sotto_database_next (self->database, rows, &failed, error))
    {
      gint64 entry = sqlite3_column_int64 (rows, 0);
      g_autofree char *marked = NULL;
      SottoHistoryHit *hit;
      GError *local = NULL;

      if (g_hash_table_contains (self->seen, &entry))
        continue;

      if (words != NULL)
        {
          g_autofree char *text = read_text (self, entry, &local);

          marked = text != NULL ? sotto_search_mark (text, words) : NULL;
          if (marked == NULL && local == NULL)
            continue;
        }
      else
        marked = read_snippet (self, snippet_sql, match, entry, &local);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          sqlite3_reset (rows);
          return FALSE;
        }
      if (marked == NULL)
        continue;

      hit = g_new0 (SottoHistoryHit, 1);
      hit->conversation = sotto_column_dup_text (rows, 1);
      hit->title = sotto_column_dup_text (rows, 2);
      hit->message = sotto_column_dup_text (rows, 3);
      hit->created = sqlite3_column_int64 (rows, 4);
      sotto_search_set_snippet (hit, marked);
      g_ptr_array_add (self->hits, hit);
      g_hash_table_add (self->seen, g_memdup2 (&entry, sizeof entry));
    }

  if (self->hits->len < self->limit)
    return !failed;
  sqlite3_reset (rows);
  return TRUE;
}

static gboolean
search (Search *self, GError **error)
{
  SottoSearchQuery *query = self->query;
  gboolean more = query->short_words->len > 0;

  if (query->words != NULL &&
      !step (self, words_sql, query->words, words_snippet_sql, NULL, self->limit, error))
    return FALSE;

  /* Candidates that are read may be many of which few fit, so they have no limit. */
  if (query->trigrams != NULL && (!more || query->scan) && self->hits->len < self->limit)
    return step (self, trigrams_sql, query->trigrams, trigrams_snippet_sql,
                 more ? query->all : NULL, more ? -1 : (gint64) self->limit * 2, error);
  if (query->trigrams == NULL && query->scan && self->hits->len < self->limit)
    return step (self, everything_sql, NULL, NULL, query->all, 0, error);
  return TRUE;
}

static gpointer
do_search (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (SottoSearchQuery) query = sotto_search_query_parse (call->text);
  g_autoptr (GPtrArray) hits =
    g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_hit_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  Search self = { vault->database, query, hits, seen, (guint) call->number };

  return search (&self, error) ? g_steal_pointer (&hits) : NULL;
}

void
sotto_store_search_async (SottoStore          *self,
                          const char          *text,
                          guint                limit,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && text != NULL);

  call = sotto_call_new ();
  call->text = g_strdup (text);
  call->number = CLAMP (limit, 1, 1000);
  sotto_store_push (self, SOTTO_WORK_READ, do_search, call, (GDestroyNotify) g_ptr_array_unref,
                    cancellable, callback, user_data);
}

GPtrArray *
sotto_store_search_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}
