/* Reads a GGUF file and believes nothing: every count, type, size, product, offset and alignment is
 * checked before it is used, and every error names the file and the place. What has passed here is
 * trusted by the rest of the engine. */

#include "format/gguf-private.h"

#include "sotto-error.h"

#include <stdlib.h>
#include <string.h>

/* Bounds that no honest file comes near and that keep the work of a dishonest one small. */
#define MAX_VALUES (1u << 16)
#define MAX_TENSORS (1u << 20)
#define MAX_NAME_LENGTH 65535 /* the format's own bound for keys */
#define MAX_NAMES_TOTAL (64u << 20)

/* The least bytes a value (key of one byte, one-byte value) and a tensor description can have. */
#define MIN_VALUE_BYTES (8 + 1 + 4 + 1)
#define MIN_TENSOR_BYTES (8 + 1 + 4 + 8 + 4 + 8)

typedef struct {
  SottoGguf *gguf;
  gsize position;
  gsize names_total;
  SottoProgress progress;
  gpointer user_data;
  SottoCancel *cancel;
  GError **error;
} Reader;

static gboolean G_GNUC_PRINTF (3, 4)
malformed (Reader *self, const char *subject, const char *format, ...)
{
  g_autofree char *name = g_filename_display_name (self->gguf->path);
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_MALFORMED,
                          &(SottoErrorArguments) { .path = self->gguf->path, .subject = subject },
                          "%s: malformed: %s: %s; the file is damaged, get it again", name, subject,
                          reason);
  return FALSE;
}

static gboolean
truncated (Reader *self, const char *subject, guint64 wanted)
{
  g_autofree char *name = g_filename_display_name (self->gguf->path);

  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_TRUNCATED,
                          &(SottoErrorArguments) { .path = self->gguf->path,
                                                   .subject = subject,
                                                   .wanted = wanted,
                                                   .available = self->gguf->length },
                          "%s: truncated: %s needs %" G_GUINT64_FORMAT
                          " bytes, the file has %" G_GSIZE_FORMAT "; it was not copied or fetched to "
                          "its end",
                          name, subject, wanted, self->gguf->length);
  return FALSE;
}

/* Whether @n elements of at least @size bytes each can still come. A number so large that no file
 * could hold it is malformed, any other means that the end is missing. */
static gboolean
need (Reader *self, guint64 n, guint64 size, const char *subject)
{
  guint64 remaining = self->gguf->length - self->position;

  if (n <= remaining / size)
    return TRUE;
  if (n > (G_MAXINT64 - self->position) / size)
    return malformed (self, subject, "%" G_GUINT64_FORMAT " is no possible size", n);

  return truncated (self, subject, self->position + n * size);
}

static gboolean
read_32 (Reader *self, guint32 *out, const char *subject)
{
  if (!need (self, 1, 4, subject))
    return FALSE;

  *out = sotto_gguf_get_32 (self->gguf->data + self->position);
  self->position += 4;
  return TRUE;
}

static gboolean
read_64 (Reader *self, guint64 *out, const char *subject)
{
  if (!need (self, 1, 8, subject))
    return FALSE;

  *out = sotto_gguf_get_64 (self->gguf->data + self->position);
  self->position += 8;
  return TRUE;
}

static gboolean
skip_string (Reader *self, const char *subject)
{
  guint64 length;

  if (!read_64 (self, &length, subject) || !need (self, length, 1, subject))
    return FALSE;

  self->position += length;
  return TRUE;
}

/* A key or a tensor's name: text that can be shown, compared and looked up. */
static gboolean
read_name (Reader *self, char **out, const char *subject)
{
  guint64 length;
  const char *text;

  if (!read_64 (self, &length, subject))
    return FALSE;
  if (length == 0)
    return malformed (self, subject, "is empty");
  if (length > MAX_NAME_LENGTH)
    return malformed (self, subject, "has %" G_GUINT64_FORMAT " bytes", length);
  if (!need (self, length, 1, subject))
    return FALSE;

  self->names_total += length;
  if (self->names_total > MAX_NAMES_TOTAL)
    return malformed (self, subject, "all names together are longer than %u bytes", MAX_NAMES_TOTAL);

  text = (const char *) self->gguf->data + self->position;
  if (!g_utf8_validate_len (text, length, NULL))
    return malformed (self, subject, "is not UTF-8");

  *out = g_strndup (text, length);
  self->position += length;
  return TRUE;
}

static gboolean
keep_going (Reader *self)
{
  if (self->progress != NULL)
    self->progress (self->position, self->gguf->length, self->user_data);

  return sotto_cancel_check (self->cancel, self->error);
}

