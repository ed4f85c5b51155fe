#pragma once

#include "database.h"

G_BEGIN_DECLS

/* Small steps on the tables of folders that several calls share; all within the caller's transaction. */

/* A passage's row is its folder's row in the high 32 bits, and counts from 1 in the low ones. */
#define SOTTO_PASSAGES_BEFORE(folder) ((gint64) ((guint64) (folder) << 32))
#define SOTTO_PASSAGES_LAST(folder) (SOTTO_PASSAGES_BEFORE (folder) | 0xffffffff)

/**
 * sotto_rows_find_folder:
 *
 * Returns: its row, or 0 with _NOT_FOUND, as for one that was removed
 */
gint64 sotto_rows_find_folder (SottoDatabase *database, const char *id, GError **error);

/* The ids of the folders that a conversation asks, as one column that sotto_rows_read_folders() takes apart */
#define SOTTO_ROWS_FOLDERS_OF_CONVERSATION \
  "(SELECT group_concat (folder, ' ') FROM" \
  " (SELECT folder FROM conversation_folder WHERE conversation_folder.conversation = conversation.id ORDER BY id))"

/**
 * sotto_rows_read_folders:
 *
 * Returns: (transfer full) (array zero-terminated=1)
 */
char **sotto_rows_read_folders (sqlite3_stmt *row, int column);

/**
 * sotto_rows_put_folders:
 * @conversation: row
 * @folders: (nullable) (array zero-terminated=1): ids; those that are not in this history are left
 *   out, but where there is no file: then they may be another's
 */
gboolean sotto_rows_put_folders (SottoDatabase      *database,
                                 gint64              conversation,
                                 const char *const  *folders,
                                 GError            **error);

G_END_DECLS
