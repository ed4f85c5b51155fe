/* What replies look like: chosen in its dialog by keys, a schema that is written there and looked at, and what is said above the
 * composer. Without a model: nothing is answered here. */
#include "life.h"

#include <glib/gstdio.h>
#include <string.h>

#include "composer/answer-dialog.h"
#include "composer/answer-notice.h"
#include "window-private.h"

#define RIGHT "{\n  \"type\": \"object\",\n  \"properties\": {\n    \"count\": { \"type\": \"integer\" }\n  }\n}\n"

/* There is no such type, and its line is the second. */
#define WRONG "{\n  \"type\": \"thing\"\n}\n"

static SottoAnswerForm *
get_form (GtkWindow *window)
{
  return sotto_conversation_get_answer_form (SOTTO_WINDOW (window)->conversation);
}

static AdwDialog *
get_dialog (GtkWindow *window)
{
  return adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
}

static gpointer
get_part (GtkWindow  *window,
          const char *name)
{
  GObject *part = gtk_widget_get_template_child (GTK_WIDGET (get_dialog (window)), SOTTO_TYPE_ANSWER_DIALOG, name);

  g_assert_nonnull (part);

  return part;
}

/* --- What is waited for --- */

static gboolean
has_dialog (gpointer window)
{
  return SOTTO_IS_ANSWER_DIALOG (get_dialog (window)) && gtk_widget_get_mapped (GTK_WIDGET (get_dialog (window)));
}

static gboolean
has_notice (gpointer window)
{
  return harness_find (window, SOTTO_TYPE_ANSWER_NOTICE) != NULL;
}

static gboolean
has_no_notice (gpointer window)
{
  return !has_notice (window);
}

static gboolean
has_editor (gpointer window)
{
  return gtk_widget_get_mapped (get_part (window, "view"));
}

static gboolean
has_no_editor (gpointer window)
{
  return !has_editor (window);
}

typedef struct {
  GtkWidget *from;     /* what says it: a label, or something with one in it */
  const char *words;
} Saying;

static gboolean
is_said (gpointer data)
{
  const Saying *saying = data;
  GtkWidget *label = harness_find (saying->from, GTK_TYPE_LABEL);

  return label != NULL && strstr (gtk_label_get_text (GTK_LABEL (label)), saying->words) != NULL;
}

static void
wait_for_words (GtkWidget  *from,
                const char *words)
{
  Saying saying = { from, words };

  harness_wait (is_said, &saying, 30, words);
}

static void
wait_for_notice (GtkWindow  *window,
                 const char *words)
{
  harness_wait_for (has_notice, window, 20);
  wait_for_words (harness_find (GTK_WIDGET (window), SOTTO_TYPE_ANSWER_NOTICE), words);
}

typedef struct {
  SottoAnswerForm *form;
  SottoAnswerFormat format;
} Choice;

static gboolean
is_chosen (gpointer data)
{
  const Choice *choice = data;

  return sotto_answer_form_get_format (choice->form) == choice->format;
}

static gboolean
is_begun (gpointer conversation)
{
  return g_list_model_get_n_items (conversation) > 0 && !sotto_conversation_is_busy (conversation);
}

/* --- What a person does --- */

/* Where nothing is said yet and there is no model, there is nothing to write in, either. */
static void
begin (SottoApp  *app,
       GtkWindow *window)
{
  SottoConversation *conversation;

  life_start_temporary (app);
  conversation = SOTTO_WINDOW (window)->conversation;
  sotto_conversation_send_async (conversation, "How many are there?", NULL, NULL, NULL);
  harness_wait_for (is_begun, conversation, 30);
}

static void
open_dialog (GtkWindow *window)
{
  life_activate (window, "win.answer-format");
  harness_wait_for (has_dialog, window, 20);
  harness_settle (GTK_WIDGET (window));
}

static void
close_dialog (GtkWindow *window)
{
  adw_dialog_close (get_dialog (window));
  harness_wait_for (life_has_no_dialog, window, 20);
}

static gboolean
is_in_row_of (GtkWindow *window,
              GtkWidget *check)
{
  GtkWidget *focus = gtk_window_get_focus (window);

  return focus != NULL && (focus == check || gtk_widget_is_ancestor (focus, gtk_widget_get_ancestor (check, ADW_TYPE_ACTION_ROW)) ||
                           focus == gtk_widget_get_ancestor (check, ADW_TYPE_ACTION_ROW));
}

