#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/**
 * SottoTreeIds:
 * @conversation: the conversation's id
 * @messages: ids of the messages, in the tree's order
 * @parents: the place of each one's parent, or -1
 *
 * Under which ids a tree is to be kept; at first its own.
 */
typedef struct {
  char *conversation;
  char **messages;
  gint *parents;
} SottoTreeIds;

/**
 * sotto_tree_ids_new:
 *
 * Returns: (transfer full): or %NULL with _INVALID, if an id is no UUID or appears twice, or a
 *   parent does not stand before its child
 */
SottoTreeIds *sotto_tree_ids_new (const SottoHistoryTree *tree, GError **error);
void sotto_tree_ids_free (SottoTreeIds *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoTreeIds, sotto_tree_ids_free)

/**
 * sotto_tree_ids_next:
 *
 * Takes other ids, made of those before and of all that @tree says.
 */
void sotto_tree_ids_next (SottoTreeIds *self, const SottoHistoryTree *tree);

/**
 * sotto_tree_ids_covers:
 * @there: what is kept under self's conversation
 *
 * Returns: whether @there has every message of @tree, under self's ids
 */
gboolean sotto_tree_ids_covers (const SottoTreeIds     *self,
                                const SottoHistoryTree *tree,
                                const SottoHistoryTree *there);

G_END_DECLS
