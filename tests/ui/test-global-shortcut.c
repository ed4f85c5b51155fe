/* A key that brings Sotto up: what the desktop is asked, and what is made of its answers. The desktop is a stand-in of
 * org.freedesktop.portal.GlobalShortcuts on the test's own bus, which answers as it is told to and writes down what it was asked. */

#include "life.h"

#include <gdk/x11/gdkx.h>

#define PATH "/org/freedesktop/portal/desktop"
#define PORTAL "org.freedesktop.portal.GlobalShortcuts"

static const char xml[] =
  "<node>"
  "  <interface name='" PORTAL "'>"
  "    <method name='CreateSession'><arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
  "    <method name='BindShortcuts'><arg type='o' direction='in'/><arg type='a(sa{sv})' direction='in'/>"
  "      <arg type='s' direction='in'/><arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
  "    <property name='version' type='u' access='read'/>"
  "  </interface>"
  "  <interface name='org.freedesktop.portal.Session'><method name='Close'/></interface>"
  "  <interface name='org.freedesktop.portal.Request'><method name='Close'/></interface>"
  "</node>";

/* The desktop; one, as it is in all lives of this process. */
typedef struct {
  GDBusConnection *bus;
  GDBusNodeInfo *info;
  guint name;

  gboolean is_silent;       /* a person who has not answered yet */
  guint answer;             /* 0: yes, 1: no */
  const char *trigger;      /* NULL: none of the shortcuts was taken */

  char *session;
  guint session_object;
  guint request_object;     /* of the question that nobody has answered */
  GVariant *bound;          /* arguments of the last BindShortcuts */
  guint n_bound;
  guint n_sessions_closed;
  guint n_requests_closed;
} Desktop;

static Desktop desktop;

static void
emit (const char *path,
      const char *interface,
      const char *signal,
      GVariant   *arguments)
{
  g_assert_true (g_dbus_connection_emit_signal (desktop.bus, NULL, path, interface, signal, arguments, NULL));
}

static GVariant *
get_shortcuts (const char *trigger)
{
  GVariantBuilder shortcuts;

  g_variant_builder_init (&shortcuts, G_VARIANT_TYPE ("a(sa{sv})"));
  if (trigger != NULL)
    g_variant_builder_add_parsed (&shortcuts, "('show', {'description': <'Sotto'>, 'trigger_description': <%s>})", trigger);

  return g_variant_builder_end (&shortcuts);
}

static void
respond (const char *request,
         guint       response,
         const char *key,
         GVariant   *value)
{
  GVariantBuilder results;

  g_variant_builder_init (&results, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&results, "{sv}", key, value);
  emit (request, "org.freedesktop.portal.Request", "Response", g_variant_new ("(ua{sv})", response, &results));
}

static void on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
                     GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data);

static GVariant *
on_version (GDBusConnection  *connection,
            const char       *sender,
            const char       *path,
            const char       *interface,
            const char       *property,
            GError          **error,
            gpointer          data)
{
  return g_variant_new_uint32 (1);
}

static const GDBusInterfaceVTable vtable = { .method_call = on_call, .get_property = on_version };

static guint
export (const char *path,
        const char *interface)
{
  guint id = g_dbus_connection_register_object (desktop.bus, path, g_dbus_node_info_lookup_interface (desktop.info, interface),
                                                &vtable, NULL, NULL, NULL);

  g_assert_cmpuint (id, >, 0);

  return id;
}

static void
unexport (guint *id)
{
  if (*id != 0)
    g_assert_true (g_dbus_connection_unregister_object (desktop.bus, *id));
  *id = 0;
}

/* Where the documentation says that an object of the caller's lies */
static char *
get_path (const char *kind,
          const char *sender,
          GVariant   *options,
          const char *key)
{
  g_autofree char *place = g_strdelimit (g_strdup (sender + 1), ".", '_');
  const char *token;

  g_assert_true (g_variant_lookup (options, key, "&s", &token));

  return g_strdup_printf (PATH "/%s/%s/%s", kind, place, token);
}

