/* Pictures from the clipboard to the message: what is on the screen in their place is what is in them, pixel by pixel. */
#include "harness.h"
#include "look-pixels.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attachment/picture-chip.h"
#include "attachment/picture-dialog.h"
#include "attachment/picture-frame.h"
#include "composer/composer.h"
#include "composer/picture-notice.h"
#include "conversation/message-list.h"
#include "conversation/message-row.h"
#include "sotto-app.h"

#include "conversation/attachment-private.h"

#define RED 0xe01b24
#define GREEN 0x26a269
#define BLUE 0x1c71d8

typedef struct {
  SottoApp *app;
  SottoConversation *conversation;
  SottoReadAloud *reader;
  GtkWidget *composer;
  AdwApplicationWindow *window;
  GtkTextView *view;
} Fixture;

static void
set_up (Fixture *self)
{
  *self = (Fixture) { .app = sotto_app_new (NULL), .reader = sotto_read_aloud_new () };
  sotto_app_start_temporary (self->app);
  harness_wait_for (harness_is_ready, self->app, 20);
  self->conversation = g_object_ref (sotto_conversation_list_create (sotto_app_get_conversations (self->app)));
  self->composer = g_object_new (SOTTO_TYPE_COMPOSER, NULL);
  sotto_composer_set_app (SOTTO_COMPOSER (self->composer), self->app);
  sotto_composer_set_conversation (SOTTO_COMPOSER (self->composer), self->conversation);
  gtk_widget_set_valign (self->composer, GTK_ALIGN_END);
  self->window = ADW_APPLICATION_WINDOW (adw_application_window_new (NULL));
  gtk_window_set_default_size (GTK_WINDOW (self->window), 600, 500);
  adw_application_window_set_content (self->window, self->composer);
  gtk_window_present (GTK_WINDOW (self->window));
  harness_run (0.5);
  self->view = GTK_TEXT_VIEW (harness_find (self->composer, GTK_TYPE_TEXT_VIEW));
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
  gtk_window_destroy (GTK_WINDOW (self->window));
  sotto_app_close_async (self->app, on_closed, NULL);
  harness_wait_for (harness_is_closed, self->app, 20);
  harness_run (0.1);
  g_object_unref (self->conversation);
  g_object_unref (self->reader);
  g_object_unref (self->app);
}

/* --- What is there --- */

static void
find_chips (GtkWidget *widget,
            GPtrArray *chips)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (SOTTO_IS_PICTURE_CHIP (widget))
    g_ptr_array_add (chips, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_chips (child, chips);
}

static guint
count_chips (GtkWidget *from)
{
  g_autoptr (GPtrArray) chips = g_ptr_array_new ();

  find_chips (from, chips);

  return chips->len;
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

static GtkWidget *
get_frame (GtkWidget *from,
           guint      position)
{
  return harness_find (get_chip (from, position), SOTTO_TYPE_PICTURE_FRAME);
}

static gboolean
is_loaded (gpointer frame)
{
  return harness_find (frame, ADW_TYPE_SPINNER) == NULL;
}

static gboolean
has_dialog (gpointer window)
{
  return adw_application_window_get_visible_dialog (window) != NULL;
}

static guint
get_n_attached (Fixture *self)
{
  return g_list_model_get_n_items (sotto_conversation_get_attachments (self->conversation));
}

typedef struct {
  Fixture *fixture;
  guint n;
} Number;

static gboolean
are_attached (gpointer data)
{
  Number *number = data;

  return get_n_attached (number->fixture) == number->n;
}

static void
wait_for_attached (Fixture *self,
                   guint    n)
{
  Number number = { self, n };

  harness_wait_for (are_attached, &number, 10);
}

static void
attach (Fixture    *self,
        const char *name,
        int         width,
        int         height,
        guint       left,
        guint       right)
{
  g_autoptr (GBytes) file = look_pixels_create (width, height, left, right);
  guint n = get_n_attached (self);

  sotto_conversation_attach_bytes_async (self->conversation, file, name, NULL, NULL, NULL);
  wait_for_attached (self, n + 1);
}

#define assert_color(widget, x, y, color) g_assert_true (look_pixels_are_near (look_pixels_at ((widget), (x), (y)), (color)))

static void
press (Fixture    *self,
       const char *keys)
{
  g_assert_true (harness_keys (GTK_WIDGET (self->window), keys));
  harness_run (0.3);
}

/* Returns: (transfer floating): a row of the message that is sent */
static GtkWidget *
send (Fixture *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->conversation));
  g_autoptr (SottoMessage) message = NULL;

  sotto_conversation_send_async (self->conversation, "What is this?", NULL, NULL, NULL);
  wait_for_attached (self, 0);
  harness_wait_for (harness_is_kept, self->conversation, 60);
  message = g_list_model_get_item (G_LIST_MODEL (self->conversation), n);

  return sotto_message_row_new (self->conversation, message, self->reader);
}

