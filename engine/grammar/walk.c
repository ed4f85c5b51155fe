/* Reading a machine.
 *
 * A text may stand at several states at once, each with its own way back through the rules that
 * were called. The ways back are shared as in a graph-structured stack (Tomita 1985): a context is
 * the set of items (state to return to, context of that) from which one rule was called at one
 * point of the text, so that ambiguity costs room in proportion to the text and not to the number
 * of readings (Earley 1970). A call after which nothing is left of the caller passes the caller's
 * own context on, so that lists that recur at their end do not grow.
 *
 * Contexts and places are kept once each, by their contents, which makes of the walk a
 * deterministic automaton that is found step by step: a place leads by a byte to a place. Since
 * rules are called in an order in which no rule comes before one that begins with it (there is no
 * left recursion), a context is complete before anything refers to it, and a context's number is
 * larger than those of its items.
 *
 * A step first moves every item over the byte, follows empty edges, returns from rules that ended,
 * and skips rules that may be empty; then it calls rules, in order. An item that was only now
 * called does not return: its rule may be empty, and then it was skipped. */

#include "walk.h"

#include <string.h>

#include "item-set.h"

#define MOST_ITEMS (1u << 14)
#define MOST_CALLS (1u << 18)   /* that wait at once; more are too ambiguous too */

/* --- The tables of a walk --- */

typedef struct {
  guint16 order;
  guint16 rule;
  SottoItem item;            /* to return to */
} Call;

typedef struct _SottoWalkTables {
  SottoItemSets contexts;
  SottoItemSets kernels;     /* the items of each place, by its number */
  guint room;                /* for places */
  GArray *likeness;          /* (element-type guint64): of contexts, as far as it was asked for */

  /* Of the step that is made */
  GArray *items;             /* (element-type SottoItem): seen, in the order they are followed */
  GArray *kernel;            /* (element-type SottoItem): of the place that comes out */
  GArray *calls;             /* (element-type Call): still to be made: a heap by their order */
  GArray *returns;           /* (element-type SottoItem): the context that is made */
  guint32 *seen;             /* open addressing: index into items, of this step by its stamp */
  guint32 *stamps;
  guint n_seen_bits;
  guint32 stamp;
} Tables;

static void
allocate_seen (Tables *self,
               guint   n_bits)
{
  g_free (self->seen);
  g_free (self->stamps);
  self->n_seen_bits = n_bits;
  self->seen = g_new (guint32, 1u << n_bits);
  self->stamps = g_new0 (guint32, 1u << n_bits);
  self->stamp = 0;
}

SottoGrammarWalk *
sotto_walk_new (const SottoMachine *machine)
{
  SottoGrammarWalk *self = g_new0 (SottoGrammarWalk, 1);
  Tables *tables = g_new0 (Tables, 1);

  self->machine = machine;
  self->tables = tables;
  tables->items = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  tables->kernel = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  tables->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  tables->returns = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  tables->likeness = g_array_new (FALSE, FALSE, sizeof (guint64));
  allocate_seen (tables, 6);
  sotto_item_sets_init (&tables->contexts);
  sotto_item_sets_init (&tables->kernels);
  sotto_walk_forget (self, NULL, 0);

  return self;
}

static void
drop_places (SottoGrammarWalk *self)
{
  for (guint i = 0; i < self->n_places; i++)
    {
      g_free (self->places[i].next);
      g_free (self->places[i].mask);
    }
  g_clear_pointer (&self->places, g_free);
  self->n_places = self->tables->room = 0;
}

void
sotto_walk_free (SottoGrammarWalk *self)
{
  Tables *tables = self->tables;

  drop_places (self);
  sotto_item_sets_clear (&tables->contexts);
  sotto_item_sets_clear (&tables->kernels);
  g_array_unref (tables->items);
  g_array_unref (tables->kernel);
  g_array_unref (tables->calls);
  g_array_unref (tables->returns);
  g_array_unref (tables->likeness);
  g_free (tables->seen);
  g_free (tables->stamps);
  g_free (tables);
  g_free (self);
}

/* --- A step --- */

static gint
compare_items (gconstpointer a,
               gconstpointer b)
{
  const SottoItem *x = a;
  const SottoItem *y = b;

  return x->state != y->state ? (x->state > y->state) - (x->state < y->state)
                              : (x->context > y->context) - (x->context < y->context);
}

