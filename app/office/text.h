#pragma once

#include <glib.h>

/* What a document becomes: plain text with a little Markdown in it, the same whatever it was read from.
 *
 *   # Heading             as many as its level
 *   A paragraph, which is a line; a line break within is one here, too.
 *   - an item, or "2. ", or what its document counts with; two blanks before it for each level
 *   a | b | c             a row of a table; of a spreadsheet, cells with tabs between
 *   > notes of a slide
 *   [^1]: a footnote, behind the paragraph that has [^1] in it
 *
 * A blank line between all of them but items and rows. */

typedef struct _SottoText SottoText;

SottoText *sotto_text_new (void);
void sotto_text_free (SottoText *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoText, sotto_text_free)

/* --- Within a paragraph --- */

/* As it stands; what steers a terminal is left out, and a line feed breaks the line. */
void sotto_text_add (SottoText *self, const char *text, gsize length);

/* Blanks of any kind and number are one, and none at the beginning. */
void sotto_text_add_folded (SottoText *self, const char *text, gsize length);

void sotto_text_break_line (SottoText *self);

/* Whether anything stands in the paragraph so far */
gboolean sotto_text_has_paragraph (SottoText *self);

/* --- What it is: asked for at its end --- */

void sotto_text_set_heading (SottoText *self, int level);   /* from 1 */

/* @depth: from 0; @marker: "-", "1.", "§ 2", … */
void sotto_text_set_item (SottoText *self, int depth, const char *marker);

/* The paragraph ends; one without text leaves nothing behind. */
void sotto_text_end_paragraph (SottoText *self);

/* Stands behind the paragraph, or table, that has not ended yet: (nullable) @label "[^1]: ". What @other has is taken. */
void sotto_text_put_behind (SottoText *self, const char *label, SottoText *other);

/* --- Tables: what is opened twice or never closed is closed --- */

/* @between: cells. Tables in a cell become part of its text. */
void sotto_text_begin_table (SottoText *self, const char *between);
void sotto_text_begin_row (SottoText *self);
void sotto_text_begin_cell (SottoText *self);
void sotto_text_end_cell (SottoText *self, int times);   /* as many of the same beside each other, within bounds */
void sotto_text_end_row (SottoText *self, int times);
void sotto_text_end_table (SottoText *self);
gboolean sotto_text_is_in_table (SottoText *self);

/* --- All of it --- */

/* Every line of @other as a quotation */
void sotto_text_add_quoted (SottoText *self, SottoText *other);

/* Whether nothing has come */
gboolean sotto_text_is_empty (SottoText *self);

/* Ends the page: what comes now stands on the next one. */
void sotto_text_end_page (SottoText *self);
guint sotto_text_get_n_pages (SottoText *self);

/* Returns: (transfer none) (element-type utf8): all pages, or one text where none was ended */
GPtrArray *sotto_text_finish (SottoText *self);

/* More came than there is room for, and was dropped. */
gboolean sotto_text_is_too_long (SottoText *self);
