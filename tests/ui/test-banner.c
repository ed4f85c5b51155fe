/* A banner that is hidden is nothing to anybody, screen readers included; one that is there says all of what it says. */
#include "harness.h"

#include "banner.h"

#define WIDTH 300

typedef struct {
  GtkWindow *window;
  AdwBanner *banner;
} Shown;

static void
begin (Shown    *shown,
       gboolean  is_animated)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", is_animated, NULL);
  shown->banner = ADW_BANNER (adw_banner_new ("Something is said here"));
  adw_banner_set_button_label (shown->banner, "_Answer");
  sotto_banner_prepare (shown->banner);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (shown->banner));
  shown->window = harness_show (box, WIDTH, 300);
}

static gboolean
is_hidden (gpointer banner)
{
  return !gtk_widget_get_visible (banner);
}

static gboolean
is_open (gpointer banner)
{
  return gtk_widget_get_height (banner) > 30 && harness_find_button (banner, "_Answer") != NULL;
}

static void
test_hidden (gconstpointer is_animated)
{
  Shown shown;

  begin (&shown, GPOINTER_TO_INT (is_animated));
  g_assert_true (is_hidden (shown.banner));

  for (guint i = 0; i < 2; i++)
    {
      sotto_banner_set_revealed (shown.banner, TRUE);
      g_assert_false (is_hidden (shown.banner));
      harness_wait_for (is_open, shown.banner, 20);
      sotto_banner_set_revealed (shown.banner, FALSE);
      /* It slides away, and is there as long. */
      g_assert_true (is_hidden (shown.banner) != GPOINTER_TO_INT (is_animated));
      harness_wait_for (is_hidden, shown.banner, 20);
    }

  /* Who thinks better of it while it goes has it again. */
  sotto_banner_set_revealed (shown.banner, TRUE);
  harness_wait_for (is_open, shown.banner, 20);
  sotto_banner_set_revealed (shown.banner, FALSE);
  sotto_banner_set_revealed (shown.banner, TRUE);
  harness_wait_for (is_open, shown.banner, 20);
  g_assert_false (is_hidden (shown.banner));
  gtk_window_destroy (shown.window);
}

static void
test_whole (void)
{
  Shown shown;
  GtkLabel *label;
  int lines;

  begin (&shown, FALSE);
  adw_banner_set_title (shown.banner, "What goes wrong on a narrow window takes many words, of which the last ones say what can be done "
                                      "about it. They have to be there, whatever the language, which may take a third more of them, and "
                                      "whatever the letters, which may be half as large again.");
  sotto_banner_set_revealed (shown.banner, TRUE);
  harness_wait_for (is_open, shown.banner, 20);
  harness_settle (GTK_WIDGET (shown.window));
  label = GTK_LABEL (harness_find (GTK_WIDGET (shown.banner), GTK_TYPE_LABEL));
  lines = pango_layout_get_line_count (gtk_label_get_layout (label));
  g_assert_cmpint (lines, >, 3);
  g_assert_false (pango_layout_is_ellipsized (gtk_label_get_layout (label)));
  gtk_window_destroy (shown.window);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_data_func ("/banner/hidden", GINT_TO_POINTER (FALSE), test_hidden);
  g_test_add_data_func ("/banner/hidden-animated", GINT_TO_POINTER (TRUE), test_hidden);
  g_test_add_func ("/banner/whole", test_whole);

  return g_test_run ();
}
