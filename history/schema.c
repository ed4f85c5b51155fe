/* The database, schema 10: history.db
 *
 * A SQLCipher 4 file (database.c) with application_id 0x536f7474 and user_version = schema version.
 * Ids inside are rows (integers); outside, conversations and messages go by their uuid. Times are
 * microseconds since 1970 in UTC. Enumerations have the values of sotto-history-records.h.
 *
 *   model          the model files that wrote something; '' stands for an unknown name or hash
 *   conversation   active: the active beginning; snippet: the newest text of the active path;
 *                  deleted: when, 0: it is not (a tombstone until it is purged);
 *                  pinned: (from schema 3) 1: it stands above all others; grouped: (from schema 6) the group it
 *                  is in; tools: names of those that it may use, separated by blanks; answer_format, answer_schema: (from schema 10)
 *                  what replies have to look like, and the JSON Schema that was written for it, whether it holds or not
 *   draft          text that was typed and not sent; one without a conversation is for the next one
 *   draft_document (from schema 5) a file that is attached to it, in the order of the rows; n_pages: 0: it
 *                  has none; attachment: (from schema 7) the bytes of a picture, which has no text
 *   message        a tree by parent; active: the answer that the active path takes
 *   part           what a message is made of, in the order of place; uri, first_page, last_page:
 *                  (from schema 4) where a passage that was found in a folder comes from; found: (from schema 9) and by what:
 *                  1: its words, 2: its meaning, 3: both, 0: it is not known
 *   attachment     the bytes of parts, and of pictures in drafts; the same bytes are kept once (hash: BLAKE2b-256)
 *   journal        what came of a running reply so far; empty for all others
 *   receipt        JSON, as the engine's user gave it
 *   entry          what can be found: a title (message NULL) or a message; embedder: (from schema 9) the one that has made
 *                  vectors of all that the message says, 0: there is none
 *   searchable     (view) the text of an entry, which both indexes read for their snippets; an attached file's
 *                  begins with its name, and a passage stands in quotation marks, as nobody has written
 *                  it (from schema 5); of a picture there is its name (from schema 7)
 *   search_words, search_trigrams
 *                  FTS5 over searchable; kept up by search-index.c, since a view has no triggers
 *   setting        (from schema 2) what a person has written once for all conversations, by name
 *   folder         (from schema 4) a folder whose documents can be asked; gone: 1: it was removed, and
 *                  what was read of it is being overwritten
 *   document       what was read, and what could not be; n_passages: of it; n_embedded: (from schema 8) how many of
 *                  these have a vector of the embedder that is not gone; gone: 1: something else
 *                  took its place, and its passages are being overwritten
 *   passage        of documents; id: the folder's row in the high 32 bits, counted from 1 in the low ones,
 *                  so that a folder is a stretch of the index, and a document's passages stand in order
 *   passage_words  FTS5 over passage; kept up by passage-index.c
 *   embedder       (from schema 8) the model that makes vectors of passages and messages: at most one that is not gone; size: bytes of
 *                  each of its vectors, 0: it has none yet; gone: 1: another took its place, and its vectors are being
 *                  overwritten
 *   embedding      what a passage is about (embedding.h has the bytes); of a passage's row, so that a folder is a stretch
 *   message_embedding
 *                  (from schema 9) the same of a piece of what a message says, its parts of text one after the other with an end
 *                  of line between them: length bytes from start on. With its message's entry it goes
 *   conversation_folder
 *                  which folders a conversation asks, by their uuids, in the order of the rows: the
 *                  folders may be those of another history
 *   conversation_group
 *                  (from schema 6) conversations that belong together; instructions: what a new one in it
 *                  begins with; is_open: whether the list shows what is in it; deleted: as of a conversation,
 *                  and until it is purged its conversations know that they were in it
 *   group_folder   which folders a new conversation in it asks, in the order of the rows
 *   audit          action, subject and hash only; hash = BLAKE2b-256 of the hash before, and of
 *                  place, time, action and subject (audit.c)
 *
 * parent and active have no cascades: a chain of answers can be thousands deep, deeper than SQLite
 * lets triggers nest. They are checked at the end of the transaction. */

#include "schema.h"

#include "history-error.h"
#include "history-file.h"

#include <glib/gstdio.h>

