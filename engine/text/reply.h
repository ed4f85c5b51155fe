#pragma once

#include "text/reply-format.h"

#include <yyjson.h>

G_BEGIN_DECLS

/**
 * SottoReply:
 *
 * Takes a reply apart while it is written: reasoning, tool calls, and the text that is left. What does not parse
 * stays text. One thread; time and memory in proportion to the reply, and of a section that is not complete
 * at most %SOTTO_REPLY_MAX_SECTION bytes are held.
 */
typedef struct _SottoReply SottoReply;

typedef enum {
  SOTTO_REPLY_TEXT,
  SOTTO_REPLY_REASONING,
  SOTTO_REPLY_CALL,       /* a tool call begins; text: the tool's name; id: (nullable) */
  SOTTO_REPLY_ARGUMENTS,  /* bytes of its arguments; all of them are one JSON object */
  SOTTO_REPLY_CALL_END,   /* it is complete; id: (nullable): may have come behind the arguments */
  SOTTO_REPLY_CALL_BACK,  /* it was none: what stood there follows as text */
  SOTTO_REPLY_MARK,       /* bytes that say how to read the others; not shown */
} SottoReplyKind;

/**
 * SottoReplySink:
 * @text: @length bytes, not terminated; never half a character where the reply was fed whole ones
 *
 * TEXT, REASONING and MARK in the order they come are the reply, byte for byte. White space beside a marker
 * belongs to the marker.
 */
typedef void (*SottoReplySink) (SottoReplyKind  kind,
                                const char     *text,
                                gsize           length,
                                const char     *id,
                                gpointer        user_data);

/* Where a piece comes from: the more it is a token of its own, the less a marker in it can be mere talk of a marker. */
typedef enum {
  SOTTO_REPLY_FROM_TEXT,
  SOTTO_REPLY_FROM_TOKEN,   /* one token that the vocabulary has beside its words; shown if it is no marker */
  SOTTO_REPLY_FROM_CONTROL, /* a control token: never shown as such */
} SottoReplySource;

#define SOTTO_REPLY_MAX_SECTION (4 * 1024 * 1024)

/**
 * sotto_reply_new:
 * @style: how the model writes; not kept
 * @prompt: (nullable): the rendered prompt; its end says what the reply begins with
 * @tools: (nullable): tools as in messages: offered, and with the types of their arguments. Must outlive it
 */
SottoReply *sotto_reply_new (const SottoReplyStyle *style,
                             const char            *prompt,
                             yyjson_val            *tools,
                             SottoReplySink         sink,
                             gpointer               user_data);
void sotto_reply_free (SottoReply *self);

/* @text: of a reply that is UTF-8 as a whole; a piece may end within a character */
void sotto_reply_feed (SottoReply *self, const char *text, gsize length, SottoReplySource source);

/* The reply is over: what was held back is given out. */
void sotto_reply_finish (SottoReply *self);

/**
 * sotto_reply_goes_on:
 * @text: a token that ends turns
 *
 * Whether, here, it only ends a part of the reply: then it is fed, and the reply goes on.
 */
gboolean sotto_reply_goes_on (const SottoReply *self, const char *text);

/**
 * sotto_reply_take_begun:
 * @style: of @self
 * @reasoning, @text: what the reply says already; no markers in them, and valid as long as @spans
 * @spans: (nullable) (element-type SottoSpan): appended to: what the model would have written for it, its markers trusted
 *
 * Before anything is fed: @self stands behind that, as if it had been fed and given out. With no @text it stands
 * within the reasoning.
 *
 * Returns: whether there was anything that the model could have written
 */
gboolean sotto_reply_take_begun (SottoReply            *self,
                                 const SottoReplyStyle *style,
                                 const char            *reasoning,
                                 const char            *text,
                                 GArray                *spans);

/* Whether the model is reasoning just now. */
gboolean sotto_reply_is_reasoning (const SottoReply *self);

/* Where a reply stands whose answer is to have a given form. */
typedef enum {
  SOTTO_REPLY_IN_PART,    /* within reasoning, a header or a call: not the answer */
  SOTTO_REPLY_BETWEEN,    /* the answer may begin, or a part that comes before it */
  SOTTO_REPLY_AT_ANSWER,  /* the answer comes next */
} SottoReplyStage;

SottoReplyStage sotto_reply_get_stage (const SottoReply *self);

/* Whether reasoning has ended here or in the prompt. */
gboolean sotto_reply_has_reasoned (const SottoReply *self);

/* The markers with which a part may begin that comes before the answer, by number; %NULL: there are no more. */
const char *sotto_reply_get_opener (const SottoReply *self, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoReply, sotto_reply_free)

G_END_DECLS
