/* Sets of strings: lengths, words, both of two, one without the other. */

#include "letters.h"

#include <string.h>

#include "text/unicode.h"

#define LAST_CHAR 0x10ffffu
#define NONE G_MAXUINT32

SottoLetters *
sotto_letters_new (void)
{
  SottoLetters *self = g_new0 (SottoLetters, 1);

  self->states = g_array_new (FALSE, TRUE, sizeof (SottoLettersState));
  self->edges = g_array_new (FALSE, FALSE, sizeof (SottoLettersEdge));

  return self;
}

void
sotto_letters_free (SottoLetters *self)
{
  g_array_unref (self->states);
  g_array_unref (self->edges);
  g_free (self);
}

SottoLetters *
sotto_letters_share (const SottoLetters *self)
{
  SottoLetters *other = g_new0 (SottoLetters, 1);

  other->states = g_array_ref (self->states);
  other->edges = g_array_ref (self->edges);

  return other;
}

static inline const SottoLettersState *
state_of (const SottoLetters *self,
          guint32             state)
{
  return &g_array_index (self->states, SottoLettersState, state);
}

static inline const SottoLettersEdge *
edge_of (const SottoLetters *self,
         guint32             edge)
{
  return &g_array_index (self->edges, SottoLettersEdge, edge);
}

static guint
n_states (const SottoLetters *self)
{
  return self->states->len - 1;
}

void
sotto_letters_begin_state (SottoLetters *self,
                           gboolean      accepts)
{
  SottoLettersState state = { self->edges->len, accepts };

  g_array_append_val (self->states, state);
}

void
sotto_letters_add_edge (SottoLetters *self,
                        gunichar      low,
                        gunichar      high,
                        guint32       target)
{
  SottoLettersEdge edge = { low, high, target };

  g_array_append_val (self->edges, edge);
}

/* Drops the edges to states from which no string is completed. */
static void
drop_dead_edges (SottoLetters *self)
{
  guint n = n_states (self);
  g_autofree guint32 *into = g_new (guint32, n + 1);
  g_autofree guint32 *next = g_new (guint32, self->edges->len + 1);
  g_autofree guint32 *source = g_new (guint32, self->edges->len + 1);
  g_autofree guint32 *queue = g_new (guint32, n + 1);
  g_autofree guint8 *alive = g_new0 (guint8, n + 1);
  guint n_queued = 0;
  guint n_kept = 0;

  memset (into, 0xff, (n + 1) * sizeof *into);
  for (guint32 s = 0; s < n; s++)
    {
      if (state_of (self, s)->accepts)
        {
          alive[s] = 1;
          queue[n_queued++] = s;
        }
      for (guint32 e = state_of (self, s)->first_edge; e < state_of (self, s + 1)->first_edge; e++)
        {
          source[e] = s;
          next[e] = into[edge_of (self, e)->target];
          into[edge_of (self, e)->target] = e;
        }
    }
  for (guint q = 0; q < n_queued; q++)
    for (guint32 e = into[queue[q]]; e != NONE; e = next[e])
      if (!alive[source[e]])
        {
          alive[source[e]] = 1;
          queue[n_queued++] = source[e];
        }

  for (guint32 s = 0; s < n; s++)
    {
      guint32 first = state_of (self, s)->first_edge;
      guint32 end = state_of (self, s + 1)->first_edge;

      g_array_index (self->states, SottoLettersState, s).first_edge = n_kept;
      for (guint32 e = first; e < end; e++)
        if (alive[edge_of (self, e)->target])
          g_array_index (self->edges, SottoLettersEdge, n_kept++) = *edge_of (self, e);
    }
  g_array_index (self->states, SottoLettersState, n).first_edge = n_kept;
  g_array_set_size (self->edges, n_kept);
}

void
sotto_letters_end (SottoLetters *self)
{
  sotto_letters_begin_state (self, FALSE);
  drop_dead_edges (self);
}

