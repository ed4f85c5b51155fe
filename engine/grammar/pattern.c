/* Regular expressions to sets of strings.
 *
 * What pattern-read.c read is laid out as a nondeterministic automaton (Thompson 1968) between two
 * loops, since a pattern may match anywhere, and made deterministic by sets of states. Where the
 * text begins can only be said of the first set; where it ends decides no more than whether a set
 * accepts. A set in which the match is already complete is one and the same, whatever else it has:
 * all that follows is accepted. */

#include "letters.h"

#include "pattern-private.h"

#define MOST_NODES (1u << 15)  /* of the nondeterministic automaton */
#define MOST_WORK (1u << 23)   /* edges looked at while it is made deterministic */
#define EDGE_WORK 16u          /* what one that is kept counts for: it takes room */
#define RANGE_WORK 4u          /* the same for the ranges of the edges of a set */

static const char too_complex[] = "it is too complex";

/* --- The nondeterministic automaton --- */

typedef enum { EDGE_EMPTY, EDGE_BEGIN, EDGE_END, EDGE_CHARS } EdgeKind;

typedef struct {
  EdgeKind kind;
  guint32 target;
  const GArray *ranges;      /* CHARS */
} Edge;

typedef struct {
  GPtrArray *nodes;          /* (element-type GArray of Edge) */
  guint32 final;
  const SottoCancel *cancel; /* (nullable) */

  /* While sets are made */
  guint work;
  guint32 *stamps;           /* (nodes): the last closure that saw one */
  guint32 stamp;
} Net;

static guint32
net_add_node (Net *self)
{
  if (self->nodes->len < MOST_NODES)
    g_ptr_array_add (self->nodes, g_array_new (FALSE, FALSE, sizeof (Edge)));
  else
    self->work = MOST_WORK;

  return self->nodes->len - 1;
}

static void
net_add_edge (Net          *self,
              guint32       from,
              EdgeKind      kind,
              const GArray *ranges,
              guint32       target)
{
  Edge edge = { kind, target, ranges };

  self->work += EDGE_WORK;
  g_array_append_val ((GArray *) g_ptr_array_index (self->nodes, from), edge);
}

static void net_add (Net *self, const SottoExpression *node, guint32 from, guint32 to);

static void
net_add_repeat (Net                   *self,
                const SottoExpression *node,
                guint32                from,
                guint32                to)
{
  guint32 at = net_add_node (self);

  net_add_edge (self, from, EDGE_EMPTY, NULL, at);
  for (guint i = 0; self->work < MOST_WORK; i++)
    {
      gboolean endless = i >= node->least && node->most == G_MAXUINT;
      guint32 next;

      if (i >= node->least)
        net_add_edge (self, at, EDGE_EMPTY, NULL, to);
      if (i >= node->most)
        return;
      next = net_add_node (self);
      net_add (self, sotto_expression_get (node, 0), at, next);
      if (endless)
        {
          net_add_edge (self, next, EDGE_EMPTY, NULL, at);
          return;
        }
      at = next;
    }
}

static void
net_add (Net                   *self,
         const SottoExpression *node,
         guint32                from,
         guint32                to)
{
  if (self->work >= MOST_WORK)
    return;

  switch (node->kind)
    {
    case SOTTO_EXPRESSION_CHARS:
      net_add_edge (self, from, EDGE_CHARS, node->ranges, to);
      return;
    case SOTTO_EXPRESSION_BEGIN:
      net_add_edge (self, from, EDGE_BEGIN, NULL, to);
      return;
    case SOTTO_EXPRESSION_END:
      net_add_edge (self, from, EDGE_END, NULL, to);
      return;
    case SOTTO_EXPRESSION_REPEAT:
      net_add_repeat (self, node, from, to);
      return;
    case SOTTO_EXPRESSION_CHOICE:
      for (guint i = 0; i < node->children->len; i++)
        net_add (self, sotto_expression_get (node, i), from, to);
      return;
    case SOTTO_EXPRESSION_SEQUENCE:
      for (guint i = 0; i < node->children->len; i++)
        {
          guint32 next = net_add_node (self);

          net_add (self, sotto_expression_get (node, i), from, next);
          from = next;
        }
      net_add_edge (self, from, EDGE_EMPTY, NULL, to);
      return;
    case SOTTO_EXPRESSION_RULE:
    default:
      g_assert_not_reached ();
    }
}

