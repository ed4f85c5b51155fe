/* Reading a machine.
 *
 * A text may stand at several states at once, each with its own way back through the rules that were
 * called. The ways back are shared as in a graph-structured stack (Tomita 1985): a context is the set of
 * items (state to return to, context of that) from which one rule was called at one point of the text, so
 * that ambiguity costs room in proportion to the text and not to the number of readings (Earley 1970). A
 * call after which nothing is left of the caller passes the caller's own context on, so that lists that
 * recur at their end do not grow.
 *
 * Contexts and places are kept once each, by their contents, which makes of the walk a deterministic
 * automaton that is found step by step: a place leads by a byte to a place. Since rules are called in an
 * order in which no rule comes before one that begins with it (there is no left recursion), a context is
 * complete before anything refers to it, and a context's number is larger than those of its items.
 *
 * A step first moves every item over the byte, follows empty edges, returns from rules that ended, and
 * skips rules that may be empty; then it calls rules, in order. An item that was only now called does not
 * return: its rule may be empty, and then it was skipped. */

#include "walk.h"

#include <string.h>

#define MOST_ITEMS (1u << 14)

/* --- Sets of items, each kept once --- */

typedef struct {
  guint32 first;             /* in items */
  guint32 n;
  guint32 hash;
} ItemSet;

typedef struct {
  GArray *items;             /* (element-type SottoItem) */
  GArray *sets;              /* (element-type ItemSet) */
  guint32 *slots;            /* number of a set plus one; 0: free */
  guint n_slot_bits;
} SetTable;

static void
set_table_init (SetTable *self)
{
  self->items = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  self->sets = g_array_new (FALSE, FALSE, sizeof (ItemSet));
  self->n_slot_bits = 8;
  self->slots = g_new0 (guint32, 1u << self->n_slot_bits);
}

static void
set_table_clear (SetTable *self)
{
  g_clear_pointer (&self->items, g_array_unref);
  g_clear_pointer (&self->sets, g_array_unref);
  g_clear_pointer (&self->slots, g_free);
}

static const SottoItem *
set_table_get (const SetTable *self,
               guint32         number,
               guint          *n)
{
  const ItemSet *set = &g_array_index (self->sets, ItemSet, number);

  *n = set->n;

  return (const SottoItem *) (gconstpointer) self->items->data + set->first;
}

static guint32
hash_items (const SottoItem *items,
            guint            n)
{
  guint64 hash = n;

  for (guint i = 0; i < n; i++)
    {
      hash = (hash ^ items[i].state) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash = (hash ^ items[i].context ^ hash >> 29) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
      hash ^= hash >> 32;
    }

  return (guint32) hash;
}

static void
set_table_grow (SetTable *self)
{
  guint32 mask;

  g_free (self->slots);
  self->n_slot_bits++;
  mask = (1u << self->n_slot_bits) - 1;
  self->slots = g_new0 (guint32, (gsize) mask + 1);
  for (guint i = 0; i < self->sets->len; i++)
    {
      guint32 slot = g_array_index (self->sets, ItemSet, i).hash & mask;

      while (self->slots[slot] != 0)
        slot = (slot + 1) & mask;
      self->slots[slot] = i + 1;
    }
}

/* The number of the set with these items (sorted), which becomes one if it is none yet. */
static guint32
set_table_intern (SetTable        *self,
                  const SottoItem *items,
                  guint            n)
{
  guint32 hash = hash_items (items, n);
  guint32 mask = (1u << self->n_slot_bits) - 1;
  guint32 slot = hash & mask;
  ItemSet set;

  for (; self->slots[slot] != 0; slot = (slot + 1) & mask)
    {
      guint32 number = self->slots[slot] - 1;
      guint n_there;
      const SottoItem *there = set_table_get (self, number, &n_there);

      if (g_array_index (self->sets, ItemSet, number).hash == hash && n_there == n &&
          (n == 0 || memcmp (there, items, n * sizeof *items) == 0))
        return number;
    }

  set = (ItemSet) { self->items->len, n, hash };
  if (n > 0)
    g_array_append_vals (self->items, items, n);
  g_array_append_val (self->sets, set);
  self->slots[slot] = self->sets->len;
  if (self->sets->len * 2 > mask)
    set_table_grow (self);

  return self->sets->len - 1;
}

/* --- The tables of a walk --- */

typedef struct {
  guint16 order;
  guint16 rule;
  SottoItem item;            /* to return to */
} Call;

