/* A model as a JSON object, for `sotto-engine inspect` and for whoever wants to see everything. */

#include "sotto-model-private.h"

#include <math.h>
#include <stdlib.h>
#include <yyjson.h>

/* An array is shown by its length and this many of its elements; a string is cut after so many bytes. */
#define SHOWN_ELEMENTS 8
#define SHOWN_BYTES (64u << 10)

static yyjson_mut_val *
describe_string (yyjson_mut_doc *doc, SottoGgufString string)
{
  g_autofree char *text = g_utf8_make_valid (string.data, (gssize) MIN (string.length, SHOWN_BYTES));

  if (string.length > SHOWN_BYTES)
    {
      g_autofree char *cut = g_strconcat (text, "…", NULL);

      return yyjson_mut_strcpy (doc, cut);
    }
  return yyjson_mut_strcpy (doc, text);
}

/* A float as a person wrote it: 1e-6, not the double next to it, 9.999999974752427e-7. */
static double
shortest_double (float value)
{
  static const char *const formats[] = { "%.6g", "%.7g", "%.8g", "%.9g" };
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double shortest = (double) value;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      shortest = g_ascii_strtod (g_ascii_formatd (text, sizeof text, formats[i], (double) value), NULL);
      if ((float) shortest == value)
        break;
    }
  return shortest;
}

static yyjson_mut_val *
describe_number (yyjson_mut_doc *doc, const SottoGgufValue *value, guint64 index)
{
  SottoGgufType type = value->type == SOTTO_GGUF_ARRAY ? value->element_type : value->type;
  double number = sotto_gguf_value_number (value, index);

  switch (type)
    {
    case SOTTO_GGUF_BOOL:
      return yyjson_mut_bool (doc, number != 0);

    case SOTTO_GGUF_FLOAT32:
      return isfinite (number) ? yyjson_mut_real (doc, shortest_double ((float) number))
                               : yyjson_mut_null (doc);

    case SOTTO_GGUF_FLOAT64:
      return isfinite (number) ? yyjson_mut_real (doc, number) : yyjson_mut_null (doc);

    case SOTTO_GGUF_INT8:
    case SOTTO_GGUF_INT16:
    case SOTTO_GGUF_INT32:
      return yyjson_mut_sint (doc, (gint64) number);

    case SOTTO_GGUF_UINT64:
    case SOTTO_GGUF_INT64:
      /* Beyond 2^53 the nearest double, as most readers of JSON have it anyway. */
      return fabs (number) < 0x1p53 ? yyjson_mut_sint (doc, (gint64) number)
                                    : yyjson_mut_real (doc, number);

    default:
      return yyjson_mut_uint (doc, (guint64) number);
    }
}

static const char *
type_name (SottoGgufType type)
{
  static const char *const names[] = { "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32",
                                       "bool", "string", "array", "uint64", "int64", "float64" };

  return names[type];
}

static yyjson_mut_val *
describe_value (yyjson_mut_doc *doc, const SottoGgufValue *value)
{
  gboolean is_string = value->type == SOTTO_GGUF_STRING
                       || (value->type == SOTTO_GGUF_ARRAY && value->element_type == SOTTO_GGUF_STRING);
  yyjson_mut_val *object, *first;

  if (value->type != SOTTO_GGUF_ARRAY)
    return is_string ? describe_string (doc, sotto_gguf_value_string (value, 0))
                     : describe_number (doc, value, 0);

  object = yyjson_mut_obj (doc);
  first = yyjson_mut_arr (doc);
  yyjson_mut_obj_add_str (doc, object, "type", type_name (value->element_type));
  yyjson_mut_obj_add_uint (doc, object, "length", value->n_elements);
  for (guint64 i = 0; i < MIN (value->n_elements, SHOWN_ELEMENTS); i++)
    yyjson_mut_arr_append (first, is_string ? describe_string (doc, sotto_gguf_value_string (value, i))
                                            : describe_number (doc, value, i));
  yyjson_mut_obj_add_val (doc, object, "first", first);
  return object;
}

static yyjson_mut_val *
describe_metadata (yyjson_mut_doc *doc, const SottoGguf *gguf)
{
  yyjson_mut_val *object = yyjson_mut_obj (doc);

  for (guint i = 0; i < sotto_gguf_get_n_values (gguf); i++)
    {
      const SottoGgufValue *value = sotto_gguf_get_value (gguf, i);

      yyjson_mut_obj_add_val (doc, object, value->key, describe_value (doc, value));
    }
  return object;
}

