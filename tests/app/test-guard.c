#include "sotto-app.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The filter cannot be taken off again, so each case engages it in a child. */

static void
assert_refused (int family, int type)
{
  const int fd = socket (family, type, 0);

  g_assert_cmpint (fd, ==, -1);
  g_assert_cmpint (errno, ==, EAFNOSUPPORT);
}

static void
assert_unix_works (void)
{
  int pair[2];
  const int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  close (pair[0]);
  close (pair[1]);
}

static gpointer
in_thread (gpointer data)
{
  assert_refused (AF_INET, SOCK_STREAM);
  return NULL;
}

static void
test_families (void)
{
  if (g_test_subprocess ())
    {
      int pair[2];

      g_assert_true (sotto_guard_engage ());
      assert_refused (AF_INET, SOCK_STREAM);
      assert_refused (AF_INET, SOCK_DGRAM);
      assert_refused (AF_INET6, SOCK_STREAM);
      assert_refused (AF_NETLINK, SOCK_RAW);
      assert_refused (AF_PACKET, SOCK_RAW);
      assert_refused (AF_VSOCK, SOCK_STREAM);
      g_assert_cmpint (socketpair (AF_INET, SOCK_STREAM, 0, pair), ==, -1);
      g_assert_cmpint (errno, ==, EAFNOSUPPORT);
      assert_unix_works ();
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

/* The kernel takes the family as an int: what stands above its 32 bits must not matter. */
static void
test_high_bits (void)
{
  if (g_test_subprocess ())
    {
      g_assert_true (sotto_guard_engage ());
      g_assert_cmpint (syscall (SYS_socket, 0x100000000L | AF_INET, SOCK_STREAM, 0), ==, -1);
      g_assert_cmpint (errno, ==, EAFNOSUPPORT);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_io_uring (void)
{
  if (g_test_subprocess ())
    {
      char parameters[256] = { 0 };

      g_assert_true (sotto_guard_engage ());
      g_assert_cmpint (syscall (SYS_io_uring_setup, 8, parameters), ==, -1);
      g_assert_cmpint (errno, ==, ENOSYS);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

#ifdef __x86_64__
/* A call by the numbering of x32, which a filter that looks at the number alone would let through
 * */
static void
test_x32 (void)
{
  if (g_test_subprocess ())
    {
      g_assert_true (sotto_guard_engage ());
      g_assert_cmpint (syscall (0x40000000L | SYS_socket, AF_INET, SOCK_STREAM, 0), ==, -1);
      g_assert_cmpint (errno, ==, ENOSYS);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}
#endif

static void
test_inherited (void)
{
  if (g_test_subprocess ())
    {
      int status;
      pid_t pid;

      g_assert_true (sotto_guard_engage ());
      g_thread_join (g_thread_new ("inherits", in_thread, NULL));

      pid = fork ();
      if (pid == 0)
        {
          const int fd = socket (AF_INET, SOCK_STREAM, 0);

          _exit (fd < 0 && errno == EAFNOSUPPORT ? 0 : 1);
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

/* GLib and GIO go on without netlink and the internet families. */
static void
test_gio_lives (void)
{
  if (g_test_subprocess ())
    {
      g_assert_true (sotto_guard_engage ());
      g_assert_nonnull (g_network_monitor_get_default ());
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/guard/families", test_families);
  g_test_add_func ("/app/guard/high-bits", test_high_bits);
  g_test_add_func ("/app/guard/io-uring", test_io_uring);
#ifdef __x86_64__
  g_test_add_func ("/app/guard/x32", test_x32);
#endif
  g_test_add_func ("/app/guard/inherited", test_inherited);
  g_test_add_func ("/app/guard/gio-lives", test_gio_lives);
  return g_test_run ();
}
