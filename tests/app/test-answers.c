/* What a conversation's answers look like: looked at, kept, held to with a real model, and taken along. No display. */

#include "harness.h"

#include <string.h>
#include <yyjson.h>

#include "conversation/kept-receipt.h"

#define SCHEMA "{\n" \
               "  \"type\": \"object\",\n" \
               "  \"properties\": {\n" \
               "    \"colour\": { \"enum\": [\"red\", \"green\"] },\n" \
               "    \"count\": { \"type\": \"integer\", \"minimum\": 1, \"maximum\": 9 }\n" \
               "  },\n" \
               "  \"required\": [\"colour\", \"count\"]\n" \
               "}\n"

/* As sha256sum has it of those bytes */
#define SCHEMA_HASH "a7b0c812fe1ac36b9cad0e080302c8c82e3fb07f6f8c9447b3504c7a32d736d8"

/* Long enough that a reply can be stopped, or is cut off */
#define LONG_SCHEMA "{\"type\": \"array\", \"items\": {\"type\": \"string\", \"minLength\": 12, \"maxLength\": 30}, \"minItems\": 200}"

static SottoAnswerForm *
form_of (SottoConversation *conversation)
{
  return sotto_conversation_get_answer_form (conversation);
}

static gboolean
is_checked (gpointer form)
{
  return !sotto_answer_form_is_checking (form);
}

static gboolean
has_schema (gpointer form)
{
  return *sotto_answer_form_get_schema (form) != '\0' && sotto_answer_form_get_format (form) != SOTTO_ANSWER_FORMAT_TEXT;
}

static void
choose (SottoConversation *conversation, const char *schema)
{
  SottoAnswerForm *form = form_of (conversation);

  sotto_answer_form_set_schema (form, schema);
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_SCHEMA);
}

static SottoConversation *
create (SottoApp *app)
{
  return sotto_conversation_list_create (sotto_app_get_conversations (app));
}

static void
assert_form (SottoConversation *conversation, SottoAnswerFormat format, const char *schema)
{
  g_assert_cmpint (sotto_answer_form_get_format (form_of (conversation)), ==, format);
  g_assert_cmpstr (sotto_answer_form_get_schema (form_of (conversation)), ==, schema);
}

/* --- Without a model --- */

static void
assert_wrong (SottoAnswerForm *form, const char *schema, guint line, const char *words)
{
  SottoProblem *problem;

  sotto_answer_form_set_schema (form, schema);
  harness_wait_for (is_checked, form, 60);
  problem = sotto_answer_form_get_problem (form);
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (sotto_problem_get_text (problem), words));
  g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_ANSWER_FORMAT);
  g_assert_cmpuint (sotto_answer_form_get_problem_line (form), ==, line);
}

static void
test_checked (void)
{
  SottoApp *app = harness_open ();
  SottoAnswerForm *form = form_of (create (app));
  g_autofree char *large = g_strnfill (SOTTO_ANSWER_SCHEMA_MOST + 1, ' ');

  g_assert_false (sotto_answer_form_is_checking (form));
  g_assert_null (sotto_answer_form_get_problem (form));
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_JSON);
  harness_wait_for (is_checked, form, 60);
  g_assert_null (sotto_answer_form_get_problem (form));

  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_SCHEMA);
  harness_wait_for (is_checked, form, 60);
  g_assert_nonnull (sotto_answer_form_get_problem (form));
  assert_wrong (form, " \n ", 0, "no schema");
  assert_wrong (form, "{\n \"type\": \"object\",\n \"properties\": {\n  \"a\": {\"not\": {}}\n }\n}", 4, "Line 4: “not”");
  assert_wrong (form, "{\n \"type\":\n \"thing\"\n}", 2, "there is no such type");
  assert_wrong (form, "{\n \"type\": \"object\",\n}", 2, "not JSON");
  assert_wrong (form, "{\n\n \"a\": {\"b\": 1},\n \"a\": 2\n}", 4, "twice");
  assert_wrong (form, "[1]", 1, "Line 1");
  assert_wrong (form, large, 0, "longer than");

  sotto_answer_form_set_schema (form, SCHEMA);
  g_assert_true (sotto_answer_form_is_checking (form));
  harness_wait_for (is_checked, form, 60);
  g_assert_null (sotto_answer_form_get_problem (form));
  /* What was typed over is not what is known in the end. */
  sotto_answer_form_set_schema (form, "{");
  sotto_answer_form_set_schema (form, SCHEMA " ");
  harness_wait_for (is_checked, form, 60);
  g_assert_null (sotto_answer_form_get_problem (form));
  harness_close (app);
}

