#pragma once

#include "backend.h"
#include "cuda/module.h"

G_BEGIN_DECLS

/**
 * sotto_backend_new_device:
 * @index: the module's number of the device; @name: for a person
 *
 * One GPU as a backend: whole plans, or parts that were cut off (plan-cut.h).
 *
 * Returns: (transfer full): or %NULL with BACKEND
 */
SottoBackend *sotto_backend_new_device (const SottoCudaModule  *module,
                                        guint                   index,
                                        const char             *name,
                                        GError                **error);

/**
 * sotto_backend_new_device_checked:
 *
 * The same, of a device that computes what it should (check.h). One that does so only without what its kind alone has goes on
 * without it, and has another name.
 *
 * Returns: (transfer full): or %NULL with BACKEND, or GPU
 */
SottoBackend *sotto_backend_new_device_checked (const SottoCudaModule      *module,
                                                guint                       index,
                                                const SottoCudaDeviceInfo  *info,
                                                GError                    **error);

/* Bytes of the device that are free now; FALSE: it is lost. */
gboolean sotto_backend_device_measure (SottoBackend *self, guint64 *n_free, guint64 *n_all);

/* Whether it failed, and everything on it will. */
gboolean sotto_backend_device_is_lost (SottoBackend *self);

/* Why the device's kernels cannot do what @plan asks, heads being too large for one of them, for instance; (transfer full)
 * (nullable): they can */
char *sotto_backend_device_rehearse (SottoBackend    *self,
                                     const SottoPlan *plan,
                                     guint            n_context,
                                     SottoKvType      kv_type);

/* Bytes of working memory that a state of @plan takes there. */
guint64 sotto_backend_device_scratch (SottoBackend    *self,
                                      const SottoPlan *plan,
                                      guint            n_context,
                                      SottoKvType      kv_type);

G_END_DECLS
