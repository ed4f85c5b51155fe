#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>

#include "conversation/kept-receipt.h"

/* Conversations and their models: what does not fit into one, models that go, come, change and give back their
 * memory, and what they still know when one comes back to a conversation. */

#define OTHER "Qwen2.5-Coder-0.5B"

/* --- What does not fit --- */

static void
test_context_full (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 0);
  g_autoptr (GString) much = g_string_new (NULL);
  SottoConversation *conversation;
  SottoProblem *problem;

  if (app == NULL)
    return;

  g_object_set (sotto_app_get_settings (app), "context-length", 256, NULL);
  for (int i = 0; i < 400; i++)
    g_string_append_printf (much, "%d apples and ", i);
  conversation = harness_begin (app, much->str);
  harness_wait_idle (conversation);
  problem = sotto_conversation_get_problem (conversation);
  g_assert_nonnull (problem);
  g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_SETTINGS);
  g_assert_cmpuint (harness_length (conversation), ==, 1);

  /* A longer one helps; where the model takes no longer one, that is not what is advised. */
  g_object_set (sotto_app_get_settings (app), "context-length", 4096, NULL);
  sotto_conversation_retry (conversation);
  harness_wait_for (harness_is_streaming, conversation, 60);
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_object_set (sotto_app_get_settings (app), "context-length", 1048576, NULL);
  for (int i = 0; i < 9000; i++)
    g_string_append_printf (much, "%d pears and ", i);
  conversation = harness_begin (app, much->str);
  harness_wait_idle (conversation);
  problem = sotto_conversation_get_problem (conversation);
  g_assert_nonnull (problem);
  g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_NEW_CONVERSATION);
  g_object_set (sotto_app_get_settings (app), "context-length", 256, NULL);

  conversation = harness_begin (app, "Tell me everything about the sea, the river and the mountains, as "
                                     "long as you can.");
  harness_wait_idle (conversation);
  if (sotto_message_get_status (harness_message (conversation, 1)) == SOTTO_MESSAGE_STATUS_COMPLETE)
    {
      g_test_skip ("the model ended its answer before the context was full");
    }
  else
    {
      harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_LIMITED);
      g_assert_nonnull (sotto_message_get_problem (harness_message (conversation, 1)));
      g_assert_nonnull (sotto_conversation_get_problem (conversation));
      g_assert_cmpuint (sotto_conversation_get_context_limit (conversation), ==, 256);
    }
  harness_close (app);
}

/* --- Models that go and come --- */

static void
refresh (SottoApp *app)
{
  sotto_model_library_refresh (sotto_app_get_models (app));
  for (int i = 0; i < 400 && sotto_model_library_is_looking (sotto_app_get_models (app)); i++)
    harness_run (0.01);
}

static void
test_model_missing (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);
  g_autofree char *path = NULL;
  g_autofree char *aside = NULL;
  SottoConversation *conversation;
  SottoProblem *problem;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Hello.");
  harness_wait_idle (conversation);
  path = g_strdup (sotto_model_entry_get_path (sotto_conversation_get_model (conversation)));
  aside = g_strconcat (path, ".aside", NULL);
  harness_close (app);

  g_assert_cmpint (g_rename (path, aside), ==, 0);
  app = harness_open ();
  refresh (app);
  conversation = harness_get_first (app);
  g_assert_nonnull (sotto_conversation_get_model (conversation));
  refresh (app);
  harness_send (conversation, "Are you there?");
  harness_wait_idle (conversation);
  problem = sotto_conversation_get_problem (conversation);
  g_assert_nonnull (problem);
  g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_CHOOSE_MODEL);
  g_assert_cmpuint (harness_length (conversation), ==, 3);
  g_assert_cmpint (sotto_model_entry_get_state (sotto_conversation_get_model (conversation)), ==,
                   SOTTO_MODEL_STATE_MISSING);

  g_assert_cmpint (g_rename (aside, path), ==, 0);
  refresh (app);
  g_object_set (sotto_app_get_settings (app), "max-tokens", 8, NULL);
  sotto_conversation_retry (conversation);
  harness_wait_idle (conversation);
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (harness_length (conversation), ==, 4);
  harness_assert_reply (conversation, 3, SOTTO_MESSAGE_STATUS_COMPLETE);
  harness_close (app);
}

