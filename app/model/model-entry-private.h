#pragma once

#include <sotto-engine.h>

#include "model/model-entry.h"
#include "model/model-files.h"

G_BEGIN_DECLS

/* A new entry is CHECKING until it is given facts. */
SottoModelEntry *sotto_model_entry_new (const char *path);

/* @facts: (transfer full) */
void sotto_model_entry_take_facts (SottoModelEntry *self, SottoModelFacts *facts);

/* @vision: (nullable): of the file that it sees with. @text: (nullable): why it does not see with one that is there */
void sotto_model_entry_set_vision (SottoModelEntry *self, const SottoModelFacts *vision, const char *text);

/* Returns: (nullable): what is known of its file; %NULL while CHECKING for the first time */
const SottoModelFacts *sotto_model_entry_peek_facts (SottoModelEntry *self);

/* What it is good for, as far as is known */
SottoModelRank sotto_model_entry_get_rank (SottoModelEntry *self);

/* Returns: whether its weights, and those of what it sees with, fit into what models may take of the memory of this computer, as far as that is known */
gboolean sotto_model_entry_fits (SottoModelEntry *self);

/* What the worker does with it; ignored for files that cannot be used. */
void sotto_model_entry_set_loading (SottoModelEntry *self, double fraction);
void sotto_model_entry_set_loaded (SottoModelEntry *self, gboolean loaded);

/* Where it is computed, from LOADED on. @place_text: (nullable): why not elsewhere. @placement: (nullable): not known,
 * or it did not come to that */
void sotto_model_entry_set_placement (SottoModelEntry      *self,
                                      const SottoPlacement *placement,
                                      const char           *place_text);

/* Tokens a second of its last reply */
void sotto_model_entry_set_speed (SottoModelEntry *self, double speed);

void sotto_model_entry_set_default (SottoModelEntry *self, gboolean is_default);
void sotto_model_entry_set_hash (SottoModelEntry *self, const char *hash);
const char *sotto_model_entry_get_hash (SottoModelEntry *self);

/* A name to show before the file has been seen (a conversation remembers it). */
void sotto_model_entry_set_remembered_name (SottoModelEntry *self, const char *name);

G_END_DECLS
