#include "config.h"

#include "application.h"

#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>

#include "auto-lock.h"
#include "background.h"
#include "hint.h"
#include "preferences.h"
#include "sotto-ui.h"
#include "text-buffers.h"
#include "unsaved.h"
#include "window.h"

struct _SottoApplication {
  AdwApplication parent_instance;

  /* Owned */
  SottoApp *app;
  SottoBackground *background;
  SottoSearchProvider *provider;
  SottoGlobalShortcut *shortcut;
  SottoAutoLock *auto_lock;

  gboolean quitting;  /* a person said so: replies are stopped */
  gboolean is_asking; /* whether it may be locked without saving all */
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (SottoApplication, sotto_application, ADW_TYPE_APPLICATION)

SottoApp *
sotto_application_get_app (SottoApplication *self)
{
  g_return_val_if_fail (SOTTO_IS_APPLICATION (self), NULL);

  return self->app;
}

SottoGlobalShortcut *
sotto_application_get_global_shortcut (SottoApplication *self)
{
  g_return_val_if_fail (SOTTO_IS_APPLICATION (self), NULL);

  return self->shortcut;
}

/* --- Keys --- */

static const struct {
  const char *action;
  const char *keys[3];
} accelerators[] = {
  { "app.quit", { "<Control>q", NULL } },
  { "app.lock", { "<Control><Shift>l", NULL } },
  { "win.new-conversation", { "<Control>n", NULL } },
  { "win.new-temporary", { "<Control><Shift>n", NULL } },
  { "win.search", { "<Control>k", NULL } },
  { "win.find", { "<Control>f", NULL } },
  { "win.toggle-sidebar", { "F9", NULL } },
  { "win.rename", { "F2", NULL } },
  /* One of the two is enabled. */
  { "win.pin", { "<Control>d", NULL } },
  { "win.unpin", { "<Control>d", NULL } },
  { "win.export", { "<Control><Shift>e", NULL } },
  { "win.print", { "<Control>p", NULL } },
  { "win.import", { "<Control>o", NULL } },
  { "win.preferences", { "<Control>comma", NULL } },
  { "win.shortcuts", { "<Control>question", NULL } },
  { "win.focus-composer", { "<Control>l", NULL } },
  { "win.read-aloud", { "<Control><Shift>r", NULL } },
  { "win.choose-model", { "<Control><Shift>m", NULL } },
  { "win.choose-folders", { "<Control><Shift>f", NULL } },
  { "window.close", { "<Control>w", NULL } },
};

/* --- Quitting --- */

static void
on_closed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoApplication) self = user_data;

  sotto_app_close_finish (SOTTO_APP (source), result);
  g_application_release (G_APPLICATION (self));
  g_application_quit (G_APPLICATION (self));
}

/* The windows go at once; the process stays until the history is closed. */
static void
begin_closing (SottoApplication *self)
{
  if (self->closing)
    return;

  self->closing = TRUE;
  g_application_hold (G_APPLICATION (self));
  sotto_app_close_async (self->app, on_closed, g_object_ref (self));
}

/* A window in which a dialog is open would close that alone. */
static void
close_dialogs (GtkWindow *window)
{
  AdwDialog *dialog;

  if (!ADW_IS_APPLICATION_WINDOW (window))
    return;

  while ((dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window))) != NULL)
    adw_dialog_force_close (dialog);
}

static void
on_quit (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       user_data)
{
  GList *windows = g_list_copy (gtk_application_get_windows (user_data));

  if (windows == NULL)
    begin_closing (user_data);
  for (GList *window = windows; window != NULL; window = window->next)
    if (gtk_widget_get_visible (window->data))
      {
        close_dialogs (window->data);
        /* Whether something may be lost was perhaps asked in one of them, which stands for staying. */
        SOTTO_APPLICATION (user_data)->quitting = TRUE;
        gtk_window_close (window->data);
      }
    else
      gtk_window_destroy (window->data);
  g_list_free (windows);
}

/* --- Locking --- */

