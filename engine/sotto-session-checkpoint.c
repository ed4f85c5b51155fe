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

static void
clear (gpointer data)
{
  g_bytes_unref (((SottoCheckpoint *) data)->bytes);
}

GArray *
sotto_checkpoints_new (void)
{
  GArray *self = g_array_new (FALSE, FALSE, sizeof (SottoCheckpoint));

  g_array_set_clear_func (self, clear);
  return self;
}

static const SottoCheckpoint *
get (const GArray *self, guint index)
{
  return &g_array_index (self, SottoCheckpoint, index);
}

gsize
sotto_checkpoints_measure (const GArray *self)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < self->len; i++)
    n_bytes += g_bytes_get_size (get (self, i)->bytes);
  return n_bytes;
}

guint
sotto_checkpoints_find (const GArray *self, guint n_tokens)
{
  for (guint i = self->len; i > 0; i--)
    if (get (self, i - 1)->position <= n_tokens)
      return get (self, i - 1)->position;
  return 0;
}

GArray *
sotto_checkpoints_share (const GArray *self, guint n_tokens)
{
  GArray *shared = sotto_checkpoints_new ();

  for (guint i = 0; i < self->len && get (self, i)->position <= n_tokens; i++)
    {
      SottoCheckpoint mark = { get (self, i)->position, g_bytes_ref (get (self, i)->bytes) };

      g_array_append_val (shared, mark);
    }
  return shared;
}

void
sotto_session_drop_checkpoints (SottoSession *self)
{
  g_array_set_size (self->checkpoints, 0);
}

gsize
sotto_session_measure_checkpoints (const SottoSession *self)
{
  return sotto_checkpoints_measure (self->checkpoints);
}

/* Drops the one that is missed least: whose neighbours are closest to each other. The last stays. */
static void
thin (SottoSession *self)
{
  guint best = 0;
  guint smallest = G_MAXUINT;

  for (guint i = 0; i + 1 < self->checkpoints->len; i++)
    {
      guint before = i > 0 ? get (self->checkpoints, i - 1)->position : 0;
      guint gap = get (self->checkpoints, i + 1)->position - before;

      if (gap < smallest)
        {
          smallest = gap;
          best = i;
        }
    }
  g_array_remove_index (self->checkpoints, best);
}

void
sotto_session_mark (SottoSession *self)
{
  const SottoBackendClass *klass = self->backend->klass;
  SottoCheckpoint mark = { .position = self->tokens->len };
  gsize n_bytes;
  guint8 *bytes;

  if (!klass->state_serves (self->backend, self->state, mark.position))
    return;
  if (sotto_checkpoints_find (self->checkpoints, mark.position) == mark.position)
    return;

  n_bytes = klass->checkpoint_bytes (self->backend, self->state, mark.position);
  bytes = n_bytes > 0 ? g_try_malloc (n_bytes) : NULL;
  if (bytes == NULL)
    return;

  klass->checkpoint_store (self->backend, self->state, mark.position, bytes);
  mark.bytes = g_bytes_new_take (bytes, n_bytes);
  g_array_append_val (self->checkpoints, mark);
  while (self->checkpoints->len > MAX_CHECKPOINTS
         || (self->checkpoints->len > 1 && sotto_session_measure_checkpoints (self) > MAX_BYTES))
    thin (self);
}

void
sotto_session_rewind (SottoSession *self, guint n_tokens)
{
  const SottoBackendClass *klass = self->backend->klass;
  const SottoCheckpoint *last;

  while (self->checkpoints->len > 0
         && get (self->checkpoints, self->checkpoints->len - 1)->position > n_tokens)
    g_array_set_size (self->checkpoints, self->checkpoints->len - 1);

  if (!klass->state_serves (self->backend, self->state, n_tokens))
    {
      last = self->checkpoints->len > 0 ? get (self->checkpoints, self->checkpoints->len - 1) : NULL;
      n_tokens = last != NULL ? last->position : 0;
      if (last != NULL)
        klass->checkpoint_load (self->backend, self->state, last->position, g_bytes_get_data (last->bytes, NULL));
    }
  g_array_set_size (self->tokens, n_tokens);
}
