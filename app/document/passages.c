#include "document/passages.h"

#include <string.h>

#include "document/passages-units.h"

/* Units (passages-units.c) are put together to passages:
 *
 *   a heading    begins a new passage where the one before is half full, and takes its place in the line of headings
 *   others       are added while the passage is not full; then it ends, and the next one begins with the headings once more
 *   a long one   is cut behind sentences; the last sentence of a piece is said again in the next
 *
 * A heading at the end of a passage goes to the next one. */

/* How much of a passage is there before a heading, or a unit that does not fit, ends it */
#define ENOUGH_BYTES (SOTTO_PASSAGE_BYTES / 2)

/* How much longer than meant a passage may become, so that what belongs together stays so */
#define SOMEWHAT_BYTES (SOTTO_PASSAGE_BYTES * 11 / 10)

/* What is longer is no heading, whatever its marks say. */
#define HEADING_BYTES 200

/* Of what is said again: headings, the first row of a table, the sentence before the cut */
#define HEADINGS_BYTES 160
#define SHORT_BYTES 60
#define HEAD_BYTES 200
#define OVERLAP_BYTES 160

#define N_LEVELS 8
#define NEAR_PAGES 6

typedef struct {
  GPtrArray *passages;
  const SottoUnit *headings[N_LEVELS]; /* above what comes next, by their levels; NULL: none */
  GString *text;      /* of the passage being made */
  gsize n_said_again; /* bytes at its beginning that are others' */
  guint first_page;   /* of its own text; 0 at first */
  guint last_page;
  gboolean has_pages;
  gsize heading_at;   /* where the headings begin that it ends with; G_MAXSIZE: it does not */
  GPtrArray *trailing; /* those, of SottoUnit */
} Packer;

/* --- Passages --- */

static gboolean
has_words (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (g_unichar_isalnum (g_utf8_get_char (text)))
      return TRUE;
  return FALSE;
}

static gboolean
is_empty (Packer *self)
{
  return self->text->len == self->n_said_again;
}

static void
add_passage (Packer *self)
{
  g_strchomp (self->text->str);
  if (has_words (self->text->str + MIN (self->n_said_again, strlen (self->text->str))))
    g_ptr_array_add (self->passages, sotto_history_passage_new (self->text->str, self->first_page, self->last_page));
  g_string_truncate (self->text, 0);
  self->n_said_again = 0;
  self->has_pages = FALSE;
  self->first_page = self->last_page = 0;
  self->heading_at = G_MAXSIZE;
  g_ptr_array_set_size (self->trailing, 0);
}

static void
note_page (Packer *self, guint page)
{
  if (!self->has_pages)
    self->first_page = page;
  self->has_pages = TRUE;
  self->last_page = MAX (page, self->first_page);
}

static void
append (Packer *self, const char *separator, const char *text, gsize length)
{
  if (self->text->len > 0)
    g_string_append (self->text, separator);
  g_string_append_len (self->text, text, (gssize) length);
}

/* --- What is said again --- */

/* What only looks like a heading, as it stands alone on a line, has to be words at least, on a page; without pages it is often
 * not more than a short paragraph. */
static gboolean
is_said_again (const SottoUnit *heading)
{
  if (heading == NULL || heading->level < N_LEVELS - 1)
    return heading != NULL;
  if (heading->page == 0 || strlen (heading->text) > SHORT_BYTES)
    return FALSE;
  for (const char *p = heading->text; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (!g_unichar_isalpha (c) && !g_unichar_ismark (c) && c != ' ' && c != '-' && c != '\'' && c != 0x2019)
        return FALSE;
    }
  return TRUE;
}

/* What looks like a heading on a page is not trusted for long: what ends its section may not look like one. */
static gboolean
is_near (const SottoUnit *heading, guint page)
{
  return heading->page == 0 || page <= heading->page + NEAR_PAGES;
}

/* The headings above, the nearest ones if not all of them fit. @below: up to this level, which is left out; @page: where they
 * are said again */
static void
say_headings (Packer *self, guint below, guint page)
{
  gsize n_bytes = 0;
  guint from = below;

  for (guint i = 0; i < below; i++)
    if (self->headings[i] != NULL && !is_near (self->headings[i], page))
      self->headings[i] = NULL;

  while (from > 0)
    {
      const SottoUnit *heading = self->headings[from - 1];

      if (is_said_again (heading))
        {
          n_bytes += strlen (heading->text) + 2;
          if (n_bytes > HEADINGS_BYTES)
            break;
        }
      from--;
    }
  for (guint i = from; i < below; i++)
    if (is_said_again (self->headings[i]))
      append (self, "\n", self->headings[i]->text, strlen (self->headings[i]->text));
  if (self->text->len > 0)
    g_string_append (self->text, "\n");
  self->n_said_again = self->text->len;
}

static void
say_head (Packer *self, const SottoUnit *unit)
{
  if (unit->head == NULL || strlen (unit->head) > HEAD_BYTES)
    return;
  append (self, "\n", unit->head, strlen (unit->head));
  self->n_said_again = self->text->len;
}

static void
note_heading (Packer *self, const SottoUnit *unit)
{
  const guint at = MIN (unit->level, N_LEVELS) - 1;

  self->headings[at] = unit;
  for (guint i = at + 1; i < N_LEVELS; i++)
    self->headings[i] = NULL;
}

/* --- Ending one --- */