static void
on_asked_to_lock (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (SottoApplication) self = user_data;

  self->is_asking = FALSE;
  if (sotto_unsaved_ask_finish (GTK_WIDGET (source), result))
    sotto_app_lock_async (self->app, NULL, NULL);
}

static void
on_lock (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       user_data)
{
  SottoApplication *self = user_data;
  GtkWindow *window = gtk_application_get_active_window (user_data);

  if (self->is_asking)
    return;
  /* What is to be hidden does not wait for the disk; but what has been said to be in danger is asked about. */
  if (window == NULL || !sotto_app_cannot_save (self->app))
    {
      sotto_app_lock_async (self->app, NULL, NULL);
      return;
    }
  self->is_asking = TRUE;
  sotto_unsaved_ask_async (GTK_WIDGET (window), self->app, SOTTO_LEAVING_LOCK, on_asked_to_lock, g_object_ref (self));
}

static void
update_lock (SottoApplication *self)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "lock");

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), sotto_app_can_lock (self->app));
}

static void
on_about (GSimpleAction *action,
          GVariant      *parameter,
          gpointer       user_data)
{
  AdwAboutDialog *about = ADW_ABOUT_DIALOG (adw_about_dialog_new ());
  GtkWindow *window = gtk_application_get_active_window (user_data);

  adw_about_dialog_set_application_name (about, "Sotto");
  adw_about_dialog_set_application_icon (about, SOTTO_APPLICATION_ID);
  adw_about_dialog_set_version (about, SOTTO_VERSION);
  adw_about_dialog_set_developer_name (about, _("The Sotto authors"));
  adw_about_dialog_set_license_type (about, GTK_LICENSE_APACHE_2_0);
  /* Opened by the person's own browser, if they are clicked. */
  adw_about_dialog_set_website (about, "https://github.com/sotto-chat/sotto");
  adw_about_dialog_set_issue_url (about, "https://github.com/sotto-chat/sotto/issues");
  adw_about_dialog_set_comments (about,
    _("Chat with language models that run on this computer. Sotto has no access to the network: "
      "what you write stays here, encrypted."));
  /* Translators: your names, one a line; shown in the About dialog */
  adw_about_dialog_set_translator_credits (about, _("translator-credits"));
  adw_dialog_present (ADW_DIALOG (about), GTK_WIDGET (window));
}

/* --- What others on the desktop ask for --- */

/* The window, on the screen; NULL while everything is being closed. */
static SottoWindow *
show_window (SottoApplication *self)
{
  g_application_activate (G_APPLICATION (self));

  return self->closing ? NULL : SOTTO_WINDOW (gtk_application_get_active_window (GTK_APPLICATION (self)));
}

/* @parameter: the id of a conversation, as a notification or a search result has it */
static void
on_open_conversation (GSimpleAction *action,
                      GVariant      *parameter,
                      gpointer       user_data)
{
  SottoWindow *window = show_window (user_data);

  if (window != NULL)
    sotto_window_open_conversation (window, g_variant_get_string (parameter, NULL));
}

static void
on_result_activated (SottoApplication *self,
                     const char       *id,
                     guint             timestamp)
{
  SottoWindow *window = show_window (self);

  if (window != NULL)
    sotto_window_open_conversation (window, id);
}

static void
on_search_launched (SottoApplication *self,
                    const char       *words,
                    guint             timestamp)
{
  SottoWindow *window = show_window (self);

  if (window != NULL)
    sotto_window_search (window, words);
}

/* @token: (nullable): the desktop's leave to take the focus from another program */
static void
on_shortcut_activated (SottoApplication *self,
                       const char       *token)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (window != NULL && token != NULL)
    gtk_window_set_startup_id (window, token);
  window = GTK_WINDOW (show_window (self));
  /* Where a dialog waits for an answer that comes first. */
  if (window != NULL && adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)) == NULL)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.focus-composer", NULL);
}

