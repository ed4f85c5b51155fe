/* The list of messages: what is read stays where it is whatever happens around it, the end is followed while it is in sight, the
 * focus is kept, and ten thousand messages cost a frame no more than ten. */
#include "harness.h"

#include <stdlib.h>

#include "conversation/message-list.h"
#include "markdown/markdown-view.h"

/* --- A list of rows whose heights are known --- */

typedef struct {
  GtkStringList *model;   /* the strings are heights */
  GtkWidget *list;
  GtkWidget *scroller;
  GtkWindow *window;
} Fixture;

static GtkWidget *
create_row (gpointer item,
            gpointer user_data)
{
  GtkWidget *row = gtk_button_new ();

  gtk_widget_set_size_request (row, -1, atoi (gtk_string_object_get_string (item)));
  gtk_button_set_label (GTK_BUTTON (row), gtk_string_object_get_string (item));
  g_object_set_data_full (G_OBJECT (row), "item", g_object_ref (item), g_object_unref);

  return row;
}

static void
set_up (Fixture *self,
        guint    n_rows)
{
  self->model = gtk_string_list_new (NULL);
  for (guint i = 0; i < n_rows; i++)
    {
      g_autofree char *height = g_strdup_printf ("%u", 60 + i % 7 * 40);

      gtk_string_list_append (self->model, height);
    }
  self->list = sotto_message_list_new ();
  sotto_message_list_set_create (SOTTO_MESSAGE_LIST (self->list), create_row, NULL);
  sotto_message_list_set_model (SOTTO_MESSAGE_LIST (self->list), G_LIST_MODEL (self->model));
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), self->list);
  self->window = harness_show (self->scroller, 400, 500);
}

static void
tear_down (Fixture *self)
{
  gtk_window_destroy (self->window);
  g_object_unref (self->model);
}

static GtkWidget *
row_at (Fixture *self,
        guint    position)
{
  return sotto_message_list_get_row (SOTTO_MESSAGE_LIST (self->list), position);
}

/* Where row @position begins, below the top of the view. */
static double
get_y (Fixture *self,
       guint    position)
{
  GtkWidget *row = row_at (self, position);
  graphene_rect_t bounds;

  g_assert_nonnull (row);
  g_assert_true (gtk_widget_compute_bounds (row, self->list, &bounds));

  return bounds.origin.y;
}

static double
get_bottom (Fixture *self,
            guint    position)
{
  graphene_rect_t bounds;

  g_assert_true (gtk_widget_compute_bounds (row_at (self, position), self->list, &bounds));

  return bounds.origin.y + bounds.size.height;
}

static void
scroll_by (Fixture *self,
           double   by)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scroller));

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + by);
  harness_settle (GTK_WIDGET (self->window));
}

/* Children stand in the model's order, above each other without gaps, and those that exist are few. */
static void
assert_orderly (Fixture *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->model));
  GtkWidget *child = gtk_widget_get_first_child (self->list);
  double bottom = -G_MAXDOUBLE;
  guint n_rows = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) item = NULL;

      if (row_at (self, i) == NULL)
        continue;

      item = g_list_model_get_item (G_LIST_MODEL (self->model), i);
      g_assert_true (row_at (self, i) == child);
      g_assert_true (g_object_get_data (G_OBJECT (child), "item") == item);
      if (n_rows > 0)
        g_assert_cmpfloat_with_epsilon (get_y (self, i), bottom, 1.5);
      bottom = get_bottom (self, i);
      child = gtk_widget_get_next_sibling (child);
      n_rows++;
    }

  g_assert_null (child);
  g_assert_cmpuint (n_rows, >, 0);
  g_assert_cmpuint (n_rows, <, 60);
}

static void
test_order (void)
{
  Fixture self;

  set_up (&self, 500);
  assert_orderly (&self);
  for (guint i = 0; i < 10; i++)
    {
      scroll_by (&self, i < 5 ? -700 : 350);
      assert_orderly (&self);
    }
  scroll_by (&self, -1e6);
  assert_orderly (&self);
  g_assert_cmpfloat_with_epsilon (get_y (&self, 0), 0, 1);
  scroll_by (&self, 1e6);
  assert_orderly (&self);
  g_assert_cmpfloat_with_epsilon (get_bottom (&self, 499), 500, 1.5);
  tear_down (&self);
}

