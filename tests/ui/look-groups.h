#pragma once

#include "look.h"

G_BEGIN_DECLS

/* Groups of conversations: in the list, their menus and dialogs, a new chat in one, what is found; at the end there are none. */
void look_at_groups (Look *look);

G_END_DECLS
