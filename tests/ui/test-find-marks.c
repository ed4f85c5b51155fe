/* Words that were looked for are marked where they stand: in text, headings, tables and code, case and accents aside. */
#include "harness.h"

#include <string.h>

#include "find-marks.h"
#include "markdown-view.h"

/* What is marked in and below @widget, in brackets, one widget a line. */
static void
collect (GtkWidget *widget,
         GString   *marked)
{
  if (GTK_IS_LABEL (widget))
    {
      PangoAttrList *list = gtk_label_get_attributes (GTK_LABEL (widget));
      g_autoptr (PangoAttrIterator) iterator = list != NULL ? pango_attr_list_get_iterator (list) : NULL;

      while (iterator != NULL)
        {
          int begin, end;

          pango_attr_iterator_range (iterator, &begin, &end);
          if (pango_attr_iterator_get (iterator, PANGO_ATTR_BACKGROUND) != NULL)
            g_string_append_printf (marked, "[%.*s]", end - begin, gtk_label_get_text (GTK_LABEL (widget)) + begin);
          if (!pango_attr_iterator_next (iterator))
            break;
        }
    }
  else if (GTK_IS_TEXT_VIEW (widget))
    {
      GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget));
      GtkTextTag *tag = gtk_text_tag_table_lookup (gtk_text_buffer_get_tag_table (buffer), "sotto-found");
      GtkTextIter begin;

      gtk_text_buffer_get_start_iter (buffer, &begin);
      while (tag != NULL && (gtk_text_iter_starts_tag (&begin, tag) || gtk_text_iter_forward_to_tag_toggle (&begin, tag)))
        {
          GtkTextIter end = begin;
          g_autofree char *text = NULL;

          if (!gtk_text_iter_starts_tag (&begin, tag))
            break;
          gtk_text_iter_forward_to_tag_toggle (&end, tag);
          text = gtk_text_buffer_get_text (buffer, &begin, &end, TRUE);
          g_string_append_printf (marked, "<%s>", text);
          begin = end;
        }
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    collect (child, marked);
}

static void
assert_marked (GtkWidget  *view,
               const char *words,
               const char *wanted)
{
  g_autoptr (GString) marked = g_string_new (NULL);
  GtkWidget *first = sotto_find_mark (view, words);

  collect (view, marked);
  g_assert_cmpstr (marked->str, ==, wanted);
  g_assert_cmpint (first != NULL, ==, *wanted != '\0');
}

static void
test_places (void)
{
  GtkWidget *view = sotto_markdown_view_new ();
  GtkWindow *window = harness_show (view, 500, 600);

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view),
                                "# Red roses\n\nA *red* one & a **Réd** one <red>.\n\n"
                                "| Colour |\n|---|\n| RED |\n\n```python\nred = 'ré'\nRed = red\n```\n");
  harness_settle (view);

  assert_marked (view, "red", "[Red][red][Réd][red][RED]<red><Red><red>");
  assert_marked (view, "RÉD", "[Red][red][Réd][red][RED]<red><Red><red>");
  assert_marked (view, "re'", "<ré'>");
  assert_marked (view, "re", "[Re][re][Ré][re][RE]<re><ré><Re><re>");
  assert_marked (view, "one & a", "[one & a]");
  assert_marked (view, "blue", "");
  assert_marked (view, "", "");
  assert_marked (view, "red", "[Red][red][Réd][red][RED]<red><Red><red>");
  assert_marked (view, NULL, "");

  gtk_window_destroy (window);
}

/* Where in a text the pieces of its folded form come from. */
static void
test_fold (void)
{
  static const struct {
    const char *text;
    const char *folded;
  } cases[] = {
    { "Zażółć GĘŚLĄ jaźń", "zazolc gesla jazn" },
    { "Straße", "strasse" },
    { "ﬁne Ｗide", "fine wide" },
    { "e\xcc\x81t\xc3\xa9", "ete" },      /* é in two characters, and in one */
    { "東京", "東京" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GArray) offsets = NULL;
      g_autofree char *folded = sotto_find_fold (cases[i].text, &offsets);

      g_assert_cmpstr (folded, ==, cases[i].folded);
      g_assert_cmpuint (offsets->len, ==, strlen (folded) + 1);
      g_assert_cmpuint (g_array_index (offsets, gsize, strlen (folded)), ==, strlen (cases[i].text));
      for (guint n = 0; n + 1 < offsets->len; n++)
        g_assert_cmpuint (g_array_index (offsets, gsize, n), <=, g_array_index (offsets, gsize, n + 1));
    }
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/find-marks/places", test_places);
  g_test_add_func ("/find-marks/fold", test_fold);

  return g_test_run ();
}
