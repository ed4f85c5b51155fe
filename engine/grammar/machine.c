/* Building a machine, and making it ready.
 *
 * Finishing goes in steps: edges sorted by the state they leave; what leads to no end cut off (so
 * that whatever was read, something can follow: a walk has no dead ends); rules that can be empty;
 * the order in which rules begin with each other, which is where left recursion shows; classes of
 * bytes. */

#include "machine.h"

#include <string.h>

#include "machine-private.h"
#include "sotto-error.h"

SottoMachine *
sotto_machine_new (const SottoCancel *cancel)
{
  SottoMachine *self = g_new0 (SottoMachine, 1);

  self->new_rules = g_array_new (FALSE, TRUE, sizeof (SottoMachineRule));
  self->new_edges = g_array_new (FALSE, FALSE, sizeof (NewEdge));
  self->tails_target = G_MAXUINT32;
  self->cancel = cancel;
  sotto_machine_add_common_rules (self);

  return self;
}

void
sotto_machine_free (SottoMachine *self)
{
  if (self->new_rules != NULL)
    {
      for (guint i = 0; i < self->new_rules->len; i++)
        g_free (g_array_index (self->new_rules, SottoMachineRule, i).name);
      g_array_unref (self->new_rules);
    }
  g_clear_pointer (&self->new_edges, g_array_unref);
  g_free (self->states);
  g_free (self->edges);
  g_free (self->alike);
  g_free (self);
}

/* --- Building --- */

guint32
sotto_machine_add_state (SottoMachine *self)
{
  if (self->n_new_states >= SOTTO_MACHINE_MOST_STATES)
    {
      self->is_full = TRUE;
      return 0;
    }

  return self->n_new_states++;
}

guint
sotto_machine_add_rule (SottoMachine *self,
                        const char   *name)
{
  SottoMachineRule rule = { 0 };

  if (self->new_rules->len >= SOTTO_MACHINE_MOST_RULES)
    {
      self->is_full = TRUE;
      return 0;
    }

  rule.start = sotto_machine_add_state (self);
  rule.end = sotto_machine_add_state (self);
  rule.name = g_strdup (name);
  g_array_append_val (self->new_rules, rule);

  return self->new_rules->len - 1;
}

guint32
sotto_machine_get_start (const SottoMachine *self,
                         guint               rule)
{
  return g_array_index (self->new_rules, SottoMachineRule, rule).start;
}

guint32
sotto_machine_get_end (const SottoMachine *self,
                       guint               rule)
{
  return g_array_index (self->new_rules, SottoMachineRule, rule).end;
}

static void
add_edge (SottoMachine  *self,
          SottoMachineEdgeKind  kind,
          guint32        from,
          SottoMachineEdge      edge)
{
  NewEdge new_edge = { edge, from, kind };

  if (self->new_edges->len >= SOTTO_MACHINE_MOST_EDGES)
    self->is_full = TRUE;
  if (!self->is_full)
    g_array_append_val (self->new_edges, new_edge);
}

void
sotto_machine_add_empty (SottoMachine *self,
                         guint32       from,
                         guint32       to)
{
  if (from != to)
    add_edge (self, SOTTO_EDGE_EMPTY, from, (SottoMachineEdge) { to, 0, 0, 0 });
}

void
sotto_machine_add_bytes (SottoMachine *self,
                         guint32       from,
                         guint8        low,
                         guint8        high,
                         guint32       to)
{
  add_edge (self, SOTTO_EDGE_BYTES, from, (SottoMachineEdge) { to, 0, low, high });
}

void
sotto_machine_add_call (SottoMachine *self,
                        guint32       from,
                        guint         rule,
                        guint32       to)
{
  add_edge (self, SOTTO_EDGE_CALL, from, (SottoMachineEdge) { to, (guint16) rule, 0, 0 });
}

guint32
sotto_machine_add_text (SottoMachine *self,
                        guint32       from,
                        const char   *text,
                        gsize         length)
{
  for (gsize i = 0; i < length && !sotto_machine_is_stopped (self); i++)
    {
      guint32 to = sotto_machine_add_state (self);

      sotto_machine_add_bytes (self, from, text[i], text[i], to);
      from = to;
    }

  return from;
}

/* --- Finishing --- */

