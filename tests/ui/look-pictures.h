#pragma once

#include "look.h"

G_BEGIN_DECLS

/* Pictures where one writes, in messages, and one of them large. In a chat that is not kept; @conversation is shown afterwards. */
void look_at_pictures (Look *look, SottoConversation *conversation);

G_END_DECLS
