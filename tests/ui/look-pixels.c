#include "look-pixels.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* @pixels: (transfer full): rows of RGB */
static GBytes *
encode (guchar *pixels,
        int     width,
        int     height)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, 3 * (gsize) (width * height));
  g_autoptr (GdkTexture) texture = gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, 3 * (gsize) width);

  return gdk_texture_save_to_png_bytes (texture);
}

GBytes *
look_pixels_create (int   width,
                    int   height,
                    guint left,
                    guint right)
{
  guchar *pixels = g_malloc (3 * (gsize) width * (gsize) height);

  for (int i = 0; i < width * height; i++)
    {
      guint color = i % width < width / 2 ? left : right;

      pixels[3 * i] = (guchar) (color >> 16);
      pixels[3 * i + 1] = (guchar) (color >> 8);
      pixels[3 * i + 2] = (guchar) color;
    }

  return encode (pixels, width, height);
}

/* Sky, hills and a tower with its lamp */
static void
draw (cairo_t *cr,
      double   width,
      double   height,
      guint    seed)
{
  cairo_pattern_t *sky = cairo_pattern_create_linear (0, 0, 0, height);
  const double tower = width * (0.25 + 0.13 * (seed % 5));
  const double size = MIN (width, height);

  cairo_pattern_add_color_stop_rgb (sky, 0, 0.25 + 0.12 * (seed % 4), 0.45, 0.75 - 0.1 * (seed % 3));
  cairo_pattern_add_color_stop_rgb (sky, 0.7, 0.98, 0.82, 0.6);
  cairo_set_source (cr, sky);
  cairo_paint (cr);
  cairo_pattern_destroy (sky);
  for (guint i = 0; i < 3; i++)
    {
      const double y = height * (0.62 + 0.12 * i);

      cairo_set_source_rgb (cr, 0.12 + 0.05 * i, 0.28 + 0.06 * (seed % 3) - 0.06 * i, 0.32 - 0.06 * i);
      cairo_move_to (cr, 0, height);
      cairo_line_to (cr, 0, y);
      cairo_curve_to (cr, width * 0.3, y - height * 0.15 * ((seed + i) % 3), width * 0.6, y + height * 0.1, width, y - height * 0.05 * (seed % 4));
      cairo_line_to (cr, width, height);
      cairo_fill (cr);
    }
  cairo_set_source_rgb (cr, 0.95, 0.93, 0.9);
  cairo_rectangle (cr, tower - size * 0.05, height * 0.3, size * 0.1, height * 0.45);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 0.75, 0.15, 0.12);
  cairo_rectangle (cr, tower - size * 0.05, height * 0.42, size * 0.1, height * 0.1);
  cairo_rectangle (cr, tower - size * 0.06, height * 0.26, size * 0.12, height * 0.05);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 1, 0.95, 0.6);
  cairo_arc (cr, tower, height * 0.24, size * 0.04, 0, 2 * G_PI);
  cairo_fill (cr);
}

GBytes *
look_pixels_draw (int   width,
                  int   height,
                  guint seed)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create (surface);
  guchar *pixels = g_malloc (3 * (gsize) width * (gsize) height);

  draw (cr, width, height, seed);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++)
    {
      const guchar *row = cairo_image_surface_get_data (surface) + (gsize) y * (gsize) cairo_image_surface_get_stride (surface);

      for (int x = 0; x < width; x++)
        {
          guint32 word;

          memcpy (&word, row + 4 * x, sizeof word);
          pixels[3 * (y * width + x)] = (guchar) (word >> 16);
          pixels[3 * (y * width + x) + 1] = (guchar) (word >> 8);
          pixels[3 * (y * width + x) + 2] = (guchar) word;
        }
    }
  cairo_surface_destroy (surface);

  return encode (pixels, width, height);
}

typedef struct {
  GBytes *bytes;
  gboolean done;
} Shot;

static void
on_shot (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Shot *shot = user_data;

  g_assert_true (g_subprocess_communicate_finish (G_SUBPROCESS (source), result, &shot->bytes, NULL, NULL));
  shot->done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((Shot *) data)->done;
}

guint
look_pixels_at (GtkWidget *widget,
                double     x,
                double     y)
{
  GtkNative *native = gtk_widget_get_native (widget);
  graphene_point_t place;
  double across, down;
  g_autofree char *crop = NULL;
  g_autoptr (GSubprocess) process = NULL;
  Shot shot = { NULL, FALSE };
  const char *data;
  gsize size;
  guint color;

  harness_settle (widget);
  g_assert_true (gtk_widget_compute_point (widget, GTK_WIDGET (native),
                                           &GRAPHENE_POINT_INIT ((float) (x * gtk_widget_get_width (widget)),
                                                                 (float) (y * gtk_widget_get_height (widget))), &place));
  gtk_native_get_surface_transform (native, &across, &down);
  crop = g_strdup_printf ("1x1+%d+%d", (int) (place.x + across), (int) (place.y + down));
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, "import", "-window", "root", "-crop", crop, "+repage", "-depth", "8",
                              "rgb:-", NULL);
  g_assert_nonnull (process);
  g_subprocess_communicate_async (process, NULL, NULL, on_shot, &shot);
  harness_wait_for (is_done, &shot, 20);
  data = g_bytes_get_data (shot.bytes, &size);
  g_assert_cmpuint (size, ==, 3);
  color = (guint) (guint8) data[0] << 16 | (guint) (guint8) data[1] << 8 | (guint) (guint8) data[2];
  g_bytes_unref (shot.bytes);

  return color;
}

gboolean
look_pixels_are_near (guint seen,
                      guint wanted)
{
  for (int shift = 0; shift <= 16; shift += 8)
    if (abs ((int) ((seen >> shift) & 255) - (int) ((wanted >> shift) & 255)) > 12)
      {
        g_test_message ("#%06x is not #%06x", seen, wanted);
        return FALSE;
      }

  return TRUE;
}
