#include "harness.h"
#include "harness-folders.h"

#include <glib/gstdio.h>
#include <string.h>

/* Groups of conversations where there is no model: the order of what is shown, what a new conversation begins with, undo, export and
 * import, and all of it after a restart. */

static SottoConversationList *
get_list (SottoApp *app)
{
  return sotto_app_get_conversations (app);
}

static SottoGroupList *
get_groups (SottoApp *app)
{
  return sotto_conversation_list_get_groups (get_list (app));
}

static SottoConversation *
begin_in (SottoApp *app, SottoGroup *group, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create_in (get_list (app), group);

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  return conversation;
}

static SottoGroup *
find_group (SottoApp *app, const char *name)
{
  for (guint i = 0; i < harness_length (get_groups (app)); i++)
    {
      g_autoptr (SottoGroup) group = g_list_model_get_item (G_LIST_MODEL (get_groups (app)), i);

      if (g_str_equal (sotto_group_get_name (group), name))
        return group;
    }
  return NULL;
}

static SottoConversation *
find (SottoApp *app, const char *title)
{
  for (guint i = 0; i < harness_length (get_list (app)); i++)
    {
      g_autoptr (SottoConversation) conversation = g_list_model_get_item (G_LIST_MODEL (get_list (app)), i);

      if (g_str_equal (sotto_conversation_get_title (conversation), title))
        return conversation;
    }
  return NULL;
}

/* A view of the outline, as it has been told of its changes */
typedef struct {
  GPtrArray *rows;
  guint n_changes;
} View;

static void
on_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  View *view = user_data;

  if (removed > 0)
    g_ptr_array_remove_range (view->rows, position, removed);
  for (guint i = position; i < position + added; i++)
    g_ptr_array_insert (view->rows, (int) i, g_list_model_get_item (model, i));
  view->n_changes++;
}

static View *
view_new (SottoApp *app)
{
  View *view = g_new0 (View, 1);
  GListModel *outline = G_LIST_MODEL (sotto_conversation_list_get_outline (get_list (app)));

  view->rows = g_ptr_array_new_with_free_func (g_object_unref);
  on_changed (outline, 0, 0, g_list_model_get_n_items (outline), view);
  g_signal_connect (outline, "items-changed", G_CALLBACK (on_changed), view);
  return view;
}

static void
view_free (SottoApp *app, View *view)
{
  g_signal_handlers_disconnect_by_data (sotto_conversation_list_get_outline (get_list (app)), view);
  g_ptr_array_unref (view->rows);
  g_free (view);
}

/* What stands in the outline, line by line: a heading in brackets where one begins, a group with its number, its conversations with a
 * blank before them. A view that only follows its changes has to have the same. */
static void
assert_outline (SottoApp *app, View *view, const char *expected)
{
  GListModel *outline = G_LIST_MODEL (sotto_conversation_list_get_outline (get_list (app)));
  g_autoptr (GString) found = g_string_new (NULL);
  const char *heading = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (outline); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (outline, i);

      if (heading == NULL || !g_str_equal (heading, sotto_outline_get_heading (item)))
        g_string_append_printf (found, "[%s]\n", sotto_outline_get_heading (item));
      heading = sotto_outline_get_heading (item);
      if (SOTTO_IS_GROUP (item))
        g_string_append_printf (found, "%s %u\n", sotto_group_get_name (SOTTO_GROUP (item)),
                                sotto_group_get_n_conversations (SOTTO_GROUP (item)));
      else
        g_string_append_printf (found, "%s%s\n",
                                sotto_outline_get_section (item) == SOTTO_DATE_GROUP_GROUPED ? " " : "",
                                sotto_conversation_get_title (SOTTO_CONVERSATION (item)));
      if (view != NULL)
        g_assert_true (i < view->rows->len && item == g_ptr_array_index (view->rows, i));
    }
  g_assert_cmpstr (found->str, ==, expected);
  if (view != NULL)
    g_assert_cmpuint (view->rows->len, ==, g_list_model_get_n_items (outline));
}

