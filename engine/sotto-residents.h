#pragma once

#include "sotto-embedder.h"
#include "sotto-helper.h"
#include "sotto-shelf.h"
#include "sotto-timelines.h"
#include "sotto-vision.h"

G_BEGIN_DECLS

/* The models that a worker holds open, most recently used first, under one memory budget, and timelines that were left;
 * these go first when room is wanted. Belongs to the worker's thread. */
typedef struct _SottoResidents SottoResidents;

/* Where a model is to be computed, as in sotto_backend_set_gpu(). */
typedef struct {
  SottoGpuUse gpu;
  guint n_gpu_layers;
} SottoResidentPlace;

/* An open model with its session. */
typedef struct {
  SottoModel *model;
  SottoSession *session;
  SottoResidentPlace place; /* as it was asked for */
  GArray *stretches;  /* (element-type SottoStretch): how the session's timeline was computed */
  char *conversation; /* whose it is; (nullable): not known */
  gboolean lasts;     /* the timeline may outlive the worker */
  GHashTable *traces; /* whose words may be in the session's memory: conversations, "" for one not known */
  SottoShelf *shelf;  /* the session's timelines that were left */
  gint64 load_us;     /* what opening it took */
  double speed;       /* tokens a second of the last prefill worth measuring; 0: there was none */
  SottoPace pace;     /* what guessing ahead has cost and brought */
  SottoHelper *helper; /* (nullable): guesses for it */
  SottoVision *vision; /* (nullable): what it sees with, from the first picture on */
  guint library;      /* the worker's: which list it was looked for in; 0: none */
} SottoResident;

/* @backend: (transfer none): outlives it */
SottoResidents *sotto_residents_new (SottoBackend *backend,
                                     SottoKvType   kv_type,
                                     guint64       memory_budget,
                                     gboolean      keep_previous);
void sotto_residents_free (SottoResidents *self);

/* Where timelines go that are to outlive @self; without it none does. @timelines: copied */
void sotto_residents_set_timelines (SottoResidents *self, const SottoTimelines *timelines);

/* Finds or opens the model of @path with a session of @n_context tokens (0: the default), at @place, closing
 * others as the budget and the memory of GPUs ask. A file that cannot be opened, or that would not fit, closes nothing.
 * @opened: (out): whether it was opened now
 * Returns: (transfer none): valid until the next call */
SottoResident *sotto_residents_open (SottoResidents  *self,
                                     const char      *path,
                                     guint            n_context,
                                     SottoResidentPlace place,
                                     SottoProgress    progress,
                                     gpointer         user_data,
                                     SottoCancel     *cancel,
                                     gboolean        *opened,
                                     GError         **error);

/**
 * sotto_residents_find_helper:
 * @paths: (array zero-terminated=1): models on this computer
 *
 * Opens the smallest of @paths that can guess for @resident, if there is one and it fits the budget beside what is
 * open. What is opened later may close it again.
 */
void sotto_residents_find_helper (SottoResidents     *self,
                                  SottoResident      *resident,
                                  const char *const  *paths,
                                  SottoCancel        *cancel);

/**
 * sotto_residents_open_vision:
 * @path: the file that @resident sees with
 *
 * Opens it, unless it is what was opened before; what is open beside @resident gives way to its weights.
 *
 * Returns: (transfer none): or %NULL with the errors of sotto_vision_open(); FAMILY where it is for another model, MEMORY where the
 *   budget has no room for both
 */
SottoVision *sotto_residents_open_vision (SottoResidents  *self,
                                          SottoResident   *resident,
                                          const char      *path,
                                          SottoCancel     *cancel,
                                          GError         **error);

/**
 * sotto_residents_make_room_to_look:
 * @wanted: bytes that looking at a picture takes
 *
 * Closes what makes vectors, helpers and other models than @resident until so many have room in the budget; timelines that were left
 * go first.
 *
 * Returns: %FALSE with MEMORY: @resident and what it sees with leave no such room
 */
gboolean sotto_residents_make_room_to_look (SottoResidents  *self,
                                            SottoResident   *resident,
                                            guint64          wanted,
                                            SottoCancel     *cancel,
                                            GError         **error);

/**
 * sotto_residents_open_embedder:
 * @place: where it is to be computed
 * @opened: (out): whether it was opened now
 *
 * Finds or opens the model of @path that makes vectors, one at a time, beside the models that write; of what is open only timelines
 * that were left and another such model give way. What is opened later may close it again.
 *
 * Returns: (transfer none): valid until the next call; or %NULL with the errors of sotto_model_open() and sotto_session_open();
 *   REQUEST when it makes none, MEMORY where the budget has no room beside what is open
 */
SottoEmbedder *sotto_residents_open_embedder (SottoResidents      *self,
                                              const char          *path,
                                              SottoResidentPlace   place,
                                              SottoProgress        progress,
                                              gpointer             user_data,
                                              SottoCancel         *cancel,
                                              gboolean            *opened,
                                              GError             **error);

/* @path: (nullable): %NULL: all of them; where it is a helper or makes vectors, too. What is worth it is saved before. */
void sotto_residents_close (SottoResidents *self, const char *path, SottoCancel *cancel);

/* What is kept of timelines that were left counts as KV cache. */
SottoMemory sotto_residents_measure (const SottoResidents *self);

/* A prompt that is about to be evaluated.
 *
 * @conversation: (nullable): whose it is
 * @lasts: what is computed of it may outlive the worker, and may be taken from what has
 * @progress: (nullable): tokens, while they are taken from there */
typedef struct {
  const char *conversation;
  gboolean lasts;
  SottoProgress progress;
  gpointer user_data;
  SottoCancel *cancel;
} SottoResuming;

/**
 * sotto_residents_resume:
 *
 * Before a prompt is evaluated: of the timeline that @resident's session has, those kept and the one that has outlived another
 * worker, the one that has most of @tokens becomes the session's. What is left with that, or by the prompt, is kept where that
 * would be worth it and there is memory that nobody misses.
 *
 * Returns: %FALSE with CANCELLED
 */
gboolean sotto_residents_resume (SottoResidents       *self,
                                 SottoResident        *resident,
                                 const gint32         *tokens,
                                 guint                 n_tokens,
                                 const SottoResuming  *resuming,
                                 GError              **error);

/* How long saving may take where somebody waits for what comes after it. */
#define SOTTO_RESIDENTS_SAVE_US G_USEC_PER_SEC

/**
 * sotto_residents_save:
 * @resident: (nullable): %NULL: of all
 * @time_us: how long it may take
 *
 * Has the sessions' timelines and those kept outlive @self, newest first: those that may, are not there yet, and take longer to
 * read anew than to bring back.
 */
void sotto_residents_save (SottoResidents *self, SottoResident *resident, gint64 time_us, SottoCancel *cancel);

/* @conversation: (nullable): of all. Nothing of it is left in the memory of sessions, nor where it would outlive them; timelines
 * of others stay. */
void sotto_residents_forget (SottoResidents *self, const char *conversation);

/* Timelines that were left go from memory; what is worth it is saved before. */
void sotto_residents_release_kept (SottoResidents *self, SottoCancel *cancel);

/* What there is of @conversation stays in the memory of sessions, but not where it would outlive them, and does not come there. */
void sotto_residents_forget_saved (SottoResidents *self, const char *conversation);

/* Brings the record of stretches to a timeline of @n_reused tokens kept and @length in all. */
void sotto_resident_record (SottoResident *self, guint n_reused, guint length, gboolean decoded);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoResidents, sotto_residents_free)

G_END_DECLS
