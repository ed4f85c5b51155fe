/* GGUF, versions 2 and 3: a model in one file.
 *
 * All numbers are little-endian and unaligned unless said otherwise. A string is a uint64 length and
 * that many bytes, not terminated.
 *
 *   0   4 bytes  "GGUF"
 *   4   uint32   version: 2 or 3 (1 had 32-bit lengths; a big-endian file shows its version swapped)
 *   8   uint64   number of tensors
 *  16   uint64   number of metadata values
 *  24   the metadata values, each
 *         string   key ("llama.block_count")
 *         uint32   type: 0 uint8, 1 int8, 2 uint16, 3 int16, 4 uint32, 5 int32, 6 float32, 7 bool (a
 *                  byte, 0 or 1), 8 string, 9 array, 10 uint64, 11 int64, 12 float64
 *         the value; of an array: uint32 type of its elements, uint64 their number, the elements
 *       the tensor descriptions, each
 *         string   name ("blk.0.attn_q.weight")
 *         uint32   number of dimensions, 1 to 4
 *         uint64   × that many: the shape, the length of a row first
 *         uint32   block type (block.c)
 *         uint64   offset from the beginning of the data, a multiple of the alignment
 *       padding up to a multiple of the alignment ("general.alignment", a uint32; else 32)
 *       the data: each tensor's rows one after the other, each row a whole number of blocks
 *
 * What is refused beyond what the format says by itself: arrays of arrays (no file uses them, and
 * they invite recursion), keys and names given twice, tensors that overlap or are empty, and an
 * alignment that is not a power of two between 8 and 65,536.
 *
 * This file opens, looks up and hands out; gguf-read.c reads and validates; gguf-value.c interprets
 * values; gguf-split.c joins the files of a split model.
 */

#include "format/gguf-private.h"

#include "sotto-error.h"

#include <stdlib.h>
#include <string.h>

static SottoGguf *
gguf_new (const char *path)
{
  SottoGguf *self = g_new0 (SottoGguf, 1);

  g_atomic_ref_count_init (&self->references);
  self->path = g_strdup (path);
  self->n_parts = 1;
  return self;
}

