#include "harness-wait.h"

/* As tests/run has the tests themselves take longer. */
#ifdef __SANITIZE_ADDRESS__
#define PATIENCE 6
#else
#define PATIENCE 1
#endif

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
turn_until (HarnessCondition condition,
            gpointer         data,
            gint64           end)
{
  const guint tick = g_timeout_add (5, on_tick, NULL);

  while ((condition == NULL || !condition (data)) && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (tick);
}

void
harness_wait (HarnessCondition  condition,
              gpointer          data,
              double            seconds,
              const char       *what)
{
  turn_until (condition, data, g_get_monotonic_time () + (gint64) (seconds * PATIENCE * G_USEC_PER_SEC));
  if (!condition (data))
    g_error ("waited %.0f s in vain for %s", seconds * PATIENCE, what);
}

void
harness_run (double seconds)
{
  turn_until (NULL, NULL, g_get_monotonic_time () + (gint64) (seconds * PATIENCE * G_USEC_PER_SEC));
}
