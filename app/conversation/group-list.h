#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "conversation/group.h"

G_BEGIN_DECLS

/**
 * SottoGroupList:
 *
 * The groups of conversations: a #GListModel of #SottoGroup, by name. They lie in the history, encrypted; without an open history
 * the list is empty.
 *
 * Properties (read-only, notifying):
 * - "n-items" (uint)
 * - "problem" (#SottoProblem, nullable): why the last change could not be kept; goes with the next one that is
 */
#define SOTTO_TYPE_GROUP_LIST (sotto_group_list_get_type ())
G_DECLARE_FINAL_TYPE (SottoGroupList, sotto_group_list, SOTTO, GROUP_LIST, GObject)

/**
 * sotto_group_list_create:
 * @name: not blank
 *
 * Returns: (transfer none) (nullable): a new group without conversations; %NULL without an open history, and for a blank name
 */
SottoGroup *sotto_group_list_create (SottoGroupList *self, const char *name);

/* Returns: (transfer none) (nullable) */
SottoGroup *sotto_group_list_lookup (SottoGroupList *self, const char *id);
SottoProblem *sotto_group_list_get_problem (SottoGroupList *self);

G_END_DECLS
