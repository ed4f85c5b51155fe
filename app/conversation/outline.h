#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "conversation/conversation.h"
#include "conversation/group.h"

G_BEGIN_DECLS

/**
 * SottoOutline:
 *
 * The conversations as a list shows them: a #GListModel of #SottoConversation and #SottoGroup. Temporary conversations come first,
 * then pinned ones, then each group with those that are in it (if it is open), then all others, each time the last used first. Without
 * groups it is what #SottoConversationList is. All groups are there, those without conversations too.
 *
 * Use sotto_outline_get_section() and sotto_outline_get_heading() for section headings. Made by #SottoConversationList
 * (sotto_conversation_list_get_outline()).
 */
#define SOTTO_TYPE_OUTLINE (sotto_outline_get_type ())
G_DECLARE_FINAL_TYPE (SottoOutline, sotto_outline, SOTTO, OUTLINE, GObject)

/* @item: a conversation or a group. Returns: under which heading it stands; of SOTTO_DATE_GROUP_MONTH, there is one for each */
SottoDateGroup sotto_outline_get_section (gpointer item);
const char *sotto_outline_get_heading (gpointer item);

G_END_DECLS