/* Of a conversation that has not begun, too; and tools have no place in such answers. */
static void
test_fresh (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *fresh = create (app);
  const SottoTool *tool = sotto_tools_get (0);

  sotto_conversation_set_uses_tool (fresh, tool, TRUE);
  g_assert_cmpuint (sotto_conversation_get_n_tools (fresh), ==, 1);
  choose (fresh, SCHEMA);
  g_assert_cmpuint (sotto_conversation_get_n_tools (fresh), ==, 0);
  g_assert_true (sotto_conversation_uses_tool (fresh, tool));
  sotto_conversation_flush_draft (fresh);
  harness_close (app);

  app = harness_open ();
  fresh = create (app);
  harness_wait_for (has_schema, form_of (fresh), 60);
  assert_form (fresh, SOTTO_ANSWER_FORMAT_SCHEMA, SCHEMA);
  harness_close (app);
}

/* --- With a model --- */

/* What the schema says, looked at by hand */
static void
assert_fits (const char *text)
{
  yyjson_doc *doc = yyjson_read (text, strlen (text), YYJSON_READ_NOFLAG);
  yyjson_val *root = yyjson_doc_get_root (doc);
  const char *colour = yyjson_get_str (yyjson_obj_get (root, "colour"));
  const gint64 count = yyjson_get_sint (yyjson_obj_get (root, "count"));

  g_assert_cmpuint (yyjson_obj_size (root), ==, 2);
  g_assert_true (g_strcmp0 (colour, "red") == 0 || g_strcmp0 (colour, "green") == 0);
  g_assert_true (yyjson_is_int (yyjson_obj_get (root, "count")));
  g_assert_cmpint (count, >=, 1);
  g_assert_cmpint (count, <=, 9);
  yyjson_doc_free (doc);
}

static void
assert_receipt (const char *receipt)
{
  yyjson_doc *doc = yyjson_read (receipt, strlen (receipt), YYJSON_READ_NOFLAG);
  yyjson_val *root = yyjson_doc_get_root (doc);

  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (root, "grammar_sha256")), ==, SCHEMA_HASH);
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (root, "answer_schema")), ==, SCHEMA);
  yyjson_doc_free (doc);
}

static SottoConversation *
branch (SottoApp *app, SottoConversation *conversation)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  SottoConversation *made;

  sotto_conversation_list_branch_async (list, conversation, harness_message (conversation, 1), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  made = sotto_conversation_list_branch_finish (list, result, &error);
  g_assert_no_error (error);
  return made;
}

static void
export_archive (SottoApp *app, SottoConversation *conversation)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "letters.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoTransfer) out = harness_transfer (sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_ARCHIVE, file));
  g_autofree char *text = NULL;
  yyjson_doc *doc;
  yyjson_val *first;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  doc = yyjson_read (text, strlen (text), YYJSON_READ_NOFLAG);
  first = yyjson_arr_get_first (yyjson_obj_get (yyjson_doc_get_root (doc), "conversations"));
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (first, "answer_format")), ==, "schema");
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (first, "answer_schema")), ==, SCHEMA);
  yyjson_doc_free (doc);
}

static void
test_held (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 64);
  SottoConversation *conversation, *other;
  SottoMessage *reply;
  g_autofree char *first = NULL;
  g_autofree char *id = NULL;

  if (app == NULL)
    return;

  conversation = create (app);
  choose (conversation, SCHEMA);
  harness_send (conversation, "How many apples are there, and of which colour?");
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  reply = harness_message (conversation, 1);
  g_assert_true (sotto_message_is_json (reply));
  g_assert_false (sotto_conversation_can_continue_reply (conversation, reply));
  assert_fits (sotto_message_get_text (reply));
  assert_receipt (sotto_message_get_receipt (reply));
  first = g_strdup (sotto_message_get_text (reply));

  /* The next one does not begin with it. */
  other = create (app);
  assert_form (other, SOTTO_ANSWER_FORMAT_TEXT, "");

  sotto_conversation_regenerate (conversation, reply);
  harness_wait_idle (conversation);
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 1)), ==, first);
  assert_form (branch (app, conversation), SOTTO_ANSWER_FORMAT_SCHEMA, SCHEMA);
  export_archive (app, conversation);

  /* What was written stays, and what follows is as one likes it. */
  sotto_answer_form_set_format (form_of (conversation), SOTTO_ANSWER_FORMAT_TEXT);
  harness_send (conversation, "Tell me about apples.");
  harness_wait_idle (conversation);
  g_assert_false (sotto_message_is_json (harness_message (conversation, 3)));
  sotto_answer_form_set_format (form_of (conversation), SOTTO_ANSWER_FORMAT_SCHEMA);
  id = g_strdup (sotto_conversation_get_id (conversation));
  sotto_conversation_flush_draft (conversation);
  harness_close (app);

  app = harness_open ();
  conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  assert_form (conversation, SOTTO_ANSWER_FORMAT_SCHEMA, SCHEMA);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 60);
  g_assert_true (sotto_message_is_json (harness_message (conversation, 1)));
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 1)), ==, first);
  g_assert_false (sotto_message_is_json (harness_message (conversation, 3)));
  harness_close (app);
}

