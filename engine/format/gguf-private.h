#pragma once

#include "format/gguf.h"
#include "format/map.h"

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
};

/* gguf-read.c: fills @self from its data, or fails with an error that names the file. */
gboolean sotto_gguf_read (SottoGguf      *self,
                          SottoProgress   progress,
                          gpointer        user_data,
                          SottoCancel    *cancel,
                          GError        **error);

/* Bytes of an element of @type; 0 for STRING, ARRAY and what the format does not know. */
guint sotto_gguf_type_bytes (guint32 type);

guint16 sotto_gguf_get_16 (const guint8 *data);
guint32 sotto_gguf_get_32 (const guint8 *data);
guint64 sotto_gguf_get_64 (const guint8 *data);

G_END_DECLS
