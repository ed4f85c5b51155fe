#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoModelPicker:
 *
 * The name of the model that answers; opens the list of those that could.
 */
#define SOTTO_TYPE_MODEL_PICKER (sotto_model_picker_get_type ())
G_DECLARE_FINAL_TYPE (SottoModelPicker, sotto_model_picker, SOTTO, MODEL_PICKER, AdwBin)

void sotto_model_picker_set_library (SottoModelPicker *self, SottoModelLibrary *library);

/* @conversation: (nullable): whose model is shown and chosen */
void sotto_model_picker_set_conversation (SottoModelPicker *self, SottoConversation *conversation);
void sotto_model_picker_open (SottoModelPicker *self);

/* Adds a model file where it lies and chooses it; a dialog says why not where it cannot be used. */
void sotto_model_picker_add_file (SottoModelPicker *self, GFile *file);

G_END_DECLS
