#include "harness-folders.h"

#include <string.h>

#include "conversation/message-private.h"

/* A conversation that asks folders of documents: what its messages are given, and what becomes of that. Most of it without a
 * model: the message stays without a reply. */

#define FERRY "# Ferries\n\nThe ferry to Røst leaves on Tuesdays at 07:40. It ends its season on the twelfth of October.\n"
#define BIRDS "# Puffins\n\nPuffins breed in burrows. Nobody may go near the colony before August.\n"
#define BREAD "# Bread\n\nThe oven is heated with birch. Rye loaves stay in it for ninety minutes.\n"

typedef struct {
  SottoApp *app;
  char *path;
  SottoDocumentFolder *folder;
  SottoConversation *conversation;
} Fixture;

static char *
create_documents (void)
{
  char *path = harness_create_folder ("island");

  harness_write (path, "ferries.md", FERRY);
  harness_write (path, "puffins.md", BIRDS);
  harness_write (path, "kitchen/bread.md", BREAD);
  return path;
}

static void
set_up (Fixture *self)
{
  self->app = harness_open ();
  self->path = create_documents ();
  self->folder = g_object_ref (harness_add_folder (self->app, self->path));
  self->conversation = sotto_conversation_list_create (sotto_app_get_conversations (self->app));
}

static void
tear_down (Fixture *self)
{
  sotto_document_folders_remove (sotto_app_get_folders (self->app), self->folder);
  g_clear_object (&self->folder);
  harness_close (self->app);
  harness_remove_folder (self->path);
  g_free (self->path);
}

static void
send (SottoConversation *conversation, const char *text)
{
  harness_send (conversation, text);
  harness_wait_idle (conversation);
}

static void
count (gpointer data)
{
  (*(guint *) data)++;
}

static guint
count_items (SottoConversation *conversation)
{
  return g_list_model_get_n_items (G_LIST_MODEL (conversation));
}

static SottoMessage *
get_last (SottoConversation *conversation)
{
  return harness_message (conversation, count_items (conversation) - 1);
}

static gboolean
has_source (SottoMessage *message, const char *text)
{
  for (guint i = 0; i < sotto_message_get_n_sources (message); i++)
    if (strstr (sotto_message_get_source (message, i)->text, text) != NULL)
      return TRUE;
  return FALSE;
}

static void
assert_numbers (SottoMessage *message)
{
  g_assert_cmpuint (sotto_message_get_n_sources (message), <=, 6);
  for (guint i = 0; i < sotto_message_get_n_sources (message); i++)
    g_assert_cmpuint (sotto_message_get_source (message, i)->number, ==, i + 1);
}

static void
test_asks (void)
{
  Fixture f = { 0 };
  guint n_notified = 0;
  guint n_nothing = 0;
  SottoMessage *prompt;

  set_up (&f);
  g_signal_connect_swapped (f.conversation, "notify::n-folders", G_CALLBACK (count), &n_notified);
  g_signal_connect_swapped (f.conversation, "nothing-found", G_CALLBACK (count), &n_nothing);
  send (f.conversation, "When does the ferry leave?");
  g_assert_cmpuint (sotto_message_get_n_sources (get_last (f.conversation)), ==, 0);
  g_assert_cmpuint (n_nothing, ==, 0);

  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 1);
  g_assert_true (sotto_conversation_asks_folder (f.conversation, f.folder));

  send (f.conversation, "When does the ferry leave?");
  prompt = get_last (f.conversation);
  g_assert_cmpstr (sotto_message_get_text (prompt), ==, "When does the ferry leave?");
  g_assert_true (has_source (prompt, "07:40"));
  g_assert_cmpstr (sotto_message_get_source (prompt, 0)->name, ==, "ferries.md");
  g_assert_true (g_file_query_exists (sotto_message_get_source (prompt, 0)->file, NULL));
  assert_numbers (prompt);
  g_assert_cmpuint (n_nothing, ==, 0);
  g_assert_cmpstr (sotto_conversation_get_snippet (f.conversation), ==, "When does the ferry leave?");
  g_assert_cmpstr (sotto_conversation_get_title (f.conversation), ==, "When does the ferry leave?");

  send (f.conversation, "Quantum chromodynamics lattice regularisation, explained thoroughly please");
  g_assert_cmpuint (sotto_message_get_n_sources (get_last (f.conversation)), ==, 0);
  g_assert_cmpuint (n_nothing, ==, 1);

  sotto_conversation_set_asks_folder (f.conversation, f.folder, FALSE);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 0);
  g_assert_cmpuint (n_notified, ==, 2);
  tear_down (&f);
}

