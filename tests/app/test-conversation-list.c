#include "harness.h"

#include <string.h>

#include "conversation/conversation-list-private.h"

/* What can be done with conversations where there is no model: everything but replies. */

static SottoConversation *
begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation =
    sotto_conversation_list_create (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  return conversation;
}

static const char *
title_at (SottoConversationList *list, guint position)
{
  g_autoptr (SottoConversation) conversation = g_list_model_get_item (G_LIST_MODEL (list),
                                                                      position);

  return sotto_conversation_get_title (conversation);
}

static GListModel *
search (SottoConversationList *list, const char *query)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GListModel *hits;

  sotto_conversation_list_search_async (list, query, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  hits = sotto_conversation_list_search_finish (list, result, &error);
  g_assert_no_error (error);
  return hits;
}

/* Without a model the message is kept, and the conversation says what is missing. */
static void
test_no_model (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Is anybody there?");
  SottoProblem *problem = sotto_conversation_get_problem (conversation);

  g_assert_cmpuint (harness_length (conversation), ==, 1);
  g_assert_nonnull (problem);
  g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_ADD_MODEL);
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 0)), ==, "Is anybody "
                                                                                   "there?");
  harness_close (app);
}

static void
test_refused (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation =
    sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_conversation_set_draft (conversation, " \n\t");
  sotto_conversation_send_async (conversation, " \n\t", NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_false (sotto_conversation_send_finish (conversation, result, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_EMPTY);
  g_assert_false (sotto_conversation_is_stored (conversation));
  g_assert_false (sotto_conversation_is_busy (conversation));
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, " \n\t");
  harness_close (app);
}

static void
test_titles_and_order (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *first = begin (app, "\n  Roses are red\nViolets are blue");
  SottoConversation *second = begin (app, "Second");

  g_assert_true (first != second);
  g_assert_cmpuint (harness_length (list), ==, 2);
  g_assert_cmpstr (title_at (list, 0), ==, "Second");
  g_assert_cmpstr (title_at (list, 1), ==, "Roses are red");
  g_assert_cmpint (sotto_conversation_get_date_group (first), ==, SOTTO_DATE_GROUP_TODAY);
  g_assert_cmpstr (sotto_conversation_get_group_title (first), ==,
                   sotto_conversation_get_group_title (second));

  harness_send (first, "What rhymes with blue?");
  harness_wait_idle (first);
  g_assert_cmpstr (title_at (list, 0), ==, "Roses are red");

  sotto_conversation_set_title (first, "  Flowers \n and\tsuch ");
  g_assert_cmpstr (sotto_conversation_get_title (first), ==, "Flowers and such");
  sotto_conversation_set_title (first, "   ");
  g_assert_cmpstr (sotto_conversation_get_title (first), ==, "Flowers and such");
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 2);
  g_assert_cmpstr (title_at (list, 0), ==, "Flowers and such");
  g_assert_cmpstr (title_at (list, 1), ==, "Second");
  harness_close (app);
}

/* One that was used while the clock was wrong does not stand above all others until that date. */
static void
test_wrong_clock (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *first = begin (app, "First");
  SottoHistoryConversation *record = g_new0 (SottoHistoryConversation, 1);
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_conversation_free);
  g_autoptr (GPtrArray) conversations = g_ptr_array_new_with_free_func (g_object_unref);

  record->id = sotto_history_new_id ();
  record->title = g_strdup ("Of next year");
  record->snippet = g_strdup ("");
  record->draft = g_strdup ("");
  record->folders = g_new0 (char *, 1);
  record->tools = g_new0 (char *, 1);
  record->updated = g_get_real_time () + 366 * G_TIME_SPAN_DAY;
  g_ptr_array_add (records, record);
  sotto_conversation_list_take_records (list, app->services, records, conversations);
  g_assert_cmpuint (harness_length (list), ==, 2);
  harness_send (first, "Now");
  harness_wait_idle (first);
  g_assert_cmpstr (title_at (list, 0), ==, "First");
  g_assert_cmpstr (title_at (list, 1), ==, "Of next year");
  harness_close (app);
}

