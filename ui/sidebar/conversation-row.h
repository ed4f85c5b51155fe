#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* A conversation in the sidebar: its title, whether a reply is being made, and a menu. It can be dragged into a group; one that is
 * dropped on it joins its group, or leaves the one it was in if it has none. */
#define SOTTO_TYPE_CONVERSATION_ROW (sotto_conversation_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoConversationRow, sotto_conversation_row, SOTTO, CONVERSATION_ROW, GtkWidget)

void sotto_conversation_row_open_menu (SottoConversationRow *self);

/* @conversation: (nullable) */
void sotto_conversation_row_set_conversation (SottoConversationRow *self, SottoConversation *conversation);

G_END_DECLS