static void
begin_step (Tables *self)
{
  g_array_set_size (self->items, 0);
  g_array_set_size (self->kernel, 0);
  g_array_set_size (self->calls, 0);
  if (++self->stamp == 0)
    {
      memset (self->stamps, 0, sizeof (guint32) << self->n_seen_bits);
      self->stamp = 1;
    }
}

/* Puts (state, context) on the list of items, if it is not there. */
static void
add_item (SottoGrammarWalk *self,
          guint32    state,
          guint32    context)
{
  Tables *tables = self->tables;
  SottoItem item = { state, context };
  guint32 mask = (1u << tables->n_seen_bits) - 1;
  guint32 slot = sotto_item_hash (&item, 1) & mask;

  if (tables->items->len >= MOST_ITEMS)
    {
      self->is_overfull = TRUE;
      return;
    }

  for (; tables->stamps[slot] == tables->stamp; slot = (slot + 1) & mask)
    {
      const SottoItem *there = &g_array_index (tables->items, SottoItem, tables->seen[slot]);

      if (there->state == state && there->context == context)
        return;
    }
  tables->stamps[slot] = tables->stamp;
  tables->seen[slot] = tables->items->len;
  g_array_append_val (tables->items, item);

  if (tables->items->len * 2 > mask)
    {
      allocate_seen (tables, tables->n_seen_bits + 1);
      tables->stamp = 1;
      mask = (1u << tables->n_seen_bits) - 1;
      for (guint i = 0; i < tables->items->len; i++)
        {
          slot = sotto_item_hash (&g_array_index (tables->items, SottoItem, i), 1) & mask;
          while (tables->stamps[slot] == 1)
            slot = (slot + 1) & mask;
          tables->stamps[slot] = 1;
          tables->seen[slot] = i;
        }
    }
}

/* --- Calls that wait, by the order of their rules --- */

static void
push_call (GArray     *calls,
           const Call *call)
{
  guint at = calls->len;
  Call *heap;

  g_array_set_size (calls, at + 1);
  heap = (Call *) (gpointer) calls->data;
  for (; at > 0 && call->order < heap[(at - 1) / 2].order; at = (at - 1) / 2)
    heap[at] = heap[(at - 1) / 2];
  heap[at] = *call;
}

static Call
pop_call (GArray *calls)
{
  Call *heap = (Call *) (gpointer) calls->data;
  guint n = calls->len - 1;
  Call top = heap[0];
  Call last = heap[n];
  guint at = 0;

  for (guint below = 1; below < n; below = 2 * at + 1)
    {
      below += below + 1 < n && heap[below + 1].order < heap[below].order;
      if (last.order <= heap[below].order)
        break;
      heap[at] = heap[below];
      at = below;
    }
  heap[at] = last;
  g_array_set_size (calls, n);

  return top;
}

/* Follows what the items from @first on lead to without a byte. @returns: whether rules that have
 * ended are returned from. */
static void
follow_items (SottoGrammarWalk *self,
              guint      first,
              gboolean   returns)
{
  const SottoMachine *machine = self->machine;
  Tables *tables = self->tables;

  for (guint i = first; i < tables->items->len && !self->is_overfull; i++)
    {
      SottoItem item = g_array_index (tables->items, SottoItem, i);
      const SottoMachineState *state = &machine->states[item.state];

      self->work += 1 + state[1].first_edge - state->first_edge;
      if (tables->calls->len > MOST_CALLS)
        self->is_overfull = TRUE;
      if (state->first_bytes < state->first_call || item.state == sotto_machine_final (machine))
        g_array_append_val (tables->kernel, item);

      if (state->is_end && returns)
        {
          guint n;

          sotto_item_sets_get (&tables->contexts, item.context, &n);
          self->work += n;
          for (guint k = 0; k < n; k++)
            {
              SottoItem back = sotto_item_sets_get (&tables->contexts, item.context, &n)[k];

              add_item (self, back.state, back.context);
            }
        }

      for (guint32 e = state->first_edge; e < state->first_bytes; e++)
        add_item (self, machine->edges[e].target, item.context);
      for (guint32 e = state->first_call; e < state[1].first_edge; e++)
        {
          const SottoMachineEdge *edge = &machine->edges[e];
          Call call = {
            machine->rules[edge->rule].order, edge->rule, { edge->target, item.context },
          };

          push_call (tables->calls, &call);
          if (machine->rules[edge->rule].nullable)
            add_item (self, edge->target, item.context);
        }
    }
}

/* Makes the context for @rule out of the calls of it that wait, which are the first, and takes
 * these off the list. */
