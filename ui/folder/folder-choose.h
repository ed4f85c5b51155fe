#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * sotto_folder_choose:
 * @parent: who asks
 * @conversation: (nullable): which asks the folder from then on
 *
 * Asks for a folder of documents and adds it. That it cannot be added is said in a dialog.
 */
void sotto_folder_choose (GtkWidget *parent, SottoDocumentFolders *folders, SottoConversation *conversation);

G_END_DECLS
