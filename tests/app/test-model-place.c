/* Where a model runs: kept for its file, carried out by the engine with the module of kernels that is named among the
 * arguments, and said in words; fewer threads while power is to be saved. */
#include "harness.h"

#include <glib/gstdio.h>

#include "model/inference.h"
#include "model/model-place.h"

static char *module_path;
static GTestDBus *system_bus;

typedef struct {
  SottoSettings *settings;
  SottoModelLibrary *library;
  SottoInference *inference;
  SottoModelEntry *entry;
} Fixture;

static gboolean
has_looked (gpointer library)
{
  return !sotto_model_library_is_looking (library);
}

/* A model of the test's own folder, and an engine that finds @modules. */
static void
fixture_set_up (Fixture *self, const char *modules)
{
  g_autofree char *from = g_test_build_filename (G_TEST_DIST, "engine", "families", "llama.gguf", NULL);
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  g_autofree char *path = g_build_filename (folder, "Tiny Chat.gguf", NULL);
  g_autofree char *bytes = NULL;
  gsize length;

  g_setenv ("SOTTO_CUDA_MODULE", modules, TRUE);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_get_contents (from, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));

  self->settings = sotto_settings_new ();
  self->library = sotto_model_library_new (self->settings);
  self->inference = sotto_inference_new (self->settings, self->library);
  sotto_model_library_refresh (self->library);
  harness_wait_for (has_looked, self->library, 30);
  self->entry = sotto_model_library_lookup (self->library, path);
  g_assert_nonnull (self->entry);
  g_assert_null (sotto_model_entry_get_runs_on (self->entry));
}

