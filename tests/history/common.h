#pragma once

#include <gio/gio.h>

#include "sotto-history.h"

/* What the tests of history share: the asynchronous calls, waited for; and folders that go. */

/* Give on_ready and &result as callback and user data; then finish with test_wait (&result). */
void test_ready (GObject *source, GAsyncResult *result, gpointer result_location);
GAsyncResult *test_wait (GAsyncResult **result);

/* A new folder below the test's temporary folder; test_remove_folder() empties and removes it. */
char *test_make_folder (void);
void test_remove_folder (const char *folder);

/* A passphrase slot that costs nothing, so that opening takes no time. */
SottoUnlock *test_unlock (const char *passphrase);

SottoStore *test_create (const char *folder);
SottoStore *test_open (const char *folder);
SottoStore *test_try_open (const char *folder, const char *passphrase, GError **error);
void test_close (SottoStore *store);

char *test_add_conversation (SottoStore *store, const char *title);
char *test_add_message (SottoStore       *store,
                        const char       *conversation,
                        const char       *parent,
                        SottoHistoryRole  role,
                        const char       *text);
char *test_begin (SottoStore *store, const char *conversation, const char *parent);
void test_finish (SottoStore *store, const char *reply, SottoHistoryStatus status);
void test_flush (SottoStore *store);
GPtrArray *test_load (SottoStore *store, const char *conversation);
GPtrArray *test_list (SottoStore *store);
GPtrArray *test_search (SottoStore *store, const char *text);
void test_check (SottoStore *store);
gboolean test_try_check (SottoStore *store, GError **error);

/* Names and bytes of all files in @folder, as one checksum: whether anything changed. */
char *test_digest (const char *folder);

/* A store in a folder of its own, as a fixture; it is checked before it goes. */
typedef struct {
  char *folder;
  SottoStore *store;
} TestStore;

/* Adds a test with that fixture. */
void test_store_add (const char *path, void (*test) (TestStore *, gconstpointer));

/* Of a path that was loaded */
SottoHistoryMessage *test_message_at (GPtrArray *path, guint i);
void test_assert_text (GPtrArray *path, guint i, const char *expected);
