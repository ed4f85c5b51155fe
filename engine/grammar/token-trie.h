#pragma once

#include "sotto-cancel.h"

G_BEGIN_DECLS

/* A vocabulary by the bytes of its tokens, for walking all of them at once. Immutable; any
 * thread. token-trie.c says how it lies in memory. */

/**
 * SottoTokenSource:
 * @append_text: appends the bytes that a token stands for; none for control tokens
 * @is_end: whether a token ends a text
 *
 * All that is asked of a tokenizer. Outlives the trie, which asks it again.
 */
typedef struct {
  guint n_tokens;
  void (*append_text) (gpointer user_data, gint32 token, GString *out);
  gboolean (*is_end) (gpointer user_data, gint32 token);
  gpointer user_data;
} SottoTokenSource;

/* Nodes lie one after the other, each before what is below it. */
typedef struct {
  guint8 *nodes;             /* (n_bytes) */
  gsize n_bytes;
  guint32 first_rank;        /* of its tokens */
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
  SottoTokenSource source;
  guint n_tokens;
  guint n_words;             /* of 64 tokens */
  guint32 *tokens;           /* (n_ranks): in the order of their bytes, both halves one after the other */
  guint n_ranks;
  SottoTrieHalf halves[SOTTO_TRIE_N_HALVES];
  guint64 *safe;             /* (n_words): which tokens are safe */
  GArray *ends;              /* (element-type gint32): tokens that end a text */
  GArray *line_ends;         /* (element-type gint32): of one or two line ends and nothing else */

  /* Tokens of more than SOTTO_MACHINE_HORIZON bytes: which, and where the bytes of each begin; one more at the end */
  GArray *longs;             /* (element-type guint32) */
  GArray *long_offsets;      /* (element-type guint32) */
  GString *long_bytes;
} SottoTokenTrie;

/* A node: what is read of it to walk on. Nodes that only one other follows are one with it. */
typedef struct {
  guint depth;               /* bytes on the way to it */
  const guint8 *label;       /* (n_label): and its own; none where several tokens have the same bytes */
  guint n_label;
  gboolean is_token;         /* a token ends with the label */
  guint32 n_ranks;           /* tokens here and below; the one here has the first rank */
  guint8 n_chars;            /* the most characters that a token has below; 255: more (only SAFE) */
  const guint8 *below;       /* the next node */
  const guint8 *end;         /* the next node that is not below this one */
} SottoTrieNode;

/* The bits of a node's first byte; below them the label's length. */
#define SOTTO_TRIE_LABEL 0x1fu
#define SOTTO_TRIE_TOKEN 0x20u
#define SOTTO_TRIE_INNER 0x40u
#define SOTTO_TRIE_DEEP 0x80u

/* Seven bits a byte, the lowest first; all bytes but the last have the eighth bit. */
static inline guint32
sotto_trie_read_number (const guint8 **at)
{
  guint32 number = 0;
  guint shift = 0;
  guint8 byte;

  do
    {
      byte = *(*at)++;
      number |= (guint32) (byte & 0x7f) << shift;
      shift += 7;
    }
  while (byte >= 0x80);

  return number;
}

static inline void
sotto_trie_read_node (const guint8  *at,
                      SottoTrieNode *node)
{
  guint first = *at++;
  guint32 n_below = 0;

  node->n_label = first & SOTTO_TRIE_LABEL;
  node->is_token = (first & SOTTO_TRIE_TOKEN) != 0;
  node->depth = *at++;
  if ((first & SOTTO_TRIE_DEEP) != 0)
    node->depth |= (guint) *at++ << 8;
  node->n_ranks = 1;
  node->n_chars = 0;
  if ((first & SOTTO_TRIE_INNER) != 0)
    {
      n_below = sotto_trie_read_number (&at);
      node->n_ranks = sotto_trie_read_number (&at);
      node->n_chars = *at++;
    }
  node->label = at;
  node->below = at + node->n_label;
  node->end = node->below + n_below;
}

/**
 * sotto_token_trie_new:
 *
 * Takes some tens of ms for 150,000 tokens, and keeps about ten bytes for each.
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