static gboolean
is_closed (gpointer entry)
{
  return sotto_model_entry_get_state (entry) == SOTTO_MODEL_STATE_AVAILABLE;
}

/* Its memory is given back when somebody asks for it, also while it writes, and the next reply opens it again. */
static void
test_close_model (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);
  SottoConversation *conversation;
  SottoModelEntry *model;
  g_autofree char *n_tokens = NULL;
  g_autofree char *speed = NULL;
  g_autofree char *memory = NULL;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Hello.");
  model = sotto_conversation_get_model (conversation);
  harness_wait_for (harness_is_loaded, conversation, 60);
  sotto_app_close_model (app, model);
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  n_tokens = sotto_message_dup_n_tokens (harness_message (conversation, 1));
  speed = sotto_message_dup_speed (harness_message (conversation, 1));
  g_assert_cmpstr (n_tokens, ==, "8 tokens");
  g_assert_true (g_str_has_suffix (speed, " tokens/s"));
  harness_wait_for (is_closed, model, 20);
  memory = sotto_model_entry_dup_memory (model);
  g_assert_null (memory);

  harness_send (conversation, "Hello again.");
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 3, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_cmpint (sotto_model_entry_get_state (model), ==, SOTTO_MODEL_STATE_LOADED);
  harness_close (app);
}

static guint64
read_number (SottoConversation *conversation, guint position, const char *name)
{
  return sotto_kept_receipt_get_number (sotto_message_get_receipt (harness_message (conversation, position)), name);
}

/* Whoever goes to another conversation and comes back waits for the new turn only. */
static void
test_left_and_back (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 12);
  g_autoptr (GString) apples = g_string_new (NULL);
  g_autoptr (GString) pears = g_string_new (NULL);
  SottoConversation *conversations[2], *again;

  if (app == NULL)
    return;

  g_object_set (sotto_app_get_settings (app), "context-length", 4096, NULL);
  for (int i = 0; i < 100; i++)
    {
      g_string_append_printf (apples, "%d apples and ", i);
      g_string_append_printf (pears, "%d ripe pears, ", i);
    }
  conversations[0] = harness_begin (app, apples->str);
  harness_wait_idle (conversations[0]);
  conversations[1] = harness_begin (app, pears->str);
  harness_wait_idle (conversations[1]);

  for (guint turn = 1; turn < 4; turn++)
    for (guint i = 0; i < 2; i++)
      {
        guint64 before, all;

        harness_send (conversations[i], "And what comes next?");
        harness_wait_idle (conversations[i]);
        harness_assert_reply (conversations[i], 2 * turn + 1, SOTTO_MESSAGE_STATUS_COMPLETE);
        before = read_number (conversations[i], 2 * turn - 1, "prompt_tokens");
        all = read_number (conversations[i], 2 * turn + 1, "prompt_tokens");
        g_assert_cmpuint (before, >, 300);
        g_assert_cmpuint (all, >, before);
        /* All that the prompt before had, and the reply but for its end, which may be other tokens now. */
        g_assert_cmpuint (read_number (conversations[i], 2 * turn + 1, "reused_tokens"), >=, before);
      }

  /* Of one that was deleted for good nothing is there for another that begins with the same words; the other stays. */
  sotto_conversation_list_delete (sotto_app_get_conversations (app), conversations[0]);
  sotto_conversation_list_purge (sotto_app_get_conversations (app), conversations[0]);
  again = harness_begin (app, apples->str);
  harness_wait_idle (again);
  g_assert_cmpuint (read_number (again, 1, "reused_tokens"), <, 100);
  harness_send (conversations[1], "And then?");
  harness_wait_idle (conversations[1]);
  g_assert_cmpuint (read_number (conversations[1], 9, "reused_tokens"), >=, read_number (conversations[1], 7, "prompt_tokens"));
  harness_close (app);
}

