#pragma once

#include <cairo.h>

#include "math/font.h"

G_BEGIN_DECLS

/* A formula laid out: boxes within boxes, each with its baseline at 0, its left edge at 0 and y going down. */

typedef enum {
  SOTTO_MATH_BOX_GROUP,
  SOTTO_MATH_BOX_GLYPHS,
  SOTTO_MATH_BOX_RULE,       /* all of it */
  SOTTO_MATH_BOX_SHAPE,      /* drawn by lines: a delimiter, an accent, a root */
} SottoMathBoxKind;

typedef struct _SottoMathBox SottoMathBox;

struct _SottoMathBox {
  SottoMathBoxKind kind;
  double width;
  double ascent;
  double descent;
  double overhang;           /* how far a slanted letter leans over its right edge */
  double slant;

  /* Within its group */
  double x;
  double y;

  GPtrArray *children;       /* (nullable) (element-type SottoMathBox) */

  const SottoMathGlyphs *glyphs;
  const char *shape;         /* interned: a delimiter's character, an accent's name, "root", "frame", "strike" */
  double thickness;
};

SottoMathBox *sotto_math_box_new_group (void);
SottoMathBox *sotto_math_box_new_glyphs (const SottoMathGlyphs *glyphs);
SottoMathBox *sotto_math_box_new_rule (double width, double height);
SottoMathBox *sotto_math_box_new_shape (const char *shape, double width, double ascent, double descent, double thickness);
void sotto_math_box_free (SottoMathBox *self);

/* Puts @child (transfer full) into a group; the group becomes as high and deep as that needs, and at least as wide. */
void sotto_math_box_add (SottoMathBox *self, SottoMathBox *child, double x, double y);

/**
 * sotto_math_box_draw:
 * @x: of its left edge
 * @y: of its baseline
 * @is_screen: whether lines are to lie on pixels
 *
 * In the colour that @cr has.
 */
void sotto_math_box_draw (const SottoMathBox *self, cairo_t *cr, double x, double y, gboolean is_screen);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMathBox, sotto_math_box_free)

G_END_DECLS
