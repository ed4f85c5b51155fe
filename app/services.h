#pragma once

#include <sotto-history.h>

#include "conversation/group-list.h"
#include "document/document-folders.h"
#include "document/meaning.h"
#include "model/inference.h"

G_BEGIN_DECLS

/**
 * SottoServices:
 * @store: (nullable): the open history; %NULL before and after
 * @is_temporary: @store is in memory only
 *
 * What conversations work with; folders and groups are the history's, for temporary ones too. Made and filled by #SottoApp, shared by reference. Temporary conversations have others,
 * which differ in the store alone.
 */
typedef struct {
  SottoStore *store;
  SottoInference *inference;
  SottoModelLibrary *library;
  SottoSettings *settings;
  SottoDocumentFolders *folders;
  SottoMeaning *meaning;
  SottoGroupList *groups;
  char *instructions; /* what a new conversation begins with; "": nothing */
  char *tools;        /* which tools were chosen last, with blanks between; NULL: not known yet */
  GHashTable *unkept;   /* settings of the history by name (conversation-saving.c): on their way into it, or still to be written */
  gboolean is_temporary;
} SottoServices;

SottoServices *sotto_services_new (SottoSettings *settings);

/* Returns: (transfer full): what @self is, over a history in memory that is empty */
SottoServices *sotto_services_new_temporary (SottoServices *self);
SottoServices *sotto_services_ref (SottoServices *self);
void sotto_services_unref (SottoServices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoServices, sotto_services_unref)

/**
 * sotto_services_check_store:
 *
 * Returns: %FALSE with %SOTTO_APP_ERROR_NOT_READY while there is no open history
 */
gboolean sotto_services_check_store (SottoServices *self, GError **error);

G_END_DECLS
