/* What a search over all conversations finds, as the sidebar lists it: by words at once, by meaning behind that. How well it finds by
 * meaning is the application's (tests/app/test-meaning-messages.c): here such hits are planted, but for one with a model that is real. */
#include "life.h"

#include <glib/gstdio.h>

#include "conversation/search-hit-private.h"

#include "conversation/message-list.h"
#include "sidebar/sidebar-results.h"
#include "sidebar/sidebar.h"
#include "window.h"

#define HEADING "Found by Meaning"
#define BOILER "The boiler makes a banging noise and shuts down."
#define BREAD "My loaf comes out flat and dense."

#define CONVERSATION(n, title, text) \
  "{\"id\": \"00000000-0000-4000-8000-0000000000" n "a\", \"title\": \"" title "\", \"created\": \"2026-03-05T12:00:00Z\"," \
  " \"updated\": \"2026-03-05T12:00:00Z\", \"messages\": [{\"id\": \"00000000-0000-4000-8000-0000000000" n "b\", \"shown\": true," \
  " \"role\": \"user\", \"status\": \"complete\", \"created\": \"2026-03-05T12:00:00Z\"," \
  " \"parts\": [{\"kind\": \"text\", \"text\": \"" text "\"}]}]}"

#define N_CONVERSATIONS 14

