/* Finding one's way in long conversations: words where they stand, by Ctrl+F and from the search of all; the message to be edited
 * under a long reply; one so long that it has a view of its own; a conversation without a title, pinned ones,
 * and a window without a model. */
#include "life.h"

#include <glib/gstdio.h>

#include "conversation/message-list.h"
#include "conversation/message-row.h"
#include "sidebar/conversation-row.h"
#include "window.h"

#define N_LINES 150

/* A question, and a reply with three needles in it: at the end of long code, behind it, and far below. A link's address is a fourth
 * that nobody sees. */
static char *
create_archive (void)
{
  g_autoptr (GString) reply = g_string_new ("Here:\\n\\n```python\\n");

  for (guint i = 0; i < N_LINES; i++)
    g_string_append_printf (reply, "line_%u = %u\\n", i, i);
  g_string_append (reply, "# a needle\\n```\\n\\nAnother needle [there](https://example.org/needle).\\n\\n");
  for (guint i = 0; i < N_LINES; i++)
    g_string_append_printf (reply, "Paragraph %u of many.\\n\\n", i);
  g_string_append (reply, "The last needle.");

  return g_strdup_printf (
    "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [{\"id\": \"00000000-0000-4000-8000-00000000000a\","
    " \"title\": \"Hay\", \"created\": \"2026-03-05T12:00:00Z\", \"updated\": \"2026-03-05T12:00:00Z\", \"messages\": ["
    "{\"id\": \"00000000-0000-4000-8000-00000000000b\", \"shown\": true, \"role\": \"user\", \"status\": \"complete\","
    " \"created\": \"2026-03-05T12:00:00Z\", \"parts\": [{\"kind\": \"text\", \"text\": \"Much, please\"}]},"
    "{\"id\": \"00000000-0000-4000-8000-00000000000c\", \"parent\": \"00000000-0000-4000-8000-00000000000b\", \"shown\": true,"
    " \"role\": \"assistant\", \"status\": \"complete\", \"created\": \"2026-03-05T12:00:00Z\","
    " \"parts\": [{\"kind\": \"text\", \"text\": \"%s\"}]}]},"
    "{\"id\": \"00000000-0000-4000-8000-00000000000d\", \"title\": \"\", \"created\": \"2026-03-01T12:00:00Z\","
    " \"updated\": \"2026-03-01T12:00:00Z\", \"messages\": [{\"id\": \"00000000-0000-4000-8000-00000000000e\", \"shown\": true,"
    " \"role\": \"user\", \"status\": \"complete\", \"created\": \"2026-03-01T12:00:00Z\","
    " \"parts\": [{\"kind\": \"text\", \"text\": \"?\"}]}]}]}", reply->str);
}

static void
import (GtkWindow *window)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-finding-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "hay.sotto", NULL);
  g_autofree char *archive = create_archive ();
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_assert_true (g_file_set_contents (path, archive, -1, NULL));
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  harness_run (1);
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_rmdir (folder);
}

static GtkWidget *
find_list (GtkWindow *window)
{
  return harness_find (GTK_WIDGET (window), SOTTO_TYPE_MESSAGE_LIST);
}

static GtkEditable *
focused_entry (GtkWindow *window)
{
  return GTK_EDITABLE (gtk_widget_get_ancestor (gtk_window_get_focus (window), GTK_TYPE_SEARCH_ENTRY));
}

static GtkWidget *
find_label (GtkWidget  *from,
            const char *text)
{
  if (!gtk_widget_get_mapped (from))
    return NULL;
  if (GTK_IS_LABEL (from) && g_str_equal (gtk_label_get_text (GTK_LABEL (from)), text))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_label (child, text);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gboolean
is_in_sight (GtkWidget *widget,
             double     top,
             double     height)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (widget, SOTTO_TYPE_MESSAGE_LIST);
  graphene_rect_t bounds;

  g_assert_true (gtk_widget_compute_bounds (widget, gtk_widget_get_parent (scroller), &bounds));

  return bounds.origin.y + top >= 0 && bounds.origin.y + top + height <= gtk_widget_get_height (gtk_widget_get_parent (scroller));
}

