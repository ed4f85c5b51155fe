#pragma once

#include <sotto-engine.h>

#include "model/model-library.h"
#include "settings.h"

G_BEGIN_DECLS

/* What an event of the worker's says of the model at @path, for people to see in the list: how far it is open, where it is computed, how
 * fast, and why it is not. @path: (nullable); @is_load: whether that is all that was asked for */
void sotto_inference_tell_library (SottoModelLibrary *library,
                                   SottoSettings     *settings,
                                   const SottoEvent  *event,
                                   const char        *path,
                                   gboolean           is_load);

G_END_DECLS
