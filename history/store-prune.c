#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "search-index.h"
#include "store-prune.h"

/* A stretch of the active path out of the tree, and back.
 *
 *   before ─► first … last ─► follower      the follower comes to stand behind what was before
 *
 * What another branch stands on stays there: a message goes only if nothing else follows it. With what a person wrote go
 * other versions of the answers to it that nobody went on from.
 *
 * The way back lies in temporary tables, which are memory (database.c): a crash makes a deletion final, and no file holds
 * what was deleted. Only the last deletion of a conversation can be undone; then the one before it is the last. So what an
 * older one refers to is there, or has gone for good: then it refers to what took its place (forget()). */

static const char tables[] =
  "CREATE TEMP TABLE IF NOT EXISTS gone ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  conversation INTEGER NOT NULL, parent INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,"
  "  follower INTEGER, snippet TEXT NOT NULL);"
  "CREATE TEMP TABLE IF NOT EXISTS gone_active (gone INTEGER NOT NULL, message INTEGER NOT NULL, active INTEGER);"
  "CREATE TEMP TABLE IF NOT EXISTS gone_message AS SELECT 0 AS gone, * FROM message WHERE FALSE;"
  "CREATE TEMP TABLE IF NOT EXISTS gone_part AS SELECT 0 AS gone, * FROM part WHERE FALSE;"
  "CREATE TEMP TABLE IF NOT EXISTS gone_receipt AS SELECT 0 AS gone, * FROM receipt WHERE FALSE;";

gboolean
sotto_prune_prepare (SottoDatabase *database, GError **error)
{
  return sotto_database_exec (database, tables, error);
}

/* --- What is where --- */

typedef struct {
  gint64 id;
  gint64 conversation;
  gint64 before;    /* 0: it begins the conversation */
  gint64 follower;  /* 0: the path ends with it */
  gboolean is_prompt;
  GArray *stretch;  /* of rows, from the first on */
  gboolean is_kept; /* something of it stays in another branch */
} Pruning;

static void
pruning_clear (Pruning *self)
{
  g_array_unref (self->stretch);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pruning, pruning_clear)

static gint64
row_at (const Pruning *self, guint i)
{
  return g_array_index (self->stretch, gint64, i);
}

static const char path_sql[] =
  "WITH RECURSIVE path (id, depth) AS ("
  "  SELECT active, 0 FROM conversation WHERE id = ?1 AND active IS NOT NULL"
  "  UNION ALL SELECT message.active, depth + 1 FROM path JOIN message ON message.id = path.id"
  "  WHERE message.active IS NOT NULL AND depth < (SELECT count(*) FROM message WHERE conversation = ?1))"
  " SELECT message.id, role, status FROM path JOIN message ON message.id = path.id ORDER BY depth";

/* What a person wrote goes with all that comes before they wrote again; anything else alone. */
static gboolean
find_stretch (SottoDatabase *database, Pruning *self, gint64 message, GError **error)
{
  gboolean failed = FALSE;
  gboolean streams = FALSE;
  sqlite3_stmt *rows = sotto_database_query (database, error, path_sql, "i", self->conversation);

  if (rows == NULL)
    return FALSE;
  while (self->follower == 0 && sotto_database_next (database, rows, &failed, error))
    {
      gint64 row = sqlite3_column_int64 (rows, 0);
      gint64 role = sqlite3_column_int64 (rows, 1);

      if (row == message && role != SOTTO_HISTORY_ROLE_SYSTEM)
        self->is_prompt = role == SOTTO_HISTORY_ROLE_USER;
      else if (self->stretch->len == 0)
        {
          self->before = row;
          continue;
        }
      else if (!self->is_prompt || role == SOTTO_HISTORY_ROLE_USER)
        {
          self->follower = row;
          sqlite3_reset (rows);
          break;
        }
      streams |= sqlite3_column_int64 (rows, 2) == SOTTO_HISTORY_STATUS_STREAMING;
      g_array_append_val (self->stretch, row);
    }
  if (self->follower == 0 && failed)
    return FALSE;

  if (self->stretch->len == 0 || streams)
    sotto_rows_set_invalid (error, streams ? "message: is streaming" : "message: is not on the active path");
  return self->stretch->len > 0 && !streams;
}

