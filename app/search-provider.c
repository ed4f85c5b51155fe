#include "search-provider.h"

/* The shell takes as many as it has room for. */
#define MAX_RESULTS 20

static const char interface_xml[] =
  "<node>"
  "  <interface name='org.gnome.Shell.SearchProvider2'>"
  "    <method name='GetInitialResultSet'>"
  "      <arg type='as' name='terms' direction='in'/>"
  "      <arg type='as' name='results' direction='out'/>"
  "    </method>"
  "    <method name='GetSubsearchResultSet'>"
  "      <arg type='as' name='previous_results' direction='in'/>"
  "      <arg type='as' name='terms' direction='in'/>"
  "      <arg type='as' name='results' direction='out'/>"
  "    </method>"
  "    <method name='GetResultMetas'>"
  "      <arg type='as' name='identifiers' direction='in'/>"
  "      <arg type='aa{sv}' name='metas' direction='out'/>"
  "    </method>"
  "    <method name='ActivateResult'>"
  "      <arg type='s' name='identifier' direction='in'/>"
  "      <arg type='as' name='terms' direction='in'/>"
  "      <arg type='u' name='timestamp' direction='in'/>"
  "    </method>"
  "    <method name='LaunchSearch'>"
  "      <arg type='as' name='terms' direction='in'/>"
  "      <arg type='u' name='timestamp' direction='in'/>"
  "    </method>"
  "  </interface>"
  "</node>";

struct _SottoSearchProvider
{
  GObject parent_instance;

  SottoApp *app;
  GDBusConnection *connection; /* while exported */
  guint registration;
  GCancellable *searching; /* the shell asks anew with every letter */
};

enum {
  ACTIVATE,
  LAUNCH,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (SottoSearchProvider, sotto_search_provider, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

/* --- Searching --- */

static void
return_results (GDBusMethodInvocation *invocation, GListModel *hits)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  const guint n_hits = hits != NULL ? g_list_model_get_n_items (hits) : 0;
  GVariantBuilder results;

  g_variant_builder_init (&results, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < n_hits && g_hash_table_size (seen) < MAX_RESULTS; i++)
    {
      g_autoptr (SottoSearchHit) hit = g_list_model_get_item (hits, i);
      const char *id = sotto_conversation_get_id (sotto_search_hit_get_conversation (hit));

      /* Many messages of a conversation may match; it is one result. */
      if (g_hash_table_add (seen, (gpointer) id))
        g_variant_builder_add (&results, "s", id);
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(as)", &results));
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GListModel) hits =
    sotto_conversation_list_search_finish (SOTTO_CONVERSATION_LIST (source), result, NULL);

  return_results (invocation, hits);
}

/* @terms: (transfer full) */
static void
search (SottoSearchProvider *self, char **terms, GDBusMethodInvocation *invocation)
{
  g_autofree char *query = g_strjoinv (" ", terms);

  g_cancellable_cancel (self->searching);
  g_clear_object (&self->searching);
  g_strfreev (terms);

  if (sotto_app_get_state (self->app) != SOTTO_APP_STATE_READY)
    {
      return_results (invocation, NULL);
      return;
    }

  self->searching = g_cancellable_new ();
  sotto_conversation_list_search_async (sotto_app_get_conversations (self->app), query,
                                        self->searching, on_found, invocation);
}

static void
return_metas (SottoSearchProvider *self, char **ids, GDBusMethodInvocation *invocation)
{
  GVariantBuilder metas;

  g_variant_builder_init (&metas, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; ids[i] != NULL && sotto_app_get_state (self->app) == SOTTO_APP_STATE_READY; i++)
    {
      SottoConversation *conversation =
        sotto_conversation_list_lookup (sotto_app_get_conversations (self->app), ids[i]);

      /* It was deleted meanwhile; or nobody was told of it. */
      if (conversation == NULL || sotto_conversation_is_temporary (conversation))
        continue;

      g_variant_builder_open (&metas, G_VARIANT_TYPE ("a{sv}"));
      g_variant_builder_add (&metas, "{sv}", "id", g_variant_new_string (ids[i]));
      g_variant_builder_add (&metas, "{sv}", "name",
                             g_variant_new_string (sotto_conversation_get_name (conversation)));
      g_variant_builder_add (&metas, "{sv}", "description",
                             g_variant_new_string (sotto_conversation_get_snippet (conversation)));
      g_variant_builder_close (&metas);
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{sv})", &metas));
}

/* --- The interface --- */

static void
on_method_call (GDBusConnection       *connection,
                const char            *sender,
                const char            *path,
                const char            *interface,
                const char            *method,
                GVariant              *parameters,
                GDBusMethodInvocation *invocation,
                gpointer               user_data)
{
  SottoSearchProvider *self = user_data;
  g_auto (GStrv) words = NULL;
  g_autofree char *text = NULL;
  const char *id;
  guint32 timestamp;

  if (g_str_equal (method, "GetInitialResultSet"))
    {
      g_variant_get (parameters, "(^as)", &words);
      search (self, g_steal_pointer (&words), invocation);
    }
  else if (g_str_equal (method, "GetSubsearchResultSet"))
    {
      /* A longer word finds less, but not always a part of what it found: all is searched again. */
      g_variant_get (parameters, "(@as^as)", NULL, &words);
      search (self, g_steal_pointer (&words), invocation);
    }
  else if (g_str_equal (method, "GetResultMetas"))
    {
      g_variant_get (parameters, "(^as)", &words);
      return_metas (self, words, invocation);
    }
  else if (g_str_equal (method, "ActivateResult"))
    {
      g_variant_get (parameters, "(&s@asu)", &id, NULL, &timestamp);
      g_signal_emit (self, signals[ACTIVATE], 0, id, timestamp);
      g_dbus_method_invocation_return_value (invocation, NULL);
    }
  else
    {
      g_variant_get (parameters, "(^asu)", &words, &timestamp);
      text = g_strjoinv (" ", words);
      g_signal_emit (self, signals[LAUNCH], 0, text, timestamp);
      g_dbus_method_invocation_return_value (invocation, NULL);
    }
}

static const GDBusInterfaceVTable vtable = { .method_call = on_method_call };

gboolean
sotto_search_provider_export (SottoSearchProvider  *self,
                              GDBusConnection      *connection,
                              const char           *path,
                              GError              **error)
{
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interface_xml, error);

