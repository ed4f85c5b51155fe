#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * sotto_audit_add:
 * @subject: (nullable): an id, never content
 *
 * Adds an entry, within the caller's transaction.
 */
gboolean sotto_audit_add (SottoDatabase  *database,
                          const char     *action,
                          const char     *subject,
                          GError        **error);

/**
 * sotto_audit_verify:
 * @broken: (out): the place of the first entry that does not fit, 0: all do
 *
 * Returns: %FALSE if it could not be read
 */
gboolean sotto_audit_verify (SottoDatabase *database, gint64 *broken, GError **error);

G_END_DECLS
