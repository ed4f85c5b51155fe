#pragma once

#include "look.h"

G_BEGIN_DECLS

/* Folders of documents: where they are chosen, the dialog, and what a reply was given of them. @conversation: the one that is shown */
void look_at_folders (Look *look, SottoConversation *conversation);

G_END_DECLS
