#include "model/model-look.h"

#include "model/model-vision.h"

typedef struct {
  char **added;
  char **outside;
  GHashTable *known;
  GHashTable *pairs;
} Input;

static void
input_free (Input *input)
{
  g_strfreev (input->added);
  g_strfreev (input->outside);
  g_hash_table_unref (input->known);
  g_hash_table_unref (input->pairs);
  g_free (input);
}

void
sotto_model_look_free (SottoModelLook *look)
{
  g_ptr_array_unref (look->paths);
  g_ptr_array_unref (look->facts);
  g_hash_table_unref (look->pairs);
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

/* Looks at @path, unless that would tell nothing new. @all: what is known of it afterwards is added */
static void
look_at (SottoModelLook *look, const Input *input, const char *path, gboolean anew, GPtrArray *all)
{
  SottoModelFacts *facts;

  if (!anew && is_known (input, path))
    {
      g_ptr_array_add (all, g_hash_table_lookup (input->known, path));
      return;
    }
  facts = sotto_model_files_look (path);
  g_ptr_array_add (look->facts, facts);
  g_ptr_array_add (all, facts);
}

char *
sotto_model_look_create_pair (const char *model, const char *vision)
{
  return g_strconcat (model, "\n", vision, NULL);
}

/* What is asked of @model: whether it fits those of the same width that are new to it. */
static void
pair_model (SottoModelLook *look, const Input *input, const SottoModelFacts *model, GPtrArray *all)
{
  const gboolean is_new = g_ptr_array_find (look->facts, model, NULL);
  g_autoptr (GPtrArray) visions = g_ptr_array_new ();
  g_autoptr (GArray) fits = NULL;

  for (guint i = 0; i < all->len; i++)
    {
      const SottoModelFacts *vision = g_ptr_array_index (all, i);
      g_autofree char *pair = sotto_model_look_create_pair (model->path, vision->path);

      if (vision->is_vision && vision->n_embedding == model->n_embedding
          && (is_new || g_ptr_array_find (look->facts, vision, NULL) || !g_hash_table_contains (input->pairs, pair)))
        g_ptr_array_add (visions, (gpointer) vision);
    }
  if (visions->len == 0)
    return;

  fits = sotto_model_vision_fits (model->path, visions);
  for (guint i = 0; i < visions->len; i++)
    g_hash_table_insert (look->pairs,
                         sotto_model_look_create_pair (model->path, ((SottoModelFacts *) visions->pdata[i])->path),
                         GINT_TO_POINTER (g_array_index (fits, gboolean, i)));
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Input *input = task_data;
  SottoModelLook *look = g_new0 (SottoModelLook, 1);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  look->paths = sotto_model_files_list ((const char *const *) input->added);
  look->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);
  look->pairs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < look->paths->len && !g_cancellable_is_cancelled (cancellable); i++)
    look_at (look, input, g_ptr_array_index (look->paths, i), FALSE, all);

  for (guint i = 0; input->outside[i] != NULL; i++)
    if (!sotto_model_look_has_path (look, input->outside[i]))
      look_at (look, input, input->outside[i], TRUE, all);

  for (guint i = 0; i < all->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      const SottoModelFacts *model = g_ptr_array_index (all, i);

      if (!model->is_vision && !model->is_embedding && model->n_embedding > 0)
        pair_model (look, input, model, all);
    }

  g_task_return_pointer (task, look, (GDestroyNotify) sotto_model_look_free);
}

void
sotto_model_look_async (gpointer              source,
                        char                **added,
                        char                **outside,
                        GHashTable           *known,
                        GHashTable           *pairs,
                        GCancellable         *cancellable,
                        GAsyncReadyCallback   callback,
                        gpointer              user_data)
{
  g_autoptr (GTask) task = g_task_new (source, cancellable, callback, user_data);
  Input *input = g_new0 (Input, 1);

  input->added = added;
  input->outside = outside;
  input->known = known;
  input->pairs = pairs;
  g_task_set_static_name (task, "sotto look for models");
  g_task_set_task_data (task, input, (GDestroyNotify) input_free);
  g_task_run_in_thread (task, look_thread);
}

SottoModelLook *
sotto_model_look_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
