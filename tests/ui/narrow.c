#include "narrow.h"

static int
measure (GtkWidget *widget)
{
  int minimum;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  return minimum;
}

/* Whoever asks for too much, down to those in whom nobody does. */
static void
tell_widest (GtkWidget *widget,
             guint      depth)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (!GTK_IS_NATIVE (child) && gtk_widget_should_layout (child) && measure (child) > NARROW_WIDTH - 60)
      {
        g_test_message ("%*s%s (%s) needs %d", (int) depth * 2, "", G_OBJECT_TYPE_NAME (child), gtk_widget_get_name (child),
                        measure (child));
        tell_widest (child, depth + 1);
      }
}

void
narrow_assert (GtkWidget  *content,
               const char *what)
{
  if (measure (content) <= NARROW_WIDTH)
    return;

  tell_widest (content, 0);
  g_test_fail_printf ("%s: %d pixels are needed", what, measure (content));
}

static gboolean
is_cut (GtkWidget *label)
{
  PangoLayout *layout = gtk_label_get_layout (GTK_LABEL (label));
  int height;

  pango_layout_get_pixel_size (layout, NULL, &height);

  return pango_layout_is_ellipsized (layout) || height > gtk_widget_get_height (label);
}

/* A conversation's title stands between buttons that are there in any case, and shows all of itself as a hint. */
void
narrow_assert_whole (GtkWidget  *widget,
                     const char *what)
{
  if (!gtk_widget_get_mapped (widget))
    return;

  if (GTK_IS_LABEL (widget) && !gtk_widget_has_css_class (widget, "conversation-title") && is_cut (widget))
    g_test_fail_printf ("%s: “%s” is cut", what, gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    narrow_assert_whole (child, what);
}
