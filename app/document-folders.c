#include "document-folders-private.h"

struct _SottoDocumentFolders
{
  GObject parent_instance;

  GPtrArray *folders; /* of SottoDocumentFolder, by name */
  SottoProblem *problem;
};

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

  g_ptr_array_unref (self->folders);
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
}

SottoDocumentFolders *
sotto_document_folders_new (void)
{
  return g_object_new (SOTTO_TYPE_DOCUMENT_FOLDERS, NULL);
}

gboolean
sotto_document_folders_is_reading (SottoDocumentFolders *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self), FALSE);
  return FALSE;
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
}

SottoDocumentFolder *
sotto_document_folders_lookup (SottoDocumentFolders *self, const char *id)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self), NULL);
  return NULL;
}

void
sotto_document_folders_add_async (SottoDocumentFolders *self,
                                  GFile                *folder,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "Not yet");
}

SottoDocumentFolder *
sotto_document_folders_add_finish (SottoDocumentFolders *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
sotto_document_folders_remove (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
}

void
sotto_document_folders_undo_remove (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
}

void
sotto_document_folders_forget (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
}

void
sotto_document_folders_look_again (SottoDocumentFolders *self, SottoDocumentFolder *folder)
{
}

void
sotto_document_folders_stop (SottoDocumentFolders *self)
{
}
