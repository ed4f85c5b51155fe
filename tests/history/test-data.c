/* Messages come without the bytes of their pictures, which are read one by one. */

#include "common.h"

#include <string.h>

#define N_BYTES 300000

/* Some tens of pages of the file, of one letter each */
static GBytes *
make_bytes (char letter)
{
  char *bytes = g_malloc (N_BYTES);

  memset (bytes, letter, N_BYTES);
  return g_bytes_new_take (bytes, N_BYTES);
}

static char *
try_add (SottoStore *store, const char *conversation, const char *parent, GBytes *data, GBytes *hash, GError **error)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("Look");
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  part->name = g_strdup ("a.png");
  part->media_type = g_strdup ("image/png");
  part->data = data != NULL ? g_bytes_ref (data) : NULL;
  part->hash = hash != NULL ? g_bytes_ref (hash) : NULL;
  g_ptr_array_add (parts, part);
  sotto_store_add_message_async (store, conversation, NULL, parent, SOTTO_HISTORY_ROLE_USER, parts, FALSE, NULL, test_ready,
                                 &result);
  return sotto_store_add_message_finish (store, test_wait (&result), error);
}

static char *
add (SottoStore *store, const char *conversation, const char *parent, GBytes *data)
{
  g_autoptr (GError) error = NULL;
  char *id = try_add (store, conversation, parent, data, NULL, &error);

  g_assert_no_error (error);
  return id;
}

static const SottoHistoryPart *
get_picture (GPtrArray *path, guint i)
{
  return g_ptr_array_index (test_message_at (path, i)->parts, 1);
}

static GBytes *
try_load (SottoStore *store, GBytes *hash, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_load_data_async (store, hash, NULL, test_ready, &result);
  return sotto_store_load_data_finish (store, test_wait (&result), error);
}

static void
assert_bytes (SottoStore *store, const SottoHistoryPart *part, GBytes *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) found = NULL;

  g_assert_null (part->data);
  g_assert_cmpuint (part->size, ==, N_BYTES);
  found = try_load (store, part->hash, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (found, expected));
}

/* BLAKE2b-256 of "abc", as Python's hashlib has it */
static void
test_hash (void)
{
  static const guint8 expected[] = {
    0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72, 0x31, 0x71, 0xef, 0x3f, 0xee, 0x98, 0x57, 0x9b,
    0x94, 0x96, 0x4e, 0x3b, 0xb1, 0xcb, 0x3e, 0x42, 0x72, 0x62, 0xc8, 0xc0, 0x68, 0xd5, 0x23, 0x19,
  };
  g_autoptr (GBytes) abc = g_bytes_new_static ("abc", 3);
  g_autoptr (GBytes) hash = sotto_history_hash_data (abc);

  g_assert_cmpmem (g_bytes_get_data (hash, NULL), g_bytes_get_size (hash), expected, sizeof expected);
}

static void
test_read (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Pictures");
  g_autoptr (GBytes) a = make_bytes ('a');
  g_autoptr (GBytes) b = make_bytes ('b');
  g_autoptr (GBytes) unknown = g_bytes_new_static ("12345678901234567890123456789012", 32);
  g_autofree char *first = add (f->store, conversation, NULL, a);
  g_autofree char *second = add (f->store, conversation, first, b);
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GError) error = NULL;

  test_close (f->store);
  f->store = test_open (f->folder);
  path = test_load (f->store, conversation);
  assert_bytes (f->store, get_picture (path, 0), a);
  assert_bytes (f->store, get_picture (path, 1), b);
  none = try_load (f->store, unknown, &error);
  g_assert_null (none);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
}

/* What is there already need not be given again; what is not there adds nothing. */
static void
test_by_hash (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Pictures");
  g_autoptr (GBytes) a = make_bytes ('a');
  g_autoptr (GBytes) hash = sotto_history_hash_data (a);
  g_autoptr (GBytes) unknown = g_bytes_new_static ("12345678901234567890123456789012", 32);
  g_autofree char *first = add (f->store, conversation, NULL, a);
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GError) error = NULL;

  second = try_add (f->store, conversation, first, NULL, hash, &error);
  g_assert_no_error (error);
  third = try_add (f->store, conversation, second, NULL, unknown, &error);
  g_assert_null (third);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  path = test_load (f->store, conversation);
  g_assert_cmpuint (path->len, ==, 2);
  assert_bytes (f->store, get_picture (path, 1), a);
}

/* The whole of a conversation has them where they are wanted. */
static void
test_tree (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Pictures");
  g_autoptr (GBytes) a = make_bytes ('a');
  g_autofree char *first = add (f->store, conversation, NULL, a);

  for (int with_data = 0; with_data < 2; with_data++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (SottoHistoryTree) tree = NULL;

      sotto_store_load_tree_async (f->store, conversation, with_data, NULL, test_ready, &result);
      tree = sotto_store_load_tree_finish (f->store, test_wait (&result), NULL);
      g_assert_nonnull (tree);
      if (!with_data)
        assert_bytes (f->store, get_picture (tree->messages, 0), a);
      else
        g_assert_true (g_bytes_equal (get_picture (tree->messages, 0)->data, a));
    }
}

/* A picture that cannot be read any more says so, and the conversation is there. Its pages are most of the file's: one in the midst of
 * them is of a picture and nothing else. */
static void
test_damaged (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "history.db", NULL);
  SottoStore *store = test_create (folder);
  g_autofree char *conversation = test_add_conversation (store, "Pictures");
  g_autoptr (GBytes) a = make_bytes ('a');
  g_autofree char *first = add (store, conversation, NULL, a);
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize size;

  test_close (store);
  g_assert_true (g_file_get_contents (file, &bytes, &size, NULL));
  bytes[size - N_BYTES / 2] ^= 1;
  g_assert_true (g_file_set_contents (file, bytes, (gssize) size, NULL));

  store = test_open (folder);
  path = test_load (store, conversation);
  g_assert_cmpuint (path->len, ==, 1);
  test_assert_text (path, 0, "Look");
  g_assert_cmpuint (get_picture (path, 0)->size, ==, N_BYTES);
  found = try_load (store, get_picture (path, 0)->hash, &error);
  g_assert_null (found);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
  g_clear_pointer (&path, g_ptr_array_unref);
  path = test_load (store, conversation);
  test_assert_text (path, 0, "Look");
  test_close (store);
  test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/data/hash", test_hash);
  test_store_add ("/history/data/read", test_read);
  test_store_add ("/history/data/by-hash", test_by_hash);
  test_store_add ("/history/data/tree", test_tree);
  g_test_add_func ("/history/data/damaged", test_damaged);
  return g_test_run ();
}