static GtkWidget *
show_row (Fixture   *self,
          GtkWidget *row)
{
  gtk_widget_set_valign (row, GTK_ALIGN_START);
  adw_application_window_set_content (self->window, row);
  harness_run (0.3);
  for (guint i = 0; i < count_chips (row); i++)
    harness_wait_for (is_loaded, get_frame (row, i), 10);
  harness_run (0.2);

  return row;
}

/* --- The tests --- */

/* Thumbnails show the middle; keys take them off, from one to the next. */
static void
test_draft (void)
{
  Fixture f;

  set_up (&f);
  attach (&f, "cat.png", 400, 200, RED, GREEN);
  attach (&f, "dog.png", 30, 30, BLUE, BLUE);
  harness_run (0.2);
  g_assert_cmpuint (count_chips (f.composer), ==, 2);
  harness_wait_for (is_loaded, get_frame (f.composer, 0), 10);
  harness_wait_for (is_loaded, get_frame (f.composer, 1), 10);
  g_assert_cmpint (gtk_widget_get_width (get_frame (f.composer, 0)), ==, 64);
  g_assert_cmpint (gtk_widget_get_height (get_frame (f.composer, 0)), ==, 64);
  assert_color (get_frame (f.composer, 0), 0.2, 0.5, RED);
  assert_color (get_frame (f.composer, 0), 0.45, 0.9, RED);
  assert_color (get_frame (f.composer, 0), 0.55, 0.9, GREEN);
  assert_color (get_frame (f.composer, 1), 0.5, 0.5, BLUE);
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));

  gtk_widget_grab_focus (get_chip (f.composer, 0));
  press (&f, "Delete");
  g_assert_cmpuint (count_chips (f.composer), ==, 1);
  assert_color (get_frame (f.composer, 0), 0.5, 0.5, BLUE);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (f.window)), get_chip (f.composer, 0)));
  g_signal_emit_by_name (harness_find_button (f.composer, "picture.remove"), "clicked");
  harness_run (0.2);
  g_assert_cmpuint (get_n_attached (&f), ==, 0);
  tear_down (&f);
}

/* Many wrap, and the composer does not grow beyond its bound. */
static void
test_many (void)
{
  Fixture f;

  set_up (&f);
  for (guint i = 0; i < 12; i++)
    attach (&f, "tile.png", 40, 40, i % 2 == 0 ? RED : GREEN, i % 2 == 0 ? RED : GREEN);
  gtk_window_set_default_size (GTK_WINDOW (f.window), 360, 500);
  harness_run (0.5);
  g_assert_cmpint (gtk_widget_get_width (GTK_WIDGET (f.window)), <=, 360);
  g_assert_cmpint (gtk_widget_get_height (f.composer), <, 300);
  g_assert_cmpint (gtk_widget_get_height (f.composer), >, 160);
  tear_down (&f);
}

