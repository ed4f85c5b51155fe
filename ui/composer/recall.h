#pragma once

#include "conversation/message-list.h"

#include "sotto-app.h"

G_BEGIN_DECLS

/* The arrow up in an empty composer: the last message of the person in @conversation, which @list shows in @scroller, is edited; brought
 * into sight first, where it is not. */
void sotto_recall (SottoMessageList *list, GtkWidget *scroller, SottoConversation *conversation);

G_END_DECLS
