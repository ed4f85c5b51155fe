#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* From now on @dialog, which shows a page of preferences, is as high as what is on it, as far as the window goes. */
void sotto_dialog_fit_height (AdwDialog *dialog);

/* For what has become less: of what becomes more it hears. */
void sotto_dialog_update_height (AdwDialog *dialog);

G_END_DECLS
