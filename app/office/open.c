#include "formats.h"
#include "open-styles.h"

#include <string.h>

/* OpenDocument 1.3, part 3: texts, presentations, spreadsheets (and drawings, which are as presentations).
 *
 * Left out: what was deleted while changes were tracked, what is hidden (words, paragraphs, sections, sheets, slides), comments,
 * headers and footers, pronunciations (ruby), descriptions of pictures. */

#define MAX_BOXES 8         /* within each other; deeper ones are read as part of the last */

typedef enum { TEXT, SLIDES, SHEETS } Kind;

/* What has paragraphs of its own: the document, a box, a note, a sheet */
typedef struct {
  SottoText *text;
  SottoOpenList *lists[SOTTO_OPEN_LEVELS];  /* around the present paragraph */
  int n_lists;                              /* may be more than are kept */
  gboolean is_new_item;                     /* none of its paragraphs has come */
  int number;                               /* that the item has; -1: the next */
  gboolean is_paragraph;
  int heading;
  gboolean has_no_number;
  int times;                                /* that the present cell, and row, stand there */
  int row_times;
} Flow;

typedef struct {
  SottoMarkup *markup;
  SottoOpenStyles *styles;
  Kind kind;
  Flow flows[MAX_BOXES];
  guint depth;              /* may be more than there are flows */
  guint n_notes;
  gboolean is_title;        /* the present frame */
  gboolean is_hidden;       /* the present slide */
} Reader;

static Flow *
get_flow (Reader *reader)
{
  return &reader->flows[MIN (reader->depth, MAX_BOXES - 1)];
}

/* --- Boxes --- */

static void
begin_box (Reader *reader)
{
  if (++reader->depth < MAX_BOXES)
    *get_flow (reader) = (Flow) { .text = sotto_text_new (), .number = -1 };
}

/* (transfer full) (nullable): what was in it */
static SottoText *
end_box (Reader *reader)
{
  if (reader->depth == 0 || reader->depth-- >= MAX_BOXES)
    return NULL;
  return g_steal_pointer (&reader->flows[reader->depth + 1].text);
}

static void
end_text_box (Reader *reader)
{
  g_autoptr (SottoText) box = end_box (reader);
  Flow *flow = get_flow (reader);

  if (box == NULL)
    return;
  sotto_text_put_behind (flow->text, NULL, box);
  if (!flow->is_paragraph)
    sotto_text_end_paragraph (flow->text);
}

static void
end_note (Reader *reader)
{
  g_autoptr (SottoText) note = end_box (reader);
  g_autofree char *mark = NULL;
  g_autofree char *label = NULL;

  if (note == NULL || sotto_text_is_empty (note))
    return;
  mark = g_strdup_printf ("[^%u]", ++reader->n_notes);
  label = g_strdup_printf ("%s: ", mark);
  sotto_text_add (get_flow (reader)->text, mark, strlen (mark));
  sotto_text_put_behind (get_flow (reader)->text, label, note);
}

static void
end_sheet (Reader *reader, const char *name)
{
  g_autoptr (SottoText) sheet = end_box (reader);
  SottoText *text = get_flow (reader)->text;

  if (sheet == NULL || sotto_text_is_empty (sheet))
    return;
  if (name != NULL)
    sotto_text_add (text, name, strlen (name));
  sotto_text_set_heading (text, 1);
  sotto_text_put_behind (text, NULL, sheet);
  sotto_text_end_paragraph (text);
}

/* --- Lists --- */

static void
begin_list (Reader *reader)
{
  Flow *flow = get_flow (reader);
  const char *name = sotto_markup_get (reader->markup, "style-name");
  const char *goes_on = sotto_markup_get (reader->markup, "continue-numbering");
  const gboolean is_same = (goes_on != NULL && strcmp (goes_on, "true") == 0)
                           || sotto_markup_get (reader->markup, "continue-list") != NULL;
  SottoOpenList *list = sotto_open_styles_get_list (reader->styles, name != NULL && *name != '\0' ? name : NULL);
  const int level = flow->n_lists++;

  if (level >= SOTTO_OPEN_LEVELS)
    return;
  /* One without a style counts as the one around it does. */
  flow->lists[level] = list != NULL || level == 0 ? list : flow->lists[level - 1];
  if (flow->lists[level] != NULL && !is_same)
    sotto_open_list_restart (flow->lists[level], level);
}

static void
begin_item (Reader *reader, gboolean has_marker)
{
  Flow *flow = get_flow (reader);

  sotto_text_end_paragraph (flow->text);
  flow->is_new_item = has_marker;
  flow->number = sotto_markup_get_int (reader->markup, "start-value", -1);
}

static void
set_item (Flow *flow)
{
  const int level = MIN (flow->n_lists, SOTTO_OPEN_LEVELS) - 1;
  g_autofree char *marker = NULL;

  if (level < 0 || !flow->is_new_item)
    return;
  marker = flow->lists[level] != NULL ? sotto_open_list_next (flow->lists[level], level, flow->number) : g_strdup ("-");
  sotto_text_set_item (flow->text, level, marker);
  flow->is_new_item = FALSE;
}

