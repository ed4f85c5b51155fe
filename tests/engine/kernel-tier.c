#include "kernel-tier.h"

const char *const kernel_tiers[] = { KERNEL_TIERS, NULL };

gboolean
kernel_tier_init (SottoKernels *kernels, const char *tier)
{
  g_autoptr (GError) error = NULL;

  if (!sotto_cpu_has (tier))
    {
      g_autofree char *reason = g_strdup_printf ("this CPU does not have %s", tier);

      g_test_skip (reason);
      return FALSE;
    }
  g_assert_true (sotto_kernels_init (kernels, tier, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (kernels->name, ==, tier);
  return TRUE;
}