SottoGguf *
sotto_gguf_open_file (const char *path, const SottoGgufOpen *how, GError **error)
{
  g_autoptr (SottoGguf) self = gguf_new (path);
  g_autoptr (GError) local_error = NULL;

  self->map = sotto_map_open (path, error);
  if (self->map == NULL)
    return NULL;
  self->data = sotto_map_get_data (self->map, &self->length);

  if (!sotto_gguf_read (self, how->progress, how->user_data, how->cancel, &local_error))
    {
      /* What looks malformed may only have changed while it was being read. */
      if (g_error_matches (local_error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED)
          || sotto_map_check_unchanged (self->map, error))
        g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (!sotto_map_check_unchanged (self->map, error))
    return NULL;

  return g_steal_pointer (&self);
}

SottoGguf *
sotto_gguf_open (const char     *path,
                 SottoProgress   progress,
                 gpointer        user_data,
                 SottoCancel    *cancel,
                 GError        **error)
{
  SottoGgufOpen how = { .progress = progress, .user_data = user_data, .cancel = cancel };
  g_autoptr (SottoGguf) self = sotto_gguf_open_file (path, &how, error);

  if (self == NULL)
    return NULL;
  if (sotto_gguf_count_parts (self) > 1)
    return sotto_gguf_open_parts (path, sotto_gguf_count_parts (self), &how, error);

  return g_steal_pointer (&self);
}

SottoGguf *
sotto_gguf_parse (GBytes *bytes, const char *path, GError **error)
{
  g_autoptr (SottoGguf) self = gguf_new (path);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  /* Rows of F32 are read in place, so the beginning has to be aligned as in a mapping. */
  self->bytes = (gsize) data % 8 == 0 ? g_bytes_ref (bytes) : g_bytes_new (data, length);
  self->data = g_bytes_get_data (self->bytes, &self->length);
  if (!sotto_gguf_read (self, NULL, NULL, NULL, error))
    return NULL;
  if (sotto_gguf_count_parts (self) > 1)
    {
      sotto_gguf_set_split_error (error, path, sotto_gguf_count_parts (self),
                                  "the other parts are not in memory");
      return NULL;
    }

  return g_steal_pointer (&self);
}

SottoGguf *
sotto_gguf_ref (SottoGguf *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
sotto_gguf_unref (SottoGguf *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  for (guint i = 0; i < self->n_values; i++)
    {
      g_free ((char *) self->values[i].key);
      g_free ((guint32 *) self->values[i].offsets);
    }
  for (guint i = 0; i < self->n_tensors; i++)
    g_free ((char *) self->tensors[i].name);
  g_free (self->values);
  g_free (self->tensors);
  g_free (self->by_key);
  g_free (self->by_name);
  for (guint i = 1; i < self->n_parts; i++)
    sotto_gguf_unref (self->others[i - 1]);
  g_free (self->others);
  g_clear_pointer (&self->map, sotto_map_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self->path);
  g_free (self);
}

const char *
sotto_gguf_get_path (const SottoGguf *self)
{
  return self->path;
}

guint
sotto_gguf_get_version (const SottoGguf *self)
{
  return self->version;
}

guint64
sotto_gguf_get_file_bytes (const SottoGguf *self)
{
  guint64 bytes = self->length;

  for (guint i = 1; i < self->n_parts; i++)
    bytes += self->others[i - 1]->length;
  return bytes;
}

gboolean
sotto_gguf_check_unchanged (const SottoGguf *self, GError **error)
{
  for (guint i = 1; i < self->n_parts; i++)
    if (!sotto_gguf_check_unchanged (self->others[i - 1], error))
      return FALSE;
  return self->map == NULL || sotto_map_check_unchanged (self->map, error);
}

void
sotto_gguf_append_version (const SottoGguf *self, GString *out)
{
  if (self->map != NULL)
    sotto_map_append_version (self->map, out);
  for (guint i = 1; i < self->n_parts; i++)
    sotto_gguf_append_version (self->others[i - 1], out);
}

guint
sotto_gguf_get_n_parts (const SottoGguf *self)
{
  return self->n_parts;
}

const guint8 *
sotto_gguf_get_data (const SottoGguf *self, guint part, gsize *length)
{
  const SottoGguf *file = part == 0 ? self : self->others[part - 1];

  *length = file->length;
  return file->data;
}

guint
sotto_gguf_get_n_values (const SottoGguf *self)
{
  return self->n_values;
}

const SottoGgufValue *
sotto_gguf_get_value (const SottoGguf *self, guint index)
{
  return &self->values[index];
}

static int
compare_key (const void *key, const void *member)
{
  return strcmp (key, (*(const SottoGgufValue *const *) member)->key);
}

const SottoGgufValue *
sotto_gguf_lookup (const SottoGguf *self, const char *key)
{
  const SottoGgufValue **found;

  if (self->n_values == 0)
    return NULL;

  found = bsearch (key, self->by_key, self->n_values, sizeof *self->by_key, compare_key);
  return found != NULL ? *found : NULL;
}

guint
sotto_gguf_get_n_tensors (const SottoGguf *self)
{
  return self->n_tensors;
}

const SottoGgufTensor *
sotto_gguf_get_tensor (const SottoGguf *self, guint index)
{
  return &self->tensors[index];
}

static int
compare_name (const void *name, const void *member)
{
  return strcmp (name, (*(const SottoGgufTensor *const *) member)->name);
}

const SottoGgufTensor *
sotto_gguf_lookup_tensor (const SottoGguf *self, const char *name)
{
  const SottoGgufTensor **found;

  if (self->n_tensors == 0)
    return NULL;

  found = bsearch (name, self->by_name, self->n_tensors, sizeof *self->by_name, compare_name);
  return found != NULL ? *found : NULL;
}
