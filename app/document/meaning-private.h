#pragma once

#include <sotto-history.h>

#include "document/document-folders.h"
#include "document/meaning.h"
#include "model/inference.h"
#include "model/model-library.h"
#include "settings.h"

G_BEGIN_DECLS

/* How long a message waits for its question's vectors, of what it waits for passages (SOTTO_FOLDERS_PATIENCE_MS) */
#define SOTTO_MEANING_PATIENCE_MS 1500

typedef struct _SottoMeaningWork SottoMeaningWork;

struct _SottoMeaning
{
  GObject parent_instance;

  /* What it works with */
  SottoSettings *settings;
  SottoModelLibrary *library;
  SottoInference *inference;
  SottoDocumentFolders *folders;
  GPowerProfileMonitor *power; /* NULL until there is something to do */

  /* As long as the history is open */
  SottoStore *store;
  char *embedder;         /* whose vectors the history is to have; NULL: it has not been told */
  gboolean is_told;       /* it has been, and has taken it */
  guint64 n_left;         /* passages and messages */
  guint64 n_all;
  gboolean is_stale;      /* there may be others than these */
  gboolean is_resting;    /* a reply is being written, or waits */

  /* What is under way */
  SottoMeaningWork *work; /* NULL: nothing */
  guint n_texts;          /* how many it takes at a time: as many as last a moment */
  GPtrArray *questions;   /* of GTask */

  /* The model that is open, or may be */
  char *opened;           /* NULL: none */
  guint unload_source;

  /* As it was told */
  SottoModelEntry *model;
  SottoMeaningState state;
  char *status_text;
  SottoProblem *problem;
};

/* --- meaning.c --- */

/* OFF until the history is open */
SottoMeaning *sotto_meaning_new (SottoSettings        *settings,
                                 SottoModelLibrary    *library,
                                 SottoInference       *inference,
                                 SottoDocumentFolders *folders);

void sotto_meaning_open (SottoMeaning *self, SottoStore *store);

/* Ends all that is under way at once. The history is still open. */
void sotto_meaning_close (SottoMeaning *self);

/* Whether the processor is a reply's now */
void sotto_meaning_set_resting (SottoMeaning *self, gboolean is_resting);

/* There may be messages that were not there when it looked last */
void sotto_meaning_look_again (SottoMeaning *self);

/* Closes the model, unless it is in use */
void sotto_meaning_release_memory (SottoMeaning *self);

/* What is to be done, and said, as things stand */
void sotto_meaning_update (SottoMeaning *self);

/* Whether the processor is somebody else's now */
gboolean sotto_meaning_must_rest (SottoMeaning *self);

/* FAILED, until something changes or one tries again. @error: why @model was of no use */
void sotto_meaning_set_error (SottoMeaning *self, const GError *error);

/* @path: (nullable): a request to this model has ended, so that it is open; %NULL: it is not to be any more */
void sotto_meaning_set_opened (SottoMeaning *self, const char *path);

/* --- meaning-work.c --- */

/* Looks which messages and passages have no vectors, and makes them as long as nothing else is to be done. */
void sotto_meaning_begin_work (SottoMeaning *self);

/* Gives it up; what is under way comes to nothing. */
void sotto_meaning_end_work (SottoMeaning *self);

/* Whether vectors are being made, and not only looked for */
gboolean sotto_meaning_is_computing (SottoMeaning *self);

/* --- meaning-questions.c --- */

/* Whether there is anything to find by meaning */
gboolean sotto_meaning_can_ask (SottoMeaning *self);

/**
 * sotto_meaning_ask_async:
 * @questions: (array zero-terminated=1)
 *
 * What @questions are about. Ends after SOTTO_MEANING_PATIENCE_MS at the latest.
 */
void sotto_meaning_ask_async (SottoMeaning        *self,
                              const char *const   *questions,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data);

/**
 * sotto_meaning_ask_finish:
 * @embedder: (out) (transfer full): whose vectors these are, for sotto_store_find_passages_async()
 *
 * Returns: (transfer full) (element-type GBytes): of each question; or %NULL with an error
 */
GPtrArray *sotto_meaning_ask_finish (SottoMeaning *self, GAsyncResult *result, char **embedder, GError **error);

void sotto_meaning_end_questions (SottoMeaning *self);

/* --- meaning-search.c --- */

/**
 * sotto_meaning_search_async:
 * @query: what a person typed, or a model
 * @except: (array zero-terminated=1): ids of messages that are known already
 * @limit: most hits
 *
 * Searches what was said in all conversations for what says the same in other words. Ends soon after SOTTO_MEANING_PATIENCE_MS at
 * the latest.
 */
void sotto_meaning_search_async (SottoMeaning        *self,
                                 const char          *query,
                                 const char *const   *except,
                                 guint                limit,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data);

/**
 * sotto_meaning_search_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryHit): empty, too, where nothing can be found by meaning now; or %NULL with an
 *   error: %G_IO_ERROR_CANCELLED, or the history's
 */
GPtrArray *sotto_meaning_search_finish (SottoMeaning *self, GAsyncResult *result, GError **error);

/* --- meaning-words.c --- */

/* Returns: (transfer full): the state in a line */
char *sotto_meaning_describe (SottoMeaning *self);

/* Returns: (transfer full): why @model (a name) is of no use */
SottoProblem *sotto_meaning_create_problem (const char *model, const GError *error);

G_END_DECLS
