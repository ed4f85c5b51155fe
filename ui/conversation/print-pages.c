#include "conversation/print-pages.h"

#include <cairo-pdf.h>
#include <cmark-gfm.h>
#include <string.h>

#include "markdown/markdown-plain.h"
#include "markdown/markdown-text.h"
#include "math/inline.h"
#include "math/layout.h"

/* All lengths are points, as in PDF. */
#define INDENT 18.0
#define GAP 6.0
#define GAP_OF_MESSAGES 12.0
#define POINTS_OF_PIXEL 0.75
#define FONT "serif 10.5"
#define FONT_OF_HEADER "serif bold 10.5"
#define FONT_OF_CODE "monospace 9"
#define FONT_OF_NOTES "serif 9"

/* What is nested deeper than paper is wide stands there as text. */
#define MAX_DEPTH 8

/* Bytes that one layout may have */
#define MAX_PIECE 8000

struct _SottoPrintPages {
  GByteArray *pdf;
  cairo_t *cr;

  /* The paper, within its margins */
  double left, top, right, bottom;

  double y;          /* where the next line begins */
  guint n_pages;

  GQueue messages;   /* of Message: still to be laid out */
};

typedef struct {
  cairo_surface_t *surface;
  double scale;      /* points to a pixel at most: what is small stays so */
} Picture;

typedef struct {
  char *author;
  GQueue pictures;   /* of Picture: still to be laid out */
  cmark_node *document;
  cmark_node *next;  /* the block that follows; of @document */
  char *below;       /* (nullable): text below it */
} Message;

static void
picture_free (Picture *self)
{
  cairo_surface_destroy (self->surface);
  g_free (self);
}

static void
message_free (Message *self)
{
  g_queue_clear_full (&self->pictures, (GDestroyNotify) picture_free);
  g_free (self->author);
  g_free (self->below);
  cmark_node_free (self->document);
  g_free (self);
}

/* --- Pages --- */

static cairo_status_t
on_written (void                *closure,
            const unsigned char *data,
            unsigned int         length)
{
  g_byte_array_append (closure, data, length);

  return CAIRO_STATUS_SUCCESS;
}

static PangoLayout *
create_layout (SottoPrintPages *self,
               const char      *font,
               double           width)
{
  PangoLayout *layout = pango_cairo_create_layout (self->cr);
  PangoFontDescription *description = pango_font_description_from_string (font);

  /* A point is a point, and letters stand where the printer's finer grid has them. */
  pango_cairo_context_set_resolution (pango_layout_get_context (layout), 72);
  pango_context_set_round_glyph_positions (pango_layout_get_context (layout), FALSE);
  pango_layout_context_changed (layout);
  pango_layout_set_font_description (layout, description);
  pango_font_description_free (description);
  pango_layout_set_width (layout, (int) (MAX (width, INDENT) * PANGO_SCALE));
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);

  return layout;
}

/* The page's number, below what stands on it. */
static void
end_page (SottoPrintPages *self)
{
  g_autofree char *number = g_strdup_printf ("%u", self->n_pages);
  g_autoptr (PangoLayout) layout = create_layout (self, FONT_OF_CODE, self->right - self->left);

  pango_layout_set_text (layout, number, -1);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  cairo_move_to (self->cr, self->left, self->bottom + GAP);
  pango_cairo_show_layout (self->cr, layout);
  cairo_show_page (self->cr);
}

/* Begins a page where @height does not fit onto this one. */
static void
make_room (SottoPrintPages *self,
           double           height)
{
  if (self->y + height <= self->bottom || self->y <= self->top)
    return;

  end_page (self);
  self->n_pages++;
  self->y = self->top;
}

/* --- Text --- */

