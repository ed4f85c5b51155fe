#pragma once

#include "common.h"

/* What the tests of whole conversations share: two histories, and a conversation that has a bit of
 * everything. */

typedef struct {
  char *folders[2];
  SottoStore *from;
  SottoStore *to;
} TestTwo;

/* Adds a test with that fixture; both are checked before they go. */
void test_two_add (const char *path, void (*test) (TestTwo *, gconstpointer));

/* A question with an image, two replies to it of which the first is shown, one that only thought
 * and called; and another question at the beginning. Returns: (transfer full): its id */
char *test_tree_make (SottoStore *store);

/* @n messages, each the only one that follows the one before */
SottoHistoryTree *test_tree_make_deep (guint n);

SottoHistoryTree *test_tree_load (SottoStore *store, const char *conversation);
GPtrArray *test_tree_try_add (SottoStore    *store,
                              GPtrArray     *trees,
                              GCancellable  *cancellable,
                              GError       **error);

/* Returns: (transfer full): the id it has now. @is_new: what is expected */
char *test_tree_add (SottoStore *store, SottoHistoryTree *tree, gboolean is_new);

SottoHistoryMessage *test_tree_at (SottoHistoryTree *tree, guint i);
void test_tree_assert_same (SottoHistoryTree *a, SottoHistoryTree *b);

void test_activate (SottoStore *store, const char *message);
void test_delete_conversation (SottoStore *store, const char *conversation);
