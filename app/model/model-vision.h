#pragma once

#include <sotto-engine.h>

#include "model/model-files.h"
#include "settings.h"

G_BEGIN_DECLS

/* What a model sees with: a file beside its own ("mmproj"), found by folder and name. A wrong one that fits all the same gives
 * nonsense, so where there is a doubt there is none, and a person may choose. The setting "model-visions" holds a string for
 * each model of which one has: "VISION\nMODEL", both paths, and of one that shall see nothing "\nMODEL". */

/**
 * sotto_model_vision_fits:
 *
 * Opens both; blocks. Any thread.
 *
 * Returns: whether the model at @path can see with each of @visions (element-type SottoModelFacts), as bits of a #GArray of
 *   gboolean (transfer full)
 */
GArray *sotto_model_vision_fits (const char *path, GPtrArray *visions);

/**
 * sotto_model_vision_rate:
 *
 * Returns: how many words the names of both have in common; 0: they may be of different models
 */
guint sotto_model_vision_rate (const SottoModelFacts *model, const SottoModelFacts *vision);

/**
 * sotto_model_vision_is_beside:
 * @models: (element-type SottoModelFacts): all there are
 *
 * Returns: whether @vision lies in the folder of @model and is meant for it, by its name or because there is no other model
 */
gboolean sotto_model_vision_is_beside (const SottoModelFacts *model, const SottoModelFacts *vision, GPtrArray *models);

/**
 * sotto_model_vision_choose:
 * @visions: (element-type SottoModelFacts): those that fit @model
 * @models: (element-type SottoModelFacts): all there are
 *
 * Returns: (transfer none) (nullable): which of @visions is meant for @model; %NULL: none for certain
 */
const SottoModelFacts *sotto_model_vision_choose (const SottoModelFacts *model,
                                                  GPtrArray             *visions,
                                                  GPtrArray             *models);

/**
 * sotto_model_vision_describe_refusal:
 *
 * Returns: (transfer full): a sentence on why @model does not see with @vision, which lies beside it
 */
char *sotto_model_vision_describe_refusal (const SottoModelFacts *vision);

/**
 * sotto_model_vision_get:
 *
 * Returns: (transfer full) (nullable): what a person has chosen for the model at @path; "": nothing; %NULL: it is left to Sotto
 */
char *sotto_model_vision_get (SottoSettings *settings, const char *path);

/**
 * sotto_model_vision_set:
 * @vision: (nullable): as above
 *
 * Paths that are not UTF-8, or have lines, cannot be kept, and nothing is.
 */
void sotto_model_vision_set (SottoSettings *settings, const char *path, const char *vision);

G_END_DECLS
