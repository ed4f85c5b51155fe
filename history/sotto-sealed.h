#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/**
 * SottoSealed:
 *
 * Files beside an open history that nobody but it can read: large, and worth nothing but the time that making them anew
 * takes. Each belongs to a conversation and has a name, which what lies on the disk does not tell. They go with their
 * conversation, with the history, when there are too many of them, and when they have not been used for a month. They
 * are neither part of a backup nor of an export.
 *
 * Unlike a store's calls these block, and may be made from any thread at any time; from the moment at which the store is
 * closed they fail with _CLOSED. Reference-counted (atomically).
 */
typedef struct _SottoSealed SottoSealed;

/**
 * SottoSealedFile:
 *
 * One of them while it is written or read; of one thread at a time.
 */
typedef struct _SottoSealedFile SottoSealedFile;

/**
 * sotto_store_ref_sealed:
 *
 * Returns: (transfer full) (nullable): the files beside @self; %NULL: it is in memory, and there are none
 */
SottoSealed *sotto_store_ref_sealed (SottoStore *self);
SottoSealed *sotto_sealed_ref (SottoSealed *self);
void sotto_sealed_unref (SottoSealed *self);

/**
 * sotto_sealed_create:
 * @n_bytes: that it will have, exactly
 *
 * Begins a file. It takes the place of the one of the same name when it is finished; until then nobody finds it. Those used
 * longest ago go where there would be more than 1 GiB in all, or more than a tenth of what is free.
 *
 * Returns: (transfer full): or %NULL with _CLOSED, _DISK_FULL (it would be more than that alone), _IO or _MEMORY
 */
SottoSealedFile *sotto_sealed_create (SottoSealed  *self,
                                      const char   *conversation,
                                      const char   *name,
                                      guint64       n_bytes,
                                      GError      **error);

/**
 * sotto_sealed_open:
 *
 * Returns: (transfer full): from its beginning, or %NULL with _CLOSED, _NOT_FOUND, _IO, _MEMORY, or _INVALID: it is
 *   damaged, or not of this history
 */
SottoSealedFile *sotto_sealed_open (SottoSealed  *self,
                                    const char   *conversation,
                                    const char   *name,
                                    GError      **error);

/**
 * sotto_sealed_remove:
 * @conversation: (nullable): %NULL: those of all
 * @name: (nullable): %NULL: all of them
 *
 * What was there can be read by nobody any more, as far as the disk overwrites what it is told to overwrite.
 */
void sotto_sealed_remove (SottoSealed *self, const char *conversation, const char *name);

/**
 * sotto_sealed_measure:
 *
 * Returns: bytes that all of them take on the disk
 */
guint64 sotto_sealed_measure (SottoSealed *self);

/**
 * sotto_sealed_file_write:
 *
 * Returns: %FALSE with _CLOSED, _DISK_FULL or _IO, or _INVALID: more than was said
 */
gboolean sotto_sealed_file_write (SottoSealedFile *self, gconstpointer data, gsize size, GError **error);

/**
 * sotto_sealed_file_finish:
 *
 * Puts it in its place. It is not flushed: what a power cut has damaged is noticed, and costs time only.
 *
 * Returns: %FALSE as sotto_sealed_file_write(), or with _INVALID: less than was said
 */
gboolean sotto_sealed_file_finish (SottoSealedFile *self, GError **error);

/**
 * sotto_sealed_file_read:
 *
 * Returns: whether all of @size bytes were there and are as they were written; %FALSE with _CLOSED, _IO or _INVALID
 */
gboolean sotto_sealed_file_read (SottoSealedFile *self, gpointer data, gsize size, GError **error);

/* One that was not finished goes. */
void sotto_sealed_file_free (SottoSealedFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSealed, sotto_sealed_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSealedFile, sotto_sealed_file_free)

G_END_DECLS
