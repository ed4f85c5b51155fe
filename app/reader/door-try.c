#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a document that has taken over its reader would try first. The calls are made as they are, past the C library,
 * which would have its own ideas of what can be had. */

static gboolean all_refused;

static void
attempt (const char *what, long result)
{
  const int error = errno;

  if (result >= 0)
    all_refused = FALSE;
  printf ("%s: %s\n", what, result >= 0 ? "ALLOWED" : g_strerror (error));
}

static void
attempt_files (const char *data_folder)
{
  g_autofree char *above = g_build_filename (data_folder != NULL ? data_folder : g_get_tmp_dir (), "..", NULL);

  attempt ("read a file", syscall (__NR_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
  attempt ("read a folder", syscall (__NR_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));
  attempt ("read the folder above", syscall (__NR_openat, AT_FDCWD, above, O_RDONLY | O_NONBLOCK));
  attempt ("read itself", syscall (__NR_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY));
  attempt ("write a file", syscall (__NR_openat, AT_FDCWD, "/tmp/sotto-reader", O_WRONLY | O_CREAT, 0600));
  attempt ("write a file without a name", syscall (__NR_openat, AT_FDCWD, "/tmp", O_RDWR | O_TMPFILE, 0600));
  attempt ("write into memory as a file", syscall (__NR_memfd_create, "x", 0));
  attempt ("open by another call", syscall (__NR_openat2, AT_FDCWD, "/etc/passwd", NULL, 0));
  attempt ("remove a file", syscall (__NR_unlinkat, AT_FDCWD, "/tmp/sotto-reader", 0));
  attempt ("look for a file", syscall (__NR_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0));
}

static void
attempt_rest (void)
{
  const char *nothing[] = { NULL };

  attempt ("a local socket", syscall (__NR_socket, 1, 1, 0));
  attempt ("an internet socket", syscall (__NR_socket, 2, 1, 0));
  attempt ("a pair of sockets", syscall (__NR_socketpair, 1, 1, 0, NULL));
  attempt ("a ring for input and output", syscall (__NR_io_uring_setup, 1, NULL));
  attempt ("a program", syscall (__NR_execve, "/bin/true", nothing, nothing));
  attempt ("a process", syscall (__NR_clone, SIGCHLD, NULL, NULL, NULL, 0));
  attempt ("a process by the newer call", syscall (__NR_clone3, NULL, 0));
  attempt ("a signal to Sotto", syscall (__NR_kill, getppid (), 0));
  attempt ("another's memory", syscall (__NR_ptrace, 16, getppid (), NULL, NULL));
  attempt ("reading another's memory", syscall (__NR_process_vm_readv, getppid (), NULL, 0, NULL, 0, 0));
  attempt ("memory to execute", syscall (__NR_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  attempt ("writing elsewhere", syscall (__NR_write, STDERR_FILENO, "", 0));
  attempt ("another name space", syscall (__NR_unshare, 0));
  attempt ("more rights", syscall (__NR_setuid, 0));
}

gboolean
sotto_door_try (const char *data_folder)
{
  all_refused = TRUE;
  attempt_files (data_folder);
  attempt_rest ();
  fflush (stdout);
  return all_refused;
}
