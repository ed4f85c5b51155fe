/* Where a person writes, with real keys: what Enter does and does not, that a draft stays with its conversation, and that nothing
 * is cleared before it is safe. */
#include "harness.h"

#include <glib/gstdio.h>
#include <gtksourceview/gtksource.h>

#include "composer/composer.h"
#include "sotto-app.h"

typedef struct {
  SottoApp *app;
  SottoConversation *first;
  SottoConversation *second;
  GtkWidget *composer;
  GtkWindow *window;
  GtkTextBuffer *buffer;
  guint n_recalls;
} Fixture;

static void
on_recall (Fixture *self)
{
  self->n_recalls++;
}

static void
send_and_wait (SottoConversation *conversation,
               const char        *text)
{
  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  harness_wait_for (harness_is_kept, conversation, 60);
}

static void
set_up (Fixture *self)
{
  *self = (Fixture) { .app = sotto_app_new (NULL) };
  sotto_app_start_temporary (self->app);
  harness_wait_for (harness_is_ready, self->app, 20);

  /* Two that are in the list: without a model their replies fail, which is no matter here. */
  self->first = g_object_ref (sotto_conversation_list_create (sotto_app_get_conversations (self->app)));
  send_and_wait (self->first, "one");
  self->second = g_object_ref (sotto_conversation_list_create (sotto_app_get_conversations (self->app)));
  send_and_wait (self->second, "two");
  g_assert_true (self->first != self->second);

  self->composer = g_object_new (SOTTO_TYPE_COMPOSER, NULL);
  g_signal_connect_swapped (self->composer, "recall", G_CALLBACK (on_recall), self);
  sotto_composer_set_app (SOTTO_COMPOSER (self->composer), self->app);
  sotto_composer_set_conversation (SOTTO_COMPOSER (self->composer), self->first);
  self->window = harness_show (self->composer, 500, 300);
  self->buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (harness_find (self->composer, GTK_TYPE_TEXT_VIEW)));
  gtk_widget_grab_focus (self->composer);
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
  gtk_window_destroy (self->window);
  sotto_app_close_async (self->app, on_closed, NULL);
  harness_wait_for (harness_is_closed, self->app, 20);
  harness_run (0.1);
  g_object_unref (self->first);
  g_object_unref (self->second);
  g_object_unref (self->app);
}

static void
assert_text (Fixture    *self,
             const char *expected)
{
  g_autofree char *text = NULL;

  g_object_get (self->buffer, "text", &text, NULL);
  g_assert_cmpstr (text, ==, expected);
}

/* As a paste would */
static void
insert (Fixture    *self,
        const char *text)
{
  gtk_text_buffer_insert_at_cursor (self->buffer, text, -1);
}

static gboolean
type (Fixture    *self,
      const char *text)
{
  if (harness_type (GTK_WIDGET (self->window), text))
    return TRUE;

  g_test_skip ("xdotool is not installed");

  return FALSE;
}

static void
press (Fixture    *self,
       const char *keys)
{
  harness_keys (GTK_WIDGET (self->window), keys);
}

static void
test_keys (void)
{
  Fixture self;

  set_up (&self);
  if (type (&self, "ab"))
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (self.first));

      assert_text (&self, "ab");
      g_assert_cmpstr (sotto_conversation_get_draft (self.first), ==, "ab");
      press (&self, "shift+Return");
      type (&self, "cd");
      assert_text (&self, "ab\ncd");

      /* The arrow moves the cursor while there is text. */
      press (&self, "Up");
      g_assert_cmpuint (self.n_recalls, ==, 0);

      press (&self, "Return");
      harness_wait_for (harness_is_kept, self.first, 60);
      harness_run (0.2);
      assert_text (&self, "");
      g_assert_cmpstr (sotto_conversation_get_draft (self.first), ==, "");
      {
        g_autoptr (SottoMessage) sent = g_list_model_get_item (G_LIST_MODEL (self.first), n);

        g_assert_nonnull (sent);
        g_assert_cmpstr (sotto_message_get_text (sent), ==, "ab\ncd");
      }

      /* Nothing, or nothing but space, is not sent, and makes no line either. */
      n = g_list_model_get_n_items (G_LIST_MODEL (self.first));
      press (&self, "Return");
      assert_text (&self, "");
      press (&self, "Up");
      g_assert_cmpuint (self.n_recalls, ==, 1);
      type (&self, "  ");
      press (&self, "Return");
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self.first)), ==, n);
    }
  tear_down (&self);
}

/* Enter belongs to an input method as long as it composes: here Ctrl+Shift+U, the code point, Enter. */
static void
test_input_method (void)
{
  Fixture self;

  set_up (&self);
  if (type (&self, "a"))
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (self.first));

      press (&self, "ctrl+shift+u");
      press (&self, "e");
      press (&self, "9");
      press (&self, "Return");
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self.first)), ==, n);
      assert_text (&self, "aé");
    }
  tear_down (&self);
}

static void
test_drafts (void)
{
  Fixture self;

  set_up (&self);
  insert (&self, "to the first");
  sotto_composer_set_conversation (SOTTO_COMPOSER (self.composer), self.second);
  assert_text (&self, "");
  insert (&self, "to the second");
  sotto_composer_set_conversation (SOTTO_COMPOSER (self.composer), self.first);
  assert_text (&self, "to the first");
  g_assert_cmpstr (sotto_conversation_get_draft (self.first), ==, "to the first");
  g_assert_cmpstr (sotto_conversation_get_draft (self.second), ==, "to the second");

  /* A suggestion does not overwrite what somebody wrote. */
  sotto_composer_suggest (SOTTO_COMPOSER (self.composer), "suggested");
  assert_text (&self, "to the first");
  sotto_composer_set_conversation (SOTTO_COMPOSER (self.composer), NULL);
  tear_down (&self);
}

