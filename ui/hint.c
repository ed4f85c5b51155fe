#include "hint.h"

/* A tooltip is a surface of its own just below what it belongs to, and takes the clicks meant for what it covers: whoever
 * rests on a row of a list or on a button and then goes on to the next one would click in vain. GTK has no switch for that, but
 * the surface's region of input is anybody's to set, as soon as the tooltip is mapped. */

static gboolean
on_mapped (GSignalInvocationHint *hint,
           guint                  n_values,
           const GValue          *values,
           gpointer               data)
{
  GtkWidget *widget = g_value_get_object (values);

  /* GTK keeps the type to itself, but not its name in style sheets. */
  if (GTK_IS_NATIVE (widget) && g_str_equal (gtk_widget_get_css_name (widget), "tooltip"))
    {
      cairo_region_t *nothing = cairo_region_create ();

      gdk_surface_set_input_region (gtk_native_get_surface (GTK_NATIVE (widget)), nothing);
      cairo_region_destroy (nothing);
    }

  return G_SOURCE_CONTINUE;
}

void
sotto_hint_let_clicks_through (void)
{
  /* A signal is known as soon as its class is. */
  g_autoptr (GTypeClass) widgets = g_type_class_ref (GTK_TYPE_WIDGET);

  g_signal_add_emission_hook (g_signal_lookup ("map", GTK_TYPE_WIDGET), 0, on_mapped, NULL, NULL);
}

static gboolean
on_query (GtkWidget  *label,
          int         x,
          int         y,
          gboolean    keyboard_mode,
          GtkTooltip *tooltip)
{
  gtk_tooltip_set_text (tooltip, gtk_label_get_text (GTK_LABEL (label)));

  return pango_layout_is_ellipsized (gtk_label_get_layout (GTK_LABEL (label)));
}

void
sotto_hint_show_whole (GtkLabel *label)
{
  g_return_if_fail (GTK_IS_LABEL (label));

  gtk_widget_set_has_tooltip (GTK_WIDGET (label), TRUE);
  g_signal_connect (label, "query-tooltip", G_CALLBACK (on_query), NULL);
}
