#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A pre-tokenizer cuts text into the words inside which BPE merges. Models name theirs in
 * tokenizer.ggml.pre; here it is data: a few steps, each of which cuts the pieces of the one
 * before. */

#define SOTTO_PRETOKENIZER_MAX_STEPS 6

typedef struct _SottoPretokenizer SottoPretokenizer;
typedef struct _SottoSplit SottoSplit;

/* One step: how much of the text at @at matches (0: nothing). What lies between matches is a
 * piece too. */
typedef gsize (*SottoSplitMatch) (const SottoSplit *split, const guint8 *at, const guint8 *end);

struct _SottoSplit {
  SottoSplitMatch match;
  guint32 letters;          /* mask of categories that words are made of */
  guint max_digits;         /* 0: as many as there are */
  gboolean contractions;    /* 's, 'RE … are pieces */
  gboolean cuts_han;        /* runs of Han are pieces of their own */
  gboolean halves_spaces;   /* white space comes in powers of two */
  const char *tail;         /* ASCII characters that a run of punctuation may end with */
};

struct _SottoPretokenizer {
  const char *names;        /* of tokenizer.ggml.pre, between spaces */
  gboolean whole_words;     /* a word that is a token is taken as such, whatever the merges say */
  gboolean whole_newlines;  /* … but only runs of newlines */
  gboolean characters;      /* the vocabulary is written in characters, not in bytes */
  gboolean composes;        /* text is brought into normal form C before */
  gboolean add_bos;         /* what holds when the file does not say */
  gboolean add_separator;
  SottoSplit steps[SOTTO_PRETOKENIZER_MAX_STEPS];
};

/* Called with each word in order; together they are the whole text. */
typedef void (*SottoWordFunc) (const guint8 *word, gsize length, gpointer user_data);

/**
 * sotto_pretokenizer_lookup:
 *
 * Returns: (transfer none) (nullable): %NULL for a name this engine does not know
 */
const SottoPretokenizer *sotto_pretokenizer_lookup (const char *name);

/**
 * sotto_pretokenizer_split:
 * @text: any bytes; those that are no UTF-8 stay as they are and count as symbols
 *
 * Takes time linear in @length.
 */
void sotto_pretokenizer_split (const SottoPretokenizer *self,
                               const guint8            *text,
                               gsize                    length,
                               SottoWordFunc            func,
                               gpointer                 user_data);

G_END_DECLS