/* @last: whether the end of the code is meant, or its beginning */
static gboolean
is_code_in_sight (GtkWindow *window,
                  gboolean   last)
{
  GtkWidget *code = harness_find (find_list (window), GTK_TYPE_TEXT_VIEW);

  return code != NULL && is_in_sight (code, last ? gtk_widget_get_height (code) - 40 : 0, 20);
}

static void
find_places (SottoApp  *app,
             GtkWindow *window)
{
  GtkEditable *entry;
  GtkWidget *list;

  life_start_temporary (app);
  import (window);
  list = find_list (window);

  life_activate (window, "win.find");
  entry = focused_entry (window);
  gtk_editable_set_text (entry, "needle");
  harness_run (1);
  /* The message was read before it was seen: what one sees of it counts. */
  g_assert_nonnull (find_label (GTK_WIDGET (window), "3 of 3"));
  g_assert_true (is_in_sight (find_label (list, "The last needle."), 0, 10));
  g_assert_false (is_code_in_sight (window, TRUE));

  g_signal_emit_by_name (entry, "activate");
  harness_run (0.6);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "2 of 3"));
  g_assert_true (is_in_sight (find_label (list, "Another needle there."), 0, 10));
  g_signal_emit_by_name (entry, "activate");
  harness_run (0.6);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "1 of 3"));
  g_assert_true (is_code_in_sight (window, TRUE));
  g_assert_false (is_code_in_sight (window, FALSE));
  g_signal_emit_by_name (entry, "activate");
  harness_run (0.6);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "3 of 3"));
  g_signal_emit_by_name (entry, "next-match");
  harness_run (0.6);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "1 of 3"));

  /* What only an address says cannot be shown. */
  gtk_editable_set_text (entry, "example.org");
  harness_run (1);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "Nothing found"));
  g_signal_emit_by_name (entry, "stop-search");
  harness_run (0.4);
}

static void
search_all (SottoApp  *app,
            GtkWindow *window)
{
  GtkWidget *composer;

  life_start_temporary (app);
  import (window);
  life_activate (window, "win.focus-composer");
  composer = gtk_window_get_focus (window);
  g_assert_true (GTK_IS_TEXT_VIEW (composer));

  /* Enter opens what is found first, and there stand the words. */
  life_activate (window, "win.search");
  gtk_editable_set_text (focused_entry (window), "\"a needle\"");
  g_signal_emit_by_name (focused_entry (window), "activate");
  harness_run (1.2);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "Hay"));
  g_assert_true (is_code_in_sight (window, TRUE));

  /* Whoever leaves the search writes on. */
  g_signal_emit_by_name (focused_entry (window), "stop-search");
  harness_run (0.5);
  g_assert_true (gtk_window_get_focus (window) == composer);
}

/* What came without a title has a name wherever it is spoken of. */
static void
name_untitled (SottoApp  *app,
               GtkWindow *window)
{
  life_start_temporary (app);
  import (window);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "Untitled"));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.delete-listed", "s", "00000000-0000-4000-8000-00000000000d");
  harness_run (0.5);
  g_assert_nonnull (find_label (GTK_WIDGET (window), "“Untitled” deleted"));
}

/* Ctrl+D, the menu, and the menu of a row; whoever pins goes on where they were. */
static void
pin (SottoApp  *app,
     GtkWindow *window)
{
  GListModel *list = G_LIST_MODEL (sotto_app_get_conversations (app));
  g_autoptr (SottoConversation) untitled = NULL;
  GtkWidget *composer;

  life_start_temporary (app);
  g_assert_false (life_is_enabled (window, "win.pin") || life_is_enabled (window, "win.unpin"));
  import (window);
  life_activate (window, "win.focus-composer");
  composer = gtk_window_get_focus (window);
  g_assert_null (find_label (GTK_WIDGET (window), "Pinned"));
  g_assert_false (life_is_enabled (window, "win.unpin"));

  /* The row below: it goes up, under a heading of its own, and what is open stays open. */
  untitled = g_list_model_get_item (list, 1);
  g_assert_cmpstr (sotto_conversation_get_name (untitled), ==, "Untitled");
  gtk_widget_activate_action (gtk_widget_get_ancestor (find_label (GTK_WIDGET (window), "Untitled"), SOTTO_TYPE_CONVERSATION_ROW),
                              "row.pin", NULL);
  harness_run (0.4);
  g_assert_true (sotto_conversation_is_pinned (untitled));
  g_assert_nonnull (find_label (GTK_WIDGET (window), "Pinned"));
  g_assert_true (g_list_model_get_item (list, 0) == (gpointer) untitled);
  g_object_unref (untitled);
  g_assert_true (gtk_window_get_focus (window) == composer);
  g_assert_nonnull (find_label (find_list (window), "The last needle."));

  if (!harness_keys (GTK_WIDGET (window), "ctrl+d"))
    life_activate (window, "win.pin");
  harness_run (0.4);
  g_assert_true (life_is_enabled (window, "win.unpin") && !life_is_enabled (window, "win.pin"));
  gtk_widget_activate_action (gtk_widget_get_ancestor (find_label (GTK_WIDGET (window), "Untitled"), SOTTO_TYPE_CONVERSATION_ROW),
                              "row.unpin", NULL);
  if (!harness_keys (GTK_WIDGET (window), "ctrl+d"))
    life_activate (window, "win.unpin");
  harness_run (0.4);
  g_assert_null (find_label (GTK_WIDGET (window), "Pinned"));
  g_assert_true (gtk_window_get_focus (window) == composer);
}

