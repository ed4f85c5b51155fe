#include "gguf-writer.h"

#include <string.h>

struct _GgufWriter {
  GByteArray *values;
  GByteArray *tensors;
  GByteArray *data;
  guint32 version;
  guint32 alignment;
  guint64 n_values;
  guint64 n_tensors;
  gboolean counts_given;
  guint64 given_values;
  guint64 given_tensors;
};

GgufWriter *
gguf_writer_new (void)
{
  GgufWriter *self = g_new0 (GgufWriter, 1);

  self->values = g_byte_array_new ();
  self->tensors = g_byte_array_new ();
  self->data = g_byte_array_new ();
  self->version = 3;
  self->alignment = 32;
  return self;
}

void
gguf_writer_free (GgufWriter *self)
{
  g_byte_array_unref (self->values);
  g_byte_array_unref (self->tensors);
  g_byte_array_unref (self->data);
  g_free (self);
}

static void
put (GByteArray *array, gconstpointer bytes, gsize n)
{
  if (n > 0)
    g_byte_array_append (array, bytes, (guint) n);
}

static void
put_32 (GByteArray *array, guint32 value)
{
  value = GUINT32_TO_LE (value);
  put (array, &value, sizeof value);
}

static void
put_64 (GByteArray *array, guint64 value)
{
  value = GUINT64_TO_LE (value);
  put (array, &value, sizeof value);
}

static void
put_string (GByteArray *array, const char *string)
{
  put_64 (array, strlen (string));
  put (array, string, strlen (string));
}

static void
pad (GByteArray *array, guint alignment)
{
  static const guint8 zero = 0;

  while (array->len % alignment != 0)
    put (array, &zero, 1);
}

void
gguf_writer_add_raw (GgufWriter *self, const char *key, guint32 type, gconstpointer bytes, gsize n)
{
  put_string (self->values, key);
  put_32 (self->values, type);
  put (self->values, bytes, n);
  self->n_values++;
}

void
gguf_writer_add_uint32 (GgufWriter *self, const char *key, guint32 value)
{
  value = GUINT32_TO_LE (value);
  gguf_writer_add_raw (self, key, SOTTO_GGUF_UINT32, &value, sizeof value);
}

void
gguf_writer_add_float (GgufWriter *self, const char *key, float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  bits = GUINT32_TO_LE (bits);
  gguf_writer_add_raw (self, key, SOTTO_GGUF_FLOAT32, &bits, sizeof bits);
}

void
gguf_writer_add_bool (GgufWriter *self, const char *key, gboolean value)
{
  guint8 byte = value ? 1 : 0;

  gguf_writer_add_raw (self, key, SOTTO_GGUF_BOOL, &byte, 1);
}

void
gguf_writer_add_string (GgufWriter *self, const char *key, const char *value)
{
  gguf_writer_add_raw (self, key, SOTTO_GGUF_STRING, NULL, 0);
  put_string (self->values, value);
}

static void
begin_array (GgufWriter *self, const char *key, guint32 type, guint n)
{
  gguf_writer_add_raw (self, key, SOTTO_GGUF_ARRAY, NULL, 0);
  put_32 (self->values, type);
  put_64 (self->values, n);
}

void
gguf_writer_add_strings (GgufWriter *self, const char *key, const char *const *strings, guint n)
{
  begin_array (self, key, SOTTO_GGUF_STRING, n);
  for (guint i = 0; i < n; i++)
    put_string (self->values, strings[i]);
}

void
gguf_writer_add_json_strings (GgufWriter *self, const char *key, yyjson_val *array)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new ();
  yyjson_arr_iter iter = yyjson_arr_iter_with (array);
  yyjson_val *value;

  while ((value = yyjson_arr_iter_next (&iter)) != NULL)
    g_ptr_array_add (strings, (char *) yyjson_get_str (value));
  gguf_writer_add_strings (self, key, (const char *const *) strings->pdata, strings->len);
}

void
gguf_writer_add_int32s (GgufWriter *self, const char *key, const gint32 *values, guint n)
{
  begin_array (self, key, SOTTO_GGUF_INT32, n);
  for (guint i = 0; i < n; i++)
    put_32 (self->values, (guint32) values[i]);
}

void
gguf_writer_add_raw_tensor (GgufWriter    *self,
                            const char    *name,
                            guint32        type,
                            guint32        n_dimensions,
                            const guint64 *shape,
                            guint64        offset)
{
  put_string (self->tensors, name);
  put_32 (self->tensors, n_dimensions);
  for (guint i = 0; i < n_dimensions; i++)
    put_64 (self->tensors, shape[i]);
  put_32 (self->tensors, type);
  put_64 (self->tensors, offset);
  self->n_tensors++;
}

void
gguf_writer_add_shape (GgufWriter     *self,
                       const char     *name,
                       SottoBlockType  type,
                       guint           n_dimensions,
                       const guint64  *shape,
                       gconstpointer   data)
{
  guint n_elements, n_bytes;
  gsize size;

  g_assert_true (sotto_block_measure (type, &n_elements, &n_bytes));
  size = shape[0] / n_elements * n_bytes;
  for (guint i = 1; i < n_dimensions; i++)
    size *= shape[i];

  pad (self->data, self->alignment);
  gguf_writer_add_raw_tensor (self, name, type, n_dimensions, shape, self->data->len);
  if (data != NULL)
    {
      put (self->data, data, size);
    }
  else
    {
      guint old = self->data->len;

      g_byte_array_set_size (self->data, old + (guint) size);
      memset (self->data->data + old, 0, size);
    }
}

void
gguf_writer_add_tensor (GgufWriter     *self,
                        const char     *name,
                        SottoBlockType  type,
                        guint64         row_length,
                        guint64         n_rows,
                        gconstpointer   data)
{
  gguf_writer_add_shape (self, name, type, n_rows == 1 ? 1 : 2, (const guint64[]) { row_length, n_rows }, data);
}

void
gguf_writer_set_version (GgufWriter *self, guint32 version)
{
  self->version = version;
}

void
gguf_writer_set_alignment (GgufWriter *self, guint32 alignment)
{
  self->alignment = alignment;
}

void
gguf_writer_set_counts (GgufWriter *self, guint64 n_tensors, guint64 n_values)
{
  self->counts_given = TRUE;
  self->given_tensors = n_tensors;
  self->given_values = n_values;
}

GBytes *
gguf_writer_finish (const GgufWriter *self)
{
  GByteArray *file = g_byte_array_new ();

  put (file, "GGUF", 4);
  put_32 (file, self->version);
  put_64 (file, self->counts_given ? self->given_tensors : self->n_tensors);
  put_64 (file, self->counts_given ? self->given_values : self->n_values);
  put (file, self->values->data, self->values->len);
  put (file, self->tensors->data, self->tensors->len);
  if (self->data->len > 0)
    {
      pad (file, self->alignment);
      put (file, self->data->data, self->data->len);
    }

  return g_byte_array_free_to_bytes (file);
}