static const char schema_1[] =
  "CREATE TABLE model ("
  "  id INTEGER PRIMARY KEY,"
  "  path TEXT NOT NULL,"
  "  name TEXT NOT NULL,"
  "  hash TEXT NOT NULL,"
  "  UNIQUE (path, name, hash)"
  ") STRICT;"

  "CREATE TABLE conversation ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),"
  "  title TEXT NOT NULL,"
  "  snippet TEXT NOT NULL DEFAULT '',"
  "  model INTEGER REFERENCES model,"
  "  active INTEGER REFERENCES message DEFERRABLE INITIALLY DEFERRED,"
  "  created INTEGER NOT NULL,"
  "  updated INTEGER NOT NULL,"
  "  deleted INTEGER NOT NULL DEFAULT 0"
  ") STRICT;"
  "CREATE INDEX conversation_by_age ON conversation (deleted, updated);"

  "CREATE TABLE draft ("
  "  conversation INTEGER UNIQUE REFERENCES conversation ON DELETE CASCADE,"
  "  text TEXT NOT NULL"
  ") STRICT;"

  "CREATE TABLE message ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),"
  "  conversation INTEGER NOT NULL REFERENCES conversation DEFERRABLE INITIALLY DEFERRED,"
  "  parent INTEGER REFERENCES message DEFERRABLE INITIALLY DEFERRED,"
  "  active INTEGER REFERENCES message DEFERRABLE INITIALLY DEFERRED,"
  "  role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),"
  "  status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 5),"
  "  model INTEGER REFERENCES model,"
  "  created INTEGER NOT NULL"
  ") STRICT;"
  "CREATE INDEX message_by_parent ON message (conversation, parent, id);"
  "CREATE INDEX message_parent ON message (parent);"
  "CREATE INDEX message_active ON message (active) WHERE active IS NOT NULL;"
  "CREATE INDEX conversation_active ON conversation (active) WHERE active IS NOT NULL;"
  "CREATE INDEX message_streaming ON message (status) WHERE status = 1;"

  "CREATE TABLE attachment ("
  "  id INTEGER PRIMARY KEY,"
  "  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
  "  data BLOB NOT NULL"
  ") STRICT;"

  "CREATE TABLE part ("
  "  id INTEGER PRIMARY KEY,"
  "  message INTEGER NOT NULL REFERENCES message DEFERRABLE INITIALLY DEFERRED,"
  "  place INTEGER NOT NULL,"
  "  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 6),"
  "  text TEXT NOT NULL,"
  "  name TEXT,"
  "  media_type TEXT,"
  "  attachment INTEGER REFERENCES attachment,"
  "  UNIQUE (message, place)"
  ") STRICT;"
  "CREATE INDEX part_attachment ON part (attachment) WHERE attachment IS NOT NULL;"

  "CREATE TABLE journal ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  message INTEGER NOT NULL REFERENCES message DEFERRABLE INITIALLY DEFERRED,"
  "  kind INTEGER NOT NULL,"
  "  text TEXT NOT NULL"
  ") STRICT;"
  "CREATE INDEX journal_message ON journal (message, id);"

  "CREATE TABLE receipt ("
  "  message INTEGER PRIMARY KEY REFERENCES message DEFERRABLE INITIALLY DEFERRED,"
  "  json TEXT NOT NULL"
  ") STRICT;"

  "CREATE TABLE entry ("
  "  id INTEGER PRIMARY KEY,"
  "  conversation INTEGER NOT NULL REFERENCES conversation DEFERRABLE INITIALLY DEFERRED,"
  "  message INTEGER UNIQUE REFERENCES message DEFERRABLE INITIALLY DEFERRED"
  ") STRICT;"
  "CREATE INDEX entry_conversation ON entry (conversation, message);"

  "CREATE VIEW searchable (id, text) AS"
  "  SELECT entry.id, CASE WHEN entry.message IS NULL"
  "    THEN (SELECT title FROM conversation WHERE conversation.id = entry.conversation)"
  "    ELSE (SELECT group_concat(text, char(10)) FROM"
  "           (SELECT text FROM part WHERE part.message = entry.message AND kind IN (1, 6)"
  "            ORDER BY place))"
  "    END"
  "  FROM entry;"
  "CREATE VIRTUAL TABLE search_words USING fts5 (text, content = 'searchable',"
  "  content_rowid = 'id', prefix = '2 3', tokenize = 'sotto unicode61 remove_diacritics 2');"
  "CREATE VIRTUAL TABLE search_trigrams USING fts5 (text, content = 'searchable',"
  "  content_rowid = 'id', tokenize = 'sotto trigram remove_diacritics 1');"
  "INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1);"
  "INSERT INTO search_trigrams (search_trigrams, rank) VALUES ('secure-delete', 1);"

  "CREATE TABLE audit ("
  "  place INTEGER PRIMARY KEY,"
  "  time INTEGER NOT NULL,"
  "  action TEXT NOT NULL,"
  "  subject TEXT NOT NULL,"
  "  hash BLOB NOT NULL CHECK (length(hash) = 32)"
  ") STRICT;";

