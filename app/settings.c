#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Every preference is one row of this table: a property, and a key of the same name in
 * data/io.github.sotto_chat.Sotto.gschema.xml with the same type, range and default (a test
 * compares them). */

typedef struct {
  const char *name;
  GType type;
  double minimum;
  double maximum;
  double value;
} Preference;

static const Preference preferences[] = {
  { "default-model", G_TYPE_STRING, 0, 0, 0 },
  { "added-models", G_TYPE_NONE, 0, 0, 0 }, /* strv, as the next two: a GType that is not constant */
  { "model-places", G_TYPE_NONE, 0, 0, 0 },
  { "model-visions", G_TYPE_NONE, 0, 0, 0 },
  { "window-width", G_TYPE_INT, 360, 32767, 1000 },
  { "window-height", G_TYPE_INT, 200, 32767, 720 },
  { "window-maximized", G_TYPE_BOOLEAN, 0, 1, FALSE },
  { "sidebar-shown", G_TYPE_BOOLEAN, 0, 1, TRUE },
  { "temperature", G_TYPE_DOUBLE, 0, 2, 0.7 },
  { "top-k", G_TYPE_INT, 0, 1000, 40 },
  { "top-p", G_TYPE_DOUBLE, 0, 1, 0.95 },
  { "min-p", G_TYPE_DOUBLE, 0, 1, 0.05 },
  { "repetition-penalty", G_TYPE_DOUBLE, 1, 2, 1 },
  { "seed", G_TYPE_INT64, -1, (double) G_MAXINT64, -1 },
  { "context-length", G_TYPE_INT, 256, 1048576, 4096 },
  { "max-tokens", G_TYPE_INT, 0, 1048576, 0 },
  { "threads", G_TYPE_INT, 0, 1024, 0 },
  { "keep-previous-model", G_TYPE_BOOLEAN, 0, 1, FALSE },
  { "keep-timelines", G_TYPE_BOOLEAN, 0, 1, TRUE },
  { "find-by-meaning", G_TYPE_BOOLEAN, 0, 1, TRUE },
  { "meaning-model", G_TYPE_STRING, 0, 0, 0 },
  { "global-shortcut", G_TYPE_BOOLEAN, 0, 1, FALSE },
  { "lock-after", G_TYPE_INT, 0, 1440, 0 },
  { "lock-with-screen", G_TYPE_INT, -1, 1, -1 },
};

#define SCHEMA_ID "io.github.sotto_chat.Sotto"

/* How long after something could not be kept that is tried again */
#define AGAIN_MS 2000

static guint failing_changed;

struct _SottoSettings
{
  GObject parent_instance;

  GSettings *settings; /* NULL: no schema, values are kept in memory only */
  GValue values[G_N_ELEMENTS (preferences)];

  /* What could not be kept */
  gboolean unkept[G_N_ELEMENTS (preferences)];
  gboolean is_failing;
  guint again; /* tries it once more; 0: nothing waits */
};

G_DEFINE_FINAL_TYPE (SottoSettings, sotto_settings, G_TYPE_OBJECT)

static void
sotto_settings_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoSettings *self = SOTTO_SETTINGS (object);

  g_return_if_fail (prop_id >= 1 && prop_id <= G_N_ELEMENTS (preferences));
  g_value_copy (&self->values[prop_id - 1], value);
}

/* No list is an empty list. */
static void
normalise (GValue *value)
{
  if (G_VALUE_HOLDS (value, G_TYPE_STRV) && g_value_get_boxed (value) == NULL)
    g_value_take_boxed (value, g_new0 (char *, 1));
}

/* --- Keeping --- */

/* Where settings lie, by what keeps them there. Others are no files, or not in a place that is known. */
static char *
find_file (SottoSettings *self)
{
  g_autoptr (GSettingsBackend) backend = NULL;
  const char *type;

  g_object_get (self->settings, "backend", &backend, NULL);
  type = G_OBJECT_TYPE_NAME (backend);
  if (g_str_equal (type, "GKeyfileSettingsBackend"))
    return g_build_filename (g_get_user_config_dir (), "glib-2.0", "settings", "keyfile", NULL);
  if (g_str_equal (type, "DConfSettingsBackend") && g_getenv ("DCONF_PROFILE") == NULL)
    return g_build_filename (g_get_user_config_dir (), "dconf", "user", NULL);
  return NULL;
}

