#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "conversation/attachment.h"
#include "problem.h"
#include "tools/tool.h"

G_BEGIN_DECLS

/**
 * SottoMessage:
 *
 * One turn of a conversation. Made by #SottoConversation only.
 *
 * A reply stands in the list, WAITING, from the moment it is asked for. If it fails or is stopped
 * before its first text it goes again (what was in its place comes back) and
 * #SottoConversation:problem says why.
 *
 * Properties (read-only, notifying unless constant):
 * - "id" (string, constant): UUID
 * - "role" (#SottoRole, constant)
 * - "text" (string): UTF-8. While a reply streams there is one notification and one ::appended a
 *   frame
 * - "status" (#SottoMessageStatus)
 * - "model-name" (string, nullable): of a reply: the model that made it
 * - "created" (#GDateTime, constant): local time
 * - "receipt" (string, nullable): JSON: how the reply was made
 * - "reasoning" (string): what the model thought before it answered; "" where it did not
 * - "thinking" (boolean): it is doing so now
 * - "thinking-time" (#GTimeSpan): how long it did; 0: not known
 * - "n-calls" (uint): tools that it called; notifies of every change of a call, too
 * - "n-attachments" (uint, constant): files that are attached to a prompt
 * - "n-sources" (uint): passages of documents: of a prompt those that were found for it, of a reply those of the prompt
 *   that it answers
 * - "version" (uint, from 1), "n-versions" (uint): which of its siblings it is
 * - "problem" (#SottoProblem, nullable): why a reply failed or was cut off
 *
 * Signals:
 * - "appended" (guint offset): the text has grown; what is new begins at byte @offset. Comes after
 *   the notification of "text". Any other change of the text notifies "text" alone.
 */
#define SOTTO_TYPE_MESSAGE (sotto_message_get_type ())
G_DECLARE_FINAL_TYPE (SottoMessage, sotto_message, SOTTO, MESSAGE, GObject)

const char *sotto_message_get_id (SottoMessage *self);
SottoRole sotto_message_get_role (SottoMessage *self);

/**
 * sotto_message_get_text:
 *
 * Returns: (transfer none): valid until the text grows
 */
const char *sotto_message_get_text (SottoMessage *self);
gsize sotto_message_get_length (SottoMessage *self);
const char *sotto_message_get_reasoning (SottoMessage *self);
gboolean sotto_message_get_thinking (SottoMessage *self);
GTimeSpan sotto_message_get_thinking_time (SottoMessage *self);

/**
 * SottoToolCall:
 * @name: the tool's
 * @arguments: JSON; not all of it unless @is_complete
 * @is_running: it is run
 * @result: (nullable): what it gave; %NULL: it runs, or was not run
 * @offset: how much of the message's text stands before it, in bytes
 * @round: those that a model made at one go have the same
 * @end: how much of the text stands before its result
 * @reasoning_end: the same of the reasoning
 */
typedef struct {
  char *name;
  char *arguments;
  gboolean is_complete;
  gboolean is_running;
  char *result;
  gsize offset;
  guint round;
  gsize end;
  gsize reasoning_end;
} SottoToolCall;

/* Returns: (transfer none): the tool's name for people; if Sotto has no such tool, what the model called it */
const char *sotto_tool_call_get_title (const SottoToolCall *call);

/**
 * SottoSource:
 * @number: from 1: the model knows the passage by it, and may write it as "[1]"
 * @name: the document's, for people
 * @text: the passage
 * @file: (nullable): the document, which may be another one by now, or gone
 * @first_page: 0: the document has no pages
 * @last_page: the same page, or one behind it
 * @is_by_words: whether it is known to have been found by its words
 * @is_by_meaning: the same by what it is about; if neither is known it is of an earlier Sotto, or of a file
 *
 * A passage of a document that a model was given with a prompt.
 */
typedef struct {
  guint number;
  char *name;
  char *text;
  GFile *file;
  guint first_page;
  guint last_page;
  gboolean is_by_words;
  gboolean is_by_meaning;
} SottoSource;

/* What is attached to a prompt. Returns: (transfer none) */
guint sotto_message_get_n_attachments (SottoMessage *self);
SottoAttachment *sotto_message_get_attachment (SottoMessage *self, guint position);

guint sotto_message_get_n_sources (SottoMessage *self);

/* Returns: (transfer none): valid as long as the message is */
const SottoSource *sotto_message_get_source (SottoMessage *self, guint position);

/* Returns: (transfer full): where it is from, for people: "report.pdf, page 3", "report.pdf, pages 3–4", "notes.md" */
char *sotto_source_dup_title (const SottoSource *source);

/* Returns: (transfer full) (nullable): by what it was found, for people: "Found by meaning"; %NULL: it is not known */
char *sotto_source_dup_found (const SottoSource *source);

guint sotto_message_get_n_calls (SottoMessage *self);

/* Returns: (transfer none): valid until the call changes */
const SottoToolCall *sotto_message_get_call (SottoMessage *self, guint position);
SottoMessageStatus sotto_message_get_status (SottoMessage *self);
const char *sotto_message_get_model_name (SottoMessage *self);
GDateTime *sotto_message_get_created (SottoMessage *self);
const char *sotto_message_get_receipt (SottoMessage *self);

/* Returns: (transfer full) (nullable): the same for others: without the way to the model's file */
char *sotto_message_dup_receipt_for_others (SottoMessage *self);

/* Returns: (transfer full): what one would want to read of it: title and value in turn */
char **sotto_message_describe_receipt (SottoMessage *self);

/* Returns: (transfer full) (nullable): of a reply, "312 tokens" and "68 tokens/s", in the person's language */
char *sotto_message_dup_n_tokens (SottoMessage *self);
char *sotto_message_dup_speed (SottoMessage *self);
guint sotto_message_get_version (SottoMessage *self);
guint sotto_message_get_n_versions (SottoMessage *self);
SottoProblem *sotto_message_get_problem (SottoMessage *self);

/* Whether a reply was held to be JSON */
gboolean sotto_message_is_json (SottoMessage *self);

/**
 * sotto_message_dup_json:
 *
 * Returns: (transfer full) (nullable): of such a reply, its JSON on several lines; where it was cut off, with what is open closed, so
 *   that it is JSON nevertheless; %NULL: it is none
 */
char *sotto_message_dup_json (SottoMessage *self);

/* Returns: (transfer full): the message as Markdown; JSON as a block of code */
char *sotto_message_dup_markdown (SottoMessage *self);

/* Whether a reply ended because it had the length that replies may have. */
gboolean sotto_message_is_at_length (SottoMessage *self);

G_END_DECLS
