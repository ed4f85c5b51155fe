#pragma once

#include "window.h"

G_BEGIN_DECLS

/* Asks which program conversations are to come from, then for a file or folder of it, and imports that. The program is asked for only
 * because each has its own place and its own kind of files: what is chosen is seen by what is in it. */
void sotto_import_dialog_present (SottoWindow *window);

G_END_DECLS