static void
fixture_clear (Fixture *self)
{
  sotto_model_library_set_place (self->library, self->entry, SOTTO_MODEL_PLACE_AUTOMATIC, 0);
  sotto_inference_close (self->inference);
  g_clear_object (&self->inference);
  g_clear_object (&self->library);
  g_clear_object (&self->settings);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  *(gboolean *) data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* Until the engine has said where the model runs, or why it does not. */
static void
load (Fixture *self)
{
  gboolean is_told = FALSE;
  gulong handler = g_signal_connect (self->entry, "notify::runs-on", G_CALLBACK (on_notify), &is_told);

  sotto_inference_load (self->inference, sotto_model_entry_get_path (self->entry));
  harness_wait_for (is_true, &is_told, 60);
  g_signal_handler_disconnect (self->entry, handler);
  g_test_message ("%s: %s", sotto_model_entry_get_runs_on (self->entry), sotto_model_entry_get_place_text (self->entry));
}

static void
assert_matches (const char *pattern, const char *text)
{
  g_test_message ("%s", text);
  g_assert_true (g_regex_match_simple (pattern, text, 0, 0));
}

static void
test_kept (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_auto (GStrv) kept = NULL;
  guint n;

  g_assert_cmpint (sotto_model_place_get (settings, "/a b.gguf", &n), ==, SOTTO_MODEL_PLACE_AUTOMATIC);
  sotto_model_place_set (settings, "/a b.gguf", SOTTO_MODEL_PLACE_LAYERS, 12);
  sotto_model_place_set (settings, "/b.gguf", SOTTO_MODEL_PLACE_GPU, 7);
  sotto_model_place_set (settings, "/c.gguf", SOTTO_MODEL_PLACE_CPU, 0);
  g_assert_cmpint (sotto_model_place_get (settings, "/a b.gguf", &n), ==, SOTTO_MODEL_PLACE_LAYERS);
  g_assert_cmpuint (n, ==, 12);
  g_assert_cmpint (sotto_model_place_get (settings, "/b.gguf", &n), ==, SOTTO_MODEL_PLACE_GPU);
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpint (sotto_model_place_get (settings, "/c.gguf", &n), ==, SOTTO_MODEL_PLACE_CPU);
  g_assert_cmpint (sotto_model_place_get (settings, "b.gguf", &n), ==, SOTTO_MODEL_PLACE_AUTOMATIC);

  sotto_model_place_set (settings, "/c.gguf", SOTTO_MODEL_PLACE_GPU, 0);
  sotto_model_place_set (settings, "/b.gguf", SOTTO_MODEL_PLACE_AUTOMATIC, 0);
  kept = sotto_settings_dup_strv (settings, "model-places");
  g_assert_cmpuint (g_strv_length (kept), ==, 2);

  /* What somebody else has written there */
  g_object_set (settings, "model-places", (const char *const[]) { "", "gpu", "often /d.gguf", "0 /e.gguf", NULL }, NULL);
  g_assert_cmpint (sotto_model_place_get (settings, "/d.gguf", &n), ==, SOTTO_MODEL_PLACE_AUTOMATIC);
  g_assert_cmpint (sotto_model_place_get (settings, "/e.gguf", &n), ==, SOTTO_MODEL_PLACE_AUTOMATIC);
  g_object_set (settings, "model-places", NULL, NULL);
}

static void
test_words (void)
{
  SottoPlacement placement = { .n_layers = 32, .n_threads = 8,
                               .memory = { 600000000, 10000000, 2000000 } };
  g_autofree char *cpu = sotto_model_place_describe (&placement);
  g_autofree char *cpu_memory = sotto_model_place_describe_memory (&placement);
  g_autofree char *shares = NULL;
  g_autofree char *experts = NULL;
  g_autofree char *gpu = NULL;
  g_autofree char *gpu_memory = NULL;
  g_autofree char *brief = sotto_model_place_shorten ("NVIDIA GeForce RTX 4090 + NVIDIA H100");

  g_assert_cmpstr (cpu, ==, "CPU, 8 threads");
  assert_matches ("^612.0.MB used, [0-9.]+.[kMGT]B free$", cpu_memory);
  g_assert_cmpstr (brief, ==, "RTX 4090 + H100");

  placement.gpus = g_strdup ("NVIDIA H100");
  placement.n_gpu_layers = 20;
  placement.gpu_memory = 80000000000;
  placement.gpu_memory_free = 50000000000;
  shares = sotto_model_place_describe (&placement);
  gpu_memory = sotto_model_place_describe_memory (&placement);
  placement.n_gpu_layers = 32;
  placement.n_expert_layers = 29;
  experts = sotto_model_place_describe (&placement);
  placement.n_expert_layers = 0;
  gpu = sotto_model_place_describe (&placement);
  g_free (placement.gpus);
  g_assert_cmpstr (shares, ==, "NVIDIA H100: 20 of 32 layers; CPU, 8 threads: the others");
  g_assert_cmpstr (experts, ==, "NVIDIA H100: 32 of 32 layers, without the experts of 29; CPU, 8 threads: the rest");
  g_assert_cmpstr (gpu, ==, "NVIDIA H100");
  assert_matches ("^612.0.MB used, 50.0.GB free on the GPU$", gpu_memory);
}

/* From one to the other, as soon as it is chosen. */
static void
test_moves (void)
{
  g_auto (Fixture) fixture = { NULL };
  g_autofree char *all = NULL;
  g_autofree char *none = NULL;
  g_autofree char *some = NULL;
  guint n_layers;

  fixture_set_up (&fixture, module_path);
  n_layers = sotto_model_entry_get_n_layers (fixture.entry);
  g_assert_cmpuint (n_layers, >=, 2);

  load (&fixture);
  g_assert_cmpstr (sotto_model_entry_get_runs_on (fixture.entry), ==, "Emulated device 0");
  g_assert_null (sotto_model_entry_get_place_text (fixture.entry));
  all = sotto_model_entry_dup_placement (fixture.entry);
  g_assert_cmpstr (all, ==, "Emulated device 0");

  sotto_model_library_set_place (fixture.library, fixture.entry, SOTTO_MODEL_PLACE_CPU, 0);
  load (&fixture);
  g_assert_cmpstr (sotto_model_entry_get_runs_on (fixture.entry), ==, "CPU");
  g_assert_null (sotto_model_entry_get_place_text (fixture.entry));
  none = sotto_model_entry_dup_placement (fixture.entry);
  assert_matches ("^CPU, [0-9]+ threads?$", none);

  sotto_model_library_set_place (fixture.library, fixture.entry, SOTTO_MODEL_PLACE_LAYERS, 1);
  load (&fixture);
  some = sotto_model_entry_dup_placement (fixture.entry);
  assert_matches ("^Emulated device 0: 1 of [0-9]+ layers; CPU, [0-9]+ threads?: the others$", some);
}

/* Nobody who has no GPU is kept from anything; who demands one is told why not. */
static void
test_without (void)
{
  g_auto (Fixture) fixture = { NULL };

  fixture_set_up (&fixture, "");
  load (&fixture);
  g_assert_cmpstr (sotto_model_entry_get_runs_on (fixture.entry), ==, "CPU");
  assert_matches ("not installed", sotto_model_entry_get_place_text (fixture.entry));

  sotto_model_library_set_place (fixture.library, fixture.entry, SOTTO_MODEL_PLACE_GPU, 0);
  load (&fixture);
  g_assert_null (sotto_model_entry_get_runs_on (fixture.entry));
  g_assert_cmpint (sotto_model_entry_get_state (fixture.entry), ==, SOTTO_MODEL_STATE_AVAILABLE);
  assert_matches ("not installed", sotto_model_entry_get_place_text (fixture.entry));
}

/* A driver that no module runs with, and a GPU that is too small. */
static void
test_reasons (void)
{
  g_auto (Fixture) old = { NULL };
  g_auto (Fixture) small = { NULL };
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *gpus = NULL;

  g_setenv ("SOTTO_CUDA_EMULATION_DEVICES", "0", TRUE);
  fixture_set_up (&old, module_path);
  load (&old);
  g_unsetenv ("SOTTO_CUDA_EMULATION_DEVICES");
  g_assert_cmpstr (sotto_model_entry_get_runs_on (old.entry), ==, "CPU");
  assert_matches ("no NVIDIA GPU was found", sotto_model_entry_get_place_text (old.entry));

  g_setenv ("SOTTO_CUDA_EMULATION_MEMORY", "1000000", TRUE);
  fixture_set_up (&small, module_path);
  load (&small);
  g_unsetenv ("SOTTO_CUDA_EMULATION_MEMORY");
  g_assert_cmpstr (sotto_model_entry_get_runs_on (small.entry), ==, "CPU");
  assert_matches ("too little of its memory", sotto_model_entry_get_place_text (small.entry));

  sotto_gpu_look_async (NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  gpus = sotto_gpu_look_finish (result, &error);
  g_object_unref (result);
  g_assert_no_error (error);
  g_assert_cmpstr (gpus, ==, "Emulated device 0");
}

/* --- Power --- */

static const char power_xml[] =
  "<node><interface name='org.freedesktop.UPower.PowerProfiles'>"
  "<property name='ActiveProfile' type='s' access='readwrite'/>"
  "</interface></node>";

static const char *active_profile = "balanced";

static GVariant *
get_profile (GDBusConnection *connection,
             const char      *sender,
             const char      *path,
             const char      *interface,
             const char      *property,
             GError         **error,
             gpointer         data)
{
  return g_variant_new_string (active_profile);
}

static void
set_profile (GDBusConnection *connection, const char *profile)
{
  GVariantBuilder changed;

  active_profile = profile;
  g_variant_builder_init (&changed, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&changed, "{sv}", "ActiveProfile", g_variant_new_string (profile));
  g_dbus_connection_emit_signal (connection, NULL, "/org/freedesktop/UPower/PowerProfiles",
                                 "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                 g_variant_new ("(sa{sv}as)", "org.freedesktop.UPower.PowerProfiles", &changed, NULL),
                                 NULL);
}

static guint
count_threads (Fixture *fixture)
{
  g_autofree char *text = NULL;

  load (fixture);
  text = sotto_model_entry_dup_placement (fixture->entry);
  g_assert_true (g_str_has_prefix (text, "CPU, "));
  return (guint) g_ascii_strtoull (text + 5, NULL, 10);
}

static gboolean
is_saving (gpointer monitor)
{
  return g_power_profile_monitor_get_power_saver_enabled (monitor);
}

static gboolean
is_not_saving (gpointer monitor)
{
  return !is_saving (monitor);
}

static void
test_power (void)
{
  g_auto (Fixture) fixture = { NULL };
  g_autoptr (GDBusConnection) connection =
    g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (system_bus),
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                              | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, NULL);
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (power_xml, NULL);
  const GDBusInterfaceVTable vtable = { .get_property = get_profile };
  g_autoptr (GPowerProfileMonitor) monitor = NULL;
  const guint n_cores = sotto_backend_count_cores ();

  g_assert_nonnull (connection);
  g_assert_cmpuint (g_dbus_connection_register_object (connection, "/org/freedesktop/UPower/PowerProfiles",
                                                       node->interfaces[0], &vtable, NULL, NULL, NULL), >, 0);
  g_bus_own_name_on_connection (connection, "org.freedesktop.UPower.PowerProfiles", 0, NULL, NULL, NULL, NULL);

  fixture_set_up (&fixture, "");
  g_assert_cmpuint (count_threads (&fixture), ==, n_cores);
  monitor = g_power_profile_monitor_dup_default ();
  set_profile (connection, "power-saver");
  harness_wait_for (is_saving, monitor, 20);
  g_assert_cmpuint (count_threads (&fixture), ==, MAX (n_cores / 2, 1));

  /* A number that somebody has chosen stands. */
  g_object_set (fixture.settings, "threads", 3, NULL);
  g_assert_cmpuint (count_threads (&fixture), ==, 3);
  g_object_set (fixture.settings, "threads", 0, NULL);
  g_assert_cmpuint (count_threads (&fixture), ==, MAX (n_cores / 2, 1));

  set_profile (connection, "performance");
  harness_wait_for (is_not_saving, monitor, 20);
  g_assert_cmpuint (count_threads (&fixture), ==, n_cores);
}

int
main (int argc, char *argv[])
{
  int status;

  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_assert_cmpint (argc, ==, 2);
  module_path = argv[1];

  /* The bus on which the power profile is asked for, as long as the monitor lives: as long as the process */
  system_bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (system_bus);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (system_bus), TRUE);

  g_test_add_func ("/model-place/kept", test_kept);
  g_test_add_func ("/model-place/words", test_words);
  g_test_add_func ("/model-place/moves", test_moves);
  g_test_add_func ("/model-place/without", test_without);
  g_test_add_func ("/model-place/reasons", test_reasons);
  g_test_add_func ("/model-place/power", test_power);
  status = g_test_run ();

  g_test_dbus_stop (system_bus);
  g_object_unref (system_bus);
  return status;
}
