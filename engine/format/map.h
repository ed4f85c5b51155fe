#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoMap:
 *
 * A regular file, mapped for reading and shared with every process that maps it. If the file shrinks
 * under the mapping (or its disk fails), reading does not kill the process: zeros are read instead,
 * and the mapping is marked as changed. Reference-counted (atomically); any thread.
 */
typedef struct _SottoMap SottoMap;

/**
 * sotto_map_open:
 * @path: in the file system's encoding
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_OPEN
 */
SottoMap *sotto_map_open (const char *path, GError **error);
SottoMap *sotto_map_ref (SottoMap *self);
void sotto_map_unref (SottoMap *self);

/**
 * sotto_map_get_data:
 * @length: (out): bytes
 *
 * Returns: (nullable): the first byte, on a page's border; %NULL for an empty file
 */
const guint8 *sotto_map_get_data (const SottoMap *self, gsize *length);

/**
 * sotto_map_append_version:
 *
 * Appends what tells the file, as it was when it was mapped, from every other one on this computer and
 * from itself after a change: device, inode, size, and when contents and inode changed last.
 */
void sotto_map_append_version (const SottoMap *self, GString *out);

/**
 * sotto_map_check_unchanged:
 *
 * Whether the file is still what it was when it was mapped: no read has failed, size and
 * modification time are the same, and its path, where it still exists, leads to the same inode. A
 * file that was only deleted keeps its contents as long as it is mapped, and counts as unchanged.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_CHANGED
 */
gboolean sotto_map_check_unchanged (const SottoMap *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMap, sotto_map_unref)

G_END_DECLS
