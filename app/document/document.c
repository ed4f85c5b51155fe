#include "config.h"

#include "conversation/attachment-private.h"
#include "document/document-private.h"
#include "words.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* More than any model of today keeps in mind, and little enough to be shown at once; of a folder's documents only passages
 * are. */
const SottoDocumentBounds sotto_document_bounds = { 1024 * 1024, 5000, 120 };
const SottoDocumentBounds sotto_document_folder_bounds = { 8 * 1024 * 1024, 10000, 120 };

struct _SottoDocument {
  GObject parent_instance;

  GFile *file;
  char *name;
  GCancellable *cancellable;
  SottoDocumentBounds bounds;
  gboolean has_bounds;   /* of a test */
  gboolean is_for_folder;
  gboolean has_pages;
  gboolean is_as_named;  /* what it begins as */
  SottoAttachment *picture; /* (nullable): what has been read */
  guint page;
  guint n_pages;
};

enum {
  PROP_HAS_PAGES = 1,
  PROP_PAGE,
  PROP_N_PAGES,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (SottoDocument, sotto_document, G_TYPE_OBJECT)
G_DEFINE_QUARK (sotto-document-error, sotto_document_error)

/* --- What it becomes --- */

/* Each page says which it is, so that a reply can name it. */
static char *
join_pages (SottoDocumentPages *pages)
{
  const guint n = sotto_document_pages_get_n (pages);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      const char *page = sotto_document_pages_get_text (pages, i);

      g_string_append (text, i > 0 ? "\n" : "");
      /* Translators: above the text of a page of a document, for the reader and for the model; %u is the page's number */
      g_string_append_printf (text, *page != '\0' ? _("[Page %u]") : _("[Page %u: no text]"), i + 1);
      g_string_append_printf (text, *page != '\0' ? "\n%s\n" : "%s\n", page);
    }
  return g_string_free_and_steal (g_steal_pointer (&text));
}

/* --- Its text --- */

static gboolean
have_text (SottoDocumentPages *pages)
{
  for (guint i = 0; i < sotto_document_pages_get_n (pages); i++)
    if (*sotto_document_pages_get_text (pages, i) != '\0')
      return TRUE;
  return FALSE;
}

/* In a thread, as a folder's document may have megabytes: nobody else has these pages. */
static void
tidy_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SottoDocumentPages *pages = task_data;

  sotto_document_pages_tidy (pages);
  if (have_text (pages))
    g_task_return_pointer (task, sotto_document_pages_ref (pages), (GDestroyNotify) sotto_document_pages_unref);
  else if (sotto_document_pages_are_numbered (pages))
    g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_NO_TEXT, "No page has text");
  else
    g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_EMPTY, "There is no text");
}

/* @task: (transfer full); @pages: (transfer full) */
static void
tidy (GTask *task, SottoDocumentPages *pages)
{
  g_task_set_task_data (task, pages, (GDestroyNotify) sotto_document_pages_unref);
  g_task_run_in_thread (task, tidy_in_thread);
  g_object_unref (task);
}

/* --- What a helper reads --- */

static void
on_progress (guint page, guint n_pages, gpointer user_data)
{
  SottoDocument *self = user_data;

  g_object_freeze_notify (G_OBJECT (self));
  if (self->n_pages != n_pages)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_PAGES]);
  if (self->page != page)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAGE]);
  self->n_pages = n_pages;
  self->page = page;
  g_object_thaw_notify (G_OBJECT (self));
}

/* Not one of the kinds that are read: what its name says then is not so. */
static int
name_foreign (SottoDocument *self, const char *data, gsize length)
{
  if (!self->is_for_folder && sotto_document_is_other_picture (data, length))
    return SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT;
  return sotto_document_is_named_pdf (self->name) || sotto_document_is_named_office (self->name) ? SOTTO_DOCUMENT_ERROR_MISNAMED : SOTTO_DOCUMENT_ERROR_FOREIGN;
}

static void
on_helper_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocument *self = g_task_get_source_object (task);
  GError *error = NULL;
  SottoDocumentPages *pages = sotto_document_helper_read_finish (result, &error);

  if (pages != NULL)
    {
      tidy (g_steal_pointer (&task), pages);
      return;
    }
  /* A broken archive need not have been a document. */
  if (g_error_matches (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_FOREIGN)
      || (g_error_matches (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_DAMAGED) && !self->is_as_named))
    error->code = name_foreign (self, NULL, 0);
  g_task_return_error (task, error);
}