static gboolean
write_nothing (int fd, gsize size)
{
  g_autofree guint8 *nothing = g_malloc0 (size);

  while (size > 0)
    {
      const gssize n = write (fd, nothing, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      size -= (gsize) n;
    }
  return TRUE;
}

/* Either writes the whole file anew. Without room for that, the key file (a Flatpak's) is left empty by GLib, with all that was in
 * it, and of dconf's nothing is heard but a value that goes back by itself. So that is tried first, with a file of the same size. It
 * has lost its name by the time it grows, so that it is gone with the process, however that ends. */
static gboolean
has_room (SottoSettings *self)
{
  g_autofree char *file = find_file (self);
  g_autofree char *folder = NULL;
  g_autofree char *trial = NULL;
  GStatBuf info;
  gsize size;
  gboolean ok;
  int fd;

  if (file == NULL)
    return TRUE;

  folder = g_path_get_dirname (file);
  trial = g_strconcat (file, ".sotto-trial", NULL);
  size = 4096 + (g_stat (file, &info) == 0 ? (gsize) info.st_size : 0);
  fd = g_mkdir_with_parents (folder, 0700) == 0 ? g_open (trial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
  if (fd < 0)
    return FALSE;
  g_unlink (trial);
  ok = write_nothing (fd, size);
  /* Some file systems say it only then. */
  return g_close (fd, NULL) && ok;
}

static GVariant *
to_variant (const GValue *value)
{
  if (G_VALUE_HOLDS_STRING (value))
    return g_variant_new_string (g_value_get_string (value));
  if (G_VALUE_HOLDS_INT (value))
    return g_variant_new_int32 (g_value_get_int (value));
  if (G_VALUE_HOLDS_INT64 (value))
    return g_variant_new_int64 (g_value_get_int64 (value));
  if (G_VALUE_HOLDS_DOUBLE (value))
    return g_variant_new_double (g_value_get_double (value));
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_variant_new_boolean (g_value_get_boolean (value));
  return g_variant_new_strv (g_value_get_boxed (value), -1);
}

static void
set_failing (SottoSettings *self, gboolean is_failing)
{
  if (self->is_failing == is_failing)
    return;
  self->is_failing = is_failing;
  g_signal_emit (self, failing_changed, 0);
}

static gboolean keep_again (gpointer user_data);

/* What is to be kept stands in unkept. */
static void
keep (SottoSettings *self)
{
  gboolean is_unkept = FALSE;
  const gboolean ok = has_room (self);

  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    {
      /* What somebody else has locked is not kept, and stays as it is. */
      if (self->unkept[i] && ok)
        self->unkept[i] = g_settings_is_writable (self->settings, preferences[i].name)
                          && !g_settings_set_value (self->settings, preferences[i].name, to_variant (&self->values[i]));
      is_unkept = is_unkept || self->unkept[i];
    }
  if (is_unkept && self->again == 0)
    self->again = g_timeout_add (AGAIN_MS, keep_again, self);
  set_failing (self, is_unkept);
}

static gboolean
keep_again (gpointer user_data)
{
  SottoSettings *self = user_data;

  self->again = 0;
  keep (self);
  return G_SOURCE_REMOVE;
}

/* What comes from there is there. */
static void
keep_value (SottoSettings *self, guint i)
{
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GVariant) kept = NULL;
  g_autoptr (GVariant) value = NULL;

  if (self->settings == NULL)
    return;
  g_object_get (self->settings, "settings-schema", &schema, NULL);
  if (!g_settings_schema_has_key (schema, preferences[i].name))
    return;

  kept = g_settings_get_value (self->settings, preferences[i].name);
  value = g_variant_ref_sink (to_variant (&self->values[i]));
  self->unkept[i] = !g_variant_equal (kept, value);
  if (self->unkept[i])
    keep (self);
}

static gboolean
is_same (GParamSpec *pspec, const GValue *one, const GValue *other)
{
  static const char *const none[] = { NULL };
  const char *const *list;

  if (!G_VALUE_HOLDS (one, G_TYPE_STRV))
    return g_param_values_cmp (pspec, one, other) == 0;
  list = g_value_get_boxed (one);
  return g_strv_equal (list != NULL ? list : none, g_value_get_boxed (other));
}

static void
sotto_settings_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SottoSettings *self = SOTTO_SETTINGS (object);

  g_return_if_fail (prop_id >= 1 && prop_id <= G_N_ELEMENTS (preferences));
  if (!is_same (pspec, value, &self->values[prop_id - 1]))
    {
      g_value_copy (value, &self->values[prop_id - 1]);
      normalise (&self->values[prop_id - 1]);
      g_object_notify_by_pspec (object, pspec);
      keep_value (self, prop_id - 1);
    }
}

/* g_settings_new() aborts where the schema is missing: look first. */
static GSettings *
find_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SCHEMA_ID, TRUE);
  return schema != NULL ? g_settings_new_full (schema, NULL, NULL) : NULL;
}

