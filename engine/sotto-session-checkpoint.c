/* Checkpoints: how a session goes back.
 *
 * A cache of all positions serves any beginning of its timeline. A cache of a window has forgotten
 * what fell out of it, and a recurrent state stands at its last token only. So a session of such a model
 * keeps copies of what forgets, taken during prefill: shortly before the end of each prompt, where a
 * reply asked for again or another message begins, and now and then in a long one. Going back takes the
 * last copy that is not too late and evaluates the few tokens behind it again.
 */

#include "sotto-session-private.h"

#define MAX_CHECKPOINTS 8

/* One is always allowed. */
#define MAX_BYTES ((gsize) 256 << 20)

static SottoCheckpoint *
get (const SottoSession *self, guint index)
{
  return &g_array_index (self->checkpoints, SottoCheckpoint, index);
}

static void
drop (SottoSession *self, guint index)
{
  g_free (get (self, index)->bytes);
  g_array_remove_index (self->checkpoints, index);
}

void
sotto_session_drop_checkpoints (SottoSession *self)
{
  while (self->checkpoints->len > 0)
    drop (self, self->checkpoints->len - 1);
}

gsize
sotto_session_measure_checkpoints (const SottoSession *self)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < self->checkpoints->len; i++)
    n_bytes += get (self, i)->n_bytes;
  return n_bytes;
}

/* Drops the one that is missed least: whose neighbours are closest to each other. The last stays. */
static void
thin (SottoSession *self)
{
  guint best = 0;
  guint smallest = G_MAXUINT;

  for (guint i = 0; i + 1 < self->checkpoints->len; i++)
    {
      guint before = i > 0 ? get (self, i - 1)->position : 0;
      guint gap = get (self, i + 1)->position - before;

      if (gap < smallest)
        {
          smallest = gap;
          best = i;
        }
    }
  drop (self, best);
}

void
sotto_session_mark (SottoSession *self)
{
  const SottoBackendClass *klass = self->backend->klass;
  SottoCheckpoint mark = { .position = self->tokens->len };

  if (!klass->state_serves (self->backend, self->state, mark.position))
    return;
  if (self->checkpoints->len > 0
      && get (self, self->checkpoints->len - 1)->position == mark.position)
    return;

  mark.n_bytes = klass->checkpoint_bytes (self->backend, self->state);
  if (mark.n_bytes == 0)
    return;
  mark.bytes = g_try_malloc (mark.n_bytes);
  if (mark.bytes == NULL)
    return;

  klass->checkpoint_store (self->backend, self->state, mark.bytes);
  g_array_append_val (self->checkpoints, mark);
  while (self->checkpoints->len > MAX_CHECKPOINTS
         || (self->checkpoints->len > 1 && sotto_session_measure_checkpoints (self) > MAX_BYTES))
    thin (self);
}

void
sotto_session_rewind (SottoSession *self, guint n_tokens)
{
  const SottoBackendClass *klass = self->backend->klass;
  SottoCheckpoint *last;

  while (self->checkpoints->len > 0
         && get (self, self->checkpoints->len - 1)->position > n_tokens)
    drop (self, self->checkpoints->len - 1);

  if (!klass->state_serves (self->backend, self->state, n_tokens))
    {
      last = self->checkpoints->len > 0 ? get (self, self->checkpoints->len - 1) : NULL;
      n_tokens = last != NULL ? last->position : 0;
      if (last != NULL)
        klass->checkpoint_load (self->backend, self->state, last->position, last->bytes);
    }
  g_array_set_size (self->tokens, n_tokens);
}
