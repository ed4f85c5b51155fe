#pragma once

#include "database.h"

G_BEGIN_DECLS

/* Small steps on the tables of groups that several calls share; all within the caller's transaction. */

/* The id and the name of the group that a conversation is in, as two columns; NULL: it is in none, or in one that was deleted */
#define SOTTO_ROWS_GROUP_OF_CONVERSATION \
  "(SELECT uuid FROM conversation_group WHERE id = conversation.grouped AND deleted = 0)," \
  " (SELECT name FROM conversation_group WHERE id = conversation.grouped AND deleted = 0)"

/**
 * sotto_rows_find_group:
 *
 * Returns: its row, or 0 with _NOT_FOUND; of one that was deleted, too, as long as it can come back
 */
gint64 sotto_rows_find_group (SottoDatabase *database, const char *id, GError **error);

/**
 * sotto_rows_put_group:
 *
 * Adds a group with this id, or changes what it is called and begins with; its folders are those that are in this history.
 */
gboolean sotto_rows_put_group (SottoDatabase *database, const SottoHistoryGroup *group, GError **error);

/**
 * sotto_rows_join_group:
 * @conversation: row
 * @id: (nullable): of the group
 * @name: (nullable): of one that it joins where there is none with @id; made if there is none of that name either. %NULL, as
 *   @id: it is in none
 */
gboolean sotto_rows_join_group (SottoDatabase  *database,
                                gint64          conversation,
                                const char     *id,
                                const char     *name,
                                GError        **error);

/**
 * sotto_rows_purge_groups:
 * @kept: (nullable): ids of those that stay
 *
 * Removes the groups that were deleted; their conversations are in none.
 */
gboolean sotto_rows_purge_groups (SottoDatabase *database, const char * const *kept, GError **error);

G_END_DECLS
