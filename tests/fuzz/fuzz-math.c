/* A formula as a model writes it, or anything else.
 *
 * Asked for: no crash; what is read as a formula has a text in UTF-8, a size within bounds in both styles, and can be drawn. */

#include <pango/pangocairo.h>

#include "math/layout.h"

#define MOST_PIXELS 1e6

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static SottoMathFont *
get_font (void)
{
  static SottoMathFont *font;

  if (font == NULL)
    {
      PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
      PangoFontDescription *description = pango_font_description_from_string ("Sans 20px");

      font = sotto_math_font_get (context, description);
      pango_font_description_free (description);
      g_object_unref (context);
    }
  return font;
}

static void
try_style (const SottoMath *math, SottoMathStyle style, cairo_t *cr)
{
  g_autoptr (SottoMathBox) box = sotto_math_layout (math, get_font (), style);

  g_assert_cmpfloat (box->width, <, MOST_PIXELS);
  g_assert_cmpfloat (box->ascent + box->descent, <, MOST_PIXELS);
  sotto_math_box_draw (box, cr, 10, 50, FALSE);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *source = g_memdup2 (data, MAX (size, 1)); /* no byte behind it */
  g_autoptr (SottoMath) math = sotto_math_parse (source, size);
  g_autofree char *text = NULL;
  cairo_surface_t *surface;
  cairo_t *cr;

  if (math == NULL)
    return 0;

  text = sotto_math_to_text (sotto_math_get_root (math)->first, NULL);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  surface = cairo_image_surface_create (CAIRO_FORMAT_A8, 200, 100);
  cr = cairo_create (surface);
  try_style (math, SOTTO_MATH_STYLE_DISPLAY, cr);
  try_style (math, SOTTO_MATH_STYLE_TEXT, cr);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  return 0;
}
