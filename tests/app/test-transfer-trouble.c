/* Exports, backups and imports that come to no good end: a disk that fills up, a folder that has gone, a file that was cut off. What
 * was there is there afterwards, nothing half is, and why is said. */

#include "harness.h"
#include "harness-room.h"

#include <glib/gstdio.h>
#include <string.h>

#define OLD "what was there"
#define MESSAGE ((gsize) 300 * 1024)

static SottoConversation *
begin (SottoApp *app)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; text->len < MESSAGE; i++)
    g_string_append_printf (text, "The baker sold the loaf number %u. ", i);
  harness_send (conversation, text->str);
  harness_wait_idle (conversation);
  return conversation;
}

/* Returns: (transfer full): where exports go */
static char *
make_folder (void)
{
  char *folder = g_build_filename (g_get_user_data_dir (), "files", NULL);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  return folder;
}

/* @error: (transfer full) (nullable). @words: some of what is said of one. Returns: whether there was none */
static gboolean
is_well (GError *error, const char *words)
{
  g_autoptr (GError) given = error;
  g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

  if (problem == NULL)
    return TRUE;
  g_test_message ("%s: %s", error->message, sotto_problem_get_text (problem));
  g_assert_nonnull (strstr (sotto_problem_get_text (problem), words));
  return FALSE;
}

static gboolean
run (SottoTransfer *transfer, const char *words)
{
  g_autoptr (SottoTransfer) owned = transfer;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  sotto_transfer_run_finish (transfer, result, &error);
  return is_well (error, words);
}

enum { BACKUP = SOTTO_EXPORT_ARCHIVE + 1, N_KINDS };

/* Of an export, and of a backup, which the history writes first */
#define TOO_LARGE "This is more than a file may hold there."
#define TOO_LARGE_HERE "cannot grow any larger"

/* @kind: a SottoExportFormat, or BACKUP */
static gboolean
write_out (SottoApp *app, SottoConversation *conversation, int kind, const char *path, const char *words)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autofree char *history = g_build_filename (g_get_user_data_dir (), "sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return run (kind == BACKUP ? sotto_transfer_new_backup (list, history, file)
                             : sotto_transfer_new_export (list, conversation, (SottoExportFormat) kind, file),
              words);
}

/* @content: (nullable): of the one file there; NULL: there is none */
static void
assert_alone (const char *folder, const char *content)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = g_dir_read_name (dir);
  g_autofree char *path = NULL;
  g_autofree char *found = NULL;

  if (content == NULL)
    {
      g_assert_cmpstr (name, ==, NULL);
      return;
    }
  g_assert_cmpstr (name, ==, "it");
  g_assert_cmpstr (g_dir_read_name (dir), ==, NULL);
  path = g_build_filename (folder, name, NULL);
  g_assert_true (g_file_get_contents (path, &found, NULL, NULL));
  g_assert_cmpstr (found, ==, content);
}

static void
test_room (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app);
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "it", NULL);
  static const guint64 rooms[] = { 0, 1, 4096, MESSAGE / 2, MESSAGE - 1 };

  for (int kind = 0; kind < N_KINDS; kind++)
    for (guint i = 0; i < G_N_ELEMENTS (rooms); i++)
      {
        g_test_message ("kind %d, room for %" G_GUINT64_FORMAT " bytes", kind, rooms[i]);
        harness_set_largest_file (rooms[i]);
        g_assert_false (write_out (app, conversation, kind, path, kind == BACKUP ? TOO_LARGE_HERE : TOO_LARGE));
        assert_alone (folder, NULL);

        harness_set_largest_file (G_MAXUINT64);
        g_assert_true (g_file_set_contents (path, OLD, -1, NULL));
        harness_set_largest_file (rooms[i]);
        g_assert_false (write_out (app, conversation, kind, path, kind == BACKUP ? TOO_LARGE_HERE : TOO_LARGE));
        assert_alone (folder, OLD);
        harness_set_largest_file (G_MAXUINT64);
        g_assert_cmpint (g_remove (path), ==, 0);
      }

  /* And with room each of them goes well. */
  for (int kind = 0; kind < N_KINDS; kind++)
    g_assert_true (write_out (app, conversation, kind, path, NULL));
  g_assert_cmpint (g_remove (path), ==, 0);
  harness_close (app);
}

static void
test_no_folder (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app);
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "it", NULL);

  g_assert_cmpint (g_rmdir (folder), ==, 0);
  for (int kind = 0; kind < N_KINDS; kind++)
    {
      g_assert_false (write_out (app, conversation, kind, path, "The folder is not there."));
      g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
    }
  harness_close (app);
}

static void
forget_history (void)
{
  static const char *const names[] = { "history.db", "history.key", "history.lock" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", names[i], NULL);

      g_unlink (path);
    }
}

/* Cut off at each eighth, and whole but without room: nothing is imported. */
static void
test_import (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "it.sotto", NULL);
  g_autofree char *all = NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  SottoConversationList *list;
  gsize length;

  g_assert_true (write_out (app, begin (app), SOTTO_EXPORT_ARCHIVE, path, NULL));
  g_assert_true (g_file_get_contents (path, &all, &length, NULL));
  g_assert_cmpuint (length, >, MESSAGE);
  harness_close (app);
  forget_history ();

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  for (gsize eighth = 0; eighth < 8; eighth++)
    {
      g_assert_true (g_file_set_contents (path, all, (gssize) (length * eighth / 8), NULL));
      g_assert_false (run (sotto_transfer_new_import (list, file), "Nothing was imported."));
      g_assert_cmpuint (harness_length (list), ==, 0);
    }
  g_assert_true (g_file_set_contents (path, all, (gssize) length, NULL));
  harness_set_largest_file (0);
  g_assert_false (run (sotto_transfer_new_import (list, file), TOO_LARGE_HERE));
  g_assert_cmpuint (harness_length (list), ==, 0);
  harness_set_largest_file (G_MAXUINT64);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 0);
  g_assert_true (run (sotto_transfer_new_import (list, file), NULL));
  g_assert_cmpuint (harness_length (list), ==, 1);
  g_assert_cmpint (g_remove (path), ==, 0);
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/transfer-trouble/room", test_room);
  g_test_add_func ("/app/transfer-trouble/no-folder", test_no_folder);
  g_test_add_func ("/app/transfer-trouble/import", test_import);
  return g_test_run ();
}