static void
on_call (GDBusConnection       *connection,
         const char            *sender,
         const char            *path,
         const char            *interface,
         const char            *method,
         GVariant              *parameters,
         GDBusMethodInvocation *invocation,
         gpointer               data)
{
  g_autoptr (GVariant) options = NULL;
  g_autofree char *request = NULL;

  if (g_str_equal (method, "Close"))
    {
      if (g_str_equal (interface, "org.freedesktop.portal.Session"))
        {
          g_assert_cmpstr (path, ==, desktop.session);
          desktop.n_sessions_closed++;
          unexport (&desktop.session_object);
        }
      else
        {
          desktop.n_requests_closed++;
          unexport (&desktop.request_object);
        }
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }

  options = g_variant_get_child_value (parameters, g_variant_n_children (parameters) - 1);
  request = get_path ("request", sender, options, "handle_token");
  if (g_str_equal (method, "CreateSession"))
    {
      g_free (desktop.session);
      desktop.session = get_path ("session", sender, options, "session_handle_token");
      unexport (&desktop.session_object);
      desktop.session_object = export (desktop.session, "org.freedesktop.portal.Session");
      /* Before the method returns, as it may. */
      respond (request, 0, "session_handle", g_variant_new_string (desktop.session));
    }
  else
    {
      const char *session;

      g_variant_get_child (parameters, 0, "&o", &session);
      g_assert_cmpstr (session, ==, desktop.session);
      g_clear_pointer (&desktop.bound, g_variant_unref);
      desktop.bound = g_variant_ref (parameters);
      desktop.n_bound++;
      if (desktop.is_silent)
        desktop.request_object = export (request, "org.freedesktop.portal.Request");
      else
        respond (request, desktop.answer, "shortcuts", get_shortcuts (desktop.trigger));
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", request));
}

static gboolean
has_name (gpointer data)
{
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (desktop.bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                             "org.freedesktop.DBus", "GetNameOwner",
                                                             g_variant_new ("(s)", "org.freedesktop.portal.Desktop"), NULL, 0, -1,
                                                             NULL, NULL);

  return answer != NULL;
}

static void
enter_desktop (void)
{
  desktop.name = g_bus_own_name_on_connection (desktop.bus, "org.freedesktop.portal.Desktop", 0, NULL, NULL, NULL, NULL);
  harness_wait_for (has_name, NULL, 20);
}

static void
leave_desktop (void)
{
  g_clear_handle_id (&desktop.name, g_bus_unown_name);
  harness_run (0.3);
}

/* --- What a person sees --- */

static AdwSwitchRow *
find_row (GtkWidget *from)
{
  if (ADW_IS_SWITCH_ROW (from) && gtk_widget_get_mapped (from) &&
      g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (from)), "Bring Up Sotto from Anywhere"))
    return ADW_SWITCH_ROW (from);

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      AdwSwitchRow *row = find_row (child);

      if (row != NULL)
        return row;
    }

  return NULL;
}

static gboolean
is_offered (gpointer window)
{
  return find_row (window) != NULL;
}

static gboolean
is_not_offered (gpointer window)
{
  return !is_offered (window);
}

static const char *
get_words (AdwSwitchRow *row)
{
  return adw_action_row_get_subtitle (ADW_ACTION_ROW (row));
}

static void
assert_words_at (int           line,
                 AdwSwitchRow *row,
                 gboolean      is_on,
                 const char   *words)
{
  for (guint i = 0; i < 200 && g_strcmp0 (get_words (row), words) != 0; i++)
    harness_run (0.05);
  if (g_strcmp0 (get_words (row), words) != 0 || adw_switch_row_get_active (row) != is_on)
    g_error ("line %d: the switch is %s and its row says “%s”", line, adw_switch_row_get_active (row) ? "on" : "off", get_words (row));
}
#define assert_words(row, is_on, words) assert_words_at (__LINE__, (row), (is_on), (words))

static AdwSwitchRow *
open_preferences (GtkWindow *window)
{
  life_activate (window, "win.preferences");
  harness_wait_for (is_offered, window, 20);

  return find_row (GTK_WIDGET (window));
}

static void
close_preferences (GtkWindow *window)
{
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_run (0.5);
}

static GtkWidget *
find_toast (GtkWidget *from)
{
  GtkWidget *toast = NULL;

  /* A toast's widget is libadwaita's own. */
  if (gtk_widget_get_mapped (from) && g_str_equal (G_OBJECT_TYPE_NAME (from), "AdwToastWidget"))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL && toast == NULL;
       child = gtk_widget_get_next_sibling (child))
    toast = find_toast (child);

  return toast;
}

static gboolean
is_told (gpointer window)
{
  GtkWidget *toast = find_toast (window);
  GtkWidget *label = toast != NULL ? harness_find (toast, GTK_TYPE_LABEL) : NULL;

  return label != NULL && g_str_equal (gtk_label_get_label (GTK_LABEL (label)), "The desktop gave Sotto no key");
}

static const char off[] = "While it runs, by a key that the desktop lets you choose";
static const char refused[] = "The desktop gave no key";

/* --- The desktop does not offer it --- */

