#include "model/model-library-private.h"

#include <string.h>

#include "model/model-entry-private.h"
#include "model/model-vision.h"
#include "problem.h"

/* Files and folders that were added in place: they stay where they are, and the settings remember
 * their paths. */

static gboolean
is_added (SottoModelLibrary *self, const char *path)
{
  g_auto (GStrv) added = sotto_settings_dup_strv (self->settings, "added-models");

  return added != NULL && g_strv_contains ((const char *const *) added, path);
}

static void
remember_added (SottoModelLibrary *self, const char *path)
{
  g_auto (GStrv) added = sotto_settings_dup_strv (self->settings, "added-models");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (is_added (self, path))
    return;

  g_strv_builder_addv (builder, (const char **) added);
  g_strv_builder_add (builder, path);
  all = g_strv_builder_end (builder);
  g_object_set (self->settings, "added-models", all, NULL);
}

/* The first model of a folder that answers; else one of texts' meanings, or why the last one does not, or that there is none. */
static SottoModelFacts *
look_for_best (const char *folder)
{
  g_autoptr (GPtrArray) paths = sotto_model_files_list_tree (folder);
  g_autoptr (SottoModelFacts) best = NULL;

  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (SottoModelFacts) next = sotto_model_files_look (g_ptr_array_index (paths, i));

      if (next->is_vision)
        continue;
      if (best == NULL || sotto_model_facts_rank (next) < sotto_model_facts_rank (best)
          || (next->is_embedding && best->error != NULL))
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

/* What models see with, of a kind that is not known, is no damaged file. */
static gboolean
is_foreign_vision (const SottoModelFacts *facts)
{
  return facts->is_vision && g_error_matches (facts->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_FAMILY);
}

static void
add_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (SottoModelFacts) facts = NULL;

  if (g_file_test (task_data, G_FILE_TEST_IS_DIR))
    facts = look_for_best (task_data);
  else
    facts = sotto_model_files_look (task_data);

  if (facts->error != NULL && !is_foreign_vision (facts))
    g_task_return_error (task, g_steal_pointer (&facts->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&facts), (GDestroyNotify) sotto_model_facts_free);
}

