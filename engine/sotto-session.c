/* A session: one timeline of tokens and its KV cache.
 *
 * The timeline and the cache move together. A run evaluates a piece of tokens behind the timeline's
 * end; only when it has succeeded do they join the timeline. Whatever goes wrong, the cache holds the
 * keys and values of what the timeline says, and what lies behind is never looked at.
 */

#include "sotto-session-private.h"

#include "sotto-error.h"
#include "sotto-model-private.h"

/* Tokens evaluated together in prefill. Weights are read once a piece, so longer ones are faster, but
 * beyond this hardly; shorter ones show progress more often. Results do not depend on it. */
#define PIECE 256

/* Bytes of logits at once when those of every token are wanted. */
#define MAX_LOGITS_BYTES (64u << 20)

G_STATIC_ASSERT (PIECE <= SOTTO_MAX_BATCH);

/* --- Making --- */

SottoSession *
sotto_session_new (SottoModel    *model,
                   SottoBackend  *backend,
                   guint          n_context,
                   SottoKvType    kv_type,
                   GError       **error)
{
  const SottoProgram *program = sotto_model_get_program (model);
  g_autoptr (SottoSession) self = NULL;

  if (program == NULL)
    {
      const char *path = sotto_model_get_info (model)->path;
      g_autofree char *name = g_filename_display_name (path);

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_TENSOR,
                              &(SottoErrorArguments) { .path = path, .subject = "token_embd.weight" },
                              "%s: tensor token_embd.weight is missing: the file holds a vocabulary only",
                              name);
      return NULL;
    }

  self = g_new0 (SottoSession, 1);
  self->model = sotto_model_ref (model);
  self->backend = backend;
  self->kv_type = kv_type;
  self->n_context = n_context > 0 ? n_context : sotto_model_get_default_context (model);
  self->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->state = backend->klass->state_new (backend, &program->shape, self->n_context, kv_type, error);
  if (self->state == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_session_free (SottoSession *self)
{
  if (self->state != NULL)
    self->backend->klass->state_free (self->backend, self->state);
  g_clear_pointer (&self->tokens, g_array_unref);
  g_free (self->restored_logits);
  g_clear_pointer (&self->model, sotto_model_unref);
  g_free (self);
}

/* --- Asking --- */

SottoModel *
sotto_session_get_model (SottoSession *self)
{
  return self->model;
}

guint
sotto_session_get_context (const SottoSession *self)
{
  return self->n_context;
}

SottoMemory
sotto_session_get_memory (const SottoSession *self)
{
  SottoMemory memory = { .weights = sotto_model_get_info (self->model)->weight_bytes };

  self->backend->klass->state_measure (self->backend, self->state, &memory.kv_cache, &memory.scratch);
  return memory;
}

const gint32 *
sotto_session_get_tokens (const SottoSession *self, guint *n_tokens)
{
  *n_tokens = self->tokens->len;
  return (const gint32 *) self->tokens->data;
}

float *
sotto_session_get_logits (SottoSession *self)
{
  return self->logits;
}

/* --- Running --- */

static gboolean
check_tokens (const SottoSession *self, const gint32 *tokens, guint n_tokens, GError **error)
{
  guint n_vocabulary = sotto_model_get_info (self->model)->n_vocabulary;

  if (n_tokens == 0)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                              &(SottoErrorArguments) { .subject = "no tokens" },
                              "there are no tokens to evaluate");
      return FALSE;
    }

  for (guint i = 0; i < n_tokens; i++)
    if (tokens[i] < 0 || (guint) tokens[i] >= n_vocabulary)
      {
        sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                                &(SottoErrorArguments) { .subject = "token" },
                                "token %d is not one of the %u of the vocabulary", tokens[i],
                                n_vocabulary);
        return FALSE;
      }

  return TRUE;
}

static gboolean
check_room (const SottoSession *self, guint n_tokens, GError **error)
{
  if (n_tokens <= self->n_context)
    return TRUE;

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CONTEXT,
                          &(SottoErrorArguments) { .wanted = n_tokens, .available = self->n_context },
                          "%u tokens do not fit into a context of %u", n_tokens, self->n_context);
  return FALSE;
}