  g_return_val_if_fail (SOTTO_IS_SEARCH_PROVIDER (self), FALSE);
  g_return_val_if_fail (self->registration == 0, FALSE);

  if (node == NULL)
    return FALSE;

  self->registration = g_dbus_connection_register_object (connection, path, node->interfaces[0],
                                                          &vtable, self, NULL, error);
  if (self->registration == 0)
    return FALSE;

  self->connection = g_object_ref (connection);
  return TRUE;
}

void
sotto_search_provider_unexport (SottoSearchProvider *self)
{
  g_return_if_fail (SOTTO_IS_SEARCH_PROVIDER (self));

  g_cancellable_cancel (self->searching);
  if (self->registration != 0)
    g_dbus_connection_unregister_object (self->connection, self->registration);
  self->registration = 0;
  g_clear_object (&self->connection);
}

/* --- The object --- */

static void
sotto_search_provider_dispose (GObject *object)
{
  SottoSearchProvider *self = SOTTO_SEARCH_PROVIDER (object);

  sotto_search_provider_unexport (self);
  g_clear_object (&self->searching);
  g_clear_object (&self->app);
  G_OBJECT_CLASS (sotto_search_provider_parent_class)->dispose (object);
}

static void
sotto_search_provider_class_init (SottoSearchProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_search_provider_dispose;

  signals[ACTIVATE] = g_signal_new ("activate", SOTTO_TYPE_SEARCH_PROVIDER, G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
  signals[LAUNCH] = g_signal_new ("launch", SOTTO_TYPE_SEARCH_PROVIDER, G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
}

static void
sotto_search_provider_init (SottoSearchProvider *self)
{
}

SottoSearchProvider *
sotto_search_provider_new (SottoApp *app)
{
  SottoSearchProvider *self = g_object_new (SOTTO_TYPE_SEARCH_PROVIDER, NULL);

  self->app = g_object_ref (app);
  return self;
}
