#pragma once

#include "sotto-grammar.h"
#include "token-trie.h"
#include "walk.h"

G_BEGIN_DECLS

/* A grammar at work on one reply: which tokens may come next. One thread at a time. */
typedef struct _SottoConstraint SottoConstraint;

/**
 * sotto_constraint_new:
 * @n_logits: how many logits a step has; tokens beyond the vocabulary are never allowed
 *
 * Cheap: what it learns of the grammar, it learns as it goes.
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_MEMORY
 */
SottoConstraint *sotto_constraint_new (SottoGrammar    *grammar,
                                       SottoTokenTrie  *trie,
                                       guint            n_logits,
                                       GError         **error);
void sotto_constraint_free (SottoConstraint *self);

/**
 * sotto_constraint_get_mask:
 *
 * Returns: (transfer none): a bit for each token (n_words of the trie), valid until the next call;
 *   or %NULL with %SOTTO_ENGINE_ERROR_GRAMMAR: no token can follow, because the vocabulary lacks
 *   bytes, or the grammar is too ambiguous to be followed
 */
const guint64 *sotto_constraint_get_mask (SottoConstraint *self, GError **error);

/**
 * sotto_constraint_apply:
 * @logits: (n_logits)
 *
 * Returns: (transfer none): the same with -infinity for what may not come next, valid until the
 *   next call; or %NULL, as sotto_constraint_get_mask()
 */
const float *sotto_constraint_apply (SottoConstraint *self, const float *logits, GError **error);

/**
 * sotto_constraint_apply_or:
 * @also: (array length=n_also): tokens that may come as well, whatever the grammar says
 *
 * As sotto_constraint_apply(). Of @also, none may be given to sotto_constraint_accept().
 */
const float *sotto_constraint_apply_or (SottoConstraint *self,
                                        const float     *logits,
                                        const gint32    *also,
                                        guint            n_also,
                                        GError         **error);

/**
 * sotto_constraint_accept:
 * @token: the one that was drawn
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_GRAMMAR: it was not allowed
 */
gboolean sotto_constraint_accept (SottoConstraint *self, gint32 token, GError **error);

/**
 * sotto_constraint_foresee:
 * @text: empty; what the text can only go on with, and where the grammar leaves a choice of white space what was chosen
 *   before, up to @most bytes
 *
 * Changes nothing that may come.
 *
 * Returns: how many bytes of @text are certain
 */
gsize sotto_constraint_foresee (SottoConstraint *self, gsize most, GString *text);

/* How many of @tokens could come next, one behind the other. Ends of a text are none of them. */
guint sotto_constraint_count_possible (SottoConstraint *self, const gint32 *tokens, guint n_tokens);

/* Whether the text is whole and nothing can be added to it. */
gboolean sotto_constraint_is_finished (const SottoConstraint *self);

/* Whether the text is whole. */
gboolean sotto_constraint_may_end (const SottoConstraint *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoConstraint, sotto_constraint_free)

G_END_DECLS
