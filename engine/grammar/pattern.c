/* Regular expressions as JSON Schema has them (ECMA-262, in Unicode mode), to sets of strings.
 *
 * Read into an expression, laid out as a nondeterministic automaton (Thompson 1968) between two loops, since a
 * pattern may match anywhere, and made deterministic by sets of states. Where the text begins can only be
 * said of the first set; where it ends decides no more than whether a set accepts. A set in which the match is
 * already complete is one and the same, whatever else it has: all that follows is accepted. */

#include "letters.h"

#include <string.h>

#include "expression.h"
#include "text/unicode.h"

#define LAST_CHAR 0x10ffffu
#define MOST_DEPTH 64u
#define MOST_NODES (1u << 15)  /* of the nondeterministic automaton */
#define MOST_WORK (1u << 24)   /* edges looked at while it is made deterministic */

static const char too_complex[] = "it is too complex";

typedef struct {
  const guint8 *at;
  const guint8 *end;
  guint depth;
  const char *problem;
} Parser;

static gpointer
fail (Parser     *self,
      const char *problem)
{
  if (self->problem == NULL)
    self->problem = problem;

  return NULL;
}

static guint8
peek (const Parser *self,
      guint         ahead)
{
  return (gsize) (self->end - self->at) > ahead ? self->at[ahead] : 0;
}

/* --- Characters and classes --- */

