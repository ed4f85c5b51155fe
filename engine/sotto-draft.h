#pragma once

#include "sotto-answer.h"
#include "sotto-best.h"
#include "sotto-helper.h"
#include "sotto-lookup.h"
#include "sotto-pace.h"
#include "sotto-worker.h"

G_BEGIN_DECLS

/**
 * SottoDraft:
 *
 * How the tokens of a reply come into its session: one by one, or several at once, guessed from what came before, or
 * because a grammar leaves nothing else. A batch of few tokens gives the bits of single steps, and a guess counts only
 * when the sampler, which draws row by row what it would have drawn, draws the same; so the reply is the same to the
 * bit, sooner ("speculative decoding", Y. Leviathan and others 2023, with an exact match in place of their test). The
 * worker's thread.
 *
 * Within a reply the session's timeline may be longer than what was drawn: the reply's own length is
 * sotto_draft_get_tokens()'s.
 */
typedef struct _SottoDraft SottoDraft;

/**
 * sotto_draft_new:
 * @session: kept, not owned; the prompt is evaluated
 * @helper: (nullable): kept, not owned: a smaller model that guesses where nothing stood there before
 * @answer: (nullable): kept, not owned: what says which tokens a grammar leaves
 * @pace: kept, not owned; what is learned about guesses joins it
 */
SottoDraft *sotto_draft_new (SottoSession     *session,
                             SottoHelper      *helper,
                             SottoAnswer      *answer,
                             SottoPace        *pace,
                             SottoSpeculation  speculation);
void sotto_draft_free (SottoDraft *self);

/* Returns: (transfer none): prompt and reply, valid until the next token */
const gint32 *sotto_draft_get_tokens (const SottoDraft *self, guint *n_tokens);

/* Returns: (transfer none): the logits behind them; %NULL with BACKEND, or after an error */
float *sotto_draft_get_logits (SottoDraft *self, GError **error);

/* The highest of them, as SottoBackendClass.select(): without bringing the others to the host. */
gboolean sotto_draft_select (SottoDraft           *self,
                             const SottoBestWish  *wish,
                             SottoBest            *best,
                             GError              **error);

/* Brings @token, which was drawn, in: as sotto_session_append() does, its errors too. */
gboolean sotto_draft_append (SottoDraft *self, gint32 token, SottoCancel *cancel, GError **error);

/* Takes back what was only guessed; afterwards the session's timeline is the reply's, also after an error, or a
 * beginning of it. */
gboolean sotto_draft_finish (SottoDraft *self, GError **error);

/* Tokens that were guessed and evaluated, and of those the ones that came true. */
guint sotto_draft_get_n_drafted (const SottoDraft *self);
guint sotto_draft_get_n_accepted (const SottoDraft *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoDraft, sotto_draft_free)

G_END_DECLS
