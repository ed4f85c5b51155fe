#pragma once

#include "database.h"

G_BEGIN_DECLS

typedef struct {
  gint64 id;
  gboolean is_kept;
} SottoPruned;

/**
 * sotto_prune_prepare:
 *
 * Makes the temporary tables of what was deleted and may come back, if they are not there. What these refer to (models,
 * attachments) is in use.
 */
gboolean sotto_prune_prepare (SottoDatabase *database, GError **error);

G_END_DECLS