/* The button is there for what can be done. */
static void
test_button (void)
{
  Fixture self;
  GtkWidget *button;

  set_up (&self);
  button = harness_find_button (self.composer, "Send (Enter)");
  g_assert_nonnull (button);
  g_assert_false (gtk_widget_get_sensitive (button));
  insert (&self, " \n");
  g_assert_false (gtk_widget_get_sensitive (button));
  insert (&self, "x");
  g_assert_true (gtk_widget_get_sensitive (button));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, "Send");
  tear_down (&self);
}

static GtkWidget *
find_error (GtkWidget *from)
{
  if (GTK_IS_LABEL (from) && gtk_widget_has_css_class (from, "error") && gtk_widget_get_mapped (from))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_error (child);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gboolean
has_error (gpointer composer)
{
  return find_error (composer) != NULL;
}

/* Why nothing was sent stands there whole, in as many lines as that takes, until something else is done. */
static void
test_failure (void)
{
  Fixture f;
  SottoConversationList *list;
  g_autofree char *left = NULL;

  set_up (&f);
  list = sotto_app_get_conversations (f.app);
  sotto_conversation_list_delete (list, f.first);
  sotto_conversation_list_purge (list, f.first);
  harness_run (0.2);
  gtk_text_buffer_set_text (f.buffer, "into nothing", -1);
  g_assert_null (find_error (f.composer));
  g_signal_emit_by_name (harness_find_button (f.composer, "Send (Enter)"), "clicked");
  harness_wait_for (has_error, f.composer, 10);
  g_assert_false (pango_layout_is_ellipsized (gtk_label_get_layout (GTK_LABEL (find_error (f.composer)))));
  g_object_get (f.buffer, "text", &left, NULL);
  g_assert_cmpstr (left, ==, "into nothing");

  sotto_composer_set_conversation (SOTTO_COMPOSER (f.composer), f.second);
  g_assert_null (find_error (f.composer));
  tear_down (&f);
}

/* Returns: (transfer full): what is attached then, by name and text */
static char *
attach_text (Fixture    *f,
             const char *data,
             gssize      length)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-text-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "notes.md", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GListModel *attachments;
  GString *there = g_string_new (NULL);

  g_assert_true (g_file_set_contents (path, data, length, NULL));
  sotto_composer_attach_file (SOTTO_COMPOSER (f->composer), file);
  harness_run (0.4);
  attachments = sotto_conversation_get_attachments (f->first);
  for (guint i = 0; i < g_list_model_get_n_items (attachments); i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (attachments, i);

      g_string_append_printf (there, "%s: %s;", sotto_attachment_get_name (attachment), sotto_attachment_get_text (attachment));
    }
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_rmdir (folder);

  return g_string_free (there, FALSE);
}

/* A file is attached as it is; what is no text, or too much, is not. What is written stays what it is. */
static void
test_text_files (void)
{
  Fixture f;
  g_autofree char *alone = NULL;
  g_autofree char *behind = NULL;
  g_autofree char *binary = NULL;
  g_autofree char *huge = NULL;
  g_autofree char *text = NULL;
  g_autofree char *much = g_strnfill (1024 * 1024 + 1, 'x');

  set_up (&f);
  gtk_text_buffer_set_text (f.buffer, "kept", -1);
  alone = attach_text (&f, "a\nb", -1);
  g_assert_cmpstr (alone, ==, "notes.md: a\nb;");
  behind = attach_text (&f, "with ```` in it\n", -1);
  g_assert_cmpstr (behind, ==, "notes.md: a\nb;notes.md: with ```` in it\n;");
  huge = attach_text (&f, much, -1);
  g_assert_cmpstr (huge, ==, behind);
  binary = attach_text (&f, "PK\x03\x04\xff\0x", 7);
  g_assert_cmpstr (binary, ==, behind);
  g_object_get (f.buffer, "text", &text, NULL);
  g_assert_cmpstr (text, ==, "kept");
  tear_down (&f);
}

/* Thousands of lines that are pasted are behind one: what is written next goes on at their end, in sight. */
static void
test_paste (void)
{
  Fixture f;
  g_autoptr (GString) lines = g_string_new (NULL);
  GtkTextView *view;
  GdkRectangle cursor, visible;

  set_up (&f);
  view = GTK_TEXT_VIEW (harness_find (f.composer, GTK_TYPE_TEXT_VIEW));
  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (lines, "line %u\n", i);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (view)), lines->str);
  g_signal_emit_by_name (view, "paste-clipboard");
  harness_run (1);
  g_assert_cmpint (gtk_text_buffer_get_line_count (f.buffer), ==, 2001);
  gtk_text_view_get_cursor_locations (view, NULL, &cursor, NULL);
  gtk_text_view_get_visible_rect (view, &visible);
  g_assert_cmpint (cursor.y, >=, visible.y);
  g_assert_cmpint (cursor.y + cursor.height, <=, visible.y + visible.height);
  tear_down (&f);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/composer/keys", test_keys);
  g_test_add_func ("/composer/input-method", test_input_method);
  g_test_add_func ("/composer/drafts", test_drafts);
  g_test_add_func ("/composer/button", test_button);
  g_test_add_func ("/composer/failure", test_failure);
  g_test_add_func ("/composer/text-files", test_text_files);
  g_test_add_func ("/composer/paste", test_paste);

  return g_test_run ();
}
