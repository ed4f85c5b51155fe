#pragma once

#include "conversation/message-row.h"

G_BEGIN_DECLS

/* Shows another version of the message in @row, which is in a #SottoMessageList. Who pressed one of its buttons by a key is on that
 * of the row which takes its place, and goes on from there; who clicked writes on. @step: 1 or -1 */
void sotto_version_switch (SottoMessageRow *row, SottoConversation *conversation, int step);

G_END_DECLS
