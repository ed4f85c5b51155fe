#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* @parent: who asked, and is in a window still */
typedef void (*SottoModelChosen) (GtkWidget *parent, GFile *file);

/**
 * sotto_model_choose:
 * @is_folder: a folder with models is asked for, and not a file
 * @chosen: called with what was chosen, if anything was
 *
 * Asks for a model that is to be added.
 */
void sotto_model_choose (GtkWidget *parent, gboolean is_folder, SottoModelChosen chosen);

/* Says why a file is not added; nothing where somebody has cancelled that. */
void sotto_model_refuse (GtkWidget *parent, const GError *error);

G_END_DECLS