/* @task: (transfer full) */
static void
read_by (SottoDocument *self, SottoDocumentHelper helper, GTask *task)
{
  self->has_pages = TRUE;
  self->is_as_named = helper == SOTTO_DOCUMENT_HELPER_PDF || sotto_document_is_named_office (self->name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_PAGES]);
  sotto_document_helper_read_async (helper, self->file, &self->bounds, on_progress, self, self->cancellable, on_helper_read, task);
}

/* --- A text, or what else it is --- */

static gboolean
goes_to_helper (SottoDocument *self, SottoDocumentKind kind)
{
  return kind == SOTTO_DOCUMENT_KIND_PDF || kind == SOTTO_DOCUMENT_KIND_OFFICE
         || (kind == SOTTO_DOCUMENT_KIND_PAGE && self->is_for_folder);
}

/* In a folder a picture is nothing that could be asked. */
static gboolean
is_picture (SottoDocument *self, SottoDocumentKind kind)
{
  return kind == SOTTO_DOCUMENT_KIND_PICTURE && !self->is_for_folder;
}

static gboolean
is_wanted (const char *data, goffset length, gpointer user_data)
{
  SottoDocument *self = g_task_get_source_object (user_data);
  const SottoDocumentKind kind = sotto_document_find_kind (self->name, data, (gsize) length);

  if (is_picture (self, kind))
    return (gsize) length <= SOTTO_ATTACHMENT_MAX_PICTURE_BYTES;
  return (gsize) length <= self->bounds.max_bytes && !goes_to_helper (self, kind);
}

/* Where text was cut off, a character may have been. */
static gboolean
is_text (SottoDocument *self, const char *data, gsize length)
{
  const char *end;

  return g_utf8_validate_len (data, length, &end) || (length > self->bounds.max_bytes && data + length - end < 4);
}

/* In a message it stays as its author wrote it. @task, @text: (transfer full) */
static void
take_text (SottoDocument *self, GTask *task, char *text)
{
  SottoDocumentPages *pages = sotto_document_pages_new_whole (text);

  if (self->is_for_folder)
    {
      tidy (task, pages);
      return;
    }
  g_task_return_pointer (task, pages, (GDestroyNotify) sotto_document_pages_unref);
  g_object_unref (task);
}

/* Decoded once, so that a damaged one is refused here, and not when a reply waits for it. */
static void
on_image_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocument *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (SottoImage) image = sotto_attachment_load_image_finish (SOTTO_ATTACHMENT (source), result, &error);

  if (image == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_set_object (&self->picture, SOTTO_ATTACHMENT (source));
  g_task_return_pointer (task, NULL, NULL);
}

/* @task, @data: (transfer full) */
static void
take_picture (SottoDocument *self, GTask *task, char *data, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (data, length);
  g_autoptr (SottoAttachment) picture = NULL;

  if (length > SOTTO_ATTACHMENT_MAX_PICTURE_BYTES)
    {
      g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_LARGE, "The file is too large");
      g_object_unref (task);
      return;
    }
  picture = sotto_attachment_new_picture (self->name, NULL, bytes);
  sotto_attachment_load_image_async (picture, self->cancellable, on_image_loaded, task);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocument *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autofree char *text = NULL;
  gsize length;
  SottoDocumentKind kind;

  if (!g_file_load_partial_contents_finish (G_FILE (source), result, &text, &length, NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  kind = sotto_document_find_kind (self->name, text, length);
  if (is_picture (self, kind))
    take_picture (self, g_steal_pointer (&task), g_steal_pointer (&text), length);
  else if (goes_to_helper (self, kind))
    read_by (self, kind == SOTTO_DOCUMENT_KIND_PDF ? SOTTO_DOCUMENT_HELPER_PDF : SOTTO_DOCUMENT_HELPER_OFFICE, g_steal_pointer (&task));
  else if (!is_text (self, text, length))
    {
      if (sotto_document_begins_later_as_pdf (text, length))
        read_by (self, SOTTO_DOCUMENT_HELPER_PDF, g_steal_pointer (&task));
      else
        g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, name_foreign (self, text, length), "No text, and of no kind that is read");
    }
  else if (length > self->bounds.max_bytes)
    g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_TOO_LARGE, "The file is too large");
  else
    take_text (self, g_steal_pointer (&task), g_steal_pointer (&text));
}

/* To a task whose result are its pages, whatever it is wanted for; NULL: it is a picture. */
static void
read_file (SottoDocument *self, gboolean is_for_folder, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, callback, user_data);

  g_task_set_static_name (task, "sotto read a document");
  self->is_for_folder = is_for_folder;
  if (!self->has_bounds)
    self->bounds = is_for_folder ? sotto_document_folder_bounds : sotto_document_bounds;
  g_file_load_partial_contents_async (self->file, self->cancellable, is_wanted, on_loaded, g_steal_pointer (&task));
}

