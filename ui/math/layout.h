#pragma once

#include "math/box.h"
#include "math/font.h"

G_BEGIN_DECLS

/**
 * sotto_math_layout:
 * @style: display for a formula of its own block, text for one in a line
 *
 * By the rules of The TeXbook, appendix G.
 *
 * Returns: (transfer full): the whole formula; it may be used as long as @font
 */
SottoMathBox *sotto_math_layout (const SottoMath *math, SottoMathFont *font, SottoMathStyle style);

/**
 * SottoMathPiece:
 * @first: the first node of the piece
 * @until: (nullable): the node behind its last one
 *
 * A formula in a line may be broken behind its relations and operators; what lies between is a piece.
 */
typedef struct {
  SottoMathBox *box;
  const SottoMathNode *first;
  const SottoMathNode *until;
} SottoMathPiece;

/* Returns: (transfer full) (element-type SottoMathPiece): from left to right, at least one */
GArray *sotto_math_layout_pieces (const SottoMath *math, SottoMathFont *font);

G_END_DECLS
