#include "folder/folders-dialog.h"

#include <glib/gi18n.h>

#include "banner.h"
#include "folder/folder-choose.h"
#include "folder/folder-page.h"
#include "folder/folder-row.h"
#include "folder/meaning-group.h"
#include "toast.h"

#define SOTTO_TYPE_FOLDERS_DIALOG (sotto_folders_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SottoFoldersDialog, sotto_folders_dialog, SOTTO, FOLDERS_DIALOG, AdwDialog)

struct _SottoFoldersDialog {
  AdwDialog parent_instance;

  /* Template Widgets */
  AdwToastOverlay *toasts;
  AdwNavigationView *view;
  GtkWidget *add_button;
  AdwBanner *banner;
  GtkStack *stack;
  AdwStatusPage *empty_page;
  GtkWidget *first_button;
  GtkListBox *list;
  SottoMeaningGroup *meaning_group;

  /* Owned */
  SottoWindow *window;
  SottoDocumentFolders *folders;
  SottoConversation *conversation;  /* (nullable): asks what is added */
  GPtrArray *removed;               /* of AdwToast: folders that can still be brought back */
};

G_DEFINE_FINAL_TYPE (SottoFoldersDialog, sotto_folders_dialog, ADW_TYPE_DIALOG)

/* --- Removing --- */

/* A folder that was removed, with its toast */
typedef struct {
  SottoDocumentFolders *folders;
  SottoDocumentFolder *folder;
  gboolean is_settled; /* it came back, or another toast has it now */
} Removed;

static void
removed_free (gpointer data)
{
  Removed *removed = data;

  g_object_unref (removed->folders);
  g_object_unref (removed->folder);
  g_free (removed);
}

static Removed *
get_removed (AdwToast *toast)
{
  return g_object_get_data (G_OBJECT (toast), "removed");
}

static void
on_undo (AdwToast *toast)
{
  Removed *removed = get_removed (toast);

  /* It slides away, and there is nothing left to bring back. */
  if (removed->is_settled)
    return;

  removed->is_settled = TRUE;
  sotto_document_folders_undo_remove (removed->folders, removed->folder);
}

static void
on_dismissed (AdwToast *toast)
{
  Removed *removed = get_removed (toast);

  if (!removed->is_settled)
    sotto_document_folders_forget (removed->folders, removed->folder);
  removed->is_settled = TRUE;
}

static AdwToast *
create_toast (SottoDocumentFolders *folders,
              SottoDocumentFolder  *folder)
{
  Removed *removed = g_new0 (Removed, 1);
  /* Translators: %s is the name of a folder of documents */
  g_autofree char *title = g_strdup_printf (C_("folder", "“%s” removed"), sotto_document_folder_get_name (folder));
  AdwToast *toast = adw_toast_new (title);

  removed->folders = g_object_ref (folders);
  removed->folder = g_object_ref (folder);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  g_object_set_data_full (G_OBJECT (toast), "removed", removed, removed_free);
  g_signal_connect (toast, "button-clicked", G_CALLBACK (on_undo), NULL);
  g_signal_connect (toast, "dismissed", G_CALLBACK (on_dismissed), NULL);

  return toast;
}