static void
test_order (void)
{
  SottoApp *app = harness_open ();
  View *view = view_new (app);
  SottoGroup *work;
  SottoGroup *garden;
  SottoConversation *rain;

  begin_in (app, NULL, "Plain");
  assert_outline (app, view, "[Today]\nPlain\n");
  g_assert_null (sotto_group_list_create (get_groups (app), "  \n"));
  work = sotto_group_list_create (get_groups (app), "  Work\n");
  g_assert_cmpstr (sotto_group_get_name (work), ==, "Work");
  assert_outline (app, view, "[Groups]\nWork 0\n[Today]\nPlain\n");

  garden = sotto_group_list_create (get_groups (app), "Garden");
  begin_in (app, work, "Taxes");
  rain = begin_in (app, garden, "Rain");
  begin_in (app, garden, "Roses");
  assert_outline (app, view, "[Groups]\nGarden 2\n Roses\n Rain\nWork 1\n Taxes\n[Today]\nPlain\n");
  harness_send (rain, "More of it?");
  harness_wait_idle (rain);
  assert_outline (app, view, "[Groups]\nGarden 2\n Rain\n Roses\nWork 1\n Taxes\n[Today]\nPlain\n");

  /* What is pinned stands above, and is in its group, but does not count. */
  sotto_conversation_set_pinned (rain, TRUE);
  assert_outline (app, view, "[Pinned]\nRain\n[Groups]\nGarden 1\n Roses\nWork 1\n Taxes\n[Today]\nPlain\n");
  sotto_group_set_open (garden, FALSE);
  sotto_conversation_set_pinned (rain, FALSE);
  assert_outline (app, view, "[Groups]\nGarden 2\nWork 1\n Taxes\n[Today]\nPlain\n");
  sotto_group_set_name (garden, "Yard");
  sotto_group_set_name (garden, "   ");
  assert_outline (app, view, "[Groups]\nWork 1\n Taxes\nYard 2\n[Today]\nPlain\n");

  sotto_conversation_set_group (find (app, "Taxes"), NULL);
  sotto_conversation_set_group (find (app, "Plain"), garden);
  assert_outline (app, view, "[Groups]\nWork 0\nYard 3\n[Today]\nTaxes\n");
  sotto_conversation_list_delete (get_list (app), rain);
  assert_outline (app, view, "[Groups]\nWork 0\nYard 2\n[Today]\nTaxes\n");
  sotto_conversation_list_undo_delete (get_list (app), rain);

  /* Nothing of it is told twice. */
  view->n_changes = 0;
  sotto_group_set_open (garden, TRUE);
  g_assert_cmpuint (view->n_changes, ==, 1);
  view_free (app, view);
  harness_close (app);

  app = harness_open ();
  assert_outline (app, NULL, "[Groups]\nWork 0\nYard 3\n Rain\n Roses\n Plain\n[Today]\nTaxes\n");
  sotto_group_set_open (find_group (app, "Yard"), FALSE);
  harness_close (app);

  app = harness_open ();
  assert_outline (app, NULL, "[Groups]\nWork 0\nYard 3\n[Today]\nTaxes\n");
  harness_close (app);
}

/* What stays at its place under another heading has changed. */
static void
test_same_place (void)
{
  SottoApp *app = harness_open ();
  SottoGroup *work = sotto_group_list_create (get_groups (app), "Work");
  SottoConversation *taxes = begin_in (app, work, "Taxes");
  View *view = view_new (app);

  view->n_changes = 0;
  sotto_conversation_set_group (taxes, NULL);
  assert_outline (app, view, "[Groups]\nWork 0\n[Today]\nTaxes\n");
  g_assert_cmpuint (view->n_changes, ==, 1);
  sotto_conversation_set_group (taxes, work);
  assert_outline (app, view, "[Groups]\nWork 1\n Taxes\n");
  g_assert_cmpuint (view->n_changes, ==, 2);
  view_free (app, view);
  harness_close (app);
}

/* Only the group that a temporary one is moved into, when it is kept */
static void
test_temporary (void)
{
  SottoApp *app = harness_open ();
  SottoGroup *work = sotto_group_list_create (get_groups (app), "Work");
  SottoConversation *conversation = sotto_conversation_list_create_temporary (get_list (app));

  sotto_conversation_set_group (conversation, work);
  g_assert_null (sotto_conversation_get_group (conversation));
  harness_send (conversation, "Not kept");
  harness_wait_idle (conversation);
  sotto_conversation_set_group (conversation, work);
  assert_outline (app, NULL, "[Temporary]\nNot kept\n[Groups]\nWork 0\n");
  harness_close (app);
}

