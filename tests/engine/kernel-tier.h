#pragma once

#include "cpu/kernels.h"

G_BEGIN_DECLS

/* The tiers that tests of kernels go through; NULL ends them. */
extern const char *const kernel_tiers[];

/* %FALSE, and the test is skipped, where this CPU does not have it. */
gboolean kernel_tier_init (SottoKernels *kernels, const char *tier);

G_END_DECLS
