#include "math/font.h"

#include <pango/pangocairo.h>
#include <string.h>

/* Glyphs that are kept measured; formulas of a conversation share most of theirs. */
#define MAX_GLYPHS 2000

#define SLANT 0.2

struct _SottoMathFont {
  gatomicrefcount n_refs;
  char *key;

  PangoContext *context;
  PangoFontDescription *description;
  GHashTable *glyphs;   /* text with letters and scale → SottoMathGlyphs */

  double em;
  double x_height;
  double axis;
  double thickness;
  double ascent;
  double descent;
};

static void
glyphs_free (SottoMathGlyphs *glyphs)
{
  g_object_unref (glyphs->layout);
  g_free (glyphs);
}

/* --- Measures --- */

static void
measure_font (SottoMathFont *self)
{
  double resolution = pango_cairo_context_get_resolution (self->context);
  double size = (double) pango_font_description_get_size (self->description) / PANGO_SCALE;
  PangoFontMetrics *metrics = pango_context_get_metrics (self->context, self->description, NULL);
  const SottoMathGlyphs *x;
  const SottoMathGlyphs *minus;

  self->ascent = (double) pango_font_metrics_get_ascent (metrics) / PANGO_SCALE;
  self->descent = (double) pango_font_metrics_get_descent (metrics) / PANGO_SCALE;
  pango_font_metrics_unref (metrics);

  self->em = pango_font_description_get_size_is_absolute (self->description)
               ? size
               : size * (resolution > 0 ? resolution : 96) / 72;
  self->em = MAX (self->em, 1);
  x = sotto_math_font_measure (self, "x", SOTTO_MATH_UPRIGHT, 1);
  minus = sotto_math_font_measure (self, "−", SOTTO_MATH_UPRIGHT, 1);

  self->x_height = CLAMP (-x->ink_top, 0.3 * self->em, 0.7 * self->em);
  self->axis = CLAMP (-(minus->ink_top + minus->ink_bottom) / 2, 0.15 * self->em, 0.5 * self->em);
  /* A little thinner than a minus, as it is longer. */
  self->thickness = CLAMP ((minus->ink_bottom - minus->ink_top) * 0.8, 0.045 * self->em, 0.075 * self->em);
}

double
sotto_math_font_get_scale (SottoMathStyle style)
{
  static const double scales[] = { 1, 1, 0.72, 0.58 };

  return scales[style];
}

double
sotto_math_font_get_em (SottoMathFont *self)
{
  return self->em;
}

double
sotto_math_font_get_x_height (SottoMathFont *self)
{
  return self->x_height;
}

double
sotto_math_font_get_axis (SottoMathFont *self)
{
  return self->axis;
}

double
sotto_math_font_get_ascent (SottoMathFont *self)
{
  return self->ascent;
}

double
sotto_math_font_get_descent (SottoMathFont *self)
{
  return self->descent;
}

double
sotto_math_font_get_thickness (SottoMathFont *self)
{
  return self->thickness;
}

/* --- Glyphs --- */

/* Variables are slanted, and so are small Greek letters; large ones and all else stand upright. */
static gboolean
is_variable (const char *text)
{
  gunichar c = g_utf8_get_char (text);

  if (*g_utf8_next_char (text) != '\0')
    return FALSE;

  return (c < 0x80 && g_ascii_isalpha (c)) || (c >= 0x3b1 && c <= 0x3c9) || c == 0x3d1 || c == 0x3d5 || c == 0x3d6 || c == 0x3f0 ||
         c == 0x3f1 || c == 0x3f5 || c == 0x131 || c == 0x237 || (c >= 0xc0 && c < 0x250 && g_unichar_isalpha (c));
}

