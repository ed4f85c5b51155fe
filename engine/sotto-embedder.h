#pragma once

#include "sotto-worker.h"

G_BEGIN_DECLS

/**
 * SottoEmbedder:
 *
 * A model of texts' meanings with its session: makes a vector of each text, whatever was read before. The worker's thread.
 */
typedef struct _SottoEmbedder SottoEmbedder;

/* FALSE with REQUEST: @model gives no vectors. */
gboolean sotto_embedder_check_model (const SottoModel *model, GError **error);

/**
 * sotto_embedder_new:
 * @model: one that gives vectors
 * @backend: (transfer none): outlives it
 * @progress: (nullable): as in sotto_session_open()
 *
 * Returns: (transfer full): or %NULL with the errors of sotto_session_open()
 */
SottoEmbedder *sotto_embedder_new (SottoModel     *model,
                                   SottoBackend   *backend,
                                   SottoProgress   progress,
                                   gpointer        user_data,
                                   SottoCancel    *cancel,
                                   GError        **error);
void sotto_embedder_free (SottoEmbedder *self);

/* Leaves nothing of what it has read in memory. */
void sotto_embedder_wipe (SottoEmbedder *self);

SottoSession *sotto_embedder_get_session (SottoEmbedder *self);

/* Bytes that one for @model would take. */
guint64 sotto_embedder_estimate (SottoModel *model);

/* Elements of a vector. */
guint sotto_embedder_get_n_elements (const SottoEmbedder *self);

/**
 * sotto_embedder_tokenize:
 * @text: what stands in it is text, control tokens too
 *
 * Returns: (transfer full) (element-type gint32): what the model reads of @text: what it was trained to see before such texts, and
 *   around all of them; of a longer one than it reads the beginning
 */
GArray *sotto_embedder_tokenize (SottoEmbedder *self, SottoEmbedKind kind, const char *text);

/**
 * sotto_embedder_embed:
 * @vector: (out caller-allocates): its elements, of length 1
 *
 * Returns: %FALSE with the errors of sotto_session_embed(); REQUEST when @text is empty and nothing goes around it
 */
gboolean sotto_embedder_embed (SottoEmbedder   *self,
                               SottoEmbedKind   kind,
                               const char      *text,
                               float           *vector,
                               SottoCancel     *cancel,
                               GError         **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoEmbedder, sotto_embedder_free)

G_END_DECLS