static void
test_follows_end (void)
{
  Fixture self;
  const char *const more[] = { "90", NULL };

  set_up (&self, 100);
  g_assert_true (sotto_message_list_is_at_end (SOTTO_MESSAGE_LIST (self.list)));
  g_assert_cmpfloat_with_epsilon (get_bottom (&self, 99), 500, 1.5);

  /* The last one grows, also beyond the view, and another comes. */
  for (int height = 100; height < 1200; height += 150)
    {
      gtk_widget_set_size_request (row_at (&self, 99), -1, height);
      harness_settle (GTK_WIDGET (self.window));
      g_assert_cmpfloat_with_epsilon (get_bottom (&self, 99), 500, 1.5);
      g_assert_true (sotto_message_list_is_at_end (SOTTO_MESSAGE_LIST (self.list)));
    }
  gtk_string_list_splice (self.model, 100, 0, more);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_bottom (&self, 100), 500, 1.5);

  /* A person who scrolls up is left alone. */
  scroll_by (&self, -100);
  g_assert_false (sotto_message_list_is_at_end (SOTTO_MESSAGE_LIST (self.list)));
  {
    double y = get_y (&self, 99);

    gtk_widget_set_size_request (row_at (&self, 100), -1, 400);
    harness_settle (GTK_WIDGET (self.window));
    g_assert_cmpfloat_with_epsilon (get_y (&self, 99), y, 0.5);
    gtk_string_list_splice (self.model, 101, 0, more);
    harness_settle (GTK_WIDGET (self.window));
    g_assert_cmpfloat_with_epsilon (get_y (&self, 99), y, 0.5);
    g_assert_false (sotto_message_list_is_at_end (SOTTO_MESSAGE_LIST (self.list)));
  }

  sotto_message_list_scroll_to_end (SOTTO_MESSAGE_LIST (self.list));
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_bottom (&self, 101), 500, 1.5);
  g_assert_true (sotto_message_list_is_at_end (SOTTO_MESSAGE_LIST (self.list)));
  tear_down (&self);
}

static void
test_anchored (void)
{
  Fixture self;
  const char *const more[] = { "300", "20", "70", NULL };

  set_up (&self, 200);
  sotto_message_list_scroll_to (SOTTO_MESSAGE_LIST (self.list), 100);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 100), 0, 0.5);

  /* What is above becomes higher, more, less. */
  gtk_widget_set_size_request (row_at (&self, 99), -1, 700);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 100), 0, 0.5);
  gtk_string_list_splice (self.model, 50, 0, more);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 103), 0, 0.5);
  gtk_string_list_splice (self.model, 101, 0, more);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 106), 0, 0.5);
  gtk_string_list_splice (self.model, 0, 40, NULL);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 66), 0, 0.5);
  assert_orderly (&self);

  /* The row at the top goes itself; and all of them do. */
  gtk_string_list_splice (self.model, 60, 10, NULL);
  harness_settle (GTK_WIDGET (self.window));
  assert_orderly (&self);
  gtk_string_list_splice (self.model, 0, g_list_model_get_n_items (G_LIST_MODEL (self.model)), NULL);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_null (gtk_widget_get_first_child (self.list));
  gtk_string_list_splice (self.model, 0, 0, more);
  harness_settle (GTK_WIDGET (self.window));
  assert_orderly (&self);
  tear_down (&self);
}

static void
test_focus (void)
{
  Fixture self;
  GtkWidget *row;

  set_up (&self, 300);
  sotto_message_list_scroll_to (SOTTO_MESSAGE_LIST (self.list), 150);
  harness_settle (GTK_WIDGET (self.window));
  row = row_at (&self, 151);
  g_assert_true (gtk_widget_grab_focus (row));
  harness_settle (GTK_WIDGET (self.window));

  /* Far away it exists still, and has the focus still. */
  scroll_by (&self, 6000);
  g_assert_true (row_at (&self, 151) == row);
  g_assert_true (gtk_root_get_focus (GTK_ROOT (self.window)) == row);
  scroll_by (&self, -6000);
  g_assert_true (row_at (&self, 151) == row);

  /* A focus that comes to a row partly out of sight brings it into sight. */
  sotto_message_list_scroll_to (SOTTO_MESSAGE_LIST (self.list), 150);
  harness_settle (GTK_WIDGET (self.window));
  scroll_by (&self, 30);
  g_assert_true (gtk_widget_grab_focus (row_at (&self, 150)));
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 150), 0, 1);

  /* The row goes: the focus is nowhere rather than in a widget that is gone. */
  gtk_string_list_splice (self.model, 150, 1, NULL);
  harness_settle (GTK_WIDGET (self.window));
  assert_orderly (&self);
  g_assert_true (gtk_widget_child_focus (GTK_WIDGET (self.window), GTK_DIR_TAB_FORWARD));
  tear_down (&self);
}

