/* Messages as OpenAI's interface has them, which many programs keep and export
 *
 *   {"messages": [{"role": "user", "content": "…"}, …]}, one of them, an array of them, or one a line; or the array of
 *   messages alone; or {"TITLE": [messages], …}, as Alpaca exports a chat with all there is to it
 *
 *   of a conversation, where they are there: id, title or name; created_at, create_time, created or timestamp; updated_at…
 *   of a message: role; content, a text or an array of {"type": "text", "text"} and pictures; reasoning_content, reasoning
 *   or thinking; model; created_at, timestamp or date; tool_calls
 *
 * From OpenAI's description of chat completions, and Jeffser/Alpaca: src/widgets/chat.py (version 9). */

#include "formats.h"

#include <string.h>

#include "values.h"

static const char *const created_keys[] = { "created_at", "create_time", "created", "createdAt", "timestamp", "date", NULL };
static const char *const updated_keys[] = { "updated_at", "update_time", "updated", "updatedAt", NULL };

gboolean
sotto_import_is_message (yyjson_val *value)
{
  yyjson_val *content = yyjson_obj_get (value, "content");

  return yyjson_is_str (yyjson_obj_get (value, "role"))
         && (content != NULL || yyjson_obj_get (value, "tool_calls") != NULL)
         && (content == NULL || yyjson_is_str (content) || yyjson_is_arr (content) || yyjson_is_null (content));
}

void
sotto_import_take_content (SottoImport *import, SottoTurn *turn, yyjson_val *content)
{
  g_autofree char *whole = sotto_value_dup_text (content);
  yyjson_val *piece;
  size_t i, n;

  if (turn->role == SOTTO_HISTORY_ROLE_ASSISTANT)
    sotto_turn_add_thinking_text (turn, whole);
  else
    sotto_turn_add_text (turn, whole);

  yyjson_arr_foreach (content, i, n, piece)
    {
      g_autofree char *text = yyjson_is_str (piece) ? sotto_value_dup_text (piece) : sotto_value_dup_member (piece, "text");
      const char *type = sotto_value_peek_member (piece, "type");

      if (text != NULL)
        sotto_turn_add_text (turn, text);
      else if (type != NULL && strstr (type, "image") != NULL)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_IMAGES, 1);
      else if (type != NULL && !g_str_equal (type, "text"))
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_FILES, 1);
    }
}

/* "2026/03/05 12:00:00" is Alpaca's, by the clock of the computer. */
static gint64
get_time (yyjson_val *message)
{
  const char *date = sotto_value_peek_member (message, "date");
  g_autofree char *text = date != NULL ? g_strdelimit (g_strdup (date), "/", '-') : NULL;
  const gint64 time = sotto_value_get_member_time (message, created_keys);

  return time == 0 && text != NULL ? sotto_value_parse_time (text, TRUE) : time;
}

static void
take_message (SottoImport *import, SottoTurns *turns, yyjson_val *message)
{
  static const char *const reasoning_keys[] = { "reasoning_content", "reasoning", "thinking" };
  const char *role = sotto_value_peek_member (message, "role");
  SottoTurn *turn = sotto_turns_append (turns, NULL);

  turn->role = sotto_turn_role_of (role);
  turn->created = get_time (message);
  turn->model = sotto_value_dup_member (message, "model");
  sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, (guint) yyjson_arr_size (yyjson_obj_get (message, "tool_calls")));
  if (turn->role == 0)
    {
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (reasoning_keys) && turn->reasoning->len == 0; i++)
    {
      g_autofree char *text = sotto_value_dup_member (message, reasoning_keys[i]);

      sotto_turn_add_reasoning (turn, text);
    }
  sotto_import_take_content (import, turn, yyjson_obj_get (message, "content"));
}

static void
take_messages (SottoImport *import, SottoTurns *turns, yyjson_val *messages)
{
  yyjson_val *message;
  size_t i, n;

  yyjson_arr_foreach (messages, i, n, message)
    {
      if (sotto_import_is_message (message))
        take_message (import, turns, message);
      else
        turns->is_broken = TRUE;
    }
  sotto_import_take_turns (import, turns);
}

void
sotto_import_message_row (SottoImport *import, const char *title, yyjson_val *messages)
{
  SottoTurns *turns = sotto_turns_new (SOTTO_IMPORT_MESSAGES);

  turns->title = g_strdup (title);
  take_messages (import, turns, messages);
}

void
sotto_import_messages (SottoImport *import, yyjson_val *value)
{
  static const char *const id_keys[] = { "id", "uuid", "conversation_id" };
  SottoTurns *turns = sotto_turns_new (SOTTO_IMPORT_MESSAGES);
  g_autofree char *system = sotto_value_dup_member (value, "system");

  for (guint i = 0; i < G_N_ELEMENTS (id_keys) && turns->id == NULL; i++)
    turns->id = sotto_value_dup_id (value, id_keys[i]);
  turns->title = sotto_value_dup_member (value, "title");
  if (turns->title == NULL)
    turns->title = sotto_value_dup_member (value, "name");
  turns->created = sotto_value_get_member_time (value, created_keys);
  turns->updated = sotto_value_get_member_time (value, updated_keys);
  if (system != NULL)
    g_string_assign (turns->instructions, system);
  take_messages (import, turns, yyjson_obj_get (value, "messages"));
}
