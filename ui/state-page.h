#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoStatePage:
 *
 * What the window shows as long as the conversations are not open: why not, and what can be done.
 */
#define SOTTO_TYPE_STATE_PAGE (sotto_state_page_get_type ())
G_DECLARE_FINAL_TYPE (SottoStatePage, sotto_state_page, SOTTO, STATE_PAGE, AdwBin)

void sotto_state_page_set_app (SottoStatePage *self, SottoApp *app);

G_END_DECLS
