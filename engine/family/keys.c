/* Keys of the metadata, checked. */

#include "family/keys.h"

#include "sotto-error.h"

#include <float.h>
#include <math.h>

/* Ollama's converter has names of its own for some. */
static const struct {
  const char *key;
  const char *other;
} other_names[] = {
  { "rope.freq_base", "rope.global.freq_base" },
  { "rope.freq_base_swa", "rope.local.freq_base" },
  { "rope.scaling.yarn_beta_fast", "rope.scaling.beta_fast" },
  { "rope.scaling.yarn_beta_slow", "rope.scaling.beta_slow" },
  { "attention.temperature_scale", "rope.scaling_beta" },
};

/* The key as it stands in the file; where it does not, by its own name. */
static char *
make_key (const SottoKeys *self, const char *key)
{
  char *full = g_strconcat (self->name, ".", key, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (other_names); i++)
    if (g_str_equal (other_names[i].key, key) && sotto_gguf_lookup (self->gguf, full) == NULL)
      {
        g_autofree char *other = g_strconcat (self->name, ".", other_names[i].other, NULL);

        if (sotto_gguf_lookup (self->gguf, other) != NULL)
          {
            g_free (full);
            return g_steal_pointer (&other);
          }
      }
  return full;
}

const SottoGgufValue *
sotto_keys_lookup (const SottoKeys *self, const char *key)
{
  g_autofree char *full = make_key (self, key);

  return sotto_gguf_lookup (self->gguf, full);
}

gboolean
sotto_keys_refuse (const SottoKeys *self, const char *key, const char *reason)
{
  const char *path = sotto_gguf_get_path (self->gguf);
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *full = make_key (self, key);

  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_MALFORMED,
                          &(SottoErrorArguments) { .path = path, .subject = full },
                          "%s: malformed: %s %s", name, full, reason);
  return FALSE;
}

gboolean
sotto_keys_refuse_form (const SottoKeys *self, const char *form)
{
  const char *path = sotto_gguf_get_path (self->gguf);
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *subject = g_strdup_printf ("%s (%s)", self->family->name, form);

  sotto_engine_set_error (self->error,
                          SOTTO_ENGINE_ERROR_FAMILY,
                          &(SottoErrorArguments){ .path = path, .subject = subject },
                          "%s: this form of the family %s is not known: %s",
                          name,
                          self->family->name,
                          form);
  return FALSE;
}

gboolean
sotto_keys_read_size (const SottoKeys *self,
                      const char      *key,
                      guint            fallback,
                      guint            lowest,
                      guint            highest,
                      guint           *out)
{
  g_autofree char *full = make_key (self, key);
  guint64 value = sotto_gguf_get_uint (self->gguf, full, G_MAXUINT64);

  if (sotto_gguf_lookup (self->gguf, full) == NULL)
    {
      if (fallback == SOTTO_KEY_REQUIRED)
        return sotto_keys_refuse (self, key, "is missing");
      value = fallback;
    }
  if (value < lowest || value > highest)
    return sotto_keys_refuse (self, key, "is not a size that can be");

  *out = (guint) value;
  return TRUE;
}

gboolean
sotto_keys_read_layer_size (const SottoKeys *self,
                            const char      *key,
                            guint            layer,
                            guint            fallback,
                            guint            lowest,
                            guint            highest,
                            guint           *out)
{
  const SottoGgufValue *value = sotto_keys_lookup (self, key);
  double number;

  if (value == NULL || value->type != SOTTO_GGUF_ARRAY)
    return sotto_keys_read_size (self, key, fallback, lowest, highest, out);

  if (value->element_type == SOTTO_GGUF_STRING || value->element_type == SOTTO_GGUF_FLOAT32
      || value->element_type == SOTTO_GGUF_FLOAT64)
    return sotto_keys_refuse (self, key, "is not a list of whole numbers");
  if (layer >= value->n_elements)
    return sotto_keys_refuse (self, key, "has fewer numbers than there are layers");

  number = sotto_gguf_value_number (value, layer);
  if (!(number >= lowest && number <= highest))
    return sotto_keys_refuse (self, key, "holds what is not a size that can be");

  *out = (guint) number;
  return TRUE;
}

gboolean
sotto_keys_read_number (const SottoKeys *self, const char *key, double fallback, double *out)
{
  g_autofree char *full = make_key (self, key);

  *out = sotto_gguf_get_float (self->gguf, full, sotto_keys_has (self, key) ? -1 : fallback);
  return *out >= 0 || sotto_keys_refuse (self, key, "is not a number that can be");
}

gboolean
sotto_keys_read_positive (const SottoKeys *self, const char *key, double fallback, double *out)
{
  g_autofree char *full = make_key (self, key);

  *out = sotto_gguf_get_float (self->gguf, full, sotto_keys_has (self, key) ? -1 : fallback);
  return *out > 0 || sotto_keys_refuse (self, key, "is not a positive number");
}

gboolean
sotto_keys_read_layer_number (const SottoKeys *self, const char *key, guint layer, double *out)
{
  const SottoGgufValue *value = sotto_gguf_lookup (self->gguf, key);
  gboolean is_list = value != NULL && value->type == SOTTO_GGUF_ARRAY;
  const char *path = sotto_gguf_get_path (self->gguf);
  g_autofree char *name = NULL;

  *out = NAN;
  if (!is_list)
    *out = sotto_gguf_get_float (self->gguf, key, NAN);
  else if (layer < value->n_elements
           && (value->element_type == SOTTO_GGUF_FLOAT32 || value->element_type == SOTTO_GGUF_FLOAT64))
    *out = sotto_gguf_value_number (value, layer);
  if (isfinite (*out) && fabs (*out) <= FLT_MAX)
    return TRUE;

  name = g_filename_display_name (path);
  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_MALFORMED,
                          &(SottoErrorArguments){ .path = path, .subject = key },
                          "%s: malformed: %s has no number for layer %u", name, key, layer);
  return FALSE;
}

gboolean
sotto_keys_read_flag (const SottoKeys *self, const char *key, gboolean fallback, gboolean *out)
{
  const SottoGgufValue *value = sotto_keys_lookup (self, key);

  if (value != NULL && value->type != SOTTO_GGUF_BOOL)
    return sotto_keys_refuse (self, key, "is neither true nor false");

  *out = value != NULL ? value->data[0] != 0 : fallback;
  return TRUE;
}

char *
sotto_keys_dup_string (const SottoKeys *self, const char *key)
{
  g_autofree char *full = make_key (self, key);

  return sotto_gguf_dup_string (self->gguf, full);
}
