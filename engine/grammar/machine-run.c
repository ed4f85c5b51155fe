/* How many characters can follow a state, whichever they are.
 *
 * "Safe" characters are those that stand for themselves inside a JSON string: no control character,
 * no quotation mark, no backslash. Where any eight of them can follow, every token of up to eight
 * of them is allowed, and nobody needs to look at these tokens one by one: that is most of a
 * vocabulary, and most of what a JSON text consists of is strings.
 *
 * Only a lower bound is needed. A state counts that reads each safe ASCII character by an edge of
 * its own and the others through SOTTO_RULE_NON_ASCII. First come the states that such characters
 * never leave; then, backwards, those that have a number of steps to go. */

#include "machine-private.h"

#include <string.h>

#define MOST_EDGES 64u        /* of a state with its empty edges; one with more counts as 0 */
#define MOST_PASSES 40u
#define MOST_WORK (1u << 24)  /* comparisons; what is not found by then counts as 0 */

/* What a state reads, its empty edges followed. */
typedef struct {
  SottoMachineEdge bytes[MOST_EDGES];
  guint n_bytes;
  guint32 others[MOST_EDGES]; /* where calls of SOTTO_RULE_NON_ASCII lead */
  guint n_others;
  guint work;                 /* of all states so far */
} Reading;

static gboolean
collect (const SottoMachine *machine,
         guint32             start,
         Reading            *out)
{
  guint32 seen[MOST_EDGES] = { start };
  guint n_seen = 1;

  out->n_bytes = out->n_others = 0;
  for (guint i = 0; i < n_seen; i++)
    {
      const SottoMachineState *state = &machine->states[seen[i]];

      for (guint32 e = state->first_edge; e < state[1].first_edge; e++)
        {
          const SottoMachineEdge *edge = &machine->edges[e];
          guint known = 0;

          out->work++;
          if (e >= state->first_call)
            {
              if (edge->rule != SOTTO_RULE_NON_ASCII)
                continue;
              if (out->n_others == MOST_EDGES)
                return FALSE;
              out->others[out->n_others++] = edge->target;
            }
          else if (e >= state->first_bytes)
            {
              if (out->n_bytes == MOST_EDGES)
                return FALSE;
              out->bytes[out->n_bytes++] = *edge;
            }
          else
            {
              while (known < n_seen && seen[known] != edge->target)
                known++;
              out->work += known;
              if (known == MOST_EDGES)
                return FALSE;
              if (known == n_seen)
                seen[n_seen++] = edge->target;
            }
        }
    }

  return out->n_others > 0;
}

/* The characters that can follow whichever the first is; @runs: of the states behind it. */
static guint
measure (const Reading *reading,
         const guint8  *runs)
{
  guint least = 0;
  guint at = 0x20;

  for (guint i = 0; i < reading->n_others; i++)
    least = MAX (least, MIN (runs[reading->others[i]] + 1u, SOTTO_RUN_ENDLESS));

  /* From one border of the edges' ranges to the next. */
  while (at < 0x80 && least > 0)
    {
      guint best = 0;
      guint next = 0x80;

      if (at == '"' || at == '\\')
        {
          at++;
          continue;
        }

      for (guint i = 0; i < reading->n_bytes; i++)
        {
          const SottoMachineEdge *edge = &reading->bytes[i];

          if (edge->low <= at && at <= edge->high)
            {
              best = MAX (best, MIN (runs[edge->target] + 1u, SOTTO_RUN_ENDLESS));
              next = MIN (next, edge->high + 1u);
            }
          else if (edge->low > at)
            {
              next = MIN (next, edge->low);
            }
        }

      least = MIN (least, best);
      if (at < '"' && next > '"')
        next = '"';
      if (at < '\\' && next > '\\')
        next = '\\';
      at = next;
    }

  return least;
}

void
sotto_machine_find_runs (SottoMachine *self)
{
  g_autofree guint8 *runs = g_new (guint8, (gsize) self->n_states + 1);
  gboolean changed = TRUE;
  Reading reading;

  reading.work = 0;

  /* Endless: all states at first, then without those that lead to one that is not. */
  memset (runs, SOTTO_RUN_ENDLESS, self->n_states + 1);
  for (guint pass = 0; pass < MOST_PASSES && changed && reading.work < MOST_WORK && !sotto_machine_is_stopped (self);
       pass++)
    {
      changed = FALSE;
      for (guint32 s = self->n_states; s-- > 0;)
        if (runs[s] != 0 && (reading.work >= MOST_WORK || !collect (self, s, &reading) ||
                             measure (&reading, runs) != SOTTO_RUN_ENDLESS))
          {
            runs[s] = 0;
            changed = TRUE;
          }
    }
  /* Not settled: nothing is known. */
  if (changed)
    memset (runs, 0, self->n_states + 1);

  for (guint pass = 0; pass < 2 && !sotto_machine_is_stopped (self); pass++)
    for (guint32 s = self->n_states; s-- > 0 && reading.work < MOST_WORK;)
      if (runs[s] != SOTTO_RUN_ENDLESS && collect (self, s, &reading))
        runs[s] = MIN (measure (&reading, runs), SOTTO_RUN_ENDLESS - 1u);

  for (guint s = 0; s < self->n_states; s++)
    self->states[s].run = runs[s];
}