/* --- Taking out --- */

/* The row goes into memory and out of the tables. */
static gboolean
take_row (SottoDatabase *database, const Pruning *self, gint64 row, GError **error)
{
  return sotto_search_index_remove_message (database, row, error) &&
         sotto_database_run (database, error, "INSERT INTO gone_part SELECT ?1, * FROM part WHERE message = ?2",
                             "ii", self->id, row) &&
         sotto_database_run (database, error, "INSERT INTO gone_receipt SELECT ?1, * FROM receipt WHERE message = ?2",
                             "ii", self->id, row) &&
         sotto_database_run (database, error, "INSERT INTO gone_message SELECT ?1, * FROM message WHERE id = ?2",
                             "ii", self->id, row) &&
         sotto_database_run (database, error, "DELETE FROM part WHERE message = ?1", "i", row) &&
         sotto_database_run (database, error, "DELETE FROM receipt WHERE message = ?1", "i", row) &&
         sotto_database_run (database, error, "DELETE FROM message WHERE id = ?1", "i", row);
}

/* A version of an answer behind which no person wrote anything, with all its rows; one behind which somebody did, or that
 * streams, stays. */
static const char versions_sql[] =
  "WITH RECURSIVE below (top, id, role, status) AS ("
  "  SELECT id, id, role, status FROM message WHERE parent = ?1 AND id != ?2"
  "  UNION SELECT below.top, message.id, message.role, message.status FROM below"
  "  JOIN message ON message.parent = below.id)"
  " SELECT id FROM below AS one WHERE NOT EXISTS"
  "  (SELECT 1 FROM below AS other WHERE other.top = one.top AND (other.role = 2 OR other.status = 1))"
  " ORDER BY id DESC";

static gboolean
take_versions (SottoDatabase *database, const Pruning *self, gint64 row, gint64 except, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (database, error, versions_sql, "ii", row, except);

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      gint64 version = sqlite3_column_int64 (rows, 0);

      g_array_append_val (list, version);
    }
  for (guint i = 0; !failed && i < list->len; i++)
    failed = !take_row (database, self, g_array_index (list, gint64, i), error);
  return !failed;
}

/* Only a message without a child has none active: what stays gets its newest, as far as the one it had is gone. */
static gboolean
repair_active (SottoDatabase *database, gint64 row, GError **error)
{
  return sotto_database_run (database, error,
                             "UPDATE message SET active = (SELECT max (id) FROM message AS child"
                             "  WHERE child.parent = message.id)"
                             " WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM message AS child"
                             "  WHERE child.id = message.active AND child.parent = message.id)", "i", row);
}

static gboolean
remember_active (SottoDatabase *database, const Pruning *self, gint64 row, GError **error)
{
  return sotto_database_run (database, error,
                             "INSERT INTO gone_active SELECT ?1, id, active FROM message WHERE id = ?2", "ii",
                             self->id, row);
}

/* From the last up: what has nothing behind it any more goes. */
static gboolean
take_stretch (SottoDatabase *database, Pruning *self, GError **error)
{
  for (guint i = self->stretch->len; i-- > 0;)
    {
      const gint64 row = row_at (self, i);
      const gint64 next = i + 1 < self->stretch->len ? row_at (self, i + 1) : 0;
      GError *local = NULL;
      gint64 n;

      if (self->is_prompt && !take_versions (database, self, row, next, error))
        return FALSE;
      n = sotto_database_get_int (database, NULL, &local, "SELECT count(*) FROM message WHERE parent = ?1", "i", row);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
      if (n == 0 && !take_row (database, self, row, error))
        return FALSE;
      if (n > 0)
        {
          self->is_kept = TRUE;
          if (!remember_active (database, self, row, error) || !repair_active (database, row, error))
            return FALSE;
        }
    }
  return TRUE;
}

