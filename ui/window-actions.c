#include "window-private.h"

#include <glib/gi18n.h>

#include "application.h"
#include "composer/answer-dialog.h"
#include "composer/instructions-dialog.h"
#include "conversation/print.h"
#include "folder/folders-dialog.h"
#include "preferences.h"
#include "privacy-dialog.h"
#include "restore-dialog.h"
#include "shortcuts-dialog.h"
#include "sidebar/rename-dialog.h"
#include "transfers.h"

void
sotto_window_update_actions (SottoWindow *self)
{
  gboolean is_ready = sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY;
  gboolean is_stored = self->conversation != NULL && sotto_conversation_is_stored (self->conversation);
  gboolean is_pinned = is_stored && sotto_conversation_is_pinned (self->conversation);
  gboolean is_temporary = self->conversation != NULL && sotto_conversation_is_temporary (self->conversation);
  /* Where nothing is kept everything is temporary. */
  gboolean may_keep = is_ready && !sotto_app_is_temporary (self->app);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.new-conversation", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.new-temporary", may_keep);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.switch-temporary", may_keep && self->conversation != NULL && !is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.keep", may_keep && is_stored && is_temporary &&
                                                                !sotto_conversation_is_busy (self->conversation));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.new-group", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.leave-group", self->conversation != NULL &&
                                                                       sotto_conversation_get_group (self->conversation) != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.search", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.find", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.choose-model", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.choose-folders", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.folders", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.toggle-sidebar", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.focus-composer", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.import", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export-all", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.back-up", may_keep);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.restore", sotto_app_can_restore (self->app));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.instructions", is_ready && self->conversation != NULL &&
                                                                        sotto_conversation_is_loaded (self->conversation));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.answer-format", is_ready && self->conversation != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.pin", is_stored && !is_pinned && !is_temporary);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.unpin", is_pinned);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.rename", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.print", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.branch", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.delete-message", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.delete", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.summarise",
                                 is_stored && sotto_conversation_can_summarise (self->conversation));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.stop", self->conversation != NULL &&
                                                                sotto_conversation_is_busy (self->conversation));
  sotto_window_update_reading (self);
}

static void
new_conversation (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_window_show_conversation (self, sotto_conversation_list_create_in (sotto_app_get_conversations (self->app), NULL));
  sotto_window_reveal_conversation (self);
  sotto_conversation_page_focus_composer (self->page);
}

static void
new_temporary (GtkWidget  *widget,
               const char *action,
               GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_window_show_conversation (self, sotto_conversation_list_create_temporary (sotto_app_get_conversations (self->app)));
  sotto_window_reveal_conversation (self);
  sotto_conversation_page_focus_composer (self->page);
}

static void
copy_asked_folders (SottoWindow       *self,
                    SottoConversation *from,
                    SottoConversation *to)
{
  GListModel *folders = G_LIST_MODEL (sotto_app_get_folders (self->app));

  for (guint i = 0; i < g_list_model_get_n_items (folders); i++)
    {
      g_autoptr (SottoDocumentFolder) folder = g_list_model_get_item (folders, i);

      if (sotto_conversation_asks_folder (from, folder))
        sotto_conversation_set_asks_folder (to, folder, TRUE);
    }
}

/* Whoever has begun to write before it was said whether it is to be kept goes on writing. */
static void
switch_temporary (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoConversationList *conversations = sotto_app_get_conversations (self->app);
  g_autoptr (SottoConversation) from = g_object_ref (self->conversation);
  SottoConversation *to = sotto_conversation_is_temporary (from)
                          ? sotto_conversation_list_create (conversations)
                          : sotto_conversation_list_create_temporary (conversations);
  g_autofree char *draft = g_strdup (sotto_conversation_get_draft (from));

  if (sotto_conversation_get_model (from) != sotto_conversation_get_model (to))
    sotto_conversation_set_model (to, sotto_conversation_get_model (from));
  copy_asked_folders (self, from, to);
  sotto_conversation_move_attachments (from, to);
  sotto_window_show_conversation (self, to);
  if (*draft != '\0')
    {
      sotto_conversation_set_draft (to, draft);
      sotto_conversation_set_draft (from, "");
      sotto_conversation_flush_draft (from);
    }
  sotto_conversation_page_focus_composer (self->page);
}

/* What was temporary, and where */
typedef struct {
  SottoWindow *window;
  SottoConversation *conversation;
} Keeping;

static void
on_kept (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Keeping *keeping = user_data;
  g_autoptr (SottoWindow) self = keeping->window;
  g_autoptr (SottoConversation) conversation = keeping->conversation;
  g_autoptr (SottoConversation) kept = NULL;

  /* What went wrong, the conversation says. */
  kept = sotto_conversation_list_keep_finish (SOTTO_CONVERSATION_LIST (source), result, NULL);
  if (kept == NULL || self->app == NULL)
    return;

  if (self->conversation == conversation)
    sotto_window_show_conversation (self, kept);
  sotto_window_add_toast (self, adw_toast_new (_("The chat is kept now")));
}

