#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "model/model-entry.h"
#include "settings.h"

G_BEGIN_DECLS

/**
 * SottoModelLibrary:
 *
 * The models on this computer: a #GListModel of #SottoModelEntry, those that answer first, those
 * that cannot be used last, each by name. Looks for *.gguf in sotto/models under the user's and the
 * system's data folders and in the extensions of a Flatpak, watches these folders, and remembers
 * files that were added in place. It never copies, fetches or deletes a file. Files that models see with are found the same
 * way, but are no items: each belongs to the models that it is meant for. Nor are embedding models, which
 * write nothing: see #SottoMeaning.
 *
 * Properties:
 * - "n-items" (uint), "looking" (boolean): files are still being looked at
 * - "default-model" (#SottoModelEntry, nullable, read-write): what new conversations use
 */
#define SOTTO_TYPE_MODEL_LIBRARY (sotto_model_library_get_type ())
G_DECLARE_FINAL_TYPE (SottoModelLibrary, sotto_model_library, SOTTO, MODEL_LIBRARY, GObject)

SottoModelLibrary *sotto_model_library_new (SottoSettings *settings);

/**
 * sotto_model_library_refresh:
 *
 * Looks again; entries that are still there stay the same objects.
 */
void sotto_model_library_refresh (SottoModelLibrary *self);

gboolean sotto_model_library_is_looking (SottoModelLibrary *self);

/**
 * sotto_model_library_add_file_async:
 * @file: a local GGUF file, or a folder with such files in it, in folders or not; they stay where they are
 *
 * Reads and validates the file's header in a thread. One that cannot be used is not added; a folder is
 * when one of its files can be. What a model sees with comes with it where it lies in the same folder and is called so.
 */
void sotto_model_library_add_file_async (SottoModelLibrary    *self,
                                         GFile                *file,
                                         GCancellable         *cancellable,
                                         GAsyncReadyCallback   callback,
                                         gpointer              user_data);

/**
 * sotto_model_library_add_file_finish:
 * @text: (out) (optional) (transfer full) (nullable): of a file that models see with, a sentence on which of them do now, or why none
 *   does; of an embedding model, on what it is used for
 *
 * Returns: (transfer full) (nullable): the entry, of a folder one that answers; %NULL without an error where there is @text,
 *   else with one that sotto_problem_new() words
 */
SottoModelEntry *sotto_model_library_add_file_finish (SottoModelLibrary  *self,
                                                      GAsyncResult       *result,
                                                      char              **text,
                                                      GError            **error);

/**
 * sotto_model_library_dup_added:
 *
 * Returns: (transfer full) (nullable): the file or the folder, as a person added it, by which @entry is on the list;
 *   %NULL where it is found without having been added
 */
char *sotto_model_library_dup_added (SottoModelLibrary *self, SottoModelEntry *entry);

/**
 * sotto_model_library_forget:
 * @added: what sotto_model_library_dup_added() gave
 *
 * Takes a file, or a folder with all that is in it, off the list, and a file that was added to see with, if no other model can.
 * Files stay where they are, and a conversation that was held with one goes on.
 */
void sotto_model_library_forget (SottoModelLibrary *self, const char *added);

/**
 * sotto_model_library_undo_forget:
 *
 * Puts it back on the list, also when it is not there at present.
 */
void sotto_model_library_undo_forget (SottoModelLibrary *self, const char *added);

/**
 * sotto_model_library_lookup:
 * @path_or_name: a path, a file's name with or without its suffix, or a model's name
 *
 * Returns: (transfer none) (nullable)
 */
SottoModelEntry *sotto_model_library_lookup (SottoModelLibrary *self, const char *path_or_name);

/**
 * sotto_model_library_get_default:
 *
 * Returns: (transfer none) (nullable): the chosen default if it is usable, else the first usable
 */
SottoModelEntry *sotto_model_library_get_default (SottoModelLibrary *self);
void sotto_model_library_set_default (SottoModelLibrary *self, SottoModelEntry *entry);

/**
 * sotto_model_library_get_place:
 * @n_layers: (out): on GPUs, where it is LAYERS; else 0
 *
 * Returns: where the person wants @entry computed
 */
SottoModelPlace sotto_model_library_get_place (SottoModelLibrary *self,
                                               SottoModelEntry   *entry,
                                               guint             *n_layers);

/**
 * sotto_model_library_set_place:
 *
 * Kept for the file of @entry. One that is open moves at once, or after the reply that it is writing.
 */
void sotto_model_library_set_place (SottoModelLibrary *self,
                                    SottoModelEntry   *entry,
                                    SottoModelPlace    place,
                                    guint              n_layers);

/**
 * sotto_model_library_dup_visions:
 *
 * Returns: (transfer full) (array zero-terminated=1): paths of all files that @entry could see with
 */
char **sotto_model_library_dup_visions (SottoModelLibrary *self, SottoModelEntry *entry);

/**
 * sotto_model_library_set_vision:
 * @path: (nullable): one of those; %NULL: @entry shall see nothing
 *
 * Kept for the file of @entry. It holds from the next reply on.
 */
void sotto_model_library_set_vision (SottoModelLibrary *self, SottoModelEntry *entry, const char *path);

/**
 * sotto_model_library_get_embedders:
 *
 * Returns: (transfer none): a list of #SottoModelEntry, by name: embedding models, and files of such that are not there at present
 */
GListModel *sotto_model_library_get_embedders (SottoModelLibrary *self);

/**
 * sotto_model_library_get_embedder:
 *
 * Returns: (transfer none) (nullable): the embedding model that a person has chosen, or that has been used before ("meaning-model"),
 *   also while its file is not there; else the first that can be used
 */
SottoModelEntry *sotto_model_library_get_embedder (SottoModelLibrary *self);

/**
 * sotto_model_library_get_folders:
 *
 * Returns: (transfer full) (array zero-terminated=1): the folders looked in, the user's own first
 */
char **sotto_model_library_get_folders (void);

G_END_DECLS