/* Goes to its row and chooses it, by keys alone. Returns: whether there are keys */
static gboolean
choose (GtkWindow         *window,
        const char        *check,
        const char        *towards,
        SottoAnswerFormat  format)
{
  Choice choice = { get_form (window), format };

  for (guint i = 0; i < 8 && !is_in_row_of (window, get_part (window, check)); i++)
    if (!harness_keys (GTK_WIDGET (window), towards))
      return FALSE;
  g_assert_true (is_in_row_of (window, get_part (window, check)));
  harness_keys (GTK_WIDGET (window), "space");
  harness_wait_for (is_chosen, &choice, 20);

  return TRUE;
}

static void
assert_checked (GtkWindow  *window,
                const char *name)
{
  static const char *const names[] = { "text_check", "json_check", "schema_check" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (gtk_check_button_get_active (get_part (window, names[i])), ==, g_str_equal (names[i], name));
}

/* --- Chosen --- */

static void
chosen_life (SottoApp  *app,
             GtkWindow *window)
{
  begin (app, window);
  g_assert_false (has_notice (window));

  /* It shows what is. */
  open_dialog (window);
  assert_checked (window, "text_check");
  g_assert_false (has_editor (window));
  close_dialog (window);
  sotto_answer_form_set_format (get_form (window), SOTTO_ANSWER_FORMAT_JSON);
  wait_for_notice (window, "Replies will be JSON.");
  open_dialog (window);
  assert_checked (window, "json_check");
  g_assert_false (has_editor (window));
  close_dialog (window);
  sotto_answer_form_set_format (get_form (window), SOTTO_ANSWER_FORMAT_TEXT);
  harness_wait_for (has_no_notice, window, 20);

  open_dialog (window);
  if (!choose (window, "json_check", "Tab", SOTTO_ANSWER_FORMAT_JSON))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  assert_checked (window, "json_check");
  harness_keys (GTK_WIDGET (window), "Escape");
  harness_wait_for (life_has_no_dialog, window, 20);
  wait_for_notice (window, "Replies will be JSON.");

  /* Its button leads back. */
  life_assert_named (harness_find (GTK_WIDGET (window), SOTTO_TYPE_ANSWER_NOTICE));
  life_click (harness_find (GTK_WIDGET (window), SOTTO_TYPE_ANSWER_NOTICE), "Change…");
  harness_wait_for (has_dialog, window, 20);
  assert_checked (window, "json_check");
  choose (window, "schema_check", "Down", SOTTO_ANSWER_FORMAT_SCHEMA);
  harness_wait_for (has_editor, window, 20);
  choose (window, "text_check", "Up", SOTTO_ANSWER_FORMAT_TEXT);
  harness_wait_for (has_no_editor, window, 20);
  assert_checked (window, "text_check");
  close_dialog (window);
  harness_wait_for (has_no_notice, window, 20);
}

static void
test_chosen (void)
{
  life_run (NULL, chosen_life);
}

/* --- A schema --- */

/* Returns: the line that is underlined, from 1; 0: none is */
static int
find_marked_line (GtkTextBuffer *buffer)
{
  GtkTextIter iter;

  gtk_text_buffer_get_start_iter (buffer, &iter);
  do
    {
      g_autoptr (GSList) tags = gtk_text_iter_get_tags (&iter);

      for (GSList *tag = tags; tag != NULL; tag = tag->next)
        {
          PangoUnderline underline;

          g_object_get (tag->data, "underline", &underline, NULL);
          if (underline == PANGO_UNDERLINE_ERROR)
            return gtk_text_iter_get_line (&iter) + 1;
        }
    }
  while (gtk_text_iter_forward_char (&iter));

  return 0;
}

static void
write_schema (GtkWindow  *window,
              const char *text)
{
  gtk_text_buffer_set_text (get_part (window, "buffer"), text, -1);
}

static void
assert_status (GtkWindow  *window,
               const char *words,
               gboolean    is_error,
               int         line)
{
  wait_for_words (get_part (window, "status"), words);
  g_assert_cmpint (gtk_widget_has_css_class (get_part (window, "status"), "error"), ==, is_error);
  g_assert_cmpint (find_marked_line (get_part (window, "buffer")), ==, line);
}

/* One that is wrong stays to be mended, but not without a word: here, and above the composer. */
static void
schema_life (SottoApp  *app,
             GtkWindow *window)
{
  SottoAnswerForm *form;

  begin (app, window);
  form = get_form (window);
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_SCHEMA);
  open_dialog (window);
  assert_checked (window, "schema_check");
  harness_wait_for (has_editor, window, 20);
  assert_status (window, "no schema", TRUE, 0);

  write_schema (window, WRONG);
  assert_status (window, "Line 2: “type”: there is no such type", TRUE, 2);
  g_assert_cmpstr (sotto_answer_form_get_schema (form), ==, WRONG);
  g_assert_nonnull (sotto_answer_form_get_problem (form));
  close_dialog (window);
  wait_for_notice (window, "cannot follow");

  /* As it was left */
  open_dialog (window);
  assert_status (window, "Line 2", TRUE, 2);
  write_schema (window, RIGHT);
  assert_status (window, "Replies will follow this schema.", FALSE, 0);
  g_assert_cmpstr (sotto_answer_form_get_schema (form), ==, RIGHT);
  g_assert_null (sotto_answer_form_get_problem (form));
  close_dialog (window);
  wait_for_notice (window, "Replies will be JSON by a schema.");
}

