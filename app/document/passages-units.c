#include "document/passages-units.h"

#include <string.h>

/* Lines become headings, paragraphs and rows. Text with marks (Markdown, reStructuredText) says which is which; pages of a PDF
 * have no blank lines and no marks, so that the lengths of lines have to tell. A unit is bounded by its lines, never cut here. */

/* Levels of headings that marks don't give: numbered as in "3.2 Rates", and others */
#define LEVEL_NUMBERED 3
#define LEVEL_SHORT 7

#define HEADING_BYTES 120

typedef struct {
  GPtrArray *units;
  GString *paragraph; /* its lines so far */
  guint n_lines;      /* of it */
  gboolean has_ended; /* with a sentence */
  guint page;
  gboolean is_paged;
  glong width;        /* of a page's full lines, in characters */
  gboolean in_table;  /* the unit before is a row of the same table, or an item of the same list */
  char *fence;        /* (nullable): what ends the code */
  guint head;         /* 1 + position of the first row of the table; 0: none */
} Parser;

static void
unit_free (gpointer data)
{
  SottoUnit *unit = data;

  g_free (unit->text);
  g_free (unit);
}

/* --- What a line is --- */

static gboolean
has_letters (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isalpha (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

static const char *
skip_blanks (const char *line)
{
  return line + strspn (line, " \t");
}

/* Returns: 0: no heading */
static guint
read_hashes (const char *line)
{
  const gsize n = strspn (line, "#");

  return n > 0 && n <= 6 && (line[n] == ' ' || line[n] == '\t') && *skip_blanks (line + n) != '\0' ? (guint) n : 0;
}

/* A line of nothing but one mark. Returns: the mark; 0: it is not */
static char
read_rule (const char *line)
{
  const gsize length = strlen (line);

  return length >= 3 && strchr ("=-~^\"'`#*+_:.", *line) != NULL && strspn (line, (char[]) { *line, '\0' }) == length
         ? *line : 0;
}

/* Behind the mark of an item of a list; NULL: it is none */
static const char *
skip_bullet (const char *line)
{
  const char *p = skip_blanks (line);
  const char *mark = p;
  const gunichar c = g_utf8_get_char (p);

  if (strchr ("-*+", *p) != NULL && *p != '\0')
    {
      p++;
    }
  else if (c == 0x2022 || c == 0x2023 || c == 0x25e6 || c == 0x25aa || c == 0x2013)
    {
      p = g_utf8_next_char (p);
    }
  else
    {
      p += strspn (p, "0123456789");
      if (p == mark && g_ascii_isalpha (*p))
        p++;
      if (p == mark || p - mark > 3 || (*p != '.' && *p != ')'))
        return NULL;
      p++;
    }
  return (*p == ' ' || *p == '\t') && *skip_blanks (p) != '\0' ? skip_blanks (p) : NULL;
}

static gboolean
is_table_row (const char *line)
{
  const char *bar = strchr (line, '|');

  return strchr (skip_blanks (line), '\t') != NULL
         || (bar != NULL && (strchr (bar + 1, '|') != NULL || strstr (line, " | ") != NULL));
}

/* The line under the first row of a table */
static gboolean
is_table_rule (const char *line)
{
  return strchr (line, '-') != NULL && strspn (line, "|-: +=\t") == strlen (line);
}

/* Whether it could be a heading by what it says: short, and not a sentence. */
static gboolean
may_be_heading (const char *line)
{
  const gsize length = strlen (line);
  const char *last = length > 0 ? g_utf8_find_prev_char (line, line + length) : NULL;

  /* Dots lead to a page in a table of contents. */
  if (last == NULL || length > HEADING_BYTES || !has_letters (line) || strchr (".,;-|", *last) != NULL
      || strstr (line, ". .") != NULL || strstr (line, "....") != NULL
      || sotto_passages_ends_sentence (line))
    return FALSE;
  return !g_unichar_islower (g_utf8_get_char (skip_blanks (line)));
}

/* "3 Rates", "3.2. Rates". Returns: its level; 0: it has no number */
static guint
read_number (const char *line)
{
  guint n = 0;
  const char *p = line;

  while (g_ascii_isdigit (*p))
    {
      p += strspn (p, "0123456789");
      n++;
      if (*p == '.')
        p++;
    }
  return n > 0 && n <= 4 && p - line <= 12 && *p == ' ' && g_unichar_isupper (g_utf8_get_char (skip_blanks (p)))
         ? LEVEL_NUMBERED + n - 1 : 0;
}

/* --- Units --- */

static SottoUnit *
get_last (Parser *self)
{
  return self->units->len > 0 ? g_ptr_array_index (self->units, self->units->len - 1) : NULL;
}

static SottoUnit *
add_unit (Parser *self, SottoUnitKind kind, const char *text)
{
  SottoUnit *unit = g_new0 (SottoUnit, 1);

  unit->kind = kind;
  unit->page = self->page;
  unit->text = g_strchomp (g_strdup (text));
  g_ptr_array_add (self->units, unit);
  return unit;
}

static void
end_table (Parser *self)
{
  self->in_table = FALSE;
  self->head = 0;
}

static void
add_row (Parser *self, const char *line)
{
  SottoUnit *row = add_unit (self, SOTTO_UNIT_ROW, line);

  row->goes_on = self->in_table;
  if (self->head > 0 && self->head != self->units->len)
    row->head = ((SottoUnit *) g_ptr_array_index (self->units, self->head - 1))->text;
  self->in_table = TRUE;
}

static void
add_heading (Parser *self, const char *text, guint level)
{
  end_table (self);
  add_unit (self, SOTTO_UNIT_HEADING, text)->level = level;
}

/* Values with commas or semicolons: as many in each line, and more than one. */
static gboolean
are_values (char **lines)
{
  for (const char *separator = ",;"; *separator != '\0'; separator++)
    {
      guint first = 0;
      guint i;

      for (i = 0; lines[i] != NULL; i++)
        {
          guint n = 0;

          for (const char *p = lines[i]; *p != '\0'; p++)
            n += *p == *separator ? 1 : 0;
          if (i == 0)
            first = n;
          if (n < 2 || n != first)
            break;
        }
      if (lines[i] == NULL && i >= 3)
        return TRUE;
    }
  return FALSE;
}

static gboolean
add_values (Parser *self)
{
  g_auto (GStrv) lines = NULL;

  if (self->n_lines < 3)
    return FALSE;
  lines = g_strsplit (self->paragraph->str, "\n", -1);
  if (!are_values (lines))
    return FALSE;
  end_table (self);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      add_row (self, lines[i]);
      if (i == 0)
        self->head = self->units->len;
    }
  end_table (self);
  return TRUE;
}

/* A paragraph that a page's end has cut goes on in small letters. */
static gboolean
goes_on (Parser *self, const char *text)
{
  const SottoUnit *last = get_last (self);

  return last != NULL && last->kind == SOTTO_UNIT_PARAGRAPH && last->page != self->page && self->is_paged
         && !sotto_passages_ends_sentence (last->text) && g_unichar_islower (g_utf8_get_char (text));
}

static void
end_paragraph (Parser *self)
{
  guint level;

  if (self->paragraph->len == 0)
    return;

  level = self->n_lines == 1 && may_be_heading (self->paragraph->str) ? read_number (self->paragraph->str) : 0;
  if (level == 0 && self->n_lines == 1 && may_be_heading (self->paragraph->str))
    level = LEVEL_SHORT;
  if (level > 0)
    {
      add_heading (self, self->paragraph->str, level);
    }
  else if (!add_values (self))
    {
      const gboolean is_rest = goes_on (self, self->paragraph->str);

      end_table (self);
      add_unit (self, SOTTO_UNIT_PARAGRAPH, self->paragraph->str)->goes_on = is_rest;
    }
  g_string_truncate (self->paragraph, 0);
  self->n_lines = 0;
}

static void
add_line (Parser *self, const char *line)
{
  if (self->paragraph->len > 0)
    g_string_append_c (self->paragraph, '\n');
  g_string_append (self->paragraph, line);
  self->n_lines++;
  self->has_ended = sotto_passages_ends_sentence (line);
}

/* --- Lines --- */

static gboolean
take_fence (Parser *self, const char *line)
{
  const char *p = skip_blanks (line);
  const gsize n = MAX (strspn (p, "`"), strspn (p, "~"));

  if (self->fence != NULL)
    {
      add_row (self, line);
      if (g_str_has_prefix (p, self->fence) && strspn (p, self->fence) == strlen (p))
        {
          g_clear_pointer (&self->fence, g_free);
          end_table (self);
        }
      return TRUE;
    }
  if (n < 3)
    return FALSE;
  end_paragraph (self);
  end_table (self);
  self->fence = g_strndup (p, n);
  add_row (self, line);
  return TRUE;
}

/* A line of marks makes a heading of the line before it, or divides. */
static gboolean
take_rule (Parser *self, const char *line)
{
  const char rule = read_rule (line);

  if (rule == 0)
    return FALSE;
  if (self->n_lines == 1 && strchr (".:", rule) == NULL && has_letters (self->paragraph->str)
      && (gsize) g_utf8_strlen (self->paragraph->str, -1) <= strlen (line) + 4)
    {
      add_heading (self, self->paragraph->str, rule == '=' ? 1 : rule == '-' ? 2 : 3);
      g_string_truncate (self->paragraph, 0);
      self->n_lines = 0;
    }
  else
    {
      end_paragraph (self);
    }
  return TRUE;
}

static gboolean
take_table (Parser *self, const char *line)
{
  if (!is_table_row (line))
    return FALSE;

  end_paragraph (self);
  if (!self->in_table)
    {
      add_row (self, line);
      self->head = self->units->len;
    }
  else if (self->head == self->units->len && is_table_rule (line))
    {
      SottoUnit *head = get_last (self);
      g_autofree char *first = g_steal_pointer (&head->text);

      head->text = g_strconcat (first, "\n", line, NULL);
    }
  else
    {
      add_row (self, line);
    }
  return TRUE;
}

/* What follows an item without a blank line, or is indented, belongs to it. */
static gboolean
take_item (Parser *self, const char *line, gboolean is_behind_blank)
{
  SottoUnit *last = get_last (self);

  if (skip_bullet (line) != NULL)
    {
      end_paragraph (self);
      if (self->head > 0)
        end_table (self);
      add_row (self, line);
      return TRUE;
    }
  if (!self->in_table || self->head > 0 || self->paragraph->len > 0 || last == NULL || last->kind != SOTTO_UNIT_ROW
      || last->page != self->page || (is_behind_blank && (*line != ' ' && *line != '\t')))
    return FALSE;
  if (strlen (last->text) < 4096)
    {
      g_autofree char *first = g_steal_pointer (&last->text);

      last->text = g_strconcat (first, "\n", line, NULL);
      return TRUE;
    }
  return FALSE;
}

/* In a page without blank lines: whether a paragraph ends with the line @line, which @next follows */
static gboolean
ends_paragraph (Parser *self, const char *line, const char *next)
{
  const glong length = g_utf8_strlen (line, -1);

  if (next == NULL || *next == '\0')
    return FALSE;
  if (self->has_ended)
    return length < self->width * 8 / 10
           || (may_be_heading (next) && g_utf8_strlen (next, -1) < self->width * 6 / 10 && read_number (next) > 0);
  /* A heading, where nothing goes on before it */
  return self->n_lines == 1 && length < self->width * 7 / 10 && may_be_heading (line)
         && !g_unichar_islower (g_utf8_get_char (next));
}

static void
take_line (Parser *self, const char *line, const char *next, gboolean is_behind_blank)
{
  const guint level = self->fence == NULL ? read_hashes (line) : 0;

  if (take_fence (self, line))
    return;
  if (level > 0)
    {
      end_paragraph (self);
      add_heading (self, line, level);
      return;
    }
  if (take_table (self, line) || take_rule (self, line))
    return;
  if ((self->paragraph->len == 0 || !self->is_paged || self->has_ended)
      && take_item (self, line, is_behind_blank))
    return;
  if (self->in_table && self->paragraph->len == 0)
    end_table (self);
  add_line (self, line);
  if (self->is_paged && ends_paragraph (self, line, next))
    end_paragraph (self);
}

static int
compare_lengths (gconstpointer a, gconstpointer b)
{
  const glong first = *(const glong *) a;
  const glong second = *(const glong *) b;

  return first < second ? -1 : first > second;
}

/* How long lines are that go from one side to the other: nearly the longest */
static glong
find_width (GPtrArray *lines)
{
  g_autoptr (GArray) lengths = g_array_new (FALSE, FALSE, sizeof (glong));

  for (guint i = 0; i < lines->len; i++)
    {
      const glong length = g_utf8_strlen (g_ptr_array_index (lines, i), -1);

      if (length > 0)
        g_array_append_val (lengths, length);
    }
  if (lengths->len == 0)
    return 0;
  g_array_sort (lengths, compare_lengths);
  return g_array_index (lengths, glong, lengths->len * 8 / 10);
}

static void
take_page (Parser *self, GPtrArray *lines)
{
  gboolean is_behind_blank = TRUE;

  self->width = find_width (lines);
  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = g_ptr_array_index (lines, i);

      if (*line == '\0' && self->fence == NULL)
        end_paragraph (self);
      else
        take_line (self, line, i + 1 < lines->len ? g_ptr_array_index (lines, i + 1) : NULL, is_behind_blank);
      is_behind_blank = *line == '\0';
      if (is_behind_blank && self->head > 0)
        end_table (self);
    }
  end_paragraph (self);
}

GPtrArray *
sotto_passages_create_units (const GPtrArray *pages)
{
  g_autoptr (GPtrArray) lines = sotto_passages_split_pages (pages);
  Parser self = { .units = g_ptr_array_new_with_free_func (unit_free), .paragraph = g_string_new (NULL) };

  for (guint i = 0; i < pages->len; i++)
    {
      self.page = ((const SottoDocumentPage *) g_ptr_array_index (pages, i))->number;
      self.is_paged = self.page > 0;
      take_page (&self, g_ptr_array_index (lines, i));
      if (self.is_paged)
        g_clear_pointer (&self.fence, g_free);
    }
  g_string_free (self.paragraph, TRUE);
  g_free (self.fence);
  return self.units;
}