/* The setting has gone off by itself. In the preferences that is seen where it happens; elsewhere it has to be said. */
static void
on_shortcut_changed (SottoApplication    *self,
                     SottoGlobalShortcut *shortcut)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (sotto_global_shortcut_get_state (shortcut) == SOTTO_GLOBAL_SHORTCUT_REFUSED && window != NULL &&
      !SOTTO_IS_PREFERENCES (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window))))
    sotto_window_add_toast (SOTTO_WINDOW (window), adw_toast_new (_("The desktop gave Sotto no key")));
}

static void
sotto_application_open (GApplication  *application,
                        GFile        **files,
                        int            n_files,
                        const char    *hint)
{
  SottoWindow *window = show_window (SOTTO_APPLICATION (application));

  for (int i = 0; window != NULL && i < n_files; i++)
    sotto_window_open_file (window, files[i]);
}

static gboolean
sotto_application_dbus_register (GApplication     *application,
                                 GDBusConnection  *connection,
                                 const char       *object_path,
                                 GError          **error)
{
  SottoApplication *self = SOTTO_APPLICATION (application);
  g_autofree char *path = g_strconcat (object_path, "/SearchProvider", NULL);

  return G_APPLICATION_CLASS (sotto_application_parent_class)->dbus_register (application, connection, object_path, error) &&
         sotto_search_provider_export (self->provider, connection, path, error);
}

static void
sotto_application_dbus_unregister (GApplication    *application,
                                   GDBusConnection *connection,
                                   const char      *object_path)
{
  sotto_search_provider_unexport (SOTTO_APPLICATION (application)->provider);
  G_APPLICATION_CLASS (sotto_application_parent_class)->dbus_unregister (application, connection, object_path);
}

static const GActionEntry actions[] = {
  { .name = "quit", .activate = on_quit },
  { .name = "lock", .activate = on_lock },
  { .name = "about", .activate = on_about },
  { .name = "open-conversation", .activate = on_open_conversation, .parameter_type = "s" },
};

/* --- The application --- */

/* A popover keeps the keys to itself, the application's too, and so does a dialog; the way out is open nevertheless. */
static void
let_all_quit (void)
{
  g_autoptr (GTypeClass) dialogs = g_type_class_ref (ADW_TYPE_DIALOG);
  g_autoptr (GTypeClass) menus = g_type_class_ref (GTK_TYPE_POPOVER_MENU);
  g_autoptr (GTypeClass) popovers = g_type_class_ref (GTK_TYPE_POPOVER);

  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (dialogs), GDK_KEY_q, GDK_CONTROL_MASK, "app.quit", NULL);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (menus), GDK_KEY_q, GDK_CONTROL_MASK, "app.quit", NULL);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (popovers), GDK_KEY_q, GDK_CONTROL_MASK, "app.quit", NULL);
  /* And what is to be hidden is hidden at once. */
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (dialogs), GDK_KEY_l, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "app.lock", NULL);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (menus), GDK_KEY_l, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "app.lock", NULL);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (popovers), GDK_KEY_l, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "app.lock", NULL);
}

static void
sotto_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (sotto_application_parent_class)->startup (application);

  gtk_source_init ();
  /* The text of a message can be selected; that the keyboard has come to it is no reason to select it. */
  g_object_set (gtk_settings_get_default (), "gtk-label-select-on-focus", FALSE, NULL);
  gtk_window_set_default_icon_name (SOTTO_APPLICATION_ID);
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), accelerators[i].action,
                                           accelerators[i].keys);
  sotto_auto_lock_listen (SOTTO_APPLICATION (application)->auto_lock, g_application_get_dbus_connection (application));
  let_all_quit ();
  sotto_text_buffers_remember ();
  sotto_hint_let_clicks_through ();
}

static void
on_active_changed (SottoApplication *self,
                   GParamSpec       *pspec,
                   GtkWindow        *window)
{
  if (gtk_window_is_active (window))
    sotto_background_give_window (self->background, window);
}

