/* An access where nothing lies: of a kernel it becomes the device's problem, of the host (which
 * must not touch device memory) it goes to whom it would have gone to. */

#include "faults.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#define SIGNAL_STACK_BYTES (64 * 1024)

#ifdef __SANITIZE_ADDRESS__

/* It says more than we could. */
void emulation_faults_install (void) {}
void emulation_faults_remove (void) {}
void emulation_faults_begin (EmulationWorker *worker) {}
void emulation_faults_end (EmulationWorker *worker) {}

#else

static struct sigaction before[2];
static guint n_installed;
static GMutex install_mutex;

/* On the worker's own stack: the block is given up, as after any failure. The thread's own stack
 * may have been the fault. */
[[noreturn]] static void
give_up (void)
{
  EmulationThread *thread = emulation_thread;
  EmulationWorker *worker = thread->block->worker;
  guint8 *address = worker->fault_address;
  EmulationSite site = thread->warp->site;
  char where[128];

  if (address >= worker->stacks && address < worker->stacks + (gsize) EMULATION_MOST_THREADS * EMULATION_STACK_BYTES)
    emulation_fail (site, "its stack is full");
  if (address >= worker->shared && address < worker->shared + EMULATION_DYNAMIC_END + 4096)
    emulation_fail (site, "accesses shared memory %" G_GSSIZE_FORMAT " bytes behind its end, after %s",
                    (gssize) (address - worker->shared - EMULATION_DYNAMIC_END), thread->warp->what);
  emulation_memory_describe (address, where, sizeof where);
  if (!thread->waited)
    emulation_fail (site, "accesses %p, %s, before previous_wait", (void *) address, where);
  emulation_fail (site, "accesses %p, %s, after %s", (void *) address, where, thread->warp->what);
}

static void
caught (int number, siginfo_t *info, void *data)
{
  EmulationThread *thread = emulation_thread;
  const char words[] = "# The host touches device memory, or memory that is not there.\n";

  if (thread == NULL)
    {
      if (write (STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit (1);
      sigaction (number, &before[number == SIGBUS], NULL);
      return;
    }
  thread->block->worker->fault_address = static_cast<guint8 *> (info->si_addr);
#if defined(__x86_64__)
  {
    ucontext_t *context = static_cast<ucontext_t *> (data);
    guintptr top = (guintptr) thread->block->worker->signal_stack + 2 * SIGNAL_STACK_BYTES;

    /* Behind the handler's own stack there is another one to end on. */
    context->uc_mcontext.gregs[REG_RSP] = (greg_t) (top - 64 - 8);
    context->uc_mcontext.gregs[REG_RIP] = (greg_t) give_up;
  }
#else
  give_up ();
#endif
}

void
emulation_faults_install (void)
{
  struct sigaction action = {};

  g_mutex_lock (&install_mutex);
  if (n_installed++ == 0)
    {
      action.sa_sigaction = caught;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
      sigaction (SIGSEGV, &action, &before[0]);
      sigaction (SIGBUS, &action, &before[1]);
    }
  g_mutex_unlock (&install_mutex);
}

void
emulation_faults_remove (void)
{
  g_mutex_lock (&install_mutex);
  if (--n_installed == 0)
    {
      sigaction (SIGSEGV, &before[0], NULL);
      sigaction (SIGBUS, &before[1], NULL);
    }
  g_mutex_unlock (&install_mutex);
}

void
emulation_faults_begin (EmulationWorker *worker)
{
  stack_t stack = {};

  if (worker->signal_stack == NULL)
    worker->signal_stack = g_malloc (2 * SIGNAL_STACK_BYTES);
  stack.ss_sp = worker->signal_stack;
  stack.ss_size = SIGNAL_STACK_BYTES;
  sigaltstack (&stack, &worker->before);
}

void
emulation_faults_end (EmulationWorker *worker)
{
  sigaltstack (&worker->before, NULL);
}

#endif
