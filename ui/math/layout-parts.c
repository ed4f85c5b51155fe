/* What is drawn around or beside something, as large as that is; and tables */
#include <string.h>

#include "math/layout-private.h"

/* A delimiter of the font serves up to this much more than its own height. */
#define GLYPH_STRETCH 1.12

/* What stands around \middle is laid out twice, and what stands around that again; not deeper than this. */
#define MAX_AGAIN 3

/* Lines of a matrix, and of a calculation: from baseline to baseline, in em */
#define LINE 1.45
#define LINE_OF_CALCULATION 1.7

/* --- Delimiters --- */

static double
get_delimiter_width (const char *text,
                     double      em,
                     double      height)
{
  double growth = MIN (height / em, 6);

  if (g_str_equal (text, "(") || g_str_equal (text, ")"))
    return (0.27 + 0.035 * growth) * em;
  if (g_str_equal (text, "{") || g_str_equal (text, "}"))
    return (0.36 + 0.03 * growth) * em;
  if (g_str_equal (text, "|") || g_str_equal (text, "∣"))
    return 0.12 * em;
  if (g_str_equal (text, "‖") || g_str_equal (text, "∥"))
    return 0.3 * em;
  if (g_str_equal (text, "⟨") || g_str_equal (text, "⟩"))
    return (0.25 + 0.045 * growth) * em;
  if (g_str_equal (text, "/") || g_str_equal (text, "\\"))
    return (0.2 + 0.2 * growth) * em;
  if (strstr ("[]⌊⌋⌈⌉", text) != NULL)
    return (0.2 + 0.015 * growth) * em;
  if (strstr ("⟦⟧", text) != NULL)
    return (0.3 + 0.015 * growth) * em;

  return 0;
}

SottoMathBox *
sotto_math_layout_delimiter (SottoMathPlace  place,
                             const char     *text,
                             double          height)
{
  double em = sotto_math_place_em (place);
  double axis = sotto_math_place_axis (place);
  double scale = sotto_math_font_get_scale (place.style);
  double width = get_delimiter_width (text, em, height);
  const SottoMathGlyphs *glyphs;
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *box;
  double own;

  if (*text == '\0')
    {
      group->width = 0.1 * em;
      return group;
    }

  glyphs = sotto_math_font_measure (place.font, text, SOTTO_MATH_UPRIGHT, scale);
  own = glyphs->ink_bottom - glyphs->ink_top;
  if (height <= own * GLYPH_STRETCH)
    sotto_math_box_add (group, sotto_math_box_new_glyphs (glyphs), 0, 0);
  else if (width == 0)
    {
      glyphs = sotto_math_font_measure (place.font, text, SOTTO_MATH_UPRIGHT, scale * MIN (height / MAX (own, 1), 4));
      box = sotto_math_box_new_glyphs (glyphs);
      sotto_math_box_add (group, box, 0, (box->ascent - box->descent) / 2 - axis);
    }
  else
    {
      double side = strstr ("|‖∣∥", text) != NULL ? 0.14 * em : 0.1 * em;

      box = sotto_math_box_new_shape (text, width, height / 2, height / 2, sotto_math_place_thickness (place) * 1.15);
      sotto_math_box_add (group, box, side, -axis);
      group->width = width + 2 * side;
    }

  return group;
}

static gboolean
has_middle (const SottoMathNode *body)
{
  for (const SottoMathNode *node = body->kind == SOTTO_MATH_ROW ? body->first : NULL; node != NULL; node = node->next)
    if (node->kind == SOTTO_MATH_DELIMITER && node->size == 0)
      return TRUE;

  return FALSE;
}