/* --- Sets of its nodes --- */

/* Adds to @set (element-type guint32) what its members lead to without a character. */
static void
net_close (Net      *self,
           GArray   *set,
           gboolean  at_begin,
           gboolean  at_end)
{
  self->stamp++;
  for (guint i = 0; i < set->len; i++)
    self->stamps[g_array_index (set, guint32, i)] = self->stamp;

  for (guint i = 0; i < set->len; i++)
    {
      const GArray *edges = g_ptr_array_index (self->nodes, g_array_index (set, guint32, i));

      self->work += edges->len + 1;
      for (guint e = 0; e < edges->len; e++)
        {
          const Edge *edge = &g_array_index (edges, Edge, e);

          if ((edge->kind == EDGE_EMPTY || (edge->kind == EDGE_BEGIN && at_begin) ||
               (edge->kind == EDGE_END && at_end)) &&
              self->stamps[edge->target] != self->stamp)
            {
              self->stamps[edge->target] = self->stamp;
              g_array_append_val (set, edge->target);
            }
        }
    }
}

static gint
compare_numbers (gconstpointer a,
                 gconstpointer b)
{
  guint32 x = *(const guint32 *) a;
  guint32 y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

typedef struct {
  Net *net;
  GHashTable *numbers;       /* GBytes (members, then whether it accepts) → number plus one */
  GPtrArray *sets;           /* (element-type GBytes): by number, owned by numbers */
} Sets;

/* The number of the set that the nodes in @members make; these are changed. */
static guint32
sets_find (Sets     *self,
           GArray   *members,
           gboolean  at_begin)
{
  g_autoptr (GArray) ends = NULL;
  g_autoptr (GBytes) key = NULL;
  guint32 accepts = FALSE;
  guint number;

  net_close (self->net, members, at_begin, FALSE);
  for (guint i = 0; i < members->len; i++)
    if (g_array_index (members, guint32, i) == self->net->final)
      {
        g_array_index (members, guint32, 0) = self->net->final;
        g_array_set_size (members, 1);
        break;
      }
  ends = g_array_copy (members);
  net_close (self->net, ends, at_begin, TRUE);
  for (guint i = 0; i < ends->len; i++)
    accepts |= g_array_index (ends, guint32, i) == self->net->final;

  g_array_sort (members, compare_numbers);
  g_array_append_val (members, accepts);
  key = g_bytes_new (members->data, members->len * sizeof (guint32));
  number = GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, key));
  if (number == 0)
    {
      g_ptr_array_add (self->sets, key);
      number = self->sets->len;
      g_hash_table_insert (self->numbers, g_steal_pointer (&key), GUINT_TO_POINTER (number));
    }

  return number - 1;
}

/* The edges of the set @number, one for each stretch of characters that all of its nodes treat
 * alike. */
