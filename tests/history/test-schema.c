/* Files of other versions: one of a newer version is left alone, one of an older is brought up to date. */

#include "folders.h"

#include "database.h"
#include "envelope.h"
#include "schema.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  char *folder;
  char *key;
  char *database;
  char *conversation;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *parent = NULL;
  SottoStore *store;

  f->folder = test_make_folder ();
  f->key = g_build_filename (f->folder, "history.key", NULL);
  f->database = g_build_filename (f->folder, "history.db", NULL);
  store = test_create (f->folder);
  f->conversation = test_add_conversation (store, "States");
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *text = g_strdup_printf ("message %u of some length, and more of it", i);
      char *id = test_add_message (store, f->conversation, parent, 2, text);

      g_free (parent);
      parent = id;
    }
  test_close (store);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_remove_folder (f->folder);
  g_free (f->folder);
  g_free (f->key);
  g_free (f->database);
  g_free (f->conversation);
}

static SottoDatabase *
open_raw (Fixture *f)
{
  g_autoptr (SottoUnlock) unlock = test_unlock ("correct horse");
  g_autoptr (GError) error = NULL;
  gboolean missing;
  g_autoptr (SottoEnvelope) envelope = sotto_envelope_read (f->key, &missing, &error);
  g_autoptr (SottoSecret) key = sotto_envelope_unwrap (envelope, f->key, unlock, &error);
  SottoDatabase *database = sotto_database_open (f->database, key, SOTTO_DATABASE_OPEN, &error);

  g_assert_no_error (error);
  return database;
}

static void
test_newer (Fixture *f, gconstpointer data)
{
  SottoDatabase *database = open_raw (f);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_database_exec (database, "PRAGMA user_version = 11;", &error));
  g_assert_true (sotto_database_close (database, &error));
  sotto_database_free (database);
  before = test_digest (f->folder);
  g_assert_null (test_try_open (f->folder, "correct horse", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NEWER);
  g_assert_cmpuint (sotto_history_error_get_arguments (error)->wanted, ==, 11);
  g_assert_cmpuint (sotto_history_error_get_arguments (error)->available, ==, 10);
  after = test_digest (f->folder);
  g_assert_cmpstr (after, ==, before);
}

static gint64
get_int (SottoDatabase *database, const char *sql)
{
  g_autoptr (GError) error = NULL;
  gboolean found;
  gint64 value = sotto_database_get_int (database, &found, &error, sql, "");

  g_assert_no_error (error);
  g_assert_true (found);
  return value;
}

