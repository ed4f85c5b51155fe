#include "math/layout-private.h"

#include <string.h>

/* Sides of a fraction beyond its bar */
#define SIDE 0.09

/* How high large operators are, in em */
#define SUM_HEIGHT 1.05
#define SUM_HEIGHT_DISPLAY 1.45
#define INTEGRAL_HEIGHT 1.3
#define INTEGRAL_HEIGHT_DISPLAY 2.2

/* --- Places --- */

double
sotto_math_place_em (SottoMathPlace place)
{
  return sotto_math_font_get_em (place.font) * sotto_math_font_get_scale (place.style);
}

double
sotto_math_place_axis (SottoMathPlace place)
{
  return sotto_math_font_get_axis (place.font) * sotto_math_font_get_scale (place.style);
}

/* Lines become thinner with the letters, but not as much. */
double
sotto_math_place_thickness (SottoMathPlace place)
{
  return sotto_math_font_get_thickness (place.font) * (place.style >= SOTTO_MATH_STYLE_SCRIPT ? 0.85 : 1);
}

double
sotto_math_place_x_height (SottoMathPlace place)
{
  return sotto_math_font_get_x_height (place.font) * sotto_math_font_get_scale (place.style);
}

SottoMathPlace
sotto_math_place_cramp (SottoMathPlace place)
{
  place.is_cramped = TRUE;

  return place;
}

SottoMathPlace
sotto_math_place_script (SottoMathPlace place)
{
  place.style = place.style <= SOTTO_MATH_STYLE_TEXT ? SOTTO_MATH_STYLE_SCRIPT : SOTTO_MATH_STYLE_SCRIPT_SCRIPT;
  place.fence = 0;

  return place;
}

double
sotto_math_place_reach (SottoMathPlace      place,
                        const SottoMathBox *box)
{
  double axis = sotto_math_place_axis (place);

  return MAX (box->ascent - axis, box->descent + axis);
}

/* --- Symbols --- */

/* With its middle on the axis */
static SottoMathBox *
layout_large (SottoMathPlace       place,
              const SottoMathNode *node)
{
  gboolean is_display = place.style == SOTTO_MATH_STYLE_DISPLAY;
  gboolean is_integral = node->limits == SOTTO_MATH_LIMITS_NEVER || strstr ("∫∬∭∮∯∰", node->text) != NULL;
  double scale = sotto_math_font_get_scale (place.style);
  double wanted = is_integral ? (is_display ? INTEGRAL_HEIGHT_DISPLAY : INTEGRAL_HEIGHT)
                              : (is_display ? SUM_HEIGHT_DISPLAY : SUM_HEIGHT);
  const SottoMathGlyphs *glyphs = sotto_math_font_measure (place.font, node->text, SOTTO_MATH_UPRIGHT, scale);
  double height = glyphs->ink_bottom - glyphs->ink_top;
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *box;

  wanted *= sotto_math_place_em (place);
  if (height > 0)
    glyphs = sotto_math_font_measure (place.font, node->text, SOTTO_MATH_UPRIGHT, scale * CLAMP (wanted / height, 0.7, 3));
  box = sotto_math_box_new_glyphs (glyphs);
  box->slant = is_integral ? 0.2 : 0;
  group->slant = box->slant;
  sotto_math_box_add (group, box, 0, (box->ascent - box->descent) / 2 - sotto_math_place_axis (place));

  return group;
}

static SottoMathBox *
layout_symbol (SottoMathPlace       place,
               const SottoMathNode *node)
{
  const SottoMathGlyphs *glyphs;
  double scale = sotto_math_font_get_scale (place.style);

  if (node->is_large)
    return layout_large (place, node);

  glyphs = sotto_math_font_measure (place.font, node->text, node->letters, scale);

  return sotto_math_box_new_glyphs (glyphs);
}

/* --- Scripts --- */

static gboolean
has_limits (SottoMathPlace       place,
            const SottoMathNode *base)
{
  return base != NULL && (base->limits == SOTTO_MATH_LIMITS_ALWAYS ||
                          (base->limits == SOTTO_MATH_LIMITS_DISPLAY && place.style == SOTTO_MATH_STYLE_DISPLAY));
}

