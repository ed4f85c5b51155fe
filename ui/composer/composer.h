#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoComposer:
 *
 * Where a person writes: the text with its draft, the button that sends or stops, the model, and how full the
 * context is.
 *
 * Signals:
 * - "sent" (): what was written is safe and stands in the conversation
 * - "recall" (): the arrow up was pressed in an empty composer
 */
#define SOTTO_TYPE_COMPOSER (sotto_composer_get_type ())
G_DECLARE_FINAL_TYPE (SottoComposer, sotto_composer, SOTTO, COMPOSER, AdwBin)

void sotto_composer_set_app (SottoComposer *self, SottoApp *app);

/* @conversation: (nullable) */
void sotto_composer_set_conversation (SottoComposer *self, SottoConversation *conversation);

/* Puts @text into an empty composer and the cursor behind it. */
void sotto_composer_suggest (SottoComposer *self, const char *text);
void sotto_composer_choose_model (SottoComposer *self);
void sotto_composer_choose_folders (SottoComposer *self);

/* @file: (nullable): a model to add and to use; %NULL: asks for one */
/* Puts a text file where the cursor stands; whatever else @file is, it is taken for a model. */
void sotto_composer_attach_file (SottoComposer *self, GFile *file);

/* Attaches a picture that is dropped, or the files. */
void sotto_composer_take_drop (SottoComposer *self, GdkDrop *drop);

/* Asks for a folder of models. */
void sotto_composer_add_folder (SottoComposer *self);
void sotto_composer_add_model (SottoComposer *self, GFile *file);

G_END_DECLS
