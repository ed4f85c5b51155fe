#include "cpu/kernels.h"

#include "sotto-error.h"

typedef struct {
  const char *name;
  void (*fill) (SottoKernels *kernels);
} Tier;

/* Each on top of those before it. */
static const Tier tiers[] = {
  { "reference", sotto_kernels_fill_reference },
#if defined(__x86_64__)
  { "avx2", sotto_kernels_fill_avx2 },
  { "avxvnni", sotto_kernels_fill_avxvnni },
  { "avx512", sotto_kernels_fill_avx512 },
  { "amx", sotto_kernels_fill_amx },
#elif defined(__aarch64__) && defined(__linux__)
  { "neon", sotto_kernels_fill_neon },
  { "i8mm", sotto_kernels_fill_i8mm },
#endif
};

gboolean
sotto_kernels_init (SottoKernels *kernels, const char *tier, GError **error)
{
  guint last = 0;

  if (tier == NULL)
    tier = g_getenv ("SOTTO_CPU_TIER");
  if (tier != NULL && *tier == '\0')
    tier = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    if (sotto_cpu_has (tiers[i].name) && (tier == NULL || g_str_equal (tier, tiers[i].name)))
      last = i;
  if (tier != NULL && !g_str_equal (tier, tiers[last].name))
    {
      SottoErrorArguments arguments = { .subject = tier };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND, &arguments,
                              "CPU tier \"%s\" is unknown or not on this machine", tier);
      return FALSE;
    }
  for (guint i = 0; i <= last; i++)
    tiers[i].fill (kernels);
  return TRUE;
}
