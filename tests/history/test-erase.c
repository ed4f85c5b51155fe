/* What was read of documents that are gone is nowhere in the end, and others do not wait for that. */

#include "folders.h"

#include "database.h"
#include "store-private.h"

#include <string.h>

static guint
count_found (SottoStore *store, const char *folder, const char *question)
{
  g_autoptr (GPtrArray) list = test_find (store, folder, question);

  return list->len;
}

typedef struct {
  guint n_blocks;   /* of the index that have the mark */
  guint n_passages;
  guint n_rows;     /* of documents and folders that are gone */
} Rest;

static gpointer
do_look (SottoVault *vault, SottoCall *call, GError **error)
{
  Rest *rest = g_new0 (Rest, 1);
  gboolean failed;
  sqlite3_stmt *rows = sotto_database_query (vault->database, error, "SELECT block FROM passage_words_data", "");

  while (sotto_database_next (vault->database, rows, &failed, error))
    {
      const void *block = sqlite3_column_blob (rows, 0); /* NULL: it is empty */

      rest->n_blocks += block != NULL && memmem (block, (gsize) sqlite3_column_bytes (rows, 0), call->text,
                                                 strlen (call->text)) != NULL;
    }
  g_assert_false (failed);
  rest->n_passages = (guint) sotto_database_get_int (vault->database, NULL, error,
                                                     "SELECT count(*) FROM passage WHERE instr (text, ?1) > 0", "u",
                                                     call->text);
  rest->n_rows = (guint) sotto_database_get_int (vault->database, NULL, error,
                                                 "SELECT (SELECT count(*) FROM document WHERE gone = 1)"
                                                 " + (SELECT count(*) FROM folder WHERE gone = 1)", "");
  return rest;
}

static Rest *
look_for (SottoStore *store, const char *mark)
{
  g_autoptr (GAsyncResult) result = NULL;
  SottoCall *call = sotto_call_new ();
  Rest *rest;

  call->text = g_strdup (mark);
  sotto_store_push (store, SOTTO_WORK_READ, do_look, call, g_free, NULL, test_ready, &result);
  rest = sotto_store_take (store, test_wait (&result), NULL);
  g_assert_nonnull (rest);
  return rest;
}

static void
assert_nothing (SottoStore *store, const char *mark)
{
  g_autofree Rest *rest = look_for (store, mark);

  g_assert_cmpuint (rest->n_blocks, ==, 0);
  g_assert_cmpuint (rest->n_passages, ==, 0);
  g_assert_cmpuint (rest->n_rows, ==, 0);
}

/* @n passages, each with a mark that the index has to have whole somewhere */
static GPtrArray *
make_passages (const char *mark, guint n)
{
  GPtrArray *passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%s number%u of %u, and words%u that are%u its%u own", mark, i, n,
                                               i * 7, i * 11, i * 13);

      g_ptr_array_add (passages, sotto_history_passage_new (text, i, i));
    }
  return passages;
}

static void
test_erased (TestStore *f, gconstpointer data)
{
  g_autofree char *gone = test_add_folder (f->store, "file:///1");
  g_autofree char *kept = test_add_folder (f->store, "file:///2");
  g_autoptr (GPtrArray) secret = make_passages ("qxaardvark", 700);
  g_autoptr (GPtrArray) plain = make_passages ("qybadger", 1300);
  g_autoptr (GPtrArray) other = make_passages ("qzcaribou", 300);
  g_autofree Rest *rest = NULL;

  test_put_array (f->store, kept, "plain", plain);
  test_put_array (f->store, gone, "secret", secret);
  test_put_array (f->store, kept, "other", secret);
  rest = look_for (f->store, "xaardvark");
  g_assert_cmpuint (rest->n_blocks, >, 0);

  /* So much stays that the index is merged; in the next test so little that it is made anew. */
  g_assert_cmpuint (plain->len, >, 1000);

  /* Both ways to go: with the folder, and by something else in its place */
  test_put_array (f->store, kept, "other", other);
  test_forget_folder (f->store, gone);
  g_assert_cmpuint (count_found (f->store, kept, "qxaardvark"), ==, 0);
  g_assert_cmpuint (count_found (f->store, kept, "qybadger number1"), ==, 2);
  test_wait_until_erased (f->store);
  assert_nothing (f->store, "xaardvark");
  g_assert_cmpuint (count_found (f->store, kept, "qybadger number1"), ==, 2);
  g_assert_cmpuint (count_found (f->store, kept, "qybadger"), >, 0);
  g_assert_cmpuint (count_found (f->store, kept, "qzcaribou"), >, 0);
}

/* Closing does not wait for it, and it goes on later. */
static void
test_erased_later (TestStore *f, gconstpointer data)
{
  g_autofree char *gone = test_add_folder (f->store, "file:///1");
  g_autoptr (GPtrArray) secret = make_passages ("qxaardvark", 1000);
  g_autoptr (GPtrArray) none = NULL;
  gint64 begin;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      test_put_array (f->store, gone, path, secret);
    }
  test_forget_folder (f->store, gone);
  begin = g_get_monotonic_time ();
  test_close (f->store);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_USEC_PER_SEC);

  f->store = test_open (f->folder);
  none = test_folders (f->store);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_true (g_atomic_int_get (&sotto_store_get_vault (f->store)->erasing.is_left));
  test_check (f->store);
  test_wait_until_erased (f->store);
  assert_nothing (f->store, "xaardvark");
}

/* A reply goes on while a big folder is erased. */
static void
test_erased_beside_a_reply (TestStore *f, gconstpointer data)
{
  g_autofree char *gone = test_add_folder (f->store, "file:///1");
  g_autofree char *conversation = test_add_conversation (f->store, "A");
  g_autofree char *reply = test_begin (f->store, conversation, NULL);
  g_autoptr (GPtrArray) secret = make_passages ("qxaardvark", 1000);
  SottoVault *vault = sotto_store_get_vault (f->store);
  gint64 longest = 0;
  guint n = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      test_put_array (f->store, gone, path, secret);
    }
  test_forget_folder (f->store, gone);
  while (g_atomic_int_get (&vault->erasing.is_left))
    {
      const gint64 begin = g_get_monotonic_time ();

      sotto_store_append_reply (f->store, reply, SOTTO_HISTORY_PART_TEXT, "word ");
      test_flush (f->store);
      longest = MAX (longest, g_get_monotonic_time () - begin);
      n++;
      g_usleep (5000);
    }
  test_finish (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  g_test_message ("%u flushes, the longest %.1f ms", n, (double) longest / 1000);
  g_assert_cmpuint (n, >, 20);
  assert_nothing (f->store, "xaardvark");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/erase/all", test_erased);
  test_store_add ("/history/erase/later", test_erased_later);
  test_store_add ("/history/erase/beside-a-reply", test_erased_beside_a_reply);
  return g_test_run ();
}
