/* Keys of the metadata, checked. */

#include "family/keys.h"

#include "sotto-error.h"

static char *
make_key (const SottoKeys *self, const char *key)
{
  return g_strconcat (self->family->name, ".", key, NULL);
}

static const SottoGgufValue *
lookup (const SottoKeys *self, const char *key)
{
  g_autofree char *full = make_key (self, key);

  return sotto_gguf_lookup (self->gguf, full);
}

gboolean
sotto_keys_has (const SottoKeys *self, const char *key)
{
  return lookup (self, key) != NULL;
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
  const SottoGgufValue *value = lookup (self, key);
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
sotto_keys_read_flag (const SottoKeys *self, const char *key, gboolean fallback, gboolean *out)
{
  const SottoGgufValue *value = lookup (self, key);

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
