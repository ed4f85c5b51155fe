#include "toast.h"

AdwToast *
sotto_toast_new (const char *words)
{
  GtkWidget *label = gtk_label_new (words);
  AdwToast *toast = adw_toast_new (words);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_custom_title (toast, label);
  adw_toast_set_timeout (toast, 10);

  return toast;
}
