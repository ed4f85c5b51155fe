/* A document that takes a while on its way into a message: what stands there meanwhile, what may be done, and what it becomes:
 * a button with its name, in the composer and in the message. What reads it is a stand-in that is as slow as a test wants it. */
#include "harness.h"

#include <glib/gstdio.h>

#include "attachment/attachment-chip.h"
#include "composer/composer.h"
#include "conversation/message-row.h"
#include "sotto-app.h"

typedef struct {
  SottoApp *app;
  SottoConversation *first;
  SottoConversation *second;
  GtkWidget *composer;
  AdwApplicationWindow *window;
  GtkTextBuffer *buffer;
  char *folder;
} Fixture;

static void
write_file (Fixture    *self,
            const char *name,
            const char *data)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, data, -1, NULL));
}

/* Two pages; the second comes a second after the first, or after what @between does. */
static void
write_helper (Fixture    *self,
              const char *between)
{
  g_autofree char *path = g_build_filename (self->folder, "helper", NULL);
  g_autofree char *script = g_strdup_printf ("#!/bin/sh\nPATH=/usr/bin:/bin\n"
                                             "printf 'n\\004\\000\\000\\000\\002\\000\\000\\000'\n"
                                             "printf 'p\\003\\000\\000\\000one'\n%s\n"
                                             "printf 'p\\003\\000\\000\\000twoz\\000\\000\\000\\000'\n", between);

  g_assert_true (g_file_set_contents (path, script, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  g_setenv ("SOTTO_PDF_TEXT", path, TRUE);
}

static SottoConversation *
create_conversation (Fixture    *self,
                     const char *text)
{
  SottoConversation *conversation = g_object_ref (sotto_conversation_list_create (sotto_app_get_conversations (self->app)));

  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  harness_wait_for (harness_is_kept, conversation, 60);

  return conversation;
}

static void
set_up (Fixture *self)
{
  *self = (Fixture) { .app = sotto_app_new (NULL), .folder = g_dir_make_tmp ("sotto-documents-XXXXXX", NULL) };
  sotto_app_start_temporary (self->app);
  harness_wait_for (harness_is_ready, self->app, 20);
  self->first = create_conversation (self, "one");
  self->second = create_conversation (self, "two");
  write_file (self, "report.pdf", "%PDF-1.7 and the rest");
  write_file (self, "notes.txt", "in between");

  self->composer = g_object_new (SOTTO_TYPE_COMPOSER, NULL);
  sotto_composer_set_app (SOTTO_COMPOSER (self->composer), self->app);
  sotto_composer_set_conversation (SOTTO_COMPOSER (self->composer), self->first);
  self->window = ADW_APPLICATION_WINDOW (adw_application_window_new (NULL));
  gtk_window_set_default_size (GTK_WINDOW (self->window), 500, 400);
  gtk_widget_set_valign (self->composer, GTK_ALIGN_END);
  adw_application_window_set_content (self->window, self->composer);
  gtk_window_present (GTK_WINDOW (self->window));
  harness_run (0.5);
  self->buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (harness_find (self->composer, GTK_TYPE_TEXT_VIEW)));
}

static void
on_closed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  sotto_app_close_finish (SOTTO_APP (source), result);
}

static void
tear_down (Fixture *self)
{
  const char *const names[] = { "helper", "report.pdf", "notes.txt" };

  gtk_window_destroy (GTK_WINDOW (self->window));
  sotto_app_close_async (self->app, on_closed, NULL);
  harness_wait_for (harness_is_closed, self->app, 20);
  harness_run (0.1);
  g_object_unref (self->first);
  g_object_unref (self->second);
  g_object_unref (self->app);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->folder, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
}

static void
drop (Fixture    *self,
      const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  sotto_composer_attach_file (SOTTO_COMPOSER (self->composer), file);
}

static char *
get_text (Fixture *self)
{
  char *text;

  g_object_get (self->buffer, "text", &text, NULL);

  return text;
}

static GtkWidget *
find_row (Fixture *self)
{
  return harness_find (self->composer, g_type_from_name ("SottoDocumentRow"));
}

