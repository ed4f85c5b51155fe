#include "model-look.h"

typedef struct {
  char **added;
  char **outside;
  GHashTable *known;
} Input;

static void
input_free (Input *input)
{
  g_strfreev (input->added);
  g_strfreev (input->outside);
  g_hash_table_unref (input->known);
  g_free (input);
}

void
sotto_model_look_free (SottoModelLook *look)
{
  g_ptr_array_unref (look->paths);
  g_ptr_array_unref (look->facts);
  g_free (look);
}

gboolean
sotto_model_look_has_path (const SottoModelLook *look, const char *path)
{
  return g_ptr_array_find_with_equal_func (look->paths, path, g_str_equal, NULL);
}

/* Opening a file whose size and time are the known ones would tell nothing new. */
static gboolean
is_known (const Input *input, const char *path)
{
  const SottoModelFacts *known = g_hash_table_lookup (input->known, path);
  guint64 size;
  gint64 modified;

  return known != NULL && sotto_model_files_stat (path, &size, &modified, NULL)
         && size == known->size && modified == known->modified;
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Input *input = task_data;
  SottoModelLook *look = g_new0 (SottoModelLook, 1);

  look->paths = sotto_model_files_list ((const char *const *) input->added);
  look->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);

  for (guint i = 0; i < look->paths->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      const char *path = g_ptr_array_index (look->paths, i);

      if (!is_known (input, path))
        g_ptr_array_add (look->facts, sotto_model_files_look (path));
    }

  for (guint i = 0; input->outside[i] != NULL; i++)
    if (!sotto_model_look_has_path (look, input->outside[i]))
      g_ptr_array_add (look->facts, sotto_model_files_look (input->outside[i]));

  g_task_return_pointer (task, look, (GDestroyNotify) sotto_model_look_free);
}

void
sotto_model_look_async (gpointer              source,
                        char                **added,
                        char                **outside,
                        GHashTable           *known,
                        GCancellable         *cancellable,
                        GAsyncReadyCallback   callback,
                        gpointer              user_data)
{
  g_autoptr (GTask) task = g_task_new (source, cancellable, callback, user_data);
  Input *input = g_new0 (Input, 1);

  input->added = added;
  input->outside = outside;
  input->known = known;
  g_task_set_static_name (task, "sotto look for models");
  g_task_set_task_data (task, input, (GDestroyNotify) input_free);
  g_task_run_in_thread (task, look_thread);
}

SottoModelLook *
sotto_model_look_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
