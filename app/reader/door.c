#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Three locks, each of which would do for most of it:
 *
 *   limits    of memory, time and files: no file can be written, few can be open
 *   Landlock  files: only those of @data_folder, to read them, if any; no TCP; no signals to others
 *   seccomp   calls: a list of those allowed, by number and, where it matters, by argument:
 *
 *     memory, as long as it cannot be executed; locks; signal handlers; the clock; random numbers; ending
 *     read, lseek, fstat, close   of what is open
 *     write                       to standard output
 *     openat                      to read, and only if Landlock has taken effect
 *     everything else             no such call
 *
 * The filter is the same whatever filters are there already (Sotto's own guard, Flatpak's): the strictest answer wins.
 * Sources: Linux, Documentation/userspace-api/seccomp_filter.rst and landlock.rst. */

#if defined(__x86_64__) && !defined(__ILP32__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "The filter reads the low half of an argument"
#endif

/* A page with pictures takes far less; what takes more is not meant to be read. */
#define MAX_MEMORY (1024UL * 1024 * 1024)
#define MAX_FILES 16

/* --- Limits --- */

static gboolean
limit (int resource, rlim_t value)
{
  struct rlimit now;

  if (getrlimit (resource, &now) != 0)
    return FALSE;
  now.rlim_cur = MIN (value, now.rlim_max);
  now.rlim_max = now.rlim_cur;
  return setrlimit (resource, &now) == 0;
}

static gboolean
set_limits (guint seconds)
{
#ifndef SOTTO_SANITIZED /* whose shadow is larger than any limit */
  if (!limit (RLIMIT_AS, MAX_MEMORY))
    return FALSE;
#endif
  return limit (RLIMIT_CPU, seconds) && limit (RLIMIT_FSIZE, 0) && limit (RLIMIT_NOFILE, MAX_FILES)
         && limit (RLIMIT_NPROC, 0);
}

gboolean
sotto_door_prepare (void)
{
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0
      || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return FALSE;
  /* A sandbox may not know the call; there was nothing to inherit then, because Sotto opens with O_CLOEXEC. */
  syscall (__NR_close_range, 3U, ~0U, 0U);
  /* Whoever writes a reply meanwhile, and the window, come first; that it may not be so is no reason to end. */
  (void) setpriority (PRIO_PROCESS, 0, 10);
  return limit (RLIMIT_CORE, 0);
}

/* --- Landlock --- */

/* TRUE: from here on files are out of reach, but for those of the folder. */
static gboolean
restrict_files (const char *data_folder)
{
  /* All that the first version knows; those of later ones are about writing, too. */
  struct landlock_ruleset_attr attributes = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
  struct landlock_path_beneath_attr below = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR };
  const long version = syscall (__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  size_t size = sizeof attributes.handled_access_fs;
  gboolean done;
  int rules;

  if (version < 1)
    return FALSE;
#ifdef LANDLOCK_ACCESS_FS_REFER
  if (version >= 2)
    attributes.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
#endif
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
  if (version >= 3)
    attributes.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
#ifdef LANDLOCK_ACCESS_NET_BIND_TCP
  if (version >= 4)
    {
      attributes.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
      size = offsetof (struct landlock_ruleset_attr, handled_access_net) + sizeof attributes.handled_access_net;
    }
#endif
#ifdef LANDLOCK_SCOPE_SIGNAL
  if (version >= 6)
    {
      attributes.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
      size = sizeof attributes;
    }
#endif
  rules = (int) syscall (__NR_landlock_create_ruleset, &attributes, size, 0);
  if (rules < 0)
    return FALSE;
  below.parent_fd = data_folder != NULL ? open (data_folder, O_PATH | O_CLOEXEC) : -1;
  if (below.parent_fd >= 0)
    {
      /* Without the rule it is the same, and less can be read. */
      syscall (__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
      close (below.parent_fd);
    }
  done = syscall (__NR_landlock_restrict_self, rules, 0) == 0;
  close (rules);
  return done;
}

/* --- Calls --- */

#ifdef OUR_ARCHITECTURE

static const guint32 harmless[] = {
  __NR_read, __NR_lseek, __NR_fstat, __NR_close,
  __NR_munmap, __NR_mremap, __NR_brk, __NR_madvise,
  __NR_futex, __NR_sched_yield, __NR_restart_syscall,
  __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack,
  __NR_clock_gettime, __NR_gettimeofday, __NR_getrandom,
  __NR_exit, __NR_exit_group,
};

#define LOAD(field) BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, field))
#define SKIP_UNLESS(value, n) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (n))
#define SKIP_IF_ANY(bits, n) BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, (bits), (n), 0)
#define ALLOW BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

static gboolean
restrict_calls (gboolean may_open)
{
  const struct sock_filter beginning[] = {
    LOAD (arch), SKIP_UNLESS (OUR_ARCHITECTURE, 1), BPF_STMT (BPF_JMP | BPF_JA, 1), REFUSE,
    LOAD (nr), /* x32's numbers are others, and so are not on the list */
  };
  const struct sock_filter end[] = {
    SKIP_UNLESS (__NR_write, 4), LOAD (args[0]), SKIP_UNLESS (STDOUT_FILENO, 1), ALLOW, REFUSE,
    SKIP_UNLESS (__NR_mmap, 4), LOAD (args[2]), SKIP_IF_ANY (PROT_EXEC, 1), ALLOW, REFUSE,
    SKIP_UNLESS (__NR_mprotect, 4), LOAD (args[2]), SKIP_IF_ANY (PROT_EXEC, 1), ALLOW, REFUSE,
    SKIP_UNLESS (may_open ? __NR_openat : G_MAXUINT32, 4),
    LOAD (args[2]), SKIP_IF_ANY (~(guint32) (O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_LARGEFILE), 1), ALLOW, REFUSE,
    REFUSE,
  };
  struct sock_filter all[G_N_ELEMENTS (beginning) + 2 * G_N_ELEMENTS (harmless) + G_N_ELEMENTS (end)];
  struct sock_fprog filter = { 0, all };

  for (gsize i = 0; i < G_N_ELEMENTS (beginning); i++)
    all[filter.len++] = beginning[i];
  for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++)
    {
      all[filter.len++] = (struct sock_filter) SKIP_UNLESS (harmless[i], 1);
      all[filter.len++] = (struct sock_filter) ALLOW;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (end); i++)
    all[filter.len++] = end[i];

  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

#else

static gboolean
restrict_calls (gboolean may_open)
{
  return FALSE;
}

#endif

gboolean
sotto_door_close (const char *data_folder, guint seconds)
{
  const gboolean may_open = restrict_files (data_folder);

  return set_limits (seconds) && restrict_calls (may_open && data_folder != NULL);
}
