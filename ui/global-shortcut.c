/* The way to a key (https://flatpak.github.io/xdg-desktop-portal/docs, Request, Session, GlobalShortcuts):
 *
 *   look       the name of the portals is watched; when it is there, its GlobalShortcuts are asked for their version
 *   begin      CreateSession   → a Request, whose Response holds the session's path
 *   bind       BindShortcuts   → a Request, whose Response comes after the person has said yes or no
 *   Activated  the key was pressed; ShortcutsChanged: it is another one now
 *   end        the request and the session are closed: by switching off, by the desktop (Closed), or with the portal's name
 *
 * One request at a time is under way. Its Response may come before the method that asks for it has returned, so it is
 * listened for at a path that is known before. */

#include "global-shortcut.h"

#include <glib/gi18n.h>

#ifdef GDK_WINDOWING_WAYLAND
#include <gdk/wayland/gdkwayland.h>
#endif
#ifdef GDK_WINDOWING_X11
#include <gdk/x11/gdkx.h>
#endif

#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL "org.freedesktop.portal.GlobalShortcuts"
#define REQUEST "org.freedesktop.portal.Request"
#define SESSION "org.freedesktop.portal.Session"

#define SETTING "global-shortcut"

/* What desktops remember the key by. */
#define SHORTCUT_ID "show"
/* A wish, in the words of the shortcuts specification; the desktop or the person may choose another. */
#define WISH "LOGO+ALT+s"

struct _SottoGlobalShortcut {
  GObject parent_instance;

  GtkApplication *application;      /* not owned */
  SottoSettings *settings;

  /* Looking */
  GDBusConnection *connection;      /* NULL: nobody has looked yet */
  guint watch;
  GCancellable *looking;
  gboolean is_available;

  /* The session */
  SottoGlobalShortcutState state;
  GCancellable *asking;             /* of the session's calls; NULL: there is no session */
  char *request;                    /* path of what is under way */
  guint request_signal;
  char *session;                    /* path, known before there is one */
  guint session_signal;
  guint portal_signal;
  GdkSurface *parent;               /* whose handle was exported for the desktop's question */
  char *parent_handle;
  char *trigger;
};

enum {
  CHANGED,
  ACTIVATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoGlobalShortcut, sotto_global_shortcut, G_TYPE_OBJECT)

