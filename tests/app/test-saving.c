#include "harness-folders.h"

#include <glib/gstdio.h>

#include "harness-room.h"

#include "conversation/attachment-private.h"
#include "conversation/conversation-list-private.h"
#include "conversation/conversation-private.h"

/* What could not be saved, for want of room: it is said, and saved once there is room, by itself and with the end. There is no model. */

static SottoConversation *
begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  sotto_conversation_dismiss_problem (conversation); /* that there is no model */
  return conversation;
}

/* What is chosen can be saved, but nothing as long as LONG_MESSAGE bytes. */
#define LONG_MESSAGE (8 << 20)

static void
set_little_room (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint64 largest = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      if (S_ISREG (info.st_mode))
        largest = MAX (largest, (guint64) info.st_size);
    }
  g_assert_cmpuint (largest, <, LONG_MESSAGE / 2);
  harness_set_largest_file (largest + (1 << 18));
}

static gboolean
has_problem (gpointer conversation)
{
  return sotto_conversation_get_problem (conversation) != NULL;
}

static gboolean
has_no_problem (gpointer conversation)
{
  return !has_problem (conversation);
}

static gboolean
is_saved (gpointer conversation)
{
  return has_no_problem (conversation) && !sotto_conversation_is_unsaved (conversation);
}

static gboolean
has_no_saving (gpointer data)
{
  SottoConversation *conversation = data;

  return conversation->n_saving == 0;
}

static gboolean
has_no_unkept (gpointer data)
{
  SottoConversation *conversation = data;

  return g_hash_table_size (conversation->services->unkept) == 0;
}

static gboolean
has_tools (gpointer conversation)
{
  return *sotto_conversation_get_tools (conversation) != NULL;
}

static gboolean
has_read_attachments (gpointer data)
{
  SottoConversation *conversation = data;

  return conversation->has_read_attachments;
}

static SottoApp *
reopen (SottoApp *app, SottoConversation **fresh)
{
  harness_close (app);
  app = harness_open ();
  *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  return app;
}

/* What could not be saved is once there is room: by itself, and with the end. */
static void
test_draft (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GAsyncResult) result = NULL;

  harness_set_room (FALSE);
  g_assert_false (sotto_conversation_is_unsaved (fresh));
  sotto_conversation_set_draft (fresh, "half a thought");
  harness_wait_for (has_problem, fresh, 20);
  g_assert_true (sotto_conversation_is_unsaved (fresh));
  harness_set_room (TRUE);
  harness_wait_for (has_no_problem, fresh, 20);
  g_assert_false (sotto_conversation_is_unsaved (fresh));

  app = reopen (app, &fresh);
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "half a thought");
  harness_set_room (FALSE);
  sotto_conversation_set_draft (fresh, "a whole thought");
  harness_wait_for (has_problem, fresh, 20);
  harness_set_room (TRUE);
  app = reopen (app, &fresh);
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "a whole thought");

  /* So is what was to be sent before it was saved. */
  harness_set_room (FALSE);
  sotto_conversation_set_draft (fresh, "a message");
  sotto_conversation_send_async (fresh, "a message", NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_false (sotto_conversation_send_finish (fresh, result, NULL));
  harness_set_room (TRUE);
  app = reopen (app, &fresh);
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "a message");
  harness_close (app);
}

/* To try again is to save again, and nothing else. */
static void
test_retry (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Roses");

  harness_set_room (FALSE);
  sotto_conversation_set_draft (conversation, "and carnations");
  harness_wait_for (has_problem, conversation, 20);
  sotto_conversation_retry_problem (conversation);
  g_assert_false (sotto_conversation_is_busy (conversation));
  harness_set_room (TRUE);
  sotto_conversation_retry_problem (conversation);
  harness_wait_for (is_saved, conversation, 20);
  g_assert_cmpuint (harness_length (conversation), ==, 1);
  harness_close (app);
}

/* So are instructions and the form of answers, of a conversation and of one that is not begun. */
static void
test_instructions (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Roses");
  SottoConversation *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));

  for (guint i = 0; i < 2; i++)
    {
      SottoConversation *each = i == 0 ? conversation : fresh;

      harness_set_room (FALSE);
      sotto_conversation_set_instructions (each, "Be brief.");
      harness_wait_for (has_problem, each, 20);
      harness_set_room (TRUE);
      harness_wait_for (has_no_problem, each, 20);
    }
  harness_set_room (FALSE);
  sotto_answer_form_set_format (sotto_conversation_get_answer_form (conversation), SOTTO_ANSWER_FORMAT_JSON);
  harness_wait_for (has_problem, conversation, 20);
  harness_set_room (TRUE);

  app = reopen (app, &fresh);
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 0)), ==, "Roses");
  g_assert_cmpint (sotto_answer_form_get_format (sotto_conversation_get_answer_form (conversation)), ==, SOTTO_ANSWER_FORMAT_JSON);
  g_assert_cmpstr (sotto_conversation_get_instructions (fresh), ==, "Be brief.");
  harness_close (app);
}


