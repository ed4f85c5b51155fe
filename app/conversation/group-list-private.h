#pragma once

#include <sotto-history.h>

#include "conversation/group-list.h"

G_BEGIN_DECLS

/* Empty, and without a history */
SottoGroupList *sotto_group_list_new (void);

/* The history is open. @records: (element-type SottoHistoryGroup): its groups */
void sotto_group_list_open (SottoGroupList *self, SottoStore *store, GPtrArray *records);

/* Writes what waits to be kept. */
void sotto_group_list_flush (SottoGroupList *self);

/* Whether something does, or could not be kept */
gboolean sotto_group_list_is_unsaved (SottoGroupList *self);

/* Adds the ids of those on the list that the history may know otherwise, as deleted, too. */
void sotto_group_list_add_unsaved (SottoGroupList *self, GStrvBuilder *ids);

/* The history is about to be closed. What is shown stays until sotto_group_list_clear(). */
void sotto_group_list_close (SottoGroupList *self);
void sotto_group_list_clear (SottoGroupList *self);

/**
 * sotto_group_list_take_records:
 * @records: (element-type SottoHistoryGroup): all groups of the history
 *
 * Returns: (transfer full) (element-type SottoGroup): those that have come into it
 */
GPtrArray *sotto_group_list_take_records (SottoGroupList *self, GPtrArray *records);

/* Off the list, as deleted, and back; in the history, too. */
void sotto_group_list_delete (SottoGroupList *self, SottoGroup *group);
void sotto_group_list_undo_delete (SottoGroupList *self, SottoGroup *group);

G_END_DECLS
