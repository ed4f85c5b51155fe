#include "harness.h"

#include <glib/gstdio.h>
#include <gtksourceview/gtksource.h>
#include <sotto-app.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void
harness_init (int    *argc,
              char ***argv)
{
  /* ../desktop gives a home and a bus as well; nobody's own desktop is touched. */
  if (g_getenv ("SOTTO_DESKTOP") == NULL)
    {
      printf ("1..0 # SKIP it runs within tests/desktop only\n");
      exit (0);
    }

  g_setenv ("GTK_A11Y", "test", FALSE);
  g_setenv ("GSETTINGS_BACKEND", "memory", FALSE);
  g_test_init (argc, argv, NULL);
  adw_init ();
  gtk_source_init ();
}

static void
on_painted (GdkFrameClock *clock,
            guint         *n_frames)
{
  ++*n_frames;
}

static gboolean
has_painted (gpointer data)
{
  return *(guint *) data >= 2;
}

void
harness_settle (GtkWidget *widget)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (widget);
  guint n_frames = 0;
  gulong handler;

  /* It may have gone by what was done to it. */
  if (clock == NULL)
    return;

  handler = g_signal_connect (clock, "after-paint", G_CALLBACK (on_painted), &n_frames);
  gdk_frame_clock_begin_updating (clock);
  harness_wait_for (has_painted, &n_frames, 10);
  gdk_frame_clock_end_updating (clock);
  g_signal_handler_disconnect (clock, handler);
}

/* --- Rest --- */

/* So long nothing is to happen. Looked at in stretches, of which a thread that computes or draws takes more than a tenth, and
 * turning the main context, with a cursor that blinks, less. */
#define REST_MS 120
#define STRETCH_MS 20

typedef struct {
  gint64 used_before;       /* of the processor, in microseconds */
  gint64 stretch_began;
  gint64 rest_began;
  gint64 end;
  gboolean is_over;
} Rest;

static gint64
get_processor_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);

  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gboolean
is_at_rest (gpointer data)
{
  Rest *self = data;
  gint64 now = g_get_monotonic_time ();
  gint64 used = get_processor_time ();

  if (self->is_over || now - self->stretch_began < STRETCH_MS * 1000)
    return self->is_over;

  if ((used - self->used_before) * 10 > now - self->stretch_began)
    self->rest_began = now;
  self->used_before = used;
  self->stretch_began = now;
  self->is_over = now - self->rest_began >= REST_MS * 1000 || now >= self->end;

  return self->is_over;
}

void
harness_rest (GtkWidget *widget,
              double     seconds)
{
  gint64 now;
  Rest rest;

  harness_settle (widget);
  now = g_get_monotonic_time ();
  rest = (Rest) { get_processor_time (), now, now, now + (gint64) (seconds * G_USEC_PER_SEC), FALSE };
  harness_wait_for (is_at_rest, &rest, seconds + 10);
}

GtkWindow *
harness_show (GtkWidget *child,
              int        width,
              int        height)
{
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());

  gtk_window_set_decorated (window, FALSE);
  gtk_window_set_default_size (window, width, height);
  gtk_window_set_child (window, child);
  gtk_window_present (window);
  harness_settle (GTK_WIDGET (window));

  return window;
}

GtkWidget *
harness_find (GtkWidget *from,
              GType      type)
{
  if (!gtk_widget_get_mapped (from))
    return NULL;
  if (g_type_is_a (G_OBJECT_TYPE (from), type))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = harness_find (child, type);

      if (found != NULL)
        return found;
    }

  return NULL;
}

GtkWidget *
harness_find_button (GtkWidget  *from,
                     const char *name)
{
  if (!gtk_widget_get_mapped (from))
    return NULL;

  if (GTK_IS_BUTTON (from) &&
      (g_strcmp0 (gtk_button_get_label (GTK_BUTTON (from)), name) == 0 ||
       g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (from)), name) == 0 ||
       g_strcmp0 (gtk_widget_get_tooltip_text (from), name) == 0))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = harness_find_button (child, name);

      if (found != NULL)
        return found;
    }

  return NULL;
}

/* --- Keys --- */

static gboolean
is_done (gpointer data)
{
  return *(gboolean *) data;
}

static void
on_ended (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  *(gboolean *) user_data = TRUE;
}

static void
run_xdotool (const char *const *arguments)
{
  g_autoptr (GSubprocess) process = NULL;
  gboolean done = FALSE;

  process = g_subprocess_newv (arguments, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
  g_assert_nonnull (process);
  g_subprocess_wait_async (process, NULL, on_ended, &done);
  harness_wait_for (is_done, &done, 20);
}

/* What it sent us before it answers has come by then, however busy it was. */
static void
hear_from_server (void)
{
  gdk_display_sync (gdk_display_get_default ());
  harness_run (0.1);
}

static gboolean
give_keys (GtkWidget  *window,
           const char *command,
           const char *argument)
{
  /* Without a window manager nobody else gives a window the focus. In a call of its own: keys that are sent to a window,
   * rather than pressed, GTK does not take. */
  const char *const focus[] = {
    "xdotool", "search", "--onlyvisible", "--class", g_get_prgname (), "windowfocus", NULL
  };
  const char *const give[] = { "xdotool", command, argument, NULL };
  g_autofree char *program = g_find_program_in_path ("xdotool");

  if (program == NULL)
    return FALSE;

  run_xdotool (focus);
  hear_from_server ();
  run_xdotool (give);
  hear_from_server ();
  harness_settle (window);

  return TRUE;
}

gboolean
harness_keys (GtkWidget  *window,
              const char *keys)
{
  return give_keys (window, "key", keys);
}

gboolean
harness_type (GtkWidget  *window,
              const char *text)
{
  return give_keys (window, "type", text);
}

/* --- Models --- */

gboolean
harness_link_model (const char *name)
{
  const char *folder = g_getenv ("SOTTO_MODELS");
  g_autofree char *library = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (strstr (file, name) != NULL && g_str_has_suffix (file, ".gguf"))
      {
        g_autofree char *target = g_build_filename (folder, file, NULL);
        g_autofree char *link = g_build_filename (library, file, NULL);

        g_assert_cmpint (g_mkdir_with_parents (library, 0700), ==, 0);
        if (!g_file_test (link, G_FILE_TEST_EXISTS))
          g_assert_cmpint (symlink (target, link), ==, 0);
        return TRUE;
      }

  return FALSE;
}

gboolean
harness_is_ready (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_READY;
}

gboolean
harness_is_closed (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_CLOSED;
}

gboolean
harness_is_kept (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation) && !sotto_conversation_is_busy (conversation);
}
