#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "problem.h"

G_BEGIN_DECLS

/**
 * SottoModelEntry:
 *
 * A model file in the library. Made by #SottoModelLibrary only.
 *
 * Properties (read-only, notifying unless constant):
 * - "path" (string, constant): file system encoding; identifies it
 * - "name" (string): what to call it ("Qwen2.5 Coder 0.5B Instruct"); the file's name until looked
 *   at
 * - "summary" (string): one translated line: "0.5B · Q4_K_M · 491 MB"
 * - "note" (string, nullable): a translated sentence on what to expect of it: that it only completes
 *   text, or that its file lacks a chat template and what stands in for that
 * - "family", "quantisation" (string, nullable), "licence" (string, nullable)
 * - "size" (uint64): bytes, with those of what it sees with; "parameters" (uint64)
 * - "context-trained" (uint): tokens the model was trained for
 * - "sees" (boolean): whether it can be given pictures; notifies, too, when what
 *   sotto_model_entry_get_vision_path() and its neighbour say has changed
 * - "has-template", "is-base" (boolean): a base model completes text rather than answers
 * - "state" (#SottoModelState), "fraction" (double 0…1 while LOADING)
 * - "problem" (#SottoProblem, nullable): while MISSING or UNREADABLE
 * - "is-default" (boolean): whether new conversations use it
 * - "usable" (boolean): AVAILABLE, LOADING or LOADED
 * - "runs-on" (string, nullable): while LOADED, in short: "CPU", "RTX 4090"; notifies, too, when what
 *   sotto_model_entry_dup_placement() and its neighbours say has changed
 */
#define SOTTO_TYPE_MODEL_ENTRY (sotto_model_entry_get_type ())
G_DECLARE_FINAL_TYPE (SottoModelEntry, sotto_model_entry, SOTTO, MODEL_ENTRY, GObject)

const char *sotto_model_entry_get_path (SottoModelEntry *self);
const char *sotto_model_entry_get_name (SottoModelEntry *self);
const char *sotto_model_entry_get_summary (SottoModelEntry *self);
const char *sotto_model_entry_get_note (SottoModelEntry *self);
const char *sotto_model_entry_get_family (SottoModelEntry *self);
const char *sotto_model_entry_get_quantisation (SottoModelEntry *self);
const char *sotto_model_entry_get_licence (SottoModelEntry *self);
guint64 sotto_model_entry_get_size (SottoModelEntry *self);
guint64 sotto_model_entry_get_parameters (SottoModelEntry *self);
guint sotto_model_entry_get_context_trained (SottoModelEntry *self);

/**
 * sotto_model_entry_get_vision_path:
 *
 * Returns: (nullable): the file it sees with; %NULL: it sees nothing
 */
const char *sotto_model_entry_get_vision_path (SottoModelEntry *self);
gboolean sotto_model_entry_sees (SottoModelEntry *self);

/**
 * sotto_model_entry_get_vision_text:
 *
 * Returns: (nullable): a sentence on why it does not see with a file that is there for it
 */
const char *sotto_model_entry_get_vision_text (SottoModelEntry *self);

gboolean sotto_model_entry_is_base (SottoModelEntry *self);

/* Whether it can be told of tools that it may use. Known with "is-base" */
gboolean sotto_model_entry_has_tools (SottoModelEntry *self);
SottoModelState sotto_model_entry_get_state (SottoModelEntry *self);
double sotto_model_entry_get_fraction (SottoModelEntry *self);
SottoProblem *sotto_model_entry_get_problem (SottoModelEntry *self);
gboolean sotto_model_entry_is_default (SottoModelEntry *self);
gboolean sotto_model_entry_is_usable (SottoModelEntry *self);
guint sotto_model_entry_get_n_layers (SottoModelEntry *self);

const char *sotto_model_entry_get_runs_on (SottoModelEntry *self);

/* The names of the GPUs that compute some of it, while LOADED; (nullable): none does */
const char *sotto_model_entry_get_gpus (SottoModelEntry *self);

/**
 * sotto_model_entry_dup_placement:
 *
 * Returns: (transfer full) (nullable): where it is computed, while LOADED: "CPU, 8 threads"
 */
char *sotto_model_entry_dup_placement (SottoModelEntry *self);

/**
 * sotto_model_entry_dup_memory:
 *
 * Returns: (transfer full) (nullable): while LOADED: "612 MB used, 14.2 GB free"
 */
char *sotto_model_entry_dup_memory (SottoModelEntry *self);

/**
 * sotto_model_entry_dup_speed:
 *
 * Returns: (transfer full) (nullable): of its last reply: "48 tokens/s"
 */
char *sotto_model_entry_dup_speed (SottoModelEntry *self);

/**
 * sotto_model_entry_get_place_text:
 *
 * Returns: (nullable): a sentence on why it is not computed where it was asked to be, or no GPU is used
 */
const char *sotto_model_entry_get_place_text (SottoModelEntry *self);

G_END_DECLS
