#include "transfer/transfer-private.h"

#include "conversation/conversation-list-private.h"
#include "conversation/conversation-private.h"
#include "conversation/group-list-private.h"
#include "model/model-files.h"

/* The transfer as the main context sees it. While it runs the list knows it, so that closing can
 * end it and wait for that. */

G_DEFINE_FINAL_TYPE (SottoTransfer, sotto_transfer, G_TYPE_OBJECT)

static void
sotto_transfer_finalize (GObject *object)
{
  SottoTransfer *self = SOTTO_TRANSFER (object);

  g_clear_object (&self->list);
  g_clear_object (&self->store);
  g_clear_pointer (&self->services, sotto_services_unref);
  g_clear_object (&self->file);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->ids, g_strfreev);
  g_clear_pointer (&self->models, g_hash_table_unref);
  g_clear_pointer (&self->models_folder, g_free);
  g_clear_pointer (&self->backup, g_free);
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->added_groups, g_ptr_array_unref);
  g_clear_pointer (&self->first_id, g_free);
  g_clear_pointer (&self->origin, g_free);
  g_clear_pointer (&self->added, g_ptr_array_unref);
  g_clear_pointer (&self->times, g_array_unref);
  G_OBJECT_CLASS (sotto_transfer_parent_class)->finalize (object);
}

static void
sotto_transfer_class_init (SottoTransferClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sotto_transfer_finalize;
}

static void
sotto_transfer_init (SottoTransfer *self)
{
  self->cancellable = g_cancellable_new ();
  self->added = g_ptr_array_new_with_free_func (g_object_unref);
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
}

static SottoTransfer *
transfer_new (SottoConversationList *list, GFile *file)
{
  SottoTransfer *self = g_object_new (SOTTO_TYPE_TRANSFER, NULL);

  self->list = g_object_ref (list);
  self->file = g_object_ref (file);
  return self;
}

SottoTransfer *
sotto_transfer_new_export (SottoConversationList *list,
                           SottoConversation     *conversation,
                           SottoExportFormat      format,
                           GFile                 *file)
{
  SottoTransfer *self;
  g_autoptr (GStrvBuilder) ids = NULL;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (list), NULL);
  g_return_val_if_fail (G_IS_FILE (file), NULL);
  g_return_val_if_fail (conversation != NULL || format == SOTTO_EXPORT_ARCHIVE, NULL);

  self = transfer_new (list, file);
  self->format = format;
  ids = g_strv_builder_new ();
  if (conversation != NULL)
    {
      self->services = sotto_services_ref (conversation->services);
      g_strv_builder_add (ids, sotto_conversation_get_id (conversation));
    }
  for (guint i = 0; conversation == NULL && i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    {
      g_autoptr (SottoConversation) item = g_list_model_get_item (G_LIST_MODEL (list), i);

      /* What is not kept is no part of all that is. */
      if (!sotto_conversation_is_temporary (item))
        g_strv_builder_add (ids, sotto_conversation_get_id (item));
    }
  self->ids = g_strv_builder_end (ids);
  self->n_all = (gint) g_strv_length (self->ids);
  return self;
}

/* The models of this computer by the names of their files; of equal ones the library's first */
static GHashTable *
create_models (SottoModelLibrary *library)
{
  GHashTable *models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (library));

  for (guint i = n; i > 0; i--)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (G_LIST_MODEL (library), i - 1);
      const char *path = sotto_model_entry_get_path (entry);

      g_hash_table_replace (models, g_path_get_basename (path), g_strdup (path));
    }
  return models;
}

SottoTransfer *
sotto_transfer_new_import (SottoConversationList *list, GFile *file)
{
  SottoTransfer *self;
  g_auto (GStrv) folders = NULL;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (list), NULL);
  g_return_val_if_fail (G_IS_FILE (file), NULL);

  self = transfer_new (list, file);
  self->is_import = TRUE;
  self->models = create_models (sotto_conversation_list_get_services (list)->library);
  folders = sotto_model_files_folders ();
  self->models_folder = g_strdup (folders[0]);
  return self;
}

SottoTransfer *
sotto_transfer_new_backup (SottoConversationList *list, const char *folder, GFile *file)
{
  SottoTransfer *self;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (list), NULL);
  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (G_IS_FILE (file), NULL);

  self = transfer_new (list, file);
  self->backup = g_build_filename (folder, "backing-up", NULL);
  return self;
}

