#pragma once

#include <adwaita.h>

#include "conversation/read-aloud.h"

G_BEGIN_DECLS

/**
 * SottoReadAloudBar:
 *
 * Stands above the place to write while a reply is read aloud, wherever one has scrolled: pauses and stops that.
 */
#define SOTTO_TYPE_READ_ALOUD_BAR (sotto_read_aloud_bar_get_type ())
G_DECLARE_FINAL_TYPE (SottoReadAloudBar, sotto_read_aloud_bar, SOTTO, READ_ALOUD_BAR, AdwBin)

void sotto_read_aloud_bar_set_reader (SottoReadAloudBar *self, SottoReadAloud *reader);

G_END_DECLS
