#include "window-private.h"

#include <glib/gi18n.h>

#include "application.h"
#include "composer/paste.h"
#include "preferences.h"
#include "recovery-dialog.h"
#include "restore-dialog.h"
#include "text-buffers.h"
#include "toast.h"
#include "transfers.h"
#include "unsaved.h"

G_DEFINE_FINAL_TYPE (SottoWindow, sotto_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- The conversation shown --- */

void
sotto_window_show_conversation (SottoWindow       *self,
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
      g_signal_connect_object (conversation, "notify::loaded", G_CALLBACK (sotto_window_update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::pinned", G_CALLBACK (sotto_window_update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::group", G_CALLBACK (sotto_window_update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::temporary", G_CALLBACK (sotto_window_update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::stored", G_CALLBACK (sotto_window_update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (sotto_window_update_actions), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "nothing-found", G_CALLBACK (sotto_window_say_nothing_found), self, G_CONNECT_SWAPPED);
    }

  sotto_conversation_page_set_conversation (self->page, conversation);
  sotto_sidebar_set_selected (self->sidebar, conversation);
  sotto_window_update_actions (self);
}

/* On a narrow window the list lies over the conversation and makes room for it. */
void
sotto_window_reveal_conversation (SottoWindow *self)
{
  if (adw_overlay_split_view_get_collapsed (self->split_view))
    adw_overlay_split_view_set_show_sidebar (self->split_view, FALSE);
}

static void
on_conversation_chosen (SottoWindow       *self,
                        SottoConversation *conversation,
                        const char        *message_id,
                        const char        *words,
                        const char        *phrase)
{
  sotto_window_show_conversation (self, conversation);
  sotto_window_reveal_conversation (self);
  if (message_id != NULL && phrase != NULL)
    sotto_conversation_page_scroll_to_phrase (self->page, message_id, phrase);
  else if (message_id != NULL)
    sotto_conversation_page_scroll_to_message (self->page, message_id, words);
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
    on_conversation_chosen (self, conversation, NULL, NULL, NULL);
  if (words != NULL)
    {
      adw_overlay_split_view_set_show_sidebar (self->split_view, TRUE);
      sotto_sidebar_begin_search (self->sidebar, words);
    }
  for (guint i = 0; files != NULL && i < files->len; i++)
    sotto_transfers_import_file (self, g_ptr_array_index (files, i));
}

/* What becomes of what is there has to be said first, and until the history is open or is not, nobody knows. */
static void
serve_backup (SottoWindow *self)
{
  g_autoptr (GFile) file = NULL;
  SottoAppState state = sotto_app_get_state (self->app);

  if (self->awaited_backup == NULL || state == SOTTO_APP_STATE_CLOSED || state == SOTTO_APP_STATE_OPENING)
    return;

  file = g_steal_pointer (&self->awaited_backup);
  sotto_restore_dialog_ask (self, file);
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
  if (g_str_has_suffix (folded, ".sotto-backup"))
    {
      g_set_object (&self->awaited_backup, file);
      serve_backup (self);
      return;
    }
  if (!g_str_has_suffix (folded, ".sotto") && !g_str_has_suffix (folded, ".json"))
    {
      /* What calls itself a model is one, or is told why not; what is text is to be talked about. */
      if (g_str_has_suffix (folded, ".gguf") || sotto_app_get_state (self->app) != SOTTO_APP_STATE_READY)
        sotto_conversation_page_add_model (self->page, file);
      else
        sotto_conversation_page_attach_file (self->page, file);
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

/* What comes as a picture is taken by the target below, whatever else it comes as: an address, most often. */
static gboolean
on_accept (GtkDropTarget *target,
           GdkDrop       *drop,
           SottoWindow   *self)
{
  GdkContentFormats *formats = gdk_drop_get_formats (drop);

  return gdk_content_formats_contain_gtype (formats, GDK_TYPE_FILE_LIST) && !sotto_paste_has_picture (formats);
}

static gboolean
on_picture_drop (SottoWindow *self,
                 GdkDrop     *drop)
{
  sotto_conversation_page_take_drop (self->page, drop);

  return TRUE;
}

static void
add_drop_targets (SottoWindow *self)
{
  GtkDropTarget *files = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  GtkDropTargetAsync *pictures = gtk_drop_target_async_new (sotto_paste_create_formats (), GDK_ACTION_COPY);

  /* Before the message field, which would take a file for its path. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (files), GTK_PHASE_CAPTURE);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (pictures), GTK_PHASE_CAPTURE);
  g_signal_connect_object (files, "accept", G_CALLBACK (on_accept), self, 0);
  g_signal_connect_object (files, "drop", G_CALLBACK (on_drop), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (pictures, "drop", G_CALLBACK (on_picture_drop), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (files));
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (pictures));
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
    sotto_window_show_conversation (self, sotto_conversation_list_create (conversations));
}

/* Behind a dialog a toast could be neither read nor answered before its time is over. */
static void
show_toasts (SottoWindow *self)
{
  g_autoptr (GPtrArray) toasts = NULL;

  if (self->awaited_toasts == NULL || adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self)) != NULL)
    return;

  toasts = g_steal_pointer (&self->awaited_toasts);
  self->awaited_toasts = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < toasts->len; i++)
    {
      AdwToast *toast = g_ptr_array_index (toasts, i);

      sotto_toast_wrap (toast, GTK_WIDGET (self->toasts));
      adw_toast_overlay_add_toast (self->toasts, g_object_ref (toast));
    }
}

void
sotto_window_add_toast (SottoWindow *self,
                        AdwToast    *toast)
{
  g_return_if_fail (SOTTO_IS_WINDOW (self));

  g_ptr_array_add (self->awaited_toasts, toast);
  show_toasts (self);
}

void
sotto_window_add_problem (SottoWindow  *self,
                          SottoProblem *problem)
{
  sotto_window_say (self, sotto_problem_get_text (problem));
}

/* --- What holds texts --- */

/* List and conversation in new widgets. What was in the old ones goes with them: texts, undo, what was searched for. */
static void
renew_widgets (SottoWindow *self)
{
  self->sidebar = g_object_new (SOTTO_TYPE_SIDEBAR, NULL);
  self->page = g_object_new (SOTTO_TYPE_CONVERSATION_PAGE, NULL);
  g_signal_connect_object (self->sidebar, "conversation-chosen", G_CALLBACK (on_conversation_chosen), self, G_CONNECT_SWAPPED);
  adw_overlay_split_view_set_sidebar (self->split_view, GTK_WIDGET (self->sidebar));
  adw_overlay_split_view_set_content (self->split_view, GTK_WIDGET (self->page));
  sotto_window_watch_reading (self);
  if (self->app == NULL)
    return;

  sotto_conversation_page_set_app (self->page, self->app);
  on_sidebar_shown (self);
}

/* A dialog may hold a text as well, and so may a window of its own, as the one that prints. */
static void
close_what_lies_over (SottoWindow *self)
{
  GListModel *windows = gtk_window_get_toplevels ();
  AdwDialog *dialog;

  while ((dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self))) != NULL)
    adw_dialog_force_close (dialog);
  for (guint i = g_list_model_get_n_items (windows); i-- > 0;)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (window != NULL && gtk_window_get_transient_for (window) == GTK_WINDOW (self))
        gtk_window_close (window);
    }
}

