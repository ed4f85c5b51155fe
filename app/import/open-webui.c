/* Open WebUI's export of chats: JSON
 *
 *   an array of chats (or one of them), each
 *     id, title, created_at, updated_at   seconds
 *     pinned
 *     chat
 *       title, models, timestamp          as above; of older ones alone
 *       system, params.system             what the model was told
 *       history.currentId                 the message that is shown last
 *       history.messages                  id → message; a tree
 *       messages                          the path that is shown; of old ones alone
 *
 *   a message
 *     id, parentId, role, timestamp       seconds
 *     model                               of a reply
 *     content                             a text. Before 2026 with <details type="reasoning">, "tool_calls" and
 *                                         "code_interpreter" in it, whose first line is a summary, and whose others begin with ">"
 *                                         and are escaped as in HTML
 *     output                              since: items of type "reasoning", "message", "function_call"…; of these only
 *                                         thoughts are not in content
 *     files                               {"type": "image", "url": "data:…" or where it lay}, or {"type": "file", "name", "file": {"filename", "data":
 *                                         {"content"}}}: with the text that was read
 *
 * From open-webui/open-webui: backend/open_webui/models/chats.py, utils/middleware.py, src/lib/utils/index.ts. */

#include "formats.h"

#include <string.h>

#include "values.h"

#define DETAILS "<details type=\""
#define DETAILS_END "</details>"
#define SUMMARY_END "</summary>"

static void
append_unescaped (GString *out, const char *text, gsize length)
{
  static const struct {
    const char *name;
    char character;
  } entities[] = { { "&gt;", '>' },   { "&lt;", '<' },   { "&amp;", '&' }, { "&quot;", '"' },
                   { "&#x27;", '\'' }, { "&#39;", '\'' } };
  const char *end = text + length;

  while (text < end)
    {
      guint i;

      for (i = 0; i < G_N_ELEMENTS (entities); i++)
        if (g_str_has_prefix (text, entities[i].name))
          break;
      if (i < G_N_ELEMENTS (entities))
        {
          g_string_append_c (out, entities[i].character);
          text += strlen (entities[i].name);
        }
      else
        {
          g_string_append_c (out, *text++);
        }
    }
}

/* What stands between two tags, without the summary and without what makes it a quotation */
static void
take_details (SottoTurn *turn, const char *text, gsize length)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autoptr (GString) thought = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  const char *summary = g_strstr_len (text, (gssize) length, SUMMARY_END);

  if (summary != NULL)
    {
      length -= (gsize) (summary + strlen (SUMMARY_END) - text);
      text = summary + strlen (SUMMARY_END);
    }
  append_unescaped (plain, text, length);
  lines = g_strsplit (plain->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = lines[i];

      if (*line == '>')
        line += line[1] == ' ' ? 2 : 1;
      g_string_append (thought, line);
      g_string_append_c (thought, '\n');
    }
  sotto_turn_add_reasoning (turn, thought->str);
}

/* @text: with whatever the program has put between what was said */
static void
take_text (SottoImport *import, SottoTurn *turn, const char *text)
{
  g_autoptr (GString) said = g_string_new (NULL);
  const char *next;

  while ((next = strstr (text, DETAILS)) != NULL)
    {
      const char *kind = next + strlen (DETAILS);
      const char *begin = strchr (kind, '>');
      const char *end = begin != NULL ? strstr (begin, DETAILS_END) : NULL;
      const gboolean is_reasoning = g_str_has_prefix (kind, "reasoning\"");
      const gboolean is_tool = g_str_has_prefix (kind, "tool_calls\"") || g_str_has_prefix (kind, "code_interpreter\"");

      if (end == NULL)
        break;
      g_string_append_len (said, text, next - text);
      text = end + strlen (DETAILS_END);
      if (is_reasoning)
        take_details (turn, begin + 1, (gsize) (end - begin - 1));
      else if (is_tool)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
      else
        g_string_append_len (said, next, text - next);
      if (said->len == 0)
        text += strspn (text, "\r\n");
    }
  g_string_append (said, text);
  sotto_turn_add_thinking_text (turn, said->str);
}

/* @files: of a message */
static void
take_files (SottoImport *import, SottoTurn *turn, yyjson_val *files)
{
  yyjson_val *file;
  size_t i, n;

  yyjson_arr_foreach (files, i, n, file)
    {
      const char *type = sotto_value_peek_member (file, "type");
      yyjson_val *inner = yyjson_obj_get (file, "file");
      g_autofree char *name = sotto_value_dup_member (file, "name");
      g_autofree char *text = sotto_value_dup_member (yyjson_obj_get (inner, "data"), "content");

      if (name == NULL)
        name = sotto_value_dup_member (inner, "filename");
      if (g_strcmp0 (type, "image") == 0)
        {
          if (!sotto_turn_add_picture (turn, name, sotto_value_peek_member (file, "url")))
            sotto_import_leave_out (import, SOTTO_LEFT_OUT_IMAGES, 1);
        }
      else if (!sotto_turn_add_document (turn, name, text))
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_FILES, 1);
    }
}