typedef struct _SottoWalkTables {
  SetTable contexts;
  SetTable kernels;          /* the items of each place, by its number */
  guint room;                /* for places */

  /* Of the step that is made */
  GArray *items;             /* (element-type SottoItem): seen, in the order they are followed */
  GArray *kernel;            /* (element-type SottoItem): of the place that comes out */
  GArray *calls;             /* (element-type Call): still to be made */
  GArray *returns;           /* (element-type SottoItem): the context that is made */
  guint32 *seen;             /* open addressing: index into items plus one, of this step by its stamp */
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

SottoWalk *
sotto_walk_new (const SottoMachine *machine)
{
  SottoWalk *self = g_new0 (SottoWalk, 1);
  Tables *tables = g_new0 (Tables, 1);

  self->machine = machine;
  self->tables = tables;
  tables->items = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  tables->kernel = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  tables->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  tables->returns = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  allocate_seen (tables, 6);
  set_table_init (&tables->contexts);
  set_table_init (&tables->kernels);
  sotto_walk_forget (self, NULL, 0);

  return self;
}

static void
drop_places (SottoWalk *self)
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
sotto_walk_free (SottoWalk *self)
{
  Tables *tables = self->tables;

  drop_places (self);
  set_table_clear (&tables->contexts);
  set_table_clear (&tables->kernels);
  g_array_unref (tables->items);
  g_array_unref (tables->kernel);
  g_array_unref (tables->calls);
  g_array_unref (tables->returns);
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
add_item (SottoWalk *self,
          guint32    state,
          guint32    context)
{
  Tables *tables = self->tables;
  SottoItem item = { state, context };
  guint32 mask = (1u << tables->n_seen_bits) - 1;
  guint32 slot = hash_items (&item, 1) & mask;

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
          slot = hash_items (&g_array_index (tables->items, SottoItem, i), 1) & mask;
          while (tables->stamps[slot] == 1)
            slot = (slot + 1) & mask;
          tables->stamps[slot] = 1;
          tables->seen[slot] = i;
        }
    }
}

/* Follows what the items from @first on lead to without a byte. @returns: whether rules that have ended are
 * returned from. */
static void
follow_items (SottoWalk *self,
              guint      first,
              gboolean   returns)
{
  const SottoMachine *machine = self->machine;
  Tables *tables = self->tables;

  for (guint i = first; i < tables->items->len; i++)
    {
      SottoItem item = g_array_index (tables->items, SottoItem, i);
      const SottoState *state = &machine->states[item.state];

      if (state->first_bytes < state->first_call || item.state == sotto_machine_final (machine))
        g_array_append_val (tables->kernel, item);

      if (state->is_end && returns)
        {
          guint n;

          set_table_get (&tables->contexts, item.context, &n);
          for (guint k = 0; k < n; k++)
            {
              SottoItem back = set_table_get (&tables->contexts, item.context, &n)[k];

              add_item (self, back.state, back.context);
            }
        }

      for (guint32 e = state->first_edge; e < state->first_bytes; e++)
        add_item (self, machine->edges[e].target, item.context);
      for (guint32 e = state->first_call; e < state[1].first_edge; e++)
        {
          const SottoEdge *edge = &machine->edges[e];
          Call call = {
            machine->rules[edge->rule].order, edge->rule, { edge->target, item.context },
          };

          g_array_append_val (tables->calls, call);
          if (machine->rules[edge->rule].nullable)
            add_item (self, edge->target, item.context);
        }
    }
}

/* Makes the context for @rule out of the calls of it that wait, and takes these off the list. */
static guint32
make_context (SottoWalk *self,
              guint16    rule)
{
  const SottoMachine *machine = self->machine;
  Tables *tables = self->tables;
  guint n_left = 0;
  guint n_different = 0;

  g_array_set_size (tables->returns, 0);
  for (guint i = 0; i < tables->calls->len; i++)
    {
      Call call = g_array_index (tables->calls, Call, i);

      if (call.rule != rule)
        {
          g_array_index (tables->calls, Call, n_left++) = call;
        }
      else if (machine->states[call.item.state].is_tail)
        {
          guint n;
          const SottoItem *items = set_table_get (&tables->contexts, call.item.context, &n);

          if (n > 0)
            g_array_append_vals (tables->returns, items, n);
        }
      else
        {
          g_array_append_val (tables->returns, call.item);
        }
    }
  g_array_set_size (tables->calls, n_left);

  if (tables->returns->len > MOST_ITEMS)
    {
      self->is_overfull = TRUE;
      g_array_set_size (tables->returns, MOST_ITEMS);
    }
  if (tables->returns->len > 1)
    g_array_sort (tables->returns, compare_items);
  for (guint i = 0; i < tables->returns->len; i++)
    {
      SottoItem item = g_array_index (tables->returns, SottoItem, i);

      if (i == 0 ||
          compare_items (&item, &g_array_index (tables->returns, SottoItem, n_different - 1)) != 0)
        g_array_index (tables->returns, SottoItem, n_different++) = item;
    }

  return set_table_intern (&tables->contexts, (const SottoItem *) (gconstpointer) tables->returns->data,
                           n_different);
}

