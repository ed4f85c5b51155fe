#pragma once

#include "sotto-sampler.h"

G_BEGIN_DECLS

/* The few highest logits of a step in place of all of them.
 *
 * Of 150,000 logits a sampler mostly looks at forty. Where they were computed on a GPU, bringing all of them to the host
 * and going through them there takes as long as a small model takes for a token: the GPU finds those that
 * matter (cuda/best.cu), and the sampler draws from these what it would have drawn from all. */

/* So many can be asked for. */
#define SOTTO_MOST_BEST 1024u

/* What is asked for: the @n_best highest logits, of equals the lowest ids, of the tokens that may come. */
typedef struct {
  guint n_best;
  const guint64 *mask;     /* (nullable) (n_mask_words): a bit for each token that may come; tokens behind it may not */
  guint n_mask_words;
} SottoBestWish;

/* These and maybe some more, in the order of ids; what has no chance (-infinity or NaN) is not among them. Fewer than were
 * asked for are all there are. */
typedef struct {
  guint n;
  const guint32 *ids;
  const float *logits;
} SottoBest;

/**
 * sotto_sampler_count_best:
 * @n_recent: how long the timeline is
 *
 * Returns: how many of the highest logits the next draw needs; 0: all, because the settings leave out nothing by
 *   rank, raise logits, or look further than %SOTTO_MOST_BEST
 */
guint sotto_sampler_count_best (const SottoSampler *self, guint n_recent);

/**
 * sotto_sampler_draw_best:
 * @best: of as many as sotto_sampler_count_best() said
 *
 * Returns: what sotto_sampler_draw() would have returned for all logits, with -infinity for what must not come
 */
gint32 sotto_sampler_draw_best (SottoSampler    *self,
                                const SottoBest *best,
                                const gint32    *recent,
                                guint            n_recent);

G_END_DECLS