static gboolean
fail (GError     **error,
      const char  *subject,
      const char  *format,
      const char  *name)
{
  g_autofree char *message = g_strdup_printf ("%s%s%s", subject, name != NULL ? format : "",
                                              name != NULL ? name : "");
  SottoErrorArguments arguments = { NULL, message, 0, 0 };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GRAMMAR, &arguments, "Grammar: %s", message);

  return FALSE;
}

/* The edges by the state they leave, and among those by kind. */
static void
sort_edges (SottoMachine *self)
{
  const NewEdge *new_edges = (const NewEdge *) (gconstpointer) self->new_edges->data;
  guint n = self->new_edges->len;
  g_autofree guint32 *at = g_new0 (guint32, (gsize) self->n_states * 3 + 1);
  guint32 sum = 0;

  for (guint i = 0; i < n; i++)
    at[new_edges[i].from * 3 + new_edges[i].kind]++;
  for (gsize i = 0; i < (gsize) self->n_states * 3; i++)
    {
      guint32 count = at[i];

      at[i] = sum;
      sum += count;
    }

  for (guint s = 0; s < self->n_states; s++)
    {
      self->states[s].first_edge = at[s * 3];
      self->states[s].first_bytes = at[s * 3 + 1];
      self->states[s].first_call = at[s * 3 + 2];
    }
  for (guint s = self->n_states; s < self->n_states + 2; s++)
    self->states[s].first_edge = self->states[s].first_bytes = self->states[s].first_call = n;

  for (guint i = 0; i < n; i++)
    self->edges[at[new_edges[i].from * 3 + new_edges[i].kind]++] = new_edges[i].edge;
  self->n_edges = n;
}

/* The edges into each state and the calls of each rule, as lists; G_MAXUINT32 ends one. */
typedef struct {
  guint32 *of_target;        /* (n_states) */
  guint32 *next_into;        /* (edges) */
  guint32 *of_rule;          /* (n_rules) */
  guint32 *next_call;        /* (edges) */
} Backwards;

static void
backwards_init (Backwards           *self,
                const SottoMachine  *machine)
{
  const NewEdge *edges = (const NewEdge *) (gconstpointer) machine->new_edges->data;
  guint n = machine->new_edges->len;

  self->of_target = g_new (guint32, machine->n_states);
  self->next_into = g_new (guint32, n + 1);
  self->of_rule = g_new (guint32, machine->n_rules);
  self->next_call = g_new (guint32, n + 1);
  memset (self->of_target, 0xff, machine->n_states * sizeof (guint32));
  memset (self->of_rule, 0xff, machine->n_rules * sizeof (guint32));

  for (guint i = 0; i < n; i++)
    {
      self->next_into[i] = self->of_target[edges[i].edge.target];
      self->of_target[edges[i].edge.target] = i;
      if (edges[i].kind == SOTTO_EDGE_CALL)
        {
          self->next_call[i] = self->of_rule[edges[i].edge.rule];
          self->of_rule[edges[i].edge.rule] = i;
        }
    }
}

static void
backwards_clear (Backwards *self)
{
  g_free (self->of_target);
  g_free (self->next_into);
  g_free (self->of_rule);
  g_free (self->next_call);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Backwards, backwards_clear)

typedef struct {
  const SottoMachine *machine;
  gboolean empty;            /* without reading a byte */
  guint8 *reached;           /* (n_states + 2) */
  guint32 *queue;
  guint n_queued;
} Reach;

static void
reach_follow (Reach   *self,
              guint32  edge_number)
{
  const NewEdge *edge = &g_array_index (self->machine->new_edges, NewEdge, edge_number);

  if (self->reached[edge->from] || !self->reached[edge->edge.target] ||
      (self->empty && edge->kind == SOTTO_EDGE_BYTES) ||
      (edge->kind == SOTTO_EDGE_CALL &&
       !self->reached[self->machine->rules[edge->edge.rule].start]))
    return;

  self->reached[edge->from] = 1;
  self->queue[self->n_queued++] = edge->from;
}

/* From which states the end of their rule can be reached: backwards from the ends, a call counting
 * as soon as its rule's start does. */
