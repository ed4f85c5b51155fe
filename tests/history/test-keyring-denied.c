/* The person says no: a Secret Service of this test's own, on a bus of its own, whose keyring is
 * locked and whose question is dismissed. A real keyring needs a person for that. */

#include "common.h"

#include "envelope.h"

#define ROOT "/org/freedesktop/secrets"
#define KEYRING ROOT "/collection/locked"
#define ITEM KEYRING "/1"
#define PROMPT ROOT "/prompt/1"

static const char introspection[] =
  "<node>"
  "<interface name='org.freedesktop.Secret.Service'>"
  "<method name='OpenSession'><arg type='s' direction='in'/><arg type='v' direction='in'/>"
  "<arg type='v' direction='out'/><arg type='o' direction='out'/></method>"
  "<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
  "<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
  "<method name='Unlock'><arg type='ao' direction='in'/>"
  "<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
  "<method name='ReadAlias'><arg type='s' direction='in'/><arg type='o' direction='out'/></method>"
  "<property name='Collections' type='ao' access='read'/>"
  "</interface>"
  "<interface name='org.freedesktop.Secret.Collection'>"
  "<property name='Items' type='ao' access='read'/>"
  "<property name='Label' type='s' access='readwrite'/>"
  "<property name='Locked' type='b' access='read'/>"
  "<property name='Created' type='t' access='read'/>"
  "<property name='Modified' type='t' access='read'/>"
  "</interface>"
  "<interface name='org.freedesktop.Secret.Item'>"
  "<property name='Attributes' type='a{ss}' access='readwrite'/>"
  "<property name='Label' type='s' access='readwrite'/>"
  "<property name='Locked' type='b' access='read'/>"
  "<property name='Created' type='t' access='read'/>"
  "<property name='Modified' type='t' access='read'/>"
  "</interface>"
  "<interface name='org.freedesktop.Secret.Prompt'>"
  "<method name='Prompt'><arg type='s' direction='in'/></method>"
  "<method name='Dismiss'/>"
  "<signal name='Completed'><arg type='b'/><arg type='v'/></signal>"
  "</interface>"
  "</node>";

typedef struct {
  gboolean has_item;
  guint asked; /* how often the person was */
} Service;

