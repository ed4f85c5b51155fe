#pragma once

#include <glib.h>

/* XML and HTML as a row of tags and texts.
 *
 * One reader for both, which has no idea of entities that a document declares, of anything that lies elsewhere, or of how deep
 * it is: there is nothing to expand, to load or to run out of. What is not well formed is read as it comes. */

typedef struct _SottoMarkup SottoMarkup;

typedef enum {
  SOTTO_MARKUP_END,     /* of the text */
  SOTTO_MARKUP_OPEN,    /* <a>; of <a/> too, a CLOSE follows */
  SOTTO_MARKUP_CLOSE,   /* </a> */
  SOTTO_MARKUP_TEXT,
} SottoMarkupToken;

/**
 * sotto_markup_new:
 * @data: (transfer full): in UTF-8, UTF-16 with its mark, or an encoding of one byte a character that it names
 * @is_html: names are folded, scripts and styles are passed over
 *
 * Returns: (nullable): %NULL: it says that it is in another encoding
 */
SottoMarkup *sotto_markup_new (char *data, gsize length, gboolean is_html);
void sotto_markup_free (SottoMarkup *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMarkup, sotto_markup_free)

SottoMarkupToken sotto_markup_next (SottoMarkup *self);

/* The present tag's name, without what stands before its colon */
const char *sotto_markup_get_name (SottoMarkup *self);
gboolean sotto_markup_is (SottoMarkup *self, const char *name);

/* The present text, its entities resolved: valid until the next one */
const char *sotto_markup_get_text (SottoMarkup *self);
gsize sotto_markup_get_text_length (SottoMarkup *self);

/**
 * sotto_markup_get:
 * @name: of an attribute of the present OPEN; "id" is that of any prefix, "=id" the one without, ":id" one with
 *
 * Returns: (nullable): valid until the next tag
 */
const char *sotto_markup_get (SottoMarkup *self, const char *name);
int sotto_markup_get_int (SottoMarkup *self, const char *name, int otherwise);

/* Passes over all that the present OPEN has in it, its CLOSE too. */
void sotto_markup_skip (SottoMarkup *self);