static guint8 *
reach_ends (const SottoMachine *machine,
            const Backwards    *backwards,
            gboolean            empty)
{
  g_autofree guint32 *queue = g_new (guint32, (gsize) machine->n_states + 1);
  g_autofree guint32 *rule_of_start = g_new (guint32, (gsize) machine->n_states + 1);
  Reach self = { machine, empty, g_new0 (guint8, (gsize) machine->n_states + 2), queue, 0 };

  memset (rule_of_start, 0xff, (gsize) machine->n_states * sizeof (guint32));
  for (guint r = 0; r < machine->n_rules; r++)
    {
      rule_of_start[machine->rules[r].start] = r;
      self.reached[machine->rules[r].end] = 1;
      queue[self.n_queued++] = machine->rules[r].end;
    }

  for (guint q = 0; q < self.n_queued; q++)
    {
      guint32 rule = rule_of_start[queue[q]];

      for (guint32 i = backwards->of_target[queue[q]]; i != G_MAXUINT32;
           i = backwards->next_into[i])
        reach_follow (&self, i);
      if (rule != G_MAXUINT32)
        for (guint32 i = backwards->of_rule[rule]; i != G_MAXUINT32; i = backwards->next_call[i])
          reach_follow (&self, i);
    }

  return self.reached;
}

/* Drops the edges that lead to no end. */
static void
drop_dead_edges (SottoMachine *self,
                 const guint8 *alive)
{
  guint n_kept = 0;

  for (guint i = 0; i < self->new_edges->len; i++)
    {
      NewEdge edge = g_array_index (self->new_edges, NewEdge, i);

      if (alive[edge.edge.target] &&
          (edge.kind != SOTTO_EDGE_CALL || alive[self->rules[edge.edge.rule].start]))
        g_array_index (self->new_edges, NewEdge, n_kept++) = edge;
    }
  g_array_set_size (self->new_edges, n_kept);
}

/* Whether nothing but the end can follow; some that are may be missed, which costs only room. */
static void
find_tails (SottoMachine *self)
{
  gboolean changed = TRUE;

  for (guint s = 0; s < self->n_states; s++)
    self->states[s].is_tail = self->states[s].is_end &&
                              self->states[s].first_edge == self->states[s + 1].first_edge;

  for (guint pass = 0; pass < 8 && changed; pass++)
    {
      changed = FALSE;
      for (guint s = self->n_states; s-- > 0;)
        {
          SottoMachineState *state = &self->states[s];
          guint32 end = state[1].first_edge;
          gboolean is_tail = state->first_bytes == end && state->first_edge < end;

          for (guint32 e = state->first_edge; is_tail && e < end; e++)
            is_tail = self->states[self->edges[e].target].is_tail;
          if (is_tail && !state->is_tail && !state->is_end)
            state->is_tail = changed = TRUE;
        }
    }
}

/* --- The order of rules --- */

typedef struct {
  SottoMachine *machine;
  guint32 *stamp;            /* (n_states): the last rule that saw this state */
  GArray *begun;             /* (element-type guint32): states seen, still to be looked at */
  GArray *calls;             /* (element-type guint16): what rules on the stack begin with, in a row */
  GArray *stack;             /* (element-type Frame) */
  guint8 *colour;            /* (n_rules): 0: new; 1: on the stack; 2: done */
  guint n_done;
} Order;

typedef struct {
  guint16 rule;
  guint first_call;
  guint next_call;
} Frame;

/* Puts the rules that @rule may begin with on the list of calls. */
static void
order_push (Order *self,
            guint  rule)
{
  const SottoMachine *machine = self->machine;
  Frame frame = { (guint16) rule, self->calls->len, self->calls->len };

  self->colour[rule] = 1;
  g_array_set_size (self->begun, 0);
  g_array_append_val (self->begun, machine->rules[rule].start);
  self->stamp[machine->rules[rule].start] = rule;

  while (self->begun->len > 0)
    {
      guint32 s = g_array_index (self->begun, guint32, self->begun->len - 1);
      const SottoMachineState *state = &machine->states[s];

      g_array_set_size (self->begun, self->begun->len - 1);
      for (guint32 e = state->first_edge; e < state[1].first_edge; e++)
        {
          const SottoMachineEdge *edge = &machine->edges[e];
          gboolean calls = e >= state->first_call;

          if (calls)
            g_array_append_val (self->calls, edge->rule);
          if ((e < state->first_bytes || (calls && machine->rules[edge->rule].nullable)) &&
              self->stamp[edge->target] != rule)
            {
              self->stamp[edge->target] = rule;
              g_array_append_val (self->begun, edge->target);
            }
        }
    }

  g_array_append_val (self->stack, frame);
}

