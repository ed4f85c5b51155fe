#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How much of a folder is looked at: documents, all that lies in it, folders in folders, and bytes of one document */
#define SOTTO_FOLDER_MOST_FILES 20000
#define SOTTO_FOLDER_MOST_ENTRIES 500000
#define SOTTO_FOLDER_MOST_LEVELS 30
#define SOTTO_FOLDER_MOST_BYTES (64 * 1024 * 1024)

/* How many of the folders directly in a folder are told */
#define SOTTO_FOLDER_MOST_INSIDE 200

/**
 * SottoFolderFile:
 * @path: in the folder, as the history keeps it: UTF-8, "/" between names; sotto_folder_decode_path() gives the file's own
 * @size: bytes
 * @modified: microseconds since 1970
 * @is_readable: whether the person may read it
 */
typedef struct {
  char *path;
  guint64 size;
  gint64 modified;
  gboolean is_readable;
} SottoFolderFile;

/**
 * SottoFolderWalk:
 * @files: (element-type SottoFolderFile): documents by their paths
 * @inside: (element-type filename): names of folders directly in it
 * @hidden: (element-type utf8): paths of folders in it that could not be looked into, as those of files
 * @is_cut: there is more than the bounds allow
 *
 * What lies in a folder. Hidden files and folders are left out, links are not followed, and what is no file is none.
 */
typedef struct {
  GPtrArray *files;
  GPtrArray *inside;
  GPtrArray *hidden;
  gboolean is_cut;
} SottoFolderWalk;

void sotto_folder_walk_free (SottoFolderWalk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoFolderWalk, sotto_folder_walk_free)

/* In a thread of its own */
void sotto_folder_walk_async (GFile *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_folder_walk_finish:
 *
 * Returns: (transfer full): or %NULL with a #GIOErrorEnum: NOT_FOUND, NOT_DIRECTORY, PERMISSION_DENIED, CANCELLED …
 */
SottoFolderWalk *sotto_folder_walk_finish (GAsyncResult *result, GError **error);

/* Whether @path is in what could not be looked at, so that nothing is known of it */
gboolean sotto_folder_walk_may_hide (const SottoFolderWalk *self, const char *path);

/**
 * sotto_folder_encode_name:
 * @name: of a file, as the system has it
 *
 * Returns: (transfer full): UTF-8: bytes that are not are written as in URIs, and so is a "%" that would be read as such
 */
char *sotto_folder_encode_name (const char *name);

/* Returns: (transfer full): the file's own path in the folder */
char *sotto_folder_decode_path (const char *path);

/* Returns: (transfer full): the file */
GFile *sotto_folder_resolve (GFile *folder, const char *path);

/* Returns: (transfer full): @path for people: on one line */
char *sotto_folder_display_path (const char *path);

/* Returns: (transfer full): its last name, for people */
char *sotto_folder_display_name (const char *path);

G_END_DECLS
