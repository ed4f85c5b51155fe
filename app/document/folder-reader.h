#pragma once

#include <sotto-history.h>

#include "document/document-folder.h"

G_BEGIN_DECLS

/**
 * SottoFolderReader:
 *
 * Keeps the history's passages as the folders are, one folder after another.
 */
typedef struct _SottoFolderReader SottoFolderReader;

/* @folder: it is READY, MISSING or FAILED; @inside: (nullable) (element-type filename): names of folders directly in it */
typedef void (*SottoFolderReaderFunc) (SottoDocumentFolder *folder, const GPtrArray *inside, gpointer user_data);

/* @on_changed: sotto_folder_reader_is_reading() says something else */
SottoFolderReader *sotto_folder_reader_new (SottoStore            *store,
                                            SottoFolderReaderFunc  on_ended,
                                            GFunc                  on_changed,
                                            gpointer               user_data);

/* Ends what runs, without waiting for it. */
void sotto_folder_reader_free (SottoFolderReader *self);

/* Has @folder looked at after those that wait; once more if it is being read. */
void sotto_folder_reader_look (SottoFolderReader *self, SottoDocumentFolder *folder);

/* @folder: (nullable): not to be read any more; %NULL: none of them */
void sotto_folder_reader_stop (SottoFolderReader *self, SottoDocumentFolder *folder);

/* Whether to wait, as the processor is somebody else's now */
void sotto_folder_reader_set_resting (SottoFolderReader *self, gboolean is_resting);

gboolean sotto_folder_reader_is_reading (SottoFolderReader *self);

G_END_DECLS
