#pragma once

#include "text/vocabulary.h"

G_BEGIN_DECLS

/* Tokens that are recognised by their text before anything else: CONTROL and UNKNOWN ones in
 * trusted text, USER_DEFINED ones everywhere. Private to the tokenizer. */

typedef struct {
  const SottoVocabulary *vocabulary;
  guint32 *ids;              /* (n_ids): sorted by their bytes */
  guint n_ids;
  guint32 first[257];        /* where in ids those begin whose first byte is at least this */
} SottoSpecials;

/* @vocabulary is kept, not owned. Returns: %FALSE with MEMORY. */
gboolean sotto_specials_init (SottoSpecials          *self,
                              const SottoVocabulary  *vocabulary,
                              GError                **error);
void sotto_specials_clear (SottoSpecials *self);

static inline gboolean
sotto_token_kind_is_control (SottoTokenKind kind)
{
  return kind == SOTTO_TOKEN_CONTROL || kind == SOTTO_TOKEN_UNKNOWN;
}

/**
 * sotto_specials_match:
 * @at: the first byte
 * @end: behind the last
 * @trusted_end: behind the last byte of the trusted run that @at is in; at most @at where it is in
 *   none
 *
 * Returns: the longest special token that begins at @at, or %SOTTO_NO_TOKEN
 */
guint32 sotto_specials_match (const SottoSpecials *self,
                              const guint8        *at,
                              const guint8        *end,
                              const guint8        *trusted_end);

G_END_DECLS
