/* Claude's export: conversations.json, out of the ZIP archive that it sends
 *
 *   an array of conversations, each
 *     uuid, name, created_at, updated_at   ISO 8601
 *     is_starred, model, current_leaf_message_uuid, project.name   perhaps
 *     chat_messages   in their order
 *
 *   a message
 *     uuid
 *     parent_message_uuid   perhaps: what it answers; 00000000-0000-4000-8000-000000000000: it begins the conversation.
 *                           Without it, the one before
 *     sender                "human" or "assistant"
 *     created_at
 *     content               blocks: {"type": "text", "text"}, {"type": "thinking", "thinking"}, "tool_use", "tool_result"
 *     text                  what is said, of exports without content
 *     attachments           {"file_name", "extracted_content"}: a text that was pasted or read
 *     files                 {"file_name"}: pictures and others, which are not in it
 *
 * There is no description by who makes it. It was established from programs that read exports (claude-conversation-exporter,
 * polylogue's docs/providers/claude-ai.md) and exports that people have published. */

#include "formats.h"

#include "values.h"

static void
take_block (SottoImport *import, SottoTurn *turn, yyjson_val *block)
{
  const char *type = sotto_value_peek_member (block, "type");

  if (g_strcmp0 (type, "text") == 0)
    {
      g_autofree char *text = sotto_value_dup_member (block, "text");

      sotto_turn_add_text (turn, text);
    }
  else if (g_strcmp0 (type, "thinking") == 0)
    {
      g_autofree char *text = sotto_value_dup_member (block, "thinking");

      sotto_turn_add_reasoning (turn, text);
    }
  else if (g_strcmp0 (type, "tool_use") == 0 || g_strcmp0 (type, "tool_result") == 0)
    {
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
    }
  else if (g_strcmp0 (type, "image") == 0)
    {
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_IMAGES, 1);
    }
}

static gboolean
is_picture (const char *name)
{
  static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic" };
  g_autofree char *folded = name != NULL ? g_ascii_strdown (name, -1) : NULL;

  for (guint i = 0; folded != NULL && i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (folded, endings[i]))
      return TRUE;
  return FALSE;
}

static void
take_files (SottoImport *import, SottoTurn *turn, yyjson_val *message)
{
  yyjson_val *file;
  size_t i, n;

  yyjson_arr_foreach (yyjson_obj_get (message, "attachments"), i, n, file)
    {
      g_autofree char *name = sotto_value_dup_member (file, "file_name");
      g_autofree char *text = sotto_value_dup_member (file, "extracted_content");

      if (!sotto_turn_add_document (turn, name, text))
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_FILES, 1);
    }
  yyjson_arr_foreach (yyjson_obj_get (message, "files"), i, n, file)
    sotto_import_leave_out (import, is_picture (sotto_value_peek_member (file, "file_name")) ? SOTTO_LEFT_OUT_IMAGES
                                                                                            : SOTTO_LEFT_OUT_FILES, 1);
}

static void
take_message (SottoImport *import, SottoTurns *turns, yyjson_val *message)
{
  g_autofree char *id = sotto_value_dup_id (message, "uuid");
  g_autofree char *parent = sotto_value_dup_id (message, "parent_message_uuid");
  SottoTurn *turn = parent != NULL ? sotto_turns_add (turns, id, parent) : sotto_turns_append (turns, id);
  yyjson_val *block;
  size_t i, n;

  turn->role = sotto_turn_role_of (sotto_value_peek_member (message, "sender"));
  turn->created = sotto_value_get_time (yyjson_obj_get (message, "created_at"));
  yyjson_arr_foreach (yyjson_obj_get (message, "content"), i, n, block)
    take_block (import, turn, block);
  if (turn->text->len == 0)
    {
      g_autofree char *text = sotto_value_dup_member (message, "text");

      sotto_turn_add_text (turn, text);
    }
  take_files (import, turn, message);
}

void
sotto_import_claude (SottoImport *import, yyjson_val *value)
{
  SottoTurns *turns = sotto_turns_new (SOTTO_IMPORT_CLAUDE);
  g_autofree char *model = sotto_value_dup_member (value, "model");
  yyjson_val *message;
  size_t i, n;

  turns->id = sotto_value_dup_id (value, "uuid");
  turns->title = sotto_value_dup_member (value, "name");
  turns->group = sotto_value_dup_member (yyjson_obj_get (value, "project"), "name");
  turns->current = sotto_value_dup_id (value, "current_leaf_message_uuid");
  turns->created = sotto_value_get_time (yyjson_obj_get (value, "created_at"));
  turns->updated = sotto_value_get_time (yyjson_obj_get (value, "updated_at"));
  turns->is_pinned = yyjson_get_bool (yyjson_obj_get (value, "is_starred"));
  yyjson_arr_foreach (yyjson_obj_get (value, "chat_messages"), i, n, message)
    take_message (import, turns, message);
  for (guint j = 0; model != NULL && j < turns->turns->len; j++)
    g_set_str (&((SottoTurn *) g_ptr_array_index (turns->turns, j))->model, model);
  sotto_import_take_turns (import, turns);
}
