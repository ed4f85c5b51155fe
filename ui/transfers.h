#pragma once

#include "window.h"

G_BEGIN_DECLS

/* Conversations into files and out of them, with what is asked before and said afterwards. */

/* @conversation: (nullable): %NULL: all of them. Asks for the format, says that a file is not encrypted, asks where to. */
void sotto_transfers_export (SottoWindow *window, SottoConversation *conversation);

/* Says what opens a backup of everything, asks where to, and makes it. */
void sotto_transfers_back_up (SottoWindow *window);

/* Asks where from, then for a file or folder, and imports it. */
void sotto_transfers_import (SottoWindow *window);

/* In READY: imports @file, which may be a folder, and shows what came. */
void sotto_transfers_import_file (SottoWindow *window, GFile *file);

/* For other dialogs of files: a kind of file, @name in words */
void sotto_transfers_set_filter (GtkFileDialog *dialog, const char *name, const char *suffix);

G_END_DECLS