/* From the schema we have to versions that do not exist: the second of two steps fails first. */
static void
test_migration (Fixture *f, gconstpointer data)
{
  guint n;
  const SottoSchemaStep *ours = sotto_schema_get_steps (&n);
  g_autofree SottoSchemaStep *steps = g_new0 (SottoSchemaStep, n + 2);
  g_autofree char *copy = g_strdup_printf ("%s.version-%u", f->database, n);
  g_autofree char *bytes = NULL;
  g_autoptr (SottoDatabase) database = open_raw (f);
  g_autoptr (GError) error = NULL;
  gsize size;

  memcpy (steps, ours, n * sizeof *steps);
  steps[n].sql = "CREATE TABLE colour (name TEXT); INSERT INTO colour VALUES ('red');";
  steps[n + 1].sql = "ALTER TABLE conversation ADD COLUMN colour TEXT; SELECT nonsense ();";

  g_assert_false (sotto_schema_prepare (database, steps, n + 2, FALSE, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_cmpint (get_int (database, "PRAGMA user_version"), ==, n + 1);
  g_assert_cmpint (get_int (database, "SELECT count(*) FROM colour"), ==, 1);
  g_assert_cmpint (get_int (database, "SELECT count(*) FROM pragma_table_info ('conversation')"
                            " WHERE name = 'colour'"), ==, 0);

  /* The copy is there, is encrypted, and is from before the first step. */
  g_assert_true (g_file_get_contents (copy, &bytes, &size, NULL));
  g_assert_cmpuint (size, >, 4096);
  g_assert_null (memmem (bytes, size, "SQLite format", 13));
  g_assert_null (memmem (bytes, size, "States", 6));

  steps[n + 1].sql = "ALTER TABLE conversation ADD COLUMN colour TEXT;";
  g_assert_true (sotto_schema_prepare (database, steps, n + 2, FALSE, &error));
  g_assert_no_error (error);
  g_assert_cmpint (get_int (database, "PRAGMA user_version"), ==, n + 2);
  g_assert_cmpint (get_int (database, "SELECT count(*) FROM message"), ==, 40);
  g_assert_true (sotto_database_close (database, &error));

  /* And it opens in its turn. */
  g_assert_cmpint (g_rename (copy, f->database), ==, 0);
  {
    SottoStore *store = test_open (f->folder);

    test_check (store);
    test_close (store);
  }
}

/* Takes out of the file what came with the versions behind @version. */
static void
go_back (Fixture *f, gint version)
{
  g_autoptr (SottoDatabase) database = open_raw (f);
  g_autofree char *mark = g_strdup_printf ("PRAGMA user_version = %d;", version);
  g_autoptr (GError) error = NULL;

  if (version < 10)
    g_assert_true (sotto_database_exec (database,
                                        "ALTER TABLE conversation DROP COLUMN answer_schema;"
                                        "ALTER TABLE conversation DROP COLUMN answer_format;", &error));
  if (version < 9)
    g_assert_true (sotto_database_exec (database,
                                        "DROP TABLE message_embedding;"
                                        "DROP INDEX entry_by_embedder;"
                                        "ALTER TABLE entry DROP COLUMN embedder;"
                                        "ALTER TABLE part DROP COLUMN found;", &error));
  if (version < 8)
    g_assert_true (sotto_database_exec (database,
                                        "DROP INDEX document_unembedded;"
                                        "ALTER TABLE document DROP COLUMN n_embedded;"
                                        "DROP TABLE embedding; DROP TABLE embedder;", &error));
  if (version < 7)
    g_assert_true (sotto_database_exec (database,
                                        "DROP INDEX draft_document_attachment;"
                                        "ALTER TABLE draft_document DROP COLUMN attachment;"
                                        "DROP VIEW searchable;"
                                        "CREATE VIEW searchable (id, text) AS SELECT entry.id, CASE WHEN entry.message IS NULL"
                                        " THEN (SELECT title FROM conversation WHERE conversation.id = entry.conversation)"
                                        " ELSE (SELECT group_concat (text, char (10)) FROM"
                                        "  (SELECT CASE WHEN kind = 6 AND media_type IS NULL THEN '“' || text || '”'"
                                        "    WHEN kind = 6 AND name IS NOT NULL THEN name || char (10) || text ELSE text END AS text"
                                        "   FROM part WHERE part.message = entry.message AND kind IN (1, 6) ORDER BY place))"
                                        " END FROM entry;"
                                        "DELETE FROM entry WHERE message IN (SELECT message FROM part WHERE kind = 5)"
                                        " AND message NOT IN (SELECT message FROM part WHERE kind IN (1, 6) AND text != '');"
                                        "INSERT INTO search_words (search_words) VALUES ('rebuild');"
                                        "INSERT INTO search_trigrams (search_trigrams) VALUES ('rebuild');", &error));
  if (version < 6)
    g_assert_true (sotto_database_exec (database,
                                        "DROP INDEX conversation_grouped;"
                                        "ALTER TABLE conversation DROP COLUMN grouped;"
                                        "ALTER TABLE conversation DROP COLUMN tools;"
                                        "DROP TABLE group_folder; DROP TABLE conversation_group;", &error));
  if (version < 5)
    g_assert_true (sotto_database_exec (database,
                                        "DROP TABLE draft_document;"
                                        "DROP VIEW searchable;"
                                        "CREATE VIEW searchable (id, text) AS SELECT entry.id, CASE WHEN entry.message IS NULL"
                                        " THEN (SELECT title FROM conversation WHERE conversation.id = entry.conversation)"
                                        " ELSE (SELECT group_concat (text, char (10)) FROM part"
                                        "  WHERE part.message = entry.message AND kind IN (1, 6)) END FROM entry;"
                                        "INSERT INTO search_words (search_words) VALUES ('rebuild');"
                                        "INSERT INTO search_trigrams (search_trigrams) VALUES ('rebuild');", &error));
  if (version < 4)
    g_assert_true (sotto_database_exec (database,
                                        "DROP TABLE conversation_folder; DROP TABLE passage_words; DROP TABLE passage;"
                                        "DROP TABLE document; DROP TABLE folder;"
                                        "ALTER TABLE part DROP COLUMN uri; ALTER TABLE part DROP COLUMN first_page;"
                                        "ALTER TABLE part DROP COLUMN last_page;", &error));
  if (version < 3)
    g_assert_true (sotto_database_exec (database, "ALTER TABLE conversation DROP COLUMN pinned;", &error));
  g_assert_true (sotto_database_exec (database, mark, &error));
  g_assert_true (sotto_database_close (database, &error));
}

/* What the version before knew nothing of: in its file nothing is pinned, and can be. */
static void
test_before_pins (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = g_strdup_printf ("%s.version-2", f->database);
  g_autoptr (GAsyncResult) pinned = NULL;
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) after = NULL;
  g_autoptr (GError) error = NULL;
  SottoHistoryConversation *conversation;
  SottoStore *store;

  go_back (f, 2);
  store = test_open (f->folder);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
  before = test_list (store);
  g_assert_cmpuint (before->len, >, 0);
  conversation = g_ptr_array_index (before, before->len - 1);
  g_assert_false (conversation->is_pinned);

  sotto_store_pin_conversation_async (store, conversation->id, TRUE, NULL, test_ready, &pinned);
  g_assert_true (sotto_store_pin_conversation_finish (store, test_wait (&pinned), &error));
  test_check (store);
  g_clear_object (&pinned);
  test_close (store);

  store = test_open (f->folder);
  after = test_list (store);
  g_assert_cmpuint (after->len, ==, before->len);
  g_assert_cmpstr (((SottoHistoryConversation *) g_ptr_array_index (after, 0))->id, ==, conversation->id);
  g_assert_true (((SottoHistoryConversation *) g_ptr_array_index (after, 0))->is_pinned);
  test_close (store);
}

/* Nor of folders: its conversations ask none, its parts come from nowhere, and both can change. */
static void
test_before_folders (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = g_strdup_printf ("%s.version-3", f->database);
  g_autoptr (GAsyncResult) added = NULL;
  g_autoptr (GAsyncResult) asked = NULL;
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) after = NULL;
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  const char *folders[2] = { NULL };
  SottoHistoryConversation *conversation;
  SottoStore *store;

  go_back (f, 3);
  store = test_open (f->folder);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
  before = test_list (store);
  g_assert_cmpuint (before->len, >, 0);
  conversation = g_ptr_array_index (before, 0);
  g_assert_cmpuint (g_strv_length (conversation->folders), ==, 0);
  path = test_load (store, conversation->id);
  for (guint i = 0; i < path->len; i++)
    for (guint j = 0; j < test_message_at (path, i)->parts->len; j++)
      {
        SottoHistoryPart *part = g_ptr_array_index (test_message_at (path, i)->parts, j);

        g_assert_null (part->uri);
        g_assert_cmpuint (part->first_page, ==, 0);
      }

  sotto_store_add_folder_async (store, "file:///contracts", NULL, test_ready, &added);
  folders[0] = folder = sotto_store_add_folder_finish (store, test_wait (&added), &error);
  g_assert_no_error (error);
  sotto_store_set_conversation_folders_async (store, conversation->id, folders, NULL, test_ready, &asked);
  g_assert_true (sotto_store_set_conversation_folders_finish (store, test_wait (&asked), &error));
  test_check (store);
  g_clear_object (&added);
  g_clear_object (&asked);
  test_close (store);

  store = test_open (f->folder);
  after = test_list (store);
  conversation = g_ptr_array_index (after, 0);
  g_assert_true (g_strv_equal ((const char *const *) conversation->folders, folders));
  test_close (store);
}

