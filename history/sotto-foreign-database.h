#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* The tables of another program's SQLite file. Not a history: it is not encrypted, nothing is ever written to it, and nothing
 * in it is believed. */

/**
 * SottoForeignDatabase:
 *
 * The file's bytes in memory and a connection to them. Of the thread that made it.
 */
typedef struct _SottoForeignDatabase SottoForeignDatabase;

/**
 * sotto_foreign_database_new:
 * @data: a whole file; must outlive it, and is changed
 * @cancellable: (nullable): ends what runs
 *
 * Returns: (transfer full): or %NULL with %G_IO_ERROR_INVALID_DATA or %G_IO_ERROR_FAILED
 */
SottoForeignDatabase *sotto_foreign_database_new (guint8 *data, gsize length, GCancellable *cancellable, GError **error);
void sotto_foreign_database_free (SottoForeignDatabase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoForeignDatabase, sotto_foreign_database_free)

/**
 * sotto_foreign_database_has:
 * @columns: (array zero-terminated=1)
 *
 * Returns: whether there is a table @table that has all of @columns; a view is none, and a column that is computed is none
 */
gboolean sotto_foreign_database_has (SottoForeignDatabase *self, const char *table, const char *const *columns);

/**
 * SottoForeignRow:
 * @values: (array): one a column, valid UTF-8 without a zero in it, valid during the call; %NULL where there is none
 *
 * Returns: whether to go on
 */
typedef gboolean (*SottoForeignRow) (const char *const *values, gpointer user_data);

/**
 * sotto_foreign_database_read:
 * @columns: (array zero-terminated=1): at most 16
 * @row: called with one after another, in the order in which they were put there
 *
 * Returns: %FALSE with %G_IO_ERROR_INVALID_DATA, %G_IO_ERROR_CANCELLED or %G_IO_ERROR_FAILED; that @row did not want to go
 *   on is no error
 */
gboolean sotto_foreign_database_read (SottoForeignDatabase  *self,
                                      const char            *table,
                                      const char *const     *columns,
                                      SottoForeignRow        row,
                                      gpointer               user_data,
                                      GError               **error);

G_END_DECLS