/* Sizes that come from the file: no memory is an error, not the end. */
static gboolean
try_new (Reader *self, gsize n, gsize size, gpointer out)
{
  gpointer block = g_try_malloc0_n (MAX (n, 1), size);

  if (block == NULL)
    {
      g_autofree char *name = g_filename_display_name (self->gguf->path);

      sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_MEMORY,
                              &(SottoErrorArguments) { .path = self->gguf->path,
                                                       .wanted = n * size },
                              "%s: no memory for %" G_GSIZE_FORMAT " bytes of its description",
                              name, n * size);
      return FALSE;
    }

  *(gpointer *) out = block;
  return TRUE;
}

/* --- Metadata --- */

static gboolean
read_string_array (Reader *self, SottoGgufValue *value)
{
  guint32 *offsets;
  gsize start = self->position;

  if (!need (self, value->n_elements, 8, value->key)
      || !try_new (self, value->n_elements + 1, sizeof *offsets, &offsets))
    return FALSE;

  value->offsets = offsets;
  for (guint64 i = 0; i < value->n_elements; i++)
    {
      gsize remaining = self->gguf->length - self->position;
      guint64 length = remaining >= 8 ? sotto_gguf_get_64 (self->gguf->data + self->position) : 0;

      /* A large vocabulary has hundreds of thousands: only what is wrong with one goes the long way. */
      offsets[i] = (guint32) (self->position - start);
      if (remaining >= 8 && length <= remaining - 8)
        self->position += 8 + length;
      else if (!skip_string (self, value->key))
        return FALSE;
      if (self->position - start > G_MAXUINT32)
        return malformed (self, value->key, "is longer than 4 GB");
      if (i % 65536 == 65535 && !keep_going (self))
        return FALSE;
    }
  offsets[value->n_elements] = (guint32) (self->position - start);

  return TRUE;
}

static gboolean
read_array (Reader *self, SottoGgufValue *value)
{
  guint32 type;
  guint size;

  if (!read_32 (self, &type, value->key) || !read_64 (self, &value->n_elements, value->key))
    return FALSE;

  value->element_type = (SottoGgufType) type;
  value->data = self->gguf->data + self->position;
  if (type == SOTTO_GGUF_ARRAY)
    return malformed (self, value->key, "is an array of arrays");
  if (type == SOTTO_GGUF_STRING)
    return read_string_array (self, value);

  size = sotto_gguf_type_bytes (type);
  if (size == 0)
    return malformed (self, value->key, "has elements of the unknown type %u", type);
  if (!need (self, value->n_elements, size, value->key))
    return FALSE;

  self->position += value->n_elements * size;
  return TRUE;
}

static gboolean
read_value (Reader *self, SottoGgufValue *value)
{
  char *key;
  guint32 type;
  guint size;

  if (!read_name (self, &key, "key"))
    return FALSE;

  value->key = key;
  if (!read_32 (self, &type, value->key))
    return FALSE;

  value->type = (SottoGgufType) type;
  value->n_elements = 1;
  value->data = self->gguf->data + self->position;
  if (type == SOTTO_GGUF_ARRAY)
    {
      if (!read_array (self, value))
        return FALSE;
    }
  else if (type == SOTTO_GGUF_STRING)
    {
      if (!skip_string (self, value->key))
        return FALSE;
    }
  else
    {
      size = sotto_gguf_type_bytes (type);
      if (size == 0)
        return malformed (self, value->key, "has the unknown type %u", type);
      if (!need (self, 1, size, value->key))
        return FALSE;
      if (type == SOTTO_GGUF_BOOL && value->data[0] > 1)
        return malformed (self, value->key, "is neither true nor false");
      self->position += size;
    }

  value->n_bytes = (guint64) (self->gguf->data + self->position - value->data);
  return TRUE;
}

static int
compare_values (const void *a, const void *b)
{
  return strcmp ((*(const SottoGgufValue *const *) a)->key,
                 (*(const SottoGgufValue *const *) b)->key);
}

