#include "composer/model-choose.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* Whoever has asked may be gone by then: a dialog of the desktop's may be open for long. */
typedef struct {
  GWeakRef parent;
  gboolean is_folder;
  SottoModelChosen chosen;
} Choosing;

static void
choosing_free (Choosing *self)
{
  g_weak_ref_clear (&self->parent);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Choosing, choosing_free)

static void
on_chosen (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (Choosing) self = user_data;
  g_autoptr (GtkWidget) parent = g_weak_ref_get (&self->parent);
  GtkFileDialog *dialog = GTK_FILE_DIALOG (source);
  g_autoptr (GFile) file = self->is_folder ? gtk_file_dialog_select_folder_finish (dialog, result, NULL)
                                           : gtk_file_dialog_open_finish (dialog, result, NULL);

  if (file != NULL && parent != NULL && gtk_widget_get_root (parent) != NULL)
    self->chosen (parent, file);
}

static void
choose_file (GtkFileDialog *dialog,
             GtkWindow     *window,
             Choosing      *choosing)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  g_autoptr (GListStore) filters = g_list_store_new (GTK_TYPE_FILE_FILTER);

  gtk_file_filter_set_name (filter, _("Models (GGUF)"));
  gtk_file_filter_add_suffix (filter, "gguf");
  g_list_store_append (filters, filter);
  gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (filters));
  gtk_file_dialog_set_title (dialog, _("Add a Model File"));
  gtk_file_dialog_open (dialog, window, NULL, on_chosen, choosing);
}

void
sotto_model_choose (GtkWidget        *parent,
                    gboolean          is_folder,
                    SottoModelChosen  chosen)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (parent));
  Choosing *self = g_new0 (Choosing, 1);

  g_weak_ref_init (&self->parent, parent);
  self->is_folder = is_folder;
  self->chosen = chosen;
  gtk_file_dialog_set_accept_label (dialog, _("_Add"));
  if (!is_folder)
    {
      choose_file (dialog, window, self);
      return;
    }

  /* In a sandbox the whole folder, once granted, stays readable. */
  gtk_file_dialog_set_title (dialog, _("Add a Models Folder"));
  gtk_file_dialog_select_folder (dialog, window, NULL, on_chosen, self);
}

void
sotto_model_refuse (GtkWidget    *parent,
                    const GError *error)
{
  g_autoptr (SottoProblem) problem = NULL;
  AdwDialog *dialog;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  problem = sotto_problem_new (error);
  dialog = adw_alert_dialog_new (_("This File Cannot Be Used"), sotto_problem_get_text (problem));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, parent);
}