static void
keep (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  Keeping *keeping = g_new0 (Keeping, 1);

  keeping->window = g_object_ref (self);
  keeping->conversation = g_object_ref (self->conversation);
  sotto_conversation_list_keep_async (sotto_app_get_conversations (self->app), self->conversation, on_kept, keeping);
}

static void
search (GtkWidget  *widget,
        const char *action,
        GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  adw_overlay_split_view_set_show_sidebar (self->split_view, TRUE);
  sotto_sidebar_begin_search (self->sidebar, NULL);
}

static void
find (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_window_reveal_conversation (self);
  sotto_conversation_page_begin_find (self->page);
}

static void
toggle_sidebar (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  gboolean is_shown = adw_overlay_split_view_get_show_sidebar (self->split_view);

  adw_overlay_split_view_set_show_sidebar (self->split_view, !is_shown);
  /* A list that lies over the conversation has the keyboard: what is to be chosen in it is a row. */
  if (!is_shown && adw_overlay_split_view_get_collapsed (self->split_view))
    sotto_sidebar_focus_list (self->sidebar);
}

static void
show_instructions (GtkWidget  *widget,
                   const char *action,
                   GVariant   *parameter)
{
  sotto_instructions_dialog_present (widget, SOTTO_WINDOW (widget)->app, SOTTO_WINDOW (widget)->conversation);
}

static void
show_answer_format (GtkWidget  *widget,
                    const char *action,
                    GVariant   *parameter)
{
  sotto_answer_dialog_present (widget, SOTTO_WINDOW (widget)->conversation);
}

/* Of the two actions one is enabled: menus show that, and their key does it. */
static void
pin_conversation (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_conversation_set_pinned (self->conversation, g_str_equal (action, "win.pin"));
}

static void
rename_conversation (GtkWidget  *widget,
                     const char *action,
                     GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_rename_dialog_present (GTK_WIDGET (self), self->conversation);
}

static void
on_undo (SottoWindow *self,
         AdwToast    *toast)
{
  SottoConversation *conversation = g_object_get_data (G_OBJECT (toast), "conversation");

  /* It slides away, and there is nothing left to bring back. */
  if (g_object_get_data (G_OBJECT (toast), "over") != NULL)
    return;

  g_object_set_data (G_OBJECT (toast), "undone", GINT_TO_POINTER (TRUE));
  sotto_conversation_list_undo_delete (sotto_app_get_conversations (self->app), conversation);
  sotto_window_show_conversation (self, conversation);
}

/* The toast goes: so does what it could have brought back. */
static void
on_dismissed (SottoWindow *self,
              AdwToast    *toast)
{
  g_object_set_data (G_OBJECT (toast), "over", GINT_TO_POINTER (TRUE));
  /* When the window goes, the application is closed, which purges as well. */
  if (self->app != NULL && g_object_get_data (G_OBJECT (toast), "undone") == NULL)
    sotto_conversation_list_purge (sotto_app_get_conversations (self->app),
                                   g_object_get_data (G_OBJECT (toast), "conversation"));
}

/* Nobody sees it any more who could read there why it is not deleted yet. */
static void
on_problem_of_deleted (SottoWindow       *self,
                       GParamSpec        *pspec,
                       SottoConversation *conversation)
{
  SottoProblem *problem = sotto_conversation_get_problem (conversation);

  if (problem != NULL && self->conversation != conversation)
    sotto_window_add_problem (self, problem);
}

static void
delete_conversation (SottoWindow       *self,
                     SottoConversation *conversation)
{
  SottoConversationList *conversations = sotto_app_get_conversations (self->app);
  g_autofree char *title = NULL;
  AdwToast *toast;

  /* Translators: %s is the title of a conversation */
  title = g_strdup_printf (_("“%s” deleted"), sotto_conversation_get_name (conversation));
  toast = adw_toast_new (title);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  /* The way back from what was done just now does not wait for what came before. */
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  g_object_set_data_full (G_OBJECT (toast), "conversation", g_object_ref (conversation), g_object_unref);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (toast, "dismissed", G_CALLBACK (on_dismissed), self, G_CONNECT_SWAPPED);

  sotto_conversation_list_delete (conversations, conversation);
  if (self->conversation == conversation)
    sotto_window_show_conversation (self, sotto_conversation_list_create (conversations));
  g_signal_handlers_disconnect_by_data (conversation, self);
  g_signal_connect_object (conversation, "notify::problem", G_CALLBACK (on_problem_of_deleted), self, G_CONNECT_SWAPPED);
  sotto_window_add_toast (self, toast);
}

static void
delete_shown (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  delete_conversation (self, self->conversation);
}

/* @id: of a conversation that the list had when it was asked */
static SottoConversation *
find_listed (SottoWindow *self,
             GVariant    *id)
{
  return sotto_conversation_list_lookup (sotto_app_get_conversations (self->app), g_variant_get_string (id, NULL));
}

