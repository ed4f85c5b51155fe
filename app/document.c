#include "config.h"

#include "document-private.h"
#include "words.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* More than any model of today keeps in mind, and little enough to be shown at once */
#define MAX_BYTES (1024 * 1024)

const SottoDocumentBounds sotto_document_bounds = { MAX_BYTES, 5000, 120 };

struct _SottoDocument {
  GObject parent_instance;

  GFile *file;
  char *name;
  GCancellable *cancellable;
  SottoDocumentBounds bounds;
  gboolean has_pages;
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

/* Whatever the file holds, the block ends behind it. */
static char *
create_fence (const char *text)
{
  gsize longest = 2;
  gsize run = 0;

  for (const char *p = text; *p != '\0'; p++)
    {
      run = *p == '`' ? run + 1 : 0;
      longest = MAX (longest, run);
    }
  return g_strnfill (longest + 1, '`');
}

static char *
write_block (SottoDocument *self, const char *text)
{
  g_autofree char *fence = create_fence (text);

  return g_strdup_printf ("%s:\n\n%s\n%s%s%s\n", self->name, fence, text,
                          *text != '\0' && !g_str_has_suffix (text, "\n") ? "\n" : "", fence);
}

/* One block for all of them, since a message with thousands would be shown as plain text; each page says which it is, so
 * that a reply can name it. */
static char *
write_pages (SottoDocument *self, SottoDocumentPages *pages, GError **error)
{
  const guint n = sotto_document_pages_get_n (pages);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean has_text = FALSE;

  sotto_document_pages_tidy (pages);
  for (guint i = 0; i < n; i++)
    {
      const char *page = sotto_document_pages_get_text (pages, i);

      has_text = has_text || *page != '\0';
      g_string_append (text, i > 0 ? "\n" : "");
      /* Translators: above the text of a page of a document, for the reader and for the model; %u is the page's number */
      g_string_append_printf (text, *page != '\0' ? _("[Page %u]") : _("[Page %u: no text]"), i + 1);
      g_string_append_printf (text, *page != '\0' ? "\n%s\n" : "%s\n", page);
    }
  if (!has_text)
    {
      g_set_error_literal (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_NO_TEXT, "No page has text");
      return NULL;
    }
  return write_block (self, text->str);
}

/* --- A PDF --- */

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

static void
on_pdf_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocument *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (SottoDocumentPages) pages = sotto_document_pdf_read_finish (result, &error);
  char *text = pages != NULL ? write_pages (self, pages, &error) : NULL;

  if (text != NULL)
    g_task_return_pointer (task, text, g_free);
  else
    g_task_return_error (task, error);
}

/* @task: (transfer full) */
static void
read_pdf (SottoDocument *self, GTask *task)
{
  self->has_pages = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_PAGES]);
  sotto_document_pdf_read_async (self->file, &self->bounds, on_progress, self, self->cancellable, on_pdf_read, task);
}

/* --- A text, or what else it is --- */

#define PDF_BEGINS "%PDF-"

static gboolean
begins_as_pdf (const char *data, gsize length)
{
  return length >= strlen (PDF_BEGINS) && memcmp (data, PDF_BEGINS, strlen (PDF_BEGINS)) == 0;
}

/* Readers take a PDF for one if it begins somewhere in its first kilobyte. */
static gboolean
begins_later_as_pdf (const char *data, gsize length)
{
  return memmem (data, MIN (length, 1024), PDF_BEGINS, strlen (PDF_BEGINS)) != NULL;
}

static gboolean
is_wanted (const char *data, goffset length, gpointer user_data)
{
  return length <= MAX_BYTES && !begins_as_pdf (data, (gsize) length);
}

/* Where text was cut off, a character may have been. */
static gboolean
is_text (const char *data, gsize length)
{
  const char *end;

  return g_utf8_validate_len (data, length, &end) || (length > MAX_BYTES && data + length - end < 4);
}

static gboolean
calls_itself_pdf (SottoDocument *self)
{
  g_autofree char *folded = g_ascii_strdown (self->name, -1);

  return g_str_has_suffix (folded, ".pdf");
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocument *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autofree char *text = NULL;
  gsize length;
  gboolean text_like;

  if (!g_file_load_partial_contents_finish (G_FILE (source), result, &text, &length, NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  text_like = is_text (text, length);
  if (begins_as_pdf (text, length) || (!text_like && begins_later_as_pdf (text, length)))
    read_pdf (self, g_steal_pointer (&task));
  else if (!text_like)
    g_task_return_new_error (task, SOTTO_DOCUMENT_ERROR, calls_itself_pdf (self) ? SOTTO_DOCUMENT_ERROR_NOT_PDF
                                                                               : SOTTO_DOCUMENT_ERROR_FOREIGN,
                             "Not a text, and not a PDF");
  else if (length > MAX_BYTES)
    g_task_return_new_error (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_TOO_LARGE, "The file is too large");
  else
    g_task_return_pointer (task, write_block (self, text), g_free);
}

void
sotto_document_read_async (SottoDocument *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SOTTO_IS_DOCUMENT (self));

  task = g_task_new (self, self->cancellable, callback, user_data);
  g_task_set_static_name (task, "sotto read a document");
  g_file_load_partial_contents_async (self->file, self->cancellable, is_wanted, on_loaded, g_steal_pointer (&task));
}

char *
sotto_document_read_finish (SottoDocument *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
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

void
sotto_document_set_bounds (SottoDocument *self, const SottoDocumentBounds *bounds)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT (self));
  self->bounds = *bounds;
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
  self->bounds = sotto_document_bounds;
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
