/* Groups of conversations: what they begin with, who is in them, and deleting them with a way back. */

#include "common.h"

#include <string.h>

static gboolean
try_put (SottoStore *store, const SottoHistoryGroup *group, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_put_group_async (store, group, NULL, test_ready, &result);
  return sotto_store_put_group_finish (store, test_wait (&result), error);
}

/* Returns: (transfer full): its id */
static char *
make_group (SottoStore *store, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *id = sotto_history_new_id ();
  const SottoHistoryGroup group = { .id = id, .name = (char *) name, .is_open = TRUE };

  g_assert_true (try_put (store, &group, &error));
  g_assert_no_error (error);
  return id;
}

static GPtrArray *
list_groups (SottoStore *store)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  sotto_store_list_groups_async (store, NULL, test_ready, &result);
  list = sotto_store_list_groups_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return list;
}

/* @names: as they stand there, with blanks between */
static void
assert_groups (SottoStore *store, const char *names)
{
  g_autoptr (GPtrArray) list = list_groups (store);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    g_string_append_printf (found, "%s%s", i > 0 ? " " : "", ((SottoHistoryGroup *) g_ptr_array_index (list, i))->name);
  g_assert_cmpstr (found->str, ==, names);
}

static gboolean
try_join (SottoStore *store, const char *conversation, const char *group, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_set_conversation_group_async (store, conversation, group, NULL, test_ready, &result);
  return sotto_store_set_conversation_group_finish (store, test_wait (&result), error);
}

static void
join (SottoStore *store, const char *conversation, const char *group)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (try_join (store, conversation, group, &error));
  g_assert_no_error (error);
}

static gboolean
try_delete (SottoStore *store, const char *group, gboolean is_deleted, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (is_deleted)
    {
      sotto_store_delete_group_async (store, group, NULL, test_ready, &result);
      return sotto_store_delete_group_finish (store, test_wait (&result), error);
    }
  sotto_store_undelete_group_async (store, group, NULL, test_ready, &result);
  return sotto_store_undelete_group_finish (store, test_wait (&result), error);
}

static void
purge (SottoStore *store, const char *kept)
{
  const char *ids[] = { kept, NULL };
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_purge_async (store, kept != NULL ? ids : NULL, NULL, test_ready, &result);
  g_assert_true (sotto_store_purge_finish (store, test_wait (&result), NULL, NULL));
}

/* @group: (nullable): id of the one that it is in; @name: that one's */
static void
assert_in (SottoStore *store, const char *id, const char *group, const char *name)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SottoHistoryConversation) conversation = NULL;

  sotto_store_get_conversation_async (store, id, NULL, test_ready, &result);
  conversation = sotto_store_get_conversation_finish (store, test_wait (&result), NULL);
  g_assert_nonnull (conversation);
  g_assert_cmpstr (conversation->group, ==, group);
  g_assert_cmpstr (conversation->group_name, ==, name);
}

static void
reopen (TestStore *f)
{
  test_close (f->store);
  f->store = test_open (f->folder);
}

static char *
add_folder (SottoStore *store, const char *uri)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_add_folder_async (store, uri, NULL, test_ready, &result);
  return sotto_store_add_folder_finish (store, test_wait (&result), NULL);
}

/* All that a group has comes back, and of its folders only what there is. */
static void
test_kept (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = add_folder (f->store, "file:///contracts");
  g_autofree char *removed = add_folder (f->store, "file:///drafts");
  g_autofree char *absent = sotto_history_new_id ();
  g_autofree char *id = sotto_history_new_id ();
  const char *folders[] = { removed, folder, absent, NULL };
  SottoHistoryGroup group = { .id = id, .name = (char *) "Work \xff", .instructions = (char *) "Be brief.",
                              .folders = (char **) folders, .is_open = FALSE };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) after = NULL;
  const SottoHistoryGroup *kept;

  g_assert_true (try_put (f->store, &group, NULL));
  before = list_groups (f->store);
  g_assert_cmpuint (before->len, ==, 1);
  kept = g_ptr_array_index (before, 0);
  g_assert_cmpstr (kept->name, ==, "Work \xef\xbf\xbd");
  g_assert_cmpuint (g_strv_length (kept->folders), ==, 2);
  g_assert_cmpstr (kept->folders[0], ==, removed);

  sotto_store_remove_folder_async (f->store, removed, NULL, test_ready, &result);
  g_assert_true (sotto_store_remove_folder_finish (f->store, test_wait (&result), NULL));
  g_clear_object (&result);
  reopen (f);
  after = list_groups (f->store);
  g_assert_cmpuint (after->len, ==, 1);
  kept = g_ptr_array_index (after, 0);
  g_assert_cmpstr (kept->id, ==, id);
  g_assert_cmpstr (kept->instructions, ==, "Be brief.");
  g_assert_false (kept->is_open);
  g_assert_cmpint (kept->created, >, 0);
  g_assert_cmpuint (g_strv_length (kept->folders), ==, 1);
  g_assert_cmpstr (kept->folders[0], ==, folder);

  group.name = (char *) "Home";
  group.instructions = NULL;
  group.folders = NULL;
  group.is_open = TRUE;
  g_assert_true (try_put (f->store, &group, NULL));
  g_clear_pointer (&after, g_ptr_array_unref);
  after = list_groups (f->store);
  g_assert_cmpuint (after->len, ==, 1);
  kept = g_ptr_array_index (after, 0);
  g_assert_cmpstr (kept->name, ==, "Home");
  g_assert_cmpstr (kept->instructions, ==, "");
  g_assert_true (kept->is_open);
  g_assert_cmpuint (g_strv_length (kept->folders), ==, 0);
}

