#include "jinja-evaluate.h"

#include <string.h>

/* Methods that cut strings: the pieces are slices, and keep where their bytes come from. */

/* Pieces of a split under way. */
typedef struct {
  JinjaRun *run;
  const JinjaString *from;
  JinjaValue *pieces;
  gsize n, capacity;
} Pieces;

static gboolean
add_piece (Pieces *self,
           gsize   start,
           gsize   end)
{
  const JinjaString *piece = jinja_string_slice (self->run, self->from, start, end - start);

  if (piece == NULL || !jinja_step (self->run, 1))
    return FALSE;
  if (self->n == self->capacity)
    {
      gsize capacity = MAX (8, self->capacity * 2);
      JinjaValue *pieces = jinja_new_n (self->run, JinjaValue, capacity);

      if (pieces == NULL)
        return FALSE;
      if (self->n > 0)
        memcpy (pieces, self->pieces, self->n * sizeof *pieces);
      self->pieces = pieces;
      self->capacity = capacity;
    }
  self->pieces[self->n++] = jinja_string_value (piece);

  return TRUE;
}

static gunichar
char_at (const JinjaString *text,
         gsize              at,
         gsize             *length)
{
  *length = (gsize) (g_utf8_next_char (text->bytes + at) - (text->bytes + at));
  return g_utf8_get_char (text->bytes + at);
}

static gsize
char_before (const JinjaString *text,
             gsize              at)
{
  do
    at--;
  while ((text->bytes[at] & 0xc0) == 0x80);

  return at;
}

/* At white space: none of it stays, and empty pieces neither. */
static gboolean
split_at_space (Pieces *self,
                gint64  max)
{
  const JinjaString *text = self->from;
  gsize at = 0, length;

  for (;;)
    {
      gsize start;

      while (at < text->length && jinja_is_space (char_at (text, at, &length)))
        at += length;
      if (at == text->length)
        return TRUE;
      start = at;
      if (max >= 0 && self->n >= (gsize) max)
        return add_piece (self, start, text->length); /* the rest, as it is */
      while (at < text->length && !jinja_is_space (char_at (text, at, &length)))
        at += length;
      if (!add_piece (self, start, at))
        return FALSE;
    }
}

static gboolean
split_at (Pieces            *self,
          const JinjaString *separator,
          gint64             max)
{
  gsize start = 0;

  while (max < 0 || self->n < (gsize) max)
    {
      gssize found = jinja_string_find (self->run, self->from, separator, start);

      if (found < 0)
        break;
      if (!add_piece (self, start, (gsize) found))
        return FALSE;
      start = (gsize) found + separator->length;
    }

  return self->run->error == NULL && add_piece (self, start, self->from->length);
}

static void
reverse_pieces (Pieces *self)
{
  for (gsize i = 0; i < self->n / 2; i++)
    {
      JinjaValue swap = self->pieces[i];

      self->pieces[i] = self->pieces[self->n - 1 - i];
      self->pieces[self->n - 1 - i] = swap;
    }
}

static gboolean
split_from_right (Pieces            *self,
                  const JinjaString *separator,
                  gint64             max)
{
  const JinjaString *text = self->from;
  gsize end = text->length, length;

  while (separator != NULL && self->n < (gsize) max)
    {
      gssize found = jinja_string_find_last (self->run, text, separator, end);

      if (found < 0)
        break;
      if (!add_piece (self, (gsize) found + separator->length, end))
        return FALSE;
      end = (gsize) found;
    }
  if (separator != NULL)
    return self->run->error == NULL && add_piece (self, 0, end);

  for (;;)
    {
      gsize stop;

      while (end > 0 && jinja_is_space (char_at (text, char_before (text, end), &length)))
        end = char_before (text, end);
      if (end == 0)
        return TRUE;
      stop = end;
      if (self->n >= (gsize) max)
        return add_piece (self, 0, stop);
      while (end > 0 && !jinja_is_space (char_at (text, char_before (text, end), &length)))
        end = char_before (text, end);
      if (!add_piece (self, end, stop))
        return FALSE;
    }
}