void
sotto_model_library_end_adding (SottoModelLibrary *self)
{
  while (self->adding->len > 0)
    {
      g_autoptr (GTask) task = g_ptr_array_steal_index (self->adding, 0);

      g_task_return_boolean (task, TRUE);
    }
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoModelLibrary *self = SOTTO_MODEL_LIBRARY (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  SottoModelFacts *facts = g_task_propagate_pointer (G_TASK (result), &error);

  if (facts == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  g_object_set_data_full (G_OBJECT (task), "facts", facts, (GDestroyNotify) sotto_model_facts_free);
  if (!facts->is_vision || facts->error != NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  /* Who sees with it the next look finds out. */
  remember_added (self, facts->path);
  g_ptr_array_add (self->adding, g_steal_pointer (&task));
  sotto_model_library_refresh (self);
}

void
sotto_model_library_add_file_async (SottoModelLibrary   *self,
                                    GFile               *file,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTask) look = NULL;
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
  look = g_task_new (self, cancellable, on_added, g_object_ref (task));
  g_task_set_static_name (look, "sotto look at added model");
  g_task_set_task_data (look, g_strdup (path), g_free);
  g_task_run_in_thread (look, add_thread);
}

/* @facts: (transfer full)
 * Returns: (transfer none) */
static SottoModelEntry *
take_model (SottoModelLibrary *self, const char *added, SottoModelFacts *facts)
{
  const gboolean is_folder = !g_str_equal (added, facts->path) && g_file_test (added, G_FILE_TEST_IS_DIR);
  const char *path = is_folder ? added : facts->path;
  SottoModelEntry *entry;

  if (is_folder || (sotto_model_library_find_path (self, path) == NULL
                    && sotto_model_library_find_embedder (self, path) == NULL))
    remember_added (self, path);

  if (facts->is_embedding)
    entry = sotto_model_library_take_embedder (self, facts);
  else
    entry = sotto_model_library_merge (self, facts);
  sotto_model_library_update_default (self);
  /* For the others of a folder, and for what it sees with */
  sotto_model_library_refresh (self);
  return entry;
}

SottoModelEntry *
sotto_model_library_add_file_finish (SottoModelLibrary *self, GAsyncResult *result, char **text, GError **error)
{
  g_autoptr (SottoModelFacts) facts = NULL;
  SottoModelEntry *entry;
  gboolean is_embedding;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  if (text != NULL)
    *text = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  facts = g_object_steal_data (G_OBJECT (result), "facts");
  if (facts->is_vision)
    {
      if (text != NULL)
        *text = facts->error != NULL ? sotto_model_vision_describe_refusal (facts)
                                     : sotto_model_library_describe_vision (self, facts->path);
      return NULL;
    }

  is_embedding = facts->is_embedding;
  entry = take_model (self, g_task_get_task_data (G_TASK (result)), g_steal_pointer (&facts));
  if (!is_embedding)
    return g_object_ref (entry);
  if (text != NULL)
    *text = sotto_model_library_describe_embedder (self, sotto_model_entry_get_path (entry));
  return NULL;
}

/* --- Taking them off the list --- */

gboolean
sotto_model_library_is_at_or_in (const char *path, const char *added)
{
  const size_t length = strlen (added);

  return g_str_has_prefix (path, added) && (path[length] == '\0' || path[length] == G_DIR_SEPARATOR);
}

char *
sotto_model_library_dup_added (SottoModelLibrary *self, SottoModelEntry *entry)
{
  g_auto (GStrv) added = NULL;

  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);
  g_return_val_if_fail (SOTTO_IS_MODEL_ENTRY (entry), NULL);

  added = sotto_settings_dup_strv (self->settings, "added-models");
  for (guint i = 0; added != NULL && added[i] != NULL; i++)
    if (sotto_model_library_is_at_or_in (sotto_model_entry_get_path (entry), added[i]))
      return g_strdup (added[i]);
  return NULL;
}

void
sotto_model_library_forget (SottoModelLibrary *self, const char *added)
{
  g_auto (GStrv) all = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) rest = NULL;
  char **along;

  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));
  g_return_if_fail (added != NULL);

  if (!is_added (self, added))
    return;

  all = sotto_settings_dup_strv (self->settings, "added-models");
  along = sotto_model_library_dup_lone_visions (self, added, all);
  g_hash_table_insert (self->gone_along, g_strdup (added), along);
  for (guint i = 0; all[i] != NULL; i++)
    if (!g_str_equal (all[i], added) && !g_strv_contains ((const char *const *) along, all[i]))
      g_strv_builder_add (builder, all[i]);
  rest = g_strv_builder_end (builder);
  g_object_set (self->settings, "added-models", rest, NULL);

  for (guint i = self->entries->len; i > 0; i--)
    {
      SottoModelEntry *entry = g_ptr_array_index (self->entries, i - 1);

      if (!sotto_model_library_is_at_or_in (sotto_model_entry_get_path (entry), added))
        continue;
      /* Who holds on to it shall be told of its file, and get this one back where it comes back. */
      g_hash_table_insert (self->outside, (char *) sotto_model_entry_get_path (entry), g_object_ref (entry));
      sotto_model_library_remove (self, i - 1);
    }
  sotto_model_library_forget_embedders (self, added);
  sotto_model_library_update_default (self);
  /* It may be found in another folder, too. */
  sotto_model_library_refresh (self);
}

void
sotto_model_library_undo_forget (SottoModelLibrary *self, const char *added)
{
  char **along;

  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));
  g_return_if_fail (added != NULL);

  remember_added (self, added);
  along = g_hash_table_lookup (self->gone_along, added);
  for (guint i = 0; along != NULL && along[i] != NULL; i++)
    remember_added (self, along[i]);
  g_hash_table_remove (self->gone_along, added);
  sotto_model_library_refresh (self);
}