static void
on_remove (SottoFoldersDialog  *self,
           SottoDocumentFolder *folder)
{
  g_autoptr (SottoDocumentFolder) kept = g_object_ref (folder);
  AdwToast *toast = create_toast (self->folders, kept);

  adw_navigation_view_pop_to_tag (self->view, "list");
  sotto_document_folders_remove (self->folders, kept);
  g_ptr_array_add (self->removed, g_object_ref (toast));
  sotto_toast_wrap (toast, GTK_WIDGET (self->toasts));
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* Whoever closes the dialog may still think better of it: the window has the way back then. */
static void
on_closed (SottoFoldersDialog *self)
{
  gboolean is_ready = sotto_app_get_state (sotto_window_get_app (self->window)) == SOTTO_APP_STATE_READY;

  for (guint i = 0; i < self->removed->len; i++)
    {
      Removed *removed = get_removed (g_ptr_array_index (self->removed, i));

      if (removed->is_settled || !is_ready)
        continue;
      removed->is_settled = TRUE;
      sotto_window_add_toast (self->window, create_toast (removed->folders, removed->folder));
    }
  g_ptr_array_set_size (self->removed, 0);
}

/* --- The list --- */

static GtkWidget *
create_row (gpointer item,
            gpointer user_data)
{
  return sotto_folder_row_new (item);
}

static void
on_row_activated (SottoFoldersDialog *self,
                  SottoFolderRow     *row)
{
  AdwNavigationPage *page = sotto_folder_page_new (self->folders, sotto_folder_row_get_folder (row));

  g_signal_connect_object (page, "remove", G_CALLBACK (on_remove), self, G_CONNECT_SWAPPED);
  adw_navigation_view_push (self->view, page);
}

/* The button that had the keyboard may be on the page that goes. */
static void
update_list (SottoFoldersDialog *self)
{
  gboolean is_empty = g_list_model_get_n_items (G_LIST_MODEL (self->folders)) == 0;

  gtk_stack_set_visible_child_name (self->stack, is_empty ? "empty" : "list");
  gtk_widget_set_visible (self->add_button, !is_empty);
  adw_dialog_set_focus (ADW_DIALOG (self), is_empty ? self->first_button : self->add_button);
}

static void
update_problem (SottoFoldersDialog *self)
{
  SottoProblem *problem = sotto_document_folders_get_problem (self->folders);

  if (problem != NULL)
    {
      adw_banner_set_title (self->banner, sotto_problem_get_text (problem));
      gtk_accessible_announce (GTK_ACCESSIBLE (self), sotto_problem_get_text (problem),
                               GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
    }
  sotto_banner_set_revealed (self->banner, problem != NULL);
}

static void
on_dismiss (SottoFoldersDialog *self)
{
  sotto_document_folders_dismiss_problem (self->folders);
}

static void
on_add (SottoFoldersDialog *self)
{
  sotto_folder_choose (GTK_WIDGET (self), self->folders, self->conversation);
}

/* --- The dialog --- */

static void
sotto_folders_dialog_dispose (GObject *object)
{
  SottoFoldersDialog *self = SOTTO_FOLDERS_DIALOG (object);

  g_clear_object (&self->window);
  g_clear_object (&self->folders);
  g_clear_object (&self->conversation);
  g_clear_pointer (&self->removed, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_FOLDERS_DIALOG);

  G_OBJECT_CLASS (sotto_folders_dialog_parent_class)->dispose (object);
}

static void
sotto_folders_dialog_class_init (SottoFoldersDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_folders_dialog_dispose;
  g_type_ensure (SOTTO_TYPE_MEANING_GROUP);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/folder/folders-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, toasts);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, view);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, add_button);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, banner);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, empty_page);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, first_button);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, list);
  gtk_widget_class_bind_template_child (widget_class, SottoFoldersDialog, meaning_group);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
  gtk_widget_class_bind_template_callback (widget_class, on_dismiss);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
}

static void
sotto_folders_dialog_init (SottoFoldersDialog *self)
{
  self->removed = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_banner_prepare (self->banner);
}

void
sotto_folders_dialog_present (SottoWindow       *window,
                              SottoConversation *conversation)
{
  SottoFoldersDialog *self = g_object_new (SOTTO_TYPE_FOLDERS_DIALOG, NULL);
  SottoApp *app = sotto_window_get_app (window);

  self->window = g_object_ref (window);
  self->folders = g_object_ref (sotto_app_get_folders (app));
  /* One that has begun is about something; one that has not is what the folder is probably added for. */
  if (conversation != NULL && !sotto_conversation_is_stored (conversation))
    self->conversation = g_object_ref (conversation);
  adw_status_page_set_description (self->empty_page, sotto_app_is_temporary (app)
    ? _("Name folders of text, PDF or office documents, and a conversation can ask them. They stay where they are; what is read of "
        "them is in memory only, and gone when Sotto is closed.")
    : _("Name folders of text, PDF or office documents, and a conversation can ask them. They stay where they are; what is read of "
        "them is kept encrypted, with your conversations."));
  sotto_meaning_group_set_app (self->meaning_group, app);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->folders), create_row, NULL, NULL);
  g_signal_connect_object (self->folders, "items-changed", G_CALLBACK (update_list), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->folders, "notify::problem", G_CALLBACK (update_problem), self, G_CONNECT_SWAPPED);
  g_signal_connect (self, "closed", G_CALLBACK (on_closed), NULL);
  update_list (self);
  update_problem (self);
  adw_dialog_present (ADW_DIALOG (self), GTK_WIDGET (window));
}
