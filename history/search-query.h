#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/**
 * SottoSearchQuery:
 * @words: (nullable): FTS5 expression for the index by words
 * @trigrams: (nullable): FTS5 expression for the index by trigrams
 * @short_words: words of one or two characters, which have no trigram
 * @scan: whether a short word belongs to a script that doesn't separate words, so that only reading
 *   finds it
 * @all: all words
 *
 * What a person typed, taken apart. Every word must be found.
 */
typedef struct {
  char *words;
  char *trigrams;
  GPtrArray *short_words;
  GPtrArray *all;
  gboolean scan;
} SottoSearchQuery;

SottoSearchQuery *sotto_search_query_parse (const char *text);
void sotto_search_query_free (SottoSearchQuery *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSearchQuery, sotto_search_query_free)

/**
 * sotto_search_is_unspaced:
 *
 * Returns: whether @c is of a script in which spaces don't separate words, or words end in many ways (Korean)
 */
gboolean sotto_search_is_unspaced (gunichar c);

/* Put around what was found: noncharacters, which are not for text. */
#define SOTTO_SEARCH_BEGIN "\xef\xb7\x90"
#define SOTTO_SEARCH_END "\xef\xb7\x91"

/**
 * sotto_search_mark:
 *
 * Returns: (transfer full) (nullable): @text with all words of @words marked, or %NULL if one of
 *   them is not in it (as it is written; case of ASCII letters aside)
 */
char *sotto_search_mark (const char *text, GPtrArray *words);

/**
 * sotto_search_set_snippet:
 * @marked: text with marks
 *
 * Gives @hit a snippet of at most 200 characters around the first mark, and its ranges.
 */
void sotto_search_set_snippet (SottoHistoryHit *hit, const char *marked);

G_END_DECLS