static void
test_new_in_group (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("contracts");
  SottoDocumentFolder *folder = harness_add_folder (app, path);
  SottoGroup *work = sotto_group_list_create (get_groups (app), "Work");
  SottoGroup *home = sotto_group_list_create (get_groups (app), "Home");
  SottoConversation *conversation;

  sotto_app_set_instructions (app, "Be kind.");
  sotto_group_set_instructions (work, "Be brief.");
  sotto_group_set_asks_folder (work, folder, TRUE);

  conversation = sotto_conversation_list_create_in (get_list (app), work);
  g_assert_cmpstr (sotto_conversation_get_name (conversation), ==, "New Chat in “Work”");
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  g_assert_true (sotto_conversation_asks_folder (conversation, folder));
  sotto_conversation_set_draft (conversation, "Half a tho");

  /* Another group, and none: the draft stays, what the group gave goes. */
  g_assert_true (sotto_conversation_list_create_in (get_list (app), home) == conversation);
  g_assert_true (sotto_conversation_get_group (conversation) == home);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be kind.");
  g_assert_false (sotto_conversation_asks_folder (conversation, folder));
  sotto_conversation_list_create_in (get_list (app), NULL);
  g_assert_null (sotto_conversation_get_group (conversation));
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "Half a tho");

  /* What a person has written there meanwhile stays. */
  sotto_conversation_list_create_in (get_list (app), work);
  sotto_conversation_set_instructions (conversation, "Be brief, and rhyme.");
  sotto_conversation_list_create_in (get_list (app), NULL);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief, and rhyme.");
  sotto_conversation_list_create_in (get_list (app), work);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  harness_close (app);

  /* It is still a new one in that group after a restart, and goes on the same when the group has changed. */
  app = harness_open ();
  folder = NULL;
  work = find_group (app, "Work");
  conversation = sotto_conversation_list_create (get_list (app));
  harness_run (0.3);
  g_assert_true (sotto_conversation_get_group (conversation) == work);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "Half a tho");
  g_assert_cmpuint (sotto_conversation_get_n_folders (conversation), ==, 1);
  harness_send (conversation, "Whole thought");
  harness_wait_idle (conversation);
  sotto_group_set_instructions (work, "Be long.");
  assert_outline (app, NULL, "[Groups]\nHome 0\nWork 1\n Whole thought\n");
  conversation = sotto_conversation_list_create (get_list (app));
  harness_run (0.3);
  g_assert_null (sotto_conversation_get_group (conversation));
  harness_close (app);

  app = harness_open ();
  assert_outline (app, NULL, "[Groups]\nHome 0\nWork 1\n Whole thought\n");
  conversation = find (app, "Whole thought");
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  g_assert_cmpuint (sotto_conversation_get_n_folders (conversation), ==, 1);
  g_assert_cmpstr (sotto_group_get_instructions (find_group (app, "Work")), ==, "Be long.");
  harness_close (app);
  harness_remove_folder (path);
}

static void
test_delete (void)
{
  SottoApp *app = harness_open ();
  View *view = view_new (app);
  SottoGroup *work = sotto_group_list_create (get_groups (app), "Work");
  SottoGroup *home = sotto_group_list_create (get_groups (app), "Home");
  SottoConversation *fresh;

  begin_in (app, work, "First");
  begin_in (app, work, "Second");
  begin_in (app, NULL, "Third");
  sotto_conversation_set_pinned (find (app, "First"), TRUE);
  sotto_group_set_instructions (work, "Be brief.");
  fresh = sotto_conversation_list_create_in (get_list (app), work);
  sotto_conversation_list_delete_group (get_list (app), work, FALSE);
  assert_outline (app, view, "[Pinned]\nFirst\n[Groups]\nHome 0\n[Today]\nThird\nSecond\n");
  g_assert_null (sotto_conversation_get_group (fresh));
  sotto_conversation_set_group (find (app, "First"), home);
  sotto_conversation_list_undo_delete_group (get_list (app), work);
  assert_outline (app, view, "[Pinned]\nFirst\n[Groups]\nHome 0\nWork 1\n Second\n[Today]\nThird\n");
  g_assert_true (sotto_conversation_get_group (fresh) == work);
  g_assert_cmpstr (sotto_group_get_instructions (work), ==, "Be brief.");

  sotto_conversation_set_group (find (app, "First"), work);
  sotto_conversation_list_delete_group (get_list (app), work, TRUE);
  assert_outline (app, view, "[Groups]\nHome 0\n[Today]\nThird\n");
  sotto_conversation_list_undo_delete_group (get_list (app), work);
  assert_outline (app, view, "[Pinned]\nFirst\n[Groups]\nHome 0\nWork 1\n Second\n[Today]\nThird\n");
  view_free (app, view);
  harness_close (app);

  app = harness_open ();
  assert_outline (app, NULL, "[Pinned]\nFirst\n[Groups]\nHome 0\nWork 1\n Second\n[Today]\nThird\n");
  sotto_conversation_list_delete_group (get_list (app), find_group (app, "Work"), TRUE);
  sotto_conversation_list_delete_group (get_list (app), find_group (app, "Home"), FALSE);
  harness_close (app);

  /* Closed without a word: gone for good. */
  app = harness_open ();
  assert_outline (app, NULL, "[Today]\nThird\n");
  harness_close (app);
}

