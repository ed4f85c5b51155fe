#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* The process as the desktop sees it: one window, the keys, the way out. */
#define SOTTO_TYPE_APPLICATION (sotto_application_get_type ())
G_DECLARE_FINAL_TYPE (SottoApplication, sotto_application, SOTTO, APPLICATION, AdwApplication)

SottoApp *sotto_application_get_app (SottoApplication *self);

G_END_DECLS
