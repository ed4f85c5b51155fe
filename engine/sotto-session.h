#pragma once

#include "sotto-model.h"

G_BEGIN_DECLS

/**
 * SottoBackend:
 *
 * Where the arithmetic happens: one of the CPU tiers with its pool of threads. Used by one thread
 * at a time (a worker's); sotto_backend_set_threads() may be called from any.
 */
typedef struct _SottoBackend SottoBackend;

/**
 * sotto_backend_new_cpu:
 * @n_threads: 0: one a physical core
 * @tier: (nullable): "reference", "avx2", "avxvnni", "avx512", "amx", "neon", "i8mm"; %NULL: the best this machine has, or what
 *   the environment variable SOTTO_CPU_TIER names
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_BACKEND: the tier is unknown or this
 *   machine does not have it
 */
SottoBackend *sotto_backend_new_cpu (guint n_threads, const char *tier, GError **error);

typedef enum {
  SOTTO_GPU_AUTOMATIC, /* as much as fits, and all on the CPU where there is none or it is lost */
  SOTTO_GPU_NEVER,
  SOTTO_GPU_ALWAYS,    /* none to be used is an error */
} SottoGpuUse;

/**
 * SottoBackendOptions:
 * @n_threads: of the CPU; 0: one a physical core
 * @tier: (nullable): as in sotto_backend_new_cpu()
 * @gpu: whether GPUs are used
 * @n_gpu_layers: 0: as many layers as fit, of a mixture perhaps without their experts; else so many of the last have to be
 *   on GPUs, whole, or a session is refused with %SOTTO_ENGINE_ERROR_MEMORY
 */
typedef struct {
  guint n_threads;
  const char *tier;
  SottoGpuUse gpu;
  guint n_gpu_layers;
} SottoBackendOptions;

/**
 * sotto_backend_new:
 *
 * The CPU and what GPUs there are, as one. Where GPUs are used automatically they are looked for when the first
 * session is made, which may take a second; whatever the placement of layers, it is made anew for each session by the
 * memory that is free then.
 *
 * Returns: (transfer full): or %NULL with BACKEND, or GPU where one is demanded
 */
SottoBackend *sotto_backend_new (const SottoBackendOptions *options, GError **error);

/**
 * sotto_backend_get_gpu_error:
 *
 * Returns: (nullable): %SOTTO_ENGINE_ERROR_GPU or BACKEND: why no GPU is used; %NULL where one is, none was
 *   looked for yet, or none was wanted
 */
const GError *sotto_backend_get_gpu_error (const SottoBackend *self);

/**
 * sotto_backend_set_gpu:
 * @gpu, @n_gpu_layers: as in #SottoBackendOptions
 *
 * How sessions are placed that are made from now on. A backend that was made with NEVER has no GPU and goes without;
 * with ALWAYS and none to be used, making a session fails with GPU.
 */
void sotto_backend_set_gpu (SottoBackend *self, SottoGpuUse gpu, guint n_gpu_layers);

void sotto_backend_free (SottoBackend *self);
void sotto_backend_set_threads (SottoBackend *self, guint n_threads);
guint sotto_backend_get_threads (const SottoBackend *self);

/**
 * sotto_backend_count_cores:
 *
 * Returns: physical cores that this process may use, those that are slower among them: how many threads 0 stands for
 */
guint sotto_backend_count_cores (void);

/**
 * sotto_backend_get_name:
 *
 * Returns: "cpu-reference", "cpu-avx2", "cpu-avx512" …, or "cuda-" and the GPUs
 */
const char *sotto_backend_get_name (const SottoBackend *self);

/**
 * SOTTO_NUMERICS_VERSION:
 *
 * Changes whenever any tier may give other logits than before. Enters receipts and saved sessions.
 */
#define SOTTO_NUMERICS_VERSION 13

typedef enum {
  SOTTO_KV_F16,  /* the default */
  SOTTO_KV_F32,  /* for measuring exactness */
  SOTTO_KV_Q8_0, /* 8.5 bits an element: half the memory of F16 */
  SOTTO_KV_Q4_0, /* 4.5 bits */
} SottoKvType;

/**
 * sotto_kv_type_get_name:
 *
 * Returns: "F16", "F32", "Q8_0", "Q4_0"
 */
