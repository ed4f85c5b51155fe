#pragma once

#include "database.h"
#include "sotto-history.h"

G_BEGIN_DECLS

/* What a message is made of, on its way from and to the tables. Within the caller's transaction. */

/**
 * sotto_parts_read:
 * @message: its status says where the parts stand; they are put into it
 * @row: of @message
 * @with_data: whether the bytes of attachments are wanted, too
 */
gboolean sotto_parts_read (SottoDatabase        *database,
                           SottoHistoryMessage  *message,
                           gint64                row,
                           gboolean              with_data,
                           GError              **error);

/**
 * sotto_parts_insert:
 * @message: row of a message that has none yet
 * @parts: (element-type SottoHistoryPart)
 */
gboolean sotto_parts_insert (SottoDatabase  *database,
                             gint64          message,
                             GPtrArray      *parts,
                             GError        **error);

/**
 * sotto_parts_put_data:
 * @part: with its bytes, with the hash of bytes that are there, or with neither
 * @row: (out): of the attachment, which is kept once however often it is put; 0: it has none
 */
gboolean sotto_parts_put_data (SottoDatabase           *database,
                               const SottoHistoryPart  *part,
                               gint64                  *row,
                               GError                 **error);

G_END_DECLS
