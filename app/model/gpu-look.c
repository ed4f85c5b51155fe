#include "model/gpu-look.h"

#include <sotto-engine.h>

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) gpus = sotto_gpus_list (&error);
  g_autoptr (GString) names = g_string_new (NULL);

  if (gpus == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < gpus->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " + " : "",
                            ((const SottoGpu *) g_ptr_array_index (gpus, i))->name);
  g_task_return_pointer (task, g_string_free (g_steal_pointer (&names), FALSE), g_free);
}

void
sotto_gpu_look_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_static_name (task, "sotto look for GPUs");
  g_task_run_in_thread (task, look_thread);
}

char *
sotto_gpu_look_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
