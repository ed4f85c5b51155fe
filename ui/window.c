#include "window.h"

#include <glib/gi18n.h>

#include "application.h"
#include "conversation-page.h"
#include "preferences.h"
#include "print.h"
#include "privacy-dialog.h"
#include "recovery-dialog.h"
#include "rename-dialog.h"
#include "shortcuts-dialog.h"
#include "sidebar.h"
#include "state-page.h"
#include "transfers.h"

struct _SottoWindow {
  AdwApplicationWindow parent_instance;

  /* Template Widgets */
  AdwToastOverlay *toasts;
  GtkStack *stack;
  SottoStatePage *state_page;
  AdwOverlaySplitView *split_view;
  SottoSidebar *sidebar;
  SottoConversationPage *page;

  /* Owned */
  SottoApp *app;
  SottoConversation *conversation;
  char *awaited_id;     /* a conversation to show as soon as the history is open; NULL: none */
  char *awaited_words;  /* the same for words to search for */
  GPtrArray *awaited_files;  /* the same for files to import; of GFile */
};

G_DEFINE_FINAL_TYPE (SottoWindow, sotto_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- The conversation shown --- */

static void
update_actions (SottoWindow *self)
{
  gboolean is_ready = sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY;
  gboolean is_stored = self->conversation != NULL && sotto_conversation_is_stored (self->conversation);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.new-conversation", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.search", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.find", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.choose-model", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.toggle-sidebar", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.focus-composer", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.import", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export-all", is_ready);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.rename", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.print", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.delete", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.stop", self->conversation != NULL &&
                                                                sotto_conversation_is_busy (self->conversation));
}

static void
show_conversation (SottoWindow       *self,
                   SottoConversation *conversation)
{
  if (self->conversation == conversation)
    return;

  if (self->conversation != NULL)
    {
      sotto_conversation_flush_draft (self->conversation);
      g_signal_handlers_disconnect_by_data (self->conversation, self);
    }

  g_set_object (&self->conversation, conversation);

  if (conversation != NULL)
    {
      sotto_conversation_load (conversation);
      g_signal_connect_object (conversation, "notify::stored", G_CALLBACK (update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (update_actions), self, G_CONNECT_SWAPPED);
    }

  sotto_conversation_page_set_conversation (self->page, conversation);
  sotto_sidebar_set_selected (self->sidebar, conversation);
  update_actions (self);
}

/* On a narrow window the list lies over the conversation and makes room for it. */
static void
reveal_conversation (SottoWindow *self)
{
  if (adw_overlay_split_view_get_collapsed (self->split_view))
    adw_overlay_split_view_set_show_sidebar (self->split_view, FALSE);
}

static void
on_conversation_chosen (SottoWindow       *self,
                        SottoConversation *conversation,
                        const char        *message_id)
{
  show_conversation (self, conversation);
  reveal_conversation (self);
  if (message_id != NULL)
    sotto_conversation_page_scroll_to_message (self->page, message_id);
  else
    sotto_conversation_page_focus_composer (self->page);
}

/* --- The list beside it --- */

/* Whether the list is wanted is remembered for a wide window; a narrow one begins without it. */
static void
on_collapsed (SottoWindow *self)
{
  gboolean is_collapsed = adw_overlay_split_view_get_collapsed (self->split_view);
  gboolean is_wanted = self->app == NULL || sotto_settings_get_boolean (sotto_app_get_settings (self->app), "sidebar-shown");
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  if (is_collapsed)
    gtk_widget_add_css_class (GTK_WIDGET (self), "narrow");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "narrow");
  adw_overlay_split_view_set_show_sidebar (self->split_view, !is_collapsed && is_wanted);

  /* The split view gives the focus to a list that appears; but it was the window that has changed, not the person's mind. */
  if (focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->page)))
    gtk_widget_grab_focus (focus);
}