/* Above all others, also when others are used, when it was deleted and came back, and after a restart */
static void
test_pins (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *fresh = sotto_conversation_list_create (list);
  SottoConversation *first;
  SottoConversation *second;

  sotto_conversation_set_pinned (fresh, TRUE);
  g_assert_false (sotto_conversation_is_pinned (fresh));

  first = begin (app, "First");
  second = begin (app, "Second");
  begin (app, "Third");
  sotto_conversation_set_pinned (first, TRUE);
  g_assert_cmpstr (title_at (list, 0), ==, "First");
  g_assert_cmpint (sotto_conversation_get_date_group (first), ==, SOTTO_DATE_GROUP_PINNED);
  g_assert_cmpstr (sotto_conversation_get_group_title (first), ==, "Pinned");

  harness_send (second, "again");
  harness_wait_idle (second);
  g_assert_cmpstr (title_at (list, 0), ==, "First");
  g_assert_cmpstr (title_at (list, 1), ==, "Second");
  sotto_conversation_set_pinned (second, TRUE);
  g_assert_cmpstr (title_at (list, 0), ==, "Second");
  sotto_conversation_set_pinned (second, FALSE);
  g_assert_cmpstr (title_at (list, 0), ==, "First");
  g_assert_cmpstr (title_at (list, 1), ==, "Second");
  g_assert_cmpint (sotto_conversation_get_date_group (second), ==, SOTTO_DATE_GROUP_TODAY);

  g_object_ref (first);
  sotto_conversation_list_delete (list, first);
  g_assert_cmpstr (title_at (list, 0), ==, "Second");
  sotto_conversation_list_undo_delete (list, first);
  g_assert_cmpstr (title_at (list, 0), ==, "First");
  g_object_unref (first);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpstr (title_at (list, 0), ==, "First");
  g_assert_cmpstr (title_at (list, 1), ==, "Second");
  g_assert_cmpstr (title_at (list, 2), ==, "Third");
  harness_close (app);
}

static void
test_delete_and_undo (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (SottoConversation) first = g_object_ref (begin (app, "First"));
  g_autoptr (SottoConversation) second = g_object_ref (begin (app, "Second"));
  g_autoptr (SottoConversation) third = g_object_ref (begin (app, "Third"));
  g_autoptr (GListModel) none = NULL;

  sotto_conversation_list_delete (list, second);
  g_assert_cmpuint (harness_length (list), ==, 2);
  none = search (list, "Second");
  g_assert_cmpuint (harness_length (none), ==, 0);

  sotto_conversation_list_undo_delete (list, second);
  g_assert_cmpuint (harness_length (list), ==, 3);
  g_assert_cmpstr (title_at (list, 1), ==, "Second");

  /* The end of one undo window leaves what was deleted after it. */
  sotto_conversation_list_delete (list, first);
  harness_run (0.01);
  sotto_conversation_list_delete (list, third);
  sotto_conversation_list_purge (list, first);
  harness_run (0.05);
  sotto_conversation_list_undo_delete (list, first);
  g_assert_cmpuint (harness_length (list), ==, 1);
  sotto_conversation_list_undo_delete (list, third);
  g_assert_cmpuint (harness_length (list), ==, 2);
  sotto_conversation_list_delete (list, second);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 1);
  g_assert_cmpstr (title_at (list, 0), ==, "Third");
  harness_close (app);
}

static void
test_drafts (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *kept = begin (app, "Kept");
  SottoConversation *fresh;
  g_autoptr (SottoConversation) again = NULL;

  sotto_conversation_set_draft (kept, "half a thought");
  fresh = sotto_conversation_list_create (list);
  sotto_conversation_set_draft (fresh, "another");
  g_assert_true (fresh == sotto_conversation_list_create (list));
  g_assert_cmpuint (harness_length (list), ==, 1);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  again = g_list_model_get_item (G_LIST_MODEL (list), 0);
  g_assert_cmpstr (sotto_conversation_get_draft (again), ==, "half a thought");
  fresh = sotto_conversation_list_create (list);
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "another");

  /* What is sent is no draft any more, also not a moment later. */
  harness_send (fresh, "another");
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "");
  harness_run (0.7);
  g_clear_object (&again);
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 2);
  fresh = sotto_conversation_list_create (list);
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "");
  again = g_list_model_get_item (G_LIST_MODEL (list), 0);
  g_assert_cmpstr (sotto_conversation_get_title (again), ==, "another");
  g_assert_cmpstr (sotto_conversation_get_draft (again), ==, "");
  g_clear_object (&again);
  harness_close (app);
}