static void
sotto_application_activate (GApplication *application)
{
  SottoApplication *self = SOTTO_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (self->closing)
    return;

  if (window == NULL)
    {
      window = sotto_window_new (GTK_APPLICATION (self), self->app);
      sotto_auto_lock_watch (self->auto_lock, window);
      g_signal_connect_object (window, "notify::is-active", G_CALLBACK (on_active_changed), self, G_CONNECT_SWAPPED);
      gtk_window_present (window);
      sotto_app_open_async (self->app, NULL, NULL, NULL);
      if (sotto_settings_get_boolean (sotto_app_get_settings (self->app), "global-shortcut"))
        sotto_global_shortcut_look (self->shortcut);
    }
  else
    {
      sotto_background_give_window (self->background, window);
      gtk_window_present (window);
    }
}

void
sotto_application_stay (SottoApplication *self)
{
  g_return_if_fail (SOTTO_IS_APPLICATION (self));

  self->quitting = FALSE;
}

gboolean
sotto_application_take_window (SottoApplication *self,
                               GtkWindow        *window)
{
  g_return_val_if_fail (SOTTO_IS_APPLICATION (self), FALSE);

  return !self->quitting && sotto_background_take_window (self->background, window);
}

static void
sotto_application_window_removed (GtkApplication *application,
                                  GtkWindow      *window)
{
  /* Held before the last window goes, so that the process does not go with it. */
  if (SOTTO_IS_WINDOW (window))
    begin_closing (SOTTO_APPLICATION (application));

  GTK_APPLICATION_CLASS (sotto_application_parent_class)->window_removed (application, window);
}

static void
sotto_application_finalize (GObject *object)
{
  SottoApplication *self = SOTTO_APPLICATION (object);

  g_clear_pointer (&self->background, sotto_background_free);
  g_clear_pointer (&self->auto_lock, sotto_auto_lock_free);
  g_clear_object (&self->provider);
  /* Calls that are under way may hold on to it for longer than there is an application. */
  g_object_run_dispose (G_OBJECT (self->shortcut));
  g_clear_object (&self->shortcut);
  g_clear_object (&self->app);

  G_OBJECT_CLASS (sotto_application_parent_class)->finalize (object);
}

static void
sotto_application_class_init (SottoApplicationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sotto_application_finalize;
  G_APPLICATION_CLASS (klass)->startup = sotto_application_startup;
  G_APPLICATION_CLASS (klass)->activate = sotto_application_activate;
  G_APPLICATION_CLASS (klass)->open = sotto_application_open;
  G_APPLICATION_CLASS (klass)->dbus_register = sotto_application_dbus_register;
  G_APPLICATION_CLASS (klass)->dbus_unregister = sotto_application_dbus_unregister;
  GTK_APPLICATION_CLASS (klass)->window_removed = sotto_application_window_removed;
}

static void
sotto_application_init (SottoApplication *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
}

GApplication *
sotto_ui_application_new (SottoApp *app)
{
  SottoApplication *self = g_object_new (SOTTO_TYPE_APPLICATION,
                                         "application-id", SOTTO_APPLICATION_ID,
                                         "flags", G_APPLICATION_HANDLES_OPEN,
                                         "resource-base-path", "/io/github/sotto_chat/Sotto",
                                         NULL);

  self->app = g_object_ref (app);
  self->background = sotto_background_new (GTK_APPLICATION (self), app);
  self->auto_lock = sotto_auto_lock_new (app);
  g_signal_connect_object (app, "notify::state", G_CALLBACK (update_lock), self, G_CONNECT_SWAPPED);
  update_lock (self);
  self->shortcut = sotto_global_shortcut_new (GTK_APPLICATION (self), sotto_app_get_settings (app));
  g_signal_connect_object (self->shortcut, "activated", G_CALLBACK (on_shortcut_activated), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->shortcut, "changed", G_CALLBACK (on_shortcut_changed), self, G_CONNECT_SWAPPED);
  self->provider = sotto_search_provider_new (app);
  g_signal_connect_object (self->provider, "activate", G_CALLBACK (on_result_activated), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->provider, "launch", G_CALLBACK (on_search_launched), self, G_CONNECT_SWAPPED);

  return G_APPLICATION (self);
}