/* A single one is whole, and as large as it may be; a small one is not blown up. */
static void
test_single (void)
{
  Fixture f;
  GtkWidget *row, *frame;

  set_up (&f);
  attach (&f, "cat.png", 1600, 800, RED, GREEN);
  row = show_row (&f, send (&f));
  frame = get_frame (row, 0);
  g_assert_cmpint (gtk_widget_get_width (frame), ==, 320);
  g_assert_cmpint (gtk_widget_get_height (frame), ==, 160);
  assert_color (frame, 0.02, 0.5, RED);
  assert_color (frame, 0.49, 0.5, RED);
  assert_color (frame, 0.51, 0.5, GREEN);
  assert_color (frame, 0.98, 0.5, GREEN);
  g_assert_null (harness_find_button (row, "picture.remove"));

  adw_application_window_set_content (f.window, f.composer = g_object_new (SOTTO_TYPE_COMPOSER, NULL));
  attach (&f, "tower.png", 100, 1000, BLUE, RED);
  row = show_row (&f, send (&f));
  frame = get_frame (row, 0);
  g_assert_cmpint (gtk_widget_get_height (frame), ==, 240);
  g_assert_cmpint (gtk_widget_get_width (frame), ==, 48);
  assert_color (frame, 0.4, 0.5, BLUE);
  assert_color (frame, 0.6, 0.5, RED);
  tear_down (&f);
}

/* Several are alike, and stand in the order in which they were attached. */
static void
test_several (void)
{
  static const guint colors[] = { RED, GREEN, BLUE };
  Fixture f;
  GtkWidget *row;

  set_up (&f);
  for (guint i = 0; i < G_N_ELEMENTS (colors); i++)
    attach (&f, "tile.png", 200 + 100 * (int) i, 200, colors[i], colors[i]);
  row = show_row (&f, send (&f));
  g_assert_cmpuint (count_chips (row), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (colors); i++)
    {
      g_assert_cmpint (gtk_widget_get_width (get_frame (row, i)), ==, 108);
      g_assert_cmpint (gtk_widget_get_height (get_frame (row, i)), ==, 108);
      assert_color (get_frame (row, i), 0.5, 0.5, colors[i]);
    }
  tear_down (&f);
}

/* What has been seen once takes its room at once, so that nothing moves when it is there again. */
static void
test_room (void)
{
  Fixture f;
  GtkWidget *first, *second;
  g_autoptr (SottoMessage) message = NULL;
  int before, after;

  set_up (&f);
  attach (&f, "wide.png", 1000, 200, RED, GREEN);
  first = show_row (&f, send (&f));
  message = g_object_ref (sotto_message_row_get_message (SOTTO_MESSAGE_ROW (first)));
  gtk_widget_measure (first, GTK_ORIENTATION_VERTICAL, 500, NULL, &after, NULL, NULL);
  second = g_object_ref_sink (sotto_message_row_new (f.conversation, message, f.reader));
  gtk_widget_measure (second, GTK_ORIENTATION_VERTICAL, 500, NULL, &before, NULL, NULL);
  g_assert_cmpint (before, ==, after);
  g_object_unref (second);
  tear_down (&f);
}

/* --- Pasting --- */

/* The clipboard of another program: files of pictures, and text, as given */
static void
copy_elsewhere (Fixture    *self,
                GBytes     *picture,
                const char *text)
{
  GdkContentProvider *providers[2] = { NULL };
  g_autoptr (GdkContentProvider) both = NULL;
  gsize n = 0;

  if (picture != NULL)
    providers[n++] = gdk_content_provider_new_for_bytes ("image/png", picture);
  if (text != NULL)
    providers[n++] = gdk_content_provider_new_typed (G_TYPE_STRING, text);
  both = gdk_content_provider_new_union (providers, n);
  g_assert_true (gdk_clipboard_set_content (gtk_widget_get_clipboard (self->composer), both));
}

