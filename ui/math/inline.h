#pragma once

#include <pango/pangocairo.h>

#include "math/font.h"

G_BEGIN_DECLS

/* Formulas among words, in a layout of Pango's: a formula is a run of plain text that reads it, of which the first character is a
 * shape as large as the formula is drawn, and the others have no size. So it is found, selected and read aloud as text. */

typedef struct _SottoMathInlines SottoMathInlines;

/**
 * sotto_math_inlines_new:
 * @font: of the words around
 * @max_width: what is wider in one piece stays text
 */
SottoMathInlines *sotto_math_inlines_new (SottoMathFont *font, double max_width);
void sotto_math_inlines_free (SottoMathInlines *self);

/* Keeps formulas from left to right among words that go the other way; costs two invisible characters each. */
void sotto_math_inlines_isolate (SottoMathInlines *self);

/* Appends markup for a formula (a #SottoMarkdownFormulaFunc); one that cannot be read is shown as code. */
void sotto_math_inlines_append (GString *markup, const char *inner, const char *source, gpointer self);

/* Appends markup for one that stands for itself. Returns: FALSE if it cannot be read; then nothing is appended. */
gboolean sotto_math_inlines_append_display (SottoMathInlines *self, GString *markup, const char *inner, const char *source);

/* Adds the shapes to the attributes of the layout that shows the markup. */
void sotto_math_inlines_add_shapes (SottoMathInlines *self, PangoAttrList *list);

/* Lays all of them out again. */
void sotto_math_inlines_set_font (SottoMathInlines *self, SottoMathFont *font);
SottoMathFont *sotto_math_inlines_get_font (SottoMathInlines *self);

guint sotto_math_inlines_get_n (SottoMathInlines *self);

/* Of formula @n, its place in the text, in bytes. Returns: (transfer none): its source */
const char *sotto_math_inlines_get (SottoMathInlines *self, guint n, gsize *begin, gsize *end);

/* Lets @context draw them; once for each context. */
void sotto_math_inlines_prepare_context (PangoContext *context, gboolean is_screen);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMathInlines, sotto_math_inlines_free)

G_END_DECLS
