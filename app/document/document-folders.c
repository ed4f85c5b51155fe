#include "document/document-folders-private.h"

#include "document/document-folder-private.h"
#include "document/folder-watch.h"

/* The list of folders: as long as the history is open, each is watched (folder-watch.c), read (folder-reader.c) and asked
 * (folder-find.c). How one is added stands in folder-add.c. */

enum {
  PROP_0,
  PROP_N_ITEMS,
  PROP_READING,
  PROP_PROBLEM,
  N_PROPS
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoDocumentFolders, sotto_document_folders, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))
G_DEFINE_QUARK (sotto-folder-error-quark, sotto_folder_error)

static GParamSpec *properties[N_PROPS];

static GType
folders_get_item_type (GListModel *model)
{
  return SOTTO_TYPE_DOCUMENT_FOLDER;
}

static guint
folders_get_n_items (GListModel *model)
{
  return SOTTO_DOCUMENT_FOLDERS (model)->folders->len;
}

static gpointer
folders_get_item (GListModel *model, guint position)
{
  SottoDocumentFolders *self = SOTTO_DOCUMENT_FOLDERS (model);

  return position < self->folders->len ? g_object_ref (g_ptr_array_index (self->folders, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = folders_get_item_type;
  iface->get_n_items = folders_get_n_items;
  iface->get_item = folders_get_item;
}

static void
sotto_document_folders_finalize (GObject *object)
{
  SottoDocumentFolders *self = SOTTO_DOCUMENT_FOLDERS (object);

  g_clear_pointer (&self->reader, sotto_folder_reader_free);
  g_clear_pointer (&self->watches, g_hash_table_unref);
  g_clear_object (&self->store);
  g_ptr_array_unref (self->folders);
  g_ptr_array_unref (self->removed);
  g_ptr_array_unref (self->finds);
  g_clear_object (&self->problem);
  G_OBJECT_CLASS (sotto_document_folders_parent_class)->finalize (object);
}

static void
sotto_document_folders_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoDocumentFolders *self = SOTTO_DOCUMENT_FOLDERS (object);

  switch (prop_id)
    {
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->folders->len);
      break;
    case PROP_READING:
      g_value_set_boolean (value, sotto_document_folders_is_reading (self));
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_document_folders_class_init (SottoDocumentFoldersClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_document_folders_finalize;
  object_class->get_property = sotto_document_folders_get_property;

  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_READING] = g_param_spec_boolean ("reading", NULL, NULL, FALSE, flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_document_folders_init (SottoDocumentFolders *self)
{
  self->folders = g_ptr_array_new_with_free_func (g_object_unref);
  self->removed = g_ptr_array_new_with_free_func (g_object_unref);
  self->finds = g_ptr_array_new ();
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) sotto_folder_watch_free);
}

SottoDocumentFolders *
sotto_document_folders_new (void)
{
  return g_object_new (SOTTO_TYPE_DOCUMENT_FOLDERS, NULL);
}

static void
set_error (SottoDocumentFolders *self, const GError *error)
{
  g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

  if (g_set_object (&self->problem, problem))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

/* --- Reading --- */

static void
update_reading (SottoDocumentFolders *self)
{
  const gboolean is_reading = self->reader != NULL && sotto_folder_reader_is_reading (self->reader);

  if (self->is_reading == is_reading)
    return;
  self->is_reading = is_reading;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READING]);
}

static void
on_reading_changed (gpointer reader, gpointer user_data)
{
  update_reading (user_data);
}

static void
on_looked_at (SottoDocumentFolder *folder, const GPtrArray *inside, gpointer user_data)
{
  SottoDocumentFolders *self = user_data;
  SottoFolderWatch *watch = g_hash_table_lookup (self->watches, folder);

  if (watch != NULL && inside != NULL)
    sotto_folder_watch_set_inside (watch, inside);
}

static void
on_folder_changed (gpointer user_data)
{
  SottoDocumentFolder *folder = user_data;
  SottoDocumentFolders *self = g_object_get_data (G_OBJECT (folder), "sotto-folders");

  sotto_folder_reader_look (self->reader, folder);
}

void
sotto_document_folders_set_meaning (SottoDocumentFolders *self, SottoMeaning *meaning)
{
  self->meaning = meaning;
}

void
sotto_document_folders_set_resting (SottoDocumentFolders *self, gboolean is_resting)
{
  self->is_resting = is_resting;
  if (self->reader != NULL)
    sotto_folder_reader_set_resting (self->reader, is_resting);
}

void
sotto_document_folders_look_again (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));
  g_return_if_fail (folder == NULL || SOTTO_IS_DOCUMENT_FOLDER (folder));

  for (guint i = 0; self->reader != NULL && i < self->folders->len; i++)
    if (folder == NULL || folder == g_ptr_array_index (self->folders, i))
      sotto_folder_reader_look (self->reader, g_ptr_array_index (self->folders, i));
}

void
sotto_document_folders_stop (SottoDocumentFolders *self)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));

  if (self->reader != NULL)
    sotto_folder_reader_stop (self->reader, NULL);
}

/* --- The list --- */

