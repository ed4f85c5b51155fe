#pragma once

#include <gio/gio.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * sotto_group_menu_fill:
 * @menu: emptied before
 * @conversation: (nullable): whose menu it is; without one, or for a temporary one, it stays empty
 * @prefix: of the actions PREFIX.move-to-group (with the group's id), PREFIX.move-to-new-group and PREFIX.leave-group
 *
 * Where @conversation can be moved to.
 */
void sotto_group_menu_fill (GMenu *menu, SottoGroupList *groups, SottoConversation *conversation, const char *prefix);

G_END_DECLS
