/* The passages that a reply was given: buttons under it, and numbers in it that lead to them. */
#include "life.h"

#include <sotto-history.h>
#include <string.h>

#include "conversation/message-private.h"
#include "conversation/message-row.h"
#include "conversation/source-popover.h"
#include "conversation/sources-text.h"
#include "conversation/sources-view.h"
#include "markdown/markdown-sources.h"
#include "markdown/markdown-text.h"

/* --- Numbers --- */

static char *
link_numbers (const char *markdown)
{
  static const char *const titles[] = { "report.pdf, page 3", "a \"b\" <c>.md", "notes.md", NULL };
  cmark_node *document = sotto_markdown_parse (markdown, strlen (markdown));
  char *markup;

  sotto_markdown_link_sources (document, titles);
  markup = sotto_markdown_inlines_to_markup (cmark_node_first_child (document), NULL, NULL);
  cmark_node_free (document);

  return markup;
}

#define ONE(text) "<a href=\"sotto-source:1\" title=\"report.pdf, page 3\">" text "</a>"
#define TWO(text) "<a href=\"sotto-source:2\" title=\"a &quot;b&quot; &lt;c&gt;.md\">" text "</a>"
#define THREE(text) "<a href=\"sotto-source:3\" title=\"notes.md\">" text "</a>"

static void
test_numbers (void)
{
  static const char *const cases[][2] = {
    { "So it is [1].", "So it is " ONE ("[1]") "." },
    { "So it is [1][3]", "So it is " ONE ("[1]") THREE ("[3]") },
    { "So [1, 2] and [2,3]", "So [" ONE ("1") ", " TWO ("2") "] and [" TWO ("2") "," THREE ("3") "]" },
    { "**So [1]**", "<b>So " ONE ("[1]") "</b>" },
    { "[1] So", ONE ("[1]") " So" },
    /* There are three. */
    { "[0] [4] [1, 4] [12] [1234567890123] [01x]", "[0] [4] [1, 4] [12] [1234567890123] [01x]" },
    { "[] [ 1] [1 ] [a] [1", "[] [ 1] [1 ] [a] [1" },
    { "`a[1]`", "<span font_family=\"monospace\" background=\"#80808028\">a[1]</span>" },
    { "[see [1]](https://example.org)", "<a href=\"https://example.org\" title=\"https://example.org\">see [1]</a>" },
    { "[x](sotto-source:1)", "x (sotto-source:1)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *markup = link_numbers (cases[i][0]);

      g_assert_cmpstr (markup, ==, cases[i][1]);
    }
  /* Without bounds, in both ways */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GString) text = g_string_new (i == 0 ? "" : "[1");
      g_autofree char *markup = NULL;
      guint n_links = 0;

      for (guint j = 0; j < 100000; j++)
        g_string_append (text, i == 0 ? "[1]" : ",1");
      g_string_append (text, "]");
      markup = link_numbers (text->str);
      for (const char *p = markup; (p = strstr (p, "<a ")) != NULL; p++)
        n_links++;
      g_assert_cmpuint (n_links, ==, i == 0 ? 500 : 0);
    }
  g_assert_cmpuint (sotto_markdown_parse_source ("sotto-source:12"), ==, 12);
  g_assert_cmpuint (sotto_markdown_parse_source ("https://example.org"), ==, 0);
}

/* --- In the window --- */

static void
add_passage (GPtrArray  *parts,
             const char *name,
             const char *text,
             guint       page)
{
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, text);

  part->name = g_strdup (name);
  part->uri = g_strdup ("file:///nowhere/at/all.pdf");
  part->first_page = part->last_page = page;
  g_ptr_array_add (parts, part);
}

/* Returns: (transfer full): an answer that names two of three passages */
static SottoMessage *
create_reply (void)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  static const char *const siblings[] = { "00000000-0000-4000-8000-00000000000c", NULL };
  SottoSources *sources;
  SottoMessage *reply;

  reply = sotto_message_new (siblings[0], NULL, SOTTO_ROLE_ASSISTANT, SOTTO_MESSAGE_STATUS_COMPLETE,
                             "The keeper trims the lamp [1]. He counts the ships [1, 3].", siblings);
  add_passage (parts, "report.pdf", "The keeper trims the lamp.", 3);
  add_passage (parts, "recipes.md", "Take two eggs.", 0);
  add_passage (parts, "report.pdf", "Ships are counted.", 4);
  sources = sotto_sources_new_from_parts (parts);
  sotto_message_set_sources (reply, sources);
  sotto_sources_unref (sources);

  return reply;
}

