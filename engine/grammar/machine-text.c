/* Characters on a machine: as UTF-8, and as JSON writes them within a string.
 *
 * A range of code points becomes a few sequences of byte ranges (The Unicode Standard 15, table
 * 3-7). All characters beyond ASCII together are a call of one rule that every machine has, so that
 * a string of any length costs one state a character, and so that machine-run.c knows them. */

#include "machine-private.h"

#define LAST_CHAR 0x10ffffu

/* --- Ranges --- */

static gint
compare_ranges (gconstpointer a,
                gconstpointer b)
{
  const SottoCharRange *x = a;
  const SottoCharRange *y = b;

  return (x->low > y->low) - (x->low < y->low);
}

static void
append_without_surrogates (GArray         *ranges,
                           SottoCharRange  range)
{
  SottoCharRange below = { range.low, MIN (range.high, 0xd7ff) };
  SottoCharRange above = { MAX (range.low, 0xe000), MIN (range.high, LAST_CHAR) };

  if (below.low <= below.high)
    g_array_append_val (ranges, below);
  if (above.low <= above.high)
    g_array_append_val (ranges, above);
}

void
sotto_char_ranges_tidy (GArray *ranges)
{
  g_autoptr (GArray) joined = g_array_new (FALSE, FALSE, sizeof (SottoCharRange));

  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++)
    {
      SottoCharRange range = g_array_index (ranges, SottoCharRange, i);
      SottoCharRange *last = joined->len > 0
        ? &g_array_index (joined, SottoCharRange, joined->len - 1) : NULL;

      if (range.low > range.high)
        continue;
      if (last != NULL && range.low <= last->high + 1)
        last->high = MAX (last->high, range.high);
      else
        g_array_append_val (joined, range);
    }

  g_array_set_size (ranges, 0);
  for (guint i = 0; i < joined->len; i++)
    append_without_surrogates (ranges, g_array_index (joined, SottoCharRange, i));
}

void
sotto_char_ranges_invert (GArray *ranges)
{
  g_autoptr (GArray) before = g_array_copy (ranges);
  gunichar next = 0;

  g_array_set_size (ranges, 0);
  for (guint i = 0; i < before->len; i++)
    {
      SottoCharRange range = g_array_index (before, SottoCharRange, i);

      if (range.low > next)
        append_without_surrogates (ranges, (SottoCharRange) { next, range.low - 1 });
      next = range.high + 1;
    }
  if (next <= LAST_CHAR)
    append_without_surrogates (ranges, (SottoCharRange) { next, LAST_CHAR });
}

/* --- UTF-8 --- */

/* The state from which @n_more continuation bytes of any value lead to @to. */
static guint32
tail_state (SottoMachine *self,
            guint         n_more,
            guint32       to)
{
  if (n_more == 0)
    return to;

  if (self->tails_target != to)
    {
      self->tails_target = to;
      for (guint i = 0; i < 3; i++)
        self->tails[i] = G_MAXUINT32;
    }
  if (self->tails[n_more - 1] == G_MAXUINT32)
    {
      guint32 state = sotto_machine_add_state (self);
      guint32 next = tail_state (self, n_more - 1, to);

      sotto_machine_add_bytes (self, state, 0x80, 0xbf, next);
      self->tails[n_more - 1] = state;
    }

  return self->tails[n_more - 1];
}

/* @low and @high are of @n continuation bytes, as a number; what came before is the same. */
static void
add_continuation (SottoMachine *self,
                  guint32       from,
                  guint32       low,
                  guint32       high,
                  guint         n,
                  guint32       to)
{
  guint shift = 6 * (n - 1);
  guint32 rest = (1u << shift) - 1;
  guint32 first = low >> shift;
  guint32 last = high >> shift;

  if (n == 1)
    {
      sotto_machine_add_bytes (self, from, 0x80 | low, 0x80 | high, to);
      return;
    }

  if ((low & rest) != 0 || (first == last && (high & rest) != rest))
    {
      guint32 state = sotto_machine_add_state (self);

      sotto_machine_add_bytes (self, from, 0x80 | first, 0x80 | first, state);
      add_continuation (self, state, low & rest, first == last ? high & rest : rest, n - 1, to);
      if (first == last)
        return;
      first++;
    }
  if ((high & rest) != rest)
    {
      guint32 state = sotto_machine_add_state (self);

      sotto_machine_add_bytes (self, from, 0x80 | last, 0x80 | last, state);
      add_continuation (self, state, 0, high & rest, n - 1, to);
      last--;
    }
  if (first <= last && last != G_MAXUINT32)
    sotto_machine_add_bytes (self, from, 0x80 | first, 0x80 | last, tail_state (self, n - 1, to));
}

