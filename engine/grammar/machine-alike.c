/* Which states are alike for some steps.
 *
 * A pattern that counts, "^[a-z]{1,400}$", has a state for each character, and at nearly all of
 * them the same tokens may come, since tokens are short. States are told apart in rounds, as in
 * Moore's minimisation (1956): after each, two have the same number if the same can be read from
 * both in so many steps, a byte or a call being a step. So tokens of up to %SOTTO_MACHINE_HORIZON
 * bytes do not see a difference between them, and one mask serves for both.
 *
 * The numbers are hashes of 64 bits: of the most states that are looked at, two would have to meet
 * by chance once in some 2^32 grammars. Empty edges are no steps; what they lead to is added up
 * from their ends, and a state within a circle of them is alike to itself only. */

#include "machine-private.h"

#define MOST_EDGES (1u << 16)  /* of a machine; that takes some ms */

typedef struct {
  const SottoMachine *machine;
  guint32 *order;            /* (n_states): ends of empty edges stand before their beginnings */
  guint8 *is_alone;          /* (n_states): alike to itself only */
} Alike;

static guint64
mix (guint64 x)
{
  x = (x ^ x >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return x ^ x >> 31;
}

guint64
sotto_machine_mix (guint64 a,
                   guint64 b)
{
  return mix (a * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + mix (b + 1));
}

/* Depth first along empty edges, without recursion. @next: (n_states + 1): each state's next edge
 * to be followed; G_MAXUINT32: the state is done. @stack: (n_states) */
static void
order_from (Alike   *self,
            guint32  root,
            guint32 *next,
            guint32 *stack,
            guint   *n_done)
{
  const SottoMachine *machine = self->machine;
  guint n = 0;

  stack[n++] = root;
  next[root] = machine->states[root].first_edge;
  while (n > 0)
    {
      guint32 s = stack[n - 1];
      guint32 target;

      if (next[s] == machine->states[s].first_bytes)
        {
          next[s] = G_MAXUINT32;
          self->order[(*n_done)++] = s;
          n--;
          continue;
        }
      target = machine->edges[next[s]++].target;
      if (next[target] == G_MAXUINT32)
        continue;
      if (next[target] != G_MAXUINT32 - 1)
        {
          self->is_alone[target] = TRUE;
          continue;
        }
      next[target] = machine->states[target].first_edge;
      stack[n++] = target;
    }
}

static void
find_order (Alike *self)
{
  const SottoMachine *machine = self->machine;
  g_autofree guint32 *next = g_new (guint32, (gsize) machine->n_states + 1);
  g_autofree guint32 *stack = g_new (guint32, (gsize) machine->n_states + 1);
  guint n_done = 0;

  for (guint s = 0; s < machine->n_states; s++)
    next[s] = G_MAXUINT32 - 1;
  for (guint s = 0; s < machine->n_states; s++)
    {
      const SottoMachineState *state = &machine->states[s];

      /* A call that may read nothing would be a step without a byte. */
      for (guint32 e = state->first_call; e < state[1].first_edge; e++)
        self->is_alone[s] |= machine->rules[machine->edges[e].rule].nullable;
      if (next[s] == G_MAXUINT32 - 1)
        order_from (self, s, next, stack, &n_done);
    }
}

void
sotto_machine_find_alike (SottoMachine *self)
{
  const gsize n = (gsize) self->n_states + 1;
  g_autofree guint32 *order = NULL;
  g_autofree guint8 *is_alone = NULL;
  g_autofree guint64 *before = NULL;
  g_autofree guint64 *after = NULL;
  Alike alike;

  if (self->n_edges > MOST_EDGES || self->n_states > MOST_EDGES)
    return;

  order = g_new (guint32, n);
  is_alone = g_new0 (guint8, n);
  before = g_new0 (guint64, n);
  after = g_new0 (guint64, n);
  alike = (Alike) { self, order, is_alone };
  find_order (&alike);
  before[self->n_states] = after[self->n_states] = mix (1);

  for (guint round = 0; round < SOTTO_MACHINE_HORIZON; round++)
    {
      guint64 *swap = before;

      for (guint i = 0; i < self->n_states; i++)
        {
          guint32 s = order[i];
          const SottoMachineState *state = &self->states[s];
          guint64 sum = state->is_end ? mix (2) : mix (3);

          for (guint32 e = state->first_edge; e < state[1].first_edge; e++)
            {
              const SottoMachineEdge *edge = &self->edges[e];

              if (e < state->first_bytes)
                sum += after[edge->target];
              else if (e < state->first_call)
                sum += sotto_machine_mix (before[edge->target],
                                          4u + (edge->low << 8u | edge->high));
              else
                sum += sotto_machine_mix (before[edge->target], (1u << 20) + edge->rule);
            }
          after[s] = is_alone[s] ? sotto_machine_mix (s, 1u << 30) : sum;
        }
      before = after;
      after = swap;
    }

  self->alike = g_steal_pointer (&before);
}
