#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "problem.h"

G_BEGIN_DECLS

/**
 * SottoFolderState:
 * @SOTTO_FOLDER_STATE_WAITING: it will be looked at when another one has been, or a reply is written
 * @SOTTO_FOLDER_STATE_LOOKING: what is in it is compared with what was read
 * @SOTTO_FOLDER_STATE_READING: documents are being read (#SottoDocumentFolder:fraction)
 * @SOTTO_FOLDER_STATE_READY: all that could be read of it is
 * @SOTTO_FOLDER_STATE_MISSING: it is not there now; what was read of it is still found
 * @SOTTO_FOLDER_STATE_FAILED: see #SottoDocumentFolder:problem; what was read of it is still found
 */
typedef enum {
  SOTTO_FOLDER_STATE_WAITING,
  SOTTO_FOLDER_STATE_LOOKING,
  SOTTO_FOLDER_STATE_READING,
  SOTTO_FOLDER_STATE_READY,
  SOTTO_FOLDER_STATE_MISSING,
  SOTTO_FOLDER_STATE_FAILED,
} SottoFolderState;

#define SOTTO_TYPE_FOLDER_STATE (sotto_folder_state_get_type ())
GType sotto_folder_state_get_type (void);

/**
 * SottoDocumentFolder:
 *
 * A folder whose documents can be asked. The documents stay where they are; the passages that were read of them lie in the
 * history, encrypted as what is said is. Made by #SottoDocumentFolders only.
 *
 * Properties (read-only, notifying unless constant):
 * - "id" (string, constant): UUID
 * - "file" (#GFile, constant): where it is
 * - "name" (string, constant): for people
 * - "state" (#SottoFolderState)
 * - "n-documents" (uint): of which something was read
 * - "n-unread" (uint): of which nothing could be
 * - "fraction" (double 0…1 while READING)
 * - "status-text" (string): all that as a translated line: "Reading 5 of 40: report.pdf", "12 documents, 2 could not be
 *   read", "Not there now"
 * - "problem" (#SottoProblem, nullable): why it FAILED
 */
#define SOTTO_TYPE_DOCUMENT_FOLDER (sotto_document_folder_get_type ())
G_DECLARE_FINAL_TYPE (SottoDocumentFolder, sotto_document_folder, SOTTO, DOCUMENT_FOLDER, GObject)

const char *sotto_document_folder_get_id (SottoDocumentFolder *self);

/* Returns: (transfer none) */
GFile *sotto_document_folder_get_file (SottoDocumentFolder *self);
const char *sotto_document_folder_get_name (SottoDocumentFolder *self);
SottoFolderState sotto_document_folder_get_state (SottoDocumentFolder *self);
guint sotto_document_folder_get_n_documents (SottoDocumentFolder *self);
guint sotto_document_folder_get_n_unread (SottoDocumentFolder *self);
double sotto_document_folder_get_fraction (SottoDocumentFolder *self);
const char *sotto_document_folder_get_status_text (SottoDocumentFolder *self);
SottoProblem *sotto_document_folder_get_problem (SottoDocumentFolder *self);

/* Which documents could not be read, and why */
void sotto_document_folder_list_unread_async (SottoDocumentFolder *self,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data);

/**
 * sotto_document_folder_list_unread_finish:
 *
 * Returns: (transfer full): the document's path in the folder, for people, and a translated sentence, in turn; by path
 */
char **sotto_document_folder_list_unread_finish (SottoDocumentFolder *self, GAsyncResult *result, GError **error);

G_END_DECLS
