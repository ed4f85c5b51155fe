#include "jump.h"

#ifdef __x86_64__

#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A signal takes far longer than a multiplication of tiles. So a place whose instructions were carried out by the signal's
 * handler becomes a jump to a few instructions of its own, which call what carries them out and jump back behind them. The
 * call saves all registers that the code around may use: nothing there knows of it. */

enum { N_PLACES = 512, JUMP_BYTES = 5, RED_ZONE = 128, SAVED_BYTES = 144 };

/* What is not an instruction in this mode */
#define NO_INSTRUCTION 0x06
#define JUMP 0xe9
#define CALL 0xe8

typedef struct {
  guint8 code[32];          /* where the place jumps to; the first field */
  Stretch stretch;
  guint8 copy[64];
} Place;

/* Beside the program's own code, so that both reach each other by a jump. */
static Place places[N_PLACES] __attribute__ ((aligned (4096)));
static guint n_places;
static gboolean is_refused;

void tiles_enter (void);
void tiles_entered (gsize *registers, const guint8 *back);

/* clang-format off */
__asm__ (
  ".text\n"
  ".hidden tiles_enter\n"
  ".globl tiles_enter\n"
  ".type tiles_enter, @function\n"
  "tiles_enter:\n"
  "  pushfq\n"
  "  push %r15\n  push %r14\n  push %r13\n  push %r12\n  push %r11\n  push %r10\n  push %r9\n  push %r8\n"
  "  push %rdi\n  push %rsi\n  push %rbp\n  push %rsp\n  push %rbx\n  push %rdx\n  push %rcx\n  push %rax\n"
  "  mov %rsp, %rdi\n"
  "  mov 136(%rsp), %rsi\n"
  "  cld\n"
  "  mov %rsp, %rbp\n"
  "  and $-64, %rsp\n"
  "  sub $2112, %rsp\n"
  "  .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
  "  vmovdqu64 %zmm\\i, 64*\\i(%rsp)\n"
  "  .endr\n"
  "  .irp i, 0,1,2,3,4,5,6,7\n"
  "  kmovq %k\\i, 2048+8*\\i(%rsp)\n"
  "  .endr\n"
  "  call tiles_entered\n"
  "  .irp i, 0,1,2,3,4,5,6,7\n"
  "  kmovq 2048+8*\\i(%rsp), %k\\i\n"
  "  .endr\n"
  "  .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
  "  vmovdqu64 64*\\i(%rsp), %zmm\\i\n"
  "  .endr\n"
  "  mov %rbp, %rsp\n"
  "  pop %rax\n  pop %rcx\n  pop %rdx\n  pop %rbx\n  add $8, %rsp\n  pop %rbp\n  pop %rsi\n  pop %rdi\n"
  "  pop %r8\n  pop %r9\n  pop %r10\n  pop %r11\n  pop %r12\n  pop %r13\n  pop %r14\n  pop %r15\n"
  "  popfq\n"
  "  ret\n"
  ".size tiles_enter, .-tiles_enter\n");
/* clang-format on */

/* What stands before the place that a call returns to: room for what the code around keeps below its stack, and the call. */
enum { BACK = 8 + JUMP_BYTES };

__attribute__ ((used)) void
tiles_entered (gsize *registers, const guint8 *back)
{
  const Place *place = (const Place *) (gconstpointer) (back - BACK);

  registers[4] = (gsize) registers + SAVED_BYTES + RED_ZONE;
  tiles_carry_out (registers, &place->stretch);
}

/* A jump or a call. Returns: what comes behind it */
static guint8 *
write_jump (guint8 *code, guint8 kind, gsize target)
{
  gint32 distance = (gint32) (target - (gsize) (code + JUMP_BYTES));

  *code = kind;
  memcpy (code + 1, &distance, sizeof distance);
  return code + JUMP_BYTES;
}

/* lea distance(%rsp), %rsp, which changes no flag */
static guint8 *
write_move_stack (guint8 *code, gint32 distance)
{
  static const guint8 lea[] = { 0x48, 0x8d, 0xa4, 0x24 };

  memcpy (code, lea, sizeof lea);
  memcpy (code + sizeof lea, &distance, sizeof distance);
  return code + sizeof lea + sizeof distance;
}

/* All threads have forgotten what they read ahead. */
static gboolean
synchronise (void)
{
  return syscall (SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0) == 0;
}

static gboolean
make_writable (gpointer start, gsize length)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  gsize first = (gsize) start / page * page;

  return mprotect ((gpointer) first, ((gsize) start + length - first + page - 1) / page * page,
                   PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

static gboolean
begin (void)
{
  return make_writable (places, sizeof places)
         && syscall (SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0) == 0 && synchronise ();
}

gboolean
tiles_jumps (const guint8 *place)
{
  guint8 first = *(const volatile guint8 *) place;

  return first == JUMP || first == NO_INSTRUCTION;
}

void
tiles_jump (guint8 *place, gsize length)
{
  Place *own = &places[n_places];
  guint8 jump[JUMP_BYTES];
  gint32 distance = (gint32) ((gsize) own->code - (gsize) (place + JUMP_BYTES));
  guint8 *code;

  if (is_refused || n_places == N_PLACES || length > sizeof own->copy)
    return;
  if ((n_places == 0 && !begin ()) || !make_writable (place, length))
    {
      is_refused = TRUE;
      return;
    }
  memcpy (own->copy, place, length);
  own->stretch = (Stretch) { own->copy, place, length };
  code = write_move_stack (own->code, -RED_ZONE);
  code = write_jump (code, CALL, (gsize) tiles_enter);
  code = write_move_stack (code, RED_ZONE);
  write_jump (code, JUMP, (gsize) (place + length));
  memcpy (jump + 1, &distance, sizeof distance);

  /* Whoever comes to a place that is half changed comes into the signal's handler, and then again. */
  *(volatile guint8 *) place = NO_INSTRUCTION;
  synchronise ();
  memcpy (place + 1, jump + 1, JUMP_BYTES - 1);
  synchronise ();
  *(volatile guint8 *) place = JUMP;
  synchronise ();
  n_places++;
}

#endif
