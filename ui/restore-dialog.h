#pragma once

#include "window.h"

G_BEGIN_DECLS

/**
 * sotto_restore_dialog_present:
 *
 * Says what becomes of what is there, asks for a backup and for what opens it, and restores it. What goes
 * wrong is said there, and what was there before is told of afterwards.
 */
void sotto_restore_dialog_present (SottoWindow *window);

/* The same for a backup that was opened from the desktop, or dropped on the window */
void sotto_restore_dialog_ask (SottoWindow *window, GFile *file);

/* From where a backup is chosen */
void sotto_restore_dialog_present_file (SottoWindow *window, GFile *file);

/* Where a restoring was cut off and a later start has ended it: what was there before is told of then. */
void sotto_restore_dialog_present_untold (SottoWindow *window);

G_END_DECLS
