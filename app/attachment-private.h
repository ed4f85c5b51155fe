#pragma once

#include <sotto-history.h>

#include "attachment.h"

G_BEGIN_DECLS

/**
 * sotto_attachment_new:
 * @name: made one line
 * @media_type: (nullable): %NULL: as the name says
 * @text: (transfer full): UTF-8
 */
SottoAttachment *sotto_attachment_new (const char *name, const char *media_type, char *text, guint n_pages);

/* Whether @part is an attached file, and no passage of one */
gboolean sotto_attachment_is_part (const SottoHistoryPart *part);

/* As it was read from the history. @part: one that is */
SottoAttachment *sotto_attachment_new_from_part (const SottoHistoryPart *part);

/* Returns: (transfer full): as it is kept there */
SottoHistoryPart *sotto_attachment_to_part (SottoAttachment *self);

/* Returns: (transfer full) (element-type SottoAttachment) (nullable): those among @parts; %NULL: there are none */
GPtrArray *sotto_attachments_new_from_parts (const GPtrArray *parts);

/* The model's view of it: a block of code under its name, behind which the next text begins on a line of its own. */
void sotto_attachment_write (SottoAttachment *self, GString *out);

/* Under which id it stands in a draft in the history; (nullable): it does not */
const char *sotto_attachment_get_draft_id (SottoAttachment *self);
void sotto_attachment_set_draft_id (SottoAttachment *self, const char *id);

G_END_DECLS
