#pragma once

#include "window.h"

G_BEGIN_DECLS

/* A conversation on paper: asks which printer and paper, lays out what is shown of it, and prints. In a sandbox all of this is
 * the Print portal's. */
void sotto_print_conversation (SottoWindow *window, SottoConversation *conversation);

G_END_DECLS
