#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoToolList:
 *
 * The tools that there are, to be chosen for a conversation, and a line where its model can use none.
 */
#define SOTTO_TYPE_TOOL_LIST (sotto_tool_list_get_type ())
G_DECLARE_FINAL_TYPE (SottoToolList, sotto_tool_list, SOTTO, TOOL_LIST, GtkWidget)

/* @conversation: (nullable) */
void sotto_tool_list_set_conversation (SottoToolList *self, SottoConversation *conversation);

G_END_DECLS