static void
test_edit_and_versions (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "one");
  g_autoptr (SottoMessage) old = g_object_ref (harness_message (conversation, 0));
  g_autoptr (GAsyncResult) edited = NULL;
  g_autoptr (GAsyncResult) revealed = NULL;
  g_autoptr (GError) error = NULL;
  SottoMessage *message;

  harness_send (conversation, "two");
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 2);

  sotto_conversation_edit_and_resend_async (conversation, old, "uno", NULL, harness_on_ready,
                                            &edited);
  harness_wait_for (harness_has_result, &edited, 20);
  sotto_conversation_send_finish (conversation, edited, &error);
  g_assert_no_error (error);
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 1);
  message = harness_message (conversation, 0);
  g_assert_cmpstr (sotto_message_get_text (message), ==, "uno");
  g_assert_cmpuint (sotto_message_get_version (message), ==, 2);
  g_assert_cmpuint (sotto_message_get_n_versions (message), ==, 2);

  /* Searching leads to the other branch. */
  sotto_conversation_reveal_async (conversation, sotto_message_get_id (old), NULL, harness_on_ready,
                                   &revealed);
  harness_wait_for (harness_has_result, &revealed, 20);
  g_assert_cmpint (sotto_conversation_reveal_finish (conversation, revealed, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  message = harness_message (conversation, 0);
  g_assert_cmpstr (sotto_message_get_text (message), ==, "one");
  g_assert_cmpuint (sotto_message_get_version (message), ==, 1);
  g_assert_cmpuint (sotto_message_get_n_versions (message), ==, 2);

  sotto_conversation_switch_version (conversation, message, -1);
  harness_run (0.05);
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 0)), ==, "one");
  harness_close (app);
}

/* Returns: (transfer full): what goes on with @conversation from its message at @position on */
static SottoConversation *
branch (SottoApp *app, SottoConversation *conversation, guint position)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  SottoConversation *branched;

  sotto_conversation_list_branch_async (list, conversation, harness_message (conversation, position),
                                        harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  branched = sotto_conversation_list_branch_finish (list, result, &error);
  g_assert_no_error (error);
  sotto_conversation_load (branched);
  harness_wait_for (harness_is_loaded, branched, 20);
  return branched;
}

