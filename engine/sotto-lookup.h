#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoLookup:
 *
 * What may come next because it came before: of a sequence's own tokens the longest recent end that stood there
 * once already, and what followed it then ("prompt look-up decoding", A. Saxena 2023). Edited code, JSON and
 * summaries repeat most of what they are about.
 *
 * The pairs of neighbours lie in chains by their hash, the latest first, as LZ77 compressors keep theirs (RFC 1951,
 * section 4); where no pair is known, the latest place of the last token alone. As long as what is proposed comes
 * true, the same place is read on.
 *
 * Copies leave their source at the same words again and again (behind '"name": ' another name comes, behind a line
 * of a list the next one's beginning), so for each token it is known whether what was proposed behind it came true.
 * One thread at a time.
 */
typedef struct _SottoLookup SottoLookup;

/* What came of the proposals behind a token, of late. */
typedef enum {
  SOTTO_LOOKUP_UNKNOWN,
  SOTTO_LOOKUP_WRONG,
  SOTTO_LOOKUP_RIGHT,
  SOTTO_LOOKUP_RIGHT_AGAIN,  /* twice or more in a row */
  SOTTO_LOOKUP_RECORDS
} SottoLookupRecord;

/**
 * sotto_lookup_new:
 * @n_most: tokens that the sequence may have
 *
 * Returns: (transfer full) (nullable): %NULL: no memory for 26 bytes a token
 */
SottoLookup *sotto_lookup_new (guint n_most);
void sotto_lookup_free (SottoLookup *self);

/**
 * sotto_lookup_append:
 *
 * @token is the sequence's next. What is more than was asked for at the beginning is not looked at.
 */
void sotto_lookup_append (SottoLookup *self, gint32 token);

/**
 * sotto_lookup_begin_copy:
 *
 * The prompt ends here. What went wrong within it is forgotten: that it does not repeat itself somewhere says little
 * of a reply that repeats it.
 */
void sotto_lookup_begin_copy (SottoLookup *self);

/**
 * sotto_lookup_get_match:
 *
 * Returns: how many tokens of the sequence's end stood before what is proposed; 0: nothing is
 */
guint sotto_lookup_get_match (const SottoLookup *self);

/**
 * sotto_lookup_propose:
 * @tokens: (out caller-allocates) (array length=n_tokens): what may come next; only where there is a match
 * @records: (out caller-allocates) (array length=n_tokens): of the tokens that these come behind
 *
 * Where what followed reaches the sequence's end, it goes on with the proposed tokens themselves.
 *
 * Returns: how many: fewer than @n_tokens where what followed were rows in place of tokens
 */
guint sotto_lookup_propose (const SottoLookup *self, gint32 *tokens, SottoLookupRecord *records, guint n_tokens);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoLookup, sotto_lookup_free)

G_END_DECLS
