#include "formats.h"

#include <string.h>

/* Presentations of Office Open XML: ECMA-376, part 1, 19 (PresentationML) and 21 (DrawingML).
 *
 * A slide is a page: its shapes in the order of the file, which is from back to front and mostly how they were made, then the
 * notes of who speaks. Left out: hidden slides, what every slide has (date, number, footer), comments, texts of diagrams and
 * charts, which are pictures with parts of their own. */

typedef enum { SHAPE, TITLE, SUBTITLE, BODY, FURNITURE } Place;

typedef struct {
  SottoMarkup *markup;
  SottoText *text;
  gboolean is_notes;
  Place place;        /* of the present shape */
  int depth;          /* of the present paragraph */
  gboolean is_item;
} Reader;

static Place
read_place (const char *type)
{
  if (type == NULL || strcmp (type, "body") == 0 || strcmp (type, "obj") == 0)
    return BODY;
  if (strcmp (type, "title") == 0 || strcmp (type, "ctrTitle") == 0)
    return TITLE;
  if (strcmp (type, "dt") == 0 || strcmp (type, "ftr") == 0 || strcmp (type, "hdr") == 0 || strcmp (type, "sldNum") == 0
      || strcmp (type, "sldImg") == 0)
    return FURNITURE;
  return SUBTITLE;
}

static void
take_words (Reader *reader)
{
  SottoMarkupToken token;

  while ((token = sotto_markup_next (reader->markup)) == SOTTO_MARKUP_TEXT)
    if (reader->is_notes ? reader->place == BODY : reader->place != FURNITURE)
      sotto_text_add (reader->text, sotto_markup_get_text (reader->markup), sotto_markup_get_text_length (reader->markup));
}

static void
take_open (Reader *reader)
{
  SottoMarkup *markup = reader->markup;

  if (sotto_markup_is (markup, "Fallback"))
    sotto_markup_skip (markup);
  else if (sotto_markup_is (markup, "sp") || sotto_markup_is (markup, "graphicFrame"))
    reader->place = SHAPE;
  else if (sotto_markup_is (markup, "ph"))
    reader->place = read_place (sotto_markup_get (markup, "type"));
  else if (sotto_markup_is (markup, "p"))
    {
      sotto_text_end_paragraph (reader->text);
      reader->depth = 0;
      reader->is_item = reader->place == BODY && !reader->is_notes;
    }
  else if (sotto_markup_is (markup, "pPr"))
    reader->depth = sotto_markup_get_int (markup, "lvl", 0);
  else if (sotto_markup_is (markup, "buNone"))
    reader->is_item = FALSE;
  else if (sotto_markup_is (markup, "buChar") || sotto_markup_is (markup, "buAutoNum"))
    reader->is_item = TRUE;
  else if (sotto_markup_is (markup, "t"))
    take_words (reader);
  else if (sotto_markup_is (markup, "br"))
    sotto_text_break_line (reader->text);
  else if (sotto_markup_is (markup, "tbl"))
    sotto_text_begin_table (reader->text, " | ");
  else if (sotto_markup_is (markup, "tr"))
    sotto_text_begin_row (reader->text);
  else if (sotto_markup_is (markup, "tc"))
    sotto_text_begin_cell (reader->text);
}

static void
take_close (Reader *reader)
{
  SottoMarkup *markup = reader->markup;

  if (sotto_markup_is (markup, "p"))
    {
      if (reader->place == TITLE)
        sotto_text_set_heading (reader->text, 1);
      else if (reader->is_item)
        sotto_text_set_item (reader->text, reader->depth, "-");
      sotto_text_end_paragraph (reader->text);
    }
  else if (sotto_markup_is (markup, "tr"))
    sotto_text_end_row (reader->text, 1);
  else if (sotto_markup_is (markup, "tbl"))
    sotto_text_end_table (reader->text);
}

static void
read_part (SottoZip *zip, const char *part, gboolean is_notes, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, part);
  Reader reader = { markup, text, is_notes, SHAPE, 0, FALSE };
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    {
      if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "sld") && sotto_markup_get_int (markup, "=show", 1) == 0)
        return;
      if (token == SOTTO_MARKUP_OPEN)
        take_open (&reader);
      else if (token == SOTTO_MARKUP_CLOSE)
        take_close (&reader);
    }
}

static void
read_slide (SottoZip *zip, const char *part, SottoText *text)
{
  g_autoptr (SottoRelations) relations = sotto_relations_new (zip, part);
  const char *notes_part = sotto_relations_find (relations, "notesSlide");
  g_autoptr (SottoText) slide = sotto_text_new ();
  g_autoptr (SottoText) notes = sotto_text_new ();

  read_part (zip, part, FALSE, slide);
  if (notes_part != NULL && !sotto_text_is_empty (slide))
    read_part (zip, notes_part, TRUE, notes);
  sotto_text_put_behind (text, NULL, slide);
  sotto_text_end_paragraph (text);
  sotto_text_add_quoted (text, notes);
  sotto_text_end_page (text);
}

gboolean
sotto_slides_read (SottoZip *zip, const char *part, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, part);
  g_autoptr (SottoRelations) relations = markup != NULL ? sotto_relations_new (zip, part) : NULL;
  SottoMarkupToken token;

  if (markup == NULL)
    return FALSE;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "sldId"))
      {
        const char *slide = sotto_relations_get (relations, sotto_markup_get (markup, ":id"));

        if (slide != NULL && sotto_text_get_n_pages (text) < SOTTO_MAX_PAGES)
          read_slide (zip, slide, text);
      }
  return TRUE;
}