/* Line by line, since a paragraph may end on another page than it begins. */
static void
draw_layout (SottoPrintPages *self,
             PangoLayout     *layout,
             double           indent)
{
  PangoLayoutIter *iter = pango_layout_get_iter (layout);

  do
    {
      PangoRectangle line;
      double height;

      pango_layout_iter_get_line_extents (iter, NULL, &line);
      height = (double) line.height / PANGO_SCALE;
      make_room (self, height);
      cairo_move_to (self->cr, self->left + indent + (double) line.x / PANGO_SCALE,
                     self->y + (double) (pango_layout_iter_get_baseline (iter) - line.y) / PANGO_SCALE);
      pango_cairo_show_layout_line (self->cr, pango_layout_iter_get_line_readonly (iter));
      self->y += height;
    }
  while (pango_layout_iter_next_line (iter));
  pango_layout_iter_free (iter);
}

/* What a label makes of a link, paper cannot: it stands there underlined. */
static char *
get_markup (cmark_node       *block,
            SottoMathInlines *formulas)
{
  g_autofree char *markup = sotto_markdown_inlines_to_markup (block, sotto_math_inlines_append, formulas);
  GString *out = g_string_new (NULL);

  for (const char *p = markup; *p != '\0';)
    {
      if (g_str_has_prefix (p, "<a "))
        {
          g_string_append (out, "<u>");
          p = strchr (p, '>') + 1;
        }
      else if (g_str_has_prefix (p, "</a>"))
        {
          g_string_append (out, "</u>");
          p += strlen ("</a>");
        }
      else
        g_string_append_c (out, *p++);
    }

  return g_string_free (out, FALSE);
}

static PangoLayout *
create_inlines (SottoPrintPages *self,
                cmark_node      *block,
                const char      *font,
                double           width)
{
  PangoLayout *layout = create_layout (self, font, width);
  PangoContext *context = pango_layout_get_context (layout);
  g_autoptr (SottoMathFont) letters = sotto_math_font_get (context, pango_layout_get_font_description (layout));
  g_autoptr (SottoMathInlines) formulas = sotto_math_inlines_new (letters, width);
  g_autofree char *markup = get_markup (block, formulas);

  pango_layout_set_markup (layout, markup, -1);
  if (sotto_math_inlines_get_n (formulas) > 0)
    {
      g_autoptr (PangoAttrList) attributes = pango_attr_list_copy (pango_layout_get_attributes (layout));

      sotto_math_inlines_prepare_context (context, FALSE);
      sotto_math_inlines_add_shapes (formulas, attributes);
      pango_layout_set_attributes (layout, attributes);
    }

  return layout;
}

static void
draw_inlines (SottoPrintPages *self,
              cmark_node      *block,
              const char      *font,
              double           indent)
{
  g_autoptr (PangoLayout) layout = create_inlines (self, block, font, self->right - self->left - indent);

  draw_layout (self, layout, indent);
}

/* A piece at a time: one layout of a text without bounds would take minutes. */
static void
draw_plain (SottoPrintPages *self,
            const char      *text,
            const char      *font,
            double           indent)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  g_strchomp (valid);
  for (char *piece = valid; piece != NULL;)
    {
      g_autoptr (PangoLayout) layout = create_layout (self, font, self->right - self->left - indent);
      gsize length = strcspn (piece, "\n");
      char *next = piece[length] != '\0' ? piece + length + 1 : NULL;

      if (length > MAX_PIECE)
        {
          next = g_utf8_find_prev_char (piece, piece + MAX_PIECE);
          length = next - piece;
        }
      pango_layout_set_text (layout, piece, length);
      draw_layout (self, layout, indent);
      piece = next;
    }
}

/* --- Blocks --- */

