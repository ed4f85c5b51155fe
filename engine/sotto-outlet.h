#pragma once

#include "grammar/token-trie.h"
#include "sotto-event-queue.h"
#include "text/reply.h"

G_BEGIN_DECLS

/* What stands between the sampler and the reader of a reply: tokens in, events out.
 *
 *   token ─┬─ text ─► whole characters ─► stop texts ─┬─► text/reply: reasoning, tool calls, text ─► events
 *          └─ a token that may mark a part ───────────┘
 *
 * A reply to raw text is text, whatever it holds. The worker's thread. */
typedef struct _SottoOutlet SottoOutlet;

/**
 * sotto_outlet_new:
 * @id: the request's
 * @request: kept, not owned, as are all of these
 * @prompt: (nullable): the rendered prompt; %NULL: raw text is completed
 * @receipt: its n_generated tells the speed, which is measured from now on; reasoning is counted in it
 */
SottoOutlet *sotto_outlet_new (guint64              id,
                               SottoModel          *model,
                               const SottoGenerate *request,
                               const char          *prompt,
                               SottoEventQueue     *events,
                               SottoReceipt        *receipt);
void sotto_outlet_free (SottoOutlet *self);

/* Whether @token, which ends turns, only ends a part of this reply. */
gboolean sotto_outlet_goes_on (const SottoOutlet *self, gint32 token);

/**
 * sotto_outlet_get_stage:
 *
 * Where a reply stands whose answer has to fit a grammar. What it says before the answer is reasoning,
 * whatever it looks like.
 */
SottoReplyStage sotto_outlet_get_stage (const SottoOutlet *self);

/* Appends the tokens (gint32) that, here, may begin a part before the answer or stand between such
 * a part and the answer. @trie: the vocabulary's */
void sotto_outlet_list_openers (const SottoOutlet *self, const SottoTokenTrie *trie, GArray *tokens);

/* From here on what comes is the answer, text and nothing else. */
void sotto_outlet_begin_answer (SottoOutlet *self);

/* Returns: FALSE: a stop text was reached; what lies behind it is dropped */
gboolean sotto_outlet_put (SottoOutlet *self, gint32 token);

/* The reply is over, however it ended: what was held back is shown. */
void sotto_outlet_finish (SottoOutlet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoOutlet, sotto_outlet_free)

G_END_DECLS