/* Code points that take the same number of bytes. */
static void
add_same_length (SottoMachine *self,
                 guint32       from,
                 guint32       low,
                 guint32       high,
                 guint         n_more,
                 guint32       to)
{
  static const guint8 marks[] = { 0x00, 0xc0, 0xe0, 0xf0 };
  guint shift = 6 * n_more;
  guint32 rest = (1u << shift) - 1;

  if (n_more == 0)
    {
      sotto_machine_add_bytes (self, from, low, high, to);
      return;
    }

  while (low <= high)
    {
      guint32 lead = low >> shift;
      guint32 last = MIN (high, lead << shift | rest);

      if ((low & rest) == 0 && last == (lead << shift | rest))
        {
          /* As many whole leads as there are. */
          guint32 last_lead = (high + 1) >> shift;

          sotto_machine_add_bytes (self,
                                   from,
                                   marks[n_more] | lead,
                                   marks[n_more] | (last_lead - 1),
                                   tail_state (self, n_more, to));
          low = last_lead << shift;
          continue;
        }
      else
        {
          guint32 state = sotto_machine_add_state (self);

          sotto_machine_add_bytes (self, from, marks[n_more] | lead, marks[n_more] | lead, state);
          add_continuation (self, state, low & rest, last & rest, n_more, to);
          low = last + 1;
        }
    }
}

static void
add_range (SottoMachine   *self,
           guint32         from,
           SottoCharRange  range,
           guint32         to)
{
  static const guint32 limits[] = { 0x7f, 0x7ff, 0xffff, LAST_CHAR };

  for (guint n = 0; n < G_N_ELEMENTS (limits) && range.low <= range.high; n++)
    if (range.low <= limits[n])
      {
        add_same_length (self, from, range.low, MIN (range.high, limits[n]), n, to);
        range.low = limits[n] + 1;
      }
}

/* Whether tidy ranges hold every character beyond ASCII; @n_ascii: (out): the ranges before
 * those. */
static gboolean
has_all_non_ascii (const SottoCharRange *ranges,
                   guint                 n)
{
  return n >= 2 && ranges[n - 1].low == 0xe000 && ranges[n - 1].high == LAST_CHAR &&
         ranges[n - 2].low <= 0x80 && ranges[n - 2].high == 0xd7ff;
}

/* Characters that stand for themselves. */
static void
add_plain (SottoMachine         *self,
           guint32               from,
           const SottoCharRange *ranges,
           guint                 n_ranges,
           guint32               to)
{
  gboolean all = has_all_non_ascii (ranges, n_ranges);

  for (guint i = 0; i < n_ranges && !sotto_machine_is_stopped (self); i++)
    {
      SottoCharRange range = ranges[i];

      if (all)
        range.high = MIN (range.high, 0x7f);
      if (range.low <= range.high)
        add_range (self, from, range, to);
    }
  if (all)
    sotto_machine_add_call (self, from, SOTTO_RULE_NON_ASCII, to);
}

void
sotto_machine_add_chars (SottoMachine         *self,
                         guint32               from,
                         const SottoCharRange *ranges,
                         guint                 n_ranges,
                         guint32               to)
{
  add_plain (self, from, ranges, n_ranges, to);
}

/* --- JSON --- */