static const char schema_2[] =
  "CREATE TABLE setting ("
  "  name TEXT PRIMARY KEY,"
  "  value TEXT NOT NULL"
  ") STRICT, WITHOUT ROWID;";

static const char schema_3[] =
  "ALTER TABLE conversation ADD COLUMN"
  "  pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned BETWEEN 0 AND 1);";

static const char schema_4[] =
  "ALTER TABLE part ADD COLUMN uri TEXT;"
  "ALTER TABLE part ADD COLUMN first_page INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE part ADD COLUMN last_page INTEGER NOT NULL DEFAULT 0;"

  "CREATE TABLE folder ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),"
  "  uri TEXT NOT NULL,"
  "  added INTEGER NOT NULL,"
  "  gone INTEGER NOT NULL DEFAULT 0 CHECK (gone BETWEEN 0 AND 1)"
  ") STRICT;"
  "CREATE UNIQUE INDEX folder_by_uri ON folder (uri) WHERE gone = 0;"

  "CREATE TABLE document ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  folder INTEGER NOT NULL REFERENCES folder,"
  "  path TEXT NOT NULL,"
  "  size INTEGER NOT NULL,"
  "  modified INTEGER NOT NULL,"
  "  problem TEXT,"
  "  n_passages INTEGER NOT NULL,"
  "  gone INTEGER NOT NULL DEFAULT 0 CHECK (gone BETWEEN 0 AND 1)"
  ") STRICT;"
  "CREATE UNIQUE INDEX document_by_path ON document (folder, path) WHERE gone = 0;"
  "CREATE INDEX document_folder ON document (folder);"
  "CREATE INDEX document_gone ON document (n_passages) WHERE gone = 1;"

  "CREATE TABLE passage ("
  "  id INTEGER PRIMARY KEY,"
  "  document INTEGER NOT NULL REFERENCES document,"
  "  first_page INTEGER NOT NULL,"
  "  last_page INTEGER NOT NULL,"
  "  text TEXT NOT NULL"
  ") STRICT;"
  "CREATE INDEX passage_document ON passage (document);"
  "CREATE VIRTUAL TABLE passage_words USING fts5 (text, content = 'passage',"
  "  content_rowid = 'id', columnsize = 0,"
  "  tokenize = 'pairs sotto unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc''');"

  "CREATE TABLE conversation_folder ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,"
  "  folder TEXT NOT NULL,"
  "  UNIQUE (conversation, folder)"
  ") STRICT;"
  "CREATE INDEX conversation_folder_folder ON conversation_folder (folder);";

/* What the view shows of a message is what its indexes know of it: both change together. A passage has no media type. */
#define MESSAGES_WITH_DOCUMENTS " FROM entry JOIN searchable USING (id) WHERE message IN (SELECT message FROM part" \
  " WHERE kind = 6);"

static const char schema_5[] =
  "CREATE TABLE draft_document ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),"
  "  conversation INTEGER REFERENCES conversation ON DELETE CASCADE,"
  "  name TEXT NOT NULL,"
  "  media_type TEXT NOT NULL,"
  "  n_pages INTEGER NOT NULL,"
  "  text TEXT NOT NULL"
  ") STRICT;"
  "CREATE INDEX draft_document_conversation ON draft_document (conversation);"

  "INSERT INTO search_words (search_words, rowid, text) SELECT 'delete', searchable.id, text" MESSAGES_WITH_DOCUMENTS
  "INSERT INTO search_trigrams (search_trigrams, rowid, text) SELECT 'delete', searchable.id, text" MESSAGES_WITH_DOCUMENTS
  "DROP VIEW searchable;"
  "CREATE VIEW searchable (id, text) AS"
  "  SELECT entry.id, CASE WHEN entry.message IS NULL"
  "    THEN (SELECT title FROM conversation WHERE conversation.id = entry.conversation)"
  "    ELSE (SELECT group_concat(text, char(10)) FROM"
  "           (SELECT CASE WHEN kind = 6 AND media_type IS NULL THEN '“' || text || '”'"
  "              WHEN kind = 6 AND name IS NOT NULL THEN name || char(10) || text ELSE text END AS text"
  "            FROM part WHERE part.message = entry.message AND kind IN (1, 6) ORDER BY place))"
  "    END"
  "  FROM entry;"
  "INSERT INTO search_words (rowid, text) SELECT searchable.id, text" MESSAGES_WITH_DOCUMENTS
  "INSERT INTO search_trigrams (rowid, text) SELECT searchable.id, text" MESSAGES_WITH_DOCUMENTS;

