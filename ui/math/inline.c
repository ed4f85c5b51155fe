#include "math/inline.h"

#include <string.h>

#include "markdown/markdown-text.h"
#include "math/layout.h"

/* Formulas that are kept laid out: while a reply is written, those of its last paragraph come again with every word. */
#define MAX_KEPT 300

/* A formula with one font, in pieces between which a line may be broken */
typedef struct {
  gatomicrefcount n_refs;
  SottoMathFont *font;
  GPtrArray *boxes;      /* (element-type SottoMathBox) */
  GPtrArray *readings;   /* (element-type utf8): of each piece */
} Drawn;

typedef struct {
  char *source;
  char *inner;
  gboolean is_display;
  gsize begin;
  gsize end;
  Drawn *drawn;
  GArray *at;            /* (element-type gsize): where the shape of each piece is */
} Formula;

struct _SottoMathInlines {
  SottoMathFont *font;
  double max_width;
  gboolean is_isolated;
  GPtrArray *formulas;   /* (element-type Formula) */

  /* How far the markup has been counted */
  gsize markup_bytes;
  gsize text_bytes;
};

static GHashTable *kept; /* font, style and formula → Drawn */

/* --- Drawn --- */

static void
drawn_unref (Drawn *drawn)
{
  if (!g_atomic_ref_count_dec (&drawn->n_refs))
    return;

  g_ptr_array_unref (drawn->boxes);
  g_ptr_array_unref (drawn->readings);
  sotto_math_font_unref (drawn->font);
  g_free (drawn);
}

static Drawn *
drawn_ref (Drawn *drawn)
{
  g_atomic_ref_count_inc (&drawn->n_refs);

  return drawn;
}

static Drawn *
drawn_new (SottoMathFont *font,
           const char    *inner,
           gboolean       is_display)
{
  g_autoptr (SottoMath) math = sotto_math_parse (inner, strlen (inner));
  const SottoMathNode *first;
  Drawn *drawn;

  if (math == NULL)
    return NULL;

  drawn = g_new0 (Drawn, 1);
  g_atomic_ref_count_init (&drawn->n_refs);
  drawn->font = sotto_math_font_ref (font);
  drawn->boxes = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_math_box_free);
  drawn->readings = g_ptr_array_new_with_free_func (g_free);
  first = sotto_math_get_root (math)->first;
  if (is_display)
    {
      g_ptr_array_add (drawn->boxes, sotto_math_layout (math, font, SOTTO_MATH_STYLE_DISPLAY));
      g_ptr_array_add (drawn->readings, sotto_math_to_text (first, NULL));
    }
  else
    {
      g_autoptr (GArray) pieces = sotto_math_layout_pieces (math, font);

      for (guint i = 0; i < pieces->len; i++)
        {
          const SottoMathPiece *piece = &g_array_index (pieces, SottoMathPiece, i);

          g_ptr_array_add (drawn->boxes, piece->box);
          g_ptr_array_add (drawn->readings, sotto_math_to_text (piece->first, piece->until));
        }
    }

  return drawn;
}

/* Returns: (nullable) (transfer full) */
static Drawn *
get_drawn (SottoMathFont *font,
           const char    *inner,
           gboolean       is_display)
{
  g_autofree char *key = g_strdup_printf ("%p %d %s", (gpointer) font, is_display, inner);
  Drawn *drawn;

  if (kept == NULL)
    kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) drawn_unref);
  drawn = g_hash_table_lookup (kept, key);
  if (drawn != NULL)
    return drawn_ref (drawn);

  drawn = drawn_new (font, inner, is_display);
  if (drawn == NULL)
    return NULL;
  if (g_hash_table_size (kept) >= MAX_KEPT)
    g_hash_table_remove_all (kept);
  g_hash_table_insert (kept, g_steal_pointer (&key), drawn_ref (drawn));

  return drawn;
}

/* --- Building --- */

static void
formula_free (Formula *formula)
{
  g_free (formula->source);
  g_free (formula->inner);
  drawn_unref (formula->drawn);
  g_array_unref (formula->at);
  g_free (formula);
}

SottoMathInlines *
sotto_math_inlines_new (SottoMathFont *font,
                        double         max_width)
{
  SottoMathInlines *self = g_new0 (SottoMathInlines, 1);

  self->font = sotto_math_font_ref (font);
  self->max_width = max_width;
  self->formulas = g_ptr_array_new_with_free_func ((GDestroyNotify) formula_free);

  return self;
}