/* Rule 19: what it encloses need not be covered to its ends. */
SottoMathBox *
sotto_math_layout_fenced (SottoMathPlace       place,
                          const SottoMathNode *node)
{
  SottoMathBox *group = sotto_math_box_new_group ();
  double em = sotto_math_place_em (place);
  SottoMathBox *body;
  SottoMathBox *left;
  SottoMathBox *right;
  double reach;
  double height;

  place.fence = 0;
  place.n_again += has_middle (node->parts[0]) ? 1 : 0;
  body = sotto_math_layout_node (place, node->parts[0]);
  reach = sotto_math_place_reach (place, body);
  height = MAX (2 * reach * 0.92, 2 * reach - 0.35 * em);
  /* Now that is known what \middle has to grow to. */
  if (has_middle (node->parts[0]) && place.n_again <= MAX_AGAIN)
    {
      place.fence = height / 2;
      sotto_math_box_free (body);
      body = sotto_math_layout_row (place, node->parts[0]->first, NULL, FALSE);
    }
  place.fence = 0;
  left = sotto_math_layout_delimiter (place, node->text, height);
  right = sotto_math_layout_delimiter (place, node->text2, height);

  sotto_math_box_add (group, left, 0, 0);
  sotto_math_box_add (group, body, group->width, 0);
  sotto_math_box_add (group, right, group->width + body->overhang * 0.6, 0);

  return group;
}

/* --- Roots: rule 11 --- */

SottoMathBox *
sotto_math_layout_root (SottoMathPlace       place,
                        const SottoMathNode *node)
{
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *body = sotto_math_layout_node (sotto_math_place_cramp (place), node->parts[0]);
  SottoMathPlace index_place = sotto_math_place_script (sotto_math_place_script (place));
  SottoMathBox *index = node->parts[1] != NULL ? sotto_math_layout_node (index_place, node->parts[1]) : NULL;
  double em = sotto_math_place_em (place);
  double thickness = sotto_math_place_thickness (place);
  double gap = place.style == SOTTO_MATH_STYLE_DISPLAY ? 0.16 * em : 0.11 * em;
  /* Roots of letters are alike, whether these are high or low. */
  double ascent = MAX (body->ascent, 0.72 * em) + gap + thickness;
  double descent = MAX (body->descent, 0.1 * em) + 0.02 * em;
  double sign = (0.5 + 0.06 * MIN ((ascent + descent) / em, 5)) * em;
  double bar = body->width + body->overhang + 0.1 * em;
  double x = 0;

  if (index != NULL)
    {
      double foot = sign * 0.24 + 0.1 * em;
      double height = ascent + descent;
      double hook = descent - MIN (height * 0.55, sign * 1.9);

      x = MAX (index->width - foot, 0);
      sotto_math_box_add (group, index, MAX (foot - index->width, 0), hook - 0.12 * em - index->descent);
    }
  sotto_math_box_add (group, sotto_math_box_new_shape ("root", sign, ascent, descent, thickness), x, 0);
  sotto_math_box_add (group, sotto_math_box_new_shape ("line", bar, thickness / 2, thickness / 2, thickness), x + sign,
                      -ascent + thickness / 2);
  sotto_math_box_add (group, body, x + sign + 0.04 * em, 0);
  group->width = x + sign + bar + 0.03 * em;

  return group;
}

/* --- Accents: rule 12 --- */

typedef struct {
  const char *name;
  const char *shape;
  double width;      /* in em; 0: that of what it stands on */
  double height;
  gboolean is_under;
} Accent;

static const Accent accents[] = {
  { "hat", "hat", 0.4, 0.15, FALSE },
  { "widehat", "hat", 0, 0.17, FALSE },
  { "tilde", "tilde", 0.45, 0.13, FALSE },
  { "widetilde", "tilde", 0, 0.16, FALSE },
  { "bar", "line", 0.46, 0, FALSE },
  { "vec", "arrow-right", 0.5, 0.2, FALSE },
  { "dot", "dot", 0.13, 0.13, FALSE },
  { "ddot", "ddot", 0.38, 0.13, FALSE },
  { "dddot", "dddot", 0.58, 0.12, FALSE },
  { "check", "check", 0.4, 0.15, FALSE },
  { "breve", "breve", 0.4, 0.14, FALSE },
  { "acute", "acute", 0.3, 0.16, FALSE },
  { "grave", "grave", 0.3, 0.16, FALSE },
  { "mathring", "mathring", 0.24, 0.24, FALSE },
  { "overline", "line", 0, 0, FALSE },
  { "underline", "line", 0, 0, TRUE },
  { "overbrace", "overbrace", 0, 0.3, FALSE },
  { "underbrace", "underbrace", 0, 0.3, TRUE },
  { "overrightarrow", "arrow-right", 0, 0.22, FALSE },
  { "overleftarrow", "arrow-left", 0, 0.22, FALSE },
  { "overleftrightarrow", "arrow-both", 0, 0.22, FALSE },
};

