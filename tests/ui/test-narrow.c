/* Every dialog has room on a screen of 360 pixels, in every language: with large letters (16 points, which is 11 scaled by about 1.5)
 * nothing asks for more, and with those of most people no words are cut. */
#include "life.h"
#include "narrow.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "sotto-app.h"
#include "sotto-ui.h"

#include "app-private.h"
#include "conversation/conversation-private.h"
#include "passphrase-dialog.h"
#include "restore-dialog.h"
#include "window.h"

typedef struct {
  SottoApp *app;
  GtkWindow *window;
  const char *language;
  gboolean is_large;
} Walk;

/* Of life_run(), whose script is given nothing */
static const char *walk_language;
static gboolean walk_is_large;

/* It is asked first and drawn then. */
static void
look (Walk       *walk,
      GtkWidget  *content,
      const char *what)
{
  g_autofree char *words = g_strdup_printf ("%s, %s%s", walk->language, what, walk->is_large ? ", large letters" : "");

  narrow_assert (content, words);
  if (walk->is_large)
    return;

  harness_settle (GTK_WIDGET (walk->window));
  narrow_assert_whole (content, words);
}

static void
look_at_window (Walk       *walk,
                const char *what)
{
  look (walk, adw_application_window_get_content (ADW_APPLICATION_WINDOW (walk->window)), what);
}

/* --- Dialogs --- */

static gboolean
has_dialog (gpointer window)
{
  return adw_application_window_get_visible_dialog (window) != NULL;
}

/* What has no room in a dialog scrolls, but not where the dialog could be higher: it takes up to 30 pixels less than the window. */
static gboolean
has_its_height (gpointer window)
{
  AdwDialog *dialog = adw_application_window_get_visible_dialog (window);
  GtkWidget *content = adw_dialog_get_child (dialog);
  GtkWidget *scroller = harness_find (content, GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment;

  if (scroller == NULL || ADW_IS_ALERT_DIALOG (dialog))
    return TRUE;

  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));

  return gtk_adjustment_get_upper (adjustment) <= gtk_adjustment_get_page_size (adjustment) ||
         gtk_widget_get_height (content) >= gtk_widget_get_height (window) - 30;
}

static void
look_at_dialog (Walk       *walk,
                const char *what)
{
  AdwDialog *dialog;

  harness_wait_for (has_dialog, walk->window, 20);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (walk->window));
  look (walk, adw_dialog_get_child (dialog), what);
  if (!walk->is_large)
    harness_wait_for (has_its_height, walk->window, 20);
}

static void
close_dialogs (Walk *walk)
{
  AdwDialog *dialog;

  while ((dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (walk->window))) != NULL)
    adw_dialog_force_close (dialog);
  harness_wait_for (life_has_no_dialog, walk->window, 20);
}

static void
look_at_action (Walk       *walk,
                const char *action)
{
  g_assert_true (life_is_enabled (walk->window, action));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (walk->window), action, NULL));
  look_at_dialog (walk, action);
  close_dialogs (walk);
}

static void
look_at_passphrase (Walk *walk)
{
  sotto_passphrase_dialog_present (GTK_WIDGET (walk->window), walk->app, NULL, NULL);
  look_at_dialog (walk, "another passphrase");
  close_dialogs (walk);
}

static void
look_at_group (Walk *walk)
{
  SottoGroupList *groups = sotto_conversation_list_get_groups (sotto_app_get_conversations (walk->app));
  SottoGroup *group = sotto_group_list_create (groups, "1");

  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (walk->window), "win.group-details", "s", sotto_group_get_id (group)));
  look_at_dialog (walk, "a group");
  close_dialogs (walk);
}

/* --- A conversation --- */

static void
look_at_forms (Walk              *walk,
               SottoConversation *conversation)
{
  SottoAnswerForm *form = sotto_conversation_get_answer_form (conversation);

  for (SottoAnswerFormat format = SOTTO_ANSWER_FORMAT_TEXT; format <= SOTTO_ANSWER_FORMAT_SCHEMA; format++)
    {
      sotto_answer_form_set_format (form, format);
      look_at_window (walk, "a form of answers");
      look_at_action (walk, "win.answer-format");
    }
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_TEXT);
}