void
sotto_math_inlines_free (SottoMathInlines *self)
{
  sotto_math_font_unref (self->font);
  g_ptr_array_unref (self->formulas);
  g_free (self);
}

void
sotto_math_inlines_isolate (SottoMathInlines *self)
{
  self->is_isolated = TRUE;
}

/* Returns: how many bytes of text @markup is so far, in which only the five entities stand that are needed */
static gsize
count_text (SottoMathInlines *self,
            const GString    *markup)
{
  const char *p = markup->str + self->markup_bytes;
  const char *end = markup->str + markup->len;

  while (p < end)
    {
      if (*p == '<')
        p = strchr (p, '>') + 1;
      else
        {
          p = *p == '&' ? strchr (p, ';') + 1 : p + 1;
          self->text_bytes++;
        }
    }
  self->markup_bytes = markup->len;

  return self->text_bytes;
}

/* What stands for a piece that says nothing, such as a frame around nothing */
static const char *
get_text (const char *reading)
{
  return *reading != '\0' ? reading : "□";
}

static guint
get_first_bytes (const char *reading)
{
  return (guint) (g_utf8_next_char (get_text (reading)) - get_text (reading));
}

/* Text that is there but takes no room. Its spaces do not end lines; allow_breaks="false" would be the word for that, but with it
 * Pango (1.56.3) fails an assertion in some widths, and takes the process with it. */
static void
append_hidden (GString    *markup,
               const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  g_autofree char *joined = g_strjoinv ("\u00a0", words);

  if (*text == '\0')
    return;

  g_string_append (markup, "<span size=\"1\">");
  sotto_markdown_append_escaped (markup, joined, -1);
  g_string_append (markup, "</span>");
}

static void
append_piece (SottoMathInlines *self,
              GString          *markup,
              Formula          *formula,
              const char       *reading,
              gboolean          is_last)
{
  const char *text = get_text (reading);
  const char *rest = text + get_first_bytes (reading);
  gsize at = count_text (self, markup);

  g_array_append_val (formula->at, at);
  sotto_markdown_append_escaped (markup, text, rest - text);
  append_hidden (markup, rest);
  /* Here the line may end. */
  if (!is_last)
    g_string_append (markup, "<span size=\"1\"> </span>");
}

static void
append_drawn (SottoMathInlines *self,
              GString          *markup,
              const char       *inner,
              const char       *source,
              Drawn            *drawn,
              gboolean          is_display)
{
  Formula *formula = g_new0 (Formula, 1);

  formula->source = g_strdup (source);
  formula->inner = g_strdup (inner);
  formula->is_display = is_display;
  formula->drawn = drawn;
  formula->at = g_array_new (FALSE, FALSE, sizeof (gsize));
  formula->begin = count_text (self, markup);
  if (self->is_isolated)
    g_string_append (markup, "<span size=\"1\">\u2066</span>");
  for (guint i = 0; i < drawn->boxes->len; i++)
    append_piece (self, markup, formula, drawn->readings->pdata[i], i + 1 == drawn->boxes->len);
  if (self->is_isolated)
    g_string_append (markup, "<span size=\"1\">\u2069</span>");
  formula->end = count_text (self, markup);
  g_ptr_array_add (self->formulas, formula);
}

void
sotto_math_inlines_append (GString    *markup,
                           const char *inner,
                           const char *source,
                           gpointer    inlines)
{
  SottoMathInlines *self = inlines;
  Drawn *drawn = get_drawn (self->font, inner, FALSE);
  gboolean fits = TRUE;

  if (drawn == NULL)
    {
      sotto_markdown_append_code (markup, source);
      return;
    }

  for (guint i = 0; i < drawn->boxes->len; i++)
    fits &= ((SottoMathBox *) drawn->boxes->pdata[i])->width <= self->max_width;
  if (fits)
    {
      append_drawn (self, markup, inner, source, drawn, FALSE);
      return;
    }

  for (guint i = 0; i < drawn->readings->len; i++)
    {
      if (i > 0)
        g_string_append_c (markup, ' ');
      sotto_markdown_append_escaped (markup, drawn->readings->pdata[i], -1);
    }
  drawn_unref (drawn);
}

gboolean
sotto_math_inlines_append_display (SottoMathInlines *self,
                                   GString          *markup,
                                   const char       *inner,
                                   const char       *source)
{
  Drawn *drawn = get_drawn (self->font, inner, TRUE);

  if (drawn == NULL)
    return FALSE;
  append_drawn (self, markup, inner, source, drawn, TRUE);

  return TRUE;
}

