/* The power goes at every step that the database makes: nothing acknowledged is lost.
 *
 * A store does a short day's work on the disk of power.h: opening, messages, a streamed reply, a document that is read
 * again, deleting and purging, emptying the log, closing. The whole of it is repeated with the power cut
 * at step 1, 2, 3 … and what chance leaves of the disk is opened again. */

#include "folders.h"
#include "power.h"

#include <glib/gstdio.h>
#include <sqlcipher/sqlite3.h>

#include <string.h>

typedef struct {
  char *folder;
  GBytes *key;      /* the files of a healthy, closed history */
  GBytes *database;
  char *old;        /* a conversation in it */
  char *doomed;     /* another, to be purged */
  char *shelf;      /* a folder with a document */
} Base;

/* What the store acknowledged before the power went. */
typedef struct {
  char *conversation;
  char *question;
  char *reply;
  guint pieces;
  gboolean finished;
  gboolean purged;
  gboolean renamed;
  gboolean read;
} Day;

static GBytes *
read_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);

  g_assert_nonnull (file);
  return g_bytes_new (g_mapped_file_get_contents (file), g_mapped_file_get_length (file));
}

static void
write_file (const char *folder, const char *name, GBytes *bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
}

static void
base_init (Base *base)
{
  g_autofree char *message = NULL;
  g_autofree char *other = NULL;
  SottoStore *store;

  test_vfs_start (0);
  base->folder = test_make_folder ();
  store = test_create (base->folder);
  base->old = test_add_conversation (store, "Old");
  base->doomed = test_add_conversation (store, "Doomed");
  message = test_add_message (store, base->old, NULL, 2, "from yesterday");
  other = test_add_message (store, base->doomed, NULL, 2, "to be forgotten");
  base->shelf = test_add_folder (store, "file:///shelf");
  test_put (store, base->shelf, "a.md", "It was written yesterday.", "And so was this.", NULL);
  test_close (store);
  base->key = read_file (base->folder, "history.key");
  base->database = read_file (base->folder, "history.db");
}

static void
base_clear (Base *base)
{
  test_remove_folder (base->folder);
  g_free (base->folder);
  g_free (base->old);
  g_free (base->doomed);
  g_free (base->shelf);
  g_bytes_unref (base->key);
  g_bytes_unref (base->database);
}

static void
base_restore (Base *base)
{
  g_autofree char *log = g_build_filename (base->folder, "history.db-wal", NULL);

  write_file (base->folder, "history.key", base->key);
  write_file (base->folder, "history.db", base->database);
  g_remove (log);
}

/* --- The day's work; each step only if the power is on --- */

static gboolean
add_message (SottoStore *store, Day *day, const char *id)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("a question of today");
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *done = NULL;

  sotto_store_add_message_async (store, day->conversation, id, NULL, SOTTO_HISTORY_ROLE_USER,
                                 parts, TRUE, NULL, test_ready, &result);
  done = sotto_store_add_message_finish (store, test_wait (&result), NULL);
  return done != NULL;
}

static void
stream (SottoStore *store, Day *day)
{
  g_autofree char *id = sotto_history_new_id ();
  g_autoptr (GAsyncResult) begun = NULL;
  g_autoptr (GAsyncResult) finished = NULL;
  g_autofree char *done = NULL;

  sotto_store_begin_reply_async (store, day->conversation, id, day->question, NULL, NULL,
                                 test_ready, &begun);
  done = sotto_store_begin_reply_finish (store, test_wait (&begun), NULL);
  if (done == NULL)
    return;
  day->reply = g_strdup (id);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GAsyncResult) flushed = NULL;

      sotto_store_append_reply (store, id, SOTTO_HISTORY_PART_TEXT, "piece; ");
      sotto_store_flush_async (store, NULL, test_ready, &flushed);
      if (!sotto_store_flush_finish (store, test_wait (&flushed), NULL))
        return;
      day->pieces = i + 1;
    }
  sotto_store_finish_reply_async (store, id, SOTTO_HISTORY_STATUS_COMPLETE, "{}", NULL, test_ready,
                                  &finished);
  day->finished = sotto_store_finish_reply_finish (store, test_wait (&finished), NULL);
}

