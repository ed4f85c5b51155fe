/* Words that were looked for are marked where they stand: in text, headings, tables and code, case and accents aside. */
#include "harness.h"

#include <string.h>

#include "conversation/find-marks.h"
#include "markdown/markdown-view.h"

/* What is marked in and below @widget, in brackets; that which is shown with a star. */
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
          PangoAttrColor *background;
          int begin, end;

          pango_attr_iterator_range (iterator, &begin, &end);
          background = (PangoAttrColor *) pango_attr_iterator_get (iterator, PANGO_ATTR_BACKGROUND);
          /* The one that is shown is orange, the others are yellow. */
          if (background != NULL)
            g_string_append_printf (marked, "[%s%.*s]", background->color.green < 0xc000 ? "*" : "", end - begin,
                                    gtk_label_get_text (GTK_LABEL (widget)) + begin);
          if (!pango_attr_iterator_next (iterator))
            break;
        }
    }
  else if (GTK_IS_TEXT_VIEW (widget))
    {
      GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget));
      GtkTextTagTable *table = gtk_text_buffer_get_tag_table (buffer);
      GtkTextTag *tag = gtk_text_tag_table_lookup (table, "sotto-found");
      GtkTextTag *current = gtk_text_tag_table_lookup (table, "sotto-found-current");
      GtkTextIter begin;

      gtk_text_buffer_get_start_iter (buffer, &begin);
      while (tag != NULL && !gtk_text_iter_is_end (&begin))
        {
          GtkTextTag *here = gtk_text_iter_starts_tag (&begin, tag) ? tag
                             : gtk_text_iter_starts_tag (&begin, current) ? current : NULL;
          GtkTextIter end = begin;
          g_autofree char *text = NULL;

          gtk_text_iter_forward_to_tag_toggle (&end, here);
          text = gtk_text_buffer_get_text (buffer, &begin, &end, TRUE);
          if (here != NULL)
            g_string_append_printf (marked, here == current ? "<*%s>" : "<%s>", text);
          begin = end;
        }
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    collect (child, marked);
}

static void
assert_marked (GtkWidget  *view,
               const char *words,
               guint       place,
               const char *wanted)
{
  g_autoptr (GString) marked = g_string_new (NULL);
  SottoFoundPlace found = { NULL, 0 };
  guint n = sotto_find_mark (view, words, place, &found);
  graphene_rect_t bounds;
  guint n_wanted = 0;

  for (const char *p = wanted; *p != '\0'; p++)
    if (*p == '[' || *p == '<')
      n_wanted++;
  collect (view, marked);
  g_assert_cmpstr (marked->str, ==, wanted);
  g_assert_cmpuint (n, ==, n_wanted);
  g_assert_cmpint (found.widget != NULL, ==, n > 0);
  if (n > 0)
    {
      g_assert_true (sotto_found_place_get_bounds (&found, view, &bounds));
      g_assert_cmpfloat (bounds.size.height, <, 60);
    }
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

  assert_marked (view, "red", 0, "[*Red][red][Réd][red][RED]<red><Red><red>");
  assert_marked (view, "RÉD", 2, "[Red][red][*Réd][red][RED]<red><Red><red>");
  assert_marked (view, "red", 6, "[Red][red][Réd][red][RED]<red><*Red><red>");
  assert_marked (view, "red", G_MAXUINT, "[Red][red][Réd][red][RED]<red><Red><*red>");
  assert_marked (view, "re'", 0, "<*ré'>");
  assert_marked (view, "re", 0, "[*Re][re][Ré][re][RE]<re><ré><Re><re>");
  assert_marked (view, "one & a", 0, "[*one & a]");
  assert_marked (view, "blue", 0, "");
  assert_marked (view, "", 0, "");
  assert_marked (view, "red", 4, "[Red][red][Réd][red][*RED]<red><Red><red>");
  assert_marked (view, NULL, 0, "");

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
