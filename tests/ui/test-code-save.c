/* JSON as a file: under which name it is proposed, what is written, and what is said where it cannot be. */
#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>

#include "harness-room.h"
#include "markdown/code-block.h"
#include "sotto-app.h"

/* Of another script, and with what a careless hand would take for the end or for a format */
static const char json[] = "{\n  \"Leuchtturm\": \"Käö 灯台 %s\",\n  \"lines\": \"a\\nb\"\n}";

/* GTK's own dialog where there is no portal, which it has deprecated for others */
G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static GtkFileChooser *
find_chooser (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *item = windows; item != NULL; item = item->next)
    if (GTK_IS_FILE_CHOOSER_DIALOG (item->data) && gtk_widget_get_mapped (item->data))
      return item->data;

  return NULL;
}

static gboolean
has_chooser (gpointer nothing)
{
  return find_chooser () != NULL;
}

static gboolean
has_no_chooser (gpointer nothing)
{
  return find_chooser () == NULL;
}

static gboolean
is_chosen (gpointer file)
{
  g_autoptr (GFile) chosen = gtk_file_chooser_get_file (find_chooser ());

  return chosen != NULL && g_file_equal (chosen, file);
}

/* What is proposed, in the folder that the dialog begins with, which is the one where one is. */
static void
accept (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "reply.json", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GtkFileChooser *chooser;

  harness_wait_for (has_chooser, NULL, 20);
  chooser = find_chooser ();
  harness_wait_for (is_chosen, file, 20);
  gtk_dialog_response (GTK_DIALOG (chooser), GTK_RESPONSE_ACCEPT);
  harness_wait_for (has_no_chooser, NULL, 20);
}

G_GNUC_END_IGNORE_DEPRECATIONS

typedef struct {
  GtkWindow *window;
  GtkWidget *block;
  char *folder;
} Shown;

static void
begin (Shown      *shown,
       const char *code)
{
  GtkWidget *scroller;

  shown->folder = g_dir_make_tmp ("sotto-code-XXXXXX", NULL);
  shown->block = sotto_code_block_new ();
  sotto_code_block_set_code (SOTTO_CODE_BLOCK (shown->block), code, "json");
  scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), shown->block);
  shown->window = harness_show (scroller, 500, 400);
}

static void
end (Shown *shown)
{
  gtk_window_destroy (shown->window);
  g_assert_cmpint (g_rmdir (shown->folder), ==, 0);
  g_free (shown->folder);
}

static void
save (Shown      *shown,
      const char *folder)
{
  GtkWidget *button = harness_find_button (shown->block, "Save As…");

  g_assert_nonnull (button);
  g_assert_cmpint (g_chdir (folder), ==, 0);
  g_signal_emit_by_name (button, "clicked");
  accept (folder);
  g_assert_cmpint (g_chdir ("/"), ==, 0);
}

static gboolean
exists (gpointer path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_saved (void)
{
  g_autofree char *path = NULL;
  g_autofree char *expected = g_strconcat (json, "\n", NULL);
  g_autofree char *contents = NULL;
  gsize length;
  GStatBuf status;
  Shown shown;

  begin (&shown, json);
  path = g_build_filename (shown.folder, "reply.json", NULL);
  save (&shown, shown.folder);
  harness_wait_for (exists, path, 20);
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  g_assert_cmpmem (contents, length, expected, strlen (expected));
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0077, ==, 0);
  g_assert_null (harness_find (GTK_WIDGET (shown.window), ADW_TYPE_ALERT_DIALOG));
  g_assert_cmpint (g_unlink (path), ==, 0);
  end (&shown);
}

/* --- In vain --- */

/* The alert is in the window, or a window of its own where there is no AdwWindow to show it. */
static GtkWidget *
find_alert (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *item = windows; item != NULL; item = item->next)
    {
      GtkWidget *found = harness_find (item->data, ADW_TYPE_ALERT_DIALOG);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gboolean
has_alert (gpointer nothing)
{
  return find_alert () != NULL;
}

static gboolean
has_no_alert (gpointer nothing)
{
  return find_alert () == NULL;
}

static void
answer_alert (const char *words)
{
  GtkWidget *alert;

  harness_wait_for (has_alert, NULL, 20);
  alert = find_alert ();
  g_assert_cmpstr (adw_alert_dialog_get_heading (ADW_ALERT_DIALOG (alert)), ==, "The File Was Not Saved");
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (alert)), words));
  adw_dialog_force_close (ADW_DIALOG (alert));
  harness_wait_for (has_no_alert, NULL, 20);
}

/* What GTK writes is less. */
#define MOST 65536

/* Nothing half-written is left behind: the folder is empty at the end. */
static void
test_no_room (void)
{
  g_autoptr (GString) long_one = g_string_new ("[");
  Shown shown;

  while (long_one->len < 2 * MOST)
    g_string_append (long_one, "\n  \"A line of what a model has written at some length\",");
  g_string_append (long_one, "\n  0\n]");
  begin (&shown, long_one->str);
  harness_set_largest_file (MOST);
  save (&shown, shown.folder);
  answer_alert ("more than a file may hold");
  harness_set_room (TRUE);
  end (&shown);
}

/* A place where nobody may write, whatever his rights */
static void
test_no_place (void)
{
  Shown shown;

  begin (&shown, json);
  save (&shown, "/proc");
  answer_alert ("is not there");
  end (&shown);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  g_test_add_func ("/code-save/saved", test_saved);
  g_test_add_func ("/code-save/no-room", test_no_room);
  g_test_add_func ("/code-save/no-place", test_no_place);

  return g_test_run ();
}
