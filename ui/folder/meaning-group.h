#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoMeaningGroup:
 *
 * Whether passages are found by what they are about, and not by their words alone; how far that is, by which model, and why it is not. It
 * is in a dialog with an #AdwToastOverlay.
 */
#define SOTTO_TYPE_MEANING_GROUP (sotto_meaning_group_get_type ())
G_DECLARE_FINAL_TYPE (SottoMeaningGroup, sotto_meaning_group, SOTTO, MEANING_GROUP, AdwPreferencesGroup)

void sotto_meaning_group_set_app (SottoMeaningGroup *self, SottoApp *app);

G_END_DECLS
