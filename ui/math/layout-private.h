#pragma once

#include "math/layout.h"

G_BEGIN_DECLS

/* How a formula is laid out at one place in it; passed by value, so that what is within knows more than what is around.
 * math-layout.c has rows, scripts and fractions, math-layout-parts.c what is drawn around others, tables. */
typedef struct {
  SottoMathFont *font;
  SottoMathStyle style;
  gboolean is_cramped;     /* superscripts lower, as under a root */
  double fence;            /* what \middle grows to: of the axis, or 0 */
  guint n_again;           /* how often all around it is laid out twice */
} SottoMathPlace;

SottoMathBox *sotto_math_layout_node (SottoMathPlace place, const SottoMathNode *node);
SottoMathBox *sotto_math_layout_row (SottoMathPlace place, const SottoMathNode *first, const SottoMathNode *until,
                                     gboolean begins_with_atom);

SottoMathBox *sotto_math_layout_scripts (SottoMathPlace place, const SottoMathNode *node);

SottoMathBox *sotto_math_layout_root (SottoMathPlace place, const SottoMathNode *node);
SottoMathBox *sotto_math_layout_fenced (SottoMathPlace place, const SottoMathNode *node);
SottoMathBox *sotto_math_layout_accent (SottoMathPlace place, const SottoMathNode *node);
SottoMathBox *sotto_math_layout_arrow (SottoMathPlace place, const SottoMathNode *node);
SottoMathBox *sotto_math_layout_framed (SottoMathPlace place, const SottoMathNode *node);
SottoMathBox *sotto_math_layout_table (SottoMathPlace place, const SottoMathNode *node);

/* @height: of the whole delimiter, which stands with its middle on the axis */
SottoMathBox *sotto_math_layout_delimiter (SottoMathPlace place, const char *text, double height);

/* Measures at a place: those of its style */
double sotto_math_place_em (SottoMathPlace place);
double sotto_math_place_axis (SottoMathPlace place);
double sotto_math_place_thickness (SottoMathPlace place);
double sotto_math_place_x_height (SottoMathPlace place);

SottoMathPlace sotto_math_place_cramp (SottoMathPlace place);
SottoMathPlace sotto_math_place_script (SottoMathPlace place);

/* How high a box is above the middle line, and how deep below it, whichever is more */
double sotto_math_place_reach (SottoMathPlace place, const SottoMathBox *box);

G_END_DECLS
