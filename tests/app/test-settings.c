#include "sotto-app.h"

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
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/settings/matches-schema", test_matches_schema);
  g_test_add_func ("/app/settings/changes", test_changes);
  g_test_add_func ("/app/settings/no-schema", test_no_schema);
  return g_test_run ();
}
