#include "harness.h"

#include <glib/gstdio.h>
#include <sotto-engine.h>
#include <string.h>

/* A conversation with a base model, which is no conversation: what a person writes is continued, word
 * for word, and so is what the model has written. */

#define BASE "gemma-3-270m"
#define OTHER "SmolLM2-135M"
#define BEGINNING "Once upon a time, in a village by the sea, there"

static gboolean
has_looked (gpointer library)
{
  return !sotto_model_library_is_looking (library);
}

/* What the receipt says of the tokens that the model was given. */
static void
assert_prompt (SottoConversation *conversation, guint reply, const char *text)
{
  SottoModelEntry *entry = sotto_conversation_get_model (conversation);
  const char *receipt = sotto_message_get_receipt (harness_message (conversation, reply));
  g_autoptr (SottoModel) model = sotto_model_open (sotto_model_entry_get_path (entry), NULL, NULL,
                                                   NULL, NULL);
  g_autoptr (GArray) tokens = sotto_model_tokenize (model, text, -1, FALSE);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gint32 bos = sotto_model_get_bos_token (model);

  g_array_prepend_val (tokens, bos);
  for (guint i = 0; i < tokens->len; i++)
    {
      const gint32 token = GINT32_TO_LE (g_array_index (tokens, gint32, i));

      g_checksum_update (checksum, (const guchar *) &token, sizeof token);
    }
  g_assert_nonnull (strstr (receipt, g_checksum_get_string (checksum)));
}

/* Two replies in a row are there again at the next start, and go to a model that answers as one. */
static void
check_next_start (void)
{
  g_autofree char *link = harness_link_model (OTHER);
  g_autoptr (SottoConversation) conversation = NULL;
  SottoModelLibrary *models;
  SottoApp *app;

  if (link == NULL)
    return;

  app = harness_open ();
  models = sotto_app_get_models (app);
  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  g_assert_nonnull (conversation);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  harness_wait_for (has_looked, models, 20);
  g_assert_cmpuint (harness_length (conversation), ==, 5);
  g_assert_true (sotto_conversation_can_continue (conversation));

  sotto_conversation_set_model (conversation,
                                sotto_model_library_lookup (models, "SmolLM2 135M Instruct"));
  g_assert_false (sotto_conversation_can_continue (conversation));
  sotto_conversation_continue (conversation);
  g_assert_false (sotto_conversation_is_busy (conversation));
  harness_send (conversation, "What is this about?");
  harness_wait_idle (conversation);
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (harness_length (conversation), ==, 7);
  harness_close (app);
}

static void
test_continue (void)
{
  SottoApp *app = harness_open_with_model (BASE, 12);
  SottoConversation *conversation;
  g_autofree char *twice = NULL;
  g_autofree char *thrice = NULL;

  if (app == NULL)
    return;

  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_assert_false (sotto_conversation_can_continue (conversation));
  harness_send (conversation, BEGINNING);
  g_assert_false (sotto_conversation_can_continue (conversation));
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_assert_cmpuint (sotto_message_get_length (harness_message (conversation, 1)), >, 0);
  assert_prompt (conversation, 1, BEGINNING);

  g_assert_true (sotto_conversation_can_continue (conversation));
  sotto_conversation_continue (conversation);
  g_assert_true (sotto_conversation_is_busy (conversation));
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 3);
  g_assert_cmpint (sotto_message_get_role (harness_message (conversation, 2)), ==,
                   SOTTO_ROLE_ASSISTANT);
  twice = g_strconcat (BEGINNING, sotto_message_get_text (harness_message (conversation, 1)), NULL);
  assert_prompt (conversation, 2, twice);

  /* What a person adds is added. */
  harness_send (conversation, " And then");
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 5);
  thrice = g_strconcat (twice, sotto_message_get_text (harness_message (conversation, 2)), " And then",
                        NULL);
  assert_prompt (conversation, 4, thrice);
  harness_close (app);

  check_next_start ();
}

/* It seldom ends by itself: without a length in the preferences it writes some sentences and waits. */
static void
test_length (void)
{
  SottoApp *app = harness_open_with_model (BASE, 0);
  SottoConversation *conversation;
  const char *receipt;

  if (app == NULL)
    return;

  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  harness_send (conversation, BEGINNING);
  harness_wait_idle (conversation);
  receipt = sotto_message_get_receipt (harness_message (conversation, 1));
  g_assert_cmpint (sotto_message_get_status (harness_message (conversation, 1)), ==,
                   SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_nonnull (receipt);
  g_assert_true (strstr (receipt, "\"generated_tokens\":256") != NULL
                 || strstr (receipt, "\"ended\":\"end\"") != NULL);
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/base-model/continue", test_continue);
  g_test_add_func ("/app/base-model/length", test_length);
  return g_test_run ();
}
