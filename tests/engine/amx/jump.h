#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Places in the program's machine code that jump to what carries their instructions out. */

/* What general registers hold, by their numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15 */
enum { N_REGISTERS = 16 };

/* Instructions as they stood at a place before it was made to jump. */
typedef struct {
  const guint8 *code;       /* a copy */
  const guint8 *place;
  gsize length;
} Stretch;

/* Has a stretch of whole instructions, the first of at least 5 bytes, carried out by tiles_carry_out() from now on.
 * Other threads may be at that place meanwhile. May be called by a signal's handler, by one thread at a time. Where that
 * cannot be had everything stays as it is. */
void tiles_jump (guint8 *place, gsize length);

/* Whether a place jumps, or is about to. */
gboolean tiles_jumps (const guint8 *place);

/* Whoever links with this has it. */
void tiles_carry_out (const gsize registers[N_REGISTERS], const Stretch *stretch);

G_END_DECLS