static const Accent *
find_accent (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (accents); i++)
    if (g_str_equal (accents[i].name, name))
      return &accents[i];

  return &accents[0];
}

SottoMathBox *
sotto_math_layout_accent (SottoMathPlace       place,
                          const SottoMathNode *node)
{
  const Accent *accent = find_accent (node->text);
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *base = sotto_math_layout_node (sotto_math_place_cramp (place), node->parts[0]);
  double em = sotto_math_place_em (place);
  double thickness = sotto_math_place_thickness (place) * (accent->width > 0 ? 1.1 : 1);
  double gap = 0.11 * em;
  double height = MAX (accent->height * em, thickness);
  double width = accent->width > 0 ? accent->width * em : base->width + base->overhang;
  double middle = base->width / 2;
  double ascent = base->ascent;
  double descent = base->descent;
  double own = base->width;
  SottoMathBox *mark;

  /* Over the middle of the ink, and of a slanted letter over the middle of its upper end */
  if (base->kind == SOTTO_MATH_BOX_GLYPHS)
    {
      middle = (base->glyphs->ink_left + base->glyphs->ink_right) / 2 + base->slant * base->ascent * 0.35;
      if (accent->width == 0)
        width = base->glyphs->ink_right - base->glyphs->ink_left;
    }
  else if (accent->width == 0)
    middle = width / 2;
  if (!node->flag)
    ascent = MAX (ascent, sotto_math_place_x_height (place));

  mark = sotto_math_box_new_shape (accent->shape, width, height / 2, height / 2, thickness);
  sotto_math_box_add (group, base, MAX (width / 2 - middle, 0) * (own < width ? 1 : 0), 0);
  sotto_math_box_add (group, mark, MAX (middle - width / 2, 0),
                      accent->is_under ? descent + gap + height / 2 : -ascent - gap - height / 2);
  /* A small mark that is wider than its letter hangs over it, as that does not push others away. */
  if (!node->flag && own >= width * 0.5)
    {
      group->overhang = MAX (group->width - own, base->overhang);
      group->width = own + MAX (width / 2 - middle, 0) * (own < width ? 1 : 0);
    }

  return group;
}

SottoMathBox *
sotto_math_layout_arrow (SottoMathPlace       place,
                         const SottoMathNode *node)
{
  SottoMathPlace script = sotto_math_place_script (place);
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *over = sotto_math_layout_node (script, node->parts[0]);
  SottoMathBox *under = node->parts[1] != NULL ? sotto_math_layout_node (sotto_math_place_cramp (script), node->parts[1]) : NULL;
  double em = sotto_math_place_em (place);
  double axis = sotto_math_place_axis (place);
  double width = MAX (MAX (over->width, under != NULL ? under->width : 0) + 0.9 * em, 1.6 * em);
  const char *shape = g_str_equal (node->text, "→") ? "arrow-right" : g_str_equal (node->text, "←") ? "arrow-left" : "arrow-both";

  sotto_math_box_add (group, sotto_math_box_new_shape (shape, width, 0.17 * em, 0.17 * em, sotto_math_place_thickness (place) * 1.1),
                      0, -axis);
  sotto_math_box_add (group, over, (width - over->width) / 2, -axis - 0.2 * em - over->descent);
  if (under != NULL)
    sotto_math_box_add (group, under, (width - under->width) / 2, -axis + 0.2 * em + under->ascent);

  return group;
}

