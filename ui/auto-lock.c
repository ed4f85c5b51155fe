/* Who says that nobody is there
 *
 *   the portals     Inhibit.CreateMonitor, then StateChanged with screensaver-active: within a Flatpak, too
 *   login1          on the system's bus, which a Flatpak does not see: the session's Lock and LockedHint, and PrepareForSleep,
 *                   which waits for us for as long as we hold a “delay” inhibitor: until it is locked
 *   a clock         the last key or movement in the window; a reply that is being written is use as well
 *
 * Both of the first may speak of the same screen; what is locked already is not locked again. Nobody is started by being asked. */

#include "auto-lock.h"

#include <gio/gunixfdlist.h>
#include <time.h>
#include <unistd.h>

#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL "org.freedesktop.portal.Inhibit"

#define LOGIN_NAME "org.freedesktop.login1"
#define LOGIN_PATH "/org/freedesktop/login1"
#define LOGIN LOGIN_NAME ".Manager"
#define LOGIN_SESSION LOGIN_NAME ".Session"
/* The caller's session, or the person's if it has none itself */
#define OUR_SESSION "auto"

#define MINUTE_MS 60000

struct _SottoAutoLock {
  SottoApp *app;
  GCancellable *cancellable;

  /* The clock */
  gint64 last_use;          /* of a clock that goes on while the computer is suspended */
  guint idle_source;
  guint minute;             /* in milliseconds */

  /* The portals */
  GDBusConnection *session;
  guint portal_watch;
  guint portal_signal;

  /* login1 */
  GDBusConnection *system;
  guint sleep_signal;
  guint lock_signal;
  guint hint_signal;
  int inhibitor;            /* -1: none */
  gboolean is_inhibiting;   /* it has been asked for */

  gboolean opens_with_screen; /* it was locked with it */
};

/* What the system's bus answers may come when nobody asks any more: who has asked holds on to this. */
static void
clear (gpointer data)
{
  g_clear_object (&((SottoAutoLock *) data)->cancellable);
}

static void
release (SottoAutoLock *self)
{
  g_rc_box_release_full (self, clear);
}

static gboolean
is_over (SottoAutoLock *self)
{
  return g_cancellable_is_cancelled (self->cancellable);
}

/* --- Locking --- */

gboolean
sotto_auto_lock_goes_with_screen (SottoApp *app)
{
  int chosen = sotto_settings_get_int (sotto_app_get_settings (app), "lock-with-screen");

  return chosen < 0 ? sotto_app_get_protection (app) == SOTTO_PROTECTION_PASSPHRASE : chosen != 0;
}

static void
release_inhibitor (SottoAutoLock *self)
{
  if (self->inhibitor >= 0)
    close (self->inhibitor);
  self->inhibitor = -1;
}

static void
set_screen_locked (SottoAutoLock *self,
                   gboolean       is_locked)
{
  if (is_locked && sotto_app_can_lock (self->app) && sotto_auto_lock_goes_with_screen (self->app))
    {
      self->opens_with_screen = TRUE;
      sotto_app_lock_async (self->app, NULL, NULL);
    }
  else if (!is_locked && self->opens_with_screen)
    {
      self->opens_with_screen = FALSE;
      /* Where it asks for a passphrase somebody has to be there to know it. */
      if (sotto_app_get_state (self->app) == SOTTO_APP_STATE_LOCKED)
        sotto_app_open_async (self->app, NULL, NULL, NULL);
    }
}

/* --- The clock --- */

