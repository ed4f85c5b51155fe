#include "hint.h"

/* A tooltip is a surface of its own just below what it belongs to, and takes the clicks meant for what it covers: whoever
 * rests on a row of a list and then goes on to the next one would click in vain. GTK has no switch for that, but the
 * surface's region of input is anybody's to set, once there is something of ours in it. */

#define WIDTH_CHARS 50

static void
on_map (GtkWidget *label)
{
  cairo_region_t *nothing = cairo_region_create ();

  gdk_surface_set_input_region (gtk_native_get_surface (gtk_widget_get_native (label)), nothing);
  cairo_region_destroy (nothing);
}

static gboolean
on_query (GtkWidget  *widget,
          int         x,
          int         y,
          gboolean    keyboard_mode,
          GtkTooltip *tooltip,
          GtkLabel   *label)
{
  if (GTK_IS_LABEL (widget) && !pango_layout_is_ellipsized (gtk_label_get_layout (GTK_LABEL (widget))))
    return FALSE;

  gtk_tooltip_set_custom (tooltip, GTK_WIDGET (label));

  return TRUE;
}

void
sotto_hint_set_text (GtkWidget  *widget,
                     const char *text)
{
  GtkWidget *label;

  g_return_if_fail (GTK_IS_WIDGET (widget));
  g_return_if_fail (text != NULL);

  label = g_object_get_data (G_OBJECT (widget), "hint");
  if (label == NULL)
    {
      label = gtk_label_new (NULL);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
      gtk_label_set_max_width_chars (GTK_LABEL (label), WIDTH_CHARS);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
      g_object_set_data_full (G_OBJECT (widget), "hint", g_object_ref_sink (label), g_object_unref);
      g_signal_connect (label, "map", G_CALLBACK (on_map), NULL);
      g_signal_connect_object (widget, "query-tooltip", G_CALLBACK (on_query), label, G_CONNECT_DEFAULT);
    }
  gtk_label_set_label (GTK_LABEL (label), text);
  gtk_widget_set_has_tooltip (widget, *text != '\0');
}
