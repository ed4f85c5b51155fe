#include "cuda/walk.h"

/* MATCH, PREDICT and CORRECT as operations. */

gboolean
sotto_walk_match (SottoCudaWalk *self, const SottoMatchStep *step)
{
  guint n = self->plan->n_embedding;
  SottoCudaMatch arguments = { .from = sotto_walk_buffer (self, step->from, n),
                               .to = sotto_walk_buffer (self, step->to, n),
                               .like = sotto_walk_buffer (self, step->like, n),
                               .least = step->least,
                               .n_rows = self->n_rows,
                               .n_columns = n };

  sotto_walk_touch (self, arguments.to);
  return SOTTO_WALK_DO (self, match, &arguments);
}

gboolean
sotto_walk_mix (SottoCudaWalk *self, const SottoStreamsStep *step, gboolean corrects)
{
  guint n = self->plan->n_embedding;
  SottoCudaMix arguments = { .step = step,
                             .corrects = corrects,
                             .kept = sotto_walk_buffer (self, step->kept, n),
                             .n_rows = self->n_rows,
                             .n_columns = n };

  sotto_walk_touch (self, arguments.kept);
  for (guint i = 0; i < step->n_streams; i++)
    {
      arguments.streams[i] = sotto_walk_buffer (self, i == 0 ? SOTTO_BUFFER_RESIDUAL : SOTTO_BUFFER_STREAM + i - 1, n);
      sotto_walk_touch (self, arguments.streams[i]);
    }
  return SOTTO_WALK_DO (self, mix, &arguments);
}
