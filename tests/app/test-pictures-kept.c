#include "harness-pictures.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "conversation/attachment-private.h"
#include "conversation/conversation-private.h"

/* Pictures in messages: kept byte by byte, found, exported, and shown to models that see. */

static gboolean
has_read (gpointer data)
{
  return ((SottoConversation *) data)->has_read_attachments;
}

/* That the draft has one picture, of that name; NULL: nothing */
static void
assert_attached (SottoConversation *conversation, const char *name)
{
  GListModel *list = sotto_conversation_get_attachments (conversation);
  g_autoptr (SottoAttachment) first = NULL;

  if (!sotto_conversation_is_temporary (conversation))
    harness_wait_for (has_read, conversation, 20);
  g_assert_cmpuint (harness_length (list), ==, name != NULL ? 1 : 0);
  first = g_list_model_get_item (list, 0);
  if (name != NULL)
    assert_picture (first, name);
}

static void
assert_message (SottoConversation *conversation, guint position, const char *text, const char *name)
{
  SottoMessage *message = harness_message (conversation, position);

  g_assert_cmpstr (sotto_message_get_text (message), ==, text);
  g_assert_cmpuint (sotto_message_get_n_attachments (message), ==, 1);
  assert_picture (sotto_message_get_attachment (message, 0), name);
}

/* --- Kept --- */

static guint
count_hits (SottoConversationList *list, const char *words)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GListModel) hits = NULL;

  sotto_conversation_list_search_async (list, words, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  hits = sotto_conversation_list_search_finish (list, result, NULL);
  return harness_length (hits);
}

static void
assert_prompt (SottoConversation *conversation, guint position, gboolean sees, const char *expected)
{
  g_autoptr (GString) prompt = g_string_new (NULL);

  sotto_message_write_prompt (harness_message (conversation, position), sees, prompt);
  g_assert_cmpstr (prompt->str, ==, expected);
}

static void
test_kept (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  g_autoptr (SottoImage) image = NULL;
  g_autoptr (GAsyncResult) edited = NULL;

  attach (conversation, "giraffe.bmp");
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  conversation = sotto_conversation_list_create (list);
  assert_attached (conversation, "giraffe.bmp");
  g_free (id);
  id = g_strdup (sotto_conversation_get_id (conversation));
  harness_send (conversation, "");
  harness_wait_idle (conversation);
  assert_attached (conversation, NULL);
  assert_message (conversation, 0, "", "giraffe.bmp");
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "giraffe.bmp");
  attach (conversation, "okapi.bmp");
  harness_send (conversation, "And this?");
  harness_wait_idle (conversation);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  conversation = sotto_conversation_list_lookup (list, id);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  g_assert_cmpuint (count_hits (list, "giraffe"), >=, 1);
  g_assert_cmpuint (count_hits (list, "okapi"), ==, 1);
  assert_message (conversation, 0, "", "giraffe.bmp");
  assert_message (conversation, 1, "And this?", "okapi.bmp");
  assert_prompt (conversation, 1, FALSE, "[Picture “okapi.bmp”: not shown to you]\n\nAnd this?");
  /* A model that sees is told of one that is not decoded, and of others nothing: it has them. */
  assert_prompt (conversation, 1, TRUE, "[Picture “okapi.bmp”: not shown to you]\n\nAnd this?");
  image = load (sotto_message_get_attachment (harness_message (conversation, 1), 0), NULL);
  assert_prompt (conversation, 1, TRUE, "And this?");
  assert_prompt (conversation, 1, FALSE, "[Picture “okapi.bmp”: not shown to you]\n\nAnd this?");

  sotto_conversation_edit_and_resend_async (conversation, harness_message (conversation, 1), "Or this?", NULL, harness_on_ready,
                                            &edited);
  harness_wait_for (harness_has_result, &edited, 20);
  g_assert_true (sotto_conversation_send_finish (conversation, edited, NULL));
  harness_wait_idle (conversation);
  assert_message (conversation, 1, "Or this?", "okapi.bmp");
  harness_close (app);
}

