#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* A passage that a model was given: where it is from, its text, and the way to its document. */
#define SOTTO_TYPE_SOURCE_POPOVER (sotto_source_popover_get_type ())
G_DECLARE_FINAL_TYPE (SottoSourcePopover, sotto_source_popover, SOTTO, SOURCE_POPOVER, GtkPopover)

GtkWidget *sotto_source_popover_new (const SottoSource *source);

/**
 * sotto_source_popover_present:
 * @place: in @parent
 *
 * Shows @source where it is named.
 */
void sotto_source_popover_present (GtkWidget *parent, const SottoSource *source, const GdkRectangle *place);

/* Of one that is shown: marks @words in the passage, and brings the first place of them into sight. */
void sotto_source_popover_mark (SottoSourcePopover *self, const char *words);

G_END_DECLS
