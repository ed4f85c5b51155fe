/* LM Studio's conversations: NUMBER.conversation.json in ~/.lmstudio/conversations and folders in it
 *
 *   name, createdAt (milliseconds), userLastMessagedAt, assistantLastMessagedAt, pinned
 *   systemPrompt              or perChatPredictionConfig.fields: {"key": "llm.prediction.systemPrompt", "value"}
 *   lastUsedModel.identifier
 *   messages                  in a row, each {"versions": […], "currentlySelected": NUMBER}: what follows was said after
 *                             the selected one
 *
 *   a version
 *     type                    "singleStep" with content, or "multiStep" with steps
 *     role                    "user", "assistant", "system"
 *     senderInfo.senderName   of a reply: the model
 *     content                 {"type": "text", "text"}, {"type": "file", "fileType": "image" or another}: of files there is
 *                             only an identifier
 *     steps                   {"type": "contentBlock", "content", "style": {"type": "thinking"} or none}, "debugInfoBlock",
 *                             and what has to do with tools
 *
 * The file has no id, and no times of messages. There is no description by who makes it but of the parts of a message (lmstudio-js,
 * lms-shared-types/src/ChatHistoryData.ts). It was established from programs that read and write these files (threadshelf's README,
 * lmstudiochatconverter, lm-studio-conversation-converter), of versions 0.3 and 0.4. */

#include "formats.h"

#include <string.h>

#include "values.h"

#define SYSTEM_PROMPT "llm.prediction.systemPrompt"

static void
take_content (SottoImport *import, SottoTurn *turn, yyjson_val *content, gboolean is_thought)
{
  yyjson_val *piece;
  size_t i, n;

  yyjson_arr_foreach (content, i, n, piece)
    {
      const char *type = sotto_value_peek_member (piece, "type");
      g_autofree char *text = sotto_value_dup_member (piece, "text");

      if (text != NULL && is_thought)
        sotto_turn_add_reasoning (turn, text);
      else if (text != NULL)
        sotto_turn_add_thinking_text (turn, text);
      else if (g_strcmp0 (type, "file") == 0)
        sotto_import_leave_out (import, g_strcmp0 (sotto_value_peek_member (piece, "fileType"), "image") == 0
                                        ? SOTTO_LEFT_OUT_IMAGES : SOTTO_LEFT_OUT_FILES, 1);
      else if (type != NULL && g_str_has_prefix (type, "tool"))
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
    }
}

static void
take_version (SottoImport *import, SottoTurn *turn, yyjson_val *version)
{
  yyjson_val *step;
  size_t i, n;

  turn->role = sotto_turn_role_of (sotto_value_peek_member (version, "role"));
  turn->model = sotto_value_dup_member (yyjson_obj_get (version, "senderInfo"), "senderName");
  take_content (import, turn, yyjson_obj_get (version, "content"), FALSE);
  yyjson_arr_foreach (yyjson_obj_get (version, "steps"), i, n, step)
    {
      const char *type = sotto_value_peek_member (step, "type");
      const char *style = sotto_value_peek_member (yyjson_obj_get (step, "style"), "type");

      if (g_strcmp0 (type, "contentBlock") == 0)
        take_content (import, turn, yyjson_obj_get (step, "content"), g_strcmp0 (style, "thinking") == 0);
      else if (type != NULL && g_str_has_prefix (type, "tool"))
        sotto_import_leave_out (import, SOTTO_LEFT_OUT_TOOLS, 1);
    }
}

static void
take_messages (SottoImport *import, SottoTurns *turns, yyjson_val *messages)
{
  g_autofree char *before = NULL;
  yyjson_val *message, *version;
  size_t i, n, j, m;

  yyjson_arr_foreach (messages, i, n, message)
    {
      yyjson_val *versions = yyjson_obj_get (message, "versions");
      const guint64 wanted = yyjson_get_uint (yyjson_obj_get (message, "currentlySelected"));
      const size_t selected = wanted < yyjson_arr_size (versions) ? (size_t) wanted : 0;
      g_autofree char *next = NULL;

      yyjson_arr_foreach (versions, j, m, version)
        {
          g_autofree char *id = g_strdup_printf ("%" G_GSIZE_FORMAT ".%" G_GSIZE_FORMAT, i, j);

          take_version (import, sotto_turns_add (turns, id, before), version);
          if (j == selected)
            next = g_steal_pointer (&id);
        }
      if (next != NULL)
        {
          g_set_str (&turns->current, next);
          g_free (before);
          before = g_steal_pointer (&next);
        }
    }
}

static char *
dup_system_prompt (yyjson_val *value)
{
  yyjson_val *field;
  size_t i, n;

  yyjson_arr_foreach (yyjson_obj_get (yyjson_obj_get (value, "perChatPredictionConfig"), "fields"), i, n, field)
    if (g_strcmp0 (sotto_value_peek_member (field, "key"), SYSTEM_PROMPT) == 0)
      {
        char *text = sotto_value_dup_member (field, "value");

        if (text != NULL)
          return text;
      }
  return sotto_value_dup_member (value, "systemPrompt");
}

void
sotto_import_lm_studio (SottoImport *import, yyjson_val *value)
{
  static const char *const updated[] = { "assistantLastMessagedAt", "userLastMessagedAt", NULL };
  SottoTurns *turns = sotto_turns_new (SOTTO_IMPORT_LM_STUDIO);
  g_autofree char *system = dup_system_prompt (value);

  /* Its file is named after it. */
  turns->id = sotto_value_dup_id (value, "createdAt");
  turns->title = sotto_value_dup_member (value, "name");
  turns->created = sotto_value_get_time (yyjson_obj_get (value, "createdAt"));
  turns->updated = sotto_value_get_member_time (value, updated);
  turns->is_pinned = yyjson_get_bool (yyjson_obj_get (value, "pinned"));
  if (system != NULL)
    g_string_assign (turns->instructions, system);
  take_messages (import, turns, yyjson_obj_get (value, "messages"));
  sotto_import_take_turns (import, turns);
}
