#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "conversation/conversation-list.h"

G_BEGIN_DECLS

/**
 * SottoExportFormat:
 * @SOTTO_EXPORT_MARKDOWN: for people: what is shown of one conversation (transcript.h)
 * @SOTTO_EXPORT_WEB_PAGE: for anybody: the same, with pictures, reasoning and what was attached (web-page.h)
 * @SOTTO_EXPORT_ARCHIVE: for Sotto: all there is to any number of them (archive.h)
 */
typedef enum {
  SOTTO_EXPORT_MARKDOWN,
  SOTTO_EXPORT_WEB_PAGE,
  SOTTO_EXPORT_ARCHIVE,
} SottoExportFormat;

/**
 * SottoLeftOut:
 * @SOTTO_LEFT_OUT_IMAGES: pictures
 * @SOTTO_LEFT_OUT_FILES: files that are not text, or whose text is not there
 * @SOTTO_LEFT_OUT_TOOLS: what tools were asked and what they answered
 * @SOTTO_LEFT_OUT_BROKEN: conversations that could not be read
 * @SOTTO_LEFT_OUT_UNREAD: files of a folder that could not be read
 *
 * What an import has not taken.
 */
typedef enum {
  SOTTO_LEFT_OUT_IMAGES,
  SOTTO_LEFT_OUT_FILES,
  SOTTO_LEFT_OUT_TOOLS,
  SOTTO_LEFT_OUT_BROKEN,
  SOTTO_LEFT_OUT_UNREAD,
} SottoLeftOut;

#define SOTTO_N_LEFT_OUT 5

/**
 * SottoTransfer:
 *
 * Conversations on their way out of the history into a file, in plain text or all of them encrypted, or
 * out of a file into the history. One is run once.
 */
#define SOTTO_TYPE_TRANSFER (sotto_transfer_get_type ())
G_DECLARE_FINAL_TYPE (SottoTransfer, sotto_transfer, SOTTO, TRANSFER, GObject)

/**
 * sotto_transfer_new_export:
 * @conversation: (nullable): %NULL: all of @list, as an archive
 * @file: on this computer; what is there is replaced once all is written, and only the person may
 *   read it
 */
SottoTransfer *sotto_transfer_new_export (SottoConversationList *list,
                                          SottoConversation     *conversation,
                                          SottoExportFormat      format,
                                          GFile                 *file);

/**
 * sotto_transfer_new_import:
 * @file: on this computer: an archive, a file of another program, or a folder with such files
 *
 * Adds its conversations to @list, all or none. One that is there already stays as it is.
 */
SottoTransfer *sotto_transfer_new_import (SottoConversationList *list, GFile *file);

/**
 * sotto_transfer_new_backup:
 * @folder: of the history, where the backup is made before it goes to its place
 * @file: on this computer; what is there is replaced once all is written
 *
 * The whole history of @list, encrypted as it is (sotto_store_backup_async()), for sotto_app_restore_async().
 */
SottoTransfer *sotto_transfer_new_backup (SottoConversationList *list,
                                          const char            *folder,
                                          GFile                 *file);

/**
 * sotto_transfer_run_async:
 *
 * Works in a thread of its own, and in the history's.
 */
void sotto_transfer_run_async (SottoTransfer       *self,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data);

/**
 * sotto_transfer_run_finish:
 *
 * Returns: %FALSE with an error that sotto_problem_new() words, or %G_IO_ERROR_CANCELLED;
 *   everything is as it was then
 */
gboolean sotto_transfer_run_finish (SottoTransfer *self, GAsyncResult *result, GError **error);
void sotto_transfer_cancel (SottoTransfer *self);

/* How much of it is done: 0…1 */
double sotto_transfer_get_fraction (SottoTransfer *self);

/* Returns: (transfer none) */
GFile *sotto_transfer_get_file (SottoTransfer *self);

/* Of an import: how many conversations were added, and how many were there already */
guint sotto_transfer_get_n_added (SottoTransfer *self);
guint sotto_transfer_get_n_known (SottoTransfer *self);

/* Of an import: which programs the conversations are of, as a list for people. Returns: (transfer none) (nullable): %NULL: of Sotto,
 * or of none that has a name */
const char *sotto_transfer_get_origin (SottoTransfer *self);

/* Of an import: how many of these were not taken */
guint sotto_transfer_get_n_left_out (SottoTransfer *self, SottoLeftOut what);

/* Returns: (transfer none) (nullable): the one to show after an import: the file's first */
SottoConversation *sotto_transfer_get_first (SottoTransfer *self);

/**
 * sotto_transfer_undo:
 *
 * Deletes for good what an import has added, but for conversations that were used since.
 */
void sotto_transfer_undo (SottoTransfer *self);

G_END_DECLS
