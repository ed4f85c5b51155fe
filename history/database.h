#pragma once

#include "history-secret.h"

#include <sqlcipher/sqlite3.h>

G_BEGIN_DECLS

/* "Sott": PRAGMA application_id of every history */
#define SOTTO_DATABASE_APPLICATION_ID 0x536f7474

/**
 * SottoDatabase:
 *
 * One connection to one SQLCipher file, with the settings that every one has, statements that are
 * prepared once, and SQLite's answers turned into #SottoHistoryError. Of one thread.
 */
typedef struct _SottoDatabase SottoDatabase;

typedef enum {
  SOTTO_DATABASE_OPEN,   /* the file must be there */
  SOTTO_DATABASE_CREATE, /* the file must not be there */
  SOTTO_DATABASE_MEMORY, /* there is no file */
} SottoDatabaseMode;

/**
 * sotto_database_open:
 * @path: what errors call it, where there is no file
 * @key: (array fixed-size=32) (nullable): %NULL where there is no file
 *
 * Opening reads the first page, so that a wrong key, an empty or a foreign file is noticed before
 * anything is written.
 *
 * Returns: (transfer full): or %NULL with _CORRUPT_DATABASE, _IO, _DISK_FULL or _MEMORY
 */
SottoDatabase *sotto_database_open (const char         *path,
                                    const guint8       *key,
                                    SottoDatabaseMode   mode,
                                    GError            **error);

/**
 * sotto_database_close:
 *
 * Empties the write-ahead log into the file, and closes.
 */
gboolean sotto_database_close (SottoDatabase *self, GError **error);
void sotto_database_free (SottoDatabase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoDatabase, sotto_database_free)

const char *sotto_database_get_path (SottoDatabase *self);
sqlite3 *sotto_database_get_handle (SottoDatabase *self);

/**
 * sotto_database_set_cancellable:
 * @cancellable: (nullable): while set, cancelling it interrupts what runs
 */
void sotto_database_set_cancellable (SottoDatabase *self, GCancellable *cancellable);

/**
 * sotto_database_fail:
 *
 * Sets the error for what SQLite last answered.
 */
void sotto_database_fail (SottoDatabase *self, const char *sql, GError **error);

/* --- Statements --- */

/**
 * sotto_database_query:
 * @sql: one statement; a string that lives as long as the program
 * @types: a letter for each parameter: i gint64, u text (nullable), b #GBytes (nullable)
 *
 * A statement is kept and used again; it is reset by the next query with the same text and by
 * sotto_database_next() when it ends.
 *
 * Returns: (transfer none): the bound statement, or %NULL
 */
sqlite3_stmt *sotto_database_query (SottoDatabase  *self,
                                    GError        **error,
                                    const char     *sql,
                                    const char     *types,
                                    ...);

/**
 * sotto_database_next:
 * @failed: (out): whether it ended with an error, which is set
 *
 * Returns: whether there is a row
 */
gboolean sotto_database_next (SottoDatabase  *self,
                              sqlite3_stmt   *statement,
                              gboolean       *failed,
                              GError        **error);

/**
 * sotto_database_run:
 *
 * A query without an answer.
 */
gboolean sotto_database_run (SottoDatabase  *self,
                             GError        **error,
                             const char     *sql,
                             const char     *types,
                             ...);

/**
 * sotto_database_get_int:
 * @found: (out) (optional): whether there was a row; without it, no row is 0
 *
 * Returns: the first column of the first row; 0 on error
 */
gint64 sotto_database_get_int (SottoDatabase  *self,
                               gboolean       *found,
                               GError        **error,
                               const char     *sql,
                               const char     *types,
                               ...);

/**
 * sotto_database_exec:
 * @sql: any number of statements without parameters, not kept
 */
gboolean sotto_database_exec (SottoDatabase *self, const char *sql, GError **error);

gint64 sotto_database_last_row (SottoDatabase *self);
gint sotto_database_changes (SottoDatabase *self);

/* Columns of a row, copied */
char *sotto_column_dup_text (sqlite3_stmt *statement, int column);
GBytes *sotto_column_dup_bytes (sqlite3_stmt *statement, int column);

/* --- Transactions --- */

/* Returns: %FALSE with _GONE, too: the file is not where it was opened, which is no reason to close it, as it may come back */
gboolean sotto_database_begin (SottoDatabase *self, GError **error);

/**
 * sotto_database_end:
 * @ok: whether all went well so far
 *
 * Commits, or rolls back if not @ok or if committing fails.
 *
 * Returns: whether the transaction is on the disk
 */
gboolean sotto_database_end (SottoDatabase *self, gboolean ok, GError **error);

G_END_DECLS