static PangoFontDescription *
describe (SottoMathFont    *self,
          const char       *text,
          SottoMathLetters  letters,
          double            scale,
          gboolean         *is_slanted)
{
  PangoFontDescription *description = pango_font_description_copy (self->description);
  double size = pango_font_description_get_size (self->description) * scale;

  *is_slanted = letters == SOTTO_MATH_ITALIC || (letters == SOTTO_MATH_BOLD_ITALIC && is_variable (text)) ||
                (letters == SOTTO_MATH_AUTO && is_variable (text));
  if (pango_font_description_get_size_is_absolute (self->description))
    pango_font_description_set_absolute_size (description, MAX (size, 1));
  else
    pango_font_description_set_size (description, (int) MAX (size, 1));
  pango_font_description_set_style (description, *is_slanted ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
  if (letters == SOTTO_MATH_BOLD || letters == SOTTO_MATH_BOLD_ITALIC)
    pango_font_description_set_weight (description, PANGO_WEIGHT_BOLD);
  /* A sign that is drawn much larger than the words beside it would be much bolder. */
  else if (scale > 1.3)
    pango_font_description_set_weight (description, PANGO_WEIGHT_LIGHT);
  if (letters == SOTTO_MATH_MONOSPACE)
    pango_font_description_set_family (description, "monospace");

  return description;
}

static char *
map_letters (const char       *text,
             SottoMathLetters  letters)
{
  GString *mapped = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_string_append_unichar (mapped, sotto_math_letter_map (g_utf8_get_char (p), letters));

  return g_string_free (mapped, FALSE);
}

static SottoMathGlyphs *
create_glyphs (SottoMathFont    *self,
               const char       *text,
               SottoMathLetters  letters,
               double            scale)
{
  g_autofree char *mapped = map_letters (text, letters);
  SottoMathGlyphs *glyphs = g_new0 (SottoMathGlyphs, 1);
  PangoFontDescription *description;
  PangoRectangle ink;
  PangoRectangle logical;
  gboolean is_slanted;

  glyphs->layout = pango_layout_new (self->context);
  description = describe (self, text, letters, scale, &is_slanted);
  pango_layout_set_font_description (glyphs->layout, description);
  pango_layout_set_single_paragraph_mode (glyphs->layout, TRUE);
  pango_layout_set_auto_dir (glyphs->layout, FALSE);
  pango_layout_set_text (glyphs->layout, mapped, -1);
  /* No font has them: bold is what was written for them when there were only typewriters. */
  if (!g_str_equal (mapped, text) && pango_layout_get_unknown_glyphs_count (glyphs->layout) > 0)
    {
      pango_font_description_set_weight (description, PANGO_WEIGHT_BOLD);
      pango_layout_set_font_description (glyphs->layout, description);
      pango_layout_set_text (glyphs->layout, text, -1);
    }
  pango_font_description_free (description);

  pango_layout_get_extents (glyphs->layout, &ink, &logical);
  glyphs->baseline = (double) pango_layout_get_baseline (glyphs->layout) / PANGO_SCALE;
  glyphs->width = (double) logical.width / PANGO_SCALE;
  glyphs->ink_left = (double) ink.x / PANGO_SCALE;
  glyphs->ink_right = (double) (ink.x + ink.width) / PANGO_SCALE;
  glyphs->ink_top = (double) ink.y / PANGO_SCALE - glyphs->baseline;
  glyphs->ink_bottom = (double) (ink.y + ink.height) / PANGO_SCALE - glyphs->baseline;
  glyphs->slant = is_slanted ? SLANT : 0;

  return glyphs;
}

const SottoMathGlyphs *
sotto_math_font_measure (SottoMathFont    *self,
                         const char       *text,
                         SottoMathLetters  letters,
                         double            scale)
{
  g_autofree char *key = g_strdup_printf ("%d %d %s", (int) letters, (int) (scale * 1000), text);
  SottoMathGlyphs *glyphs = g_hash_table_lookup (self->glyphs, key);

  if (glyphs == NULL)
    {
      glyphs = create_glyphs (self, text, letters, scale);
      g_hash_table_insert (self->glyphs, g_steal_pointer (&key), glyphs);
    }

  return glyphs;
}

/* --- Life --- */

/* Those in use, which a font map keeps: key → SottoMathFont, unowned */
static GHashTable *
get_fonts (PangoContext *context)
{
  static const char name[] = "sotto-math-fonts";
  GObject *map = G_OBJECT (pango_context_get_font_map (context));
  GHashTable *fonts = g_object_get_data (map, name);

  if (fonts == NULL)
    {
      fonts = g_hash_table_new (g_str_hash, g_str_equal);
      g_object_set_data_full (map, name, fonts, (GDestroyNotify) g_hash_table_unref);
    }

  return fonts;
}

static char *
make_key (PangoContext               *context,
          const PangoFontDescription *description)
{
  g_autofree char *font = pango_font_description_to_string (description);
  const cairo_font_options_t *options = pango_cairo_context_get_font_options (context);

  return g_strdup_printf ("%s %g %lu %d", font, pango_cairo_context_get_resolution (context),
                          options != NULL ? cairo_font_options_hash (options) : 0,
                          pango_context_get_round_glyph_positions (context));
}

SottoMathFont *
sotto_math_font_get (PangoContext               *context,
                     const PangoFontDescription *description)
{
  g_autofree char *key = make_key (context, description);
  GHashTable *fonts = get_fonts (context);
  SottoMathFont *self;

  self = g_hash_table_lookup (fonts, key);
  if (self != NULL && g_hash_table_size (self->glyphs) < MAX_GLYPHS)
    return sotto_math_font_ref (self);

  self = g_new0 (SottoMathFont, 1);
  g_atomic_ref_count_init (&self->n_refs);
  self->key = g_steal_pointer (&key);
  self->context = pango_font_map_create_context (pango_context_get_font_map (context));
  pango_cairo_context_set_resolution (self->context, pango_cairo_context_get_resolution (context));
  pango_cairo_context_set_font_options (self->context, pango_cairo_context_get_font_options (context));
  /* Subscripts would jump from pixel to pixel. */
  pango_context_set_round_glyph_positions (self->context, FALSE);
  pango_context_set_language (self->context, pango_language_from_string ("und"));
  self->description = pango_font_description_copy (description);
  self->glyphs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) glyphs_free);
  measure_font (self);
  g_hash_table_replace (fonts, self->key, self);

  return self;
}

SottoMathFont *
sotto_math_font_ref (SottoMathFont *self)
{
  g_atomic_ref_count_inc (&self->n_refs);

  return self;
}

void
sotto_math_font_unref (SottoMathFont *self)
{
  GHashTable *fonts;

  if (!g_atomic_ref_count_dec (&self->n_refs))
    return;

  fonts = get_fonts (self->context);
  if (g_hash_table_lookup (fonts, self->key) == self)
    g_hash_table_remove (fonts, self->key);
  g_hash_table_unref (self->glyphs);
  pango_font_description_free (self->description);
  g_object_unref (self->context);
  g_free (self->key);
  g_free (self);
}
