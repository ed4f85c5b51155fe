#pragma once

#include "format/gguf.h"
#include "format/map.h"

#include <string.h>

G_BEGIN_DECLS

struct _SottoGguf {
  gatomicrefcount references;
  char *path;

  /* One of the two holds the file's bytes. */
  SottoMap *map;
  GBytes *bytes;
  const guint8 *data;
  gsize length;

  guint version;

  /* As they stand in the file; the keys, names and offsets in them are ours to free. */
  SottoGgufValue *values;
  guint n_values;
  SottoGgufTensor *tensors;
  guint n_tensors;

  /* The same, sorted by strcmp(): one search tree for looking up and for finding duplicates, and
   * none that somebody could slow down by choosing names that hash alike. */
  const SottoGgufValue **by_key;
  const SottoGgufTensor **by_name;

  /* Of a split model, in the first part: the others, whose tensors it has taken over. */
  SottoGguf **others;
  guint n_parts; /* those that are open, with the first */
};

/* How a file is to be opened. */
typedef struct {
  SottoProgress progress;
  gpointer user_data;
  SottoCancel *cancel;
} SottoGgufOpen;

/* gguf.c: one file, which may be a part of a model. */
SottoGguf *sotto_gguf_open_file (const char *path, const SottoGgufOpen *how, GError **error);

/* gguf-split.c: all parts of a model from the path of one. */
SottoGguf *sotto_gguf_open_parts (const char           *path,
                                  guint64               n_parts,
                                  const SottoGgufOpen  *how,
                                  GError              **error);
guint64 sotto_gguf_count_parts (const SottoGguf *self);
void sotto_gguf_set_split_error (GError     **error,
                                 const char  *path,
                                 guint64      n_parts,
                                 const char  *reason);

/* gguf-read.c: fills @self from its data, or fails with an error that names the file. */
gboolean sotto_gguf_read (SottoGguf      *self,
                          SottoProgress   progress,
                          gpointer        user_data,
                          SottoCancel    *cancel,
                          GError        **error);

/* Bytes of an element of @type; 0 for STRING, ARRAY and what the format does not know. */
guint sotto_gguf_type_bytes (guint32 type);

/* Little-endian numbers, wherever they lie. */
static inline guint16
sotto_gguf_get_16 (const guint8 *data)
{
  guint16 value;

  memcpy (&value, data, sizeof value);
  return GUINT16_FROM_LE (value);
}

static inline guint32
sotto_gguf_get_32 (const guint8 *data)
{
  guint32 value;

  memcpy (&value, data, sizeof value);
  return GUINT32_FROM_LE (value);
}

static inline guint64
sotto_gguf_get_64 (const guint8 *data)
{
  guint64 value;

  memcpy (&value, data, sizeof value);
  return GUINT64_FROM_LE (value);
}

G_END_DECLS