static void
nowhere_life (SottoApp  *app,
              GtkWindow *window)
{
  sotto_app_start_temporary (app);
  harness_wait_for (life_is_ready, app, 20);
  life_activate (window, "win.preferences");
  harness_run (0.5);
  g_assert_false (is_offered (window));

  /* It comes while somebody looks, and goes. */
  enter_desktop ();
  harness_wait_for (is_offered, window, 20);
  leave_desktop ();
  harness_wait_for (is_not_offered, window, 20);
  close_preferences (window);
}

/* --- The desktop says no --- */

static void
assert_question (GtkWindow *window)
{
  g_autoptr (GVariant) shortcuts = g_variant_get_child_value (desktop.bound, 1);
  g_autoptr (GVariant) details = NULL;
  g_autofree char *parent = NULL;
  const char *id, *asked, *description, *trigger;

  g_assert_cmpuint (g_variant_n_children (shortcuts), ==, 1);
  g_variant_get_child (shortcuts, 0, "(&s@a{sv})", &id, &details);
  g_assert_cmpstr (id, ==, "show");
  g_assert_true (g_variant_lookup (details, "description", "&s", &description));
  g_assert_cmpstr (description, ==, "Bring up Sotto to write a message");
  g_assert_true (g_variant_lookup (details, "preferred_trigger", "&s", &trigger));
  g_assert_cmpstr (trigger, ==, "LOGO+ALT+s");

  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  parent = g_strdup_printf ("x11:%lx", gdk_x11_surface_get_xid (gtk_native_get_surface (GTK_NATIVE (window))));
  G_GNUC_END_IGNORE_DEPRECATIONS
  g_variant_get_child (desktop.bound, 2, "&s", &asked);
  g_assert_cmpstr (asked, ==, parent);
}

/* What Sotto says to the desktop arrives a little later than what it says to a person. */
static void
assert_sessions_closed (guint n)
{
  for (guint i = 0; i < 200 && desktop.n_sessions_closed < n; i++)
    harness_run (0.05);
  g_assert_cmpuint (desktop.n_sessions_closed, ==, n);
}

static void
refused_life (SottoApp  *app,
              GtkWindow *window)
{
  AdwSwitchRow *row;

  sotto_app_start_temporary (app);
  harness_wait_for (life_is_ready, app, 20);
  row = open_preferences (window);
  assert_words (row, FALSE, off);
  g_assert_cmpuint (desktop.n_bound, ==, 0);

  desktop.answer = 1;
  desktop.trigger = "Super+Alt+S";
  adw_switch_row_set_active (row, TRUE);
  assert_words (row, FALSE, refused);
  g_assert_cmpuint (desktop.n_bound, ==, 1);
  assert_sessions_closed (1);
  g_assert_false (is_told (window));
  g_assert_false (sotto_settings_get_boolean (sotto_app_get_settings (app), "global-shortcut"));
  assert_question (window);

  /* A yes to none is a no. */
  desktop.answer = 0;
  desktop.trigger = NULL;
  adw_switch_row_set_active (row, TRUE);
  assert_words (row, FALSE, refused);
  assert_sessions_closed (2);

  /* Who changes his mind takes the question back with the switch. */
  desktop.is_silent = TRUE;
  adw_switch_row_set_active (row, TRUE);
  assert_words (row, TRUE, "The desktop is being asked for a key…");
  for (guint i = 0; i < 100 && desktop.request_object == 0; i++)
    harness_run (0.05);
  adw_switch_row_set_active (row, FALSE);
  assert_words (row, FALSE, off);
  harness_run (0.3);
  g_assert_cmpuint (desktop.n_requests_closed, ==, 1);
  assert_sessions_closed (3);
  desktop.is_silent = FALSE;
  close_preferences (window);
}

/* --- The desktop says yes --- */

static void
press (const char *session,
       const char *id,
       const char *token)
{
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (token != NULL)
    g_variant_builder_add (&options, "{sv}", "activation_token", g_variant_new_string (token));
  emit (PATH, PORTAL, "Activated", g_variant_new ("(osta{sv})", session, id, (guint64) 12345, &options));
  harness_run (0.4);
}

static gboolean
is_writing (GtkWindow *window)
{
  GtkWidget *focus = gtk_window_get_focus (window);

  /* Without a model there is nothing to write to: what one comes to is the button that adds one. */
  return GTK_IS_BUTTON (focus) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (focus)), "_Add a Model File…") == 0;
}