static void
tidy (SottoStore *store, Base *base, Day *day)
{
  g_autoptr (GAsyncResult) renamed = NULL;
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) purged = NULL;
  guint n;

  sotto_store_rename_conversation_async (store, base->old, "Older", NULL, test_ready, &renamed);
  day->renamed = sotto_store_rename_conversation_finish (store, test_wait (&renamed), NULL);
  sotto_store_delete_conversation_async (store, base->doomed, NULL, test_ready, &deleted);
  if (!sotto_store_delete_conversation_finish (store, test_wait (&deleted), NULL))
    return;
  sotto_store_purge_async (store, NULL, NULL, test_ready, &purged);
  day->purged = sotto_store_purge_finish (store, test_wait (&purged), &n, NULL);
}

static void
read_again (SottoStore *store, Base *base, Day *day)
{
  g_autoptr (SottoHistoryDocument) document = sotto_history_document_new ("a.md", 2, 2, NULL);
  g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  g_autoptr (GAsyncResult) put = NULL;

  g_ptr_array_add (passages, sotto_history_passage_new ("It was written today.", 0, 0));
  sotto_store_put_document_async (store, base->shelf, document, passages, NULL, test_ready, &put);
  day->read = sotto_store_put_document_finish (store, test_wait (&put), NULL);
}

static void
work (Base *base, Day *day)
{
  g_autoptr (SottoStore) store = test_try_open (base->folder, "correct horse", NULL);
  g_autofree char *conversation = sotto_history_new_id ();
  g_autofree char *question = sotto_history_new_id ();
  g_autoptr (GAsyncResult) made = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autofree char *id = NULL;

  if (store == NULL)
    return;

  sotto_store_create_conversation_async (store, conversation, "Today", NULL, NULL, test_ready,
                                         &made);
  id = sotto_store_create_conversation_finish (store, test_wait (&made), NULL);
  if (id != NULL)
    {
      day->conversation = g_steal_pointer (&conversation);
      if (add_message (store, day, question))
        {
          day->question = g_steal_pointer (&question);
          stream (store, day);
        }
    }
  read_again (store, base, day);
  tidy (store, base, day);
  sotto_store_close_async (store, NULL, test_ready, &closed);
  sotto_store_close_finish (store, test_wait (&closed), NULL);
}

/* --- The morning after --- */

/* What was read is there as it was, or as it is now, and never both. */
static void
compare_document (SottoStore *store, Base *base, const Day *day)
{
  g_autoptr (GPtrArray) folders = test_folders (store);
  g_autoptr (GPtrArray) documents = test_documents (store, base->shelf);
  g_autoptr (GPtrArray) before = test_find (store, base->shelf, "yesterday");
  g_autoptr (GPtrArray) after = test_find (store, base->shelf, "today");

  g_assert_cmpuint (folders->len, ==, 1);
  g_assert_cmpuint (documents->len, ==, 1);
  g_assert_cmpuint (before->len + after->len, ==, 1);
  g_assert_cmpuint (((SottoHistoryDocument *) g_ptr_array_index (documents, 0))->size, ==, after->len > 0 ? 2 : 1000);
  if (day->read)
    g_assert_cmpuint (after->len, ==, 1);
}