static void
test_words (void)
{
  g_autoptr (SottoMessage) reply = create_reply ();
  g_autofree char *named = sotto_sources_describe (reply, TRUE);
  g_autofree char *all = sotto_sources_describe (reply, FALSE);

  g_assert_cmpstr (named, ==, "[1] report.pdf, page 3\n[3] report.pdf, page 4");
  g_assert_cmpstr (all, ==, "[1] report.pdf, page 3\n[2] recipes.md\n[3] report.pdf, page 4");
}

typedef struct {
  GtkWidget *from;
  GType type;
  GtkWidget *found;
} Search;

static gboolean
has_come (gpointer data)
{
  Search *search = data;

  return (search->found = harness_find (search->from, search->type)) != NULL;
}

static gboolean
has_gone (gpointer data)
{
  return !has_come (data);
}

static gboolean
says (GtkWidget  *from,
      const char *text)
{
  if (!gtk_widget_get_mapped (from))
    return FALSE;
  if (GTK_IS_LABEL (from) && strstr (gtk_label_get_text (GTK_LABEL (from)), text) != NULL)
    return TRUE;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (says (child, text))
      return TRUE;

  return FALSE;
}

static gboolean
says_gone (gpointer popover)
{
  return says (popover, "not there any more");
}

static GtkWidget *
find_link (GtkWidget *from)
{
  if (GTK_IS_LABEL (from) && strstr (gtk_label_get_label (GTK_LABEL (from)), "sotto-source:3") != NULL)
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_link (child);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static void
sources_life (SottoApp  *app,
              GtkWindow *window)
{
  g_autoptr (SottoMessage) reply = create_reply ();
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  SottoConversation *conversation;
  GtkWindow *own;
  GtkWidget *row;
  GtkWidget *view;
  GtkWidget *label;
  gboolean handled;

  life_start_temporary (app);
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  row = sotto_message_row_new (conversation, reply, reader);
  own = harness_show (row, 800, 400);
  life_assert_named (row);

  /* Under it, in the room for one line */
  view = harness_find (row, SOTTO_TYPE_SOURCES_VIEW);
  g_assert_nonnull (view);
  g_assert_true (says (view, "report.pdf, page 4"));
  g_assert_false (says (view, "3 sources"));

  /* A number in the text */
  label = find_link (row);
  g_assert_nonnull (label);
  g_signal_emit_by_name (label, "activate-link", "sotto-source:3", &handled);
  g_assert_true (handled);
  {
    Search search = { row, SOTTO_TYPE_SOURCE_POPOVER, NULL };

    harness_wait_for (has_come, &search, 10);
    harness_run (0.3);
    g_assert_true (says (search.found, "Ships are counted."));
    g_assert_true (says (search.found, "report.pdf, page 4"));
    life_assert_named (search.found);
    life_click (search.found, "_Open Document");
    harness_wait_for (says_gone, search.found, 10);
    gtk_popover_popdown (GTK_POPOVER (search.found));
    harness_wait_for (has_gone, &search, 10);
  }

  /* A button under it */
  gtk_menu_button_popup (GTK_MENU_BUTTON (harness_find (view, GTK_TYPE_MENU_BUTTON)));
  {
    Search search = { row, SOTTO_TYPE_SOURCE_POPOVER, NULL };

    harness_wait_for (has_come, &search, 10);
    g_assert_true (says (search.found, "The keeper trims the lamp."));
    gtk_popover_popdown (GTK_POPOVER (search.found));
  }

  gtk_window_destroy (own);
}

static void
test_window (void)
{
  life_run (NULL, sources_life);
}

/* In little room it is one line, which opens; and none of it is reached by the keyboard before. */
static void
narrow_life (SottoApp  *app,
             GtkWindow *window)
{
  g_autoptr (SottoMessage) reply = create_reply ();
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  SottoConversation *conversation;
  GtkWindow *own;
  GtkWidget *row;
  GtkWidget *view;

  life_start_temporary (app);
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  row = sotto_message_row_new (conversation, reply, reader);
  own = harness_show (row, 230, 400);
  view = harness_find (row, SOTTO_TYPE_SOURCES_VIEW);
  g_assert_true (says (view, "3 sources"));
  g_assert_null (harness_find (view, GTK_TYPE_MENU_BUTTON));
  g_signal_emit_by_name (harness_find (view, GTK_TYPE_BUTTON), "clicked");
  harness_settle (view);
  g_assert_true (says (view, "report.pdf, page 4"));
  life_assert_named (row);
  gtk_window_destroy (own);
}

static void
test_narrow (void)
{
  life_run (NULL, narrow_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/sources/numbers", test_numbers);
  g_test_add_func ("/sources/words", test_words);
  g_test_add_func ("/sources/window", test_window);
  g_test_add_func ("/sources/narrow", test_narrow);

  return g_test_run ();
}