static char *
paste (Fixture    *self,
       GBytes     *picture,
       const char *text)
{
  char *written;

  copy_elsewhere (self, picture, text);
  gtk_widget_grab_focus (self->composer);
  press (self, "ctrl+v");
  harness_run (0.5);
  g_object_get (gtk_text_view_get_buffer (self->view), "text", &written, NULL);

  return written;
}

static void
test_paste (void)
{
  Fixture f;
  g_autoptr (GBytes) picture = look_pixels_create (20, 20, RED, RED);
  g_autoptr (GBytes) damaged = g_bytes_new_static ("no picture", 10);
  g_autofree char *alone = NULL;
  g_autofree char *with_address = NULL;
  g_autofree char *with_text = NULL;
  g_autofree char *broken = NULL;

  set_up (&f);
  alone = paste (&f, picture, NULL);
  g_assert_cmpuint (get_n_attached (&f), ==, 1);
  g_assert_cmpstr (alone, ==, "");
  harness_wait_for (is_loaded, get_frame (f.composer, 0), 10);
  assert_color (get_frame (f.composer, 0), 0.5, 0.5, RED);

  with_address = paste (&f, picture, "https://example.org/cat.png\n");
  g_assert_cmpuint (get_n_attached (&f), ==, 2);
  g_assert_cmpstr (with_address, ==, "");

  /* Cells of a table come as a picture, too. */
  with_text = paste (&f, picture, "a\tb");
  g_assert_cmpuint (get_n_attached (&f), ==, 2);
  g_assert_cmpstr (with_text, ==, "a\tb");

  broken = paste (&f, damaged, NULL);
  g_assert_cmpuint (get_n_attached (&f), ==, 2);
  g_assert_cmpstr (broken, ==, "a\tb");
  g_assert_true (gtk_widget_get_sensitive (harness_find_button (f.composer, "Send (Enter)")));
  tear_down (&f);
}

/* --- Looking --- */

static gboolean
has_texture (gpointer dialog)
{
  GtkWidget *picture = harness_find (dialog, GTK_TYPE_PICTURE);

  return picture != NULL && gtk_picture_get_paintable (GTK_PICTURE (picture)) != NULL;
}

/* Opened by a key, the next one by another, as large as there is room for. */
static void
test_viewer (void)
{
  Fixture f;
  GtkWidget *row, *picture;
  AdwDialog *dialog;

  set_up (&f);
  attach (&f, "cat.png", 1600, 800, RED, GREEN);
  attach (&f, "dog.png", 100, 100, BLUE, BLUE);
  row = show_row (&f, send (&f));
  gtk_widget_grab_focus (get_chip (row, 0));
  press (&f, "Return");
  harness_wait_for (has_dialog, f.window, 5);
  dialog = adw_application_window_get_visible_dialog (f.window);
  harness_wait_for (has_texture, dialog, 10);
  harness_run (0.5);
  g_assert_cmpstr (adw_dialog_get_title (dialog), ==, "cat.png");
  picture = harness_find (GTK_WIDGET (dialog), GTK_TYPE_PICTURE);
  assert_color (picture, 0.45, 0.5, RED);
  assert_color (picture, 0.55, 0.5, GREEN);

  press (&f, "1");
  g_assert_cmpint (gtk_widget_get_width (picture), ==, 1600);
  assert_color (gtk_widget_get_parent (picture), 0.48, 0.5, RED);
  assert_color (gtk_widget_get_parent (picture), 0.52, 0.5, GREEN);
  press (&f, "0");
  g_assert_cmpint (gtk_widget_get_width (picture), <=, 600);

  press (&f, "Right");
  harness_wait_for (has_texture, dialog, 10);
  harness_run (0.3);
  g_assert_cmpstr (adw_dialog_get_title (dialog), ==, "dog.png");
  assert_color (picture, 0.5, 0.5, BLUE);
  press (&f, "Right");
  g_assert_cmpstr (adw_dialog_get_title (dialog), ==, "dog.png");
  press (&f, "Left");
  g_assert_cmpstr (adw_dialog_get_title (dialog), ==, "cat.png");
  press (&f, "Escape");
  g_assert_false (has_dialog (f.window));
  tear_down (&f);
}