/* The path goes on with the follower, or with the version beside what went. */
static gboolean
close_gap (SottoDatabase *database, const Pruning *self, GError **error)
{
  const gint64 first = row_at (self, 0);
  GError *local = NULL;
  gint64 next = self->follower;

  if (next == 0)
    next = sotto_database_get_int (database, NULL, &local,
                                   "SELECT id FROM message WHERE conversation = ?1 AND parent IS nullif (?2, 0)"
                                   " ORDER BY id <= ?3 DESC, CASE WHEN id <= ?3 THEN -id ELSE id END LIMIT 1", "iii",
                                   self->conversation, self->before, first);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (self->before != 0)
    return sotto_database_run (database, error, "UPDATE message SET active = nullif (?2, 0) WHERE id = ?1", "ii",
                               self->before, next);
  return sotto_database_run (database, error, "UPDATE conversation SET active = nullif (?2, 0) WHERE id = ?1", "ii",
                             self->conversation, next);
}

/* The list shows the end of the path, and nothing of what has gone. */
static gboolean
renew_snippet (SottoDatabase *database, gint64 conversation, GError **error)
{
  GError *local = NULL;
  gint64 leaf = sotto_database_get_int (database, NULL, &local,
                                        "WITH RECURSIVE path (id, depth) AS ("
                                        "  SELECT active, 0 FROM conversation WHERE id = ?1 AND active IS NOT NULL"
                                        "  UNION SELECT message.active, depth + 1 FROM path"
                                        "  JOIN message ON message.id = path.id"
                                        "  WHERE message.active IS NOT NULL AND depth < 1000000)"
                                        " SELECT message.id FROM path JOIN message USING (id) WHERE role != 1"
                                        " ORDER BY depth DESC LIMIT 1", "i", conversation);

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  return sotto_database_run (database, error, "UPDATE conversation SET snippet = '' WHERE id = ?1", "i", conversation) &&
         (leaf == 0 || sotto_rows_put_snippet (database, leaf, error));
}