const char *sotto_kv_type_get_name (SottoKvType type);

/**
 * SottoSession:
 *
 * One mutable timeline of tokens of one model with its KV cache. Used by one thread at a time.
 */
typedef struct _SottoSession SottoSession;

/**
 * sotto_session_new:
 * @n_context: tokens it can hold; 0: what the model was trained for, at most 4,096. A model that has a table
 *   of positions holds no more than stand there
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_MEMORY, or %SOTTO_ENGINE_ERROR_TENSOR for a
 *   file that holds a vocabulary and no weights
 */
SottoSession *sotto_session_new (SottoModel    *model,
                                 SottoBackend  *backend,
                                 guint          n_context,
                                 SottoKvType    kv_type,
                                 GError       **error);

/**
 * sotto_session_open:
 * @progress: (nullable): bytes of weights that are where the backend computes, of all
 *
 * The same, for who waits and may change their mind: bringing a model to a GPU takes its time.
 *
 * Returns: (transfer full): as sotto_session_new(), or %NULL with CANCELLED, or BACKEND where a GPU failed
 */
SottoSession *sotto_session_open (SottoModel     *model,
                                  SottoBackend   *backend,
                                  guint           n_context,
                                  SottoKvType     kv_type,
                                  SottoProgress   progress,
                                  gpointer        user_data,
                                  SottoCancel    *cancel,
                                  GError        **error);
void sotto_session_free (SottoSession *self);

/**
 * sotto_session_describe_backend:
 *
 * Returns: who computes it: the backend's name, or which layers are where; enters the receipt
 */
const char *sotto_session_describe_backend (const SottoSession *self);

SottoModel *sotto_session_get_model (SottoSession *self);
guint sotto_session_get_context (const SottoSession *self);
SottoKvType sotto_session_get_kv_type (const SottoSession *self);
SottoMemory sotto_session_get_memory (const SottoSession *self);

/**
 * sotto_session_get_tokens:
 * @n_tokens: (out): how many
 *
 * Returns: (transfer none): the timeline, valid until it changes
 */
const gint32 *sotto_session_get_tokens (const SottoSession *self, guint *n_tokens);

/**
 * sotto_session_sync:
 * @tokens: the timeline wanted
 * @progress: (nullable): tokens prefilled of those needed
 * @n_reused: (out) (optional): tokens of the prefix that were there already
 *
 * Brings the session to @tokens: keeps the longest common prefix that can be gone on from, drops what lies
 * behind it and prefills the rest. Afterwards the logits of the last token are there (at least one token is
 * always evaluated anew). After an error or a cancel the timeline holds what had been evaluated, and
 * there are no logits.
 *
 * Returns: %FALSE with CONTEXT, CANCELLED, CHANGED, MEMORY or BACKEND; REQUEST when there are no tokens or
 *   one is not in the vocabulary
 */
gboolean sotto_session_sync (SottoSession   *self,
                             const gint32   *tokens,
                             guint           n_tokens,
                             SottoProgress   progress,
                             gpointer        user_data,
                             SottoCancel    *cancel,
                             guint          *n_reused,
                             GError        **error);

/**
 * SottoRowSpan:
 * @first: where it begins in the timeline
 * @n_rows: how long it is
 * @together: these rows see each other, earlier and later; then there are at most 512
 * @n_columns: 0: each row has a position of its own, as tokens have; else they are a grid, row of it by row, for a model whose
 *   positions have axes (M-RoPE)
 *
 * Where a timeline has rows of floats in place of tokens: what a model makes of a picture. There the timeline itself has
 * negative numbers, which say what the rows are: the same number, the same row.
 */
typedef struct {
  guint first;
  guint n_rows;
  gboolean together;
  guint n_columns;
} SottoRowSpan;

/**
 * SottoRows:
 * @spans: (array length=n_spans): by position; they do not overlap
 * @get: asked for the rows of a span when they are to be evaluated, in their order, and else not
 *
 * What a timeline has in place of tokens, and who has it. @get returns (n_rows, n_embedding) floats that are good until it is asked
 * again, as the model's layers take them (nothing is scaled), or %NULL with an error. Of models whose first n layers
 * take more of a picture (DeepStack) these are (1 + n, n_rows, n_embedding).
 */