static void
add_any (SottoLetters *self,
         guint32       target)
{
  sotto_letters_add_edge (self, 0, 0xd7ff, target);
  sotto_letters_add_edge (self, 0xe000, LAST_CHAR, target);
}

SottoLetters *
sotto_letters_new_length (guint least,
                          guint most)
{
  g_autoptr (SottoLetters) self = NULL;
  gboolean endless = most == G_MAXUINT;
  guint last = endless ? least : most;

  if (last >= SOTTO_LETTERS_MOST_STATES)
    return NULL;

  self = sotto_letters_new ();
  for (guint i = 0; i <= last; i++)
    {
      sotto_letters_begin_state (self, i >= least);
      if (i < last)
        add_any (self, i + 1);
      else if (endless)
        add_any (self, i);
    }
  sotto_letters_end (self);

  return g_steal_pointer (&self);
}

/* --- Words --- */

typedef struct {
  GPtrArray *words;          /* (element-type GArray of gunichar), in order, apart */
  guint first;
  guint end;
  guint depth;
} Words;

static gint
compare_words (gconstpointer a,
               gconstpointer b)
{
  const GArray *x = *(GArray *const *) a;
  const GArray *y = *(GArray *const *) b;

  for (guint i = 0; i < MIN (x->len, y->len); i++)
    {
      gunichar c = g_array_index (x, gunichar, i);
      gunichar d = g_array_index (y, gunichar, i);

      if (c != d)
        return c < d ? -1 : 1;
    }

  return (x->len > y->len) - (x->len < y->len);
}

SottoLetters *
sotto_letters_new_words (const char *const *words,
                         guint              n_words)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autoptr (GArray) todo = g_array_new (FALSE, FALSE, sizeof (Words));
  g_autoptr (SottoLetters) self = sotto_letters_new ();
  Words all = { sorted, 0, n_words, 0 };

  for (guint i = 0; i < n_words; i++)
    {
      const guint8 *at = (const guint8 *) words[i];
      const guint8 *end = at + strlen (words[i]);
      GArray *word = g_array_new (FALSE, FALSE, sizeof (gunichar));
      gunichar c;

      while (at < end)
        {
          at += sotto_utf8_decode (at, end, &c);
          g_array_append_val (word, c);
        }
      g_ptr_array_add (sorted, word);
    }
  g_ptr_array_sort (sorted, compare_words);

  /* State by state, each being the words that have come to it. */
  g_array_append_val (todo, all);
  for (guint s = 0; s < todo->len; s++)
    {
      Words part = g_array_index (todo, Words, s);
      guint i = part.first;

      if (todo->len > SOTTO_LETTERS_MOST_STATES)
        return NULL;
      while (i < part.end && ((GArray *) g_ptr_array_index (sorted, i))->len == part.depth)
        i++;
      sotto_letters_begin_state (self, i > part.first);
      while (i < part.end)
        {
          gunichar c =
            g_array_index ((GArray *) g_ptr_array_index (sorted, i), gunichar, part.depth);
          Words below = { sorted, i, i, part.depth + 1 };

          while (below.end < part.end &&
                 g_array_index ((GArray *) g_ptr_array_index (sorted, below.end), gunichar,
                                part.depth) == c)
            below.end++;
          sotto_letters_add_edge (self, c, c, todo->len);
          g_array_append_val (todo, below);
          i = below.end;
        }
    }
  sotto_letters_end (self);

  return g_steal_pointer (&self);
}

/* --- Two together --- */

typedef struct {
  const SottoLetters *a;
  const SottoLetters *b;
  gboolean subtract;
  GHashTable *numbers;       /* pair → its number plus one */
  GArray *pairs;             /* (element-type guint64) */
} Product;

/* GLib's for 64 bits would give all pairs with the same difference the same. */
static guint
hash_pair (gconstpointer pair)
{
  guint64 hash = *(const guint64 *) pair * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (guint) (hash >> 32);
}

