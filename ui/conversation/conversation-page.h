#pragma once

#include <adwaita.h>

#include "conversation/read-aloud.h"

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
void sotto_conversation_page_choose_folders (SottoConversationPage *self);

/* Adds a model file where it lies, and uses it for the conversation that is shown. */
void sotto_conversation_page_add_model (SottoConversationPage *self, GFile *file);

/* Attaches a document to what is being written; takes whatever else it is for a model. */
void sotto_conversation_page_attach_file (SottoConversationPage *self, GFile *file);

/* The same for a picture that is dropped, wherever it is from. */
void sotto_conversation_page_take_drop (SottoConversationPage *self, GdkDrop *drop);

/* @is_shown: whether the list of conversations stands beside the page */
void sotto_conversation_page_set_sidebar_shown (SottoConversationPage *self, gboolean is_shown);

/* Returns: (transfer none): what reads its replies aloud */
SottoReadAloud *sotto_conversation_page_get_reader (SottoConversationPage *self);

/* Opens the bar that searches this conversation. */
void sotto_conversation_page_begin_find (SottoConversationPage *self);

/* Brings a message into sight, once it has been read and its version is the one shown; and marks @words (nullable) in it. */
void sotto_conversation_page_scroll_to_message (SottoConversationPage *self, const char *id, const char *words);

/* The same for what a search has found by its meaning. @phrase: a sentence of it, which is marked as a whole or not at all */
void sotto_conversation_page_scroll_to_phrase (SottoConversationPage *self, const char *id, const char *phrase);

G_END_DECLS