/* --- What is chosen --- */

typedef struct {
  SottoApp *app;
  char *path;
  SottoDocumentFolder *folder;
} Fixture;

static const SottoTool *
get_tool (void)
{
  return sotto_tools_lookup ("calculate");
}

static void
set_up (Fixture *self)
{
  self->app = harness_open ();
  self->path = harness_create_folder ("island");
  harness_write (self->path, "ferries.md", "The ferry leaves on Tuesdays.");
  self->folder = g_object_ref (harness_add_folder (self->app, self->path));
}

static void
tear_down (Fixture *self)
{
  harness_forget_folder (self->app, self->folder);
  g_clear_object (&self->folder);
  harness_close (self->app);
  harness_remove_folder (self->path);
  g_free (self->path);
}

static SottoGroup *
create_group (SottoApp *app, const char *name)
{
  return sotto_group_list_create (sotto_conversation_list_get_groups (sotto_app_get_conversations (app)), name);
}

static void
choose (Fixture *self, SottoConversation *conversation, SottoGroup *group)
{
  sotto_conversation_set_asks_folder (conversation, self->folder, TRUE);
  sotto_conversation_set_uses_tool (conversation, get_tool (), TRUE);
  sotto_conversation_set_group (conversation, group);
}

/* Settings are read a little later than the conversation is there. */
static gboolean
has_choices (gpointer data)
{
  SottoConversation *conversation = data;

  return sotto_conversation_get_folders (conversation)[0] != NULL && sotto_conversation_get_group (conversation) != NULL
         && sotto_conversation_uses_tool (conversation, get_tool ())
         && sotto_answer_form_get_format (sotto_conversation_get_answer_form (conversation)) == SOTTO_ANSWER_FORMAT_JSON;
}

/* Of a conversation that is not begun: chosen without room, saved with it, by itself or with the end. */
static void
test_choices (gconstpointer waits)
{
  Fixture self;
  SottoConversation *fresh;
  SottoGroup *group;

  set_up (&self);
  group = create_group (self.app, "Islands");
  g_assert_nonnull (group);
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (self.app));
  harness_set_room (FALSE);
  choose (&self, fresh, group);
  sotto_answer_form_set_format (sotto_conversation_get_answer_form (fresh), SOTTO_ANSWER_FORMAT_JSON);
  harness_wait_for (has_problem, fresh, 20);
  g_assert_true (sotto_conversation_is_unsaved (fresh));
  harness_set_room (TRUE);
  if (GPOINTER_TO_INT (waits))
    {
      harness_wait_for (is_saved, fresh, 20);
      harness_wait_for (has_no_unkept, fresh, 20);
    }

  self.app = reopen (self.app, &fresh);
  harness_wait_for (has_choices, fresh, 20);
  g_assert_cmpstr (sotto_conversation_get_folders (fresh)[0], ==, sotto_document_folder_get_id (self.folder));
  g_assert_cmpstr (sotto_group_get_name (sotto_conversation_get_group (fresh)), ==, "Islands");
  tear_down (&self);
}

/* Of one that is in the history */
static void
test_choices_of_begun (void)
{
  Fixture self;
  SottoConversation *conversation, *fresh;
  g_autofree char *id = NULL;
  SottoGroup *group;

  set_up (&self);
  group = create_group (self.app, "Coasts");
  conversation = begin (self.app, "Roses");
  id = g_strdup (sotto_conversation_get_id (conversation));
  harness_set_room (FALSE);
  choose (&self, conversation, group);
  sotto_conversation_set_title (conversation, "Gardens");
  sotto_conversation_set_pinned (conversation, TRUE);
  harness_wait_for (has_problem, conversation, 20);
  g_assert_true (sotto_conversation_is_unsaved (conversation));
  harness_set_room (TRUE);
  harness_wait_for (is_saved, conversation, 20);

  self.app = reopen (self.app, &fresh);
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (self.app), id);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Gardens");
  g_assert_true (sotto_conversation_is_pinned (conversation));
  g_assert_cmpstr (sotto_group_get_name (sotto_conversation_get_group (conversation)), ==, "Coasts");
  g_assert_cmpstr (sotto_conversation_get_folders (conversation)[0], ==, sotto_document_folder_get_id (self.folder));
  g_assert_true (sotto_conversation_uses_tool (conversation, get_tool ()));
  tear_down (&self);
}

