#include "config.h"

#include "model/inference-library.h"

#include <glib/gi18n-lib.h>

#include "model/hash-cache.h"
#include "model/model-entry-private.h"
#include "model/model-library-private.h"
#include "model/model-place.h"

static void
tell_loaded (SottoModelLibrary *library, SottoSettings *settings, const char *path)
{
  const gboolean keeps = sotto_settings_get_boolean (settings, "keep-previous-model");
  GListModel *models = G_LIST_MODEL (library);

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (g_str_equal (sotto_model_entry_get_path (entry), path))
        sotto_model_entry_set_loaded (entry, TRUE);
      else if (!keeps && sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_LOADED)
        sotto_model_entry_set_loaded (entry, FALSE);
    }
}

/* Returns: (transfer full) (nullable): why no GPU computes it, unless that was asked for */
static char *
explain_placement (SottoSettings *settings, const char *path, const SottoPlacement *placement)
{
  guint n_layers;

  if (placement->gpus != NULL
      || sotto_model_place_get (settings, path, &n_layers) == SOTTO_MODEL_PLACE_CPU)
    return NULL;
  if (placement->reason != NULL)
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (placement->reason);

      return g_strdup (sotto_problem_get_text (problem));
    }
  return g_strdup (_("No GPU is used: too little of its memory is free."));
}

static void
tell_placement (SottoModelEntry *entry, SottoSettings *settings, const SottoEvent *event, const char *path)
{
  g_autofree char *text = explain_placement (settings, path, event->placement);

  sotto_model_entry_set_placement (entry, event->placement, text);
}

static void
tell_speed (SottoModelEntry *entry, const SottoReceipt *receipt)
{
  if (receipt != NULL && receipt->decode_us > 0 && receipt->n_generated > 1)
    sotto_model_entry_set_speed (entry, (receipt->n_generated - 1) * (double) G_USEC_PER_SEC
                                          / (double) receipt->decode_us);
}

/* What was only to be loaded is not open after that: one that was elsewhere has been closed for it. */
static void
tell_failed (SottoModelEntry *entry, const SottoEvent *event, gboolean is_load)
{
  g_autoptr (SottoProblem) problem = NULL;

  if (!is_load && sotto_model_entry_get_state (entry) != SOTTO_MODEL_STATE_LOADING)
    return;
  sotto_model_entry_set_loaded (entry, FALSE);
  if (event->error == NULL)
    return;
  problem = sotto_problem_new (event->error);
  sotto_model_entry_set_placement (entry, NULL, sotto_problem_get_text (problem));
}

/* An embedding model is opened and closed beside the others, for some seconds, and nobody looks at it meanwhile. */
static void
tell_embedder (const SottoEvent *event, SottoModelEntry *entry)
{
  if (event->kind != SOTTO_EVENT_HASHED)
    return;
  sotto_model_entry_set_hash (entry, event->hash);
  sotto_hash_cache_keep (event->stamp, event->hash);
}

void
sotto_inference_tell_library (SottoModelLibrary *library,
                              SottoSettings     *settings,
                              const SottoEvent  *event,
                              const char        *path,
                              gboolean           is_load)
{
  SottoModelEntry *embedder = path != NULL ? sotto_model_library_find_embedder (library, path) : NULL;
  SottoModelEntry *entry = path != NULL && embedder == NULL ? sotto_model_library_lookup (library, path) : NULL;

  if (embedder != NULL)
    tell_embedder (event, embedder);
  if (entry == NULL)
    return;

  switch (event->kind)
    {
    case SOTTO_EVENT_LOADING:
      sotto_model_entry_set_loading (entry, event->total > 0
                                     ? (double) event->done / event->total : 0);
      break;
    case SOTTO_EVENT_LOADED:
      tell_loaded (library, settings, path);
      tell_placement (entry, settings, event, path);
      break;
    case SOTTO_EVENT_PREFILL:
      if (sotto_model_entry_get_state (entry) != SOTTO_MODEL_STATE_LOADED)
        tell_loaded (library, settings, path);
      break;
    case SOTTO_EVENT_HASHED:
      sotto_model_entry_set_hash (entry, event->hash);
      sotto_hash_cache_keep (event->stamp, event->hash);
      break;
    case SOTTO_EVENT_UNLOADED:
      sotto_model_entry_set_loaded (entry, FALSE);
      break;
    case SOTTO_EVENT_CANCELLED:
    case SOTTO_EVENT_FAILED:
      tell_failed (entry, event, is_load);
      break;
    case SOTTO_EVENT_FINISHED:
      tell_speed (entry, event->receipt);
      break;
    case SOTTO_EVENT_TEXT:
    case SOTTO_EVENT_REASONING:
    case SOTTO_EVENT_TOOL_CALL:
    case SOTTO_EVENT_EMBEDDED:
    case SOTTO_EVENT_FORGOTTEN:
    case SOTTO_EVENT_SAVED:
    default:
      break;
    }
}
