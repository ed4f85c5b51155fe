#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoModelDetails:
 *
 * What there is to know of a model: its file, where it runs and what it takes; and where it is to run, for who has a GPU.
 * Its memory is given back here, and what a person has added leaves the list.
 */
#define SOTTO_TYPE_MODEL_DETAILS (sotto_model_details_get_type ())
G_DECLARE_FINAL_TYPE (SottoModelDetails, sotto_model_details, SOTTO, MODEL_DETAILS, AdwDialog)

AdwDialog *sotto_model_details_new (SottoModelLibrary *library, SottoModelEntry *entry);

G_END_DECLS