/* Where there are few, meaning says nothing (history/nearness.c). */
static const char archive[] =
  "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": ["
  CONVERSATION ("0", "Cellar", BOILER) "," CONVERSATION ("1", "Oven", BREAD) ","
  CONVERSATION ("2", "Birthday", "Ada turns six on Saturday, and twelve children come.") ","
  CONVERSATION ("3", "Script", "A script that renames all PDF files in a folder.") ","
  CONVERSATION ("4", "Leipzig", "A checklist for moving to another city.") ","
  CONVERSATION ("5", "Knee", "My knee hurts after running ten kilometres.") ","
  CONVERSATION ("6", "Poem", "A poem for the ninetieth birthday of my grandmother.") ","
  CONVERSATION ("7", "Tomatoes", "The leaves of my tomatoes have brown spots.") ","
  CONVERSATION ("8", "Spanish", "The past tense of irregular Spanish verbs.") ","
  CONVERSATION ("9", "Camera", "Which lens do I take to photograph the stars?") ","
  CONVERSATION ("a", "Cat", "My cat has not eaten since yesterday.") ","
  CONVERSATION ("b", "Taxes", "Which receipts do I need for the tax return?") ","
  CONVERSATION ("c", "Chess", "How do I answer the Sicilian defence?") ","
  CONVERSATION ("d", "Train", "Night trains from Vienna to Venice with a bicycle.") "]}";

/* --- What is seen --- */

static GtkWidget *
find_label (GtkWidget  *from,
            const char *text)
{
  if (from == NULL || !gtk_widget_get_mapped (from))
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

/* Returns: (nullable): the list of what was found, where it is in sight */
static GtkWidget *
find_results (GtkWindow *window)
{
  GtkWidget *view = harness_find (harness_find (GTK_WIDGET (window), SOTTO_TYPE_SIDEBAR), GTK_TYPE_LIST_VIEW);

  return view != NULL && gtk_widget_has_css_class (gtk_widget_get_parent (view), "search-results") ? view : NULL;
}

typedef struct {
  GtkWindow *window;
  const char *text;
} Wanted;

static gboolean
is_listed (gpointer data)
{
  const Wanted *wanted = data;

  return find_label (find_results (wanted->window), wanted->text) != NULL;
}

static gboolean
is_listed_alone (gpointer data)
{
  const Wanted *wanted = data;

  return is_listed (data) && sotto_sidebar_results_get_n (GTK_LIST_VIEW (find_results (wanted->window))) == 1 &&
         find_label (find_results (wanted->window), HEADING) == NULL;
}

static gboolean
is_open (gpointer data)
{
  const Wanted *wanted = data;

  return find_label (harness_find (GTK_WIDGET (wanted->window), SOTTO_TYPE_MESSAGE_LIST), wanted->text) != NULL;
}

static gboolean
is_in_sidebar (gpointer data)
{
  const Wanted *wanted = data;

  return find_label (harness_find (GTK_WIDGET (wanted->window), SOTTO_TYPE_SIDEBAR), wanted->text) != NULL;
}

/* The row, not what is in it */
static gboolean
has_focus (gpointer data)
{
  const Wanted *wanted = data;
  GtkWidget *results = find_results (wanted->window);
  GtkWidget *focus = gtk_window_get_focus (wanted->window);

  return results != NULL && focus != NULL && focus != results && gtk_widget_is_ancestor (focus, results) &&
         find_label (focus, wanted->text) != NULL;
}

#define wait_until(condition, window, text) harness_wait_for (condition, (&(Wanted){ (window), (text) }), 30)

/* How far down it is in the list */
static float
measure_top (GtkWindow  *window,
             const char *text)
{
  GtkWidget *label = find_label (find_results (window), text);
  graphene_rect_t bounds;

  g_assert_nonnull (label);
  g_assert_true (gtk_widget_compute_bounds (label, find_results (window), &bounds));

  return bounds.origin.y;
}

/* --- What a person does --- */

static void
begin (SottoApp  *app,
       GtkWindow *window)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-results-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "some.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  life_start_temporary (app);
  g_assert_true (g_file_set_contents (path, archive, -1, NULL));
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  wait_until (is_in_sidebar, window, "Oven");
  wait_until (is_in_sidebar, window, "Cellar");
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_rmdir (folder);
}

static GtkEditable *
search (GtkWindow  *window,
        const char *words)
{
  GtkEditable *entry;

  life_activate (window, "win.search");
  entry = GTK_EDITABLE (gtk_widget_get_ancestor (gtk_window_get_focus (window), GTK_TYPE_SEARCH_ENTRY));
  gtk_editable_set_text (entry, words);

  return entry;
}

/* As if @text had been found in the conversation @id */
static void
plant (SottoApp   *app,
       GtkWindow  *window,
       const char *id,
       const char *message,
       const char *text)
{
  g_autoptr (GListStore) found = g_list_store_new (SOTTO_TYPE_SEARCH_HIT);
  SottoConversation *conversation = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);
  const SottoHistoryHit record = { .conversation = (char *) id, .message = (char *) message, .snippet = (char *) text,
                                   .piece = (char *) text };
  g_autoptr (SottoSearchHit) hit = NULL;

  g_assert_nonnull (conversation);
  hit = sotto_search_hit_new (conversation, &record);
  g_list_store_append (found, hit);
  sotto_sidebar_results_add (GTK_LIST_VIEW (find_results (window)), G_LIST_MODEL (found));
}

/* --- Both kinds --- */

#define OVEN "00000000-0000-4000-8000-00000000001a", "00000000-0000-4000-8000-00000000001b"

static void
behind_life (SottoApp  *app,
             GtkWindow *window)
{
  GtkWidget *focus;
  GtkWidget *row;
  float top;

  begin (app, window);
  search (window, "noise");
  wait_until (is_listed_alone, window, "Cellar");
  focus = gtk_window_get_focus (window);
  harness_settle (find_results (window));
  top = measure_top (window, "Cellar");

  /* Below, under a heading; nothing moves, and whoever types goes on. */
  plant (app, window, OVEN, BREAD);
  wait_until (is_listed, window, "Oven");
  harness_settle (find_results (window));
  g_assert_true (is_listed (&(Wanted){ window, HEADING }));
  g_assert_cmpfloat (measure_top (window, "Cellar"), ==, top);
  g_assert_cmpfloat (measure_top (window, HEADING), >, top);
  g_assert_cmpfloat (measure_top (window, "Oven"), >, measure_top (window, HEADING));
  g_assert_true (gtk_window_get_focus (window) == focus);

  /* What is said of it to those who cannot see it */
  life_assert_named (GTK_WIDGET (window));
  row = gtk_widget_get_parent (gtk_widget_get_ancestor (find_label (find_results (window), "Oven"), GTK_TYPE_BOX));
  row = GTK_IS_BOX (row) ? gtk_widget_get_parent (row) : row;
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, "Oven");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, BREAD);

  /* Whoever types on has asked for something else. */
  search (window, "dense");
  wait_until (is_listed_alone, window, "Oven");
  g_assert_false (is_listed (&(Wanted){ window, "Cellar" }));
  search (window, "nowhere");
  wait_until (is_in_sidebar, window, "Nothing Found");
  g_assert_null (find_results (window));
}