static const char schema_6[] =
  "CREATE TABLE conversation_group ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),"
  "  name TEXT NOT NULL,"
  "  instructions TEXT NOT NULL DEFAULT '',"
  "  is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open BETWEEN 0 AND 1),"
  "  created INTEGER NOT NULL,"
  "  deleted INTEGER NOT NULL DEFAULT 0"
  ") STRICT;"
  "CREATE TABLE group_folder ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  conversation_group INTEGER NOT NULL REFERENCES conversation_group ON DELETE CASCADE,"
  "  folder TEXT NOT NULL,"
  "  UNIQUE (conversation_group, folder)"
  ") STRICT;"
  "CREATE INDEX group_folder_folder ON group_folder (folder);"

  "ALTER TABLE conversation ADD COLUMN grouped INTEGER REFERENCES conversation_group;"
  "CREATE INDEX conversation_grouped ON conversation (grouped) WHERE grouped IS NOT NULL;"
  "ALTER TABLE conversation ADD COLUMN tools TEXT NOT NULL DEFAULT '';";

#define MESSAGES_WITH_PICTURES " FROM entry JOIN searchable USING (id) WHERE message IN (SELECT message FROM part" \
  " WHERE kind = 5);"

static const char schema_7[] =
  "ALTER TABLE draft_document ADD COLUMN attachment INTEGER REFERENCES attachment;"
  "CREATE INDEX draft_document_attachment ON draft_document (attachment) WHERE attachment IS NOT NULL;"

  "INSERT INTO search_words (search_words, rowid, text) SELECT 'delete', searchable.id, text" MESSAGES_WITH_PICTURES
  "INSERT INTO search_trigrams (search_trigrams, rowid, text) SELECT 'delete', searchable.id, text" MESSAGES_WITH_PICTURES
  "INSERT INTO entry (conversation, message)"
  "  SELECT conversation, id FROM message WHERE role != 1 AND id NOT IN (SELECT message FROM entry WHERE message IS NOT NULL)"
  "   AND EXISTS (SELECT 1 FROM part WHERE part.message = message.id AND kind = 5 AND name != '');"
  "DROP VIEW searchable;"
  "CREATE VIEW searchable (id, text) AS"
  "  SELECT entry.id, CASE WHEN entry.message IS NULL"
  "    THEN (SELECT title FROM conversation WHERE conversation.id = entry.conversation)"
  "    ELSE (SELECT group_concat(text, char(10)) FROM"
  "           (SELECT CASE WHEN kind = 5 THEN name"
  "              WHEN kind = 6 AND media_type IS NULL THEN '“' || text || '”'"
  "              WHEN kind = 6 AND name IS NOT NULL THEN name || char(10) || text ELSE text END AS text"
  "            FROM part WHERE part.message = entry.message AND kind IN (1, 5, 6) ORDER BY place))"
  "    END"
  "  FROM entry;"
  "INSERT INTO search_words (rowid, text) SELECT searchable.id, text" MESSAGES_WITH_PICTURES
  "INSERT INTO search_trigrams (rowid, text) SELECT searchable.id, text" MESSAGES_WITH_PICTURES;

/* A passage without a vector is found by its document, so that neither a list of those that lack one has to be kept nor all of
 * them to be looked at. An embedding does not reference its embedder: that would be a look at all of them when one goes. */
static const char schema_8[] =
  "CREATE TABLE embedder ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  name TEXT NOT NULL,"
  "  size INTEGER NOT NULL DEFAULT 0,"
  "  gone INTEGER NOT NULL DEFAULT 0 CHECK (gone BETWEEN 0 AND 1)"
  ") STRICT;"
  "CREATE UNIQUE INDEX embedder_that_is ON embedder (gone) WHERE gone = 0;"
  "CREATE TABLE embedding ("
  "  passage INTEGER PRIMARY KEY REFERENCES passage ON DELETE CASCADE,"
  "  embedder INTEGER NOT NULL,"
  "  vector BLOB NOT NULL"
  ") STRICT;"
  "ALTER TABLE document ADD COLUMN n_embedded INTEGER NOT NULL DEFAULT 0;"
  "CREATE INDEX document_unembedded ON document (id) WHERE gone = 0 AND n_embedded < n_passages;";