/* --- Many --- */

static GtkWidget *
create_row (gpointer item,
            gpointer user_data)
{
  Fixture *self = user_data;

  return sotto_message_row_new (self->conversation, item, self->reader);
}

static guint
count_frames (GtkWidget *widget)
{
  guint n = SOTTO_IS_PICTURE_FRAME (widget) ? 1 : 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    n += count_frames (child);

  return n;
}

/* Of what is out of sight nothing is kept: only rows in sight have a picture. */
static void
test_long (void)
{
  enum { N = 16 };
  Fixture f;
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *list = sotto_message_list_new ();

  set_up (&f);
  for (guint i = 0; i < N; i++)
    {
      attach (&f, "tile.png", 640, 480, i % 2 == 0 ? RED : GREEN, BLUE);
      g_object_unref (g_object_ref_sink (send (&f)));
    }
  sotto_message_list_set_create (SOTTO_MESSAGE_LIST (list), create_row, &f);
  sotto_message_list_set_model (SOTTO_MESSAGE_LIST (list), G_LIST_MODEL (f.conversation));
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  adw_application_window_set_content (f.window, scroller);
  harness_run (0.5);
  for (guint i = 0; i < N; i += 4)
    {
      sotto_message_list_scroll_to (SOTTO_MESSAGE_LIST (list), i);
      harness_run (0.1);
      g_assert_cmpuint (count_frames (list), >, 0);
      g_assert_cmpuint (count_frames (list), <, 8);
    }
  tear_down (&f);
}

static double
get_megabytes (void)
{
  g_autofree char *text = NULL;
  gint64 pages;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  pages = g_ascii_strtoll (strchr (text, ' '), NULL, 10);

  return (double) pages * (double) sysconf (_SC_PAGESIZE) / 1e6;
}

/* As one scrolls past pictures of earlier days: each is decoded to be shown, of which only a thumbnail is kept, and that as long as it
 * is in sight. One of these takes 5.8 MB. */
static void
test_forgotten (void)
{
  enum { N = 30 };
  g_autoptr (GBytes) file = look_pixels_create (1600, 1200, RED, GREEN);
  g_autoptr (GPtrArray) attachments = g_ptr_array_new_with_free_func (g_object_unref);
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());
  double before = 0;

  gtk_window_set_default_size (window, 400, 300);
  gtk_window_present (window);
  for (guint i = 0; i < N; i++)
    {
      SottoAttachment *attachment = sotto_attachment_new_picture ("old.png", NULL, file);
      GtkWidget *chip = sotto_picture_chip_new (attachment, SOTTO_PICTURE_SIZE_LARGE, FALSE);
      GtkWidget *frame;

      g_ptr_array_add (attachments, attachment);
      gtk_window_set_child (window, chip);
      harness_settle (chip);
      frame = get_frame (chip, 0);
      harness_wait_for (is_loaded, frame, 20);
      g_assert_null (sotto_attachment_peek_image (attachment));
      if (i == 4)
        before = get_megabytes ();
    }
  g_test_message ("%.0f MB after five, %.0f MB after %u", before, get_megabytes (), N);
  g_assert_cmpfloat (get_megabytes () - before, <, 60);
  gtk_window_destroy (window);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/pictures/draft", test_draft);
  g_test_add_func ("/pictures/many", test_many);
  g_test_add_func ("/pictures/single", test_single);
  g_test_add_func ("/pictures/several", test_several);
  g_test_add_func ("/pictures/room", test_room);
  g_test_add_func ("/pictures/paste", test_paste);
  g_test_add_func ("/pictures/viewer", test_viewer);
  g_test_add_func ("/pictures/long", test_long);
  g_test_add_func ("/pictures/forgotten", test_forgotten);

  return g_test_run ();
}
