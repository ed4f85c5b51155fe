#pragma once

#include "format/gguf.h"

#include <yyjson.h>

G_BEGIN_DECLS

/* Writes GGUF files for tests, well-formed unless told otherwise. */
typedef struct _GgufWriter GgufWriter;

GgufWriter *gguf_writer_new (void);
void gguf_writer_free (GgufWriter *self);

void gguf_writer_add_uint32 (GgufWriter *self, const char *key, guint32 value);
void gguf_writer_add_float (GgufWriter *self, const char *key, float value);
void gguf_writer_add_bool (GgufWriter *self, const char *key, gboolean value);
void gguf_writer_add_string (GgufWriter *self, const char *key, const char *value);
void gguf_writer_add_strings (GgufWriter *self, const char *key, const char *const *strings, guint n);
/* @array: of strings */
void gguf_writer_add_json_strings (GgufWriter *self, const char *key, yyjson_val *array);
void gguf_writer_add_int32s (GgufWriter *self, const char *key, const gint32 *values, guint n);
/* A value of any type from its bytes. */
void gguf_writer_add_raw (GgufWriter *self, const char *key, guint32 type, gconstpointer bytes, gsize n);

/* @data: (nullable): zeros */
void gguf_writer_add_tensor (GgufWriter     *self,
                             const char     *name,
                             SottoBlockType  type,
                             guint64         row_length,
                             guint64         n_rows,
                             gconstpointer   data);
/* The same of more dimensions. */
void gguf_writer_add_shape (GgufWriter     *self,
                            const char     *name,
                            SottoBlockType  type,
                            guint           n_dimensions,
                            const guint64  *shape,
                            gconstpointer   data);
/* A tensor's description from its parts, without data. */
void gguf_writer_add_raw_tensor (GgufWriter    *self,
                                 const char    *name,
                                 guint32        type,
                                 guint32        n_dimensions,
                                 const guint64 *shape,
                                 guint64        offset);

/* What the header says; else 3, 32 and what was added. */
void gguf_writer_set_version (GgufWriter *self, guint32 version);
void gguf_writer_set_alignment (GgufWriter *self, guint32 alignment);
void gguf_writer_set_counts (GgufWriter *self, guint64 n_tensors, guint64 n_values);

GBytes *gguf_writer_finish (const GgufWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GgufWriter, gguf_writer_free)

G_END_DECLS
