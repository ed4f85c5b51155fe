#include "toast.h"

/* libadwaita cuts what has no room in one line, on a narrow window the verb of nearly every sentence, and gives a toast the height
 * that its words take at their natural width. So that width is no more than what there is. */

/* More would lie over what is talked about. */
#define MOST_LINES 6

/* Beside the words: margins of the toast, and the button that closes it */
#define FRAME 96

/* What the button with the label takes besides that */
#define BUTTON_FRAME 52

#define LEAST 96

static int
measure_button (AdwToast  *toast,
                GtkWidget *overlay)
{
  const char *words = adw_toast_get_button_label (toast);
  g_autoptr (PangoLayout) layout = NULL;
  PangoAttrList *attributes;
  int width;

  if (words == NULL || *words == '\0')
    return 0;

  attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  layout = gtk_widget_create_pango_layout (overlay, words);
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_get_pixel_size (layout, &width, NULL);

  return width + BUTTON_FRAME;
}

AdwToast *
sotto_toast_new (const char *words)
{
  AdwToast *toast = adw_toast_new (words);

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_timeout (toast, 10);

  return toast;
}

void
sotto_toast_wrap (AdwToast  *toast,
                  GtkWidget *overlay)
{
  GtkWidget *label = gtk_label_new (adw_toast_get_title (toast));
  GtkWidget *clamp = adw_clamp_new ();
  int room;

  g_return_if_fail (ADW_IS_TOAST (toast));
  g_return_if_fail (GTK_IS_WIDGET (overlay));

  room = MAX (gtk_widget_get_width (overlay) - FRAME - measure_button (toast, overlay), LEAST);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_lines (GTK_LABEL (label), MOST_LINES);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), room);
  adw_clamp_set_tightening_threshold (ADW_CLAMP (clamp), room);
  adw_clamp_set_unit (ADW_CLAMP (clamp), ADW_LENGTH_UNIT_PX);
  adw_clamp_set_child (ADW_CLAMP (clamp), label);
  adw_toast_set_custom_title (toast, clamp);
}

void
sotto_toast_set_title (AdwToast   *toast,
                       const char *title)
{
  GtkWidget *clamp;

  g_return_if_fail (ADW_IS_TOAST (toast));
  g_return_if_fail (title != NULL);

  clamp = adw_toast_get_custom_title (toast);
  if (ADW_IS_CLAMP (clamp))
    gtk_label_set_label (GTK_LABEL (adw_clamp_get_child (ADW_CLAMP (clamp))), title);
  else
    adw_toast_set_title (toast, title);
}