/* Over and under the middle of @base */
static SottoMathBox *
layout_limits (SottoMathPlace  place,
               SottoMathBox   *base,
               SottoMathBox   *under,
               SottoMathBox   *over)
{
  SottoMathBox *group = sotto_math_box_new_group ();
  double em = sotto_math_place_em (place);
  double width = MAX (base->width, MAX (under != NULL ? under->width : 0, over != NULL ? over->width : 0));
  double lean = base->slant * (base->ascent + base->descent) / 4;
  double base_ascent = base->ascent;
  double base_descent = base->descent;

  sotto_math_box_add (group, base, (width - base->width) / 2, 0);
  if (over != NULL)
    sotto_math_box_add (group, over, (width - over->width) / 2 + lean, -base_ascent - MAX (0.14 * em, 0.24 * em - over->descent) - over->descent);
  if (under != NULL)
    sotto_math_box_add (group, under, (width - under->width) / 2 - lean, base_descent + MAX (0.16 * em, 0.62 * em - under->ascent) + under->ascent);
  group->width = width;

  return group;
}

/* Beside it: rule 18 */
static SottoMathBox *
layout_beside (SottoMathPlace  place,
               SottoMathBox   *base,
               gboolean        is_letter,
               SottoMathBox   *sub,
               SottoMathBox   *sup)
{
  SottoMathBox *group = sotto_math_box_new_group ();
  double em = sotto_math_place_em (place);
  double x_height = sotto_math_place_x_height (place);
  double thickness = sotto_math_place_thickness (place);
  double drop = sotto_math_place_em (sotto_math_place_script (place));
  double up = is_letter ? 0 : base->ascent - 0.3 * drop;
  double down = is_letter ? 0 : base->descent + 0.1 * drop;
  double right = base->width;
  double overhang = base->overhang;
  double lean = is_letter ? 0 : base->slant * (base->ascent + base->descent) / 2;

  sotto_math_box_add (group, base, 0, 0);
  if (sup != NULL)
    {
      up = MAX (up, (place.is_cramped ? 0.3 : place.style == SOTTO_MATH_STYLE_DISPLAY ? 0.41 : 0.37) * em);
      up = MAX (up, sup->descent + x_height / 4);
    }
  if (sub != NULL && sup == NULL)
    down = MAX (MAX (down, 0.16 * em), sub->ascent - x_height * 0.8);
  else if (sub != NULL)
    {
      double gap;

      down = MAX (down, 0.24 * em);
      gap = up - sup->descent - (sub->ascent - down);
      if (gap < 4 * thickness)
        {
          double raise;

          down += 4 * thickness - gap;
          raise = x_height * 0.8 - (up - sup->descent);
          if (raise > 0)
            {
              up += raise;
              down -= raise;
            }
        }
    }

  if (sup != NULL)
    sotto_math_box_add (group, sup, right + overhang + lean * 0.3 + 0.03 * em, -up);
  if (sub != NULL)
    sotto_math_box_add (group, sub, right - lean + (is_letter ? 0.01 * em : 0), down);
  group->width += 0.05 * em;

  return group;
}

/* Primes of text stand high already, and are small. */
static gboolean
is_primes (const SottoMathNode *node)
{
  if (node->kind != SOTTO_MATH_ROW)
    return FALSE;
  for (const SottoMathNode *child = node->first; child != NULL; child = child->next)
    if (child->kind != SOTTO_MATH_SYMBOL || !g_str_equal (child->text, "′"))
      return FALSE;

  return node->first != NULL;
}

SottoMathBox *
sotto_math_layout_scripts (SottoMathPlace       place,
                           const SottoMathNode *node)
{
  const SottoMathNode *nucleus = node->parts[0];
  SottoMathPlace sup_place = sotto_math_place_script (place);
  SottoMathPlace sub_place = sotto_math_place_cramp (sup_place);
  SottoMathBox *base = nucleus != NULL ? sotto_math_layout_node (place, nucleus) : sotto_math_box_new_group ();
  SottoMathBox *sub = node->parts[1] != NULL ? sotto_math_layout_node (sub_place, node->parts[1]) : NULL;
  gboolean has_primes = node->parts[2] != NULL && is_primes (node->parts[2]);
  SottoMathBox *sup = node->parts[2] != NULL ? sotto_math_layout_node (has_primes ? place : sup_place, node->parts[2]) : NULL;

  /* Down to where the script would be that they are */
  if (has_primes)
    {
      SottoMathBox *group = sotto_math_box_new_group ();

      sotto_math_box_add (group, sup, -0.02 * sotto_math_place_em (place), 0.37 * sotto_math_place_em (place));
      group->descent = MAX (group->descent, 0);
      sup = group;
    }
  if (has_limits (place, nucleus))
    return layout_limits (place, base, sub, sup);

  return layout_beside (place, base, base->kind == SOTTO_MATH_BOX_GLYPHS, sub, sup);
}

/* --- Fractions: rule 15 --- */

