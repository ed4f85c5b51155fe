#include "harness-meaning.h"

#include <gio/gio.h>
#include <malloc.h>
#include <sqlcipher/sqlite3.h>
#include <string.h>

#include "conversation/kept-receipt.h"
#include "model/model-entry-private.h"

/* A service on a bus says, as the system's does, that there is too little memory: what is given back then, that all of it comes back,
 * and that replies are the same. */

static const char service_xml[] =
  "<node><interface name='org.freedesktop.LowMemoryMonitor'>"
  "<signal name='LowMemoryWarning'><arg name='level' type='y'/></signal>"
  "</interface></node>";

#define SERVICE_PATH "/org/freedesktop/LowMemoryMonitor"
#define SERVICE_NAME "org.freedesktop.LowMemoryMonitor"

static GDBusConnection *connection; /* of the service */
static GMemoryMonitor *monitor;     /* the program's own */
static GMemoryMonitorWarningLevel heard;

static void
on_warning (GMemoryMonitor *object, GMemoryMonitorWarningLevel level)
{
  heard = level;
}

static void
emit (GMemoryMonitorWarningLevel level)
{
  g_assert_true (g_dbus_connection_emit_signal (connection, NULL, SERVICE_PATH, SERVICE_NAME, "LowMemoryWarning",
                                                g_variant_new ("(y)", (guchar) level), NULL));
}

/* The monitor may not have seen yet that the service is there: it is told until it has heard. */
static gboolean
has_heard (gpointer data)
{
  const GMemoryMonitorWarningLevel *level = data;

  if (heard != *level)
    emit (*level);
  return heard == *level;
}

/* Sotto was there before us, and so has heard it, too. */
static void
warn (GMemoryMonitorWarningLevel level)
{
  if (monitor == NULL)
    {
      monitor = g_memory_monitor_dup_default ();
      g_signal_connect (monitor, "low-memory-warning", G_CALLBACK (on_warning), NULL);
    }
  heard = 0;
  harness_wait_for (has_heard, &level, 60);
}

/* --- What is measured --- */

/* KiB of memory that nobody else has: what is given back */
static guint64
measure_own (void)
{
  g_autofree char *text = NULL;
  const char *found;

  g_assert_true (g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL));
  found = strstr (text, "\nRss:");
  g_assert_nonnull (found);
  return g_ascii_strtoull (found + 5, NULL, 10);
}

static guint
read_number (SottoConversation *conversation, guint position, const char *name)
{
  return sotto_kept_receipt_get_number (sotto_message_get_receipt (harness_message (conversation, position)), name);
}

static char *
make_long (const char *what)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < 150; i++)
    g_string_append_printf (text, "%d %s and ", i, what);
  return g_string_free_and_steal (text);
}

static SottoModelEntry *
get_model (SottoApp *app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app));
}

static gboolean
has_hash (gpointer app)
{
  return sotto_model_entry_get_hash (get_model (app)) != NULL;
}

static gboolean
is_open (gpointer app)
{
  return sotto_model_entry_get_state (get_model (app)) == SOTTO_MODEL_STATE_LOADED;
}

static gboolean
is_not_open (gpointer app)
{
  return sotto_model_entry_get_state (get_model (app)) == SOTTO_MODEL_STATE_AVAILABLE;
}

static SottoConversation *
talk (SottoApp *app, const char *what)
{
  g_autofree char *text = make_long (what);
  SottoConversation *conversation = harness_begin (app, text);

  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  /* To which what is kept is bound */
  harness_wait_for (has_hash, app, 60);
  return conversation;
}

/* Returns: how many tokens of what was there before did not have to be read */
static guint
go_on (SottoConversation *conversation)
{
  const guint last = harness_length (conversation) - 1;

  harness_send (conversation, "And then?");
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, last + 2, SOTTO_MESSAGE_STATUS_COMPLETE);
  return read_number (conversation, last + 2, "reused_tokens");
}

/* --- What is given back --- */

static void
set_setting (SottoApp *app, const char *value)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_set_setting_async (app->services->store, "test-much", value, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  sotto_store_set_setting_finish (app->services->store, result, &error);
  g_assert_no_error (error);
}