static void
test_members (TestStore *f, gconstpointer data)
{
  g_autofree char *work = make_group (f->store, "Work");
  g_autofree char *home = make_group (f->store, "Home");
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autofree char *other = test_add_conversation (f->store, "Other");

  assert_in (f->store, one, NULL, NULL);
  join (f->store, one, work);
  join (f->store, other, work);
  join (f->store, other, home);
  reopen (f);
  assert_groups (f->store, "Work Home");
  assert_in (f->store, one, work, "Work");
  assert_in (f->store, other, home, "Home");
  join (f->store, one, NULL);
  assert_in (f->store, one, NULL, NULL);
}

/* A group that comes back finds who was in it, but not who has gone elsewhere meanwhile. */
static void
test_deleted (TestStore *f, gconstpointer data)
{
  g_autofree char *work = make_group (f->store, "Work");
  g_autofree char *home = make_group (f->store, "Home");
  g_autofree char *one = test_add_conversation (f->store, "One");
  g_autofree char *other = test_add_conversation (f->store, "Other");
  g_autoptr (GError) error = NULL;

  join (f->store, one, work);
  join (f->store, other, work);
  g_assert_true (try_delete (f->store, work, TRUE, NULL));
  assert_groups (f->store, "Home");
  assert_in (f->store, one, NULL, NULL);
  join (f->store, other, home);
  g_assert_true (try_delete (f->store, work, FALSE, NULL));
  assert_groups (f->store, "Work Home");
  assert_in (f->store, one, work, "Work");
  assert_in (f->store, other, home, "Home");

  g_assert_true (try_delete (f->store, work, TRUE, NULL));
  purge (f->store, work);
  g_assert_true (try_delete (f->store, work, FALSE, NULL));
  g_assert_true (try_delete (f->store, work, TRUE, NULL));
  purge (f->store, NULL);
  g_assert_false (try_delete (f->store, work, FALSE, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  assert_in (f->store, one, NULL, NULL);
  reopen (f);
  assert_groups (f->store, "Home");
}

static void
test_refused (TestStore *f, gconstpointer data)
{
  g_autofree char *id = sotto_history_new_id ();
  g_autofree char *absent = sotto_history_new_id ();
  g_autofree char *work = make_group (f->store, "Work");
  g_autofree char *one = test_add_conversation (f->store, "One");
  const SottoHistoryGroup nameless = { .id = id, .name = (char *) "" };
  const SottoHistoryGroup strange = { .id = (char *) "work", .name = (char *) "Work" };
  g_autoptr (GError) error = NULL;

  g_assert_false (try_put (f->store, &nameless, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (try_put (f->store, &strange, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  join (f->store, one, work);
  g_assert_false (try_join (f->store, one, absent, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (try_join (f->store, absent, work, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (try_delete (f->store, absent, TRUE, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  assert_groups (f->store, "Work");
  assert_in (f->store, one, work, "Work");
}

static char *
add_tree (SottoStore *store, const char *group_name)
{
  g_autoptr (GPtrArray) trees = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_tree_free);
  SottoHistoryTree *tree = sotto_history_tree_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) additions = NULL;
  g_autoptr (GError) error = NULL;

  tree->conversation->id = sotto_history_new_id ();
  tree->conversation->title = g_strdup ("From elsewhere");
  tree->conversation->created = tree->conversation->updated = 1000;
  tree->conversation->group_name = g_strdup (group_name);
  g_ptr_array_add (trees, tree);
  sotto_store_add_trees_async (store, trees, NULL, NULL, test_ready, &result);
  additions = sotto_store_add_trees_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
  return g_strdup (((SottoHistoryAddition *) g_ptr_array_index (additions, 0))->id);
}

static SottoHistoryTree *
load_tree (SottoStore *store, const char *id)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_load_tree_async (store, id, TRUE, NULL, test_ready, &result);
  return sotto_store_load_tree_finish (store, test_wait (&result), NULL);
}

/* What comes from another history joins by name; a branch is where the conversation is that it comes from. */
static void
test_trees (TestStore *f, gconstpointer data)
{
  g_autofree char *work = make_group (f->store, "Work");
  g_autofree char *first = add_tree (f->store, "Work");
  g_autofree char *second = add_tree (f->store, "Garden");
  g_autofree char *third = add_tree (f->store, "Garden");
  g_autofree char *fourth = add_tree (f->store, NULL);
  g_autofree char *message = test_add_message (f->store, second, NULL, SOTTO_HISTORY_ROLE_USER, "Roses?");
  g_autofree char *branch = sotto_history_new_id ();
  const SottoHistoryBranch wanted = { .id = branch, .last = message };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) groups = NULL;
  g_autoptr (SottoHistoryTree) tree = load_tree (f->store, second);
  const char *garden;

  assert_groups (f->store, "Work Garden");
  groups = list_groups (f->store);
  garden = ((SottoHistoryGroup *) g_ptr_array_index (groups, 1))->id;
  assert_in (f->store, first, work, "Work");
  assert_in (f->store, second, garden, "Garden");
  assert_in (f->store, third, garden, "Garden");
  assert_in (f->store, fourth, NULL, NULL);
  g_assert_cmpstr (tree->conversation->group_name, ==, "Garden");

  sotto_store_branch_async (f->store, &wanted, NULL, test_ready, &result);
  g_assert_true (sotto_store_branch_finish (f->store, test_wait (&result), NULL));
  assert_in (f->store, branch, garden, "Garden");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/groups/kept", test_kept);
  test_store_add ("/history/groups/members", test_members);
  test_store_add ("/history/groups/deleted", test_deleted);
  test_store_add ("/history/groups/refused", test_refused);
  test_store_add ("/history/groups/trees", test_trees);
  return g_test_run ();
}