/* What was copied here lies in our memory until somebody asks for it. */
static void
forget_copied (SottoWindow *self)
{
  GdkClipboard *clipboards[] = { gtk_widget_get_clipboard (GTK_WIDGET (self)), gtk_widget_get_primary_clipboard (GTK_WIDGET (self)) };

  for (guint i = 0; i < G_N_ELEMENTS (clipboards); i++)
    if (gdk_clipboard_is_local (clipboards[i]))
      gdk_clipboard_set_content (clipboards[i], NULL);
}

/* --- The state of the application --- */

static void
on_state_changed (SottoWindow *self)
{
  SottoAppState state = sotto_app_get_state (self->app);
  gboolean is_ready = state == SOTTO_APP_STATE_READY;

  /* They went with their history, and another one may take that one's place: nothing in it is to be undone. */
  if (state == SOTTO_APP_STATE_CLOSED)
    {
      g_ptr_array_set_size (self->awaited_toasts, 0);
      adw_toast_overlay_dismiss_all (self->toasts);
      if (sotto_app_is_locking (self->app) && self->conversation != NULL && self->awaited_id == NULL &&
          sotto_conversation_is_stored (self->conversation))
        self->awaited_id = g_strdup (sotto_conversation_get_id (self->conversation));
      sotto_window_show_conversation (self, NULL);
    }
  if (sotto_app_is_locking (self->app))
    {
      close_what_lies_over (self);
      forget_copied (self);
      renew_widgets (self);
      sotto_text_buffers_empty ();
    }

  if (is_ready && self->conversation == NULL)
    {
      SottoConversationList *conversations = sotto_app_get_conversations (self->app);

      sotto_sidebar_set_conversations (self->sidebar, conversations);
      sotto_window_show_conversation (self, sotto_conversation_list_create (conversations));
    }

  gtk_stack_set_visible_child_name (self->stack, is_ready ? "chat" : "state");
  if (is_ready)
    {
      sotto_conversation_page_focus_composer (self->page);
      sotto_restore_dialog_present_untold (self);
      serve_awaited (self);
    }
  serve_backup (self);
  sotto_window_update_actions (self);
}

