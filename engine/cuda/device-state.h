#pragma once

#include "cuda/caches.h"
#include "cuda/walk.h"
#include "cuda/weights.h"

G_BEGIN_DECLS

/* A sequence on one device: its operands, what it keeps, the memory that a batch is computed in, and walks for one
 * token that were recorded, one for each stretch of a plan that was cut. */
typedef struct {
  const SottoCudaModule *module;
  SottoCudaDevice *device;
  const SottoPlan *plan;
  guint n_context;
  SottoCudaPlan *operands;
  SottoCudaCaches caches;

  /* On the device, in one block */
  SottoCudaScratch scratch;
  void *block;
  gsize block_bytes;
  guint n_rows;            /* capacities */
  guint n_outputs;
  guint32 *header;         /* position, the tokens, positions of later rows (walk.h), and where ropes have axes spots */

  guint steps_per_look;    /* of walks of many rows (walk.h) */
  guint64 attend_most;     /* likewise */

  /* A token's walks for sequences of up to so many positions */
  void **recordings;       /* (plan->n_steps): (nullable): of the stretch that begins there */
  guint recorded_most;
  gboolean recorded_long;
  guint n_alike;           /* single tokens in a row that one recording would have served */

  /* device-best.c: for looking for the highest logits; NULL until somebody asks for them */
  guint32 *counts;         /* on the device, in one allocation with found and mask */
  guint32 *found;
  guint32 *mask;
  guint32 *pairs;          /* on the host: what was found */
  guint32 *ids;
  float *logits;

  /* On the host */
  guint32 *staged;         /* the header as it is sent */
  float *output;
  gsize n_output;          /* floats it has room for */
  guint n_logits;          /* rows of logits that the last batch has left on the device */
  gboolean stays;          /* which are not in output */
} SottoCudaState;

/* Returns: (nullable): %NULL with MEMORY, BACKEND or CANCELLED */
SottoCudaState *sotto_cuda_state_new (SottoCudaWeights    *weights,
                                      const SottoCudaModule *module,
                                      SottoCudaDevice     *device,
                                      const SottoPlan     *plan,
                                      guint                n_context,
                                      SottoKvType          kv_type,
                                      const SottoLoading  *loading,
                                      GError             **error);
void sotto_cuda_state_free (SottoCudaState *self);

/* As SottoBackendClass.run. */
gboolean sotto_cuda_state_run (SottoCudaState    *self,
                               const SottoBatch  *batch,
                               SottoCancel       *cancel,
                               GError           **error);

/* As SottoBackendClass.fetch. */
gboolean sotto_cuda_state_fetch (SottoCudaState *self, GError **error);

/* Zeros in all of the device's memory that a sequence was in, and in what of it is on the host. */
void sotto_cuda_state_wipe (SottoCudaState *self);

/* The recordings are of addresses or positions that are none any more. */
void sotto_cuda_state_forget (SottoCudaState *self);

/* Sets CANCELLED, or what the device says is wrong. Returns: FALSE */
gboolean sotto_cuda_state_fail (const SottoCudaState *self, SottoCancel *cancel, GError **error);

/* --- device-best.c --- */

/* As SottoBackendClass.select. */
gboolean sotto_cuda_state_select (SottoCudaState       *self,
                                  guint                 row,
                                  const SottoBestWish  *wish,
                                  SottoBest            *best,
                                  GError              **error);

void sotto_cuda_state_clear_best (SottoCudaState *self);

/* --- device-scratch.c --- */

/* Bytes that a batch of so many rows, and outputs of so many, take. @scratch: (out): those of each piece, which has no
 * place yet */
gsize sotto_cuda_scratch_measure (const SottoCudaModule *module,
                                  const SottoPlan       *plan,
                                  const SottoStep       *steps,
                                  const SottoCudaCache  *caches,
                                  guint                  n_context,
                                  guint                  n_rows,
                                  guint                  n_outputs,
                                  SottoCudaScratch      *scratch);

/* Whether the device's kernels do all that batches of the plan may ask, whatever their size; from rehearse() on, which is for
 * the caller to end. @steps: stacked (weights.h) */
gboolean sotto_cuda_scratch_rehearse (const SottoCudaModule *module,
                                      SottoCudaDevice       *device,
                                      const SottoPlan       *plan,
                                      const SottoStep       *steps,
                                      const SottoCudaCache  *caches,
                                      guint                  n_context);

/* Where spots begin in the header. */
static inline gsize
sotto_cuda_header_spots (guint n_tokens)
{
  return 1 + (gsize) n_tokens + n_tokens / SOTTO_WALK_ATTEND_ROWS;
}

/* Words of the header for so many tokens. */
static inline gsize
sotto_cuda_header_words (const SottoPlan *plan, guint n_tokens)
{
  return sotto_cuda_header_spots (n_tokens) + (plan->has_axes ? (gsize) n_tokens * SOTTO_N_AXES : 0);
}

/* Rows that a state makes room for at once. */
guint sotto_cuda_scratch_rows (const SottoPlan *plan, guint n_context);

/* Makes the scratch large enough; what was in it is gone when it had to grow, recordings too. FALSE with MEMORY or BACKEND. */
gboolean sotto_cuda_state_reserve (SottoCudaState *self, guint n_rows, guint n_outputs, GError **error);

/* The highest position that a walk is made for which begins at @position: few different ones, so that recordings are
 * used again. */
guint sotto_cuda_state_reach (const SottoCudaState *self, guint position, guint n_rows);

G_END_DECLS
