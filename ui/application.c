#include "config.h"

#include "application.h"

#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>

#include "sotto-ui.h"
#include "window.h"

struct _SottoApplication {
  AdwApplication parent_instance;

  /* Owned */
  SottoApp *app;

  gboolean closing;
};

G_DEFINE_FINAL_TYPE (SottoApplication, sotto_application, ADW_TYPE_APPLICATION)

SottoApp *
sotto_application_get_app (SottoApplication *self)
{
  g_return_val_if_fail (SOTTO_IS_APPLICATION (self), NULL);

  return self->app;
}

/* --- Keys --- */

static const struct {
  const char *action;
  const char *keys[3];
} accelerators[] = {
  { "app.quit", { "<Control>q", NULL } },
  { "win.new-conversation", { "<Control>n", NULL } },
  { "win.search", { "<Control>k", NULL } },
  { "win.find", { "<Control>f", NULL } },
  { "win.toggle-sidebar", { "F9", NULL } },
  { "win.rename", { "F2", NULL } },
  { "win.preferences", { "<Control>comma", NULL } },
  { "win.show-help-overlay", { "<Control>question", NULL } },
  { "win.focus-composer", { "<Control>l", NULL } },
  { "win.choose-model", { "<Control><Shift>m", NULL } },
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

static void
on_quit (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       user_data)
{
  GList *windows = g_list_copy (gtk_application_get_windows (user_data));

  if (windows == NULL)
    begin_closing (user_data);
  for (GList *window = windows; window != NULL; window = window->next)
    gtk_window_close (window->data);
  g_list_free (windows);
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
  adw_about_dialog_set_comments (about,
    _("Chat with language models that run on this computer. Sotto has no access to the network: "
      "what you write stays here, encrypted."));
  /* Translators: your names, one a line; shown in the About dialog */
  adw_about_dialog_set_translator_credits (about, _("translator-credits"));
  adw_dialog_present (ADW_DIALOG (about), GTK_WIDGET (window));
}

static const GActionEntry actions[] = {
  { .name = "quit", .activate = on_quit },
  { .name = "about", .activate = on_about },
};

/* --- The application --- */

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
      gtk_window_present (window);
      sotto_app_open_async (self->app, NULL, NULL, NULL);
    }
  else
    gtk_window_present (window);
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

  g_clear_object (&self->app);

  G_OBJECT_CLASS (sotto_application_parent_class)->finalize (object);
}

static void
sotto_application_class_init (SottoApplicationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sotto_application_finalize;
  G_APPLICATION_CLASS (klass)->startup = sotto_application_startup;
  G_APPLICATION_CLASS (klass)->activate = sotto_application_activate;
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
                                         "resource-base-path", "/io/github/sotto_chat/Sotto",
                                         NULL);

  self->app = g_object_ref (app);

  return G_APPLICATION (self);
}