/* --- Frames and strikes --- */

SottoMathBox *
sotto_math_layout_framed (SottoMathPlace       place,
                          const SottoMathNode *node)
{
  gboolean is_frame = node->kind == SOTTO_MATH_BOXED;
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *body = sotto_math_layout_node (place, node->parts[0]);
  double em = sotto_math_place_em (place);
  double padding = is_frame ? 0.32 * em : 0.02 * em;
  double width = body->width + body->overhang + 2 * padding;
  SottoMathBox *frame = sotto_math_box_new_shape (is_frame ? "frame" : "strike", width, body->ascent + padding,
                                                  body->descent + padding, sotto_math_place_thickness (place));

  sotto_math_box_add (group, body, padding, 0);
  sotto_math_box_add (group, frame, 0, 0);

  return group;
}

/* --- Tables --- */

typedef struct {
  GPtrArray *cells;   /* of SottoMathBox, row by row; owned by nobody until they are placed */
  guint n_rows;
  guint n_columns;
  double *widths;
  double *ascents;
  double *descents;
} Cells;

/* How column @column stands, and whether a line is on its left; the last letter goes on. */
static char
get_alignment (const SottoMathNode *node,
               guint                column,
               gboolean            *has_line)
{
  const char *p = node->alignment;
  guint n = 0;

  *has_line = FALSE;
  for (guint i = 0; p[i] != '\0'; i++)
    {
      if (p[i] == '|')
        *has_line = n == column;
      else if (n++ == column)
        return p[i];
      else
        *has_line = FALSE;
    }
  *has_line = *has_line && n == column;
  if (n == 0)
    return 'c';
  /* Of a calculation, right and left take turns. */
  if (node->flag)
    return p[column % n];

  return p[strlen (p) - 1] != '|' ? p[strlen (p) - 1] : 'c';
}

static void
measure_cells (SottoMathPlace       place,
               const SottoMathNode *node,
               Cells               *cells)
{
  guint i = 0;

  cells->n_columns = node->columns;
  cells->cells = g_ptr_array_new ();
  for (const SottoMathNode *cell = node->first; cell != NULL; cell = cell->next)
    {
      gboolean goes_on = node->flag && node->columns > 1 && cells->cells->len % node->columns % 2 == 1;

      g_ptr_array_add (cells->cells, sotto_math_layout_row (place, cell->first, NULL, goes_on));
    }
  cells->n_rows = cells->cells->len / cells->n_columns;
  cells->widths = g_new0 (double, cells->n_columns);
  cells->ascents = g_new0 (double, cells->n_rows);
  cells->descents = g_new0 (double, cells->n_rows);

  for (guint row = 0; row < cells->n_rows; row++)
    for (guint column = 0; column < cells->n_columns; column++, i++)
      {
        const SottoMathBox *box = cells->cells->pdata[i];

        cells->widths[column] = MAX (cells->widths[column], box->width);
        cells->ascents[row] = MAX (cells->ascents[row], box->ascent);
        cells->descents[row] = MAX (cells->descents[row], box->descent);
      }
}

/* Returns: where the left edge of each column is, and behind the last one where the table ends */
static double *
place_columns (const SottoMathNode *node,
               const Cells         *cells,
               double               em)
{
  double *at = g_new0 (double, cells->n_columns + 1);
  gboolean ends_with_line;
  double x = 0;
  gboolean has_line;

  for (guint column = 0; column < cells->n_columns; column++)
    {
      get_alignment (node, column, &has_line);
      if (column > 0 && !(node->flag && column % 2 == 1 && strlen (node->alignment) == 2))
        x += node->width * em;
      else if (column == 0 && has_line)
        x += 0.4 * em;
      at[column] = x;
      x += cells->widths[column];
    }
  get_alignment (node, cells->n_columns, &ends_with_line);
  at[cells->n_columns] = x + (ends_with_line ? 0.4 * em : 0);

  return at;
}

