#include "contrast.h"

#include "harness.h"

#include <math.h>

#define LEAST_TEXT 4.5
#define LEAST_ICON 3.0

typedef struct {
  guchar *pixels;   /* B8G8R8A8, of the whole window */
  int width;
  int height;
  GtkWidget *window;
  GStrvBuilder *weak;
  guint n_measured;
} Picture;

/* WCAG 2.1: relative luminance, and the contrast of two */
static double
linear (guint8 byte)
{
  double value = byte / 255.0;

  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

static double
luminance (guint32 rgb)
{
  return 0.2126 * linear (rgb >> 16 & 255) + 0.7152 * linear (rgb >> 8 & 255) + 0.0722 * linear (rgb & 255);
}

static double
contrast (double one,
          double other)
{
  return (MAX (one, other) + 0.05) / (MIN (one, other) + 0.05);
}

/* Whether no widget that cuts off what is beyond it cuts off @bounds. */
static gboolean
is_whole (Picture               *picture,
          GtkWidget             *widget,
          const graphene_rect_t *bounds)
{
  for (GtkWidget *parent = gtk_widget_get_parent (widget); parent != NULL; parent = gtk_widget_get_parent (parent))
    {
      graphene_rect_t outer;

      if ((gtk_widget_get_overflow (parent) == GTK_OVERFLOW_HIDDEN || parent == picture->window) &&
          (!gtk_widget_compute_bounds (parent, picture->window, &outer) || !graphene_rect_contains_rect (&outer, bounds)))
        return FALSE;
    }

  return TRUE;
}

/* Between the commonest colour of @bounds and the one furthest from it; letters are thin, so that few pixels have their full
 * colour. */
static double
measure (Picture               *picture,
         const graphene_rect_t *bounds)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer key;
  guint32 ground = 0;
  guint most = 0;
  double furthest = 1;

  for (int y = (int) bounds->origin.y; y < (int) (bounds->origin.y + bounds->size.height); y++)
    for (int x = (int) bounds->origin.x; x < (int) (bounds->origin.x + bounds->size.width); x++)
      {
        const guchar *pixel = picture->pixels + 4 * ((gsize) y * (gsize) picture->width + (gsize) x);
        guint32 rgb = (guint32) pixel[2] << 16 | (guint32) pixel[1] << 8 | pixel[0];
        guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, GUINT_TO_POINTER (rgb))) + 1;

        g_hash_table_insert (counts, GUINT_TO_POINTER (rgb), GUINT_TO_POINTER (count));
        if (count > most)
          {
            most = count;
            ground = rgb;
          }
      }

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    furthest = MAX (furthest, contrast (luminance (GPOINTER_TO_UINT (key)), luminance (ground)));

  return furthest;
}

static void
look_at (Picture   *picture,
         GtkWidget *widget)
{
  gboolean is_text = GTK_IS_LABEL (widget) && *gtk_label_get_text (GTK_LABEL (widget)) != '\0';
  graphene_rect_t bounds;
  double found;

  if ((!is_text && !GTK_IS_IMAGE (widget)) || !gtk_widget_is_sensitive (widget) ||
      !gtk_widget_compute_bounds (widget, picture->window, &bounds) || !is_whole (picture, widget, &bounds) ||
      bounds.size.width < 6 || bounds.size.height < 6)
    return;

  /* What is not there until the pointer comes has no contrast at all. */
  found = measure (picture, &bounds);
  if (found < 1.05)
    return;

  picture->n_measured++;
  if (found < (is_text ? LEAST_TEXT : LEAST_ICON))
    {
      const char *name = is_text ? gtk_label_get_text (GTK_LABEL (widget)) : gtk_image_get_icon_name (GTK_IMAGE (widget));
      g_autofree char *classes = g_strjoinv (".", gtk_widget_get_css_classes (widget));

      g_strv_builder_take (picture->weak,
                           g_strdup_printf ("%.2f: %s.%s “%.60s” in %s in %s", found, G_OBJECT_TYPE_NAME (widget), classes,
                                            name != NULL ? name : "", G_OBJECT_TYPE_NAME (gtk_widget_get_parent (widget)),
                                            G_OBJECT_TYPE_NAME (gtk_widget_get_parent (gtk_widget_get_parent (widget)))));
    }
}

static void
walk (Picture   *picture,
      GtkWidget *widget)
{
  /* Popovers are pictures of their own; a switch shows its icon in high contrast only. */
  if (!gtk_widget_get_mapped (widget) || (GTK_IS_NATIVE (widget) && widget != picture->window) || GTK_IS_SWITCH (widget))
    return;

  /* What lies under the list is in its shade. */
  if (ADW_IS_OVERLAY_SPLIT_VIEW (widget) && adw_overlay_split_view_get_collapsed (ADW_OVERLAY_SPLIT_VIEW (widget)) &&
      adw_overlay_split_view_get_show_sidebar (ADW_OVERLAY_SPLIT_VIEW (widget)))
    {
      walk (picture, adw_overlay_split_view_get_sidebar (ADW_OVERLAY_SPLIT_VIEW (widget)));
      return;
    }

  look_at (picture, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    walk (picture, child);
}

char **
contrast_find_weak (GtkWidget *root,
                    guint     *n_measured)
{
  GtkWidget *window = GTK_WIDGET (gtk_widget_get_root (root));
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autoptr (GStrvBuilder) weak = g_strv_builder_new ();
  Picture picture = {
    .width = gtk_widget_get_width (window), .height = gtk_widget_get_height (window), .window = window, .weak = weak,
  };

  /* Between two frames there may be nothing to paint. */
  for (int i = 0; node == NULL && i < 20; i++)
    {
      GtkSnapshot *snapshot = gtk_snapshot_new ();

      harness_settle (window);
      gdk_paintable_snapshot (paintable, snapshot, picture.width, picture.height);
      node = gtk_snapshot_free_to_node (snapshot);
    }
  g_assert_nonnull (node);
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node,
                                         &GRAPHENE_RECT_INIT (0, 0, (float) picture.width, (float) picture.height));
  picture.pixels = g_malloc (4 * (gsize) picture.width * (gsize) picture.height);
  gdk_texture_download (texture, picture.pixels, 4 * (gsize) picture.width);
  walk (&picture, root);
  g_free (picture.pixels);
  *n_measured = picture.n_measured;

  return g_strv_builder_end (weak);
}
