#pragma once

#include <sotto-history.h>

G_BEGIN_DECLS

/* Sotto's own format for conversations outside of the history: what it is stands at the top of
 * archive-write.c. Neither function knows files or threads. */

/* What is larger is neither written nor read: it would have to fit into memory several times. */
#define SOTTO_ARCHIVE_MAX_BYTES ((gsize) 512 * 1024 * 1024)

/* How many bytes behind the text sotto_archive_read() may use */
#define SOTTO_ARCHIVE_PADDING 8

/* What stands before the first conversation, between two, and behind the last */
#define SOTTO_ARCHIVE_HEAD \
  "{\n\"format\": \"sotto-conversations\",\n\"version\": 1,\n\"conversations\": [\n"
#define SOTTO_ARCHIVE_SEPARATOR ",\n"
#define SOTTO_ARCHIVE_TAIL "\n]\n}\n"

/**
 * sotto_archive_write:
 * @length: (out): bytes
 *
 * Returns: (transfer full): the JSON object of one conversation, by malloc(); or %NULL with
 *   %G_IO_ERROR_FAILED if there is not enough memory
 */
char *sotto_archive_write (const SottoHistoryTree *tree, gsize *length, GError **error);

/**
 * sotto_archive_read:
 * @text: (inout): a whole file, UTF-8, with %SOTTO_ARCHIVE_PADDING bytes of room behind it;
 *   afterwards its contents are not to be used
 * @length: bytes without the room
 *
 * Reads what anybody may have written. Every message has an id that is a UUID, and its parent
 * before it; whether ids appear twice is for the history to see. A model's path is the name of its
 * file.
 *
 * Returns: (transfer full) (element-type SottoHistoryTree): or %NULL with
 *   %SOTTO_APP_ERROR_ARCHIVE_FOREIGN, _NEWER or _DAMAGED, whose message says where
 */
GPtrArray *sotto_archive_read (char *text, gsize length, GError **error);

G_END_DECLS
