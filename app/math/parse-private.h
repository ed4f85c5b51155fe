#pragma once

#include "math/parse.h"

G_BEGIN_DECLS

/* What reading one formula needs; between math-parse.c (rows, groups, scripts) and math-commands.c (what begins with a
 * backslash). All functions that give a node give %NULL where the formula is not one. */

typedef struct {
  SottoMath *math;
  const char *p;
  const char *end;
  guint depth;
  SottoMathLetters letters;
  gboolean within_table;    /* & and \\ end a cell */
  gboolean within_fence;    /* \right ends a row */
} SottoMathParser;

struct _SottoMath {
  GPtrArray *nodes;
  GStringChunk *texts;
  SottoMathNode *root;
};

SottoMathNode *sotto_math_node_new (SottoMathParser *parser, SottoMathKind kind, SottoMathClass class);
SottoMathNode *sotto_math_symbol_new (SottoMathParser *parser, const char *text, SottoMathClass class);
void sotto_math_node_append (SottoMathNode *row, SottoMathNode *child);
const char *sotto_math_intern (SottoMathParser *parser, const char *text, gssize length);

void sotto_math_skip_space (SottoMathParser *parser);

/* Returns: the command's name at @parser, which stands behind a backslash; moves behind it */
char *sotto_math_take_name (SottoMathParser *parser);

/* Whether the command @name, with its backslash, is next. */
gboolean sotto_math_is_next (SottoMathParser *parser, const char *name);

/* Until what ends a row: a closing brace (or @closing), & and \\ in a table, \right, \end. None of these is taken. */
SottoMathNode *sotto_math_parse_row (SottoMathParser *parser, char closing);

/* One argument of a command: a group, a symbol or a command */
SottoMathNode *sotto_math_parse_argument (SottoMathParser *parser);

/* An argument that is not mathematics. Returns: (nullable): what stands between its braces */
char *sotto_math_take_raw (SottoMathParser *parser);

/* (nullable): what stands in brackets, where there are brackets; FALSE for those that are not closed */
gboolean sotto_math_parse_option (SottoMathParser *parser, SottoMathNode **option);

/* What is behind a backslash; @closing ends the group, all of which \displaystyle takes */
SottoMathNode *sotto_math_parse_command (SottoMathParser *parser, char closing);

/* What a command of that @name is, behind which @parser stands; @closing ends the group that it is in */
typedef SottoMathNode *(*SottoMathCommandFunc) (SottoMathParser *parser, const char *name, char closing);

SottoMathNode *sotto_math_parse_words (SottoMathParser *parser, const char *name, char closing);
SottoMathNode *sotto_math_parse_letters (SottoMathParser *parser, const char *name, char closing);
SottoMathNode *sotto_math_switch_letters (SottoMathParser *parser, const char *name, char closing);
SottoMathNode *sotto_math_parse_operator_name (SottoMathParser *parser, const char *name, char closing);
SottoMathNode *sotto_math_parse_space (SottoMathParser *parser, const char *name, char closing);
SottoMathNode *sotto_math_parse_length (SottoMathParser *parser, const char *name, char closing);

/* @width: in em */
SottoMathNode *sotto_math_space_new (SottoMathParser *parser, double width);

/* Rows of cells until \end, or where the text ends */
SottoMathNode *sotto_math_parse_cells (SottoMathParser *parser);
SottoMathNode *sotto_math_parse_environment (SottoMathParser *parser);

/* Makes lines of a calculation of @table. */
SottoMathNode *sotto_math_make_aligned (SottoMathParser *parser, SottoMathNode *table);

G_END_DECLS
