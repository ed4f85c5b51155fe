#include "math/box.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

SottoMathBox *
sotto_math_box_new_group (void)
{
  SottoMathBox *self = g_new0 (SottoMathBox, 1);

  self->kind = SOTTO_MATH_BOX_GROUP;

  return self;
}

SottoMathBox *
sotto_math_box_new_glyphs (const SottoMathGlyphs *glyphs)
{
  SottoMathBox *self = g_new0 (SottoMathBox, 1);

  self->kind = SOTTO_MATH_BOX_GLYPHS;
  self->glyphs = glyphs;
  self->width = glyphs->width;
  self->ascent = -glyphs->ink_top;
  self->descent = glyphs->ink_bottom;
  self->overhang = MAX (glyphs->ink_right - glyphs->width, 0);
  self->slant = glyphs->slant;

  return self;
}

SottoMathBox *
sotto_math_box_new_rule (double width,
                         double height)
{
  SottoMathBox *self = g_new0 (SottoMathBox, 1);

  self->kind = SOTTO_MATH_BOX_RULE;
  self->width = width;
  self->ascent = height / 2;
  self->descent = height / 2;

  return self;
}

SottoMathBox *
sotto_math_box_new_shape (const char *shape,
                          double      width,
                          double      ascent,
                          double      descent,
                          double      thickness)
{
  SottoMathBox *self = g_new0 (SottoMathBox, 1);

  self->kind = SOTTO_MATH_BOX_SHAPE;
  self->shape = g_intern_string (shape);
  self->width = width;
  self->ascent = ascent;
  self->descent = descent;
  self->thickness = thickness;

  return self;
}

void
sotto_math_box_free (SottoMathBox *self)
{
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self);
}

void
sotto_math_box_add (SottoMathBox *self,
                    SottoMathBox *child,
                    double        x,
                    double        y)
{
  gboolean is_first = self->children == NULL;

  if (is_first)
    self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_math_box_free);
  child->x = x;
  child->y = y;
  g_ptr_array_add (self->children, child);

  self->width = MAX (self->width, x + child->width);
  self->ascent = is_first ? child->ascent - y : MAX (self->ascent, child->ascent - y);
  self->descent = is_first ? child->descent + y : MAX (self->descent, child->descent + y);
}

/* --- Delimiters --- */

/* Thick in its middle, thin at its ends, and straight between them where it is high */
static void
draw_parenthesis (cairo_t *cr,
                  double   width,
                  double   height,
                  double   thickness)
{
  double middle = height / 2;
  double bend = MIN (height * 0.3, width * 1.5);
  double thick = thickness * 1.7;
  double thin = thickness * 0.8;

  cairo_move_to (cr, width - thin, 0);
  cairo_curve_to (cr, width * 0.35, bend * 0.45, 0, bend, 0, MIN (middle, bend * 1.5));
  cairo_line_to (cr, 0, MAX (middle, height - bend * 1.5));
  cairo_curve_to (cr, 0, height - bend, width * 0.35, height - bend * 0.45, width - thin, height);
  cairo_line_to (cr, width, height);
  cairo_curve_to (cr, width * 0.45 + thin, height - bend * 0.5, thick, height - bend, thick, MAX (middle, height - bend * 1.5));
  cairo_line_to (cr, thick, MIN (middle, bend * 1.5));
  cairo_curve_to (cr, thick, bend, width * 0.45 + thin, bend * 0.5, width, 0);
  cairo_close_path (cr);
  cairo_fill (cr);
}

static void
draw_brace (cairo_t *cr,
            double   width,
            double   height,
            double   thickness)
{
  double half = thickness / 2;
  double middle = height / 2;
  double bend = MIN (middle, width * 1.1);
  double stem = width / 2;

  cairo_move_to (cr, width - half, half);
  cairo_curve_to (cr, stem + half, half, stem, bend * 0.35, stem, bend);
  cairo_line_to (cr, stem, middle - bend * 0.9);
  cairo_curve_to (cr, stem, middle - bend * 0.3, stem * 0.7, middle, half, middle);
  cairo_curve_to (cr, stem * 0.7, middle, stem, middle + bend * 0.3, stem, middle + bend * 0.9);
  cairo_line_to (cr, stem, height - bend);
  cairo_curve_to (cr, stem, height - bend * 0.35, stem + half, height - half, width - half, height - half);
  cairo_stroke (cr);
}

