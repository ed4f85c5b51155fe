#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reading what a kept receipt (the engine's JSON) says of a reply, without a JSON reader: inside a
 * JSON string every quotation mark is escaped, so that '"name":' can be nothing but a member. */

/**
 * sotto_kept_receipt_get_number:
 * @receipt: (nullable): JSON
 * @name: of a top-level member that appears once
 *
 * Returns: its value, 0 if it is not there
 */
guint64 sotto_kept_receipt_get_number (const char *receipt, const char *name);

/**
 * sotto_kept_receipt_ended_by:
 * @how: "end", "stop", "max-tokens", "context-full", "cancelled" or "failed"
 */
gboolean sotto_kept_receipt_ended_by (const char *receipt, const char *how);

/**
 * sotto_kept_receipt_add_hash:
 * @hash: of the model's file, in hexadecimal digits
 *
 * Returns: (transfer full) (nullable): @receipt with the hash that was not known when it was written;
 *   %NULL: it is not missing there
 */
char *sotto_kept_receipt_add_hash (const char *receipt, const char *hash);

G_END_DECLS
