#pragma once

#include "sotto-pace.h"

G_BEGIN_DECLS

/**
 * SottoHelper:
 *
 * A smaller model of the same vocabulary that guesses what a larger one says next. It reads along from a few
 * tokens back, not from the beginning: for the next words of a sentence that does nearly as well, and it costs next to
 * nothing to begin. Its guesses are greedy, and how far the best is ahead of the second says how likely they are.
 * The worker's thread.
 */
typedef struct _SottoHelper SottoHelper;

/**
 * sotto_helper_suits:
 * @path: a model file
 *
 * Returns: whether it is at most half as large as @model and has the same tokens, byte by byte (@model may have more
 *   behind them). Reads the file's header
 */
gboolean sotto_helper_suits (const SottoModel *model, const char *path, SottoCancel *cancel);

/**
 * sotto_helper_new:
 * @n_vocabulary: of the larger model; no other tokens are guessed
 * @backend: (transfer none): outlives it
 *
 * Returns: (transfer full): or %NULL with the errors of sotto_session_open()
 */
SottoHelper *sotto_helper_new (SottoModel    *model,
                               guint          n_vocabulary,
                               SottoBackend  *backend,
                               SottoCancel   *cancel,
                               GError       **error);
void sotto_helper_free (SottoHelper *self);

/* Leaves nothing of what it has read in memory. */
void sotto_helper_wipe (SottoHelper *self);

SottoModel *sotto_helper_get_model (SottoHelper *self);
SottoMemory sotto_helper_get_memory (const SottoHelper *self);

/* Bytes that one for @model would take. */
guint64 sotto_helper_estimate (SottoModel *model);

/**
 * sotto_helper_guess:
 * @timeline: the larger model's
 * @tokens: (inout): the first is the timeline's next; what is guessed behind it is put there
 * @kinds: (out caller-allocates): of each guess, from index 1 on
 * @most: guesses that there may be, at least 1
 * @pace: says when more of them do not pay, and is told of what was missed
 * @is_eager: they are all wanted
 * @microseconds: (out): what the guesses took
 *
 * Returns: how many guesses; 0: cancelled, or it cannot be used any more
 */
guint sotto_helper_guess (SottoHelper     *self,
                          const gint32    *timeline,
                          guint            n_timeline,
                          gint32          *tokens,
                          guint           *kinds,
                          guint            most,
                          SottoPace       *pace,
                          gboolean         is_eager,
                          double          *microseconds,
                          SottoCancel     *cancel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHelper, sotto_helper_free)

G_END_DECLS
