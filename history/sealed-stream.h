#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/* The bytes of one sealed file; the format stands at the top of sealed-stream.c. All of it blocks. */
typedef struct _SottoSealedStream SottoSealedStream;

/* What a file is bound to: that it lies under this name. */
#define SOTTO_SEALED_NAME_BYTES 32

/**
 * sotto_sealed_stream_create:
 * @path: a file that is made, or made empty
 * @key: (array fixed-size=32): by which its own is wrapped
 * @name: (array fixed-size=32)
 * @size: bytes that will be written
 *
 * Returns: (transfer full): or %NULL with _IO, _DISK_FULL or _MEMORY
 */
SottoSealedStream *sotto_sealed_stream_create (const char    *path,
                                               const guint8  *key,
                                               const guint8  *name,
                                               guint64        size,
                                               GError       **error);

/* Returns: (transfer full): or %NULL with _NOT_FOUND, _INVALID, _IO or _MEMORY */
SottoSealedStream *sotto_sealed_stream_open (const char    *path,
                                             const guint8  *key,
                                             const guint8  *name,
                                             GError       **error);
gboolean sotto_sealed_stream_write (SottoSealedStream *self, gconstpointer data, gsize size, GError **error);

/* Behind the last byte: FALSE where some are missing */
gboolean sotto_sealed_stream_end (SottoSealedStream *self, GError **error);
gboolean sotto_sealed_stream_read (SottoSealedStream *self, gpointer data, gsize size, GError **error);
void sotto_sealed_stream_free (SottoSealedStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSealedStream, sotto_sealed_stream_free)

/**
 * sotto_sealed_stream_measure:
 *
 * Returns: bytes that a file takes that holds @size
 */
guint64 sotto_sealed_stream_measure (guint64 size);

/**
 * sotto_sealed_stream_wipe:
 *
 * Overwrites what a file cannot be read without, flushes that, and removes the file.
 */
void sotto_sealed_stream_wipe (const char *path);

G_END_DECLS
