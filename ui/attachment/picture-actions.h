#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* What can be done with a picture that is attached, wherever it is shown. */

/* As it is seen, without what else its file says: where it was taken stays here. */
void sotto_picture_copy (GtkWidget *widget, SottoAttachment *attachment);

/* Its file as it was attached, to where the person chooses. */
void sotto_picture_save (GtkWidget *widget, SottoAttachment *attachment);

/* Shows @words (transfer none) in a toast of @widget's window, as long as it is there. */
void sotto_picture_say (GtkWidget *widget, const char *words);

/* Returns: (transfer full): of all of it, to be drawn */
GdkTexture *sotto_picture_create_texture (const SottoPixels *pixels);

G_END_DECLS