/* The strokes of what is made of straight lines, in a square of one unit: pairs of points */
static const struct {
  const char *shape;
  int n;
  double lines[16];
} polygons[] = {
  { "[", 1, { 1, 0, 0, 0, 0, 1, 1, 1 } },
  { "]", 1, { 0, 0, 1, 0, 1, 1, 0, 1 } },
  { "⌊", 1, { 0, 0, 0, 0, 0, 1, 1, 1 } },
  { "⌋", 1, { 1, 0, 1, 0, 1, 1, 0, 1 } },
  { "⌈", 1, { 1, 0, 0, 0, 0, 1, 0, 1 } },
  { "⌉", 1, { 0, 0, 1, 0, 1, 1, 1, 1 } },
  { "⟨", 1, { 1, 0, 0, 0.5, 0, 0.5, 1, 1 } },
  { "⟩", 1, { 0, 0, 1, 0.5, 1, 0.5, 0, 1 } },
  { "|", 1, { 0.5, 0, 0.5, 0, 0.5, 1, 0.5, 1 } },
  { "∣", 1, { 0.5, 0, 0.5, 0, 0.5, 1, 0.5, 1 } },
  { "‖", 2, { 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1 } },
  { "∥", 2, { 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1 } },
  { "⟦", 2, { 1, 0, 0, 0, 0, 1, 1, 1, 0.45, 0, 0.45, 0, 0.45, 1, 0.45, 1 } },
  { "⟧", 2, { 0, 0, 1, 0, 1, 1, 0, 1, 0.55, 0, 0.55, 0, 0.55, 1, 0.55, 1 } },
  { "/", 1, { 1, 0, 1, 0, 0, 1, 0, 1 } },
  { "\\", 1, { 0, 0, 0, 0, 1, 1, 1, 1 } },
  { "strike", 1, { 1, 0, 1, 0, 0, 1, 0, 1 } },
  { "frame", 2, { 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0.02, 0 } },
  { "hat", 1, { 0, 1, 0.5, 0, 0.5, 0, 1, 1 } },
  { "check", 1, { 0, 0, 0.5, 1, 0.5, 1, 1, 0 } },
  { "acute", 1, { 0.3, 1, 0.3, 1, 0.7, 0, 0.7, 0 } },
  { "grave", 1, { 0.3, 0, 0.3, 0, 0.7, 1, 0.7, 1 } },
  { "line", 1, { 0, 0.5, 0, 0.5, 1, 0.5, 1, 0.5 } },
};

static gboolean
draw_polygon (cairo_t    *cr,
              const char *shape,
              double      width,
              double      height,
              double      thickness)
{
  double half = thickness / 2;

  for (guint i = 0; i < G_N_ELEMENTS (polygons); i++)
    if (g_str_equal (polygons[i].shape, shape))
      {
        for (int line = 0; line < polygons[i].n; line++)
          for (int point = 0; point < 4; point++)
            {
              const double *at = &polygons[i].lines[line * 8 + point * 2];
              double x = half + at[0] * (width - thickness);
              double y = half + at[1] * (height - thickness);

              if (point == 0)
                cairo_move_to (cr, x, y);
              else
                cairo_line_to (cr, x, y);
            }
        cairo_stroke (cr);
        return TRUE;
      }

  return FALSE;
}

/* --- What is over and under --- */

/* An arrow's line with its heads, in the middle of its height */
static void
draw_arrow (cairo_t    *cr,
            const char *shape,
            double      width,
            double      height,
            double      thickness)
{
  double half = thickness / 2;
  double middle = height / 2;
  double head = MIN (height / 2 - half, width / 2);
  gboolean to_left = g_str_equal (shape, "arrow-left") || g_str_equal (shape, "arrow-both");
  gboolean to_right = g_str_equal (shape, "arrow-right") || g_str_equal (shape, "arrow-both");

  cairo_move_to (cr, half, middle);
  cairo_line_to (cr, width - half, middle);
  if (to_right)
    {
      cairo_move_to (cr, width - half - head, middle - head);
      cairo_line_to (cr, width - half, middle);
      cairo_line_to (cr, width - half - head, middle + head);
    }
  if (to_left)
    {
      cairo_move_to (cr, half + head, middle - head);
      cairo_line_to (cr, half, middle);
      cairo_line_to (cr, half + head, middle + head);
    }
  cairo_stroke (cr);
}

static void
draw_tilde (cairo_t *cr,
            double   width,
            double   height,
            double   thickness)
{
  double half = thickness / 2;

  cairo_move_to (cr, half, height - half);
  cairo_curve_to (cr, width * 0.25, -height * 0.5, width * 0.65, height * 1.5, width - half, half);
  cairo_stroke (cr);
}

static void
draw_dots (cairo_t *cr,
           double   width,
           double   height,
           int      n)
{
  for (int i = 0; i < n; i++)
    {
      cairo_new_sub_path (cr);
      cairo_arc (cr, width * (2 * i + 1) / (2 * n), height / 2, height / 2, 0, 2 * G_PI);
    }
  cairo_fill (cr);
}

static void
draw_arc (cairo_t  *cr,
          double    width,
          double    height,
          double    thickness,
          gboolean  is_ring)
{
  if (is_ring)
    cairo_arc (cr, width / 2, height / 2, (MIN (width, height) - thickness) / 2, 0, 2 * G_PI);
  else
    {
      cairo_move_to (cr, thickness / 2, 0);
      cairo_curve_to (cr, width * 0.2, height * 1.2, width * 0.8, height * 1.2, width - thickness / 2, 0);
    }
  cairo_stroke (cr);
}

