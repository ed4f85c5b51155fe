#include "harness.h"

#include "conversation/conversation-list-private.h"
#include "conversation/conversation-private.h"
#include "conversation/group-list-private.h"
#include "harness-room.h"

/* What could not be saved, for want of room, and is no conversation's: groups, what all conversations begin with, instructions that
 * have a name. It is said, and saved once there is room, by itself and with the end, as in test-saving.c. */

static SottoApp *
reopen (SottoApp *app)
{
  harness_close (app);
  return harness_open ();
}

static SottoGroup *
create_group (SottoApp *app, const char *name)
{
  return sotto_group_list_create (sotto_conversation_list_get_groups (sotto_app_get_conversations (app)), name);
}

static gboolean
is_saved (gpointer conversation)
{
  return sotto_conversation_get_problem (conversation) == NULL && !sotto_conversation_is_unsaved (conversation);
}

static gboolean
has_app_problem (gpointer app)
{
  return sotto_app_get_problem (app) != NULL;
}

static gboolean
has_no_app_problem (gpointer app)
{
  return !has_app_problem (app);
}

static gboolean
has_group_problem (gpointer groups)
{
  return sotto_group_list_get_problem (groups) != NULL;
}

static gboolean
has_no_group_problem (gpointer groups)
{
  return !has_group_problem (groups);
}

/* What all conversations begin with, and groups */
static void
test_application (void)
{
  SottoApp *app = harness_open ();
  SottoGroupList *groups = sotto_conversation_list_get_groups (sotto_app_get_conversations (app));
  SottoGroup *group = create_group (app, "Hills");

  harness_set_room (FALSE);
  sotto_app_set_instructions (app, "Be kind.");
  sotto_group_set_name (group, "Mountains");
  harness_wait_for (has_app_problem, app, 20);
  harness_wait_for (has_group_problem, groups, 20);
  harness_set_room (TRUE);
  harness_wait_for (has_no_app_problem, app, 20);
  harness_wait_for (has_no_group_problem, groups, 20);

  app = reopen (app);
  groups = sotto_conversation_list_get_groups (sotto_app_get_conversations (app));
  g_assert_cmpstr (sotto_app_get_instructions (app), ==, "Be kind.");
  g_assert_cmpuint (harness_length (groups), ==, 1);
  group = g_list_model_get_item (G_LIST_MODEL (groups), 0);
  g_assert_cmpstr (sotto_group_get_name (group), ==, "Mountains");
  g_object_unref (group);
  harness_close (app);
}

static SottoGroup *
get_only_group (SottoApp *app)
{
  SottoGroupList *groups = sotto_conversation_list_get_groups (sotto_app_get_conversations (app));
  g_autoptr (SottoGroup) group = NULL;

  g_assert_cmpuint (harness_length (groups), ==, 1);
  group = g_list_model_get_item (G_LIST_MODEL (groups), 0);
  return group;
}

static gboolean
has_unsaved_group (gpointer groups)
{
  return sotto_group_list_is_unsaved (groups);
}

static gboolean
has_no_unsaved_group (gpointer groups)
{
  return !has_unsaved_group (groups);
}

/* A group that is deleted is not there again after a restart; and what has come back is. */
static void
test_deleted_group (gconstpointer waits)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoGroupList *groups = sotto_conversation_list_get_groups (list);
  g_autoptr (SottoGroup) gone = g_object_ref (create_group (app, "Hills"));
  g_autoptr (SottoGroup) back = g_object_ref (create_group (app, "Lakes"));

  sotto_conversation_list_delete_group (list, back, FALSE);
  harness_wait_for (has_no_unsaved_group, groups, 20);
  harness_set_room (FALSE);
  sotto_conversation_list_delete_group (list, gone, FALSE);
  sotto_conversation_list_undo_delete_group (list, back);
  harness_flush (app);
  harness_wait_for (has_group_problem, groups, 20);
  g_assert_true (sotto_app_cannot_save (app));
  sotto_conversation_list_purge_group (list, gone);
  harness_set_room (TRUE);
  /* Another one goes for good, and takes nothing along. */
  sotto_conversation_list_purge_from (list, list->services);
  if (GPOINTER_TO_INT (waits))
    {
      harness_wait_for (has_no_unsaved_group, groups, 20);
      g_assert_null (sotto_group_list_get_problem (groups));
    }

  app = reopen (app);
  g_assert_cmpstr (sotto_group_get_name (get_only_group (app)), ==, "Lakes");
  harness_close (app);
}

