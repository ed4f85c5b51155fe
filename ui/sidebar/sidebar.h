#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoSidebar:
 *
 * All conversations under the days they were last used on, and what a search has found.
 *
 * Signals:
 * - "conversation-chosen" (#SottoConversation, string message_id (nullable), string words (nullable), string phrase (nullable)): a
 *   person chose one, or the message in it in which these words were found, or that says with this phrase what they are about
 */
#define SOTTO_TYPE_SIDEBAR (sotto_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (SottoSidebar, sotto_sidebar, SOTTO, SIDEBAR, AdwBin)

void sotto_sidebar_set_conversations (SottoSidebar *self, SottoConversationList *conversations);

/* Marks the conversation that is shown; @conversation: (nullable) */
void sotto_sidebar_set_selected (SottoSidebar *self, SottoConversation *conversation);

/* Gives the keyboard to the row of the conversation that is shown, or to the first. Returns: whether there is one */
gboolean sotto_sidebar_focus_list (SottoSidebar *self);

/* @words: (nullable): what to search for; %NULL: the person will say */
void sotto_sidebar_begin_search (SottoSidebar *self, const char *words);

G_END_DECLS
