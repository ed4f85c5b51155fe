#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>

#include "conversation/attachment-private.h"
#include "conversation/conversation-private.h"

/* Files that are attached to a message: to its draft, sent with it, kept with it. */

static SottoAttachment *
create (const char *name, const char *text, guint n_pages)
{
  return sotto_attachment_new (name, NULL, g_strdup (text), n_pages);
}

static SottoAttachment *
attach (SottoConversation *conversation, const char *name, const char *text, guint n_pages)
{
  SottoAttachment *attachment = create (name, text, n_pages);
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_conversation_attach (conversation, attachment, &error));
  g_assert_no_error (error);
  g_object_unref (attachment);
  return attachment;
}

static gboolean
has_read (gpointer data)
{
  SottoConversation *conversation = data;

  return conversation->has_read_attachments;
}

static char *
list_names (SottoConversation *conversation)
{
  GListModel *list = sotto_conversation_get_attachments (conversation);
  GString *names = g_string_new (NULL);

  if (!sotto_conversation_is_temporary (conversation))
    harness_wait_for (has_read, conversation, 20);
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (list, i);

      g_string_append_printf (names, "%s%s", i > 0 ? " " : "", sotto_attachment_get_name (attachment));
    }
  return g_string_free_and_steal (names);
}

static void
assert_attached (SottoConversation *conversation, const char *names)
{
  g_autofree char *found = list_names (conversation);

  g_assert_cmpstr (found, ==, names);
}

/* @names: of what is attached to the message at @position */
static void
assert_message (SottoConversation *conversation, guint position, const char *text, const char *names)
{
  SottoMessage *message = harness_message (conversation, position);
  g_autoptr (GString) found = g_string_new (NULL);

  g_assert_cmpstr (sotto_message_get_text (message), ==, text);
  for (guint i = 0; i < sotto_message_get_n_attachments (message); i++)
    g_string_append_printf (found, "%s%s", i > 0 ? " " : "",
                            sotto_attachment_get_name (sotto_message_get_attachment (message, i)));
  g_assert_cmpstr (found->str, ==, names);
  g_assert_cmpuint (sotto_message_get_n_sources (message), ==, 0);
}