static void
test_switch_model (void)
{
  g_autofree char *other = harness_link_model (OTHER);
  SottoApp *app = other != NULL ? harness_open_with_model (HARNESS_TINY, 8) : NULL;
  SottoModelLibrary *models;
  SottoModelEntry *tiny;
  SottoModelEntry *large;
  SottoConversation *conversation;

  if (app == NULL)
    return;

  models = sotto_app_get_models (app);
  g_assert_cmpuint (harness_length (models), ==, 2);
  tiny = sotto_model_library_lookup (models, "SmolLM2-135M-Instruct.Q4_1");
  large = sotto_model_library_lookup (models, other);
  g_assert_nonnull (tiny);
  g_assert_nonnull (large);
  g_assert_cmpuint (sotto_model_entry_get_size (large), >, sotto_model_entry_get_size (tiny));

  sotto_model_library_set_default (models, tiny);
  g_assert_true (sotto_model_entry_is_default (tiny));
  conversation = harness_begin (app, "Hello.");
  harness_wait_idle (conversation);
  g_assert_true (sotto_conversation_get_model (conversation) == tiny);

  sotto_conversation_set_model (conversation, large);
  harness_send (conversation, "What is the capital of France?");
  harness_wait_idle (conversation);
  g_assert_null (sotto_conversation_get_problem (conversation));
  harness_assert_reply (conversation, 3, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_nonnull (strstr (sotto_message_get_text (harness_message (conversation, 3)), "Paris"));
  g_assert_cmpstr (sotto_message_get_model_name (harness_message (conversation, 1)), !=,
                   sotto_message_get_model_name (harness_message (conversation, 3)));
  g_assert_cmpint (sotto_model_entry_get_state (large), ==, SOTTO_MODEL_STATE_LOADED);
  g_assert_cmpint (sotto_model_entry_get_state (tiny), ==, SOTTO_MODEL_STATE_AVAILABLE);
  harness_close (app);

  app = harness_open ();
  conversation = harness_get_first (app);
  refresh (app);
  g_assert_cmpstr (sotto_model_entry_get_path (sotto_conversation_get_model (conversation)), ==,
                   other);
  harness_close (app);
}

static void
test_add_in_place (void)
{
  g_autofree char *link = harness_link_model (HARNESS_TINY);
  g_autofree char *elsewhere = g_build_filename (g_get_user_data_dir (), "elsewhere.gguf", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (elsewhere);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SottoModelEntry) entry = NULL;
  g_autoptr (GError) error = NULL;
  SottoModelLibrary *models;
  SottoApp *app;
  g_autofree char *added = NULL;

  if (link == NULL)
    return;

  g_assert_cmpint (g_rename (link, elsewhere), ==, 0);
  app = harness_open ();
  models = sotto_app_get_models (app);
  g_object_set (sotto_app_get_settings (app), "added-models", NULL, NULL);
  refresh (app);
  g_assert_cmpuint (harness_length (models), ==, 0);

  sotto_model_library_add_file_async (models, file, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  entry = sotto_model_library_add_file_finish (models, result, NULL, &error);
  g_assert_no_error (error);
  added = sotto_model_library_dup_added (models, entry);
  g_assert_cmpstr (added, ==, elsewhere);
  g_assert_true (sotto_model_entry_is_usable (entry));
  g_assert_cmpstr (sotto_model_entry_get_family (entry), ==, "llama");
  g_assert_nonnull (strstr (sotto_model_entry_get_summary (entry), "98"));
  refresh (app);
  g_assert_cmpuint (harness_length (models), ==, 1);

  sotto_model_library_forget (models, added);
  g_assert_cmpuint (harness_length (models), ==, 0);
  g_assert_true (g_file_test (elsewhere, G_FILE_TEST_EXISTS));
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/conversation-models/context-full", test_context_full);
  g_test_add_func ("/app/conversation-models/model-missing", test_model_missing);
  g_test_add_func ("/app/conversation-models/switch-model", test_switch_model);
  g_test_add_func ("/app/conversation-models/close-model", test_close_model);
  g_test_add_func ("/app/conversation-models/left-and-back", test_left_and_back);
  g_test_add_func ("/app/conversation-models/add-in-place", test_add_in_place);
  return g_test_run ();
}
