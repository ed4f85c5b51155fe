#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a kept receipt (the engine's JSON) says of a reply. Single members are read without a JSON
 * reader: inside a JSON string every quotation mark is escaped, so that '"name":' can be nothing but
 * a member.
 *
 * A reply that went on has one receipt for each time it was made a part of: that of the last part, and in its last
 * member "earlier" a list of those before, the first one first. A part of which nothing is known (a crash cut it off) has
 * none; the next one's "continued_tokens" counts what it found. */

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
 * sotto_kept_receipt_add_up:
 * @n_parts: (out) (optional): in how many of its parts it stands
 *
 * Returns: the number @name of all parts of the reply together
 */
guint64 sotto_kept_receipt_add_up (const char *receipt, const char *name, guint *n_parts);

/**
 * sotto_kept_receipt_join:
 * @receipt: (nullable): of what was added to a reply; %NULL: nothing is known of it
 * @earlier: (nullable): its receipt until then
 *
 * Returns: (transfer full) (nullable): the receipt of all of it; %NULL: of none of it there is one
 */
char *sotto_kept_receipt_join (const char *receipt, const char *earlier);

/**
 * sotto_kept_receipt_dup_for_others:
 *
 * Returns: (transfer full) (nullable): @receipt, with the name of the model's file where its path was:
 *   that is nobody else's business; %NULL if there is no model in it
 */
char *sotto_kept_receipt_dup_for_others (const char *receipt);

/**
 * sotto_kept_receipt_describe:
 * @receipt: (nullable): may come from elsewhere, and say anything
 *
 * Returns: (transfer full): what one would want to read of it, title and value in turn, in words
 */
char **sotto_kept_receipt_describe (const char *receipt);

/**
 * sotto_kept_receipt_add_schema:
 * @schema: what the answer was held to
 *
 * Returns: (transfer full): @receipt with the schema as its "answer_schema": the engine's has the hash alone, and the
 *   conversation may have another schema by then
 */
char *sotto_kept_receipt_add_schema (const char *receipt, const char *schema);

/* Whether the answer was held to a form; of the engine's receipts, too */
gboolean sotto_kept_receipt_is_held (const char *receipt);

/**
 * sotto_kept_receipt_add_hash:
 * @hash: of the model's file, in hexadecimal digits
 *
 * Returns: (transfer full) (nullable): @receipt with the hash that was not known when it was written, also in earlier parts
 *   by the same model; %NULL: it is not missing there
 */
char *sotto_kept_receipt_add_hash (const char *receipt, const char *hash);

G_END_DECLS
