#pragma once

#include "backend.h"
#include "cuda/loader.h"

G_BEGIN_DECLS

/**
 * sotto_backend_new_cuda:
 * @cpu: (transfer full): carries out what is on no GPU
 * @is_demanded: %FALSE: the GPUs are looked for when the first state is made, and where none can be used, or a model does not
 *   fit, the CPU does it; %TRUE: now, and that is an error
 * @n_layers: SOTTO_PLACE_AS_FITS, or so many of the last layers have to be on GPUs
 *
 * All GPUs that a module of kernels runs on, and the CPU, as one backend: a plan is cut (plan-cut.h) into parts for each,
 * by the memory that is free when its state is made.
 *
 * Returns: (transfer full): or %NULL with GPU or BACKEND
 */
SottoBackend *sotto_backend_new_cuda (SottoBackend  *cpu,
                                      gboolean       is_demanded,
                                      gint           n_layers,
                                      GError       **error);

/* The same with the GPUs of @library (transfer full), which was opened before. */
SottoBackend *sotto_backend_new_cuda_of (SottoBackend      *cpu,
                                         SottoCudaLibrary  *library,
                                         gint               n_layers,
                                         GError           **error);

/* How states are placed that are made from now on; nothing where @backend is another. */
void sotto_backend_cuda_set_use (SottoBackend *backend, SottoGpuUse use, gint n_layers);

/* Who computes what is on no GPU; (nullable): @backend is another. (transfer none) */
SottoBackend *sotto_backend_cuda_get_cpu (SottoBackend *backend);

/* Why no GPU is used: (nullable): there is one, or none was looked for yet. Of any backend. */
const GError *sotto_backend_cuda_get_reason (const SottoBackend *backend);

G_END_DECLS
