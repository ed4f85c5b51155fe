#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoStatusLine:
 *
 * A line in a dialog that stays while something is done: a spinner, and what is done or went wrong.
 * Of no height as long as there is neither.
 */
#define SOTTO_TYPE_STATUS_LINE (sotto_status_line_get_type ())
G_DECLARE_FINAL_TYPE (SottoStatusLine, sotto_status_line, SOTTO, STATUS_LINE, GtkBox)

GtkWidget *sotto_status_line_new (void);

void sotto_status_line_set_working (SottoStatusLine *self, gboolean is_working);

/* @text: may be empty */
void sotto_status_line_say (SottoStatusLine *self, const char *text);

/* In words for a person, which a screen reader reads out at once */
void sotto_status_line_say_error (SottoStatusLine *self, const GError *error);

G_END_DECLS
