#pragma once

#include <gtk/gtk.h>

#include "conversation/read-aloud.h"

G_BEGIN_DECLS

/* Reads a growing reply to a screen reader sentence by sentence. Owned by the page. */
typedef struct _SottoAnnouncer SottoAnnouncer;

/* @widget: (transfer none): who announces; outlives it
 * @reader: (transfer none): what it reads aloud need not be said twice; outlives it, too */
SottoAnnouncer *sotto_announcer_new (GtkWidget *widget, SottoReadAloud *reader);
void sotto_announcer_free (SottoAnnouncer *self);

/* @reply: (nullable): the reply being made; %NULL: it has ended, and its rest is read */
void sotto_announcer_set_reply (SottoAnnouncer *self, SottoMessage *reply);

G_END_DECLS
