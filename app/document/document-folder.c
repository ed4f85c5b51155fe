#include "config.h"

#include "document/document-folder-private.h"

#include <glib/gi18n-lib.h>

#include "document/folder-problem.h"
#include "document/folder-walk.h"
#include "numbers.h"

/* A folder as people see it. Who reads it is folder-reader.c. */

struct _SottoDocumentFolder
{
  GObject parent_instance;

  char *id;
  GFile *file;
  char *name;
  SottoFolderState state;
  guint n_documents;
  guint n_unread;
  gboolean is_cut; /* there are more */
  char *current; /* the document being read */
  guint position; /* from 1, of n_to_read */
  guint n_to_read;
  char *status_text;
  SottoProblem *problem;
  SottoStore *store; /* NULL: it is not open */
};

enum {
  PROP_0,
  PROP_ID,
  PROP_FILE,
  PROP_NAME,
  PROP_STATE,
  PROP_N_DOCUMENTS,
  PROP_N_UNREAD,
  PROP_FRACTION,
  PROP_STATUS_TEXT,
  PROP_PROBLEM,
  N_PROPS
};

G_DEFINE_ENUM_TYPE (SottoFolderState, sotto_folder_state,
  G_DEFINE_ENUM_VALUE (SOTTO_FOLDER_STATE_WAITING, "waiting"),
  G_DEFINE_ENUM_VALUE (SOTTO_FOLDER_STATE_LOOKING, "looking"),
  G_DEFINE_ENUM_VALUE (SOTTO_FOLDER_STATE_READING, "reading"),
  G_DEFINE_ENUM_VALUE (SOTTO_FOLDER_STATE_READY, "ready"),
  G_DEFINE_ENUM_VALUE (SOTTO_FOLDER_STATE_MISSING, "missing"),
  G_DEFINE_ENUM_VALUE (SOTTO_FOLDER_STATE_FAILED, "failed"))

G_DEFINE_FINAL_TYPE (SottoDocumentFolder, sotto_document_folder, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
sotto_document_folder_finalize (GObject *object)
{
  SottoDocumentFolder *self = SOTTO_DOCUMENT_FOLDER (object);

  g_free (self->id);
  g_clear_object (&self->file);
  g_free (self->name);
  g_free (self->current);
  g_free (self->status_text);
  g_clear_object (&self->problem);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (sotto_document_folder_parent_class)->finalize (object);
}

static void
sotto_document_folder_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoDocumentFolder *self = SOTTO_DOCUMENT_FOLDER (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_FILE:
      g_value_set_object (value, self->file);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_N_DOCUMENTS:
      g_value_set_uint (value, self->n_documents);
      break;
    case PROP_N_UNREAD:
      g_value_set_uint (value, self->n_unread);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, sotto_document_folder_get_fraction (self));
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, self->status_text);
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_document_folder_class_init (SottoDocumentFolderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_document_folder_finalize;
  object_class->get_property = sotto_document_folder_get_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  properties[PROP_FILE] = g_param_spec_object ("file", NULL, NULL, G_TYPE_FILE, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SOTTO_TYPE_FOLDER_STATE, SOTTO_FOLDER_STATE_WAITING,
                                              flags);
  properties[PROP_N_DOCUMENTS] = g_param_spec_uint ("n-documents", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_UNREAD] = g_param_spec_uint ("n-unread", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, "", flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_document_folder_init (SottoDocumentFolder *self)
{
  self->status_text = g_strdup ("");
}

/* --- What is said of it --- */

static char *
describe_documents (SottoDocumentFolder *self)
{
  g_autofree char *documents = sotto_number_describe (self->n_documents);
  g_autofree char *unread = sotto_number_describe (self->n_unread);
  g_autofree char *first = NULL;

  if (self->n_documents == 0 && self->n_unread == 0)
    return g_strdup (_("No documents"));

  first = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s document", "%s documents", self->n_documents), documents);
  if (self->is_cut)
    /* Translators: %s is “12,000 documents”; of a folder that holds more than can be looked at */
    return g_strdup_printf (_("%s; there are more than Sotto reads"), first);
  if (self->n_unread == 0)
    return g_steal_pointer (&first);

  /* Translators: the first %s is “12 documents”, the second a number */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s, %s could not be read", "%s, %s could not be read",
                                       self->n_unread), first, unread);
}

static char *
describe (SottoDocumentFolder *self)
{
  switch (self->state)
    {
    case SOTTO_FOLDER_STATE_LOOKING:
      /* Translators: a folder of documents is being looked through for what is new in it */
      return g_strdup (_("Looking for documents…"));
    case SOTTO_FOLDER_STATE_READING:
      {
        g_autofree char *position = sotto_number_describe (self->position);
        g_autofree char *n = sotto_number_describe (self->n_to_read);

        /* Translators: “Reading 5 of 40: report.pdf” */
        return g_strdup_printf (_("Reading %s of %s: %s"), position, n, self->current != NULL ? self->current : "");
      }
    case SOTTO_FOLDER_STATE_MISSING:
      /* Translators: of a folder that is on a drive that is not plugged in */
      return g_strdup (_("Not there now"));
    case SOTTO_FOLDER_STATE_FAILED:
      if (self->problem != NULL)
        return g_strdup (sotto_problem_get_text (self->problem));
      return describe_documents (self);
    case SOTTO_FOLDER_STATE_WAITING:
      if (self->n_documents == 0 && self->n_unread == 0)
        /* Translators: of a folder whose documents will be read when others have been */
        return g_strdup (_("Waiting"));
      return describe_documents (self);
    case SOTTO_FOLDER_STATE_READY:
    default:
      return describe_documents (self);
    }
}