static void
test_titles (void)
{
  SottoSource source = { .number = 1, .name = (char *) "report.pdf", .text = (char *) "" };
  g_autofree char *none = sotto_source_dup_title (&source);
  g_autofree char *one = NULL;
  g_autofree char *some = NULL;

  g_assert_cmpstr (none, ==, "report.pdf");
  source.first_page = source.last_page = 3;
  one = sotto_source_dup_title (&source);
  g_assert_cmpstr (one, ==, "report.pdf, page 3");
  source.last_page = 4;
  some = sotto_source_dup_title (&source);
  g_assert_cmpstr (some, ==, "report.pdf, pages 3–4");
}

/* What a model is given */
static void
test_prompt (void)
{
  Fixture f = { 0 };
  g_autoptr (GString) prompt = g_string_new (NULL);
  const char *passage;
  const char *question;

  set_up (&f);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  send (f.conversation, "When does the ferry leave?");
  sotto_message_write_prompt (get_last (f.conversation), FALSE, prompt);
  passage = strstr (prompt->str, "[1] ferries.md:\n");
  g_assert_nonnull (passage);
  g_assert_nonnull (strstr (passage, "07:40"));
  question = strstr (passage, "When does the ferry leave?");
  g_assert_nonnull (question);
  g_assert_true (g_str_has_suffix (prompt->str, "When does the ferry leave?"));
  tear_down (&f);
}

static SottoConversation *
reopen (Fixture *self)
{
  g_autofree char *id = g_strdup (sotto_document_folder_get_id (self->folder));
  SottoConversation *conversation;

  g_clear_object (&self->folder);
  harness_close (self->app);
  self->app = harness_open ();
  while (g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_folders (self->app))) == 0)
    g_main_context_iteration (NULL, TRUE);
  self->folder = g_object_ref (sotto_document_folders_lookup (sotto_app_get_folders (self->app), id));
  harness_wait_for (harness_has_read, self->folder, 20);
  conversation = harness_get_first (self->app);
  return conversation;
}

static gboolean
asks (gpointer conversation)
{
  return sotto_conversation_get_n_folders (conversation) == 1;
}

static void
test_kept (void)
{
  Fixture f = { 0 };
  SottoConversation *fresh;

  set_up (&f);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  send (f.conversation, "When does the ferry leave?");
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (f.app));
  g_assert_true (fresh != f.conversation);
  harness_run (0.1);
  g_assert_cmpuint (sotto_conversation_get_n_folders (fresh), ==, 0);
  sotto_conversation_set_asks_folder (fresh, f.folder, TRUE);

  f.conversation = reopen (&f);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 1);
  g_assert_true (has_source (harness_message (f.conversation, 0), "07:40"));
  g_assert_cmpstr (sotto_message_get_source (harness_message (f.conversation, 0), 0)->name, ==, "ferries.md");
  assert_numbers (harness_message (f.conversation, 0));
  g_assert_cmpstr (sotto_conversation_get_snippet (f.conversation), ==, "When does the ferry leave?");

  /* One that is not begun is kept with its folders; the next one after it has none. */
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (f.app));
  harness_wait_for (asks, fresh, 20);
  send (fresh, "Rye loaves?");
  g_assert_true (has_source (get_last (fresh), "ninety minutes"));
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (f.app));
  harness_run (0.1);
  g_assert_cmpuint (sotto_conversation_get_n_folders (fresh), ==, 0);
  tear_down (&f);
}

