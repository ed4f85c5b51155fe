#pragma once

#include "model/model-files.h"
#include "model/model-library.h"
#include "model/model-look.h"

G_BEGIN_DECLS

struct _SottoModelLibrary
{
  GObject parent_instance;

  SottoSettings *settings;
  GPtrArray *entries; /* of SottoModelEntry, in the order shown */
  GHashTable *outside; /* path (of the entry) → SottoModelEntry: remembered, not in the list */
  GListStore *embedders; /* of SottoModelEntry, by name: models of texts' meanings */
  GPtrArray *visions; /* of SottoModelFacts: what models see with, in no order */
  GHashTable *pairs; /* sotto_model_look_create_pair() → whether it fits, of which that is known */
  GPtrArray *adding; /* of GTask: what models see with was added, and waits for the look that says who does */
  GHashTable *gone_along; /* what was taken off the list → strv: what models saw with that went with it */
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

/* @facts: (transfer full): of a file that models see with; sotto_model_library_pair() follows */
void sotto_model_library_take_vision (SottoModelLibrary *self, SottoModelFacts *facts);
void sotto_model_library_drop_vision (SottoModelLibrary *self, const char *path);

/* Returns: (transfer none) (nullable): the embedding model with that very path */
SottoModelEntry *sotto_model_library_find_embedder (SottoModelLibrary *self, const char *path);

/* Whether @facts are of an embedding model; one that cannot be opened is what it was, or what it was chosen for. */
gboolean sotto_model_library_is_embedder (SottoModelLibrary *self, const SottoModelFacts *facts);

/* @facts: (transfer full): of an embedding model, which is no item of the list, or not any more
 * Returns: (transfer none) */
SottoModelEntry *sotto_model_library_take_embedder (SottoModelLibrary *self, SottoModelFacts *facts);

/* What is in a conversation's hands with the path of @facts, an embedding model, cannot be used. */
void sotto_model_library_refuse_embedder (SottoModelLibrary *self, const SottoModelFacts *facts);
void sotto_model_library_drop_embedder (SottoModelLibrary *self, const char *path);

/* Lets go of what is not there any more. */
void sotto_model_library_merge_embedders (SottoModelLibrary *self, const SottoModelLook *look);

/* Those at or in @added */
void sotto_model_library_forget_embedders (SottoModelLibrary *self, const char *added);

/* Returns: (transfer full): a sentence on what an embedding model that has been added is good for */
char *sotto_model_library_describe_embedder (SottoModelLibrary *self, const char *path);

/* What fits the file at @path, or what it fits, has to be found out anew. */
void sotto_model_library_forget_pairs (SottoModelLibrary *self, const char *path);

/* Lets go of what is not there any more, and takes what was found to fit. */
void sotto_model_library_merge_visions (SottoModelLibrary *self, const SottoModelLook *look);

/* Tells every model what it sees with. */
void sotto_model_library_pair (SottoModelLibrary *self);

/* Returns: (transfer full): a sentence on who sees with a file that has been added */
char *sotto_model_library_describe_vision (SottoModelLibrary *self, const char *path);

/* Returns: (transfer full): those of @added with which only models at or in @leaving can see */
char **sotto_model_library_dup_lone_visions (SottoModelLibrary *self, const char *leaving, char **added);

/* Whether @path is @added, or in it */
gboolean sotto_model_library_is_at_or_in (const char *path, const char *added);

/* A look has ended that nothing follows. */
void sotto_model_library_end_adding (SottoModelLibrary *self);

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