static gpointer
do_delete (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  g_auto (Pruning) self = { .stretch = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  gint64 message = sotto_rows_find_message (database, call->id, error);
  SottoPruned *pruned;

  vault->leaf = 0;
  if (message == 0 || !sotto_prune_prepare (database, error))
    return NULL;

  self.conversation = sotto_database_get_int (database, NULL, error, "SELECT conversation FROM message WHERE id = ?1",
                                              "i", message);
  if (self.conversation == 0 || !find_stretch (database, &self, message, error) ||
      !sotto_database_run (database, error,
                           "INSERT INTO gone (conversation, parent, first, last, follower, snippet)"
                           " SELECT id, nullif (?2, 0), ?3, ?4, nullif (?5, 0), snippet FROM conversation WHERE id = ?1",
                           "iiiii", self.conversation, self.before, row_at (&self, 0),
                           row_at (&self, self.stretch->len - 1), self.follower))
    return NULL;

  self.id = sotto_database_last_row (database);
  if ((self.before != 0 && !remember_active (database, &self, self.before, error)) ||
      (self.follower != 0 &&
       !sotto_database_run (database, error, "UPDATE message SET parent = nullif (?2, 0) WHERE id = ?1", "ii",
                            self.follower, self.before)) ||
      !take_stretch (database, &self, error) || !close_gap (database, &self, error) ||
      !renew_snippet (database, self.conversation, error) ||
      !sotto_audit_add (database, "delete-message", call->id, error))
    return NULL;

  pruned = g_new0 (SottoPruned, 1);
  pruned->id = self.id;
  pruned->is_kept = self.is_kept;
  return pruned;
}

/* --- Putting back --- */

/* @name: a column of gone. Returns: 0 for NULL; an error only if there was one */
#define GET(name) sotto_database_get_int (database, NULL, &local, "SELECT ifnull (" name ", 0) FROM gone WHERE id = ?1", "i", id)

static gboolean
is_last (SottoDatabase *database, gint64 id, GError **error)
{
  GError *local = NULL;
  gint64 n = sotto_database_get_int (database, NULL, &local,
                                     "SELECT count(*) FROM gone JOIN conversation ON conversation.id = gone.conversation"
                                     " WHERE gone.id = ?1 AND NOT EXISTS (SELECT 1 FROM gone AS newer"
                                     "  WHERE newer.conversation = gone.conversation AND newer.id > gone.id)", "i", id);

  if (local != NULL)
    g_propagate_error (error, local);
  else if (n != 1)
    sotto_rows_set_not_found (error, "deletion");
  return n == 1;
}

/* Where the follower is now, the stretch comes before it; where there is none, at its old place, but behind instructions
 * that have come since. */
static const char parent_sql[] =
  "SELECT CASE WHEN gone.follower IS NOT NULL"
  "  THEN ifnull ((SELECT parent FROM message WHERE message.id = gone.follower), 0)"
  "  ELSE coalesce (gone.parent, (SELECT max (id) FROM message WHERE message.conversation = gone.conversation"
  "    AND message.parent IS NULL AND role NOT IN (2, 3)), 0) END"
  " FROM gone WHERE gone.id = ?1";

static gboolean
put_rows (SottoDatabase *database, gint64 id, gint64 before, GError **error)
{
  return sotto_database_run (database, error,
                             "INSERT INTO message (id, uuid, conversation, parent, active, role, status, model, created)"
                             " SELECT gone_message.id, uuid, gone_message.conversation,"
                             "  CASE WHEN gone_message.id = gone.first THEN nullif (?2, 0) ELSE gone_message.parent END,"
                             "  active, role, status, model, created"
                             " FROM gone_message JOIN gone ON gone.id = gone_message.gone WHERE gone.id = ?1", "ii", id,
                             before) &&
         sotto_database_run (database, error,
                             "INSERT INTO part (message, place, kind, text, name, media_type, attachment, uri, first_page,"
                             "  last_page, found)"
                             " SELECT message, place, kind, text, name, media_type, attachment, uri, first_page, last_page, found"
                             " FROM gone_part"
                             " WHERE gone = ?1 ORDER BY id", "i", id) &&
         sotto_database_run (database, error,
                             "INSERT INTO receipt (message, json) SELECT message, json FROM gone_receipt WHERE gone = ?1",
                             "i", id) &&
         sotto_database_run (database, error,
                             "UPDATE message SET active = gone_active.active FROM gone_active"
                             " WHERE gone_active.gone = ?1 AND message.id = gone_active.message", "i", id);
}

/* Those put back, and those that had stayed */
static gboolean
put_in_order (SottoDatabase *database, gint64 id, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean failed;
  guint n_back = 0;
  sqlite3_stmt *rows = sotto_database_query (database, error,
                                             "SELECT id, 1 FROM gone_message WHERE gone = ?1"
                                             " UNION ALL SELECT message, 0 FROM gone_active WHERE gone = ?1"
                                             " ORDER BY 2 DESC, 1", "i", id);

  if (rows == NULL)
    return FALSE;
  while (sotto_database_next (database, rows, &failed, error))
    {
      gint64 row = sqlite3_column_int64 (rows, 0);

      n_back += sqlite3_column_int64 (rows, 1) != 0;
      g_array_append_val (list, row);
    }
  for (guint i = 0; !failed && i < list->len; i++)
    {
      gint64 row = g_array_index (list, gint64, i);

      failed = !repair_active (database, row, error) ||
               (i < n_back && !sotto_search_index_add_message (database, row, error));
    }
  return !failed;
}

static gboolean
drop (SottoDatabase *database, gint64 id, GError **error)
{
  return sotto_database_run (database, error, "DELETE FROM gone_part WHERE gone = ?1", "i", id) &&
         sotto_database_run (database, error, "DELETE FROM gone_receipt WHERE gone = ?1", "i", id) &&
         sotto_database_run (database, error, "DELETE FROM gone_message WHERE gone = ?1", "i", id) &&
         sotto_database_run (database, error, "DELETE FROM gone_active WHERE gone = ?1", "i", id) &&
         sotto_database_run (database, error, "DELETE FROM gone WHERE id = ?1", "i", id);
}

static gpointer
do_undelete (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  const gint64 id = call->number;
  GError *local = NULL;
  gint64 before, follower, last, conversation;

  vault->leaf = 0;
  if (!sotto_prune_prepare (database, error) || !is_last (database, id, error))
    return NULL;

  before = sotto_database_get_int (database, NULL, &local, parent_sql, "i", id);
  if (local == NULL)
    follower = GET ("follower");
  if (local == NULL)
    last = GET ("last");
  if (local == NULL)
    conversation = GET ("conversation");
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }

  if (!put_rows (database, id, before, error) ||
      (follower != 0 &&
       !sotto_database_run (database, error, "UPDATE message SET parent = ?2 WHERE id = ?1", "ii", follower, last)) ||
      !put_in_order (database, id, error) ||
      !sotto_rows_activate (database, follower != 0 ? follower : last, error) ||
      !sotto_database_run (database, error,
                           "UPDATE conversation SET snippet = (SELECT snippet FROM gone WHERE gone.id = ?2) WHERE id = ?1",
                           "ii", conversation, id) ||
      !drop (database, id, error) || !sotto_audit_add (database, "undelete-message", NULL, error))
    return NULL;
  return SOTTO_DONE;
}

