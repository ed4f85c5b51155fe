#include "sotto-app.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>

#include "harness-room.h"
#include "harness-wait.h"

#define SCHEMA_ID "io.github.sotto_chat.Sotto"

static GSettingsSchema *
find_schema (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();

  return source != NULL ? g_settings_schema_source_lookup (source, SCHEMA_ID, TRUE) : NULL;
}

static void
assert_default_equals (GObject *settings, GParamSpec *pspec, GVariant *value)
{
  g_auto (GValue) shown = G_VALUE_INIT;

  g_value_init (&shown, pspec->value_type);
  g_object_get_property (settings, pspec->name, &shown);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    g_assert_cmpint (g_value_get_int (&shown), ==, g_variant_get_int32 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    g_assert_cmpint (g_value_get_int64 (&shown), ==, g_variant_get_int64 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    g_assert_cmpfloat (g_value_get_double (&shown), ==, g_variant_get_double (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    g_assert_cmpint (g_value_get_boolean (&shown), ==, g_variant_get_boolean (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    g_assert_cmpstr (g_value_get_string (&shown), ==, g_variant_get_string (value, NULL));
  else
    g_assert_cmpuint (g_strv_length (g_value_get_boxed (&shown)), ==, g_variant_n_children (value));
}

/* A property whose default is another one than the schema's would change when the schema appears.
 * */
static void
test_matches_schema (void)
{
  g_autoptr (GSettingsSchema) schema = find_schema ();
  g_autofree GParamSpec **pspecs = NULL;
  g_auto (GStrv) keys = NULL;
  guint n_pspecs;

  if (g_test_subprocess ())
    {
      g_autoptr (SottoSettings) bare = sotto_settings_new ();
      g_autoptr (GSettings) settings = NULL;
      GSettingsSchemaSource *source =
        g_settings_schema_source_new_from_directory (g_getenv ("SOTTO_TEST_SCHEMAS"), NULL, TRUE,
                                                     NULL);
      g_autoptr (GSettingsSchema) there = g_settings_schema_source_lookup (source, SCHEMA_ID,
                                                                           FALSE);

      g_assert_false (sotto_settings_is_kept (bare));
      settings = g_settings_new_full (there, NULL, NULL);
      pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (bare), &n_pspecs);
      for (guint i = 0; i < n_pspecs; i++)
        {
          g_autoptr (GVariant) value = g_settings_get_default_value (settings, pspecs[i]->name);

          assert_default_equals (G_OBJECT (bare), pspecs[i], value);
        }
      g_settings_schema_source_unref (source);
      return;
    }

  g_assert_nonnull (schema);
  keys = g_settings_schema_list_keys (schema);
  {
    g_autoptr (SottoSettings) settings = sotto_settings_new ();

    pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (settings), &n_pspecs);
    g_assert_true (sotto_settings_is_kept (settings));
    g_assert_cmpuint (n_pspecs, ==, g_strv_length (keys));
    for (guint i = 0; i < n_pspecs; i++)
      g_assert_true (g_settings_schema_has_key (schema, pspecs[i]->name));
  }

  {
    g_auto (GStrv) environment = g_get_environ ();

    environment = g_environ_setenv (environment, "SOTTO_TEST_SCHEMAS",
                                    g_getenv ("GSETTINGS_SCHEMA_DIR"), TRUE);
    environment = g_environ_unsetenv (environment, "GSETTINGS_SCHEMA_DIR");
    environment = g_environ_setenv (environment, "XDG_DATA_DIRS", "/nonexistent", TRUE);
    environment = g_environ_setenv (environment, "XDG_DATA_HOME", "/nonexistent", TRUE);
    g_test_trap_subprocess_with_envp (NULL, (const char *const *) environment, 0,
                                      G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed ();
  }
}

static void
count (int *counter)
{
  ++*counter;
}

static void
test_changes (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_autoptr (SottoSettings) other = sotto_settings_new ();
  const char *const added[] = { "/a.gguf", "/b.gguf", NULL };
  g_auto (GStrv) seen = NULL;
  int n = 0;

  g_signal_connect_swapped (settings, "notify::temperature", G_CALLBACK (count), &n);
  g_object_set (settings, "temperature", 0.25, "added-models", added, "seed",
                G_GINT64_CONSTANT (1) << 40, NULL);
  g_object_set (settings, "temperature", 0.25, NULL);
  g_assert_cmpint (n, ==, 1);

  /* Another object on the same schema sees them. */
  g_assert_cmpfloat (sotto_settings_get_double (other, "temperature"), ==, 0.25);
  g_assert_cmpint (sotto_settings_get_int64 (other, "seed"), ==, G_GINT64_CONSTANT (1) << 40);
  seen = sotto_settings_dup_strv (other, "added-models");
  g_assert_cmpstrv (seen, added);
}

/* --- A full disk --- */

static void
assert_file (const char *expected)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "glib-2.0", "settings", "keyfile", NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &found, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, expected);
}

static gboolean
is_well (gpointer settings)
{
  return !sotto_settings_is_failing (settings);
}

/* Preferences of a person's who has some, and the environment of a process that finds them there
 * Returns: (transfer full): a folder for remove_kept() */
static char *
make_kept (char **settings_folder, char **path, char ***environment)
{
  char *folder = g_dir_make_tmp ("sotto-settings-XXXXXX", NULL);

  *settings_folder = g_build_filename (folder, "glib-2.0", "settings", NULL);
  *path = g_build_filename (*settings_folder, "keyfile", NULL);
  g_assert_cmpint (g_mkdir_with_parents (*settings_folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (*path, "[io/github/sotto_chat/Sotto]\ntop-k=55\n", -1, NULL));
  *environment = g_environ_setenv (g_get_environ (), "SOTTO_TEST_BACKEND", "keyfile", TRUE);
  *environment = g_environ_setenv (*environment, "XDG_CONFIG_HOME", folder, TRUE);
  return folder;
}

static void
remove_kept (const char *folder, const char *settings_folder, const char *path)
{
  g_autofree char *between = g_build_filename (folder, "glib-2.0", NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (settings_folder), ==, 0);
  g_assert_cmpint (g_rmdir (between), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* What was kept stays there whole; what cannot be kept holds, is told, and is kept with room again. */
static void
test_full (void)
{
  g_autofree char *folder = NULL;
  g_autofree char *settings_folder = NULL;
  g_autofree char *path = NULL;
  g_auto (GStrv) environment = NULL;

  if (g_test_subprocess ())
    {
      g_autoptr (SottoSettings) settings = sotto_settings_new ();
      int n = 0;

      g_signal_connect_swapped (settings, "failing-changed", G_CALLBACK (count), &n);
      g_assert_cmpint (sotto_settings_get_int (settings, "top-k"), ==, 55);
      harness_set_room (FALSE);
      g_object_set (settings, "context-length", 512, "sidebar-shown", FALSE, NULL);
      g_assert_true (sotto_settings_is_failing (settings));
      g_assert_cmpint (n, ==, 1);
      g_assert_cmpint (sotto_settings_get_int (settings, "context-length"), ==, 512);
      g_assert_cmpint (sotto_settings_get_int (settings, "top-k"), ==, 55);
      assert_file ("[io/github/sotto_chat/Sotto]\ntop-k=55\n");

      harness_set_room (TRUE);
      harness_wait_for (is_well, settings, 20);
      g_assert_cmpint (n, ==, 2);
      assert_file ("[io/github/sotto_chat/Sotto]\ntop-k=55\nsidebar-shown=false\ncontext-length=512\n");

      /* And at the latest with the end */
      harness_set_room (FALSE);
      g_object_set (settings, "top-k", 7, NULL);
      harness_set_room (TRUE);
      g_clear_object (&settings);
      assert_file ("[io/github/sotto_chat/Sotto]\ntop-k=7\nsidebar-shown=false\ncontext-length=512\n");
      return;
    }

  folder = make_kept (&settings_folder, &path, &environment);
  g_test_trap_subprocess_with_envp (NULL, (const char *const *) environment, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
  remove_kept (folder, settings_folder, path);
}

/* Looking whether there is room leaves nothing behind, though the process ends in the midst of it: what is beyond the limit kills it. */
static void
test_killed (void)
{
  g_autofree char *folder = NULL;
  g_autofree char *settings_folder = NULL;
  g_autofree char *path = NULL;
  g_auto (GStrv) environment = NULL;
  g_autoptr (GDir) dir = NULL;

  if (g_test_subprocess ())
    {
      const struct rlimit no_core = { 0, 0 };
      g_autoptr (SottoSettings) settings = sotto_settings_new ();

      g_assert_cmpint (setrlimit (RLIMIT_CORE, &no_core), ==, 0);
      harness_set_room (FALSE);
      signal (SIGXFSZ, SIG_DFL);
      g_object_set (settings, "context-length", 512, NULL);
      return;
    }

  folder = make_kept (&settings_folder, &path, &environment);
  g_test_trap_subprocess_with_envp (NULL, (const char *const *) environment, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();

  dir = g_dir_open (settings_folder, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "keyfile");
  g_assert_cmpstr (g_dir_read_name (dir), ==, NULL);
  remove_kept (folder, settings_folder, path);
}

/* Nothing aborts without a schema, and what is set holds as long as the process. */
static void
test_no_schema (void)
{
  g_auto (GStrv) environment = NULL;

  if (g_test_subprocess ())
    {
      g_autoptr (SottoSettings) settings = sotto_settings_new ();

      g_assert_false (sotto_settings_is_kept (settings));
      g_assert_cmpint (sotto_settings_get_int (settings, "context-length"), ==, 4096);
      g_object_set (settings, "context-length", 512, NULL);
      g_assert_cmpint (sotto_settings_get_int (settings, "context-length"), ==, 512);
      return;
    }

  environment = g_get_environ ();
  environment = g_environ_unsetenv (environment, "GSETTINGS_SCHEMA_DIR");
  environment = g_environ_setenv (environment, "XDG_DATA_DIRS", "/nonexistent", TRUE);
  environment = g_environ_setenv (environment, "XDG_DATA_HOME", "/nonexistent", TRUE);
  g_test_trap_subprocess_with_envp (NULL, (const char *const *) environment, 0,
                                    G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  const char *backend = g_getenv ("SOTTO_TEST_BACKEND");

  g_setenv ("GSETTINGS_BACKEND", backend != NULL ? backend : "memory", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/settings/matches-schema", test_matches_schema);
  g_test_add_func ("/app/settings/changes", test_changes);
  g_test_add_func ("/app/settings/no-schema", test_no_schema);
  g_test_add_func ("/app/settings/full", test_full);
  g_test_add_func ("/app/settings/killed", test_killed);
  return g_test_run ();
}
