#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tokens that are known by their text: which end a turn, which mark one, which steer a model
 * whatever the file says of them. Private to the tokenizer. */

typedef enum {
  SOTTO_KNOWN_ENDS = 1 << 0,   /* ends a turn */
  SOTTO_KNOWN_CHAT = 1 << 1,   /* marks turns of a chat */
  SOTTO_KNOWN_SURE = 1 << 2,   /* nothing else is written so: control, whatever the file says */
} SottoKnownFlags;

/* What is known of a token with this text. */
SottoKnownFlags sotto_known_token_flags (const guint8 *text, gsize length);

/* "<s>", "[INST]": no word of a language. */
gboolean sotto_known_token_is_marked_up (const guint8 *text, gsize length);

G_END_DECLS