/* A narrower window changes all heights; what is read stays. */
static void
test_width (void)
{
  Fixture self;

  set_up (&self, 200);
  sotto_message_list_scroll_to (SOTTO_MESSAGE_LIST (self.list), 77);
  harness_settle (GTK_WIDGET (self.window));
  gtk_window_set_default_size (self.window, 360, 500);
  harness_run (0.3);
  harness_settle (GTK_WIDGET (self.window));
  g_assert_cmpfloat_with_epsilon (get_y (&self, 77), 0, 0.5);
  assert_orderly (&self);
  tear_down (&self);
}

/* --- Ten thousand --- */

#define N_MESSAGES 10000

typedef struct {
  GString *last;         /* the message that streams */
  GtkWidget *last_view;  /* (nullable): while it exists */
  GtkStringList *model;
  GArray *frames;        /* (element-type double): milliseconds from before-paint to after-paint */
  gint64 begun;
} Measure;

static char *
make_message (guint i)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (i);
  GString *text = g_string_new (NULL);
  int n_paragraphs = g_rand_int_range (random, 1, 5);

  for (int paragraph = 0; paragraph < n_paragraphs; paragraph++)
    {
      int n_words = g_rand_int_range (random, 5, 80);

      for (int word = 0; word < n_words; word++)
        g_string_append_printf (text, "word%d ", g_rand_int_range (random, 0, 1000));
      g_string_append (text, "\n\n");
      if (g_rand_int_range (random, 0, 5) == 0)
        g_string_append (text, "```python\ndef f(x):\n    return x + 1\n```\n\n");
      if (g_rand_int_range (random, 0, 6) == 0)
        g_string_append (text, "- one\n- two **bold**\n- three `code`\n\n");
    }

  return g_string_free (text, FALSE);
}

static GtkWidget *
create_message (gpointer item,
                gpointer user_data)
{
  Measure *self = user_data;
  g_autoptr (GObject) last = g_list_model_get_item (G_LIST_MODEL (self->model), N_MESSAGES - 1);
  GtkWidget *view = sotto_markdown_view_new ();

  gtk_widget_set_margin_top (view, 12);
  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view),
                                item == last ? self->last->str : gtk_string_object_get_string (item));
  if (item == last)
    g_set_weak_pointer (&self->last_view, view);

  return view;
}

static void
on_before_paint (Measure *self)
{
  self->begun = g_get_monotonic_time ();
}