static SottoMathBox *
layout_fraction (SottoMathPlace       place,
                 const SottoMathNode *node)
{
  SottoMathBox *group = sotto_math_box_new_group ();
  SottoMathBox *above;
  SottoMathBox *below;
  SottoMathPlace inner;
  double em, axis, thickness, up, down, gap, side, width;
  gboolean is_display;

  if (node->has_style)
    place.style = node->style;
  is_display = place.style == SOTTO_MATH_STYLE_DISPLAY;
  inner = is_display ? place : sotto_math_place_script (place);
  if (is_display)
    inner.style = SOTTO_MATH_STYLE_TEXT;
  inner.fence = 0;
  em = sotto_math_place_em (place);
  axis = sotto_math_place_axis (place);
  thickness = sotto_math_place_thickness (place);
  above = sotto_math_layout_node (inner, node->parts[0]);
  below = sotto_math_layout_node (sotto_math_place_cramp (inner), node->parts[1]);

  up = (is_display ? 0.68 : 0.42) * em;
  down = (is_display ? 0.69 : 0.36) * em;
  side = SIDE * em;
  width = MAX (above->width, below->width) + 2 * side;
  if (node->flag)
    {
      double least = (is_display ? 7 : 3) * thickness;

      gap = up - above->descent - (below->ascent - down);
      if (gap < least)
        {
          up += (least - gap) / 2;
          down += (least - gap) / 2;
        }
    }
  else
    {
      gap = (is_display ? 0.18 : 0.1) * em;
      up = MAX (up, axis + thickness / 2 + gap + above->descent);
      down = MAX (down, gap + below->ascent + thickness / 2 - axis);
    }

  sotto_math_box_add (group, above, side * 1 + (width - above->width) / 2, -up);
  sotto_math_box_add (group, below, side * 1 + (width - below->width) / 2, down);
  if (!node->flag)
    sotto_math_box_add (group, sotto_math_box_new_rule (width, thickness), side, -axis);
  group->width = width + 2 * side;

  return group;
}

/* --- Rows --- */

static SottoMathBox *
layout_styled (SottoMathPlace       place,
               const SottoMathNode *node)
{
  if (node->has_style)
    place.style = node->style;

  return sotto_math_layout_node (place, node->parts[0]);
}

SottoMathBox *
sotto_math_layout_node (SottoMathPlace       place,
                        const SottoMathNode *node)
{
  SottoMathBox *box;

  switch (node->kind)
    {
    case SOTTO_MATH_ROW:
      place.fence = 0;
      return sotto_math_layout_row (place, node->first, NULL, FALSE);
    case SOTTO_MATH_SYMBOL:
      return layout_symbol (place, node);
    case SOTTO_MATH_FRACTION:
      return layout_fraction (place, node);
    case SOTTO_MATH_ROOT:
      return sotto_math_layout_root (place, node);
    case SOTTO_MATH_SCRIPTS:
      return sotto_math_layout_scripts (place, node);
    case SOTTO_MATH_FENCED:
      return sotto_math_layout_fenced (place, node);
    case SOTTO_MATH_DELIMITER:
      return sotto_math_layout_delimiter (place, node->text,
                                          node->size > 0 ? node->size * sotto_math_place_em (place) : 2 * place.fence);
    case SOTTO_MATH_ACCENT:
      return sotto_math_layout_accent (place, node);
    case SOTTO_MATH_TABLE:
      return sotto_math_layout_table (place, node);
    case SOTTO_MATH_BOXED:
    case SOTTO_MATH_STRUCK:
      return sotto_math_layout_framed (place, node);
    case SOTTO_MATH_STYLED:
      return layout_styled (place, node);
    case SOTTO_MATH_PHANTOM:
      box = sotto_math_layout_node (place, node->parts[0]);
      g_clear_pointer (&box->children, g_ptr_array_unref);
      box->kind = SOTTO_MATH_BOX_GROUP;
      return box;
    case SOTTO_MATH_ARROW:
      return sotto_math_layout_arrow (place, node);
    case SOTTO_MATH_SPACE:
    default:
      box = sotto_math_box_new_group ();
      box->width = node->width * sotto_math_place_em (place);
      return box;
    }
}

/* Units of an em's eighteenth between two atoms; negative: not in scripts */
static const gint8 spaces[8][8] = {
  /*            ord op bin rel open close punct inner */
  /* ord */   {  0,  3, -4, -5,  0,  0,  0, -3 },
  /* op */    {  3,  3,  0, -5,  0,  0,  0, -3 },
  /* bin */   { -4, -4,  0,  0, -4,  0,  0, -4 },
  /* rel */   { -5, -5,  0,  0, -5,  0,  0, -5 },
  /* open */  {  0,  0,  0,  0,  0,  0,  0,  0 },
  /* close */ {  0,  3, -4, -5,  0,  0,  0, -3 },
  /* punct */ { -3, -3,  0, -3, -3, -3, -3, -3 },
  /* inner */ { -3,  3, -4, -5, -3,  0, -3, -3 },
};

