#include "banner.h"

/* libadwaita's banner stands before screen readers while it is hidden, with its last words and its button; and what takes more than
 * three lines, as on a narrow window most that goes wrong does, it cuts. It has no property for either, but its widgets are there. */

static GtkWidget *
find (GtkWidget *from,
      GType      type)
{
  if (g_type_is_a (G_OBJECT_TYPE (from), type))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, type);

      if (found != NULL)
        return found;
    }

  return NULL;
}

/* It is there until it has slid away. */
static void
on_slid (AdwBanner   *banner,
         GParamSpec  *pspec,
         GtkRevealer *revealer)
{
  gtk_widget_set_visible (GTK_WIDGET (banner), adw_banner_get_revealed (banner) || gtk_revealer_get_child_revealed (revealer));
}

void
sotto_banner_prepare (AdwBanner *banner)
{
  GtkWidget *revealer;
  GtkWidget *title;

  g_return_if_fail (ADW_IS_BANNER (banner));

  revealer = find (GTK_WIDGET (banner), GTK_TYPE_REVEALER);
  title = find (GTK_WIDGET (banner), GTK_TYPE_LABEL);
  if (title != NULL)
    {
      gtk_label_set_lines (GTK_LABEL (title), -1);
      gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_NONE);
    }
  if (revealer == NULL)
    return;

  g_signal_connect_object (revealer, "notify::child-revealed", G_CALLBACK (on_slid), banner, G_CONNECT_SWAPPED);
  on_slid (banner, NULL, GTK_REVEALER (revealer));
}

void
sotto_banner_set_revealed (AdwBanner *banner,
                           gboolean   revealed)
{
  g_return_if_fail (ADW_IS_BANNER (banner));

  /* What is not in sight does not slide. */
  if (revealed)
    gtk_widget_set_visible (GTK_WIDGET (banner), TRUE);
  adw_banner_set_revealed (banner, revealed);
}