static const SottoCharRange digits[] = { { '0', '9' } };
static const SottoCharRange word[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
static const SottoCharRange space[] = {
  { 0x09, 0x0d }, { 0x20, 0x20 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
  { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff },
};
static const SottoCharRange line_ends[] = { { '\n', '\n' }, { '\r', '\r' }, { 0x2028, 0x2029 } };

static void
append_ranges (GArray               *out,
               const SottoCharRange *ranges,
               guint                 n,
               gboolean              inverted)
{
  g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (SottoCharRange));

  g_array_append_vals (part, ranges, n);
  if (inverted)
    sotto_char_ranges_invert (part);
  g_array_append_vals (out, part->data, part->len);
}

/* \d and its kin. Returns: whether @letter is one of them */
static gboolean
append_kind (GArray *out,
             guint8  letter)
{
  gboolean inverted = g_ascii_isupper (letter);

  switch (g_ascii_tolower (letter))
    {
    case 'd':
      append_ranges (out, digits, G_N_ELEMENTS (digits), inverted);
      return TRUE;
    case 'w':
      append_ranges (out, word, G_N_ELEMENTS (word), inverted);
      return TRUE;
    case 's':
      append_ranges (out, space, G_N_ELEMENTS (space), inverted);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
read_hex (Parser   *self,
          guint     n,
          gunichar *c)
{
  *c = 0;
  for (guint i = 0; i < n; i++, self->at++)
    {
      if (!g_ascii_isxdigit (peek (self, 0)))
        return fail (self, "an escape lacks digits") != NULL;
      *c = *c << 4 | g_ascii_xdigit_value (*self->at);
    }

  return TRUE;
}

/* Behind \u */
static gboolean
read_unicode_escape (Parser   *self,
                     gunichar *c)
{
  gunichar low;

  if (peek (self, 0) == '{')
    {
      *c = 0;
      for (self->at++; g_ascii_isxdigit (peek (self, 0)) && *c <= LAST_CHAR; self->at++)
        *c = *c << 4 | g_ascii_xdigit_value (*self->at);
      if (peek (self, 0) != '}' || *c > LAST_CHAR)
        return fail (self, "an escape is beyond Unicode") != NULL;
      self->at++;
      return TRUE;
    }

  if (!read_hex (self, 4, c))
    return FALSE;
  if (*c >= 0xd800 && *c <= 0xdbff && peek (self, 0) == '\\' && peek (self, 1) == 'u')
    {
      const guint8 *before = self->at;

      self->at += 2;
      if (!read_hex (self, 4, &low))
        return FALSE;
      if (low >= 0xdc00 && low <= 0xdfff)
        *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
      else
        self->at = before;
    }

  return TRUE;
}

/* One character behind a backslash. */
static gboolean
read_escape (Parser   *self,
             gunichar *c)
{
  static const char letters[] = "tnvfr";
  static const char meanings[] = "\t\n\v\f\r";
  guint8 letter = peek (self, 0);
  const char *known = letter != 0 ? strchr (letters, letter) : NULL;

  if (self->at >= self->end)
    return fail (self, "it ends with a backslash") != NULL;
  self->at++;
  if (known != NULL)
    {
      *c = meanings[known - letters];
      return TRUE;
    }

  switch (letter)
    {
    case 'x':
      return read_hex (self, 2, c);
    case 'u':
      return read_unicode_escape (self, c);
    case 'c':
      if (!g_ascii_isalpha (peek (self, 0)))
        return fail (self, "an escape is not known") != NULL;
      *c = *self->at++ & 31;
      return TRUE;
    case '0':
      if (g_ascii_isdigit (peek (self, 0)))
        return fail (self, "an escape is not known") != NULL;
      *c = 0;
      return TRUE;
    case 'p':
    case 'P':
      return fail (self, "Unicode properties are not supported") != NULL;
    case 'b':
    case 'B':
      return fail (self, "word boundaries are not supported") != NULL;
    case 'k':
      return fail (self, "back references are not supported") != NULL;
    default:
      if (g_ascii_isdigit (letter))
        return fail (self, "back references are not supported") != NULL;
      if (g_ascii_isalpha (letter) || letter >= 0x80)
        return fail (self, "an escape is not known") != NULL;
      *c = letter;
      return TRUE;
    }
}

static gboolean
read_plain (Parser   *self,
            gunichar *c)
{
  if (self->at >= self->end)
    return fail (self, "it ends within a class") != NULL;
  self->at += sotto_utf8_decode (self->at, self->end, c);

  return *c <= LAST_CHAR || fail (self, "it is not UTF-8") != NULL;
}

/* An atom of a class. @c: (out): not changed for \d and its kin, which are appended. Returns: %FALSE with
 * a problem */
static gboolean
read_class_atom (Parser   *self,
                 GArray   *out,
                 gunichar *c,
                 gboolean *is_kind)
{
  *is_kind = FALSE;
  if (peek (self, 0) != '\\')
    return read_plain (self, c);

  self->at++;
  *is_kind = append_kind (out, peek (self, 0));
  if (*is_kind)
    {
      self->at++;
      return TRUE;
    }
  if (peek (self, 0) == 'b')
    {
      self->at++;
      *c = '\b';
      return TRUE;
    }

  return read_escape (self, c);
}

static SottoExpression *
read_class (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  gboolean inverted;

  self->at++;
  inverted = peek (self, 0) == '^';
  self->at += inverted;

  while (peek (self, 0) != ']')
    {
      gunichar low = 0, high;
      gboolean is_kind;

      if (!read_class_atom (self, node->ranges, &low, &is_kind))
        return NULL;
      high = low;
      if (peek (self, 0) == '-' && peek (self, 1) != ']')
        {
          gboolean high_is_kind = FALSE;

          self->at++;
          if (is_kind || !read_class_atom (self, node->ranges, &high, &high_is_kind) || high_is_kind ||
              low > high)
            return fail (self, "a range of a class has no order");
        }
      if (!is_kind)
        sotto_expression_add_range (node, low, high);
    }
  self->at++;
  sotto_char_ranges_tidy (node->ranges);
  if (inverted)
    sotto_char_ranges_invert (node->ranges);

  return g_steal_pointer (&node);
}

/* --- Groups, sequences, choices --- */

static SottoExpression *read_choice (Parser *self);

static SottoExpression *
read_group (Parser *self)
{
  g_autoptr (SottoExpression) node = NULL;

  self->at++;
  if (peek (self, 0) == '?')
    {
      if (peek (self, 1) == ':')
        {
          self->at += 2;
        }
      else if (peek (self, 1) == '<' && peek (self, 2) != '=' && peek (self, 2) != '!')
        {
          while (self->at < self->end && *self->at != '>')
            self->at++;
          if (self->at == self->end)
            return fail (self, "a group's name does not end");
          self->at++;
        }
      else
        {
          return fail (self, "look-around and flags are not supported");
        }
    }

  if (self->depth + 1 >= MOST_DEPTH)
    return fail (self, "it is nested too deeply");
  self->depth++;
  node = read_choice (self);
  self->depth--;
  if (node == NULL)
    return NULL;
  if (peek (self, 0) != ')')
    return fail (self, "a parenthesis is not closed");
  self->at++;

  return g_steal_pointer (&node);
}

static SottoExpression *
read_atom (Parser *self)
{
  g_autoptr (SottoExpression) node = NULL;
  gunichar c;

  switch (*self->at)
    {
    case '(':
      return read_group (self);
    case '[':
      return read_class (self);
    case '^':
      self->at++;
      return sotto_expression_new (SOTTO_EXPRESSION_BEGIN);
    case '$':
      self->at++;
      return sotto_expression_new (SOTTO_EXPRESSION_END);
    case '*':
    case '+':
    case '?':
      return fail (self, "there is nothing to repeat");
    default:
      break;
    }

  node = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  if (*self->at == '.')
    {
      self->at++;
      append_ranges (node->ranges, line_ends, G_N_ELEMENTS (line_ends), TRUE);
      return g_steal_pointer (&node);
    }
  if (*self->at == '\\')
    {
      self->at++;
      if (append_kind (node->ranges, peek (self, 0)))
        {
          self->at++;
          return g_steal_pointer (&node);
        }
      if (!read_escape (self, &c))
        return NULL;
    }
  else if (!read_plain (self, &c))
    {
      return NULL;
    }
  sotto_expression_add_range (node, c, c);
  sotto_char_ranges_tidy (node->ranges);

  return g_steal_pointer (&node);
}

static guint
read_number (Parser *self)
{
  guint64 value = 0;

  for (; g_ascii_isdigit (peek (self, 0)); self->at++)
    value = MIN (value * 10 + (*self->at - '0'), G_MAXUINT - 1);

  return value;
}

/* Whether repetitions follow. A brace that begins none stands for itself. */
static gboolean
read_repetitions (Parser *self,
                  guint  *least,
                  guint  *most)
{
  const guint8 *before = self->at;

  *least = 0;
  *most = G_MAXUINT;
  switch (peek (self, 0))
    {
    case '*':
      break;
    case '+':
      *least = 1;
      break;
    case '?':
      *most = 1;
      break;
    case '{':
      self->at++;
      if (!g_ascii_isdigit (peek (self, 0)))
        {
          self->at = before;
          return FALSE;
        }
      *least = *most = read_number (self);
      if (peek (self, 0) == ',')
        {
          self->at++;
          *most = g_ascii_isdigit (peek (self, 0)) ? read_number (self) : G_MAXUINT;
        }
      if (peek (self, 0) != '}')
        {
          self->at = before;
          return FALSE;
        }
      break;
    default:
      return FALSE;
    }
  self->at++;
  /* Not greedy: the same strings. */
  if (peek (self, 0) == '?')
    self->at++;

  return TRUE;
}

static SottoExpression *
read_sequence (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_SEQUENCE);

  while (self->at < self->end && *self->at != '|' && *self->at != ')')
    {
      SottoExpression *atom = read_atom (self);
      guint least = 0, most = 0;

      if (atom == NULL)
        return NULL;
      if (read_repetitions (self, &least, &most))
        atom = sotto_expression_repeat (atom, least, most);
      g_ptr_array_add (node->children, atom);
      if (most < least && atom->kind == SOTTO_EXPRESSION_REPEAT)
        return fail (self, "a greatest number of repetitions is below the least");
    }

  return g_steal_pointer (&node);
}

static SottoExpression *
read_choice (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_CHOICE);

  for (;;)
    {
      SottoExpression *sequence = read_sequence (self);

      if (sequence == NULL)
        return NULL;
      g_ptr_array_add (node->children, sequence);
      if (peek (self, 0) != '|')
        return g_steal_pointer (&node);
      self->at++;
    }
}

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

/* The edges of the set @number, one for each stretch of characters that all of its nodes treat alike. */
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

  for (guint i = 0; i < size / sizeof (guint32) - 1; i++)
    {
      const GArray *all = g_ptr_array_index (self->net->nodes, nodes[i]);

      for (guint e = 0; e < all->len; e++)
        {
          Edge edge = g_array_index (all, Edge, e);

          if (edge.kind != EDGE_CHARS)
            continue;
          g_array_append_val (edges, edge);
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
          self->edges->len > SOTTO_LETTERS_MOST_EDGES)
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
sotto_letters_new_pattern (const char  *pattern,
                           gsize        length,
                           const char **problem)
{
  Parser parser = { (const guint8 *) pattern, (const guint8 *) pattern + length, 0, NULL };
  g_autoptr (SottoExpression) expression = read_choice (&parser);
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autoptr (SottoExpression) any = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  Net net = { nodes, 0, 0, NULL, 0 };
  SottoLetters *letters;
  guint32 start, begin;

  if (expression != NULL && parser.at < parser.end)
    fail (&parser, "a parenthesis was not opened");
  if (parser.problem != NULL)
    {
      *problem = parser.problem;
      return NULL;
    }

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

  return letters;
}
