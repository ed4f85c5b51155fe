#include "life.h"

#include "sotto-ui.h"

#include "app-private.h"

gboolean
life_is_waiting_for_person (gpointer app)
{
  SottoAppState state = sotto_app_get_state (app);

  return state != SOTTO_APP_STATE_CLOSED && state != SOTTO_APP_STATE_OPENING;
}

gboolean
life_is_ready (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_READY;
}

static gboolean
is_in_sight (gpointer data)
{
  GtkWidget **pair = data;   /* from, and a place for what is found; the type is that of the entry */

  return (pair[1] = harness_find (pair[0], ADW_TYPE_ALERT_DIALOG)) != NULL;
}

GtkWidget *
life_wait_for_dialog (GtkWindow *window)
{
  GtkWidget *pair[2] = { GTK_WIDGET (window), NULL };

  harness_wait_for (is_in_sight, pair, 20);

  return pair[1];
}

gboolean
life_has_no_dialog (gpointer window)
{
  return adw_application_window_get_visible_dialog (window) == NULL && harness_find (window, ADW_TYPE_DIALOG) == NULL;
}

gboolean
life_has_no_conversations (gpointer app)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app))) == 0;
}

gboolean
life_has_conversation (gpointer app)
{
  return !life_has_no_conversations (app);
}

gboolean
life_is_enabled (GtkWindow  *window,
                 const char *action)
{
  GtkWidget *button = gtk_button_new ();
  gboolean enabled;

  gtk_widget_set_parent (button, GTK_WIDGET (window));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  enabled = gtk_widget_get_sensitive (button);
  gtk_widget_unparent (button);

  return enabled;
}

void
life_activate (GtkWindow  *window,
               const char *action)
{
  g_assert_true (life_is_enabled (window, action));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), action, NULL));
  harness_run (0.4);
}

typedef struct {
  SottoApp *app;
  LifeScript script;
  GApplication *application;
} Life;

static gboolean
live (gpointer data)
{
  Life *life = data;
  g_autoptr (GtkWindow) window = gtk_application_get_active_window (GTK_APPLICATION (life->application));

  g_assert_nonnull (window);
  g_object_ref (window);
  harness_wait_for (life_is_waiting_for_person, life->app, 20);
  harness_run (0.3);
  life->script (life->app, window);
  gtk_window_close (window);

  return G_SOURCE_REMOVE;
}

static void
on_activate (GApplication *application,
             Life         *life)
{
  /* Once: what brings the window up again is no new life. */
  g_signal_handlers_disconnect_by_data (application, life);
  g_idle_add (live, life);
}

void
life_start_temporary (SottoApp *app)
{
  sotto_app_start_temporary (app);
  harness_wait_for (life_is_ready, app, 20);
}

/* What is on its way, over the bus or in a thread, holds on to its object until it has come. */
static gboolean
is_alone (gpointer object)
{
  return G_OBJECT (object)->ref_count == 1;
}

void
life_run (const char *history,
          LifeScript  script)
{
  g_autofree char *own = history == NULL ? g_dir_make_tmp ("sotto-window-XXXXXX", NULL) : NULL;
  Life life = { .app = sotto_app_new (history != NULL ? history : own), .script = script };

  sotto_app_set_passphrase_cost (life.app, 1, 8192);
  g_object_set (sotto_app_get_settings (life.app), "max-tokens", 24, NULL);
  life.application = sotto_ui_application_new (life.app);
  g_application_set_flags (life.application, G_APPLICATION_NON_UNIQUE);
  g_signal_connect_after (life.application, "activate", G_CALLBACK (on_activate), &life);

  g_assert_cmpint (g_application_run (life.application, 0, NULL), ==, 0);
  g_assert_true (harness_is_closed (life.app));
  /* Nothing holds on to what is over. */
  harness_wait_for (is_alone, life.application, 20);
  g_assert_finalize_object (life.application);
  harness_wait_for (is_alone, life.app, 20);
  g_assert_finalize_object (life.app);
}

void
life_click (GtkWidget  *from,
            const char *name)
{
  GtkWidget *button = harness_find_button (from, name);

  if (button == NULL)
    g_error ("no button “%s” is in sight", name);
  g_signal_emit_by_name (button, "clicked");
  harness_settle (from);
}

void
life_assert_named (GtkWidget *widget)
{
  if (!gtk_widget_get_mapped (widget))
    return;

  if (GTK_IS_BUTTON (widget) || GTK_IS_MENU_BUTTON (widget) || GTK_IS_TEXT_VIEW (widget) || GTK_IS_LIST_VIEW (widget))
    {
      gboolean has_words = GTK_IS_BUTTON (widget) && (gtk_button_get_label (GTK_BUTTON (widget)) != NULL ||
                                                      GTK_IS_LABEL (gtk_button_get_child (GTK_BUTTON (widget))));
      GtkWidget *parent = gtk_widget_get_parent (widget);

      /* A tooltip is the name of a control that has no other. A menu button's own button, a window's controls, a banner that says nothing yet and the list with which a choice shows what is chosen are the libraries' to name. */
      if (!has_words && gtk_widget_get_tooltip_text (widget) == NULL && !GTK_IS_MENU_BUTTON (parent) && gtk_widget_get_ancestor (widget, GTK_TYPE_WINDOW_CONTROLS) == NULL &&
          gtk_widget_get_ancestor (widget, ADW_TYPE_BANNER) == NULL &&
          !(GTK_IS_LIST_VIEW (widget) && gtk_widget_get_ancestor (widget, ADW_TYPE_COMBO_ROW) != NULL) &&
          !gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL))
        {
          g_autoptr (GString) place = g_string_new (NULL);

          for (; parent != NULL; parent = gtk_widget_get_parent (parent))
            g_string_append_printf (place, " in %s", G_OBJECT_TYPE_NAME (parent));
          g_test_fail_printf ("a %s%s has no accessible name", G_OBJECT_TYPE_NAME (widget), place->str);
        }
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    life_assert_named (child);
}
