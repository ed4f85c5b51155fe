/* A session: one timeline of tokens and its KV cache.
 *
 * The timeline and the cache move together. A run evaluates a piece of tokens behind the timeline's
 * end; only when it has succeeded do they join the timeline. Whatever goes wrong, the cache holds the
 * keys and values of what the timeline says, and what lies behind is never looked at. What forgets
 * (sotto-session-checkpoint.c) is brought back from a checkpoint, and the tokens behind that are
 * evaluated again.
 */

#include "sotto-session-private.h"

#include "sotto-error.h"
#include "sotto-model-private.h"

#include <math.h>

/* Tokens evaluated together in prefill. Weights are read once a piece, so longer ones are faster, but
 * shorter ones show progress more often. */
#define PIECE 512

/* Where prefill takes checkpoints: every so many tokens, and so many before the end, because the next
 * prompt often has other words where this one's reply begins. */
#define TOKENS_PER_CHECKPOINT 2048
#define TOKENS_BEHIND_CHECKPOINT 16

/* Bytes of logits at once when those of every token are wanted. */
#define MAX_LOGITS_BYTES (64u << 20)

G_STATIC_ASSERT (PIECE <= SOTTO_MAX_BATCH);

/* --- Making --- */

static guint
choose_context (SottoModel *model, guint n_context)
{
  guint most = sotto_model_get_program (model)->n_context_most;

  if (n_context == 0)
    n_context = sotto_model_get_default_context (model);
  return most > 0 ? MIN (n_context, most) : n_context;
}