static void
test_removed (void)
{
  Fixture f = { 0 };
  SottoDocumentFolders *folders;
  guint n_notified = 0;

  set_up (&f);
  folders = sotto_app_get_folders (f.app);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  send (f.conversation, "When does the ferry leave?");
  g_signal_connect_swapped (f.conversation, "notify::n-folders", G_CALLBACK (count), &n_notified);
  sotto_document_folders_remove (folders, f.folder);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 0);
  send (f.conversation, "When does the ferry leave, again?");
  g_assert_cmpuint (sotto_message_get_n_sources (get_last (f.conversation)), ==, 0);
  g_assert_cmpuint (sotto_message_get_n_sources (harness_message (f.conversation, 0)), >, 0);

  sotto_document_folders_undo_remove (folders, f.folder);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 1);
  harness_wait_for (harness_has_read, f.folder, 20);
  send (f.conversation, "When does the ferry leave, then?");
  g_assert_true (has_source (get_last (f.conversation), "07:40"));

  /* What a message was given stays with it. */
  sotto_document_folders_remove (folders, f.folder);
  sotto_document_folders_forget (folders, f.folder);
  harness_close (f.app);
  f.app = harness_open ();
  f.conversation = harness_get_first (f.app);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 0);
  g_assert_true (has_source (harness_message (f.conversation, 0), "07:40"));
  tear_down (&f);
}

/* A few words go on with what was said before. */
static void
test_follow_up (void)
{
  Fixture f = { 0 };

  set_up (&f);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  send (f.conversation, "On which day does the ferry to Røst leave?");
  send (f.conversation, "How about the season?");
  g_assert_true (has_source (get_last (f.conversation), "twelfth of October"));
  assert_numbers (get_last (f.conversation));
  send (f.conversation, "Whereabouts?");
  g_assert_true (has_source (get_last (f.conversation), "Røst"));
  send (f.conversation, "Puffins?");
  g_assert_true (has_source (get_last (f.conversation), "burrows"));
  tear_down (&f);
}

static void
test_edited (void)
{
  Fixture f = { 0 };
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GError) error = NULL;

  set_up (&f);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  send (f.conversation, "When does the ferry leave?");
  sotto_conversation_edit_and_resend_async (f.conversation, harness_message (f.conversation, 0),
                                            "How long do rye loaves stay in the oven?", NULL, harness_on_ready, &sent);
  harness_wait_for (harness_has_result, &sent, 20);
  g_assert_true (sotto_conversation_send_finish (f.conversation, sent, &error));
  harness_wait_idle (f.conversation);
  g_assert_true (has_source (harness_message (f.conversation, 0), "ninety"));
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (f.conversation, 0)), ==, 2);
  tear_down (&f);
}