/* Evaluates @tokens behind the timeline; they join it when all went well. */
static gboolean
run_piece (SottoSession  *self,
           const gint32  *tokens,
           guint          n_tokens,
           gboolean       all_logits,
           SottoCancel   *cancel,
           GError       **error)
{
  const SottoBackendClass *klass = self->backend->klass;
  SottoBatch batch = { .tokens = tokens,
                       .n_tokens = n_tokens,
                       .position = self->tokens->len,
                       .all_logits = all_logits };

  self->logits = NULL;
  if (!sotto_cancel_check (cancel, error)
      || !klass->run (self->backend, self->state, &batch, sotto_program_walk,
                      sotto_model_get_program (self->model), cancel, error))
    return FALSE;

  g_array_append_vals (self->tokens, tokens, n_tokens);
  return TRUE;
}

/* What was computed from a file that changed does not count. */
static gboolean
check_unchanged (SottoSession *self, guint n_before, GError **error)
{
  if (sotto_model_check_unchanged (self->model, error))
    return TRUE;

  g_array_set_size (self->tokens, n_before);
  self->logits = NULL;
  return FALSE;
}

static guint
count_common (const SottoSession *self, const gint32 *tokens, guint n_tokens)
{
  guint most = MIN (self->tokens->len, n_tokens);
  guint n = 0;

  while (n < most && g_array_index (self->tokens, gint32, n) == tokens[n])
    n++;
  return n;
}

gboolean
sotto_session_sync (SottoSession   *self,
                    const gint32   *tokens,
                    guint           n_tokens,
                    SottoProgress   progress,
                    gpointer        user_data,
                    SottoCancel    *cancel,
                    guint          *n_reused,
                    GError        **error)
{
  guint reused;

  if (n_reused != NULL)
    *n_reused = 0;
  if (!check_tokens (self, tokens, n_tokens, error) || !check_room (self, n_tokens, error))
    return FALSE;

  reused = MIN (count_common (self, tokens, n_tokens), n_tokens - 1);
  g_array_set_size (self->tokens, reused);
  self->logits = NULL;
  if (n_reused != NULL)
    *n_reused = reused;

  for (guint first = reused, n; first < n_tokens; first += n)
    {
      n = MIN (n_tokens - first, PIECE);
      if (progress != NULL)
        progress (first - reused, n_tokens - reused, user_data);
      if (!run_piece (self, tokens + first, n, FALSE, cancel, error)
          || !check_unchanged (self, first, error))
        return FALSE;
    }

  if (progress != NULL)
    progress (n_tokens - reused, n_tokens - reused, user_data);
  self->logits = self->backend->klass->get_logits (self->backend, self->state);
  return TRUE;
}

gboolean
sotto_session_append (SottoSession *self, gint32 token, SottoCancel *cancel, GError **error)
{
  if (!check_tokens (self, &token, 1, error) || !check_room (self, self->tokens->len + 1, error)
      || !run_piece (self, &token, 1, FALSE, cancel, error))
    return FALSE;

  self->logits = self->backend->klass->get_logits (self->backend, self->state);
  return TRUE;
}

gboolean
sotto_session_evaluate (SottoSession    *self,
                        const gint32    *tokens,
                        guint            n_tokens,
                        SottoLogitsFunc  func,
                        gpointer         user_data,
                        SottoCancel     *cancel,
                        GError         **error)
{
  gsize row = sotto_model_get_info (self->model)->n_vocabulary;
  guint most = (guint) CLAMP (MAX_LOGITS_BYTES / (row * sizeof (float)), 1, PIECE);

  if (!check_tokens (self, tokens, n_tokens, error) || !check_room (self, n_tokens, error))
    return FALSE;

  g_array_set_size (self->tokens, 0);
  for (guint first = 0, n; first < n_tokens; first += n)
    {
      float *logits;

      n = MIN (n_tokens - first, most);
      if (!run_piece (self, tokens + first, n, TRUE, cancel, error)
          || !check_unchanged (self, first, error))
        return FALSE;

      logits = self->backend->klass->get_logits (self->backend, self->state);
      self->logits = logits + (n - 1) * row;
      if (!func (first, n, logits, user_data, error))
        return FALSE;
    }

  return TRUE;
}
