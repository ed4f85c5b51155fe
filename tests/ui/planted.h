#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is shown in screenshots is planted, so that they are the same every time. */

#define PLANTED_PASSPHRASE "correct horse"

/* Conversations of a single message, as another Sotto exports them */
extern const char planted_archive[];

/* A history in @folder, which that passphrase opens: three conversations, the newest with a reply that has everything in it that
 * Markdown can. */
void planted_history_create (const char *folder);

G_END_DECLS