/* --- Let go --- */

static gboolean
is_let_go (gpointer attachment)
{
  return ((SottoAttachment *) attachment)->data == NULL;
}

static SottoAttachment *
get_picture (SottoConversation *conversation, guint position)
{
  return sotto_message_get_attachment (harness_message (conversation, position), 0);
}

/* The file is in memory as long as it is part of what is being written, and read when it is asked for from then on; once the
 * history is closed it is nobody's. */
static void
test_let_go (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autofree char *id = NULL;
  g_autoptr (SottoAttachment) picture = NULL;
  g_autoptr (SottoImage) image = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) data = NULL;
  g_autoptr (GError) error = NULL;

  attach (conversation, "a.bmp");
  picture = g_list_model_get_item (sotto_conversation_get_attachments (conversation), 0);
  g_assert_false (is_let_go (picture));
  harness_send (conversation, "Look");
  harness_wait_idle (conversation);
  g_assert_true (get_picture (conversation, 0) == picture);
  harness_wait_for (is_let_go, picture, 60);
  assert_picture (picture, "a.bmp");
  g_assert_true (is_let_go (picture));
  id = g_strdup (sotto_conversation_get_id (conversation));
  harness_close (app);
  g_clear_object (&picture);

  app = harness_open ();
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 60);
  picture = g_object_ref (get_picture (conversation, 0));
  g_assert_true (is_let_go (picture));
  g_assert_cmpuint (sotto_attachment_get_size (picture), ==, 62);
  image = load (picture, &error);
  g_assert_no_error (error);
  assert_image (image);
  g_assert_true (is_let_go (picture));
  harness_close (app);

  sotto_attachment_load_data_async (picture, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  data = sotto_attachment_load_data_finish (picture, result, &error);
  g_assert_null (data);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CLOSED);
}

/* What was let go in memory alone is kept with the rest. */
static void
test_moved (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *temporary = sotto_conversation_list_create_temporary (list);
  g_autoptr (SottoConversation) kept = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  attach (temporary, "a.bmp");
  harness_send (temporary, "Look");
  harness_wait_idle (temporary);
  harness_wait_for (is_let_go, get_picture (temporary, 0), 60);
  sotto_conversation_list_keep_async (list, temporary, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  kept = sotto_conversation_list_keep_finish (list, result, NULL);
  g_assert_nonnull (kept);
  assert_message (kept, 0, "Look", "a.bmp");
  harness_close (app);
}

/* Deleted from the midst, with a way back */
static void
test_deleted (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) undone = NULL;
  gint64 deletion;

  attach (conversation, "a.bmp");
  harness_send (conversation, "Delete me");
  harness_wait_idle (conversation);
  sotto_conversation_delete_message_async (conversation, harness_message (conversation, 0), harness_on_ready, &deleted);
  harness_wait_for (harness_has_result, &deleted, 20);
  deletion = sotto_conversation_delete_message_finish (conversation, deleted, NULL, NULL);
  g_assert_cmpuint (harness_length (conversation), ==, 0);
  sotto_conversation_undo_delete_async (conversation, deletion, harness_on_ready, &undone);
  harness_wait_for (harness_has_result, &undone, 20);
  g_assert_true (sotto_conversation_undo_delete_finish (conversation, undone, NULL));
  assert_message (conversation, 0, "Delete me", "a.bmp");
  harness_close (app);
}

