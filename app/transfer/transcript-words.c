#include "config.h"

#include "transfer/transcript-words.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "conversation/answer-json.h"
#include "conversation/kept-receipt.h"

GPtrArray *
sotto_transcript_list_shown (const SottoHistoryTree *tree)
{
  GPtrArray *list = g_ptr_array_new ();
  g_autoptr (GHashTable) shown = g_hash_table_new (g_str_hash, g_str_equal);

  /* By parent: the version that goes on. A parent stands before its answers, so that the path is
   * found in one walk. */
  g_hash_table_add (shown, (char *) "");
  for (guint i = 0; i < tree->messages->len; i++)
    {
      SottoHistoryMessage *message = g_ptr_array_index (tree->messages, i);
      const char *parent = message->parent != NULL ? message->parent : "";

      if (!message->is_active || !g_hash_table_contains (shown, parent))
        continue;
      g_hash_table_add (shown, message->id);
      g_ptr_array_add (list, message);
    }
  return list;
}

const char *
sotto_transcript_get_title (const SottoHistoryConversation *conversation)
{
  return *conversation->title != '\0' ? conversation->title : _("Conversation");
}

GDateTime *
sotto_transcript_get_date (const SottoHistoryConversation *conversation)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc_usec (conversation->created);

  return utc != NULL ? g_date_time_to_local (utc) : NULL;
}

char *
sotto_transcript_describe_date (GDateTime *date)
{
  /* Translators: the day on which a conversation began: “21 November 2026”; %-d is the day, %B the month, %Y the year */
  return g_date_time_format (date, _("%-d %B %Y"));
}

const char *
sotto_transcript_get_model (const SottoHistoryModel *model)
{
  const char *file;

  if (model == NULL)
    return NULL;
  if (model->name != NULL && *model->name != '\0')
    return model->name;
  file = strrchr (model->path, G_DIR_SEPARATOR);
  return file != NULL ? file + 1 : model->path;
}

const char *
sotto_transcript_get_speaker (const SottoHistoryMessage *message)
{
  const char *name;

  switch (message->role)
    {
    case SOTTO_HISTORY_ROLE_SYSTEM:
      return _("Instructions");
    case SOTTO_HISTORY_ROLE_USER:
      return C_("who speaks", "You");
    case SOTTO_HISTORY_ROLE_TOOL:
      return C_("who speaks", "Tool");
    case SOTTO_HISTORY_ROLE_ASSISTANT:
    default:
      name = sotto_transcript_get_model (message->model);
      return name != NULL ? name : C_("who speaks", "Reply");
    }
}

const char *
sotto_transcript_get_end (const SottoHistoryMessage *message)
{
  if (message->status == SOTTO_HISTORY_STATUS_COMPLETE)
    return NULL;
  if (message->status == SOTTO_HISTORY_STATUS_STOPPED)
    return C_("reply", "Stopped");
  if (message->status == SOTTO_HISTORY_STATUS_FAILED)
    return _("This reply could not be finished");
  return _("Cut off when Sotto ended unexpectedly");
}

char *
sotto_transcript_dup_json (const SottoHistoryMessage *message)
{
  const gboolean is_cut = message->status != SOTTO_HISTORY_STATUS_COMPLETE
                          || sotto_kept_receipt_ended_by (message->receipt, "max-tokens")
                          || sotto_kept_receipt_ended_by (message->receipt, "context-full");
  g_autofree char *text = NULL;

  if (!sotto_kept_receipt_is_held (message->receipt))
    return NULL;
  text = sotto_history_message_dup_text (message);
  return sotto_answer_json_lay_out (text, is_cut);
}

char *
sotto_transcript_describe_call (const char *name)
{
  /* Translators: %s is the name of a tool that the model wanted to use; its arguments follow */
  return g_strdup_printf (_("Tool call: %s"), name);
}

char *
sotto_transcript_describe_result (const char *name)
{
  /* Translators: %s is the name of a tool; what it answered follows */
  return g_strdup_printf (_("Result of %s"), name);
}

char *
sotto_transcript_describe_attached (const char *name)
{
  /* Translators: %s is the name of a file */
  return g_strdup_printf (_("Attached: %s"), name);
}

const char *
sotto_transcript_get_found (void)
{
  /* Translators: above a list such as “1. report.pdf, page 3”: what a question goes to the model with */
  return _("Found in documents:");
}