static void
items_changed (SottoDocumentFolders *self, guint position, guint removed, guint added)
{
  if (removed == 0 && added == 0)
    return;
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

static int
compare (SottoDocumentFolder *a, SottoDocumentFolder *b)
{
  const int order = g_utf8_collate (sotto_document_folder_get_name (a), sotto_document_folder_get_name (b));

  return order != 0 ? order : g_strcmp0 (sotto_document_folder_get_id (a), sotto_document_folder_get_id (b));
}

void
sotto_document_folders_insert (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
  guint position = 0;

  while (position < self->folders->len && compare (g_ptr_array_index (self->folders, position), folder) < 0)
    position++;
  g_ptr_array_insert (self->folders, (int) position, g_object_ref (folder));
  sotto_document_folder_set_store (folder, self->store);
  g_object_set_data (G_OBJECT (folder), "sotto-folders", self);
  g_hash_table_insert (self->watches, folder, sotto_folder_watch_new (sotto_document_folder_get_file (folder),
                                                                      G_CALLBACK (on_folder_changed), folder));
  items_changed (self, position, 0, 1);
  sotto_folder_reader_look (self->reader, folder);
}

SottoDocumentFolder *
sotto_document_folders_lookup (SottoDocumentFolders *self, const char *id)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self), NULL);

  for (guint i = 0; i < self->folders->len; i++)
    if (g_strcmp0 (sotto_document_folder_get_id (g_ptr_array_index (self->folders, i)), id) == 0)
      return g_ptr_array_index (self->folders, i);
  return NULL;
}

/* --- Removing --- */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoDocumentFolders) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_store_remove_folder_finish (SOTTO_STORE (source), result, &error)
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND))
    set_error (self, error);
}

static void
remove_for_good (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
  sotto_document_folder_set_store (folder, NULL);
  sotto_store_remove_folder_async (self->store, sotto_document_folder_get_id (folder), NULL, on_removed,
                                   g_object_ref (self));
}

void
sotto_document_folders_remove (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
  guint position;

  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder));

  if (!g_ptr_array_find (self->folders, folder, &position))
    return;
  g_ptr_array_add (self->removed, g_object_ref (folder));
  g_hash_table_remove (self->watches, folder);
  sotto_folder_reader_stop (self->reader, folder);
  g_ptr_array_remove_index (self->folders, position);
  items_changed (self, position, 1, 0);
}

void
sotto_document_folders_undo_remove (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
  g_autoptr (SottoDocumentFolder) kept = NULL;

  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder));

  kept = g_object_ref (folder);
  if (g_ptr_array_remove (self->removed, folder))
    sotto_document_folders_insert (self, folder);
}

void
sotto_document_folders_forget (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
  g_autoptr (SottoDocumentFolder) kept = NULL;

  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (folder));

  kept = g_object_ref (folder);
  if (g_ptr_array_remove (self->removed, folder))
    remove_for_good (self, folder);
}

/* --- Opening and closing --- */

static void
take_record (SottoDocumentFolders *self, const SottoHistoryFolder *record)
{
  g_autoptr (GFile) file = g_file_new_for_uri (record->uri);
  g_autoptr (SottoDocumentFolder) folder = sotto_document_folder_new (record->id, file);

  sotto_document_folder_set_counts (folder, record->n_documents, record->n_unread);
  sotto_document_folders_insert (self, folder);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoDocumentFolders) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = sotto_store_list_folders_finish (SOTTO_STORE (source), result, &error);

  /* It was closed meanwhile. */
  if (self->store != SOTTO_STORE (source))
    return;
  if (records == NULL)
    {
      set_error (self, error);
      return;
    }
  for (guint i = 0; i < records->len; i++)
    {
      const SottoHistoryFolder *record = g_ptr_array_index (records, i);

      if (sotto_document_folders_lookup (self, record->id) == NULL)
        take_record (self, record);
    }
}

void
sotto_document_folders_open (SottoDocumentFolders *self, SottoStore *store)
{
  g_return_if_fail (self->store == NULL);

  self->store = g_object_ref (store);
  self->reader = sotto_folder_reader_new (store, on_looked_at, on_reading_changed, self);
  sotto_folder_reader_set_resting (self->reader, self->is_resting);
  sotto_store_list_folders_async (store, NULL, on_listed, g_object_ref (self));
}

void
sotto_document_folders_close (SottoDocumentFolders *self)
{
  const guint n = self->folders->len;

  if (self->store == NULL)
    return;

  g_hash_table_remove_all (self->watches);
  g_clear_pointer (&self->reader, sotto_folder_reader_free);
  for (guint i = 0; i < self->finds->len; i++)
    g_cancellable_cancel (g_ptr_array_index (self->finds, i));
  for (guint i = 0; i < self->removed->len; i++)
    remove_for_good (self, g_ptr_array_index (self->removed, i));
  for (guint i = 0; i < n; i++)
    sotto_document_folder_set_store (g_ptr_array_index (self->folders, i), NULL);
  g_ptr_array_set_size (self->removed, 0);
  g_ptr_array_set_size (self->folders, 0);
  g_clear_object (&self->store);
  items_changed (self, 0, n, 0);
  update_reading (self);
  set_error (self, NULL);
}

/* --- Getters --- */

gboolean
sotto_document_folders_is_reading (SottoDocumentFolders *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self), FALSE);
  return self->is_reading;
}

SottoProblem *
sotto_document_folders_get_problem (SottoDocumentFolders *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self), NULL);
  return self->problem;
}

void
sotto_document_folders_dismiss_problem (SottoDocumentFolders *self)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));
  set_error (self, NULL);
}
