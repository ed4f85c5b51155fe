#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * SottoFindBar:
 *
 * Finds text in the conversation that is shown: case and accents aside, message by message.
 *
 * Signals:
 * - "found" (uint position): the message to show; G_MAXUINT: there is none
 * - "closed" ()
 */
#define SOTTO_TYPE_FIND_BAR (sotto_find_bar_get_type ())
G_DECLARE_FINAL_TYPE (SottoFindBar, sotto_find_bar, SOTTO, FIND_BAR, AdwBin)

/* @messages: (nullable): the model of #SottoMessage to search */
void sotto_find_bar_set_messages (SottoFindBar *self, GListModel *messages);
void sotto_find_bar_begin (SottoFindBar *self);

/* Returns: (transfer none): what is looked for */
const char *sotto_find_bar_get_words (SottoFindBar *self);

G_END_DECLS