/* A formula of its own, in the middle; smaller where it is wider than the paper */
static void
draw_formula (SottoPrintPages *self,
              cmark_node      *block,
              double           indent)
{
  const char *source = NULL;
  const char *inner = sotto_markdown_math_get_formula (block, &source);
  g_autoptr (SottoMath) math = sotto_math_parse (inner, strlen (inner));
  double room = self->right - self->left - indent;
  g_autoptr (PangoLayout) layout = create_layout (self, FONT, room);
  g_autoptr (SottoMathFont) font = NULL;
  g_autoptr (SottoMathBox) box = NULL;
  double scale;

  if (math == NULL)
    {
      draw_plain (self, source, FONT_OF_CODE, indent + INDENT);
      return;
    }

  font = sotto_math_font_get (pango_layout_get_context (layout), pango_layout_get_font_description (layout));
  box = sotto_math_layout (math, font, SOTTO_MATH_STYLE_DISPLAY);
  scale = MIN (1, room / MAX (box->width, 1));
  scale = MIN (scale, (self->bottom - self->top) / MAX (box->ascent + box->descent, 1));
  make_room (self, (box->ascent + box->descent) * scale);
  cairo_save (self->cr);
  cairo_translate (self->cr, self->left + indent + (room - box->width * scale) / 2, self->y + box->ascent * scale);
  cairo_scale (self->cr, scale, scale);
  sotto_math_box_draw (box, self->cr, 0, 0, FALSE);
  cairo_restore (self->cr);
  self->y += (box->ascent + box->descent) * scale;
}

static void
draw_line (SottoPrintPages *self)
{
  make_room (self, GAP);
  cairo_set_line_width (self->cr, 0.5);
  cairo_move_to (self->cr, self->left, self->y + GAP / 2);
  cairo_line_to (self->cr, self->right, self->y + GAP / 2);
  cairo_stroke (self->cr);
  self->y += GAP;
}

/* Columns are of one width; a row stays on one page if a page can hold it. */
static void
draw_row (SottoPrintPages *self,
          cmark_node      *row,
          double           indent)
{
  const gboolean is_header = g_str_equal (cmark_node_get_type_string (row), "table_header");
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_object_unref);
  double height = 0, begin, column;
  guint n = 0;

  for (cmark_node *cell = cmark_node_first_child (row); cell != NULL; cell = cmark_node_next (cell))
    n++;
  if (n == 0)
    return;

  column = (self->right - self->left - indent) / n;
  for (cmark_node *cell = cmark_node_first_child (row); cell != NULL; cell = cmark_node_next (cell))
    {
      PangoLayout *layout = create_inlines (self, cell, is_header ? FONT_OF_HEADER : FONT, column - GAP);
      int high;

      pango_layout_get_size (layout, NULL, &high);
      height = MAX (height, (double) high / PANGO_SCALE);
      g_ptr_array_add (cells, layout);
    }

  make_room (self, MIN (height, self->bottom - self->top));
  begin = self->y;
  if (begin + height > self->bottom)
    for (guint i = 0; i < n; i++)
      draw_layout (self, cells->pdata[i], indent);
  else
    {
      for (guint i = 0; i < n; i++)
        {
          self->y = begin;
          draw_layout (self, cells->pdata[i], indent + i * column);
        }
      self->y = begin + height;
    }
}

static void draw_blocks (SottoPrintPages *self, cmark_node *first, double indent, guint depth);

static void
draw_item (SottoPrintPages *self,
           cmark_node      *item,
           int              number,
           double           indent,
           guint            depth)
{
  g_autofree char *mark = number > 0 ? g_strdup_printf ("%d.", number) : g_strdup ("•");
  g_autoptr (PangoLayout) layout = create_layout (self, FONT, INDENT);
  int height;

  pango_layout_get_size (layout, NULL, &height);
  make_room (self, (double) height / PANGO_SCALE);
  pango_layout_set_width (layout, -1);
  pango_layout_set_text (layout, mark, -1);
  cairo_move_to (self->cr, self->left + indent, self->y);
  pango_cairo_show_layout (self->cr, layout);
  draw_blocks (self, cmark_node_first_child (item), indent + INDENT, depth + 1);
}

static void
draw_list (SottoPrintPages *self,
           cmark_node      *list,
           double           indent,
           guint            depth)
{
  gboolean is_ordered = cmark_node_get_list_type (list) == CMARK_ORDERED_LIST;
  int number = is_ordered ? MAX (cmark_node_get_list_start (list), 1) : 0;

  for (cmark_node *item = cmark_node_first_child (list); item != NULL; item = cmark_node_next (item))
    {
      draw_item (self, item, number, indent, depth);
      if (is_ordered)
        number++;
    }
}