static gint64
get_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_BOOTTIME, &now);

  return (gint64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void schedule (SottoAutoLock *self);

/* Returns: in milliseconds; 0: it does not lock after any time */
static gint64
get_patience (SottoAutoLock *self)
{
  return (gint64) sotto_settings_get_int (sotto_app_get_settings (self->app), "lock-after") * self->minute;
}

static void
look_at_clock (SottoAutoLock *self)
{
  gint64 patience = get_patience (self);

  if (sotto_conversation_list_is_busy (sotto_app_get_conversations (self->app)))
    self->last_use = get_time ();
  if (patience > 0 && get_time () - self->last_use >= patience && sotto_app_can_lock (self->app))
    sotto_app_lock_async (self->app, NULL, NULL);
  else
    schedule (self);
}

static gboolean
on_idle (gpointer data)
{
  SottoAutoLock *self = data;

  self->idle_source = 0;
  look_at_clock (self);

  return G_SOURCE_REMOVE;
}

static void
schedule (SottoAutoLock *self)
{
  gint64 patience = get_patience (self);
  gint64 left = patience - (get_time () - self->last_use);

  g_clear_handle_id (&self->idle_source, g_source_remove);
  if (patience > 0 && sotto_app_can_lock (self->app))
    self->idle_source = g_timeout_add ((guint) MAX (left, 1), on_idle, self);
}

/* The computer may have been suspended since: who comes back to it too late finds it locked. */
static gboolean
on_event (SottoAutoLock *self)
{
  gint64 patience = get_patience (self);

  if (patience > 0 && get_time () - self->last_use >= patience)
    look_at_clock (self);
  self->last_use = get_time ();

  return GDK_EVENT_PROPAGATE;
}

void
sotto_auto_lock_watch (SottoAutoLock *self,
                       GtkWindow     *window)
{
  GtkEventController *controller = gtk_event_controller_legacy_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (controller, "event", G_CALLBACK (on_event), self);
  gtk_widget_add_controller (GTK_WIDGET (window), controller);
}

void
sotto_auto_lock_set_minute (SottoAutoLock *self,
                            guint          milliseconds)
{
  self->minute = milliseconds;
  schedule (self);
}

/* --- The portals --- */

static void
on_portal_state (GDBusConnection *connection,
                 const char      *sender,
                 const char      *path,
                 const char      *interface,
                 const char      *signal,
                 GVariant        *parameters,
                 gpointer         data)
{
  g_autoptr (GVariant) state = NULL;
  const char *session;
  gboolean is_active;
  guint32 phase;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(oa{sv})")))
    return;

  g_variant_get (parameters, "(&o@a{sv})", &session, &state);
  if (g_variant_lookup (state, "screensaver-active", "b", &is_active))
    set_screen_locked (data, is_active);
  /* Whoever listens is asked whether the session may end; closing is quick, and nothing is in its way. */
  if (g_variant_lookup (state, "session-state", "u", &phase) && phase == 2)
    g_dbus_connection_call (connection, PORTAL_NAME, PORTAL_PATH, PORTAL, "QueryEndResponse", g_variant_new ("(o)", session),
                            NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void
on_portal_appeared (GDBusConnection *connection,
                    const char      *name,
                    const char      *owner,
                    gpointer         data)
{
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string ("sotto_monitor"));
  g_variant_builder_add (&options, "{sv}", "session_handle_token", g_variant_new_string ("sotto_monitor"));
  /* What it answers is its path, which its signals name as well. */
  g_dbus_connection_call (connection, PORTAL_NAME, PORTAL_PATH, PORTAL, "CreateMonitor",
                          g_variant_new ("(sa{sv})", "", &options), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

/* --- login1 --- */

static void
on_inhibited (GObject      *source,
              GAsyncResult *result,
              gpointer      data)
{
  SottoAutoLock *self = data;
  g_autoptr (GUnixFDList) descriptors = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), &descriptors, result,
                                                                                &error);

  self->is_inhibiting = FALSE;
  /* It may have been locked meanwhile; what is not taken goes with the list. */
  if (descriptors != NULL && g_unix_fd_list_get_length (descriptors) > 0 && !is_over (self) && sotto_app_can_lock (self->app))
    {
      release_inhibitor (self);
      self->inhibitor = g_unix_fd_list_get (descriptors, 0, NULL);
    }
  release (self);
}

/* Suspending waits for us only as long as there is something to lock. */
static void
update_inhibitor (SottoAutoLock *self)
{
  gboolean is_wanted = self->system != NULL && sotto_app_can_lock (self->app) && sotto_auto_lock_goes_with_screen (self->app);

  if (!is_wanted || self->inhibitor >= 0 || self->is_inhibiting)
    {
      if (!is_wanted && sotto_app_get_state (self->app) != SOTTO_APP_STATE_CLOSED)
        release_inhibitor (self);
      return;
    }

  self->is_inhibiting = TRUE;
  g_dbus_connection_call_with_unix_fd_list (self->system, LOGIN_NAME, LOGIN_PATH, LOGIN, "Inhibit",
                                            g_variant_new ("(ssss)", "sleep", "Sotto", "Conversations are locked", "delay"),
                                            G_VARIANT_TYPE ("(h)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
                                            self->cancellable, on_inhibited, g_rc_box_acquire (self));
}

static void
on_sleep (GDBusConnection *connection,
          const char      *sender,
          const char      *path,
          const char      *interface,
          const char      *signal,
          GVariant        *parameters,
          gpointer         data)
{
  SottoAutoLock *self = data;
  gboolean is_beginning;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;

  /* The inhibitor goes when it is locked, with the state. What was suspended is opened by a person. */
  g_variant_get (parameters, "(b)", &is_beginning);
  if (is_beginning && sotto_app_can_lock (self->app) && sotto_auto_lock_goes_with_screen (self->app))
    sotto_app_lock_async (self->app, NULL, NULL);
  else if (is_beginning)
    release_inhibitor (self);
  else
    update_inhibitor (self);
}

static void
on_lock (GDBusConnection *connection,
         const char      *sender,
         const char      *path,
         const char      *interface,
         const char      *signal,
         GVariant        *parameters,
         gpointer         data)
{
  g_autoptr (GVariant) changed = NULL;
  const char *name;
  gboolean is_locked;

  if (g_str_equal (signal, "Lock"))
    {
      set_screen_locked (data, TRUE);
    }
  else if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    {
      g_variant_get (parameters, "(&s@a{sv}as)", &name, &changed, NULL);
      if (g_variant_lookup (changed, "LockedHint", "b", &is_locked))
        set_screen_locked (data, is_locked);
    }
}

static void
on_session (GObject      *source,
            GAsyncResult *result,
            gpointer      data)
{
  SottoAutoLock *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *path;

  if (reply == NULL || is_over (self))
    {
      release (self);
      return;
    }

  g_variant_get (reply, "(&o)", &path);
  self->lock_signal = g_dbus_connection_signal_subscribe (self->system, LOGIN_NAME, LOGIN_SESSION, "Lock", path, NULL,
                                                          G_DBUS_SIGNAL_FLAGS_NONE, on_lock, self, NULL);
  self->hint_signal = g_dbus_connection_signal_subscribe (self->system, LOGIN_NAME, "org.freedesktop.DBus.Properties",
                                                          "PropertiesChanged", path, LOGIN_SESSION,
                                                          G_DBUS_SIGNAL_FLAGS_NONE, on_lock, self, NULL);
  release (self);
}

static void
on_system_bus (GObject      *source,
               GAsyncResult *result,
               gpointer      data)
{
  SottoAutoLock *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) system = g_bus_get_finish (result, &error);

  /* There is none in a sandbox, where the screen locks before the computer is suspended. */
  if (system == NULL || is_over (self))
    {
      release (self);
      return;
    }

  self->system = g_steal_pointer (&system);
  self->sleep_signal = g_dbus_connection_signal_subscribe (self->system, LOGIN_NAME, LOGIN, "PrepareForSleep", LOGIN_PATH, NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE, on_sleep, self, NULL);
  g_dbus_connection_call (self->system, LOGIN_NAME, LOGIN_PATH, LOGIN, "GetSession", g_variant_new ("(s)", OUR_SESSION),
                          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, self->cancellable, on_session,
                          g_rc_box_acquire (self));
  update_inhibitor (self);
  release (self);
}

void
sotto_auto_lock_listen (SottoAutoLock   *self,
                        GDBusConnection *session)
{
  if (session == NULL || self->session != NULL)
    return;

  self->session = g_object_ref (session);
  self->portal_signal = g_dbus_connection_signal_subscribe (session, PORTAL_NAME, PORTAL, "StateChanged", PORTAL_PATH, NULL,
                                                            G_DBUS_SIGNAL_FLAGS_NONE, on_portal_state, self, NULL);
  self->portal_watch = g_bus_watch_name_on_connection (session, PORTAL_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_portal_appeared,
                                                       NULL, self, NULL);
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, on_system_bus, g_rc_box_acquire (self));
}

/* --- All of it --- */

static void
on_changed (SottoAutoLock *self)
{
  if (sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY)
    self->opens_with_screen = FALSE;
  self->last_use = get_time ();
  schedule (self);
  update_inhibitor (self);
}

SottoAutoLock *
sotto_auto_lock_new (SottoApp *app)
{
  SottoAutoLock *self = g_rc_box_new0 (SottoAutoLock);
  SottoSettings *settings = sotto_app_get_settings (app);

  self->app = g_object_ref (app);
  self->cancellable = g_cancellable_new ();
  self->minute = MINUTE_MS;
  self->inhibitor = -1;
  self->last_use = get_time ();
  g_signal_connect_swapped (app, "notify::state", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (app, "notify::protection", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (settings, "notify::lock-after", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (settings, "notify::lock-with-screen", G_CALLBACK (on_changed), self);

  return self;
}

void
sotto_auto_lock_free (SottoAutoLock *self)
{
  g_cancellable_cancel (self->cancellable);
  g_signal_handlers_disconnect_by_data (self->app, self);
  g_signal_handlers_disconnect_by_data (sotto_app_get_settings (self->app), self);
  g_clear_handle_id (&self->idle_source, g_source_remove);
  g_clear_handle_id (&self->portal_watch, g_bus_unwatch_name);
  if (self->portal_signal != 0)
    g_dbus_connection_signal_unsubscribe (self->session, self->portal_signal);
  if (self->sleep_signal != 0)
    g_dbus_connection_signal_unsubscribe (self->system, self->sleep_signal);
  if (self->lock_signal != 0)
    g_dbus_connection_signal_unsubscribe (self->system, self->lock_signal);
  if (self->hint_signal != 0)
    g_dbus_connection_signal_unsubscribe (self->system, self->hint_signal);
  release_inhibitor (self);
  g_clear_object (&self->session);
  g_clear_object (&self->system);
  g_clear_object (&self->app);
  release (self);
}
