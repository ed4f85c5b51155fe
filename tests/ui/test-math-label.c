/* Formulas in the window: they are drawn, found, selected and copied, and follow the text's size. */
#include "harness.h"

#include <string.h>

#include "conversation/find-marks.h"
#include "markdown/markdown-view.h"
#include "math/label.h"

static GtkWidget *
find_label (GtkWidget  *from,
            const char *part)
{
  if (GTK_IS_LABEL (from) && strstr (gtk_label_get_text (GTK_LABEL (from)), part) != NULL)
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_label (child, part);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static GtkWidget *
show (const char  *markdown,
      int          width,
      GtkWindow  **window)
{
  GtkWidget *view = sotto_markdown_view_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), markdown);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  *window = harness_show (scroller, width, 500);

  return view;
}

/* Of its layout, what a formula takes: the shapes' widths */
static int
get_shapes_width (GtkWidget *label,
                  guint     *n_shapes)
{
  PangoAttrList *list = gtk_label_get_attributes (GTK_LABEL (label));
  GSList *attributes = list != NULL ? pango_attr_list_get_attributes (list) : NULL;
  int width = 0;

  *n_shapes = 0;
  for (GSList *l = attributes; l != NULL; l = l->next)
    if (((PangoAttribute *) l->data)->klass->type == PANGO_ATTR_SHAPE)
      {
        width += ((PangoAttrShape *) l->data)->logical_rect.width;
        ++*n_shapes;
      }
  g_slist_free_full (attributes, (GDestroyNotify) pango_attribute_destroy);

  return width;
}

static void
test_inline (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("So $x = \\frac{1}{2}$ it is, and $y$.", 600, &window);
  GtkWidget *label = find_label (view, "it is");
  guint n_shapes;

  /* Three pieces: x =, the half, y; what is read is there, and has no width of its own */
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, "So x\u00a0= 1/2 it is, and y.");
  g_assert_cmpint (get_shapes_width (label, &n_shapes), >, 0);
  g_assert_cmpuint (n_shapes, ==, 3);
  gtk_window_destroy (window);
}

static void
test_copy (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("So $x = \\frac{1}{2}$ it is.\n\n\\[\n\\sqrt{2}\n\\]", 600, &window);
  GtkWidget *label = find_label (view, "it is");
  GtkWidget *block = find_label (view, "√");
  g_autofree char *all = sotto_math_label_copy (label, 0, strlen (gtk_label_get_text (GTK_LABEL (label))));
  g_autofree char *part = sotto_math_label_copy (label, 6, 13);
  g_autofree char *outside = sotto_math_label_copy (label, 0, 2);
  g_autofree char *display = sotto_math_label_copy (block, 0, strlen (gtk_label_get_text (GTK_LABEL (block))));

  g_assert_cmpstr (all, ==, "So $x = \\frac{1}{2}$ it is.");
  g_assert_cmpstr (part, ==, "$x = \\frac{1}{2}$ i");
  g_assert_cmpstr (outside, ==, "So");
  g_assert_cmpstr (display, ==, "\\[\n\\sqrt{2}\n\\]");
  gtk_window_destroy (window);
}

static void
on_text (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  *(char **) user_data = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);
}

static gboolean
has_text (gpointer user_data)
{
  return *(char **) user_data != NULL;
}

/* As a person copies: what is selected */
static void
test_clipboard (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("So $x^2$.", 600, &window);
  GtkWidget *label = find_label (view, "So");
  g_autofree char *text = NULL;

  gtk_label_select_region (GTK_LABEL (label), 0, -1);
  g_signal_emit_by_name (label, "copy-clipboard");
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (label), NULL, on_text, &text);
  harness_wait_for (has_text, &text, 10);
  g_assert_cmpstr (text, ==, "So $x^2$.");
  gtk_window_destroy (window);
}

/* Marks come and go, and the formulas stay drawn. */
static void
test_marks (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("So $a + b = c$ it is.", 600, &window);
  GtkWidget *label = find_label (view, "it is");
  SottoFoundPlace place;
  guint n_before, n;
  int width = get_shapes_width (label, &n_before);

  g_assert_cmpuint (sotto_find_mark (view, "b", 0, &place), ==, 1);
  g_assert_true (place.widget == label);
  g_assert_cmpint (get_shapes_width (label, &n), ==, width);
  g_assert_cmpuint (n, ==, n_before);
  sotto_find_mark (view, NULL, 0, NULL);
  g_assert_cmpint (get_shapes_width (label, &n), ==, width);
  g_assert_cmpuint (n, ==, n_before);
  gtk_window_destroy (window);
}