static void
draw_block (SottoPrintPages *self,
            cmark_node      *block,
            double           indent,
            guint            depth)
{
  static const char *const headings[] = { "serif bold 15", "serif bold 13", "serif bold 12", "serif bold 11" };
  const cmark_node_type type = cmark_node_get_type (block);

  const gboolean is_text = type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING;

  if (depth >= MAX_DEPTH || (is_text && sotto_markdown_is_long (block)))
    {
      g_autofree char *plain = sotto_markdown_get_plain (block);

      draw_plain (self, plain, FONT, indent);
    }
  else if (type == CMARK_NODE_PARAGRAPH)
    draw_inlines (self, block, FONT, indent);
  else if (type == CMARK_NODE_HEADING)
    draw_inlines (self, block, headings[CLAMP (cmark_node_get_heading_level (block), 1, 4) - 1], indent);
  else if (type == CMARK_NODE_CODE_BLOCK && sotto_markdown_math_get_formula (block, NULL) != NULL)
    draw_formula (self, block, indent);
  else if (type == CMARK_NODE_CODE_BLOCK)
    draw_plain (self, cmark_node_get_literal (block), FONT_OF_CODE, indent + INDENT);
  else if (type == CMARK_NODE_HTML_BLOCK)
    draw_plain (self, cmark_node_get_literal (block), FONT, indent);
  else if (type == CMARK_NODE_LIST)
    draw_list (self, block, indent, depth);
  else if (g_str_equal (cmark_node_get_type_string (block), "table"))
    for (cmark_node *row = cmark_node_first_child (block); row != NULL; row = cmark_node_next (row))
      draw_row (self, row, indent);
  else if (type == CMARK_NODE_THEMATIC_BREAK)
    draw_line (self);
  else
    draw_blocks (self, cmark_node_first_child (block), indent + INDENT, depth + 1);
}

/* Siblings, with a gap after each. */
static void
draw_blocks (SottoPrintPages *self,
             cmark_node      *first,
             double           indent,
             guint            depth)
{
  for (cmark_node *block = first; block != NULL; block = cmark_node_next (block))
    {
      draw_block (self, block, indent, depth);
      self->y += GAP;
    }
}

/* --- Pictures --- */

/* As cairo has pixels: a word each */
static cairo_surface_t *
create_surface (const SottoPixels *pixels)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) pixels->width, (int) pixels->height);
  const guchar *from = g_bytes_get_data (pixels->bytes, NULL);
  guchar *rows = cairo_image_surface_get_data (surface);

  for (guint y = 0; rows != NULL && y < pixels->height; y++)
    {
      guint32 *to = (guint32 *) (void *) (rows + (gsize) y * cairo_image_surface_get_stride (surface));

      for (guint x = 0; x < pixels->width; x++, from += 3)
        to[x] = (guint32) from[0] << 16 | (guint32) from[1] << 8 | from[2];
    }
  cairo_surface_mark_dirty (surface);

  return surface;
}

static void
draw_picture (SottoPrintPages *self,
              const Picture   *picture)
{
  const int width = cairo_image_surface_get_width (picture->surface);
  const int height = cairo_image_surface_get_height (picture->surface);
  double scale = MIN (picture->scale, (self->right - self->left) / MAX (width, 1));

  scale = MIN (scale, (self->bottom - self->top) / 3 / MAX (height, 1));
  make_room (self, height * scale);
  cairo_save (self->cr);
  cairo_translate (self->cr, self->left, self->y);
  cairo_scale (self->cr, scale, scale);
  cairo_set_source_surface (self->cr, picture->surface, 0, 0);
  cairo_paint (self->cr);
  cairo_restore (self->cr);
  self->y += height * scale + GAP;
}

/* --- All of it --- */

