#include "document/passages-units.h"

#include <string.h>

/* Lines, and which of them are the pages' and not the text's: what stands among the first two or last two lines of three pages
 * and more, in pages near each other (left and right ones may differ), the page's number aside. */

/* What is longer says something. */
#define LONGEST_BYTES 160

/* A title on top of pages is not shorter, and the number at the bottom not longer. */
#define LEAST_BYTES 12
#define NUMBER_BYTES 24

/* How many lines on top and at the bottom a page may have of its own */
#define N_EDGE 2
#define N_PLACES (2 * N_EDGE)

/* Blanks at the end are taken off, tabs at the beginning stay. */
static char *
dup_line (const char *from, const char *to)
{
  char *line = g_strndup (from, (gsize) (to - from));

  for (char *p = line; *p != '\0'; p++)
    if (*p == '\f' || *p == '\v' || *p == '\r')
      *p = ' ';
  return g_strchomp (line);
}

static GPtrArray *
split (const char *text)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  while (*text != '\0')
    {
      const char *end = text + strcspn (text, "\n");

      g_ptr_array_add (lines, dup_line (text, end));
      text = *end != '\0' ? end + 1 : end;
    }
  return lines;
}

/* The line at @place: 0 is the first that is not blank, N_EDGE the last; -1: there is none */
static int
find_line (GPtrArray *lines, guint place)
{
  const gboolean from_end = place >= N_EDGE;
  guint wanted = from_end ? place - N_EDGE : place;

  for (guint i = 0; i < lines->len; i++)
    {
      const guint at = from_end ? lines->len - 1 - i : i;

      if (*(const char *) g_ptr_array_index (lines, at) != '\0' && wanted-- == 0)
        return (int) at;
    }
  return -1;
}

/* Without its numbers and blanks */
static char *
fold_numbers (const char *line)
{
  g_autoptr (GString) folded = g_string_new (NULL);

  for (const char *p = line; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (!g_unichar_isdigit (c) && !g_unichar_isspace (c))
        g_string_append_unichar (folded, c);
      else if (g_unichar_isdigit (c) && !g_str_has_suffix (folded->str, "#"))
        g_string_append_c (folded, '#');
    }
  return g_string_free_and_steal (g_steal_pointer (&folded));
}

/* Without the number of the page, before it or behind it. "Step 1" stays as it is: that is what its page is about. */
static char *
fold_outer_number (const char *line)
{
  const char *begin = line + strspn (line, "0123456789 \t");
  const char *end = line + strlen (line);

  while (end > begin && strchr ("0123456789 \t", end[-1]) != NULL)
    end--;
  if (begin == end)
    return g_strdup ("#");
  return end - begin >= LEAST_BYTES ? g_strndup (begin, (gsize) (end - begin)) : g_strdup (line);
}

/* Returns: (transfer full) (nullable): what of the line is the same on each page; NULL: it cannot be the pages' */
static char *
fold_line (const char *line, gboolean is_at_bottom)
{
  if (strlen (line) > LONGEST_BYTES)
    return NULL;
  return is_at_bottom ? fold_numbers (line) : fold_outer_number (line);
}

/* Whether a line at the bottom is but the number of its page: "Page 3 of 9" */
static gboolean
is_number (const char *folded)
{
  return strchr (folded, '#') != NULL && strlen (folded) <= NUMBER_BYTES;
}

typedef struct {
  char *folded[N_PLACES];
} Edges;

static void
edges_clear (gpointer data)
{
  Edges *edges = data;

  for (guint i = 0; i < N_PLACES; i++)
    g_free (edges->folded[i]);
}

static GArray *
fold_edges (GPtrArray *pages)
{
  GArray *all = g_array_new (FALSE, TRUE, sizeof (Edges));

  g_array_set_clear_func (all, edges_clear);
  for (guint i = 0; i < pages->len; i++)
    {
      GPtrArray *lines = g_ptr_array_index (pages, i);
      Edges edges = { 0 };

      for (guint place = 0; place < N_PLACES; place++)
        {
          const int at = find_line (lines, place);

          edges.folded[place] = at >= 0 ? fold_line (g_ptr_array_index (lines, at), place >= N_EDGE) : NULL;
        }
      g_array_append_val (all, edges);
    }
  return all;
}

/* Whether page @page has @folded at @place, which may be one line off, as a page's number moves from left to right */
static gboolean
has (GArray *edges, gint64 page, guint place, const char *folded)
{
  const guint first = place < N_EDGE ? 0 : N_EDGE;

  if (page < 0 || page >= edges->len)
    return FALSE;
  for (guint i = first; i < first + N_EDGE; i++)
    {
      const char *other = g_array_index (edges, Edges, page).folded[i];

      if (other != NULL && g_str_equal (other, folded))
        return TRUE;
    }
  return FALSE;
}

/* Whether the line is the pages', by the four before and the four behind. What it says it says once: at the first of them it
 * stays, unless it is but a number. */
static gboolean
is_of_pages (GArray *edges, guint page, guint place)
{
  const char *folded = g_array_index (edges, Edges, page).folded[place];
  guint n_before = 0;
  guint n_behind = 0;

  if (folded == NULL)
    return FALSE;
  for (gint64 i = 1; i <= 4; i++)
    {
      n_before += has (edges, (gint64) page - i, place, folded) ? 1 : 0;
      n_behind += has (edges, (gint64) page + i, place, folded) ? 1 : 0;
    }
  return n_before + n_behind >= 2 && (n_before > 0 || is_number (folded));
}

static void
drop_running_lines (GPtrArray *pages)
{
  g_autoptr (GArray) edges = fold_edges (pages);

  for (guint i = 0; i < pages->len; i++)
    {
      GPtrArray *lines = g_ptr_array_index (pages, i);
      int found[N_PLACES];

      for (guint place = 0; place < N_PLACES; place++)
        found[place] = is_of_pages (edges, i, place) ? find_line (lines, place) : -1;
      for (guint place = 0; place < N_PLACES; place++)
        if (found[place] >= 0)
          {
            g_free (lines->pdata[found[place]]);
            lines->pdata[found[place]] = g_strdup ("");
          }
    }
}

static const SottoDocumentPage *
get_page (const GPtrArray *pages, guint position)
{
  return g_ptr_array_index (pages, position);
}

GPtrArray *
sotto_passages_split_pages (const GPtrArray *pages)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < pages->len; i++)
    g_ptr_array_add (all, split (get_page (pages, i)->text));
  if (pages->len > 2 && get_page (pages, 0)->number > 0)
    drop_running_lines (all);
  return all;
}