static char *
add_attachment (SottoStore *store, const char *conversation)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("About what?");
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, "about marmots");
  g_autoptr (GAsyncResult) result = NULL;

  part->name = g_strdup ("quarter.pdf");
  part->media_type = g_strdup ("application/pdf");
  g_ptr_array_add (parts, part);
  sotto_store_add_message_async (store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER, parts, FALSE, NULL,
                                 test_ready, &result);
  return sotto_store_add_message_finish (store, test_wait (&result), NULL);
}

/* Nor of attachments: a message that had one is found by its name from now on, and still by its text. */
static void
test_before_attachments (Fixture *f, gconstpointer data)
{
  static const char *const words[] = { "About", "marmots", "quarter" };
  SottoStore *store = test_open (f->folder);
  g_autofree char *id = add_attachment (store, f->conversation);

  g_assert_nonnull (id);
  test_close (store);
  go_back (f, 4);
  store = test_open (f->folder);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GPtrArray) hits = test_search (store, words[i]);

      g_assert_cmpuint (hits->len, ==, 1);
    }
  test_check (store);
  test_close (store);
}

/* Nor of groups and tools: a file as the version before made it keeps what is in it. */
static void
test_before_groups (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = g_strdup_printf ("%s.version-5", f->database);
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (SottoDatabase) database = NULL;
  g_autoptr (GError) error = NULL;
  SottoStore *store;

  go_back (f, 5);
  store = test_open (f->folder);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
  list = test_list (store);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpuint (((SottoHistoryConversation *) g_ptr_array_index (list, 0))->n_messages, ==, 40);
  test_check (store);
  test_close (store);

  database = open_raw (f);
  g_assert_cmpint (get_int (database, "SELECT count(*) FROM conversation WHERE grouped IS NULL AND tools = ''"
                                      " AND answer_format = 0 AND answer_schema = ''"), ==, 1);
  g_assert_cmpint (get_int (database, "SELECT count(*) FROM conversation_group"), ==, 0);
  g_assert_true (sotto_database_close (database, &error));
}

