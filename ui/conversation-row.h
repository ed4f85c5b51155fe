#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* A conversation in the sidebar: its title, whether a reply is being made, and a menu. */
#define SOTTO_TYPE_CONVERSATION_ROW (sotto_conversation_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoConversationRow, sotto_conversation_row, SOTTO, CONVERSATION_ROW, GtkWidget)

GtkWidget *sotto_conversation_row_new (void);

/* @conversation: (nullable) */
void sotto_conversation_row_set_conversation (SottoConversationRow *self, SottoConversation *conversation);

G_END_DECLS
