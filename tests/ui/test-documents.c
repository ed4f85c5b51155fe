/* A document that takes a while on its way into a message: what stands there meanwhile, what may be done, and where its text
 * goes. What reads it is a stand-in that is as slow as a test wants it. */
#include "harness.h"

#include <glib/gstdio.h>

#include "composer.h"
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

static gboolean
is_ready (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_READY;
}

static gboolean
is_closed (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_CLOSED;
}

static gboolean
is_kept (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation) && !sotto_conversation_is_busy (conversation);
}

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
  harness_wait_for (is_kept, conversation, 60);

  return conversation;
}

static void
set_up (Fixture *self)
{
  *self = (Fixture) { .app = sotto_app_new (NULL), .folder = g_dir_make_tmp ("sotto-documents-XXXXXX", NULL) };
  sotto_app_start_temporary (self->app);
  harness_wait_for (is_ready, self->app, 20);
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
  harness_wait_for (is_closed, self->app, 20);
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

  sotto_composer_insert_file (SOTTO_COMPOSER (self->composer), file);
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

static gboolean
has_text (gpointer data)
{
  g_autofree char *text = get_text (data);

  return *text != '\0';
}

static gboolean
has_dialog (gpointer data)
{
  return adw_application_window_get_visible_dialog (((Fixture *) data)->window) != NULL;
}

#define REPORT "report.pdf:\n\n```\n[Page 1]\none\n\n[Page 2]\ntwo\n```\n"

static void
assert_text (Fixture    *self,
             const char *expected)
{
  g_autofree char *text = get_text (self);

  g_assert_cmpstr (text, ==, expected);
}

/* Its row says how far it is, nothing can be sent without it, and then it is there. */
static void
test_row (void)
{
  Fixture f;
  GtkWidget *row;

  set_up (&f);
  write_helper (&f, "sleep 1.5");
  gtk_text_buffer_set_text (f.buffer, "What does it say?", -1);
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  drop (&f, "report.pdf");
  g_assert_false (gtk_widget_get_sensitive (harness_find_button (f.composer, "A File Is Still Being Read")));
  harness_wait_for (has_row, &f, 10);
  row = find_row (&f);
  harness_run (0.3);
  g_assert_nonnull (harness_find_button (row, "Do Not Insert This File"));
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (harness_find (row, GTK_TYPE_PROGRESS_BAR))), ==, 0.5);
  assert_text (&f, "What does it say?");
  harness_wait_for (has_no_row, &f, 10);
  assert_text (&f, "What does it say?\n\n" REPORT);
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  /* One step takes it back. */
  gtk_text_buffer_undo (f.buffer);
  assert_text (&f, "What does it say?");
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
  g_signal_emit_by_name (harness_find_button (find_row (&f), "Do Not Insert This File"), "clicked");
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
  assert_text (&f, "second");
  g_assert_cmpstr (sotto_conversation_get_draft (f.first), ==, "first\n\n" REPORT);
  sotto_composer_set_conversation (SOTTO_COMPOSER (f.composer), f.first);
  assert_text (&f, "first\n\n" REPORT);
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
  harness_wait_for (has_text, &f, 10);
  assert_text (&f, REPORT);
  harness_run (2);
  assert_text (&f, REPORT "notes.txt:\n\n```\nin between\n```\n" REPORT);
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
  g_test_add_func ("/documents/closed", test_closed);

  return g_test_run ();
}