/* What may go wrong is said above the messages, with what can be done about it: one of each kind of that */
static void
look_at_problems (Walk              *walk,
                  SottoConversation *conversation)
{
  guint seen = 0;

  for (int code = 0; code <= SOTTO_APP_ERROR_SPEECH_LOST; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (SOTTO_APP_ERROR, code, "1");
      g_autofree char *what = g_strdup_printf ("problem %d", code);

      sotto_conversation_set_error (conversation, error);
      if ((seen & 1u << sotto_problem_get_remedy (sotto_conversation_get_problem (conversation))) != 0)
        continue;
      seen |= 1u << sotto_problem_get_remedy (sotto_conversation_get_problem (conversation));
      look_at_window (walk, what);
    }
  sotto_conversation_dismiss_problem (conversation);
}

/* What is done goes with a toast, of which the words stand in more than one line. */
static void
look_at_toasts (Walk              *walk,
                SottoConversation *conversation)
{
  g_autoptr (GError) error = g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_SPEECH_SERVICE, "1");
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);
  AdwToastOverlay *toasts = ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (walk->window), ADW_TYPE_TOAST_OVERLAY));

  sotto_window_add_problem (SOTTO_WINDOW (walk->window), problem);
  look_at_window (walk, "a problem that is told");
  adw_toast_overlay_dismiss_all (toasts);
  gtk_widget_activate_action (GTK_WIDGET (walk->window), "win.delete-listed", "s", sotto_conversation_get_id (conversation));
  look_at_window (walk, "a deletion");
  adw_toast_overlay_dismiss_all (toasts);
}

static gboolean
is_kept (gpointer app)
{
  g_autoptr (SottoConversation) conversation = NULL;

  if (life_has_no_conversations (app))
    return FALSE;

  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);

  return harness_is_kept (conversation);
}

static void
look_at_conversation (Walk *walk)
{
  static const char *const actions[] = {
    "win.rename", "win.export", "win.instructions", "win.preferences", "win.folders", "win.new-group", "win.shortcuts",
    "win.privacy", "win.import", "win.export-all", "win.back-up", "win.restore",
  };
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (walk->app));

  look_at_window (walk, "an empty conversation");
  sotto_conversation_send_async (conversation, "Where is the key to the house by the river?", NULL, NULL, NULL);
  harness_wait_for (is_kept, walk->app, 20);
  look_at_window (walk, "a conversation");
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    look_at_action (walk, actions[i]);
  look_at_passphrase (walk);
  look_at_group (walk);
  look_at_forms (walk, conversation);
  look_at_problems (walk, conversation);
  look_at_toasts (walk, conversation);
}

/* --- The walk --- */

/* What the window says where the history is not open */
static void
look_at_states (Walk *walk)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "1");

  for (SottoAppState state = SOTTO_APP_STATE_CLOSED; state <= SOTTO_APP_STATE_FAILED; state++)
    {
      g_autofree char *what = g_strdup_printf ("state %d", state);

      if (state == SOTTO_APP_STATE_READY)
        continue;
      sotto_app_set_state (walk->app, state, state == SOTTO_APP_STATE_FAILED ? error : NULL);
      look_at_window (walk, what);
    }
  sotto_app_set_state (walk->app, SOTTO_APP_STATE_FIRST_START, NULL);
}

static gboolean
has_entry (gpointer window)
{
  return harness_find (window, ADW_TYPE_PASSWORD_ENTRY_ROW) != NULL;
}

static void
enter (GtkWindow *window)
{
  GtkWidget *row;

  harness_wait_for (has_entry, window, 20);
  row = harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW);
  gtk_editable_set_text (GTK_EDITABLE (row), "correct horse");
  gtk_editable_set_text (GTK_EDITABLE (gtk_widget_get_next_sibling (row)), "correct horse");
  life_click (GTK_WIDGET (window), _("_Begin"));
}

