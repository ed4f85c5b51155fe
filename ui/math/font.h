#pragma once

#include <pango/pango.h>
#include <sotto-app.h>

G_BEGIN_DECLS

/* The letters of formulas and their measures, which are those of the text around them: there is no table for mathematics in
 * the fonts of a desktop, so axis, thickness and heights are read off its glyphs. */

typedef struct _SottoMathFont SottoMathFont;

/**
 * SottoMathGlyphs:
 *
 * One run of text, measured. Lengths are units of the context (pixels, or points on paper); y goes down from the baseline.
 */
typedef struct {
  PangoLayout *layout;
  double baseline;      /* below the top of @layout */
  double width;         /* how far it moves the pen */
  double ink_left;
  double ink_right;
  double ink_top;       /* negative: above the baseline */
  double ink_bottom;
  double slant;         /* to the right, for each unit up */
} SottoMathGlyphs;

/**
 * sotto_math_font_get:
 * @context: of a widget or of paper; its font is that of the words around
 *
 * Returns: (transfer full): the same one for the same font, as long as anybody has it
 */
SottoMathFont *sotto_math_font_get (PangoContext *context, const PangoFontDescription *description);
SottoMathFont *sotto_math_font_ref (SottoMathFont *self);
void sotto_math_font_unref (SottoMathFont *self);

/**
 * sotto_math_font_measure:
 * @scale: of the size of the words around
 *
 * Returns: (transfer none): kept as long as @self
 */
const SottoMathGlyphs *sotto_math_font_measure (SottoMathFont *self, const char *text, SottoMathLetters letters, double scale);

/* The size of @style beside that of text */
double sotto_math_font_get_scale (SottoMathStyle style);

double sotto_math_font_get_em (SottoMathFont *self);
double sotto_math_font_get_x_height (SottoMathFont *self);

/* The height of the line in the middle of which + and = stand, and bars of fractions lie */
double sotto_math_font_get_axis (SottoMathFont *self);

/* How high and deep a line of the words around is */
double sotto_math_font_get_ascent (SottoMathFont *self);
double sotto_math_font_get_descent (SottoMathFont *self);

/* Of a fraction's bar */
double sotto_math_font_get_thickness (SottoMathFont *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMathFont, sotto_math_font_unref)

G_END_DECLS