/* What was chosen elsewhere in the meantime is the later word. */
static void
test_later_choice (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Tulips");
  SottoConversation *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  const SottoTool *other = sotto_tools_lookup ("current_time");

  harness_set_room (FALSE);
  sotto_conversation_set_uses_tool (conversation, other, !sotto_conversation_uses_tool (conversation, other));
  harness_wait_for (has_problem, conversation, 20);
  harness_set_room (TRUE);
  sotto_conversation_set_uses_tool (fresh, get_tool (), FALSE);
  sotto_conversation_set_uses_tool (fresh, other, FALSE);
  sotto_conversation_set_uses_tool (fresh, get_tool (), TRUE);
  harness_wait_for (is_saved, conversation, 20);

  app = reopen (app, &fresh);
  harness_wait_for (has_tools, fresh, 20);
  g_assert_true (sotto_conversation_uses_tool (fresh, get_tool ()));
  g_assert_false (sotto_conversation_uses_tool (fresh, other));
  harness_close (app);
}

/* While a later choice is on its way, what could not be saved of an earlier one does not count any more: who is left at that very moment
 * writes the later one. The earlier one's result comes in a main context of its own, so that it comes when it is asked for. */
static void
test_choice_on_its_way (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Daisies");
  SottoConversation *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GMainContext) context = g_main_context_new ();
  const SottoTool *other = sotto_tools_lookup ("current_time");

  sotto_conversation_set_uses_tool (conversation, get_tool (), FALSE);
  sotto_conversation_set_uses_tool (fresh, other, FALSE);
  harness_wait_for (is_saved, conversation, 20);
  harness_wait_for (is_saved, fresh, 20);
  harness_set_room (FALSE);
  g_main_context_push_thread_default (context);
  sotto_conversation_keep_setting (conversation, "tools", "current_time");
  g_main_context_pop_thread_default (context);
  harness_flush (app);
  harness_set_room (TRUE);
  sotto_conversation_keep_setting (fresh, "tools", "calculate");
  while (!has_problem (conversation))
    g_main_context_iteration (context, TRUE);
  sotto_conversation_flush_draft (conversation);
  harness_wait_for (is_saved, conversation, 20);
  harness_wait_for (is_saved, fresh, 20);

  app = reopen (app, &fresh);
  harness_wait_for (has_tools, fresh, 20);
  g_assert_true (sotto_conversation_uses_tool (fresh, get_tool ()));
  g_assert_false (sotto_conversation_uses_tool (fresh, other));
  harness_close (app);
}

/* A first message that has no room leaves them to the conversation that is not begun. */
static void
test_choices_of_unsent (void)
{
  g_autofree char *text = g_strnfill (LONG_MESSAGE, 'x');
  g_autoptr (GAsyncResult) result = NULL;
  Fixture self;
  SottoConversation *fresh;

  set_up (&self);
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (self.app));
  choose (&self, fresh, create_group (self.app, "Bays"));
  sotto_answer_form_set_format (sotto_conversation_get_answer_form (fresh), SOTTO_ANSWER_FORMAT_JSON);
  harness_wait_for (is_saved, fresh, 20);
  set_little_room ();
  sotto_conversation_send_async (fresh, text, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_false (sotto_conversation_send_finish (fresh, result, NULL));
  harness_set_room (TRUE);

  self.app = reopen (self.app, &fresh);
  harness_wait_for (has_choices, fresh, 20);
  tear_down (&self);
}

/* --- What is deleted --- */

/* It is not there again after a restart; and what has come back is, though the history has known it as deleted. */
static void
test_deletion (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (SottoConversation) gone = g_object_ref (begin (app, "Thistles"));
  g_autoptr (SottoConversation) back = g_object_ref (begin (app, "Violets"));
  g_autofree char *id = g_strdup (sotto_conversation_get_id (back));
  SottoConversation *fresh;

  sotto_conversation_list_delete (list, back);
  harness_wait_for (has_no_saving, back, 20);
  harness_set_room (FALSE);
  sotto_conversation_list_delete (list, gone);
  sotto_conversation_list_undo_delete (list, back);
  harness_wait_for (has_problem, gone, 20);
  harness_wait_for (has_problem, back, 20);
  g_assert_true (sotto_app_cannot_save (app));
  sotto_conversation_list_purge (list, gone);
  harness_set_room (TRUE);
  /* Another one goes for good, and takes nothing along. */
  sotto_conversation_list_purge_from (list, gone->services);
  harness_wait_for (is_saved, gone, 20);
  harness_wait_for (is_saved, back, 20);
  g_clear_object (&gone);
  g_clear_object (&back);

  app = reopen (app, &fresh);
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 1);
  back = g_object_ref (sotto_conversation_list_lookup (list, id));
  sotto_conversation_load (back);
  harness_wait_for (harness_is_loaded, back, 20);
  g_assert_cmpstr (sotto_message_get_text (harness_message (back, 0)), ==, "Violets");
  g_clear_object (&back);
  harness_close (app);
}