static gboolean
has_row (gpointer data)
{
  return g_type_from_name ("SottoDocumentRow") != 0 && find_row (data) != NULL;
}

static gboolean
has_no_row (gpointer data)
{
  return !has_row (data);
}

/* Appends the chips in sight below @widget, in the order in which they stand. */
static void
find_chips (GtkWidget *widget,
            GPtrArray *chips)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (SOTTO_IS_ATTACHMENT_CHIP (widget))
    g_ptr_array_add (chips, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_chips (child, chips);
}

static GtkWidget *
get_chip (GtkWidget *from,
          guint      position)
{
  g_autoptr (GPtrArray) chips = g_ptr_array_new ();

  find_chips (from, chips);
  g_assert_cmpuint (position, <, chips->len);

  return g_ptr_array_index (chips, position);
}

static char *
list_names (GtkWidget *from)
{
  g_autoptr (GPtrArray) chips = g_ptr_array_new ();
  GString *names = g_string_new (NULL);

  find_chips (from, chips);
  for (guint i = 0; i < chips->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "",
                            sotto_attachment_get_name (sotto_attachment_chip_get_attachment (g_ptr_array_index (chips, i))));

  return g_string_free (names, FALSE);
}

static void
assert_chips (GtkWidget  *from,
              const char *expected)
{
  g_autofree char *names = NULL;

  harness_run (0.3);
  names = list_names (from);
  g_assert_cmpstr (names, ==, expected);
}

static gboolean
has_chip (gpointer data)
{
  g_autofree char *names = list_names (((Fixture *) data)->composer);

  return *names != '\0';
}

static void
assert_chip_text (GtkWidget  *chip,
                  const char *expected)
{
  SottoAttachment *attachment = sotto_attachment_chip_get_attachment (SOTTO_ATTACHMENT_CHIP (chip));

  g_assert_cmpstr (sotto_attachment_get_text (attachment), ==, expected);
}

static gboolean
has_dialog (gpointer data)
{
  return adw_application_window_get_visible_dialog (((Fixture *) data)->window) != NULL;
}

#define REPORT "[Page 1]\none\n\n[Page 2]\ntwo\n"

static void
assert_text (Fixture    *self,
             const char *expected)
{
  g_autofree char *text = get_text (self);

  g_assert_cmpstr (text, ==, expected);
}

/* Its row says how far it is, nothing can be sent without it, and then it is there beside what was written. */
static void
test_row (void)
{
  Fixture f;
  GtkWidget *row;

  set_up (&f);
  write_helper (&f, "sleep 3");
  gtk_text_buffer_set_text (f.buffer, "What does it say?", -1);
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  drop (&f, "report.pdf");
  g_assert_false (gtk_widget_get_sensitive (harness_find_button (f.composer, "A File Is Still Being Read")));
  harness_wait_for (has_row, &f, 10);
  row = find_row (&f);
  harness_run (0.3);
  g_assert_nonnull (harness_find_button (row, "Do Not Attach This File"));
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (harness_find (row, GTK_TYPE_PROGRESS_BAR))), ==, 0.5);
  assert_text (&f, "What does it say?");
  harness_wait_for (has_no_row, &f, 10);
  assert_chips (f.composer, "report.pdf");
  assert_chip_text (get_chip (f.composer, 0), REPORT);
  assert_text (&f, "What does it say?");
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  tear_down (&f);
}

static void
test_cancel (void)
{
  Fixture f;

  set_up (&f);
  write_helper (&f, "sleep 60");
  gtk_text_buffer_set_text (f.buffer, "kept", -1);
  drop (&f, "report.pdf");
  harness_wait_for (has_row, &f, 10);
  g_signal_emit_by_name (harness_find_button (find_row (&f), "Do Not Attach This File"), "clicked");
  harness_wait_for (has_no_row, &f, 3);
  assert_text (&f, "kept");
  g_assert_false (has_dialog (&f));
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  tear_down (&f);
}

