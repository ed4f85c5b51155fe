/* Metadata values, read from the mapping whenever they are asked for. */

#include "format/gguf-private.h"

#include <math.h>
#include <string.h>

guint
sotto_gguf_type_bytes (guint32 type)
{
  switch (type)
    {
    case SOTTO_GGUF_UINT8:
    case SOTTO_GGUF_INT8:
    case SOTTO_GGUF_BOOL:
      return 1;

    case SOTTO_GGUF_UINT16:
    case SOTTO_GGUF_INT16:
      return 2;

    case SOTTO_GGUF_UINT32:
    case SOTTO_GGUF_INT32:
    case SOTTO_GGUF_FLOAT32:
      return 4;

    case SOTTO_GGUF_UINT64:
    case SOTTO_GGUF_INT64:
    case SOTTO_GGUF_FLOAT64:
      return 8;

    default:
      return 0;
    }
}

/* Reads an integer of any width. FALSE for other types and for negative numbers. */
static gboolean
read_uint (SottoGgufType type, const guint8 *data, guint64 *out)
{
  gint64 value;

  switch (type)
    {
    case SOTTO_GGUF_UINT8:
      value = data[0];
      break;

    case SOTTO_GGUF_INT8:
      value = (gint8) data[0];
      break;

    case SOTTO_GGUF_UINT16:
      value = sotto_gguf_get_16 (data);
      break;

    case SOTTO_GGUF_INT16:
      value = (gint16) sotto_gguf_get_16 (data);
      break;

    case SOTTO_GGUF_UINT32:
      value = sotto_gguf_get_32 (data);
      break;

    case SOTTO_GGUF_INT32:
      value = (gint32) sotto_gguf_get_32 (data);
      break;

    case SOTTO_GGUF_INT64:
      value = (gint64) sotto_gguf_get_64 (data);
      break;

    case SOTTO_GGUF_UINT64:
      *out = sotto_gguf_get_64 (data);
      return TRUE;

    default:
      return FALSE;
    }

  *out = (guint64) value;
  return value >= 0;
}

/* Reads a number of any type. FALSE for what is none. */
static gboolean
read_number (SottoGgufType type, const guint8 *data, double *out)
{
  guint64 bits;
  guint32 bits_32;
  float single;

  switch (type)
    {
    case SOTTO_GGUF_FLOAT32:
      bits_32 = sotto_gguf_get_32 (data);
      memcpy (&single, &bits_32, sizeof single);
      *out = (double) single;
      return TRUE;

    case SOTTO_GGUF_FLOAT64:
      bits = sotto_gguf_get_64 (data);
      memcpy (out, &bits, sizeof *out);
      return TRUE;

    case SOTTO_GGUF_BOOL:
      *out = data[0] != 0;
      return TRUE;

    case SOTTO_GGUF_INT8:
      *out = (gint8) data[0];
      return TRUE;

    case SOTTO_GGUF_INT16:
      *out = (gint16) sotto_gguf_get_16 (data);
      return TRUE;

    case SOTTO_GGUF_INT32:
      *out = (gint32) sotto_gguf_get_32 (data);
      return TRUE;

    case SOTTO_GGUF_INT64:
      *out = (double) (gint64) sotto_gguf_get_64 (data);
      return TRUE;

    default:
      if (!read_uint (type, data, &bits))
        return FALSE;
      *out = (double) bits;
      return TRUE;
    }
}

guint64
sotto_gguf_get_uint (const SottoGguf *self, const char *key, guint64 fallback)
{
  const SottoGgufValue *value = sotto_gguf_lookup (self, key);
  guint64 number;

  return value != NULL && read_uint (value->type, value->data, &number) ? number : fallback;
}

double
sotto_gguf_get_float (const SottoGguf *self, const char *key, double fallback)
{
  const SottoGgufValue *value = sotto_gguf_lookup (self, key);
  double number;

  return value != NULL && value->type != SOTTO_GGUF_BOOL
         && read_number (value->type, value->data, &number) && isfinite (number) ? number : fallback;
}

gboolean
sotto_gguf_get_bool (const SottoGguf *self, const char *key, gboolean fallback)
{
  const SottoGgufValue *value = sotto_gguf_lookup (self, key);

  return value != NULL && value->type == SOTTO_GGUF_BOOL ? value->data[0] != 0 : fallback;
}

char *
sotto_gguf_dup_string (const SottoGguf *self, const char *key)
{
  const SottoGgufValue *value = sotto_gguf_lookup (self, key);
  SottoGgufString string;

  if (value == NULL || value->type != SOTTO_GGUF_STRING)
    return NULL;

  string = sotto_gguf_value_string (value, 0);
  return g_utf8_make_valid (string.data, (gssize) string.length);
}

SottoGgufString
sotto_gguf_value_string (const SottoGgufValue *value, guint64 index)
{
  guint64 start = value->offsets != NULL ? value->offsets[index] : 0;
  guint64 end = value->offsets != NULL ? value->offsets[index + 1] : value->n_bytes;

  return (SottoGgufString) { (const char *) value->data + start + 8, end - start - 8 };
}

double
sotto_gguf_value_number (const SottoGgufValue *value, guint64 index)
{
  SottoGgufType type = value->type == SOTTO_GGUF_ARRAY ? value->element_type : value->type;
  double number;

  return read_number (type, value->data + index * sotto_gguf_type_bytes (type), &number) ? number
                                                                                          : 0.0;
}
