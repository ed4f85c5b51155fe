#pragma once

#include <adwaita.h>

#include "global-shortcut.h"
#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoPreferences:
 *
 * The preferences. Every control is bound to a property of #SottoSettings and acts at once.
 */
#define SOTTO_TYPE_PREFERENCES (sotto_preferences_get_type ())
G_DECLARE_FINAL_TYPE (SottoPreferences, sotto_preferences, SOTTO, PREFERENCES, AdwPreferencesDialog)

AdwDialog *sotto_preferences_new (SottoApp *app, SottoGlobalShortcut *shortcut);

G_END_DECLS