static void
delete_listed (GtkWidget  *widget,
               const char *action,
               GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoConversation *conversation = find_listed (self, parameter);

  if (conversation != NULL)
    delete_conversation (self, conversation);
}

static void
export_shown (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_transfers_export (self, self->conversation);
}

static void
export_listed (GtkWidget  *widget,
               const char *action,
               GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoConversation *conversation = find_listed (self, parameter);

  if (conversation != NULL)
    sotto_transfers_export (self, conversation);
}

static void
export_all (GtkWidget  *widget,
            const char *action,
            GVariant   *parameter)
{
  sotto_transfers_export (SOTTO_WINDOW (widget), NULL);
}

static void
import (GtkWidget  *widget,
        const char *action,
        GVariant   *parameter)
{
  sotto_transfers_import (SOTTO_WINDOW (widget));
}

static void
back_up (GtkWidget  *widget,
         const char *action,
         GVariant   *parameter)
{
  sotto_transfers_back_up (SOTTO_WINDOW (widget));
}

static void
restore (GtkWidget  *widget,
         const char *action,
         GVariant   *parameter)
{
  sotto_restore_dialog_present (SOTTO_WINDOW (widget));
}

static void
print (GtkWidget  *widget,
       const char *action,
       GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_print_conversation (self, self->conversation);
}

static void
focus_composer (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_window_reveal_conversation (self);
  sotto_conversation_page_focus_composer (self->page);
}

static void
choose_model (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_window_reveal_conversation (self);
  sotto_conversation_page_choose_model (self->page);
}

static void
choose_folders (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_window_reveal_conversation (self);
  sotto_conversation_page_choose_folders (self->page);
}

static void
show_folders (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_folders_dialog_present (self, self->conversation);
}

static void
stop (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  if (self->conversation != NULL)
    sotto_conversation_stop (self->conversation);
}

static void
show_preferences (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoApplication *application = SOTTO_APPLICATION (gtk_window_get_application (GTK_WINDOW (widget)));

  adw_dialog_present (sotto_preferences_new (self->app, sotto_application_get_global_shortcut (application)), widget);
}

static void
show_shortcuts (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  sotto_shortcuts_dialog_present (widget);
}

static void
show_privacy (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  sotto_privacy_dialog_present (widget, SOTTO_WINDOW (widget)->app);
}

void
sotto_window_install_actions (GtkWidgetClass *widget_class)
{
  sotto_window_install_message_actions (widget_class);
  sotto_window_install_group_actions (widget_class);
  sotto_window_install_reading_actions (widget_class);
  gtk_widget_class_install_action (widget_class, "win.new-conversation", NULL, new_conversation);
  gtk_widget_class_install_action (widget_class, "win.new-temporary", NULL, new_temporary);
  gtk_widget_class_install_action (widget_class, "win.switch-temporary", NULL, switch_temporary);
  gtk_widget_class_install_action (widget_class, "win.keep", NULL, keep);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, search);
  gtk_widget_class_install_action (widget_class, "win.find", NULL, find);
  gtk_widget_class_install_action (widget_class, "win.toggle-sidebar", NULL, toggle_sidebar);
  gtk_widget_class_install_action (widget_class, "win.instructions", NULL, show_instructions);
  gtk_widget_class_install_action (widget_class, "win.answer-format", NULL, show_answer_format);
  gtk_widget_class_install_action (widget_class, "win.pin", NULL, pin_conversation);
  gtk_widget_class_install_action (widget_class, "win.unpin", NULL, pin_conversation);
  gtk_widget_class_install_action (widget_class, "win.rename", NULL, rename_conversation);
  gtk_widget_class_install_action (widget_class, "win.export", NULL, export_shown);
  gtk_widget_class_install_action (widget_class, "win.print", NULL, print);
  gtk_widget_class_install_action (widget_class, "win.export-listed", "s", export_listed);
  gtk_widget_class_install_action (widget_class, "win.export-all", NULL, export_all);
  gtk_widget_class_install_action (widget_class, "win.import", NULL, import);
  gtk_widget_class_install_action (widget_class, "win.back-up", NULL, back_up);
  gtk_widget_class_install_action (widget_class, "win.restore", NULL, restore);
  gtk_widget_class_install_action (widget_class, "win.delete", NULL, delete_shown);
  gtk_widget_class_install_action (widget_class, "win.delete-listed", "s", delete_listed);
  gtk_widget_class_install_action (widget_class, "win.focus-composer", NULL, focus_composer);
  gtk_widget_class_install_action (widget_class, "win.choose-model", NULL, choose_model);
  gtk_widget_class_install_action (widget_class, "win.choose-folders", NULL, choose_folders);
  gtk_widget_class_install_action (widget_class, "win.folders", NULL, show_folders);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, stop);
  gtk_widget_class_install_action (widget_class, "win.preferences", NULL, show_preferences);
  gtk_widget_class_install_action (widget_class, "win.privacy", NULL, show_privacy);
  gtk_widget_class_install_action (widget_class, "win.shortcuts", NULL, show_shortcuts);
}