static yyjson_mut_val *
describe_tensors (yyjson_mut_doc *doc, const SottoGguf *gguf)
{
  yyjson_mut_val *array = yyjson_mut_arr (doc);

  for (guint i = 0; i < sotto_gguf_get_n_tensors (gguf); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (gguf, i);
      yyjson_mut_val *object = yyjson_mut_arr_add_obj (doc, array);

      yyjson_mut_obj_add_str (doc, object, "name", tensor->name);
      yyjson_mut_obj_add_str (doc, object, "type", sotto_block_name (tensor->type));
      yyjson_mut_obj_add_val (doc, object, "shape",
                              yyjson_mut_arr_with_uint64 (doc, tensor->shape, tensor->n_dimensions));
      if (sotto_gguf_get_n_parts (gguf) > 1)
        yyjson_mut_obj_add_uint (doc, object, "part", tensor->part + 1);
      yyjson_mut_obj_add_uint (doc, object, "offset", tensor->offset);
      yyjson_mut_obj_add_uint (doc, object, "bytes", tensor->n_bytes);
    }
  return array;
}

static yyjson_mut_val *
describe_memory (yyjson_mut_doc *doc, const SottoModel *self, guint n_context)
{
  guint context = n_context > 0 ? n_context : sotto_model_get_default_context (self);
  SottoMemory memory = sotto_model_estimate_memory (self, context);
  yyjson_mut_val *object = yyjson_mut_obj (doc);

  yyjson_mut_obj_add_uint (doc, object, "context", context);
  yyjson_mut_obj_add_uint (doc, object, "weights", memory.weights);
  yyjson_mut_obj_add_uint (doc, object, "kv_cache", memory.kv_cache);
  yyjson_mut_obj_add_uint (doc, object, "scratch", memory.scratch);
  return object;
}

static void
add_string (yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *value)
{
  if (value != NULL)
    yyjson_mut_obj_add_strcpy (doc, object, key, value);
  else
    yyjson_mut_obj_add_null (doc, object, key);
}

char *
sotto_model_describe (const SottoModel *self, guint n_context)
{
  const SottoModelInfo *info = &self->info;
  yyjson_mut_doc *doc = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *root = yyjson_mut_obj (doc);
  g_autofree char *path = g_filename_display_name (info->path);
  char *json, *copy;

  yyjson_mut_doc_set_root (doc, root);
  add_string (doc, root, "path", path);
  yyjson_mut_obj_add_uint (doc, root, "gguf_version", sotto_gguf_get_version (self->gguf));
  add_string (doc, root, "family", info->family);
  add_string (doc, root, "name", info->name);
  add_string (doc, root, "licence", info->licence);
  add_string (doc, root, "size_label", info->size_label);
  add_string (doc, root, "quantisation", info->quantisation);
  yyjson_mut_obj_add_uint (doc, root, "parameters", info->n_parameters);
  yyjson_mut_obj_add_uint (doc, root, "file_bytes", info->file_bytes);
  yyjson_mut_obj_add_uint (doc, root, "layers", info->n_layers);
  yyjson_mut_obj_add_uint (doc, root, "vocabulary", info->n_vocabulary);
  yyjson_mut_obj_add_uint (doc, root, "context_trained", info->n_context_trained);
  yyjson_mut_obj_add_bool (doc, root, "has_template", info->has_template);
  add_string (doc, root, "default_template", info->default_template);
  yyjson_mut_obj_add_bool (doc, root, "is_base", info->is_base);
  yyjson_mut_obj_add_bool (doc, root, "has_tools", info->has_tools);
  yyjson_mut_obj_add_bool (doc, root, "is_embedding", info->is_embedding);
  yyjson_mut_obj_add_val (doc, root, "metadata", describe_metadata (doc, self->gguf));
  yyjson_mut_obj_add_val (doc, root, "tensors", describe_tensors (doc, self->gguf));
  yyjson_mut_obj_add_val (doc, root, "memory", describe_memory (doc, self, n_context));

  json = yyjson_mut_write (doc, YYJSON_WRITE_PRETTY_TWO_SPACES, NULL);
  yyjson_mut_doc_free (doc);
  copy = g_strdup (json != NULL ? json : "{}");
  free (json);
  return copy;
}