static guint32
make_context (SottoGrammarWalk *self,
              guint16    rule)
{
  const SottoMachine *machine = self->machine;
  Tables *tables = self->tables;
  guint n_before = tables->contexts.sets->len;
  guint n_different = 0;
  guint32 number;

  g_array_set_size (tables->returns, 0);
  while (tables->calls->len > 0 && g_array_index (tables->calls, Call, 0).rule == rule)
    {
      Call call = pop_call (tables->calls);

      if (tables->returns->len > MOST_ITEMS)
        {
          self->is_overfull = TRUE;
        }
      else if (machine->states[call.item.state].is_tail)
        {
          guint n;
          const SottoItem *items = sotto_item_sets_get (&tables->contexts, call.item.context, &n);

          if (n > 0)
            g_array_append_vals (tables->returns, items, n);
        }
      else
        {
          g_array_append_val (tables->returns, call.item);
        }
    }

  self->work += tables->returns->len;
  if (tables->returns->len > 1)
    g_array_sort (tables->returns, compare_items);
  for (guint i = 0; i < tables->returns->len; i++)
    {
      SottoItem item = g_array_index (tables->returns, SottoItem, i);

      if (i == 0 ||
          compare_items (&item, &g_array_index (tables->returns, SottoItem, n_different - 1)) != 0)
        g_array_index (tables->returns, SottoItem, n_different++) = item;
    }

  number = sotto_item_sets_intern (
      &tables->contexts, (const SottoItem *) (gconstpointer) tables->returns->data, n_different);
  if (number == n_before)
    self->bytes += n_different * sizeof (SottoItem) + sizeof (SottoItemSet) + 4 * sizeof (guint32);

  return number;
}

static void
make_calls (SottoGrammarWalk *self)
{
  Tables *tables = self->tables;

  while (tables->calls->len > 0 && !self->is_overfull)
    {
      guint before = tables->items->len;
      guint16 rule = g_array_index (tables->calls, Call, 0).rule;
      guint32 context = make_context (self, rule);

      add_item (self, self->machine->rules[rule].start, context);
      follow_items (self, before, FALSE);
    }
}

/* A place for the kernel's items, as a new one where there is none. */
static guint32
find_place (SottoGrammarWalk *self)
{
  Tables *tables = self->tables;
  GArray *kernel = tables->kernel;
  SottoPlace *place;
  guint32 number;

  if (self->is_overfull)
    g_array_set_size (kernel, 0);
  if (kernel->len > 1)
    g_array_sort (kernel, compare_items);
  number = sotto_item_sets_intern (
      &tables->kernels, (const SottoItem *) (gconstpointer) kernel->data, kernel->len);
  if (number < self->n_places)
    return number;

  if (self->n_places == tables->room)
    {
      tables->room = MAX (64, tables->room * 2);
      self->places = g_renew (SottoPlace, self->places, tables->room);
    }
  place = &self->places[self->n_places++];
  *place = (SottoPlace) { .n_items = kernel->len };
  place->next = g_new (guint32, self->machine->n_classes);
  memset (place->next, 0xff, self->machine->n_classes * sizeof (guint32));
  for (guint i = 0; i < kernel->len; i++)
    {
      guint32 state = g_array_index (kernel, SottoItem, i).state;

      place->run = MAX (place->run, self->machine->states[state].run);
      place->accepts |= state == sotto_machine_final (self->machine);
    }
  self->bytes += sizeof *place + self->machine->n_classes * sizeof (guint32) +
                 kernel->len * 3 * sizeof (SottoItem) + 64;

  return number;
}

guint32
sotto_walk_start (SottoGrammarWalk *self)
{
  const SottoMachine *machine = self->machine;
  Tables *tables = self->tables;
  SottoItem final = { sotto_machine_final (machine), 0 };
  Call call = { machine->rules[machine->root].order, (guint16) machine->root, final };

  begin_step (tables);
  g_array_append_val (tables->calls, call);
  if (machine->rules[machine->root].nullable)
    {
      add_item (self, final.state, final.context);
      follow_items (self, 0, FALSE);
    }
  make_calls (self);

  return find_place (self);
}

