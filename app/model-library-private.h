#pragma once

#include "model-library.h"

G_BEGIN_DECLS

/**
 * sotto_model_library_remember:
 * @path: of a model that a conversation was held with
 * @name: (nullable): what it was called
 *
 * Returns: (transfer full): the entry in the list, or one that stands outside it (CHECKING, then
 *   MISSING) and will enter it when its file is found
 */
SottoModelEntry *sotto_model_library_remember (SottoModelLibrary *self,
                                               const char        *path,
                                               const char        *name);

G_END_DECLS
