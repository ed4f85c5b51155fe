#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "history-error.h"

#ifdef __GLIBC__
# include <malloc.h>
#endif
#include <string.h>

#define ACTION_LENGTH 32

/* --- In the thread --- */

static gpointer
do_audit (SottoVault *vault, SottoCall *call, GError **error)
{
  gsize length = strlen (call->text);

  if (length < 1 || length > ACTION_LENGTH ||
      strspn (call->text, "abcdefghijklmnopqrstuvwxyz-") != length)
    {
      sotto_rows_set_invalid (error, "action: not 1 to 32 small letters and hyphens");
      return NULL;
    }
  if (call->id != NULL && !sotto_rows_check_id (call->id, error))
    return NULL;
  return sotto_audit_add (vault->database, call->text, call->id, error) ? SOTTO_DONE : NULL;
}

static gboolean
damaged (SottoVault *vault, const char *what, GError **error)
{
  SottoHistoryErrorArguments arguments = { .path = sotto_database_get_path (vault->database), .subject = what };

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE, &arguments,
                           "the database \"%s\" is damaged: %s", arguments.path, what);
  return FALSE;
}

/* A statement whose only healthy answer is no row, or one row with @healthy. */
static gboolean
expect (SottoVault *vault, const char *sql, const char *healthy, GError **error)
{
  sqlite3_stmt *rows = sotto_database_query (vault->database, error, sql, "");
  g_autofree char *said = NULL;
  gboolean failed;

  if (rows == NULL)
    return FALSE;
  if (!sotto_database_next (vault->database, rows, &failed, error))
    return !failed;

  said = sotto_column_dup_text (rows, 0);
  sqlite3_reset (rows);
  if (healthy != NULL && g_strcmp0 (said, healthy) == 0)
    return TRUE;
  return damaged (vault, said != NULL ? said : sql, error);
}

static gboolean
check_trees (SottoVault *vault, GError **error)
{
  return expect (vault, "PRAGMA foreign_key_check", NULL, error) &&
         expect (vault,
                 "SELECT 'message ' || message.uuid FROM message"
                 " JOIN message AS parent ON parent.id = message.parent"
                 " WHERE parent.conversation != message.conversation OR parent.id >= message.id"
                 " LIMIT 1", NULL, error) &&
         expect (vault,
                 "SELECT 'active answer of ' || message.uuid FROM message"
                 " LEFT JOIN message AS answer ON answer.id = message.active"
                 " WHERE (message.active IS NULL AND EXISTS"
                 "  (SELECT 1 FROM message AS child WHERE child.parent = message.id))"
                 " OR (message.active IS NOT NULL AND answer.parent IS NOT message.id)"
                 " LIMIT 1", NULL, error) &&
         expect (vault,
                 "SELECT 'active beginning of ' || conversation.uuid FROM conversation"
                 " LEFT JOIN message AS first ON first.id = conversation.active"
                 " WHERE (conversation.active IS NULL AND EXISTS"
                 "  (SELECT 1 FROM message WHERE message.conversation = conversation.id))"
                 " OR (conversation.active IS NOT NULL AND (first.parent IS NOT NULL"
                 "  OR first.conversation IS NOT conversation.id))"
                 " LIMIT 1", NULL, error) &&
         expect (vault,
                 "SELECT 'passages of a document' FROM document WHERE gone = 0 AND n_passages !="
                 " (SELECT count(*) FROM passage WHERE passage.document = document.id) LIMIT 1", NULL,
                 error) &&
         expect (vault,
                 "SELECT 'vectors of a document' FROM document WHERE gone = 0 AND n_embedded !="
                 " (SELECT count(*) FROM passage JOIN embedding ON embedding.passage = passage.id"
                 "  WHERE passage.document = document.id"
                 "  AND embedder IN (SELECT id FROM embedder WHERE gone = 0)) LIMIT 1", NULL, error) &&
         expect (vault,
                 "SELECT 'vectors of a message' FROM message_embedding WHERE start + length >"
                 " (SELECT sum (length (CAST (text AS BLOB)) + 1) - 1 FROM part"
                 "  WHERE part.message = message_embedding.message AND kind = 1) LIMIT 1", NULL, error) &&
         expect (vault,
                 "SELECT 'journal of a finished message' FROM journal"
                 " JOIN message ON message.id = journal.message WHERE status != 1 LIMIT 1", NULL,
                 error);
}

static gpointer
do_check (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  gint64 broken;

  /* The pages' own check reads the file, not the log. */
  if (!sotto_database_exec (database, "PRAGMA wal_checkpoint (TRUNCATE)", error) ||
      !expect (vault, "PRAGMA cipher_integrity_check", NULL, error) ||
      !expect (vault, "PRAGMA integrity_check (1)", "ok", error) ||
      !sotto_database_exec (database,
                            "INSERT INTO search_words (search_words, rank)"
                            " VALUES ('integrity-check', 1);"
                            "INSERT INTO search_trigrams (search_trigrams, rank)"
                            " VALUES ('integrity-check', 1);"
                            "INSERT INTO passage_words (passage_words, rank)"
                            " VALUES ('integrity-check', 1);", error) ||
      !check_trees (vault, error) ||
      !sotto_audit_verify (database, &broken, error))
    return NULL;

  if (broken != 0)
    {
      damaged (vault, "the chain of the audit log", error);
      return NULL;
    }
  return SOTTO_DONE;
}

static gpointer
do_release_memory (SottoVault *vault, SottoCall *call, GError **error)
{
  sqlite3_db_release_memory (sotto_database_get_handle (vault->database));
#ifdef __GLIBC__
  /* Pages are small blocks among others, of which the system gets none back by itself (app/README.md has the figures). */
  malloc_trim (0);
#endif
  return SOTTO_DONE;
}

/* --- The calls --- */

void
sotto_store_add_audit_async (SottoStore          *self,
                             const char          *action,
                             const char          *subject,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && action != NULL);

  call = sotto_call_new ();
  call->text = g_strdup (action);
  call->id = g_strdup (subject);
  sotto_store_push (self, SOTTO_WORK_WRITE, do_audit, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_add_audit_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_check_async (SottoStore          *self,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_READ, do_check, NULL, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_check_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_release_memory (SottoStore *self)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_OTHER, do_release_memory, NULL, NULL, NULL, NULL, NULL);
}
