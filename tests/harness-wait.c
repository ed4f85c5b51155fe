#include "harness-wait.h"

#include <string.h>
#include <unistd.h>

/* As tests/run has the tests themselves take longer. */
#ifdef __SANITIZE_ADDRESS__
#define PATIENCE 6
#else
#define PATIENCE 1
#endif

/* The context is turned so often, and no turn counts for more than twice that: time in which a busy machine has us wait is
 * nobody's, neither a moment's nor a deadline's. */
#define TICK_US 5000
#define MOST_US (2 * TICK_US)

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
turn_until (HarnessCondition condition,
            gpointer         data,
            double           seconds)
{
  const guint tick = g_timeout_add (TICK_US / 1000, on_tick, NULL);
  gint64 left = (gint64) (seconds * PATIENCE * G_USEC_PER_SEC);
  gint64 before = g_get_monotonic_time ();

  while ((condition == NULL || !condition (data)) && left > 0)
    {
      gint64 now;

      g_main_context_iteration (NULL, TRUE);
      now = g_get_monotonic_time ();
      left -= MIN (now - before, MOST_US);
      before = now;
    }
  g_source_remove (tick);
}

void
harness_wait (HarnessCondition  condition,
              gpointer          data,
              double            seconds,
              const char       *what)
{
  turn_until (condition, data, seconds);
  if (!condition (data))
    g_error ("waited %.0f s in vain for %s", seconds * PATIENCE, what);
}

/* A thread that computes, or would if a processor were free, or waits for the disk (proc_pid_stat(5)) */
static gboolean
is_at_work (const char *thread)
{
  g_autofree char *path = g_build_filename ("/proc/self/task", thread, "stat", NULL);
  g_autofree char *stat = NULL;
  const char *name_end;

  /* It may have ended. */
  if (!g_file_get_contents (path, &stat, NULL, NULL))
    return FALSE;
  name_end = strrchr (stat, ')');

  return name_end != NULL && (g_str_has_prefix (name_end, ") R") || g_str_has_prefix (name_end, ") D"));
}

static gboolean
others_rest (gpointer unused)
{
  g_autofree char *self = g_strdup_printf ("%d", (int) getpid ());
  g_autoptr (GDir) threads = g_dir_open ("/proc/self/task", 0, NULL);
  const char *thread;

  while (threads != NULL && (thread = g_dir_read_name (threads)) != NULL)
    if (!g_str_equal (thread, self) && is_at_work (thread))
      return FALSE;

  return TRUE;
}

void
harness_run (double seconds)
{
  turn_until (NULL, NULL, seconds);
  if (others_rest (NULL))
    return;

  /* What they were at comes with the next turns; of one that computes all the time, as a model does, the end is not waited for. */
  turn_until (others_rest, NULL, seconds);
  turn_until (NULL, NULL, 2.0 * TICK_US / G_USEC_PER_SEC);
}
