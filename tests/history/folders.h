#pragma once

#include "common.h"

/* The calls on folders of documents, waited for. */

char *test_add_folder (SottoStore *store, const char *uri);
void test_forget_folder (SottoStore *store, const char *folder);
GPtrArray *test_folders (SottoStore *store);
GPtrArray *test_documents (SottoStore *store, const char *folder);

/* Puts a document whose passages are the texts that follow, up to %NULL; each on a page of its own. */
void test_put (SottoStore *store, const char *folder, const char *path, ...) G_GNUC_NULL_TERMINATED;
void test_put_array (SottoStore *store, const char *folder, const char *path, GPtrArray *passages);
void test_drop_document (SottoStore *store, const char *folder, const char *path);

GPtrArray *test_find_in (SottoStore *store, const char *const *folders, const char *question, guint limit, gsize bytes);
/* Up to ten passages of one folder */
GPtrArray *test_find (SottoStore *store, const char *folder, const char *question);

void test_ask_folders (SottoStore *store, const char *conversation, const char *const *folders);

/* Vectors of passages */
void test_set_embedder (SottoStore *store, const char *embedder);
GPtrArray *test_unembedded (SottoStore *store, guint limit, guint64 *n_left, guint64 *n_all);
void test_put_vectors (SottoStore *store, const char *embedder, GArray *rows, GBytes *vectors);
/* One, of two numbers */
void test_put_vector (SottoStore *store, const char *embedder, gint64 row, float x, float y);

/* The same of messages: what is listed; pieces and a vector of two numbers for each that has a length; one for all that a message says */
GPtrArray *test_unembedded_messages (SottoStore *store, guint limit, guint64 *n_left, guint64 *n_all);
gboolean test_try_put_pieces (SottoStore *store, const char *embedder, GArray *pieces, GBytes *vectors, GError **error);
void test_put_said (SottoStore *store, const char *embedder, const SottoHistorySaid *said, float x, float y);
GPtrArray *test_search_meaning (SottoStore *store, const char *embedder, GBytes *vector, const char *const *except);

/* Until nothing is left of what is gone */
void test_wait_until_erased (SottoStore *store);
