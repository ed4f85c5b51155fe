#include "harness-room.h"

#include <signal.h>
#include <sys/resource.h>

void
harness_set_largest_file (guint64 n_bytes)
{
  struct rlimit limit;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = MIN (n_bytes, limit.rlim_max);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

void
harness_set_room (gboolean is_there)
{
  harness_set_largest_file (is_there ? RLIM_INFINITY : 0);
}