/* Without a model there is nowhere to write: keys lead to what is missing, and no list of models opens in the air. */
static void
begin_without_model (SottoApp  *app,
                     GtkWindow *window)
{
  static const char *const actions[] = { "win.new-conversation", "win.focus-composer", "win.choose-model" };

  life_start_temporary (app);
  harness_run (1);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      life_activate (window, actions[i]);
      g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (gtk_window_get_focus (window))), ==, "_Add a Model File…");
    }
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "Add a Models _Folder…"));
}

/* The arrow up, pressed once */
static void
recall (SottoApp  *app,
        GtkWindow *window)
{
  GtkWidget *row;

  life_start_temporary (app);
  import (window);
  life_activate (window, "win.focus-composer");
  g_assert_null (find_label (find_list (window), "Much, please"));
  if (!harness_keys (GTK_WIDGET (window), "Up"))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  harness_run (0.8);
  row = gtk_widget_get_ancestor (gtk_window_get_focus (window), SOTTO_TYPE_MESSAGE_ROW);
  g_assert_nonnull (row);
  g_assert_true (is_in_sight (gtk_window_get_focus (window), 0, 10));
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

static void
send_long (SottoApp  *app,
           GtkWindow *window)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GtkWidget *scroller;

  life_start_temporary (app);
  harness_wait_for (has_model, app, 20);
  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (text, "line %u of a log that was pasted as a whole\n", i);
  life_activate (window, "win.focus-composer");
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (gtk_window_get_focus (window))), text->str, -1);
  life_click (GTK_WIDGET (window), "Send (Enter)");
  harness_wait_for (life_has_conversation, app, 10);
  harness_run (1.5);

  /* Beside the bubble's padding */
  scroller = harness_find (find_list (window), GTK_TYPE_SCROLLED_WINDOW);
  g_assert_nonnull (scroller);
  g_assert_cmpint (gtk_widget_get_width (scroller), >, gtk_widget_get_width (find_list (window)) / 2);
}

static void
test_places (void)
{
  life_run (NULL, find_places);
}

static void
test_everywhere (void)
{
  life_run (NULL, search_all);
}

static void
test_untitled (void)
{
  life_run (NULL, name_untitled);
}

static void
test_pin (void)
{
  life_run (NULL, pin);
}

static void
test_without_model (void)
{
  life_run (NULL, begin_without_model);
}

static void
test_recall (void)
{
  life_run (NULL, recall);
}

static void
test_long_message (void)
{
  /* Without a model one cannot begin. */
  if (harness_link_model ("SmolLM2-135M"))
    life_run (NULL, send_long);
  else
    g_test_skip ("SmolLM2-135M is not here; data/models/fetch puts it there");
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/finding/places", test_places);
  g_test_add_func ("/finding/everywhere", test_everywhere);
  g_test_add_func ("/finding/untitled", test_untitled);
  g_test_add_func ("/finding/pin", test_pin);
  g_test_add_func ("/finding/without-model", test_without_model);
  g_test_add_func ("/finding/recall", test_recall);
  g_test_add_func ("/finding/long-message", test_long_message);

  return g_test_run ();
}