static void
test_branch (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autoptr (SottoConversation) branch = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  attach (conversation, "a.bmp");
  harness_send (conversation, "First");
  harness_wait_idle (conversation);
  sotto_conversation_list_branch_async (list, conversation, harness_message (conversation, 0), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  branch = sotto_conversation_list_branch_finish (list, result, NULL);
  sotto_conversation_load (branch);
  harness_wait_for (harness_is_loaded, branch, 20);
  assert_message (branch, 0, "First", "a.bmp");
  harness_close (app);
}

static void
test_temporary (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *temporary = sotto_conversation_list_create_temporary (list);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (temporary));
  g_autoptr (SottoConversation) kept = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  attach (temporary, "sent.bmp");
  harness_send (temporary, "Not kept");
  harness_wait_idle (temporary);
  attach (temporary, "draft.bmp");
  sotto_conversation_list_keep_async (list, temporary, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  kept = sotto_conversation_list_keep_finish (list, result, NULL);
  g_assert_nonnull (kept);
  g_clear_object (&kept);
  harness_close (app);

  app = harness_open ();
  kept = g_object_ref (sotto_conversation_list_lookup (sotto_app_get_conversations (app), id));
  sotto_conversation_load (kept);
  harness_wait_for (harness_is_loaded, kept, 20);
  assert_message (kept, 0, "Not kept", "sent.bmp");
  assert_attached (kept, "draft.bmp");
  harness_close (app);
}

/* In Sotto's own format byte by byte; in Markdown its name alone. */
static void
test_exported (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autofree char *path = g_build_filename (g_get_home_dir (), "one.sotto", NULL);
  g_autofree char *readable_path = g_build_filename (g_get_home_dir (), "one.md", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) readable = g_file_new_for_path (readable_path);
  g_autoptr (SottoTransfer) out = NULL;
  g_autoptr (SottoTransfer) words = NULL;
  g_autoptr (SottoTransfer) in = NULL;
  g_autoptr (GString) changed = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *markdown = NULL;

  attach (conversation, "exported.bmp");
  harness_send (conversation, "Sent with it");
  harness_wait_idle (conversation);
  g_mkdir_with_parents (g_get_home_dir (), 0700);
  out = sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_ARCHIVE, file);
  harness_transfer (out);
  words = sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_MARKDOWN, readable);
  harness_transfer (words);
  g_assert_true (g_file_get_contents (readable_path, &markdown, NULL, NULL));
  g_assert_nonnull (strstr (markdown, "exported.bmp"));

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  changed = g_string_new (contents);
  g_string_replace (changed, "Sent with it", "Come with it", 0);
  g_assert_true (g_file_set_contents (path, changed->str, -1, NULL));
  in = sotto_transfer_new_import (list, file);
  harness_transfer (in);
  conversation = sotto_transfer_get_first (in);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  assert_message (conversation, 0, "Come with it", "exported.bmp");
  harness_close (app);
}

/* --- Shown --- */