static SottoHistoryPart *
make_picture (const char *name)
{
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, NULL);

  part->name = g_strdup (name);
  part->media_type = g_strdup ("image/png");
  part->data = g_bytes_new_static ("pixels", 6);
  return part;
}

static char *
add_picture (SottoStore *store, const char *conversation, const char *text, const char *name)
{
  g_autoptr (GPtrArray) parts = text != NULL ? sotto_history_parts_new_text (text)
                                             : g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  g_autoptr (GAsyncResult) result = NULL;

  g_ptr_array_add (parts, make_picture (name));
  sotto_store_add_message_async (store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER, parts, FALSE, NULL, test_ready,
                                 &result);
  return sotto_store_add_message_finish (store, test_wait (&result), NULL);
}

/* Nor of pictures: one that came with an import is found by its name from now on, and drafts keep what they have. */
static void
test_before_pictures (Fixture *f, gconstpointer data)
{
  static const char *const words[] = { "Beside", "giraffe", "okapi" };
  g_autofree char *copy = g_strdup_printf ("%s.version-6", f->database);
  SottoStore *store = test_open (f->folder);
  g_autofree char *one = add_picture (store, f->conversation, "Beside it", "giraffe.png");
  g_autofree char *other = add_picture (store, f->conversation, NULL, "okapi.png");
  g_autofree char *id = sotto_history_new_id ();
  g_autoptr (SottoHistoryPart) text = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, "old words");
  g_autoptr (GAsyncResult) added = NULL;
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GPtrArray) list = NULL;

  g_assert_nonnull (one);
  g_assert_nonnull (other);
  text->name = g_strdup ("old.txt");
  text->media_type = g_strdup ("text/plain");
  sotto_store_add_draft_document_async (store, f->conversation, id, text, NULL, test_ready, &added);
  g_assert_true (sotto_store_add_draft_document_finish (store, test_wait (&added), NULL));
  g_clear_object (&added);
  test_close (store);

  go_back (f, 6);
  store = test_open (f->folder);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GPtrArray) hits = test_search (store, words[i]);

      g_assert_cmpuint (hits->len, ==, 1);
    }
  sotto_store_list_draft_documents_async (store, f->conversation, NULL, test_ready, &listed);
  list = sotto_store_list_draft_documents_finish (store, test_wait (&listed), NULL);
  g_assert_cmpuint (list->len, ==, 1);
  {
    const SottoHistoryDraftDocument *document = g_ptr_array_index (list, 0);

    g_assert_cmpint (document->part->kind, ==, SOTTO_HISTORY_PART_DOCUMENT);
    g_assert_cmpstr (document->part->text, ==, "old words");
    g_assert_null (document->part->data);
  }
  g_clear_object (&listed);
  test_check (store);
  test_close (store);
}

/* Nor of vectors: none of its passages has one, and all are listed until they do. */
static void
test_before_embeddings (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = g_strdup_printf ("%s.version-7", f->database);
  SottoStore *store = test_open (f->folder);
  g_autofree char *folder = test_add_folder (store, "file:///contracts");
  g_autoptr (GPtrArray) left = NULL;
  guint64 n_left, n_all;

  test_put (store, folder, "d", "The rent", "The deposit", "The keys", NULL);
  test_close (store);
  go_back (f, 7);
  store = test_open (f->folder);
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
  test_check (store);

  test_set_embedder (store, "m");
  left = test_unembedded (store, 2, &n_left, &n_all);
  g_assert_cmpuint (left->len, ==, 2);
  g_assert_cmpuint (n_left, ==, 3);
  g_assert_cmpuint (n_all, ==, 3);
  test_put_vector (store, "m", ((SottoHistoryPassage *) g_ptr_array_index (left, 0))->row, 1, 0);
  test_check (store);
  test_close (store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) \
  g_test_add ("/history/schema/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("newer", test_newer);
  ADD ("migration", test_migration);
  ADD ("before-pins", test_before_pins);
  ADD ("before-folders", test_before_folders);
  ADD ("before-attachments", test_before_attachments);
  ADD ("before-groups", test_before_groups);
  ADD ("before-pictures", test_before_pictures);
  ADD ("before-embeddings", test_before_embeddings);
  return g_test_run ();
}