static gboolean
is_narrow (gpointer data)
{
  const Walk *walk = data;

  return gtk_widget_has_css_class (GTK_WIDGET (walk->window), "narrow") &&
         gtk_widget_get_width (GTK_WIDGET (walk->window)) <= NARROW_WIDTH + (walk->is_large ? 100 : 12);
}

/* Below 360 pixels libadwaita warns, and says that something is too wide, but not what: that is asked while there is room, and what
 * large letters ask for is asked there altogether. */
static void
make_narrow (Walk *walk)
{
  gboolean is_large = walk->is_large;

  walk->is_large = TRUE;
  gtk_window_set_default_size (walk->window, NARROW_WIDTH + 100, 720);
  harness_wait_for (is_narrow, walk, 20);
  look_at_window (walk, "the window");
  walk->is_large = is_large;
  if (is_large)
    return;

  gtk_window_set_default_size (walk->window, NARROW_WIDTH + 12, 720);
  harness_wait_for (is_narrow, walk, 20);
}

static gboolean
is_wide (gpointer window)
{
  return gtk_widget_get_width (window) > 2 * NARROW_WIDTH;
}

/* The next window begins with the size of this one. */
static void
make_wide (Walk *walk)
{
  gtk_window_set_default_size (walk->window, 1000, 700);
  harness_wait_for (is_wide, walk->window, 20);
}

static void
walk_life (SottoApp  *app,
           GtkWindow *window)
{
  Walk walk = { app, window, walk_language, walk_is_large };

  /* The longest of what can be chosen there */
  g_object_set (sotto_app_get_settings (app), "lock-after", 15, NULL);
  make_narrow (&walk);
  look_at_states (&walk);
  enter (window);
  harness_wait_for (life_is_ready, app, 30);
  look_at_dialog (&walk, "the recovery code");
  close_dialogs (&walk);
  look_at_conversation (&walk);
  make_wide (&walk);
}

/* What an alert's heading takes in one line libadwaita 1.7 asks although there is no room for it, and puts it into two. */
static GLogWriterOutput
on_log (GLogLevelFlags   level,
        const GLogField *fields,
        gsize            n_fields,
        gpointer         data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE") && g_str_has_prefix (fields[i].value, "Trying to measure GtkLabel "))
      return G_LOG_WRITER_HANDLED;

  return g_log_writer_default (level, fields, n_fields, data);
}

static void
test_walk (gconstpointer language)
{
  g_autofree char *font = NULL;

  /* It counts from the next catalogue that is bound. */
  g_setenv ("LANGUAGE", language, TRUE);
  bindtextdomain ("sotto", g_getenv ("SOTTO_LOCALE_DIR"));
  bind_textdomain_codeset ("sotto", "UTF-8");
  textdomain ("sotto");
  g_object_get (gtk_settings_get_default (), "gtk-font-name", &font, NULL);
  walk_language = language;

  walk_is_large = FALSE;
  life_run (NULL, walk_life);
  walk_is_large = TRUE;
  g_object_set (gtk_settings_get_default (), "gtk-font-name", "Sans 16", NULL);
  life_run (NULL, walk_life);
  g_object_set (gtk_settings_get_default (), "gtk-font-name", font, NULL);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *linguas = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "po", "LINGUAS", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  harness_init (&argc, &argv);
  /* gettext heeds LANGUAGE only where the locale is a real one. */
  if (setlocale (LC_MESSAGES, "pl_PL.UTF-8") == NULL)
    {
      g_print ("1..0 # SKIP there is no locale pl_PL.UTF-8\n");
      return 0;
    }
  g_log_set_writer_func (on_log, NULL, NULL);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  g_assert_true (g_file_get_contents (linguas, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_test_add_data_func ("/narrow/en", "en", test_walk);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0' && *lines[i] != '#')
      {
        g_autofree char *path = g_strdup_printf ("/narrow/%s", lines[i]);

        g_test_add_data_func (path, lines[i], test_walk);
      }

  return g_test_run ();
}
