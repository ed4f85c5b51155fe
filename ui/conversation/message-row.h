#pragma once

#include <adwaita.h>

#include "conversation/read-aloud.h"

G_BEGIN_DECLS

/**
 * SottoMessageRow:
 *
 * One turn: what a person wrote in a bubble, or a reply as Markdown, with what can be done with it.
 */
#define SOTTO_TYPE_MESSAGE_ROW (sotto_message_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoMessageRow, sotto_message_row, SOTTO, MESSAGE_ROW, GtkWidget)

/* @reader: what reads replies aloud */
GtkWidget *sotto_message_row_new (SottoConversation *conversation, SottoMessage *message, SottoReadAloud *reader);
SottoMessage *sotto_message_row_get_message (SottoMessageRow *self);

/* Opens a passage that a reply was given, with @words marked in it. @position: among its sources, from 0 */
void sotto_message_row_show_source (SottoMessageRow *self, guint position, const char *words);

/* Gives the focus to the button that leads on to the next version, or the one before, or the other one where there is none.
 * Returns: whether it has taken it */
gboolean sotto_message_row_focus_version (SottoMessageRow *self, int step);

/* Opens the editor of a message of the person. */
void sotto_message_row_edit (SottoMessageRow *self);

G_END_DECLS
