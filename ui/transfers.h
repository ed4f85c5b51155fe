#pragma once

#include "window.h"

G_BEGIN_DECLS

/* Conversations into files and out of them, with what is asked before and said afterwards. */

/* @conversation: (nullable): %NULL: all of them. Asks for the format, says that a file is not encrypted, asks where to. */
void sotto_transfers_export (SottoWindow *window, SottoConversation *conversation);

/* Asks for a file and imports it. */
void sotto_transfers_import (SottoWindow *window);

/* In READY: imports @file, and shows what came. */
void sotto_transfers_import_file (SottoWindow *window, GFile *file);

G_END_DECLS