static const char short_escapes[][2] = {
  { '"', '"' }, { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' }, { '\n', 'n' }, { '\r', 'r' },
  { '\t', 't' },
};

static gboolean
ranges_contain (const SottoCharRange *ranges,
                guint                 n_ranges,
                gunichar              c)
{
  for (guint i = 0; i < n_ranges; i++)
    if (ranges[i].low <= c && c <= ranges[i].high)
      return TRUE;

  return FALSE;
}

/* A hexadecimal digit of a value between @low and @high. */
static void
add_hex (SottoMachine *self,
         guint32       from,
         guint         low,
         guint         high,
         guint32       to)
{
  if (low < 10)
    sotto_machine_add_bytes (self, from, '0' + low, '0' + MIN (high, 9), to);
  if (high >= 10)
    {
      sotto_machine_add_bytes (self, from, 'a' + MAX (low, 10) - 10, 'a' + high - 10, to);
      sotto_machine_add_bytes (self, from, 'A' + MAX (low, 10) - 10, 'A' + high - 10, to);
    }
}

/* The control characters and the two signs that only stand escaped. */
static void
add_escaped (SottoMachine         *self,
             guint32               from,
             const SottoCharRange *ranges,
             guint                 n_ranges,
             guint32               to)
{
  guint32 backslash = G_MAXUINT32;
  guint32 digits[2] = { G_MAXUINT32, G_MAXUINT32 };

  for (guint c = 0; c <= '\\'; c++)
    {
      const char *letter = NULL;

      if ((c >= 0x20 && c != '"' && c != '\\') || !ranges_contain (ranges, n_ranges, c))
        continue;
      if (backslash == G_MAXUINT32)
        {
          backslash = sotto_machine_add_state (self);
          sotto_machine_add_bytes (self, from, '\\', '\\', backslash);
        }

      for (guint i = 0; i < G_N_ELEMENTS (short_escapes); i++)
        if (short_escapes[i][0] == (char) c)
          letter = &short_escapes[i][1];
      if (letter != NULL)
        {
          sotto_machine_add_bytes (self, backslash, *letter, *letter, to);
          continue;
        }

      if (digits[0] == G_MAXUINT32 && digits[1] == G_MAXUINT32)
        {
          guint32 zeros = sotto_machine_add_text (self, backslash, "u00", 3);

          for (guint i = 0; i < 2; i++)
            {
              digits[i] = sotto_machine_add_state (self);
              sotto_machine_add_bytes (self, zeros, '0' + i, '0' + i, digits[i]);
            }
        }
      add_hex (self, digits[c >> 4], c & 15, c & 15, to);
    }
}

void
sotto_machine_add_json_chars (SottoMachine         *self,
                              guint32               from,
                              const SottoCharRange *ranges,
                              guint                 n_ranges,
                              guint32               to)
{
  g_autoptr (GArray) plain = g_array_new (FALSE, FALSE, sizeof (SottoCharRange));
  static const SottoCharRange spans[] = { { 0x20, 0x21 }, { 0x23, 0x5b }, { 0x5d, LAST_CHAR } };
  gboolean all = n_ranges == 2 && ranges[0].low == 0 && has_all_non_ascii (ranges, n_ranges);

  for (guint i = 0; i < n_ranges; i++)
    for (guint k = 0; k < G_N_ELEMENTS (spans); k++)
      {
        SottoCharRange range = { MAX (ranges[i].low, spans[k].low),
                                 MIN (ranges[i].high, spans[k].high) };

        if (range.low <= range.high)
          g_array_append_val (plain, range);
      }

  add_plain (self, from, (const SottoCharRange *) (gconstpointer) plain->data, plain->len, to);
  if (all)
    sotto_machine_add_call (self, from, SOTTO_RULE_ESCAPE, to);
  else
    add_escaped (self, from, ranges, n_ranges, to);
}

/* --- What every machine has --- */

/* \uXXXX of all characters; those beyond the first plane as two. */
static void
add_unicode_escapes (SottoMachine *self,
                     guint32       from,
                     guint32       to)
{
  guint32 state[12];

  for (guint i = 0; i < G_N_ELEMENTS (state); i++)
    state[i] = sotto_machine_add_state (self);

  sotto_machine_add_bytes (self, from, 'u', 'u', state[0]);
  add_hex (self, state[0], 0, 12, state[1]);
  add_hex (self, state[0], 14, 15, state[1]);
  add_hex (self, state[1], 0, 15, state[2]);
  add_hex (self, state[2], 0, 15, state[3]);
  add_hex (self, state[3], 0, 15, to);

  /* D000 to D7FF, then D800 to DBFF before DC00 to DFFF */
  add_hex (self, state[0], 13, 13, state[4]);
  add_hex (self, state[4], 0, 7, state[2]);
  add_hex (self, state[4], 8, 11, state[5]);
  add_hex (self, state[5], 0, 15, state[6]);
  add_hex (self, state[6], 0, 15, state[7]);
  sotto_machine_add_bytes (self, state[7], '\\', '\\', state[8]);
  sotto_machine_add_bytes (self, state[8], 'u', 'u', state[9]);
  add_hex (self, state[9], 13, 13, state[10]);
  add_hex (self, state[10], 12, 15, state[11]);
  add_hex (self, state[11], 0, 15, state[3]);
}

void
sotto_machine_add_common_rules (SottoMachine *self)
{
  guint rule = sotto_machine_add_rule (self, NULL);
  guint32 end = sotto_machine_get_end (self, rule);
  guint32 backslash;

  add_range (self, sotto_machine_get_start (self, rule), (SottoCharRange) { 0x80, 0xd7ff }, end);
  add_range (self, sotto_machine_get_start (self, rule),
             (SottoCharRange) { 0xe000, LAST_CHAR }, end);

  rule = sotto_machine_add_rule (self, NULL);
  end = sotto_machine_get_end (self, rule);
  backslash = sotto_machine_add_text (self, sotto_machine_get_start (self, rule), "\\", 1);
  sotto_machine_add_bytes (self, backslash, '/', '/', end);
  for (guint i = 0; i < G_N_ELEMENTS (short_escapes); i++)
    sotto_machine_add_bytes (self, backslash, short_escapes[i][1], short_escapes[i][1], end);
  add_unicode_escapes (self, backslash, end);
}
