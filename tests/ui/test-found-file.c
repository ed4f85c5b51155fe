/* What a search has found in no message but in a file that is attached to it, or in a passage that its reply was given: that is opened,
 * and the words are marked there and in sight. */
#include "life.h"

#include <glib/gstdio.h>
#include <string.h>

#include "conversation/find-marks.h"
#include "conversation/found-file.h"
#include "conversation/source-popover.h"
#include "window.h"

#define N_LINES 400

/* A letter of 400 lines with "quince" in the 301st, and a passage with "medlar" in its last */
static char *
create_archive (void)
{
  g_autoptr (GString) letter = g_string_new (NULL);
  g_autoptr (GString) passage = g_string_new (NULL);

  for (guint i = 0; i < N_LINES; i++)
    g_string_append_printf (letter, i == 300 ? "The quince ripens late.\\n" : "Line %u of a letter.\\n", i);
  for (guint i = 0; i < 40; i++)
    g_string_append_printf (passage, "Sentence %u of a report.\\n\\n", i);
  g_string_append (passage, "A medlar needs frost.");

  return g_strdup_printf (
    "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [{\"id\": \"00000000-0000-4000-8000-00000000000a\","
    " \"title\": \"Fruit\", \"created\": \"2026-03-05T12:00:00Z\", \"updated\": \"2026-03-05T12:00:00Z\", \"messages\": ["
    "{\"id\": \"00000000-0000-4000-8000-00000000000b\", \"shown\": true, \"role\": \"user\", \"status\": \"complete\","
    " \"created\": \"2026-03-05T12:00:00Z\", \"parts\": [{\"kind\": \"text\", \"text\": \"Which fruit ripens last?\"},"
    " {\"kind\": \"document\", \"name\": \"letter.txt\", \"media_type\": \"text/plain\", \"text\": \"%s\"},"
    " {\"kind\": \"document\", \"name\": \"orchard.pdf\", \"text\": \"%s\", \"first_page\": 3}]},"
    "{\"id\": \"00000000-0000-4000-8000-00000000000c\", \"parent\": \"00000000-0000-4000-8000-00000000000b\", \"shown\": true,"
    " \"role\": \"assistant\", \"status\": \"complete\", \"created\": \"2026-03-05T12:00:00Z\","
    " \"parts\": [{\"kind\": \"text\", \"text\": \"That is hard to say.\"}]}]}]}", letter->str, passage->str);
}

static void
import (SottoApp  *app,
        GtkWindow *window)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-found-file-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "fruit.sotto", NULL);
  g_autofree char *archive = create_archive ();
  g_autoptr (GFile) file = g_file_new_for_path (path);

  life_start_temporary (app);
  g_assert_true (g_file_set_contents (path, archive, -1, NULL));
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  harness_wait_for (life_has_conversation, app, 20);
  harness_run (0.5);
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_rmdir (folder);
}

/* --- Which --- */

static void
test_needles (void)
{
  static const char *const cases[][5] = {
    { "quince", "quince", NULL },
    { " the  quince ", "the  quince", "the", "quince", NULL },
    { "\"the quince\" ripens", "the quince  ripens", "the", "quince", "ripens" },
    { "\"quince\"", "quince", NULL },
    { " \"\" ", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) needles = sotto_find_list_needles (cases[i][0]);
      guint n = 0;

      for (; n < 4 && cases[i][n + 1] != NULL; n++)
        g_assert_cmpstr (needles[n], ==, cases[i][n + 1]);
      g_assert_null (needles[n]);
    }
}

typedef struct {
  const char *words;
  gboolean is_in_sight;
  const char *found;     /* NULL: nothing to be opened */
  gboolean is_passage;
} Case;

static void
which_life (SottoApp  *app,
            GtkWindow *window)
{
  static const Case cases[] = {
    { "quince", FALSE, "quince", FALSE },
    { "MEDLAR", FALSE, "MEDLAR", TRUE },
    { "\"quince ripens\"", FALSE, "quince ripens", FALSE },
    /* What stands in the message is there, unless a file has more of it. */
    { "ripens", TRUE, NULL, FALSE },
    { "ripens last", TRUE, NULL, FALSE },
    { "ripens late", TRUE, "ripens late", FALSE },
    { "ripens medlar", TRUE, NULL, FALSE },
    { "needs a medlar", TRUE, "medlar", TRUE },
    /* Nowhere together: what is anywhere */
    { "pear medlar", FALSE, "medlar", TRUE },
    { "pear", FALSE, NULL, FALSE },
    { "\"", FALSE, NULL, FALSE },
  };
  g_autoptr (SottoConversation) conversation = NULL;

  import (app, window);
  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (SottoFoundFile) found = { NULL };
      gboolean is_found = sotto_found_file_look (G_LIST_MODEL (conversation), 0, cases[i].words, cases[i].is_in_sight, &found);

      g_test_message ("%s", cases[i].words);
      g_assert_cmpint (is_found, ==, cases[i].found != NULL);
      g_assert_cmpstr (found.words, ==, cases[i].found);
      if (is_found)
        g_assert_cmpint (found.attachment == NULL, ==, cases[i].is_passage);
    }
}