static guint32
number_of_pair (Product *self,
                guint32  a,
                guint32  b)
{
  guint64 pair = (guint64) a << 32 | b;
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, &pair));

  if (number == 0)
    {
      g_array_append_val (self->pairs, pair);
      number = self->pairs->len;
      g_hash_table_insert (self->numbers, g_memdup2 (&pair, sizeof pair),
                           GUINT_TO_POINTER (number));
    }

  return number - 1;
}

/* The part of an edge of @a before @next goes on alone, if that counts. */
static void
add_alone (Product      *self,
           SottoLetters *out,
           gunichar      low,
           gunichar      high,
           guint32       target)
{
  if (self->subtract && low <= high)
    sotto_letters_add_edge (out, low, high, number_of_pair (self, target, NONE));
}

static void
add_pair_edges (Product      *self,
                SottoLetters *out,
                guint32       a,
                guint32       b)
{
  guint32 k = b != NONE ? state_of (self->b, b)->first_edge : 0;
  guint32 k_end = b != NONE ? state_of (self->b, b + 1)->first_edge : 0;

  for (guint32 i = state_of (self->a, a)->first_edge; i < state_of (self->a, a + 1)->first_edge;
       i++)
    {
      SottoLettersEdge edge = *edge_of (self->a, i);
      gboolean used_up = FALSE;

      while (k < k_end && edge_of (self->b, k)->high < edge.low)
        k++;
      for (guint32 m = k; m < k_end && edge_of (self->b, m)->low <= edge.high && !used_up; m++)
        {
          const SottoLettersEdge *other = edge_of (self->b, m);
          gunichar high = MIN (edge.high, other->high);

          if (other->low > edge.low)
            {
              add_alone (self, out, edge.low, other->low - 1, edge.target);
              edge.low = other->low;
            }
          sotto_letters_add_edge (out, edge.low, high,
                                  number_of_pair (self, edge.target, other->target));
          used_up = high == edge.high;
          edge.low = high + 1;
        }
      if (!used_up)
        add_alone (self, out, edge.low, edge.high, edge.target);
    }
}

static SottoLetters *
combine (const SottoLetters *a,
         const SottoLetters *b,
         gboolean            subtract,
         const SottoCancel  *cancel)
{
  g_autoptr (GHashTable) numbers =
    g_hash_table_new_full (hash_pair, g_int64_equal, g_free, NULL);
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (SottoLetters) self = sotto_letters_new ();
  Product product = { a, b, subtract, numbers, pairs };

  number_of_pair (&product, 0, 0);
  for (guint i = 0; i < pairs->len; i++)
    {
      guint64 pair = g_array_index (pairs, guint64, i);
      guint32 in_a = pair >> 32;
      guint32 in_b = (guint32) pair;
      gboolean accepts_b = in_b != NONE && state_of (b, in_b)->accepts;

      if (pairs->len > SOTTO_LETTERS_MOST_STATES || self->edges->len > SOTTO_LETTERS_MOST_EDGES ||
          sotto_cancel_is_raised (cancel))
        return NULL;
      sotto_letters_begin_state (self, state_of (a, in_a)->accepts && accepts_b != subtract);
      add_pair_edges (&product, self, in_a, in_b);
    }
  sotto_letters_end (self);

  return g_steal_pointer (&self);
}

SottoLetters *
sotto_letters_intersect (const SottoLetters *a,
                         const SottoLetters *b,
                         const SottoCancel  *cancel)
{
  return combine (a, b, FALSE, cancel);
}

SottoLetters *
sotto_letters_subtract (const SottoLetters *a,
                        const SottoLetters *b,
                        const SottoCancel  *cancel)
{
  return combine (a, b, TRUE, cancel);
}

/* --- Asking and building --- */

gboolean
sotto_letters_is_empty (const SottoLetters *self)
{
  return !state_of (self, 0)->accepts &&
         state_of (self, 0)->first_edge == state_of (self, 1)->first_edge;
}