static void
take_output (SottoImport *import, SottoTurn *turn, yyjson_val *output)
{
  yyjson_val *item, *piece;
  size_t i, n, j, m;

  yyjson_arr_foreach (output, i, n, item)
    {
      const char *type = sotto_value_peek_member (item, "type");

      if (g_strcmp0 (type, "function_call") == 0)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
      if (g_strcmp0 (type, "reasoning") != 0 || turn->reasoning->len > 0)
        continue;
      yyjson_arr_foreach (yyjson_obj_get (item, "content"), j, m, piece)
        {
          g_autofree char *text = sotto_value_dup_member (piece, "text");

          sotto_turn_add_reasoning (turn, text);
        }
    }
}

/* @turn: has its place already */
static void
take_message (SottoImport *import, SottoTurn *turn, yyjson_val *message)
{
  yyjson_val *content = yyjson_obj_get (message, "content");

  turn->role = sotto_turn_role_of (sotto_value_peek_member (message, "role"));
  turn->created = sotto_value_get_time (yyjson_obj_get (message, "timestamp"));
  turn->model = sotto_value_dup_member (message, "model");
  if (yyjson_is_str (content) && turn->role == SOTTO_HISTORY_ROLE_ASSISTANT)
    {
      g_autofree char *text = sotto_value_dup_text (content);

      take_text (import, turn, text != NULL ? text : "");
    }
  else
    {
      sotto_import_take_content (import, turn, content);
    }
  take_files (import, turn, yyjson_obj_get (message, "files"));
  take_output (import, turn, yyjson_obj_get (message, "output"));
}

static void
take_tree (SottoImport *import, SottoTurns *turns, yyjson_val *messages)
{
  yyjson_val *key, *message;
  size_t i, n;

  yyjson_obj_foreach (messages, i, n, key, message)
    {
      g_autofree char *id = sotto_value_dup_text (key);
      g_autofree char *parent = sotto_value_dup_id (message, "parentId");

      take_message (import, sotto_turns_add (turns, id, parent), message);
    }
}

static void
take_row (SottoImport *import, SottoTurns *turns, yyjson_val *messages)
{
  yyjson_val *message;
  size_t i, n;

  yyjson_arr_foreach (messages, i, n, message)
    {
      g_autofree char *id = sotto_value_dup_id (message, "id");

      take_message (import, sotto_turns_append (turns, id), message);
    }
}

void
sotto_import_open_webui (SottoImport *import, yyjson_val *value)
{
  static const char *const created[] = { "created_at", "timestamp", NULL };
  static const char *const updated[] = { "updated_at", NULL };
  SottoTurns *turns = sotto_turns_new (SOTTO_IMPORT_OPEN_WEBUI);
  yyjson_val *chat = yyjson_obj_get (value, "chat");
  yyjson_val *history;
  g_autofree char *system = NULL;

  if (!yyjson_is_obj (chat))
    chat = value;
  history = yyjson_obj_get (chat, "history");
  turns->id = sotto_value_dup_id (value, "id");
  if (turns->id == NULL)
    turns->id = sotto_value_dup_id (chat, "id");
  turns->title = sotto_value_dup_member (value, "title");
  if (turns->title == NULL)
    turns->title = sotto_value_dup_member (chat, "title");
  turns->current = sotto_value_dup_id (history, "currentId");
  turns->created = sotto_value_get_member_time (value, created);
  if (turns->created == 0)
    turns->created = sotto_value_get_member_time (chat, created);
  turns->updated = sotto_value_get_member_time (value, updated);
  turns->is_pinned = yyjson_get_bool (yyjson_obj_get (value, "pinned"));

  system = sotto_value_dup_member (yyjson_obj_get (chat, "params"), "system");
  if (system == NULL)
    system = sotto_value_dup_member (chat, "system");
  if (system != NULL)
    g_string_assign (turns->instructions, system);

  if (yyjson_obj_size (yyjson_obj_get (history, "messages")) > 0)
    take_tree (import, turns, yyjson_obj_get (history, "messages"));
  else
    take_row (import, turns, yyjson_obj_get (chat, "messages"));
  sotto_import_take_turns (import, turns);
}
