#include "model-library-private.h"

#include "model-entry-private.h"
#include "problem.h"

/* Files and folders that were added in place: they stay where they are, and the settings remember
 * their paths. */

gboolean
sotto_model_library_is_added (SottoModelLibrary *self, const char *path)
{
  g_auto (GStrv) added = sotto_settings_dup_strv (self->settings, "added-models");

  return added != NULL && g_strv_contains ((const char *const *) added, path);
}

/* The first model of a folder that answers; else why the last one does not, or that there is none. */
static SottoModelFacts *
look_for_best (const char *folder)
{
  g_autoptr (GPtrArray) paths = sotto_model_files_list_tree (folder);
  g_autoptr (SottoModelFacts) best = NULL;

  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (SottoModelFacts) next = sotto_model_files_look (g_ptr_array_index (paths, i));

      if (best == NULL || sotto_model_facts_rank (next) < sotto_model_facts_rank (best))
        {
          g_clear_pointer (&best, sotto_model_facts_free);
          best = g_steal_pointer (&next);
        }
      if (sotto_model_facts_rank (best) == SOTTO_MODEL_RANK_ANSWERS)
        break;
    }
  if (best == NULL)
    {
      best = g_new0 (SottoModelFacts, 1);
      best->path = g_strdup (folder);
      g_set_error (&best->error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_MODEL_IN_FOLDER,
                   "%s holds no model", folder);
    }
  return g_steal_pointer (&best);
}

static void
add_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (SottoModelFacts) facts = NULL;

  if (g_file_test (task_data, G_FILE_TEST_IS_DIR))
    facts = look_for_best (task_data);
  else
    facts = sotto_model_files_look (task_data);

  if (facts->error != NULL)
    g_task_return_error (task, g_steal_pointer (&facts->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&facts), (GDestroyNotify) sotto_model_facts_free);
}

void
sotto_model_library_add_file_async (SottoModelLibrary   *self,
                                    GFile               *file,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  char *path;

  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));
  g_return_if_fail (G_IS_FILE (file));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_static_name (task, "sotto add model");

  path = g_file_get_path (file);
  if (path == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Not a file on this "
                                                                           "computer");
      return;
    }
  g_task_set_task_data (task, path, g_free);
  g_task_run_in_thread (task, add_thread);
}

SottoModelEntry *
sotto_model_library_add_file_finish (SottoModelLibrary *self, GAsyncResult *result, GError **error)
{
  SottoModelFacts *facts;
  SottoModelEntry *entry;
  const char *path;
  gboolean is_folder;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  facts = g_task_propagate_pointer (G_TASK (result), error);
  if (facts == NULL)
    return NULL;

  path = g_task_get_task_data (G_TASK (result));
  is_folder = !g_str_equal (path, facts->path) && g_file_test (path, G_FILE_TEST_IS_DIR);
  if (!is_folder)
    path = facts->path;

  if ((is_folder || sotto_model_library_find_path (self, path) == NULL)
      && !sotto_model_library_is_added (self, path))
    {
      g_auto (GStrv) added = sotto_settings_dup_strv (self->settings, "added-models");
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
      g_auto (GStrv) all = NULL;

      g_strv_builder_addv (builder, (const char **) added);
      g_strv_builder_add (builder, path);
      all = g_strv_builder_end (builder);
      g_object_set (self->settings, "added-models", all, NULL);
    }

  entry = sotto_model_library_merge (self, facts);
  sotto_model_library_update_default (self);
  if (is_folder)
    sotto_model_library_refresh (self);
  return g_object_ref (entry);
}

void
sotto_model_library_forget (SottoModelLibrary *self, SottoModelEntry *entry)
{
  g_auto (GStrv) added = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) rest = NULL;
  guint position;

  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));
  g_return_if_fail (SOTTO_IS_MODEL_ENTRY (entry));

  if (!g_ptr_array_find (self->entries, entry, &position) || !sotto_model_entry_is_added (entry))
    return;

  added = sotto_settings_dup_strv (self->settings, "added-models");
  for (guint i = 0; added[i] != NULL; i++)
    if (!g_str_equal (added[i], sotto_model_entry_get_path (entry)))
      g_strv_builder_add (builder, added[i]);
  rest = g_strv_builder_end (builder);
  g_object_set (self->settings, "added-models", rest, NULL);

  sotto_model_library_remove (self, position);
  sotto_model_library_update_default (self);
}