/* --- Paragraphs --- */

static void
begin_paragraph (Reader *reader, int heading)
{
  Flow *flow = get_flow (reader);
  const char *style = sotto_markup_get (reader->markup, "style-name");
  const char *header = sotto_markup_get (reader->markup, "is-list-header");

  sotto_text_end_paragraph (flow->text);
  if (sotto_open_styles_hide (reader->styles, "paragraph", style))
    {
      sotto_markup_skip (reader->markup);
      return;
    }
  flow->is_paragraph = TRUE;
  flow->heading = heading == 0 && sotto_open_styles_is_title (reader->styles, style) ? 1 : heading;
  flow->has_no_number = header != NULL && strcmp (header, "true") == 0;
}

static void
end_paragraph (Reader *reader)
{
  Flow *flow = get_flow (reader);
  SottoOpenList *outline = sotto_open_styles_get_list (reader->styles, "");

  flow->is_paragraph = FALSE;
  if (sotto_text_has_paragraph (flow->text))
    {
      if (flow->heading > 0)
        sotto_text_set_heading (flow->text, flow->heading);
      else if (reader->is_title && reader->depth > 0)
        sotto_text_set_heading (flow->text, 1);
      if (flow->n_lists > 0)
        set_item (flow);
      else if (flow->heading > 0 && outline != NULL && !flow->has_no_number)
        {
          g_autofree char *marker = sotto_open_list_next (outline, MIN (flow->heading, SOTTO_OPEN_LEVELS) - 1, -1);

          sotto_text_set_item (flow->text, 0, marker);
        }
    }
  sotto_text_end_paragraph (flow->text);
}

static void
add_blanks (Reader *reader)
{
  const int n = CLAMP (sotto_markup_get_int (reader->markup, "c", 1), 1, 100);

  for (int i = 0; i < n; i++)
    sotto_text_add (get_flow (reader)->text, " ", 1);
}

/* --- Tables --- */

/* The name of the present sheet stands in its beginning, and is wanted at its end. */
static void read_until (Reader *reader, const char *element);

static void
take_sheet (Reader *reader)
{
  g_autofree char *name = g_strdup (sotto_markup_get (reader->markup, "name"));

  if (sotto_open_styles_hide (reader->styles, "table", sotto_markup_get (reader->markup, "style-name")))
    {
      sotto_markup_skip (reader->markup);
      return;
    }
  begin_box (reader);
  sotto_text_begin_table (get_flow (reader)->text, "\t");
  read_until (reader, "table");
  end_sheet (reader, name);
}

static void
begin_table (Reader *reader)
{
  if (reader->kind == SHEETS && reader->depth == 0)
    take_sheet (reader);
  else
    sotto_text_begin_table (get_flow (reader)->text, " | ");
}

/* --- Slides --- */

static void
begin_slide (Reader *reader)
{
  const char *style = sotto_markup_get (reader->markup, "style-name");

  reader->is_title = FALSE;
  reader->is_hidden = sotto_open_styles_hide (reader->styles, "drawing-page", style);
  begin_box (reader);
}

static void
end_slide (Reader *reader)
{
  g_autoptr (SottoText) slide = NULL;
  SottoText *text = reader->flows[0].text;

  while (reader->depth > 1)
    end_text_box (reader);
  slide = end_box (reader);
  if (slide == NULL || sotto_text_get_n_pages (text) >= SOTTO_MAX_PAGES)
    return;
  if (!reader->is_hidden)
    {
      sotto_text_put_behind (text, NULL, slide);
      sotto_text_end_paragraph (text);
    }
  sotto_text_end_page (text);
}

static void
end_speech (Reader *reader)
{
  g_autoptr (SottoText) notes = end_box (reader);

  if (notes != NULL)
    sotto_text_add_quoted (get_flow (reader)->text, notes);
}

/* --- The document --- */

static gboolean
is_left_out (Reader *reader)
{
  static const char *const names[] = { "tracked-changes", "annotation", "ruby-text", "title", "desc", "number", "forms", "scripts",
                                       "hidden-text", "hidden-paragraph", "note-citation", "shapes", "content-validations",
                                       "event-listeners", "binary-data", "settings", "page-number" };
  SottoMarkup *markup = reader->markup;
  const char *style = sotto_markup_get (markup, "style-name");
  const char *display = sotto_markup_get (markup, "display");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (sotto_markup_is (markup, names[i]))
      return TRUE;
  if (sotto_markup_is (markup, "span"))
    return sotto_open_styles_hide (reader->styles, "text", style);
  if (sotto_markup_is (markup, "section"))
    return (display != NULL && strcmp (display, "none") == 0) || sotto_open_styles_hide (reader->styles, "section", style);
  /* What a table of contents is made of, and not what it says */
  return g_str_has_suffix (sotto_markup_get_name (markup), "-source");
}

static void
take_frame (Reader *reader)
{
  static const char *const furniture[] = { "header", "footer", "date-time", "page-number" };
  const char *class = sotto_markup_get (reader->markup, "class");

  for (gsize i = 0; class != NULL && i < G_N_ELEMENTS (furniture); i++)
    if (strcmp (class, furniture[i]) == 0)
      {
        sotto_markup_skip (reader->markup);
        return;
      }
  reader->is_title = class != NULL && strcmp (class, "title") == 0;
}