static void
sets_add_edges (Sets         *self,
                guint         number,
                SottoLetters *out)
{
  g_autoptr (GArray) borders = g_array_new (FALSE, FALSE, sizeof (gunichar));
  g_autoptr (GArray) edges = g_array_new (FALSE, FALSE, sizeof (Edge));
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (guint32));
  GBytes *set = g_ptr_array_index (self->sets, number);
  gsize size;
  const guint32 *nodes = g_bytes_get_data (set, &size);

  for (guint i = 0; i < size / sizeof (guint32) - 1 && self->net->work < MOST_WORK; i++)
    {
      const GArray *all = g_ptr_array_index (self->net->nodes, nodes[i]);

      for (guint e = 0; e < all->len; e++)
        {
          Edge edge = g_array_index (all, Edge, e);

          if (edge.kind != EDGE_CHARS)
            continue;
          g_array_append_val (edges, edge);
          self->net->work += RANGE_WORK * edge.ranges->len;
          for (guint r = 0; r < edge.ranges->len; r++)
            {
              SottoCharRange range = g_array_index (edge.ranges, SottoCharRange, r);

              range.high++;
              g_array_append_val (borders, range.low);
              g_array_append_val (borders, range.high);
            }
        }
    }
  g_array_sort (borders, compare_numbers);

  for (guint b = 0; b + 1 < borders->len && self->net->work < MOST_WORK; b++)
    {
      gunichar low = g_array_index (borders, gunichar, b);
      gunichar next = g_array_index (borders, gunichar, b + 1);

      if (low == next)
        continue;
      g_array_set_size (members, 0);
      for (guint e = 0; e < edges->len; e++)
        {
          const Edge *edge = &g_array_index (edges, Edge, e);

          self->net->work += edge->ranges->len;
          for (guint r = 0; r < edge->ranges->len; r++)
            {
              SottoCharRange range = g_array_index (edge->ranges, SottoCharRange, r);

              if (range.low <= low && low <= range.high)
                g_array_append_val (members, edge->target);
            }
        }
      if (members->len > 0)
        {
          /* Twice the same node: once is enough. */
          g_array_sort (members, compare_numbers);
          for (guint i = members->len - 1; i > 0; i--)
            if (g_array_index (members, guint32, i) == g_array_index (members, guint32, i - 1))
              g_array_remove_index (members, i);
          sotto_letters_add_edge (out, low, next - 1, sets_find (self, members, FALSE));
        }
    }
}

static SottoLetters *
make_deterministic (Net     *net,
                    guint32  start)
{
  g_autoptr (GHashTable) numbers =
    g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (SottoLetters) self = sotto_letters_new ();
  g_autofree guint32 *stamps = g_new0 (guint32, net->nodes->len);
  Sets sets = { net, numbers, list };

  net->stamps = stamps;
  g_array_append_val (members, start);
  sets_find (&sets, members, TRUE);
  for (guint i = 0; i < list->len; i++)
    {
      gsize size;
      const guint32 *nodes = g_bytes_get_data (g_ptr_array_index (list, i), &size);

      if (net->work >= MOST_WORK || list->len > SOTTO_LETTERS_MOST_STATES ||
          self->edges->len > SOTTO_LETTERS_MOST_EDGES || sotto_cancel_is_raised (net->cancel))
        return NULL;
      sotto_letters_begin_state (self, nodes[size / sizeof (guint32) - 1]);
      sets_add_edges (&sets, i, self);
    }
  if (net->work >= MOST_WORK)
    return NULL;
  sotto_letters_end (self);

  return g_steal_pointer (&self);
}

SottoLetters *
sotto_letters_new_pattern (const char         *pattern,
                           gsize               length,
                           const SottoCancel  *cancel,
                           const char        **problem,
                           guint              *work)
{
  g_autoptr (SottoExpression) expression = sotto_pattern_read (pattern, length, problem);
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autoptr (SottoExpression) any = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  Net net = { .nodes = nodes, .cancel = cancel };
  SottoLetters *letters;
  guint32 start, begin;

  *work = 0;
  if (expression == NULL)
    return NULL;

  sotto_char_ranges_invert (any->ranges);
  start = net_add_node (&net);
  begin = net_add_node (&net);
  net.final = net_add_node (&net);
  net_add_edge (&net, start, EDGE_CHARS, any->ranges, start);
  net_add_edge (&net, start, EDGE_EMPTY, NULL, begin);
  net_add_edge (&net, net.final, EDGE_CHARS, any->ranges, net.final);
  net_add (&net, expression, begin, net.final);

  letters = net.work < MOST_WORK ? make_deterministic (&net, start) : NULL;
  if (letters == NULL)
    *problem = too_complex;
  *work = net.work;

  return letters;
}