static gboolean
read_values (Reader *self, guint64 n_values)
{
  SottoGguf *gguf = self->gguf;

  if (n_values > MAX_VALUES)
    return malformed (self, "metadata", "%" G_GUINT64_FORMAT " values", n_values);
  if (!need (self, n_values, MIN_VALUE_BYTES, "metadata")
      || !try_new (self, n_values, sizeof *gguf->values, &gguf->values)
      || !try_new (self, n_values, sizeof *gguf->by_key, &gguf->by_key))
    return FALSE;

  for (guint64 i = 0; i < n_values; i++)
    {
      /* Counted before it is read, so that what a failed one holds is freed. */
      gguf->n_values++;
      gguf->by_key[i] = &gguf->values[i];
      if (!read_value (self, &gguf->values[i]) || !keep_going (self))
        return FALSE;
    }

  qsort (gguf->by_key, n_values, sizeof *gguf->by_key, compare_values);
  for (guint64 i = 1; i < n_values; i++)
    if (strcmp (gguf->by_key[i - 1]->key, gguf->by_key[i]->key) == 0)
      return malformed (self, gguf->by_key[i]->key, "stands there twice");

  return TRUE;
}

static gboolean
get_alignment (Reader *self, guint64 *alignment)
{
  const SottoGgufValue *value = sotto_gguf_lookup (self->gguf, "general.alignment");

  *alignment = 32;
  if (value == NULL)
    return TRUE;
  if (value->type != SOTTO_GGUF_UINT32)
    return malformed (self, value->key, "is not a uint32");

  *alignment = sotto_gguf_get_32 (value->data);
  if (*alignment < 8 || *alignment > 65536 || (*alignment & (*alignment - 1)) != 0)
    return malformed (self, value->key, "%" G_GUINT64_FORMAT " is no power of two from 8 to 65536",
                      *alignment);

  return TRUE;
}

/* --- Tensors --- */

/* Bytes of a tensor from its shape and type. */
static gboolean
measure_tensor (Reader *self, SottoGgufTensor *tensor)
{
  guint n_elements, n_bytes;
  guint64 total = 1;
  g_autofree char *name = NULL;

  for (guint i = 0; i < tensor->n_dimensions; i++)
    if (tensor->shape[i] == 0 || !g_uint64_checked_mul (&total, total, tensor->shape[i])
        || total > G_MAXINT64)
      return malformed (self, tensor->name, "has no elements or too many");

  if (!sotto_block_measure (tensor->type, &n_elements, &n_bytes))
    {
      name = g_filename_display_name (self->gguf->path);
      sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_BLOCK_TYPE,
                              &(SottoErrorArguments) { .path = self->gguf->path,
                                                       .subject = sotto_block_name (tensor->type) },
                              "%s: tensor %s has the unknown block %s; another quantisation of the "
                              "same model may work", name, tensor->name,
                              sotto_block_name (tensor->type));
      return FALSE;
    }

  if (tensor->shape[0] % n_elements != 0)
    return malformed (self, tensor->name, "rows of %" G_GUINT64_FORMAT
                      " elements are no whole number of %s blocks of %u",
                      tensor->shape[0], sotto_block_name (tensor->type), n_elements);

  if (!g_uint64_checked_mul (&tensor->n_bytes, total / n_elements, n_bytes)
      || tensor->n_bytes > G_MAXINT64)
    return malformed (self, tensor->name, "has too many bytes");

  return TRUE;
}

static gboolean
read_tensor (Reader *self, SottoGgufTensor *tensor)
{
  char *name;

  if (!read_name (self, &name, "tensor name"))
    return FALSE;

  tensor->name = name;
  if (!read_32 (self, &tensor->n_dimensions, tensor->name))
    return FALSE;
  if (tensor->n_dimensions < 1 || tensor->n_dimensions > 4)
    return malformed (self, tensor->name, "has %u dimensions", tensor->n_dimensions);

  for (guint i = 0; i < 4; i++)
    tensor->shape[i] = 1;
  for (guint i = 0; i < tensor->n_dimensions; i++)
    if (!read_64 (self, &tensor->shape[i], tensor->name))
      return FALSE;

  return read_32 (self, &tensor->type, tensor->name)
         && read_64 (self, &tensor->offset, tensor->name) && measure_tensor (self, tensor);
}

static int
compare_tensors (const void *a, const void *b)
{
  return strcmp ((*(const SottoGgufTensor *const *) a)->name,
                 (*(const SottoGgufTensor *const *) b)->name);
}

