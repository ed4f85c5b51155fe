#pragma once

#include "sotto-best.h"
#include "sotto-outlet.h"

G_BEGIN_DECLS

/* An answer that has to fit a grammar, behind whatever the model thinks before it.
 *
 * As long as a reply is within reasoning, or a header says what comes next, the model writes as it likes:
 * a prompt may leave it there, or it may begin so by itself. From the answer's first token on the grammar
 * holds, and the reply ends where nothing can be added. So all text of the reply fits, whatever the model
 * did before. The worker's thread. */
typedef struct _SottoAnswer SottoAnswer;

/**
 * sotto_answer_new:
 * @outlet: kept, not owned, as is @model
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_MEMORY or CANCELLED
 */
SottoAnswer *sotto_answer_new (SottoGrammar *grammar,
                               SottoModel   *model,
                               SottoOutlet  *outlet,
                               SottoCancel  *cancel,
                               GError      **error);
void sotto_answer_free (SottoAnswer *self);

/* The logits (n_vocabulary) with -infinity for what may not come next; (transfer none). %NULL: with error */
const float *sotto_answer_apply (SottoAnswer *self, const float *logits, GError **error);

/* Sets the mask of @wish to what may come next, of which sotto_answer_apply() leaves logits; NULL: anything. Where it can't
 * be said so, n_best becomes 0. Valid until the next call. FALSE: with error */
gboolean sotto_answer_get_mask (SottoAnswer *self, SottoBestWish *wish, GError **error);

/**
 * sotto_answer_accept:
 * @token: drawn from what sotto_answer_apply() or sotto_answer_get_mask() left
 * @again: (out): it would have ended the reply before its answer: nothing was taken, and from the same logits
 *   another one is to be drawn
 *
 * Before the token goes to the outlet. Returns: %FALSE with %SOTTO_ENGINE_ERROR_GRAMMAR
 */
gboolean sotto_answer_accept (SottoAnswer *self, gint32 token, gboolean *again, GError **error);

/* How sure it is that the model writes a token which its grammar leaves it. */
typedef enum {
  SOTTO_FORCED_LAST,     /* the tokenizer could join it with what comes behind it */
  SOTTO_FORCED_SPACE,    /* other white space could come there, or before it */
  SOTTO_FORCED_CERTAIN,
  SOTTO_FORCED_KINDS
} SottoForcedKind;

/* How many of @tokens, which were guessed, could come next, one behind the other. */
guint sotto_answer_count_possible (SottoAnswer *self, const gint32 *tokens, guint n_tokens);

/**
 * sotto_answer_foresee:
 * @tokens: (out caller-allocates) (array length=most): what the tokenizer makes of the text that can only come next
 * @kinds: (out caller-allocates) (array length=most)
 *
 * Behind the tokens that were accepted. A model may divide the text otherwise.
 *
 * Returns: how many; 0: the answer has not begun, or its grammar leaves a choice
 */
guint sotto_answer_foresee (SottoAnswer     *self,
                            gint32          *tokens,
                            SottoForcedKind *kinds,
                            guint            most);

/* Whether the answer is whole and nothing can be added to it. */
gboolean sotto_answer_is_finished (const SottoAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoAnswer, sotto_answer_free)

G_END_DECLS
