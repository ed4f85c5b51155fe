#include "sotto-embedder.h"

#include "sotto-error.h"
#include "sotto-model-private.h"
#include "sotto-session-private.h"

#include <string.h>

/* More than a passage of a document has: some models were trained for many thousands of tokens, and what they would take of
 * memory is not needed. */
#define MOST_CONTEXT 2048u

struct _SottoEmbedder {
  SottoModel *model;
  SottoSession *session;
  gboolean has_read;       /* there is something to wipe */
};

/* --- Life --- */

static guint
choose_context (const SottoModel *model)
{
  guint trained = sotto_model_get_info (model)->n_context_trained;

  return trained > 0 ? MIN (trained, MOST_CONTEXT) : MOST_CONTEXT;
}

gboolean
sotto_embedder_check_model (const SottoModel  *model,
                            GError           **error)
{
  const SottoModelInfo *info = sotto_model_get_info (model);
  g_autofree char *name = NULL;

  if (info->is_embedding)
    return TRUE;

  name = g_filename_display_name (info->path);
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                          &(SottoErrorArguments) { .path = info->path, .subject = "no embedding" },
                          "%s: the model gives no embeddings", name);
  return FALSE;
}

SottoEmbedder *
sotto_embedder_new (SottoModel     *model,
                    SottoBackend   *backend,
                    SottoProgress   progress,
                    gpointer        user_data,
                    SottoCancel    *cancel,
                    GError        **error)
{
  SottoSession *session = sotto_session_open (model, backend, choose_context (model), SOTTO_KV_F16, progress, user_data,
                                              cancel, error);
  SottoEmbedder *self;

  if (session == NULL)
    return NULL;

  self = g_new0 (SottoEmbedder, 1);
  self->model = sotto_model_ref (model);
  self->session = session;

  return self;
}

void
sotto_embedder_free (SottoEmbedder *self)
{
  sotto_session_free (self->session);
  sotto_model_unref (self->model);
  g_free (self);
}

void
sotto_embedder_wipe (SottoEmbedder *self)
{
  if (self->has_read)
    sotto_session_wipe (self->session);
  self->has_read = FALSE;
}

SottoSession *
sotto_embedder_get_session (SottoEmbedder *self)
{
  return self->session;
}

guint64
sotto_embedder_estimate (SottoModel *model)
{
  SottoMemory memory = sotto_model_estimate_memory (model, choose_context (model));

  return memory.weights + memory.kv_cache + memory.scratch;
}

guint
sotto_embedder_get_n_elements (const SottoEmbedder *self)
{
  return sotto_model_get_program (self->model)->plan.n_output;
}

/* --- Texts --- */

static guint
count_ends (const SottoTokenizer *tokenizer)
{
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (gint32));

  sotto_tokenizer_add_ends (tokenizer, ends);

  return ends->len;
}

GArray *
sotto_embedder_tokenize (SottoEmbedder  *self,
                         SottoEmbedKind  kind,
                         const char     *text)
{
  const SottoTokenizer *tokenizer = self->model->tokenizer;
  const char *prefix = sotto_model_get_embed_prefix (self->model, kind == SOTTO_EMBED_QUESTION);
  SottoSpan spans[] = {
    { .text = prefix, .length = strlen (prefix) },
    { .text = text, .length = strlen (text) },
  };
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  guint n_context = sotto_session_get_context (self->session);
  guint n_ends = count_ends (tokenizer);

  sotto_tokenizer_encode (tokenizer, spans, G_N_ELEMENTS (spans), tokens);
  g_array_set_size (tokens, MIN (tokens->len, n_context - MIN (n_ends, n_context)));
  sotto_tokenizer_add_ends (tokenizer, tokens);

  return tokens;
}

gboolean
sotto_embedder_embed (SottoEmbedder   *self,
                      SottoEmbedKind   kind,
                      const char      *text,
                      float           *vector,
                      SottoCancel     *cancel,
                      GError         **error)
{
  g_autoptr (GArray) tokens = NULL;
  const float *found;
  guint n;

  if (!sotto_cancel_check (cancel, error))
    return FALSE;

  tokens = sotto_embedder_tokenize (self, kind, text);
  self->has_read = TRUE;
  if (!sotto_session_embed (self->session, (const gint32 *) (gconstpointer) tokens->data, tokens->len, &found, &n, cancel, error))
    return FALSE;
  memcpy (vector, found, n * sizeof (float));

  return TRUE;
}