static SottoSession *
make (SottoModel          *model,
      SottoBackend        *backend,
      guint                n_context,
      SottoKvType          kv_type,
      const SottoLoading  *loading,
      GError             **error)
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
  self->n_context = choose_context (model, n_context);
  self->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->grids = g_array_new (FALSE, FALSE, sizeof (SottoRowGrid));
  self->spots = g_array_new (FALSE, FALSE, sizeof (SottoSpot));
  self->checkpoints = sotto_checkpoints_new ();
  self->state = backend->klass->state_new (backend, &program->plan, self->n_context, kv_type, loading, error);
  if (self->state == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

gboolean
sotto_session_would_have_room (SottoModel *model, SottoBackend *backend, guint n_context, SottoKvType kv_type)
{
  const SottoProgram *program = sotto_model_get_program (model);

  return program == NULL || backend->klass->has_room == NULL
         || backend->klass->has_room (backend, &program->plan, choose_context (model, n_context), kv_type);
}

SottoSession *
sotto_session_new (SottoModel    *model,
                   SottoBackend  *backend,
                   guint          n_context,
                   SottoKvType    kv_type,
                   GError       **error)
{
  return make (model, backend, n_context, kv_type, NULL, error);
}

SottoSession *
sotto_session_open (SottoModel     *model,
                    SottoBackend   *backend,
                    guint           n_context,
                    SottoKvType     kv_type,
                    SottoProgress   progress,
                    gpointer        user_data,
                    SottoCancel    *cancel,
                    GError        **error)
{
  SottoLoading loading = { progress, user_data, cancel };

  return make (model, backend, n_context, kv_type, &loading, error);
}

void
sotto_session_free (SottoSession *self)
{
  if (self->state != NULL)
    self->backend->klass->state_free (self->backend, self->state);
  g_clear_pointer (&self->tokens, g_array_unref);
  g_clear_pointer (&self->grids, g_array_unref);
  g_clear_pointer (&self->spots, g_array_unref);
  g_clear_pointer (&self->checkpoints, g_array_unref);
  sotto_session_drop_draft (self);
  g_free (self->restored_logits);
  g_clear_pointer (&self->model, sotto_model_unref);
  g_free (self);
}

void
sotto_session_wipe (SottoSession *self)
{
  sotto_session_drop_checkpoints (self);
  sotto_session_drop_draft (self);
  g_clear_pointer (&self->restored_logits, g_free);
  /* What is behind the end of an array is there, too. */
  g_array_unref (self->tokens);
  self->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->logits = self->rows = NULL;
  self->is_away = FALSE;
  self->backend->klass->state_wipe (self->backend, self->state);
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

SottoKvType
sotto_session_get_kv_type (const SottoSession *self)
{
  return self->kv_type;
}

const char *
sotto_kv_type_get_name (SottoKvType type)
{
  switch (type)
    {
    case SOTTO_KV_F32:
      return "F32";
    case SOTTO_KV_Q8_0:
      return "Q8_0";
    case SOTTO_KV_Q4_0:
      return "Q4_0";
    case SOTTO_KV_F16:
    default:
      return "F16";
    }
}

const char *
sotto_session_describe_backend (const SottoSession *self)
{
  const SottoBackendClass *klass = self->backend->klass;

  return klass->state_describe != NULL ? klass->state_describe (self->backend, self->state)
                                       : klass->get_name (self->backend);
}

SottoMemory
sotto_session_get_memory (const SottoSession *self)
{
  SottoMemory memory = { .weights = sotto_model_get_info (self->model)->weight_bytes };

  self->backend->klass->state_measure (self->backend, self->state, &memory.kv_cache, &memory.scratch);
  memory.kv_cache += sotto_session_measure_checkpoints (self) + self->before_draft.n_bytes;
  return memory;
}

const gint32 *
sotto_session_get_tokens (const SottoSession *self, guint *n_tokens)
{
  *n_tokens = self->tokens->len;
  return (const gint32 *) self->tokens->data;
}

gboolean
sotto_session_fetch (SottoSession *self, GError **error)
{
  if (!self->is_away)
    return TRUE;

  self->is_away = FALSE;
  if (self->backend->klass->fetch (self->backend, self->state, error))
    return TRUE;

  self->logits = self->rows = NULL;
  g_array_set_size (self->tokens, MIN (self->tokens->len, self->n_before));
  return FALSE;
}

float *
sotto_session_get_logits (SottoSession *self)
{
  sotto_session_fetch (self, NULL);
  return self->logits;
}

/* --- Running --- */

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

static const SottoPlan *
get_plan (const SottoSession *self)
{
  return &sotto_model_get_program (self->model)->plan;
}

static gboolean
check_kind (const SottoSession *self, gboolean embeds, GError **error)
{
  if (sotto_model_get_info (self->model)->is_embedding == embeds)
    return TRUE;

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                          &(SottoErrorArguments) { .path = sotto_model_get_info (self->model)->path,
                                                   .subject = embeds ? "no embedding" : "embedding" },
                          embeds ? "the model gives no embeddings" : "the model gives embeddings, not text");
  return FALSE;
}

gboolean
sotto_session_run_batch (SottoSession      *self,
                         const SottoBatch  *wanted,
                         const gint32      *tokens,
                         SottoCancel       *cancel,
                         GError           **error)
{
  SottoBatch batch = *wanted;

  batch.position = self->tokens->len;
  if (batch.spots == NULL)
    batch.spots = sotto_session_find_spots (self, NULL, batch.n_tokens);
  batch.is_long = self->is_long;
  batch.stays = self->lets_stay && batch.n_tokens <= SOTTO_FEW_TOKENS && self->backend->klass->fetch != NULL;
  self->logits = self->rows = NULL;
  self->is_away = FALSE;
  if (!sotto_cancel_check (cancel, error)
      || !self->backend->klass->run (self->backend, self->state, &batch, cancel, error))
    return FALSE;

  self->n_before = self->tokens->len;
  self->is_away = batch.stays;
  g_array_append_vals (self->tokens, tokens, batch.n_tokens);
  return TRUE;
}

gboolean
sotto_session_run_piece (SottoSession  *self,
                         const gint32  *tokens,
                         guint          n_tokens,
                         gboolean       all_logits,
                         SottoCancel   *cancel,
                         GError       **error)
{
  SottoBatch batch = { .tokens = tokens, .n_tokens = n_tokens, .all_logits = all_logits };

  return sotto_session_run_batch (self, &batch, tokens, cancel, error);
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

gboolean
sotto_session_is_long (const SottoSession *self, guint n_tokens)
{
  guint long_from = get_plan (self)->long_from;

  return long_from > 0 && n_tokens > long_from;
}

/* Sets the timeline back to at most @n_tokens of it, for a sequence of @n_wanted. */
static void
rewind_for (SottoSession *self, guint n_tokens, guint n_wanted)
{
  sotto_session_rewind (self, self->is_long == sotto_session_is_long (self, n_wanted) ? n_tokens : 0);
  self->is_long = sotto_session_is_long (self, n_wanted);
  self->logits = NULL;
}

static gboolean
forgets (const SottoSession *self)
{
  const SottoPlan *plan = get_plan (self);

  for (guint i = 0; i < plan->n_caches; i++)
    if (plan->caches[i].window > 0)
      return TRUE;
  return plan->n_recurrents > 0;
}

/* Where the next checkpoint of a prompt of @n_tokens is to be. Not within rows, but behind them: to have some of them again, all of a
 * picture has to be looked at again. */
static guint
find_checkpoint (const SottoRows *rows, guint first, guint n_tokens)
{
  guint mark = (first / TOKENS_PER_CHECKPOINT + 1) * TOKENS_PER_CHECKPOINT;
  const SottoRowSpan *span;
  guint found;

  if (n_tokens > first + TOKENS_BEHIND_CHECKPOINT)
    mark = MIN (mark, n_tokens - TOKENS_BEHIND_CHECKPOINT);
  found = sotto_rows_find (rows, mark);
  if (rows == NULL || found == rows->n_spans)
    return mark;
  span = &rows->spans[found];
  return mark > span->first ? span->first + span->n_rows : mark;
}

/* Evaluates what @tokens has behind the timeline, in pieces. */
static gboolean
prefill (SottoSession     *self,
         const gint32     *tokens,
         guint             n_tokens,
         const SottoRows  *rows,
         SottoProgress     progress,
         gpointer          user_data,
         SottoCancel      *cancel,
         GError          **error)
{
  guint reused = self->tokens->len;
  gboolean marks = forgets (self);

  for (guint first = reused; first < n_tokens; first = self->tokens->len)
    {
      guint mark = marks ? find_checkpoint (rows, first, n_tokens) : G_MAXUINT;
      guint end = MIN (MIN (n_tokens, first + PIECE), mark);

      if (progress != NULL)
        progress (first - reused, n_tokens - reused, user_data);
      if (!sotto_session_run_some (self, tokens, end, rows, cancel, error) || !check_unchanged (self, first, error))
        return FALSE;
      if (self->tokens->len == mark)
        sotto_session_mark (self);
    }

  if (progress != NULL)
    progress (n_tokens - reused, n_tokens - reused, user_data);
  self->logits = self->backend->klass->get_output (self->backend, self->state);
  return TRUE;
}

gboolean
sotto_session_sync_rows (SottoSession     *self,
                         const gint32     *tokens,
                         guint             n_tokens,
                         const SottoRows  *rows,
                         SottoProgress     progress,
                         gpointer          user_data,
                         SottoCancel      *cancel,
                         guint            *n_reused,
                         GError          **error)
{
  guint n_common;

  if (n_reused != NULL)
    *n_reused = 0;
  if (!check_kind (self, FALSE, error) || !sotto_session_check_tokens (self, tokens, n_tokens, rows, error)
      || !check_room (self, n_tokens, error))
    return FALSE;

  n_common = MIN (sotto_session_count_common (self, tokens, n_tokens), n_tokens - 1);
  rewind_for (self, sotto_session_cut (self, rows, n_common), n_tokens);
  if (n_reused != NULL)
    *n_reused = self->tokens->len;

  return prefill (self, tokens, n_tokens, rows, progress, user_data, cancel, error);
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
  return sotto_session_sync_rows (self, tokens, n_tokens, NULL, progress, user_data, cancel, n_reused, error);
}

/* Appending where the state cannot simply go on: after a failed run, or where a sequence gets long. */
static gboolean
append_anew (SottoSession *self, gint32 token, SottoCancel *cancel, GError **error)
{
  g_autoptr (GArray) tokens = g_array_copy (self->tokens);

  g_array_append_val (tokens, token);
  /* Whoever had the rows is gone. */
  if (!sotto_session_check_tokens (self, (const gint32 *) tokens->data, tokens->len, NULL, error))
    return FALSE;
  rewind_for (self, self->tokens->len, tokens->len);
  return prefill (self, (const gint32 *) tokens->data, tokens->len, NULL, NULL, NULL, cancel, error);
}

gboolean
sotto_session_append (SottoSession *self, gint32 token, SottoCancel *cancel, GError **error)
{
  guint n = self->tokens->len;

  if (!check_kind (self, FALSE, error) || !sotto_session_check_tokens (self, &token, 1, NULL, error)
      || !check_room (self, n + 1, error))
    return FALSE;

  if (!self->backend->klass->state_serves (self->backend, self->state, n)
      || self->is_long != sotto_session_is_long (self, n + 1))
    return append_anew (self, token, cancel, error);

  if (!sotto_session_run_piece (self, &token, 1, FALSE, cancel, error))
    return FALSE;

  self->logits = self->backend->klass->get_output (self->backend, self->state);
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

  if (!check_kind (self, FALSE, error) || !sotto_session_check_tokens (self, tokens, n_tokens, NULL, error)
      || !check_room (self, n_tokens, error))
    return FALSE;

  rewind_for (self, 0, n_tokens);
  for (guint first = 0, n; first < n_tokens; first += n)
    {
      float *logits;

      n = MIN (n_tokens - first, most);
      if (!sotto_session_run_piece (self, tokens + first, n, TRUE, cancel, error)
          || !check_unchanged (self, first, error))
        return FALSE;

      logits = self->backend->klass->get_output (self->backend, self->state);
      self->logits = logits + (n - 1) * row;
      if (!func (first, n, logits, user_data, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
sotto_session_embed (SottoSession  *self,
                     const gint32  *tokens,
                     guint          n_tokens,
                     const float  **vector,
                     guint         *n_elements,
                     SottoCancel   *cancel,
                     GError       **error)
{
  guint n = get_plan (self)->n_output;
  float *output;
  double squares = 0;

  if (!check_kind (self, TRUE, error) || !sotto_session_check_tokens (self, tokens, n_tokens, NULL, error)
      || !check_room (self, n_tokens, error))
    return FALSE;

  rewind_for (self, 0, n_tokens);
  if (!sotto_session_run_piece (self, tokens, n_tokens, FALSE, cancel, error) || !check_unchanged (self, 0, error))
    return FALSE;

  output = self->backend->klass->get_output (self->backend, self->state);
  for (guint i = 0; i < n; i++)
    squares += (double) output[i] * (double) output[i];
  for (guint i = 0; i < n && squares > 0; i++)
    output[i] = (float) ((double) output[i] / sqrt (squares));

  *vector = output;
  *n_elements = n;
  return TRUE;
}
