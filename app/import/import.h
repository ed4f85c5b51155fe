#pragma once

#include <gio/gio.h>
#include <sotto-history.h>

#include "transfer/transfer.h"

G_BEGIN_DECLS

/* Conversations of other programs, out of their files. Which program one is of goes by what is in it. */

/* More cannot be one person's, and would have to fit into memory. */
#define SOTTO_IMPORT_MOST_MESSAGES 2000000

typedef enum {
  SOTTO_IMPORT_SOTTO,      /* our own archive */
  SOTTO_IMPORT_CHATGPT,
  SOTTO_IMPORT_CLAUDE,
  SOTTO_IMPORT_OPEN_WEBUI,
  SOTTO_IMPORT_LM_STUDIO,
  SOTTO_IMPORT_JAN,
  SOTTO_IMPORT_GPT4ALL,
  SOTTO_IMPORT_ALPACA,
  SOTTO_IMPORT_MESSAGES,   /* roles and texts, as anything may have written them */
} SottoImportProgram;

#define SOTTO_IMPORT_N_PROGRAMS 9

/**
 * SottoImport:
 * @trees: (element-type SottoHistoryTree): what was read so far
 * @undated: (element-type SottoHistoryTree): those of @trees whose file tells no time: a set
 * @n_from: conversations of each program
 * @n_left_out: what was not taken, by #SottoLeftOut
 * @n_messages: of all trees
 *
 * What is being read. Of one thread.
 */
typedef struct {
  GPtrArray *trees;
  GHashTable *undated;
  guint n_from[SOTTO_IMPORT_N_PROGRAMS];
  guint n_left_out[SOTTO_N_LEFT_OUT];
  guint n_messages;

  /* The readers' */
  GHashTable *threads; /* of Jan, whose files come apart: id → SottoTurns */
  GPtrArray *order;    /* the same in their order; borrowed */
  gint64 modified;     /* of the file that is being read: microseconds */
  gboolean is_full;    /* there were more messages than can be */
} SottoImport;

SottoImport *sotto_import_new (void);
void sotto_import_free (SottoImport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoImport, sotto_import_free)

/**
 * sotto_import_add:
 * @data: a whole file, with %SOTTO_ARCHIVE_PADDING bytes of room behind it; afterwards its contents are not to be used
 * @length: bytes without the room
 * @modified: when the file was written, in microseconds: the time of what has none
 * @cancellable: (nullable)
 *
 * Reads what anybody may have written. What of it is damaged and stands beside others is left out and counted.
 *
 * Returns: %FALSE with %SOTTO_APP_ERROR_ARCHIVE_FOREIGN, _PACKED, _DAMAGED, _NEWER or _LARGE, or %G_IO_ERROR_CANCELLED;
 *   nothing of the file is in self then
 */
gboolean sotto_import_add (SottoImport   *self,
                           char          *data,
                           gsize          length,
                           gint64         modified,
                           GCancellable  *cancellable,
                           GError       **error);

/**
 * sotto_import_add_path:
 * @path: a file, or a folder, which is looked through; files in it that cannot be read are left out and counted
 *
 * Returns: as sotto_import_add(), or %FALSE with %G_IO_ERROR; of a folder, %SOTTO_APP_ERROR_ARCHIVE_FOREIGN where nothing in it
 *   is known
 */
gboolean sotto_import_add_path (SottoImport *self, const char *path, GCancellable *cancellable, GError **error);

/**
 * sotto_import_finish:
 *
 * Puts together what came apart, and sorts: the conversation that was used last comes first.
 */
void sotto_import_finish (SottoImport *self);

/**
 * sotto_import_date:
 * @tree: one of @undated
 * @time: microseconds
 *
 * Gives a conversation that has no times this one.
 */
void sotto_import_date (SottoHistoryTree *tree, gint64 time);

/**
 * sotto_import_describe:
 *
 * Returns: (transfer full) (nullable): which programs the conversations are of, as a list for people; %NULL: of Sotto, or of none that
 *   has a name
 */
char *sotto_import_describe (const SottoImport *self);

G_END_DECLS
