#include "text.h"

#include <string.h>

/* Whoever asked takes less; this is what keeps a bomb small. */
#define MAX_TEXT (16 * 1024 * 1024)
#define MAX_MARKER 24
#define MAX_DEPTH 9
#define MAX_TIMES 1000       /* cells, or rows, that are the same */

typedef enum { NOTHING, PARAGRAPH, ITEM, ROW } Kind;

struct _SottoText {
  GString *paragraph;
  int heading;
  int depth;
  char marker[MAX_MARKER];   /* "": it is no item */
  GString *behind;           /* blocks that stand behind what is open */

  guint table_depth;
  const char *between;
  GString *row;
  GString *cell;
  gboolean has_cell;         /* that has not ended */
  guint n_cells;             /* of this row that have */

  GString *page;
  Kind last;                 /* what it ends with */
  GPtrArray *pages;
  gsize n_bytes;             /* of all that came */
};

SottoText *
sotto_text_new (void)
{
  SottoText *self = g_new0 (SottoText, 1);

  self->paragraph = g_string_new (NULL);
  self->behind = g_string_new (NULL);
  self->row = g_string_new (NULL);
  self->cell = g_string_new (NULL);
  self->page = g_string_new (NULL);
  self->pages = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
sotto_text_free (SottoText *self)
{
  g_string_free (self->paragraph, TRUE);
  g_string_free (self->behind, TRUE);
  g_string_free (self->row, TRUE);
  g_string_free (self->cell, TRUE);
  g_string_free (self->page, TRUE);
  g_ptr_array_unref (self->pages);
  g_free (self);
}

gboolean
sotto_text_is_too_long (SottoText *self)
{
  return self->n_bytes > MAX_TEXT;
}

static gboolean
has_room (SottoText *self, gsize length)
{
  self->n_bytes += MIN (length, MAX_TEXT + 1);
  return !sotto_text_is_too_long (self);
}

/* --- Within a paragraph --- */

void
sotto_text_add (SottoText *self, const char *text, gsize length)
{
  if (!has_room (self, length))
    return;
  for (gsize i = 0; i < length; i++)
    if ((guint8) text[i] >= ' ' || text[i] == '\t' || text[i] == '\n')
      g_string_append_c (self->paragraph, text[i]);
}

void
sotto_text_add_folded (SottoText *self, const char *text, gsize length)
{
  if (!has_room (self, length))
    return;
  for (gsize i = 0; i < length; i++)
    if ((guint8) text[i] > ' ')
      g_string_append_c (self->paragraph, text[i]);
    else if (self->paragraph->len > 0 && !g_ascii_isspace (self->paragraph->str[self->paragraph->len - 1]))
      g_string_append_c (self->paragraph, ' ');
}

void
sotto_text_break_line (SottoText *self)
{
  sotto_text_add (self, "\n", 1);
}

static gboolean
is_only_blank (const char *text)
{
  return text[strspn (text, " \t\n")] == '\0';
}

gboolean
sotto_text_has_paragraph (SottoText *self)
{
  return !is_only_blank (self->paragraph->str);
}

void
sotto_text_set_heading (SottoText *self, int level)
{
  self->heading = CLAMP (level, 1, 6);
}

void
sotto_text_set_item (SottoText *self, int depth, const char *marker)
{
  const char *end;

  self->depth = CLAMP (depth, 0, MAX_DEPTH - 1);
  g_strlcpy (self->marker, marker, MAX_MARKER);
  /* It may have been cut within a character. */
  if (!g_utf8_validate (self->marker, -1, &end))
    self->marker[end - self->marker] = '\0';
}

/* --- Blocks --- */

static void
separate (SottoText *self, Kind kind)
{
  if (self->last != NOTHING)
    g_string_append (self->page, kind != PARAGRAPH && kind == self->last ? "\n" : "\n\n");
  self->last = kind;
}

static void
write_paragraph (SottoText *self, const char *text)
{
  static const char levels[] = "######";
  gsize begins;

  separate (self, *self->marker != '\0' && self->heading == 0 ? ITEM : PARAGRAPH);
  begins = self->page->len;
  if (self->heading > 0)
    g_string_append_printf (self->page, "%.*s ", self->heading, levels);
  else
    for (int i = 0; i < self->depth && *self->marker != '\0'; i++)
      g_string_append (self->page, "  ");
  if (*self->marker != '\0' && !(self->heading > 0 && strcmp (self->marker, "-") == 0))
    g_string_append_printf (self->page, "%s ", self->marker);
  g_string_append (self->page, text);
  for (char *at = self->page->str + begins; self->heading > 0 && *at != '\0'; at++)
    *at = *at == '\n' ? ' ' : *at;
}

/* All that a cell has stands in one line. */
static void
add_to_cell (SottoText *self, const char *text)
{
  gboolean was_blank = self->cell->len == 0;

  if (!was_blank)
    g_string_append_c (self->cell, ' ');
  was_blank = TRUE;
  for (; *text != '\0'; text++)
    if (*text != '\n' && *text != '\t' && *text != ' ')
      {
        g_string_append_c (self->cell, *text);
        was_blank = FALSE;
      }
    else if (!was_blank)
      {
        g_string_append_c (self->cell, ' ');
        was_blank = TRUE;
      }
}

static void
write_behind (SottoText *self)
{
  if (self->behind->len == 0)
    return;
  separate (self, PARAGRAPH);
  g_string_append (self->page, self->behind->str);
  g_string_truncate (self->behind, 0);
}

void
sotto_text_end_paragraph (SottoText *self)
{
  g_autofree char *text = NULL;

  if (sotto_text_has_paragraph (self))
    {
      text = g_strdup (self->paragraph->str);
      g_strchomp (text);
      if (self->table_depth > 0)
        add_to_cell (self, text);
      else
        write_paragraph (self, text + strspn (text, " \t\n"));
    }
  g_string_truncate (self->paragraph, 0);
  self->heading = 0;
  self->depth = 0;
  *self->marker = '\0';
  if (self->table_depth == 0)
    write_behind (self);
}

/* --- Tables --- */

void
sotto_text_begin_table (SottoText *self, const char *between)
{
  sotto_text_end_paragraph (self);
  if (self->table_depth++ == 0)
    self->between = between;
}

void
sotto_text_begin_row (SottoText *self)
{
  sotto_text_end_row (self, 1);
}

void
sotto_text_begin_cell (SottoText *self)
{
  sotto_text_end_cell (self, 1);
  if (self->table_depth != 1)
    return;
  self->has_cell = TRUE;
}

void
sotto_text_end_cell (SottoText *self, int times)
{
  sotto_text_end_paragraph (self);
  if (self->table_depth != 1 || !self->has_cell)
    return;
  for (int i = 0; i < MIN (times, MAX_TIMES) && has_room (self, self->cell->len + 1); i++)
    {
      g_string_append (self->row, self->n_cells++ > 0 ? self->between : "");
      g_string_append_len (self->row, self->cell->str, (gssize) self->cell->len);
    }
  g_string_truncate (self->cell, 0);
  self->has_cell = FALSE;
}

/* Cells that are empty at its end say nothing. */
static gboolean
tidy_row (SottoText *self)
{
  GString *row = self->row;
  gsize length = row->len;

  while (length > 0 && strchr (self->between, row->str[length - 1]) != NULL)
    length--;
  g_string_truncate (row, length);
  return length > 0;
}

void
sotto_text_end_row (SottoText *self, int times)
{
  sotto_text_end_cell (self, 1);
  if (self->table_depth != 1)
    return;
  /* Text between rows is a row of its own. */
  g_string_append_len (self->row, self->cell->str, (gssize) self->cell->len);
  if (tidy_row (self))
    for (int i = 0; i < MIN (times, MAX_TIMES) && has_room (self, self->row->len); i++)
      {
        separate (self, ROW);
        g_string_append (self->page, self->row->str);
      }
  g_string_truncate (self->cell, 0);
  g_string_truncate (self->row, 0);
  self->n_cells = 0;
}

void
sotto_text_end_table (SottoText *self)
{
  if (self->table_depth == 0)
    return;
  sotto_text_end_row (self, 1);
  if (--self->table_depth == 0)
    {
      /* Two tables in a row are two. */
      self->last = self->last == ROW ? PARAGRAPH : self->last;
      write_behind (self);
    }
}

gboolean
sotto_text_is_in_table (SottoText *self)
{
  return self->table_depth > 0;
}

/* --- All of it --- */

static void
close_all (SottoText *self)
{
  while (self->table_depth > 0)
    sotto_text_end_table (self);
  sotto_text_end_paragraph (self);
}

void
sotto_text_put_behind (SottoText *self, const char *label, SottoText *other)
{
  close_all (other);
  self->n_bytes += sotto_text_is_too_long (other) ? MAX_TEXT + 1 : 0;
  if (other->page->len > 0 && has_room (self, other->page->len))
    g_string_append_printf (self->behind, "%s%s%s", self->behind->len > 0 ? "\n\n" : "", label != NULL ? label : "",
                            other->page->str);
}

void
sotto_text_add_quoted (SottoText *self, SottoText *other)
{
  g_auto (GStrv) lines = NULL;

  close_all (other);
  self->n_bytes += sotto_text_is_too_long (other) ? MAX_TEXT + 1 : 0;
  if (other->page->len == 0 || !has_room (self, other->page->len))
    return;
  close_all (self);
  separate (self, PARAGRAPH);
  lines = g_strsplit (other->page->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (self->page, "%s>%s%s", i > 0 ? "\n" : "", *lines[i] != '\0' ? " " : "", lines[i]);
}

gboolean
sotto_text_is_empty (SottoText *self)
{
  close_all (self);
  return self->page->len == 0 && self->pages->len == 0 && !sotto_text_is_too_long (self);
}

void
sotto_text_end_page (SottoText *self)
{
  close_all (self);
  g_ptr_array_add (self->pages, g_strdup (self->page->str));
  g_string_truncate (self->page, 0);
  self->last = NOTHING;
}

guint
sotto_text_get_n_pages (SottoText *self)
{
  return self->pages->len;
}

GPtrArray *
sotto_text_finish (SottoText *self)
{
  close_all (self);
  if (self->pages->len == 0 || self->page->len > 0)
    sotto_text_end_page (self);
  return self->pages;
}