/* Elsewhere the page of the state says it. */
static void
on_problem_changed (SottoWindow *self)
{
  SottoProblem *problem = sotto_app_get_problem (self->app);

  if (problem != NULL && sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY)
    sotto_window_add_problem (self, problem);
}

/* In the preferences it is seen where it happens. */
static void
on_failing_changed (SottoWindow *self)
{
  AdwDialog *dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self));

  if (sotto_settings_is_failing (sotto_app_get_settings (self->app)) && !SOTTO_IS_PREFERENCES (dialog))
    sotto_window_say (self, _("Preferences cannot be saved now"));
}

static void
on_recovery_code_changed (SottoWindow *self)
{
  if (sotto_app_get_recovery_code (self->app) != NULL)
    sotto_recovery_dialog_present (GTK_WIDGET (self), self->app);
}

static void
on_asked (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  SottoWindow *self = SOTTO_WINDOW (source);
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));

  self->is_asking = FALSE;
  self->may_close = sotto_unsaved_ask_finish (GTK_WIDGET (self), result);
  if (self->may_close)
    gtk_window_close (GTK_WINDOW (self));
  else if (application != NULL)
    sotto_application_stay (SOTTO_APPLICATION (application));
}

/* Returns: whether the window closes only if that is answered */
static gboolean
ask_first (SottoWindow *self)
{
  if (self->is_asking)
    return TRUE;
  if (self->may_close || !sotto_app_is_unsaved (self->app))
    {
      self->may_close = FALSE;
      return FALSE;
    }
  self->is_asking = TRUE;
  sotto_unsaved_ask_async (GTK_WIDGET (self), self->app, SOTTO_LEAVING_CLOSE, on_asked, NULL);
  return TRUE;
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
  if (ask_first (self))
    return TRUE;
  if (self->conversation != NULL)
    sotto_conversation_flush_draft (self->conversation);
  /* A window that is only hidden is silent, too. */
  sotto_read_aloud_stop (sotto_conversation_page_get_reader (self->page));

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
  g_clear_object (&self->awaited_backup);
  g_clear_pointer (&self->awaited_toasts, g_ptr_array_unref);
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
  gtk_widget_class_bind_template_callback (widget_class, on_collapsed);
  gtk_widget_class_bind_template_callback (widget_class, on_sidebar_shown);

  sotto_window_install_actions (widget_class);
}

static void
sotto_window_init (SottoWindow *self)
{
  self->awaited_toasts = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  renew_widgets (self);
  g_signal_connect (self, "notify::visible-dialog", G_CALLBACK (show_toasts), NULL);
  add_drop_targets (self);
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
  g_signal_connect_object (app, "notify::problem", G_CALLBACK (on_problem_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (app, "notify::recovery-code", G_CALLBACK (on_recovery_code_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "failing-changed", G_CALLBACK (on_failing_changed), self, G_CONNECT_SWAPPED);
  sotto_window_watch_groups (self);
  on_state_changed (self);

  return GTK_WINDOW (self);
}
