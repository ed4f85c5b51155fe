/* Tooltips: a click goes through them to what they cover, and a title has one only while it is cut. */

#include "harness.h"

#include "hint.h"

#define ROW_HEIGHT 30

/* Whoever moves a pointer, on an X server without a compositor: to the middle of a row of the one window, which lies at 0, 0. */
static void
point (guint       row,
       const char *click)
{
  g_autofree char *command = g_strdup_printf ("xdotool mousemove 150 %u%s", row * ROW_HEIGHT + ROW_HEIGHT / 2, click);
  int status = 1;

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

/* @data: a place for the tooltip's widget */
static gboolean
on_any_map (GSignalInvocationHint *hint,
            guint                  n_values,
            const GValue          *values,
            gpointer               data)
{
  GtkWidget *widget = g_value_get_object (values);

  if (g_str_equal (gtk_widget_get_css_name (widget), "tooltip"))
    *(GtkWidget **) data = widget;

  return G_SOURCE_CONTINUE;
}

static gboolean
has_tooltip (gpointer data)
{
  GtkWidget *tooltip = *(GtkWidget **) data;

  return tooltip != NULL && gtk_widget_get_mapped (tooltip);
}

static void
count (guint *n_clicked)
{
  ++*n_clicked;
}

static gboolean
has_been_clicked (gpointer n_clicked)
{
  return *(guint *) n_clicked > 0;
}

static void
test_click (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  g_autofree char *program = g_find_program_in_path ("xdotool");
  GtkWidget *tooltip = NULL;
  GtkWindow *window;
  guint n_clicked = 0;
  gulong hook;

  if (program == NULL)
    {
      g_test_skip ("xdotool is not installed");
      return;
    }

  for (guint i = 0; i < 6; i++)
    {
      GtkWidget *button = gtk_button_new_with_label ("Row");

      gtk_widget_set_size_request (button, 300, ROW_HEIGHT);
      gtk_widget_set_tooltip_text (button, "A tooltip\nof several\nlines that lie\nover the rows\nbelow it");
      if (i > 0)
        g_signal_connect_swapped (button, "clicked", G_CALLBACK (count), &n_clicked);
      gtk_box_append (GTK_BOX (box), button);
    }
  sotto_hint_let_clicks_through ();
  hook = g_signal_add_emission_hook (g_signal_lookup ("map", GTK_TYPE_WIDGET), 0, on_any_map, &tooltip, NULL);
  window = harness_show (box, 300, 6 * ROW_HEIGHT);
  point (5, "");
  harness_run (0.3);
  point (0, "");
  harness_wait_for (has_tooltip, &tooltip, 20);
  harness_run (0.2);

  point (2, " click 1");
  harness_wait_for (has_been_clicked, &n_clicked, 10);
  g_assert_cmpuint (n_clicked, ==, 1);

  g_signal_remove_emission_hook (g_signal_lookup ("map", GTK_TYPE_WIDGET), hook);
  gtk_window_destroy (window);
}

static gboolean
asks_for_tooltip (GtkWidget *widget)
{
  /* What GTK asks, with a tooltip to be filled. */
  GtkTooltip *tooltip = g_object_new (GTK_TYPE_TOOLTIP, NULL);
  gboolean is_shown = FALSE;

  g_signal_emit_by_name (widget, "query-tooltip", 1, 1, FALSE, tooltip, &is_shown);
  g_object_unref (tooltip);

  return is_shown;
}

static void
test_cut (void)
{
  GtkWidget *label = gtk_label_new ("A title that is longer than there is room for");
  GtkWindow *window;

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  sotto_hint_show_whole (GTK_LABEL (label));
  window = harness_show (label, 100, 50);
  g_assert_true (gtk_widget_get_has_tooltip (label));
  g_assert_true (asks_for_tooltip (label));
  gtk_label_set_label (GTK_LABEL (label), "Short");
  harness_settle (label);
  g_assert_false (asks_for_tooltip (label));
  gtk_window_destroy (window);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/hint/click", test_click);
  g_test_add_func ("/hint/cut", test_cut);

  return g_test_run ();
}
