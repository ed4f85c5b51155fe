/* Pages of a conversation: how many there are, and that nothing stops them. What stands on them is read in the sandbox
 * (../flatpak/test-portals.py). */

#include <gtk/gtk.h>
#include <string.h>

#include "conversation/print-pages.h"

static SottoPrintPages *
begin (void)
{
  g_autoptr (GtkPageSetup) setup = gtk_page_setup_new ();
  g_autoptr (GtkPaperSize) a4 = gtk_paper_size_new (GTK_PAPER_NAME_A4);

  gtk_page_setup_set_paper_size_and_default_margins (setup, a4);

  return sotto_print_pages_new ("A Title", setup);
}

/* Returns: how many pages it took */
static guint
finish (SottoPrintPages *pages)
{
  g_autoptr (GBytes) pdf = NULL;
  const char *data;
  gsize size;

  while (sotto_print_pages_step (pages))
    ;
  pdf = sotto_print_pages_finish (pages);
  data = g_bytes_get_data (pdf, &size);
  g_assert_cmpuint (size, >, 500);
  g_assert_cmpmem (data, 5, "%PDF-", 5);
  g_assert_nonnull (g_strstr_len (data + size - 10, 10, "%%EOF"));

  return sotto_print_pages_get_n_pages (pages);
}

static void
test_short (void)
{
  g_autoptr (SottoPrintPages) pages = begin ();

  sotto_print_pages_add (pages, "You", "How much is a loaf?", NULL);
  sotto_print_pages_add (pages, "Baker", "# Prices\n\n- *Rye*: 2\n- **Wheat**: 3\n\n1. Go\n2. [Buy](https://example.org/?a=1&b=2)\n\n"
                                         "| a | b |\n|---|---|\n| 1 | 2 |\n\n```c\nint main (void);\n```\n\n---\n\n> Bread & <salt>", "[1] Prices of the year.pdf, page 3\n[2] notes.md");
  g_assert_cmpuint (finish (pages), ==, 1);
}

static void
test_empty (void)
{
  g_autoptr (SottoPrintPages) pages = begin ();

  g_assert_false (sotto_print_pages_step (pages));
  sotto_print_pages_add (pages, "You", "", NULL);
  g_assert_cmpuint (finish (pages), ==, 1);
}

/* A4 is 842 points high, of which 100 to 150 are margins; a line of 10.5 points takes 11 to 17, and 6 are between two. */
static void
test_many (void)
{
  g_autoptr (SottoPrintPages) pages = begin ();
  guint n_pages;

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint line = 0; line < 30; line++)
        g_string_append_printf (text, "Loaf %u of %u.\n\n", line, i);
      sotto_print_pages_add (pages, "Baker", text->str, NULL);
    }
  n_pages = finish (pages);
  g_assert_cmpuint (n_pages, >=, 300 * 17 / 742);
  g_assert_cmpuint (n_pages, <=, 300 * 23 / 692 + 3);
}

static void
append_times (GString    *text,
              const char *what,
              guint       n)
{
  for (guint i = 0; i < n; i++)
    g_string_append (text, what);
}

/* One paragraph, one item, one block of code and one row of a table, each longer than a page. */
static void
test_longer_than_a_page (void)
{
  static const char *const beginnings[] = { "", "- ", "    ", "| a |\n|---|\n| ", "> " };

  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++)
    {
      g_autoptr (SottoPrintPages) pages = begin ();
      g_autoptr (GString) text = g_string_new (beginnings[i]);

      append_times (text, "bread ", 3000);
      sotto_print_pages_add (pages, "Baker", text->str, NULL);
      g_assert_cmpuint (finish (pages), >, 2);
    }
}

static void
test_hostile (void)
{
  g_autoptr (SottoPrintPages) pages = begin ();
  g_autoptr (GString) text = g_string_new (NULL);

  append_times (text, "> ", 5000);
  g_string_append (text, "deep\n\n");
  append_times (text, "| a ", 100);
  g_string_append (text, "|\n");
  append_times (text, "|---", 100);
  g_string_append (text, "|\n\n");
  append_times (text, "w", 100000);
  g_string_append (text, "\n\n</a> <a href=\"x\"> & \x01 \xe2\x80\xae [x](javascript:1) <b>\n");
  sotto_print_pages_add (pages, "Baker", text->str, NULL);
  g_assert_cmpuint (finish (pages), >, 1);
}

static void
add_picture (SottoPrintPages *pages,
             guint            width,
             guint            height,
             guint            full_width)
{
  g_autofree guchar *rows = g_malloc0 (3 * (gsize) width * height);
  SottoPixels pixels = { g_bytes_new_static (rows, 3 * (gsize) width * height), width, height, full_width, height };

  sotto_print_pages_add_picture (pages, &pixels);
  g_bytes_unref (pixels.bytes);
}

/* Two of a third of a page go with their words onto one; a third and a fourth do not. Small ones stay small. */
static void
test_pictures (void)
{
  for (guint n = 2; n <= 4; n += 2)
    {
      g_autoptr (SottoPrintPages) pages = begin ();

      sotto_print_pages_add (pages, "Baker", "Which loaf?", "loaf.jpg");
      for (guint i = 0; i < n; i++)
        add_picture (pages, 300, 900, 2000);
      g_assert_cmpuint (finish (pages), ==, n / 2);
    }
  {
    g_autoptr (SottoPrintPages) pages = begin ();

    sotto_print_pages_add (pages, "Baker", "Which loaf?", NULL);
    for (guint i = 0; i < 12; i++)
      add_picture (pages, 32, 32, 32);
    g_assert_cmpuint (finish (pages), ==, 1);
  }
}

/* In a line, in a table, of their own; wider and higher than the paper, and such as cannot be read */
static void
test_formulas (void)
{
  g_autoptr (SottoPrintPages) pages = begin ();
  g_autoptr (GString) text = g_string_new ("So $x = \\frac{1}{2}$, and\n\\[\n\\sum_{i=1}^n i\n\\]\n| $\\sqrt{2}$ |\n|---|\n| \\(a\\) |\n\n"
                                           "# $x$\n\n$\\foo$\n\n$$\\foo$$\n\n$$\\begin{matrix}");

  for (guint i = 0; i < 59; i++)
    g_string_append (text, "1 \\\\");
  g_string_append (text, "1\\end{matrix}$$\n\n\\[");
  append_times (text, "a + ", 300);
  g_string_append (text, "b\\]\n\n$");
  append_times (text, "a+", 200);
  g_string_append (text, "b$\n");
  sotto_print_pages_add (pages, "Baker", text->str, NULL);
  g_assert_cmpuint (finish (pages), >, 1);
}

static void
test_thrown_away (void)
{
  g_autoptr (SottoPrintPages) pages = begin ();

  sotto_print_pages_add (pages, "You", "Never mind.\n\nReally.", NULL);
  g_assert_true (sotto_print_pages_step (pages));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/print/short", test_short);
  g_test_add_func ("/print/empty", test_empty);
  g_test_add_func ("/print/many", test_many);
  g_test_add_func ("/print/longer-than-a-page", test_longer_than_a_page);
  g_test_add_func ("/print/hostile", test_hostile);
  g_test_add_func ("/print/pictures", test_pictures);
  g_test_add_func ("/print/formulas", test_formulas);
  g_test_add_func ("/print/thrown-away", test_thrown_away);

  return g_test_run ();
}
