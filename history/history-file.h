#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/* The few things that history does with files besides the database: all of them blocking. */

/**
 * SottoLock:
 *
 * That this process is the only one that writes to a folder: an open file description lock, which
 * the kernel releases when the process ends however it ends, and which needs no session bus.
 */
typedef struct _SottoLock SottoLock;

/**
 * sotto_lock_take:
 * @folder: an existing folder
 *
 * Returns: (transfer full): or %NULL with _IN_USE (and the process that holds it) or _IO
 */
SottoLock *sotto_lock_take (const char *folder, GError **error);
void sotto_lock_release (SottoLock *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoLock, sotto_lock_release)

/**
 * sotto_file_make_folder:
 *
 * Makes @folder and what leads to it, for the person alone (0700).
 */
gboolean sotto_file_make_folder (const char *folder, GError **error);

/**
 * sotto_file_replace:
 *
 * Replaces @path by @data so that after a power cut either the old or the new bytes are there,
 * whole: writes beside it, flushes, renames, flushes the folder.
 */
gboolean sotto_file_replace (const char    *path,
                             gconstpointer  data,
                             gsize          size,
                             GError       **error);

/**
 * sotto_file_read:
 * @limit: more bytes than this are not read
 * @missing: (out): whether there is no such file; no error is set then
 */
GBytes *sotto_file_read (const char *path, gsize limit, gboolean *missing, GError **error);

gboolean sotto_file_rename (const char *from, const char *to, GError **error);
gboolean sotto_file_flush (const char *path, GError **error);
gboolean sotto_file_flush_folder_of (const char *path, GError **error);

/**
 * sotto_file_write_all:
 * @fd: where to
 * @path: for the error
 */
gboolean sotto_file_write_all (int            fd,
                               const char    *path,
                               gconstpointer  data,
                               gsize          size,
                               GError       **error);

gboolean sotto_file_exists (const char *path);

G_END_DECLS
