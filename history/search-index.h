#pragma once

#include "database.h"

G_BEGIN_DECLS

/* What keeps the two FTS5 indexes equal to titles and messages; within the caller's transaction.
 * An entry must be removed while its text is still what was indexed. */

/**
 * sotto_search_index_add_title:
 * @conversation: row; an empty title has no entry
 */
gboolean sotto_search_index_add_title (SottoDatabase  *database,
                                       gint64          conversation,
                                       GError        **error);
gboolean sotto_search_index_remove_title (SottoDatabase  *database,
                                          gint64          conversation,
                                          GError        **error);

/**
 * sotto_search_index_add_message:
 * @message: row; one without text has no entry
 */
gboolean sotto_search_index_add_message (SottoDatabase *database, gint64 message, GError **error);

gboolean sotto_search_index_remove_message (SottoDatabase *database, gint64 message, GError **error);

/**
 * sotto_search_index_remove_conversation:
 * @conversation: row
 *
 * Removes title and messages.
 */
gboolean sotto_search_index_remove_conversation (SottoDatabase  *database,
                                                 gint64          conversation,
                                                 GError        **error);

G_END_DECLS
