#pragma once

#include "database.h"

G_BEGIN_DECLS

/* Small steps on the tables that several calls share; all within the caller's transaction. */

void sotto_rows_set_not_found (GError **error, const char *id);
void sotto_rows_set_invalid (GError **error, const char *what);

/**
 * sotto_rows_check_id:
 *
 * Returns: %FALSE with _INVALID if @id is not a UUID as text
 */
gboolean sotto_rows_check_id (const char *id, GError **error);

/**
 * sotto_rows_find_conversation:
 *
 * Returns: its row, or 0 with _NOT_FOUND
 */
gint64 sotto_rows_find_conversation (SottoDatabase *database, const char *id, GError **error);
gint64 sotto_rows_find_message (SottoDatabase *database, const char *id, GError **error);

/**
 * sotto_rows_put_model:
 * @model: (nullable)
 * @row: (out): 0 for %NULL
 */
gboolean sotto_rows_put_model (SottoDatabase            *database,
                               const SottoHistoryModel  *model,
                               gint64                   *row,
                               GError                  **error);

/**
 * sotto_rows_read_model:
 * @column: of path; name and hash follow
 *
 * Returns: (transfer full) (nullable)
 */
SottoHistoryModel *sotto_rows_read_model (sqlite3_stmt *row, int column);

/**
 * sotto_rows_activate:
 * @message: row
 *
 * Makes the path through @message the active one.
 */
gboolean sotto_rows_activate (SottoDatabase *database, gint64 message, GError **error);

/**
 * sotto_rows_touch:
 * @message: row of a message that was added or changed
 *
 * Moves its conversation to the top of the list and gives it the message's text as snippet, or the name of the file that
 * it consists of.
 */
gboolean sotto_rows_touch (SottoDatabase *database, gint64 message, GError **error);

/**
 * sotto_rows_put_snippet:
 *
 * As sotto_rows_touch(), but the conversation stays where it is.
 */
gboolean sotto_rows_put_snippet (SottoDatabase *database, gint64 message, GError **error);

/**
 * sotto_rows_one_line:
 * @max: most characters
 *
 * Returns: (transfer full): @text with white space made single spaces
 */
char *sotto_rows_one_line (const char *text, glong max);

/**
 * sotto_rows_read_tools:
 *
 * Returns: (transfer full) (array zero-terminated=1): names of the tools in the column "tools" of a conversation
 */
char **sotto_rows_read_tools (sqlite3_stmt *row, int column);

/**
 * sotto_rows_put_answer_format:
 * @format: an unknown one is that of text
 * @schema: (nullable)
 */
gboolean sotto_rows_put_answer_format (SottoDatabase             *database,
                                       gint64                     conversation,
                                       SottoHistoryAnswerFormat   format,
                                       const char                *schema,
                                       GError                   **error);

/* Those of @tools that may stand there */
gboolean sotto_rows_put_tools (SottoDatabase      *database,
                               gint64              conversation,
                               const char *const  *tools,
                               GError            **error);

G_END_DECLS