/* One that is purged does not take another one with it that may still come back. */
static void
test_purge (void)
{
  SottoApp *app = harness_open ();
  SottoGroup *work = sotto_group_list_create (get_groups (app), "Work");
  g_autoptr (SottoGroup) home = g_object_ref (sotto_group_list_create (get_groups (app), "Home"));

  begin_in (app, work, "First");
  begin_in (app, home, "Second");
  sotto_conversation_list_delete_group (get_list (app), work, FALSE);
  sotto_conversation_list_delete_group (get_list (app), home, TRUE);
  sotto_conversation_list_purge_group (get_list (app), home);
  harness_run (0.2);
  sotto_conversation_list_undo_delete_group (get_list (app), home);
  sotto_conversation_list_undo_delete_group (get_list (app), work);
  assert_outline (app, NULL, "[Groups]\nWork 1\n First\n");
  harness_close (app);

  app = harness_open ();
  assert_outline (app, NULL, "[Groups]\nWork 1\n First\n");
  harness_close (app);
}

static void
run_transfer (SottoTransfer *transfer)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_true (sotto_transfer_run_finish (transfer, result, &error));
  g_assert_no_error (error);
}

static void
test_transfer (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "all.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoTransfer) out = NULL;
  g_autoptr (SottoTransfer) in = NULL;
  g_autofree char *text = NULL;

  begin_in (app, sotto_group_list_create (get_groups (app), "Work"), "Taxes");
  begin_in (app, sotto_group_list_create (get_groups (app), "Garden"), "Roses");
  begin_in (app, NULL, "Plain");
  out = sotto_transfer_new_export (get_list (app), NULL, SOTTO_EXPORT_ARCHIVE, file);
  run_transfer (out);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "\"group\": \"Garden\""));

  /* Work is there under its name, Garden is not. */
  sotto_conversation_list_delete_group (get_list (app), find_group (app, "Garden"), TRUE);
  sotto_conversation_list_delete (get_list (app), find (app, "Taxes"));
  harness_close (app);
  app = harness_open ();
  assert_outline (app, NULL, "[Groups]\nWork 0\n[Today]\nPlain\n");
  in = sotto_transfer_new_import (get_list (app), file);
  run_transfer (in);
  assert_outline (app, NULL, "[Groups]\nGarden 1\n Roses\nWork 1\n Taxes\n[Today]\nPlain\n");
  sotto_transfer_undo (in);
  assert_outline (app, NULL, "[Groups]\nWork 0\n[Today]\nPlain\n");
  harness_close (app);

  app = harness_open ();
  assert_outline (app, NULL, "[Groups]\nWork 0\n[Today]\nPlain\n");
  harness_close (app);
  g_unlink (path);
}

/* Nothing of it is in the list while it is locked, and all of it is there again. */
static void
test_lock (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (GAsyncResult) result = NULL;

  begin_in (app, sotto_group_list_create (get_groups (app), "Work"), "Taxes");
  sotto_app_lock_async (app, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_true (sotto_app_lock_finish (app, result));
  g_assert_cmpuint (harness_length (get_groups (app)), ==, 0);
  assert_outline (app, NULL, "");
  g_assert_null (sotto_group_list_create (get_groups (app), "Home"));
  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  assert_outline (app, NULL, "[Groups]\nWork 1\n Taxes\n");
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/groups/order", test_order);
  g_test_add_func ("/app/groups/same-place", test_same_place);
  g_test_add_func ("/app/groups/temporary", test_temporary);
  g_test_add_func ("/app/groups/new-in-group", test_new_in_group);
  g_test_add_func ("/app/groups/delete", test_delete);
  g_test_add_func ("/app/groups/purge", test_purge);
  g_test_add_func ("/app/groups/transfer", test_transfer);
  g_test_add_func ("/app/groups/lock", test_lock);
  return g_test_run ();
}