static char *
get_setting (SottoApp *app)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *value;

  sotto_store_get_setting_async (app->services->store, "test-much", NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  value = sotto_store_get_setting_finish (app->services->store, result, &error);
  g_assert_no_error (error);
  return value;
}

#define MUCH (8 << 20)

static void
test_history (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *value = g_strnfill (MUCH, 'a');
  g_autofree char *there = NULL;
  gint64 before;

  set_setting (app, value);
  g_free (get_setting (app));
  before = sqlite3_memory_used ();
  g_assert_cmpint (before, >, MUCH);

  warn (G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
  harness_flush (app);
  g_assert_cmpint (sqlite3_memory_used (), <, before - MUCH / 4 * 3);
  there = get_setting (app);
  g_assert_cmpstr (there, ==, value);

  /* Of one that is closed there is nothing. */
  sotto_app_lock_async (app, NULL, NULL);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  while (sotto_app_is_locking (app))
    g_main_context_iteration (NULL, TRUE);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  set_setting (app, "");
  harness_close (app);
}

/* A timeline that was left is dropped where nothing may be kept, and else it comes back from the disk. */
static void
test_timelines (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);

  if (app == NULL)
    return;

  for (guint keeps = 0; keeps < 2; keeps++)
    {
      SottoConversation *one, *two;
      guint n_read;

      g_object_set (sotto_app_get_settings (app), "context-length", 4096, "keep-timelines", keeps == 1, NULL);
      one = talk (app, "apples");
      two = talk (app, "pears");
      n_read = read_number (one, 1, "prompt_tokens");
      g_assert_cmpuint (n_read, >, 500);
      g_assert_cmpuint (go_on (one), >=, n_read);

      warn (G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
      g_assert_cmpuint (go_on (two), >=, n_read);

      warn (G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
      g_assert_cmpint (sotto_model_entry_get_state (get_model (app)), ==, SOTTO_MODEL_STATE_LOADED);
      /* What is in use stays. */
      g_assert_cmpuint (go_on (two), >=, n_read);
      if (keeps)
        g_assert_cmpuint (go_on (one), >=, n_read);
      else
        g_assert_cmpuint (go_on (one), <, n_read / 2);
      g_assert_true (is_open (app));
    }
  harness_close (app);
}

static void
on_state (SottoModelEntry *entry, GParamSpec *pspec, guint *n_closed)
{
  *n_closed += sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_AVAILABLE;
}

/* A model that does not answer is closed, and the next question opens it; one that does stays. */
static void
test_models (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 24);
  SottoConversation *first, *again, *endless;
  guint n_closed = 0;

  if (app == NULL)
    return;

  g_object_set (sotto_app_get_settings (app), "context-length", 4096, "keep-timelines", FALSE, NULL);
  first = harness_begin (app, "Tell me about the sea.");
  harness_wait_idle (first);
  harness_wait_for (is_open, app, 20);
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
  harness_flush (app);
  g_assert_true (is_open (app));
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  harness_wait_for (is_not_open, app, 60);
  /* And once more, when there is nothing left. */
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);

  again = harness_begin (app, "Tell me about the sea.");
  harness_wait_idle (again);
  harness_assert_reply (again, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_cmpuint (read_number (again, 1, "reused_tokens"), ==, 0);
  g_assert_cmpstr (sotto_message_get_text (harness_message (again, 1)), ==, sotto_message_get_text (harness_message (first, 1)));
  g_assert_true (is_open (app));

  /* Told by hand, so that it is in the midst of the reply, as far as Sotto knows, however busy this computer is. */
  g_object_set (sotto_app_get_settings (app), "max-tokens", 0, NULL);
  endless = harness_begin (app, "Count from one to ten thousand, in words.");
  harness_wait_for (harness_is_streaming, endless, 60);
  g_signal_connect (get_model (app), "notify::state", G_CALLBACK (on_state), &n_closed);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  sotto_conversation_stop (endless);
  harness_wait_idle (endless);
  g_assert_null (sotto_conversation_get_problem (endless));
  /* Behind it, what was asked for meanwhile has been done as well. */
  g_object_set (sotto_app_get_settings (app), "max-tokens", 4, NULL);
  harness_wait_idle (harness_begin (app, "And the sky?"));
  g_assert_cmpuint (n_closed, ==, 0);
  g_assert_true (is_open (app));
  g_signal_handlers_disconnect_by_data (get_model (app), &n_closed);
  harness_close (app);
}

/* The model that makes vectors goes as soon as nobody needs it, and comes back with the next question. */
static void
test_meaning (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("low-memory", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  g_assert_true (harness_finds (app, "Who winds the clockwork?", "Ingeborg"));
  g_assert_nonnull (meaning->opened);
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
  g_assert_null (meaning->opened);
  g_assert_true (harness_finds (app, "Who winds the clockwork?", "Ingeborg"));
  g_assert_nonnull (meaning->opened);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
  g_assert_nonnull (meaning->opened);

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
  harness_remove_model ("Tiny-Searcher.gguf");
}

/* --- tests/run --bench low-memory: what each of them gives back --- */

static void
note (const char *what, guint64 *before)
{
  const guint64 now = measure_own ();

  g_test_message ("%-40s %8.1f MB (%+.1f)", what, (double) now / 1e3, ((double) now - (double) *before) / 1e3);
  *before = now;
}

static void
note_trimmed (guint64 *before)
{
  const gint64 begin = g_get_monotonic_time ();

  malloc_trim (0);
  g_test_message ("  malloc_trim() behind it takes %.1f ms", (double) (g_get_monotonic_time () - begin) / 1e3);
  note ("  and gives back", before);
}

static void
test_figures (gconstpointer model)
{
  guint64 last = measure_own ();
  g_autofree char *value = g_strnfill (64 << 20, 'a');
  SottoApp *app = harness_open_with_model (model, 4);

  if (app == NULL)
    return;

  g_object_set (sotto_app_get_settings (app), "context-length", 4096, "keep-timelines", FALSE, NULL);
  note ("at the beginning", &last);
  set_setting (app, value);
  g_clear_pointer (&value, g_free);
  g_free (get_setting (app));
  malloc_trim (0);
  note ("64 MB of the history were read", &last);
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
  harness_flush (app);
  note ("low", &last);
  note_trimmed (&last);

  talk (app, "apples");
  note ("a conversation", &last);
  talk (app, "pears");
  talk (app, "plums");
  talk (app, "figs");
  note ("three more", &last);
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
  sotto_inference_forget_conversation (app->services->inference, "none");
  g_usleep (G_USEC_PER_SEC);
  note ("medium", &last);
  note_trimmed (&last);
  warn (G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  harness_wait_for (is_not_open, app, 60);
  note ("critical", &last);
  note_trimmed (&last);
  set_setting (app, "");
  harness_close (app);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GTestDBus) bus = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (service_xml, NULL);
  const GDBusInterfaceVTable vtable = { NULL };
  int status;

  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  /* What the monitor takes for the system's */
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (bus), TRUE);
  connection = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
                                                       G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                         | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                       NULL, NULL, NULL);
  g_assert_nonnull (connection);
  g_assert_cmpuint (g_dbus_connection_register_object (connection, SERVICE_PATH, node->interfaces[0], &vtable, NULL, NULL, NULL),
                    >, 0);
  g_bus_own_name_on_connection (connection, SERVICE_NAME, 0, NULL, NULL, NULL, NULL);

  g_test_add_func ("/low-memory/history", test_history);
  g_test_add_func ("/low-memory/timelines", test_timelines);
  g_test_add_func ("/low-memory/models", test_models);
  g_test_add_func ("/low-memory/meaning", test_meaning);

  if (g_test_perf ())
    {
      g_test_add_data_func ("/low-memory/figures/SmolLM2-135M", HARNESS_TINY, test_figures);
      g_test_add_data_func ("/low-memory/figures/Qwen2.5-Coder-1.5B", "Qwen2.5-Coder-1.5B", test_figures);
    }

  status = g_test_run ();
  g_clear_object (&monitor);
  g_clear_object (&connection);
  /* g_test_dbus_down() waits for connections to go that GIO keeps. */
  g_test_dbus_stop (bus);
  return status;
}
