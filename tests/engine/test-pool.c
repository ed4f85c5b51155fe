#include "cpu/pool.h"

#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

/* The pool of threads: every unit is done once, barriers hold, threads change, a cancel is agreed
 * on. */

enum { N_PHASES = 200, MAX_UNITS = 97 };

typedef struct {
  atomic_uint done[N_PHASES][MAX_UNITS];
  atomic_uint early;       /* a lane saw a phase before the one behind it was complete */
  atomic_uint n_lanes;
} Count;

static guint
units_of (guint phase)
{
  return phase * 7 % MAX_UNITS;
}

static void
count_lane (SottoPool *pool, guint lane, gpointer data)
{
  Count *count = data;
  guint unit;

  atomic_fetch_add (&count->n_lanes, 1);
  for (guint phase = 0; phase < N_PHASES; phase++)
    {
      guint most = 1 + phase % 6;
      guint n;

      while ((n = sotto_pool_take_some (pool, lane, units_of (phase), most, &unit)) > 0)
        for (guint i = 0; i < n; i++)
          atomic_fetch_add (&count->done[phase][unit + i], 1);
      g_assert_true (sotto_pool_barrier (pool));
      for (guint i = 0; i < units_of (phase); i++)
        if (atomic_load (&count->done[phase][i]) != 1)
          atomic_fetch_add (&count->early, 1);
    }
}

static void
check_run (SottoPool *pool, guint n_lanes)
{
  g_autofree Count *count = g_new0 (Count, 1);

  g_assert_cmpuint (sotto_pool_prepare (pool), ==, n_lanes);
  g_assert_true (sotto_pool_run (pool, NULL, count_lane, count));
  g_assert_cmpuint (atomic_load (&count->n_lanes), ==, n_lanes);
  g_assert_cmpuint (atomic_load (&count->early), ==, 0);
}

static void
test_phases (void)
{
  for (guint n = 1; n <= 9; n += 2)
    {
      SottoPool *pool = sotto_pool_new (n);

      g_assert_cmpuint (sotto_pool_get_threads (pool), ==, n);
      for (guint i = 0; i < 5; i++)
        check_run (pool, n);
      sotto_pool_free (pool);
    }
}

static void
test_set_threads (void)
{
  static const guint wanted[] = { 3, 1, 4, 4, 2, 8, 1, 5 };
  SottoPool *pool = sotto_pool_new (2);

  for (guint i = 0; i < 40; i++)
    {
      guint n = wanted[i % G_N_ELEMENTS (wanted)];

      sotto_pool_set_threads (pool, n);
      check_run (pool, n);
    }
  sotto_pool_set_threads (pool, 0);
  g_assert_cmpuint (sotto_pool_get_threads (pool), ==, sotto_cpu_count_cores ());
  sotto_pool_free (pool);
}

/* A pool that never ran has no threads to end. */
static void
test_unused (void)
{
  sotto_pool_free (sotto_pool_new (4));
}

typedef struct {
  SottoCancel *cancel;
  atomic_uint n_stopped;
  atomic_uint n_barriers[8]; /* passed by each lane */
} Cancelled;

static void
cancel_lane (SottoPool *pool, guint lane, gpointer data)
{
  Cancelled *run = data;
  guint unit;

  for (;;)
    {
      while (sotto_pool_take (pool, lane, 20, &unit))
        if (lane == 1 && atomic_load (&run->n_barriers[1]) >= 50)
          sotto_cancel_raise (run->cancel);
      if (!sotto_pool_barrier (pool))
        break;
      atomic_fetch_add (&run->n_barriers[lane], 1);
    }
  g_assert_true (sotto_pool_is_stopped (pool));
  g_assert_false (sotto_pool_take (pool, lane, 20, &unit));
  atomic_fetch_add (&run->n_stopped, 1);
}

static void
test_cancel (void)
{
  SottoPool *pool = sotto_pool_new (5);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
      Cancelled run = { .cancel = cancel };

      g_assert_cmpuint (sotto_pool_prepare (pool), ==, 5);
      g_assert_false (sotto_pool_run (pool, cancel, cancel_lane, &run));
      g_assert_cmpuint (atomic_load (&run.n_stopped), ==, 5);
      for (guint lane = 1; lane < 5; lane++) /* all left at the same barrier */
        g_assert_cmpuint (atomic_load (&run.n_barriers[lane]), ==,
                          atomic_load (&run.n_barriers[0]));
      /* raised before the start: nothing runs */
      g_assert_false (sotto_pool_run (pool, cancel, cancel_lane, &run));
    }
  sotto_pool_free (pool);
}

/* Between runs the threads sleep. */
static void
test_rests (void)
{
  SottoPool *pool = sotto_pool_new (4);
  struct timespec before;
  struct timespec after;

  check_run (pool, 4);
  g_usleep (20 * 1000);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &before);
  g_usleep (200 * 1000);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &after);
  g_assert_cmpint ((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec, <,
                   5 * 1000 * 1000);
  sotto_pool_free (pool);
}

static void
name_lane (SottoPool *pool G_GNUC_UNUSED, guint lane, gpointer data)
{
  char **names = data;

  g_file_get_contents ("/proc/thread-self/comm", &names[lane], NULL, NULL);
  if (lane > 0 && getpriority (PRIO_PROCESS, 0) < 5)
    names[lane] = NULL;
}

static void
test_threads_are_named (void)
{
  SottoPool *pool = sotto_pool_new (3);
  char *names[3] = { NULL };

  sotto_pool_prepare (pool);
  sotto_pool_run (pool, NULL, name_lane, names);
  g_assert_cmpstr (names[1], ==, "sotto-cpu-1\n");
  g_assert_cmpstr (names[2], ==, "sotto-cpu-2\n");
  for (guint i = 0; i < 3; i++)
    g_free (names[i]);
  sotto_pool_free (pool);
}

static void
test_cores (void)
{
  g_assert_cmpuint (sotto_cpu_count_cores (), >=, 1);
  g_assert_cmpuint (sotto_cpu_count_cores (), <=, g_get_num_processors ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/phases", test_phases);
  g_test_add_func ("/pool/set-threads", test_set_threads);
  g_test_add_func ("/pool/unused", test_unused);
  g_test_add_func ("/pool/cancel", test_cancel);
  g_test_add_func ("/pool/rests", test_rests);
  g_test_add_func ("/pool/threads-are-named", test_threads_are_named);
  g_test_add_func ("/pool/cores", test_cores);
  return g_test_run ();
}
