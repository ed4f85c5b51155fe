#include "attachment/document-row.h"

#include <glib/gi18n.h>

#include "hint.h"

struct _SottoDocumentRow {
  GtkBox parent_instance;

  /* Template Widgets */
  GtkLabel *name;
  GtkLabel *status;
  GtkProgressBar *progress;

  /* Owned */
  SottoDocument *document;
};

G_DEFINE_FINAL_TYPE (SottoDocumentRow, sotto_document_row, GTK_TYPE_BOX)

static void
update (SottoDocumentRow *self)
{
  guint n = sotto_document_get_n_pages (self->document);
  guint page = sotto_document_get_page (self->document);
  g_autofree char *page_text = sotto_number_describe (MIN (page + 1, n));
  g_autofree char *n_text = sotto_number_describe (n);
  /* Translators: how far a document has been read: the page that is being read, and how many there are */
  g_autofree char *words = n > 0 ? g_strdup_printf (_("Page %s of %s"), page_text, n_text) : g_strdup (_("Opening…"));

  gtk_label_set_label (self->status, words);
  gtk_progress_bar_set_fraction (self->progress, n > 0 ? (double) page / n : 0);
}

static void
on_cancel (SottoDocumentRow *self)
{
  sotto_document_cancel (self->document);
}

static void
sotto_document_row_dispose (GObject *object)
{
  SottoDocumentRow *self = SOTTO_DOCUMENT_ROW (object);

  g_clear_object (&self->document);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_DOCUMENT_ROW);

  G_OBJECT_CLASS (sotto_document_row_parent_class)->dispose (object);
}

static void
sotto_document_row_class_init (SottoDocumentRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_document_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/attachment/document-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoDocumentRow, name);
  gtk_widget_class_bind_template_child (widget_class, SottoDocumentRow, status);
  gtk_widget_class_bind_template_child (widget_class, SottoDocumentRow, progress);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
}

static void
sotto_document_row_init (SottoDocumentRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_hint_show_whole (self->name);
}

GtkWidget *
sotto_document_row_new (SottoDocument *document)
{
  SottoDocumentRow *self = g_object_new (SOTTO_TYPE_DOCUMENT_ROW, NULL);
  /* Translators: what screen readers call the row in which a file is being read; %s is its name */
  g_autofree char *label = g_strdup_printf (_("Reading “%s”"), sotto_document_get_name (document));

  self->document = g_object_ref (document);
  gtk_label_set_label (self->name, sotto_document_get_name (document));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_signal_connect_object (document, "notify::page", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::n-pages", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);

  return GTK_WIDGET (self);
}
