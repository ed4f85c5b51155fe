/* Finding by meaning where folders of documents are: without a model, with one, with several; while it works; when it fails. The models
 * are tiny ones of the engine's tests. */
#include "life.h"

#include <glib/gstdio.h>
#include <string.h>

#include "document/meaning-private.h"

#include "folder/meaning-group.h"
#include "model-details.h"
#include "place.h"
#include "window.h"

#define TINY "bert.gguf"
#define OTHER "nomic-bert.gguf"

static char *
build_model_path (const char *name)
{
  return g_build_filename (g_get_user_data_dir (), "sotto", "models", name, NULL);
}

static gboolean
has_looked (gpointer app)
{
  return !sotto_model_library_is_looking (sotto_app_get_models (app));
}

static void
look (SottoApp *app)
{
  sotto_model_library_refresh (sotto_app_get_models (app));
  harness_wait_for (has_looked, app, 30);
}

static void
add_model (SottoApp   *app,
           const char *name)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "engine", "families", name, NULL);
  g_autofree char *path = build_model_path (name);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_get_contents (source, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
  look (app);
}

static void
remove_model (SottoApp   *app,
              const char *name)
{
  g_autofree char *path = build_model_path (name);

  g_assert_cmpint (g_unlink (path), ==, 0);
  look (app);
}

static gboolean
is_ready (gpointer app)
{
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  return sotto_meaning_get_state (meaning) == SOTTO_MEANING_STATE_READY && sotto_meaning_get_n_all (meaning) > 0;
}

static gboolean
has_failed (gpointer app)
{
  return sotto_meaning_get_state (sotto_app_get_meaning (app)) == SOTTO_MEANING_STATE_FAILED;
}

/* --- What is seen --- */

static GtkWidget *
get_dialog (GtkWindow *window)
{
  return GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
}

static GtkWidget *
get_group (GtkWindow *window)
{
  GtkWidget *group = harness_find (get_dialog (window), SOTTO_TYPE_MEANING_GROUP);

  g_assert_nonnull (group);
  harness_settle (group);

  return group;
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

#define assert_says(window, text) g_assert_true (says (get_group (window), (text)))
#define assert_silent(window, text) g_assert_false (says (get_group (window), (text)))

static GtkWidget *
find_progress (GtkWindow *window)
{
  return harness_find (get_group (window), GTK_TYPE_PROGRESS_BAR);
}

static void
open_folders (SottoApp  *app,
              GtkWindow *window)
{
  life_start_temporary (app);
  place_create ();
  g_object_unref (place_add (app));
  life_activate (window, "win.folders");
  harness_run (0.5);
}

static void
close_dialog (GtkWindow *window)
{
  adw_dialog_close (ADW_DIALOG (get_dialog (window)));
  harness_run (0.5);
}

/* --- With and without models --- */

static void
models_life (SottoApp  *app,
             GtkWindow *window)
{
  SottoSettings *settings = sotto_app_get_settings (app);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  g_autofree char *tiny = build_model_path (TINY);
  g_autofree char *other = build_model_path (OTHER);
  g_autofree char *chosen = NULL;
  GtkWidget *row;

  /* Which kind is missing is said, and the button for it is there. */
  open_folders (app, window);
  assert_says (window, "Find by Meaning");
  assert_says (window, "embedding model");
  g_assert_nonnull (harness_find (get_group (window), ADW_TYPE_BUTTON_ROW));
  assert_says (window, "Add a Model File…");
  life_assert_named (get_dialog (window));

  /* One has a name, and no choice. */
  add_model (app, TINY);
  harness_wait_for (is_ready, app, 60);
  assert_silent (window, "Add a Model File…");
  assert_silent (window, "This takes");
  assert_says (window, sotto_model_entry_get_name (sotto_meaning_get_model (meaning)));
  g_assert_null (harness_find (get_group (window), ADW_TYPE_COMBO_ROW));
  g_assert_null (find_progress (window));
  life_assert_named (get_dialog (window));

  /* Of several one is chosen; which one that is nobody changes by adding or removing. */
  add_model (app, OTHER);
  row = harness_find (get_group (window), ADW_TYPE_COMBO_ROW);
  g_assert_nonnull (row);
  g_assert_cmpstr (sotto_model_entry_get_path (sotto_meaning_get_model (meaning)), ==, tiny);
  g_assert_cmpstr (gtk_string_object_get_string (adw_combo_row_get_selected_item (ADW_COMBO_ROW (row))), ==,
                   sotto_model_entry_get_name (sotto_meaning_get_model (meaning)));
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), 1 - adw_combo_row_get_selected (ADW_COMBO_ROW (row)));
  g_assert_cmpstr (sotto_model_entry_get_path (sotto_meaning_get_model (meaning)), ==, other);
  harness_wait_for (is_ready, app, 60);
  life_assert_named (get_dialog (window));
  remove_model (app, TINY);
  add_model (app, TINY);
  harness_run (0.3);
  g_assert_cmpstr (sotto_model_entry_get_path (sotto_meaning_get_model (meaning)), ==, other);
  chosen = sotto_settings_dup_string (settings, "meaning-model");
  g_assert_cmpstr (chosen, ==, other);

  /* Switched off there is nothing to choose. */
  row = harness_find (get_group (window), ADW_TYPE_SWITCH_ROW);
  adw_switch_row_set_active (ADW_SWITCH_ROW (row), FALSE);
  g_assert_false (sotto_settings_get_boolean (settings, "find-by-meaning"));
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_OFF);
  g_assert_null (harness_find (get_group (window), ADW_TYPE_COMBO_ROW));
  adw_switch_row_set_active (ADW_SWITCH_ROW (row), TRUE);
  harness_wait_for (is_ready, app, 60);

  close_dialog (window);
  remove_model (app, TINY);
  remove_model (app, OTHER);
  place_remove ();
}

