/* GGUF files: whatever the bytes, the reader refuses them or hands out what lies inside them; a file that
 * passes is read through, described as a program, and its blocks are dequantised. */

#include "family/program.h"
#include "format/gguf.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* So that the compiler cannot leave a read out. */
static volatile guint8 sink;

static void
touch (gconstpointer bytes, gsize n)
{
  const guint8 *data = bytes;

  for (gsize i = 0; i < n; i++)
    sink = data[i];
}

static void
read_value (const SottoGguf *gguf, const SottoGgufValue *value)
{
  gboolean is_array = value->type == SOTTO_GGUF_ARRAY;
  g_autofree char *copy = sotto_gguf_dup_string (gguf, value->key);

  for (guint64 i = 0; i < value->n_elements; i++)
    if ((is_array ? value->element_type : value->type) == SOTTO_GGUF_STRING)
      {
        SottoGgufString string = sotto_gguf_value_string (value, i);

        touch (string.data, string.length);
      }
    else
      {
        sotto_gguf_value_number (value, i);
      }

  sotto_gguf_get_uint (gguf, value->key, 0);
  sotto_gguf_get_float (gguf, value->key, 0);
  sotto_gguf_get_bool (gguf, value->key, FALSE);
  g_assert_true (sotto_gguf_lookup (gguf, value->key) == value);
}

static void
read_tensor (const SottoGguf *gguf, const SottoGgufTensor *tensor)
{
  const SottoBlockInfo *info = sotto_block_info (tensor->type);
  guint64 n_rows = tensor->shape[1] * tensor->shape[2] * tensor->shape[3];

  touch (tensor->data, tensor->n_bytes);
  g_assert_true (sotto_gguf_lookup_tensor (gguf, tensor->name) == tensor);

  if (info != NULL && tensor->shape[0] <= 1 << 16)
    {
      g_autofree float *row = g_new (float, tensor->shape[0]);
      gsize row_bytes = tensor->shape[0] / info->n_elements * info->n_bytes;

      g_assert_cmpuint (row_bytes * n_rows, ==, tensor->n_bytes);
      for (guint64 i = 0; i < n_rows; i++)
        info->dequantise ((const guint8 *) tensor->data + i * row_bytes, row, tensor->shape[0]);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, "fuzz.gguf", &error);
  g_autoptr (SottoProgram) program = NULL;

  g_assert_true ((gguf == NULL) == (error != NULL));
  if (gguf == NULL)
    return 0;

  for (guint i = 0; i < sotto_gguf_get_n_values (gguf); i++)
    read_value (gguf, sotto_gguf_get_value (gguf, i));
  for (guint i = 0; i < sotto_gguf_get_n_tensors (gguf); i++)
    read_tensor (gguf, sotto_gguf_get_tensor (gguf, i));

  program = sotto_program_new (gguf, &error);
  g_assert_true ((program == NULL) == (error != NULL));
  return 0;
}