static void
test_which (void)
{
  life_run (NULL, which_life);
}

/* --- In the window --- */

static void
search (GtkWindow  *window,
        const char *words)
{
  GtkWidget *entry;

  life_activate (window, "win.search");
  entry = gtk_widget_get_ancestor (gtk_window_get_focus (window), GTK_TYPE_SEARCH_ENTRY);
  gtk_editable_set_text (GTK_EDITABLE (entry), words);
  g_signal_emit_by_name (entry, "activate");
}

static gboolean
has_dialog (gpointer window)
{
  return adw_application_window_get_visible_dialog (window) != NULL;
}

/* Returns: (transfer full): what is marked in the text view, if it is in sight */
static char *
get_marked (GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextTag *tag = gtk_text_tag_table_lookup (gtk_text_buffer_get_tag_table (buffer), "sotto-found-current");
  GtkTextIter begin, end;
  GdkRectangle place, visible;

  gtk_text_buffer_get_start_iter (buffer, &begin);
  if (tag == NULL || !gtk_text_iter_forward_to_tag_toggle (&begin, tag))
    return NULL;
  end = begin;
  gtk_text_iter_forward_to_tag_toggle (&end, tag);
  gtk_text_view_get_iter_location (view, &begin, &place);
  gtk_text_view_get_visible_rect (view, &visible);

  return gdk_rectangle_intersect (&place, &visible, NULL) ? gtk_text_iter_get_slice (&begin, &end) : NULL;
}

/* The lines above it are measured while nothing else is to be done. */
static gboolean
shows_quince (gpointer dialog)
{
  GtkWidget *view = harness_find (dialog, GTK_TYPE_TEXT_VIEW);
  g_autofree char *marked = view != NULL ? get_marked (GTK_TEXT_VIEW (view)) : NULL;

  return g_strcmp0 (marked, "quince") == 0;
}

static void
attached_life (SottoApp  *app,
               GtkWindow *window)
{
  AdwDialog *dialog;

  import (app, window);
  search (window, "quince");
  harness_wait_for (has_dialog, window, 10);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  g_assert_cmpstr (adw_dialog_get_title (dialog), ==, "letter.txt");
  harness_wait_for (shows_quince, dialog, 10);
  adw_dialog_close (dialog);
  harness_run (0.3);
}

static void
test_attached (void)
{
  life_run (NULL, attached_life);
}

static GtkWidget *
find_label (GtkWidget  *from,
            const char *text)
{
  GtkWidget *found = GTK_IS_LABEL (from) && strstr (gtk_label_get_text (GTK_LABEL (from)), text) != NULL ? from : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (from); found == NULL && child != NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_label (child, text);

  return found;
}

static gboolean
has_popover (gpointer window)
{
  return harness_find (window, SOTTO_TYPE_SOURCE_POPOVER) != NULL;
}

static void
passage_life (SottoApp  *app,
              GtkWindow *window)
{
  GtkWidget *popover, *label, *scroller;
  PangoAttrList *marks;
  graphene_rect_t bounds;

  import (app, window);
  search (window, "needs a medlar");
  harness_wait_for (has_popover, window, 10);
  harness_run (0.8);
  popover = harness_find (GTK_WIDGET (window), SOTTO_TYPE_SOURCE_POPOVER);
  label = find_label (popover, "A medlar needs frost.");
  g_assert_nonnull (label);
  marks = gtk_label_get_attributes (GTK_LABEL (label));
  g_assert_nonnull (marks);
  scroller = gtk_widget_get_ancestor (label, GTK_TYPE_SCROLLED_WINDOW);
  g_assert_true (gtk_widget_compute_bounds (label, scroller, &bounds));
  g_assert_cmpfloat (bounds.origin.y + bounds.size.height, <=, gtk_widget_get_height (scroller) + 1);

  /* Nothing is opened for what the message itself says. */
  gtk_popover_popdown (GTK_POPOVER (popover));
  harness_run (0.3);
  search (window, "hard to say");
  harness_run (1);
  g_assert_false (has_popover (window));
  g_assert_false (has_dialog (window));
}

static void
test_passage (void)
{
  life_run (NULL, passage_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/found-file/needles", test_needles);
  g_test_add_func ("/found-file/which", test_which);
  g_test_add_func ("/found-file/attached", test_attached);
  g_test_add_func ("/found-file/passage", test_passage);

  return g_test_run ();
}
