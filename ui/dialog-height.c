#include "dialog-height.h"

/* A dialog without a height of its own takes that of its contents at their natural width. On a narrow window words take more lines
 * than that, and the last row would be cut although there is room for it. */

typedef struct {
  AdwDialog *dialog;  /* (weak) */
  guint source;
} Fit;

static GtkWidget *
find_scroller (GtkWidget *from)
{
  if (from == NULL || GTK_IS_SCROLLED_WINDOW (from))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_scroller (child);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static int
measure_height (GtkWidget *widget,
                int        width)
{
  int natural;

  gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, width, NULL, &natural, NULL, NULL);

  return natural;
}

void
sotto_dialog_update_height (AdwDialog *dialog)
{
  GtkWidget *content;
  GtkWidget *scroller;
  GtkWidget *page;
  int width;

  g_return_if_fail (ADW_IS_DIALOG (dialog));

  content = adw_dialog_get_child (dialog);
  scroller = find_scroller (content);
  if (scroller == NULL || gtk_widget_get_width (scroller) == 0)
    return;

  page = gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (scroller));
  width = gtk_widget_get_width (scroller);
  adw_dialog_set_content_height (dialog, measure_height (content, -1) - measure_height (page, -1) + measure_height (page, width));
}

static void
on_idle (gpointer data)
{
  Fit *fit = data;

  fit->source = 0;
  if (fit->dialog != NULL)
    sotto_dialog_update_height (fit->dialog);
}

/* In the midst of what gives everybody their place, nobody's may be changed. */
static void
on_changed (Fit *fit)
{
  if (fit->source == 0)
    fit->source = g_idle_add_once (on_idle, fit);
}

static void
fit_free (gpointer data,
          GClosure *closure)
{
  Fit *fit = data;

  g_clear_handle_id (&fit->source, g_source_remove);
  g_clear_weak_pointer (&fit->dialog);
  g_free (fit);
}

void
sotto_dialog_fit_height (AdwDialog *dialog)
{
  GtkWidget *scroller;
  Fit *fit;

  g_return_if_fail (ADW_IS_DIALOG (dialog));

  scroller = find_scroller (adw_dialog_get_child (dialog));
  g_return_if_fail (scroller != NULL);

  fit = g_new0 (Fit, 1);
  g_set_weak_pointer (&fit->dialog, dialog);
  g_signal_connect_data (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller)), "changed", G_CALLBACK (on_changed), fit,
                         fit_free, G_CONNECT_SWAPPED);
}