static void
take_open (Reader *reader)
{
  SottoMarkup *markup = reader->markup;
  Flow *flow = get_flow (reader);

  if (is_left_out (reader))
    sotto_markup_skip (markup);
  else if (sotto_markup_is (markup, "p"))
    begin_paragraph (reader, 0);
  else if (sotto_markup_is (markup, "h"))
    begin_paragraph (reader, CLAMP (sotto_markup_get_int (markup, "outline-level", 1), 1, SOTTO_OPEN_LEVELS));
  else if (sotto_markup_is (markup, "s"))
    add_blanks (reader);
  else if (sotto_markup_is (markup, "tab"))
    sotto_text_add (flow->text, "\t", 1);
  else if (sotto_markup_is (markup, "line-break"))
    sotto_text_break_line (flow->text);
  else if (sotto_markup_is (markup, "list"))
    begin_list (reader);
  else if (sotto_markup_is (markup, "list-item") || sotto_markup_is (markup, "list-header"))
    begin_item (reader, sotto_markup_is (markup, "list-item"));
  else if (sotto_markup_is (markup, "note-body") || sotto_markup_is (markup, "text-box") || sotto_markup_is (markup, "notes"))
    begin_box (reader);
  else if (sotto_markup_is (markup, "frame"))
    take_frame (reader);
  else if (sotto_markup_is (markup, "page") && reader->kind == SLIDES)
    begin_slide (reader);
  else if (sotto_markup_is (markup, "table"))
    begin_table (reader);
  else if (sotto_markup_is (markup, "table-row"))
    {
      flow->row_times = sotto_markup_get_int (markup, "number-rows-repeated", 1);
      sotto_text_begin_row (flow->text);
    }
  else if (sotto_markup_is (markup, "table-cell") || sotto_markup_is (markup, "covered-table-cell"))
    {
      flow->times = sotto_markup_get_int (markup, "number-columns-repeated", 1);
      sotto_text_begin_cell (flow->text);
    }
}

static void
take_close (Reader *reader)
{
  SottoMarkup *markup = reader->markup;
  Flow *flow = get_flow (reader);

  if (sotto_markup_is (markup, "p") || sotto_markup_is (markup, "h"))
    end_paragraph (reader);
  else if (sotto_markup_is (markup, "list"))
    flow->n_lists = MAX (flow->n_lists - 1, 0);
  else if (sotto_markup_is (markup, "note-body"))
    end_note (reader);
  else if (sotto_markup_is (markup, "text-box"))
    end_text_box (reader);
  else if (sotto_markup_is (markup, "notes"))
    end_speech (reader);
  else if (sotto_markup_is (markup, "frame"))
    reader->is_title = FALSE;
  else if (sotto_markup_is (markup, "page") && reader->kind == SLIDES)
    end_slide (reader);
  else if (sotto_markup_is (markup, "table-cell") || sotto_markup_is (markup, "covered-table-cell"))
    sotto_text_end_cell (flow->text, flow->times);
  else if (sotto_markup_is (markup, "table-row"))
    sotto_text_end_row (flow->text, flow->row_times);
  else if (sotto_markup_is (markup, "table"))
    sotto_text_end_table (flow->text);
}

static void
read_until (Reader *reader, const char *element)
{
  const guint depth = reader->depth;
  SottoMarkupToken token;

  while ((token = sotto_markup_next (reader->markup)) != SOTTO_MARKUP_END)
    {
      Flow *flow = get_flow (reader);

      if (token == SOTTO_MARKUP_OPEN)
        take_open (reader);
      else if (token == SOTTO_MARKUP_CLOSE && reader->depth == depth && sotto_markup_is (reader->markup, element))
        break;
      else if (token == SOTTO_MARKUP_CLOSE)
        take_close (reader);
      else if (token == SOTTO_MARKUP_TEXT && flow->is_paragraph)
        sotto_text_add_folded (flow->text, sotto_markup_get_text (reader->markup), sotto_markup_get_text_length (reader->markup));
    }
  while (reader->depth > depth)
    end_text_box (reader);
}

gboolean
sotto_open_read (SottoZip *zip, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, "content.xml");
  g_autoptr (SottoOpenStyles) styles = NULL;
  Reader reader = { NULL };
  SottoMarkupToken token;

  if (markup == NULL)
    return FALSE;
  reader.markup = markup;
  reader.styles = styles = sotto_open_styles_new (zip);
  reader.flows[0] = (Flow) { .text = text, .number = -1 };
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "body"))
      break;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END && token != SOTTO_MARKUP_OPEN)
    continue;
  if (token == SOTTO_MARKUP_END)
    return FALSE;
  if (sotto_markup_is (markup, "presentation") || sotto_markup_is (markup, "drawing"))
    reader.kind = SLIDES;
  else if (sotto_markup_is (markup, "spreadsheet"))
    reader.kind = SHEETS;
  read_until (&reader, "body");
  return TRUE;
}
