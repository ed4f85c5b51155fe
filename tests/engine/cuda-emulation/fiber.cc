/* Changing from one thread of a block to another: registers that a function must keep are left on
 * the stack, and the stack is exchanged. Where there are no instructions for it here, ucontext does
 * it, at forty times the price. */

#include "fiber.h"

#if defined(__x86_64__) && !defined(EMULATION_UCONTEXT)

__asm__ (".text\n"
         ".globl emulation_switch\n"
         ".hidden emulation_switch\n"
         ".type emulation_switch, @function\n"
         "emulation_switch:\n"
         "  pushq %rbp\n"
         "  pushq %rbx\n"
         "  pushq %r12\n"
         "  pushq %r13\n"
         "  pushq %r14\n"
         "  pushq %r15\n"
         "  movq %rsp, (%rdi)\n"
         "  movq %rsi, %rsp\n"
         "  popq %r15\n"
         "  popq %r14\n"
         "  popq %r13\n"
         "  popq %r12\n"
         "  popq %rbx\n"
         "  popq %rbp\n"
         "  popq %rcx\n"
         "  jmpq *%rcx\n"
         ".size emulation_switch, . - emulation_switch\n");

void *
emulation_fiber_make (guint8 *bottom, gsize n_bytes, void (*begin) (void))
{
  void **sp = reinterpret_cast<void **> (bottom + n_bytes);

  *--sp = NULL;                 /* begin's return address, which makes its frame aligned as after a call */
  *--sp = reinterpret_cast<void *> (begin);
  for (int i = 0; i < 6; i++)
    *--sp = NULL;
  return sp;
}

#else

#include <ucontext.h>

/* The context lies on the fiber's own stack; sp is its address. */
extern "C" void
emulation_switch (void **from, void *to)
{
  ucontext_t here;

  *from = &here;
  swapcontext (&here, static_cast<ucontext_t *> (to));
}

void *
emulation_fiber_make (guint8 *bottom, gsize n_bytes, void (*begin) (void))
{
  gsize top = n_bytes - (sizeof (ucontext_t) + 63) / 64 * 64;
  ucontext_t *context = reinterpret_cast<ucontext_t *> (bottom + top);

  getcontext (context);
  context->uc_stack.ss_sp = bottom;
  context->uc_stack.ss_size = top;
  context->uc_link = NULL;
  makecontext (context, begin, 0);
  return context;
}

#endif
