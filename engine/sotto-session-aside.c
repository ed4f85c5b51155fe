/* A timeline aside: copied out of a session's caches and states as the backend's bytes, and back.
 *
 * The checkpoints go along, shared, so that it can be gone back in as before. Logits do not: whoever takes a timeline up goes
 * on with a prompt, of which at least one token is evaluated. Unlike what sotto-session-state.c writes, it does not outlive
 * its session, so nothing says what it belongs to.
 */

#include "sotto-session-private.h"

#include "cache-rules.h"
#include "cpu/pages.h"
#include "sotto-model-private.h"

static guint
count_common (const GArray *timeline, const gint32 *tokens, guint n_tokens)
{
  guint most = MIN (timeline->len, n_tokens);
  guint n = 0;

  while (n < most && g_array_index (timeline, gint32, n) == tokens[n])
    n++;
  return n;
}

guint
sotto_session_count_common (const SottoSession *self, const gint32 *tokens, guint n_tokens)
{
  return count_common (self->tokens, tokens, n_tokens);
}

guint
sotto_aside_count_common (const SottoAside *self, const gint32 *tokens, guint n_tokens)
{
  return count_common (self->tokens, tokens, n_tokens);
}

guint
sotto_session_count_reusable (const SottoSession *self, const gint32 *tokens, guint n_tokens)
{
  guint n = MIN (count_common (self->tokens, tokens, n_tokens), n_tokens - 1);

  if (self->is_long != sotto_session_is_long (self, n_tokens))
    return 0;
  return self->backend->klass->state_serves (self->backend, self->state, n)
           ? n
           : sotto_checkpoints_find (self->checkpoints, n);
}

guint
sotto_aside_count_reusable (const SottoAside   *self,
                            const SottoSession *session,
                            const gint32       *tokens,
                            guint               n_tokens)
{
  const SottoPlan *plan = &sotto_model_get_program (session->model)->plan;
  guint n = MIN (count_common (self->tokens, tokens, n_tokens), n_tokens - 1);

  if (self->is_long != sotto_session_is_long (session, n_tokens))
    return 0;
  return sotto_held_would_serve (plan, self->tokens->len, n) ? n : sotto_checkpoints_find (self->checkpoints, n);
}

gsize
sotto_session_measure_aside (const SottoSession *self)
{
  guint n = self->tokens->len;

  return n * sizeof (gint32) + self->grids->len * sizeof (SottoRowGrid) + sotto_session_measure_checkpoints (self)
         + self->backend->klass->state_bytes (self->backend, self->state, n);
}

gsize
sotto_aside_measure (const SottoAside *self)
{
  return self->tokens->len * sizeof (gint32) + self->grids->len * sizeof (SottoRowGrid)
         + sotto_checkpoints_measure (self->checkpoints) + self->n_bytes;
}

SottoAside *
sotto_session_put_aside (SottoSession *self, SottoCancel *cancel)
{
  const SottoBackendClass *klass = self->backend->klass;
  g_autoptr (SottoAside) aside = NULL;

  if (!klass->state_serves (self->backend, self->state, self->tokens->len))
    {
      sotto_session_rewind (self, self->tokens->len);
      self->logits = self->rows = NULL;
    }
  if (!sotto_session_fetch (self, NULL) || self->tokens->len == 0)
    return NULL;

  aside = g_new0 (SottoAside, 1);
  aside->tokens = g_array_copy (self->tokens);
  aside->grids = g_array_copy ((GArray *) sotto_session_get_grids (self));
  aside->is_long = self->is_long;
  aside->checkpoints = sotto_checkpoints_share (self->checkpoints, self->tokens->len);
  aside->n_bytes = klass->state_bytes (self->backend, self->state, self->tokens->len);
  /* Not large ones: the system may have to make some first, which takes longer than all of this. */
  aside->bytes = sotto_pages_take (aside->n_bytes);
  if (aside->bytes == NULL
      || !klass->state_store (self->backend, self->state, self->tokens->len, aside->bytes, cancel))
    return NULL;

  return g_steal_pointer (&aside);
}

gboolean
sotto_session_take_up (SottoSession *self, const SottoAside *aside, SottoCancel *cancel)
{
  self->logits = self->rows = NULL;
  self->is_away = FALSE;
  g_array_set_size (self->tokens, 0);
  sotto_session_drop_checkpoints (self);
  if (!self->backend->klass->state_load (self->backend, self->state, aside->tokens->len, aside->bytes, cancel))
    return FALSE;

  g_array_append_vals (self->tokens, aside->tokens->data, aside->tokens->len);
  g_array_unref (self->grids);
  self->grids = g_array_copy (aside->grids);
  g_array_unref (self->checkpoints);
  self->checkpoints = sotto_checkpoints_share (aside->checkpoints, aside->tokens->len);
  self->is_long = aside->is_long;
  return TRUE;
}

void
sotto_aside_free (SottoAside *self)
{
  /* The system takes the pages back and wipes them; the rest is small enough for free() to do that in Sotto. */
  sotto_pages_give_back (self->bytes, self->n_bytes);
  g_array_unref (self->tokens);
  g_array_unref (self->grids);
  g_array_unref (self->checkpoints);
  g_free (self);
}