static void
on_sidebar_shown (SottoWindow *self)
{
  gboolean is_shown = adw_overlay_split_view_get_show_sidebar (self->split_view);
  gboolean is_collapsed = adw_overlay_split_view_get_collapsed (self->split_view);

  if (!is_collapsed && self->app != NULL)
    g_object_set (sotto_app_get_settings (self->app), "sidebar-shown", is_shown, NULL);
  sotto_conversation_page_set_sidebar_shown (self->page, is_shown && !is_collapsed);
}

/* --- Actions --- */

static void
new_conversation (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  show_conversation (self, sotto_conversation_list_create (sotto_app_get_conversations (self->app)));
  reveal_conversation (self);
  sotto_conversation_page_focus_composer (self->page);
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
  sotto_conversation_page_begin_find (SOTTO_WINDOW (widget)->page);
}

static void
toggle_sidebar (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  adw_overlay_split_view_set_show_sidebar (self->split_view,
                                           !adw_overlay_split_view_get_show_sidebar (self->split_view));
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

  g_object_set_data (G_OBJECT (toast), "undone", GINT_TO_POINTER (TRUE));
  sotto_conversation_list_undo_delete (sotto_app_get_conversations (self->app), conversation);
  show_conversation (self, conversation);
}

/* The toast goes: so does what it could have brought back. */
static void
on_dismissed (SottoWindow *self,
              AdwToast    *toast)
{
  /* When the window goes, the application is closed, which purges as well. */
  if (self->app != NULL && g_object_get_data (G_OBJECT (toast), "undone") == NULL)
    sotto_conversation_list_purge (sotto_app_get_conversations (self->app),
                                   g_object_get_data (G_OBJECT (toast), "conversation"));
}

static void
delete_conversation (SottoWindow       *self,
                     SottoConversation *conversation)
{
  SottoConversationList *conversations = sotto_app_get_conversations (self->app);
  g_autofree char *title = NULL;
  AdwToast *toast;

  /* Translators: %s is the title of a conversation */
  title = g_strdup_printf (_("“%s” deleted"), sotto_conversation_get_title (conversation));
  toast = adw_toast_new (title);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  g_object_set_data_full (G_OBJECT (toast), "conversation", g_object_ref (conversation), g_object_unref);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (toast, "dismissed", G_CALLBACK (on_dismissed), self, G_CONNECT_SWAPPED);

  sotto_conversation_list_delete (conversations, conversation);
  if (self->conversation == conversation)
    show_conversation (self, sotto_conversation_list_create (conversations));
  adw_toast_overlay_add_toast (self->toasts, toast);
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

  reveal_conversation (self);
  sotto_conversation_page_focus_composer (self->page);
}

static void
choose_model (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  reveal_conversation (self);
  sotto_conversation_page_choose_model (self->page);
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

  adw_dialog_present (sotto_preferences_new (self->app), widget);
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

/* --- What others on the desktop ask for --- */

static void
serve_awaited (SottoWindow *self)
{
  g_autofree char *id = g_steal_pointer (&self->awaited_id);
  g_autofree char *words = g_steal_pointer (&self->awaited_words);
  g_autoptr (GPtrArray) files = g_steal_pointer (&self->awaited_files);
  SottoConversation *conversation = NULL;

  if (id != NULL)
    conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (self->app), id);
  if (conversation != NULL)
    on_conversation_chosen (self, conversation, NULL);
  if (words != NULL)
    {
      adw_overlay_split_view_set_show_sidebar (self->split_view, TRUE);
      sotto_sidebar_begin_search (self->sidebar, words);
    }
  for (guint i = 0; files != NULL && i < files->len; i++)
    sotto_transfers_import_file (self, g_ptr_array_index (files, i));
}

void
sotto_window_open_conversation (SottoWindow *self,
                                const char  *id)
{
  g_return_if_fail (SOTTO_IS_WINDOW (self));

  g_set_str (&self->awaited_id, id);
  if (sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY)
    serve_awaited (self);
}