/* Which messages have vectors of another embedder, or none, an index says: so changing the embedder writes no row of theirs. */
static const char schema_9[] =
  "ALTER TABLE part ADD COLUMN found INTEGER NOT NULL DEFAULT 0 CHECK (found BETWEEN 0 AND 3);"
  "ALTER TABLE entry ADD COLUMN embedder INTEGER NOT NULL DEFAULT 0;"
  "CREATE INDEX entry_by_embedder ON entry (embedder) WHERE message IS NOT NULL;"
  "CREATE TABLE message_embedding ("
  "  id INTEGER PRIMARY KEY,"
  "  message INTEGER NOT NULL REFERENCES entry (message) ON DELETE CASCADE,"
  "  start INTEGER NOT NULL CHECK (start >= 0),"
  "  length INTEGER NOT NULL CHECK (length > 0),"
  "  embedder INTEGER NOT NULL,"
  "  vector BLOB NOT NULL"
  ") STRICT;"
  "CREATE INDEX message_embedding_message ON message_embedding (message);";

static const char schema_10[] =
  "ALTER TABLE conversation ADD COLUMN"
  "  answer_format INTEGER NOT NULL DEFAULT 0 CHECK (answer_format BETWEEN 0 AND 2);"
  "ALTER TABLE conversation ADD COLUMN answer_schema TEXT NOT NULL DEFAULT '';";

static const SottoSchemaStep steps_of_ours[] = {
  { schema_1 },
  { schema_2 },
  { schema_3 },
  { schema_4 },
  { schema_5 },
  { schema_6 },
  { schema_7 },
  { schema_8 },
  { schema_9 },
  { schema_10 },
};

const SottoSchemaStep *
sotto_schema_get_steps (guint *n_steps)
{
  *n_steps = G_N_ELEMENTS (steps_of_ours);
  return steps_of_ours;
}

/* --- The copy before a migration --- */

static gboolean
copy_beside (SottoDatabase *database, gint64 version, GError **error)
{
  const char *path = sotto_database_get_path (database);
  g_autofree char *copy = g_strdup_printf ("%s.version-%" G_GINT64_FORMAT, path, version);
  g_autofree char *half = g_strconcat (copy, ".new", NULL);
  char *sql;
  gboolean ok;

  /* Left by a migration that was cut off: it shows the file before the first step. */
  if (sotto_file_exists (copy))
    return TRUE;

  /* VACUUM INTO takes the key of the database it copies. */
  g_unlink (half);
  sql = sqlite3_mprintf ("VACUUM main INTO %Q", half);
  ok = sql != NULL && sotto_database_exec (database, sql, error);
  sqlite3_free (sql);
  if (!ok || !sotto_file_flush (half, error) || !sotto_file_rename (half, copy, error))
    {
      g_unlink (half);
      return FALSE;
    }
  return TRUE;
}

/* --- Steps --- */

static gboolean
run_step (SottoDatabase *database, const SottoSchemaStep *step, guint version, GError **error)
{
  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %u;",
                                           SOTTO_DATABASE_APPLICATION_ID, version);
  gboolean ok;

  if (!sotto_database_begin (database, error))
    return FALSE;
  ok = sotto_database_exec (database, step->sql, error) &&
       sotto_database_exec (database, mark, error);
  return sotto_database_end (database, ok, error);
}

gboolean
sotto_schema_prepare (SottoDatabase          *database,
                      const SottoSchemaStep  *steps,
                      guint                   n_steps,
                      gboolean                is_new,
                      GError                **error)
{
  SottoHistoryErrorArguments arguments = { .path = sotto_database_get_path (database) };
  gboolean found;
  gint64 version;

  version = sotto_database_get_int (database, &found, error, "PRAGMA user_version", "");
  if (!found)
    return FALSE;
  if (version < 0 || (is_new && version != 0))
    {
      arguments.subject = "schema version";
      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE, &arguments,
                               "\"%s\" has schema %" G_GINT64_FORMAT, arguments.path, version);
      return FALSE;
    }
  if (version > n_steps)
    {
      arguments.wanted = (guint64) version;
      arguments.available = n_steps;
      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NEWER, &arguments,
                               "\"%s\" has schema %" G_GINT64_FORMAT ", we know %u",
                               arguments.path, version, n_steps);
      return FALSE;
    }

  if (version < n_steps && !is_new && !copy_beside (database, version, error))
    return FALSE;

  for (guint next = (guint) version; next < n_steps; next++)
    if (!run_step (database, &steps[next], next + 1, error))
      return FALSE;
  return TRUE;
}
