#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A sentence of a reply as it is to be read aloud: one line, without the marks of Markdown */
typedef struct {
  char *text;
  gsize shown;  /* where in it that begins which stands in one label: before is the number of a list's item; all of it: it stands nowhere */
} SottoSentence;

/**
 * sotto_sentences_list:
 * @text: Markdown
 * @is_whole: whether nothing more will come. Until then the last sentence is left out if it may still grow.
 *
 * Each row of a table is a sentence; a block of code is one word that says so, as nobody wants to hear it; what has no letter
 * and no digit is left out. If @text only grows, the sentences that were there stay what they were.
 *
 * Returns: (transfer full) (element-type SottoSentence)
 */
GPtrArray *sotto_sentences_list (const char *text, gsize length, gboolean is_whole);

G_END_DECLS
