#include "folder/folder-row.h"

#include "hint.h"

struct _SottoFolderRow {
  GtkListBoxRow parent_instance;

  /* Template Widgets */
  GtkWidget *icon;
  GtkLabel *name;
  GtkLabel *status;
  GtkProgressBar *progress;

  /* Owned */
  SottoDocumentFolder *folder;
};

G_DEFINE_FINAL_TYPE (SottoFolderRow, sotto_folder_row, GTK_TYPE_LIST_BOX_ROW)

const char *
sotto_folder_get_words (SottoDocumentFolder *folder)
{
  SottoProblem *problem = sotto_document_folder_get_problem (folder);

  return problem != NULL ? sotto_problem_get_text (problem) : sotto_document_folder_get_status_text (folder);
}

gboolean
sotto_folder_is_at_work (SottoDocumentFolder *folder)
{
  SottoFolderState state = sotto_document_folder_get_state (folder);

  return state == SOTTO_FOLDER_STATE_WAITING || state == SOTTO_FOLDER_STATE_LOOKING || state == SOTTO_FOLDER_STATE_READING;
}

static void
set_class (GtkWidget  *widget,
           const char *name,
           gboolean    has)
{
  if (has)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
update (SottoFolderRow *self)
{
  SottoFolderState state = sotto_document_folder_get_state (self->folder);
  const char *words = sotto_folder_get_words (self->folder);
  gboolean is_missing = state == SOTTO_FOLDER_STATE_MISSING;
  gboolean has_failed = state == SOTTO_FOLDER_STATE_FAILED;

  gtk_label_set_label (self->name, sotto_document_folder_get_name (self->folder));
  gtk_label_set_label (self->status, words);
  gtk_widget_set_visible (GTK_WIDGET (self->status), *words != '\0');
  gtk_widget_set_visible (GTK_WIDGET (self->progress), state == SOTTO_FOLDER_STATE_READING);
  gtk_progress_bar_set_fraction (self->progress, sotto_document_folder_get_fraction (self->folder));
  /* Its words say why, and are the one thing about it that is not quiet. */
  set_class (self->icon, "dimmed", is_missing);
  set_class (GTK_WIDGET (self->name), "dimmed", is_missing);
  set_class (GTK_WIDGET (self->status), "dimmed", !is_missing && !has_failed);
  set_class (GTK_WIDGET (self->status), "error", has_failed);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, sotto_document_folder_get_name (self->folder),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words,
                                  -1);
}

SottoDocumentFolder *
sotto_folder_row_get_folder (SottoFolderRow *self)
{
  g_return_val_if_fail (SOTTO_IS_FOLDER_ROW (self), NULL);

  return self->folder;
}

static void
sotto_folder_row_dispose (GObject *object)
{
  SottoFolderRow *self = SOTTO_FOLDER_ROW (object);

  if (self->folder != NULL)
    g_signal_handlers_disconnect_by_data (self->folder, self);
  g_clear_object (&self->folder);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_FOLDER_ROW);

  G_OBJECT_CLASS (sotto_folder_row_parent_class)->dispose (object);
}

static void
sotto_folder_row_class_init (SottoFolderRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_folder_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/folder/folder-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoFolderRow, icon);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderRow, name);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderRow, status);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderRow, progress);
}

static void
sotto_folder_row_init (SottoFolderRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_hint_show_whole (self->name);
}

GtkWidget *
sotto_folder_row_new (SottoDocumentFolder *folder)
{
  SottoFolderRow *self = g_object_new (SOTTO_TYPE_FOLDER_ROW, NULL);

  self->folder = g_object_ref (folder);
  g_signal_connect_object (folder, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);

  return GTK_WIDGET (self);
}
