#include "look-answers.h"

#include "harness.h"

#include <glib/gstdio.h>

#include "window.h"

/* Of the conversation that is imported */
#define ID "00000000-0000-4000-8000-0000000000e1"

static const char right[] =
  "{\n"
  "  \"type\": \"object\",\n"
  "  \"properties\": {\n"
  "    \"name\": { \"type\": \"string\", \"description\": \"As it stands on the map of the harbour, in full\" },\n"
  "    \"height\": { \"type\": \"number\", \"minimum\": 0 },\n"
  "    \"is_lit\": { \"type\": \"boolean\" }\n"
  "  },\n"
  "  \"required\": [\"name\", \"height\"]\n"
  "}\n";

static const char wrong[] =
  "{\n"
  "  \"type\": \"object\",\n"
  "  \"properties\": {\n"
  "    \"height\": { \"type\": \"metres\" }\n"
  "  }\n"
  "}\n";

static gboolean
is_checked (gpointer form)
{
  return !sotto_answer_form_is_checking (form);
}

static void
shoot (Look            *look,
       SottoAnswerForm *form,
       const char      *schema,
       const char      *what)
{
  sotto_answer_form_set_schema (form, schema);
  harness_wait_for (is_checked, form, 30);
  harness_run (0.2);
  look_scroll_to_end (look);
  look_shoot (look, what);
}

/* A reply takes a model that is there: what one may have written comes as another Sotto exports it. */
static gboolean
is_there (gpointer app)
{
  return sotto_conversation_list_lookup (sotto_app_get_conversations (app), ID) != NULL;
}

static SottoConversation *
import (Look *look)
{
  static const char archive[] =
    "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [{\"id\": \"" ID "\","
    " \"title\": \"A light on the coast\", \"created\": \"2026-03-05T12:00:00Z\", \"updated\": \"2026-03-05T12:00:00Z\","
    " \"answer_format\": \"json\", \"messages\": ["
    "{\"id\": \"00000000-0000-4000-8000-0000000000e2\", \"shown\": true, \"role\": \"user\", \"status\": \"complete\","
    " \"created\": \"2026-03-05T12:00:00Z\", \"parts\": [{\"kind\": \"text\","
    " \"text\": \"Which lighthouse stands at the mouth of the river?\"}]},"
    "{\"id\": \"00000000-0000-4000-8000-0000000000e3\", \"parent\": \"00000000-0000-4000-8000-0000000000e2\", \"shown\": true,"
    " \"role\": \"assistant\", \"status\": \"complete\", \"created\": \"2026-03-05T12:00:05Z\","
    " \"receipt\": \"{\\\"grammar_sha256\\\":\\\"00\\\"}\", \"parts\": [{\"kind\": \"text\", \"text\":"
    " \"{\\\"name\\\": \\\"The old light at the northern pier\\\", \\\"height\\\": 31.5, \\\"is_lit\\\": true}\"}]}]}]}";
  g_autofree char *folder = g_dir_make_tmp ("sotto-answers-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "light.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_assert_true (g_file_set_contents (path, archive, -1, NULL));
  sotto_window_open_file (SOTTO_WINDOW (look->window), file);
  harness_wait_for (is_there, look->app, 30);
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_rmdir (folder);
  sotto_window_open_conversation (SOTTO_WINDOW (look->window), ID);

  return sotto_conversation_list_lookup (sotto_app_get_conversations (look->app), ID);
}

static gboolean
has_both (gpointer conversation)
{
  return g_list_model_get_n_items (conversation) == 2;
}

void
look_at_answers (Look *look)
{
  SottoConversationList *list = sotto_app_get_conversations (look->app);
  SottoConversation *conversation = import (look);
  SottoAnswerForm *form = sotto_conversation_get_answer_form (conversation);

  harness_wait_for (has_both, conversation, 30);
  harness_run (0.5);
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
  look_shoot (look, "52-json");
  look_activate (look, "win.answer-format");
  look_wait_for_dialog (look);
  look_shoot (look, "53-answer-format");
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_SCHEMA);
  shoot (look, form, right, "54-schema");
  shoot (look, form, wrong, "55-schema-wrong");
  look_close_dialog (look);
  look_shoot (look, "56-json-wrong");

  sotto_conversation_list_delete (list, conversation);
  sotto_conversation_list_purge (list, conversation);
}
