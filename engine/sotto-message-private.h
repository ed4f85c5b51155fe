#pragma once

#include "sotto-message.h"

#include <yyjson.h>

G_BEGIN_DECLS

/* The JSON behind messages, for the template; valid as long as @self. Its strings are UTF-8. */
yyjson_val *sotto_messages_get_message (const SottoMessages *self, guint i);
/* (nullable): none were given */
yyjson_val *sotto_messages_get_tools (const SottoMessages *self);

/* (transfer none): the picture @i of all. @message: (out): whose it is; they rise */
SottoImage *sotto_messages_get_image (const SottoMessages *self, guint i, guint *message);

/* What the reply that is asked for says already; FALSE: it is to begin. */
gboolean sotto_messages_get_begun (const SottoMessages *self, const char **reasoning, const char **content);

/* Objects and lists may stand in each other this deep. */
#define SOTTO_MESSAGES_MAX_DEPTH 100

/**
 * sotto_messages_read_json:
 * @what: what it is, for the error
 * @length: bytes, or -1
 *
 * Reads JSON of any kind within the bounds of messages.
 *
 * Returns: (transfer full): NULL with %SOTTO_ENGINE_ERROR_MESSAGES
 */
yyjson_doc *sotto_messages_read_json (const char  *json,
                                      gssize       length,
                                      const char  *what,
                                      GError     **error);

G_END_DECLS