void
sotto_window_search (SottoWindow *self,
                     const char  *words)
{
  g_return_if_fail (SOTTO_IS_WINDOW (self));

  g_set_str (&self->awaited_words, words);
  if (sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY)
    serve_awaited (self);
}

void
sotto_window_open_file (SottoWindow *self,
                        GFile       *file)
{
  g_autofree char *name = NULL;
  g_autofree char *folded = NULL;

  g_return_if_fail (SOTTO_IS_WINDOW (self));
  g_return_if_fail (G_IS_FILE (file));

  name = g_file_get_basename (file);
  folded = name != NULL ? g_ascii_strdown (name, -1) : g_strdup ("");
  if (!g_str_has_suffix (folded, ".sotto") && !g_str_has_suffix (folded, ".json"))
    {
      sotto_conversation_page_add_model (self->page, file);
      return;
    }

  if (self->awaited_files == NULL)
    self->awaited_files = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->awaited_files, g_object_ref (file));
  if (sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY)
    serve_awaited (self);
}

static gboolean
on_drop (SottoWindow  *self,
         const GValue *value)
{
  g_autoptr (GSList) files = gdk_file_list_get_files (g_value_get_boxed (value));

  for (GSList *file = files; file != NULL; file = file->next)
    sotto_window_open_file (self, file->data);

  return TRUE;
}

SottoApp *
sotto_window_get_app (SottoWindow *self)
{
  g_return_val_if_fail (SOTTO_IS_WINDOW (self), NULL);

  return self->app;
}

void
sotto_window_leave_deleted (SottoWindow *self)
{
  SottoConversationList *conversations;

  g_return_if_fail (SOTTO_IS_WINDOW (self));

  conversations = sotto_app_get_conversations (self->app);
  if (self->conversation != NULL && sotto_conversation_is_stored (self->conversation) &&
      sotto_conversation_list_lookup (conversations, sotto_conversation_get_id (self->conversation)) == NULL)
    show_conversation (self, sotto_conversation_list_create (conversations));
}

