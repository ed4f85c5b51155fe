#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * SottoFindBar:
 *
 * Finds text in the conversation that is shown: case and accents aside, place by place.
 *
 * Signals:
 * - "found" (uint position, uint place): the message to show, G_MAXUINT: there is none; and which of the places in it, from 0,
 *   where one after the last means the last. Whoever shows it says with sotto_find_bar_set_n_places() how many it has.
 * - "closed" ()
 */
#define SOTTO_TYPE_FIND_BAR (sotto_find_bar_get_type ())
G_DECLARE_FINAL_TYPE (SottoFindBar, sotto_find_bar, SOTTO, FIND_BAR, AdwBin)

/* @messages: (nullable): the model of #SottoMessage to search */
void sotto_find_bar_set_messages (SottoFindBar *self, GListModel *messages);
void sotto_find_bar_begin (SottoFindBar *self);

/* Of the message that was asked for last, as it is shown: Markdown may have more in it than one sees, or less. */
void sotto_find_bar_set_n_places (SottoFindBar *self, guint n_places);

/* Returns: (transfer none): what is looked for */
const char *sotto_find_bar_get_words (SottoFindBar *self);

G_END_DECLS
