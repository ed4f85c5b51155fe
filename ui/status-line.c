#include "status-line.h"

#include <glib/gi18n.h>

struct _SottoStatusLine {
  GtkBox parent_instance;

  GtkWidget *spinner;
  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (SottoStatusLine, sotto_status_line, GTK_TYPE_BOX)

void
sotto_status_line_set_working (SottoStatusLine *self,
                               gboolean         is_working)
{
  g_return_if_fail (SOTTO_IS_STATUS_LINE (self));

  gtk_widget_set_visible (self->spinner, is_working);
}

void
sotto_status_line_say (SottoStatusLine *self,
                       const char      *text)
{
  g_return_if_fail (SOTTO_IS_STATUS_LINE (self));

  gtk_label_set_label (self->label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->label), text[0] != '\0');
  gtk_widget_remove_css_class (GTK_WIDGET (self->label), "error");
}

void
sotto_status_line_say_error (SottoStatusLine *self,
                             const GError    *error)
{
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);
  const char *text = sotto_problem_get_text (problem);
  GtkWidget *dialog;

  sotto_status_line_say (self, text);
  gtk_widget_add_css_class (GTK_WIDGET (self->label), "error");
  dialog = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_DIALOG);
  if (dialog != NULL)
    gtk_accessible_announce (GTK_ACCESSIBLE (dialog), text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
}

static void
sotto_status_line_class_init (SottoStatusLineClass *klass)
{
}

static void
sotto_status_line_init (SottoStatusLine *self)
{
  GtkBox *box = GTK_BOX (self);

  gtk_box_set_spacing (box, 6);
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_CENTER);

  self->spinner = adw_spinner_new ();
  gtk_widget_set_visible (self->spinner, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->spinner), GTK_ACCESSIBLE_PROPERTY_LABEL, C_("something is going on", "Working"), -1);
  gtk_box_append (box, self->spinner);

  self->label = GTK_LABEL (gtk_label_new (""));
  gtk_label_set_wrap (self->label, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->label), FALSE);
  gtk_box_append (box, GTK_WIDGET (self->label));
}

GtkWidget *
sotto_status_line_new (void)
{
  return g_object_new (SOTTO_TYPE_STATUS_LINE, NULL);
}
