#include "harness-folders.h"

#include <stdlib.h>
#include <string.h>

#include "conversation/conversation-private.h"

/* What each tool gives, and what becomes of calls that do not fit. (What is calculated: test-calculate.py.) */

static const char *const all[] = { "calculate", "current_time", "search_documents", "search_conversations", NULL };
static const char *const none[] = { NULL };

static char *
run_in (const SottoToolPlace *place, const char *name, const char *arguments)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *text;

  sotto_tools_run_async (name, arguments, all, place, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  text = sotto_tools_run_finish (result, &error);
  g_assert_no_error (error);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (strlen (text), <=, SOTTO_TOOL_MAX_RESULT);
  g_test_message ("%s %s: %s", name, arguments, text);
  return text;
}

static char *
run (const char *name, const char *arguments)
{
  SottoServices services = { 0 };
  const SottoToolPlace place = { &services, "", none };

  return run_in (&place, name, arguments);
}

/* What a model is told is a list in the OpenAI form, in the table's order, and nothing of the person's language. */
static void
test_described (void)
{
  static const char *const two[] = { "calculate", "current_time", NULL };
  g_autofree char *json = sotto_tools_describe (two);
  yyjson_doc *doc = yyjson_read (json, strlen (json), YYJSON_READ_NOFLAG);
  yyjson_val *tool = yyjson_arr_get (yyjson_doc_get_root (doc), 0);
  yyjson_val *function = yyjson_obj_get (tool, "function");
  yyjson_val *parameters = yyjson_obj_get (function, "parameters");

  g_assert_cmpuint (yyjson_arr_size (yyjson_doc_get_root (doc)), ==, 2);
  g_assert_true (yyjson_equals_str (yyjson_obj_get (tool, "type"), "function"));
  g_assert_true (yyjson_equals_str (yyjson_obj_get (function, "name"), "calculate"));
  g_assert_true (yyjson_equals_str (yyjson_obj_get (parameters, "type"), "object"));
  g_assert_true (yyjson_equals_str (yyjson_arr_get (yyjson_obj_get (parameters, "required"), 0), "expression"));
  g_assert_true (yyjson_equals_str (yyjson_obj_get (yyjson_obj_get (yyjson_obj_get (parameters, "properties"), "expression"), "type"),
                                    "string"));
  yyjson_doc_free (doc);
}

