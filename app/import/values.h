#pragma once

#include <glib.h>
#include <yyjson.h>

G_BEGIN_DECLS

/* What readers ask of JSON that nobody has checked. A member that is missing, or of another type, is %NULL or 0. */

/**
 * sotto_value_dup_text:
 * @value: (nullable)
 *
 * Returns: (transfer full) (nullable): a text, valid UTF-8 without a zero in it; %NULL: none, or an empty one
 */
char *sotto_value_dup_text (yyjson_val *value);

/* The same of a member */
char *sotto_value_dup_member (yyjson_val *object, const char *key);

/* A text to compare, of which what stands behind a zero does not count. Returns: (transfer none) (nullable) */
const char *sotto_value_peek_member (yyjson_val *object, const char *key);

/* A text, or a number as one: an id */
char *sotto_value_dup_id (yyjson_val *object, const char *key);

/**
 * sotto_value_get_time:
 * @value: (nullable): seconds, milliseconds, microseconds or nanoseconds since 1970, which tell themselves apart by their size,
 *   or a date and time by ISO 8601
 *
 * Returns: microseconds; 0: none, or one that is none
 */
gint64 sotto_value_get_time (yyjson_val *value);

/* The same of the first of these members that is one. @key: (array zero-terminated=1) */
gint64 sotto_value_get_member_time (yyjson_val *object, const char *const *keys);

/* A date and time as it is written, by ISO 8601; @is_local: without a zone it is that of this computer, else UTC */
gint64 sotto_value_parse_time (const char *text, gboolean is_local);

G_END_DECLS
