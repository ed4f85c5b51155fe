#pragma once

#include "window.h"

G_BEGIN_DECLS

/**
 * sotto_folders_dialog_present:
 * @conversation: (nullable): the one that is shown
 *
 * Shows the folders of documents: how far each has been read, what could not be, adding and removing.
 */
void sotto_folders_dialog_present (SottoWindow *window, SottoConversation *conversation);

G_END_DECLS