/* A picture of one colour. @colour: blue, green, red, as BMP has them */
static GBytes *
create_colour (const guint8 *colour)
{
  const guint side = 32;
  guint8 head[54] = { 'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40 };
  GByteArray *file = g_byte_array_new ();

  head[18] = head[22] = (guint8) side;
  head[26] = 1;
  head[28] = 24;
  g_byte_array_append (file, head, sizeof head);
  for (guint i = 0; i < side * side; i++)
    g_byte_array_append (file, colour, 3);
  return g_byte_array_free_to_bytes (file);
}

/* What tests/engine/vision/make-colours makes for the tiny model. Returns: whether it is linked beside that one */
static gboolean
link_vision (void)
{
  g_autofree char *target = g_build_filename (g_getenv ("SOTTO_CACHE"), "colours", "mmproj-SmolLM2-135M-Instruct.gguf", NULL);
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  g_autofree char *link = g_build_filename (folder, "mmproj-SmolLM2-135M-Instruct.gguf", NULL);

  if (!g_file_test (target, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("what the model would see with is not there (tests/engine/vision/make-colours makes it)");
      return FALSE;
    }
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (symlink (target, link), ==, 0);
  return TRUE;
}

static gboolean
sees (gpointer conversation)
{
  return sotto_conversation_sees (conversation);
}

static void
assert_reply (SottoConversation *conversation, guint position, const char *word)
{
  g_autofree char *folded = g_ascii_strdown (sotto_message_get_text (harness_message (conversation, position)), -1);

  g_test_message ("%s", folded);
  harness_assert_reply (conversation, position, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_nonnull (strstr (folded, word));
}

/* A model that sees is given the pixels, on the day itself and after a restart, and again where a reply is made again. */
static void
test_shown (void)
{
  static const guint8 red[] = { 0, 0, 255 };
  static const guint8 blue[] = { 255, 0, 0 };
  g_autoptr (GBytes) red_file = create_colour (red);
  g_autoptr (GBytes) blue_file = create_colour (blue);
  SottoApp *app = link_vision () ? harness_open_with_model (HARNESS_TINY, 0) : NULL;
  SottoConversation *conversation;

  if (app == NULL)
    return;
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  harness_wait_for (sees, conversation, 30);
  g_assert_true (try_attach (conversation, red_file, "picture.bmp", NULL));
  harness_send (conversation, "What is the colour of this picture? Answer with one word.");
  harness_wait_idle (conversation);
  assert_reply (conversation, 1, "red");
  harness_close (app);

  app = harness_open_with_model (HARNESS_TINY, 0);
  conversation = harness_get_first (app);
  harness_wait_for (sees, conversation, 30);
  g_assert_null (sotto_attachment_peek_image (sotto_message_get_attachment (harness_message (conversation, 0), 0)));
  sotto_conversation_regenerate (conversation, harness_message (conversation, 1));
  harness_wait_idle (conversation);
  assert_reply (conversation, 1, "red");
  g_assert_nonnull (sotto_attachment_peek_image (sotto_message_get_attachment (harness_message (conversation, 0), 0)));

  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_assert_true (try_attach (conversation, blue_file, "picture.bmp", NULL));
  harness_send (conversation, "What is the colour of this picture? Answer with one word.");
  harness_wait_idle (conversation);
  assert_reply (conversation, 1, "blue");
  harness_close (app);
}

/* While pictures are decoded for it, a reply can be stopped, and leaves nothing. */
static void
test_stopped (void)
{
  static const guint8 red[] = { 0, 0, 255 };
  g_autoptr (GBytes) file = create_colour (red);
  g_autoptr (SottoAttachment) picture = sotto_attachment_new_picture ("picture.bmp", NULL, file);
  g_autoptr (SottoImage) image = NULL;
  SottoApp *app = link_vision () ? harness_open_with_model (HARNESS_TINY, 4) : NULL;
  SottoConversation *conversation;

  if (app == NULL)
    return;
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  harness_wait_for (sees, conversation, 30);
  g_assert_true (sotto_conversation_attach (conversation, picture, NULL));
  harness_send (conversation, "Which?");
  g_assert_nonnull (conversation->loading_pictures);
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  g_assert_null (conversation->loading_pictures);
  g_assert_cmpuint (harness_length (conversation), ==, 1);
  /* What was begun comes to its end, and is nobody's any more. */
  image = load (picture, NULL);
  g_assert_nonnull (image);
  g_assert_cmpuint (harness_length (conversation), ==, 1);
  harness_close (app);
}

/* Where it lies, before the test's own folders take the place of the person's */

static void
find_cache (void)
{
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "sotto-build", NULL);

  g_setenv ("SOTTO_CACHE", cache, FALSE);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  find_cache ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  if (!sotto_document_can_read_pictures ())
    {
      g_print ("1..0 # SKIP the helper is not built\n");
      return 0;
    }
  g_test_add_func ("/pictures/kept", test_kept);
  g_test_add_func ("/pictures/let-go", test_let_go);
  g_test_add_func ("/pictures/moved", test_moved);
  g_test_add_func ("/pictures/deleted", test_deleted);
  g_test_add_func ("/pictures/branch", test_branch);
  g_test_add_func ("/pictures/temporary", test_temporary);
  g_test_add_func ("/pictures/exported", test_exported);
  g_test_add_func ("/pictures/shown", test_shown);
  g_test_add_func ("/pictures/stopped", test_stopped);
  return g_test_run ();
}