static void
add_lines (SottoMathPlace       place,
           const SottoMathNode *node,
           const Cells         *cells,
           SottoMathBox        *group,
           const double        *at,
           const double        *tops,
           double               shift)
{
  double em = sotto_math_place_em (place);
  double thickness = sotto_math_place_thickness (place);
  double width = at[cells->n_columns];
  double height = tops[cells->n_rows];

  for (guint row = 0; row <= cells->n_rows; row++)
    if ((node->lines & (G_GUINT64_CONSTANT (1) << row)) != 0)
      sotto_math_box_add (group, sotto_math_box_new_rule (width, thickness), 0, shift + tops[row]);
  for (guint column = 0; column <= cells->n_columns; column++)
    {
      gboolean has_line;
      double x;

      get_alignment (node, column, &has_line);
      if (!has_line)
        continue;
      x = column == 0 ? 0 : column == cells->n_columns ? width - thickness : at[column] - node->width * em / 2;
      sotto_math_box_add (group, sotto_math_box_new_shape ("|", thickness, 0, height, thickness), x, shift);
    }
}

SottoMathBox *
sotto_math_layout_table (SottoMathPlace       place,
                         const SottoMathNode *node)
{
  SottoMathBox *group = sotto_math_box_new_group ();
  Cells cells = { 0 };
  double em, gap, line, height, shift;
  double *at;
  double *tops;   /* where rows begin; the last one: where the table ends */
  double *baselines;

  if (node->has_style && !(place.style >= SOTTO_MATH_STYLE_SCRIPT && node->style <= SOTTO_MATH_STYLE_TEXT))
    place.style = MAX (node->style, place.style);
  place.fence = 0;
  em = sotto_math_place_em (place);
  measure_cells (place, node, &cells);
  at = place_columns (node, &cells, em);
  tops = g_new0 (double, cells.n_rows + 1);
  baselines = g_new0 (double, cells.n_rows);
  line = (node->flag ? LINE_OF_CALCULATION : place.style >= SOTTO_MATH_STYLE_SCRIPT ? 1.25 : LINE) * em;
  gap = (node->flag ? 0.58 : 0.3) * em;

  for (guint row = 0; row < cells.n_rows; row++)
    {
      double ascent = MAX (cells.ascents[row], 0.72 * em);
      double descent = MAX (cells.descents[row], 0.22 * em);

      baselines[row] = row == 0 ? ascent
                                : baselines[row - 1] + MAX (line, MAX (cells.descents[row - 1], 0.22 * em) + gap + ascent);
      tops[row] = row == 0 ? 0 : (tops[row] + baselines[row] - ascent) / 2;
      tops[row + 1] = baselines[row] + descent;
    }
  height = cells.n_rows > 0 ? tops[cells.n_rows] : 0;
  shift = -height / 2 - sotto_math_place_axis (place);

  for (guint i = 0; i < cells.cells->len; i++)
    {
      guint column = i % cells.n_columns;
      SottoMathBox *box = cells.cells->pdata[i];
      gboolean has_line;
      char alignment = get_alignment (node, column, &has_line);
      double room = cells.widths[column] - box->width;

      sotto_math_box_add (group, box, at[column] + (alignment == 'r' ? room : alignment == 'c' ? room / 2 : 0),
                          shift + baselines[i / cells.n_columns]);
    }
  add_lines (place, node, &cells, group, at, tops, shift);
  group->width = at[cells.n_columns];
  /* As high as its lines, whatever stands in them */
  group->ascent = MAX (group->ascent, -shift);
  group->descent = MAX (group->descent, height + shift);

  g_ptr_array_unref (cells.cells);
  g_free (cells.widths);
  g_free (cells.ascents);
  g_free (cells.descents);
  g_free (at);
  g_free (tops);
  g_free (baselines);

  return group;
}
