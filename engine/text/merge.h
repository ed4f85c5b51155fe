#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Merging neighbours by rank: what BPE and SentencePiece share. Private to the tokenizer. */

#define SOTTO_NO_RANK G_MAXUINT32
#define SOTTO_NO_SYMBOL G_MAXUINT32

/* Positions in a word are 32 bits; nobody sees the seam in a word of half a gigabyte. */
#define SOTTO_LONGEST_WORD (1u << 29)

/* A stretch of a word on its way to a token. They form a list by previous and next. */
typedef struct {
  guint32 id;                /* the token; whatever the caller likes where it is none */
  guint32 start;             /* bytes from the beginning of the word; left to the caller */
  guint32 length;            /* in bytes: those of merged symbols are added */
  guint32 rank;              /* of the merge with the next; SOTTO_NO_RANK: there is none */
  guint32 merged;            /* what that merge makes */
  guint32 previous;
  guint32 next;
} SottoSymbol;

/* Looks up what @left and the @right behind it make. Lower ranks go first. Returns: the rank, or
 * %SOTTO_NO_RANK where they do not merge */
typedef guint32 (*SottoPairFunc) (gconstpointer      self,
                                  const SottoSymbol *left,
                                  const SottoSymbol *right,
                                  guint32           *merged);

/**
 * sotto_merge_symbols:
 * @symbols: (inout) (array length=n): in order, with id, start and length; afterwards those that
 *   are left are found from the first one by next, up to %SOTTO_NO_SYMBOL
 *
 * Always merges the pair of lowest rank, of equals the leftmost. Time grows with n log n.
 *
 * Returns: %FALSE where there is no memory; the symbols are then in order and not merged
 */
gboolean sotto_merge_symbols (SottoSymbol   *symbols,
                              guint32        n,
                              SottoPairFunc  func,
                              gconstpointer  self);

G_END_DECLS