static void
assert_refused (SottoConversation *conversation, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_conversation_send_async (conversation, text, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_false (sotto_conversation_send_finish (conversation, result, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_EMPTY);
}

/* --- One --- */

static void
test_object (void)
{
  g_autoptr (SottoAttachment) text = create ("no\ntes.md", "with ```` in it", 0);
  g_autoptr (SottoAttachment) pages = create ("report.pdf", "[Page 1]\nx\n", 1200);
  g_autoptr (SottoAttachment) letter = create ("letter.odt", "Dear", 0);
  g_autoptr (SottoHistoryPart) part = sotto_attachment_to_part (pages);
  g_autoptr (SottoAttachment) again = NULL;
  g_autoptr (GString) block = g_string_new ("> ");
  g_autofree char *size = sotto_attachment_describe (text);
  g_autofree char *length = sotto_attachment_describe (pages);
  g_autofree char *name = NULL;
  guint n_pages;
  guint64 n_bytes;

  g_assert_cmpstr (sotto_attachment_get_name (text), ==, "no tes.md");
  g_assert_cmpuint (sotto_attachment_get_size (text), ==, 15);
  g_assert_cmpstr (size, ==, "15 bytes");
  g_assert_true (g_str_has_suffix (length, "200 pages"));
  g_assert_false (sotto_attachment_was_formatted (text));
  g_assert_true (sotto_attachment_was_formatted (pages));
  g_assert_true (sotto_attachment_was_formatted (letter));
  sotto_attachment_write (text, block);
  g_assert_cmpstr (block->str, ==, "> no tes.md:\n\n`````\nwith ```` in it\n`````\n");

  g_assert_true (sotto_attachment_is_part (part));
  g_assert_cmpuint (part->first_page, ==, 1);
  g_assert_cmpuint (part->last_page, ==, 1200);
  g_assert_cmpstr (part->media_type, ==, "application/pdf");
  again = sotto_attachment_new_from_part (part, NULL);
  g_object_get (again, "name", &name, "n-pages", &n_pages, "size", &n_bytes, NULL);
  g_assert_cmpstr (name, ==, "report.pdf");
  g_assert_cmpuint (n_pages, ==, 1200);
  g_assert_cmpuint (n_bytes, ==, 11);
  g_assert_cmpstr (sotto_attachment_get_text (again), ==, "[Page 1]\nx\n");

  /* A passage of a folder is none. */
  part->uri = g_strdup ("file:///report.pdf");
  g_assert_false (sotto_attachment_is_part (part));
  g_clear_pointer (&part->uri, g_free);
  g_clear_pointer (&part->media_type, g_free);
  g_assert_false (sotto_attachment_is_part (part));
}

/* --- Drafts --- */

/* They are there over a restart, those of the next conversation too, and only for whom asks. */
static void
test_drafts (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *kept = sotto_conversation_list_create (list);
  SottoConversation *fresh;
  SottoAttachment *second;

  harness_send (kept, "Kept");
  harness_wait_idle (kept);
  attach (kept, "one.txt", "1", 0);
  second = g_object_ref (attach (kept, "two.pdf", "[Page 1]\n2", 3));
  attach (kept, "three.txt", "3", 0);
  fresh = sotto_conversation_list_create (list);
  attach (fresh, "next.txt", "next", 0);
  sotto_conversation_detach (kept, second);
  assert_attached (kept, "one.txt three.txt");
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  kept = harness_get_first (app);
  g_assert_false (kept->has_read_attachments);
  fresh = sotto_conversation_list_create (list);
  /* What comes now stands behind what was there, whether that was read already or not. */
  attach (kept, "four.txt", "4", 0);
  assert_attached (kept, "one.txt three.txt four.txt");
  assert_attached (fresh, "next.txt");
  /* The way back from taking one off */
  g_assert_true (sotto_conversation_attach (kept, second, NULL));
  sotto_conversation_detach (kept, second);
  g_assert_true (sotto_conversation_attach (kept, second, NULL));
  g_object_unref (second);
  harness_close (app);

  app = harness_open ();
  kept = harness_get_first (app);
  assert_attached (kept, "one.txt three.txt four.txt two.pdf");
  g_assert_cmpuint (harness_length (sotto_conversation_get_attachments (kept)), ==, 4);
  {
    g_autoptr (SottoAttachment) last = g_list_model_get_item (sotto_conversation_get_attachments (kept), 3);

    g_assert_cmpuint (sotto_attachment_get_n_pages (last), ==, 3);
    g_assert_cmpstr (sotto_attachment_get_text (last), ==, "[Page 1]\n2");
  }
  harness_close (app);
}

static void
test_too_many (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (SottoAttachment) more = create ("more.txt", "more", 0);
  g_autoptr (SottoProblem) problem = NULL;
  g_autoptr (GError) error = NULL;

  harness_send (conversation, "Files");
  harness_wait_idle (conversation);
  for (guint i = 0; i < SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS; i++)
    attach (conversation, "file.txt", "text", 0);
  g_assert_false (sotto_conversation_attach (conversation, more, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_TOO_MANY_ATTACHMENTS);
  problem = sotto_problem_new (error);
  g_assert_nonnull (strstr (sotto_problem_get_text (problem), "files"));
  g_assert_cmpuint (harness_length (sotto_conversation_get_attachments (conversation)), ==,
                    SOTTO_HISTORY_MAX_DRAFT_DOCUMENTS);
  harness_close (app);
}

/* --- Sent --- */

static void
assert_prompt (SottoConversation *conversation, guint position, const char *expected)
{
  g_autoptr (GString) prompt = g_string_new (NULL);

  sotto_message_write_prompt (harness_message (conversation, position), FALSE, prompt);
  g_assert_cmpstr (prompt->str, ==, expected);
}

static void
test_sent (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  g_autoptr (GAsyncResult) edited = NULL;
  SottoMessage *message;

  attach (conversation, "notes.md", "Read me", 0);
  attach (conversation, "report.pdf", "[Page 1]\nMoney\n", 12);
  harness_send (conversation, "What is it about?");
  harness_wait_idle (conversation);
  assert_attached (conversation, "");
  assert_message (conversation, 0, "What is it about?", "notes.md report.pdf");
  assert_prompt (conversation, 0,
                 "notes.md:\n\n```\nRead me\n```\n\nreport.pdf:\n\n```\n[Page 1]\nMoney\n```\n\nWhat is it about?");
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "What is it about?");
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "What is it about?");
  /* The next one begins with nothing. */
  assert_attached (sotto_conversation_list_create (list), "");

  /* Nothing but a file */
  assert_refused (conversation, " \n");
  attach (conversation, "alone.txt", "alone", 0);
  harness_send (conversation, " \n");
  harness_wait_idle (conversation);
  assert_message (conversation, 1, "", "alone.txt");
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "alone.txt");
  g_assert_cmpuint (sotto_conversation_path_get_length (conversation, 1), ==, 5);

  /* An edited one keeps what is attached to it, and the draft what is attached to that. */
  attach (conversation, "draft.txt", "draft", 0);
  message = harness_message (conversation, 0);
  sotto_conversation_edit_and_resend_async (conversation, message, "What does it cost?", NULL, harness_on_ready, &edited);
  harness_wait_for (harness_has_result, &edited, 20);
  g_assert_true (sotto_conversation_send_finish (conversation, edited, NULL));
  harness_wait_idle (conversation);
  assert_message (conversation, 0, "What does it cost?", "notes.md report.pdf");
  assert_attached (conversation, "draft.txt");
  harness_close (app);

  /* A message that was sent before anybody looked at what is attached has it all the same. */
  app = harness_open ();
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  harness_send (conversation, "And this?");
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  assert_message (conversation, 0, "What does it cost?", "notes.md report.pdf");
  assert_message (conversation, 1, "And this?", "draft.txt");
  g_assert_cmpuint (sotto_conversation_path_get_length (conversation, 0), ==, strlen ("What does it cost?Read me[Page 1]\nMoney\n"));
  assert_attached (conversation, "");
  harness_close (app);

  app = harness_open ();
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  assert_attached (conversation, "");
  harness_close (app);
}

