#pragma once

#include "conversation-list.h"
#include "services.h"
#include "transfer.h"

G_BEGIN_DECLS

SottoConversationList *sotto_conversation_list_new (SottoServices *services);

/**
 * sotto_conversation_list_fill:
 * @records: (element-type SottoHistoryConversation)
 * @draft: of the conversation that is not begun yet
 * @instructions: that conversation's, as they were kept
 */
void sotto_conversation_list_fill (SottoConversationList *self,
                                   GPtrArray             *records,
                                   const char            *draft,
                                   const char            *instructions);

/* Empties the list; what is shown of it lives on without a history. */
void sotto_conversation_list_clear (SottoConversationList *self);

/* Returns: (transfer none) */
SottoServices *sotto_conversation_list_get_services (SottoConversationList *self);

/* For closing: stops every reply and transfer; ends the replies that still run. */
void sotto_conversation_list_stop_all (SottoConversationList *self);
void sotto_conversation_list_abandon_all (SottoConversationList *self);

/* A transfer while it runs */
void sotto_conversation_list_add_transfer (SottoConversationList *self, SottoTransfer *transfer);
void sotto_conversation_list_remove_transfer (SottoConversationList *self, SottoTransfer *transfer);
gboolean sotto_conversation_list_has_transfers (SottoConversationList *self);

/**
 * sotto_conversation_list_take_records:
 * @records: (element-type SottoHistoryConversation): conversations that have come into the history
 * @conversations: (element-type SottoConversation): where they are added in this order, too
 */
void sotto_conversation_list_take_records (SottoConversationList *self,
                                           GPtrArray             *records,
                                           GPtrArray             *conversations);

void sotto_conversation_list_flush_drafts (SottoConversationList *self);

/* Tells the conversations whose replies are running that their text cannot be saved. */
void sotto_conversation_list_set_journal_error (SottoConversationList *self, const GError *error);

G_END_DECLS
