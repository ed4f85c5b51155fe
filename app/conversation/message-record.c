#include "conversation/message-private.h"

#include "conversation/answer-json.h"
#include "conversation/attachment-private.h"
#include "conversation/kept-receipt.h"

/* A message as the history has it. */

static SottoMessageStatus
status_of_record (const SottoHistoryMessage *record)
{
  switch (record->status)
    {
    case SOTTO_HISTORY_STATUS_STOPPED:
      return SOTTO_MESSAGE_STATUS_STOPPED;
    case SOTTO_HISTORY_STATUS_FAILED:
      return SOTTO_MESSAGE_STATUS_FAILED;
    case SOTTO_HISTORY_STATUS_STREAMING:
    case SOTTO_HISTORY_STATUS_INTERRUPTED:
      return SOTTO_MESSAGE_STATUS_INTERRUPTED;
    case SOTTO_HISTORY_STATUS_COMPLETE:
    default:
      return sotto_kept_receipt_ended_by (record->receipt, "context-full")
               ? SOTTO_MESSAGE_STATUS_LIMITED : SOTTO_MESSAGE_STATUS_COMPLETE;
    }
}

static SottoProblem *
problem_of_status (SottoMessageStatus status)
{
  g_autoptr (GError) error = NULL;

  if (status == SOTTO_MESSAGE_STATUS_LIMITED)
    error = g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_CONTEXT_FULL, "The context was "
                                                                                "full");
  else if (status == SOTTO_MESSAGE_STATUS_FAILED)
    error = g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_REPLY_FAILED, "The reply had "
                                                                                "failed");
  return error != NULL ? sotto_problem_new (error) : NULL;
}

/* Pieces of reasoning stand apart. */
static void
take_part (SottoMessage *self, const SottoHistoryPart *part)
{
  const char *reasoning = sotto_message_get_reasoning (self);
  guint position;

  switch (part->kind)
    {
    case SOTTO_HISTORY_PART_TEXT:
      sotto_message_append (self, part->text);
      break;
    case SOTTO_HISTORY_PART_REASONING:
      if (reasoning[0] != '\0' && !g_str_has_suffix (reasoning, "\n"))
        sotto_message_append_reasoning (self, "\n\n");
      sotto_message_append_reasoning (self, part->text);
      break;
    case SOTTO_HISTORY_PART_TOOL_CALL:
      sotto_message_begin_call (self, part->name != NULL ? part->name : "");
      sotto_message_append_arguments (self, part->text);
      sotto_message_end_call (self);
      break;
    case SOTTO_HISTORY_PART_TOOL_RESULT:
      position = sotto_message_find_open_call (self);
      if (position < sotto_message_get_n_calls (self))
        sotto_message_set_result (self, position, part->text);
      break;
    default:
      /* Documents stand beside what was written; what else there may be nobody writes yet. */
      break;
    }
}

static void
take_documents (SottoMessage *self, const GPtrArray *parts, SottoStore *store)
{
  g_autoptr (GPtrArray) attachments = sotto_attachments_new_from_parts (parts, store);
  SottoSources *sources = sotto_message_get_role (self) == SOTTO_ROLE_USER ? sotto_sources_new_from_parts (parts) : NULL;

  sotto_message_set_attachments (self, attachments);
  sotto_message_set_sources (self, sources);
  g_clear_pointer (&sources, sotto_sources_unref);
}

/* A crash leaves no receipt that would say so. */
static gboolean
looks_like_json (SottoMessage *self)
{
  g_autofree char *json = NULL;

  if (sotto_message_get_status (self) != SOTTO_MESSAGE_STATUS_INTERRUPTED || sotto_message_get_receipt (self) != NULL
      || *sotto_message_get_text (self) != '{')
    return FALSE;
  json = sotto_answer_json_lay_out (sotto_message_get_text (self), TRUE);
  return json != NULL;
}

SottoMessage *
sotto_message_new_from_record (const SottoHistoryMessage *record, SottoStore *store)
{
  const SottoMessageStatus status = status_of_record (record);
  SottoMessage *self =
    sotto_message_new (record->id, record->parent,
                       record->role == SOTTO_HISTORY_ROLE_USER ? SOTTO_ROLE_USER : SOTTO_ROLE_ASSISTANT, status, "",
                       (const char *const *) record->siblings);
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc_usec (record->created);
  g_autoptr (GDateTime) created = utc != NULL ? g_date_time_to_local (utc) : NULL;
  g_autoptr (SottoProblem) problem = problem_of_status (status);
  const guint64 thinking = sotto_kept_receipt_add_up (record->receipt, "reasoning_us", NULL);

  if (created != NULL)
    sotto_message_set_created (self, created);
  for (guint i = 0; record->parts != NULL && i < record->parts->len; i++)
    take_part (self, g_ptr_array_index (record->parts, i));
  take_documents (self, record->parts, store);
  sotto_message_set_thinking_time (self, (GTimeSpan) MIN (thinking, G_MAXINT64));
  sotto_message_set_model_name (self, record->model != NULL ? record->model->name : NULL);
  sotto_message_set_receipt (self, record->receipt);
  sotto_message_set_json (self, looks_like_json (self));
  sotto_message_set_problem (self, problem);
  return self;
}
