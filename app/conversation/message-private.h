#pragma once

#include <sotto-history.h>

#include "conversation/message.h"

G_BEGIN_DECLS

/**
 * sotto_message_new:
 * @siblings: ids of all with the same parent, oldest first, @id among them
 *
 * A message that was made now.
 */
SottoMessage *sotto_message_new (const char         *id,
                                 const char         *parent,
                                 SottoRole           role,
                                 SottoMessageStatus  status,
                                 const char         *text,
                                 const char *const  *siblings);

/* message-record.c: as it was read from the history */
SottoMessage *sotto_message_new_from_record (const SottoHistoryMessage *record, SottoStore *store);

/* For that, before others see it */
void sotto_message_set_created (SottoMessage *self, GDateTime *created);

const char *sotto_message_get_parent (SottoMessage *self);
void sotto_message_set_parent (SottoMessage *self, const char *parent);
const char *const *sotto_message_get_siblings (SottoMessage *self);

/* Whether it reasoned after it had begun to answer: reasoning and answer do not tell then which of them came last. */
gboolean sotto_message_is_mixed (SottoMessage *self);

void sotto_message_append (SottoMessage *self, const char *text);
void sotto_message_append_reasoning (SottoMessage *self, const char *text);
/* Takes back what was appended beyond these lengths in bytes, to a message that was not mixed and had no calls. */
void sotto_message_truncate (SottoMessage *self, gsize length, gsize reasoning_length);
void sotto_message_set_thinking (SottoMessage *self, gboolean thinking);
void sotto_message_set_thinking_time (SottoMessage *self, GTimeSpan time);

/* A call as it comes: begun, grown, complete or taken back. The last three are about the newest one. */
void sotto_message_begin_call (SottoMessage *self, const char *name);
void sotto_message_append_arguments (SottoMessage *self, const char *text);
void sotto_message_end_call (SottoMessage *self);
void sotto_message_take_back_call (SottoMessage *self);

/* Returns: the first call without a result, or their number */
guint sotto_message_find_open_call (SottoMessage *self);

/* What becomes of a call: it is run, and has a result; or all that run are given up. */
void sotto_message_begin_run (SottoMessage *self, guint position);
void sotto_message_set_result (SottoMessage *self, guint position, const char *text);
void sotto_message_end_runs (SottoMessage *self);

/**
 * SottoRound:
 * @first: the first of its calls
 * @end: the one after the last
 * @text, @text_end: from where to where the message's text is of it, if @has_results
 * @reasoning, @reasoning_end: the same of its reasoning
 *
 * What a model said at one go: it was asked, answered with calls, and was asked again with their results.
 */
typedef struct {
  guint first;
  guint end;
  gsize text;
  gsize text_end;
  gsize reasoning;
  gsize reasoning_end;
  gboolean has_results;
} SottoRound;

/**
 * sotto_message_get_round:
 * @first: a round's first call, or the number of calls: the text behind the last round's begins at @round's text then
 *
 * Returns: whether it has results, behind which the model went on
 */
gboolean sotto_message_get_round (SottoMessage *self, guint first, SottoRound *round);
void sotto_message_set_status (SottoMessage *self, SottoMessageStatus status);
void sotto_message_set_model_name (SottoMessage *self, const char *name);
void sotto_message_set_receipt (SottoMessage *self, const char *receipt);

/* A reply that is held to JSON, while its receipt does not say so yet */
void sotto_message_set_json (SottoMessage *self, gboolean is_json);
gboolean sotto_message_will_be_json (SottoMessage *self);

/* --- message-sources.c --- */

/* Passages of documents with numbers from 1 on. Immutable; counts references. */
typedef struct _SottoSources SottoSources;

/* Returns: (transfer full) (nullable): of the documents among @parts; %NULL: there are none */
SottoSources *sotto_sources_new_from_parts (const GPtrArray *parts);
SottoSources *sotto_sources_ref (SottoSources *self);
void sotto_sources_unref (SottoSources *self);
guint sotto_sources_get_n (const SottoSources *self);
const SottoSource *sotto_sources_get (const SottoSources *self, guint position);

/* Bytes that they take in a prompt, nearly */
gsize sotto_sources_get_length (const SottoSources *self);

/* What a model is given of a prompt: what was found for it, before @question, which is what was written and attached. */
void sotto_sources_write (const SottoSources *self, const char *question, GString *out);

/* --- message.c --- */

/* @attachments: (nullable) (element-type SottoAttachment). Of a prompt, before anybody sees it */
void sotto_message_set_attachments (SottoMessage *self, GPtrArray *attachments);

/* Returns: (transfer none) (nullable) */
GPtrArray *sotto_message_get_attachments (SottoMessage *self);

/* What a model is given of a prompt: passages that were found for it, files that are attached to it, and behind them what was
 * written. */
void sotto_message_write_prompt (SottoMessage *self, gboolean sees, GString *out);

/* @sources: (nullable). Of a prompt, before anybody sees it; of a reply, also when it is found which prompt it answers */
void sotto_message_set_sources (SottoMessage *self, SottoSources *sources);

/* Returns: (transfer none) (nullable) */
SottoSources *sotto_message_get_sources (SottoMessage *self);
void sotto_message_set_problem (SottoMessage *self, SottoProblem *problem);
void sotto_message_set_siblings (SottoMessage *self, const char *const *siblings);

G_END_DECLS
