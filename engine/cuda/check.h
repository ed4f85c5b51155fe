#pragma once

#include "backend.h"
#include "cuda/module.h"

G_BEGIN_DECLS

/**
 * sotto_cuda_check:
 * @device: of sotto_backend_new_device(); @info: what its module says of it
 *
 * Whether the device computes what it should: a model of a few thousand weights is carried out there, by the ways that models
 * take, and by the CPU's reference. Where there is no memory for it nothing is known, and nothing said against the device.
 *
 * Returns: or %FALSE with GPU ("wrong"), or BACKEND where the device failed
 */
gboolean sotto_cuda_check (SottoBackend               *device,
                           const SottoCudaDeviceInfo  *info,
                           GError                    **error);

/**
 * sotto_cuda_check_many:
 *
 * The same of products of many rows, for a device that has a way of its own with them: so that it can go on without that.
 *
 * Returns: as sotto_cuda_check()
 */
gboolean sotto_cuda_check_many (SottoBackend               *device,
                                const SottoCudaDeviceInfo  *info,
                                GError                    **error);

G_END_DECLS