static void
test_text_size (void)
{
  GtkSettings *settings = gtk_settings_get_default ();
  GtkWindow *window;
  GtkWidget *view = show ("So $a + b$ it is.", 600, &window);
  GtkWidget *label = find_label (view, "it is");
  guint n;
  int width = get_shapes_width (label, &n);
  int dpi;

  g_object_get (settings, "gtk-xft-dpi", &dpi, NULL);
  g_object_set (settings, "gtk-xft-dpi", dpi * 2, NULL);
  harness_run (0.5);
  g_assert_cmpint (get_shapes_width (label, &n), >, width * 3 / 2);
  g_object_set (settings, "gtk-xft-dpi", dpi, NULL);
  harness_run (0.5);
  g_assert_cmpint (get_shapes_width (label, &n), ==, width);
  gtk_window_destroy (window);
}

/* Whatever stands in it, a narrow window stays narrow: pieces go to the next line, and what has none scrolls or stays text. */
static void
test_narrow (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("$a = b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t$\n\n"
                          "$\\frac{a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + a + b + c + d + e + f + g + h + i + j}{2}$\n\n"
                          "$$a = b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w$$",
                          300, &window);
  GtkWidget *label = find_label (view, "a\u00a0= b");
  GtkWidget *wide = find_label (view, "(a + b");
  int minimum;
  guint n;

  gtk_widget_measure (view, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <, 300);
  g_assert_cmpint (pango_layout_get_line_count (gtk_label_get_layout (GTK_LABEL (label))), >, 1);
  get_shapes_width (wide, &n);
  g_assert_cmpuint (n, ==, 0);
  gtk_window_destroy (window);
}

/* From left to right, whatever stands around it */
static void
test_right_to_left (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("נניח $-1 + 2 = 3$ סוף", 600, &window);
  GtkWidget *label = find_label (view, "סוף");
  const char *text = gtk_label_get_text (GTK_LABEL (label));
  g_autofree char *copy = sotto_math_label_copy (label, 0, strlen (text));
  PangoLayout *layout = gtk_label_get_layout (GTK_LABEL (label));
  PangoRectangle first, last;

  g_assert_cmpint (gtk_widget_get_direction (label), ==, GTK_TEXT_DIR_RTL);
  pango_layout_index_to_pos (layout, (int) (strstr (text, "−") - text), &first);
  pango_layout_index_to_pos (layout, (int) (strstr (text, "3") - text), &last);
  g_assert_cmpint (first.x, <, last.x);
  g_assert_cmpstr (copy, ==, "נניח $-1 + 2 = 3$ סוף");
  gtk_window_destroy (window);
}

/* What is no formula after all is code, whole. */
static void
test_unknown (void)
{
  GtkWindow *window;
  GtkWidget *view = show ("So $\\foo{x}$ it is.\n\n\\[\n\\foo\n\\]\n\n| $\\frac{1}{2}$ |\n|---|\n| $\\bar$ |", 600, &window);
  GtkWidget *label = find_label (view, "it is");
  GtkTextView *code = GTK_TEXT_VIEW (harness_find (view, GTK_TYPE_TEXT_VIEW));
  g_autofree char *text = NULL;

  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, "So $\\foo{x}$ it is.");
  g_object_get (gtk_text_view_get_buffer (code), "text", &text, NULL);
  g_assert_cmpstr (text, ==, "\\[\n\\foo\n\\]");
  g_assert_nonnull (find_label (view, "1/2"));
  g_assert_nonnull (find_label (view, "$\\bar$"));
  gtk_window_destroy (window);
}

/* A label that had formulas and has others, or none */
static void
test_changes (void)
{
  static const char *const texts[] = { "a $x$", "a $x$ b", "a", "a $\\frac{a}{b}$", "a $a/b$", "$x$", "", "\\[x\\]", "\\[y\\]", "y" };
  GtkWindow *window;
  GtkWidget *view = show ("", 300, &window);

  for (guint i = 0; i < 3 * G_N_ELEMENTS (texts); i++)
    {
      const char *text = texts[i * 7 % G_N_ELEMENTS (texts)];

      sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), text);
      harness_settle (view);
    }
  gtk_window_destroy (window);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/math-label/inline", test_inline);
  g_test_add_func ("/math-label/copy", test_copy);
  g_test_add_func ("/math-label/clipboard", test_clipboard);
  g_test_add_func ("/math-label/marks", test_marks);
  g_test_add_func ("/math-label/text-size", test_text_size);
  g_test_add_func ("/math-label/narrow", test_narrow);
  g_test_add_func ("/math-label/right-to-left", test_right_to_left);
  g_test_add_func ("/math-label/unknown", test_unknown);
  g_test_add_func ("/math-label/changes", test_changes);

  return g_test_run ();
}