static void
on_call (GDBusConnection       *connection,
         const char            *sender,
         const char            *path,
         const char            *interface,
         const char            *method,
         GVariant              *arguments,
         GDBusMethodInvocation *invocation,
         gpointer               data)
{
  Service *self = data;
  const char *none[] = { NULL };
  const char *item[] = { ITEM, NULL };

  if (g_str_equal (method, "OpenSession"))
    {
      const char *algorithm;

      g_variant_get_child (arguments, 0, "&s", &algorithm);
      if (!g_str_equal (algorithm, "plain"))
        g_dbus_method_invocation_return_dbus_error (invocation,
                                                    "org.freedesktop.DBus.Error.NotSupported",
                                                    "plain only");
      else
        g_dbus_method_invocation_return_value (invocation,
                                               g_variant_new ("(vo)", g_variant_new_string (""),
                                                              ROOT "/session/1"));
    }
  else if (g_str_equal (method, "SearchItems"))
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(^ao^ao)", none,
                                                          self->has_item ? item : none));
  else if (g_str_equal (method, "Unlock"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(^aoo)", none, PROMPT));
  else if (g_str_equal (method, "ReadAlias"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", KEYRING));
  else
    {
      /* The question; it is dismissed. */
      self->asked++;
      g_dbus_method_invocation_return_value (invocation, NULL);
      g_dbus_connection_emit_signal (connection, NULL, PROMPT, "org.freedesktop.Secret.Prompt",
                                     "Completed",
                                     g_variant_new ("(bv)", TRUE, g_variant_new ("^ao", none)),
                                     NULL);
    }
}

static GVariant *
on_property (GDBusConnection  *connection,
             const char       *sender,
             const char       *path,
             const char       *interface,
             const char       *property,
             GError          **error,
             gpointer          data)
{
  const char *keyring[] = { KEYRING, NULL };
  const char *item[] = { ITEM, NULL };

  if (g_str_equal (property, "Collections"))
    return g_variant_new ("^ao", keyring);
  if (g_str_equal (property, "Items"))
    return g_variant_new ("^ao", item);
  if (g_str_equal (property, "Locked"))
    return g_variant_new_boolean (TRUE);
  if (g_str_equal (property, "Label"))
    return g_variant_new_string ("Sotto");
  if (g_str_equal (property, "Attributes"))
    return g_variant_new ("a{ss}", NULL);
  return g_variant_new_uint64 (1);
}

static void
serve (GDBusConnection *bus, Service *service)
{
  static const GDBusInterfaceVTable vtable = { on_call, on_property, NULL, { NULL } };
  static const char *const places[][2] = {
    { ROOT, "org.freedesktop.Secret.Service" },
    { KEYRING, "org.freedesktop.Secret.Collection" },
    { ITEM, "org.freedesktop.Secret.Item" },
    { PROMPT, "org.freedesktop.Secret.Prompt" },
  };
  g_autoptr (GDBusNodeInfo) node = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GError) error = NULL;

  node = g_dbus_node_info_new_for_xml (introspection, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_dbus_connection_register_object (bus, places[i][0],
                                         g_dbus_node_info_lookup_interface (node, places[i][1]),
                                         &vtable, service, NULL, &error);
      g_assert_no_error (error);
    }
  answer = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "RequestName",
                                        g_variant_new ("(su)", "org.freedesktop.secrets", 0),
                                        NULL, G_DBUS_CALL_FLAGS_NONE, 5000, NULL, &error);
  g_assert_no_error (error);
}

/* A history with a slot that asks for the keyring; what the keyring holds does not matter. */
static char *
make_history (void)
{
  char *folder = test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "history.key", NULL);
  g_autoptr (SottoUnlock) passphrase = test_unlock ("correct horse");
  g_autoptr (SottoUnlock) keyring = NULL;
  g_autoptr (SottoEnvelope) envelope = NULL;
  g_autoptr (SottoSecret) key = NULL;
  g_autoptr (GError) error = NULL;
  guint8 secret[32] = { 1 };
  gboolean missing;

  test_close (test_create (folder));
  envelope = sotto_envelope_read (path, &missing, &error);
  key = sotto_envelope_unwrap (envelope, path, passphrase, &error);
  keyring = sotto_unlock_new_secret (SOTTO_SLOT_KEYRING, secret, sizeof secret, &error);
  g_assert_no_error (error);
  sotto_envelope_set_slot (envelope, keyring, SOTTO_KEYRING_SERVICE, key, &error);
  sotto_envelope_write (envelope, path, key, &error);
  g_assert_no_error (error);
  return folder;
}

static void
expect (const char *folder, Service *service, gboolean interactive, gint code, guint asked)
{
  g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (interactive);
  g_autofree char *before = test_digest (folder);
  g_autofree char *after = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  service->asked = 0;
  sotto_store_open_async (folder, keyring, NULL, test_ready, &result);
  g_assert_null (sotto_store_open_finish (test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, code);
  g_assert_cmpuint (service->asked, ==, asked);
  after = test_digest (folder);
  g_assert_cmpstr (before, ==, after);
}

static void
test_denied (gconstpointer data)
{
  GDBusConnection *bus = (GDBusConnection *) data;
  g_autofree char *folder = make_history ();
  Service service = { TRUE, 0 };

  serve (bus, &service);

  /* Nobody is asked who may not be. */
  expect (folder, &service, FALSE, SOTTO_HISTORY_ERROR_LOCKED, 0);
  expect (folder, &service, TRUE, SOTTO_HISTORY_ERROR_DENIED, 1);

  /* A locked keyring that does not say what is in it. */
  service.has_item = FALSE;
  expect (folder, &service, FALSE, SOTTO_HISTORY_ERROR_LOCKED, 0);
  expect (folder, &service, TRUE, SOTTO_HISTORY_ERROR_DENIED, 1);
  test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *daemon = NULL;
  GTestDBus *dbus;
  GDBusConnection *bus;
  int status;

  g_test_init (&argc, &argv, NULL);
  daemon = g_find_program_in_path ("dbus-daemon");
  if (daemon == NULL)
    {
      g_print ("1..0 # SKIP dbus-daemon is not installed\n");
      return 0;
    }

  dbus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (dbus);
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  g_test_add_data_func ("/history/keyring/denied", bus, test_denied);
  status = g_test_run ();
  /* Not g_test_dbus_down(), which waits for libsecret's reference to the connection to go. */
  g_object_unref (bus);
  g_test_dbus_stop (dbus);
  g_object_unref (dbus);
  return status;
}