static void
on_after_paint (Measure *self)
{
  double milliseconds = (g_get_monotonic_time () - self->begun) / 1000.0;

  g_array_append_val (self->frames, milliseconds);
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Returns: the median; prints it with its company */
static double
report (Measure    *self,
        const char *what)
{
  double sum = 0;
  double median;

  g_assert_cmpuint (self->frames->len, >, 20);
  g_array_sort (self->frames, compare_doubles);
  for (guint i = 0; i < self->frames->len; i++)
    sum += g_array_index (self->frames, double, i);
  median = g_array_index (self->frames, double, self->frames->len / 2);
  g_test_message ("%s: %u frames, ms: median %.1f, mean %.1f, 95 %% %.1f, worst %.1f", what, self->frames->len, median,
                  sum / self->frames->len, g_array_index (self->frames, double, self->frames->len * 95 / 100),
                  g_array_index (self->frames, double, self->frames->len - 1));
  g_array_set_size (self->frames, 0);

  return median;
}

static void
measure_at (int width)
{
  Measure self = { .last = g_string_new ("start "), .frames = g_array_new (FALSE, FALSE, sizeof (double)) };
  GtkWidget *list = sotto_message_list_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkAdjustment *adjustment;
  GdkFrameClock *clock;
  GtkWindow *window;
  gint64 start;
  g_autofree char *streaming = g_strdup_printf ("%d px: streaming into the last of %d", width, N_MESSAGES);
  g_autofree char *scrolling = g_strdup_printf ("%d px: scrolling by 300 px", width);

  self.model = gtk_string_list_new (NULL);
  for (guint i = 0; i < N_MESSAGES; i++)
    gtk_string_list_take (self.model, make_message (i));

  sotto_message_list_set_create (SOTTO_MESSAGE_LIST (list), create_message, &self);
  sotto_message_list_set_model (SOTTO_MESSAGE_LIST (list), G_LIST_MODEL (self.model));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  start = g_get_monotonic_time ();
  window = harness_show (scroller, width, 760);
  g_test_message ("%d px: two frames of %d messages after %.0f ms", width, N_MESSAGES,
                  (g_get_monotonic_time () - start) / 1000.0);

  clock = gtk_widget_get_frame_clock (GTK_WIDGET (window));
  g_signal_connect_swapped (clock, "before-paint", G_CALLBACK (on_before_paint), &self);
  g_signal_connect_swapped (clock, "after-paint", G_CALLBACK (on_after_paint), &self);
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));

  for (guint i = 0; i < 150; i++)
    {
      g_string_append_printf (self.last, "word%u %s", i, i % 20 == 0 ? "\n\n" : "");
      g_assert_nonnull (self.last_view);
      sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (self.last_view), self.last->str);
      harness_run (0.015);
    }
  g_assert_true (sotto_message_list_is_at_end (SOTTO_MESSAGE_LIST (list)));
  g_assert_cmpfloat (report (&self, streaming), <, 16);

  for (guint i = 0; i < 60; i++)
    {
      gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) - 300);
      harness_run (0.015);
    }
  report (&self, scrolling);

  g_signal_handlers_disconnect_by_data (clock, &self);
  gtk_window_destroy (window);
  g_clear_weak_pointer (&self.last_view);
  g_object_unref (self.model);
  g_array_unref (self.frames);
  g_string_free (self.last, TRUE);
}

static void
test_ten_thousand (void)
{
  measure_at (1000);
  measure_at (360);
}

static GtkWidget *
create_markdown (gpointer item,
                 gpointer user_data)
{
  GtkWidget *view = sotto_markdown_view_new ();

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), gtk_string_object_get_string (item));

  return view;
}

/* Every line of a piece of code is in sight, also where the lines are wider than the window and were there from the start. */
static void
test_code (void)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);
  GtkWidget *list = sotto_message_list_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *view;
  GtkAdjustment *lines;
  GtkWindow *window;

  gtk_string_list_append (model,
    "One, two.\n\n```python\n"
    "def very_long_function_name(argument_one, argument_two, argument_three, argument_four, argument_five):\n"
    "    return argument_one + argument_two\n```\n\n> Three.\n");
  sotto_message_list_set_create (SOTTO_MESSAGE_LIST (list), create_markdown, NULL);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  window = harness_show (scroller, 500, 500);
  sotto_message_list_set_model (SOTTO_MESSAGE_LIST (list), G_LIST_MODEL (model));
  harness_run (0.5);

  view = harness_find (list, GTK_TYPE_TEXT_VIEW);
  g_assert_nonnull (view);
  lines = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (view));
  g_assert_cmpfloat (gtk_adjustment_get_upper (lines), >, 30);
  g_assert_cmpfloat (gtk_adjustment_get_upper (lines), <=, gtk_adjustment_get_page_size (lines));
  gtk_window_destroy (window);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/message-list/order", test_order);
  g_test_add_func ("/message-list/follows-end", test_follows_end);
  g_test_add_func ("/message-list/anchored", test_anchored);
  g_test_add_func ("/message-list/focus", test_focus);
  g_test_add_func ("/message-list/width", test_width);
  g_test_add_func ("/message-list/ten-thousand", test_ten_thousand);
  g_test_add_func ("/message-list/code", test_code);

  return g_test_run ();
}