void
sotto_math_inlines_set_font (SottoMathInlines *self,
                             SottoMathFont    *font)
{
  if (self->font == font)
    return;

  sotto_math_font_unref (self->font);
  self->font = sotto_math_font_ref (font);
  for (guint i = 0; i < self->formulas->len; i++)
    {
      Formula *formula = self->formulas->pdata[i];
      Drawn *drawn = get_drawn (font, formula->inner, formula->is_display);

      drawn_unref (formula->drawn);
      formula->drawn = drawn;
    }
}

SottoMathFont *
sotto_math_inlines_get_font (SottoMathInlines *self)
{
  return self->font;
}

guint
sotto_math_inlines_get_n (SottoMathInlines *self)
{
  return self->formulas->len;
}

const char *
sotto_math_inlines_get (SottoMathInlines *self,
                        guint             n,
                        gsize            *begin,
                        gsize            *end)
{
  const Formula *formula = self->formulas->pdata[n];

  *begin = formula->begin;
  *end = formula->end;

  return formula->source;
}

/* --- Shapes --- */

/* A piece, as the attribute has it */
typedef struct {
  Drawn *drawn;
  const SottoMathBox *box;
} Shape;

static gpointer
shape_copy (gconstpointer data)
{
  const Shape *shape = data;
  Shape *copy = g_new0 (Shape, 1);

  copy->drawn = drawn_ref (shape->drawn);
  copy->box = shape->box;

  return copy;
}

static void
shape_free (gpointer data)
{
  Shape *shape = data;

  drawn_unref (shape->drawn);
  g_free (shape);
}

/* It has its room above and below; the lines around it need not be further apart for it. */
static void
insert_line_height (PangoAttrList *list,
                    guint          begin,
                    guint          end)
{
  PangoAttribute *attribute = pango_attr_line_height_new (1);

  attribute->start_index = begin;
  attribute->end_index = end;
  pango_attr_list_insert (list, attribute);
}

void
sotto_math_inlines_add_shapes (SottoMathInlines *self,
                               PangoAttrList    *list)
{
  for (guint i = 0; i < self->formulas->len; i++)
    {
      const Formula *formula = self->formulas->pdata[i];

      for (guint j = 0; j < formula->at->len; j++)
        {
          const SottoMathBox *box = formula->drawn->boxes->pdata[j];
          Shape shape = { formula->drawn, box };
          /* A line of nothing but formulas is as high as one of words. */
          const double ascent = MAX (box->ascent, sotto_math_font_get_ascent (formula->drawn->font));
          const double descent = MAX (box->descent, sotto_math_font_get_descent (formula->drawn->font));
          const PangoRectangle logical = {
            0, (int) (-ascent * PANGO_SCALE), (int) (box->width * PANGO_SCALE), (int) ((ascent + descent) * PANGO_SCALE),
          };
          PangoRectangle ink = logical;
          PangoAttribute *attribute;

          ink.x -= PANGO_SCALE;
          ink.y -= PANGO_SCALE;
          ink.width += (int) (2 + box->overhang + 1) * PANGO_SCALE;
          ink.height += 2 * PANGO_SCALE;
          attribute = pango_attr_shape_new_with_data (&ink, &logical, shape_copy (&shape), shape_copy, shape_free);
          attribute->start_index = (guint) g_array_index (formula->at, gsize, j);
          attribute->end_index = attribute->start_index + get_first_bytes (formula->drawn->readings->pdata[j]);
          pango_attr_list_insert (list, attribute);
          if (ascent == box->ascent || descent == box->descent)
            insert_line_height (list, attribute->start_index, attribute->end_index);
        }
    }
}

static void
draw_shape (cairo_t        *cr,
            PangoAttrShape *attribute,
            gboolean        do_path,
            gpointer        is_screen)
{
  const Shape *shape = attribute->data;
  double x, y;

  if (shape == NULL || do_path)
    return;

  cairo_get_current_point (cr, &x, &y);
  sotto_math_box_draw (shape->box, cr, x, y, GPOINTER_TO_INT (is_screen));
}

void
sotto_math_inlines_prepare_context (PangoContext *context,
                                    gboolean      is_screen)
{
  pango_cairo_context_set_shape_renderer (context, draw_shape, GINT_TO_POINTER (is_screen), NULL);
}