/* What goes wrong is said, and what was written stays. */
static void
test_refused (void)
{
  Fixture f;

  set_up (&f);
  write_helper (&f, "exit");
  gtk_text_buffer_set_text (f.buffer, "kept", -1);
  drop (&f, "report.pdf");
  harness_wait_for (has_dialog, &f, 10);
  assert_text (&f, "kept");
  tear_down (&f);

  /* Without a helper, too */
  set_up (&f);
  g_setenv ("SOTTO_PDF_TEXT", "/nowhere/helper", TRUE);
  drop (&f, "report.pdf");
  harness_wait_for (has_dialog, &f, 10);
  assert_text (&f, "");
  tear_down (&f);
}

/* It belongs to the conversation in which it was chosen, whatever is shown when it comes. */
static void
test_elsewhere (void)
{
  Fixture f;

  set_up (&f);
  write_helper (&f, "sleep 1.5");
  gtk_text_buffer_set_text (f.buffer, "first", -1);
  drop (&f, "report.pdf");
  harness_wait_for (has_row, &f, 10);
  sotto_composer_set_conversation (SOTTO_COMPOSER (f.composer), f.second);
  g_assert_null (find_row (&f));
  gtk_text_buffer_set_text (f.buffer, "second", -1);
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  sotto_composer_set_conversation (SOTTO_COMPOSER (f.composer), f.first);
  g_assert_nonnull (find_row (&f));
  sotto_composer_set_conversation (SOTTO_COMPOSER (f.composer), f.second);
  harness_run (2.5);
  assert_chips (f.composer, "");
  sotto_composer_set_conversation (SOTTO_COMPOSER (f.composer), f.first);
  assert_chips (f.composer, "report.pdf");
  assert_text (&f, "first");
  tear_down (&f);
}

/* One after another, in the order in which they came. */
static void
test_order (void)
{
  Fixture f;

  set_up (&f);
  write_helper (&f, "sleep 0.5");
  drop (&f, "report.pdf");
  drop (&f, "notes.txt");
  drop (&f, "report.pdf");
  harness_wait_for (has_chip, &f, 10);
  harness_run (2);
  assert_chips (f.composer, "report.pdf notes.txt report.pdf");
  assert_text (&f, "");
  tear_down (&f);
}

static void
press (Fixture    *self,
       const char *keys)
{
  g_assert_true (harness_keys (GTK_WIDGET (self->window), keys));
  harness_run (0.3);
}

/* Taken off by the button or by a key, after which the next one has the keys, and the last one's are the text's. */
static void
test_removed (void)
{
  Fixture f;
  GtkWidget *chip;

  set_up (&f);
  drop (&f, "notes.txt");
  harness_wait_for (has_chip, &f, 10);
  write_file (&f, "report.pdf", "a text after all");
  drop (&f, "report.pdf");
  drop (&f, "notes.txt");
  assert_chips (f.composer, "notes.txt report.pdf notes.txt");
  gtk_text_buffer_set_text (f.buffer, "kept", -1);
  g_signal_emit_by_name (harness_find_button (get_chip (f.composer, 1), "Remove “report.pdf”"), "clicked");
  assert_chips (f.composer, "notes.txt notes.txt");

  chip = get_chip (f.composer, 0);
  gtk_widget_grab_focus (chip);
  press (&f, "Delete");
  assert_chips (f.composer, "notes.txt");
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (f.window)), get_chip (f.composer, 0)));
  press (&f, "BackSpace");
  assert_chips (f.composer, "");
  assert_text (&f, "kept");
  tear_down (&f);
}

/* Its text, as the model is given it, to be read and selected, not written. */
static void
test_opened (void)
{
  Fixture f;
  AdwDialog *dialog;
  GtkTextView *view;
  g_autofree char *text = NULL;

  set_up (&f);
  write_helper (&f, "");
  drop (&f, "report.pdf");
  harness_wait_for (has_chip, &f, 10);
  gtk_widget_grab_focus (get_chip (f.composer, 0));
  press (&f, "Return");
  harness_wait_for (has_dialog, &f, 10);
  dialog = adw_application_window_get_visible_dialog (f.window);
  g_assert_cmpstr (adw_dialog_get_title (dialog), ==, "report.pdf");
  view = GTK_TEXT_VIEW (harness_find (GTK_WIDGET (dialog), GTK_TYPE_TEXT_VIEW));
  g_assert_false (gtk_text_view_get_editable (view));
  g_object_get (gtk_text_view_get_buffer (view), "text", &text, NULL);
  g_assert_cmpstr (text, ==, REPORT);
  press (&f, "Escape");
  g_assert_false (has_dialog (&f));
  g_assert_nonnull (harness_find_button (get_chip (f.composer, 0), "Remove “report.pdf”"));
  tear_down (&f);
}