/* --- What is attached --- */

static void
test_attachment (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Lilies"), *fresh;
  g_autoptr (SottoAttachment) attachment = sotto_attachment_new ("notes.md", NULL, g_strdup ("Water them."), 0);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  g_autoptr (SottoAttachment) kept = NULL;

  sotto_conversation_get_attachments (conversation);
  harness_wait_for (has_read_attachments, conversation, 20);
  harness_set_room (FALSE);
  g_assert_true (sotto_conversation_attach (conversation, attachment, NULL));
  harness_wait_for (has_problem, conversation, 20);
  /* What is off again by then needs no room. */
  sotto_conversation_detach (conversation, attachment);
  harness_wait_for (is_saved, conversation, 20);
  g_assert_true (sotto_conversation_attach (conversation, attachment, NULL));
  harness_wait_for (has_problem, conversation, 20);
  harness_set_room (TRUE);
  harness_wait_for (is_saved, conversation, 20);

  app = reopen (app, &fresh);
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  sotto_conversation_get_attachments (conversation);
  harness_wait_for (has_read_attachments, conversation, 20);
  g_assert_cmpuint (harness_length (sotto_conversation_get_attachments (conversation)), ==, 1);
  kept = g_list_model_get_item (sotto_conversation_get_attachments (conversation), 0);
  g_assert_cmpstr (sotto_attachment_get_name (kept), ==, "notes.md");
  harness_close (app);
}

/* What was taken off is not there again after a restart. */
static void
test_detachment (gconstpointer waits)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Lilies"), *fresh;
  g_autoptr (SottoAttachment) attachment = sotto_attachment_new ("notes.md", NULL, g_strdup ("Water them."), 0);
  g_autoptr (SottoAttachment) other = sotto_attachment_new ("more.md", NULL, g_strdup ("Often."), 0);
  g_autofree char *id = g_strdup (sotto_conversation_get_id (conversation));
  g_autoptr (SottoAttachment) kept = NULL;

  sotto_conversation_get_attachments (conversation);
  harness_wait_for (has_read_attachments, conversation, 20);
  g_assert_true (sotto_conversation_attach (conversation, attachment, NULL));
  g_assert_true (sotto_conversation_attach (conversation, other, NULL));
  harness_wait_for (is_saved, conversation, 20);
  harness_set_room (FALSE);
  sotto_conversation_detach (conversation, attachment);
  harness_wait_for (has_problem, conversation, 20);
  g_assert_true (sotto_app_cannot_save (app));
  harness_set_room (TRUE);
  if (GPOINTER_TO_INT (waits))
    harness_wait_for (is_saved, conversation, 20);

  app = reopen (app, &fresh);
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  sotto_conversation_get_attachments (conversation);
  harness_wait_for (has_read_attachments, conversation, 20);
  g_assert_cmpuint (harness_length (sotto_conversation_get_attachments (conversation)), ==, 1);
  kept = g_list_model_get_item (sotto_conversation_get_attachments (conversation), 0);
  g_assert_cmpstr (sotto_attachment_get_name (kept), ==, "more.md");
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/saving/draft", test_draft);
  g_test_add_func ("/app/saving/retry", test_retry);
  g_test_add_func ("/app/saving/instructions", test_instructions);
  g_test_add_data_func ("/app/saving/choices/by-itself", GINT_TO_POINTER (TRUE), test_choices);
  g_test_add_data_func ("/app/saving/choices/with-the-end", GINT_TO_POINTER (FALSE), test_choices);
  g_test_add_func ("/app/saving/choices/begun", test_choices_of_begun);
  g_test_add_func ("/app/saving/choices/later", test_later_choice);
  g_test_add_func ("/app/saving/choices/on-its-way", test_choice_on_its_way);
  g_test_add_func ("/app/saving/choices/unsent", test_choices_of_unsent);
  g_test_add_func ("/app/saving/deletion", test_deletion);
  g_test_add_func ("/app/saving/attachment", test_attachment);
  g_test_add_data_func ("/app/saving/detachment/by-itself", GINT_TO_POINTER (TRUE), test_detachment);
  g_test_add_data_func ("/app/saving/detachment/with-the-end", GINT_TO_POINTER (FALSE), test_detachment);
  return g_test_run ();
}
