#pragma once

#include <adwaita.h>

#include "conversation/read-aloud.h"

G_BEGIN_DECLS

/**
 * SottoReadButton:
 *
 * Has a reply read aloud, and stops that; marks in the reply what is said.
 */
#define SOTTO_TYPE_READ_BUTTON (sotto_read_button_get_type ())
G_DECLARE_FINAL_TYPE (SottoReadButton, sotto_read_button, SOTTO, READ_BUTTON, AdwBin)

/* @body: (transfer none): what shows the text of @message; it goes with the button */
void sotto_read_button_set (SottoReadButton *self, SottoReadAloud *reader, SottoMessage *message, GtkWidget *body);

G_END_DECLS