SottoPrintPages *
sotto_print_pages_new (const char   *title,
                       GtkPageSetup *setup)
{
  SottoPrintPages *self = g_new0 (SottoPrintPages, 1);
  double width = gtk_page_setup_get_paper_width (setup, GTK_UNIT_POINTS);
  double height = gtk_page_setup_get_paper_height (setup, GTK_UNIT_POINTS);
  cairo_surface_t *surface;

  self->pdf = g_byte_array_new ();
  surface = cairo_pdf_surface_create_for_stream (on_written, self->pdf, width, height);
  self->cr = cairo_create (surface);
  cairo_surface_destroy (surface);

  self->left = gtk_page_setup_get_left_margin (setup, GTK_UNIT_POINTS) + INDENT;
  self->top = gtk_page_setup_get_top_margin (setup, GTK_UNIT_POINTS) + INDENT;
  self->right = width - gtk_page_setup_get_right_margin (setup, GTK_UNIT_POINTS) - INDENT;
  self->bottom = height - gtk_page_setup_get_bottom_margin (setup, GTK_UNIT_POINTS) - 2 * INDENT;
  self->y = self->top;
  self->n_pages = 1;
  g_queue_init (&self->messages);

  draw_plain (self, title, "serif bold 18", 0);
  self->y += GAP;

  return self;
}

void
sotto_print_pages_free (SottoPrintPages *self)
{
  g_queue_clear_full (&self->messages, (GDestroyNotify) message_free);
  g_clear_pointer (&self->cr, cairo_destroy);
  g_byte_array_unref (self->pdf);
  g_free (self);
}

void
sotto_print_pages_add (SottoPrintPages *self,
                       const char      *author,
                       const char      *markdown,
                       const char      *below)
{
  Message *message = g_new0 (Message, 1);

  message->author = g_strdup (author);
  message->below = g_strdup (below);
  message->document = sotto_markdown_parse (markdown, strlen (markdown));
  message->next = cmark_node_first_child (message->document);
  g_queue_push_tail (&self->messages, message);
}

void
sotto_print_pages_add_picture (SottoPrintPages   *self,
                               const SottoPixels *pixels)
{
  Message *message = g_queue_peek_tail (&self->messages);
  Picture *picture;

  g_return_if_fail (message != NULL);

  picture = g_new (Picture, 1);
  picture->surface = create_surface (pixels);
  picture->scale = POINTS_OF_PIXEL * pixels->full_width / MAX (pixels->width, 1);
  g_queue_push_tail (&message->pictures, picture);
}

gboolean
sotto_print_pages_step (SottoPrintPages *self)
{
  Message *message = g_queue_peek_head (&self->messages);

  if (message == NULL)
    return FALSE;

  if (message->author != NULL)
    {
      self->y += GAP_OF_MESSAGES;
      make_room (self, 4 * GAP_OF_MESSAGES);  /* a name is not the last thing on a page */
      draw_plain (self, message->author, "sans bold 9", 0);
      self->y += GAP / 2;
      g_clear_pointer (&message->author, g_free);
    }
  else if (!g_queue_is_empty (&message->pictures))
    {
      Picture *picture = g_queue_pop_head (&message->pictures);

      draw_picture (self, picture);
      picture_free (picture);
    }
  else if (message->next != NULL)
    {
      draw_block (self, message->next, 0, 0);
      self->y += GAP;
      message->next = cmark_node_next (message->next);
    }
  else if (message->below != NULL)
    {
      draw_plain (self, message->below, FONT_OF_NOTES, 0);
      self->y += GAP;
      g_clear_pointer (&message->below, g_free);
    }
  else
    message_free (g_queue_pop_head (&self->messages));

  return !g_queue_is_empty (&self->messages);
}

GBytes *
sotto_print_pages_finish (SottoPrintPages *self)
{
  end_page (self);
  cairo_surface_finish (cairo_get_target (self->cr));

  return g_bytes_new (self->pdf->data, self->pdf->len);
}

guint
sotto_print_pages_get_n_pages (SottoPrintPages *self)
{
  return self->n_pages;
}
