#include "guard.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The filter, as a person would write it:
 *
 *   another architecture's numbering (32-bit calls, x32)?  no such call
 *   io_uring_setup?                                        no such call: its ring opens sockets
 *   socket or socketpair, and the family is not AF_UNIX?   EAFNOSUPPORT, as where it is not built
 *   everything else                                        allowed
 *
 * AF_NETLINK is refused too: GLib's network monitor asks for it, is told no, and takes its base
 * class. The filter is inherited by threads and by whatever is started, and cannot be taken off
 * again. Source: Linux, Documentation/userspace-api/seccomp_filter.rst. */

#if defined(__x86_64__) && !defined(__ILP32__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#define X32_CALLS 0x40000000u
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef OUR_ARCHITECTURE

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "The filter reads the low half of an argument"
#endif

#define LOAD(field) BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, field))
#define SKIP_UNLESS(value, n) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (n))
#define SKIP_IF(value, n) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (value), (n), 0)
#define SKIP_BELOW(value, n) BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, (value), 0, (n))
#define ANSWER(action) BPF_STMT (BPF_RET | BPF_K, (action))
#define REFUSE(error) ANSWER (SECCOMP_RET_ERRNO | ((error) & SECCOMP_RET_DATA))

gboolean
sotto_guard_engage (void)
{
  struct sock_filter program[] = {
    LOAD (arch),
    SKIP_IF (OUR_ARCHITECTURE, 1),
    REFUSE (ENOSYS),
    LOAD (nr),
#ifdef X32_CALLS
    SKIP_BELOW (X32_CALLS, 1),
    REFUSE (ENOSYS),
#endif
    SKIP_UNLESS (__NR_io_uring_setup, 1),
    REFUSE (ENOSYS),
    SKIP_IF (__NR_socket, 2),
    SKIP_IF (__NR_socketpair, 1),
    ANSWER (SECCOMP_RET_ALLOW),
    LOAD (args[0]), /* the family is an int: the kernel looks at the low half alone */
    SKIP_UNLESS (AF_UNIX, 1),
    ANSWER (SECCOMP_RET_ALLOW),
    REFUSE (EAFNOSUPPORT),
  };
  struct sock_fprog filter = { G_N_ELEMENTS (program), program };

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return FALSE;

  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

#else

gboolean
sotto_guard_engage (void)
{
  errno = ENOSYS;
  return FALSE;
}

#endif

void
sotto_guard_seal (void)
{
#ifndef SOTTO_DEBUG_BUILD
  const struct rlimit none = { 0, 0 };

  setrlimit (RLIMIT_CORE, &none);
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