/* The sign of a root without its bar: thin up, thick down, thin up to where the bar begins */
static void
draw_root (cairo_t *cr,
           double   width,
           double   height,
           double   thickness)
{
  double half = thickness / 2;
  double low = height - half;
  double hook = height - MIN (height * 0.55, width * 1.9);
  double turn = width * 0.24;
  double foot = width * 0.52;
  double thick = thickness * 1.7;

  cairo_move_to (cr, half, hook + width * 0.1);
  cairo_line_to (cr, turn, hook);
  cairo_stroke (cr);

  cairo_move_to (cr, turn - thick * 0.45, hook + half * 0.2);
  cairo_line_to (cr, turn + thick * 0.5, hook - half * 0.6);
  cairo_line_to (cr, foot + thick * 0.4, low);
  cairo_line_to (cr, foot - thick * 0.25, height);
  cairo_close_path (cr);
  cairo_fill (cr);

  cairo_move_to (cr, foot, low);
  cairo_line_to (cr, width, half);
  cairo_stroke (cr);
}

/* A brace that lies on its side, its tip up, or down if it is under something */
static void
draw_lying_brace (cairo_t  *cr,
                  double    width,
                  double    height,
                  double    thickness,
                  gboolean  is_under)
{
  if (is_under)
    {
      cairo_translate (cr, 0, height);
      cairo_rotate (cr, -G_PI / 2);
    }
  else
    {
      cairo_translate (cr, width, 0);
      cairo_rotate (cr, G_PI / 2);
    }
  draw_brace (cr, height, width, thickness);
}

static void
draw_shape (const SottoMathBox *self,
            cairo_t            *cr,
            double              x,
            double              y,
            gboolean            is_screen)
{
  const char *shape = self->shape;
  double height = self->ascent + self->descent;
  double thickness = self->thickness;
  double top = y - self->ascent;

  if (is_screen)
    {
      thickness = MAX (thickness, 1);
      x = round (x);
      top = round (top);
    }

  cairo_save (cr);
  cairo_translate (cr, x, top);
  cairo_new_path (cr);
  cairo_set_line_width (cr, thickness);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_MITER);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_BUTT);

  if (g_str_equal (shape, "("))
    draw_parenthesis (cr, self->width, height, thickness);
  else if (g_str_equal (shape, ")"))
    {
      cairo_translate (cr, self->width, 0);
      cairo_scale (cr, -1, 1);
      draw_parenthesis (cr, self->width, height, thickness);
    }
  else if (g_str_equal (shape, "{"))
    draw_brace (cr, self->width, height, thickness);
  else if (g_str_equal (shape, "}"))
    {
      cairo_translate (cr, self->width, 0);
      cairo_scale (cr, -1, 1);
      draw_brace (cr, self->width, height, thickness);
    }
  else if (g_str_equal (shape, "root"))
    draw_root (cr, self->width, height, thickness);
  else if (g_str_equal (shape, "tilde"))
    draw_tilde (cr, self->width, height, thickness);
  else if (g_str_has_prefix (shape, "arrow"))
    draw_arrow (cr, shape, self->width, height, thickness);
  else if (g_str_equal (shape, "dot"))
    draw_dots (cr, self->width, height, 1);
  else if (g_str_equal (shape, "ddot"))
    draw_dots (cr, self->width, height, 2);
  else if (g_str_equal (shape, "dddot"))
    draw_dots (cr, self->width, height, 3);
  else if (g_str_equal (shape, "breve"))
    draw_arc (cr, self->width, height, thickness, FALSE);
  else if (g_str_equal (shape, "mathring"))
    draw_arc (cr, self->width, height, thickness, TRUE);
  else if (g_str_equal (shape, "overbrace"))
    draw_lying_brace (cr, self->width, height, thickness, FALSE);
  else if (g_str_equal (shape, "underbrace"))
    draw_lying_brace (cr, self->width, height, thickness, TRUE);
  else
    draw_polygon (cr, shape, self->width, height, thickness);

  cairo_restore (cr);
}

void
sotto_math_box_draw (const SottoMathBox *self,
                     cairo_t            *cr,
                     double              x,
                     double              y,
                     gboolean            is_screen)
{
  if (self->kind == SOTTO_MATH_BOX_GLYPHS)
    {
      cairo_move_to (cr, x, (is_screen ? round (y) : y) - self->glyphs->baseline);
      pango_cairo_show_layout (cr, self->glyphs->layout);
    }
  else if (self->kind == SOTTO_MATH_BOX_RULE)
    {
      double height = self->ascent + self->descent;
      double top = y - self->ascent;

      if (is_screen)
        {
          height = MAX (round (height), 1);
          top = round (y - height / 2);
        }
      cairo_rectangle (cr, x, top, self->width, height);
      cairo_fill (cr);
    }
  else if (self->kind == SOTTO_MATH_BOX_SHAPE)
    draw_shape (self, cr, x, y, is_screen);

  for (guint i = 0; self->children != NULL && i < self->children->len; i++)
    {
      const SottoMathBox *child = self->children->pdata[i];

      sotto_math_box_draw (child, cr, x + child->x, y + child->y, is_screen);
    }
}