static void
test_schema (void)
{
  life_run (NULL, schema_life);
}

/* --- A file of it --- */

static void
read_file (GtkWindow  *window,
           const char *path,
           const char *bytes,
           gsize       length)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  if (bytes != NULL)
    g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
  sotto_answer_dialog_read_file (SOTTO_ANSWER_DIALOG (get_dialog (window)), file);
}

/* What is none leaves what was written; one that is can be taken back. */
static void
file_life (SottoApp  *app,
           GtkWindow *window)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-answers-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "schema.json", NULL);
  g_autofree char *large = g_strnfill (SOTTO_ANSWER_SCHEMA_MOST + 1, ' ');
  SottoAnswerForm *form;

  begin (app, window);
  form = get_form (window);
  sotto_answer_form_set_schema (form, WRONG);
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_SCHEMA);
  open_dialog (window);
  assert_status (window, "Line 2", TRUE, 2);

  read_file (window, path, "\377\376\0{", 4);
  assert_status (window, "This file holds no text.", TRUE, 2);
  read_file (window, path, large, SOTTO_ANSWER_SCHEMA_MOST + 1);
  assert_status (window, "too large", TRUE, 2);
  g_assert_cmpint (g_unlink (path), ==, 0);
  read_file (window, path, NULL, 0);
  assert_status (window, "The file is not there.", TRUE, 2);
  g_assert_cmpstr (sotto_answer_form_get_schema (form), ==, WRONG);

  read_file (window, path, RIGHT, strlen (RIGHT));
  assert_status (window, "Replies will follow this schema.", FALSE, 0);
  g_assert_cmpstr (sotto_answer_form_get_schema (form), ==, RIGHT);
  gtk_text_buffer_undo (get_part (window, "buffer"));
  assert_status (window, "Line 2", TRUE, 2);
  g_assert_cmpstr (sotto_answer_form_get_schema (form), ==, WRONG);

  close_dialog (window);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_file (void)
{
  life_run (NULL, file_life);
}

/* --- What is said to those who do not see it --- */

static void
assert_called (GtkWindow  *window,
               const char *name,
               const char *words)
{
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (get_part (window, name)), GTK_ACCESSIBLE_PROPERTY_LABEL, words);
}

static void
named_life (SottoApp  *app,
            GtkWindow *window)
{
  begin (app, window);
  sotto_answer_form_set_format (get_form (window), SOTTO_ANSWER_FORMAT_SCHEMA);
  open_dialog (window);
  harness_wait_for (has_editor, window, 20);
  life_assert_named (GTK_WIDGET (get_dialog (window)));
  assert_called (window, "text_check", "Text");
  assert_called (window, "json_check", "JSON");
  assert_called (window, "schema_check", "JSON by a Schema");
  assert_called (window, "view", "Schema");
  gtk_test_accessible_assert_relation (GTK_ACCESSIBLE (get_part (window, "view")), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY,
                                       get_part (window, "status"), NULL);
  close_dialog (window);
}

static void
test_named (void)
{
  life_run (NULL, named_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/answers/chosen", test_chosen);
  g_test_add_func ("/answers/schema", test_schema);
  g_test_add_func ("/answers/file", test_file);
  g_test_add_func ("/answers/named", test_named);

  return g_test_run ();
}