guint32
sotto_walk_explore (SottoGrammarWalk *self,
                    guint32    place,
                    guint      class)
{
  const SottoMachine *machine = self->machine;
  guint n;
  guint32 next;
  guint8 byte = 0;

  while (machine->class_of[byte] != class)
    byte++;

  begin_step (self->tables);
  sotto_item_sets_get (&self->tables->kernels, place, &n);
  for (guint i = 0; i < n; i++)
    {
      SottoItem item = sotto_item_sets_get (&self->tables->kernels, place, &n)[i];
      const SottoMachineState *state = &machine->states[item.state];

      self->work += 1 + state->first_call - state->first_bytes;
      for (guint32 e = state->first_bytes; e < state->first_call; e++)
        if (machine->edges[e].low <= byte && byte <= machine->edges[e].high)
          add_item (self, machine->edges[e].target, item.context);
    }
  if (self->tables->items->len > 0)
    {
      follow_items (self, 0, TRUE);
      make_calls (self);
    }
  else
    {
      g_array_set_size (self->tables->kernel, 0);
    }

  next = find_place (self);
  self->places[place].next[class] = next;

  return next;
}

/* --- Likeness --- */

/* Of a set of items, whatever order they are in; the contexts they name have theirs already. */
static guint64
add_likeness (const SottoGrammarWalk *self,
              const SottoItem        *items,
              guint                   n)
{
  guint64 sum = n;

  for (guint i = 0; i < n; i++)
    sum += sotto_machine_mix (self->machine->alike[items[i].state],
                              g_array_index (self->tables->likeness, guint64, items[i].context));

  return sum;
}

guint64
sotto_walk_get_likeness (SottoGrammarWalk *self,
                         guint32           place)
{
  Tables *tables = self->tables;
  const SottoItem *items;
  guint n;

  if (self->machine->alike == NULL)
    return 0;

  /* A context refers to such only that have lower numbers; the first one to none. */
  while (tables->likeness->len < tables->contexts.sets->len)
    {
      guint64 likeness;

      items = sotto_item_sets_get (&tables->contexts, tables->likeness->len, &n);
      likeness = add_likeness (self, items, n);
      g_array_append_val (tables->likeness, likeness);
    }
  items = sotto_item_sets_get (&tables->kernels, place, &n);

  return MAX (add_likeness (self, items, n), 1);
}

/* --- Forgetting --- */

void
sotto_walk_forget (SottoGrammarWalk *self,
                   guint32   *keep,
                   guint      n_keep)
{
  Tables *tables = self->tables;
  SottoItemSets contexts = tables->contexts;
  SottoItemSets kernels = tables->kernels;
  g_autofree guint32 *moved = g_new0 (guint32, contexts.sets->len + 1);

  sotto_item_sets_init (&tables->contexts);
  sotto_item_sets_init (&tables->kernels);
  drop_places (self);
  g_array_set_size (tables->likeness, 0);
  self->bytes = 0;

  /* Context 0 has nothing to return to, place 0 is dead. */
  sotto_item_sets_intern (&tables->contexts, NULL, 0);
  begin_step (tables);
  find_place (self);

  /* Which contexts are needed, those with higher numbers referring to lower ones; then the same
   * upwards. */
  for (guint i = 0; i < n_keep; i++)
    {
      guint n;
      const SottoItem *items = sotto_item_sets_get (&kernels, keep[i], &n);

      for (guint k = 0; k < n; k++)
        moved[items[k].context] = 1;
    }
  for (guint c = contexts.sets->len; c-- > 1;)
    {
      guint n;
      const SottoItem *items = sotto_item_sets_get (&contexts, c, &n);

      for (guint k = 0; moved[c] != 0 && k < n; k++)
        moved[items[k].context] = 1;
    }
  moved[0] = 0;
  for (guint c = 1; c < contexts.sets->len; c++)
    {
      guint n;
      const SottoItem *items = sotto_item_sets_get (&contexts, c, &n);

      if (moved[c] == 0)
        continue;
      g_array_set_size (tables->returns, 0);
      for (guint k = 0; k < n; k++)
        {
          SottoItem item = { items[k].state, moved[items[k].context] };

          g_array_append_val (tables->returns, item);
        }
      g_array_sort (tables->returns, compare_items);
      moved[c] = sotto_item_sets_intern (&tables->contexts,
                                   (const SottoItem *) (gconstpointer) tables->returns->data, n);
      self->bytes += n * sizeof (SottoItem) + sizeof (SottoItemSet) + 4 * sizeof (guint32);
    }

  for (guint i = 0; i < n_keep; i++)
    {
      guint n;
      const SottoItem *items = sotto_item_sets_get (&kernels, keep[i], &n);

      begin_step (tables);
      for (guint k = 0; k < n; k++)
        {
          SottoItem item = { items[k].state, moved[items[k].context] };

          g_array_append_val (tables->kernel, item);
        }
      keep[i] = find_place (self);
    }

  sotto_item_sets_clear (&contexts);
  sotto_item_sets_clear (&kernels);
}