static void
make_calls (SottoWalk *self)
{
  Tables *tables = self->tables;

  while (tables->calls->len > 0 && !self->is_overfull)
    {
      const Call *first = &g_array_index (tables->calls, Call, 0);
      guint before = tables->items->len;
      guint32 context;
      guint16 rule;

      for (guint i = 1; i < tables->calls->len; i++)
        if (g_array_index (tables->calls, Call, i).order < first->order)
          first = &g_array_index (tables->calls, Call, i);
      rule = first->rule;
      context = make_context (self, rule);
      add_item (self, self->machine->rules[rule].start, context);
      follow_items (self, before, FALSE);
    }
}

/* A place for the kernel's items, as a new one where there is none. */
static guint32
find_place (SottoWalk *self)
{
  Tables *tables = self->tables;
  GArray *kernel = tables->kernel;
  SottoPlace *place;
  guint32 number;

  if (self->is_overfull)
    g_array_set_size (kernel, 0);
  if (kernel->len > 1)
    g_array_sort (kernel, compare_items);
  number = set_table_intern (&tables->kernels, (const SottoItem *) (gconstpointer) kernel->data,
                             kernel->len);
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
sotto_walk_start (SottoWalk *self)
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
sotto_walk_explore (SottoWalk *self,
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
  set_table_get (&self->tables->kernels, place, &n);
  for (guint i = 0; i < n; i++)
    {
      SottoItem item = set_table_get (&self->tables->kernels, place, &n)[i];
      const SottoState *state = &machine->states[item.state];

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

/* --- Forgetting --- */

void
sotto_walk_forget (SottoWalk *self,
                   guint32   *keep,
                   guint      n_keep)
{
  Tables *tables = self->tables;
  SetTable contexts = tables->contexts;
  SetTable kernels = tables->kernels;
  g_autofree guint32 *moved = g_new0 (guint32, contexts.sets->len + 1);

  set_table_init (&tables->contexts);
  set_table_init (&tables->kernels);
  drop_places (self);
  self->bytes = 0;

  /* Context 0 has nothing to return to, place 0 is dead. */
  set_table_intern (&tables->contexts, NULL, 0);
  begin_step (tables);
  find_place (self);

  /* Which contexts are needed, those with higher numbers referring to lower ones; then the same upwards. */
  for (guint i = 0; i < n_keep; i++)
    {
      guint n;
      const SottoItem *items = set_table_get (&kernels, keep[i], &n);

      for (guint k = 0; k < n; k++)
        moved[items[k].context] = 1;
    }
  for (guint c = contexts.sets->len; c-- > 1;)
    {
      guint n;
      const SottoItem *items = set_table_get (&contexts, c, &n);

      for (guint k = 0; moved[c] != 0 && k < n; k++)
        moved[items[k].context] = 1;
    }
  moved[0] = 0;
  for (guint c = 1; c < contexts.sets->len; c++)
    {
      guint n;
      const SottoItem *items = set_table_get (&contexts, c, &n);

      if (moved[c] == 0)
        continue;
      g_array_set_size (tables->returns, 0);
      for (guint k = 0; k < n; k++)
        {
          SottoItem item = { items[k].state, moved[items[k].context] };

          g_array_append_val (tables->returns, item);
        }
      g_array_sort (tables->returns, compare_items);
      moved[c] = set_table_intern (&tables->contexts,
                                   (const SottoItem *) (gconstpointer) tables->returns->data, n);
    }

  for (guint i = 0; i < n_keep; i++)
    {
      guint n;
      const SottoItem *items = set_table_get (&kernels, keep[i], &n);

      begin_step (tables);
      for (guint k = 0; k < n; k++)
        {
          SottoItem item = { items[k].state, moved[items[k].context] };

          g_array_append_val (tables->kernel, item);
        }
      keep[i] = find_place (self);
    }

  set_table_clear (&contexts);
  set_table_clear (&kernels);
}