static void
update_status_text (SottoDocumentFolder *self)
{
  g_autofree char *text = describe (self);

  if (g_set_str (&self->status_text, text))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS_TEXT]);
}

/* --- What changes --- */

SottoDocumentFolder *
sotto_document_folder_new (const char *id, GFile *file)
{
  SottoDocumentFolder *self = g_object_new (SOTTO_TYPE_DOCUMENT_FOLDER, NULL);
  g_autofree char *base = g_file_get_basename (file);

  self->id = g_strdup (id);
  self->file = g_object_ref (file);
  self->name = g_filename_display_name (base != NULL ? base : "");
  g_strdelimit (self->name, "\r\n", ' ');
  update_status_text (self);
  return self;
}

void
sotto_document_folder_set_state (SottoDocumentFolder *self, SottoFolderState state)
{
  if (self->state == state)
    return;

  g_object_freeze_notify (G_OBJECT (self));
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (state != SOTTO_FOLDER_STATE_READING)
    {
      g_clear_pointer (&self->current, g_free);
      self->position = 0;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
    }
  if (state != SOTTO_FOLDER_STATE_FAILED && g_set_object (&self->problem, NULL))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
  update_status_text (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
sotto_document_folder_set_counts (SottoDocumentFolder *self, guint n_documents, guint n_unread)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (self->n_documents != n_documents)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_DOCUMENTS]);
  if (self->n_unread != n_unread)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_UNREAD]);
  self->n_documents = n_documents;
  self->n_unread = n_unread;
  update_status_text (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
sotto_document_folder_set_is_cut (SottoDocumentFolder *self, gboolean is_cut)
{
  self->is_cut = is_cut;
  update_status_text (self);
}

void
sotto_document_folder_set_progress (SottoDocumentFolder *self, const char *name, guint position, guint n)
{
  g_object_freeze_notify (G_OBJECT (self));
  sotto_document_folder_set_state (self, SOTTO_FOLDER_STATE_READING);
  g_set_str (&self->current, name);
  self->position = position;
  self->n_to_read = n;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
  update_status_text (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
sotto_document_folder_set_error (SottoDocumentFolder *self, const GError *error)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_clear_object (&self->problem);
  self->problem = sotto_problem_new (error);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
  sotto_document_folder_set_state (self, SOTTO_FOLDER_STATE_FAILED);
  update_status_text (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
sotto_document_folder_set_store (SottoDocumentFolder *self, SottoStore *store)
{
  g_set_object (&self->store, store);
}

/* --- What could not be read --- */

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) documents = sotto_store_list_documents_finish (SOTTO_STORE (source), result, &error);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (documents == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < documents->len; i++)
    {
      const SottoHistoryDocument *document = g_ptr_array_index (documents, i);

      if (document->problem == NULL)
        continue;
      g_strv_builder_take (builder, sotto_folder_display_path (document->path));
      g_strv_builder_add (builder, sotto_words_for_folder_problem (document->problem));
    }
  g_task_return_pointer (task, g_strv_builder_end (builder), (GDestroyNotify) g_strfreev);
}

void
sotto_document_folder_list_unread_async (SottoDocumentFolder *self,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  if (self->store != NULL)
    sotto_store_list_documents_async (self->store, self->id, cancellable, on_listed, g_steal_pointer (&task));
  else
    g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "The history is not open");
}

char **
sotto_document_folder_list_unread_finish (SottoDocumentFolder *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Getters --- */

const char *
sotto_document_folder_get_id (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), NULL);
  return self->id;
}

GFile *
sotto_document_folder_get_file (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), NULL);
  return self->file;
}

const char *
sotto_document_folder_get_name (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), NULL);
  return self->name;
}

SottoFolderState
sotto_document_folder_get_state (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), SOTTO_FOLDER_STATE_WAITING);
  return self->state;
}

guint
sotto_document_folder_get_n_documents (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), 0);
  return self->n_documents;
}

guint
sotto_document_folder_get_n_unread (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), 0);
  return self->n_unread;
}

double
sotto_document_folder_get_fraction (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), 0);
  return self->position > 0 && self->n_to_read > 0 ? (double) (self->position - 1) / self->n_to_read : 0;
}

const char *
sotto_document_folder_get_status_text (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), NULL);
  return self->status_text;
}

SottoProblem *
sotto_document_folder_get_problem (SottoDocumentFolder *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_FOLDER (self), NULL);
  return self->problem;
}