static gboolean
split (JinjaRun        *run,
       JinjaValue       self,
       const JinjaArgs *args,
       gboolean         from_right,
       JinjaValue      *result)
{
  Pieces pieces = { .run = run, .from = self.as.string };
  const JinjaString *separator = NULL;
  gint64 max = -1;
  gboolean ok;

  if ((jinja_is_some (args, 0) && !jinja_expect_string (run, args->values[0], &separator))
      || !jinja_expect_size (run, args, 1, &max))
    return FALSE;
  if (separator != NULL && separator->length == 0)
    return jinja_fail (run, "empty separator");

  /* Without a bound both directions give the same. */
  if (from_right && max >= 0)
    {
      ok = split_from_right (&pieces, separator, max);
      reverse_pieces (&pieces);
    }
  else if (separator == NULL)
    ok = split_at_space (&pieces, max);
  else
    ok = split_at (&pieces, separator, max);

  return ok && jinja_items_new (run, JINJA_LIST, pieces.pieces, pieces.n, result);
}

JINJA_DEFINE (string_split)  { return split (run, self, args, FALSE, result); }
JINJA_DEFINE (string_rsplit) { return split (run, self, args, TRUE, result); }

JINJA_DEFINE (string_splitlines)
{
  const JinjaString *text = self.as.string;
  Pieces pieces = { .run = run, .from = text };
  gboolean keep = jinja_is_some (args, 0) && jinja_truth (args->values[0]);
  gsize start = 0;

  for (gsize at = 0, length; at < text->length; at += length)
    {
      gunichar c = char_at (text, at, &length);

      if (!((c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028
            || c == 0x2029))
        continue;
      if (c == '\r' && at + 1 < text->length && text->bytes[at + 1] == '\n')
        length = 2;
      if (!add_piece (&pieces, start, keep ? at + length : at))
        return FALSE;
      start = at + length;
    }
  if (start < text->length && !add_piece (&pieces, start, text->length))
    return FALSE;

  return jinja_items_new (run, JINJA_LIST, pieces.pieces, pieces.n, result);
}

static gboolean
partition (JinjaRun        *run,
           JinjaValue       self,
           const JinjaArgs *args,
           gboolean         last,
           JinjaValue      *result)
{
  const JinjaString *text = self.as.string;
  Pieces pieces = { .run = run, .from = text };
  const JinjaString *separator;
  gssize found;
  gsize at;

  if (!jinja_expect_string (run, args->values[0], &separator))
    return FALSE;
  if (separator->length == 0)
    return jinja_fail (run, "empty separator");
  found = last ? jinja_string_find_last (run, text, separator, text->length)
               : jinja_string_find (run, text, separator, 0);
  if (run->error != NULL)
    return FALSE;
  at = found >= 0 ? (gsize) found : last ? 0 : text->length;
  if (!add_piece (&pieces, 0, at) || !add_piece (&pieces, at, found >= 0 ? at + separator->length : at)
      || !add_piece (&pieces, found >= 0 ? at + separator->length : at, text->length))
    return FALSE;

  return jinja_items_new (run, JINJA_TUPLE, pieces.pieces, 3, result);
}

JINJA_DEFINE (string_partition)  { return partition (run, self, args, FALSE, result); }
JINJA_DEFINE (string_rpartition) { return partition (run, self, args, TRUE, result); }

static const JinjaBuiltin methods[] = {
  { "split", string_split, "sep maxsplit", 0 },
  { "rsplit", string_rsplit, "sep maxsplit", 0 },
  { "splitlines", string_splitlines, "keepends", 0 },
  { "partition", string_partition, "sep", 1 },
  { "rpartition", string_rpartition, "sep", 1 },
};

const JinjaBuiltin *
jinja_find_split_method (const JinjaString *name)
{
  return jinja_find_builtin (methods, G_N_ELEMENTS (methods), name);
}
