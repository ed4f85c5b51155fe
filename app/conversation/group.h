#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "document/document-folder.h"

G_BEGIN_DECLS

/**
 * SottoGroup:
 *
 * Conversations that belong together, with what a new one among them begins with. It is given that when it is begun in the group,
 * so that it goes on the same when the group changes later. Made by #SottoGroupList only.
 *
 * Properties (notifying unless constant):
 * - "id" (string, constant): UUID
 * - "name" (string, read-write): on one line; setting an empty one does nothing
 * - "instructions" (string, read-write): what a new conversation tells its model before all else; "": as one in no group
 * - "n-folders" (uint, read-only): how many folders of documents a new conversation asks; notifies when it is another one, too
 * - "open" (boolean, read-write): whether the list shows what is in it
 * - "n-conversations" (uint, read-only): how many the list shows in it when it is open: those of its conversations that are not pinned
 *
 * What is set is kept with a small delay.
 */
#define SOTTO_TYPE_GROUP (sotto_group_get_type ())
G_DECLARE_FINAL_TYPE (SottoGroup, sotto_group, SOTTO, GROUP, GObject)

const char *sotto_group_get_id (SottoGroup *self);
const char *sotto_group_get_name (SottoGroup *self);
void sotto_group_set_name (SottoGroup *self, const char *name);
const char *sotto_group_get_instructions (SottoGroup *self);
void sotto_group_set_instructions (SottoGroup *self, const char *text);
void sotto_group_set_asks_folder (SottoGroup *self, SottoDocumentFolder *folder, gboolean asks);
gboolean sotto_group_asks_folder (SottoGroup *self, SottoDocumentFolder *folder);
gboolean sotto_group_is_open (SottoGroup *self);
void sotto_group_set_open (SottoGroup *self, gboolean is_open);
guint sotto_group_get_n_conversations (SottoGroup *self);

G_END_DECLS
