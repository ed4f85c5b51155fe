#include "common.h"

#include <glib/gstdio.h>

void
test_ready (GObject *source, GAsyncResult *result, gpointer result_location)
{
  GAsyncResult **location = result_location;

  *location = g_object_ref (result);
}

GAsyncResult *
test_wait (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  return *result;
}

/* Finishes and drops the result. */
#define FINISH(value, call) \
  G_STMT_START { \
    test_wait (&result); \
    (value) = (call); \
    g_object_unref (result); \
  } G_STMT_END

char *
test_make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("sotto-history-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

void
test_remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        test_remove_folder (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

SottoUnlock *
test_unlock (const char *passphrase)
{
  g_autoptr (GError) error = NULL;
  SottoUnlock *unlock = sotto_unlock_new_passphrase (passphrase, &error);

  g_assert_no_error (error);
  sotto_unlock_set_cost (unlock, 1, 8192);
  return unlock;
}

SottoStore *
test_create (const char *folder)
{
  g_autoptr (SottoUnlock) unlock = test_unlock ("correct horse");
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  SottoStore *store;

  sotto_store_create_async (folder, unlock, NULL, test_ready, &result);
  FINISH (store, sotto_store_create_finish (result, &error));
  g_assert_no_error (error);
  g_assert_nonnull (store);
  return store;
}

SottoStore *
test_try_open (const char *folder, const char *passphrase, GError **error)
{
  g_autoptr (SottoUnlock) unlock = test_unlock (passphrase);
  GAsyncResult *result = NULL;
  SottoStore *store;

  sotto_store_open_async (folder, unlock, NULL, test_ready, &result);
  FINISH (store, sotto_store_open_finish (result, error));
  return store;
}

SottoStore *
test_open (const char *folder)
{
  g_autoptr (GError) error = NULL;
  SottoStore *store = test_try_open (folder, "correct horse", &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  return store;
}

void
test_close (SottoStore *store)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  gboolean ok;

  sotto_store_close_async (store, NULL, test_ready, &result);
  FINISH (ok, sotto_store_close_finish (store, result, &error));
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_finalize_object (store);
}

char *
test_add_conversation (SottoStore *store, const char *title)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  char *id;

  sotto_store_create_conversation_async (store, NULL, title, NULL, NULL, test_ready, &result);
  FINISH (id, sotto_store_create_conversation_finish (store, result, &error));
  g_assert_no_error (error);
  return id;
}

char *
test_add_message (SottoStore       *store,
                  const char       *conversation,
                  const char       *parent,
                  SottoHistoryRole  role,
                  const char       *text)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text (text);
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  char *id;

  sotto_store_add_message_async (store, conversation, NULL, parent, role, parts, FALSE, NULL,
                                 test_ready, &result);
  FINISH (id, sotto_store_add_message_finish (store, result, &error));
  g_assert_no_error (error);
  return id;
}

char *
test_begin (SottoStore *store, const char *conversation, const char *parent)
{
  g_autoptr (SottoHistoryModel) model = sotto_history_model_new ("/models/a.gguf", "A", NULL);
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  char *id;

  sotto_store_begin_reply_async (store, conversation, NULL, parent, model, NULL, test_ready,
                                 &result);
  FINISH (id, sotto_store_begin_reply_finish (store, result, &error));
  g_assert_no_error (error);
  return id;
}

void
test_finish (SottoStore *store, const char *reply, SottoHistoryStatus status)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  gboolean ok;

  sotto_store_finish_reply_async (store, reply, status, "{\"seed\":1}", NULL, test_ready, &result);
  FINISH (ok, sotto_store_finish_reply_finish (store, result, &error));
  g_assert_no_error (error);
  g_assert_true (ok);
}

void
test_flush (SottoStore *store)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  gboolean ok;

  sotto_store_flush_async (store, NULL, test_ready, &result);
  FINISH (ok, sotto_store_flush_finish (store, result, &error));
  g_assert_no_error (error);
  g_assert_true (ok);
}

GPtrArray *
test_load (SottoStore *store, const char *conversation)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  GPtrArray *list;

  sotto_store_load_path_async (store, conversation, NULL, test_ready, &result);
  FINISH (list, sotto_store_load_path_finish (store, result, &error));
  g_assert_no_error (error);
  return list;
}

GPtrArray *
test_list (SottoStore *store)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  GPtrArray *list;

  sotto_store_list_conversations_async (store, NULL, test_ready, &result);
  FINISH (list, sotto_store_list_conversations_finish (store, result, &error));
  g_assert_no_error (error);
  return list;
}

GPtrArray *
test_search (SottoStore *store, const char *text)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  GPtrArray *list;

  sotto_store_search_async (store, text, 100, NULL, test_ready, &result);
  FINISH (list, sotto_store_search_finish (store, result, &error));
  g_assert_no_error (error);
  return list;
}

gboolean
test_try_check (SottoStore *store, GError **error)
{
  GAsyncResult *result = NULL;
  gboolean ok;

  sotto_store_check_async (store, NULL, test_ready, &result);
  FINISH (ok, sotto_store_check_finish (store, result, error));
  return ok;
}

void
test_check (SottoStore *store)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (test_try_check (store, &error));
  g_assert_no_error (error);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

char *
test_digest (const char *folder)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);
      g_autofree char *bytes = NULL;
      gsize size;

      /* The lock file names its last holder. */
      if (g_str_has_suffix (path, ".lock") || !g_file_get_contents (path, &bytes, &size, NULL))
        continue;
      g_checksum_update (sum, g_ptr_array_index (names, i), -1);
      g_checksum_update (sum, (const guchar *) bytes, (gssize) size);
    }
  return g_strdup (g_checksum_get_string (sum));
}

static void
store_set_up (TestStore *f, gconstpointer data)
{
  f->folder = test_make_folder ();
  f->store = test_create (f->folder);
}

static void
store_tear_down (TestStore *f, gconstpointer data)
{
  if (f->store != NULL)
    {
      test_check (f->store);
      test_close (f->store);
    }
  test_remove_folder (f->folder);
  g_free (f->folder);
}

void
test_store_add (const char *path, void (*test) (TestStore *, gconstpointer))
{
  g_test_add (path, TestStore, NULL, store_set_up, test, store_tear_down);
}

SottoHistoryMessage *
test_message_at (GPtrArray *path, guint i)
{
  g_assert_cmpuint (i, <, path->len);
  return g_ptr_array_index (path, i);
}

void
test_assert_text (GPtrArray *path, guint i, const char *expected)
{
  g_autofree char *text = sotto_history_message_dup_text (test_message_at (path, i));

  g_assert_cmpstr (text, ==, expected);
}