void
sotto_window_add_toast (SottoWindow *self,
                        AdwToast    *toast)
{
  g_return_if_fail (SOTTO_IS_WINDOW (self));

  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* --- The state of the application --- */

static void
on_state_changed (SottoWindow *self)
{
  gboolean is_ready = sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY;

  if (is_ready && self->conversation == NULL)
    {
      SottoConversationList *conversations = sotto_app_get_conversations (self->app);

      sotto_sidebar_set_conversations (self->sidebar, conversations);
      show_conversation (self, sotto_conversation_list_create (conversations));
    }

  gtk_stack_set_visible_child_name (self->stack, is_ready ? "chat" : "state");
  if (is_ready)
    {
      sotto_conversation_page_focus_composer (self->page);
      serve_awaited (self);
    }
  update_actions (self);
}

static void
on_recovery_code_changed (SottoWindow *self)
{
  if (sotto_app_get_recovery_code (self->app) != NULL)
    sotto_recovery_dialog_present (GTK_WIDGET (self), self->app);
}

static gboolean
sotto_window_close_request (GtkWindow *window)
{
  SottoWindow *self = SOTTO_WINDOW (window);
  SottoSettings *settings = sotto_app_get_settings (self->app);
  int width, height;

  gtk_window_get_default_size (window, &width, &height);
  g_object_set (settings,
                "window-width", width,
                "window-height", height,
                "window-maximized", gtk_window_is_maximized (window),
                NULL);
  if (self->conversation != NULL)
    sotto_conversation_flush_draft (self->conversation);

  return sotto_application_take_window (SOTTO_APPLICATION (gtk_window_get_application (window)), window)
    || GTK_WINDOW_CLASS (sotto_window_parent_class)->close_request (window);
}

static void
sotto_window_dispose (GObject *object)
{
  SottoWindow *self = SOTTO_WINDOW (object);

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_object (&self->conversation);
  g_clear_object (&self->app);
  g_clear_pointer (&self->awaited_id, g_free);
  g_clear_pointer (&self->awaited_words, g_free);
  g_clear_pointer (&self->awaited_files, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_WINDOW);

  G_OBJECT_CLASS (sotto_window_parent_class)->dispose (object);
}

static void
sotto_window_class_init (SottoWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = sotto_window_close_request;

  g_type_ensure (SOTTO_TYPE_STATE_PAGE);
  g_type_ensure (SOTTO_TYPE_SIDEBAR);
  g_type_ensure (SOTTO_TYPE_CONVERSATION_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/window.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, SottoWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SottoWindow, state_page);
  gtk_widget_class_bind_template_child (widget_class, SottoWindow, split_view);
  gtk_widget_class_bind_template_child (widget_class, SottoWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, SottoWindow, page);
  gtk_widget_class_bind_template_callback (widget_class, on_collapsed);
  gtk_widget_class_bind_template_callback (widget_class, on_conversation_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_sidebar_shown);

  gtk_widget_class_install_action (widget_class, "win.new-conversation", NULL, new_conversation);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, search);
  gtk_widget_class_install_action (widget_class, "win.find", NULL, find);
  gtk_widget_class_install_action (widget_class, "win.toggle-sidebar", NULL, toggle_sidebar);
  gtk_widget_class_install_action (widget_class, "win.rename", NULL, rename_conversation);
  gtk_widget_class_install_action (widget_class, "win.export", NULL, export_shown);
  gtk_widget_class_install_action (widget_class, "win.print", NULL, print);
  gtk_widget_class_install_action (widget_class, "win.export-listed", "s", export_listed);
  gtk_widget_class_install_action (widget_class, "win.export-all", NULL, export_all);
  gtk_widget_class_install_action (widget_class, "win.import", NULL, import);
  gtk_widget_class_install_action (widget_class, "win.delete", NULL, delete_shown);
  gtk_widget_class_install_action (widget_class, "win.delete-listed", "s", delete_listed);
  gtk_widget_class_install_action (widget_class, "win.focus-composer", NULL, focus_composer);
  gtk_widget_class_install_action (widget_class, "win.choose-model", NULL, choose_model);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, stop);
  gtk_widget_class_install_action (widget_class, "win.preferences", NULL, show_preferences);
  gtk_widget_class_install_action (widget_class, "win.privacy", NULL, show_privacy);
  gtk_widget_class_install_action (widget_class, "win.shortcuts", NULL, show_shortcuts);

  /* Not an accelerator: those come before everything else, and this comes after dialogs, menus and search bars. */
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "win.stop", NULL);
}

static void
sotto_window_init (SottoWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  /* Before the message field, which would take a file for its path. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (target), GTK_PHASE_CAPTURE);
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

GtkWindow *
sotto_window_new (GtkApplication *application,
                  SottoApp       *app)
{
  SottoWindow *self = g_object_new (SOTTO_TYPE_WINDOW, "application", application, NULL);
  SottoSettings *settings = sotto_app_get_settings (app);

  self->app = g_object_ref (app);
  gtk_window_set_default_size (GTK_WINDOW (self),
                               sotto_settings_get_int (settings, "window-width"),
                               sotto_settings_get_int (settings, "window-height"));
  if (sotto_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));

  on_collapsed (self);
  on_sidebar_shown (self);
  sotto_state_page_set_app (self->state_page, app);
  sotto_conversation_page_set_app (self->page, app);
  g_signal_connect_object (app, "notify::state", G_CALLBACK (on_state_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (app, "notify::recovery-code", G_CALLBACK (on_recovery_code_changed), self,
                           G_CONNECT_SWAPPED);
  on_state_changed (self);

  return GTK_WINDOW (self);
}