/* A file of the longest kind, without a blank in it, is open as fast as any. */
static void
test_opened_long (void)
{
  Fixture f;
  g_autofree char *word = g_strnfill (1024 * 1024, 'x');
  gint64 begin;

  set_up (&f);
  write_file (&f, "notes.txt", word);
  drop (&f, "notes.txt");
  harness_wait_for (has_chip, &f, 10);
  begin = g_get_monotonic_time ();
  g_signal_emit_by_name (harness_find (get_chip (f.composer, 0), GTK_TYPE_BUTTON), "clicked");
  harness_wait_for (has_dialog, &f, 10);
  harness_settle (GTK_WIDGET (f.window));
  g_test_message ("open after %.0f ms", (double) (g_get_monotonic_time () - begin) / 1000);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 3 * G_USEC_PER_SEC);
  press (&f, "Escape");
  tear_down (&f);
}

/* A message may be files alone; they stand above what was written, and an edited one keeps them. */
static void
test_sent (void)
{
  Fixture f;
  g_autoptr (SottoMessage) message = NULL;
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  GtkWidget *row;
  guint n;

  set_up (&f);
  g_assert_false (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  drop (&f, "notes.txt");
  harness_wait_for (has_chip, &f, 10);
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  n = g_list_model_get_n_items (G_LIST_MODEL (f.first));
  g_signal_emit_by_name (harness_find_button (f.composer, "Send (Enter)"), "clicked");
  harness_run (1);
  harness_wait_for (harness_is_kept, f.first, 60);
  assert_chips (f.composer, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f.first)), ==, n + 1);
  message = g_list_model_get_item (G_LIST_MODEL (f.first), n);
  g_assert_cmpstr (sotto_message_get_text (message), ==, "");

  row = sotto_message_row_new (f.first, message, reader);
  adw_application_window_set_content (f.window, row);
  assert_chips (row, "notes.txt");
  assert_chip_text (get_chip (row, 0), "in between");
  g_assert_null (harness_find_button (row, "Remove “notes.txt”"));
  gtk_widget_activate_action (row, "message.copy", NULL);
  g_assert_nonnull (harness_find_button (row, "message.copy"));

  /* Narrow, it is cut in the middle and not the window widened. */
  gtk_window_set_default_size (GTK_WINDOW (f.window), 360, 400);
  harness_run (0.5);
  g_assert_cmpint (gtk_widget_get_width (GTK_WIDGET (f.window)), <=, 360);
  f.composer = row;
  tear_down (&f);
}

/* A window that closes meanwhile takes the helper with it. */
static void
test_closed (void)
{
  Fixture f;

  set_up (&f);
  write_helper (&f, "sleep 60");
  drop (&f, "report.pdf");
  drop (&f, "notes.txt");
  harness_wait_for (has_row, &f, 10);
  tear_down (&f);
  harness_run (0.5);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/documents/row", test_row);
  g_test_add_func ("/documents/cancel", test_cancel);
  g_test_add_func ("/documents/refused", test_refused);
  g_test_add_func ("/documents/elsewhere", test_elsewhere);
  g_test_add_func ("/documents/order", test_order);
  g_test_add_func ("/documents/removed", test_removed);
  g_test_add_func ("/documents/opened", test_opened);
  g_test_add_func ("/documents/opened-long", test_opened_long);
  g_test_add_func ("/documents/sent", test_sent);
  g_test_add_func ("/documents/closed", test_closed);

  return g_test_run ();
}
