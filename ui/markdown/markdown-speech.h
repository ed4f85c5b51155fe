#pragma once

#include <cmark-gfm.h>
#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoSpeech:
 *
 * A reply as a screen reader is to say it while it comes, a few sentences at a time: without the marks of Markdown, formulas in
 * words and signs. Code is said as it is; that a piece begins within code is known from those before.
 */
typedef struct {
  gboolean is_code;
} SottoSpeech;

/**
 * sotto_speech_take:
 * @text: what follows the last piece; it ends with a sentence or a line
 *
 * Returns: (transfer full): what is to be said; ""
 */
char *sotto_speech_take (SottoSpeech *self, const char *text, gsize length);

/* Appends what a leaf of the tree is said as: words, a formula, the end of a line; nothing for what has leaves below it. */
void sotto_speech_say (GString *speech, cmark_node *node);

/* Appends the number of a list's item, "2. "; nothing where the list has no numbers. */
void sotto_speech_say_number (GString *speech, cmark_node *item);

G_END_DECLS