void
sotto_document_read_async (SottoDocument *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT (self));
  read_file (self, FALSE, callback, user_data);
}

SottoAttachment *
sotto_document_read_finish (SottoDocument *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SottoDocumentPages) pages = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  pages = g_task_propagate_pointer (G_TASK (result), &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (pages == NULL)
    return g_object_ref (self->picture);
  if (sotto_document_pages_are_numbered (pages))
    return sotto_attachment_new (self->name, NULL, join_pages (pages), sotto_document_pages_get_n (pages));
  return sotto_attachment_new (self->name, NULL, g_strdup (sotto_document_pages_get_text (pages, 0)), 0);
}

void
sotto_document_read_pages_async (SottoDocument *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT (self));
  read_file (self, TRUE, callback, user_data);
}

static void
document_page_free (SottoDocumentPage *page)
{
  g_free (page->text);
  g_free (page);
}

GPtrArray *
sotto_document_read_pages_finish (SottoDocument *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SottoDocumentPages) pages = NULL;
  GPtrArray *list;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  pages = g_task_propagate_pointer (G_TASK (result), error);
  if (pages == NULL)
    return NULL;
  list = g_ptr_array_new_with_free_func ((GDestroyNotify) document_page_free);
  for (guint i = 0; i < sotto_document_pages_get_n (pages); i++)
    {
      const char *text = sotto_document_pages_get_text (pages, i);

      if (*text != '\0')
        {
          SottoDocumentPage *page = g_new (SottoDocumentPage, 1);

          page->number = sotto_document_pages_are_numbered (pages) ? i + 1 : 0;
          page->text = g_strdup (text);
          g_ptr_array_add (list, page);
        }
    }
  return list;
}

void
sotto_document_cancel (SottoDocument *self)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT (self));
  g_cancellable_cancel (self->cancellable);
}

/* --- What is known of it --- */

GFile *
sotto_document_get_file (SottoDocument *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT (self), NULL);
  return self->file;
}

const char *
sotto_document_get_name (SottoDocument *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT (self), NULL);
  return self->name;
}

gboolean
sotto_document_has_pages (SottoDocument *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT (self), FALSE);
  return self->has_pages;
}

guint
sotto_document_get_page (SottoDocument *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT (self), 0);
  return self->page;
}

guint
sotto_document_get_n_pages (SottoDocument *self)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT (self), 0);
  return self->n_pages;
}

char *
sotto_document_describe_error (SottoDocument *self, const GError *error)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT (self), NULL);
  return sotto_words_for_document (self->name, error);
}

char *
sotto_document_describe_error_of (const char *name, const GError *error)
{
  g_return_val_if_fail (name != NULL && error != NULL, NULL);
  return sotto_words_for_document (name, error);
}

void
sotto_document_set_bounds (SottoDocument *self, const SottoDocumentBounds *bounds)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT (self));
  self->bounds = *bounds;
  self->has_bounds = TRUE;
}

/* --- The object --- */

static void
sotto_document_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SottoDocument *self = SOTTO_DOCUMENT (object);

  switch (id)
    {
    case PROP_HAS_PAGES:
      g_value_set_boolean (value, self->has_pages);
      break;
    case PROP_PAGE:
      g_value_set_uint (value, self->page);
      break;
    case PROP_N_PAGES:
      g_value_set_uint (value, self->n_pages);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sotto_document_finalize (GObject *object)
{
  SottoDocument *self = SOTTO_DOCUMENT (object);

  g_object_unref (self->file);
  g_object_unref (self->cancellable);
  g_clear_object (&self->picture);
  g_free (self->name);

  G_OBJECT_CLASS (sotto_document_parent_class)->finalize (object);
}

static void
sotto_document_class_init (SottoDocumentClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sotto_document_get_property;
  object_class->finalize = sotto_document_finalize;
  properties[PROP_HAS_PAGES] = g_param_spec_boolean ("has-pages", NULL, NULL, FALSE, flags);
  properties[PROP_PAGE] = g_param_spec_uint ("page", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_PAGES] = g_param_spec_uint ("n-pages", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
sotto_document_init (SottoDocument *self)
{
  self->cancellable = g_cancellable_new ();
}

SottoDocument *
sotto_document_new (GFile *file)
{
  SottoDocument *self;
  g_autofree char *base = NULL;

  g_return_val_if_fail (G_IS_FILE (file), NULL);

  self = g_object_new (SOTTO_TYPE_DOCUMENT, NULL);
  self->file = g_object_ref (file);
  base = g_file_get_basename (file);
  self->name = g_filename_display_name (base != NULL ? base : "");
  g_strdelimit (self->name, "\r\n", ' ');
  return self;
}