static void
given_life (SottoApp  *app,
            GtkWindow *window)
{
  AdwSwitchRow *row;

  sotto_app_start_temporary (app);
  harness_wait_for (life_is_ready, app, 20);
  row = open_preferences (window);

  /* The desktop's own words; they are no markup. */
  desktop.trigger = "<Super><Alt>s & more";
  adw_switch_row_set_active (row, TRUE);
  assert_words (row, TRUE, "<Super><Alt>s & more");
  emit (PATH, PORTAL, "ShortcutsChanged", g_variant_new ("(o@a(sa{sv}))", desktop.session, get_shortcuts ("Meta+S")));
  assert_words (row, TRUE, "Meta+S");
  emit (PATH, PORTAL, "ShortcutsChanged", g_variant_new ("(o@a(sa{sv}))", desktop.session, get_shortcuts ("")));
  assert_words (row, TRUE, "The settings of the desktop say by which key");

  /* A dialog keeps the focus. */
  press (desktop.session, "show", NULL);
  g_assert_false (is_writing (window));
  close_preferences (window);

  /* What is not for us does nothing. */
  gtk_window_set_focus (window, NULL);
  press (PATH "/session/other", "show", NULL);
  press (desktop.session, "hide", NULL);
  g_assert_false (is_writing (window));
  press (desktop.session, "show", NULL);
  g_assert_true (is_writing (window));

  /* As while a reply is written to a window that was closed */
  gtk_window_set_focus (window, NULL);
  gtk_widget_set_visible (GTK_WIDGET (window), FALSE);
  press (desktop.session, "show", "leave_TIME12345");
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window)));
  g_assert_true (is_writing (window));

  /* Off and on again */
  row = open_preferences (window);
  desktop.n_sessions_closed = 0;
  adw_switch_row_set_active (row, FALSE);
  assert_words (row, FALSE, off);
  harness_run (0.3);
  assert_sessions_closed (1);
  adw_switch_row_set_active (row, TRUE);
  assert_words (row, TRUE, desktop.trigger);

  /* What the desktop takes back is off; what has only gone away comes back with it. */
  emit (desktop.session, "org.freedesktop.portal.Session", "Closed", NULL);
  assert_words (row, FALSE, refused);
  adw_switch_row_set_active (row, TRUE);
  assert_words (row, TRUE, desktop.trigger);
  desktop.n_bound = 0;
  leave_desktop ();
  harness_wait_for (is_not_offered, window, 20);
  g_assert_true (sotto_settings_get_boolean (sotto_app_get_settings (app), "global-shortcut"));
  enter_desktop ();
  harness_wait_for (is_offered, window, 20);
  assert_words (row, TRUE, desktop.trigger);
  g_assert_cmpuint (desktop.n_bound, ==, 1);
  close_preferences (window);
}

static gboolean
is_bound (gpointer data)
{
  return desktop.n_bound > 0;
}

/* The next start asks by itself. */
static void
again_life (SottoApp  *app,
            GtkWindow *window)
{
  harness_wait_for (is_bound, NULL, 20);
  assert_question (window);
  press (desktop.session, "show", NULL);
  g_assert_false (is_told (window));
}

/* It is no longer given: that is said, and the start after this one does not ask. */
static void
no_longer_life (SottoApp  *app,
                GtkWindow *window)
{
  sotto_app_start_temporary (app);
  harness_wait_for (is_told, window, 20);
  g_assert_cmpuint (desktop.n_bound, ==, 1);
  g_assert_false (sotto_settings_get_boolean (sotto_app_get_settings (app), "global-shortcut"));
  assert_words (open_preferences (window), FALSE, refused);
  close_preferences (window);
}

static void
test_nowhere (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-shortcut-XXXXXX", NULL);

  life_run (folder, nowhere_life);
}

static void
test_refused (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-shortcut-XXXXXX", NULL);

  enter_desktop ();
  life_run (folder, refused_life);
  leave_desktop ();
}

static void
test_given (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-shortcut-XXXXXX", NULL);

  enter_desktop ();
  life_run (folder, given_life);
  desktop.n_bound = 0;
  life_run (folder, again_life);
  desktop.n_bound = 0;
  desktop.answer = 1;
  life_run (folder, no_longer_life);
  leave_desktop ();
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *address = NULL;
  guint portal;
  int result;

  harness_init (&argc, &argv);
  address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  desktop.bus = g_dbus_connection_new_for_address_sync (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                                 G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, NULL);
  g_assert_nonnull (desktop.bus);
  desktop.info = g_dbus_node_info_new_for_xml (xml, NULL);
  g_assert_nonnull (desktop.info);
  portal = export (PATH, PORTAL);

  g_test_add_func ("/global-shortcut/nowhere", test_nowhere);
  g_test_add_func ("/global-shortcut/refused", test_refused);
  g_test_add_func ("/global-shortcut/given", test_given);

  result = g_test_run ();
  unexport (&portal);
  unexport (&desktop.session_object);
  g_clear_pointer (&desktop.bound, g_variant_unref);
  g_free (desktop.session);
  g_dbus_node_info_unref (desktop.info);
  g_object_unref (desktop.bus);

  return result;
}