static void
test_branch (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = begin (app, "one");
  g_autoptr (SottoConversation) first = NULL;
  g_autoptr (SottoConversation) second = NULL;
  g_autoptr (SottoConversation) third = NULL;
  g_autoptr (SottoConversation) found = NULL;
  g_autoptr (GAsyncResult) edited = NULL;
  g_autoptr (GAsyncResult) refused = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  SottoConversation *fresh;

  harness_send (conversation, "two");
  harness_wait_idle (conversation);
  sotto_conversation_edit_and_resend_async (conversation, harness_message (conversation, 0), "uno", NULL,
                                            harness_on_ready, &edited);
  harness_wait_for (harness_has_result, &edited, 20);
  sotto_conversation_send_finish (conversation, edited, &error);
  g_assert_no_error (error);
  harness_wait_idle (conversation);
  harness_send (conversation, "due");
  harness_wait_idle (conversation);
  sotto_conversation_set_draft (conversation, "half a thought");
  /* Not saved yet, but the new one has them. */
  sotto_conversation_set_instructions (conversation, "Speak Italian.");

  /* What is shown of it, and nothing that it has besides */
  first = branch (app, conversation, 0);
  g_assert_true (sotto_conversation_list_lookup (list, sotto_conversation_get_id (first)) == first);
  g_assert_cmpstr (title_at (list, 0), ==, "one (2)");
  g_assert_cmpuint (harness_length (list), ==, 2);
  g_assert_true (sotto_conversation_is_stored (first));
  g_assert_cmpstr (sotto_conversation_get_instructions (first), ==, "Speak Italian.");
  g_assert_cmpstr (sotto_conversation_get_draft (first), ==, "");
  g_assert_cmpuint (harness_length (first), ==, 1);
  g_assert_cmpstr (sotto_message_get_text (harness_message (first, 0)), ==, "uno");
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (first, 0)), ==, 1);

  /* The old one is as it was, and hears nothing of what is said in the new one. */
  harness_send (first, "tre");
  harness_wait_idle (first);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "half a thought");
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (conversation, 0)), ==, 2);

  /* Titles go on counting, also from one that counts already. */
  second = branch (app, first, 1);
  g_assert_cmpstr (sotto_conversation_get_title (second), ==, "one (3)");
  g_assert_cmpuint (harness_length (second), ==, 2);
  sotto_conversation_set_title (second, "(7)");
  third = branch (app, second, 1);
  g_assert_cmpstr (sotto_conversation_get_title (third), ==, "(7) (2)");

  /* What is not there cannot be gone on with, and says so. */
  fresh = sotto_conversation_list_create (list);
  g_assert_null (sotto_conversation_get_problem (fresh));
  sotto_conversation_list_delete (list, third);
  sotto_conversation_list_purge (list, third);
  sotto_conversation_dismiss_problem (third);
  sotto_conversation_list_branch_async (list, third, harness_message (third, 0), harness_on_ready, &refused);
  harness_wait_for (harness_has_result, &refused, 20);
  g_assert_null (sotto_conversation_list_branch_finish (list, refused, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_assert_nonnull (sotto_conversation_get_problem (third));
  g_assert_cmpuint (harness_length (list), ==, 3);

  id = g_strdup (sotto_conversation_get_id (first));
  harness_close (app);
  app = harness_open ();
  found = g_object_ref (sotto_conversation_list_lookup (sotto_app_get_conversations (app), id));
  sotto_conversation_load (found);
  harness_wait_for (harness_is_loaded, found, 20);
  g_assert_cmpuint (harness_length (found), ==, 2);
  g_assert_cmpstr (sotto_message_get_text (harness_message (found, 1)), ==, "tre");
  g_clear_object (&found);
  harness_close (app);
}

static void
test_search (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = begin (app, "The <b>quick</b> brown Żubr jumps");
  g_autoptr (GListModel) hits = NULL;
  g_autoptr (GListModel) none = NULL;
  g_autoptr (SottoSearchHit) hit = NULL;
  gboolean found = FALSE;

  begin (app, "Something else");
  hits = search (list, "zubr");
  g_assert_cmpuint (harness_length (hits), >=, 1);
  for (guint i = 0; i < harness_length (hits); i++)
    {
      g_clear_object (&hit);
      hit = g_list_model_get_item (hits, i);
      g_assert_true (sotto_search_hit_get_conversation (hit) == conversation);
      g_assert_null (strstr (sotto_search_hit_get_markup (hit), "<b>quick"));
      if (strstr (sotto_search_hit_get_markup (hit), "<b>Żubr</b>") != NULL)
        found = TRUE;
    }
  g_assert_true (found);

  none = search (list, "\"*(zubr OR");
  g_assert_cmpuint (harness_length (none), ==, 0);
  harness_close (app);
}

static void
test_model_files (void)
{
  SottoApp *app = harness_open ();
  SottoModelLibrary *models = sotto_app_get_models (app);
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "not-a-model.gguf", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) remote = g_file_new_for_uri ("sftp://host/model.gguf");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) refused = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoProblem) problem = NULL;

  g_assert_true (g_file_set_contents (path, "This is no model at all, only a few words.", -1,
                                      NULL));
  sotto_model_library_add_file_async (models, file, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_null (sotto_model_library_add_file_finish (models, result, NULL, &error));
  problem = sotto_problem_new (error);
  g_assert_nonnull (strstr (sotto_problem_get_text (problem), "not-a-model.gguf"));
  g_assert_cmpuint (harness_length (models), ==, 0);

  g_clear_error (&error);
  sotto_model_library_add_file_async (models, remote, NULL, harness_on_ready, &refused);
  harness_wait_for (harness_has_result, &refused, 20);
  g_assert_null (sotto_model_library_add_file_finish (models, refused, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  harness_close (app);
}

/* What a message says, and how it is shown where “Wurzel” is looked for */
static const struct {
  const char *says;
  const char *shown;
  const char *markup;
} snippets[] = {
  { "A **Wurzel** and _more_", "A Wurzel and more", "A <b>Wurzel</b> and more" },
  { "# Wurzel\n\n`f(x)`, *so* ~~no~~", "Wurzel f(x), so no", "<b>Wurzel</b> f(x), so no" },
  { "Wurzel 2 * 3, a*b & snake_case # 1 ~ 2", "Wurzel 2 * 3, a*b & snake_case # 1 ~ 2",
    "<b>Wurzel</b> 2 * 3, a*b &amp; snake_case # 1 ~ 2" },
  { "# Sorting\n\nWell:\n\n| Sort | Wurzel |\n|---|:-:|\n| *Heap*|1|\n\n### More", "Sorting Well: Sort Wurzel Heap 1 More",
    "Sorting Well: Sort <b>Wurzel</b> Heap 1 More" },
  { "| a | -- |\n| --- | --: |\n| a\\|b | Wurzel |", "a -- a|b Wurzel", "a -- a|b <b>Wurzel</b>" },
  { "- Wurzel:\n  - *one*\n  - two - three\n\n---\n> So!\n> # 2", "Wurzel: one - two - three So! 2",
    "<b>Wurzel</b>: one - two - three So! 2" },
  { "[Wurzel](https://a.example/b_c_d) ![and *a* picture](x.png) [ ] (x) \\*so\\* a\\b",
    "Wurzel and a picture [ ] (x) *so* a\\b", "<b>Wurzel</b> and a picture [ ] (x) *so* a\\b" },
  { "See [this](https://wurzel.example/)", "See [this](https://wurzel.example/)",
    "See [this](https://<b>wurzel</b>.example/)" },
  { "ls | sort --wurzel || echo C# a->b 1 > 0", "ls | sort --wurzel || echo C# a->b 1 > 0",
    "ls | sort --<b>wurzel</b> || echo C# a-&gt;b 1 &gt; 0" },
  { "(**`Wurzel`**) “*ž*”", "(Wurzel) “ž”", "(<b>Wurzel</b>) “ž”" },
};

static void
test_snippets (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);

  for (guint i = 0; i < G_N_ELEMENTS (snippets); i++)
    {
      SottoConversation *conversation = begin (app, snippets[i].says);
      g_autoptr (GListModel) hits = NULL;
      gboolean found = FALSE;

      sotto_conversation_set_title (conversation, "Nothing");
      hits = search (list, "wurzel");
      for (guint j = 0; j < harness_length (hits); j++)
        {
          g_autoptr (SottoSearchHit) hit = g_list_model_get_item (hits, j);

          if (sotto_search_hit_get_conversation (hit) != conversation)
            continue;
          g_assert_cmpstr (sotto_search_hit_get_snippet (hit), ==, snippets[i].shown);
          g_assert_cmpstr (sotto_search_hit_get_markup (hit), ==, snippets[i].markup);
          found = TRUE;
        }
      g_assert_true (found);
    }
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/conversation-list/no-model", test_no_model);
  g_test_add_func ("/app/conversation-list/refused", test_refused);
  g_test_add_func ("/app/conversation-list/titles-and-order", test_titles_and_order);
  g_test_add_func ("/app/conversation-list/wrong-clock", test_wrong_clock);
  g_test_add_func ("/app/conversation-list/pins", test_pins);
  g_test_add_func ("/app/conversation-list/delete-and-undo", test_delete_and_undo);
  g_test_add_func ("/app/conversation-list/drafts", test_drafts);
  g_test_add_func ("/app/conversation-list/edit-and-versions", test_edit_and_versions);
  g_test_add_func ("/app/conversation-list/branch", test_branch);
  g_test_add_func ("/app/conversation-list/search", test_search);
  g_test_add_func ("/app/conversation-list/snippets", test_snippets);
  g_test_add_func ("/app/conversation-list/model-files", test_model_files);
  return g_test_run ();
}
