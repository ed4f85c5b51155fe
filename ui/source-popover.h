#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* A passage that a model was given: where it is from, its text, and the way to its document. */
#define SOTTO_TYPE_SOURCE_POPOVER (sotto_source_popover_get_type ())
G_DECLARE_FINAL_TYPE (SottoSourcePopover, sotto_source_popover, SOTTO, SOURCE_POPOVER, GtkPopover)

GtkWidget *sotto_source_popover_new (const SottoSource *source);

G_END_DECLS
