#include "sotto-gpu.h"

#include "cuda/backend-device.h"
#include "cuda/loader.h"

/* GPUs for people to look at. */

void
sotto_gpu_free (SottoGpu *self)
{
  g_free (self->name);
  g_free (self);
}

GPtrArray *
sotto_gpus_list (GError **error)
{
  g_autoptr (SottoCudaLibrary) library = sotto_cuda_library_open (error);
  g_autoptr (GError) first = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_gpu_free);

  for (guint i = 0; library != NULL && i < library->n_devices; i++)
    {
      const SottoCudaUsable *usable = &library->devices[i];
      g_autoptr (SottoBackend) device = sotto_backend_new_device_checked (library->module, usable->index, &usable->info,
                                                                          first == NULL ? &first : NULL);
      SottoGpu *gpu;
      guint64 all;

      /* As for models: one that doesn't open is done without. */
      if (device == NULL)
        continue;
      gpu = g_new0 (SottoGpu, 1);
      gpu->name = g_strdup (usable->info.name);
      gpu->major = usable->info.major;
      gpu->minor = usable->info.minor;
      gpu->memory = usable->info.memory;
      sotto_backend_device_measure (device, &gpu->memory_free, &all);
      g_ptr_array_add (list, gpu);
    }
  if (list->len > 0)
    return g_steal_pointer (&list);
  if (first != NULL)
    g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}