/* Cut off by the length that replies may have: JSON nevertheless, and as it is without what was cut off */
/* Sends "Name a river." in a new conversation. Returns: how many tokens the model was given */
static guint64
count_prompt (SottoApp *app, SottoAnswerFormat format, const char *schema)
{
  SottoConversation *conversation = create (app);
  const char *receipt;
  yyjson_doc *doc;
  guint64 n;

  /* Without instructions a template has its own. */
  sotto_conversation_set_instructions (conversation, "Be brief.");
  sotto_answer_form_set_schema (form_of (conversation), schema);
  sotto_answer_form_set_format (form_of (conversation), format);
  harness_send (conversation, "Name a river.");
  harness_wait_idle (conversation);
  receipt = sotto_message_get_receipt (harness_message (conversation, 1));
  doc = yyjson_read (receipt, strlen (receipt), YYJSON_READ_NOFLAG);
  n = yyjson_get_uint (yyjson_obj_get (yyjson_doc_get_root (doc), "prompt_tokens"));
  yyjson_doc_free (doc);
  return n;
}

/* The model is told its form, but no schema that leaves it little room. */
static void
test_told (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);
  g_autofree char *blanks = g_strnfill (8192, ' ');
  g_autofree char *large = g_strconcat (SCHEMA, blanks, NULL);
  guint64 text, json, schema;

  if (app == NULL)
    return;

  text = count_prompt (app, SOTTO_ANSWER_FORMAT_TEXT, SCHEMA);
  json = count_prompt (app, SOTTO_ANSWER_FORMAT_JSON, SCHEMA);
  schema = count_prompt (app, SOTTO_ANSWER_FORMAT_SCHEMA, SCHEMA);
  g_assert_cmpuint (text, >, 0);
  g_assert_cmpuint (json, >, text);
  /* No token of such text has more than eight letters and blanks. */
  g_assert_cmpuint (schema, >=, text + strlen (SCHEMA) / 8);
  g_assert_cmpuint (schema, >, json);
  g_assert_cmpuint (count_prompt (app, SOTTO_ANSWER_FORMAT_SCHEMA, large), ==, text);
  harness_close (app);
}

static void
test_cut_off (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 20);
  SottoConversation *conversation;
  g_autofree char *json = NULL;
  SottoMessage *reply;
  yyjson_doc *doc;

  if (app == NULL)
    return;

  conversation = create (app);
  choose (conversation, LONG_SCHEMA);
  harness_send (conversation, "Name rivers.");
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  g_assert_true (sotto_message_is_at_length (reply));
  g_assert_false (sotto_conversation_can_continue_reply (conversation, reply));
  doc = yyjson_read (sotto_message_get_text (reply), sotto_message_get_length (reply), YYJSON_READ_NOFLAG);
  g_assert_null (doc);
  json = sotto_message_dup_json (reply);
  doc = yyjson_read (json, strlen (json), YYJSON_READ_NOFLAG);
  g_assert_true (yyjson_is_arr (yyjson_doc_get_root (doc)));
  g_assert_cmpuint (yyjson_arr_size (yyjson_doc_get_root (doc)), >, 0);
  yyjson_doc_free (doc);
  harness_close (app);
}

/* A schema that cannot be followed: why is said, what was asked stays, and mending it is all. */
static void
test_refused (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 64);
  SottoConversation *conversation;

  if (app == NULL)
    return;

  conversation = create (app);
  choose (conversation, "{\"not\": {}}");
  harness_send (conversation, "How many apples are there?");
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 1);
  g_assert_nonnull (sotto_conversation_get_problem (conversation));
  g_assert_cmpint (sotto_problem_get_remedy (sotto_conversation_get_problem (conversation)), ==, SOTTO_REMEDY_ANSWER_FORMAT);

  sotto_answer_form_set_schema (form_of (conversation), SCHEMA);
  sotto_conversation_retry (conversation);
  harness_wait_idle (conversation);
  assert_fits (sotto_message_get_text (harness_message (conversation, 1)));

  /* Stopped while it waits for what is looked at */
  sotto_answer_form_set_schema (form_of (conversation), SCHEMA "\n");
  sotto_conversation_regenerate (conversation, harness_message (conversation, 1));
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  assert_fits (sotto_message_get_text (harness_message (conversation, 1)));
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/answers/checked", test_checked);
  g_test_add_func ("/app/answers/fresh", test_fresh);
  g_test_add_func ("/app/answers/held", test_held);
  g_test_add_func ("/app/answers/told", test_told);
  g_test_add_func ("/app/answers/cut-off", test_cut_off);
  g_test_add_func ("/app/answers/refused", test_refused);
  return g_test_run ();
}
