#pragma once

#include "conversation/message.h"

G_BEGIN_DECLS

/* The tools that a reply has called, in their order, and what became of them. (element-type SottoToolCall) */

GPtrArray *sotto_calls_new (void);

/* @length: of the text before it. Returns: (transfer none) */
SottoToolCall *sotto_calls_begin (GPtrArray *calls, const char *name, gsize length);

/* Of the newest one */
void sotto_calls_append_arguments (GPtrArray *calls, const char *text);

/* @length, @reasoning_length: of what the reply says by then */
void sotto_calls_set_result (GPtrArray *calls, guint position, const char *text, gsize length, gsize reasoning_length);

/* Returns: the first one that has no result, or their number */
guint sotto_calls_find_open (const GPtrArray *calls);

G_END_DECLS
