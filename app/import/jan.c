/* Jan's threads: a folder each in threads/ of its data folder, with thread.json and messages.jsonl
 *
 *   thread.json
 *     object       "thread"
 *     id, title, created, updated   seconds, with a fraction
 *     assistants   the first one's instructions, and model.id
 *     metadata     is_favorite
 *
 *   messages.jsonl, a message a line, in their order
 *     object       "thread.message"
 *     id, thread_id, role, status, created_at   milliseconds, of older ones seconds, or 0
 *     content      {"type": "text", "text": {"value"}}, {"type": "image_url"}, {"type": "reasoning", "text": {"value"}},
 *                  {"type": "tool_call"}; a reply's text may begin with <think>
 *     attachments  names of files that are not in it
 *     metadata     tool_calls
 *
 * From menloresearch/jan (version 0.6): src-tauri/src/core/threads.rs, core/src/types/message/messageEntity.ts,
 * web-app/src/lib/completion.ts, docs/src/pages/docs/data-folder.mdx.
 *
 * Which of the two files comes first is not said, so that both only tell what they know, and sotto_import_jan_finish() makes
 * conversations of it. */

#include "formats.h"

#include "values.h"

/* Returns: (transfer none): the thread of this id */
static SottoTurns *
find_thread (SottoImport *import, const char *id)
{
  SottoTurns *turns = g_hash_table_lookup (import->threads, id);

  if (turns == NULL)
    {
      turns = sotto_turns_new (SOTTO_IMPORT_JAN);
      turns->id = g_strdup (id);
      g_hash_table_insert (import->threads, turns->id, turns);
      g_ptr_array_add (import->order, turns);
    }
  return turns;
}

void
sotto_import_jan_thread (SottoImport *import, yyjson_val *value)
{
  g_autofree char *id = sotto_value_dup_id (value, "id");
  yyjson_val *assistant = yyjson_arr_get_first (yyjson_obj_get (value, "assistants"));
  g_autofree char *instructions = sotto_value_dup_member (assistant, "instructions");
  SottoTurns *turns;

  if (id == NULL)
    {
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_BROKEN, 1);
      return;
    }
  turns = find_thread (import, id);
  g_free (turns->title);
  turns->title = sotto_value_dup_member (value, "title");
  turns->created = sotto_value_get_time (yyjson_obj_get (value, "created"));
  turns->updated = sotto_value_get_time (yyjson_obj_get (value, "updated"));
  turns->is_pinned = yyjson_get_bool (yyjson_obj_get (yyjson_obj_get (value, "metadata"), "is_favorite"));
  if (instructions != NULL)
    g_string_assign (turns->instructions, instructions);
}

static void
take_content (SottoImport *import, SottoTurn *turn, yyjson_val *content)
{
  yyjson_val *piece;
  size_t i, n;

  yyjson_arr_foreach (content, i, n, piece)
    {
      const char *type = sotto_value_peek_member (piece, "type");
      g_autofree char *text = sotto_value_dup_member (yyjson_obj_get (piece, "text"), "value");

      if (g_strcmp0 (type, "reasoning") == 0)
        sotto_turn_add_reasoning (turn, text);
      else if (text != NULL)
        sotto_turn_add_thinking_text (turn, text);
      else if (g_strcmp0 (type, "image_url") == 0 || g_strcmp0 (type, "image") == 0)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_IMAGES, 1);
      else if (g_strcmp0 (type, "tool_call") == 0)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
    }
}

void
sotto_import_jan_message (SottoImport *import, yyjson_val *value)
{
  g_autofree char *thread = sotto_value_dup_id (value, "thread_id");
  g_autofree char *id = sotto_value_dup_id (value, "id");
  yyjson_val *metadata = yyjson_obj_get (value, "metadata");
  const char *status = sotto_value_peek_member (value, "status");
  SottoTurn *turn;

  if (thread == NULL)
    {
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_BROKEN, 1);
      return;
    }
  turn = sotto_turns_append (find_thread (import, thread), id);
  turn->role = sotto_turn_role_of (sotto_value_peek_member (value, "role"));
  turn->created = sotto_value_get_time (yyjson_obj_get (value, "created_at"));
  turn->model = sotto_value_dup_member (metadata, "modelId");
  if (g_strcmp0 (status, "stopped") == 0)
    turn->status = SOTTO_HISTORY_STATUS_STOPPED;
  if (turn->role == 0)
    {
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
      return;
    }
  take_content (import, turn, yyjson_obj_get (value, "content"));
  sotto_import_leave_out (import, SOTTO_LEFT_OUT_FILES, (guint) yyjson_arr_size (yyjson_obj_get (value, "attachments")));
  sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, (guint) yyjson_arr_size (yyjson_obj_get (metadata, "tool_calls")));
}

void
sotto_import_jan_finish (SottoImport *import)
{
  g_autoptr (GPtrArray) order = g_steal_pointer (&import->order);

  import->order = g_ptr_array_new ();
  g_hash_table_steal_all (import->threads);
  for (guint i = 0; i < order->len; i++)
    sotto_import_take_turns (import, g_ptr_array_index (order, i));
}