/* Ends the passage before the headings that it ends with, which begin the next one. */
static void
end_passage (Packer *self)
{
  g_autoptr (GPtrArray) headings = NULL;
  const SottoUnit *first;

  if (self->heading_at == G_MAXSIZE)
    {
      add_passage (self);
      return;
    }

  headings = g_steal_pointer (&self->trailing);
  self->trailing = g_ptr_array_new ();
  g_string_truncate (self->text, self->heading_at);
  add_passage (self);
  first = g_ptr_array_index (headings, 0);
  say_headings (self, MIN (first->level, N_LEVELS) - 1, first->page);
  self->heading_at = self->text->len;
  for (guint i = 0; i < headings->len; i++)
    {
      const SottoUnit *heading = g_ptr_array_index (headings, i);

      append (self, "\n", heading->text, strlen (heading->text));
      note_page (self, heading->page);
      g_ptr_array_add (self->trailing, (gpointer) heading);
    }
}

/* --- Adding --- */

static void
add_heading (Packer *self, const SottoUnit *unit)
{
  const gsize length = strlen (unit->text);
  const gboolean follows = self->heading_at != G_MAXSIZE;

  if (!follows && (self->text->len - self->n_said_again >= ENOUGH_BYTES || self->text->len + length > SOTTO_PASSAGE_BYTES))
    add_passage (self);
  else if (follows && self->text->len + length > SOTTO_PASSAGE_BYTES)
    add_passage (self);
  note_heading (self, unit);
  if (self->text->len == 0)
    say_headings (self, MIN (unit->level, N_LEVELS) - 1, unit->page);
  if (self->heading_at == G_MAXSIZE)
    self->heading_at = self->text->len;
  append (self, is_empty (self) ? "" : follows ? "\n" : "\n\n", unit->text, length);
  note_page (self, unit->page);
  g_ptr_array_add (self->trailing, (gpointer) unit);
}

/* Begins the next one in the midst of a section. */
static void
begin (Packer *self, const SottoUnit *unit)
{
  if (self->text->len > 0)
    return;
  say_headings (self, N_LEVELS, unit->page);
  say_head (self, unit);
}

static const char *
find_separator (Packer *self, const SottoUnit *unit)
{
  if (is_empty (self) || self->heading_at != G_MAXSIZE)
    return "\n";
  if (unit->goes_on)
    return unit->kind == SOTTO_UNIT_PARAGRAPH ? " " : "\n";
  return "\n\n";
}

static void
add_text (Packer *self, const SottoUnit *unit, const char *separator, const char *text, gsize length)
{
  append (self, separator, text, length);
  note_page (self, unit->page);
  self->heading_at = G_MAXSIZE;
  g_ptr_array_set_size (self->trailing, 0);
}

/* Headings alone may fill a passage. */
static void
make_room (Packer *self, gsize length)
{
  if (self->text->len + length + 2 > SOTTO_PASSAGE_MOST_BYTES)
    add_passage (self);
}

/* A unit that is longer than a passage may be. */
static void
add_pieces (Packer *self, const SottoUnit *unit)
{
  const char *text = unit->text;
  gsize left = strlen (text);
  gsize at = 0;

  if (self->text->len - self->n_said_again >= ENOUGH_BYTES)
    end_passage (self);
  make_room (self, SOTTO_PASSAGE_MOST_BYTES / 2);
  begin (self, unit);
  for (;;)
    {
      const gsize room = SOTTO_PASSAGE_MOST_BYTES - MIN (self->text->len + 2, SOTTO_PASSAGE_MOST_BYTES / 2);
      const gsize wanted = SOTTO_PASSAGE_BYTES - MIN (self->text->len + 2, SOTTO_PASSAGE_BYTES / 2);
      gsize cut;
      gsize again;

      if (left <= MIN (room, wanted * 5 / 4))
        {
          add_text (self, unit, find_separator (self, unit), text + at, left);
          return;
        }
      cut = sotto_passages_find_cut (text + at, left, wanted, MIN (room, left - 1));
      add_text (self, unit, find_separator (self, unit), text + at, cut);
      add_passage (self);
      begin (self, unit);
      again = sotto_passages_find_last_sentence (text + at, cut, OVERLAP_BYTES);
      if (again > 0 && again < cut)
        {
          append (self, "\n", text + at + again, cut - again);
          self->n_said_again = self->text->len;
        }
      at += cut;
      left -= cut;
    }
}

static void
add_unit (Packer *self, const SottoUnit *unit)
{
  const gsize length = strlen (unit->text);
  const gsize together = self->text->len + length + 2;

  if (length + HEADINGS_BYTES + HEAD_BYTES + 8 > SOTTO_PASSAGE_MOST_BYTES)
    {
      add_pieces (self, unit);
      return;
    }
  /* What is long enough ends before what makes it too long; a little one takes some more. */
  if (together > SOTTO_PASSAGE_MOST_BYTES
      || (together > SOMEWHAT_BYTES && self->text->len - self->n_said_again >= ENOUGH_BYTES))
    end_passage (self);
  make_room (self, length);
  begin (self, unit);
  add_text (self, unit, find_separator (self, unit), unit->text, length);
}

GPtrArray *
sotto_passages_cut (const GPtrArray *pages)
{
  g_autoptr (GPtrArray) units = NULL;
  Packer self = { .passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free),
                  .text = g_string_new (NULL), .heading_at = G_MAXSIZE, .trailing = g_ptr_array_new () };

  units = sotto_passages_create_units (pages);
  for (guint i = 0; i < units->len; i++)
    {
      const SottoUnit *unit = g_ptr_array_index (units, i);

      if (unit->kind == SOTTO_UNIT_HEADING && strlen (unit->text) <= HEADING_BYTES)
        add_heading (&self, unit);
      else
        add_unit (&self, unit);
    }
  add_passage (&self);

  g_ptr_array_unref (self.trailing);
  g_string_free (self.text, TRUE);
  return self.passages;
}