static void
compare (SottoStore *store, Base *base, const Day *day)
{
  g_autoptr (GPtrArray) old = test_load (store, base->old);
  g_autoptr (GPtrArray) list = test_list (store);
  gboolean old_there = FALSE;
  gboolean today_there = FALSE;

  compare_document (store, base, day);
  g_assert_cmpuint (old->len, ==, 1);
  for (guint i = 0; i < list->len; i++)
    {
      SottoHistoryConversation *c = g_ptr_array_index (list, i);

      if (g_str_equal (c->id, base->old))
        {
          old_there = TRUE;
          if (day->renamed)
            g_assert_cmpstr (c->title, ==, "Older");
        }
      today_there = today_there || g_strcmp0 (c->id, day->conversation) == 0;
      if (day->purged)
        g_assert_cmpstr (c->id, !=, base->doomed);
    }
  g_assert_true (old_there);

  if (day->conversation != NULL)
    {
      g_autoptr (GPtrArray) path = NULL;

      g_assert_true (today_there);
      path = test_load (store, day->conversation);
      g_assert_cmpuint (path->len, >=, (day->question != NULL) + (guint) (day->reply != NULL));
      if (day->question != NULL)
        {
          SottoHistoryMessage *message = g_ptr_array_index (path, 0);
          g_autofree char *text = sotto_history_message_dup_text (message);

          g_assert_cmpstr (message->id, ==, day->question);
          g_assert_cmpstr (text, ==, "a question of today");
        }
      if (day->reply != NULL)
        {
          SottoHistoryMessage *message = g_ptr_array_index (path, 1);
          g_autofree char *text = sotto_history_message_dup_text (message);

          g_assert_cmpstr (message->id, ==, day->reply);
          g_assert_cmpuint (strlen (text), >=, day->pieces * strlen ("piece; "));
          g_assert_true (g_str_has_prefix ("piece; piece; piece; ", text));
          if (day->finished)
            g_assert_cmpint (message->status, ==, SOTTO_HISTORY_STATUS_COMPLETE);
          else
            g_assert_cmpint (message->status, !=, SOTTO_HISTORY_STATUS_STREAMING);
        }
    }
}

static void
one_cut (Base *base, guint cut_at, GRand *random, guint *acknowledged)
{
  Day day = { 0 };
  SottoStore *store;

  base_restore (base);
  test_vfs_start (cut_at);
  work (base, &day);
  test_vfs_cut ();
  test_vfs_materialize (random);

  test_vfs_start (0);
  store = test_open (base->folder);
  compare (store, base, &day);
  test_check (store);
  test_close (store);

  *acknowledged += (day.conversation != NULL) + (day.question != NULL) + (day.reply != NULL) +
                   day.pieces + day.finished + day.renamed + day.purged + day.read;
  g_free (day.conversation);
  g_free (day.question);
  g_free (day.reply);
}

static void
test_every_step (void)
{
  Base base;
  Day day = { 0 };
  guint32 seed = (guint32) g_test_rand_int ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  guint rounds = g_test_thorough () ? 5 : 1;
  guint acknowledged = 0;
  guint steps;
  guint n = 0;

  base_init (&base);
  base_restore (&base);
  test_vfs_start (0);
  work (&base, &day);
  steps = test_vfs_get_steps ();
  g_assert_true (day.finished && day.purged && day.renamed && day.read && day.pieces == 3);
  g_free (day.conversation);
  g_free (day.question);
  g_free (day.reply);

  for (guint round = 0; round < rounds; round++)
    for (guint cut_at = 1; cut_at <= steps + 1; cut_at++)
      {
        one_cut (&base, cut_at, random, &acknowledged);
        n++;
      }

  g_test_message ("seed %u: %u steps, %u cuts, %u promises kept", seed, steps, n, acknowledged);
  g_assert_cmpuint (acknowledged, >, n);
  base_clear (&base);
}

/* The disk can lose something: without this the test above proves nothing. What was written and not
 * flushed is gone, at least sometimes. */
static void
test_the_disk_itself (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "plain.db", NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  guint lost = 0;

  for (guint i = 0; i < 20; i++)
    {
      sqlite3 *database;
      int failed;

      g_remove (path);
      test_vfs_start (0);
      g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
      g_assert_cmpint (sqlite3_exec (database, "PRAGMA synchronous = OFF; CREATE TABLE t (x);"
                                     "INSERT INTO t VALUES (1);", NULL, NULL, NULL), ==, SQLITE_OK);
      sqlite3_close (database);
      test_vfs_cut ();
      test_vfs_materialize (random);

      test_vfs_start (0);
      g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
      failed = sqlite3_exec (database, "SELECT x FROM t", NULL, NULL, NULL);
      lost += failed != SQLITE_OK;
      sqlite3_close (database);
    }
  g_test_message ("without flushing, %u of 20 were lost", lost);
  g_assert_cmpuint (lost, >, 10);
  test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_vfs_register ();
  g_test_add_func ("/history/power/the-disk-itself", test_the_disk_itself);
  g_test_add_func ("/history/power/every-step", test_every_step);
  return g_test_run ();
}