static void
test_models (void)
{
  life_run (NULL, models_life);
}

/* --- How far it is --- */

/* It takes hours with real documents: what is seen of that is what the application says of it. */
static void
plant (SottoMeaning      *meaning,
       SottoMeaningState  state,
       const char        *text)
{
  meaning->state = state;
  meaning->n_all = 3400;
  meaning->n_left = 2160;
  g_set_str (&meaning->status_text, text);
  g_object_notify (G_OBJECT (meaning), "state");
}

static void
progress_life (SottoApp  *app,
               GtkWindow *window)
{
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  add_model (app, TINY);
  open_folders (app, window);
  harness_wait_for (is_ready, app, 60);
  assert_says (window, "in other words");
  plant (meaning, SOTTO_MEANING_STATE_WORKING, "1,240 of 3,400 messages and passages");
  assert_says (window, "1,240 of 3,400 messages and passages");
  assert_silent (window, "in other words");
  g_assert_nonnull (find_progress (window));
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (find_progress (window))), ==, 1240. / 3400);
  life_assert_named (get_dialog (window));
  plant (meaning, SOTTO_MEANING_STATE_WAITING, "Waits until the reply is written");
  assert_says (window, "Waits until the reply is written");
  g_assert_nonnull (find_progress (window));
  plant (meaning, SOTTO_MEANING_STATE_READY, "Ready");
  assert_says (window, "in other words");
  g_assert_null (find_progress (window));

  close_dialog (window);
  remove_model (app, TINY);
  place_remove ();
}

static void
test_progress (void)
{
  life_run (NULL, progress_life);
}

/* --- What went wrong --- */

