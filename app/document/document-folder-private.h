#pragma once

#include <sotto-history.h>

#include "document/document-folder.h"

G_BEGIN_DECLS

/* WAITING, with nothing read of it */
SottoDocumentFolder *sotto_document_folder_new (const char *id, GFile *file);

void sotto_document_folder_set_state (SottoDocumentFolder *self, SottoFolderState state);
void sotto_document_folder_set_counts (SottoDocumentFolder *self, guint n_documents, guint n_unread);

/* It has more than is looked at. */
void sotto_document_folder_set_is_cut (SottoDocumentFolder *self, gboolean is_cut);

/* READING: @name, the @position-th of @n that are to be read */
void sotto_document_folder_set_progress (SottoDocumentFolder *self, const char *name, guint position, guint n);

/* FAILED */
void sotto_document_folder_set_error (SottoDocumentFolder *self, const GError *error);

/* @store: (nullable): where what was read of it lies, as long as that is open */
void sotto_document_folder_set_store (SottoDocumentFolder *self, SottoStore *store);

G_END_DECLS
