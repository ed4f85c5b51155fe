#pragma once

#include "model/model-files.h"

G_BEGIN_DECLS

/**
 * SottoModelLook:
 * @paths: (element-type filename): every model file that there is, and what was added
 * @facts: (element-type SottoModelFacts): of those that are new or have changed, and of all outside
 * @pairs: sotto_model_look_create_pair() → whether it fits, as GINT_TO_POINTER (gboolean): what was not known before
 *
 * What one look at the disk has found.
 */
typedef struct {
  GPtrArray *paths;
  GPtrArray *facts;
  GHashTable *pairs;
} SottoModelLook;

void sotto_model_look_free (SottoModelLook *look);

/* Whether @path is among @paths */
gboolean sotto_model_look_has_path (const SottoModelLook *look, const char *path);

/* Returns: (transfer full): one string for the paths of a model and of what it may see with */
char *sotto_model_look_create_pair (const char *model, const char *vision);

/**
 * sotto_model_look_async:
 * @source: (type GObject): of the task
 * @added: (transfer full): paths added in place
 * @outside: (transfer full): further paths, not part of the library
 * @known: (transfer full): path → #SottoModelFacts with the size and time it was last seen with, whether it is a model, and
 *   its n_embedding (0: it cannot be used)
 * @pairs: (transfer full): a set of those of which it is known whether they fit
 *
 * Looks in a thread.
 */
void sotto_model_look_async (gpointer             source,
                             char               **added,
                             char               **outside,
                             GHashTable          *known,
                             GHashTable          *pairs,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data);

/**
 * sotto_model_look_finish:
 *
 * Returns: (transfer full) (nullable): %NULL: cancelled
 */
SottoModelLook *sotto_model_look_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoModelLook, sotto_model_look_free)

G_END_DECLS
