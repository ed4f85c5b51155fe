#pragma once

#include "sotto-cancel.h"

G_BEGIN_DECLS

/* A vocabulary by the bytes of its tokens, for walking all of them at once. Immutable; any
 * thread. */

/**
 * SottoTokenSource:
 * @append_text: appends the bytes that a token stands for; none for control tokens
 * @is_end: whether a token ends a text
 *
 * All that is asked of a tokenizer.
 */
typedef struct {
  guint n_tokens;
  void (*append_text) (gpointer user_data, gint32 token, GString *out);
  gboolean (*is_end) (gpointer user_data, gint32 token);
  gpointer user_data;
} SottoTokenSource;

/* A node stands for the bytes on the way to it; nodes come before what is below them. */
typedef struct {
  guint32 end;               /* the first node that is not below this one */
  guint32 first_rank;        /* of tokens here and below; those here end where the next node's begin */
  guint16 depth;             /* bytes: 1 for the first */
  guint8 byte;
  guint8 n_chars;            /* the most characters that a token has below; 255: more (only SAFE) */
} SottoTrieNode;

typedef struct {
  SottoTrieNode *nodes;      /* (n_nodes + 1): the last one stands behind all tokens */
  guint n_nodes;
} SottoTrieHalf;

typedef enum {
  SOTTO_TRIE_SAFE,           /* tokens of whole safe characters: at least U+0020, no " and no \ */
  SOTTO_TRIE_REST,
  SOTTO_TRIE_N_HALVES
} SottoTrieKind;

/* Longer tokens are left out. */
#define SOTTO_TRIE_MOST_DEPTH 512u

typedef struct {
  gatomicrefcount references;
  guint n_tokens;
  guint n_words;             /* of 64 tokens */
  guint32 *tokens;           /* by rank, both halves one after the other */
  guint n_ranks;
  SottoTrieHalf halves[SOTTO_TRIE_N_HALVES];
  guint64 *safe;             /* (n_words): which tokens are safe */
  GArray *ends;              /* (element-type gint32): tokens that end a text */
  GArray *longs;             /* (element-type guint32): of more than SOTTO_MACHINE_HORIZON bytes */
  guint32 *offsets;          /* (n_tokens + 1): each token's bytes */
  guint8 *bytes;
} SottoTokenTrie;

/**
 * sotto_token_trie_new:
 *
 * Takes some tens of ms for 150,000 tokens.
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_MEMORY or CANCELLED
 */
SottoTokenTrie *sotto_token_trie_new (const SottoTokenSource *source,
                                      SottoCancel            *cancel,
                                      GError                **error);
SottoTokenTrie *sotto_token_trie_ref (SottoTokenTrie *self);
void sotto_token_trie_unref (SottoTokenTrie *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoTokenTrie, sotto_token_trie_unref)

G_END_DECLS
