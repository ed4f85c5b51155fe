/* Where tokens are along the axes of positions (M-RoPE, Wang et al. 2024), for models that have several.
 *
 * Text is as far along all axes, one further with every token. The rows of a picture are all at the same time, and each where it
 * is in the grid; the text behind goes on behind the longer of the grid's sides. So from the first picture on a token's spot is not
 * its place in the caches. It depends on nothing but the grids before it, which a session keeps beside its timeline, wherever that
 * goes:
 *
 *   timeline    a  b  r0 r1 r2 r3 r4 r5  c  d       r0 … r5: two rows of three columns
 *   time        0  1  2  2  2  2  2  2   5  6
 *   height      0  1  2  2  2  3  3  3   5  6
 *   width       0  1  2  3  4  2  3  4   5  6
 *
 * A grid has no more positions along an axis than it has rows, so that no spot is behind its place in the caches. The timeline
 * may have the beginning of a grid only (a cancel), but nothing goes on from there but the rest of it.
 */

#include "sotto-session-private.h"

static const SottoRowGrid *
get (const GArray *grids, guint index)
{
  return &g_array_index (grids, SottoRowGrid, index);
}

static guint
end_of (const SottoRowGrid *grid)
{
  return grid->first + grid->n_rows;
}

/* Positions that it takes of text behind it. */
static guint
count_positions (const SottoRowGrid *grid)
{
  return MAX (grid->n_columns, grid->n_rows / grid->n_columns);
}

/* What lies behind the end was not evaluated, or was gone back over. */
static void
trim (SottoSession *self)
{
  while (self->grids->len > 0 && get (self->grids, self->grids->len - 1)->first >= self->tokens->len)
    g_array_set_size (self->grids, self->grids->len - 1);
}

const GArray *
sotto_session_get_grids (SottoSession *self)
{
  trim (self);
  return self->grids;
}

static SottoSpot
find_in_grid (const SottoRowGrid *grid, guint begin, guint row)
{
  return (SottoSpot) { { begin, begin + row / grid->n_columns, begin + row % grid->n_columns } };
}

/* From the timeline's end on, by all grids that there are */
static void
fill_spots (SottoSession *self, guint n_tokens)
{
  guint position = self->tokens->len;
  guint lag = 0;
  guint next = 0;

  g_array_set_size (self->spots, n_tokens);
  for (guint i = 0; i < n_tokens; i++, position++)
    {
      const SottoRowGrid *grid;
      guint at;

      for (; next < self->grids->len && position >= end_of (get (self->grids, next)); next++)
        lag += get (self->grids, next)->n_rows - count_positions (get (self->grids, next));
      grid = next < self->grids->len ? get (self->grids, next) : NULL;
      at = position - lag;
      g_array_index (self->spots, SottoSpot, i) = grid != NULL && position >= grid->first
                                                    ? find_in_grid (grid, grid->first - lag, position - grid->first)
                                                    : (SottoSpot) { { at, at, at } };
    }
}

const SottoSpot *
sotto_session_find_spots (SottoSession *self, const SottoRowSpan *span, guint n_tokens)
{
  guint n_grids;

  trim (self);
  n_grids = self->grids->len;
  if (span != NULL)
    sotto_session_keep_grid (self, span, self->tokens->len);
  if (self->grids->len == 0)
    return NULL;

  fill_spots (self, n_tokens);
  g_array_set_size (self->grids, n_grids);
  return (const SottoSpot *) (gconstpointer) self->spots->data;
}

void
sotto_session_keep_grid (SottoSession *self, const SottoRowSpan *span, guint first)
{
  SottoRowGrid grid = { span->first, span->n_rows, span->n_columns };

  if (span->n_columns > 0 && first == span->first)
    g_array_append_val (self->grids, grid);
}

/* The next span of @rows from @index on that is a grid, or n_spans. */
static guint
find_grid (const SottoRows *rows, guint index)
{
  while (rows != NULL && index < rows->n_spans && rows->spans[index].n_columns == 0)
    index++;
  return index;
}

guint
sotto_session_cut_grids (const SottoSession *self, const SottoRows *rows, guint n)
{
  guint next = 0;

  for (guint i = 0;; i++)
    {
      const SottoRowGrid *own = i < self->grids->len ? get (self->grids, i) : NULL;
      const SottoRowSpan *wanted;
      guint first;

      next = find_grid (rows, next);
      wanted = rows != NULL && next < rows->n_spans ? &rows->spans[next++] : NULL;
      first = MIN (own != NULL ? own->first : G_MAXUINT, wanted != NULL ? wanted->first : G_MAXUINT);
      if (first >= n)
        return n;
      if (own == NULL || wanted == NULL || own->first != wanted->first || own->n_rows != wanted->n_rows
          || own->n_columns != wanted->n_columns || end_of (own) > n)
        return first;
    }
}
