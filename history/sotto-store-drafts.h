#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* Files that are attached to a draft. They wait beside its text (sotto-store-conversations.h) and go with it: once a message
 * is added that clears the draft, they are parts of that, or gone. Their texts are long, so they are not loaded with the list
 * of conversations, and each is written once. */

/* More of them are refused. */
#define SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS 20

/**
 * SottoHistoryDraftDocument:
 * @id: a UUID
 * @part: a _DOCUMENT with name, media type and text; its last page: how many there are, 0: it has none; or an _IMAGE with name,
 *   media type and data
 */
typedef struct {
  char *id;
  SottoHistoryPart *part;
} SottoHistoryDraftDocument;

void sotto_history_draft_document_free (SottoHistoryDraftDocument *document);

/**
 * sotto_store_add_draft_document_async:
 * @conversation: (nullable): %NULL: to the draft for a conversation that is not begun yet
 * @id: a UUID from sotto_history_new_id()
 * @part: what #SottoHistoryDraftDocument has
 *
 * Behind those that are there.
 */
void sotto_store_add_draft_document_async (SottoStore             *self,
                                           const char             *conversation,
                                           const char             *id,
                                           const SottoHistoryPart *part,
                                           GCancellable           *cancellable,
                                           GAsyncReadyCallback     callback,
                                           gpointer                user_data);
gboolean sotto_store_add_draft_document_finish (SottoStore    *self,
                                                GAsyncResult  *result,
                                                GError       **error);

/**
 * sotto_store_remove_draft_document_async:
 *
 * One that is not there any more is no error: the message it went with may have been added meanwhile.
 */
void sotto_store_remove_draft_document_async (SottoStore          *self,
                                              const char          *id,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data);
gboolean sotto_store_remove_draft_document_finish (SottoStore    *self,
                                                   GAsyncResult  *result,
                                                   GError       **error);

void sotto_store_list_draft_documents_async (SottoStore          *self,
                                             const char          *conversation,
                                             GCancellable        *cancellable,
                                             GAsyncReadyCallback  callback,
                                             gpointer             user_data);

/**
 * sotto_store_list_draft_documents_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryDraftDocument): in the order in which they came
 */
GPtrArray *sotto_store_list_draft_documents_finish (SottoStore    *self,
                                                    GAsyncResult  *result,
                                                    GError       **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryDraftDocument, sotto_history_draft_document_free)

G_END_DECLS
