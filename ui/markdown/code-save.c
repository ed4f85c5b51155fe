#include "markdown/code-save.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#include "recent-files.h"
#include "sotto-app.h"

/* Asking may take long, and Sotto be locked meanwhile: the window is not kept for it. */
typedef struct {
  GWeakRef widget;
  GBytes *bytes;
} Saving;

static void
saving_free (Saving *self)
{
  g_weak_ref_clear (&self->widget);
  g_bytes_unref (self->bytes);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Saving, saving_free)

static void
on_saved (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (Saving) self = user_data;
  g_autoptr (GtkWidget) widget = g_weak_ref_get (&self->widget);
  g_autoptr (SottoProblem) problem = NULL;
  g_autoptr (GError) error = NULL;
  AdwDialog *dialog;

  if (sotto_file_write_bytes_finish (G_FILE (source), result, &error) || widget == NULL ||
      gtk_widget_get_root (widget) == NULL)
    return;

  problem = sotto_problem_new (error);
  dialog = adw_alert_dialog_new (_("The File Was Not Saved"), sotto_problem_get_text (problem));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, widget);
}

static void
on_place_chosen (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (Saving) self = user_data;
  g_autoptr (GFile) file = gtk_file_dialog_save_finish (GTK_FILE_DIALOG (source), result, NULL);
  GBytes *bytes = self->bytes;

  if (file == NULL)
    return;

  sotto_recent_files_forget (file);
  sotto_file_write_bytes_async (file, G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION, bytes, on_saved,
                                g_steal_pointer (&self));
}

void
sotto_code_save (GtkWidget  *widget,
                 const char *json)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autofree char *name = g_strconcat (C_("name of a file", "reply"), ".json", NULL);
  Saving *self = g_new0 (Saving, 1);

  g_weak_ref_init (&self->widget, widget);
  /* A file of text ends with a line. */
  self->bytes = g_bytes_new_take (g_strconcat (json, "\n", NULL), strlen (json) + 1);
  gtk_file_dialog_set_title (dialog, _("Save JSON"));
  gtk_file_dialog_set_accept_label (dialog, _("_Save"));
  gtk_file_dialog_set_initial_name (dialog, name);
  gtk_file_dialog_save (dialog, GTK_WINDOW (gtk_widget_get_root (widget)), NULL, on_place_chosen, self);
}
