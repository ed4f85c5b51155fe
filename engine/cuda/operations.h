#pragma once

#include "cuda/module.h"

G_BEGIN_DECLS

/* What a module is put together from (table.cu): what drives the device, in module.cu or, of the emulated one, in
 * tests/engine/cuda-emulation/module-emulated.cc; and one file an operation, the same in both. */

guint sotto_cuda_driver (void);
gboolean sotto_cuda_list (SottoCudaDeviceInfo *devices, guint n_most, guint *n, char *message);
SottoCudaDevice *sotto_cuda_open (guint index, char *message);
void sotto_cuda_close (SottoCudaDevice *self);
const char *sotto_cuda_problem (SottoCudaDevice *self);
const char *sotto_cuda_refusal (SottoCudaDevice *self);
void sotto_cuda_rehearse (SottoCudaDevice *self, gboolean begins);
gboolean sotto_cuda_forgo (SottoCudaDevice *self);

gboolean sotto_cuda_measure (SottoCudaDevice *self, guint64 *free, guint64 *all);
void *sotto_cuda_allocate (SottoCudaDevice *self, gsize n_bytes);
void sotto_cuda_release (SottoCudaDevice *self, void *memory);
gboolean sotto_cuda_clear (SottoCudaDevice *self, void *target, gsize n_bytes);
gboolean sotto_cuda_upload (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes);
gboolean sotto_cuda_download (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes);
gboolean sotto_cuda_copy (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes);
gboolean sotto_cuda_wait (SottoCudaDevice *self);

gboolean sotto_cuda_record (SottoCudaDevice *self);
void *sotto_cuda_recorded (SottoCudaDevice *self);
gboolean sotto_cuda_repeat (SottoCudaDevice *self, void *recording);
void sotto_cuda_forget (SottoCudaDevice *self, void *recording);

/* What the table says of the module itself. */
extern const guint sotto_cuda_toolkit;
extern const char sotto_cuda_architectures[];
extern const guint sotto_cuda_newest_virtual;

gboolean sotto_cuda_embed (SottoCudaDevice *self, const SottoCudaEmbed *arguments);
gboolean sotto_cuda_norm (SottoCudaDevice *self, const SottoCudaNorm *arguments);
gboolean sotto_cuda_add (SottoCudaDevice *self, const SottoCudaAdd *arguments);
gboolean sotto_cuda_quantise (SottoCudaDevice *self, const SottoCudaOperand *operand);
gboolean sotto_cuda_multiply (SottoCudaDevice *self, const SottoCudaMultiply *arguments);
gboolean sotto_cuda_heads (SottoCudaDevice *self, const SottoCudaHeads *arguments);
gsize sotto_cuda_attend_partial_floats (const SottoCudaAttend *arguments);
gboolean sotto_cuda_attend (SottoCudaDevice *self, const SottoCudaAttend *arguments);
gboolean sotto_cuda_gate (SottoCudaDevice *self, const SottoCudaGate *arguments);
gboolean sotto_cuda_route (SottoCudaDevice *self, const SottoCudaRoute *arguments);
gboolean sotto_cuda_combine (SottoCudaDevice *self, const SottoCudaCombine *arguments);
gboolean combine_experts (SottoCudaDevice *self, const SottoCudaCombine *arguments); /* of the above, without the norm */
gboolean sotto_cuda_delta (SottoCudaDevice *self, const SottoCudaDelta *arguments);
gboolean sotto_cuda_convolve (SottoCudaDevice *self, const SottoCudaConvolve *arguments);
gboolean sotto_cuda_scan (SottoCudaDevice *self, const SottoCudaScan *arguments);
gboolean sotto_cuda_match (SottoCudaDevice *self, const SottoCudaMatch *arguments);
gboolean sotto_cuda_mix (SottoCudaDevice *self, const SottoCudaMix *arguments);
gboolean sotto_cuda_cut (SottoCudaDevice *self, const SottoCudaCut *arguments);
gboolean sotto_cuda_cap (SottoCudaDevice *self, const SottoCudaCap *arguments);
gboolean sotto_cuda_pool (SottoCudaDevice *self, const SottoCudaPool *arguments);
gboolean sotto_cuda_best (SottoCudaDevice *self, const SottoCudaBest *arguments);

G_END_DECLS
