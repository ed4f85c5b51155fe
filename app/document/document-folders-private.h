#pragma once

#include <sotto-history.h>

#include "document/document-folders.h"
#include "document/folder-reader.h"
#include "document/meaning.h"

G_BEGIN_DECLS

/* How many folders there may be */
#define SOTTO_FOLDERS_MOST 50

/* How long a message waits for passages before it goes without */
#define SOTTO_FOLDERS_PATIENCE_MS 3000

struct _SottoDocumentFolders
{
  GObject parent_instance;

  SottoMeaning *meaning;  /* borrowed; NULL: words alone count */
  SottoStore *store;      /* NULL: the history is not open */
  GPtrArray *folders;     /* of SottoDocumentFolder, by name */
  GPtrArray *removed;     /* those that can come back */
  GHashTable *watches;    /* from SottoDocumentFolder to SottoFolderWatch */
  SottoFolderReader *reader; /* as long as there is a store */
  GPtrArray *finds;       /* of GCancellable; borrowed */
  gboolean is_resting;
  gboolean is_reading;    /* as it was told */
  SottoProblem *problem;
};

/* --- document-folders.c --- */

/* Empty, and without a history */
SottoDocumentFolders *sotto_document_folders_new (void);

/* The history is open: reads which folders it has, and looks at them. */
void sotto_document_folders_open (SottoDocumentFolders *self, SottoStore *store);

/* Ends reading and finding at once, removes for good what was removed, and empties the list. The history is still open. */
void sotto_document_folders_close (SottoDocumentFolders *self);

/* @meaning: (nullable): what finds by meaning, too, as long as it is there */
void sotto_document_folders_set_meaning (SottoDocumentFolders *self, SottoMeaning *meaning);

/* Whether the processor is somebody else's now */
void sotto_document_folders_set_resting (SottoDocumentFolders *self, gboolean is_resting);

/* Puts @folder where it belongs, and begins to look at it. */
void sotto_document_folders_insert (SottoDocumentFolders *self, SottoDocumentFolder *folder);

/* --- folder-find.c --- */

/**
 * sotto_document_folders_find_async:
 * @ids: (array zero-terminated=1): of folders; those that are not in the list are left out
 * @before: (nullable): what was said before, if @question may go on with that
 * @limit: most passages
 * @max_bytes: of them together
 *
 * Ends after SOTTO_FOLDERS_PATIENCE_MS at the latest.
 */
void sotto_document_folders_find_async (SottoDocumentFolders *self,
                                        const char *const    *ids,
                                        const char           *question,
                                        const char           *before,
                                        guint                 limit,
                                        gsize                 max_bytes,
                                        GAsyncReadyCallback   callback,
                                        gpointer              user_data);

/**
 * sotto_document_folders_find_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryPart): parts of a message, best first; may be empty. Or %NULL with an
 *   error of the history, %G_IO_ERROR_CANCELLED if it took too long
 */
GPtrArray *sotto_document_folders_find_finish (SottoDocumentFolders *self, GAsyncResult *result, GError **error);

G_END_DECLS
