/* ChatGPT's export: conversations.json, or conversations-000.json and so on, out of the ZIP archive that it sends
 *
 *   an array of conversations, each
 *     id, conversation_id   either; the same
 *     title
 *     create_time, update_time   seconds, with a fraction
 *     current_node          id of the node that was shown last
 *     is_starred            perhaps
 *     mapping               id → node: {"id", "parent", "children", "message"}; a tree, whose root has no message
 *
 *   a message
 *     author.role           "user", "assistant", "system", "tool"
 *     create_time           or null
 *     recipient             "all"; else the tool it is for
 *     content.content_type  "text": parts are texts; "multimodal_text": texts and objects of their own content_type
 *                           ("image_asset_pointer", "audio_transcription" with a text…); "code", "execution_output",
 *                           "tether_quote"… with tools; "thoughts": thoughts, each with a summary and a content;
 *                           "reasoning_recap": how long; "user_editable_context": what the person has it know of
 *                           them (user_profile) and how it shall answer (user_instructions)
 *     metadata              model_slug; is_visually_hidden_from_conversation; attachments: names of files that are
 *                           not in it
 *
 * There is no description by who makes it. It was established from programs that read exports, with their tests and their notes on
 * the format: chatgpt-export-parser by mitkury (docs/chatgpt-data-export-format.md), Open WebUI (src/lib/utils/index.ts), and
 * exports that people have published. */

#include "formats.h"

#include "values.h"

static void
take_parts (SottoImport *import, SottoTurn *turn, yyjson_val *content)
{
  yyjson_val *part;
  size_t i, n;

  yyjson_arr_foreach (yyjson_obj_get (content, "parts"), i, n, part)
    {
      g_autofree char *text = yyjson_is_obj (part) ? sotto_value_dup_member (part, "text") : sotto_value_dup_text (part);
      const char *type = sotto_value_peek_member (part, "content_type");

      if (text != NULL)
        sotto_turn_add_text (turn, text);
      else if (g_strcmp0 (type, "image_asset_pointer") == 0)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_IMAGES, 1);
      else if (type != NULL)
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_FILES, 1);
    }
}

static void
take_thoughts (SottoTurn *turn, yyjson_val *content)
{
  yyjson_val *thought;
  size_t i, n;

  yyjson_arr_foreach (yyjson_obj_get (content, "thoughts"), i, n, thought)
    {
      g_autofree char *summary = sotto_value_dup_member (thought, "summary");
      g_autofree char *text = sotto_value_dup_member (thought, "content");
      g_autofree char *heading = summary != NULL ? g_strdup_printf ("**%s**", summary) : NULL;

      sotto_turn_add_reasoning (turn, heading);
      sotto_turn_add_reasoning (turn, text);
    }
}

static void
take_instructions (SottoTurns *turns, yyjson_val *content)
{
  static const char *const keys[] = { "user_profile", "user_instructions" };

  for (guint i = 0; turns->instructions->len == 0 && i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *text = sotto_value_dup_member (content, keys[i]);

      /* Both in one go: it is found in every conversation, and often twice. */
      if (i == 0 && text != NULL)
        {
          g_autofree char *more = sotto_value_dup_member (content, keys[1]);

          g_string_append (turns->instructions, text);
          if (more != NULL)
            g_string_append_printf (turns->instructions, "\n\n%s", more);
        }
      else if (text != NULL)
        {
          g_string_append (turns->instructions, text);
        }
    }
}

/* Names of files, whose contents are not in the export; pictures among them stand in the parts, too. */
static void
count_attachments (SottoImport *import, yyjson_val *metadata)
{
  yyjson_val *attachment;
  size_t i, n;

  yyjson_arr_foreach (yyjson_obj_get (metadata, "attachments"), i, n, attachment)
    {
      const char *type = sotto_value_peek_member (attachment, "mime_type");

      if (type == NULL || !g_str_has_prefix (type, "image/"))
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_FILES, 1);
    }
}

static void
take_message (SottoImport *import, SottoTurns *turns, SottoTurn *turn, yyjson_val *message)
{
  yyjson_val *content = yyjson_obj_get (message, "content");
  yyjson_val *metadata = yyjson_obj_get (message, "metadata");
  const char *type = sotto_value_peek_member (content, "content_type");
  const char *recipient = sotto_value_peek_member (message, "recipient");
  const char *role = sotto_value_peek_member (yyjson_obj_get (message, "author"), "role");
  const gboolean is_text = g_strcmp0 (type, "text") == 0 || g_strcmp0 (type, "multimodal_text") == 0;

  turn->created = sotto_value_get_time (yyjson_obj_get (message, "create_time"));
  if (g_strcmp0 (type, "thoughts") == 0)
    {
      take_thoughts (turn, content);
    }
  else if (g_strcmp0 (type, "user_editable_context") == 0)
    {
      take_instructions (turns, content);
    }
  else if (g_strcmp0 (role, "tool") == 0 || (recipient != NULL && !g_str_equal (recipient, "all")))
    {
      /* A picture that a tool has made would be part of the answer. */
      take_parts (import, turn, content);
      sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
    }
  else if (is_text && !yyjson_get_bool (yyjson_obj_get (metadata, "is_visually_hidden_from_conversation")))
    {
      turn->role = sotto_turn_role_of (role);
      turn->model = turn->role == SOTTO_HISTORY_ROLE_ASSISTANT ? sotto_value_dup_member (metadata, "model_slug") : NULL;
      take_parts (import, turn, content);
      count_attachments (import, metadata);
    }
}

void
sotto_import_chatgpt (SottoImport *import, yyjson_val *value)
{
  SottoTurns *turns = sotto_turns_new (SOTTO_IMPORT_CHATGPT);
  yyjson_val *key, *node;
  size_t i, n;

  turns->id = sotto_value_dup_id (value, "conversation_id");
  if (turns->id == NULL)
    turns->id = sotto_value_dup_id (value, "id");
  turns->title = sotto_value_dup_member (value, "title");
  turns->current = sotto_value_dup_id (value, "current_node");
  turns->created = sotto_value_get_time (yyjson_obj_get (value, "create_time"));
  turns->updated = sotto_value_get_time (yyjson_obj_get (value, "update_time"));
  turns->is_pinned = yyjson_get_bool (yyjson_obj_get (value, "is_starred"));

  yyjson_obj_foreach (yyjson_obj_get (value, "mapping"), i, n, key, node)
    {
      g_autofree char *id = sotto_value_dup_text (key);
      g_autofree char *parent = sotto_value_dup_id (node, "parent");
      yyjson_val *message = yyjson_obj_get (node, "message");
      SottoTurn *turn = sotto_turns_add (turns, id, parent);

      if (yyjson_is_obj (message))
        take_message (import, turns, turn, message);
    }
  sotto_import_take_turns (import, turns);
}