static void
failed_life (SottoApp  *app,
             GtkWindow *window)
{
  GtkWidget *again;

  add_model (app, TINY);
  open_folders (app, window);
  harness_wait_for (is_ready, app, 60);
  assert_silent (window, "Try Again");
  {
    g_autoptr (GError) error = g_error_new_literal (SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY, "no room");

    sotto_meaning_set_error (sotto_app_get_meaning (app), error);
  }
  g_assert_true (has_failed (app));
  assert_says (window, "not enough memory");
  life_assert_named (get_dialog (window));
  again = harness_find (get_group (window), ADW_TYPE_BUTTON_ROW);
  g_assert_nonnull (again);
  g_signal_emit_by_name (again, "activated");
  harness_wait_for (is_ready, app, 60);
  assert_silent (window, "not enough memory");
  assert_silent (window, "Try Again");

  close_dialog (window);
  remove_model (app, TINY);
  place_remove ();
}

static void
test_failed (void)
{
  life_run (NULL, failed_life);
}

/* --- Its details --- */

static void
details_life (SottoApp  *app,
              GtkWindow *window)
{
  GtkWidget *button;

  add_model (app, TINY);
  open_folders (app, window);
  harness_wait_for (is_ready, app, 60);
  button = harness_find_button (get_group (window), "Details");
  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
  harness_run (0.5);
  g_assert_true (SOTTO_IS_MODEL_DETAILS (get_dialog (window)));
  g_assert_true (says (get_dialog (window), "It does not write."));
  g_assert_true (says (get_dialog (window), TINY));
  g_assert_false (says (get_dialog (window), "Run On"));
  life_assert_named (get_dialog (window));
  close_dialog (window);
  get_group (window);

  close_dialog (window);
  remove_model (app, TINY);
  place_remove ();
}

static void
test_details (void)
{
  life_run (NULL, details_life);
}

/* --- Added and taken off the list --- */

static gboolean
has_toast (gpointer window)
{
  return says (window, "find passages by meaning");
}

static guint
count_embedders (SottoApp *app)
{
  return g_list_model_get_n_items (sotto_model_library_get_embedders (sotto_app_get_models (app)));
}

static gboolean
has_embedder (gpointer app)
{
  return count_embedders (app) == 1;
}

/* Behind the toast that is there already */
static gboolean
can_undo (gpointer window)
{
  return harness_find_button (window, "_Undo") != NULL;
}

static GtkWidget *
find_row (GtkWidget  *from,
          const char *title)
{
  GtkWidget *found = ADW_IS_BUTTON_ROW (from) && g_strcmp0 (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (from)), title) == 0
                       ? from : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (from); found == NULL && child != NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_row (child, title);

  return found;
}

/* Dropped onto the window, it says what it is for, and the list of models that write stays as it was. */
static void
added_life (SottoApp  *app,
            GtkWindow *window)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", TINY, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  open_folders (app, window);
  close_dialog (window);
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  harness_wait_for (has_toast, window, 20);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_models (app))), ==, 0);
  g_assert_cmpuint (count_embedders (app), ==, 1);
  g_assert_null (get_dialog (window));

  life_activate (window, "win.folders");
  harness_run (0.5);
  g_signal_emit_by_name (harness_find_button (get_group (window), "Details"), "clicked");
  harness_run (0.5);
  g_signal_emit_by_name (find_row (get_dialog (window), "_Remove From the List"), "activated");
  harness_run (0.5);
  g_assert_cmpuint (count_embedders (app), ==, 0);
  assert_says (window, "Add a Model File…");
  close_dialog (window);
  harness_wait_for (can_undo, window, 20);
  life_click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (has_embedder, app, 20);

  sotto_model_library_forget (sotto_app_get_models (app), path);
  harness_run (0.3);
  place_remove ();
}

static void
test_added (void)
{
  life_run (NULL, added_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/meaning/models", test_models);
  g_test_add_func ("/meaning/progress", test_progress);
  g_test_add_func ("/meaning/failed", test_failed);
  g_test_add_func ("/meaning/details", test_details);
  g_test_add_func ("/meaning/added", test_added);

  return g_test_run ();
}
