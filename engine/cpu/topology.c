#include "cpu/pool.h"

#include <sched.h>
#include <stdio.h>

/* How many threads pay: one a physical core. Two threads of one core share its multipliers, which a
 * matrix product keeps busy alone. Cores that are slower count too: lanes take units as they are done with
 * others, so that each does what it can. */

static gboolean
read_line (const char *path, char *line, gsize length)
{
  FILE *file = fopen (path, "re");
  gboolean done;

  if (file == NULL)
    return FALSE;
  done = fgets (line, (int) length, file) != NULL;
  fclose (file);
  return done;
}

/* Whether a lower-numbered CPU of the same core is in the mask too: then this one does not count.
 */
static gboolean
shares_core (int cpu, const cpu_set_t *mask)
{
  char path[96];
  char siblings[256];
  const char *p = siblings;

  g_snprintf (path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
              cpu);
  if (!read_line (path, siblings, sizeof siblings))
    return FALSE;
  /* "0,64" or "0-1" */
  while (g_ascii_isdigit (*p))
    {
      char *end;
      guint64 first = g_ascii_strtoull (p, &end, 10);
      guint64 last = first;

      if (*end == '-')
        last = g_ascii_strtoull (end + 1, &end, 10);
      for (guint64 other = first; other <= last && other < (guint64) cpu; other++)
        if (other < CPU_SETSIZE && CPU_ISSET ((int) other, mask))
          return TRUE;
      p = *end == ',' ? end + 1 : end;
    }
  return FALSE;
}

/* CPUs' worth of time that the control group grants ("max 100000", "150000 100000"), or 0. */
static guint
group_quota (void)
{
  char line[128];
  char *end;
  guint64 quota;
  guint64 period;

  if (!read_line ("/sys/fs/cgroup/cpu.max", line, sizeof line) || !g_ascii_isdigit (line[0]))
    return 0;
  quota = g_ascii_strtoull (line, &end, 10);
  period = g_ascii_strtoull (end, NULL, 10);
  return period == 0 ? 0 : (guint) MAX (quota / period, 1);
}

guint
sotto_cpu_count_cores (void)
{
  cpu_set_t mask;
  guint n_cores = 0;
  guint quota = group_quota ();

  CPU_ZERO (&mask);
  if (sched_getaffinity (0, sizeof mask, &mask) != 0)
    return MAX (g_get_num_processors (), 1);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET (cpu, &mask) && !shares_core (cpu, &mask))
      n_cores++;
  if (quota > 0)
    n_cores = MIN (n_cores, quota);
  return MAX (n_cores, 1);
}