/* A conversation that begins with a file alone is called as that is. */
static void
test_title (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  attach (conversation, "The year 2026.odt", "text", 0);
  harness_send (conversation, "");
  harness_wait_idle (conversation);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "The year 2026.odt");
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "The year 2026.odt");
  harness_close (app);

  app = harness_open ();
  conversation = harness_get_first (app);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "The year 2026.odt");
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "The year 2026.odt");
  assert_message (conversation, 0, "", "The year 2026.odt");
  harness_close (app);
}

/* What is attached while a new conversation is being made is the next message's, and that conversation's. */
static void
test_while_sending (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  g_autoptr (GAsyncResult) sent = NULL;

  assert_attached (conversation, "");
  attach (conversation, "sent.txt", "1", 0);
  sotto_conversation_send_async (conversation, "First", NULL, harness_on_ready, &sent);
  attach (conversation, "late.txt", "2", 0);
  harness_wait_for (harness_has_result, &sent, 20);
  g_assert_true (sotto_conversation_send_finish (conversation, sent, NULL));
  harness_wait_idle (conversation);
  assert_message (conversation, 0, "First", "sent.txt");
  assert_attached (conversation, "late.txt");
  harness_close (app);

  app = harness_open ();
  assert_attached (sotto_conversation_list_create (sotto_app_get_conversations (app)), "");
  assert_attached (sotto_conversation_list_lookup (sotto_app_get_conversations (app), id), "late.txt");
  harness_close (app);
}

/* --- Elsewhere --- */