/* State by state, in an order in which all edges go forward, as far as there is one (Kahn 1962). */
guint
sotto_letters_get_longest (const SottoLetters *self)
{
  guint n = n_states (self);
  g_autofree guint32 *n_into = g_new0 (guint32, n);
  g_autofree guint32 *queue = g_new (guint32, n);
  g_autofree guint *lengths = g_new0 (guint, n);
  guint n_queued = 0;
  guint longest = 0;

  for (guint32 e = 0; e < self->edges->len; e++)
    n_into[edge_of (self, e)->target]++;
  for (guint32 s = 0; s < n; s++)
    if (n_into[s] == 0)
      queue[n_queued++] = s;

  for (guint q = 0; q < n_queued; q++)
    {
      guint32 s = queue[q];

      /* Each state is one that some string passes, or has no edges. */
      longest = MAX (longest, lengths[s]);
      for (guint32 e = state_of (self, s)->first_edge; e < state_of (self, s + 1)->first_edge; e++)
        {
          guint32 target = edge_of (self, e)->target;

          lengths[target] = MAX (lengths[target], lengths[s] + 1);
          if (--n_into[target] == 0)
            queue[n_queued++] = target;
        }
    }

  return n_queued < n ? G_MAXUINT : longest;
}

gboolean
sotto_letters_accept (const SottoLetters *self,
                      const char         *text,
                      gsize               length)
{
  const guint8 *at = (const guint8 *) text;
  const guint8 *end = at + length;
  guint32 s = 0;

  while (at < end)
    {
      guint32 e = state_of (self, s)->first_edge;
      guint32 last = state_of (self, s + 1)->first_edge;
      gunichar c;

      at += sotto_utf8_decode (at, end, &c);
      while (e < last && edge_of (self, e)->high < c)
        e++;
      if (e == last || edge_of (self, e)->low > c)
        return FALSE;
      s = edge_of (self, e)->target;
    }

  return state_of (self, s)->accepts;
}

static gint
compare_targets (gconstpointer a,
                 gconstpointer b)
{
  const SottoLettersEdge *x = a;
  const SottoLettersEdge *y = b;

  return x->target != y->target ? (x->target > y->target) - (x->target < y->target)
                                : (x->low > y->low) - (x->low < y->low);
}

void
sotto_letters_build (const SottoLetters *self,
                     SottoMachine       *machine,
                     guint32             from,
                     guint32             to)
{
  g_autofree guint32 *states = g_new (guint32, n_states (self));
  g_autoptr (GArray) edges = g_array_new (FALSE, FALSE, sizeof (SottoLettersEdge));
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (SottoCharRange));

  /* In order, so that machine-run.c, which goes backwards, is done with lengths in one pass. */
  for (guint32 s = 0; s < n_states (self); s++)
    states[s] = sotto_machine_add_state (machine);
  sotto_machine_add_empty (machine, from, states[0]);

  for (guint32 s = 0; s < n_states (self) && !sotto_machine_is_stopped (machine); s++)
    {
      guint32 first = state_of (self, s)->first_edge;
      guint n = state_of (self, s + 1)->first_edge - first;

      if (state_of (self, s)->accepts)
        sotto_machine_add_empty (machine, states[s], to);

      g_array_set_size (edges, 0);
      if (n > 0)
        g_array_append_vals (edges, edge_of (self, first), n);
      g_array_sort (edges, compare_targets);
      for (guint i = 0; i < n;)
        {
          guint32 target = g_array_index (edges, SottoLettersEdge, i).target;

          g_array_set_size (ranges, 0);
          for (; i < n && g_array_index (edges, SottoLettersEdge, i).target == target; i++)
            {
              const SottoLettersEdge *edge = &g_array_index (edges, SottoLettersEdge, i);
              SottoCharRange range = { edge->low, edge->high };

              g_array_append_val (ranges, range);
            }
          sotto_char_ranges_tidy (ranges);
          sotto_machine_add_json_chars (machine, states[s],
                                        (const SottoCharRange *) (gconstpointer) ranges->data,
                                        ranges->len, states[target]);
        }
    }
}
