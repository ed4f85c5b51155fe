/* devices: what can compute here. */

#include <stdio.h>

#include "tool.h"

static void
print_gpus (const GPtrArray *gpus)
{
  for (guint i = 0; i < gpus->len; i++)
    {
      const SottoGpu *gpu = g_ptr_array_index (gpus, i);

      printf ("%s, compute capability %u.%u, %.1f of %.1f GiB free\n", gpu->name, gpu->major, gpu->minor,
              (double) gpu->memory_free / (1u << 30), (double) gpu->memory / (1u << 30));
    }
}

gboolean
tool_devices (char   **arguments,
              GError **error)
{
  static const ToolUsage usage = { .synopsis = "", .summary = "What can compute here, and why no GPU can." };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoBackend) cpu = rest != NULL ? sotto_backend_new_cpu (0, NULL, error) : NULL;
  g_autoptr (GError) reason = NULL;
  g_autoptr (GPtrArray) gpus = NULL;

  if (cpu == NULL)
    return FALSE;

  printf ("%s, %u threads\n", sotto_backend_get_name (cpu), sotto_backend_get_threads (cpu));
  gpus = sotto_gpus_list (&reason);
  if (gpus != NULL)
    print_gpus (gpus);
  else
    printf ("no GPU: %s\n", reason->message);

  return TRUE;
}
