#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * sotto_attachment_dialog_present:
 * @words: (nullable): are marked in it, and the first place of them is in sight
 *
 * Shows the text of a file that is attached to a message, as the model is given it.
 */
void sotto_attachment_dialog_present (GtkWidget *parent, SottoAttachment *attachment, const char *words);

G_END_DECLS