/* Every one of the calls gets an answer that says what is wrong with it. */
static void
test_hostile (void)
{
  g_autofree char *deep = g_strnfill (20000, '[');
  g_autofree char *digits = g_strnfill (2000, '9');
  g_autofree char *many = g_strdup_printf ("{\"expression\": \"%s\"}", digits);
  const struct {
    const char *name;
    const char *arguments;
    const char *says;
  } cases[] = {
    { "get_weather", "{}", "There is no such tool. There is: calculate, current_time" },
    { "", "", "no such tool" },
    { "search_documents", "{\"query\": \"x\"}", "no such tool" },     /* no folders are asked */
    { "search_conversations", "{\"query\": \"x\"}", "no such tool" }, /* there is no history */
    { "calculate", "", "“expression” is missing" },
    { "calculate", "{}", "“expression” is missing" },
    { "calculate", "{\"expression\": \"\"}", "“expression” is missing" },
    { "calculate", "{\"expression\": null}", "“expression” is missing" },
    { "calculate", "6*7", "must be a JSON object with “expression”" },
    { "calculate", "[\"6*7\"]", "must be a JSON object with “expression”" },
    { "calculate", "{\"expression\": \"6*7\"", "must be a JSON object" },
    { "calculate", "{\"expression\": 42}", "“expression” must be a text" },
    { "calculate", "{\"expression\": [\"6*7\"]}", "“expression” must be a text" },
    { "calculate", "{\"expression\": \"6\\u0000*7\"}", "a character that no text has" },
    { "calculate", deep, "must be a JSON object" },
    { "calculate", many, "longer than 1000 characters" },
    { "calculate", "{\"expression\": \"6*\"}", "Error: A number is missing" },
    { "current_time", "{\"add_days\": 1.5}", "“add_days” must be a whole number" },
    { "current_time", "{\"add_days\": \"many\"}", "“add_days” must be a whole number" },
    { "current_time", "{\"add_days\": 18446744073709551615}", "“add_days” must be a whole number" },
    { "current_time", "{\"add_days\": -99999999}", "“add_days” must be between" },
    { "current_time", "{\"add_days\": 3652058}", "not in the years 1 to 9999" },
    { "current_time", "{\"time_zone\": \"Europe/Atlantis\"}", "the name of a time zone" },
    { "current_time", "{\"time_zone\": \"../../etc/passwd\"}", "the name of a time zone" },
    { "current_time", "{\"time_zone\": \"/etc/localtime\"}", "the name of a time zone" },
    { "current_time", "{\"date\": \"2026-02-29\"}", "“date” must be a day" },
    { "current_time", "{\"date\": \"tomorrow\"}", "“date” must be a day" },
    { "current_time", "{\"until\": \"2026-13-01\"}", "“until” must be a day" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = run (cases[i].name, cases[i].arguments);

      g_assert_true (g_str_has_prefix (text, "Error: "));
      g_assert_nonnull (strstr (text, cases[i].says));
    }
}

/* What small models do with a schema does no harm. */
static void
test_loose (void)
{
  g_autofree char *more = run ("calculate", "{\"expression\": \"6*7\", \"required\": [\"expression\"]}");
  g_autofree char *empty = run ("current_time", "{\"time_zone\": \"\", \"date\": \"today\", \"add_days\": 0, \"until\": null}");

  g_assert_cmpstr (more, ==, "42");
  g_assert_true (g_str_has_prefix (empty, "Date: "));
  g_assert_null (strstr (empty, "days"));
}

/* Days counted with cal(1) */
static void
test_days (void)
{
  const struct {
    const char *arguments;
    const char *says;
  } cases[] = {
    { "{\"date\": \"2026-11-23\"}", "The day asked for: Monday, 23 November 2026 (2026-11-23)" },
    { "{\"date\": \"1969-07-20\"}", "The day asked for: Sunday, 20 July 1969 (1969-07-20)" },
    { "{\"date\": \"2026-11-23\", \"add_days\": 30}", "30 days after Monday, 23 November 2026 (2026-11-23): Wednesday, 23 December 2026" },
    { "{\"date\": \"2024-03-01\", \"add_days\": \"-1\"}", "1 days before Friday, 1 March 2024 (2024-03-01): Thursday, 29 February 2024" },
    { "{\"date\": \"2024-02-28\", \"until\": \"2024-03-01\"}", "to Friday, 1 March 2024 (2024-03-01): 2 days" },
    { "{\"date\": \"2026-12-31\", \"until\": \"2026-01-01\"}", "-364 days" },
    { "{\"date\": \"0001-01-01\", \"until\": \"9999-12-31\", \"time_zone\": \"\"}", "3652058 days" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = run ("current_time", cases[i].arguments);

      g_assert_nonnull (strstr (text, cases[i].says));
    }
}

static char *
ask_system (const char *zone)
{
  g_autofree char *command = g_strdup_printf ("env TZ=%s LC_ALL=C date '+Date: %%A, %%-d %%B %%Y (%%Y-%%m-%%d)\nTime: %%H:%%M'", zone);
  g_autoptr (GError) error = NULL;
  char *out = NULL;

  g_spawn_command_line_sync (command, &out, NULL, NULL, &error);
  g_assert_no_error (error);
  return g_strchomp (out);
}

/* As the system's own clock has it, in zones with odd offsets and on both sides of the date line */
static void
test_time (void)
{
  static const char *const zones[] = { "UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati",
                                       "Pacific/Pago_Pago" };
  g_autofree char *kathmandu = NULL;
  g_autofree char *here = run ("current_time", "{}");

  g_assert_true (g_str_has_prefix (here, "Date: "));
  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    {
      g_autofree char *arguments = g_strdup_printf ("{\"time_zone\": \"%s\"}", zones[i]);
      g_autofree char *text = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      before = ask_system (zones[i]);
      text = run ("current_time", arguments);
      after = ask_system (zones[i]);
      /* The minute may have changed in between. */
      g_assert_true (g_str_has_prefix (text, before) || g_str_has_prefix (text, after));
      g_assert_nonnull (strstr (text, zones[i]));
    }
  kathmandu = run ("current_time", "{\"time_zone\": \"Asia/Kathmandu\"}");
  g_assert_nonnull (strstr (kathmandu, "UTC+05:45"));
}

static void
test_conversations (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *other, *own, *temporary;
  SottoToolPlace place;
  g_autofree char *found = NULL;
  g_autofree char *nothing = NULL;

  other = sotto_conversation_list_create (list);
  harness_send (other, "The Ziegenmelker flies at dusk.");
  harness_wait_idle (other);
  own = sotto_conversation_list_create (list);
  harness_send (own, "What did I say of the Ziegenmelker?");
  harness_wait_idle (own);
  temporary = sotto_conversation_list_create_temporary (list);
  harness_send (temporary, "A secret Ziegenmelker.");
  harness_wait_idle (temporary);

  sotto_conversation_describe_place (own, &place);
  found = run_in (&place, "search_conversations", "{\"query\": \"ziegenmelker\"}");
  g_assert_nonnull (strstr (found, "flies at dusk"));
  g_assert_null (strstr (found, "What did I say"));
  g_assert_null (strstr (found, "secret"));
  nothing = run_in (&place, "search_conversations", "{\"query\": \"marmot\"}");
  g_assert_true (g_str_has_prefix (nothing, "Nothing was found."));

  g_assert_true (sotto_conversation_can_use_tool (own, sotto_tools_lookup ("search_conversations")));
  g_assert_false (sotto_conversation_can_use_tool (temporary, sotto_tools_lookup ("search_conversations")));
  g_assert_true (sotto_conversation_can_use_tool (temporary, sotto_tools_lookup ("calculate")));
  harness_close (app);
}

static void
test_documents (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("island");
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  const SottoTool *tool = sotto_tools_lookup ("search_documents");
  SottoDocumentFolder *folder;
  SottoToolPlace place;
  g_autofree char *found = NULL;
  g_autofree char *nothing = NULL;

  harness_write (path, "ferries.md", "# Ferries\n\nThe ferry to Røst leaves on Tuesdays at 07:40.\n");
  folder = harness_add_folder (app, path);
  g_assert_false (sotto_conversation_can_use_tool (conversation, tool));
  sotto_conversation_set_uses_tool (conversation, tool, TRUE);
  g_assert_cmpuint (sotto_conversation_get_n_tools (conversation), ==, 0);
  sotto_conversation_set_asks_folder (conversation, folder, TRUE);
  g_assert_true (sotto_conversation_can_use_tool (conversation, tool));
  g_assert_cmpuint (sotto_conversation_get_n_tools (conversation), ==, 1);

  sotto_conversation_describe_place (conversation, &place);
  found = run_in (&place, "search_documents", "{\"query\": \"ferry Røst\"}");
  g_assert_true (g_str_has_prefix (found, "ferries.md:\n"));
  g_assert_nonnull (strstr (found, "Tuesdays at 07:40"));
  nothing = run_in (&place, "search_documents", "{\"query\": \"marmots\"}");
  g_assert_true (g_str_has_prefix (nothing, "Nothing was found."));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

/* A result that is too long ends with a whole character, and says so. */
static void
test_bound (void)
{
  g_autoptr (GString) text = g_string_new ("a");
  g_autofree char *bound = NULL;
  g_autofree char *same = sotto_tool_bound_result ("żółw");

  for (guint i = 0; i < 5000; i++)
    g_string_append (text, "€");
  bound = sotto_tool_bound_result (text->str);
  g_assert_cmpstr (same, ==, "żółw");
  g_assert_true (g_utf8_validate (bound, -1, NULL));
  g_assert_cmpuint (strlen (bound), <=, SOTTO_TOOL_MAX_RESULT);
  g_assert_cmpuint (strlen (bound), >, SOTTO_TOOL_MAX_RESULT - 5);
  g_assert_true (g_str_has_suffix (bound, "left out)"));
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/tools/described", test_described);
  g_test_add_func ("/app/tools/hostile", test_hostile);
  g_test_add_func ("/app/tools/loose", test_loose);
  g_test_add_func ("/app/tools/days", test_days);
  g_test_add_func ("/app/tools/time", test_time);
  g_test_add_func ("/app/tools/conversations", test_conversations);
  g_test_add_func ("/app/tools/documents", test_documents);
  g_test_add_func ("/app/tools/bound", test_bound);
  return g_test_run ();
}
