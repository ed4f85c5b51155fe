#pragma once

#include <gtk/gtk.h>

#include "conversation/message-list.h"

G_BEGIN_DECLS

/**
 * SottoFinder:
 *
 * Shows words where they stand in a list of messages: brings the message into the view, then the line, and marks them.
 * Not an object: its owner frees it before the list goes.
 */
typedef struct _SottoFinder SottoFinder;

/* @n_places: of the words in the message, as it is shown; 0: only what makes it up has them, such as a link's address */
typedef void (*SottoFinderShown) (gpointer user_data, guint n_places);

SottoFinder *sotto_finder_new (GtkScrolledWindow *scroller, SottoMessageList *list);
void sotto_finder_free (SottoFinder *self);

/**
 * sotto_finder_show:
 * @position: of a message
 * @words: what to show in it; where the whole is nowhere, its first word that is somewhere
 * @place: which of the places, from 0; after the last: the last
 * @shown: (nullable): called when it stands there, some frames later; not when something else is to be shown first
 */
void sotto_finder_show (SottoFinder *self, guint position, const char *words, guint place, SottoFinderShown shown,
                        gpointer user_data);

/**
 * sotto_finder_show_hit:
 * @position: of a message that a search has found by @words
 *
 * The same for words that may stand in a file that is attached to the message, or in a passage that its reply was given: that is opened
 * then, and they are marked there.
 */
void sotto_finder_show_hit (SottoFinder *self, guint position, const char *words);

/**
 * sotto_finder_show_phrase:
 * @position: of a message that a search has found by its meaning
 * @phrase: a sentence of it, which is marked quietly, as a whole or not at all: its words need not say why it was found
 */
void sotto_finder_show_phrase (SottoFinder *self, guint position, const char *phrase);

/* Nothing is marked any more. */
void sotto_finder_clear (SottoFinder *self);

G_END_DECLS
