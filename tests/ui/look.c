#include "look.h"

#include "contrast.h"
#include "harness.h"

static void
on_ended (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  *(gboolean *) user_data = g_subprocess_wait_check_finish (G_SUBPROCESS (source), result, NULL);
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* What is in sight can be read: in the dialog, where there is one. A busy machine may take a while until what was asked for has
 * been drawn, so that only what stays weak counts. */
static void
check_contrast (Look       *look,
                const char *what)
{
  for (int try = 1;; try++)
    {
      AdwDialog *dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (look->window));
      guint n_measured;
      g_auto (GStrv) weak = contrast_find_weak (dialog != NULL ? GTK_WIDGET (dialog) : GTK_WIDGET (look->window), &n_measured);

      if (weak[0] == NULL && n_measured >= 3)
        return;
      if (try == 5)
        {
          for (guint i = 0; weak[i] != NULL; i++)
            g_test_message ("%s-%s: %s", look->name, what, weak[i]);
          g_test_fail_printf ("%s: %u texts and icons were measured, the contrast of %u is not enough, see above", what, n_measured,
                              g_strv_length (weak));
          return;
        }
      harness_run (0.5);
    }
}

void
look_shoot (Look       *look,
            const char *what)
{
  const char *folder = g_getenv ("SOTTO_SCREENSHOTS");
  g_autofree char *own = g_build_filename (g_getenv ("SOTTO_BUILD_DIR"), "screenshots", NULL);
  g_autofree char *name = g_strdup_printf ("%s-%s.png", look->name, what);
  g_autofree char *path = g_build_filename (folder != NULL ? folder : own, name, NULL);
  g_autofree char *crop = g_strdup_printf ("%dx%d+0+0", look->width, look->height);
  g_autoptr (GSubprocess) process = NULL;
  gboolean done = FALSE;

  g_mkdir_with_parents (folder != NULL ? folder : own, 0755);
  harness_rest (GTK_WIDGET (look->window), 1);
  /* The root window, as popovers are windows of their own; packed in half the time, and as small, by zlib's first level */
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, NULL, "import", "-window", "root", "-crop", crop, "+repage", "-quality", "11", path, NULL);
  g_assert_nonnull (process);
  g_subprocess_wait_async (process, NULL, on_ended, &done);
  check_contrast (look, what);
  harness_wait_for (is_true, &done, 30);
}

void
look_activate (Look       *look,
               const char *action)
{
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (look->window), action, NULL));
  harness_rest (GTK_WIDGET (look->window), 1);
}

static gboolean
has_dialog (gpointer window)
{
  return adw_application_window_get_visible_dialog (window) != NULL;
}

void
look_wait_for_dialog (Look *look)
{
  harness_wait_for (has_dialog, look->window, 30);
}

void
look_close_dialog (Look *look)
{
  AdwDialog *dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (look->window));

  if (dialog != NULL)
    adw_dialog_close (dialog);
  harness_rest (GTK_WIDGET (look->window), 1);
}

void
look_scroll_to_end (Look *look)
{
  GtkWidget *dialog = GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (look->window)));
  GtkScrolledWindow *scroller = GTK_SCROLLED_WINDOW (harness_find (dialog, GTK_TYPE_SCROLLED_WINDOW));
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (scroller);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
}

GtkWidget *
look_find_last_button (GtkWidget  *from,
                       const char *action)
{
  if (!gtk_widget_get_mapped (from))
    return NULL;
  if (GTK_IS_BUTTON (from) && g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (from)), action) == 0)
    return from;

  for (GtkWidget *child = gtk_widget_get_last_child (from); child != NULL; child = gtk_widget_get_prev_sibling (child))
    {
      GtkWidget *found = look_find_last_button (child, action);

      if (found != NULL)
        return found;
    }

  return NULL;
}