static gboolean
read_tensors (Reader *self, guint64 n_tensors)
{
  SottoGguf *gguf = self->gguf;

  if (n_tensors > MAX_TENSORS)
    return malformed (self, "tensors", "%" G_GUINT64_FORMAT " of them", n_tensors);
  if (!need (self, n_tensors, MIN_TENSOR_BYTES, "tensors")
      || !try_new (self, n_tensors, sizeof *gguf->tensors, &gguf->tensors)
      || !try_new (self, n_tensors, sizeof *gguf->by_name, &gguf->by_name))
    return FALSE;

  for (guint64 i = 0; i < n_tensors; i++)
    {
      gguf->n_tensors++;
      gguf->by_name[i] = &gguf->tensors[i];
      if (!read_tensor (self, &gguf->tensors[i]) || (i % 256 == 255 && !keep_going (self)))
        return FALSE;
    }

  qsort (gguf->by_name, n_tensors, sizeof *gguf->by_name, compare_tensors);
  for (guint64 i = 1; i < n_tensors; i++)
    if (strcmp (gguf->by_name[i - 1]->name, gguf->by_name[i]->name) == 0)
      return malformed (self, gguf->by_name[i]->name, "stands there twice");

  return TRUE;
}

static int
compare_offsets (const void *a, const void *b)
{
  guint64 first = (*(const SottoGgufTensor *const *) a)->offset;
  guint64 second = (*(const SottoGgufTensor *const *) b)->offset;

  return (first > second) - (first < second);
}

/* Turns offsets from the beginning of the data into places of the file. */
static gboolean
place_tensors (Reader *self, guint64 alignment)
{
  SottoGguf *gguf = self->gguf;
  guint64 start = (self->position + alignment - 1) & ~(alignment - 1);
  guint64 end = start;
  g_autofree const SottoGgufTensor **by_offset = NULL;

  for (guint i = 0; i < gguf->n_tensors; i++)
    {
      SottoGgufTensor *tensor = &gguf->tensors[i];
      guint64 tensor_end;

      if (tensor->offset % alignment != 0)
        return malformed (self, tensor->name, "its offset is no multiple of %" G_GUINT64_FORMAT,
                          alignment);
      if (!g_uint64_checked_add (&tensor->offset, tensor->offset, start)
          || !g_uint64_checked_add (&tensor_end, tensor->offset, tensor->n_bytes)
          || tensor_end > G_MAXINT64)
        return malformed (self, tensor->name, "lies where no file reaches");
      end = MAX (end, tensor_end);
    }

  if (gguf->n_tensors > 0 && end > gguf->length)
    return truncated (self, "tensor data", end);

  if (!try_new (self, gguf->n_tensors, sizeof *by_offset, &by_offset))
    return FALSE;
  for (guint i = 0; i < gguf->n_tensors; i++)
    {
      gguf->tensors[i].data = gguf->data + gguf->tensors[i].offset;
      by_offset[i] = &gguf->tensors[i];
    }

  qsort (by_offset, gguf->n_tensors, sizeof *by_offset, compare_offsets);
  for (guint i = 1; i < gguf->n_tensors; i++)
    if (by_offset[i - 1]->offset + by_offset[i - 1]->n_bytes > by_offset[i]->offset)
      return malformed (self, by_offset[i]->name, "overlaps %s", by_offset[i - 1]->name);

  return TRUE;
}

/* --- The whole --- */

static gboolean
read_magic (Reader *self)
{
  SottoGguf *gguf = self->gguf;
  SottoErrorArguments arguments = { .path = gguf->path };
  g_autofree char *name = g_filename_display_name (gguf->path);

  if (gguf->length < 4 || memcmp (gguf->data, "GGUF", 4) != 0)
    {
      sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_NOT_GGUF, &arguments,
                              "%s: not a GGUF file", name);
      return FALSE;
    }

  self->position = 4;
  if (!read_32 (self, &gguf->version, "version"))
    return FALSE;
  if (gguf->version != 2 && gguf->version != 3)
    {
      arguments.wanted = gguf->version;
      sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_VERSION, &arguments,
                              "%s: GGUF version %u%s; versions 2 and 3 can be read", name,
                              gguf->version,
                              (gguf->version & 0xffff) == 0 ? " (a big-endian file)" : "");
      return FALSE;
    }

  return TRUE;
}

gboolean
sotto_gguf_read (SottoGguf      *self,
                 SottoProgress   progress,
                 gpointer        user_data,
                 SottoCancel    *cancel,
                 GError        **error)
{
  Reader reader = { .gguf = self, .progress = progress, .user_data = user_data,
                    .cancel = cancel, .error = error };
  guint64 n_tensors, n_values, alignment;

  return sotto_cancel_check (cancel, error)
         && read_magic (&reader)
         && read_64 (&reader, &n_tensors, "number of tensors")
         && read_64 (&reader, &n_values, "number of values")
         && read_values (&reader, n_values)
         && get_alignment (&reader, &alignment)
         && read_tensors (&reader, n_tensors)
         && place_tensors (&reader, alignment);
}