typedef struct {
  const SottoRowSpan *spans;
  guint n_spans;
  const float *(*get) (gpointer user_data, guint span, SottoCancel *cancel, GError **error);
  gpointer user_data;
} SottoRows;

/**
 * sotto_session_sync_rows:
 * @rows: (nullable): what @tokens has of them
 *
 * As sotto_session_sync(), of a timeline that has rows among its tokens. What is there of them already is kept as tokens are, but
 * rows that see each other, or that are a grid, only all together.
 *
 * Returns: %FALSE with the errors of sotto_session_sync() or of @rows; REQUEST when a number is negative where there is no span, or
 *   the other way round, when a span is too long or no grid, or the model cannot take rows, or such rows
 */
gboolean sotto_session_sync_rows (SottoSession     *self,
                                  const gint32     *tokens,
                                  guint             n_tokens,
                                  const SottoRows  *rows,
                                  SottoProgress     progress,
                                  gpointer          user_data,
                                  SottoCancel      *cancel,
                                  guint            *n_reused,
                                  GError          **error);

/**
 * sotto_session_append:
 *
 * One decode step: appends @token and computes its logits. Where a sequence gets long for a model that turns
 * the positions of long ones otherwise, all of it is evaluated again; where it has rows, that is refused. After an error there are no logits, and
 * the timeline is as it was or, where it had to be evaluated again, a beginning of it. Whether the file has changed is not asked at every step: see
 * sotto_model_check_unchanged().
 *
 * Returns: %FALSE with CONTEXT, CANCELLED, MEMORY, BACKEND or REQUEST
 */
gboolean sotto_session_append (SottoSession *self, gint32 token, SottoCancel *cancel, GError **error);

/**
 * sotto_session_get_logits:
 *
 * Returns: (transfer none) (nullable): the logits (n_vocabulary) of the last token, valid until the next
 *   step; writable, so that a sampler may work in place. %NULL: nothing was evaluated yet, or the last
 *   step failed
 */
float *sotto_session_get_logits (SottoSession *self);

/**
 * SottoLogitsFunc:
 * @first: position of the first token of this piece
 * @logits: (n_tokens, n_vocabulary)
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*SottoLogitsFunc) (guint         first,
                                     guint         n_tokens,
                                     const float  *logits,
                                     gpointer      user_data,
                                     GError      **error);

/**
 * sotto_session_evaluate:
 *
 * Starts anew with @tokens and hands out the logits of every token, piece by piece. The timeline then holds
 * what was evaluated, and the logits of its last token are there.
 *
 * Returns: %FALSE with the errors of sotto_session_sync() or what @func set
 */
gboolean sotto_session_evaluate (SottoSession     *self,
                                 const gint32     *tokens,
                                 guint             n_tokens,
                                 SottoLogitsFunc   func,
                                 gpointer          user_data,
                                 SottoCancel      *cancel,
                                 GError          **error);

/**
 * sotto_session_embed:
 * @vector: (out) (transfer none): of unit length, valid until the next step
 * @n_elements: (out): its length
 *
 * What a model of texts' meanings makes of @tokens (#SottoModelInfo.is_embedding), all of them at once.
 *
 * Returns: %FALSE with the errors of sotto_session_sync(); REQUEST when the model gives no embeddings
 */
gboolean sotto_session_embed (SottoSession  *self,
                              const gint32  *tokens,
                              guint          n_tokens,
                              const float  **vector,
                              guint         *n_elements,
                              SottoCancel   *cancel,
                              GError       **error);

/**
 * sotto_session_save:
 *
 * Returns: (transfer full): timeline, KV cache and last logits, bound to the model's hash (which
 *   must be known), KV type and numerics version; or %NULL with %SOTTO_ENGINE_ERROR_STATE (the hash is not
 *   known) or %SOTTO_ENGINE_ERROR_MEMORY
 */
GBytes *sotto_session_save (SottoSession *self, GError **error);

/**
 * sotto_session_restore:
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_STATE, leaving the session as it was, or empty where a GPU failed
 */
gboolean sotto_session_restore (SottoSession *self, GBytes *state, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoBackend, sotto_backend_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSession, sotto_session_free)

G_END_DECLS