static void
set_state (SottoGlobalShortcut      *self,
           SottoGlobalShortcutState  state)
{
  self->state = state;
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- The end of a session --- */

static void
forget_signal (SottoGlobalShortcut *self,
               guint               *signal)
{
  if (*signal != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, *signal);
  *signal = 0;
}

static void
forget_parent (SottoGlobalShortcut *self)
{
#ifdef GDK_WINDOWING_WAYLAND
  if (self->parent_handle != NULL && !gdk_surface_is_destroyed (self->parent))
    gdk_wayland_toplevel_drop_exported_handle (GDK_TOPLEVEL (self->parent), self->parent_handle);
#endif
  g_clear_object (&self->parent);
  g_clear_pointer (&self->parent_handle, g_free);
}

/* There is nothing to be done about it if that fails. */
static void
close_object (SottoGlobalShortcut *self,
              const char          *path,
              const char          *interface)
{
  if (path != NULL)
    g_dbus_connection_call (self->connection, PORTAL_NAME, path, interface, "Close", NULL, NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void
end_request (SottoGlobalShortcut *self)
{
  forget_signal (self, &self->request_signal);
  g_clear_pointer (&self->request, g_free);
}

static void
end_session (SottoGlobalShortcut *self)
{
  if (self->asking == NULL)
    return;

  g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  close_object (self, self->request, REQUEST);
  close_object (self, self->session, SESSION);
  end_request (self);
  forget_signal (self, &self->session_signal);
  forget_signal (self, &self->portal_signal);
  forget_parent (self);
  g_clear_pointer (&self->session, g_free);
  g_clear_pointer (&self->trigger, g_free);
}

/* The switch goes back to where it was, and its row says why. */
static void
refuse (SottoGlobalShortcut *self)
{
  end_session (self);
  g_object_set (self->settings, SETTING, FALSE, NULL);
  set_state (self, SOTTO_GLOBAL_SHORTCUT_REFUSED);
}

/* --- Asking --- */

/* Returns: (transfer full): a name for an object of ours among the portal's, as D-Bus allows it in a path */
static char *
make_token (void)
{
  return g_strdup_printf ("sotto_%08x", g_random_int ());
}

static char *
get_path (SottoGlobalShortcut *self,
          const char          *kind,
          const char          *token)
{
  g_autofree char *sender = g_strdelimit (g_strdup (g_dbus_connection_get_unique_name (self->connection) + 1), ".", '_');

  return g_strdup_printf (PORTAL_PATH "/%s/%s/%s", kind, sender, token);
}

static void
on_asked (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (SottoGlobalShortcut) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (answer != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_debug ("The desktop gives no global shortcut: %s", error->message);
  refuse (self);
}

/* @token: of the request, for the options among @arguments */
static void
ask (SottoGlobalShortcut *self,
     const char          *method,
     GVariant            *arguments,
     const char          *token,
     GDBusSignalCallback  on_response)
{
  self->request = get_path (self, "request", token);
  self->request_signal = g_dbus_connection_signal_subscribe (self->connection, PORTAL_NAME, REQUEST, "Response", self->request,
                                                             NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_response, self, NULL);
  g_dbus_connection_call (self->connection, PORTAL_NAME, PORTAL_PATH, PORTAL, method, arguments, G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, self->asking, on_asked, g_object_ref (self));
}

/* The request that was under way has ended. Returns: (transfer full) (nullable): the result @name; %NULL: refused */
static GVariant *
take_response (SottoGlobalShortcut *self,
               GVariant            *parameters,
               const char          *name,
               const GVariantType  *type)
{
  g_autoptr (GVariant) results = NULL;
  guint response;

  end_request (self);
  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")))
    return NULL;

  g_variant_get (parameters, "(u@a{sv})", &response, &results);

  return response == 0 ? g_variant_lookup_value (results, name, type) : NULL;
}

/* Returns: whether ours is among @shortcuts; then its key is known. */
static gboolean
take_shortcuts (SottoGlobalShortcut *self,
                GVariant            *shortcuts)
{
  GVariantIter iter;
  const char *id;
  GVariant *details;
  gboolean is_there = FALSE;

  g_variant_iter_init (&iter, shortcuts);
  while (g_variant_iter_loop (&iter, "(&s@a{sv})", &id, &details))
    if (g_str_equal (id, SHORTCUT_ID))
      {
        g_clear_pointer (&self->trigger, g_free);
        g_variant_lookup (details, "trigger_description", "s", &self->trigger);
        is_there = TRUE;
      }

  return is_there;
}

static void
on_bound (GDBusConnection *connection,
          const char      *sender,
          const char      *path,
          const char      *interface,
          const char      *signal,
          GVariant        *parameters,
          gpointer         user_data)
{
  SottoGlobalShortcut *self = user_data;
  g_autoptr (GVariant) shortcuts = take_response (self, parameters, "shortcuts", G_VARIANT_TYPE ("a(sa{sv})"));

  forget_parent (self);
  if (shortcuts != NULL && take_shortcuts (self, shortcuts))
    set_state (self, SOTTO_GLOBAL_SHORTCUT_ON);
  else
    refuse (self);
}

static void
bind (SottoGlobalShortcut *self,
      const char          *parent)
{
  g_autofree char *token = make_token ();
  GVariantBuilder shortcuts;
  GVariantBuilder options;

  g_variant_builder_init (&shortcuts, G_VARIANT_TYPE ("a(sa{sv})"));
  g_variant_builder_open (&shortcuts, G_VARIANT_TYPE ("(sa{sv})"));
  g_variant_builder_add (&shortcuts, "s", SHORTCUT_ID);
  g_variant_builder_open (&shortcuts, G_VARIANT_TYPE_VARDICT);
  /* Translators: what a key does, in the desktop's own list of keys for all programs */
  g_variant_builder_add (&shortcuts, "{sv}", "description", g_variant_new_string (_("Bring up Sotto to write a message")));
  g_variant_builder_add (&shortcuts, "{sv}", "preferred_trigger", g_variant_new_string (WISH));
  g_variant_builder_close (&shortcuts);
  g_variant_builder_close (&shortcuts);

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string (token));
  ask (self, "BindShortcuts", g_variant_new ("(oa(sa{sv})sa{sv})", self->session, &shortcuts, parent, &options), token, on_bound);
}

/* --- The window that the desktop's question belongs to --- */

#ifdef GDK_WINDOWING_WAYLAND
typedef struct {
  SottoGlobalShortcut *self;
  GCancellable *asking;   /* of the session that it is for */
} Export;

static void
export_free (gpointer data)
{
  Export *export = data;

  g_object_unref (export->asking);
  g_object_unref (export->self);
  g_free (export);
}

static void
on_exported (GdkToplevel *toplevel,
             const char  *handle,
             gpointer     user_data)
{
  Export *export = user_data;
  g_autofree char *parent = g_strconcat ("wayland:", handle, NULL);

  if (g_cancellable_is_cancelled (export->asking))
    {
      gdk_wayland_toplevel_drop_exported_handle (toplevel, handle);
      return;
    }

  g_set_object (&export->self->parent, GDK_SURFACE (toplevel));
  g_set_str (&export->self->parent_handle, handle);
  bind (export->self, parent);
}
#endif

static void
bind_for_window (SottoGlobalShortcut *self)
{
  GtkWindow *window = gtk_application_get_active_window (self->application);
  GdkSurface *surface = window != NULL ? gtk_native_get_surface (GTK_NATIVE (window)) : NULL;

#ifdef GDK_WINDOWING_WAYLAND
  if (GDK_IS_WAYLAND_TOPLEVEL (surface))
    {
      Export *export = g_new0 (Export, 1);

      export->self = g_object_ref (self);
      export->asking = g_object_ref (self->asking);
      if (gdk_wayland_toplevel_export_handle (GDK_TOPLEVEL (surface), on_exported, export, export_free))
        return;
      /* It has not taken it. */
      export_free (export);
    }
#endif
#ifdef GDK_WINDOWING_X11
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  if (GDK_IS_X11_SURFACE (surface))
    {
      g_autofree char *parent = g_strdup_printf ("x11:%lx", gdk_x11_surface_get_xid (surface));

      bind (self, parent);
      return;
    }
  G_GNUC_END_IGNORE_DEPRECATIONS
#endif

  bind (self, "");
}

/* --- The session --- */

static void
on_portal_signal (GDBusConnection *connection,
                  const char      *sender,
                  const char      *path,
                  const char      *interface,
                  const char      *signal,
                  GVariant        *parameters,
                  gpointer         user_data)
{
  SottoGlobalShortcut *self = user_data;
  g_autoptr (GVariant) details = NULL;
  const char *session;
  const char *id;

  if (g_str_equal (signal, "Activated") && g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(osta{sv})")))
    {
      g_autofree char *token = NULL;

      g_variant_get (parameters, "(&o&st@a{sv})", &session, &id, NULL, &details);
      if (!g_str_equal (session, self->session) || !g_str_equal (id, SHORTCUT_ID))
        return;
      g_variant_lookup (details, "activation_token", "s", &token);
      g_signal_emit (self, signals[ACTIVATED], 0, token);
    }
  else if (g_str_equal (signal, "ShortcutsChanged") && g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(oa(sa{sv}))")))
    {
      g_variant_get (parameters, "(&o@a(sa{sv}))", &session, &details);
      if (g_str_equal (session, self->session) && take_shortcuts (self, details))
        g_signal_emit (self, signals[CHANGED], 0);
    }
}

static void
on_session_closed (GDBusConnection *connection,
                   const char      *sender,
                   const char      *path,
                   const char      *interface,
                   const char      *signal,
                   GVariant        *parameters,
                   gpointer         user_data)
{
  refuse (user_data);
}

static void
on_session (GDBusConnection *connection,
            const char      *sender,
            const char      *path,
            const char      *interface,
            const char      *signal,
            GVariant        *parameters,
            gpointer         user_data)
{
  SottoGlobalShortcut *self = user_data;
  /* Specified as a string, where a path was meant. */
  g_autoptr (GVariant) handle = take_response (self, parameters, "session_handle", G_VARIANT_TYPE_STRING);

  if (handle == NULL || !g_variant_is_object_path (g_variant_get_string (handle, NULL)))
    {
      refuse (self);
      return;
    }

  g_set_str (&self->session, g_variant_get_string (handle, NULL));
  self->session_signal = g_dbus_connection_signal_subscribe (connection, PORTAL_NAME, SESSION, "Closed", self->session, NULL,
                                                             G_DBUS_SIGNAL_FLAGS_NONE, on_session_closed, self, NULL);
  self->portal_signal = g_dbus_connection_signal_subscribe (connection, PORTAL_NAME, PORTAL, NULL, PORTAL_PATH, NULL,
                                                            G_DBUS_SIGNAL_FLAGS_NONE, on_portal_signal, self, NULL);
  bind_for_window (self);
}

static void
begin_session (SottoGlobalShortcut *self)
{
  g_autofree char *token = make_token ();
  g_autofree char *session_token = make_token ();
  GVariantBuilder options;

  self->asking = g_cancellable_new ();
  self->session = get_path (self, "session", session_token);
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string (token));
  g_variant_builder_add (&options, "{sv}", "session_handle_token", g_variant_new_string (session_token));
  ask (self, "CreateSession", g_variant_new ("(a{sv})", &options), token, on_session);
  set_state (self, SOTTO_GLOBAL_SHORTCUT_ASKING);
}

/* What the setting wants, where the desktop can do it */
static void
update (SottoGlobalShortcut *self)
{
  gboolean is_wanted = self->is_available && sotto_settings_get_boolean (self->settings, SETTING);

  if (is_wanted && self->asking == NULL)
    begin_session (self);
  else if (!is_wanted)
    {
      end_session (self);
      set_state (self, SOTTO_GLOBAL_SHORTCUT_OFF);
    }
}

/* A person who switches it on need not have looked before. */
static void
on_setting_changed (SottoGlobalShortcut *self)
{
  if (self->connection != NULL)
    update (self);
  else
    sotto_global_shortcut_look (self);
}

/* --- Looking --- */

static void
on_version (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (SottoGlobalShortcut) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) version = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self->is_available = version != NULL;
  update (self);
}

static void
on_portal_appeared (GDBusConnection *connection,
                    const char      *name,
                    const char      *owner,
                    gpointer         user_data)
{
  SottoGlobalShortcut *self = user_data;

  self->looking = g_cancellable_new ();
  g_dbus_connection_call (connection, PORTAL_NAME, PORTAL_PATH, "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", PORTAL, "version"), G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          -1, self->looking, on_version, g_object_ref (self));
}

static void
on_portal_vanished (GDBusConnection *connection,
                    const char      *name,
                    gpointer         user_data)
{
  SottoGlobalShortcut *self = user_data;

  g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
  self->is_available = FALSE;
  update (self);
}

void
sotto_global_shortcut_look (SottoGlobalShortcut *self)
{
  GDBusConnection *connection;

  g_return_if_fail (SOTTO_IS_GLOBAL_SHORTCUT (self));

  connection = g_application_get_dbus_connection (G_APPLICATION (self->application));
  if (self->connection != NULL || connection == NULL)
    return;

  self->connection = g_object_ref (connection);
  /* Not started for this: libadwaita has done so, as it reads the desktop's colours there. */
  self->watch = g_bus_watch_name_on_connection (connection, PORTAL_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                on_portal_appeared, on_portal_vanished, self, NULL);
}

/* --- The object --- */

gboolean
sotto_global_shortcut_is_available (SottoGlobalShortcut *self)
{
  g_return_val_if_fail (SOTTO_IS_GLOBAL_SHORTCUT (self), FALSE);

  return self->is_available;
}

SottoGlobalShortcutState
sotto_global_shortcut_get_state (SottoGlobalShortcut *self)
{
  g_return_val_if_fail (SOTTO_IS_GLOBAL_SHORTCUT (self), SOTTO_GLOBAL_SHORTCUT_OFF);

  return self->state;
}

const char *
sotto_global_shortcut_get_trigger (SottoGlobalShortcut *self)
{
  g_return_val_if_fail (SOTTO_IS_GLOBAL_SHORTCUT (self), NULL);

  return self->trigger;
}

static void
sotto_global_shortcut_dispose (GObject *object)
{
  SottoGlobalShortcut *self = SOTTO_GLOBAL_SHORTCUT (object);

  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
  end_session (self);
  g_clear_object (&self->connection);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (sotto_global_shortcut_parent_class)->dispose (object);
}

static void
sotto_global_shortcut_class_init (SottoGlobalShortcutClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_global_shortcut_dispose;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
sotto_global_shortcut_init (SottoGlobalShortcut *self)
{
}

SottoGlobalShortcut *
sotto_global_shortcut_new (GtkApplication *application,
                           SottoSettings  *settings)
{
  SottoGlobalShortcut *self = g_object_new (SOTTO_TYPE_GLOBAL_SHORTCUT, NULL);

  self->application = application;
  self->settings = g_object_ref (settings);
  g_signal_connect_object (settings, "notify::" SETTING, G_CALLBACK (on_setting_changed), self, G_CONNECT_SWAPPED);

  return self;
}
