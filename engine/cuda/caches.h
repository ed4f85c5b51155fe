#pragma once

#include "cache-rules.h"
#include "cuda/module.h"

G_BEGIN_DECLS

/* What a sequence keeps between batches on a device. Head by head, position p in slot p % capacity; what is held is said
 * by cache-rules.h. */
typedef struct {
  const SottoPlan *plan;
  const SottoCudaModule *module;
  SottoCudaDevice *device;
  SottoHeld held;
  SottoCudaCache *caches;  /* (plan->n_caches) */
  float **recurrents;      /* (plan->n_recurrents): on the device */
  void *memory;
  gsize n_bytes;
} SottoCudaCaches;

/* Bytes of a plan's caches and recurrent states; G_MAXSIZE: more than can be addressed. */
gsize sotto_cuda_caches_measure (const SottoPlan *plan, guint n_context, SottoKvType type);

/* (transfer full) (array length=plan->n_caches): their forms, without memory */
SottoCudaCache *sotto_cuda_caches_describe (const SottoPlan *plan, guint n_context, SottoKvType type);

/* Returns: %FALSE with MEMORY or BACKEND */
gboolean sotto_cuda_caches_init (SottoCudaCaches        *self,
                                 const SottoCudaModule  *module,
                                 SottoCudaDevice        *device,
                                 const SottoPlan        *plan,
                                 guint                   n_context,
                                 SottoKvType             type,
                                 GError                **error);
void sotto_cuda_caches_clear (SottoCudaCaches *self);

/* As sotto_held_begin(), and makes the recurrent states zero where a sequence begins. FALSE: the device failed. */
gboolean sotto_cuda_caches_begin (SottoCudaCaches *self, guint position, guint n_tokens);

/* Zeros in all of them. */
void sotto_cuda_caches_wipe (SottoCudaCaches *self);

typedef enum { SOTTO_CUDA_MEASURE, SOTTO_CUDA_STORE, SOTTO_CUDA_LOAD } SottoCudaMove;

/* Bytes that sotto_cuda_caches_move() moves. */
gsize sotto_cuda_caches_move_bytes (const SottoCudaCaches *self, guint position, gboolean only_forgetting);

/**
 * sotto_cuda_caches_move:
 * @only_forgetting: rings and recurrent states only
 * @cancel: (nullable)
 *
 * Cache by cache, head by head: keys by position from the first that counts, then values; then the recurrent states. A
 * device that fails leaves zeros.
 *
 * Returns: %FALSE: cancelled, or the device failed
 */
gboolean sotto_cuda_caches_move (const SottoCudaCaches *self,
                                 guint                  position,
                                 gboolean               only_forgetting,
                                 guint8                *bytes,
                                 SottoCudaMove          move,
                                 SottoCancel           *cancel);

G_END_DECLS
