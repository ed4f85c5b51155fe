#pragma once

#include "conversation-list.h"
#include "services.h"

G_BEGIN_DECLS

SottoConversationList *sotto_conversation_list_new (SottoServices *services);

/**
 * sotto_conversation_list_fill:
 * @records: (element-type SottoHistoryConversation)
 * @draft: of the conversation that is not begun yet
 */
void sotto_conversation_list_fill (SottoConversationList *self,
                                   GPtrArray             *records,
                                   const char            *draft);

/* Empties the list; what is shown of it lives on without a history. */
void sotto_conversation_list_clear (SottoConversationList *self);

/* For closing: stops every reply; ends those that still run. */
void sotto_conversation_list_stop_all (SottoConversationList *self);
void sotto_conversation_list_abandon_all (SottoConversationList *self);

void sotto_conversation_list_flush_drafts (SottoConversationList *self);

/* Tells the conversations whose replies are running that their text cannot be saved. */
void sotto_conversation_list_set_journal_error (SottoConversationList *self, const GError *error);

G_END_DECLS
