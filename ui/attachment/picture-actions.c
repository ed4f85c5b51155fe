#include "attachment/picture-actions.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "recent-files.h"
#include "window.h"

void
sotto_picture_say (GtkWidget  *widget,
                   const char *words)
{
  GtkWidget *window = gtk_widget_get_ancestor (widget, SOTTO_TYPE_WINDOW);
  AdwToast *toast;

  if (window == NULL)
    return;

  toast = adw_toast_new (words);
  adw_toast_set_use_markup (toast, FALSE);
  sotto_window_add_toast (SOTTO_WINDOW (window), toast);
  gtk_accessible_announce (GTK_ACCESSIBLE (widget), words, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

GdkTexture *
sotto_picture_create_texture (const SottoPixels *pixels)
{
  return gdk_memory_texture_new ((int) pixels->width, (int) pixels->height, GDK_MEMORY_R8G8B8, pixels->bytes,
                                 3 * (gsize) pixels->width);
}

/* --- Copying --- */

static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GtkWidget) widget = user_data;
  g_autoptr (SottoPixels) pixels = sotto_pixels_load_finish (SOTTO_ATTACHMENT (source), result, NULL);
  g_autoptr (GdkTexture) texture = pixels != NULL ? sotto_picture_create_texture (pixels) : NULL;

  /* It may have been locked meanwhile. */
  if (gtk_widget_get_root (widget) == NULL)
    return;

  if (texture == NULL)
    {
      sotto_picture_say (widget, _("This picture cannot be shown"));
      return;
    }
  gdk_clipboard_set_texture (gtk_widget_get_clipboard (widget), texture);
  gtk_accessible_announce (GTK_ACCESSIBLE (widget), _("Copied"), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

void
sotto_picture_copy (GtkWidget       *widget,
                    SottoAttachment *attachment)
{
  sotto_pixels_load_async (attachment, 0, 0, FALSE, NULL, on_loaded, g_object_ref (widget));
}

/* --- Saving --- */

typedef struct {
  GtkWidget *widget;
  SottoAttachment *attachment;
  GFile *file;   /* NULL: not chosen yet */
} Saving;

static void
saving_free (Saving *saving)
{
  g_object_unref (saving->widget);
  g_object_unref (saving->attachment);
  g_clear_object (&saving->file);
  g_free (saving);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Saving, saving_free)

static void
tell (Saving *saving,
      GError *error)
{
  g_autoptr (SottoProblem) problem = NULL;
  AdwDialog *dialog;

  if (gtk_widget_get_root (saving->widget) == NULL)
    return;

  problem = sotto_problem_new (error);
  dialog = adw_alert_dialog_new (_("The Picture Was Not Saved"), sotto_problem_get_text (problem));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, saving->widget);
}

static void
on_saved (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (Saving) saving = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_file_write_bytes_finish (G_FILE (source), result, &error))
    tell (saving, error);
}

static void
on_file_read (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (Saving) saving = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) data = sotto_attachment_load_data_finish (SOTTO_ATTACHMENT (source), result, &error);
  GFile *file = saving->file;

  if (data == NULL)
    tell (saving, error);
  else
    sotto_file_write_bytes_async (file, G_FILE_CREATE_REPLACE_DESTINATION, data, on_saved, g_steal_pointer (&saving));
}

static void
on_place_chosen (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (Saving) saving = user_data;

  saving->file = gtk_file_dialog_save_finish (GTK_FILE_DIALOG (source), result, NULL);
  if (saving->file == NULL)
    return;

  sotto_recent_files_forget (saving->file);
  sotto_attachment_load_data_async (saving->attachment, NULL, on_file_read, g_steal_pointer (&saving));
}

void
sotto_picture_save (GtkWidget       *widget,
                    SottoAttachment *attachment)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autofree char *name = g_strdelimit (g_strdup (sotto_attachment_get_name (attachment)), G_DIR_SEPARATOR_S, '-');
  Saving *saving = g_new0 (Saving, 1);

  saving->widget = g_object_ref (widget);
  saving->attachment = g_object_ref (attachment);
  gtk_file_dialog_set_title (dialog, _("Save Picture"));
  gtk_file_dialog_set_accept_label (dialog, _("_Save"));
  gtk_file_dialog_set_initial_name (dialog, name);
  gtk_file_dialog_save (dialog, GTK_WINDOW (gtk_widget_get_root (widget)), NULL, on_place_chosen, saving);
}