/* --- For good --- */

/* What older deletions refer to is what took its place. */
static gboolean
forget (SottoDatabase *database, gint64 id, GError **error)
{
  return sotto_database_run (database, error,
                             "UPDATE gone SET follower = (SELECT follower FROM gone WHERE id = ?1)"
                             " WHERE id < ?1 AND follower IN (SELECT id FROM gone_message WHERE gone = ?1)", "i", id) &&
         sotto_database_run (database, error,
                             "UPDATE gone SET parent = (SELECT parent FROM gone WHERE id = ?1)"
                             " WHERE id < ?1 AND parent IN (SELECT id FROM gone_message WHERE gone = ?1)", "i", id) &&
         drop (database, id, error);
}

static gpointer
do_forget (SottoVault *vault, SottoCall *call, GError **error)
{
  if (!sotto_prune_prepare (vault->database, error) || !forget (vault->database, call->number, error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_truncate_log (SottoVault *vault, SottoCall *call, GError **error)
{
  return sotto_database_exec (vault->database, "PRAGMA wal_checkpoint (TRUNCATE)", error) ? SOTTO_DONE : NULL;
}

/* --- The calls --- */

void
sotto_store_delete_message_async (SottoStore          *self,
                                  const char          *message,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && message != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (message);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_delete, call, g_free, cancellable, callback, user_data);
  sotto_store_push (self, SOTTO_WORK_OTHER, do_truncate_log, NULL, NULL, NULL, NULL, NULL);
}

gint64
sotto_store_delete_message_finish (SottoStore *self, GAsyncResult *result, gboolean *is_kept, GError **error)
{
  g_autofree SottoPruned *pruned = sotto_store_take (self, result, error);

  if (is_kept != NULL)
    *is_kept = pruned != NULL && pruned->is_kept;
  return pruned != NULL ? pruned->id : 0;
}

void
sotto_store_undelete_message_async (SottoStore          *self,
                                    gint64               deletion,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->number = deletion;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_undelete, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_undelete_message_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_forget_message_async (SottoStore          *self,
                                  gint64               deletion,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self));

  call = sotto_call_new ();
  call->number = deletion;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_forget, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_forget_message_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