/* Depth first, without recursion. Returns: the rule that begins with itself, or -1 */
static gint
order_from (Order *self,
            guint  root)
{
  order_push (self, root);
  while (self->stack->len > 0)
    {
      Frame *frame = &g_array_index (self->stack, Frame, self->stack->len - 1);

      if (frame->next_call < self->calls->len)
        {
          guint16 rule = g_array_index (self->calls, guint16, frame->next_call++);

          if (self->colour[rule] == 1)
            return rule;
          if (self->colour[rule] == 0)
            order_push (self, rule);
          continue;
        }

      self->colour[frame->rule] = 2;
      self->machine->rules[frame->rule].order = self->machine->n_rules - 1 - self->n_done++;
      g_array_set_size (self->calls, frame->first_call);
      g_array_set_size (self->stack, self->stack->len - 1);
    }

  return -1;
}

static gint
order_rules (SottoMachine *machine)
{
  g_autofree guint32 *stamp = g_new (guint32, (gsize) machine->n_states + 1);
  g_autofree guint8 *colour = g_new0 (guint8, machine->n_rules);
  g_autoptr (GArray) begun = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) calls = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  Order self = { machine, stamp, begun, calls, stack, colour, 0 };
  gint culprit = -1;

  memset (stamp, 0xff, (gsize) machine->n_states * sizeof (guint32));
  for (guint r = 0; r < machine->n_rules && culprit < 0; r++)
    if (colour[r] == 0)
      culprit = order_from (&self, r);

  return culprit;
}

/* --- Classes of bytes --- */

static void
find_classes (SottoMachine *self)
{
  gboolean begins[257] = { FALSE };
  guint class = 0;

  for (guint s = 0; s < self->n_states; s++)
    for (guint32 e = self->states[s].first_bytes; e < self->states[s].first_call; e++)
      {
        begins[self->edges[e].low] = TRUE;
        begins[self->edges[e].high + 1] = TRUE;
      }

  for (guint b = 0; b < 256; b++)
    {
      class += b > 0 && begins[b];
      self->class_of[b] = class;
    }
  self->n_classes = class + 1;
}

gboolean
sotto_machine_finish (SottoMachine  *self,
                      guint          root,
                      GError       **error)
{
  g_auto (Backwards) backwards = { 0 };
  g_autofree guint8 *alive = NULL;
  g_autofree guint8 *empty = NULL;
  gint culprit;

  if (!sotto_cancel_check (self->cancel, error))
    return FALSE;
  if (self->is_full)
    return fail (error, "it is too large", NULL, NULL);

  self->root = root;
  self->rules = (SottoMachineRule *) (gpointer) self->new_rules->data;
  self->n_rules = self->new_rules->len;
  self->n_states = self->n_new_states;
  self->states = g_try_new0 (SottoMachineState, (gsize) self->n_states + 2);
  self->edges = g_try_new (SottoMachineEdge, (gsize) self->new_edges->len + 1);
  if (self->states == NULL || self->edges == NULL)
    return fail (error, "there is no memory for it", NULL, NULL);

  backwards_init (&backwards, self);
  alive = reach_ends (self, &backwards, FALSE);
  if (!sotto_cancel_check (self->cancel, error))
    return FALSE;
  if (!alive[self->rules[root].start])
    return fail (error, "no text of finite length fits it", NULL, NULL);
  empty = reach_ends (self, &backwards, TRUE);
  for (guint r = 0; r < self->n_rules; r++)
    {
      self->rules[r].nullable = empty[self->rules[r].start];
      self->states[self->rules[r].end].is_end = TRUE;
    }

  drop_dead_edges (self, alive);
  sort_edges (self);
  g_clear_pointer (&self->new_edges, g_array_unref);

  if (!sotto_cancel_check (self->cancel, error))
    return FALSE;
  culprit = order_rules (self);
  if (culprit >= 0)
    return fail (error, "a rule begins with itself", ": ", self->rules[culprit].name);

  find_tails (self);
  find_classes (self);
  if (!sotto_cancel_check (self->cancel, error))
    return FALSE;
  sotto_machine_find_runs (self);
  if (!sotto_cancel_check (self->cancel, error))
    return FALSE;
  sotto_machine_find_alike (self);
  self->cancel = NULL;

  return TRUE;
}