/* One that there was never room for can be deleted all the same, and come back with what it says. */
static void
test_unsaved_group (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoGroupList *groups = sotto_conversation_list_get_groups (list);
  SottoGroup *gone, *back;

  harness_set_room (FALSE);
  gone = create_group (app, "Dunes");
  back = create_group (app, "Cliffs");
  harness_wait_for (has_group_problem, groups, 20);
  g_object_ref (gone);
  sotto_conversation_list_delete_group (list, gone, FALSE);
  sotto_conversation_list_delete_group (list, back, FALSE);
  harness_flush (app);
  sotto_conversation_list_undo_delete_group (list, back);
  sotto_group_set_name (back, "Rocks");
  harness_flush (app);
  harness_set_room (TRUE);
  harness_wait_for (has_no_unsaved_group, groups, 20);
  g_assert_null (sotto_group_list_get_problem (groups));
  g_object_unref (gone);

  app = reopen (app);
  g_assert_cmpstr (sotto_group_get_name (get_only_group (app)), ==, "Rocks");
  harness_close (app);
}

static gboolean
has_saved_problem (gpointer saved)
{
  return sotto_saved_instructions_get_problem (saved) != NULL;
}

static gboolean
has_one (gpointer list)
{
  return g_list_model_get_n_items (list) == 1;
}

/* What is saved under a name, though the dialog is closed by the time there is room */
static void
test_saved_instructions (gconstpointer waits)
{
  SottoApp *app = harness_open ();
  SottoConversation *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  SottoSavedInstructions *saved = sotto_saved_instructions_new (app);
  g_autoptr (SottoInstructions) kept = NULL;

  harness_flush (app);
  g_assert_true (sotto_saved_instructions_add (saved, "Poet", "Answer in prose."));
  harness_wait_for (is_saved, fresh, 20);
  harness_set_room (FALSE);
  g_assert_true (sotto_saved_instructions_add (saved, "Poet", "Answer in verse."));
  harness_wait_for (has_saved_problem, saved, 20);
  g_assert_true (sotto_app_cannot_save (app));
  g_object_unref (saved);

  /* Whoever looks again before there is room sees what was said. */
  saved = sotto_saved_instructions_new (app);
  harness_wait_for (has_one, sotto_saved_instructions_get_list (saved), 20);
  kept = g_list_model_get_item (sotto_saved_instructions_get_list (saved), 0);
  g_assert_cmpstr (sotto_instructions_get_text (kept), ==, "Answer in verse.");
  g_clear_object (&kept);
  g_object_unref (saved);
  harness_set_room (TRUE);
  if (GPOINTER_TO_INT (waits))
    harness_wait_for (is_saved, fresh, 20);

  app = reopen (app);
  saved = sotto_saved_instructions_new (app);
  harness_wait_for (has_one, sotto_saved_instructions_get_list (saved), 20);
  kept = g_list_model_get_item (sotto_saved_instructions_get_list (saved), 0);
  g_assert_cmpstr (sotto_instructions_get_text (kept), ==, "Answer in verse.");
  g_object_unref (saved);
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/saving-application/instructions", test_application);
  g_test_add_data_func ("/app/saving-application/deleted-group/by-itself", GINT_TO_POINTER (TRUE), test_deleted_group);
  g_test_add_data_func ("/app/saving-application/deleted-group/with-the-end", GINT_TO_POINTER (FALSE), test_deleted_group);
  g_test_add_func ("/app/saving-application/unsaved-group", test_unsaved_group);
  g_test_add_data_func ("/app/saving-application/saved-instructions/by-itself", GINT_TO_POINTER (TRUE), test_saved_instructions);
  g_test_add_data_func ("/app/saving-application/saved-instructions/with-the-end", GINT_TO_POINTER (FALSE), test_saved_instructions);
  return g_test_run ();
}
