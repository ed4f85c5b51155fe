#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoPictureDialog:
 *
 * A picture as large as there is room for, or larger; the others that came with it are an arrow away.
 */
#define SOTTO_TYPE_PICTURE_DIALOG (sotto_picture_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SottoPictureDialog, sotto_picture_dialog, SOTTO, PICTURE_DIALOG, AdwDialog)

/**
 * sotto_picture_dialog_present:
 * @pictures: (element-type SottoAttachment): of a message, or of what is written
 * @position: of the one to begin with
 */
void sotto_picture_dialog_present (GtkWidget *parent, GListModel *pictures, guint position);

G_END_DECLS
