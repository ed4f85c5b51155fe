#pragma once

#include "format/block.h"
#include "sotto-cancel.h"

G_BEGIN_DECLS

/* A GGUF file: mapped, validated whole, then trusted. Immutable; reference-counted; any thread.
 * (The format byte by byte stands at the top of gguf.c.) */
typedef struct _SottoGguf SottoGguf;

typedef enum {
  SOTTO_GGUF_UINT8, SOTTO_GGUF_INT8, SOTTO_GGUF_UINT16, SOTTO_GGUF_INT16, SOTTO_GGUF_UINT32,
  SOTTO_GGUF_INT32, SOTTO_GGUF_FLOAT32, SOTTO_GGUF_BOOL, SOTTO_GGUF_STRING, SOTTO_GGUF_ARRAY,
  SOTTO_GGUF_UINT64, SOTTO_GGUF_INT64, SOTTO_GGUF_FLOAT64,
} SottoGgufType;

/* A string inside the mapping: not terminated, may hold any bytes. */
typedef struct {
  const char *data;
  gsize length;
} SottoGgufString;

typedef struct {
  const char *key;             /* terminated copy, valid UTF-8 */
  SottoGgufType type;
  SottoGgufType element_type;  /* of an ARRAY */
  guint64 n_elements;          /* of an ARRAY; else 1 */
  const guint8 *data;          /* into the mapping: first element, unaligned, little-endian */
  guint64 n_bytes;             /* of all elements */
  /* Of an ARRAY of strings: offset of each from data, to its length field; and one more, the end. A
   * string's length follows from these, never from the file again, which might have changed. */
  const guint32 *offsets;
} SottoGgufValue;

typedef struct {
  const char *name;
  guint32 type;                /* a block type of the format; maybe one the engine does not know */
  guint n_dimensions;          /* 1 to 4 */
  guint64 shape[4];            /* shape[0] is the row length; unused ones are 1 */
  guint part;                  /* which file of a split model, from 0 */
  guint64 offset;              /* in the file */
  guint64 n_bytes;
  const void *data;            /* into the mapping */
} SottoGgufTensor;

/**
 * sotto_gguf_open:
 *
 * Checks every count, type, size, product, offset and alignment, and that names are unique.
 * Does not touch tensor data. Of a split model any part may be named; all are opened, and what is
 * wrong with one is told of its path.
 */
SottoGguf *sotto_gguf_open (const char     *path,
                            SottoProgress   progress,
                            gpointer        user_data,
                            SottoCancel    *cancel,
                            GError        **error);

/**
 * sotto_gguf_parse:
 * @bytes: a whole file in memory (tests, fuzzing)
 * @path: what to call it in errors
 */
SottoGguf *sotto_gguf_parse (GBytes *bytes, const char *path, GError **error);
SottoGguf *sotto_gguf_ref (SottoGguf *self);
void sotto_gguf_unref (SottoGguf *self);

const char *sotto_gguf_get_path (const SottoGguf *self);
guint sotto_gguf_get_version (const SottoGguf *self);
guint64 sotto_gguf_get_file_bytes (const SottoGguf *self); /* of all parts */
gboolean sotto_gguf_check_unchanged (const SottoGguf *self, GError **error);
/* As sotto_map_append_version(), part by part; nothing of what is only in memory */
void sotto_gguf_append_version (const SottoGguf *self, GString *out);

/**
 * sotto_gguf_dup_part_path:
 * @path: a file of a split model
 * @part: which one is asked for, from 1
 * @n_parts: (out) (optional): how many there are
 *
 * By names alone; no file is looked at.
 *
 * Returns: (transfer full) (nullable): %NULL when @path is not called as a part is, or there is no such
 *   part
 */
char *sotto_gguf_dup_part_path (const char *path, guint part, guint *n_parts);

/* The files of a model: 1, but for a split one. */
guint sotto_gguf_get_n_parts (const SottoGguf *self);

/* A mapped file, for hashing; part is from 0. A file that shrank reads as zeros from there on: ask
 * sotto_gguf_check_unchanged() afterwards whether what was read counts. */
const guint8 *sotto_gguf_get_data (const SottoGguf *self, guint part, gsize *length);

guint sotto_gguf_get_n_values (const SottoGguf *self);
const SottoGgufValue *sotto_gguf_get_value (const SottoGguf *self, guint index);
const SottoGgufValue *sotto_gguf_lookup (const SottoGguf *self, const char *key);

/* Each returns the fallback when the key is missing or not of a fitting kind. Integers of any width
 * and sign are taken when the value fits. */
guint64 sotto_gguf_get_uint (const SottoGguf *self, const char *key, guint64 fallback);
double sotto_gguf_get_float (const SottoGguf *self, const char *key, double fallback);
gboolean sotto_gguf_get_bool (const SottoGguf *self, const char *key, gboolean fallback);
/* (transfer full) (nullable): a terminated copy, made valid UTF-8 (a NUL inside becomes U+FFFD) */
char *sotto_gguf_dup_string (const SottoGguf *self, const char *key);
/* Array elements; the array must be of strings / of numbers, index in range. */
SottoGgufString sotto_gguf_value_string (const SottoGgufValue *value, guint64 index);
double sotto_gguf_value_number (const SottoGgufValue *value, guint64 index);

guint sotto_gguf_get_n_tensors (const SottoGguf *self);
const SottoGgufTensor *sotto_gguf_get_tensor (const SottoGguf *self, guint index);
const SottoGgufTensor *sotto_gguf_lookup_tensor (const SottoGguf *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoGguf, sotto_gguf_unref)

G_END_DECLS