/* --- Running --- */

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoTransfer) self = g_object_ref (SOTTO_TRANSFER (source));
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  sotto_conversation_list_remove_transfer (self->list, self);
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, error);
      return;
    }

  if (self->groups != NULL)
    self->added_groups = sotto_group_list_take_records (sotto_conversation_list_get_groups (self->list), self->groups);
  if (self->records != NULL)
    sotto_conversation_list_take_records (self->list, sotto_conversation_list_get_services (self->list),
                                          self->records, self->added);
  for (guint i = 0; i < self->added->len; i++)
    {
      const gint64 time = sotto_conversation_get_last_used_us (g_ptr_array_index (self->added, i));

      g_array_append_val (self->times, time);
    }
  g_task_return_boolean (task, TRUE);
}

void
sotto_transfer_run_async (SottoTransfer *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTask) thread = NULL;
  SottoServices *services;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_TRANSFER (self));
  g_return_if_fail (self->store == NULL);

  task = g_task_new (self, NULL, callback, user_data);
  services = self->services != NULL ? self->services : sotto_conversation_list_get_services (self->list);
  if (!sotto_services_check_store (services, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_file_peek_path (self->file) == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               "Not a file on this computer");
      return;
    }

  /* What is typed shall be in it. */
  if (self->backup != NULL)
    sotto_conversation_list_flush_drafts (self->list);
  self->store = g_object_ref (services->store);
  sotto_conversation_list_add_transfer (self->list, self);
  thread = g_task_new (self, NULL, on_done, g_steal_pointer (&task));
  g_task_set_static_name (thread, "sotto transfer");
  g_task_run_in_thread (thread, sotto_transfer_thread);
}

gboolean
sotto_transfer_run_finish (SottoTransfer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sotto_transfer_cancel (SottoTransfer *self)
{
  g_return_if_fail (SOTTO_IS_TRANSFER (self));
  g_cancellable_cancel (self->cancellable);
}

double
sotto_transfer_get_fraction (SottoTransfer *self)
{
  int n_all;

  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), 0);

  n_all = g_atomic_int_get (&self->n_all);
  return n_all > 0 ? MIN ((double) g_atomic_int_get (&self->n_done) / n_all, 1) : 0;
}

GFile *
sotto_transfer_get_file (SottoTransfer *self)
{
  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), NULL);
  return self->file;
}

/* --- What came of it --- */

guint
sotto_transfer_get_n_added (SottoTransfer *self)
{
  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), 0);
  return self->added->len;
}

guint
sotto_transfer_get_n_known (SottoTransfer *self)
{
  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), 0);
  return self->n_known;
}

const char *
sotto_transfer_get_origin (SottoTransfer *self)
{
  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), NULL);
  return self->origin;
}

guint
sotto_transfer_get_n_left_out (SottoTransfer *self, SottoLeftOut what)
{
  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), 0);
  g_return_val_if_fail (what < SOTTO_N_LEFT_OUT, 0);
  return self->n_left_out[what];
}

SottoConversation *
sotto_transfer_get_first (SottoTransfer *self)
{
  g_return_val_if_fail (SOTTO_IS_TRANSFER (self), NULL);
  return self->first_id != NULL ? sotto_conversation_list_lookup (self->list, self->first_id) : NULL;
}

void
sotto_transfer_undo (SottoTransfer *self)
{
  g_return_if_fail (SOTTO_IS_TRANSFER (self));

  for (guint i = 0; i < self->added->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (self->added, i);

      if (sotto_conversation_is_busy (conversation)
          || sotto_conversation_get_last_used_us (conversation) != g_array_index (self->times, gint64, i))
        continue;
      sotto_conversation_list_delete (self->list, conversation);
      sotto_conversation_list_purge (self->list, conversation);
    }
  g_ptr_array_set_size (self->added, 0);

  /* What was made for them goes with them. */
  for (guint i = 0; self->added_groups != NULL && i < self->added_groups->len; i++)
    {
      SottoGroup *group = g_ptr_array_index (self->added_groups, i);

      if (!sotto_conversation_list_is_group_empty (self->list, group))
        continue;
      sotto_conversation_list_delete_group (self->list, group, FALSE);
      sotto_conversation_list_purge_group (self->list, group);
    }
  g_clear_pointer (&self->added_groups, g_ptr_array_unref);
}