static void
test_temporary (void)
{
  Fixture f = { 0 };
  SottoConversationList *list;
  SottoConversation *temporary;
  g_autoptr (SottoConversation) kept = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  set_up (&f);
  list = sotto_app_get_conversations (f.app);
  temporary = sotto_conversation_list_create_temporary (list);
  sotto_conversation_set_asks_folder (temporary, f.folder, TRUE);
  send (temporary, "When does the ferry leave?");
  g_assert_true (has_source (harness_message (temporary, 0), "07:40"));
  g_assert_cmpuint (sotto_conversation_get_n_folders (temporary), ==, 1);

  sotto_conversation_list_keep_async (list, temporary, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  kept = sotto_conversation_list_keep_finish (list, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sotto_conversation_get_n_folders (kept), ==, 1);
  g_clear_object (&kept);
  f.conversation = reopen (&f);
  g_assert_cmpuint (sotto_conversation_get_n_folders (f.conversation), ==, 1);
  g_assert_true (has_source (harness_message (f.conversation, 0), "07:40"));
  tear_down (&f);
}

static void
test_branched (void)
{
  Fixture f = { 0 };
  SottoConversationList *list;
  g_autoptr (SottoConversation) branch = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  set_up (&f);
  list = sotto_app_get_conversations (f.app);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  send (f.conversation, "When does the ferry leave?");
  sotto_conversation_list_branch_async (list, f.conversation, harness_message (f.conversation, 0), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  branch = sotto_conversation_list_branch_finish (list, result, NULL);
  sotto_conversation_load (branch);
  harness_wait_for (harness_is_loaded, branch, 20);
  g_assert_cmpuint (sotto_conversation_get_n_folders (branch), ==, 1);
  g_assert_true (has_source (harness_message (branch, 0), "07:40"));
  g_clear_object (&branch);
  tear_down (&f);
}

/* However full it is, what was typed is never lost: closing in the midst of finding. */
static void
test_closed (void)
{
  Fixture f = { 0 };
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) closed = NULL;

  set_up (&f);
  sotto_conversation_set_asks_folder (f.conversation, f.folder, TRUE);
  sotto_conversation_send_async (f.conversation, "When does the ferry leave?", NULL, harness_on_ready, &sent);
  sotto_app_close_async (f.app, harness_on_ready, &closed);
  harness_wait_for (harness_has_result, &closed, 20);
  harness_wait_for (harness_has_result, &sent, 20);
  g_assert_true (sotto_conversation_send_finish (f.conversation, sent, NULL));
  g_clear_object (&f.folder);
  g_clear_object (&f.app);

  f.app = harness_open ();
  f.conversation = harness_get_first (f.app);
  g_assert_cmpstr (sotto_message_get_text (harness_message (f.conversation, 0)), ==, "When does the ferry leave?");
  harness_close (f.app);
  harness_remove_folder (f.path);
  g_free (f.path);
}

/* With a model: a reply has the sources of its prompt, and so has the next one in its place. */
static void
test_replied (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 24);
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoConversation *conversation;
  SottoMessage *reply;
  g_autofree char *first = NULL;
  guint used;

  if (app == NULL)
    return;
  path = create_documents ();
  folder = harness_add_folder (app, path);
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  sotto_conversation_set_asks_folder (conversation, folder, TRUE);
  send (conversation, "When does the ferry leave?");
  g_assert_cmpuint (count_items (conversation), ==, 2);
  reply = get_last (conversation);
  g_assert_cmpint (sotto_message_get_role (reply), ==, SOTTO_ROLE_ASSISTANT);
  g_assert_cmpuint (sotto_message_get_n_sources (reply), ==, sotto_message_get_n_sources (harness_message (conversation, 0)));
  g_assert_true (has_source (reply, "07:40"));
  /* They are in the context. */
  used = sotto_conversation_get_context_used (conversation);
  g_assert_cmpuint (used, >, strlen (FERRY) / 6 + 40);

  first = g_strdup (sotto_message_get_text (reply));
  sotto_conversation_regenerate (conversation, reply);
  harness_wait_idle (conversation);
  reply = get_last (conversation);
  g_assert_cmpuint (sotto_message_get_n_versions (reply), ==, 2);
  g_assert_true (has_source (reply, "07:40"));
  g_assert_cmpstr (sotto_message_get_text (reply), ==, first);
  g_assert_cmpuint (sotto_conversation_get_context_used (conversation), ==, used);

  /* A longer conversation keeps working, up to the context's end. */
  for (guint i = 0; i < 4; i++)
    {
      send (conversation, i % 2 == 0 ? "How long do rye loaves stay in the oven?" : "Who may go near the puffins in August?");
      g_assert_cmpuint (sotto_conversation_get_context_used (conversation), <=, 1024);
    }

  harness_close (app);
  app = harness_open ();
  conversation = harness_get_first (app);
  g_assert_true (has_source (harness_message (conversation, 1), "07:40"));
  harness_close (app);
  harness_remove_folder (path);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/conversation-folders/asks", test_asks);
  g_test_add_func ("/conversation-folders/titles", test_titles);
  g_test_add_func ("/conversation-folders/prompt", test_prompt);
  g_test_add_func ("/conversation-folders/kept", test_kept);
  g_test_add_func ("/conversation-folders/removed", test_removed);
  g_test_add_func ("/conversation-folders/follow-up", test_follow_up);
  g_test_add_func ("/conversation-folders/edited", test_edited);
  g_test_add_func ("/conversation-folders/temporary", test_temporary);
  g_test_add_func ("/conversation-folders/branched", test_branched);
  g_test_add_func ("/conversation-folders/closed", test_closed);
  g_test_add_func ("/conversation-folders/replied", test_replied);

  return g_test_run ();
}
