#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoAnswerDialog:
 *
 * What a conversation's replies look like: text, JSON, or JSON by a schema, which is written here and looked at while it is.
 */
#define SOTTO_TYPE_ANSWER_DIALOG (sotto_answer_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SottoAnswerDialog, sotto_answer_dialog, SOTTO, ANSWER_DIALOG, AdwDialog)

void sotto_answer_dialog_present (GtkWidget *parent, SottoConversation *conversation);

/* In the place of what is written. @file: a schema */
void sotto_answer_dialog_read_file (SottoAnswerDialog *self, GFile *file);

G_END_DECLS
