#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "document/document-folder.h"

G_BEGIN_DECLS

/**
 * SottoFolderError:
 *
 * Why a folder is not added, or cannot be looked at.
 */
typedef enum {
  SOTTO_FOLDER_ERROR_NOT_FOLDER,  /* a file, or nothing */
  SOTTO_FOLDER_ERROR_ELSEWHERE,   /* not on this computer */
  SOTTO_FOLDER_ERROR_TOO_MUCH,    /* the home folder, or what holds it */
  SOTTO_FOLDER_ERROR_KNOWN,       /* there already */
  SOTTO_FOLDER_ERROR_INSIDE,      /* in a folder that is there already */
  SOTTO_FOLDER_ERROR_AROUND,      /* around one that is there already */
  SOTTO_FOLDER_ERROR_TOO_MANY,    /* more folders than there may be */
  SOTTO_FOLDER_ERROR_UNREADABLE,  /* the person may not look into it */
} SottoFolderError;

#define SOTTO_FOLDER_ERROR (sotto_folder_error_quark ())
GQuark sotto_folder_error_quark (void);

/**
 * SottoDocumentFolders:
 *
 * All folders whose documents can be asked: a #GListModel of #SottoDocumentFolder, by name. Empty while the history is not
 * open. sotto_app_get_folders() has it.
 *
 * Each is looked at when the history is opened, some seconds after something in it changes, and when one asks for it. New
 * and changed documents are read one after another, as long as no reply is being written.
 *
 * Properties (read-only, notifying):
 * - "n-items" (uint)
 * - "reading" (boolean): one of them is LOOKING or READING
 * - "problem" (#SottoProblem, nullable): why the history would not keep what was done to the list
 */
#define SOTTO_TYPE_DOCUMENT_FOLDERS (sotto_document_folders_get_type ())
G_DECLARE_FINAL_TYPE (SottoDocumentFolders, sotto_document_folders, SOTTO, DOCUMENT_FOLDERS, GObject)

gboolean sotto_document_folders_is_reading (SottoDocumentFolders *self);
SottoProblem *sotto_document_folders_get_problem (SottoDocumentFolders *self);
void sotto_document_folders_dismiss_problem (SottoDocumentFolders *self);

/**
 * sotto_document_folders_lookup:
 *
 * Returns: (transfer none) (nullable)
 */
SottoDocumentFolder *sotto_document_folders_lookup (SottoDocumentFolders *self, const char *id);

/**
 * sotto_document_folders_add_async:
 * @folder: where
 *
 * Adds a folder; it finishes when it is in the list, and then begins to be read.
 */
void sotto_document_folders_add_async (SottoDocumentFolders *self,
                                       GFile                *folder,
                                       GCancellable         *cancellable,
                                       GAsyncReadyCallback   callback,
                                       gpointer              user_data);

/**
 * sotto_document_folders_add_finish:
 *
 * Returns: (transfer full): or %NULL with an error that sotto_problem_new() words: a #SottoFolderError, or the history's
 */
SottoDocumentFolder *sotto_document_folders_add_finish (SottoDocumentFolders  *self,
                                                        GAsyncResult          *result,
                                                        GError               **error);

/**
 * sotto_document_folders_remove:
 *
 * Takes @folder off the list at once, and ends its reading; no question goes to it any more. What was read of it stays until
 * sotto_document_folders_forget(), or until Sotto is locked or ends.
 */
void sotto_document_folders_remove (SottoDocumentFolders *self, SottoDocumentFolder *folder);

/* Brings a removed folder back, to the conversations that asked it, too. */
void sotto_document_folders_undo_remove (SottoDocumentFolders *self, SottoDocumentFolder *folder);

/* Ends the undo window of @folder: what was read of it is gone for good. Call it when the toast goes. */
void sotto_document_folders_forget (SottoDocumentFolders *self, SottoDocumentFolder *folder);

/* @folder: (nullable): %NULL: each of them */
void sotto_document_folders_look_again (SottoDocumentFolders *self, SottoDocumentFolder *folder);

/* Ends reading; sotto_document_folders_look_again() goes on with it. */
void sotto_document_folders_stop (SottoDocumentFolders *self);

G_END_DECLS