static void
test_branch (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autoptr (SottoConversation) branch = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  attach (conversation, "sent.txt", "1", 0);
  harness_send (conversation, "First");
  harness_wait_idle (conversation);
  attach (conversation, "draft.txt", "2", 0);
  sotto_conversation_list_branch_async (list, conversation, harness_message (conversation, 0), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  branch = sotto_conversation_list_branch_finish (list, result, NULL);
  sotto_conversation_load (branch);
  harness_wait_for (harness_is_loaded, branch, 20);
  assert_message (branch, 0, "First", "sent.txt");
  assert_attached (branch, "");
  assert_attached (conversation, "draft.txt");
  harness_close (app);
}

static void
test_archive (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autofree char *path = g_build_filename (g_get_home_dir (), "one.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoTransfer) out = NULL;
  g_autoptr (SottoTransfer) in = NULL;
  g_autoptr (GString) changed = NULL;
  g_autofree char *contents = NULL;

  attach (conversation, "report.pdf", "[Page 1]\nexported", 12);
  harness_send (conversation, "Sent with it");
  harness_wait_idle (conversation);
  g_mkdir_with_parents (g_get_home_dir (), 0700);
  out = sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_ARCHIVE, file);
  harness_transfer (out);

  /* As another conversation, which is not known yet */
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  changed = g_string_new (contents);
  g_string_replace (changed, "Sent with it", "Come with it", 0);
  g_assert_true (g_file_set_contents (path, changed->str, -1, NULL));
  in = sotto_transfer_new_import (list, file);
  harness_transfer (in);
  conversation = sotto_transfer_get_first (in);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  assert_message (conversation, 0, "Come with it", "report.pdf");
  g_assert_cmpuint (sotto_attachment_get_n_pages (sotto_message_get_attachment (harness_message (conversation, 0), 0)), ==, 12);
  g_assert_cmpstr (sotto_attachment_get_text (sotto_message_get_attachment (harness_message (conversation, 0), 0)), ==,
                   "[Page 1]\nexported");
  harness_close (app);
}

/* In memory only, moved there and back, and in the history once the conversation is. */
static void
test_temporary (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *fresh = sotto_conversation_list_create (list);
  SottoConversation *temporary = sotto_conversation_list_create_temporary (list);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (temporary));
  g_autoptr (SottoConversation) kept = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  attach (fresh, "taken-along.txt", "1", 0);
  sotto_conversation_move_attachments (fresh, temporary);
  assert_attached (fresh, "");
  assert_attached (temporary, "taken-along.txt");
  attach (temporary, "other.txt", "2", 0);
  harness_send (temporary, "Not kept");
  harness_wait_idle (temporary);
  assert_message (temporary, 0, "Not kept", "taken-along.txt other.txt");
  assert_attached (temporary, "");
  attach (temporary, "draft.txt", "3", 0);

  sotto_conversation_list_keep_async (list, temporary, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  kept = sotto_conversation_list_keep_finish (list, result, NULL);
  g_assert_true (kept == temporary);
  assert_attached (kept, "draft.txt");
  g_clear_object (&kept);
  temporary = sotto_conversation_list_create_temporary (list);
  attach (temporary, "gone.txt", "4", 0);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  assert_attached (sotto_conversation_list_create (list), "");
  fresh = sotto_conversation_list_lookup (list, id);
  sotto_conversation_load (fresh);
  harness_wait_for (harness_is_loaded, fresh, 20);
  assert_message (fresh, 0, "Not kept", "taken-along.txt other.txt");
  assert_attached (fresh, "draft.txt");
  harness_close (app);
}

/* Deleted and brought back, a conversation has what was attached to its draft; a message what was attached to it. */
static void
test_deleted (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = sotto_conversation_list_create (list);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));

  attach (conversation, "sent.txt", "1", 0);
  harness_send (conversation, "Delete me");
  harness_wait_idle (conversation);
  attach (conversation, "draft.txt", "2", 0);
  sotto_conversation_list_delete (list, conversation);
  sotto_conversation_list_undo_delete (list, conversation);
  g_assert_nonnull (sotto_conversation_list_lookup (list, id));
  assert_attached (conversation, "draft.txt");
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  conversation = sotto_conversation_list_lookup (list, id);
  assert_attached (conversation, "draft.txt");
  harness_close (app);
}

/* --- Read by a model --- */

static void
test_answered (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);
  g_autoptr (GString) much = g_string_new (NULL);
  SottoConversation *conversation;
  guint n_short;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "What is it about?");
  harness_wait_idle (conversation);
  n_short = sotto_conversation_get_context_used (conversation);
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  for (guint i = 0; i < 20; i++)
    g_string_append_printf (much, "%u apples and ", i);
  attach (conversation, "apples.txt", much->str, 0);
  harness_send (conversation, "What is it about?");
  harness_wait_idle (conversation);
  g_assert_null (sotto_conversation_get_problem (conversation));
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_cmpuint (sotto_conversation_get_context_used (conversation), >, n_short + 60);

  /* What does not fit is said, and stands there. */
  for (guint i = 0; i < 4000; i++)
    g_string_append_printf (much, "%u apples and ", i);
  attach (conversation, "more-apples.txt", much->str, 0);
  harness_send (conversation, "And this?");
  harness_wait_idle (conversation);
  g_assert_nonnull (sotto_conversation_get_problem (conversation));
  assert_message (conversation, 2, "And this?", "more-apples.txt");
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/attachments/object", test_object);
  g_test_add_func ("/app/attachments/drafts", test_drafts);
  g_test_add_func ("/app/attachments/too-many", test_too_many);
  g_test_add_func ("/app/attachments/sent", test_sent);
  g_test_add_func ("/app/attachments/title", test_title);
  g_test_add_func ("/app/attachments/while-sending", test_while_sending);
  g_test_add_func ("/app/attachments/branch", test_branch);
  g_test_add_func ("/app/attachments/archive", test_archive);
  g_test_add_func ("/app/attachments/temporary", test_temporary);
  g_test_add_func ("/app/attachments/deleted", test_deleted);
  g_test_add_func ("/app/attachments/answered", test_answered);
  return g_test_run ();
}
