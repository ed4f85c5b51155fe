#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* The mathematics of TeX that models write, as a tree. There are no macros, and nothing of a document but its formulas. */

/* A formula longer, deeper or richer than this is not read. */
#define SOTTO_MATH_MAX_BYTES 8192
#define SOTTO_MATH_MAX_DEPTH 60
#define SOTTO_MATH_MAX_NODES 3000

/* What stands between two atoms is decided by their classes (The TeXbook, chapter 18). */
typedef enum {
  SOTTO_MATH_ORD,
  SOTTO_MATH_OP,
  SOTTO_MATH_BIN,
  SOTTO_MATH_REL,
  SOTTO_MATH_OPEN,
  SOTTO_MATH_CLOSE,
  SOTTO_MATH_PUNCT,
  SOTTO_MATH_INNER,
} SottoMathClass;

/* The letters in which a symbol stands; AUTO is what mathematics does by itself: variables slanted, the rest upright. */
typedef enum {
  SOTTO_MATH_AUTO,
  SOTTO_MATH_UPRIGHT,
  SOTTO_MATH_ITALIC,
  SOTTO_MATH_BOLD,
  SOTTO_MATH_BOLD_ITALIC,
  SOTTO_MATH_DOUBLE_STRUCK,
  SOTTO_MATH_SCRIPT_LETTERS,
  SOTTO_MATH_FRAKTUR,
  SOTTO_MATH_MONOSPACE,
} SottoMathLetters;

typedef enum {
  SOTTO_MATH_STYLE_DISPLAY,
  SOTTO_MATH_STYLE_TEXT,
  SOTTO_MATH_STYLE_SCRIPT,
  SOTTO_MATH_STYLE_SCRIPT_SCRIPT,
} SottoMathStyle;

/**
 * SottoMathKind:
 * @SOTTO_MATH_ROW: children side by side
 * @SOTTO_MATH_SYMBOL: @text in one piece: a letter, a number, an operator, a function's name, words
 * @SOTTO_MATH_SPACE: @width
 * @SOTTO_MATH_FRACTION: parts above and below; a line between them unless @flag; in @style if @has_style
 * @SOTTO_MATH_ROOT: parts body and, or %NULL, index
 * @SOTTO_MATH_SCRIPTS: parts base, or %NULL, subscript, or %NULL, superscript, or %NULL
 * @SOTTO_MATH_FENCED: the first part between @text and @text2, which grow with it; "" for none
 * @SOTTO_MATH_DELIMITER: @text, @size times as large as usual; 0 for as large as what encloses it
 * @SOTTO_MATH_ACCENT: the first part with @text (its command's name) over or under it; @flag if it is as wide as that
 * @SOTTO_MATH_TABLE: children are cells, row by row, @columns a row; @flag for lines of a calculation, further apart
 * @SOTTO_MATH_BOXED: the first part within a frame
 * @SOTTO_MATH_STYLED: the first part in @style
 * @SOTTO_MATH_PHANTOM: the room of the first part
 * @SOTTO_MATH_STRUCK: the first part, struck out
 * @SOTTO_MATH_ARROW: @text as wide as what is on it; parts above, or %NULL, below, or %NULL
 */
typedef enum {
  SOTTO_MATH_ROW,
  SOTTO_MATH_SYMBOL,
  SOTTO_MATH_SPACE,
  SOTTO_MATH_FRACTION,
  SOTTO_MATH_ROOT,
  SOTTO_MATH_SCRIPTS,
  SOTTO_MATH_FENCED,
  SOTTO_MATH_DELIMITER,
  SOTTO_MATH_ACCENT,
  SOTTO_MATH_TABLE,
  SOTTO_MATH_BOXED,
  SOTTO_MATH_STYLED,
  SOTTO_MATH_PHANTOM,
  SOTTO_MATH_STRUCK,
  SOTTO_MATH_ARROW,
} SottoMathKind;

typedef enum {
  SOTTO_MATH_LIMITS_NEVER,
  SOTTO_MATH_LIMITS_DISPLAY,   /* above and below in display style only */
  SOTTO_MATH_LIMITS_ALWAYS,
} SottoMathLimits;

typedef struct _SottoMathNode SottoMathNode;

struct _SottoMathNode {
  SottoMathKind kind;
  SottoMathClass class;

  const char *text;
  const char *text2;
  SottoMathLetters letters;
  SottoMathLimits limits;      /* of its scripts */
  gboolean is_large;           /* an operator that is larger in display style */

  double width;                /* in em */
  double size;
  gboolean flag;
  gboolean has_style;
  SottoMathStyle style;

  SottoMathNode *parts[3];
  SottoMathNode *first;        /* children */
  SottoMathNode *last;
  SottoMathNode *next;         /* sibling */

  guint columns;
  const char *alignment;       /* of columns: l, c, r, with | for a line between; the last one goes on */
  guint64 lines;               /* bit n: a line above row n */
};

typedef struct _SottoMath SottoMath;

/**
 * sotto_math_parse:
 * @source: what stands between the delimiters, UTF-8
 *
 * Returns: (transfer full) (nullable): the formula, or %NULL if there is anything in it that is not known, not closed, too
 *   long or too deep
 */
SottoMath *sotto_math_parse (const char *source, gsize length);

/* Whether \begin{@name} begins mathematics */
gboolean sotto_math_is_environment (const char *name, gsize length);

void sotto_math_free (SottoMath *self);

/* Returns: (transfer none): always a row */
const SottoMathNode *sotto_math_get_root (const SottoMath *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMath, sotto_math_free)

G_END_DECLS
