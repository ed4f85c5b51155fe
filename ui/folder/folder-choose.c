#include "folder/folder-choose.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "recent-files.h"

/* A dialog of the desktop's may be open for long, and Sotto be locked meanwhile: it keeps nobody. */
typedef struct {
  GWeakRef parent;
  GWeakRef folders;
  GWeakRef conversation;
} Adding;

static void
adding_free (Adding *self)
{
  g_weak_ref_clear (&self->parent);
  g_weak_ref_clear (&self->folders);
  g_weak_ref_clear (&self->conversation);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Adding, adding_free)

static void
on_added (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (Adding) self = user_data;
  g_autoptr (GtkWidget) parent = g_weak_ref_get (&self->parent);
  g_autoptr (SottoConversation) conversation = g_weak_ref_get (&self->conversation);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoDocumentFolder) folder =
    sotto_document_folders_add_finish (SOTTO_DOCUMENT_FOLDERS (source), result, &error);

  if (folder != NULL && conversation != NULL)
    sotto_conversation_set_asks_folder (conversation, folder, TRUE);
  else if (folder == NULL && parent != NULL && gtk_widget_get_root (parent) != NULL)
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);
      AdwDialog *dialog = adw_alert_dialog_new (_("This Folder Cannot Be Added"), sotto_problem_get_text (problem));

      adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
      adw_dialog_present (dialog, parent);
    }
}

static void
on_chosen (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (Adding) self = user_data;
  g_autoptr (GtkWidget) parent = g_weak_ref_get (&self->parent);
  g_autoptr (SottoDocumentFolders) folders = g_weak_ref_get (&self->folders);
  g_autoptr (GFile) file = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (source), result, NULL);

  if (file != NULL)
    sotto_recent_files_forget (file);
  if (file != NULL && folders != NULL && parent != NULL && gtk_widget_get_root (parent) != NULL)
    sotto_document_folders_add_async (folders, file, NULL, on_added, g_steal_pointer (&self));
}

void
sotto_folder_choose (GtkWidget            *parent,
                  SottoDocumentFolders *folders,
                  SottoConversation    *conversation)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  Adding *self = g_new0 (Adding, 1);

  g_weak_ref_init (&self->parent, parent);
  g_weak_ref_init (&self->folders, folders);
  g_weak_ref_init (&self->conversation, conversation);
  gtk_file_dialog_set_title (dialog, _("Add a Folder of Documents"));
  gtk_file_dialog_set_accept_label (dialog, _("_Add"));
  gtk_file_dialog_select_folder (dialog, GTK_WINDOW (gtk_widget_get_root (parent)), NULL, on_chosen, self);
}
