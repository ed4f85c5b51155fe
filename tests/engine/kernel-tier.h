#pragma once

#include "cpu/kernels.h"

G_BEGIN_DECLS

/* The tiers of this kind of processor. */
#ifdef __aarch64__
#define KERNEL_TIERS "reference", "neon", "i8mm"
#else
#define KERNEL_TIERS "reference", "avx2", "avxvnni", "avx512", "amx"
#endif

/* The tiers that tests of kernels go through; NULL ends them. */
extern const char *const kernel_tiers[];

/* The narrower tier that gives the bits of @tier, or NULL. */
static inline const char *
kernel_tier_twin (const char *tier)
{
  return g_str_has_prefix (tier, "avx") && !g_str_equal (tier, "avx2") ? "avx2"
         : g_str_equal (tier, "i8mm")                                ? "neon"
                                                                     : NULL;
}

/* %FALSE, and the test is skipped, where this CPU does not have it. */
gboolean kernel_tier_init (SottoKernels *kernels, const char *tier);

G_END_DECLS