static void
test_behind (void)
{
  life_run (NULL, behind_life);
}

/* --- Keys --- */

static void
keys_life (SottoApp  *app,
           GtkWindow *window)
{
  GtkEditable *entry;

  begin (app, window);
  entry = search (window, "noise");
  g_signal_emit_by_name (entry, "activate");
  wait_until (is_open, window, BOILER);

  search (window, "dense");
  wait_until (is_listed_alone, window, "Oven");
  plant (app, window, "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b", BOILER);
  wait_until (is_listed, window, "Cellar");
  if (!harness_keys (GTK_WIDGET (window), "Down"))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  wait_until (has_focus, window, "Oven");
  harness_keys (GTK_WIDGET (window), "Return");
  wait_until (is_open, window, BREAD);
  gtk_widget_grab_focus (find_results (window));
  wait_until (has_focus, window, "Oven");
  harness_keys (GTK_WIDGET (window), "Down");
  wait_until (has_focus, window, "Cellar");
  harness_keys (GTK_WIDGET (window), "Return");
  wait_until (is_open, window, BOILER);
}

static void
test_keys (void)
{
  life_run (NULL, keys_life);
}

/* --- A real model --- */

static gboolean
has_vectors (gpointer app)
{
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  return sotto_meaning_get_state (meaning) == SOTTO_MEANING_STATE_READY && sotto_meaning_get_n_all (meaning) == N_CONVERSATIONS;
}

static void
on_page (GObject    *stack,
         GParamSpec *pspec,
         GPtrArray  *pages)
{
  g_ptr_array_add (pages, g_strdup (gtk_stack_get_visible_child_name (GTK_STACK (stack))));
}

/* No word of the question stands anywhere: until both have looked nobody says that nothing is found. */
static void
real_life (SottoApp  *app,
           GtkWindow *window)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_null_terminated (4, g_free, TRUE);
  GtkWidget *stack;
  GtkEditable *entry;

  begin (app, window);
  harness_wait_for (has_vectors, app, 60);
  stack = gtk_widget_get_ancestor (harness_find (harness_find (GTK_WIDGET (window), SOTTO_TYPE_SIDEBAR), GTK_TYPE_LIST_VIEW),
                                   GTK_TYPE_STACK);
  g_signal_connect (stack, "notify::visible-child-name", G_CALLBACK (on_page), pages);
  entry = search (window, "What did we say about the heating that broke?");
  wait_until (is_listed, window, "Cellar");
  g_assert_true (is_listed (&(Wanted){ window, HEADING }));
  g_assert_false (g_strv_contains ((const char *const *) pages->pdata, "nothing"));
  g_signal_handlers_disconnect_by_data (stack, pages);

  g_signal_emit_by_name (entry, "activate");
  wait_until (is_open, window, BOILER);
}

static void
test_real (void)
{
  if (harness_link_model ("all-MiniLM-L6-v2"))
    life_run (NULL, real_life);
  else
    g_test_skip ("all-MiniLM-L6-v2 is not here; data/models/fetch puts it there");
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/sidebar-results/behind", test_behind);
  g_test_add_func ("/sidebar-results/keys", test_keys);
  g_test_add_func ("/sidebar-results/real", test_real);

  return g_test_run ();
}
