#pragma once

#include "model-files.h"
#include "model-library.h"

G_BEGIN_DECLS

struct _SottoModelLibrary
{
  GObject parent_instance;

  SottoSettings *settings;
  GPtrArray *entries; /* of SottoModelEntry, in the order shown */
  GHashTable *outside; /* path (of the entry) → SottoModelEntry: remembered, not in the list */
  GPtrArray *monitors; /* of GFileMonitor */
  SottoModelEntry *shown_default; /* the one whose is-default is set */

  GCancellable *cancellable;
  gboolean is_looking;
  gboolean look_again;
  guint quiet_source;
};

/* Returns: (transfer none) (nullable): the entry of the list with that very path */
SottoModelEntry *sotto_model_library_find_path (SottoModelLibrary *self, const char *path);

/* @facts: (transfer full). A known entry takes them; a file that is new enters the list.
 * Returns: (transfer none) */
SottoModelEntry *sotto_model_library_merge (SottoModelLibrary *self, SottoModelFacts *facts);
void sotto_model_library_remove (SottoModelLibrary *self, guint position);

/* Tells of another default, if it has become one by what has changed in the list or the settings. */
void sotto_model_library_update_default (SottoModelLibrary *self);

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
