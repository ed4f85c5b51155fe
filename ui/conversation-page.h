#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoConversationPage:
 *
 * One conversation: its messages, what went wrong, and the composer.
 */
#define SOTTO_TYPE_CONVERSATION_PAGE (sotto_conversation_page_get_type ())
G_DECLARE_FINAL_TYPE (SottoConversationPage, sotto_conversation_page, SOTTO, CONVERSATION_PAGE, AdwBin)

void sotto_conversation_page_set_app (SottoConversationPage *self, SottoApp *app);

/* @conversation: (nullable) */
void sotto_conversation_page_set_conversation (SottoConversationPage *self, SottoConversation *conversation);
void sotto_conversation_page_focus_composer (SottoConversationPage *self);
void sotto_conversation_page_choose_model (SottoConversationPage *self);

/* Opens the bar that searches this conversation. */
void sotto_conversation_page_begin_find (SottoConversationPage *self);

/* Brings a message of the current path into sight, once it has been read. */
void sotto_conversation_page_scroll_to_message (SottoConversationPage *self, const char *id);

G_END_DECLS
