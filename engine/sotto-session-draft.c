/* Several tokens in one batch, of which only the first is known to come: what is drafted behind it may turn out
 * otherwise, and then the session goes back.
 *
 * A cache of all positions serves any beginning of its timeline, and rings are longer than their windows by far
 * more than a draft. A recurrent state stands at its last token only: a copy of what it was before the batch is kept,
 * and the tokens that do stay are evaluated again from there.
 */

#include "sotto-session-private.h"

#include "sotto-model-private.h"

#include <string.h>

static const SottoPlan *
get_plan (const SottoSession *self)
{
  return &sotto_model_get_program (self->model)->plan;
}

guint
sotto_session_count_draft (const SottoSession *self)
{
  const SottoPlan *plan = get_plan (self);
  guint n = self->tokens->len;
  guint most = MIN (SOTTO_FEW_TOKENS, self->n_context - MIN (n, self->n_context));

  if (plan->whole_sequence || !self->backend->klass->state_serves (self->backend, self->state, n)
      || self->is_long != sotto_session_is_long (self, n + 1))
    return MIN (most, 1);
  if (plan->long_from > n && !self->is_long)
    most = MIN (most, plan->long_from - n);
  return most;
}

/* Keeps what forgets as it is; FALSE: there is no memory for it. */
static gboolean
keep_state (SottoSession *self)
{
  const SottoBackendClass *klass = self->backend->klass;
  SottoBeforeDraft *kept = &self->before_draft;
  gsize n_bytes;

  if (get_plan (self)->n_recurrents == 0)
    return TRUE;
  n_bytes = klass->checkpoint_bytes (self->backend, self->state, self->tokens->len);
  if (n_bytes > kept->n_bytes)
    {
      g_free (kept->bytes);
      kept->bytes = g_try_malloc (n_bytes);
      kept->n_bytes = kept->bytes != NULL ? n_bytes : 0;
      if (kept->bytes == NULL)
        return FALSE;
    }

  klass->checkpoint_store (self->backend, self->state, self->tokens->len, kept->bytes);
  kept->position = self->tokens->len;
  return TRUE;
}

gboolean
sotto_session_append_draft (SottoSession  *self,
                            const gint32  *tokens,
                            guint         *n_tokens,
                            SottoCancel   *cancel,
                            GError       **error)
{
  guint n = self->tokens->len;

  *n_tokens = MIN (*n_tokens, sotto_session_count_draft (self));
  if (*n_tokens < 2 || !keep_state (self))
    {
      *n_tokens = 1;
      return sotto_session_append (self, tokens[0], cancel, error);
    }

  if (!sotto_session_run_piece (self, tokens, *n_tokens, TRUE, cancel, error))
    return FALSE;

  self->n_certain = n + 1;
  self->rows = self->backend->klass->get_output (self->backend, self->state);
  self->logits = self->rows + (gsize) (*n_tokens - 1) * sotto_model_get_info (self->model)->n_vocabulary;
  return TRUE;
}

float *
sotto_session_get_draft_logits (SottoSession *self, guint n_tokens)
{
  if (self->rows == NULL || n_tokens == self->tokens->len)
    return self->logits;
  return self->rows + (gsize) (n_tokens - self->n_certain) * sotto_model_get_info (self->model)->n_vocabulary;
}

gboolean
sotto_session_select (SottoSession         *self,
                      guint                 n_tokens,
                      const SottoBestWish  *wish,
                      SottoBest            *best,
                      GError              **error)
{
  const SottoBackendClass *klass = self->backend->klass;
  const float *logits = sotto_session_get_draft_logits (self, n_tokens);
  gsize row;

  if (klass->select == NULL || logits == NULL || logits == self->restored_logits)
    return FALSE;

  row = (gsize) (logits - klass->get_output (self->backend, self->state))
        / sotto_model_get_info (self->model)->n_vocabulary;
  return klass->select (self->backend, self->state, (guint) row, wish, best, error);
}

/* Goes back to before the draft, and evaluates what stays of it. */
static gboolean
evaluate_again (SottoSession *self, guint n_tokens, SottoCancel *cancel, GError **error)
{
  const SottoBeforeDraft *kept = &self->before_draft;
  gint32 tokens[SOTTO_FEW_TOKENS];
  guint n = n_tokens - kept->position;

  memcpy (tokens, (const gint32 *) (gconstpointer) self->tokens->data + kept->position, n * sizeof *tokens);
  self->backend->klass->checkpoint_load (self->backend, self->state, kept->position, kept->bytes);
  g_array_set_size (self->tokens, kept->position);
  if (!sotto_session_run_piece (self, tokens, n, FALSE, cancel, error))
    return FALSE;

  self->logits = self->backend->klass->get_output (self->backend, self->state);
  return TRUE;
}

gboolean
sotto_session_keep (SottoSession *self, guint n_tokens, SottoCancel *cancel, GError **error)
{
  float *logits;

  if (n_tokens >= self->tokens->len)
    return TRUE;

  logits = sotto_session_get_draft_logits (self, n_tokens);
  self->rows = NULL;
  if (!self->backend->klass->state_serves (self->backend, self->state, n_tokens))
    return evaluate_again (self, n_tokens, cancel, error);

  g_array_set_size (self->tokens, n_tokens);
  self->logits = logits;
  return TRUE;
}

void
sotto_session_drop_draft (SottoSession *self)
{
  g_clear_pointer (&self->before_draft.bytes, g_free);
  self->before_draft.n_bytes = 0;
}