static void
sotto_settings_constructed (GObject *object)
{
  SottoSettings *self = SOTTO_SETTINGS (object);
  g_autoptr (GSettingsSchema) schema = NULL;

  G_OBJECT_CLASS (sotto_settings_parent_class)->constructed (object);

  self->settings = find_settings ();
  if (self->settings == NULL)
    return;

  /* An older schema may lack a key, and binding one would abort. */
  g_object_get (self->settings, "settings-schema", &schema, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    if (g_settings_schema_has_key (schema, preferences[i].name))
      g_settings_bind (self->settings, preferences[i].name, self, preferences[i].name,
                       G_SETTINGS_BIND_GET | G_SETTINGS_BIND_NO_SENSITIVITY);
}

static void
sotto_settings_finalize (GObject *object)
{
  SottoSettings *self = SOTTO_SETTINGS (object);

  g_clear_handle_id (&self->again, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    g_value_unset (&self->values[i]);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (sotto_settings_parent_class)->finalize (object);
}

/* The last chance */
static void
sotto_settings_dispose (GObject *object)
{
  SottoSettings *self = SOTTO_SETTINGS (object);

  if (self->is_failing && self->settings != NULL)
    keep (self);
  G_OBJECT_CLASS (sotto_settings_parent_class)->dispose (object);
}

static GParamSpec *
create_pspec (const Preference *preference)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  switch (preference->type)
    {
    case G_TYPE_STRING:
      return g_param_spec_string (preference->name, NULL, NULL, "", flags);
    case G_TYPE_INT:
      return g_param_spec_int (preference->name, NULL, NULL, (int) preference->minimum,
                               (int) preference->maximum, (int) preference->value, flags);
    case G_TYPE_INT64:
      return g_param_spec_int64 (preference->name, NULL, NULL, (gint64) preference->minimum,
                                 G_MAXINT64, (gint64) preference->value, flags);
    case G_TYPE_DOUBLE:
      return g_param_spec_double (preference->name, NULL, NULL, preference->minimum,
                                  preference->maximum, preference->value, flags);
    case G_TYPE_BOOLEAN:
      return g_param_spec_boolean (preference->name, NULL, NULL, preference->value > 0, flags);
    default:
      return g_param_spec_boxed (preference->name, NULL, NULL, G_TYPE_STRV, flags);
    }
}

static void
sotto_settings_class_init (SottoSettingsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = sotto_settings_constructed;
  object_class->dispose = sotto_settings_dispose;
  object_class->finalize = sotto_settings_finalize;
  object_class->get_property = sotto_settings_get_property;
  object_class->set_property = sotto_settings_set_property;

  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    g_object_class_install_property (object_class, i + 1, create_pspec (&preferences[i]));
  failing_changed = g_signal_new ("failing-changed", SOTTO_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sotto_settings_init (SottoSettings *self)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (self);

  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    {
      GParamSpec *pspec = g_object_class_find_property (klass, preferences[i].name);

      g_value_init (&self->values[i], pspec->value_type);
      g_param_value_set_default (pspec, &self->values[i]);
      normalise (&self->values[i]);
    }
}

SottoSettings *
sotto_settings_new (void)
{
  return g_object_new (SOTTO_TYPE_SETTINGS, NULL);
}

gboolean
sotto_settings_is_kept (SottoSettings *self)
{
  g_return_val_if_fail (SOTTO_IS_SETTINGS (self), FALSE);
  return self->settings != NULL;
}

gboolean
sotto_settings_is_failing (SottoSettings *self)
{
  g_return_val_if_fail (SOTTO_IS_SETTINGS (self), FALSE);
  return self->is_failing;
}

int
sotto_settings_get_int (SottoSettings *self, const char *name)
{
  int value = 0;

  g_object_get (self, name, &value, NULL);
  return value;
}

gboolean
sotto_settings_get_boolean (SottoSettings *self, const char *name)
{
  gboolean value = FALSE;

  g_object_get (self, name, &value, NULL);
  return value;
}

double
sotto_settings_get_double (SottoSettings *self, const char *name)
{
  double value = 0;

  g_object_get (self, name, &value, NULL);
  return value;
}

gint64
sotto_settings_get_int64 (SottoSettings *self, const char *name)
{
  gint64 value = 0;

  g_object_get (self, name, &value, NULL);
  return value;
}

char *
sotto_settings_dup_string (SottoSettings *self, const char *name)
{
  char *value = NULL;

  g_object_get (self, name, &value, NULL);
  return value;
}

char **
sotto_settings_dup_strv (SottoSettings *self, const char *name)
{
  char **value = NULL;

  g_object_get (self, name, &value, NULL);
  return value;
}
