#pragma once

#include <yyjson.h>

#include <glib.h>

G_BEGIN_DECLS

/* Arguments of tool calls that are not written as JSON, made JSON. All append to @out; after FALSE it holds rubbish.
 * Bounded in depth, linear in time. */

/* @text as a JSON string. */
void sotto_json_append_string (GString *out, const char *text, gsize length);

/**
 * sotto_json_append_guess:
 * @is_string: it is a string, whatever it looks like
 *
 * An argument that stands between markers: JSON or a literal of Python's where it is one, else a string.
 */
void sotto_json_append_guess (GString *out, const char *text, gsize length, gboolean is_string);

/**
 * sotto_loose_read_value:
 * @at: (inout): moved behind the value
 *
 * A literal of Python's (strings in either quotes, lists, tuples, dictionaries, True, False, None), or of Gemma's (strings
 * between <|"|>, bare keys).
 */
gboolean sotto_loose_read_value (const char **at, const char *end, guint depth, GString *out);

/**
 * sotto_loose_read_call:
 * @name: set
 * @arguments: set to a JSON object
 *
 * "name(key=value, …)", "name.call(…)", or Gemma's "call:name{key:value,…}".
 */
gboolean sotto_loose_read_call (const char **at, const char *end, GString *name, GString *arguments);

/**
 * sotto_nested_read_object:
 * @space: what stands before each tag
 *
 * "<key>value</key>…": elements within elements; those that are all called "item" make a list.
 */
gboolean sotto_nested_read_object (const char *text, gsize length, const char *space, GString *out);

/* Whether the tool @name takes a string as @key, by its schema. @tools: (nullable): as in messages */
gboolean sotto_tools_want_string (yyjson_val *tools, const char *name, const char *key);

G_END_DECLS
