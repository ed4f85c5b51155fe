#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * sotto_recent_files_forget:
 * @file: was chosen in a file dialog just now
 *
 * Takes @file off the desktop's list of recent files, which lies on the disk as plain text: what is exported, attached or
 * asked is named after what is talked about.
 */
void sotto_recent_files_forget (GFile *file);

G_END_DECLS