static double
get_space (SottoMathPlace place,
           SottoMathClass left,
           SottoMathClass right)
{
  int units = spaces[left][right];

  if (units < 0 && place.style >= SOTTO_MATH_STYLE_SCRIPT)
    return 0;

  return ABS (units) / 18. * sotto_math_place_em (place);
}

static const SottoMathNode *
find_atom (const SottoMathNode *node)
{
  while (node != NULL && node->kind == SOTTO_MATH_SPACE)
    node = node->next;

  return node;
}

/* A sign with nothing on its left or right is none between two: rules 5 and 6. @left: -1 at the beginning */
static SottoMathClass
get_class (const SottoMathNode *node,
           int                  left)
{
  const SottoMathNode *right = find_atom (node->next);

  if (node->class != SOTTO_MATH_BIN)
    return node->class;
  if (left < 0 || left == SOTTO_MATH_BIN || left == SOTTO_MATH_OP || left == SOTTO_MATH_REL || left == SOTTO_MATH_OPEN ||
      left == SOTTO_MATH_PUNCT)
    return SOTTO_MATH_ORD;
  if (right == NULL || right->class == SOTTO_MATH_REL || right->class == SOTTO_MATH_CLOSE || right->class == SOTTO_MATH_PUNCT)
    return SOTTO_MATH_ORD;

  return SOTTO_MATH_BIN;
}

/* Puts nodes from @node on into @group, until @until or, if @breaks, until behind an operator or relation.
 * Returns: (nullable): the node that is next */
static const SottoMathNode *
fill_row (SottoMathPlace       place,
          SottoMathBox        *group,
          const SottoMathNode *node,
          const SottoMathNode *until,
          gboolean             breaks,
          int                 *left)
{
  double x = 0;

  for (; node != until; node = node->next)
    {
      SottoMathBox *box = sotto_math_layout_node (place, node);
      double overhang = box->overhang;

      if (node->kind != SOTTO_MATH_SPACE)
        {
          SottoMathClass class = get_class (node, *left);

          if (*left >= 0)
            x += get_space (place, *left, class);
          *left = class;
        }
      sotto_math_box_add (group, box, x, 0);
      x += box->width;
      group->overhang = overhang;
      group->slant = box->slant;
      /* A letter does not lean against what stands upright. */
      if (overhang > 0 && node->next != NULL && node->next->kind != SOTTO_MATH_SPACE)
        x += overhang * 0.6;

      if (breaks && (*left == SOTTO_MATH_BIN || *left == SOTTO_MATH_REL) && node->kind != SOTTO_MATH_SPACE &&
          find_atom (node->next) != NULL)
        {
          const SottoMathNode *next = node->next;

          x += get_space (place, *left, get_class (find_atom (next), *left));
          *left = -2;
          node = next;
          break;
        }
    }
  group->width = x;

  return node;
}

SottoMathBox *
sotto_math_layout_row (SottoMathPlace       place,
                       const SottoMathNode *first,
                       const SottoMathNode *until,
                       gboolean             begins_with_atom)
{
  SottoMathBox *group;
  int left = begins_with_atom ? SOTTO_MATH_ORD : -1;

  /* One alone is itself, so that scripts know a letter where they see one. */
  if (first != NULL && first->next == until && !begins_with_atom)
    return sotto_math_layout_node (place, first);

  group = sotto_math_box_new_group ();
  fill_row (place, group, first, until, FALSE, &left);

  return group;
}

SottoMathBox *
sotto_math_layout (const SottoMath *math,
                   SottoMathFont   *font,
                   SottoMathStyle   style)
{
  SottoMathPlace place = { .font = font, .style = style };
  SottoMathBox *group = sotto_math_box_new_group ();
  int left = -1;

  fill_row (place, group, sotto_math_get_root (math)->first, NULL, FALSE, &left);

  return group;
}

GArray *
sotto_math_layout_pieces (const SottoMath *math,
                          SottoMathFont   *font)
{
  SottoMathPlace place = { .font = font, .style = SOTTO_MATH_STYLE_TEXT };
  GArray *pieces = g_array_new (FALSE, TRUE, sizeof (SottoMathPiece));
  const SottoMathNode *node = sotto_math_get_root (math)->first;
  int left = -1;

  while (node != NULL)
    {
      SottoMathPiece piece = { sotto_math_box_new_group (), node, NULL };

      node = fill_row (place, piece.box, node, NULL, TRUE, &left);
      piece.until = node;
      g_array_append_val (pieces, piece);
    }

  return pieces;
}
